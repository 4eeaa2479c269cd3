//! A document for the eyes of people, whatever its form: its fields in their order, each under its path.

use serde_json::Value;

use crate::signing::sha256;

/// So many fields of a document are shown; its digest stands for the rest.
const ROWS_MAX: usize = 500;
const DEPTH_MAX: usize = 12;

/// A field and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) value: String,
}

/// A document that is shown.
#[derive(Debug, Clone)]
pub(crate) struct DocumentShown {
    pub(crate) record_type: String,
    pub(crate) bytes: String,
    pub(crate) sha256: String,
    pub(crate) rows: Vec<Row>,
    /// Whether there is more than is shown.
    pub(crate) is_cut: bool,
}

impl DocumentShown {
    pub(crate) fn of(record_type: &str, bytes: &[u8]) -> Self {
        let (mut rows, mut is_cut) = (Vec::new(), false);
        match serde_json::from_slice::<Value>(bytes) {
            Ok(mut value) => {
                withhold_keys(&mut value);
                flatten("", &value, 0, &mut rows, &mut is_cut);
            }
            Err(_) => rows.push(Row { label: String::new(), value: String::from_utf8_lossy(bytes).into_owned() }),
        }
        let (record_type, bytes, sha256) = (record_type.to_owned(), kilobytes(bytes.len() as u64), sha256(bytes));
        Self { record_type, bytes, sha256, rows, is_cut }
    }
}

/// The key of a file is for the desk that opens it, and for no screen.
fn withhold_keys(record: &mut Value) {
    for file in record.get_mut("attachments").and_then(Value::as_array_mut).into_iter().flatten() {
        file.as_object_mut().and_then(|fields| fields.remove("key"));
    }
}

/// A size for people.
pub(crate) fn kilobytes(bytes: u64) -> String {
    format!("{} kB", bytes.div_ceil(1000))
}

fn flatten(path: &str, value: &Value, depth: usize, rows: &mut Vec<Row>, is_cut: &mut bool) {
    if rows.len() >= ROWS_MAX || depth > DEPTH_MAX {
        *is_cut = true;
        return;
    }
    let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path} · {name}") };
    let spoken = |name: &str| under(&name.replace('_', " "));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| flatten(&spoken(name), value, depth + 1, rows, is_cut));
        }
        Value::Array(all) if all.iter().any(|one| one.is_object() || one.is_array()) => {
            let numbered = all.iter().zip(1..);
            numbered.for_each(|(value, n)| flatten(&under(&n.to_string()), value, depth + 1, rows, is_cut));
        }
        Value::Array(all) => {
            let all: Vec<_> = all.iter().map(plain).collect();
            rows.push(Row { label: path.to_owned(), value: all.join(", ") });
        }
        value => rows.push(Row { label: path.to_owned(), value: plain(value) }),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_shown_field_by_field_and_never_without_end() {
        let shown = DocumentShown::of("notice", br#"{"a": {"b": ["x", 1]}, "c": [{"d": true}], "e": null}"#);
        let rows: Vec<_> = shown.rows.iter().map(|row| format!("{}={}", row.label, row.value)).collect();
        assert_eq!(rows, ["a · b=x, 1", "c · 1 · d=true", "e=–"]);
        let record = DocumentShown::of("record", br#"{"attachments": [{"title": "x.pdf", "key": "0707"}], "key": 1}"#);
        let rows: Vec<_> = record.rows.iter().map(|row| format!("{}={}", row.label, row.value)).collect();
        assert_eq!(rows, ["attachments · 1 · title=x.pdf", "key=1"], "the key of a file is on no screen");
        let long = format!("[{}]", vec!["{\"a\":1}"; 2 * ROWS_MAX].join(","));
        let long = DocumentShown::of("notice", long.as_bytes());
        assert!(long.is_cut && long.rows.len() == ROWS_MAX);
        let deep = format!("{}1{}", "[[".repeat(20), "]]".repeat(20));
        assert!(DocumentShown::of("notice", deep.as_bytes()).is_cut);
        assert_eq!(DocumentShown::of("notice", b"no json").rows.len(), 1);
    }
}
