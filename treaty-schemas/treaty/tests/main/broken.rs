//! A corpus of broken files. Each folder of `broken/` is a case: files that stand in the place of those of the made-up world or
//! beside them, and `expected`, the diagnostics with which the whole must be refused, their places included.
//!
//! Where the diagnostics are meant to change: run with `ROGATORY_ACCEPT=1`, and read the difference as a lawyer would.

use std::{env, fs, path::Path};

use treaty::Catalog;

use crate::support::{folder, world_files};

/// What is told of the case in `path`.
fn diagnostics(path: &Path) -> String {
    let broken = folder(path);
    let kept = world_files().into_iter().filter(|(kept, _)| broken.iter().all(|(name, _)| name != kept));
    let mut files: Vec<_> = kept.chain(broken.clone()).collect();
    let told = |files: &[(String, String)]| match Catalog::load(files.to_vec()) {
        Ok(_) => "nothing is wrong\n".to_owned(),
        Err(wrong) => wrong.iter().map(|diagnostic| format!("{diagnostic}\n")).collect(),
    };
    let found = told(&files);
    files.reverse();
    assert_eq!(found, told(&files), "the order of the files matters in {}", path.display());
    found
}

#[test]
fn every_broken_file_is_refused_with_exactly_its_diagnostics() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/broken");
    let mut cases: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut differing = Vec::new();
    for case in &cases {
        let found = diagnostics(case);
        let snapshot = case.join("expected");
        let expected = fs::read_to_string(&snapshot).unwrap_or_default();
        if found != expected {
            if env::var_os("ROGATORY_ACCEPT").is_some() {
                fs::write(&snapshot, &found).unwrap();
            }
            differing.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", case.display()));
        }
        assert!(found.starts_with("error: "), "{}: {found}", case.display());
    }
    assert!(cases.len() >= 60, "{} cases", cases.len());
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn the_made_up_world_itself_is_whole() {
    Catalog::load(world_files()).unwrap();
}

/// The message of the first diagnostic when `text` stands as `path` beside the made-up world.
fn first(path: &str, text: String) -> String {
    let kept = world_files().into_iter().filter(|(kept, _)| kept != path);
    Catalog::load(kept.chain([(path.to_owned(), text)])).unwrap_err()[0].message.clone()
}

#[test]
fn a_file_given_twice_or_under_a_strange_path_is_refused() {
    let japan = world_files().into_iter().filter(|(path, _)| path == "parties/JP.toml");
    let twice = Catalog::load(world_files().into_iter().chain(japan)).unwrap_err();
    assert_eq!(twice[0].message, "this file is given twice");
    for path in [
        "parties/JP.json",
        "parties/jp.toml",
        "parties/JP.1.toml",
        "parties/JP.02.toml",
        "parties/JP/x.toml",
        "overlays/FRJP/mou.toml",
        "overlays/FR-JP/../mou.toml",
        "../parties/JP.toml",
        "",
    ] {
        assert_eq!(first(path, String::new()), "this is no path of a treaty file", "{path}");
    }
}

#[test]
fn a_file_beyond_the_limit_is_not_parsed() {
    let comment = |bytes| "#".repeat(bytes);
    let message = |bytes| format!("the file has {bytes} bytes, at most 262144 are read");
    assert_eq!(first("parties/JP.toml", comment(256 * 1024 + 1)), message(262_145));
    assert_eq!(first("parties/JP.toml", comment(10 * 1024 * 1024)), message(10 * 1024 * 1024));
}

#[test]
fn a_catalogue_of_too_many_files_is_not_read() {
    let files = (0..5000).map(|n| (format!("instruments/n{n}/instrument.toml"), String::new()));
    let wrong = Catalog::load(files).unwrap_err();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].message, "this is one file more than the 4096 that a catalogue may have");
}

#[test]
fn what_is_nested_too_deeply_is_told_before_anybody_parses_it() {
    let deep = "this stands deeper than 32 tables or lists in each other";
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{ b = ".repeat(40_000)),
        format!("a{} = 1", ".a".repeat(60_000)),
        format!("[a{}]", ".a".repeat(60_000)),
        format!("a = \"{}\nb = {}", "[".repeat(50), "[".repeat(50)),
    ] {
        assert_eq!(first("parties/JP.toml", text), deep);
    }
    // Brackets in texts and comments are no depth.
    let harmless = format!("# {}\nformat = \"{}\"", "[".repeat(100), "[".repeat(100));
    assert_ne!(first("parties/JP.toml", harmless), deep);
}

#[test]
fn a_file_of_nothing_but_mistakes_does_not_flood_who_reads_the_diagnostics() {
    let text: String = (0..20_000).map(|n| format!("k{n} = 1\n")).collect();
    let wrong = Catalog::load([("parties/JP.toml".to_owned(), text)]).unwrap_err();
    assert!(wrong.len() <= 100);
    let line = format!("name = \"{}\" # {}\nid = 1", "x".repeat(1000), "y".repeat(100_000));
    let wrong = Catalog::load([("parties/JP.toml".to_owned(), line)]).unwrap_err();
    assert!(wrong.iter().all(|diagnostic| diagnostic.to_string().len() < 2000));
}
