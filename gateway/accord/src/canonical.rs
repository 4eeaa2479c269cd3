use model::{Refusal, RefusalCode};
use serde_json::Value;

/// The canonical form of a JSON value (RFC 8785): no blanks, names sorted by their UTF-16 code units. It is what is hashed.
///
/// # Errors
/// R94 on a number that is not an integer: record types hold amounts as text, so that no rounding can part two hashes.
pub fn canonical(value: &Value) -> Result<Vec<u8>, Refusal> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out.into_bytes())
}

fn write(value: &Value, out: &mut String) -> Result<(), Refusal> {
    match value {
        Value::Number(number) if number.is_f64() => {
            let reason = "a number is not an integer, and has no canonical form here";
            return Err(Refusal::new(RefusalCode::R94, "desk", reason, "Write amounts as text."));
        }
        // serde_json writes integers, literals and the escapes of strings exactly as RFC 8785 §3.2.2 wants them.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (i, (name, item)) in fields.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_form_is_that_of_rfc_8785() {
        // The sorting example of RFC 8785 §3.2.3, and the escapes of §3.2.2.2.
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        let text = String::from_utf8(canonical(&value).unwrap()).unwrap();
        assert_eq!(text, "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}");
        let value = json!(["\u{f}\n\"\\/\u{7f}é", -1, true, null]);
        assert_eq!(canonical(&value).unwrap(), "[\"\\u000f\\n\\\"\\\\/\u{7f}é\",-1,true,null]".as_bytes());
    }

    #[test]
    fn a_fraction_has_no_canonical_form() {
        assert_eq!(canonical(&json!([1.5])).unwrap_err().code, RefusalCode::R94);
    }
}
