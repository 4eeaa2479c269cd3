//! `treaty render`: the pages stand alone, say everything, and carry nothing that a file smuggles in.

use std::{collections::BTreeMap, fs, path::Path};

use crate::support::{copy, edit, plain, treaty};

fn rendered(folder: &Path) -> BTreeMap<String, String> {
    let out = tempfile::tempdir().unwrap();
    let words = ["--catalogue", folder.to_str().unwrap(), "render", "all", "--on", "2026-04-01", "--out"];
    let ran = plain(&[&words[..], &[out.path().to_str().unwrap()]].concat());
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let page =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap());
    fs::read_dir(out.path()).unwrap().map(|entry| page(entry.unwrap())).collect()
}

#[test]
fn the_same_day_gives_the_same_bytes_and_every_link_leads_somewhere() {
    let folder = copy();
    let pages = rendered(folder.path());
    assert_eq!(pages, rendered(folder.path()));
    let names: Vec<_> = pages.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "index.html",
            "pair-XA-XB.html",
            "pair-XA-XC.html",
            "pair-XB-XC.html",
            "party-XA.html",
            "party-XB.html",
            "party-XC.html"
        ]
    );
    for (name, page) in &pages {
        for target in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let found = match target.strip_prefix('#') {
                Some(anchor) => page.contains(&format!("id=\"{anchor}\"")),
                None => pages.contains_key(target),
            };
            assert!(found, "{name}: {target}");
        }
    }
}

/// Elements that have no end.
const VOID: [&str; 3] = ["meta", "br", "!doctype"];

#[test]
fn pages_are_well_formed_stand_alone_and_name_their_language_and_headings() {
    let folder = copy();
    for (name, page) in rendered(folder.path()) {
        let mut open = Vec::new();
        for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let word = tag.split_whitespace().next().unwrap();
            match word.strip_prefix('/') {
                Some(end) => assert_eq!(open.pop(), Some(end), "{name}"),
                None if VOID.contains(&word) => {}
                None => open.push(word),
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
        for forbidden in ["<script", "http://", "https://", "src=", "@import", "url(", "<img", "<link"] {
            assert!(!page.contains(forbidden), "{name}: {forbidden}");
        }
        let count = |what: &str| page.matches(what).count();
        assert!(
            page.starts_with("<!doctype html>\n<html lang=\"en\">") && count("<h1>") == 1 && count("<main") == 1,
            "{name}"
        );
        assert_eq!(count("<table"), count("<caption>"), "{name}: every table says what it is");
        assert!(count("<th ") == count("scope="), "{name}: every head says of what");
    }
}

#[test]
fn a_sheet_tells_status_reservations_marks_and_bounds() {
    let folder = copy();
    let pages = rendered(folder.path());
    let party = &pages["party-XC.html"];
    for told in ["in force since 2021-05-01", "reservation", "alpha:8", "Prosecutor General", "fr", "Arcadia (XA)"] {
        assert!(party.contains(told), "{told}");
    }
    let pair = &pages["pair-XA-XC.html"];
    for told in [
        "hypothetical</span>",
        "unverified</span>",
        "XC has reserved alpha:8",
        "at most 300 seconds old",
        "over_18, over_20",
    ] {
        assert!(pair.contains(told), "{told}");
    }
    let bound = &pages["pair-XA-XB.html"];
    assert!(bound.contains("5 subjects (rule of both: overlays/XA-XB/notes.toml)"));
    assert!(!bound.contains("national/"), "a national file is nobody else's business");
}

#[test]
fn hostile_html_in_a_name_stays_a_name() {
    let folder = copy();
    let hostile = "<script>alert('x')</script>\\\" onload=\\\"x&amp;";
    edit(folder.path(), "parties/XB.toml", "name = \"Bensalem\"", &format!("name = \"{hostile}\""));
    edit(
        folder.path(),
        "instruments/alpha/instrument.toml",
        "title = \"Alpha Convention\"",
        &format!("title = \"{hostile}\""),
    );
    edit(folder.path(), "parties/XC.toml", "Prosecutor General", hostile);
    for (name, page) in rendered(folder.path()) {
        assert!(!page.contains("<script") && !page.contains("\" onload=\""), "{name}");
    }
    let words =
        ["--catalogue", folder.path().to_str().unwrap(), "explain", "XA", "XB", "stored_data", "--output", "html"];
    let page = plain(&words).out;
    assert!(page.contains("alert(") && !page.contains("<script"), "{page}");
}

#[test]
fn one_sheet_has_no_links_that_lead_nowhere_and_other_commands_have_no_html() {
    let out = tempfile::tempdir().unwrap();
    let ran = treaty(&["render", "party", "XA", "--on", "2026-04-01", "--out", out.path().to_str().unwrap()]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let page = fs::read_to_string(out.path().join("party-XA.html")).unwrap();
    assert!(!page.contains("href=\"index.html\"") && !page.contains("href=\"pair-"));
    assert_eq!(treaty(&["render", "party", "XX", "--out", out.path().to_str().unwrap()]).exit, 4);
    assert_eq!(treaty(&["effective", "XA", "XB", "--output", "html"]).exit, 2);
}
