//! Reading a folder: regular files only, within it only, and no more than a catalogue can have.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use model::Digest;

use crate::{
    address::{EVIDENCE, LAYERS},
    error::ShelfError,
    limits::{DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, TOTAL_BYTES_MAX},
};

/// A change replaces the folder as a whole; who reads in that moment begins again.
const ATTEMPTS: usize = 5;

/// The files of a catalogue by path within it (with `/`): treaty files, signatures, acceptances, certificates. What else lies in the
/// folder (a README, a `.git`) is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(pub(crate) BTreeMap<String, String>);

impl Files {
    /// Reads `folder`. Files are read whole, or not at all.
    pub fn read(folder: &Path) -> Result<Self, ShelfError> {
        for _ in 0..ATTEMPTS {
            let root = fs::canonicalize(folder).map_err(ShelfError::io("read", folder))?;
            let before = identity_of(&root)?;
            let read = read_once(&root);
            if identity_of(&root).ok() == Some(before) {
                return read;
            }
        }
        Err(ShelfError::Moving(folder.to_owned()))
    }

    /// From texts in memory, by path.
    pub fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(files.into_iter().collect())
    }

    /// The treaty files: path and text, sorted.
    pub fn treaty(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(path, _)| path.ends_with(".toml") && begins_with(path, &LAYERS))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Signatures, acceptances and certificates: path and text, sorted.
    pub fn evidence(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(path, _)| begins_with(path, &EVIDENCE))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// SHA-256 over all paths and the digests of their files: any change of any file changes it.
    pub fn digest(&self) -> Digest {
        let lines: String =
            self.0.iter().map(|(path, text)| format!("{} {path}\n", Digest::of(&[text.as_bytes()]))).collect();
        Digest::of(&[b"rogatory catalogue v1\n", lines.as_bytes()])
    }
}

fn begins_with(path: &str, folders: &[&str]) -> bool {
    path.split_once('/').is_some_and(|(folder, _)| folders.contains(&folder))
}

fn identity_of(root: &Path) -> Result<(u64, u64), ShelfError> {
    let metadata = fs::metadata(root).map_err(ShelfError::io("read", root))?;
    if metadata.is_dir() { Ok((metadata.dev(), metadata.ino())) } else { Err(ShelfError::NoCatalogue(root.to_owned())) }
}

fn read_once(root: &Path) -> Result<Files, ShelfError> {
    let mut reading = Reading { root, files: Files::default(), bytes: 0 };
    let mut found = false;
    for folder in LAYERS.into_iter().chain(EVIDENCE) {
        let path = root.join(folder);
        if path.is_dir() {
            found |= LAYERS.contains(&folder);
            reading.folder(&path, folder, 1)?;
        }
    }
    if found { Ok(reading.files) } else { Err(ShelfError::NoCatalogue(root.to_owned())) }
}

struct Reading<'a> {
    root: &'a Path,
    files: Files,
    bytes: u64,
}

impl Reading<'_> {
    fn folder(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), ShelfError> {
        if depth > DEPTH_MAX {
            return Err(too_large(path, format!("lies more than {DEPTH_MAX} folders deep")));
        }
        self.expect_within(path)?;
        for entry in list(path)? {
            let Some(part) = entry.file_name().and_then(|name| name.to_str()) else {
                return Err(ShelfError::Name(entry));
            };
            // What editors and version control leave beside the files.
            if part.starts_with('.') {
                continue;
            }
            let name = format!("{name}/{part}");
            if entry.is_dir() {
                self.folder(&entry, &name, depth + 1)?;
            } else if [".toml", ".note", ".pem"].iter().any(|end| part.ends_with(end)) {
                self.file(&entry, name)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: String) -> Result<(), ShelfError> {
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/')) {
            return Err(ShelfError::Name(path.to_owned()));
        }
        if self.files.0.len() >= FILES_MAX {
            return Err(too_large(self.root, format!("has more than {FILES_MAX} files")));
        }
        self.expect_within(path)?;
        let failed = || ShelfError::io("read", path);
        let file = File::open(path).map_err(failed())?;
        if !file.metadata().map_err(failed())?.is_file() {
            return Err(ShelfError::Outside(path.to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed())?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > FILE_BYTES_MAX {
            return Err(too_large(path, format!("has more than {FILE_BYTES_MAX} bytes")));
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > TOTAL_BYTES_MAX {
            return Err(too_large(self.root, format!("has more than {TOTAL_BYTES_MAX} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count() + 1;
            ShelfError::NotText { path: name.clone(), line }
        })?;
        self.files.0.insert(name, text);
        Ok(())
    }

    /// A link may stand for a file, as mounts of cluster managers have it, but not lead out of the folder.
    fn expect_within(&self, path: &Path) -> Result<(), ShelfError> {
        let real = fs::canonicalize(path).map_err(ShelfError::io("read", path))?;
        if real.starts_with(self.root) { Ok(()) } else { Err(ShelfError::Outside(path.to_owned())) }
    }
}

fn too_large(path: &Path, what: String) -> ShelfError {
    ShelfError::TooLarge { path: path.to_owned(), what }
}

pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, ShelfError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(ShelfError::io("read", folder))? {
        if paths.len() > FILES_MAX {
            return Err(too_large(folder, format!("has more than {FILES_MAX} files")));
        }
        paths.push(entry.map_err(ShelfError::io("read", folder))?.path());
    }
    paths.sort();
    Ok(paths)
}
