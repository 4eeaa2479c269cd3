use serde_json::Value;

use crate::{Finding, finding::dotted};

/// What a schema finds in a draft, as its officer is told it. `found` gives, for each finding, the field as JSON pointer, the place in
/// the schema and the message; `document` is the draft, where it is JSON at all.
///
/// A field that still holds the words of the form is told once, a field that is not there is told by its own name, and what is no
/// JSON is told as such.
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
                finding.message = "still holds the words of the form".to_owned();
                finding.remedy = "Fill it in.".to_owned();
            }
            Some(_) if rule.ends_with("/required") => missing(&mut finding, field),
            Some(_) => {}
        }
        let told = findings.iter().any(|one| one.field == finding.field && one.message == finding.message);
        if !told {
            findings.push(finding);
        }
    }
    findings
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
    fn what_is_no_json_is_told_as_such() {
        let found = form_findings(None, [("", "/", "key must be a string at line 1 column 3")]);
        assert!(found[0].remedy.contains("JSON"));
    }
}
