//! Values in a draft's document, by JSON pointer [RFC 6901].

use serde_json::{Map, Value};

/// The text of a value: empty where nothing stands there, or still the words of the form.
pub(crate) fn text_at(document: &Value, pointer: &str) -> String {
    match document.pointer(pointer) {
        Some(Value::String(text)) if is_form(text) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(flag)) => if *flag { "yes" } else { "no" }.to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Whether a text is what the form says of a field.
fn is_form(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

/// Whether nothing stands there.
pub(crate) fn blank(document: &Value, pointer: &str) -> bool {
    match document.pointer(pointer) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty() || is_form(text),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(_) => false,
    }
}

/// `/measures/0/window` for `measures[0].window`.
pub(crate) fn pointer_of(field: &str) -> String {
    if field.is_empty() {
        return String::new();
    }
    format!("/{}", field.replace(['.', '['], "/").replace(']', ""))
}

/// Puts a value where the pointer leads, with all that it takes to get there; without one takes away what stands there, and whatever is
/// empty then.
pub(crate) fn put(document: &mut Value, pointer: &str, value: Option<Value>) {
    let segments: Vec<&str> = pointer.split('/').skip(1).collect();
    match value {
        Some(value) => insert(document, &segments, value),
        None => remove(document, &segments),
    }
}

fn insert(at: &mut Value, segments: &[&str], value: Value) {
    let Some((first, rest)) = segments.split_first() else {
        *at = value;
        return;
    };
    match (first.parse::<usize>(), &mut *at) {
        (Ok(index), Value::Array(items)) => {
            // A list grows by one at a time.
            let index = index.min(items.len());
            if index == items.len() {
                items.push(Value::Null);
            }
            if let Some(item) = items.get_mut(index) {
                insert(item, rest, value);
            }
        }
        (Ok(_), other) => {
            *other = Value::Array(vec![Value::Null]);
            if let Some(item) = other.get_mut(0) {
                insert(item, rest, value);
            }
        }
        (Err(_), Value::Object(fields)) => {
            insert(fields.entry((*first).to_owned()).or_insert(Value::Null), rest, value);
        }
        (Err(_), other) => {
            *other = Value::Object(Map::new());
            if let Value::Object(fields) = other {
                insert(fields.entry((*first).to_owned()).or_insert(Value::Null), rest, value);
            }
        }
    }
}

fn remove(at: &mut Value, segments: &[&str]) {
    let Some((first, rest)) = segments.split_first() else { return };
    match at {
        Value::Object(fields) => {
            let Some(next) = fields.get_mut(*first) else { return };
            remove(next, rest);
            if rest.is_empty() || is_empty(next) {
                fields.remove(*first);
            }
        }
        Value::Array(items) => {
            let Some(index) = first.parse::<usize>().ok().filter(|index| *index < items.len()) else { return };
            remove(&mut items[index], rest);
            // Only the last one goes: the others would change their places.
            if index + 1 == items.len() && (rest.is_empty() || is_empty(&items[index])) {
                items.pop();
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The same without the words of the form, and without what is empty then.
pub(crate) fn stripped(value: Value) -> Option<Value> {
    match value {
        Value::String(text) if is_form(&text) => None,
        Value::Object(fields) => {
            let kept: Map<_, _> =
                fields.into_iter().filter_map(|(name, value)| Some((name, stripped(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let was_empty = items.is_empty();
            let kept: Vec<_> = items.into_iter().filter_map(stripped).collect();
            (was_empty || !kept.is_empty()).then_some(Value::Array(kept))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_put_wherever_it_belongs_and_taken_away_without_a_trace() {
        let mut document = json!({});
        put(&mut document, "/facts/period/from", Some(json!("2026-01-01")));
        put(&mut document, "/contacts/0/value", Some(json!("1")));
        put(&mut document, "/contacts/9/value", Some(json!("2")));
        assert_eq!(
            document,
            json!({ "facts": { "period": { "from": "2026-01-01" } }, "contacts": [{ "value": "1" }, { "value": "2" }] })
        );
        put(&mut document, "/facts/period/from", None);
        put(&mut document, "/contacts/1/value", None);
        put(&mut document, "/nothing/at/all", None);
        assert_eq!(document, json!({ "contacts": [{ "value": "1" }] }));
        put(&mut document, "/contacts/0/value", None);
        assert_eq!(document, json!({}));
    }

    #[test]
    fn the_words_of_the_form_are_nothing() {
        let form = json!({ "a": "<as in x>", "b": [{ "c": "<d>" }], "e": [], "f": "g", "h": { "i": "<j>", "k": 1 } });
        assert_eq!(stripped(form.clone()).unwrap(), json!({ "e": [], "f": "g", "h": { "k": 1 } }));
        assert!(blank(&form, "/a") && !blank(&form, "/f") && blank(&form, "/z"));
        assert_eq!((text_at(&form, "/a").as_str(), text_at(&form, "/h/k").as_str()), ("", "1"));
        assert_eq!(pointer_of("measures[0].subjects[1].selector"), "/measures/0/subjects/1/selector");
    }
}
