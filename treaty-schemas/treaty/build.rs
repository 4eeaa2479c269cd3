//! Makes the catalogue part of the program: what overlays it has, and which record types have a schema.

use std::{env, fs, io, path::Path};

const CATALOG: &str = "../catalog";

fn main() -> io::Result<()> {
    for folder in ["instruments", "parties", "overlays", "records"] {
        println!("cargo::rerun-if-changed={CATALOG}/{folder}");
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(Path::new(CATALOG).join("records"))? {
        let entry = entry?;
        // `common` holds what the others share; nobody can ask for it.
        if entry.file_type()?.is_dir() && entry.file_name() != "common" {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    let list: String = names.iter().map(|name| format!("{name:?},")).collect();
    let overlays = if Path::new(CATALOG).join("overlays").is_dir() {
        "Some(include_dir!(\"$CARGO_MANIFEST_DIR/../catalog/overlays\"))"
    } else {
        "None"
    };
    let code = format!(
        "/// The record types that have a schema, sorted.\npub(crate) const RECORD_TYPES: &[&str] = &[{list}];\n\
         static OVERLAYS: Option<Dir<'static>> = {overlays};\n"
    );
    let folder = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&folder).join("record_types.rs"), code)
}
