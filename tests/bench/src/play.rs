//! Plays a case from its opening to its end: what both desks do with each entry.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use desk::{Record, RequestBody, SealedBody, compare, compare_answer, compare_release};
use identity::{Domain, Received, Verified, sign_envelope};
use model::{
    Digest, Entry, EntryId, EnvelopeDigest, EpochCertificate, Payload, ReceiptKind, SignedReceipt, Step, Timestamp,
};
use records::RecordTypes;
use roster::CaseBinding;
use seal::Member;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    case::{Case, Prepared},
    cpu::{Kind, Meter},
    desks::{Desk, Desks, Event},
    failure::Failure,
};

/// Longer than any outbox waits between two attempts.
const ANSWER_MAX: Duration = Duration::from_secs(40);

/// What all cases of a run share.
pub(crate) struct Stage {
    pub(crate) desks: Desks,
    pub(crate) types: RecordTypes,
    pub(crate) now: Timestamp,
    pub(crate) meter: Meter,
    done: Mutex<Vec<Done>>,
}

/// An entry that the other desk has opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) entry: EntryId,
    pub(crate) at: Instant,
    /// From the moment at which it was meant to be submitted.
    pub(crate) took: Duration,
    /// Header and payload, as they travel.
    pub(crate) bytes: usize,
}

impl Stage {
    pub(crate) fn new(desks: Desks, types: RecordTypes, now: Timestamp) -> Self {
        Self { desks, types, now, meter: Meter::default(), done: Mutex::default() }
    }

    /// The entries that were opened since this was asked last.
    pub(crate) fn take_done(&self) -> Vec<Done> {
        std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One case on its stage.
pub(crate) struct Play {
    stage: Arc<Stage>,
    case: Case,
    events: mpsc::UnboundedReceiver<Event>,
    members: [Option<Member>; 2],
    /// What the gateways said of entries, by kind.
    answers: BTreeMap<(EntryId, ReceiptKind), SignedReceipt>,
    arrivals: BTreeMap<EntryId, (u64, Box<Received<Entry>>, SignedReceipt)>,
}

impl Play {
    pub(crate) fn new(stage: Arc<Stage>, case: Case) -> Self {
        let events = stage.desks.routes.listen(case.id);
        Self { stage, case, events, members: [None, None], answers: BTreeMap::new(), arrivals: BTreeMap::new() }
    }

    /// Plays to the end, or to the end of `schedule`: the moments at which the entries are meant to be submitted. Without one, each
    /// follows when it can.
    pub(crate) async fn run(mut self, schedule: Option<Vec<Instant>>) -> Result<(), Failure> {
        let entries = std::mem::take(&mut self.case.entries);
        let played = self.all(&entries, schedule).await;
        self.stage.desks.routes.forget(self.case.id);
        played
    }

    /// Sends the first entries of the requesting side, and waits for the other gateway's word on each.
    pub(crate) async fn send_first(mut self, count: usize) -> Result<(), Failure> {
        let entries = std::mem::take(&mut self.case.entries);
        for prepared in entries.iter().take(count) {
            self.send(prepared).await?;
            self.settle(prepared).await?;
        }
        self.stage.desks.routes.forget(self.case.id);
        Ok(())
    }

    async fn all(&mut self, entries: &[Prepared], schedule: Option<Vec<Instant>>) -> Result<(), Failure> {
        for (index, prepared) in entries.iter().enumerate() {
            let meant = match &schedule {
                None => Instant::now(),
                Some(schedule) => match schedule.get(index) {
                    None => break,
                    Some(at) => {
                        sleep_until(*at).await;
                        *at
                    }
                },
            };
            let bytes = self.send(prepared).await?;
            let what = |failure: Failure| Failure::new(format!("{}: {failure}", prepared.header.step));
            self.arrive(prepared).await.map_err(what)?;
            let at = Instant::now();
            let done = Done { entry: prepared.header.entry, at, took: at - meant, bytes };
            self.stage.done.lock().unwrap_or_else(PoisonError::into_inner).push(done);
            // Who goes on must know that its own last entry is part of the case.
            if entries.get(index + 1).is_some_and(|next| next.side == prepared.side) {
                self.settle(prepared).await.map_err(what)?;
            }
        }
        Ok(())
    }

    /// Seals, signs, and hands over to the own gateway. Gives the weight of the entry.
    async fn send(&mut self, prepared: &Prepared) -> Result<usize, Failure> {
        let stage = self.stage.clone();
        let desk = &stage.desks.both[prepared.side];
        let payload = stage.meter.time(Kind::Mls, || self.payload(prepared, desk))?;
        let desk_signature = stage
            .meter
            .time(Kind::Signatures, || sign_envelope(&desk.key, EnvelopeDigest::of(prepared.digest, &payload)));
        let entry = Entry {
            header: prepared.header.clone(),
            header_bytes: prepared.bytes.clone(),
            payload,
            officers: prepared.officers.clone(),
            desk: desk_signature,
        };
        let receipt = desk.submit(proto::convert::send_entry(&entry)).await?;
        stage.meter.time(Kind::Signatures, || desk.proven(&receipt))?;
        Ok(entry.size())
    }

    fn payload(&mut self, prepared: &Prepared, desk: &Desk) -> Result<Payload, Failure> {
        let now = self.stage.now;
        if prepared.header.step == Step::OpenGroup {
            let mut member = Member::create(&desk.leaf, &self.binding(), &desk.trust, now)?;
            let handshake = member.add(&[&self.case.key_package], &desk.trust, now)?;
            self.members[prepared.side] = Some(member);
            return Ok(Payload::Handshake(handshake));
        }
        let member = self.members[prepared.side].as_mut().ok_or_else(|| Failure::new("a desk without its group"))?;
        Ok(Payload::Sealed(member.seal(&prepared.plain, prepared.digest)?))
    }

    fn binding(&self) -> CaseBinding {
        CaseBinding::new(self.case.id, self.case.pin, self.case.home, self.case.peer)
    }

    /// The other desk: waits for the entry, verifies and opens it, and says so.
    async fn arrive(&mut self, prepared: &Prepared) -> Result<(), Failure> {
        let stage = self.stage.clone();
        let desk = &stage.desks.both[1 - prepared.side];
        let id = prepared.header.entry;
        let (cursor, entry, receipt) = loop {
            match self.arrivals.remove(&id) {
                Some(arrival) => break arrival,
                None => self.hear().await?,
            }
        };
        let entry = stage.meter.time(Kind::Signatures, || -> Result<_, Failure> {
            desk.proven(&receipt)?;
            Ok(desk.trust.verify_entry(*entry, stage.now)?)
        })?;
        let authenticator = match &entry.payload {
            Payload::Handshake(handshake) => {
                let certificate = certificate(&receipt)?;
                Some(stage.meter.time(Kind::Mls, || self.join(desk, &handshake.welcome, certificate))?)
            }
            Payload::Sealed(_) => {
                self.open(desk, &entry, 1 - prepared.side)?;
                None
            }
        };
        stage.meter.time(Kind::Signatures, || desk.report(cursor, id, authenticator));
        Ok(())
    }

    fn join(&mut self, desk: &Desk, welcome: &[u8], certificate: &EpochCertificate) -> Result<Digest, Failure> {
        let (binding, now) = (self.binding(), self.stage.now);
        let member = Member::join(
            std::slice::from_ref(&desk.leaf),
            &self.case.private,
            welcome,
            &binding,
            certificate,
            &desk.trust,
            now,
        )?;
        let authenticator = member.acknowledgement(certificate)?;
        self.members[1] = Some(member);
        Ok(authenticator)
    }

    fn open(&mut self, desk: &Desk, entry: &Verified<Entry>, side: usize) -> Result<(), Failure> {
        let Payload::Sealed(sealed) = &entry.payload else { return Err(Failure::new("nothing to open")) };
        let member = self.members[side].as_mut().ok_or_else(|| Failure::new("a desk without its group"))?;
        let meter = &self.stage.meter;
        let opened = meter.time(Kind::Mls, || member.open(sealed, entry.header_digest()))?;
        let (sealed, body) = meter.time(Kind::Documents, || SealedBody::open(&opened.plaintext, &entry.header))?;
        meter.time(Kind::Signatures, || {
            let key = desk.trust.desk_key(&opened.sender).ok_or_else(|| Failure::new("a body of nobody"))?;
            let digest = Digest::of(&[&sealed.bytes]);
            let signature = sealed.signatures.first().ok_or_else(|| Failure::new("a body that nobody signed"))?;
            Ok::<_, Failure>(key.verify(Domain::Record, digest.as_bytes(), &signature.bytes)?)
        })?;
        meter.time(Kind::Documents, || self.read(entry, &body))
    }

    /// Holds the documents against their schemas, the header and the request.
    fn read(&self, entry: &Entry, body: &desk::Body) -> Result<(), Failure> {
        let mut documents = Vec::new();
        for document in &body.documents {
            let read = self.stage.types.accept(&document.record_type, &document.bytes);
            documents.push(read.map_err(|_| Failure::new("a document is not as its schema wants it"))?);
        }
        let header = &entry.header;
        match header.step {
            Step::SealSend => {
                let only = documents.pop().ok_or_else(|| Failure::new("a request without a document"))?;
                compare(header, &RequestBody::from_document(only)?)?;
            }
            Step::Release => {
                let records = documents.into_iter().map(Record::from_document).collect::<Result<Vec<_>, _>>()?;
                compare_release(header, &self.case.asked, &records)?;
            }
            _ => {
                for (document, read) in body.documents.iter().zip(&documents) {
                    compare_answer(header, &document.record_type, read)?;
                }
            }
        }
        Ok(())
    }

    /// The own desk: waits for the other gateway's verdict, and takes its own change of the group into effect.
    async fn settle(&mut self, prepared: &Prepared) -> Result<(), Failure> {
        let entry = prepared.header.entry;
        let receipt = loop {
            if let Some(rejected) = self.answers.get(&(entry, ReceiptKind::RelayRejection)) {
                let why = rejected.receipt.refusal.as_ref().map(ToString::to_string);
                return Err(Failure::new(format!("rejected: {}", why.unwrap_or_default())));
            }
            match self.answers.remove(&(entry, ReceiptKind::RelayAcceptance)) {
                Some(receipt) => break receipt,
                None => self.hear().await?,
            }
        };
        if prepared.header.step == Step::OpenGroup {
            let member =
                self.members[prepared.side].as_mut().ok_or_else(|| Failure::new("a desk without its group"))?;
            self.stage.meter.time(Kind::Mls, || member.merge(certificate(&receipt)?).map_err(Failure::from))?;
        }
        Ok(())
    }

    /// Takes the next piece of news.
    async fn hear(&mut self) -> Result<(), Failure> {
        let event = timeout(ANSWER_MAX, self.events.recv()).await;
        let event = event.map_err(|_| Failure::new("nothing came"))?;
        match event.ok_or_else(|| Failure::new("the stream has ended"))? {
            Event::Arrival { cursor, entry, receipt } => {
                self.arrivals.insert(entry.claimed().entry, (cursor, entry, receipt));
            }
            Event::Outcome(receipt) => {
                let home = receipt.receipt.by == self.case.peer;
                let desk = &self.stage.desks.both[usize::from(!home)];
                self.stage.meter.time(Kind::Signatures, || desk.proven(&receipt))?;
                self.answers.insert((receipt.receipt.entry, receipt.receipt.kind), receipt);
            }
        }
        Ok(())
    }
}

fn certificate(receipt: &SignedReceipt) -> Result<&EpochCertificate, Failure> {
    receipt.receipt.epoch.as_ref().ok_or_else(|| Failure::new("a handshake without an epoch certificate"))
}
