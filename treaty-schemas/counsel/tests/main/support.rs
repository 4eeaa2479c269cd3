//! Running the program, and comparing what it says with what it once said.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What a run of the program left.
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main").join(path)
}

/// Runs the program without a catalogue of its own.
pub(crate) fn plain(words: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_treaty"));
    let ran = command.args(words).env_remove("ROGATORY_CATALOGUE").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { exit: ran.status.code().unwrap(), out: text(ran.stdout), err: text(ran.stderr) }
}

/// Runs the program over the made-up catalogue.
pub(crate) fn treaty(words: &[&str]) -> Ran {
    let world = here("world");
    let mut all = vec!["--catalogue", world.to_str().unwrap()];
    all.extend(words);
    plain(&all)
}

/// Without pins: they change with every version of the canonical text, and are proved elsewhere.
fn unpinned(text: &str) -> String {
    let is_pin = |word: &&str| matches!(word.len(), 8 | 64) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words: Vec<_> = text.split(|c: char| c.is_whitespace()).filter(is_pin).collect();
    words.into_iter().fold(text.to_owned(), |text, pin| text.replace(pin, &"x".repeat(pin.len())))
}

/// Holds `found` against `golden/<name>.txt`. Where it is meant to change: run with `ROGATORY_ACCEPT=1` and read the difference.
pub(crate) fn golden(name: &str, found: &str) {
    let found = unpinned(found);
    let path = here("golden").join(format!("{name}.txt"));
    if env::var_os("ROGATORY_ACCEPT").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} differs; ROGATORY_ACCEPT=1 takes it over", path.display());
}

/// The made-up catalogue in a folder that may be changed.
pub(crate) fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_into(&here("world"), folder.path());
    folder
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target)
        } else {
            _ = fs::copy(entry.path(), target).unwrap()
        }
    }
}

/// Changes a file of a copied catalogue.
pub(crate) fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {file}");
    fs::write(path, text.replace(from, to)).unwrap();
}
