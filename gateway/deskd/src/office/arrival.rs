//! What comes from the other side: verified, joined or opened, held against its header, and kept in one transaction.

use std::sync::PoisonError;

use bytes::Bytes;
use desk::SealedBody;
use identity::{Received, TrustStore, Verified};
use model::{
    BodyCommitment, Denial, Digest, Entry, Fault, Header, HeaderDigest, KeyId, Payload, Receipt, ReceiptKind, Refusal,
    RefusalCode, Role, Step, Timestamp, Verdict,
};
use proto::{desk::Arrival, types};
use seal::Member;
use serde_json::json;
use store::desk::{DeskBatch, DeskEntryRow, DeskEntryVerdict, RecordKeyRow};
use telemetry::say;
use workflow::{Command, Event, decide};
use zeroize::Zeroizing;

use super::{
    Members, Office, Told,
    binding::lets_in,
    dispatch::Outgoing,
    event,
    history::Past,
    internal,
    judging::Judging,
    matters::shreds,
    outbox::THEIRS,
    prepare::SEALED,
    reading::{Reading, contradiction},
    terms::{promised_in, warned_in},
    then::Then,
    unknown,
    view::{CaseView, Pending, ReceiptNote},
    watching::{PROOF_WAIT, patience_for},
};
use crate::{clock, random};

/// An arrival on its way into the case.
pub(super) struct Taking<'a> {
    pub(super) entry: &'a Entry,
    pub(super) receipt: &'a Receipt,
    pub(super) judging: &'a Judging,
    cursor: u64,
    pub(super) now: Timestamp,
}

/// What came of it.
pub(super) struct Taken {
    pub(super) view: CaseView,
    pub(super) version: Option<i64>,
    pub(super) member: Option<Member>,
    pub(super) plain: Option<Zeroizing<Vec<u8>>>,
    pub(super) authenticator: Option<Digest>,
    /// Whether it could be opened; `None`: this desk says nothing of it, because it had no seat then.
    pub(super) opened: Option<bool>,
    pub(super) seq: Option<i64>,
}

impl Office {
    /// Takes an entry of the other side. The same again changes nothing.
    pub(super) async fn take_arrival(&self, cursor: u64, arrival: Arrival) -> Result<(), Denial> {
        let (entry, receipt, judging) = match self.prove(arrival.clone()).await {
            Ok(proven) => proven,
            // Directories, clocks or the order may be behind: the case waits here, and the others go on.
            Err(denial) if self.waits(cursor, PROOF_WAIT) => return Err(denial),
            Err(denial) => return self.pass_over(cursor, &arrival, &denial).await,
        };
        let past = match self.past_of(&entry).await {
            Ok(past) => past,
            Err(denial) if self.waits(cursor, patience_for(&denial)) => return Err(denial),
            Err(denial) => return self.pass_over(cursor, &arrival, &denial).await,
        };
        let mut members = self.members.lock().await;
        let mut batch = DeskBatch::default();
        let taking = Taking { entry: &entry, receipt: &receipt, judging: &judging, cursor, now: clock::now() };
        if self.store.entry(entry.header.entry).await?.is_some() {
            self.done_with(&mut batch, cursor);
            return self.commit(&batch).await;
        }
        let taken = match &entry.payload {
            Payload::Handshake(handshake) => {
                self.take_handshake(&mut members, &mut batch, &taking, handshake, past).await
            }
            Payload::Sealed(_) => self.take_sealed(&mut members, &mut batch, &taking, past).await,
        };
        let taken = match taken {
            Ok(taken) => taken,
            Err(denial @ Denial::Failed { fault: Fault::Storage, .. }) => return Err(denial),
            // In a case that stands still already nothing is to be waited for.
            Err(denial) if !self.is_troubled(&entry.header).await? && self.waits(cursor, patience_for(&denial)) => {
                drop(members);
                self.refreshed().await;
                return Err(denial);
            }
            Err(denial) => self.trouble(&mut batch, &taking, &denial).await?,
        };
        let member = self.keep(&mut batch, &taking, taken).await?;
        self.commit(&batch).await?;
        let case = entry.header.case;
        if let Some(member) = member {
            members.keep(case, member);
        }
        if entry.header.step.is_handshake() {
            self.upkeep_bell.notify_one();
            self.errand_bell.notify_one();
            self.reseal(&mut members, case, None).await?;
        }
        Ok(())
    }

    /// Whether an arrival holds, and by what it is judged.
    async fn prove(&self, arrival: Arrival) -> Result<(Verified<Entry>, Receipt, Judging), Denial> {
        let malformed = || Denial::failed(Fault::Malformed, "an arrival without its entry or receipt");
        let (Some(entry), Some(receipt)) = (arrival.entry, arrival.receipt) else { return Err(malformed()) };
        let (entry, receipt) = self.signed(entry, receipt).await?;
        let judging = self.judging(&entry, &receipt, arrival.submission.as_ref()).await?;
        Ok((entry, receipt, judging))
    }

    /// Signatures of officers, desk and own gateway. What is unknown may stand in newer directories.
    async fn signed(
        &self,
        entry: types::Entry,
        receipt: types::SignedReceipt,
    ) -> Result<(Verified<Entry>, Receipt), Denial> {
        let claimed = proto::decode_receipt(&receipt)?;
        let check = |trust: &TrustStore, now| -> Result<_, Denial> {
            let received: Received<Entry> = proto::convert::receive_entry(entry.clone())?;
            let verified = trust.verify_entry(received, now)?;
            trust.verify_receipt_among(&claimed, &mut self.proven.lock().unwrap_or_else(PoisonError::into_inner))?;
            if !lets_in(&claimed.receipt, &verified, &self.own) {
                let reason = "the receipt does not let this entry in here";
                return Err(contradiction("receipt", reason).into());
            }
            Ok((verified, claimed.receipt.clone()))
        };
        let today = || self.trust.store().and_then(|trust| check(&trust, clock::now()));
        let denial = match today() {
            Err(_) if self.refreshed().await => match today() {
                Err(denial) => denial,
                proven => return proven,
            },
            other => return other,
        };
        // It may have lain ready while a directory changed: both gateways held it against those of then.
        let header = proto::decode_header(&entry.header)?;
        let (parties, at) = ([header.home, header.peer], claimed.receipt.at);
        let found = Then::default().find(self, at, parties, denial, |trust| check(trust, at)).await?;
        Ok(found.0)
    }

    /// What could not be verified for [`PROOF_WAIT`] stays out. The gateway is told, and the stream goes on.
    async fn pass_over(&self, cursor: u64, arrival: &Arrival, denial: &Denial) -> Result<(), Denial> {
        if matches!(denial, Denial::Failed { fault: Fault::Storage, .. }) {
            return Err(denial.clone());
        }
        say!(Error, "an arrival did not verify for a day", party = self.own.party());
        let _members = self.members.lock().await;
        let mut batch = DeskBatch::default();
        self.done_with(&mut batch, cursor);
        let header = arrival.entry.as_ref().and_then(|entry| proto::decode_header(&entry.header).ok());
        if let Some(header) = header {
            batch.outbox.push(self.acknowledgement(cursor, header.entry, Some((false, None)), clock::now()));
            if let Some((mut view, version)) = self.view(header.case).await? {
                view.trouble = Some(format!("an entry of the case does not verify here: {denial}"));
                batch.events.push(event(header.case, Told::Diverged, Some(header.entry), clock::now()));
                self.put_case(&mut batch, &view, Some(version), clock::now()).await?;
            }
        }
        self.commit(&batch).await
    }

    async fn take_sealed(
        &self,
        members: &mut Members,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        past: Option<Vec<Past>>,
    ) -> Result<Taken, Denial> {
        let header = &taking.entry.header;
        let (mut view, version) = match (self.view(header.case).await?, past) {
            (found, Some(past)) => return self.take_unread(batch, taking, found, &past).await,
            (Some(found), None) => found,
            (None, None) => return Err(early()),
        };
        if view.away.is_some() {
            let unread = Past::of(taking.entry.clone(), taking.receipt.clone());
            let (version, seq) = (Some(version), Some(self.settle_unread(&mut view, &unread)?));
            return Ok(Taken { view, version, member: None, plain: None, authenticator: None, opened: None, seq });
        }
        self.imply(batch, &mut view, header).await?;
        let Payload::Sealed(sealed) = &taking.entry.payload else { return Err(unknown("not a sealed body")) };
        let mut member = members.take(self, header.case).await?;
        let mut reading = match member.open(sealed, taking.entry.header_digest()) {
            Ok(opened) => self.read(&view, taking.entry, opened, taking.receipt.at).await?,
            Err(error) => Reading {
                plain: Zeroizing::default(),
                finding: Some(contradiction("payload", &error.to_string())),
                reference: None,
                follows: Vec::new(),
                carried: Vec::new(),
            },
        };
        let seq = self.settle(&mut view, taking)?;
        if header.step == Step::SealSend {
            view.request = reading.finding.is_none().then_some(header.entry);
            view.reference = reading.reference.unwrap_or_default();
            view.follows = reading.follows;
            view.earlier = header.declared.follows;
            view.training = header.declared.training;
        }
        if reading.finding.is_none() {
            reading.finding = self.take_carried(batch, &mut view, reading.carried).await?;
        }
        let opened = reading.finding.is_none();
        if opened
            && header.step.carries_records()
            && let Ok((_, body)) = SealedBody::open(&reading.plain, header)
        {
            view.warned.extend(warned_in(&body));
            view.acts.extend(promised_in(header.created, &body));
        }
        if let Some(finding) = reading.finding {
            view.findings.insert(header.entry, finding.clone());
            batch.events.push(event(header.case, Told::Contradiction, Some(header.entry), taking.now));
            self.notice(batch, &mut view, &mut member, taking, &finding)?;
        }
        batch.mls = self.mls_changes(header.case, &mut member)?;
        Ok(Taken {
            view,
            version: Some(version),
            member: Some(member),
            plain: Some(reading.plain),
            authenticator: None,
            opened: Some(opened),
            seq: Some(seq),
        })
    }

    /// Both gateways admitted what follows on an entry of ours, so they admitted ours; its receipt is on the way.
    async fn imply(&self, batch: &mut DeskBatch, view: &mut CaseView, header: &Header) -> Result<(), Denial> {
        let follows = |one: &mut Pending| one.digest == header.previous && !one.step.is_handshake();
        let Some(pending) = view.pending.take_if(follows) else { return Ok(()) };
        let notes = view.receipts.get(&pending.entry).into_iter().flatten();
        let taken = notes.filter(|note| note.kind == ReceiptKind::RelayAcceptance).map(|note| note.at).next();
        let event = Event { taken, ..pending.event };
        let seq = view.settle(pending.step, pending.digest, &event);
        let ours = proto::decode_header(&Bytes::from(pending.header.clone()))?;
        if self.store.entry(pending.entry).await?.is_some() {
            let verdict = Verdict::Admitted;
            batch.verdicts.push(DeskEntryVerdict { id: pending.entry, verdict, seq: Some(seq), receipt: None });
        } else {
            let mut row = self.own_entry(batch, &ours, pending.header, pending.envelope, Verdict::Admitted).await?;
            row.seq = Some(seq);
            batch.entries.push(row);
        }
        self.shred(batch, view, &ours, clock::now()).await?;
        batch.proposals_done.push(pending.entry);
        if pending.step == Step::SealSend {
            view.request = Some(pending.entry);
            batch.drafts_done.push(view.id);
            let reason = "another entry of the case came before the withdrawal: withdraw the request as it stands now";
            self.unfollowed(batch, view, reason).await?;
        }
        Ok(())
    }

    /// Makes the entry part of the case, as both gateways did on its header.
    pub(super) fn settle(&self, view: &mut CaseView, taking: &Taking<'_>) -> Result<i64, Denial> {
        let header = &taking.entry.header;
        if (header.home, header.peer, header.pin) != (view.home, view.peer, view.pin) {
            return Err(contradiction("case", "the entry names other parties or rules than its case").into());
        }
        if header.previous != view.head {
            return Err(Denial::failed(Fault::StaleCase, "an arrival does not follow the newest entry known here"));
        }
        let signers: Vec<(KeyId, Role)> =
            taking.entry.officers.iter().map(|one| (one.signature.key, one.role)).collect();
        let terms = self.terms(header)?;
        let command = Command::of(header, &signers).under(&terms).carrying(taking.entry.payload.size());
        let command = command.taken(taking.receipt.at);
        let event = decide(view.admitted.as_ref(), &command, header.created)?;
        view.note_takers(header, &signers);
        view.asks(header, &taking.entry.payload);
        Ok(view.settle(header.step, taking.entry.header_digest(), &event))
    }

    /// Answers a lie with a signed notice that both gateways log, where the procedure has one.
    fn notice(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        member: &mut Member,
        taking: &Taking<'_>,
        finding: &Refusal,
    ) -> Result<(), Denial> {
        let lied = &taking.entry.header;
        // Of several desks of a party the one that is addressed answers.
        let addressed = lied.recipient == self.own && (lied.step == Step::SealSend || lied.step.carries_records());
        let answers = addressed && view.pending.is_none();
        if !answers || !member.is_active() {
            return Ok(());
        }
        let code = if finding.code == RefusalCode::R90 { RefusalCode::R90 } else { RefusalCode::R94 };
        let mut header = self.next_header(view, Step::Violation, taking.now)?;
        header.ground = Some(code);
        header.concerns = match lied.step {
            Step::SealSend => lied.measures.iter().map(|measure| measure.id).collect(),
            _ => lied.concerns.clone(),
        };
        let document = violation(lied, taking.entry.header_digest(), code, finding, taking.now)?;
        let bytes = desk::Body { step: Step::Violation, documents: vec![document] }.encode()?;
        let body = self.stand_for(random::salt()?, bytes);
        header.body = Some(BodyCommitment::of(&body.salt, &body.bytes));
        let (header_bytes, payload) = self.seal_own(member, &header, &body)?;
        batch.proposals.push(self.proposal(&header, &header_bytes, &body, SEALED, taking.now)?);
        let outgoing = Outgoing { header: &header, header_bytes, payload, officers: Vec::new() };
        self.dispatch(batch, view, outgoing, taking.now)
    }

    /// Whether the case stands still until people have looked.
    async fn is_troubled(&self, header: &Header) -> Result<bool, Denial> {
        Ok(self.view(header.case).await?.is_some_and(|(view, _)| view.trouble.is_some()))
    }

    /// What verifies but cannot be part of the case as this desk holds it: the case stands still until people have looked.
    async fn trouble(&self, batch: &mut DeskBatch, taking: &Taking<'_>, denial: &Denial) -> Result<Taken, Denial> {
        let header = &taking.entry.header;
        say!(Error, "an arrival does not fit its case", entry = header.entry, step = header.step);
        *batch = DeskBatch::default();
        let (mut view, version) = match self.view(header.case).await? {
            Some((view, version)) => (view, Some(version)),
            None => (CaseView::opening(&self.own, header), None),
        };
        view.trouble = Some(format!("an entry that both gateways admitted does not fit here: {denial}"));
        // What two custodians of the own party certify to be destroyed is destroyed here too, whatever else does not fit.
        if shreds(header.step) && header.sender.party() == self.own.party() {
            self.shred(batch, &mut view, header, taking.now).await?;
        }
        batch.events.push(event(header.case, Told::Diverged, Some(header.entry), taking.now));
        Ok(Taken { view, version, member: None, plain: None, authenticator: None, opened: Some(false), seq: None })
    }

    async fn keep(
        &self,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        mut taken: Taken,
    ) -> Result<Option<Member>, Denial> {
        let entry = taking.entry;
        let id = entry.header.entry;
        let body = if taken.view.findings.contains_key(&id) && entry.header.carries_records() {
            // Records that contradict their header were never released: nobody here may use them. Who gives notice of them keeps what proves
            // it, for that alone and for a time.
            batch.record_keys.push(never_kept(&entry.header, taking.now));
            if let Some(plain) = taken.plain.filter(|_| gives_notice(&taken.view, entry)) {
                self.keep_exhibit(batch, &entry.header, &plain, taking.now)?;
            }
            None
        } else {
            taken.plain.map(|plain| self.keep_body(batch, &entry.header, &plain)).transpose()?
        };
        if taken.seq.is_some() {
            self.shred(batch, &mut taken.view, &entry.header, taking.now).await?;
        }
        taken.view.note(id, ReceiptNote::of(taking.receipt));
        batch.entries.push(DeskEntryRow {
            id: id.into(),
            case_id: entry.header.case.into(),
            seq: taken.seq,
            direction: THEIRS,
            step: entry.header.step.into(),
            header: entry.header_bytes.to_vec().into(),
            body,
            envelope: entry.envelope_digest().into(),
            verdict: Verdict::Admitted.into(),
            receipt: Some(proto::encode_receipt(taking.receipt).into()),
            at: taking.now.0,
        });
        let word = taken.opened.map(|opened| (opened, taken.authenticator));
        batch.outbox.push(self.acknowledgement(taking.cursor, id, word, taking.now));
        self.done_with(batch, taking.cursor);
        batch.events.push(event(entry.header.case, Told::Arrived, Some(id), taking.now));
        self.put_case(batch, &taken.view, taken.version, taking.now).await?;
        Ok(taken.member)
    }
}

/// Whether the answer that is on its way is the notice about this entry.
fn gives_notice(view: &CaseView, lied: &Entry) -> bool {
    let pending = view.pending.as_ref().filter(|pending| pending.step == Step::Violation);
    let notice = pending.and_then(|pending| proto::decode_header(&Bytes::from(pending.header.clone())).ok());
    notice.is_some_and(|notice| notice.previous == lied.header_digest())
}

/// The line in the log of keys of a body that was never kept.
fn never_kept(header: &Header, now: Timestamp) -> RecordKeyRow {
    RecordKeyRow {
        entry_id: header.entry.into(),
        case_id: header.case.into(),
        wrapped: None,
        shredded: Some(now.0),
        certificate: None,
    }
}

pub(super) fn early() -> Denial {
    Denial::failed(Fault::StaleCase, "an entry of a case that was not opened here")
}

/// The notice that a body contradicts its header: names of fields and counts, never values.
fn violation(
    lied: &Header,
    digest: HeaderDigest,
    code: RefusalCode,
    finding: &Refusal,
    now: Timestamp,
) -> Result<desk::Document, Denial> {
    let mut notice = json!({
        "record_type": "violation",
        "case": lied.case.to_string(),
        "entry": lied.entry.to_string(),
        "header_digest": digest.to_string(),
        "commitment": lied.body.map(|body| body.to_string()).unwrap_or_default(),
        "code": code.as_str(),
        "reason": finding.reason,
        "noticed_at": now.to_string(),
    });
    if let Some(field) = finding.field.as_deref().filter(|field| !field.trim().is_empty()) {
        notice["field"] = field.into();
    }
    let bytes = serde_json::to_vec_pretty(&notice).map_err(internal)?;
    Ok(desk::Document { record_type: "violation".parse().map_err(internal)?, bytes })
}
