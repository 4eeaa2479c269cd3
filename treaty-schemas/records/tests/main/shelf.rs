//! What stands in the catalogue's folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use records::RecordTypes;
use serde_json::{Map, Value};

/// A schema with its name, as in `bank_records/1`.
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) value: Value,
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/records")
}

/// The names of the folders: the record types, and `common`.
pub(crate) fn folders() -> Vec<String> {
    let folders = paths(&folder()).into_iter().filter(|path| path.is_dir());
    folders.map(|path| file_name(&path).to_owned()).collect()
}

pub(crate) fn schemas() -> Vec<Schema> {
    let mut schemas = Vec::new();
    for folder_name in folders() {
        for path in paths(&folder().join(&folder_name)) {
            let Some(version) = file_name(&path).strip_suffix(".schema.json") else { continue };
            let text = fs::read_to_string(&path).unwrap();
            let value = serde_json::from_str(&text).unwrap();
            schemas.push(Schema { name: format!("{folder_name}/{version}"), text, value });
        }
    }
    schemas
}

/// The examples whose names begin so: record type, file, bytes.
pub(crate) fn examples(beginning: &str) -> Vec<(model::RecordType, String, Vec<u8>)> {
    let types = RecordTypes::builtin().unwrap();
    let of_type = |record_type: &model::RecordType| {
        let files = paths(&folder().join(record_type.as_str()).join("examples")).into_iter();
        let files = files.filter(|path| file_name(path).starts_with(beginning));
        files.map(|path| (record_type.clone(), file_name(&path).to_owned(), fs::read(&path).unwrap())).collect()
    };
    types.names().flat_map(|record_type| -> Vec<_> { of_type(record_type) }).collect()
}

pub(crate) fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

pub(crate) fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Every object of a document, with its JSON pointer.
pub(crate) fn walk<'v>(value: &'v Value, at: &str, visit: &mut dyn FnMut(&'v Map<String, Value>, &str)) {
    match value {
        Value::Object(object) => {
            visit(object, at);
            object.iter().for_each(|(name, child)| walk(child, &format!("{at}/{name}"), visit));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| walk(item, &format!("{at}/{i}"), visit)),
        _ => {}
    }
}
