#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn a_browser_gets_the_first_of_its_languages_that_we_speak() {
    for (accept, locale) in [
        ("fr-CH, fr;q=0.9, en;q=0.8", Locale::Fr),
        ("zh-CN,zh;q=0.9", Locale::ZhHans),
        ("de, it;q=0.5", Locale::It),
        ("ja", Locale::Ja),
        ("de", Locale::En),
        ("*", Locale::En),
        ("", Locale::En),
        ("en-US,fr;q=0.5", Locale::En),
    ] {
        assert_eq!(Locale::negotiate(accept), locale, "{accept}");
    }
    assert_eq!(Locale::negotiate(&"語".repeat(100_000)), Locale::En);
}

#[test]
fn a_tag_is_its_own_locale() {
    for locale in Locale::ALL.into_iter().chain([Locale::Pseudo]) {
        assert_eq!(Locale::of(locale.tag()), Some(locale));
    }
    assert_eq!(Locale::of("de"), None);
}

#[test]
fn a_moment_is_told_on_the_wall_of_its_zone() {
    let noon = 1_795_305_600_000; // 2026-11-22T00:00:00Z
    assert_eq!(Locale::En.moment(noon, "Asia/Tokyo"), "22 November 2026 at 09:00 UTC+9");
    assert_eq!(Locale::Fr.moment(noon, "Europe/Paris"), "22 novembre 2026 à 01:00 UTC+1");
    assert_eq!(Locale::It.moment(noon, "Asia/Kolkata"), "22 novembre 2026 alle ore 05:30 UTC+5:30");
    assert_eq!(Locale::Ja.moment(noon, "Asia/Tokyo"), "2026年11月22日 9:00 UTC+9");
    assert_eq!(Locale::ZhHans.moment(noon, "America/New_York"), "2026年11月21日 19:00 UTC−5");
    assert_eq!(Locale::En.moment(noon, "Nowhere/At_All"), "22 November 2026 at 00:00 UTC");
}

#[test]
fn a_day_is_told_in_words_and_what_is_none_stays() {
    assert_eq!(Locale::En.day("2026-03-01"), "1 March 2026");
    assert_eq!(Locale::Fr.day("2026-03-01"), "1 mars 2026");
    assert_eq!(Locale::Ja.day("2026-03-01"), "2026年3月1日");
    assert_eq!(Locale::En.day("soon"), "soon");
    assert_eq!(Locale::En.day("2026-02-30"), "2026-02-30");
}

#[test]
fn a_number_has_the_separators_of_its_language() {
    assert_eq!(Locale::En.number(50_000), "50,000");
    assert_eq!(Locale::Fr.number(50_000), "50\u{202f}000");
    assert_eq!(Locale::It.number(50_000), "50.000");
}

#[test]
fn a_name_from_right_to_left_stays_within_itself() {
    assert_eq!(isolated("Dupont"), "Dupont");
    assert_eq!(isolated("عمر"), "\u{2068}عمر\u{2069}");
    assert_eq!(isolated("عمر\u{2069}\u{202e}x"), "\u{2068}عمرx\u{2069}");
}

#[test]
fn a_number_chooses_its_plural_and_a_reference_stays_as_it_is() {
    let number = |value: &str| matches!(value_of(value), FluentValue::Number(_));
    assert!(number("1") && number("50000"));
    assert!(!number("007") && !number("JP-7") && !number("12345678901234567890"));
}

#[test]
fn every_file_of_texts_can_be_read() {
    for file in TEXTS.dirs().flat_map(Dir::files) {
        let source = file.contents_utf8().unwrap().to_owned();
        let errors = FluentResource::try_new(source).err().map(|(_, errors)| errors);
        assert_eq!(errors, None, "{}", file.path().display());
    }
}
