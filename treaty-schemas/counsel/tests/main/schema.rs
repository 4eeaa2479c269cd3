//! The JSON Schemas say what the reader says: no more keys, no fewer, and the same of every file.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jsonschema::Validator;
use serde_json::{Map, Value};
use treaty::Catalog;

use crate::support::{here, plain};

fn schema(kind: &str) -> Value {
    let ran = plain(&["schema", kind]);
    assert_eq!(ran.exit, 0);
    serde_json::from_str(&ran.out).unwrap()
}

fn validator(kind: &str) -> Validator {
    let schema = schema(kind);
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A TOML document as editors hand it to a JSON Schema: dates are texts.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, json(v))).collect::<Map<_, _>>()),
    }
}

fn kind_of(path: &str) -> &'static str {
    match path.split('/').next().unwrap() {
        "instruments" => "instrument",
        "parties" => "party",
        "overlays" => "overlay",
        _ => "national",
    }
}

/// Every TOML file below `root`, with its path in it.
fn files(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn every_good_file_is_valid() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/examples");
    let all = Catalog::builtin_files().chain(files(&here("world"))).chain(files(&examples));
    let kinds = ["instrument", "party", "overlay", "national"].map(|kind| (kind, validator(kind)));
    let mut count = 0;
    for (path, text) in all {
        let value = json(toml::Value::Table(text.parse().unwrap()));
        let (_, validator) = kinds.iter().find(|(kind, _)| *kind == kind_of(&path)).unwrap();
        let wrong: Vec<_> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:#?}");
        count += 1;
    }
    assert!(count > 15, "{count}");
}

/// What the reader says of a mistake that a schema can see.
const SHAPES: [&str; 3] = ["error: unknown key ", "error: expected ", "is not one of the words that may stand here"];

#[test]
fn every_file_that_is_broken_by_its_shape_is_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../treaty/tests/main/broken");
    let kinds = ["instrument", "party", "overlay", "national"].map(|kind| (kind, validator(kind)));
    let mut refused = 0;
    for case in fs::read_dir(corpus).unwrap() {
        let case = case.unwrap().path();
        let expected = fs::read_to_string(case.join("expected")).unwrap_or_default();
        // For a JSON Schema a date is a text.
        let dates = expected.contains("error: expected a date, found the text");
        if dates || !SHAPES.iter().any(|shape| expected.contains(shape)) {
            continue;
        }
        let valid = |(path, text): (String, String)| {
            let Ok(table) = text.parse::<toml::Table>() else { return false };
            let (_, validator) = kinds.iter().find(|(kind, _)| *kind == kind_of(&path)).unwrap();
            validator.is_valid(&json(toml::Value::Table(table)))
        };
        assert!(!files(&case).into_iter().all(valid), "{} is valid by the schema\n{expected}", case.display());
        refused += 1;
    }
    assert!(refused > 5, "{refused}");
}

/// Each table of a file: a text with a key in it that nobody knows, and where the schema describes the table.
const TABLES: [(&str, &str, &str); 31] = [
    ("instruments/x/instrument.toml", "format = 'treaty/1'\nzzzzzz = 1", ""),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[group.EU]\nzzzzzz = 1",
        "/properties/group/patternProperties/^[A-Z]{1,16}$",
    ),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[[instrument]]\nzzzzzz = 1",
        "/properties/instrument/items",
    ),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[[instrument]]\nentry = { zzzzzz = 1 }",
        "/properties/instrument/items/properties/entry",
    ),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[[instrument]]\nprovisional = { zzzzzz = 1 }",
        "/properties/instrument/items/properties/provisional",
    ),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[offence]\nzzzzzz = 1", "/properties/offence"),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[dual_criminality]\nzzzzzz = 1",
        "/properties/dual_criminality",
    ),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[refusal]\nzzzzzz = 1", "/properties/refusal"),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[[judgement]]\nzzzzzz = 1", "/properties/judgement/items"),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[answer]\nzzzzzz = 1", "/properties/answer"),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[safeguards]\nzzzzzz = 1", "/properties/safeguards"),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[attributes]\nzzzzzz = 1", "/properties/attributes"),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[[quota]]\nzzzzzz = 1", "/properties/quota/items"),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[[timers]]\nzzzzzz = 1", "/properties/timers/items"),
    ("instruments/x/instrument.toml", "format = 'treaty/1'\n[request.x]\nzzzzzz = 1", REQUEST),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[request.x]\nconsent = { zzzzzz = 1 }",
        "REQUEST/properties/consent",
    ),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[request.x]\nemergency = { zzzzzz = 1 }",
        "REQUEST/properties/emergency",
    ),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[request.x]\nquota = { zzzzzz = 1 }",
        "REQUEST/properties/quota",
    ),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[request.x]\noffence = { zzzzzz = 1 }",
        "REQUEST/properties/offence",
    ),
    (
        "instruments/x/instrument.toml",
        "format = 'treaty/1'\n[request.x]\ntimers = [{ zzzzzz = 1 }]",
        "REQUEST/properties/timers/items",
    ),
    ("parties/XX.toml", "format = 'party/1'\nid = 'XX'\nname = 'x'\nzzzzzz = 1", ""),
    ("parties/XX.toml", "format = 'party/1'\nid = 'XX'\n[[treaty]]\nzzzzzz = 1", "/properties/treaty/items"),
    (
        "parties/XX.toml",
        "format = 'party/1'\nid = 'XX'\n[[treaty]]\nsuspended = [{ zzzzzz = 1 }]",
        "/properties/treaty/items/properties/suspended/items",
    ),
    (
        "parties/XX.toml",
        "format = 'party/1'\nid = 'XX'\n[[treaty]]\namendments = [{ zzzzzz = 1 }]",
        "/properties/treaty/items/properties/amendments/items",
    ),
    ("parties/XX.toml", "format = 'party/1'\nid = 'XX'\n[[reservation]]\nzzzzzz = 1", "/properties/reservation/items"),
    ("parties/XX.toml", "format = 'party/1'\nid = 'XX'\n[[objection]]\nzzzzzz = 1", "/properties/objection/items"),
    ("parties/XX.toml", "format = 'party/1'\nid = 'XX'\n[[declaration]]\nzzzzzz = 1", "/properties/declaration/items"),
    ("parties/XX.toml", "format = 'party/1'\nid = 'XX'\n[[authority]]\nzzzzzz = 1", "/properties/authority/items"),
    ("overlays/XA-XB/x.toml", "format = 'overlay/1'\nparties = ['XA', 'XB']\nzzzzzz = 1", ""),
    (
        "overlays/XA-XB/x.toml",
        "format = 'overlay/1'\nparties = ['XA', 'XB']\n[[restrict]]\nzzzzzz = 1",
        "/properties/restrict/items",
    ),
    ("national/XX.toml", "format = 'national/1'\nparty = 'XX'\n[[restrict]]\nzzzzzz = 1", "/properties/restrict/items"),
];
const RESTRICT: &str = "/properties/restrict/items";
const REQUEST: &str = "/properties/request/patternProperties/^[a-z][a-z0-9_]{0,47}$";

#[test]
fn the_reader_and_the_schema_know_the_same_keys_in_every_table() {
    for (path, text, pointer) in TABLES {
        let wrong = Catalog::load([(path.to_owned(), text.to_owned())]).unwrap_err();
        let unknown = wrong.iter().find(|one| one.message.starts_with("unknown key `zzzzzz`"));
        let help = unknown.and_then(|one| one.help.as_deref());
        assert!(help.is_some(), "{text}: {wrong:#?}");
        let help = help.unwrap();
        let known: BTreeSet<_> = help.strip_prefix("known here: ").unwrap().split(", ").collect();
        let schema = schema(kind_of(path));
        let table = schema.pointer(&pointer.replace("REQUEST", REQUEST)).unwrap();
        assert_eq!(table["additionalProperties"], false, "{pointer}");
        // The reader asks for some keys only to say where they belong.
        let misplaced: &[&str] = match (kind_of(path), pointer) {
            ("overlay", RESTRICT) => &["direction", "with"],
            ("national", RESTRICT) => &["to"],
            _ => &[],
        };
        for key in misplaced {
            let wrong = Catalog::load([(path.to_owned(), text.replace("zzzzzz", key))]).unwrap_err();
            assert!(wrong.iter().any(|one| one.message.contains(&format!("`{key}`"))), "{key}: {wrong:#?}");
        }
        let known: BTreeSet<_> = known.into_iter().filter(|key| !misplaced.contains(key)).collect();
        let described: BTreeSet<_> = table["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(known, described, "{path}: {text}");
    }
}

/// Every key of a schema with its description, as the guide must have it.
fn described(schema: &Value, found: &mut BTreeSet<(String, String)>) {
    match schema {
        Value::Object(fields) => {
            for (key, property) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if let Some(description) = property["description"].as_str() {
                    found.insert((key.clone(), description.to_owned()));
                }
            }
            fields.values().for_each(|value| described(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| described(value, found)),
        _ => {}
    }
}

#[test]
fn the_guide_explains_every_key_in_the_words_of_the_schema() {
    let guide = include_str!("../../../GUIDE.md");
    let mut all = BTreeSet::new();
    ["instrument", "party", "overlay", "national"].iter().for_each(|kind| described(&schema(kind), &mut all));
    let missing: Vec<_> = all
        .iter()
        .filter(|(key, text)| {
            !guide.lines().any(|line| line.contains(&format!("`{key}`")) && line.contains(text.as_str()))
        })
        .collect();
    assert!(missing.is_empty() && all.len() > 100, "{missing:#?}");
}

#[test]
fn all_schemas_are_written_for_an_editor() {
    let out = tempfile::tempdir().unwrap();
    assert_eq!(plain(&["schema", "--out", out.path().to_str().unwrap()]).exit, 0);
    for kind in ["instrument", "party", "overlay", "national"] {
        let text = fs::read_to_string(out.path().join(format!("schema/{kind}.schema.json"))).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), schema(kind));
    }
    let rules: toml::Table = fs::read_to_string(out.path().join(".taplo.toml")).unwrap().parse().unwrap();
    assert_eq!(rules["rule"].as_array().unwrap().len(), 4);
}
