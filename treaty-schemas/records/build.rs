//! Lists the schemas of the catalogue, `records/<name>/<version>.schema.json`, so that each is compiled into the program: a file that is
//! added there is known without a line of ours, and one whose name says no version stops the build.

use std::{env, fs, io, path::Path};

const CATALOGUE: &str = "../catalog/records";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={CATALOGUE}");
    let mut schemas = Vec::new();
    for folder in fs::read_dir(CATALOGUE)? {
        let folder = folder?;
        if folder.file_type()?.is_dir() {
            let name = plain(&folder.file_name())?;
            for file in fs::read_dir(folder.path())? {
                let file = plain(&file?.file_name())?;
                if let Some(version) = file.strip_suffix(".schema.json") {
                    schemas.push((name.clone(), numbered(version)?));
                }
            }
        }
    }
    write_examples()?;
    schemas.sort();
    let lines = schemas.iter().map(|(name, version)| {
        let path = format!("/{CATALOGUE}/{name}/{version}.schema.json");
        format!("    ({name:?}, {version}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),\n")
    });
    let list = format!("&[\n{}]\n", lines.collect::<String>());
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("schemas.rs"), list)
}

/// The first valid example of each record type.
fn write_examples() -> io::Result<()> {
    let mut examples = Vec::new();
    for folder in fs::read_dir(CATALOGUE)? {
        let path = folder?.path().join("examples");
        let Ok(files) = fs::read_dir(&path) else { continue };
        let files = files.map(|file| plain(&file?.file_name())).collect::<io::Result<Vec<_>>>()?;
        let first = files.into_iter().filter(|name| name.starts_with("valid-") && name.ends_with(".json")).min();
        if let (Some(first), Some(folder)) = (first, path.parent().and_then(Path::file_name)) {
            examples.push((plain(folder)?, first));
        }
    }
    examples.sort();
    let lines = examples.iter().map(|(name, file)| {
        let path = format!("/{CATALOGUE}/{name}/examples/{file}");
        format!("    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),\n")
    });
    let list = format!("&[\n{}]\n", lines.collect::<String>());
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("examples.rs"), list)
}

fn plain(name: &std::ffi::OsStr) -> io::Result<String> {
    let name = name.to_str().ok_or_else(|| io::Error::other("a name in the catalogue is not UTF-8"))?;
    Ok(name.to_owned())
}

/// `1`, `2`, …: without a zero or a sign in front, so that a version has one spelling.
fn numbered(version: &str) -> io::Result<u32> {
    let number = version.parse().ok().filter(|number: &u32| *number > 0 && number.to_string() == version);
    number.ok_or_else(|| io::Error::other(format!("{version}.schema.json: {version} is no version")))
}
