//! Two folders change places [renameat2(2), RENAME_EXCHANGE].

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};

use crate::{
    address::{EVIDENCE, LAYERS},
    error::ShelfError,
    files::{Files, list},
};

/// Held while a catalogue is changed; it stands beside the folder.
pub(super) fn lock(folder: &Path) -> Result<File, ShelfError> {
    let path = beside(folder, "lock");
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(ShelfError::io("write", parent))?;
    }
    let open = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = open.map_err(ShelfError::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ShelfError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(ShelfError::io("lock", path)(error)),
    }
}

/// Clears away what a killed change left, and reads the catalogue; nothing where there is none yet.
pub(super) fn settle(folder: &Path) -> Result<Files, ShelfError> {
    let staged = beside(folder, "new");
    remove(&staged)?;
    match Files::read(folder) {
        Err(ShelfError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Files::default()),
        Err(ShelfError::NoCatalogue(path)) if list(&path).is_ok_and(|entries| entries.is_empty()) => {
            Ok(Files::default())
        }
        read => read,
    }
}

/// Writes `new` beside the folder, whole and durable, and lets both change places.
pub(super) fn replace(folder: &Path, base: &Files, new: &Files) -> Result<(), ShelfError> {
    let folder = &fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let staged = beside(folder, "new");
    remove(&staged)?;
    make(&staged)?;
    if folder.exists() {
        carry_over(folder, &staged)?;
    }
    for (path, text) in &new.0 {
        write(&staged.join(path), text)?;
    }
    sync_folders(&staged)?;
    if Files::read(&staged)? != *new {
        return Err(ShelfError::Moving(staged));
    }
    // Who holds the lock is alone among us; who edits by hand is not.
    if folder.exists() && !base.0.is_empty() && Files::read(folder)? != *base {
        return Err(ShelfError::Moving(folder.clone()));
    }
    exchange(&staged, folder)?;
    sync_parent(folder)?;
    // What stands there now is the old catalogue, or nothing.
    remove(&staged)
}

fn exchange(staged: &Path, folder: &Path) -> Result<(), ShelfError> {
    if !folder.exists() {
        return fs::rename(staged, folder).map_err(ShelfError::io("write", folder));
    }
    match renameat_with(CWD, staged, CWD, folder, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            remove(staged)?;
            Err(ShelfError::NoExchange(folder.to_owned()))
        }
        Err(error) => Err(ShelfError::io("replace", folder)(error.into())),
    }
}

/// What is no part of the catalogue stays: a README, a `.git`, notes of its owner.
fn carry_over(folder: &Path, staged: &Path) -> Result<(), ShelfError> {
    for entry in list(folder)? {
        let Some(name) = entry.file_name() else { continue };
        let ours = LAYERS.iter().chain(&EVIDENCE).any(|known| name == *known);
        carry(&entry, &staged.join(name), ours)?;
    }
    Ok(())
}

/// Links the files below `from` into `to`; `ours` are the catalogue's own folders, whose files are written anew.
fn carry(from: &Path, to: &Path, ours: bool) -> Result<(), ShelfError> {
    let kind = fs::symlink_metadata(from).map_err(ShelfError::io("read", from))?.file_type();
    if kind.is_dir() {
        make(to)?;
        for entry in list(from)? {
            let Some(name) = entry.file_name() else { continue };
            carry(&entry, &to.join(name), ours)?;
        }
        // Folders that a removed file leaves empty do not stay.
        if ours {
            let _ = fs::remove_dir(to);
        }
        return Ok(());
    }
    let is_read = [".toml", ".note", ".pem"].iter().any(|end| from.to_string_lossy().ends_with(end));
    let hidden = from.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    if ours && is_read && !hidden {
        return Ok(());
    }
    let carried = if kind.is_symlink() {
        fs::read_link(from).and_then(|target| std::os::unix::fs::symlink(target, to))
    } else {
        fs::hard_link(from, to)
    };
    carried.map_err(ShelfError::io("write", to))
}

fn write(path: &Path, text: &str) -> Result<(), ShelfError> {
    let failed = || ShelfError::io("write", path);
    if let Some(parent) = path.parent() {
        make(parent)?;
    }
    let mut file = File::create(path).map_err(failed())?;
    file.write_all(text.as_bytes()).map_err(failed())?;
    file.sync_all().map_err(failed())
}

fn make(folder: &Path) -> Result<(), ShelfError> {
    fs::create_dir_all(folder).map_err(ShelfError::io("write", folder))
}

fn sync_folders(folder: &Path) -> Result<(), ShelfError> {
    for entry in list(folder)? {
        let kind = fs::symlink_metadata(&entry).map_err(ShelfError::io("read", &entry))?;
        let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if kind.is_dir() && !hidden {
            sync_folders(&entry)?;
        }
    }
    File::open(folder).and_then(|file| file.sync_all()).map_err(ShelfError::io("write", folder))
}

fn sync_parent(folder: &Path) -> Result<(), ShelfError> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|file| file.sync_all()).map_err(ShelfError::io("write", parent))
}

fn remove(folder: &Path) -> Result<(), ShelfError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ShelfError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// `.catalog.new` beside `catalog`.
fn beside(folder: &Path, what: &str) -> PathBuf {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let mut name = OsString::from(".");
    name.push(folder.file_name().unwrap_or_else(|| "catalogue".as_ref()));
    name.push(format!(".{what}"));
    folder.with_file_name(name)
}
