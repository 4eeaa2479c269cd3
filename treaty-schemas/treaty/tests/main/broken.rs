//! A corpus of broken files: each must be refused with exactly these diagnostics, the place included.

use treaty::Catalog;

use crate::support::file;

/// The diagnostics for `tests/broken/<name>`, in the place of a builtin file or beside them.
fn diagnostics(name: &str, text: &str) -> String {
    let path = if name.ends_with(".party.toml") { "parties/JP.toml" } else { "instruments/test/instrument.toml" };
    let kept = Catalog::builtin_files().filter(|(kept, _)| kept != path);
    let wrong = Catalog::load(kept.chain([(path.to_owned(), text.to_owned())])).unwrap_err();
    let shown: Vec<_> = wrong.iter().map(ToString::to_string).collect();
    shown.join("\n") + "\n"
}

macro_rules! corpus {
    ($($test:ident: $file:literal,)+) => {$(
        #[test]
        fn $test() {
            let found = diagnostics($file, include_str!(concat!("broken/", $file)));
            let expected = include_str!(concat!("broken/", $file, ".expected"));
            assert_eq!(found, expected, "\n{found}");
        }
    )+};
}

corpus! {
    a_misspelt_key_is_told_with_the_right_one: "unknown_key.party.toml",
    a_misspelt_table_is_told_with_the_right_one: "unknown_table.party.toml",
    what_is_not_toml_is_told_with_its_place: "not_toml.party.toml",
    a_file_under_the_name_of_another_party_is_refused: "wrong_name.party.toml",
    another_format_is_refused: "wrong_format.party.toml",
    a_treaty_in_force_before_its_ratification_is_refused: "early_force.party.toml",
    an_instrument_that_nobody_describes_is_refused: "unknown_instrument.party.toml",
    a_reservation_that_hits_no_request_is_refused: "reservation_that_hits_nothing.party.toml",
    a_declaration_without_a_meaning_is_refused: "unknown_demand.party.toml",
    what_does_not_say_whether_it_was_read_is_refused: "no_verified.party.toml",
    a_date_in_quotes_is_refused: "datetime.party.toml",
    a_misspelt_selector_is_told_with_the_right_one: "unknown_selector.treaty.toml",
    a_request_type_without_a_number_of_subjects_is_refused: "no_cap.treaty.toml",
    a_number_of_subjects_of_zero_is_refused: "zero_cap.treaty.toml",
    a_record_type_of_which_nobody_says_who_validates_is_refused: "nobody_validates.treaty.toml",
    an_article_of_a_text_elsewhere_is_refused: "foreign_article.treaty.toml",
    all_mistakes_of_a_file_are_told_at_once: "several_mistakes.treaty.toml",
    an_officer_does_not_validate: "officer_validates.treaty.toml",
}

#[test]
fn a_file_given_twice_or_under_a_strange_path_is_refused() {
    let japan = || ("parties/JP.toml".to_owned(), file("parties/JP.toml"));
    let twice = Catalog::load(Catalog::builtin_files().chain([japan()])).unwrap_err();
    assert_eq!(twice[0].message, "this file is given twice");
    let strange = Catalog::load([("parties/JP.json".to_owned(), String::new())]).unwrap_err();
    assert_eq!(strange[0].message, "this is no path of a treaty file");
}

#[test]
fn a_file_beyond_the_limit_is_not_parsed() {
    let wrong = Catalog::load([("parties/JP.toml".to_owned(), "#".repeat(256 * 1024 + 1))]).unwrap_err();
    assert_eq!(wrong[0].message, "the file has 262145 bytes, at most 262144 are read");
}
