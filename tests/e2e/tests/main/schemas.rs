//! A validator of foreign make reads the record types as ours does: Python's jsonschema, over every example of the catalogue.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{bounded, programs::run};

/// The examples by record type and name, with the field at which each invalid one fails.
fn examples(catalogue: &Path) -> BTreeMap<String, Option<String>> {
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut examples = BTreeMap::new();
    for folder in files(catalogue.to_owned()).map(|folder| folder.join("examples")).filter(|folder| folder.is_dir()) {
        let record_type = folder.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        for name in files(folder).map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()) {
            let field = expected[&name]["field"].as_str().map(ToOwned::to_owned);
            if name != "expected.json" {
                assert_eq!(field.is_some(), name.starts_with("invalid-"), "{record_type}/{name}");
                examples.insert(format!("{record_type}/{name}"), field);
            }
        }
    }
    examples
}

#[tokio::test]
async fn a_foreign_validator_agrees_on_every_example_of_the_record_types() {
    bounded(async {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let venv = here.join("../../target/python");
        let python = venv.join("bin/python");
        let make = format!("python3 -m venv {0} && {0}/bin/pip install jsonschema rfc3339-validator", venv.display());
        assert!(python.exists(), "there is no {}: run {make}", python.display());
        let catalogue = here.join("../../treaty-schemas/catalog/records");
        let examples = examples(&catalogue);
        assert!(examples.len() > 300, "{} examples", examples.len());
        let script = here.join("python/validate_examples.py");
        let answer = run(&python, &[script.to_str().unwrap(), catalogue.to_str().unwrap()]).await;
        let told = answer.done();
        assert_eq!(told.as_object().unwrap().len(), examples.len());
        for (example, field) in examples {
            let errors = told[&example].as_array().unwrap_or_else(|| panic!("{example} was not looked at"));
            match field {
                None => assert!(errors.is_empty(), "{example}: {errors:?}"),
                Some(field) => {
                    assert!(!errors.is_empty(), "{example} passes there");
                    let elsewhere = errors.iter().find(|error| !at(error, &field));
                    assert!(elsewhere.is_none(), "{example}: at {field} here, there {elsewhere:?}");
                }
            }
        }
    })
    .await;
}

/// Whether an error is about `field`. Where nothing may stand at all (the schema `false`), jsonschema names the object around it.
fn at(error: &Value, field: &str) -> bool {
    let around = field.rsplit_once('/').map_or("", |(around, _)| around);
    error["field"] == field || (error["keyword"].is_null() && error["field"] == around)
}
