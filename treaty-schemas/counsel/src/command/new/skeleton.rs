//! The skeletons. What is to be filled in says so, and `lint` finds it; all else may stay as it is.

use jiff::civil::Date;
use model::PartyId;

use super::Kind;

pub(super) fn instrument(id: &str, kind: Kind, sides: Option<[PartyId; 2]>, review: Date) -> String {
    let (word, reach) = match (kind, sides) {
        (Kind::Bilateral, Some([a, b])) => ("bilateral", format!("parties = [\"{a}\", \"{b}\"]{SIDES}")),
        (Kind::Memorandum, Some([a, b])) => ("memorandum", format!("parties = [\"{a}\", \"{b}\"]{SIDES}")),
        (Kind::UnionLaw, _) => ("union_law", format!("members = \"EU\"{MEMBERS}")),
        (Kind::Convention | Kind::Bilateral | Kind::Memorandum, _) => ("convention", ENTRY.to_owned()),
    };
    let group = if kind == Kind::UnionLaw { include_str!("group.toml") } else { "" };
    let voluntary = if kind == Kind::Memorandum { COMPULSORY } else { "" };
    let text = include_str!("instrument.toml")
        .replace("{id}", id)
        .replace("{kind}", word)
        .replace("{review}", &review.to_string())
        .replace("{reach}", &reach)
        .replace("{group}", group)
        .replace("{voluntary}", voluntary);
    aligned(&text)
}

const SIDES: &str = "                                   # the two sides; each needs its file in parties/";
const MEMBERS: &str =
    "                                          # the group below; leave states out with except = [\"DK\"]";
const ENTRY: &str =
    "entry = { ratifications = 5, then_months = 3 }            # FILL IN: so many ratifications, then so many months";
const COMPULSORY: &str = "compulsory = false                                       # a memorandum compels nobody\n";

/// Comments behind values begin in one column, however long the names are.
fn aligned(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once("  # ") {
        Some((left, comment)) => format!("{:<COMMENT$} # {comment}\n", left.trim_end()),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The column of comments.
const COMMENT: usize = 60;

pub(super) fn readme(id: &str) -> String {
    include_str!("readme.md").replace("{id}", id)
}

/// `texts` are those of the catalogue: the state is asked about each.
pub(super) fn party(party: PartyId, texts: &[(String, String)]) -> String {
    let asked: String = texts
        .iter()
        .map(|(id, title)| include_str!("bond.toml").replace("{id}", id).replace("{title}", title))
        .collect();
    aligned(&include_str!("party.toml").replace("{party}", party.as_str()).replace("{treaties}", &asked))
}

pub(super) fn overlay(id: &str, [a, b]: [PartyId; 2]) -> String {
    aligned(&include_str!("overlay.toml").replace("{id}", id).replace("{a}", a.as_str()).replace("{b}", b.as_str()))
}

pub(super) fn national(party: PartyId) -> String {
    aligned(&include_str!("national.toml").replace("{party}", party.as_str()))
}
