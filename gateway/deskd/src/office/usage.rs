//! Opening records that were received: for what they were given, and put on record.

use bytes::Bytes;
use desk::{Document, HEARING_NOTICE, Record, without_minutes};
use identity::Domain;
use model::{Denial, EntryId, Header, KeyId, Refusal, RefusalCode, Step, Timestamp};
use store::desk::{DeskBatch, DeskEntryRow};
use treaty::UseQuery;

use super::{
    Office, Told,
    custody::carries,
    event,
    outbox::THEIRS,
    release_of_keys::{Opened, Signer, Wish},
    seats::Away,
    unknown,
    view::{CaseView, Opening, OpeningWord},
};
use crate::{
    access::{Line, Statement},
    clock,
};

/// A field of who opens, in bytes.
const SAID_BYTES_MAX: usize = 200;

/// Why records are opened for a case file.
pub(crate) const EXPORT: &str = "export";
/// How far the moment that an officer signed may lie from this desk's.
const SIGNED_WITHIN_MS: i64 = 15 * 60 * 1000;

/// What somebody says who opens a record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opens {
    /// What for, by its name in the treaty; empty for the request's own purpose.
    pub(crate) purpose: String,
    /// For which proceeding; empty for the one that the request named.
    pub(crate) proceeding: String,
    /// Who reads it; empty for the officer who signs.
    pub(crate) officer: String,
    /// Beside the purpose: [`EXPORT`] for a case file.
    pub(crate) reason: &'static str,
    /// The signature of the officer who stands for it; `None` where nobody signed.
    pub(crate) signed: Option<SignedOpening>,
}

/// An officer's signature under the statement of an opening.
#[derive(Debug, Clone)]
pub(crate) struct SignedOpening {
    pub(crate) at: Timestamp,
    pub(crate) key: KeyId,
    pub(crate) signature: Vec<u8>,
}

impl Office {
    /// Holds the opening of a document against the treaty, and puts it on record. What is neither a record nor the minutes of a
    /// hearing that this desk's party received is free.
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
        if !(carries(row) || withheld(document).is_some()) || row.direction != THEIRS || form {
            return Ok(());
        }
        // A desk that may be one of yesterday does not know what was recalled or certified since.
        self.require_standing()?;
        let _members = self.members.lock().await;
        let (mut view, version) = self.view(row.case_id.0).await?.ok_or_else(|| unknown("there is no such case"))?;
        self.is_seated(&view)?;
        self.is_up_to_date(&view)?;
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

    /// A case that stands still does not show what was recalled, or is to be destroyed, since.
    fn is_up_to_date(&self, view: &CaseView) -> Result<(), Denial> {
        view.sound()?;
        let Some(why) = self.parked_in(view.id) else { return Ok(()) };
        let remedy = "Wait until the case goes on; if it does not, let a desk of your party open it that is further.";
        let mut refusal = Refusal::new(RefusalCode::R93, "desk", why, remedy).at("record");
        refusal.owner = Some(self.own.party());
        Err(refusal.into())
    }

    /// A desk without a seat learns of no recall and no end of time: it opens nothing.
    pub(super) fn is_seated(&self, view: &CaseView) -> Result<(), Denial> {
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
        said_shortly(opens)?;
        let request = self.request(view).await?;
        let parts = self.parts(row, document)?;
        let purpose = if opens.purpose.is_empty() { &request.purpose.code } else { &opens.purpose };
        let own = &request.proceeding.reference;
        let proceeding = if opens.proceeding.is_empty() { own } else { &opens.proceeding };
        let sent = self.sent(view).await?;
        let rule = self.rules.pinned(view.home, view.peer, clock::day(sent.created)?, view.pin);
        let now = clock::now();
        let case = view.admitted.as_ref().ok_or_else(|| unknown("the case is not open yet"))?;
        let mut usages = Vec::new();
        for part in &parts {
            let asked = sent.measures.iter().find(|one| one.id == part.measure);
            let usage = asked.zip(rule.as_ref());
            let usage = usage.and_then(|(one, rule)| rule.usage(&one.article, &one.request_type, view.peer));
            usages.push((part.measure, usage.ok_or_else(no_rule)?));
            self.released_now(view, case, row.id.0, part, now)?;
        }
        let document = (row.id.0, u32::try_from(index).unwrap_or(u32::MAX));
        let (signer, statement, signature) = self.stands_for_it(view, document, opens, now)?;
        let reader = if opens.officer.is_empty() { &signer.name } else { &opens.officer };
        for (measure, usage) in usages {
            let wish = Wish {
                entry: row.id.0,
                measure,
                officer: reader,
                signer: &signer,
                purpose,
                proceeding,
                same_proceeding: proceeding == own,
            };
            let granted = self.grants(view, &wish, now).await?;
            // Where the giver named another end, that one was held against the day before, in place of the treaty's.
            let extended = case.measures.get(&measure).is_some_and(|measure| measure.kept_until.is_some());
            // A desk that came in later took the entry over later than its party received it.
            let let_in = view.let_in(row.id.0).unwrap_or(Timestamp(row.at));
            let received = if extended { now } else { let_in };
            usage.may_use(&UseQuery {
                purpose,
                reader: self.kind_of(&self.own),
                same_proceeding: wish.same_proceeding,
                received: clock::day(received)?,
                on: clock::day(now)?,
                granted: &granted,
            })?;
            self.is_reader(view, &wish, now).await?;
        }
        let (entry, index) = document;
        let line = Line { entry, index, statement: &statement, key: signer.key, signature: &signature };
        let before = view.openings.last().and_then(|one| one.word.as_ref()).map(|word| word.link.as_str());
        let link = line.link(before);
        Ok(Opening {
            entry,
            index,
            at: now,
            purpose: purpose.clone(),
            proceeding: proceeding.clone(),
            officer: reader.clone(),
            reason: opens.reason.to_owned(),
            word: Some(OpeningWord { by: signer.name.clone(), key: signer.key, statement, signature, link }),
        })
    }

    /// What a document is of: its record is of one measure, the minutes of a hearing are of all that the hearing is about.
    fn parts(&self, row: &DeskEntryRow, document: &Document) -> Result<Vec<Opened>, Denial> {
        if withheld(document).is_none() {
            let record = Record::from_document(self.accept(&document.record_type, &document.bytes)?)?;
            return Ok(vec![Opened { measure: record.measure, conditions: record.conditions, minutes: false }]);
        }
        let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
        let of = |measure| Opened { measure, conditions: Vec::new(), minutes: true };
        Ok(header.concerns.into_iter().map(of).collect())
    }

    /// The header of the request of a case.
    async fn sent(&self, view: &CaseView) -> Result<Header, Denial> {
        let sent = view.request.ok_or_else(|| unknown("the case has no request yet"))?;
        let sent = self.store.entry(sent).await?.ok_or_else(|| unknown("the request of the case is not here"))?;
        proto::decode_header(&Bytes::from(sent.header.0))
    }

    /// The officer of this desk who signed for an opening, with what they signed.
    ///
    /// # Errors
    /// R95 where nobody did, nobody of this desk, not this, or not now.
    pub(super) fn stands_for_it(
        &self,
        view: &CaseView,
        document: (EntryId, u32),
        opens: &Opens,
        now: Timestamp,
    ) -> Result<(Signer, Vec<u8>, Vec<u8>), Denial> {
        let refused = |reason: String, remedy: &str| {
            let mut refusal = Refusal::new(RefusalCode::R95, "identity", reason, remedy).at("officer");
            refusal.owner = Some(self.own.party());
            Err(refusal.into())
        };
        let Some(signed) = &opens.signed else {
            let reason =
                "an officer of this desk signs for each opening of what was received, and nobody did".to_owned();
            return refused(
                reason,
                "Say who you are: --as central/officer-1. The reader may be somebody else: --officer NAME.",
            );
        };
        if (signed.at.0 - now.0).abs() > SIGNED_WITHIN_MS {
            let reason = "the signature under the opening is not of now".to_owned();
            return refused(reason, "Sign anew; hold the clocks of both machines against each other.");
        }
        let statement = Statement {
            desk: &self.own,
            case: view.id,
            document: (opens.reason != EXPORT).then_some(document),
            purpose: &opens.purpose,
            proceeding: &opens.proceeding,
            reader: &opens.officer,
            at: signed.at,
        };
        let statement = statement.to_string().into_bytes();
        let trust = self.trust.store()?;
        let officer = trust.officer(self.own.party(), &signed.key).filter(|(authority, _)| authority.id == self.own);
        let holds =
            officer.filter(|(_, officer)| officer.key.verify(Domain::Custody, &statement, &signed.signature).is_ok());
        let Some((_, officer)) = holds else {
            let reason = format!("the signature under the opening is no officer's of {}, or does not hold", self.own);
            return refused(reason, "An officer of this authority signs, as the directory lists them.");
        };
        let signer = Signer { key: signed.key, name: officer.pseudonym.clone() };
        Ok((signer, statement, signed.signature.clone()))
    }

    /// The row of an entry.
    pub(super) async fn entry_row(&self, entry: EntryId) -> Result<DeskEntryRow, Denial> {
        self.store.entry(entry).await?.ok_or_else(|| unknown("there is no such entry"))
    }
}

/// A document with the minutes of a hearing as it is shown to whom nobody opened them; `None` where there are none in it.
pub(super) fn withheld(document: &Document) -> Option<Vec<u8>> {
    let notice = document.record_type.as_str() == HEARING_NOTICE;
    let shown = without_minutes(&records::read(&document.bytes).ok().filter(|_| notice)?)?;
    Some(shown.to_string().into_bytes())
}

/// What is said of an opening stands in one short line each. R94.
fn said_shortly(opens: &Opens) -> Result<(), Denial> {
    let said = [("purpose", &opens.purpose), ("proceeding", &opens.proceeding), ("officer", &opens.officer)];
    let wrong = |text: &str| text.len() > SAID_BYTES_MAX || text.chars().any(char::is_control);
    let Some((field, _)) = said.into_iter().find(|(_, text)| wrong(text)) else { return Ok(()) };
    let reason = "what is said of the opening is longer than 200 bytes, or has control characters";
    Err(Refusal::new(RefusalCode::R94, "desk", reason, "Say it in one short line.").at(field).into())
}

fn no_rule() -> Denial {
    let reason = "the rule under which the records were given is not in this desk's catalogue";
    let remedy = "Ask the operator to put the catalogue of the day of the request in place.";
    Refusal::new(RefusalCode::R92, "treaty", reason, remedy).into()
}
