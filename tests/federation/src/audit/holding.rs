//! What somebody holds, as a thief of all of it would have it: files, databases, opened keys, and what the kernel shows of their process.

use std::{
    collections::BTreeSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use identity::{Passphrase, open_pkcs8};
use serde_json::{Value, json};

use super::{
    candidates::Candidates,
    database::{self, Table},
    memory,
    texts::Texts,
};
use crate::failure::Failure;

/// A value of a database that has more bytes is a message of many fields.
const MESSAGE_BYTES_MIN: usize = 512;
/// How often a folder is looked through in which files come and go.
const LOOKS_MAX: usize = 8;

/// Something that was found, and where.
pub(crate) struct Part {
    pub(crate) origin: String,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

/// Where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    /// A value of a database.
    Value,
    /// A page of a database that is not in use.
    Free,
    /// A private key in clear, opened with its passphrase.
    Key,
    /// What was encrypted at rest, opened with such a key.
    Opened,
    /// The environment or the command line of a process.
    Process,
    Memory,
}

/// All that one thief has.
pub(crate) struct Holding {
    pub(crate) whose: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) tables: Vec<Table>,
}

impl Holding {
    pub(crate) fn new(whose: &str) -> Self {
        Self { whose: whose.to_owned(), parts: Vec::new(), tables: Vec::new() }
    }

    /// Takes a folder with all that is below it but the folders `without`, by name. The programs run meanwhile: where one has put a file
    /// in another's place, the folder is looked through once more.
    pub(crate) fn folder(&mut self, folder: &Path, without: &[&str]) -> Result<(), Failure> {
        let mut taken = BTreeSet::new();
        for _ in 0..LOOKS_MAX {
            let mut moved = false;
            for entry in fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))? {
                let entry = entry.map_err(|error| Failure::file(folder, &error))?;
                let path = entry.path();
                if taken.contains(&path) {
                    continue;
                }
                let kind = entry.file_type().map_err(|error| Failure::file(folder, &error))?;
                let left_out = without.iter().any(|name| path.file_name().is_some_and(|own| own == *name));
                if kind.is_dir() && !left_out {
                    self.folder(&path, &[])?;
                } else if kind.is_file() {
                    match fs::read(&path) {
                        Ok(bytes) => self.take(&path, bytes)?,
                        Err(error) if error.kind() == ErrorKind::NotFound => {
                            moved = true;
                            continue;
                        }
                        Err(error) => return Err(Failure::file(&path, &error)),
                    }
                }
                taken.insert(path);
            }
            if !moved {
                return Ok(());
            }
        }
        Err(Failure::unexpected(format!("{}: its files do not stay for long enough to be read", folder.display())))
    }

    /// Takes a file.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), Failure> {
        self.take(path, fs::read(path).map_err(|error| Failure::file(path, &error))?)
    }

    /// And, where it is a sealed private key, the key, opened with the passphrase that lies beside it.
    fn take(&mut self, path: &Path, bytes: Vec<u8>) -> Result<(), Failure> {
        if let Some(pem) = std::str::from_utf8(&bytes).ok().filter(|text| text.contains("ENCRYPTED PRIVATE KEY")) {
            let beside = path.with_file_name("passphrase");
            let passphrase = fs::read(&beside).map_err(|error| Failure::file(&beside, &error))?;
            let unusable = |error| Failure::unexpected(format!("{}: {error}", path.display()));
            let passphrase = Passphrase::new(&passphrase).map_err(unusable)?;
            let key = open_pkcs8(pem, &passphrase).map_err(unusable)?;
            self.push(path.display().to_string(), Kind::Key, key.to_vec());
        }
        self.push(path.display().to_string(), Kind::File, bytes);
        Ok(())
    }

    /// Takes what the kernel shows of a process.
    pub(crate) fn process(&mut self, name: &str, pid: u32) -> Result<(), Failure> {
        for file in ["environ", "cmdline"] {
            self.push(format!("{name} {file}"), Kind::Process, memory::told(pid, file)?);
        }
        for stretch in memory::image(pid)?.stretches {
            self.push(format!("{name} {}", stretch.region), Kind::Memory, stretch.bytes);
        }
        Ok(())
    }

    /// Takes the databases among its files value by value, from copies that are made in `scratch`.
    pub(crate) async fn databases(&mut self, scratch: &Path) -> Result<(), Failure> {
        let files = self.parts.iter().filter(|part| part.kind == Kind::File && database::is_one(&part.bytes));
        let copies: Vec<(String, Vec<u8>, Vec<u8>)> = files
            .map(|file| {
                let log = format!("{}-wal", file.origin);
                let log = self.parts.iter().find(|part| part.origin == log).map(|part| part.bytes.clone());
                (file.origin.clone(), file.bytes.clone(), log.unwrap_or_default())
            })
            .collect();
        fs::create_dir_all(scratch).map_err(|error| Failure::file(scratch, &error))?;
        for (number, (origin, file, log)) in copies.into_iter().enumerate() {
            let copy = scratch.join(format!("{number}.db"));
            let log_copy = PathBuf::from(format!("{}-wal", copy.display()));
            for (path, bytes) in [(&copy, file), (&log_copy, log)] {
                fs::write(path, bytes).map_err(|error| Failure::file(path, &error))?;
            }
            let tables = database::read(&copy).await?;
            // With its log folded in: which pages are free stands there.
            let folded = fs::read(&copy).map_err(|error| Failure::file(&copy, &error))?;
            for page in database::free_pages(&folded) {
                self.push(format!("{origin}, a free page"), Kind::Free, page.to_vec());
            }
            for table in tables {
                for value in table.rows.iter().flatten() {
                    self.push(format!("{origin}, table {}", table.name), Kind::Value, value.clone());
                }
                self.tables.push(table);
            }
        }
        Ok(())
    }

    pub(crate) fn push(&mut self, origin: String, kind: Kind, bytes: Vec<u8>) {
        self.parts.push(Part { origin, kind, bytes });
    }

    /// Adds what may be a secret in all of it.
    pub(crate) fn candidates(&self, candidates: &mut Candidates) {
        for part in &self.parts {
            match part.kind {
                Kind::Key => candidates.read_key(&part.bytes),
                Kind::Free => candidates.read_every(&part.bytes),
                // Entries, receipts and trees: messages, which consist of fields.
                Kind::Value if part.bytes.len() > MESSAGE_BYTES_MIN => candidates.read_fields(&part.bytes),
                // What these files hold comes value by value, too.
                Kind::File if part.origin.ends_with(".db") || part.origin.ends_with(".db-wal") => {
                    candidates.read_fields(&part.bytes);
                }
                _ => candidates.read(&part.bytes),
            }
        }
    }

    /// Where texts stand, and which.
    pub(crate) fn search(&self, texts: &Texts) -> Vec<(String, Vec<usize>)> {
        let found = self.parts.iter().map(|part| (part.origin.clone(), texts.in_bytes(&part.bytes)));
        found.filter(|(_, texts)| !texts.is_empty()).collect()
    }

    /// How many parts of a kind there are, and their bytes.
    pub(crate) fn sum(&self, kind: Kind) -> (usize, usize) {
        let of_kind = self.parts.iter().filter(|part| part.kind == kind);
        of_kind.fold((0, 0), |(count, bytes), part| (count + 1, bytes + part.bytes.len()))
    }

    pub(crate) fn to_json(&self) -> Value {
        let sum = |kind| {
            let (count, bytes) = self.sum(kind);
            json!({ "count": count, "bytes": bytes })
        };
        json!({
            "files": sum(Kind::File), "database_values": sum(Kind::Value), "free_pages": sum(Kind::Free), "opened_keys": sum(Kind::Key),
            "opened_rows": sum(Kind::Opened), "environment": sum(Kind::Process), "memory": sum(Kind::Memory),
        })
    }

    /// One line for people.
    pub(crate) fn in_words(&self) -> String {
        let (files, bytes) = self.sum(Kind::File);
        let ((values, _), (keys, _)) = (self.sum(Kind::Value), self.sum(Kind::Key));
        let (opened, (_, memory)) = (self.sum(Kind::Opened).0, self.sum(Kind::Memory));
        format!(
            "{files} files ({} KiB), {values} values of databases, {keys} private keys in clear, {opened} rows decrypted with them, \
             {} KiB of memory",
            bytes / 1024,
            memory / 1024
        )
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_file_that_a_program_puts_in_anothers_place_meanwhile_is_taken_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (new, lasting) = (folder.path().join("directories.new"), folder.path().join("directories"));
        fs::write(&lasting, "first").unwrap();
        let done = AtomicBool::new(false);
        let untaken = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    fs::write(&new, "next").unwrap();
                    fs::rename(&new, &lasting).unwrap();
                    std::thread::yield_now();
                }
            });
            let mut untaken = Vec::new();
            for _ in 0..200 {
                let mut holding = Holding::new("a thief");
                let taken = holding.folder(folder.path(), &[]).map_err(|error| error.what);
                let has_it = holding.parts.iter().any(|part| part.origin == lasting.display().to_string());
                // A folder that never rests is said to be one, and is not read in part.
                let told = taken.as_ref().is_err_and(|what| what.contains("do not stay"));
                let whole = taken.is_ok() && has_it;
                if !told && !whole {
                    untaken.push(taken);
                }
            }
            done.store(true, Ordering::Relaxed);
            untaken
        });
        assert_eq!(untaken, Vec::<Result<(), String>>::new(), "a file that is always there was not taken");
    }
}
