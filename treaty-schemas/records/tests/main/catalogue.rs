#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use model::RecordType;
use records::{RecordTypes, read};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    field: String,
    rule: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/records")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Every object of a schema, with its JSON pointer.
fn walk<'v>(value: &'v Value, at: &str, visit: &mut dyn FnMut(&'v serde_json::Map<String, Value>, &str)) {
    match value {
        Value::Object(object) => {
            visit(object, at);
            object.iter().for_each(|(name, child)| walk(child, &format!("{at}/{name}"), visit));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| walk(item, &format!("{at}/{i}"), visit)),
        _ => {}
    }
}

#[test]
fn every_schema_of_the_catalogue_is_compiled_in() {
    let types = RecordTypes::builtin().unwrap();
    let names: BTreeSet<String> = types.names().map(ToString::to_string).chain(["common".to_owned()]).collect();
    let folders: BTreeSet<String> = files(&folder()).iter().map(|path| file_name(path).to_owned()).collect();
    assert_eq!(names, folders);
    for name in &names {
        let on_disk = fs::read_to_string(folder().join(name).join("1.schema.json")).unwrap();
        assert_eq!(RecordTypes::schema(name), Some(on_disk.as_str()));
    }
}

#[test]
fn every_valid_example_passes_and_every_invalid_one_fails_for_its_reason() {
    let types = RecordTypes::builtin().unwrap();
    for record_type in types.names() {
        let examples = folder().join(record_type.as_str()).join("examples");
        let expected = fs::read(examples.join("expected.json")).unwrap();
        let expected: BTreeMap<String, Expected> = serde_json::from_slice(&expected).unwrap();
        let mut seen = (0, BTreeSet::new());
        for path in files(&examples) {
            let name = file_name(&path);
            let outcome = types.accept(record_type, &fs::read(&path).unwrap());
            if name.starts_with("valid-") {
                assert_eq!(outcome.err(), None, "{record_type}/{name}");
                seen.0 += 1;
            } else if name.starts_with("invalid-") {
                let Expected { field, rule } = expected.get(name).unwrap_or_else(|| panic!("{name} is not expected"));
                let findings = outcome.unwrap_err();
                let found = findings.iter().any(|f| f.field == *field && f.rule.ends_with(rule.as_str()));
                assert!(found, "{record_type}/{name}: wanted {field} {rule}, found {findings:#?}");
                seen.1.insert(name.to_owned());
            }
        }
        assert!(seen.0 > 0, "{record_type} has no valid example");
        assert_eq!(seen.1, expected.keys().cloned().collect(), "{record_type}");
        assert!(!seen.1.is_empty(), "{record_type} has no invalid example");
    }
}

#[test]
fn no_finding_repeats_a_value_of_its_document() {
    let types = RecordTypes::builtin().unwrap();
    for record_type in types.names() {
        let schema_words =
            [record_type.as_str(), "common"].map(|name| RecordTypes::schema(name).unwrap_or_default()).concat();
        for path in files(&folder().join(record_type.as_str()).join("examples")) {
            let bytes = fs::read(&path).unwrap();
            let Err(findings) = types.accept(record_type, &bytes) else { continue };
            let Ok(document) = read(&bytes) else { continue };
            let mut values = BTreeSet::new();
            walk(&document, "", &mut |object, _| {
                values.extend(object.values().filter_map(Value::as_str).filter(|text| text.len() > 3));
            });
            for finding in findings {
                // A finding speaks in words of the schema, and the document may happen to use one of them.
                let own = |value: &&&str| !schema_words.contains(**value);
                for value in values.iter().filter(own) {
                    assert!(!finding.message.contains(value), "{}: {finding}", file_name(&path));
                }
            }
        }
    }
}

#[test]
fn every_object_is_closed_and_every_text_list_and_number_has_a_limit() {
    for path in files(&folder()) {
        let name = file_name(&path);
        let schema: Value = serde_json::from_str(RecordTypes::schema(name).unwrap()).unwrap();
        walk(&schema, "", &mut |object, at| {
            let has = |key: &str| object.contains_key(key);
            let is = |kind: &str| object.get("type").and_then(Value::as_str) == Some(kind);
            // `properties` itself is a map of names; what stands under if, then and else only narrows its parent.
            let names = ["/properties", "/$defs"].iter().any(|end| at.ends_with(end));
            let narrows = ["/if", "/then", "/else"].iter().any(|end| at.ends_with(end)) || has("$ref");
            if !names && has("properties") && !narrows {
                assert_eq!(object.get("additionalProperties"), Some(&Value::Bool(false)), "{name}{at} is open");
            }
            if !names && is("array") {
                assert!(has("maxItems"), "{name}{at} has no maxItems");
            }
            if !names && is("integer") {
                assert!(has("minimum") && has("maximum"), "{name}{at} has no range");
            }
            assert!(!is("number"), "{name}{at}: amounts are text, floats have no canonical form here");
        });
    }
}

#[test]
fn no_schema_refers_outside_the_catalogue() {
    for path in files(&folder()) {
        let name = file_name(&path);
        let schema: Value = serde_json::from_str(RecordTypes::schema(name).unwrap()).unwrap();
        walk(&schema, "", &mut |object, at| {
            for keyword in ["$ref", "$dynamicRef"] {
                let Some(target) = object.get(keyword).and_then(Value::as_str) else { continue };
                let inside = target.starts_with("#/") || target.starts_with("urn:rogatory:records:common:1#/");
                assert!(inside, "{name}{at} refers to {target}");
            }
        });
    }
}

#[test]
fn an_unknown_record_type_is_a_finding() {
    let types = RecordTypes::builtin().unwrap();
    let unknown: RecordType = "genome".parse().unwrap();
    let findings = types.validate(&unknown, &Value::Null).unwrap_err();
    assert_eq!(findings[0].rule, "catalogue");
}
