//! Opening records that were received: for what they were given, and put on record.

use bytes::Bytes;
use desk::{Document, Record};
use model::{Denial, EntryId, Refusal, RefusalCode, Step};
use store::desk::{DeskBatch, DeskEntryRow};
use treaty::UseQuery;

use super::{
    Office, Told,
    custody::carries,
    event,
    outbox::THEIRS,
    release_of_keys::Wish,
    seats::Away,
    unknown,
    view::{CaseView, Opening},
};
use crate::clock;

/// A field of who opens, in bytes.
const SAID_BYTES_MAX: usize = 200;

/// What somebody says who opens a record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opens {
    /// What for, by its name in the treaty; empty for the request's own purpose.
    pub(crate) purpose: String,
    /// For which proceeding; empty for the one that the request named.
    pub(crate) proceeding: String,
    /// Who.
    pub(crate) officer: String,
    /// Beside the purpose: `export` for a case file.
    pub(crate) reason: &'static str,
}

impl Office {
    /// Holds the opening of a document against the treaty, and puts it on record. What is no record that this desk's party received is
    /// free.
    ///
    /// # Errors
    /// What [`treaty::Usage::may_use`] refuses: R93, R18, R16; R92 where the rule of the case is not in the catalogue.
    pub(super) async fn may_open(
        &self,
        row: &DeskEntryRow,
        index: usize,
        document: &Document,
        opens: &Opens,
    ) -> Result<(), Denial> {
        // The form of a request that gives is free: by it the desk knows what it is asked to take.
        let form = row.step.0 == Step::SealSend && index == 0;
        if !carries(row) || row.direction != THEIRS || form {
            return Ok(());
        }
        // A desk that may be one of yesterday does not know what was recalled or certified since.
        self.require_standing()?;
        let _members = self.members.lock().await;
        let (mut view, version) = self.view(row.case_id.0).await?.ok_or_else(|| unknown("there is no such case"))?;
        self.is_seated(&view)?;
        let (_, rejected) = self.released(&view).await?;
        if rejected.iter().any(|(entry, number)| *entry == row.id.0 && usize::try_from(*number) == Ok(index)) {
            let reason = "the record was not taken, and is not this party's to read";
            let remedy = "Wait for the release that replaces it.";
            return Err(Refusal::new(RefusalCode::R18, "desk", reason, remedy).at("record").into());
        }
        let now = clock::now();
        let opening = self.allowed(&view, row, index, document, opens).await?;
        view.openings.push(opening);
        let mut batch = DeskBatch::default();
        batch.events.push(event(view.id, Told::Opened, Some(row.id.0), now));
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await
    }

    /// A desk without a seat learns of no recall and no end of time: it opens nothing.
    fn is_seated(&self, view: &CaseView) -> Result<(), Denial> {
        let (reason, remedy) = match view.away {
            None => return Ok(()),
            Some(Away::Left(at)) => (
                format!("your desk left the case on {at}"),
                "Let a desk of your party open it that has a seat: desk group show.",
            ),
            Some(Away::Lost(at)) => (
                format!("your desk was restored from a backup ({at}) and has not caught up with the case"),
                "Wait until it is taken in anew: what was recalled or destroyed meanwhile must not be opened.",
            ),
        };
        let mut refusal = Refusal::new(RefusalCode::R93, "desk", reason, remedy).at("record");
        refusal.owner = Some(self.own.party());
        Err(refusal.into())
    }

    async fn allowed(
        &self,
        view: &CaseView,
        row: &DeskEntryRow,
        index: usize,
        document: &Document,
        opens: &Opens,
    ) -> Result<Opening, Denial> {
        for (field, text) in
            [("purpose", &opens.purpose), ("proceeding", &opens.proceeding), ("officer", &opens.officer)]
        {
            if text.len() > SAID_BYTES_MAX || text.chars().any(char::is_control) {
                let reason = "what is said of the opening is longer than 200 bytes, or has control characters";
                return Err(Refusal::new(RefusalCode::R94, "desk", reason, "Say it in one short line.")
                    .at(field)
                    .into());
            }
        }
        let request = self.request(view).await?;
        let record = Record::from_document(self.accept(&document.record_type, &document.bytes)?)?;
        let purpose = if opens.purpose.is_empty() { &request.purpose.code } else { &opens.purpose };
        let own = &request.proceeding.reference;
        let proceeding = if opens.proceeding.is_empty() { own } else { &opens.proceeding };
        let sent = view.request.ok_or_else(|| unknown("the case has no request yet"))?;
        let sent = self.store.entry(sent).await?.ok_or_else(|| unknown("the request of the case is not here"))?;
        let sent = proto::decode_header(&Bytes::from(sent.header.0.clone()))?;
        let rule = self.rules.pinned(view.home, view.peer, clock::day(sent.created)?, view.pin);
        let asked = sent.measures.iter().find(|one| one.id == record.measure);
        let usage =
            asked.zip(rule.as_ref()).and_then(|(one, rule)| rule.usage(&one.article, &one.request_type, view.peer));
        let usage = usage.ok_or_else(|| {
            let reason = "the rule under which the records were given is not in this desk's catalogue";
            let remedy = "Ask the operator to put the catalogue of the day of the request in place.";
            Refusal::new(RefusalCode::R92, "treaty", reason, remedy)
        })?;
        let now = clock::now();
        let case = view.admitted.as_ref().ok_or_else(|| unknown("the case is not open yet"))?;
        self.released_now(case, row.id.0, &record, now)?;
        let wish = Wish {
            entry: row.id.0,
            measure: record.measure,
            officer: &opens.officer,
            purpose,
            proceeding,
            same_proceeding: proceeding == own,
        };
        self.is_reader(view, &wish, now).await?;
        let granted = self.grants(view, &wish, now).await?;
        // Where the giver named another end, that one was held against the day before, in place of the treaty's.
        let extended = case.measures.get(&record.measure).is_some_and(|measure| measure.kept_until.is_some());
        let received = if extended { now } else { model::Timestamp(row.at) };
        usage.may_use(&UseQuery {
            purpose,
            reader: self.kind_of(&self.own),
            same_proceeding: wish.same_proceeding,
            received: clock::day(received)?,
            on: clock::day(now)?,
            granted: &granted,
        })?;
        Ok(Opening {
            entry: row.id.0,
            index: u32::try_from(index).unwrap_or(u32::MAX),
            at: now,
            purpose: purpose.clone(),
            proceeding: proceeding.clone(),
            officer: opens.officer.clone(),
            reason: opens.reason.to_owned(),
        })
    }

    /// The row of an entry.
    pub(super) async fn entry_row(&self, entry: EntryId) -> Result<DeskEntryRow, Denial> {
        self.store.entry(entry).await?.ok_or_else(|| unknown("there is no such entry"))
    }
}
