//! What is inside a body that is signed, in words, and whether it is what an officer gave.

use desk::{Body, Document, HEARING_NOTICE, RequestBody, declare};
use model::{Denial, Digest, Fault, Step};
use serde_json::{Map, Value};

/// A record's content is printed up to this length; a longer one is compared by its file.
const CONTENT_BYTES_MAX: usize = 16 * 1024;

/// In what a body is not what an officer gave, without values; `None` where nothing differs. No text and no documents: the officer
/// left that open. A document may be a whole record, or its content alone, as the desk takes both.
pub(crate) fn difference(body: &Body, text: &str, given: &[Document]) -> Option<String> {
    if !text.trim().is_empty() {
        let inside: Vec<_> = body.documents.iter().flat_map(|one| texts(&read(one))).collect();
        if inside.is_empty() || inside.iter().any(|one| one != text) {
            return Some("its text differs".to_owned());
        }
    }
    if given.is_empty() {
        return None;
    }
    let mut left: Vec<&Document> = body.documents.iter().collect();
    for one in given {
        match left.iter().position(|inside| same(one, inside)) {
            Some(at) => drop(left.remove(at)),
            None => return Some(format!("the record {} differs", one.record_type)),
        }
    }
    // What the officer gave goes along with the step's own form, which the desk fills in where none was given.
    let own = desk::document_of(body.step);
    let filled = |one: &Document| {
        Some(one.record_type.as_str()) == own && given.iter().all(|said| said.record_type != one.record_type)
    };
    left.retain(|one| !filled(one));
    left.first().map(|one| format!("it also holds a record {} that was not given", one.record_type))
}

/// A body for the eyes of who signs it: what is written, decided and asked, and each document with length and SHA-256.
///
/// # Errors
/// [`Fault::Malformed`] when a document is no JSON object, or R94 on a request of no form.
pub(crate) fn of_body(body: &Body, contents: bool) -> Result<String, Denial> {
    let mut lines = Vec::new();
    for document in &body.documents {
        let value = read(document);
        let Value::Object(fields) = &value else {
            return Err(Denial::failed(Fault::Malformed, format!("the {} is no object", document.record_type)));
        };
        lines.push(of_document(document, fields));
        if body.step == Step::SealSend && document.record_type.as_str() == "request" {
            lines.extend(of_request(value.clone())?);
        }
        lines.extend(decisions(fields));
        lines.extend(order(fields));
        lines.extend(files(fields));
        if document.record_type.as_str() == HEARING_NOTICE {
            lines.extend(super::hearing::lines(fields));
        }
        for text in texts(&value) {
            lines.push("text".to_owned());
            lines.extend(text.lines().map(|line| format!("           “{line}”")));
        }
        if let Some(content) = fields.get("content").filter(|_| contents) {
            lines.extend(of_content(content));
        }
    }
    Ok(lines.join("\n"))
}

fn of_document(document: &Document, fields: &Map<String, Value>) -> String {
    let measure = fields.get("measure").and_then(Value::as_u64).map(|id| format!(" for M{id}"));
    let subject = fields.get("subject_ref").and_then(Value::as_str).map(|name| format!(" on {name}"));
    format!(
        "inside     {}{}{}, {} bytes, sha256 {}",
        document.record_type,
        measure.unwrap_or_default(),
        subject.unwrap_or_default(),
        document.bytes.len(),
        Digest::of(&[&document.bytes])
    )
}

fn of_request(value: Value) -> Result<Vec<String>, Denial> {
    let request = RequestBody::from_document(value)?;
    let declared = declare(&request)?;
    let mut lines: Vec<_> = declared.measures.iter().map(super::measure).collect();
    for measure in &request.measures {
        for subject in &measure.subjects {
            let selector = subject.selector.canonical()?;
            let selector = String::from_utf8_lossy(&selector);
            lines.push(format!("subject    {} {} {selector}", measure.id, subject.subject_ref));
        }
    }
    lines.push(format!("purpose    {}", declared.purpose));
    Ok(lines)
}

fn decisions(fields: &Map<String, Value>) -> Vec<String> {
    let measures = fields.get("measures").and_then(Value::as_array).into_iter().flatten();
    let one = |measure: &Value| {
        let outcome = measure.get("outcome")?.as_str()?;
        let code = measure.get("code").and_then(Value::as_str).unwrap_or_default();
        Some(format!("decides    M{} {outcome} {code}", measure.get("id")?.as_u64()?).trim_end().to_owned())
    };
    let later = |measure: &Value| {
        let (day, code) = (measure.get("review_on")?.as_str()?, measure.get("code")?.as_str()?);
        Some(format!("postpones  M{} {code}, looked at again on {day}", measure.get("id")?.as_u64()?))
    };
    measures.filter_map(|measure| one(measure).or_else(|| later(measure))).collect()
}

/// The files that go with a record. Their keys are for who opens it.
fn files(fields: &Map<String, Value>) -> Vec<String> {
    let one = |file: &Value| {
        let said = |name: &str| super::line(file[name].as_str().unwrap_or_default());
        let bytes = file["bytes"].as_u64().unwrap_or_default();
        format!("with       {}, {}, {bytes} bytes, sha256 {}", said("title"), said("media_type"), said("hash"))
    };
    fields.get("attachments").and_then(Value::as_array).into_iter().flatten().map(one).collect()
}

/// The order of a court, or the notice to a ministry.
fn order(fields: &Map<String, Value>) -> Option<String> {
    let order = fields.get("order")?;
    let said = |name: &str| super::line(order[name].as_str().unwrap_or_default());
    Some(format!("order      {}, {}, {}", said("authority"), said("number"), said("made_on")))
}

fn of_content(content: &Value) -> Vec<String> {
    let text = serde_json::to_string_pretty(content).unwrap_or_default();
    if text.len() > CONTENT_BYTES_MAX {
        return vec![
            "           too long to be shown here: give the file with --record, and it is compared".to_owned(),
        ];
    }
    text.lines().map(|line| format!("           {line}")).collect()
}

/// What was written, where the form of the step has a place for it.
fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    if value.get("content").is_some() {
        return Vec::new();
    }
    let names = ["text", "remarks", "results", "reasons", "description", "remaining"];
    let mut texts: Vec<_> = names.into_iter().filter_map(|name| text(value, name)).collect();
    let outcomes = value.get("measures").and_then(Value::as_array).into_iter().flatten();
    texts.extend(outcomes.filter_map(|one| text(one, "reasons").or_else(|| text(one, "remarks"))));
    let numbered = ["questions", "answers"].into_iter().filter_map(|name| value.get(name)?.as_array()).flatten();
    texts.extend(numbered.filter_map(|one| text(one, "text")));
    texts
}

fn same(given: &Document, inside: &Document) -> bool {
    if given.record_type != inside.record_type {
        return false;
    }
    let (Value::Object(mine), Value::Object(theirs)) = (read(given), read(inside)) else { return false };
    match theirs.get("content") {
        Some(_) if mine.contains_key("content") => mine.iter().all(|(name, value)| theirs.get(name) == Some(value)),
        Some(content) => content.as_object() == Some(&mine),
        None => given.bytes == inside.bytes || mine.iter().all(|(name, value)| holds(theirs.get(name), value)),
    }
}

/// Whether a form says what was given of it. What is given once, without a number, is said of each.
fn holds(inside: Option<&Value>, given: &Value) -> bool {
    match (inside, given) {
        (Some(Value::Object(inside)), Value::Object(given)) => {
            given.iter().all(|(name, value)| holds(inside.get(name), value))
        }
        (Some(Value::Array(inside)), Value::Array(given)) => match given.as_slice() {
            [one @ Value::Object(fields)] if !fields.contains_key("id") && !fields.contains_key("number") => {
                !inside.is_empty() && inside.iter().all(|each| holds(Some(each), one))
            }
            given => inside.len() == given.len() && inside.iter().zip(given).all(|(each, one)| holds(Some(each), one)),
        },
        (inside, given) => inside == Some(given),
    }
}

fn read(document: &Document) -> Value {
    records::read(&document.bytes).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn document(record_type: &str, text: &str) -> Document {
        Document { record_type: record_type.parse().unwrap(), bytes: text.as_bytes().to_vec() }
    }

    fn release() -> Body {
        let first = document("subscriber_info", r#"{"measure": 1, "hash": "a", "content": {"name": "X", "n": 1}}"#);
        let second = document("traffic_data", r#"{"measure": 1, "hash": "b", "content": {"calls": []}}"#);
        Body { step: Step::Release, documents: vec![first, second] }
    }

    #[test]
    fn the_same_records_whole_or_content_alone_do_not_differ() {
        let content = document("subscriber_info", r#"{ "n": 1, "name": "X" }"#);
        let whole = document("traffic_data", r#"{"content": {"calls": []}, "measure": 1}"#);
        assert_eq!(difference(&release(), "", &[whole, content]), None);
        assert_eq!(difference(&release(), "", &[]), None);
    }

    #[test]
    fn a_record_that_differs_is_missing_or_is_too_many_is_named() {
        let other = document("subscriber_info", r#"{"n": 2, "name": "X"}"#);
        let calls = document("traffic_data", r#"{"calls": []}"#);
        let measure = document("traffic_data", r#"{"content": {"calls": []}, "measure": 2}"#);
        let told = difference(&release(), "", &[other, calls.clone()]).unwrap();
        assert_eq!(told, "the record subscriber_info differs");
        assert!(difference(&release(), "", std::slice::from_ref(&calls)).unwrap().contains("subscriber_info"));
        assert!(difference(&release(), "", &[measure]).unwrap().contains("traffic_data"));
        assert!(difference(&release(), "", &[calls.clone(), calls]).unwrap().contains("traffic_data"));
    }

    #[test]
    fn another_text_differs_and_a_text_that_is_not_inside_differs() {
        let decision = document("decision", r#"{"measures": [{"id": 1, "outcome": "refuse", "reasons": "no"}]}"#);
        let body = Body { step: Step::Refuse, documents: vec![decision] };
        assert_eq!(difference(&body, "no", &[]), None);
        assert!(difference(&body, "yes", &[]).is_some());
        assert!(difference(&release(), "no", &[]).is_some());
        assert!(of_body(&body, false).unwrap().contains("decides    M1 refuse"));
    }
}
