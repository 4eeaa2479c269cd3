//! `treaty new`: every skeleton can be read once it is filled in.

use std::{fs, path::Path};

use crate::support::{copy, plain};

/// Fills every placeholder as somebody who has read the treaty would.
fn fill(path: &Path) {
    let text = fs::read_to_string(path)
        .unwrap()
        .replace("FILL-IN", "4")
        .replace("9999-12-31", "2020-01-01")
        .replace("\"ZZ\"", "\"XA\", \"XB\"");
    let line = |line: &str| match (line.find("\"FILL IN"), line.starts_with('#')) {
        (Some(start), false) => {
            let end = line[start + 1..].find('"').unwrap() + start + 2;
            format!("{}\"Read in the text\"{}\n", &line[..start], &line[end..])
        }
        _ => format!("{line}\n"),
    };
    fs::write(path, text.lines().map(line).collect::<String>()).unwrap();
}

/// Makes a skeleton in a copy of the made-up catalogue; it must have nothing but placeholders to complain of, and nothing once filled.
fn passes_when_filled(words: &[&str], file: &str) {
    let folder = copy();
    let root = folder.path().to_str().unwrap();
    fs::remove_dir_all(folder.path().join("national")).unwrap();
    let ran = plain(&[&["new"], words, &[root]].concat());
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let path = folder.path().join(file);
    let fresh = plain(&["lint", path.to_str().unwrap()]);
    assert_eq!(fresh.exit, 3, "{}", fresh.out);
    let complaints: Vec<_> = fresh.out.lines().filter(|line| line.starts_with("error")).collect();
    assert!(
        !complaints.is_empty() && complaints.iter().all(|line| *line == "error: this is still to be filled in"),
        "{}",
        fresh.out
    );
    fill(&path);
    let filled = plain(&["lint", path.to_str().unwrap()]);
    assert_eq!((filled.exit, filled.out.as_str()), (0, "1 file: 0 errors, 0 warnings\n"));
    let again = plain(&[&["new"], words, &[root]].concat());
    assert!(again.exit == 6 && again.err.contains("exists already"), "{} {}", again.exit, again.err);
}

#[test]
fn a_convention_passes_when_filled() {
    passes_when_filled(&["instrument", "gamma"], "instruments/gamma/instrument.toml");
}

#[test]
fn a_bilateral_treaty_passes_when_filled() {
    let words = ["instrument", "xa-xb-mla", "--kind", "bilateral", "--between", "XA,XB"];
    passes_when_filled(&words, "instruments/xa-xb-mla/instrument.toml");
}

#[test]
fn a_memorandum_passes_when_filled() {
    let words = ["instrument", "delta", "--kind", "memorandum", "--between", "XA,XB"];
    passes_when_filled(&words, "instruments/delta/instrument.toml");
}

#[test]
fn union_law_passes_when_filled() {
    passes_when_filled(&["instrument", "epsilon", "--kind", "union-law"], "instruments/epsilon/instrument.toml");
}

#[test]
fn a_party_passes_when_filled_and_is_asked_about_each_text() {
    passes_when_filled(&["party", "XD"], "parties/XD.toml");
    let folder = copy();
    plain(&["new", "party", "XD", folder.path().to_str().unwrap()]);
    let text = fs::read_to_string(folder.path().join("parties/XD.toml")).unwrap();
    assert!(text.contains("# Alpha Convention\n# [[treaty]]\n# instrument = \"alpha\""), "{text}");
}

#[test]
fn an_overlay_passes_when_filled_in_whichever_order_its_pair_is_named() {
    passes_when_filled(&["overlay", "XC-XA", "notes-2"], "overlays/XA-XC/notes-2.toml");
}

#[test]
fn a_national_file_passes_when_filled() {
    passes_when_filled(&["national", "XB"], "national/XB.toml");
}

/// Where a comment offers a key, deleting the # must give something that the reader knows.
#[test]
fn every_key_that_a_skeleton_offers_is_one_of_the_schema() {
    let schema = plain(&["schema"]).out;
    let skeletons = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command/new");
    let mut seen = 0;
    for entry in fs::read_dir(skeletons).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") else { continue };
            if key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                && !["subscriber_info", "content_data"].contains(&key)
            {
                assert!(schema.contains(&format!("\"{key}\":")), "{}: {key}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn a_new_catalogue_is_whole_and_is_never_made_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("mine");
    let ran = plain(&["new", "catalogue", root.to_str().unwrap()]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(root.join(".taplo.toml").is_file() && root.join("schema/party.schema.json").is_file());
    let linted = plain(&["lint", root.to_str().unwrap()]);
    assert!(linted.out.contains(": 0 errors, "), "{}", linted.out);
    assert_eq!(plain(&["new", "catalogue", root.to_str().unwrap()]).exit, 6);
}

#[test]
fn wrong_names_are_refused_before_anything_is_written() {
    let folder = copy();
    let root = folder.path().to_str().unwrap();
    let wrong: [&[&str]; 7] = [
        &["instrument", "../evil", root],
        &["instrument", "Alpha", root],
        &["instrument", "gamma", "--kind", "bilateral", root],
        &["instrument", "gamma", "--between", "XA,XB", root],
        &["overlay", "XAXB", "notes-2", root],
        &["overlay", "XA-XA", "notes-2", root],
        &["party", "XD"],
    ];
    for words in wrong {
        let ran = plain(&[&["new"], words].concat());
        assert!(ran.exit == 2 && ran.err.contains("next: "), "{words:?}: {} {}", ran.exit, ran.err);
    }
    assert!(!folder.path().join("instruments/gamma").exists());
}

#[test]
fn the_next_version_is_a_whole_copy_with_its_version_and_days() {
    let folder = copy();
    let file = |name: &str| folder.path().join(name);
    let new = |words: &[&str]| plain(&[&["new", "version"], words].concat());
    let old = fs::read_to_string(file("parties/XA.toml")).unwrap();
    let made = new(&[file("parties/XA.toml").to_str().unwrap()]);
    assert!(made.exit == 0 && made.out.contains("whole copy of parties/XA.toml"), "{} {}", made.out, made.err);
    let text = fs::read_to_string(file("parties/XA.2.toml")).unwrap();
    let recorded = text.lines().find(|line| line.starts_with("recorded = ")).unwrap().to_owned();
    assert_eq!(
        text,
        old.replace("format = \"party/1\"\n", &format!("format = \"party/1\"\nversion = 2\n{recorded}\n"))
    );
    let linted = plain(&["lint", file("parties/XA.2.toml").to_str().unwrap()]);
    assert_eq!((linted.exit, linted.out.as_str()), (0, "1 file: 0 errors, 0 warnings\n"));

    let again = new(&[file("parties/XA.toml").to_str().unwrap()]);
    assert!(again.exit == 6 && again.err.contains("parties/XA.2.toml is there"), "{}", again.err);
    assert_eq!(new(&[file("parties/XA.2.toml").to_str().unwrap()]).exit, 0);
    let third = fs::read_to_string(file("parties/XA.3.toml")).unwrap();
    assert!(third.matches("version = ").count() == 1 && third.contains("version = 3"), "{third}");
    let dated = new(&[file("parties/XB.toml").to_str().unwrap(), "--valid-from", "2027-01-01"]);
    assert!(dated.exit == 2 && !file("parties/XB.2.toml").exists(), "{}", dated.err);
}

#[test]
fn the_first_day_of_a_new_version_is_asked_for_where_nobody_names_it() {
    let folder = copy();
    let file = folder.path().join("instruments/alpha/instrument.toml");
    let root = folder.path().to_str().unwrap();
    assert_eq!(plain(&["new", "version", file.to_str().unwrap()]).exit, 0);
    let linted = plain(&["lint", root]);
    assert!(linted.out.contains("this is still to be filled in") && linted.out.contains("1 error, "), "{}", linted.out);
    let newer = folder.path().join("instruments/alpha/instrument.2.toml");
    fs::remove_file(&newer).unwrap();
    assert_eq!(plain(&["new", "version", file.to_str().unwrap(), "--valid-from", "2027-01-01"]).exit, 0);
    let linted = plain(&["lint", newer.to_str().unwrap()]);
    assert_eq!((linted.exit, linted.out.as_str()), (0, "1 file: 0 errors, 0 warnings\n"));
}
