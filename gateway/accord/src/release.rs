use std::collections::BTreeSet;

use model::{Header, Refusal, RefusalCode, Step, Window};
use serde::Deserialize;

use crate::{
    Measure, Record, RequestBody, Selector, Subject,
    attachment::compare_attached,
    compare::{contradiction, equal, within},
    subject_binding,
};

/// Holds a release against its header and against the request it answers. `records` are all records of the body.
///
/// # Errors
/// The first contradiction, R90 or R94, without values.
pub fn compare_release(header: &Header, asked: &RequestBody, records: &[Record]) -> Result<(), Refusal> {
    whole(header, asked, records)?;
    let marked = header.declared.classification.is_none_or(|mark| Some(mark) == Record::mark_of(records));
    equal(marked, "declared.classification", "the header is not marked as the highest of its records is")
}

/// The records of a release, or of a request that gives, without their mark.
pub(crate) fn whole(header: &Header, asked: &RequestBody, records: &[Record]) -> Result<(), Refusal> {
    equal(!records.is_empty(), "records", "a release holds at least one record")?;
    let mut ids = BTreeSet::new();
    for (index, record) in records.iter().enumerate() {
        compare_record(header, asked, record).map_err(|refusal| {
            let field = format!("records[{index}].{}", refusal.field.as_deref().unwrap_or_default());
            refusal.at(field)
        })?;
        equal(
            ids.insert(&record.record_id),
            &format!("records[{index}].record_id"),
            "a record stands twice in a release",
        )?;
    }
    let inside: BTreeSet<_> = records.iter().map(|record| &record.record_type).collect();
    equal(inside == header.records.iter().collect(), "records", "header and body name different record types")?;
    let imposed: BTreeSet<_> = records.iter().flat_map(|record| &record.conditions).collect();
    let declared: BTreeSet<_> = header.conditions.iter().collect();
    equal(imposed == declared, "conditions", "header and body name different conditions")?;
    let answered: BTreeSet<_> = records.iter().map(|record| record.measure).collect();
    let moved: BTreeSet<_> = header.about().into_iter().collect();
    equal(answered == moved, "concerns", "header and body answer different measures")?;
    compare_attached(header, records)
}

/// Holds one record against its header and the request: case, measure, record type, subject, window and hash. No delivery
/// may cross subjects: what is bound to another subject is refused before anyone sees it.
///
/// # Errors
/// R90 when it holds more than was asked, R94 when it contradicts header or request otherwise.
pub fn compare_record(header: &Header, asked: &RequestBody, record: &Record) -> Result<(), Refusal> {
    equal(header.carries_records(), "step", "records are sealed under a step that carries records")?;
    let replaces = header.step != Step::Reissue || record.supersedes.is_some();
    equal(replaces, "supersedes", "what is issued again names the record that it replaces")?;
    let case = record.case == header.case && asked.case == header.case;
    equal(case, "case", "header, request and record name different cases")?;
    let from = record.collector.authority.party();
    equal(
        from == header.sender.party(),
        "collector.authority",
        "the record was not collected by the party that gives it",
    )?;
    equal(header.about().contains(&record.measure), "measure", "the header does not concern this measure")?;
    let measure = asked.measures.iter().find(|measure| measure.id == record.measure);
    let measure = measure.ok_or_else(|| contradiction("measure", "the request has no measure of this number"))?;
    equal(header.records.contains(&record.record_type), "record_type", "the header does not name this record type")?;
    if !measure.records.contains(&record.record_type) {
        return Err(surplus("record_type", "this record type was not asked for"));
    }
    let subject = measure.subjects.iter().find(|subject| subject.subject_ref == record.subject_ref);
    let subject = subject.ok_or_else(|| surplus("subject_ref", "the request has no such subject in this measure"))?;
    let binding = subject_binding(asked.case, measure.id, &subject.selector)?;
    equal(record.subject_binding == binding, "subject_binding", "the record is bound to another subject")?;
    equal(record.hash == record.content_hash()?, "hash", "the hash is not that of the content")?;
    content(record, measure, subject)
}

/// What contents repeat of the request must be what was asked.
fn content(record: &Record, measure: &Measure, subject: &Subject) -> Result<(), Refusal> {
    if let Some(selector) = record.content.get("selector") {
        let same = Selector::deserialize(selector).is_ok_and(|selector| selector == subject.selector);
        equal(same, "content.selector", "the record is about another subject")?;
    }
    if let Some(window) = record.content.get("window") {
        let window = Window::deserialize(window).map_err(|_| contradiction("content.window", "is not a window"))?;
        if !within(Some(window), measure.window) {
            return Err(surplus("content.window", "the record reaches beyond the days that were asked about"));
        }
    }
    Ok(())
}

fn surplus(field: &str, reason: &str) -> Refusal {
    let remedy = "The releasing desk leaves out what was not asked for and releases anew.";
    Refusal::new(RefusalCode::R90, "desk", reason, remedy).at(field)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{CaseId, Digest, MeasureId, RefusalCode::*};
    use serde_json::json;

    use super::*;
    use crate::sample;

    fn rehashed(mut record: Record) -> Record {
        record.hash = record.content_hash().unwrap();
        record
    }

    fn refused(record: &Record) -> (RefusalCode, String) {
        let refusal = compare_record(&sample::release_header(), &sample::request(), record).unwrap_err();
        assert!(!refusal.to_string().contains("example"), "{refusal}");
        (refusal.code, refusal.field.unwrap())
    }

    #[test]
    fn the_catalogues_example_record_answers_the_catalogues_example_request() {
        let (header, asked) = (sample::release_header(), sample::request());
        assert_eq!(compare_release(&header, &asked, &[sample::record()]), Ok(()));
    }

    #[test]
    fn a_record_bound_to_another_subject_is_refused() {
        let asked = sample::request();
        let other = Selector::Account { value: "somebody@mail.test".to_owned(), provider: "Example Mail".to_owned() };
        let mut record = sample::record();
        record.subject_binding = subject_binding(asked.case, record.measure, &other).unwrap();
        assert_eq!(refused(&record), (R94, "subject_binding".to_owned()));
    }

    #[test]
    fn a_release_marked_otherwise_than_its_records_is_refused() {
        let (mut header, asked) = (sample::release_header(), sample::request());
        header.declared.classification = Record::mark_of(&[sample::record()]);
        assert_eq!(compare_release(&header, &asked, &[sample::record()]), Ok(()));
        header.declared.classification = Some(model::Classification::Official);
        let refusal = compare_release(&header, &asked, &[sample::record()]).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (R94, Some("declared.classification")));
    }

    #[test]
    fn a_binding_is_of_one_case_one_measure_and_one_selector() {
        let asked = sample::request();
        let selector = &asked.measures[0].subjects[0].selector;
        let bind = |case, measure| subject_binding(case, MeasureId(measure), selector).unwrap();
        assert_eq!(bind(asked.case, 1), sample::record().subject_binding);
        assert_ne!(bind(asked.case, 1), bind(asked.case, 2));
        assert_ne!(bind(asked.case, 1), bind(CaseId::new([1; 16]), 1));
    }

    #[test]
    fn a_subject_nobody_asked_about_is_refused_r90() {
        let record = Record { subject_ref: "S9".to_owned(), ..sample::record() };
        assert_eq!(refused(&record), (R90, "subject_ref".to_owned()));
    }

    #[test]
    fn a_record_type_that_was_not_asked_for_is_refused_r90_even_if_the_header_names_it() {
        let record = Record { record_type: "content_data".parse().unwrap(), ..sample::record() };
        assert_eq!(refused(&record).0, R94, "the header does not name it");
        let header = Header { records: vec![record.record_type.clone()], ..sample::release_header() };
        assert_eq!(compare_record(&header, &sample::request(), &record).unwrap_err().code, R90);
    }

    #[test]
    fn another_case_measure_collector_or_hash_is_refused_r94() {
        let record = sample::record();
        let changed = [
            Record { case: CaseId::new([1; 16]), ..record.clone() },
            Record { measure: MeasureId(2), ..record.clone() },
            Record { hash: Digest::of(&[b"other"]), ..record.clone() },
            Record { content: json!({"provider": "Other"}), ..record.clone() },
            Record {
                collector: crate::Collector { authority: "IT:central".parse().unwrap(), officer: None },
                ..record
            },
        ];
        for record in changed {
            assert_eq!(refused(&record).0, R94);
        }
    }

    #[test]
    fn a_record_that_reaches_beyond_the_window_asked_about_is_refused_r90() {
        let mut record = sample::record();
        record.content["window"] = json!({"from": "2025-01-01", "to": "2026-04-20"});
        assert_eq!(refused(&rehashed(record)), (R90, "content.window".to_owned()));
    }

    #[test]
    fn a_confirmation_about_another_selector_is_refused() {
        let mut record = sample::record();
        record.content["selector"] = json!({"kind": "account", "value": "x@mail.test", "provider": "Mail"});
        assert_eq!(refused(&rehashed(record)), (R94, "content.selector".to_owned()));
    }

    #[test]
    fn a_release_holds_the_record_types_conditions_and_measures_that_its_header_names() {
        let (asked, records) = (sample::request(), [sample::record()]);
        let code = |header: &Header, records: &[Record]| compare_release(header, &asked, records).unwrap_err().code;
        let mut header = sample::release_header();
        header.records.push("subscriber_info".parse().unwrap());
        assert_eq!(code(&header, &records), R94);
        let mut header = sample::release_header();
        header.conditions.clear();
        assert_eq!(code(&header, &records), R94);
        let mut header = sample::release_header();
        header.concerns.push(MeasureId(2));
        assert_eq!(code(&header, &records), R94);
        assert_eq!(code(&sample::release_header(), &[]), R94);
        assert_eq!(code(&sample::release_header(), &[sample::record(), sample::record()]), R94);
    }
}
