use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use model::{Digest, RecordType};
use records::{RecordTypes, read};
use serde::Deserialize;
use serde_json::Value;

use crate::shelf::{examples, folder, folders, schemas, walk};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    field: String,
    rule: String,
}

fn expected(record_type: &RecordType) -> BTreeMap<String, Expected> {
    let path = folder().join(record_type.as_str()).join("examples/expected.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_schema_of_the_catalogue_is_compiled_in() {
    let types = RecordTypes::builtin().unwrap();
    let names: Vec<String> = types.names().map(ToString::to_string).collect();
    let known: BTreeSet<_> = names.into_iter().chain(["common".to_owned()]).collect();
    assert_eq!(known, folders().into_iter().collect());
    let mut newest = BTreeMap::new();
    for schema in schemas() {
        let (name, version) = schema.name.split_once('/').unwrap();
        let (name, version): (_, u32) = (name.to_owned(), version.parse().unwrap());
        let kept = newest.entry(name).or_insert((version, schema.text.clone()));
        if kept.0 < version {
            *kept = (version, schema.text);
        }
    }
    assert_eq!(newest.len(), known.len());
    for (name, (_, text)) in newest {
        assert_eq!(RecordTypes::schema(&name), Some(text.as_str()));
    }
}

#[test]
fn every_record_type_has_a_valid_example_and_two_invalid_ones() {
    let types = RecordTypes::builtin().unwrap();
    let (valid, invalid) = (examples("valid-"), examples("invalid-"));
    for record_type in types.names() {
        let count = |list: &[(RecordType, String, Vec<u8>)]| list.iter().filter(|(of, ..)| of == record_type).count();
        assert!(count(&valid) >= 1, "{record_type} has no valid example");
        assert!(count(&invalid) >= 2, "{record_type} has {} invalid examples", count(&invalid));
    }
}

#[test]
fn every_valid_example_passes() {
    let types = RecordTypes::builtin().unwrap();
    for (record_type, name, bytes) in examples("valid-") {
        assert_eq!(types.accept(&record_type, &bytes).err(), None, "{record_type}/{name}");
    }
}

#[test]
fn every_invalid_example_fails_at_the_field_and_by_the_rule_that_is_expected_and_nowhere_else() {
    let types = RecordTypes::builtin().unwrap();
    let mut seen: BTreeMap<RecordType, BTreeSet<String>> = BTreeMap::new();
    for (record_type, name, bytes) in examples("invalid-") {
        let expected = expected(&record_type);
        let expected = expected.get(&name);
        assert!(expected.is_some(), "{record_type}/{name} is not in expected.json");
        let Expected { field, rule } = expected.unwrap();
        let findings = types.accept(&record_type, &bytes).unwrap_err();
        let found = findings.iter().any(|f| f.field == *field && f.rule.ends_with(rule.as_str()));
        assert!(found, "{record_type}/{name}: wanted {field} {rule}, found {findings:#?}");
        let elsewhere = findings.iter().find(|f| f.field != *field);
        assert_eq!(elsewhere, None, "{record_type}/{name} has a second fault");
        seen.entry(record_type).or_default().insert(name);
    }
    for record_type in types.names() {
        let expected: BTreeSet<_> = expected(record_type).into_keys().collect();
        assert_eq!(seen.get(record_type), Some(&expected), "{record_type}: expected.json names what is not there");
    }
}

#[test]
fn the_hash_of_every_valid_record_is_that_of_its_content() {
    let mut held = 0;
    for (record_type, name, bytes) in examples("valid-") {
        let record = read(&bytes).unwrap();
        let (Some(content), Some(hash)) = (record.get("content"), record.get("hash")) else { continue };
        let mut canonical = String::new();
        canonicalize(content, &mut canonical);
        assert_eq!(*hash, Digest::of(&[canonical.as_bytes()]).to_string(), "{record_type}/{name}");
        held += 1;
    }
    assert!(held > 20, "{held} records");
}

/// RFC 8785 as far as the examples need it: names in ASCII, no floats.
fn canonicalize(value: &Value, into: &mut String) {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            for (i, (name, child)) in sorted.into_iter().enumerate() {
                into.push_str(if i == 0 { "{" } else { "," });
                into.push_str(&format!("{name:?}:"));
                canonicalize(child, into);
            }
            into.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            into.push('[');
            for (i, item) in items.iter().enumerate() {
                into.push_str(if i == 0 { "" } else { "," });
                canonicalize(item, into);
            }
            into.push(']');
        }
        plain => into.push_str(&plain.to_string()),
    }
}

#[test]
fn no_finding_repeats_a_value_of_its_document() {
    let types = RecordTypes::builtin().unwrap();
    for (record_type, name, bytes) in examples("invalid-") {
        let schema_words =
            [record_type.as_str(), "common"].map(|name| RecordTypes::schema(name).unwrap_or_default()).concat();
        let findings = types.accept(&record_type, &bytes).unwrap_err();
        let Ok(document) = read(&bytes) else { continue };
        let mut values = BTreeSet::new();
        walk(&document, "", &mut |object, _| {
            values.extend(object.values().filter_map(Value::as_str).filter(|text| text.len() > 3));
        });
        for finding in findings {
            // A finding speaks in words of the schema, and the document may happen to use one of them.
            let own = |value: &&&str| !schema_words.contains(**value);
            for value in values.iter().filter(own) {
                assert!(!finding.message.contains(value), "{record_type}/{name}: {finding}");
            }
        }
    }
}

#[test]
fn an_unknown_record_type_is_a_finding() {
    let types = RecordTypes::builtin().unwrap();
    let unknown: RecordType = "genome".parse().unwrap();
    let findings = types.validate(&unknown, &Value::Null).unwrap_err();
    assert_eq!(findings[0].rule, "catalogue");
}

#[test]
fn the_catalogue_has_a_line_for_every_record_type() {
    let page = fs::read_to_string(folder().join("README.md")).unwrap();
    let told: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|rest| rest.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(told, folders().into_iter().collect());
}
