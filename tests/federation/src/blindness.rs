//! Whether the gateways know anything of the case: every file of theirs is searched for what the bodies say. This is the light part, for the
//! demo; `federation audit blindness` takes their databases apart, their keys and their memory too, and attacks what is sealed.

use std::{
    collections::BTreeSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{audit::Texts, failure::Failure, states::World};

/// What the search found.
#[derive(Debug)]
pub(crate) struct Searched {
    /// Texts searched for.
    pub(crate) texts: usize,
    /// Files of gateways that were read.
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// Files of gateways in which a text stood.
    pub(crate) told: Vec<PathBuf>,
    /// Texts that the same search found in the documents that the desks opened: it can find.
    pub(crate) found_at_desk: usize,
}

/// Searches all files of all gateways, logs included; and, so that it is known to find, the opened documents at the desk.
pub(crate) fn search(world: &World, secrets: &[String], opened: &Path) -> Result<Searched, Failure> {
    let mut files = Vec::new();
    for state in world.states() {
        collect(&state.gateway_dir(), &mut files)?;
    }
    let mut logs = Vec::new();
    collect(&world.logs(), &mut logs)?;
    let of_gateway = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains("-gateway."));
    files.extend(logs.into_iter().filter(of_gateway));
    let texts = Texts::new(secrets);
    let mut searched =
        Searched { texts: texts.len(), files: files.len(), bytes: 0, told: Vec::new(), found_at_desk: 0 };
    for file in files {
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            // The gateways run meanwhile: what one wrote beside a file is that file now.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(Failure::file(&file, &error)),
        };
        searched.bytes += bytes.len() as u64;
        if !texts.in_bytes(&bytes).is_empty() {
            searched.told.push(file);
        }
    }
    let mut documents = Vec::new();
    collect(opened, &mut documents)?;
    let mut found = BTreeSet::new();
    for file in documents {
        found.extend(texts.in_bytes(&fs::read(&file).map_err(|error| Failure::file(&file, &error))?));
    }
    searched.found_at_desk = found.len();
    Ok(searched)
}

impl Searched {
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        if let Some(file) = self.told.first() {
            return Err(Failure::unexpected(format!("a gateway knows of the case: {}", file.display())));
        }
        if self.files == 0 || self.found_at_desk == 0 {
            return Err(Failure::unexpected("the search for plaintext proves nothing: it found nothing where it must"));
        }
        Ok(())
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "texts": self.texts, "gateway_files": self.files, "bytes": self.bytes,
            "gateway_files_that_tell": self.told, "texts_found_at_the_desk": self.found_at_desk,
        })
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&path, files)?,
            Ok(kind) if kind.is_file() => files.push(path),
            _ => {}
        }
    }
    Ok(())
}
