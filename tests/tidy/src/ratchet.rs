use std::collections::BTreeMap;

use crate::{Source, functions};

/// Lines in a function, from `fn` to its brace.
pub const FUNCTION_LINES_MAX: usize = 70;
/// Lines in a file.
pub const FILE_LINES_MAX: usize = 500;

/// What is allowed to be over a limit, with the lines it had when it was listed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ratchet(BTreeMap<String, usize>);

impl Ratchet {
    /// Reads lines of `<item> <lines>`; `#` begins a comment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut items = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let entry = line.rsplit_once(' ').and_then(|(item, lines)| Some((item.trim(), lines.parse().ok()?)));
            let (item, lines) = entry.ok_or_else(|| format!("ratchet.txt: {line:?} is not `<item> <lines>`"))?;
            if items.insert(item.to_owned(), lines).is_some() {
                return Err(format!("ratchet.txt: {item} stands twice"));
            }
        }
        Ok(Self(items))
    }

    /// Every difference between what is listed and what is there.
    pub fn compare(&self, there: &BTreeMap<String, usize>) -> Vec<String> {
        let grown = there.iter().filter_map(|(item, lines)| match self.0.get(item) {
            None => Some(format!("{item} has {lines} lines and is not listed: divide it")),
            Some(listed) if lines > listed => Some(format!("{item} grew from {listed} to {lines} lines: divide it")),
            Some(listed) if lines < listed => {
                Some(format!("{item} shrank from {listed} to {lines} lines: lower its line in ratchet.txt"))
            }
            Some(_) => None,
        });
        let gone = self.0.keys().filter(|item| !there.contains_key(*item));
        grown
            .chain(gone.map(|item| format!("{item} is no longer over the limit: strike it from ratchet.txt")))
            .collect()
    }
}

/// All functions and files over their limit: `path::name` or `path`, with their lines.
pub fn over_limit<'a>(sources: impl Iterator<Item = &'a Source>) -> BTreeMap<String, usize> {
    let mut over = BTreeMap::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            over.insert(source.path.clone(), lines);
        }
        for function in functions(&source.production()).into_iter().filter(|f| f.lines > FUNCTION_LINES_MAX) {
            // Of two functions of one name in a file, the longer stands for both.
            let longest = over.entry(format!("{}::{}", source.path, function.name)).or_insert(0);
            *longest = function.lines.max(*longest);
        }
    }
    over
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_only_shrink() {
        let ratchet = Ratchet::parse("# a comment\na.rs 510\nb.rs::f 90\n").unwrap_or_default();
        let there = |items: &[(&str, usize)]| items.iter().map(|(item, lines)| ((*item).to_owned(), *lines)).collect();
        assert!(ratchet.compare(&there(&[("a.rs", 510), ("b.rs::f", 90)])).is_empty());
        assert_eq!(ratchet.compare(&there(&[("a.rs", 511), ("b.rs::f", 89)])).len(), 2);
        assert_eq!(ratchet.compare(&there(&[("c.rs", 600)])).len(), 3);
        assert!(Ratchet::parse("a.rs 1\na.rs 2").is_err());
        assert!(Ratchet::parse("a.rs many").is_err());
    }

    #[test]
    fn long_functions_and_files_are_found() {
        let body = "    x();\n".repeat(FUNCTION_LINES_MAX);
        let text = format!("fn long() {{\n{body}}}\n{}", "\n".repeat(FILE_LINES_MAX));
        let over = over_limit([Source::new("gateway/x/src/lib.rs", &text)].iter());
        assert_eq!(over.get("gateway/x/src/lib.rs::long"), Some(&(FUNCTION_LINES_MAX + 2)));
        assert!(over.contains_key("gateway/x/src/lib.rs"));
    }
}
