use serde_json::Value;

use crate::{Finding, Severity, finding::dotted};

const WORDS_OF_THE_FORM: &str = "still holds the words of the form";
const FILL_IN: &str = "Fill it in.";

/// What a schema finds in a draft, as its officer is told it. `found` gives, for each finding, the field as JSON pointer, the place in
/// the schema and the message; `document` is the draft, where it is JSON at all.
///
/// A field that still holds the words of the form is told once, a field that is not there is told by its own name, and what is no
/// JSON is told as such. What else still holds the words of the form is told too: an officer fills in everything at once.
pub fn form_findings<'a>(
    document: Option<&Value>,
    found: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (field, rule, message) in found {
        let mut finding = Finding::form(field, rule, message);
        match document {
            None => finding.remedy = "Mend the JSON at that place; what you wrote is kept as it is.".to_owned(),
            Some(document) if words_of_the_form(document.pointer(field)) => {
                finding.message = WORDS_OF_THE_FORM.to_owned();
                finding.remedy = FILL_IN.to_owned();
            }
            Some(_) if rule.ends_with("/required") => missing(&mut finding, field),
            Some(_) => {}
        }
        let told = findings.iter().any(|one| one.field == finding.field && one.message == finding.message);
        if !told {
            findings.push(finding);
        }
    }
    let mut unfilled = Vec::new();
    if let Some(document) = document {
        placeholders(document, "", &mut unfilled);
    }
    unfilled.retain(|one| !findings.iter().any(|told| told.field == one.field));
    findings.append(&mut unfilled);
    findings
}

/// Tells every field that still holds the words of the form, or nothing at all.
pub(crate) fn placeholders(value: &Value, field: &str, findings: &mut Vec<Finding>) {
    let mut tell = |message: &str| findings.push(Finding::new(Severity::Missing, field, message, FILL_IN));
    match value {
        Value::String(_) if words_of_the_form(Some(value)) => tell(WORDS_OF_THE_FORM),
        Value::String(text) if text.trim().is_empty() => tell("is empty"),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| placeholders(item, &format!("{field}[{i}]"), findings));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, item)| {
            let dot = if field.is_empty() { "" } else { "." };
            placeholders(item, &format!("{field}{dot}{name}"), findings);
        }),
        _ => {}
    }
}

fn words_of_the_form(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.starts_with('<') && text.ends_with('>'))
}

/// `"purpose" is missing` is told of the purpose, not of what it is missing in.
fn missing(finding: &mut Finding, parent: &str) {
    let name = finding.message.strip_prefix('"').and_then(|rest| rest.strip_suffix("\" is missing"));
    let Some(name) = name.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')) else { return };
    finding.field = dotted(&format!("{parent}/{name}"));
    finding.message = "is missing".to_owned();
    finding.remedy = "Write it; desk request new makes a form that has it.".to_owned();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(document: Option<&Value>, found: &[(&str, &str, &str)]) -> Vec<(String, String)> {
        form_findings(document, found.iter().copied()).into_iter().map(|one| (one.field, one.message)).collect()
    }

    #[test]
    fn the_words_of_the_form_are_told_once_and_what_is_missing_by_its_name() {
        let document = json!({ "window": { "from": "<YYYY-MM-DD>" }, "authority": {} });
        let found = [
            ("/window/from", "/format", "is not a date"),
            ("/window/from", "/maxLength", "is longer than 10 characters"),
            ("", "/required", "\"purpose\" is missing"),
            ("/authority", "/required", "\"contacts\" is missing"),
        ];
        let expected = [
            ("window.from", "still holds the words of the form"),
            ("purpose", "is missing"),
            ("authority.contacts", "is missing"),
        ];
        assert_eq!(told(Some(&document), &found), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn all_that_is_left_to_fill_in_is_told_at_once_though_the_schema_minds_a_part_of_it_only() {
        let document =
            json!({ "reference": "<your file number>", "measures": [{ "window": "<day>", "data_sought": " " }] });
        let found = [("/measures/0/window", "/format", "is not a date")];
        let expected = [
            ("measures[0].window", WORDS_OF_THE_FORM),
            ("measures[0].data_sought", "is empty"),
            ("reference", WORDS_OF_THE_FORM),
        ];
        assert_eq!(told(Some(&document), &found), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn what_is_no_json_is_told_as_such() {
        let found = form_findings(None, [("", "/", "key must be a string at line 1 column 3")]);
        assert!(found[0].remedy.contains("JSON"));
    }
}
