//! The treaty files of a scenario: the catalogue's, files of states that it has none of, and instruments that enter into force on a day
//! that no file knows. What is written is a treaty file like any other, and is checked like one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::PartyId;

use super::OWN;

/// Treaty files, by their path in a catalogue.
pub(super) type Files = BTreeMap<String, String>;

/// The file of a state that the catalogue has none of. What it says is the scenario's invention.
pub(super) fn invent(files: &mut Files, id: PartyId, treaties: &[String], language: &str) {
    let path = format!("parties/{id}.toml");
    if files.contains_key(&path) {
        return;
    }
    let mut text = format!("format = \"party/1\"\nid = \"{id}\"\nname = \"{id}\"\n");
    for instrument in treaties {
        text += &format!(
            "\n[[treaty]]\ninstrument = \"{instrument}\"\nsigned = 2010-01-01\nratified = 2012-01-01\nin_force = 2012-07-01\n\
             verified = false\n"
        );
    }
    let own = if language == OWN || language == "en" { String::new() } else { format!("\"{language}\", ") };
    for kind in ["central", "24x7", "judicial"] {
        text += &format!("\n[[authority]]\nkind = \"{kind}\"\nname = \"Authority\"\nlanguages = [{own}\"en\"]\n");
    }
    files.insert(path, text);
}

/// Lets an instrument enter into force on a day between these parties.
pub(super) fn enter_into_force(files: &mut Files, instrument: &str, on: Date, parties: &BTreeSet<PartyId>) {
    for (path, text) in files.iter_mut() {
        let party = path.strip_prefix("parties/").and_then(|name| name.strip_suffix(".toml"));
        let party = party.and_then(|name| name.parse::<PartyId>().ok()).filter(|id| parties.contains(id));
        if party.is_some() {
            *text = bind(text, instrument, on);
        } else if path.starts_with("instruments/") {
            *text = begin(text, instrument, on);
        }
    }
}

/// The instrument itself, where it has no day yet.
fn begin(text: &str, instrument: &str, on: Date) -> String {
    let named = format!("id = \"{instrument}\"");
    edited(text, "[[instrument]]", |block| {
        let known = block.lines().any(|line| line.trim_start().starts_with("in_force"));
        let named = block.lines().any(|line| line.trim() == named);
        (named && !known).then(|| {
            block.replacen(&named_line(instrument), &format!("{}in_force = {on}\n", named_line(instrument)), 1)
        })
    })
}

fn named_line(instrument: &str) -> String {
    format!("id = \"{instrument}\"\n")
}

/// A party's own bond: ratified at the latest on that day, and in force from it on.
fn bind(text: &str, instrument: &str, on: Date) -> String {
    let line = format!("instrument = \"{instrument}\"");
    let mut found = false;
    let text = edited(text, "[[treaty]]", |block| {
        if !block.lines().any(|one| one.trim() == line) {
            return None;
        }
        found = true;
        let has = |key: &str| block.lines().any(|one| one.trim_start().starts_with(key));
        let ratified = if has("ratified") { String::new() } else { format!("ratified = {on}\n") };
        let in_force = if has("in_force") { String::new() } else { format!("in_force = {on}\n") };
        Some(block.replacen(&format!("{line}\n"), &format!("{line}\n{ratified}{in_force}"), 1))
    });
    if found {
        return text;
    }
    format!("{text}\n[[treaty]]\n{line}\nratified = {on}\nin_force = {on}\nverified = false\n")
}

/// The text with each of its tables `header` edited.
fn edited(text: &str, header: &str, mut edit: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(header) {
        let (before, table) = rest.split_at(at);
        out += before;
        let end = table[header.len()..].find("\n[").map_or(table.len(), |end| header.len() + end + 1);
        let (block, after) = table.split_at(end);
        out += &edit(block).unwrap_or_else(|| block.to_owned());
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_bond_gets_its_day_and_others_stay() {
        let text = "id = \"JP\"\n\n[[treaty]]\ninstrument = \"ets-185\"\nratified = 2012-07-03\nverified = false\n\n[[treaty]]\n\
                    instrument = \"cets-224\"\nsigned = 2022-05-12\nverified = false\n\n[[authority]]\nkind = \"central\"\n";
        let bound = bind(text, "cets-224", date(2026, 7, 1));
        assert!(
            bound.contains("instrument = \"cets-224\"\nratified = 2026-07-01\nin_force = 2026-07-01\nsigned"),
            "{bound}"
        );
        assert!(bound.contains("instrument = \"ets-185\"\nratified = 2012-07-03\nverified"), "{bound}");
        assert!(bound.ends_with("[[authority]]\nkind = \"central\"\n"));
        assert!(bind(text, "untoc", date(2026, 7, 1)).contains("instrument = \"untoc\"\nratified = 2026-07-01"));
    }
}
