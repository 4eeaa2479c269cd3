//! `treaty explain` and `treaty effective`.

use std::fs;

use crate::support::{copy, edit, golden, plain, treaty};

const ON: [&str; 2] = ["--on", "2026-04-01"];

fn explain(words: &[&str]) -> crate::support::Ran {
    treaty(&[&["explain"], words, &ON].concat())
}

#[test]
fn a_provision_is_explained_whole_and_an_overlay_is_named_where_it_narrows() {
    let ran = explain(&["XA", "XB", "stored_data"]);
    assert_eq!((ran.exit, ran.err.as_str()), (0, ""));
    golden("provision", &ran.out);
    let other_way = explain(&["XB", "XA", "stored_data"]);
    assert!(other_way.out.contains("20 subjects\n"), "{}", other_way.out);
}

#[test]
fn facts_within_the_bounds_are_allowed_and_what_was_assumed_is_told() {
    let ran = explain(&["XA", "XB", "stored_data", "--subjects", "5", "--records", "subscriber_info", "--days", "90"]);
    assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);
    golden("allowed", &ran.out);
}

#[test]
fn facts_beyond_the_bounds_are_refused_with_every_reason_and_who_can_change_it() {
    let ran = explain(&[
        "XA",
        "XB",
        "stored_data",
        "--subjects",
        "6",
        "--records",
        "content_data",
        "--validator",
        "prosecutor",
        "--days",
        "366",
        "--dual-criminality",
        "false",
    ]);
    assert_eq!(ran.exit, 5, "{}{}", ran.out, ran.err);
    golden("refused", &ran.out);
}

#[test]
fn a_reserved_article_is_refused_r92_and_names_who_reserved_it() {
    let ran = explain(&["XA", "XC", "stored_data"]);
    assert_eq!(ran.exit, 5);
    golden("reserved", &ran.out);
}

#[test]
fn a_national_layer_is_applied_only_for_its_own_party() {
    let own = explain(&["XA", "XB", "stored_data", "--as", "XA"]);
    golden("national", &own.out);
    let theirs = explain(&["XA", "XB", "stored_data", "--as", "XB"]);
    assert!(!theirs.out.contains("national/"), "{}", theirs.out);
    let stranger = explain(&["XA", "XB", "stored_data", "--as", "XC"]);
    assert_eq!(stranger.exit, 2);
    assert!(stranger.err.contains("XC is neither XA nor XB"), "{}", stranger.err);
}

#[test]
fn a_memorandum_that_does_not_exist_is_marked_and_consent_and_attributes_are_told() {
    let ran = explain(&["XA", "XC", "attest"]);
    assert_eq!(ran.exit, 0);
    golden("memorandum", &ran.out);
    let old = explain(&["XA", "XC", "attest", "--consent-age", "301"]);
    assert_eq!(old.exit, 5, "{}", old.out);
    let never = explain(&["XA", "XC", "attest", "--attributes", "national_number"]);
    assert!(never.exit == 5 && never.out.contains("R90"), "{}", never.out);
}

#[test]
fn what_was_recorded_later_is_not_known_before() {
    let folder = copy();
    let overlay = "format = \"overlay/1\"\nid = \"notes\"\ntitle = \"Notes\"\nparties = [\"XA\", \"XB\"]\nkind = \"arrangement\"\nversion = 2\n\
recorded = 2025-06-01\nvalid_from = 2025-01-01\nverified = true\n[[restrict]]\nall = true\nforbid = true\nbecause = \"note 18\"\n";
    fs::write(folder.path().join("overlays/XA-XB/notes.2.toml"), overlay).unwrap();
    let ask = |words: &[&str]| {
        let base = [
            "--catalogue",
            folder.path().to_str().unwrap(),
            "explain",
            "XA",
            "XB",
            "stored_data",
            "--on",
            "2025-03-01",
        ];
        plain(&[&base, words].concat()).exit
    };
    assert_eq!(ask(&[]), 5);
    assert_eq!(ask(&["--known", "2025-05-31"]), 0);
    assert_eq!(ask(&["--known", "2025-06-01"]), 5);
}

#[test]
fn a_national_layer_too_is_explained_as_it_was_known_then() {
    let folder = copy();
    edit(
        folder.path(),
        "national/XA.toml",
        "format = \"national/1\"",
        "format = \"national/1\"\nrecorded = 2025-06-01",
    );
    let ask = |words: &[&str]| {
        let catalogue = folder.path().to_str().unwrap();
        let base = ["--catalogue", catalogue, "explain", "XA", "XB", "stored_data", "--on", "2025-03-01", "--as", "XA"];
        plain(&[&base, words].concat()).out
    };
    assert!(ask(&[]).contains("national/XA.toml"));
    assert!(ask(&["--known", "2025-06-01"]).contains("national/XA.toml"));
    assert!(!ask(&["--known", "2025-05-31"]).contains("national/XA.toml"));
}

#[test]
fn what_is_mistyped_is_answered_with_what_was_meant() {
    let wrong = [
        (vec!["XA", "XB", "stored"], 4, "did you mean `stored_data`? XA may ask XB for: preservation, stored_data."),
        (vec!["XA", "XB", "x"], 4, "known here: attest, preservation, stored_data. XA may ask"),
        (vec!["XA", "XX", "stored_data"], 4, "there is no file parties/XX.toml"),
        (vec!["XA", "XA", "stored_data"], 2, "XA and XA are one party"),
        (vec!["XA", "xb", "stored_data"], 2, "ISO 3166-1 alpha-2"),
        (vec!["XA", "XB", "stored_data", "--article", "alpha:7"], 4, "`stored_data` rests on alpha:8."),
        (vec!["XA", "XB", "stored_data", "--validator", "clerk"], 2, "not one of: judge, prosecutor, none"),
        (vec!["XA", "XB", "stored_data", "--days", "0"], 2, "a window of 0 days is none"),
        (vec!["XA", "XB", "stored_data", "--days", "4294967295"], 2, "more than the calendar has"),
    ];
    for (words, exit, said) in wrong {
        let ran = explain(&words);
        assert!(
            ran.exit == exit && ran.err.contains(said) && ran.out.is_empty(),
            "{words:?}: {} {}",
            ran.exit,
            ran.err
        );
    }
}

#[test]
fn json_has_a_version_and_the_same_answer_and_errors_are_json_too() {
    let ran = explain(&["XA", "XB", "stored_data", "--subjects", "21", "--output", "json"]);
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.exit, &value["allowed"], &value["schema_version"]), (5, &false.into(), &1.into()));
    assert_eq!(value["offers"][0]["decision"]["refusals"][0]["code"], "R90");
    assert_eq!(value["offers"][0]["offer"]["max_subjects"]["file"], "overlays/XA-XB/notes.toml");
    let failed = explain(&["XA", "XX", "stored_data", "--output", "json"]);
    let value: serde_json::Value = serde_json::from_str(&failed.err).unwrap();
    assert_eq!((&value["exit"], &value["schema_version"]), (&4.into(), &1.into()));
}

#[test]
fn effective_lists_both_directions_and_when_the_rule_changes() {
    golden("effective", &treaty(&["effective", "XA", "XB", "--on", "2026-04-01"]).out);
    let timeline = treaty(&["effective", "XA", "XB", "--timeline"]).out;
    golden("timeline", &timeline);
    let canonical = treaty(&["effective", "XA", "XB", "--on", "2026-04-01", "--canonical"]).out;
    assert!(canonical.starts_with("rogatory rule v"), "{canonical}");
}

#[test]
fn a_catalogue_with_an_error_answers_nothing() {
    let folder = copy();
    edit(folder.path(), "parties/XB.toml", "name =", "nane =");
    let ran = plain(&["--catalogue", folder.path().to_str().unwrap(), "explain", "XA", "XC", "stored_data"]);
    assert!(ran.exit == 2 && ran.err.contains("parties/XB.toml:3"), "{} {}", ran.exit, ran.err);
}

#[test]
fn a_word_that_does_not_fit_is_answered_with_what_does() {
    for (words, told) in [
        (["--validator", "police"], "not one of: judge, prosecutor, none"),
        (["--records", "subscriber"], "did you mean `subscriber_info`?"),
        (["--on", "22.11.2026"], "write the year first, as in 2026-01-31"),
    ] {
        let ran = treaty(&[&["explain", "XA", "XB", "stored_data"], &words[..]].concat());
        assert!(ran.exit == 2 && ran.err.contains(told), "{}", ran.err);
    }
}

#[test]
fn what_a_treaty_gives_that_does_not_exist_is_marked_in_the_list_too() {
    let ran = treaty(&["effective", "XA", "XC", "--on", "2026-04-01"]);
    let mark =
        "HYPOTHETICAL: no such treaty exists: Beta Memorandum on proofs of age (instruments/beta/instrument.toml)";
    assert!(ran.out.contains(mark), "{}", ran.out);
}

#[test]
fn the_standing_of_a_state_with_each_treaty_is_told_and_what_follows() {
    let ran = treaty(&["status", "XA", "--on", "2026-04-01"]);
    assert_eq!((ran.exit, ran.err.as_str()), (0, ""));
    golden("status", &ran.out);
    let nobody = treaty(&["status", "ZZ"]);
    assert_eq!(nobody.exit, 4, "{}", nobody.err);
}
