//! The same of each row of the matters, for each kind and each side that may take it.

use std::collections::BTreeSet;

use desk::{Heard, compare_hearing, end_of, hearing_act, minutes_hash, records_named};
use model::{Flaw, MatterId};
use workflow::{MATTERS, MatterGuard, MatterKind, MatterRow, MatterState};

use super::*;
use crate::office::matters::{Affair, NamedRecord, Standing};

/// After every moment of the catalogue's hearing.
const HEARD: &str = "2026-12-31";

fn example(name: &str) -> Value {
    let path = format!(
        "{}/../../treaty-schemas/catalog/records/hearing_notice/examples/valid-{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What an officer says of such a step, beside its words.
fn given(kind: MatterKind, step: Step) -> Value {
    let of_hearing = |name: &str, field: &str| json!({ field: example(name)[field] });
    match step {
        Step::RequestUse | Step::NotifyExculpatory => json!({ "legal_basis": "art. 5" }),
        Step::RequestOnward => {
            json!({ "legal_basis": "art. 5", "recipient": { "party": "IT", "body": "court", "name": "Tribunale" } })
        }
        Step::NotifyBreach => json!({ "kind": "disclosure" }),
        Step::Recall if kind == MatterKind::Correction => {
            json!({ "compared": ["name", "birth_date"], "root_cause": "partial_match" })
        }
        Step::CertifyShredding => json!({ "certified_by": [{ "name": "One" }, { "name": "Two" }] }),
        Step::ProposeHearing | Step::ProposeSlots => of_hearing("proposed", "proposal"),
        Step::AgreeSlot => json!({ "agreement": { "slot": 2 } }),
        Step::RecordConsent => of_hearing("consented", "consent"),
        Step::TestLink => of_hearing("tested", "test"),
        Step::OpenHearing => of_hearing("opened", "opening"),
        Step::DraftMinutes => of_hearing("minutes", "minutes"),
        Step::SignMinutes => of_hearing("signed", "signature"),
        Step::TransmitMinutes => of_hearing("transmitted", "handover"),
        _ => json!({}),
    }
}

fn affair(row: &MatterRow, kind: MatterKind, opener: Side, state: Option<MatterState>) -> Affair {
    let record = NamedRecord {
        entry: EntryId::new([5; 16]),
        record_id: "50f56a4b-8bfd-4af6-bc1e-ba6cc4a948b1".to_owned(),
        hash: Digest::of(&[b"content"]),
        record_type: "subscriber_info".parse().unwrap(),
        measure: MeasureId(1),
    };
    let first = match kind {
        MatterKind::Hearing => example("proposed"),
        MatterKind::Breach => given(kind, Step::NotifyBreach),
        _ => Value::Null,
    };
    let first = if row.from.is_empty() { Value::Null } else { first };
    Affair {
        records: vec![record],
        matter: Some(Standing { kind, by: EntryId::new([8; 16]), opener, opened: NOW, state, first }),
        until: end_of("2027-03-31"),
        purpose: Some("asylum".to_owned()),
        recipients: vec!["JP:central".to_owned(), "IT court: Tribunale".to_owned()],
        untold: BTreeSet::new(),
        key_log: Some(Digest::of(&[b"keys"])),
    }
}

/// The header of a step, with what its guard wants declared.
fn declared(row: &MatterRow, side: Side, affair: &Affair, conditions: &[ConditionCode]) -> Header {
    let mut header = header(row.step, side, None, conditions);
    header.declared.matter = Some(MatterId(1));
    match row.guard {
        MatterGuard::Purpose => header.purpose.clone_from(&affair.purpose),
        MatterGuard::Until => header.declared.until = affair.until,
        MatterGuard::About => header.declared.about = Some(EntryId::new([5; 16])),
        MatterGuard::Flaw => header.declared.flaw = Some(Flaw::WrongSubject),
        _ => {}
    }
    if affair.matter.as_ref().is_some_and(|matter| matter.kind == MatterKind::Hearing) && !proposes(row.step) {
        header.created = end_of(HEARD).unwrap();
    }
    header
}

fn proposes(step: Step) -> bool {
    matches!(step, Step::ProposeHearing | Step::ProposeSlots | Step::AgreeSlot)
}

/// Whether the desk of the other side takes it, with what only who knows the case can hold.
fn held(mut header: Header, affair: &Affair, (record_type, value): (RecordType, Value)) -> Result<(), String> {
    if matches!(header.step, Step::DraftMinutes | Step::SignMinutes | Step::TransmitMinutes) {
        header.declared.minutes = minutes_hash(&value);
    }
    let told = |refusal: model::Refusal| format!("{} {refusal}", refusal.field.as_deref().unwrap_or_default());
    let known = |(id, hash): (String, Digest)| affair.records.iter().any(|one| one.record_id == id && one.hash == hash);
    if !records_named(&value).map_err(told)?.into_iter().all(known) {
        return Err("records: one is named that was not given".to_owned());
    }
    if hearing_act(header.step).is_some() {
        let [agreement, consent, minutes] = ["agreed", "consented", "minutes"].map(example);
        let proposal = affair.matter.as_ref().map(|matter| &matter.first).filter(|first| first.is_object());
        let before = Heard { proposal, agreement: Some(&agreement), consent: Some(&consent), minutes: Some(&minutes) };
        compare_hearing(&header, &value, &before).map_err(told)?;
    }
    let document = Document { record_type: record_type.clone(), bytes: value.to_string().into_bytes() };
    if let Some((field, reason)) = matter_forms::untold(header.step, &document, affair, &value) {
        return Err(format!("{field}: {reason}"));
    }
    taken(header, (record_type, value))
}

/// Each way through the table: the row, its kind, who opened the matter, where it stands, and whose act it is.
fn ways_of_matters() -> impl Iterator<Item = (&'static MatterRow, MatterKind, Side, Option<MatterState>, Side)> {
    let of = |row: &'static MatterRow| {
        let states: Vec<_> =
            if row.from.is_empty() { vec![None] } else { row.from.iter().copied().map(Some).collect() };
        let mut all = Vec::new();
        for (kind, opener) in row.kinds.iter().flat_map(|kind| [(*kind, Side::Home), (*kind, Side::Peer)]) {
            for state in &states {
                let sides = row.by.sides(Side::Home, opener).iter();
                all.extend(sides.map(|side| (row, kind, opener, *state, *side)));
            }
        }
        all
    };
    // What is issued anew are records: see the other table.
    MATTERS.iter().filter(|row| row.step != Step::Reissue).flat_map(of)
}

#[test]
fn each_row_of_the_matters_has_a_form_that_an_officer_can_fill_in_and_the_other_desk_takes() {
    let (mut seen, mut steps) = (0, BTreeSet::new());
    for (row, kind, opener, state, side) in ways_of_matters() {
        let affair = affair(row, kind, opener, state);
        let conditions: &[&[_]] = if row.step == Step::GrantConsent { &[&[], &[ConditionCode::C04]] } else { &[&[]] };
        for conditions in conditions {
            let header = declared(row, side, &affair, conditions);
            let document = made(&header, given(kind, row.step), Some(&affair));
            let answer = held(header, &affair, document.clone());
            assert_eq!(answer, Ok(()), "{row} of {kind:?}: {}", document.1);
            seen += 1;
        }
        steps.insert(row.step);
    }
    assert!(seen >= 120 && steps.len() >= 24, "{seen} ways, {} steps", steps.len());
}

#[test]
fn a_form_of_another_matter_than_its_header_says_is_taken_by_no_desk() {
    let wrong = |step: Step, change: fn(&mut Header)| {
        let (row, kind, opener, state, side) = ways_of_matters().find(|(row, ..)| row.step == step).unwrap();
        let affair = affair(row, kind, opener, state);
        let mut header = declared(row, side, &affair, &[]);
        let document = made(&header, given(kind, step), Some(&affair));
        change(&mut header);
        held(header, &affair, document).unwrap_err()
    };
    assert!(wrong(Step::RequestUse, |header| header.purpose = Some("tax".to_owned())).contains("purpose"));
    assert!(wrong(Step::GrantConsent, |header| header.declared.until = end_of("2027-04-01")).contains("expires_on"));
    assert!(wrong(Step::GrantConsent, |header| header.conditions = vec![ConditionCode::C04]).contains("conditions"));
    assert!(wrong(Step::DenyConsent, |header| header.step = Step::GrantConsent).contains("act"));
    assert!(wrong(Step::NotifyBreach, |header| header.step = Step::ConfirmBreach).contains("stage"));
    assert!(wrong(Step::CertifyShredding, |header| header.step = Step::CertifyDisposal).contains("cause"));
}
