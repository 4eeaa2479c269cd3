//! The forms of matters and certificates: what such a form can only say in one way is filled in.

use desk::{Document, HEARING_NOTICE};
use model::{AuthorityId, Denial, Step, Timestamp};
use serde_json::{Map, Value, json};
use workflow::Side;

use super::{
    documents::Said,
    hearing,
    matters::{Affair, Standing},
};
use crate::clock;

/// What was recalled is destroyed within 4 hours: policy.
const DESTROY_MS: i64 = 4 * 3600 * 1000;
/// The next notice of an incident follows within 72 hours: policy [CETS 224 art. 14(7)].
const NEXT_NOTICE_MS: i64 = 72 * 3600 * 1000;

/// Whether a record type is a form that an officer may write in part.
pub(super) fn is_form(record_type: &str) -> bool {
    matches!(
        record_type,
        "use_consent"
            | "onward_consent"
            | "breach_notice"
            | "wrong_subject_recall"
            | "destruction_certificate"
            | HEARING_NOTICE
    )
}

/// Who fills a form in.
pub(super) struct Writer<'a> {
    /// Authority and officer.
    pub(super) speaker: &'a Value,
    /// The officer alone.
    pub(super) officer: &'a Value,
    /// The authority.
    pub(super) own: String,
    /// What the officer writes.
    pub(super) text: Option<&'a str>,
}

/// Fills in the rest of a form.
pub(super) fn fill(
    record_type: &str,
    said: &Said<'_>,
    affair: &Affair,
    writer: &Writer<'_>,
    mut form: Map<String, Value>,
) -> Result<Map<String, Value>, Denial> {
    if record_type == HEARING_NOTICE {
        return Ok(hearing::fill(said, affair, writer, form));
    }
    let named: Vec<_> =
        affair.records.iter().map(|one| json!({ "record_id": one.record_id, "hash": one.hash })).collect();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            form.entry(name).or_insert(value);
        }
    };
    let now = || Some(said.now.to_string().into());
    match record_type {
        "use_consent" | "onward_consent" => consent(&mut put, said, affair, writer, named)?,
        "breach_notice" => breach(&mut put, said, affair, writer, named),
        "wrong_subject_recall" => {
            let matter = affair.matter.as_ref();
            let reporter = matter.map(|one| if one.opener == Side::Home { "requesting" } else { "requested" });
            put("records", Some(named.into()));
            put("reported_by", reporter.map(Value::from));
            put("reported_at", matter.map(|one| one.opened.to_string().into()));
            put("recalled_at", now());
            put("destroy_by", Some(said.now.plus_ms(DESTROY_MS).to_string().into()));
            put("recipients", Some(affair.recipients.clone().into()));
            put("officer", Some(writer.speaker.clone()));
            put("text", writer.text.map(Value::from));
        }
        _ => {
            let recalled = said.step == Step::CertifyShredding;
            let destroyed: Vec<_> = affair
                .records
                .iter()
                .map(|one| json!({ "record_id": one.record_id, "hash": one.hash, "copies": 1 }))
                .collect();
            put("records", Some(destroyed.into()));
            put("cause", Some(if recalled { "recall" } else { "retention_ended" }.into()));
            put("method", Some("key_destroyed".into()));
            put("key_log_hash", affair.key_log.map(|hash| hash.to_string().into()));
            put("destroyed_at", now());
            put("remaining", writer.text.map(Value::from));
        }
    }
    Ok(form)
}

fn consent(
    put: &mut impl FnMut(&str, Option<Value>),
    said: &Said<'_>,
    affair: &Affair,
    writer: &Writer<'_>,
    named: Vec<Value>,
) -> Result<(), Denial> {
    let act = match said.step {
        Step::GrantConsent => "grant",
        Step::DenyConsent => "deny",
        Step::NotifyExculpatory => "exculpatory_notice",
        _ => "ask",
    };
    put("act", Some(act.into()));
    put("at", Some(said.now.to_string().into()));
    put("officer", Some(writer.speaker.clone()));
    put("records", Some(named.into()));
    put("reasons", writer.text.map(Value::from));
    if matches!(act, "ask" | "exculpatory_notice") {
        put("purpose", affair.purpose.clone().map(Value::from));
        let own = (said.step != Step::RequestOnward).then(|| json!({ "authority": writer.own }));
        put("recipient", own);
        return Ok(());
    }
    put("in_answer_to", affair.matter.as_ref().map(|one| one.by.to_string().into()));
    if act == "grant" {
        put("conditions", Some(said.conditions.iter().map(|code| code.as_str()).collect()));
        // A header names the first moment after the last day.
        let last = affair.until.map(|until| clock::day(Timestamp(until.0 - 1))).transpose()?;
        put("expires_on", last.map(|day| day.to_string().into()));
    }
    Ok(())
}

/// A later notice repeats what the first one said, where nothing else is said.
fn breach(
    put: &mut impl FnMut(&str, Option<Value>),
    said: &Said<'_>,
    affair: &Affair,
    writer: &Writer<'_>,
    named: Vec<Value>,
) {
    let confirmed = said.step == Step::ConfirmBreach;
    let first = affair.matter.as_ref().map(|one| &one.first).filter(|first| first.is_object());
    put("description", writer.text.map(Value::from));
    let repeated = [
        "kind",
        "noticed_at",
        "persons_affected",
        "description",
        "measures_taken",
        "risk",
        "subjects_notified",
        "deferral_reason",
        "contact",
    ];
    for name in repeated {
        put(name, first.and_then(|first| first.get(name)).cloned());
    }
    put("incident", affair.matter.as_ref().map(|one| one.by.to_string().into()));
    put("stage", Some(if confirmed { "confirmed" } else { "suspected" }.into()));
    put("noticed_at", Some(said.now.to_string().into()));
    put("confirmed_at", confirmed.then(|| said.now.to_string().into()));
    put("records", (!named.is_empty()).then(|| named.into()));
    put("measures_taken", Some(json!(["none_yet"])));
    put("risk", Some("unknown".into()));
    put("subjects_notified", Some("not_yet".into()));
    put("contact", Some(json!({ "kind": "duty_point", "value": writer.own })));
    put("officer", Some(writer.officer.clone()));
    put("next_notice_by", Some(said.now.plus_ms(NEXT_NOTICE_MS).to_string().into()));
}

/// The notice with which a matter is closed; of an error, with everybody who was told.
pub(super) fn closing(affair: &Affair, put: &mut impl FnMut(&str, Option<Value>)) {
    if affair.matter.as_ref().is_some_and(Standing::is_corrected) {
        put("told", Some(affair.recipients.clone().into()));
    }
}

/// The field of a document that leaves out somebody who had the records, and why that must not be: a recall names everybody to whom they were
/// handed on (who is seated in the case has it anyway), and an error is closed when everybody who had them was told. A desk that took its seat
/// after a consent was asked for cannot name whom that was for: whoever handed the records on still can, and has to take them back.
pub(super) fn untold(
    step: Step,
    document: &Document,
    affair: &Affair,
    value: &Value,
) -> Option<(&'static str, &'static str)> {
    let names = |field: &str, one: &String| {
        value[field].as_array().into_iter().flatten().any(|named| named.as_str() == Some(one.as_str()))
    };
    let wanted = || affair.recipients.iter().filter(|one| !affair.untold.contains(*one));
    let mut beyond = wanted().filter(|one| one.parse::<AuthorityId>().is_err());
    if document.record_type.as_str() == "wrong_subject_recall" && !beyond.all(|one| names("recipients", one)) {
        return Some(("recipients", "somebody to whom the records were handed on is not named"));
    }
    let corrected = step == Step::CloseMatter && affair.matter.as_ref().is_some_and(Standing::is_corrected);
    let told = !corrected || wanted().all(|one| names("told", one));
    (!told).then_some(("told", "somebody to whom the records were handed on was not told"))
}

/// What a notice says where the officer says nothing.
pub(super) fn plain_words(step: Step) -> Option<&'static str> {
    Some(match step {
        Step::CloseMatter => "The matter is closed.",
        Step::Recall => "What was given is recalled.",
        Step::NotifySubject => "The person concerned was told.",
        Step::DeferSubject => "The person concerned is not told yet.",
        Step::ReportError => "The records are wrong.",
        Step::Triage => "It was looked into.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use model::{ConditionCode, Digest, EntryId, MeasureId};
    use workflow::MatterKind;

    use super::{super::matters::NamedRecord, *};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn affair(kind: MatterKind, first: Value) -> Affair {
        let record = NamedRecord {
            entry: EntryId::new([5; 16]),
            record_id: "50f56a4b-8bfd-4af6-bc1e-ba6cc4a948b1".to_owned(),
            hash: Digest::of(&[b"content"]),
            record_type: "subscriber_info".parse().unwrap(),
            measure: MeasureId(1),
        };
        let (by, opener, opened) = (EntryId::new([8; 16]), Side::Home, NOW);
        Affair {
            records: vec![record],
            matter: Some(Standing { kind, by, opener, opened, state: None, first }),
            until: desk::end_of("2027-03-31"),
            purpose: Some("asylum".to_owned()),
            recipients: vec!["JP:central".to_owned()],
            untold: BTreeSet::new(),
            key_log: Some(Digest::of(&[b"keys"])),
        }
    }

    #[test]
    fn a_recall_names_everybody_of_whom_its_desk_could_know() {
        let mut affair = affair(MatterKind::Correction, Value::Null);
        affair.recipients.push("IT court: Tribunale".to_owned());
        let document = Document { record_type: "wrong_subject_recall".parse().unwrap(), bytes: Vec::new() };
        let field = |affair: &Affair| {
            let recall = json!({ "recipients": ["JP:central"] });
            untold(Step::Recall, &document, affair, &recall).map(|(field, _)| field)
        };
        assert_eq!(field(&affair), Some("recipients"), "who sat there when it was handed on names it");
        affair.untold.insert("IT court: Tribunale".to_owned());
        assert_eq!(field(&affair), None);
        affair.recipients.push("IT police: Questura".to_owned());
        assert_eq!(field(&affair), Some("recipients"), "and what was handed on since");
    }

    /// What the schema finds in the form, with what was said of it.
    fn findings(record_type: &str, step: Step, affair: &Affair, given: &Value) -> Vec<String> {
        let speaker = json!({"party": "JP", "authority": "JP:central", "officer": {"name": "Ministry"}});
        let officer = json!({"name": "Ministry"});
        let own = "JP:central".to_owned();
        let writer = Writer { speaker: &speaker, officer: &officer, own, text: Some("because") };
        let said = Said {
            step,
            concerns: &[MeasureId(1)],
            ground: None,
            conditions: &[ConditionCode::C04],
            text: "because",
            role: None,
            callback: None,
            answers: None,
            reminder: 0,
            affair: Some(affair),
            now: NOW,
        };
        let case = "6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a10";
        let mut form =
            Map::from_iter([("record_type".to_owned(), record_type.into()), ("case".to_owned(), case.into())]);
        form.extend(given.as_object().unwrap().clone());
        let form = Value::Object(fill(record_type, &said, affair, &writer, form).unwrap());
        let registry = records::RecordTypes::builtin().unwrap();
        let found = registry.accept(&record_type.parse().unwrap(), form.to_string().as_bytes());
        found.err().unwrap_or_default().into_iter().map(|one| format!("{} {}", one.field, one.rule)).collect()
    }

    #[test]
    fn what_an_officer_says_makes_whole_forms() {
        let empty = Value::Null;
        let cases = [
            ("use_consent", Step::RequestUse, MatterKind::Use, json!({"legal_basis": "art. 5"})),
            ("use_consent", Step::NotifyExculpatory, MatterKind::Use, json!({"legal_basis": "UNTOC 18(19)"})),
            ("use_consent", Step::GrantConsent, MatterKind::Use, json!({})),
            ("use_consent", Step::DenyConsent, MatterKind::Use, json!({})),
            (
                "onward_consent",
                Step::RequestOnward,
                MatterKind::Onward,
                json!({"legal_basis": "art. 5", "recipient": {"party": "IT", "body": "court", "name": "Tribunale"}}),
            ),
            ("onward_consent", Step::GrantConsent, MatterKind::Onward, json!({})),
            ("breach_notice", Step::NotifyBreach, MatterKind::Breach, json!({"kind": "disclosure"})),
            (
                "wrong_subject_recall",
                Step::Recall,
                MatterKind::Correction,
                json!({"compared": ["name", "birth_date"], "root_cause": "partial_match"}),
            ),
            (
                "destruction_certificate",
                Step::CertifyShredding,
                MatterKind::Correction,
                json!({"certified_by": [{"name": "One"}, {"name": "Two"}]}),
            ),
        ];
        for (record_type, step, kind, given) in cases {
            let affair = affair(kind, empty.clone());
            assert_eq!(findings(record_type, step, &affair, &given), Vec::<String>::new(), "{step}");
        }
    }

    #[test]
    fn the_confirmation_of_an_incident_repeats_its_first_notice() {
        let first = json!({"kind": "loss", "noticed_at": "2026-09-01T00:00:00Z", "risk": "high"});
        let affair = affair(MatterKind::Breach, first);
        assert_eq!(findings("breach_notice", Step::ConfirmBreach, &affair, &json!({})), Vec::<String>::new());
    }

    #[test]
    fn a_certificate_by_nobody_is_none() {
        let affair = affair(MatterKind::Correction, Value::Null);
        let found = findings("destruction_certificate", Step::CertifyShredding, &affair, &json!({}));
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
