//! What every crate says of itself.

use tidy::{Complaint, Finding, report};

use crate::{graph, tree};

#[test]
fn unsafe_is_forbidden_and_every_member_inherits_it() -> Result<(), Complaint> {
    let mut findings = Vec::new();
    let manifest =
        |path: &str| tree().map(|tree| tree.files.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str()));
    let root = manifest("Cargo.toml")?.unwrap_or_default();
    if section(root, "[workspace.lints.rust]").is_none_or(|lints| !lints.contains(&"unsafe_code = \"forbid\"")) {
        findings.push("Cargo.toml: [workspace.lints.rust] lacks unsafe_code = \"forbid\"".to_owned());
    }
    for package in &graph()?.packages {
        let path = format!("{}/Cargo.toml", package.folder);
        let text = manifest(&path)?.unwrap_or_default();
        if section(text, "[lints]").is_none_or(|lints| !lints.contains(&"workspace = true")) {
            findings.push(format!("{path}: no [lints] with workspace = true"));
        }
    }
    report(
        "unsafe is forbidden in the whole workspace",
        "add the two lines `[lints]` and `workspace = true`",
        &findings,
    )
}

/// The lines of a section of a manifest.
fn section<'a>(manifest: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let mut lines = manifest.lines().map(str::trim);
    lines.find(|line| *line == name)?;
    Some(lines.take_while(|line| !line.starts_with('[')).collect())
}

#[test]
fn every_crate_says_what_it_is_for() -> Result<(), Complaint> {
    let mut findings = Vec::new();
    for package in &graph()?.packages {
        if package.description.trim().len() < 20 {
            findings.push(Finding {
                path: format!("{}/Cargo.toml", package.folder),
                line: 3,
                what: "no description".into(),
            });
        }
        for root in &package.roots {
            let source = tree()?.sources.iter().find(|source| source.path == *root);
            let first = source.and_then(|source| source.text.lines().next()).unwrap_or_default();
            if first.strip_prefix("//! ").is_none_or(|text| text.len() < 20) {
                findings.push(Finding { path: root.clone(), line: 1, what: "does not begin with //!".into() });
            }
        }
    }
    report(
        "a manifest has a description; lib.rs and main.rs begin with //!: what it is for, what it must never do, where to begin",
        "write the sentence",
        &findings,
    )
}

#[test]
fn a_crate_has_one_integration_test_binary_at_most() -> Result<(), Complaint> {
    let many = graph()?.packages.iter().filter(|package| package.test_binaries > 1);
    let findings: Vec<_> = many.map(|package| format!("{}: {}", package.folder, package.test_binaries)).collect();
    report(
        "one integration-test binary per crate: each is linked for itself",
        "move the files to tests/main/ and declare them in tests/main/main.rs",
        &findings,
    )
}

#[test]
fn no_file_names_a_developers_machine_or_another_registry() -> Result<(), Complaint> {
    // In two pieces, so that this file does not break the rule.
    let folders = [concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let substitutes = [concat!("replace", "-with"), concat!("[source", "."), concat!("[registries", ".")];
    let mut findings = Vec::new();
    for (path, text) in &tree()?.files {
        for (number, line) in text.lines().enumerate() {
            let absolute = folders.iter().filter(|folder| begins_path(line, folder));
            let registry = substitutes.iter().filter(|words| path.ends_with(".toml") && line.contains(**words));
            let foreign = path == "Cargo.lock" && line.starts_with("source = ") && !line.contains(CRATES_IO);
            let found =
                absolute.chain(registry).map(|words| (*words).to_owned()).chain(foreign.then(|| line.to_owned()));
            findings.extend(found.map(|what| Finding { path: path.clone(), line: number + 1, what }));
        }
    }
    report(
        "no tracked file names a folder of a developer's machine or a registry but crates.io",
        "use a relative path, a placeholder, or a setting outside of the repository",
        &findings,
    )
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Whether an absolute path begins with `folder`: `../work/` and `https://host/home/` do not.
fn begins_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        before.is_none_or(|before| !(before.is_alphanumeric() || "._-/}~$*>)".contains(before)))
    })
}

#[test]
fn a_path_is_absolute_when_nothing_leads_to_it() {
    let folder = concat!("/wo", "rk/");
    for absolute in
        [format!("a {folder}b"), format!("\"{folder}b\""), format!("PATH={folder}b"), format!("file:{folder}")]
    {
        assert!(begins_path(&absolute, folder), "{absolute}");
    }
    for relative in [format!("..{folder}b"), format!("$DIR{folder}b"), format!("host.example{folder}b")] {
        assert!(!begins_path(&relative, folder), "{relative}");
    }
}
