//! Files that only their owner may read, written so that a crash leaves the old or the new content, never a part.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use identity::Passphrase;

use crate::KeyringError;

/// Makes a folder for its owner only, with its parents.
///
/// # Errors
/// What the system says.
pub fn make_folder(path: &Path) -> Result<(), KeyringError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| writing(path, source))
}

/// Writes a secret file.
///
/// # Errors
/// What the system says.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), KeyringError> {
    replace(path, bytes, 0o600).map_err(|source| writing(path, source))
}

/// Writes a file that others may read.
///
/// # Errors
/// What the system says.
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<(), KeyringError> {
    replace(path, bytes, 0o644).map_err(|source| writing(path, source))
}

/// Locks a folder for this process by a file in it; the lock ends with the file.
///
/// # Errors
/// [`KeyringError::Locked`] for a second process.
pub fn lock(path: &Path) -> Result<File, KeyringError> {
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = open.map_err(|source| writing(path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(KeyringError::Locked(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(writing(path, source)),
    }
}

/// Reads a passphrase file.
///
/// # Errors
/// A file that cannot be read, or that does not hold a passphrase alone.
pub fn passphrase(path: &Path) -> Result<Passphrase, KeyringError> {
    let bytes = fs::read(path).map_err(|source| reading(path, source))?;
    Passphrase::new(&bytes).map_err(|source| KeyringError::Passphrase { path: path.to_owned(), source })
}

/// Gives a file its new name, for good.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), KeyringError> {
    fs::rename(from, to).and_then(|()| settle_folder(to)).map_err(|source| writing(to, source))
}

pub(crate) fn text(path: &Path) -> Result<String, KeyringError> {
    fs::read_to_string(path).map_err(|source| reading(path, source))
}

pub(crate) fn reading(path: &Path, source: io::Error) -> KeyringError {
    KeyringError::Read { path: path.to_owned(), source }
}

pub(crate) fn writing(path: &Path, source: io::Error) -> KeyringError {
    KeyringError::Write { path: path.to_owned(), source }
}

pub(crate) fn unusable(path: &Path, what: impl ToString) -> KeyringError {
    KeyringError::Unusable { path: path.to_owned(), what: what.to_string() }
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let beside = path.with_extension("new");
    // What a kill left there, or a link that somebody laid on a medium: nothing is written through it.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    settle_folder(path)
}

/// Makes the names in the folder of `path` durable.
fn settle_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::Exit;

    use super::*;

    #[test]
    fn nothing_is_written_through_a_link_that_lies_in_wait() {
        let dir = tempfile::tempdir().unwrap();
        let (key, out) = (dir.path().join("root.key.pem"), dir.path().join("answer.pem"));
        fs::write(&key, "the root").unwrap();
        std::os::unix::fs::symlink(&key, dir.path().join("answer.new")).unwrap();
        write_public(&out, b"certificates").unwrap();
        assert_eq!(
            (fs::read(&key).unwrap(), fs::read(&out).unwrap()),
            (b"the root".to_vec(), b"certificates".to_vec())
        );
    }

    #[test]
    fn a_second_process_does_not_get_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = lock(&path).unwrap();
        assert_eq!(lock(&path).unwrap_err().exit(), Exit::Locked);
        drop(held);
        lock(&path).unwrap();
    }
}
