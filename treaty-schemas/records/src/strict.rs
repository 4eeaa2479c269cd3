use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{Finding, finding::speakable};

/// Longest document, in bytes: less than a sealed body, so that several fit into one.
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 32;
/// Largest integer that every JSON reader keeps exactly, 2^53 (RFC 8785 appendix D warns of what lies beyond).
pub const INTEGER_MAX: u64 = 1 << 53;
/// Most values in a document, so that small bytes cannot become large memory.
const VALUES_MAX: u32 = 400_000;

/// Reads a JSON document that every reader understands alike: UTF-8, no name twice in an object, no integer beyond 2^53,
/// at most [`DEPTH_MAX`] deep and [`DOCUMENT_BYTES_MAX`] long, nothing behind it.
///
/// # Errors
/// One finding with rule `strict`, which names line and column, never a value.
pub fn read(bytes: &[u8]) -> Result<Value, Finding> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(Finding::strict(format!("is longer than {DOCUMENT_BYTES_MAX} bytes")));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Finding::strict(format!("is not UTF-8 from byte {} on", e.valid_up_to())))?;
    let left = Cell::new(VALUES_MAX);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0, left: &left }.deserialize(&mut reader).map_err(|e| spoken(&e))?;
    reader.end().map_err(|e| spoken(&e))?;
    Ok(value)
}

/// serde_json's own messages name tokens and places; ours, made below, name fields. Neither repeats a value.
fn spoken(error: &serde_json::Error) -> Finding {
    Finding::strict(error.to_string())
}

/// Reads one value at `depth`; `left` is how many values the document may still have.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    left: &'a Cell<u32>,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX}")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > INTEGER_MAX { Err(beyond()) } else { Ok(Value::Number(value.into())) }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > INTEGER_MAX { Err(beyond()) } else { Ok(Value::Number(value.into())) }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // serde_json hands integers beyond 64 bits over as floats.
        if value.is_finite() && value.abs() > INTEGER_MAX as f64 {
            return Err(beyond());
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{} stands twice in an object", speakable(&name))));
            }
            let value = fields.next_value_seed(seed)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

fn beyond<E: serde::de::Error>() -> E {
    E::custom("a number beyond 2^53, which readers round differently; write it as text")
}
