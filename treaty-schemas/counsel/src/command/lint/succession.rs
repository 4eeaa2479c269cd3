//! What the newest version of a file drops or moves of the version before it. A version is a whole copy, and takes the place of the
//! older one: whoever writes only what is new has taken everything else back.

use std::{collections::BTreeMap, ops::Range};

use toml::de::{DeTable, DeValue};

use crate::{
    command::new::version::parts,
    finding::{Finding, Gravity},
};

/// Statements of a kind: the tables that hold them, and the keys by which one is known again.
struct Kind {
    tables: &'static str,
    keys: &'static [&'static str],
    /// What to write where it is meant.
    instead: &'static str,
}

const KINDS: [Kind; 7] = [
    Kind { tables: "treaty", keys: &["instrument"], instead: "to leave a treaty write `denounced` and `ends` into it" },
    Kind { tables: "reservation", keys: &["article"], instead: "to withdraw it write `withdrawn = <date>` into it" },
    Kind {
        tables: "objection",
        keys: &["to", "article"],
        instead: "to withdraw it write `withdrawn = <date>` into it",
    },
    Kind {
        tables: "declaration",
        keys: &["article", "rule"],
        instead: "to withdraw it write `withdrawn = <date>` into it",
    },
    Kind { tables: "authority", keys: &["kind", "name"], instead: "to close it write `withdrawn = <date>` into it" },
    Kind { tables: "restrict", keys: &["because"], instead: "what it forbade is allowed again" },
    Kind { tables: "instrument", keys: &["id"], instead: "to end a text write `terminated = <date>` into it" },
];
const COPY: &str = "a new version takes the place of the whole file";

/// Warnings about each newest version of `files` (path and text).
pub(super) fn findings(files: &[(String, String)]) -> Vec<Finding> {
    let mut series: BTreeMap<&str, BTreeMap<u32, (&str, &str)>> = BTreeMap::new();
    for (path, text) in files {
        let (stem, version) = parts(path);
        series.entry(stem).or_default().insert(version, (path, text));
    }
    let mut found = Vec::new();
    for versions in series.values() {
        let mut newest = versions.values().rev();
        if let (Some(after), Some(before)) = (newest.next(), newest.next()) {
            found.extend(Pair::of(*before, *after).findings());
        }
    }
    found
}

/// Two versions that follow each other.
struct Pair<'a> {
    before: (&'a str, DeTable<'a>),
    after: DeTable<'a>,
    file: (&'a str, &'a str),
}

impl<'a> Pair<'a> {
    fn of(before: (&'a str, &'a str), after: (&'a str, &'a str)) -> Self {
        let table = |text| DeTable::parse_recoverable(text).0.into_inner();
        Self { before: (before.0, table(before.1)), after: table(after.1), file: after }
    }

    fn findings(&self) -> Vec<Finding> {
        let mut found: Vec<_> = KINDS.iter().flat_map(|kind| self.dropped(kind)).collect();
        found.extend(self.sides());
        found.extend(self.requests());
        found
    }

    /// Statements of the older version that the newer one does not make.
    fn dropped(&self, kind: &Kind) -> Vec<Finding> {
        let stay: Vec<_> = tables(&self.after, kind.tables).map(|table| known_by(table, kind.keys)).collect();
        let gone = tables(&self.before.1, kind.tables).map(|table| known_by(table, kind.keys));
        let gone = gone.filter(|name| !stay.contains(name));
        gone.map(|name| {
            let message = format!("[[{}]] {} of {} is left out here", kind.tables, name.join(", "), self.before.0);
            self.warn(self.version(), message, &format!("{COPY}; {}", kind.instead))
        })
        .collect()
    }

    /// A text that binds others than before.
    fn sides(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for text in tables(&self.after, "instrument") {
            let id = known_by(text, &["id"]);
            let Some(before) = tables(&self.before.1, "instrument").find(|one| known_by(one, &["id"]) == id) else {
                continue;
            };
            for key in ["parties", "members"] {
                let (old, new) = (words(before, key), words(text, key));
                if let (Some(value), true) = (text.get(key), old != new) {
                    let was = if old.is_empty() { "nobody".to_owned() } else { old.join(", ") };
                    let message =
                        format!("{} was between {was} in {}, and is not any more", id.join(""), self.before.0);
                    found.push(self.warn(
                        value.span(),
                        message,
                        "between others it is another treaty: treaty new instrument",
                    ));
                }
            }
        }
        found
    }

    /// Requests that are gone, or rest on other articles.
    fn requests(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let (Some(before), after) = (sections(&self.before.1, "request"), sections(&self.after, "request")) else {
            return found;
        };
        for (key, old) in before {
            let name = key.get_ref().as_ref();
            let now = after.and_then(|after| Some(after.get(name)?.get_ref().as_table()).flatten());
            let Some(now) = now else {
                let message = format!("[request.{name}] of {} is left out here", self.before.0);
                found.push(self.warn(self.version(), message, &format!("{COPY}; nobody may ask for it any more")));
                continue;
            };
            let old = old.get_ref().as_table().map(|old| words(old, "articles")).unwrap_or_default();
            let new = words(now, "articles");
            let gone: Vec<_> = old.iter().filter(|article| !new.contains(article)).cloned().collect();
            if let (Some(value), false) = (now.get("articles"), gone.is_empty()) {
                let message = format!("`{name}` rests no more on {}, as it does in {}", gone.join(", "), self.before.0);
                let help = "reservations, declarations and arrangements that name the old article no longer reach it";
                found.push(self.warn(value.span(), message, help));
            }
        }
        found
    }

    /// Where the newer file says which version it is.
    fn version(&self) -> Range<usize> {
        let said = self.after.iter().find(|(key, _)| key.get_ref().as_ref() == "version");
        said.map_or(0..0, |(key, value)| key.span().start..value.span().end)
    }

    fn warn(&self, span: Range<usize>, message: String, help: &str) -> Finding {
        Finding::at(Gravity::Warning, self.file, &span, message, Some(help))
    }
}

/// The tables called `[[name]]`.
fn tables<'t, 'a>(root: &'t DeTable<'a>, name: &str) -> impl Iterator<Item = &'t DeTable<'a>> {
    let items = root.get(name).and_then(|value| value.get_ref().as_array());
    items.into_iter().flat_map(|items| items.iter().filter_map(|item| item.get_ref().as_table()))
}

/// The tables below `[name.…]`.
fn sections<'t, 'a>(root: &'t DeTable<'a>, name: &str) -> Option<&'t DeTable<'a>> {
    root.get(name)?.get_ref().as_table()
}

fn known_by(table: &DeTable<'_>, keys: &[&str]) -> Vec<String> {
    keys.iter().filter_map(|key| table.get(*key)?.get_ref().as_str().map(str::to_owned)).collect()
}

/// The words of a list, or the one word.
fn words(table: &DeTable<'_>, key: &str) -> Vec<String> {
    match table.get(key).map(|value| value.get_ref()) {
        Some(DeValue::String(word)) => vec![word.to_string()],
        Some(DeValue::Array(items)) => {
            let mut words: Vec<_> =
                items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            words.sort();
            words
        }
        _ => Vec::new(),
    }
}
