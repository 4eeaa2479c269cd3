//! The same of what is no form: the request, a draft that is shown, records, and the certificates that name the records of the case.

use desk::{RequestBody, compare_disposal, compare_release, request_in};

use super::*;
use crate::office::{prepare::describe_release, sharing};

fn registry() -> &'static records::RecordTypes {
    static REGISTRY: LazyLock<records::RecordTypes> = LazyLock::new(|| records::RecordTypes::builtin().unwrap());
    &REGISTRY
}

fn example(path: &str) -> Vec<u8> {
    let path = format!("{}/../../treaty-schemas/catalog/records/{path}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn accepted(record_type: &RecordType, bytes: &[u8]) -> Result<Value, Denial> {
    Ok(registry().accept(record_type, bytes).unwrap())
}

fn asked() -> RequestBody {
    RequestBody::from_document(serde_json::from_slice(&example("request/examples/valid-stored-data")).unwrap()).unwrap()
}

fn record() -> Record {
    Record::from_document(serde_json::from_slice(&example("traffic_data/examples/valid-log")).unwrap()).unwrap()
}

#[test]
fn a_request_is_taken_under_the_header_that_its_desk_declares_and_under_no_other() {
    for name in ["valid-stored-data", "valid-preservation", "valid-every-selector"] {
        let bytes = example(&format!("request/examples/{name}"));
        let request = RequestBody::from_document(serde_json::from_slice(&bytes).unwrap()).unwrap();
        let declared = desk::declare(&request).unwrap();
        let mut header = header(Step::SealSend, Side::Home, None, &[]);
        (header.case, header.home, header.peer) = (request.case, request.requesting, request.requested);
        (header.sender, header.recipient) = (request.authority.id.clone(), request.addressee.clone());
        (header.measures, header.concerns) = (declared.measures, Vec::new());
        (header.purpose, header.offence) = (Some(declared.purpose), declared.offence);
        header.declared = declared.declared;
        let record_type: RecordType = "request".parse().unwrap();
        let read = |header: &Header| request_in(header, &[(&record_type, &bytes)], accepted).map(drop);
        assert_eq!(read(&header), Ok(()), "{name}");
        header.measures[0].subjects += 1;
        assert_eq!(read(&header).unwrap_err().reason(), "R94", "{name}");
    }
}

#[test]
fn a_draft_is_shown_in_a_form_that_the_other_desk_takes_and_without_the_key_of_its_pseudonyms() {
    let mut draft: Value = serde_json::from_slice(&example("request/examples/valid-stored-data")).unwrap();
    draft["tag_key"] = "AAAA".into();
    let mut seen = 0;
    for text in ["", "What would you miss?"] {
        for row in TRANSITIONS.iter().filter(|row| row.trigger == Trigger::Step(Step::ShareDraft)) {
            let header = header(Step::ShareDraft, row.sides[0], None, &[]);
            let shared = sharing::shared(header.case, NOW, text, draft.to_string().into_bytes()).unwrap();
            assert!(!shared["draft"].as_str().unwrap().contains("tag_key"));
            assert_eq!(taken(header, ("shared_draft".parse().unwrap(), shared)), Ok(()));
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn records_are_taken_under_the_header_that_their_desk_describes_them_with_and_under_no_other() {
    let steps: Vec<Step> = Step::ALL.into_iter().filter(|step| step.carries_records()).collect();
    assert!(steps.len() >= 3, "{steps:?}");
    for step in steps {
        let supersedes = (step == Step::Reissue).then(|| "50f56a4b-8bfd-4af6-bc1e-ba6cc4a948b1".to_owned());
        let (asked, records) = (asked(), [Record { supersedes, ..record() }]);
        let mut header = header(step, Side::Peer, None, &[]);
        (header.case, header.home, header.peer) = (asked.case, asked.requesting, asked.requested);
        (header.sender, header.recipient) = (asked.addressee.clone(), asked.authority.id.clone());
        describe_release(&mut header, &records);
        assert_eq!(compare_release(&header, &asked, &records), Ok(()), "{step}");
        header.conditions.push(ConditionCode::C08);
        assert!(compare_release(&header, &asked, &records).is_err(), "{step}");
    }
}

#[test]
fn a_disposal_is_certified_in_forms_that_the_other_desk_takes_where_they_name_all_that_was_given() {
    let kept = [record()];
    let one = json!({ "record_id": kept[0].record_id, "hash": kept[0].hash, "copies": 1 });
    let by = json!([{ "name": "One" }, { "name": "Two" }]);
    let certificate = |records: Value| {
        json!({
            "records": records, "cause": "retention_ended", "method": "key_destroyed", "certified_by": by,
            "key_log_hash": Digest::of(&[b"keys"]).to_string(),
        })
    };
    let rows: Vec<_> = TRANSITIONS.iter().filter(|row| row.trigger == Trigger::Step(Step::CertifyDisposal)).collect();
    assert!(!rows.is_empty());
    for side in rows.iter().flat_map(|row| row.sides) {
        let header = || header(Step::CertifyDisposal, *side, None, &[]);
        let (record_type, whole) = made(&header(), certificate(json!([one])), None);
        assert_eq!(taken(header(), (record_type.clone(), whole.clone())), Ok(()));
        assert_eq!(compare_disposal(&[(record_type.clone(), whole)], &kept), Ok(()));
        let mut other = one.clone();
        other["record_id"] = "50f56a4b-8bfd-4af6-bc1e-000000000000".into();
        let (record_type, wrong) = made(&header(), certificate(json!([other])), None);
        assert_eq!(compare_disposal(&[(record_type, wrong)], &kept).unwrap_err().field.unwrap(), "records");
        let mut returned: Value =
            serde_json::from_slice(&example("return_certificate/examples/valid-telephone")).unwrap();
        returned["case"] = header().case.to_string().into();
        returned["items"][0]["record_id"] = kept[0].record_id.clone().into();
        let record_type: RecordType = "return_certificate".parse().unwrap();
        assert_eq!(taken(header(), (record_type.clone(), returned.clone())), Ok(()));
        assert_eq!(compare_disposal(&[(record_type, returned)], &kept), Ok(()));
    }
}
