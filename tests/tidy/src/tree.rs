use std::{
    collections::BTreeSet,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use crate::{Finding, scan};

/// The workspace's text files, but for what `.gitignore` names and what is not UTF-8.
#[derive(Debug)]
pub struct Tree {
    /// All files, by path relative to the workspace with `/`.
    pub files: Vec<(String, String)>,
    /// Those that are Rust.
    pub sources: Vec<Source>,
}

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// With strings and comments blanked.
    pub code: String,
    /// The parts that only tests compile.
    tests: Vec<Range<usize>>,
}

/// The folder of the workspace.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

impl Tree {
    /// Reads the workspace.
    pub fn read() -> Result<Self, String> {
        let root = workspace_root();
        let ignored = ignored(&root)?;
        let mut files = Vec::new();
        walk(&root, &root, &ignored, &mut files)?;
        files.sort();
        let rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        let mut sources: Vec<Source> = rust.map(|(path, text)| Source::new(path, text)).collect();
        let test_modules: BTreeSet<String> = sources.iter().flat_map(Source::test_modules).collect();
        for source in &mut sources {
            if test_modules.iter().any(|module| is_in_module(&source.path, module)) {
                source.tests = whole(&source.code);
            }
        }
        Ok(Self { files, sources })
    }

    /// The Rust files below `src/` of any crate.
    pub fn src(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.path.contains("/src/"))
    }
}

impl Source {
    /// Scans one file.
    pub fn new(path: &str, text: &str) -> Self {
        let code = scan::mask(text);
        let tests = if is_test_path(path) { whole(&code) } else { test_parts(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// The code without what only tests compile: blanked, so that offsets stay.
    pub fn production(&self) -> String {
        let mut bytes = self.code.clone().into_bytes();
        for part in &self.tests {
            for byte in &mut bytes[part.clone()] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The text, with its strings, of what only tests compile.
    pub fn test_text(&self) -> String {
        self.tests.iter().filter_map(|part| self.text.get(part.clone())).collect()
    }

    /// A finding at an offset.
    pub fn finding(&self, offset: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line: scan::line_of(&self.text, offset), what: what.into() }
    }

    /// The modules in other files that this file declares for tests only, as paths without `.rs`.
    fn test_modules(&self) -> Vec<String> {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let folder = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
        cfg_tests(&self.code)
            .filter_map(|end| {
                let item = self.code[end..].trim_start();
                let name = item.strip_prefix("pub ").unwrap_or(item).strip_prefix("mod ")?.split_once(';')?.0.trim();
                name.bytes().all(scan::is_identifier_byte).then(|| format!("{folder}/{name}"))
            })
            .collect()
    }
}

/// Whether all of a file is test code by where it lies: test and bench targets, and the crates that only test.
fn is_test_path(path: &str) -> bool {
    let only_tests = ["tests/e2e/", "tests/interop/", "tests/bench/"];
    only_tests.iter().any(|folder| path.starts_with(folder))
        || path.split_once('/').is_some_and(|(_, inner)| inner.contains("/tests/") || inner.contains("/benches/"))
}

fn is_in_module(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// The ends of all `#[cfg(test)]`.
fn cfg_tests(code: &str) -> impl Iterator<Item = usize> {
    let is_test =
        |text: &str| text.starts_with("cfg(") && !scan::words(text, "test").is_empty() && !text.contains("not(");
    scan::attributes(code).into_iter().filter(move |attribute| is_test(&attribute.text)).map(|attribute| attribute.end)
}

fn whole(code: &str) -> Vec<Range<usize>> {
    std::iter::once(0..code.len()).collect()
}

fn test_parts(code: &str) -> Vec<Range<usize>> {
    cfg_tests(code).filter_map(|end| scan::body_after(code, end)).collect()
}

fn walk(root: &Path, folder: &Path, ignored: &[String], files: &mut Vec<(String, String)>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if relative == ".git" || ignored.contains(&relative) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, ignored, files)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push((relative, text));
        }
    }
    Ok(())
}

/// The paths that `.gitignore` names from the root, as in `/target`.
fn ignored(root: &Path) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(root.join(".gitignore")).map_err(|error| format!(".gitignore: {error}"))?;
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix('/'))
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_compile_is_told_apart() {
        let text = "fn a() { b.unwrap() }\n#[cfg(test)]\nmod tests { fn c() { \"R92\".unwrap() } }\n#[cfg(test)]\nmod more;\nfn d() {}";
        let source = Source::new("gateway/x/src/lib.rs", text);
        assert_eq!(scan::words(&source.production(), ".unwrap()").len(), 1);
        assert!(source.production().contains("fn d()"));
        assert!(source.test_text().contains("R92"));
        assert_eq!(source.test_modules(), ["gateway/x/src/more"]);
    }

    #[test]
    fn test_targets_are_tests_and_the_demo_is_not() {
        assert!(is_test_path("gateway/x/tests/main/a.rs"));
        assert!(is_test_path("tests/e2e/src/lib.rs"));
        assert!(!is_test_path("tests/federation/src/main.rs"));
        assert!(!is_test_path("gateway/x/src/tests_of.rs"));
    }
}
