//! The documents of the story, filled in for today.
//!
//! In the files beside `src`, `@case` stands for the case, `@uuid` for a new id, `@day-12` for the day twelve days ago (with
//! whatever follows behind it), `@binding` and `@hash` for what [`desk`] computes.

use aws_lc_rs::rand;
use desk::{RequestBody, canonical, subject_binding};
use jiff::{ToSpan, civil::Date};
use model::{CaseId, Digest, Timestamp};
use serde_json::{Value, json};

use crate::failure::Failure;

const REQUEST: &str = include_str!("../story/request.json");
const SUBSCRIBER_INFO: &str = include_str!("../story/subscriber_info.json");
const TRAFFIC_DATA: &str = include_str!("../story/traffic_data.json");

/// Subjects of a request that asks for too many: the treaty file says 20 at most.
const BULK: usize = 21;

/// 16 random bytes as a UUID of version 4.
pub(crate) fn new_uuid() -> Result<[u8; 16], Failure> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| Failure::unexpected("the system gives no randomness"))?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes())
}

/// A UUID of version 7.
pub(crate) fn new_entry_id(now: Timestamp) -> Result<[u8; 16], Failure> {
    let random = new_uuid()?;
    let mut tail = [0; 10];
    tail.copy_from_slice(&random[..10]);
    // The version's bits of the random part must not stand in for chance: swap them for others.
    tail[6] = random[12];
    tail[8] = random[13];
    let ms = u64::try_from(now.0).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(ms, &tail).into_uuid().into_bytes())
}

/// The request of the story: one account, who opened it and from where it was used.
pub(crate) fn request(case: CaseId, today: Date) -> Result<Value, Failure> {
    filled(REQUEST, case, today)
}

/// What France answers: each record with its type.
pub(crate) fn answers(asked: &Value, today: Date) -> Result<Vec<(&'static str, Value)>, Failure> {
    let body = RequestBody::from_document(asked.clone())?;
    let measure = body.measures.first().ok_or_else(|| Failure::unexpected("the request has no measure"))?;
    let subject = measure.subjects.first().ok_or_else(|| Failure::unexpected("the measure has no subject"))?;
    let binding = subject_binding(body.case, measure.id, &subject.selector)?;
    let mut answers = Vec::new();
    for (record_type, text) in [("subscriber_info", SUBSCRIBER_INFO), ("traffic_data", TRAFFIC_DATA)] {
        let mut record = filled(text, body.case, today)?;
        let hash = Digest::of(&[&canonical(&record["content"])?]);
        record["subject_binding"] = json!(binding.to_string());
        record["hash"] = json!(hash.to_string());
        answers.push((record_type, record));
    }
    Ok(answers)
}

/// A request under another article.
pub(crate) fn under(mut request: Value, article: &str, request_type: &str, records: &[&str]) -> Value {
    request["measures"][0]["article"] = json!(article);
    request["measures"][0]["request_type"] = json!(request_type);
    request["measures"][0]["records"] = json!(records);
    if request_type == "provider_direct" {
        // This request type has no window of time.
        if let Some(measure) = request["measures"][0].as_object_mut() {
            measure.remove("window");
        }
    }
    request
}

/// A request between other authorities.
pub(crate) fn between(mut request: Value, sender: &str, recipient: &str) -> Value {
    let party = |authority: &str| authority.get(..2).unwrap_or_default().to_owned();
    request["requesting"] = json!(party(sender));
    request["requested"] = json!(party(recipient));
    request["addressee"] = json!(recipient);
    request["authority"]["id"] = json!(sender);
    request["validation"]["authority"] = json!(format!("{}:judicial", party(sender)));
    request
}

/// A request about so many subjects.
pub(crate) fn about(mut request: Value, subjects: usize) -> Value {
    let first = request["measures"][0]["subjects"][0].clone();
    let each = |number: usize| {
        let mut subject = first.clone();
        if number > 1 {
            subject["subject_ref"] = json!(format!("S{number}"));
            subject["selector"]["value"] = json!(format!("trader.of.wharf.{number}@mail.example"));
        }
        subject
    };
    request["measures"][0]["subjects"] = (1..=subjects).map(each).collect();
    request
}

/// A bulk request: one subject more than is allowed.
pub(crate) fn bulk(request: Value) -> Value {
    about(request, BULK)
}

/// A request about whoever has an account there.
pub(crate) fn wildcard(mut request: Value) -> Value {
    request["measures"][0]["subjects"][0]["selector"]["value"] = json!("*@mail.example");
    request
}

/// The texts of a document that tell something of the case: phrases and addresses, no codes.
pub(crate) fn telling(document: &Value, into: &mut Vec<String>) {
    match document {
        Value::String(text) => {
            let phrase = text.contains(' ') || text.contains('@') || text.starts_with("192.");
            if phrase && text.len() >= 9 && !into.contains(text) {
                into.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| telling(item, into)),
        Value::Object(fields) => fields.values().for_each(|item| telling(item, into)),
        _ => {}
    }
}

fn filled(text: &str, case: CaseId, today: Date) -> Result<Value, Failure> {
    let mut document = serde_json::from_str(text).map_err(|error| Failure::unexpected(error.to_string()))?;
    fill(&mut document, case, today)?;
    Ok(document)
}

fn fill(value: &mut Value, case: CaseId, today: Date) -> Result<(), Failure> {
    match value {
        Value::String(text) if text == "@case" => *text = case.to_string(),
        Value::String(text) if text == "@uuid" => *text = CaseId::new(new_uuid()?).to_string(),
        Value::String(text) => {
            if let Some(rest) = text.strip_prefix("@day") {
                *text = day(rest, today).ok_or_else(|| Failure::unexpected(format!("{text} is no day")))?;
            }
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, case, today))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|item| fill(item, case, today))?,
        _ => {}
    }
    Ok(())
}

/// `-12T08:00:00Z` as the day twelve days ago with the rest behind it.
fn day(rest: &str, today: Date) -> Option<String> {
    let end = rest.find('T').unwrap_or(rest.len());
    let days: i64 = rest.get(..end)?.parse().ok()?;
    let day = today.checked_add(days.days()).ok()?;
    Some(format!("{day}{}", rest.get(end..)?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use desk::{Record, declare};
    use records::RecordTypes;

    use super::*;

    fn made() -> (Value, Date) {
        let today = Date::constant(2026, 3, 1);
        (request(CaseId::new(new_uuid().unwrap()), today).unwrap(), today)
    }

    #[test]
    fn the_request_and_its_answers_validate_against_their_schemas() {
        let types = RecordTypes::builtin().unwrap();
        let (asked, today) = made();
        assert_eq!(types.validate(&"request".parse().unwrap(), &asked), Ok(()));
        for (record_type, record) in answers(&asked, today).unwrap() {
            assert_eq!(types.validate(&record_type.parse().unwrap(), &record), Ok(()), "{record_type}");
            let record = Record::from_document(record).unwrap();
            assert_eq!(record.hash, record.content_hash().unwrap());
        }
    }

    #[test]
    fn the_treaty_allows_the_request_and_forbids_its_variants() {
        let catalog = treaty::Catalog::builtin().unwrap();
        let (asked, today) = made();
        let [jp, fr, sg] = ["JP", "FR", "SG"].map(|party| party.parse().unwrap());
        let codes = |document: Value, a, b| -> Vec<String> {
            let body = RequestBody::from_document(document).unwrap();
            let declared = declare(&body).unwrap();
            let decision = catalog.rule(a, b, today).decide(&treaty::Query {
                requesting: body.requesting,
                requested: body.requested,
                sender: model::AuthorityKind::Central,
                recipient: model::AuthorityKind::Central,
                between: None,
                measures: &declared.measures,
                purpose: Some(&declared.purpose),
                offence: declared.offence,
                validator: Some(body.validation.role),
                tag_key: declared.declared.tag_key,
                classification: declared.declared.classification,
                emergency: declared.declared.emergency,
                consent: declared.declared.consent,
                at: Timestamp(0),
                languages: None,
                used: None,
            });
            decision.refusals.iter().map(|refusal| refusal.code.to_string()).collect()
        };
        assert!(codes(asked.clone(), jp, fr).is_empty());
        assert_eq!(codes(bulk(asked.clone()), jp, fr), ["R90"]);
        let not_in_force = under(asked.clone(), "cets-224:8", "order_production", &["subscriber_info"]);
        assert_eq!(codes(not_in_force, jp, fr)[0], "R92");
        let reserved = under(asked.clone(), "cets-224:7", "provider_direct", &["subscriber_info"]);
        assert_eq!(codes(between(reserved, "FR:central", "JP:central"), fr, jp)[0], "R92");
        assert_eq!(codes(between(asked, "SG:central", "FR:central"), sg, fr)[0], "R92");
    }

    #[test]
    fn an_answer_is_bound_to_the_subject_that_was_asked_about() {
        let (asked, today) = made();
        let body = RequestBody::from_document(asked.clone()).unwrap();
        let (_, record) = answers(&asked, today).unwrap().remove(0);
        let record = Record::from_document(record).unwrap();
        let subject = &body.measures[0].subjects[0];
        assert_eq!(record.subject_binding, subject_binding(body.case, record.measure, &subject.selector).unwrap());
    }

    #[test]
    fn what_tells_something_of_the_case_is_searched_for_and_codes_are_not() {
        let mut texts = Vec::new();
        telling(&made().0, &mut texts);
        assert!(texts.iter().any(|text| text == "harbour.trader@mail.example"));
        assert!(texts.iter().any(|text| text.starts_with("Three exporters")));
        assert!(!texts.iter().any(|text| text == "criminal_investigation" || text == "subscriber_info"));
        assert!(texts.len() > 20);
    }
}
