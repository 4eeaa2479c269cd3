//! A request that gives: its form, and the records behind it [ETS 185 art. 26, UNTOC 18(4)].

use std::collections::BTreeSet;

use model::{Header, RecordType, Refusal};

use crate::{
    Record, RequestBody,
    compare::{compare_form, equal},
    declare_attached,
    release::whole,
};

/// Puts into a header what a request gives: the record types, the conditions and the mark of its records.
pub fn declare_given(header: &mut Header, records: &[Record]) {
    header.records = records.iter().map(|one| one.record_type.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let conditions: BTreeSet<_> = records.iter().flat_map(|one| one.conditions.iter().copied()).collect();
    header.conditions = conditions.into_iter().collect();
    header.declared.classification = header.declared.classification.max(Record::mark_of(records));
    header.declared.attached = declare_attached(records);
}

/// Holds a request that gives against its header: the form as any request, the records as a release of what the form names. Each record
/// type that a measure names is there for it.
///
/// # Errors
/// The first contradiction, R90 or R94, without values.
pub fn compare_given(header: &Header, form: &RequestBody, records: &[Record]) -> Result<(), Refusal> {
    compare_form(header, form, Record::mark_of(records))?;
    whole(header, form, records)?;
    for (index, measure) in form.measures.iter().enumerate() {
        let there = |name: &RecordType| records.iter().any(|one| one.measure == measure.id && one.record_type == *name);
        let all = measure.records.iter().all(there);
        equal(all, &format!("measures[{index}].records"), "a record that the measure names is not inside")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{ConditionCode, RefusalCode::*};

    use super::*;
    use crate::{sample, subject_binding};

    /// The catalogue's example request, made one that gives.
    fn given() -> (Header, RequestBody, Record) {
        let mut form = sample::request();
        let mut record = sample::record();
        form.measures.truncate(1);
        form.measures[0].records = vec![record.record_type.clone()];
        let mut header = sample::header(&form);
        record.collector.authority = header.sender.clone();
        let selector = &form.measures[0].subjects[0].selector;
        record.subject_binding = subject_binding(form.case, record.measure, selector).unwrap();
        declare_given(&mut header, std::slice::from_ref(&record));
        (header, form, record)
    }

    fn refused(header: &Header, form: &RequestBody, records: &[Record]) -> (model::RefusalCode, String) {
        let refusal = compare_given(header, form, records).unwrap_err();
        (refusal.code, refusal.field.unwrap_or_default())
    }

    #[test]
    fn what_is_given_is_what_its_header_says() {
        let (header, form, record) = given();
        assert!(header.carries_records());
        assert_eq!(compare_given(&header, &form, std::slice::from_ref(&record)), Ok(()));
        assert_eq!(refused(&header, &form, &[]).0, R94, "nothing is inside");
        let mut other = header.clone();
        other.conditions = vec![ConditionCode::C11];
        assert_eq!(refused(&other, &form, std::slice::from_ref(&record)), (R94, "conditions".to_owned()));
        let mut other = header.clone();
        other.declared.classification = None;
        assert_eq!(refused(&other, &form, std::slice::from_ref(&record)).1, "declared.classification");
    }

    #[test]
    fn a_record_that_the_receiving_party_would_have_collected_or_about_somebody_else_is_refused() {
        let (header, form, record) = given();
        let mut other = record.clone();
        other.collector.authority = header.recipient.clone();
        assert_eq!(refused(&header, &form, &[other]).1, "records[0].collector.authority");
        let other = Record { subject_ref: "S9".to_owned(), ..record.clone() };
        assert_eq!(refused(&header, &form, &[other]).0, R90);
    }

    #[test]
    fn a_named_record_type_that_is_not_inside_is_refused() {
        let (mut header, mut form, record) = given();
        form.measures[0].records.push("spontaneous_information".parse().unwrap());
        header.measures[0].records = form.measures[0].records.clone();
        assert_eq!(refused(&header, &form, &[record]).0, R94);
    }

    #[test]
    fn an_asking_request_names_no_record_in_its_header() {
        let (header, form, _) = given();
        assert_eq!(crate::compare(&header, &form).unwrap_err().field.as_deref(), Some("records"));
    }
}
