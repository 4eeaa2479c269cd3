//! Files that were damaged: loading them ends in an answer, and whatever loads compiles.

use jiff::civil::date;
use proptest::{prelude::*, sample::Index};
use treaty::Catalog;

use crate::support::{TODAY, layers, party};

/// What happens to a file.
#[derive(Debug, Clone)]
enum Damage {
    /// A byte is another one.
    Flip(Index, u8),
    /// The rest is gone.
    Cut(Index),
    /// A piece of another file is in it.
    Splice(Index, Index, Index),
    /// Two lines change places.
    Swap(Index, Index),
    /// A line is there twice.
    Repeat(Index),
    /// A line is gone.
    Drop(Index),
    /// Some lines that look like TOML are in it.
    Insert(Index, String),
}

fn toml() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("max_subjects"),
        Just("verified"),
        Just("ratified"),
        Just("articles"),
        Just("version"),
        Just("valid_from"),
        Just("parties"),
        Just("timers"),
        Just("quota"),
        Just("together"),
        Just("members"),
        Just("towards"),
        Just("parent"),
        Just("all"),
    ];
    let value = prop_oneof![
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        (1i16..9999, 1i8..13, 1i8..29).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")),
        Just("9999-12-31".to_owned()),
        Just("4294967295".to_owned()),
        "\"[ -~]{0,12}\"".prop_map(|text| text.replace('\\', "")),
        Just("[\"conv:31\", \"prot:8\"]".to_owned()),
        Just("{ from = 9999-12-31, until = 9999-12-31 }".to_owned()),
        Just("[[[]]]".to_owned()),
    ];
    let header = prop_oneof![
        Just(""),
        Just("[[treaty]]\n"),
        Just("[[instrument]]\n"),
        Just("[[restrict]]\n"),
        Just("[request.stored_data]\n"),
        Just("[[reservation]]\n"),
        Just("[group.EU]\n"),
        Just("[safeguards]\n"),
    ];
    (header, key, value).prop_map(|(header, key, value)| format!("{header}{key} = {value}\n"))
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(at, from, to)| Damage::Splice(at, from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Damage::Swap(a, b)),
        any::<Index>().prop_map(Damage::Repeat),
        any::<Index>().prop_map(Damage::Drop),
        (any::<Index>(), toml()).prop_map(|(at, text)| Damage::Insert(at, text)),
    ]
}

fn damaged(text: &str, other: &str, damage: &Damage) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    match damage {
        Damage::Flip(at, byte) => *at.get_mut(&mut bytes) = *byte,
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Splice(at, from, to) => {
            let (a, b) = (from.index(other.len() + 1), to.index(other.len() + 1));
            let at = at.index(bytes.len());
            bytes.splice(at..at, other.as_bytes()[a.min(b)..a.max(b)].iter().copied());
        }
        Damage::Swap(a, b) => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
            bytes = lines.concat().into_bytes();
        }
        Damage::Repeat(at) => {
            let at = at.index(lines.len());
            lines.insert(at, lines[at]);
            bytes = lines.concat().into_bytes();
        }
        Damage::Drop(at) => {
            lines.remove(at.index(lines.len()));
            bytes = lines.concat().into_bytes();
        }
        Damage::Insert(at, new) => {
            lines.insert(at.index(lines.len()), new);
            bytes = lines.concat().into_bytes();
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Loads, and asks all that can be asked of what has loaded.
fn survives(files: Vec<(String, String)>) -> Result<bool, TestCaseError> {
    match Catalog::load(files) {
        Err(wrong) => {
            prop_assert!(!wrong.is_empty());
            for diagnostic in &wrong {
                prop_assert!(diagnostic.line > 0 && diagnostic.column > 0 && diagnostic.to_string().len() < 4000);
            }
            Ok(false)
        }
        Ok(catalog) => {
            for (a, b) in [("FR", "JP"), ("JP", "SG"), ("DE", "GB"), ("CN", "US"), ("JP", "JP")] {
                let (a, b) = (party(a), party(b));
                for day in [date(-9999, 1, 1), TODAY, date(9999, 12, 31)] {
                    let rule = catalog.rule(a, b, day);
                    prop_assert_eq!(rule.pin(), catalog.rule(b, a, day).pin());
                    prop_assert!(rule.canonical().is_ascii());
                    let local = catalog.local_rule(a, a, b, day);
                    prop_assert_eq!(rule.pin(), local.pin());
                }
                prop_assert!(catalog.timeline(a, b).is_sorted());
                catalog.pins(a, b, TODAY, date(2027, 12, 31));
                catalog.rule_as_known(a, b, TODAY, date(2020, 1, 1));
            }
            catalog.unverified();
            catalog.instrument_infos();
            catalog.files().for_each(|file| assert!(catalog.signers(&file.path).is_some()));
            Ok(true)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_refused_or_compiles(
        which in any::<Index>(),
        other in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let mut files = layers();
        let other = other.get(&files).1.clone();
        let (_, text) = which.get_mut(&mut files);
        for damage in &damages {
            *text = damaged(text, &other, damage);
        }
        survives(files)?;
    }

    #[test]
    fn any_text_in_the_place_of_a_file_is_refused_or_compiles(which in any::<Index>(), text in "\\PC{0,300}") {
        let mut files = layers();
        which.get_mut(&mut files).1 = text;
        survives(files)?;
    }

    #[test]
    fn any_lines_of_toml_after_a_file_are_refused_or_compile(
        which in any::<Index>(),
        lines in prop::collection::vec(toml(), 1..6),
    ) {
        let mut files = layers();
        which.get_mut(&mut files).1.push_str(&lines.concat());
        survives(files)?;
    }

    #[test]
    fn any_path_is_refused_or_read(path in "[a-zA-Z0-9./-]{0,30}", text in toml()) {
        let mut files = layers();
        files.push((path, text));
        survives(files)?;
    }
}

/// Hours: `cargo test --release -p rogatory-treaty --test main -- --ignored fuzz`, with `PROPTEST_CASES` for another number.
#[test]
#[ignore = "long: 100,000 damaged catalogues"]
fn a_hundred_thousand_damaged_catalogues_are_refused_or_compile() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100_000);
    let config = ProptestConfig { failure_persistence: None, cases, ..ProptestConfig::default() };
    let damages = prop::collection::vec(damage(), 1..4);
    let tried = (any::<Index>(), any::<Index>(), damages, prop::collection::vec(toml(), 0..3));
    let outcome = proptest::test_runner::TestRunner::new(config).run(&tried, |(which, other, damages, lines)| {
        let mut files = layers();
        let other = other.get(&files).1.clone();
        let (_, text) = which.get_mut(&mut files);
        for damage in &damages {
            *text = damaged(text, &other, damage);
        }
        text.push_str(&lines.concat());
        survives(files).map(|_| ())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn the_files_that_are_damaged_load_before_they_are() {
    assert!(survives(layers()).unwrap());
}
