use std::collections::BTreeMap;

use jsonschema::{
    Draft, PatternOptions, Registry, ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use model::RecordType;
use serde_json::Value;

use crate::{Finding, finding::speakable, read};

/// The catalogue's schemas, compiled in: name, version, text, in that order. `common` is what they share; it is no record type itself.
static SCHEMAS: &[(&str, u32, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// One valid example of each record type, the first by name: name, text.
static EXAMPLES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

const COMMON: &str = "common";
const URN: &str = "urn:rogatory:records:";
/// Findings that one document may have; the rest is cut, since nobody reads more.
const FINDINGS_MAX: usize = 64;

/// A schema that cannot be used: a fault of ours, not of a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema of {record_type} cannot be used: {reason}")]
pub struct Defect {
    /// Which.
    pub record_type: String,
    /// Why.
    pub reason: String,
}

/// The record types that this program knows, compiled.
#[derive(Debug)]
pub struct RecordTypes {
    compiled: BTreeMap<RecordType, Validator>,
}

impl RecordTypes {
    /// Compiles the catalogue (JSON Schema 2020-12, formats asserted, patterns in linear time). Do it once, at start.
    ///
    /// # Errors
    /// A [`Defect`] when a schema is malformed or refers to anything that is not in the catalogue.
    pub fn builtin() -> Result<Self, Defect> {
        let mut schemas = Vec::with_capacity(SCHEMAS.len());
        for (name, version, text) in SCHEMAS {
            let schema = read(text.as_bytes()).map_err(|f| defect(name, f.message))?;
            schemas.push((*name, *version, schema));
        }
        Self::compile(&schemas)
    }

    /// Holds a document against its record type.
    ///
    /// # Errors
    /// At most 64 findings, sorted by field. An unknown record type is one finding.
    pub fn validate(&self, record_type: &RecordType, document: &Value) -> Result<(), Vec<Finding>> {
        let Some(validator) = self.compiled.get(record_type) else {
            let message = format!("no such record type: {record_type}");
            return Err(vec![Finding { field: String::new(), rule: "catalogue".to_owned(), message }]);
        };
        let mut findings: Vec<Finding> =
            validator.iter_errors(document).take(FINDINGS_MAX).map(|e| spoken(&e)).collect();
        findings.sort();
        findings.dedup();
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }

    /// [`read`] and [`Self::validate`] in one: what a desk does with bytes from outside.
    ///
    /// # Errors
    /// As those two.
    pub fn accept(&self, record_type: &RecordType, bytes: &[u8]) -> Result<Value, Vec<Finding>> {
        let document = read(bytes).map_err(|finding| vec![finding])?;
        self.validate(record_type, &document)?;
        Ok(document)
    }

    /// The record types, in order of their names.
    pub fn names(&self) -> impl Iterator<Item = &RecordType> {
        self.compiled.keys()
    }

    /// The first of the catalogue's valid examples, as text.
    pub fn example(name: &str) -> Option<&'static str> {
        EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The text of the newest version, for people and for other validators; `common` is there too.
    pub fn schema(name: &str) -> Option<&'static str> {
        SCHEMAS.iter().rev().find(|(known, ..)| *known == name).map(|(.., text)| *text)
    }

    /// `schemas` by name and version. All are in the registry, since one may refer to an older one; a document is held against the newest.
    fn compile(schemas: &[(&str, u32, Value)]) -> Result<Self, Defect> {
        // The registry is closed: what is not in it cannot be fetched, it is an error.
        let mut builder = Registry::new().draft(Draft::Draft202012).retriever(Closed);
        for (name, version, schema) in schemas {
            let id = format!("{URN}{name}:{version}");
            if schema.get("$id").and_then(Value::as_str) != Some(&id) {
                return Err(defect(name, format!("its $id is not {id}")));
            }
            builder = builder.add(id, schema).map_err(|e| defect(name, e.to_string()))?;
        }
        let registry = builder.prepare().map_err(|e| defect("the catalogue", e.to_string()))?;
        let newest: BTreeMap<_, _> = schemas.iter().map(|(name, version, schema)| ((name, version), schema)).collect();
        let newest: BTreeMap<_, _> = newest.into_iter().map(|((name, _), schema)| (*name, schema)).collect();
        let mut compiled = BTreeMap::new();
        for (name, schema) in newest.into_iter().filter(|(name, _)| *name != COMMON) {
            let validator = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .with_registry(&registry)
                .with_retriever(Closed)
                .with_pattern_options(PatternOptions::regex())
                .should_validate_formats(true)
                .should_ignore_unknown_formats(false)
                .build(schema)
                .map_err(|e| defect(name, e.to_string()))?;
            compiled.insert(name.parse().map_err(|e: model::Malformed| defect(name, e.to_string()))?, validator);
        }
        Ok(Self { compiled })
    }
}

/// Fetches nothing.
struct Closed;

impl jsonschema::Retrieve for Closed {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync + 'static>> {
        Err(format!("{uri} is not in the catalogue, and nothing is fetched").into())
    }
}

fn defect(record_type: &str, reason: impl Into<String>) -> Defect {
    Defect { record_type: record_type.to_owned(), reason: reason.into() }
}

fn spoken(error: &ValidationError<'_>) -> Finding {
    let place = error.absolute_keyword_location().map_or_else(|| error.schema_path().to_string(), ToString::to_string);
    let field = error.instance_path().to_string();
    // A segment that no schema declares is a name from the document: it is not repeated.
    let field = field.split('/').map(segment).collect::<Vec<_>>().join("/");
    let rule = place.strip_prefix(URN).unwrap_or(&place).to_owned();
    let message = match error.kind() {
        // A regular expression tells nobody what is wrong; the schema says it in words.
        ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Not { .. } => described(&rule),
        _ => None,
    };
    Finding { field, message: message.unwrap_or_else(|| demand(error.kind())), rule }
}

/// What the schema at `rule` (`common:1#/$defs/slug/pattern`) says of itself, from the keyword outwards.
fn described(rule: &str) -> Option<String> {
    let (id, pointer) = rule.split_once('#')?;
    let (name, version) = id.split_once(':')?;
    let version: u32 = version.parse().ok()?;
    let (.., text) = SCHEMAS.iter().find(|(known, number, _)| *known == name && *number == version)?;
    let schema: Value = serde_json::from_str(text).ok()?;
    let mut pointer = pointer;
    // The keyword's own schema, or the one that it is an alternative of.
    for _ in 0..4 {
        pointer = pointer.rsplit_once('/')?.0;
        let says = schema.pointer(pointer).and_then(|part| part.get("description")).and_then(Value::as_str);
        if let Some(says) = says {
            return Some(format!("is not what is wanted here: {says}"));
        }
    }
    None
}

fn segment(text: &str) -> &str {
    let plain = text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { text } else { "…" }
}

/// What the keyword wants. Only words of the schema, and names of fields: the library's own messages quote the value.
fn demand(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as K;
    match kind {
        K::AdditionalProperties { unexpected } | K::UnevaluatedProperties { unexpected } => {
            let names: Vec<String> = unexpected.iter().take(8).map(|name| speakable(name)).collect();
            format!("has no such field: {}", names.join(", "))
        }
        K::Required { property } => format!("{property} is missing"),
        K::AnyOf { context } | K::OneOfNotValid { context } => alternatives(context),
        K::Constant { expected_value } => format!("must be {expected_value}"),
        K::Enum { options } => format!("must be one of {options}"),
        K::Pattern { pattern } => format!("has not the form {pattern}"),
        K::Format { format } => format!("is not a {format}"),
        K::Type { kind: TypeKind::Single(kind) } => format!("must be of type {kind}"),
        K::Type { .. } => "is of the wrong type".to_owned(),
        K::MaxLength { limit } => format!("is longer than {limit} characters"),
        K::MinLength { limit } => format!("is shorter than {limit} characters"),
        K::MaxItems { limit } => format!("has more than {limit} items"),
        K::MinItems { limit } => format!("has fewer than {limit} items"),
        K::Maximum { limit } => format!("is greater than {limit}"),
        K::Minimum { limit } => format!("is less than {limit}"),
        K::MinProperties { limit } => format!("has fewer than {limit} fields"),
        K::UniqueItems => "has an item twice".to_owned(),
        K::FalseSchema => "must not stand here".to_owned(),
        K::Not { .. } => "has a form that is excluded, such as a range".to_owned(),
        other => format!("breaks the rule {}", other.keyword()),
    }
}

fn alternatives(branches: &[Vec<ValidationError<'static>>]) -> String {
    let mut missing = Vec::new();
    for error in branches.iter().flatten() {
        match error.kind() {
            ValidationErrorKind::Required { property } => missing.push(property.to_string()),
            _ => return "fits none of the forms that are allowed".to_owned(),
        }
    }
    format!("needs one of {}", missing.join(", "))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_that_refers_outside_is_a_defect_and_nothing_is_fetched() {
        let id = format!("{URN}leaky:1");
        let outside = json!({"$id": id, "$ref": "https://example.invalid/elsewhere.json"});
        let defect = RecordTypes::compile(&[("leaky", 1, outside)]).unwrap_err();
        assert!(defect.to_string().contains("elsewhere"), "{defect}");
    }

    #[test]
    fn a_schema_under_another_name_is_a_defect() {
        let schema = json!({"$id": "urn:rogatory:records:other:1", "type": "object"});
        assert!(RecordTypes::compile(&[("mine", 1, schema)]).is_err());
    }

    #[test]
    fn a_format_that_nobody_checks_is_a_defect() {
        let id = format!("{URN}odd:1");
        let schema = json!({"$id": id, "type": "string", "format": "no-such-format"});
        assert!(RecordTypes::compile(&[("odd", 1, schema)]).is_err());
    }
    #[test]
    fn a_document_is_held_against_the_newest_version_and_the_older_one_stays_in_reach() {
        let first = json!({"$id": format!("{URN}thing:1"), "$defs": {"short": {"type": "string", "maxLength": 3}}, "const": "first"});
        let second = json!({"$id": format!("{URN}thing:2"), "$ref": format!("{URN}thing:1#/$defs/short")});
        // Also where the list is not in order.
        let types = RecordTypes::compile(&[("thing", 2, second.clone()), ("thing", 1, first)]).unwrap();
        let thing = "thing".parse().unwrap();
        assert_eq!(types.validate(&thing, &json!("new")), Ok(()));
        assert_eq!(types.validate(&thing, &json!("first")).unwrap_err()[0].rule, "thing:1#/$defs/short/maxLength");
        assert!(RecordTypes::compile(&[("thing", 1, second)]).is_err(), "its $id says version 2");
    }
}
