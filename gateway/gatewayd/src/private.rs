//! Files that only their owner may read, written so that a crash leaves the old or the new content, never a part.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use model::Exit;

use crate::failure::Failure;

/// Makes a folder for its owner only, with its parents.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| Failure::writing(path, &error))
}

/// Writes a secret file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes, 0o600).map_err(|error| Failure::writing(path, &error))
}

/// Writes a file that others may read.
pub(crate) fn write_public(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes, 0o644).map_err(|error| Failure::writing(path, &error))
}

/// Locks a folder for this process by a file in it; the lock ends with the file. A second process gets [`Exit::Locked`].
pub(crate) fn lock(path: &Path) -> Result<File, Failure> {
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = open.map_err(|error| Failure::writing(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::new(Exit::Locked, format!("another process holds {}", path.display()))
                .remedy("One gateway runs on a folder. Stop the other one first."))
        }
        Err(TryLockError::Error(error)) => Err(Failure::writing(path, &error)),
    }
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
