//! Steps on a matter of a case: which matter, which measures and which records they are about, and whether what a form says of records
//! is true.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use desk::{Document, HEARING_NOTICE, Record, records_named};
use model::{
    Denial, Digest, EntryId, Fault, Flaw, Header, Malformed, MatterId, MeasureId, RecordType, Refusal, RefusalCode,
    Step, Timestamp,
};
use proto::desk as wire;
use serde_json::Value;
use store::desk::DeskEntryRow;
use workflow::{Case, MatterGuard, MatterKind, MatterState, Side, matter_rows, moves_matter, opens_matter};

use super::{
    Ask, Office, custody, hearing::minutes_said, matter_forms, reading::contradiction, unknown, view::CaseView,
};

/// What an officer says of a step beside its measures: of which matter it is, and what its header declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    /// Which matter; `None` where only one fits, and for a step that opens one.
    pub(crate) matter: Option<MatterId>,
    /// Of which kind it has to be.
    pub(crate) kind: Option<MatterKind>,
    /// The entry whose records it is about.
    pub(crate) about: Option<EntryId>,
    /// What is wrong with them.
    pub(crate) flaw: Option<Flaw>,
    /// The first moment at which it holds no more.
    pub(crate) until: Option<Timestamp>,
    /// What for.
    pub(crate) purpose: Option<String>,
}

impl Beside {
    /// From a call.
    pub(crate) fn of(request: &wire::PrepareStepRequest) -> Result<Self, Malformed> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let about = &request.about_entry_id;
        Ok(Self {
            matter: (request.matter != 0).then_some(MatterId(request.matter)),
            kind: some(&request.matter_kind).map(|kind| kind.parse()).transpose()?,
            about: if about.is_empty() { None } else { Some(EntryId::try_from(&**about)?) },
            flaw: some(&request.flaw).map(|flaw| flaw.parse()).transpose()?,
            until: (request.until_ms != 0).then_some(Timestamp(request.until_ms)),
            purpose: some(&request.purpose),
        })
    }

    /// Into a call.
    pub(crate) fn put(&self, request: &mut wire::PrepareStepRequest) {
        request.matter = self.matter.map(|matter| matter.0).unwrap_or_default();
        request.matter_kind = self.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        request.about_entry_id = self.about.map(|entry| entry.as_bytes().to_vec().into()).unwrap_or_default();
        request.flaw = self.flaw.map(|flaw| flaw.as_str().to_owned()).unwrap_or_default();
        request.until_ms = self.until.map(|until| until.0).unwrap_or_default();
        request.purpose = self.purpose.clone().unwrap_or_default();
    }

    /// The first of its fields that a header has otherwise. What is left open does not differ.
    pub(crate) fn differs(&self, header: &Header) -> Option<&'static str> {
        let declared = &header.declared;
        let fields = [
            ("declared.matter", self.matter.is_none() || self.matter == declared.matter),
            ("declared.about", self.about.is_none() || self.about == declared.about),
            ("declared.flaw", self.flaw.is_none() || self.flaw == declared.flaw),
            ("declared.until", self.until.is_none() || self.until == declared.until),
            ("purpose", self.purpose.is_none() || self.purpose == header.purpose),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }
}

/// A record as others name it, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedRecord {
    pub(super) entry: EntryId,
    pub(super) record_id: String,
    pub(super) hash: Digest,
    pub(super) record_type: RecordType,
    pub(super) measure: MeasureId,
}

/// What a step is about: the records, and the matter where it is of one.
#[derive(Debug, Clone)]
pub(super) struct Affair {
    pub(super) records: Vec<NamedRecord>,
    pub(super) matter: Option<Standing>,
    pub(super) until: Option<Timestamp>,
    pub(super) purpose: Option<String>,
    /// Whose authorities have what is recalled, and whom consents to hand on named.
    pub(super) recipients: Vec<String>,
    /// Those of them of whom who speaks was never told: the consent was asked for before its desk took its seat.
    pub(super) untold: BTreeSet<String>,
    /// The digest of the line that the log of keys is to have when the keys are destroyed, on a certificate.
    pub(super) key_log: Option<Digest>,
}

/// The matter that a step opens or moves.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) kind: MatterKind,
    /// The entry that opened it.
    pub(super) by: EntryId,
    pub(super) opener: Side,
    pub(super) opened: Timestamp,
    /// Where it stands; `None` while it is being opened.
    pub(super) state: Option<MatterState>,
    /// The document with which it was opened, or the newest proposal of a hearing; null while it is not.
    pub(super) first: Value,
}

impl Standing {
    /// Whether wrong records were replaced or destroyed: everybody who had them is told.
    pub(super) fn is_corrected(&self) -> bool {
        self.kind == MatterKind::Correction && matches!(self.state, Some(MatterState::Reissued | MatterState::Shredded))
    }
}

impl Affair {
    /// The record that a new one of this type and measure replaces, where there is only one.
    pub(super) fn replaced(&self, record_type: &RecordType, measure: MeasureId) -> Option<&str> {
        let mut fits = self.records.iter().filter(|one| one.record_type == *record_type && one.measure == measure);
        let first = fits.next()?;
        fits.next().is_none().then_some(first.record_id.as_str())
    }

    /// The record type of a step's document, where the matter decides it.
    pub(super) fn form(&self, step: Step) -> Option<&'static str> {
        let kind = self.matter.as_ref()?.kind;
        match (step, kind) {
            (Step::GrantConsent | Step::DenyConsent, MatterKind::Onward) => Some("onward_consent"),
            (Step::Recall, MatterKind::Breach) => Some("notice"),
            _ => None,
        }
    }
}

impl Office {
    /// Puts into a header what the officer says of a matter, and the measures that it concerns. A step that opens one takes the next
    /// number by itself.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where more than one matter, or entry, could be meant.
    pub(super) async fn put_matter(
        &self,
        view: &CaseView,
        case: &Case,
        ask: &Ask,
        header: &mut Header,
    ) -> Result<(), Denial> {
        let Beside { matter, kind, about, flaw, until, purpose } = ask.beside.clone();
        let declared = &mut header.declared;
        (declared.matter, declared.about, declared.flaw, declared.until) = (matter, about, flaw, until);
        declared.minutes = minutes_said(ask.step, &ask.documents);
        header.purpose = purpose;
        if !moves_matter(ask.step) {
            return Ok(());
        }
        if !opens_matter(ask.step) {
            let id = match matter {
                Some(id) => of_kind(case, id, kind)?,
                None => only(case, view.side(), (ask.step, kind), header.created)?,
            };
            header.declared.matter = Some(id);
            if let Some(matter) = case.matters.get(&id).filter(|_| header.concerns.is_empty()) {
                header.concerns.clone_from(&matter.concerns);
            }
            return Ok(());
        }
        let next = u32::try_from(case.matters.len()).unwrap_or(u32::MAX).saturating_add(1);
        header.declared.matter = Some(matter.unwrap_or(MatterId(next)));
        if ask.step == Step::ReportError && about.is_none() {
            header.declared.about = Some(self.only_release(view).await?);
        }
        if header.concerns.is_empty() {
            header.concerns = match header.declared.about {
                Some(entry) => self.concerned_by(case, entry).await?,
                None => openable(case, ask.step, view.side()),
            };
        }
        super::terms::has_records(case, ask.step, &header.concerns)
    }

    /// What a step is about, where it is of a matter or certifies what became of records.
    pub(super) async fn affair(&self, view: &CaseView, case: &Case, header: &Header) -> Result<Option<Affair>, Denial> {
        let step = header.step;
        if !moves_matter(step) {
            return Ok(None);
        }
        let standing = header.declared.matter.and_then(|id| case.matters.get(&id).map(|matter| (id, matter)));
        let about = standing.map_or(header.declared.about, |(_, matter)| matter.about);
        let about = about.map(|entry| BTreeSet::from([entry]));
        // A recall takes back all that there is by then; what follows it is about what was recalled.
        let covers = standing.filter(|(_, matter)| step != Step::Recall && !matter.covers.is_empty());
        let covers = covers.map_or(about, |(_, matter)| Some(matter.covers.clone()));
        let covers = if shreds(step) {
            let rows = self.certified(view, header.declared.matter, &header.concerns).await?;
            Some(rows.iter().map(|row| row.id.0).collect())
        } else {
            covers
        };
        let records = self.records_about(view, covers.as_ref(), &header.concerns).await?;
        let matter = match standing {
            Some((id, matter)) => {
                let (by, first) = self.opening_of(view, id).await?;
                let first = self.newest_proposal(view, id, first).await?;
                let (kind, opener, opened) = (matter.kind, matter.opener, matter.opened);
                Some(Standing { kind, by, opener, opened, state: Some(matter.state), first })
            }
            None => workflow::MATTERS.iter().find(|row| row.step == step && row.from.is_empty()).map(|row| Standing {
                kind: row.kinds[0],
                by: header.entry,
                opener: view.side(),
                opened: header.created,
                state: None,
                first: Value::Null,
            }),
        };
        let keeper = standing.map_or_else(|| view.side(), |(_, matter)| case.keeper_of(matter));
        let keeper = case.party(keeper);
        let mut recipients: Vec<_> =
            view.readers.iter().filter(|one| one.party() == keeper).map(ToString::to_string).collect();
        let mut untold = BTreeSet::new();
        if matches!(step, Step::Recall | Step::CloseMatter) {
            let order = self.order(view).await?;
            for (asked, name) in self.handed_on(view, case, &header.concerns).await? {
                if view.is_seated_after(&header.sender, asked, &order) {
                    untold.insert(name.clone());
                }
                recipients.push(name);
            }
        }
        let (until, purpose) = (header.declared.until, header.purpose.clone());
        let key_log = shreds(step).then(|| key_log(view, records.iter().map(|one| one.entry)));
        Ok(Some(Affair { records, matter, until, purpose, recipients, untold, key_log }))
    }

    /// The records that were given for some of `concerns`, in these entries or in all.
    pub(super) async fn records_about(
        &self,
        view: &CaseView,
        covers: Option<&BTreeSet<EntryId>>,
        concerns: &[MeasureId],
    ) -> Result<Vec<NamedRecord>, Denial> {
        let mut all = Vec::new();
        for row in self.releases(view).await? {
            if covers.is_none_or(|covers| covers.contains(&row.id.0)) {
                all.extend(self.records_of(view, &row).await?);
            }
        }
        all.retain(|record| concerns.contains(&record.measure));
        Ok(all)
    }

    async fn records_of(&self, view: &CaseView, row: &DeskEntryRow) -> Result<Vec<NamedRecord>, Denial> {
        let Some(body) = self.body(row.id.0).await? else {
            let gone = view.destroyed.iter().filter(|one| one.entry == row.id.0);
            return Ok(gone.map(NamedRecord::from).collect());
        };
        let records = self.records_of_body(&body)?;
        Ok(records.into_iter().map(|(_, record)| named(row.id.0, record)).collect())
    }

    /// The entries of a case that gave records, and did not contradict themselves.
    pub(super) async fn releases(&self, view: &CaseView) -> Result<Vec<DeskEntryRow>, Denial> {
        let mut rows = self.store.entries_of(view.id).await?;
        rows.retain(|row| row.seq.is_some() && custody::carries(row) && !view.findings.contains_key(&row.id.0));
        Ok(rows)
    }

    async fn only_release(&self, view: &CaseView) -> Result<EntryId, Denial> {
        match self.releases(view).await?.as_slice() {
            [one] => Ok(one.id.0),
            [] => Err(unknown("nothing was released in the case")),
            _ => {
                let detail = "records were released more than once: name the entry whose records are wrong (--about)";
                Err(Denial::failed(Fault::Malformed, detail))
            }
        }
    }

    async fn concerned_by(&self, case: &Case, entry: EntryId) -> Result<Vec<MeasureId>, Denial> {
        let row = self.entry_row(entry).await?;
        let header = proto::decode_header(&Bytes::from(row.header.0))?;
        Ok(header.about().into_iter().filter(|id| case.measures.contains_key(id)).collect())
    }

    /// The entry that opened a matter, and its document.
    pub(super) async fn opening_of(&self, view: &CaseView, id: MatterId) -> Result<(EntryId, Value), Denial> {
        let by = view.admitted.as_ref().and_then(|case| case.matters.get(&id)?.by);
        for row in self.store.entries_of(view.id).await?.iter().filter(|row| row.seq.is_some()) {
            let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            if by == Some(row.id.0) || opens_matter(header.step) && header.declared.matter == Some(id) {
                let body = self.body(row.id.0).await?;
                let first = body.and_then(|body| records::read(&body.documents.first()?.bytes).ok());
                return Ok((row.id.0, first.unwrap_or_default()));
            }
        }
        Err(unknown("the entry that opened the matter is not here"))
    }

    /// The place of each entry in the case.
    async fn order(&self, view: &CaseView) -> Result<BTreeMap<EntryId, i64>, Denial> {
        let rows = self.store.entries_of(view.id).await?;
        Ok(rows.iter().filter_map(|row| Some((row.id.0, row.seq?))).collect())
    }

    /// To whom records of these measures were handed on by consent: party, body and name, as the consent was asked for; with the entry
    /// that asked.
    async fn handed_on(
        &self,
        view: &CaseView,
        case: &Case,
        concerns: &[MeasureId],
    ) -> Result<Vec<(EntryId, String)>, Denial> {
        let mut all = Vec::new();
        let granted = case.matters.iter().filter(|(_, matter)| {
            matter.kind == MatterKind::Onward
                && matter.granted.is_some()
                && matter.concerns.iter().any(|id| concerns.contains(id))
        });
        for (id, _) in granted {
            let (entry, asked) = self.opening_of(view, *id).await?;
            // A desk that was seated later cannot read it.
            if asked.is_null() {
                continue;
            }
            let text = |name: &str| asked["recipient"][name].as_str().unwrap_or_default().to_owned();
            all.push((entry, format!("{} {}: {}", text("party"), text("body"), text("name"))));
        }
        Ok(all)
    }

    /// Holds what the documents of a step say of records against the records that there are, and of recipients against the consents.
    ///
    /// # Errors
    /// R94 with the field, without values.
    pub(super) async fn hold_affair(
        &self,
        view: &CaseView,
        header: &Header,
        documents: &[Document],
    ) -> Result<(), Denial> {
        let Some(case) = &view.admitted else { return Ok(()) };
        let Some(affair) = self.affair(view, case, header).await? else { return Ok(()) };
        let there = |id: &str, hash: Option<Digest>| {
            affair.records.iter().any(|one| one.record_id == id && hash.is_none_or(|hash| one.hash == hash))
        };
        for (index, document) in documents.iter().enumerate() {
            let value = records::read(&document.bytes).unwrap_or_default();
            let field = |name: &str| format!("documents[{index}].{name}");
            if header.step == Step::Reissue {
                if !value["supersedes"].as_str().is_some_and(|id| there(id, None)) {
                    let reason = "what is issued again replaces no record of the matter";
                    return Err(contradiction(&field("supersedes"), reason).into());
                }
                continue;
            }
            if let Some(form) = affair.form(header.step).filter(|form| document.record_type.as_str() != *form) {
                return Err(
                    contradiction(&field("record_type"), &format!("the matter calls for the form {form}")).into()
                );
            }
            if document.record_type.as_str() == "return_certificate" {
                continue;
            }
            if document.record_type.as_str() == HEARING_NOTICE {
                self.hold_hearing(view, header, &affair, &value).await?;
                continue;
            }
            if !records_named(&value)?.iter().all(|(id, hash)| there(id, Some(*hash))) {
                let reason = "a record is named that was not given for these measures";
                return Err(contradiction(&field("records"), reason).into());
            }
            if shreds(header.step) && !custody::names_all(&affair.records, &value)? {
                let reason = "a record that goes with the certificate is not named in it";
                return Err(contradiction(&field("records"), reason).into());
            }
            if let Some((name, reason)) = matter_forms::untold(header.step, document, &affair, &value) {
                return Err(contradiction(&field(name), reason).into());
            }
        }
        Ok(())
    }
}

/// Whether keys are destroyed when such an entry becomes part of the case.
pub(super) fn shreds(step: Step) -> bool {
    matches!(step, Step::CertifyShredding | Step::CertifyDisposal)
}

/// The digest of what the log of keys says of the bodies of these entries, in the order of the case. Both sides can make it: the line of
/// a key names case and entry.
pub(super) fn key_log(view: &CaseView, entries: impl Iterator<Item = EntryId>) -> Digest {
    let mut entries: Vec<_> = entries.collect();
    entries.dedup();
    let lines: Vec<_> = entries.iter().map(|entry| format!("shred {} {entry}\n", view.id)).collect();
    let lines: Vec<_> = lines.iter().map(String::as_bytes).collect();
    Digest::of(&lines)
}

pub(super) fn named(entry: EntryId, record: Record) -> NamedRecord {
    let Record { record_id, hash, record_type, measure, .. } = record;
    NamedRecord { entry, record_id, hash, record_type, measure }
}

/// The measures for which a step may open a matter.
fn openable(case: &Case, step: Step, side: Side) -> Vec<MeasureId> {
    let Some(row) = case.matter_openings(side).into_iter().find(|row| row.step == step) else {
        // Not now: the procedure says why.
        return case.measures.keys().copied().collect();
    };
    let fits = |measure: &&workflow::Measure| match row.guard {
        MatterGuard::Accepted => measure.may_be_heard(),
        _ => !measure.entries.is_empty() && row.by.sides(measure.keeper(), side).contains(&side),
    };
    case.measures.values().filter(fits).map(|measure| measure.scope.id).collect()
}

/// A matter that was named, where it is of the kind that is meant.
fn of_kind(case: &Case, id: MatterId, kind: Option<MatterKind>) -> Result<MatterId, Denial> {
    let (Some(kind), Some(matter)) = (kind, case.matters.get(&id)) else { return Ok(id) };
    if matter.kind == kind {
        return Ok(id);
    }
    let reason = format!("{id} is a matter of the kind {}, not {kind}", matter.kind);
    let remedy = format!("Take the step of its own kind: desk {} --help.", matter.kind);
    Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("declared.matter").into())
}

/// The one matter on which a side may take a step now, of the kind that is meant.
fn only(case: &Case, side: Side, (step, kind): (Step, Option<MatterKind>), now: Timestamp) -> Result<MatterId, Denial> {
    let is_meant = |id: MatterId| kind.is_none_or(|kind| case.matters.get(&id).is_some_and(|one| one.kind == kind));
    let possible = case.matter_steps(side, now).into_iter();
    let fits: Vec<_> = possible.filter(|(id, row)| row.step == step && is_meant(*id)).collect();
    let known: Vec<_> = known(case, step).into_iter().filter(|id| is_meant(*id)).collect();
    match fits.as_slice() {
        [(id, _)] => Ok(*id),
        // The procedure says why it cannot be taken now, and who may do what instead.
        [] if known.len() == 1 => Ok(known[0]),
        [] => {
            let mut possible: Vec<_> =
                case.matter_steps(side, now).into_iter().map(|(id, row)| format!("{} of {id}", row.step)).collect();
            if possible.is_empty() {
                possible.push("nothing".to_owned());
            }
            let reason =
                format!("{step} fits no matter of the case as it stands; possible here now: {}", possible.join(", "));
            let remedy = "Take one of the steps that are possible now, or wait for the other side: desk case show.";
            Err(Refusal::new(RefusalCode::R94, "workflow", reason, remedy).at("declared.matter").into())
        }
        several => {
            let names: Vec<_> = several.iter().map(|(id, _)| id.to_string()).collect();
            let reason = format!("{step} fits more than one matter of the case: {}", names.join(", "));
            let remedy = "Name one of them (--matter).";
            Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("declared.matter").into())
        }
    }
}

/// The matters that are not over and know a step.
fn known(case: &Case, step: Step) -> Vec<MatterId> {
    let knows = |matter: &workflow::Matter| {
        matter.state != MatterState::Closed && matter_rows(matter.kind).any(|row| row.step == step)
    };
    case.matters.iter().filter(|(_, matter)| knows(matter)).map(|(id, _)| *id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_matter_comes_through_a_call_as_it_was_said() {
        let said = Beside {
            matter: Some(MatterId(2)),
            kind: Some(MatterKind::Onward),
            about: Some(EntryId::new([7; 16])),
            flaw: Some(Flaw::Stale),
            until: Some(Timestamp(1_800_000_000_000)),
            purpose: Some("tax".to_owned()),
        };
        for said in [said, Beside::default()] {
            let mut call = wire::PrepareStepRequest::default();
            said.put(&mut call);
            assert_eq!(Beside::of(&call), Ok(said));
        }
        assert!(Beside::of(&wire::PrepareStepRequest { flaw: "odd".to_owned(), ..Default::default() }).is_err());
    }
}
