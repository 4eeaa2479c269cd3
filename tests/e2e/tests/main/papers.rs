//! The documents of a case: the request of the federation's story and its answers, filled in for today.

use desk::{RequestBody, canonical, subject_binding};
use model::{CaseId, Digest, Timestamp};
use serde_json::{Value, json};

use crate::{now, scribe::random_id};

const REQUEST: &str = include_str!("../../../federation/story/request.json");
const SUBSCRIBER_INFO: &str = include_str!("../../../federation/story/subscriber_info.json");
const TRAFFIC_DATA: &str = include_str!("../../../federation/story/traffic_data.json");
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Words of these documents that no gateway and no log may know.
pub(crate) const SECRETS: [&str; 4] = ["harbour.trader", "forged invoices", "Renaud Tessier", "192.0.2.17"];

/// What Japan asks.
pub(crate) fn request(case: &str) -> Value {
    filled(REQUEST, case)
}

/// What Japan asks where it wants to hear somebody.
pub(crate) fn hearing(case: &str) -> Value {
    let mut request = request(case);
    request["measures"] = json!([{
        "id": 1,
        "article": "eu-jp-mla:16",
        "request_type": "video_hearing",
        "records": ["hearing_record"],
        "subjects": [{
            "subject_ref": "S1",
            "role": "witness",
            "selector": { "kind": "person", "value": "Tessier Renaud", "birth_date": "1981-05" },
        }],
        "procedure": "By video link, before a judge of the requested party.",
        "data_sought": "What the witness knows of who opened the mailbox.",
    }]);
    request
}

/// What France answers, each record with its type, where it granted it under C01 and C06.
pub(crate) fn answers(case: &str) -> Vec<(&'static str, Value)> {
    let body = RequestBody::from_document(request(case)).unwrap();
    let measure = &body.measures[0];
    let binding = subject_binding(body.case, measure.id, &measure.subjects[0].selector).unwrap();
    let answer = |(record_type, text): (&'static str, &str)| {
        let mut record = filled(text, case);
        let hash = Digest::of(&[&canonical(&record["content"]).unwrap()]);
        record["subject_binding"] = json!(binding.to_string());
        record["hash"] = json!(hash.to_string());
        (record_type, record)
    };
    [("subscriber_info", SUBSCRIBER_INFO), ("traffic_data", TRAFFIC_DATA)].map(answer).into()
}

/// An id for a request that has no case yet.
pub(crate) fn any_case() -> String {
    CaseId::new(random_id(4)).to_string()
}

fn filled(text: &str, case: &str) -> Value {
    let mut document = serde_json::from_str(text).unwrap();
    fill(&mut document, case);
    document
}

/// `@case`, `@uuid`, and `@day-12T08:00:00Z` for the day twelve days ago with the rest behind it.
fn fill(value: &mut Value, case: &str) {
    match value {
        Value::String(text) if text == "@case" => *text = case.to_owned(),
        Value::String(text) if text == "@uuid" => *text = any_case(),
        Value::String(text) => {
            if let Some(rest) = text.strip_prefix("@day") {
                let end = rest.find('T').unwrap_or(rest.len());
                let days: i64 = rest[..end].parse().unwrap();
                let day = Timestamp(now().0 + days * DAY_MS).date().unwrap();
                *text = format!("{day}{}", &rest[end..]);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, case)),
        Value::Object(fields) => fields.values_mut().for_each(|item| fill(item, case)),
        _ => {}
    }
}
