//! The canonical form and its digest. A change of the golden text is a new treaty version between Japan and France: both must accept
//! it again.

use model::Digest;

use crate::support::rule;

#[test]
fn the_rule_between_japan_and_france_stability() {
    let rule = rule("JP", "FR");
    assert_eq!(rule.canonical(), include_str!("pins/FR-JP.txt"));
}

#[test]
fn the_pin_is_the_digest_of_the_canonical_text() {
    let rule = rule("JP", "FR");
    assert_eq!(rule.pin().0, Digest::of(&[rule.canonical().as_bytes()]));
}

#[test]
fn the_canonical_text_is_lines_of_words_of_visible_ascii() {
    for (a, b) in [("JP", "FR"), ("JP", "IT"), ("DE", "HU"), ("SG", "JP")] {
        let text = rule(a, b).canonical();
        assert!(text.starts_with("rogatory rule v2\npair ") && text.ends_with('\n'));
        for line in text.lines() {
            assert!(
                line.split(' ').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic())),
                "{line}"
            );
        }
    }
}
