//! Every text is there in every language, with the same variables; none is missing, none is left over.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::*;

/// The texts of a language by id, each with the file that it stands in and its variables.
fn texts(locale: Locale) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut found = BTreeMap::new();
    for file in TEXTS.get_dir(locale.tag()).unwrap().files() {
        let name = file.path().file_name().unwrap().to_str().unwrap().to_owned();
        let mut id = String::new();
        for line in file.contents_utf8().unwrap().lines().filter(|line| !line.starts_with('#')) {
            let begins = line.starts_with(|c: char| c.is_ascii_lowercase());
            if let Some((key, _)) = line.split_once('=').filter(|_| begins) {
                id = key.trim().to_owned();
                let before = found.insert(id.clone(), (name.clone(), BTreeSet::new()));
                assert!(before.is_none(), "{}: {id} stands there twice", file.path().display());
            }
            if let Some((_, variables)) = found.get_mut(&id) {
                variables.extend(line.split('{').skip(1).filter_map(variable));
            }
        }
    }
    found
}

/// The variable of a placeable, of which this is what follows its brace.
fn variable(placeable: &str) -> Option<String> {
    let name = placeable.trim_start().strip_prefix('$')?;
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(name.len());
    Some(name[..end].to_owned())
}

/// What the program is written in: sources and templates, without what only tests compile.
fn written() -> String {
    let mut folders = vec![
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"),
    ];
    let mut written = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") && !path.ends_with("complete.rs") {
                written.push_str(&fs::read_to_string(path).unwrap());
                written.push('\n');
            }
        }
    }
    written
}

#[test]
fn every_text_is_there_in_every_language_with_the_same_variables() {
    let english = texts(Locale::En);
    let mut wrong = Vec::new();
    for locale in Locale::ALL.into_iter().filter(|locale| *locale != Locale::En) {
        let own = texts(locale);
        let ids: BTreeSet<&String> = english.keys().chain(own.keys()).collect();
        for id in ids {
            match (english.get(id), own.get(id)) {
                (Some(theirs), Some(ours)) if theirs == ours => {}
                (Some((file, variables)), Some(ours)) => {
                    wrong.push(format!("{}/{id}: {ours:?}, in English {file} {variables:?}", locale.tag()))
                }
                (Some((file, _)), None) => wrong.push(format!("{}/{file}: {id} is missing", locale.tag())),
                _ => wrong.push(format!("{}: {id} is not in English", locale.tag())),
            }
        }
    }
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
}

/// A text is used where its id, or the beginning of it that a name is put behind, stands in quotes.
#[test]
fn no_text_is_left_over() {
    let written = written();
    let beginnings: Vec<&str> = written
        .split('"')
        .filter_map(|part| part.split_once('{'))
        .map(|(start, _)| start)
        .filter(|start| is_beginning(start))
        .collect();
    // The keys of what the desk names: `key("state", …)`.
    let named = written.split("key(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let named: Vec<String> = named.map(|of| format!("{of}-")).filter(|start| is_beginning(start)).collect();
    let beginnings: Vec<&str> = beginnings.into_iter().chain(named.iter().map(String::as_str)).collect();
    let is_used =
        |id: &String| written.contains(&format!("\"{id}\"")) || beginnings.iter().any(|start| id.starts_with(start));
    let unused: Vec<String> = texts(Locale::En).into_keys().filter(|id| !is_used(id)).collect();
    assert!(unused.is_empty(), "nothing says these: {unused:?}");
}

fn is_beginning(text: &str) -> bool {
    text.len() >= 4 && text.ends_with('-') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[test]
fn no_text_is_missing() {
    let (written, english) = (written(), texts(Locale::En));
    let mut missing = BTreeSet::new();
    for call in ["text(\"", "with(\""] {
        for (at, _) in written.match_indices(call) {
            let id = written[at + call.len()..].split('"').next().unwrap();
            let is_method = written[..at].ends_with('.');
            if is_method && id.contains('-') && !english.contains_key(id) {
                missing.insert(id.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "no language has these: {missing:?}");
}

#[test]
fn a_translation_by_a_program_says_that_its_review_is_pending() {
    for locale in Locale::ALL.into_iter().filter(|locale| *locale != Locale::En) {
        for file in TEXTS.get_dir(locale.tag()).unwrap().files() {
            let text = file.contents_utf8().unwrap();
            assert!(
                text.contains("# review: "),
                "{}: no `# review: pending` or `# review: <by whom>`",
                file.path().display()
            );
        }
    }
}

#[test]
fn a_text_that_was_never_given_to_a_language_shows_in_the_pseudo_locale() {
    let text = Locale::Pseudo.text("face-skip");
    assert_ne!(text, Locale::En.text("face-skip"));
    assert!(text.len() > Locale::En.text("face-skip").len());
}
