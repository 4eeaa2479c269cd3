//! Reading what was opened: is the body the one that the header tells of?

use bytes::Bytes;
use desk::{Body, Carried, Document, Record, RequestBody, SealedBody, compare_release};
use identity::{Domain, TrustStore};
use model::{CaseId, Denial, Digest, Entry, Header, Refusal, RefusalCode, Step, Timestamp};
use zeroize::Zeroizing;

use super::{
    Office,
    rejected::settles,
    terms::{follows, hold_promises},
    then::Then,
    unknown,
    view::CaseView,
};

/// What was opened, and what is wrong with it.
pub(super) struct Reading {
    /// The plaintext, to be kept; empty where nothing could be opened.
    pub(super) plain: Zeroizing<Vec<u8>>,
    /// The contradiction between header and body.
    pub(super) finding: Option<Refusal>,
    /// The file number of who asks, on a request.
    pub(super) reference: Option<String>,
    /// The cases whose preserved data it follows, on a request.
    pub(super) follows: Vec<CaseId>,
    /// What it carries of earlier entries, on a transfer.
    pub(super) carried: Vec<Carried>,
}

/// Where a record is: its entry, and its number there.
pub(super) type RecordPlace = (model::EntryId, u32);

impl Office {
    /// Holds an opened body against its header: commitment, sender, the desk's signature, schemas, and what the header declares.
    /// `at` is when the entry was let in: the signature is held against the keys of then where those of today do not do.
    pub(super) async fn read(
        &self,
        view: &CaseView,
        entry: &Entry,
        opened: seal::Opened,
        at: Timestamp,
    ) -> Result<Reading, Denial> {
        let header = &entry.header;
        let mut reading = Reading {
            plain: opened.plaintext,
            finding: None,
            reference: None,
            follows: Vec::new(),
            carried: Vec::new(),
        };
        if opened.sender != header.sender {
            let reason = "the member who sealed the body is not the sender that the header names";
            reading.finding = Some(contradiction("sender", reason));
            return Ok(reading);
        }
        let read = SealedBody::open(&reading.plain, header).and_then(|(sealed, mut body)| {
            reading.carried = body.take_carried()?;
            Ok((sealed, body))
        });
        let (sealed, body) = match read {
            Ok(opened) => opened,
            Err(Denial::Refused(refusal)) => {
                reading.finding = Some(*refusal);
                return Ok(reading);
            }
            Err(_) => {
                reading.finding = Some(contradiction("body", "the body is not laid out as bodies are"));
                return Ok(reading);
            }
        };
        if !self.stands_for(header, &sealed, at).await? {
            let reason = "the sending desk did not sign the body";
            reading.finding = Some(contradiction("body.signature", reason));
            return Ok(reading);
        }
        reading.finding = view.admitted.as_ref().and_then(|case| desk::unwritten(header, case, &body).err());
        if reading.finding.is_some() {
            return Ok(reading);
        }
        match self.hold(view, entry, &body).await {
            Ok(Some(request)) => {
                reading.follows = follows(&request);
                reading.reference = Some(request.reference);
            }
            Ok(None) => {}
            Err(Denial::Refused(refusal)) => reading.finding = Some(*refusal),
            Err(denial) => return Err(denial),
        }
        Ok(reading)
    }

    async fn hold(&self, view: &CaseView, entry: &Entry, body: &Body) -> Result<Option<RequestBody>, Denial> {
        let header = &entry.header;
        match header.step {
            Step::SealSend => Ok(Some(self.sent_in(header, body)?)),
            // The desk that has the request compares the answer with it; another one of its party may have come in later.
            step if step.carries_records() && self.lacks_request(view) => Ok(None),
            step if step.carries_records() => {
                let asked = self.request(view).await?;
                let records = self.typed_records(&body.documents)?;
                compare_release(header, &asked, &records)?;
                hold_promises(view.admitted.as_ref(), &records)?;
                self.hold_affair(view, header, &body.documents).await?;
                Ok(None)
            }
            _ => {
                self.compare_form(header, &body.documents)?;
                self.hold_affair(view, header, &body.documents).await?;
                self.hold_after(view, header, &body.documents).await?;
                self.compare_signers(entry, &body.documents)?;
                self.hold_affair(view, header, &body.documents).await?;
                Ok(None)
            }
        }
    }

    /// The request in a body, held against its header; with it what it gives.
    pub(super) fn sent_in(&self, header: &Header, body: &Body) -> Result<RequestBody, Denial> {
        let documents: Vec<_> = body.documents.iter().map(|one| (&one.record_type, one.bytes.as_slice())).collect();
        desk::request_in(header, &documents, |record_type, bytes| self.accept(record_type, bytes))
    }

    /// The records in documents, each of the type that its document names.
    fn typed_records(&self, documents: &[Document]) -> Result<Vec<Record>, Denial> {
        let records = self.records_in(documents)?;
        let named = documents.iter().map(|one| &one.record_type);
        if !named.eq(records.iter().map(|one| &one.record_type)) {
            return Err(contradiction("documents", "a record is of another type than its document").into());
        }
        Ok(records)
    }

    /// The sending desk signed the body itself: that is what remains when MLS is forgotten. Its key may have changed since the entry was
    /// let in, `at`; what cannot be asked for now is asked for again.
    pub(super) async fn stands_for(&self, header: &Header, sealed: &SealedBody, at: Timestamp) -> Result<bool, Denial> {
        let digest = Digest::of(&[&sealed.bytes]);
        let unsigned = || contradiction("body.signature", "the sending desk did not sign the body");
        let holds = |trust: &TrustStore| -> Result<(), Denial> {
            let key = trust.desk_key(&header.sender).ok_or_else(unsigned)?;
            let own = sealed.signatures.iter().find(|one| one.key == key.key_id()).ok_or_else(unsigned)?;
            Ok(key.verify(Domain::Record, digest.as_bytes(), &own.bytes).map_err(|_| unsigned())?)
        };
        if self.trust.store().is_ok_and(|trust| holds(&trust).is_ok()) {
            return Ok(true);
        }
        match Then::default().find(self, at, [header.home, header.peer], unsigned().into(), holds).await {
            Ok(_) => Ok(true),
            Err(Denial::Refused(_)) => Ok(false),
            Err(denial) => Err(denial),
        }
    }

    /// The request of the case, as it was sealed.
    pub(super) async fn request(&self, view: &CaseView) -> Result<RequestBody, Denial> {
        let entry = view.request.ok_or_else(|| unknown("the case has no request yet"))?;
        let body = self.body(entry).await?.ok_or_else(|| unknown("the request of the case is not here"))?;
        let document = body.documents.into_iter().next().ok_or_else(|| unknown("the request is empty"))?;
        Ok(RequestBody::from_document(self.accept(&document.record_type, &document.bytes)?)?)
    }

    /// The records that were released, did not contradict their header, and were neither confirmed nor rejected yet.
    pub(super) async fn received(&self, view: &CaseView) -> Result<Vec<Record>, Denial> {
        let (waiting, _) = self.released(view).await?;
        Ok(waiting.into_iter().map(|(_, record)| record).collect())
    }

    /// Marks the records that were released and not taken.
    pub(super) async fn mark_rejected(
        &self,
        view: &CaseView,
        documents: &mut [proto::desk::DocumentRef],
    ) -> Result<(), Denial> {
        let (_, rejected) = self.released(view).await?;
        for document in documents {
            let place = |(entry, index): &RecordPlace| {
                document.entry_id == entry.as_bytes().as_slice() && document.index == *index
            };
            document.rejected = rejected.iter().any(place);
        }
        Ok(())
    }

    /// The records that wait for a word of the requesting party, and the places of those that it did not take.
    pub(super) async fn released(
        &self,
        view: &CaseView,
    ) -> Result<(Vec<(RecordPlace, Record)>, Vec<RecordPlace>), Denial> {
        let entries = self.store.entries_of(view.id).await?;
        let (mut waiting, mut rejected): (Vec<(RecordPlace, Record)>, Vec<RecordPlace>) = (Vec::new(), Vec::new());
        for row in entries.iter().filter(|row| row.seq.is_some()) {
            if settles(row.step.0) {
                let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
                let (answered, still) = waiting
                    .into_iter()
                    .partition(|(_, record): &(_, Record)| header.concerns.contains(&record.measure));
                waiting = still;
                if row.step.0 == Step::Reject {
                    let answered: Vec<(RecordPlace, Record)> = answered;
                    rejected.extend(answered.into_iter().map(|(place, _)| place));
                }
            }
            if !row.step.0.carries_records() || view.findings.contains_key(&row.id.0) {
                continue;
            }
            if let Some(body) = self.body(row.id.0).await? {
                let records = self.records_in(&body.documents)?;
                waiting.extend((0..).map(|index| (row.id.0, index)).zip(records));
            }
        }
        Ok((waiting, rejected))
    }

    /// The body of an entry in clear; `None` on handshakes, and where it could not be opened.
    pub(super) async fn body(&self, entry: model::EntryId) -> Result<Option<Body>, Denial> {
        let row = self.store.entry(entry).await?.ok_or_else(|| unknown("there is no such entry"))?;
        let Some(plain) = self.kept_body(&row).await? else { return Ok(None) };
        if plain.is_empty() {
            return Ok(None);
        }
        let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
        Ok(SealedBody::open(&plain, &header).ok().map(|(_, mut body)| {
            // What a transfer carries stands in the places that it is of.
            drop(body.take_carried());
            body
        }))
    }
}

/// How the remedies begin that are for who sent what does not fit.
const OF_THE_SENDER: &str = "The sending desk ";

pub(super) fn contradiction(field: &str, reason: &str) -> Refusal {
    let remedy = "The sending desk makes header and body of one request and sends anew.";
    Refusal::new(RefusalCode::R94, "desk", reason, remedy).at(field)
}

/// What an officer of this desk can do about words that do not fit: nothing has left the desk yet.
pub(super) fn to_be_corrected(denial: Denial) -> Denial {
    match denial {
        Denial::Refused(mut refusal) if refusal.remedy.starts_with(OF_THE_SENDER) => {
            "Correct the field that is named, and take the step again; nothing was sent."
                .clone_into(&mut refusal.remedy);
            Denial::Refused(refusal)
        }
        told => told,
    }
}
