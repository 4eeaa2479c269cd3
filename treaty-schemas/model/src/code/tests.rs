use std::collections::BTreeSet;

use super::*;
use crate::Digest;

/// Every code of every kind: kind, code, and its text and explanation in `language`.
fn in_language(language: Language) -> Vec<(char, &'static str, [&'static str; 2])> {
    macro_rules! rows {
        ($kind:literal, $name:ident) => {
            $name::ALL
                .iter()
                .map(|code| ($kind, code.as_str(), [code.text_in(language), code.explanation_in(language)]))
        };
    }
    rows!('R', RefusalCode).chain(rows!('P', PostponementCode)).chain(rows!('C', ConditionCode)).collect()
}

fn is_kana(c: char) -> bool {
    ('\u{3041}'..='\u{30ff}').contains(&c)
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[test]
fn there_are_26_refusals_5_postponements_and_11_conditions() {
    assert_eq!((RefusalCode::ALL.len(), PostponementCode::ALL.len(), ConditionCode::ALL.len()), (26, 5, 11));
}

#[test]
fn every_text_is_there_and_distinct_within_its_kind_and_language() {
    for &language in Language::ALL {
        let mut seen = BTreeSet::new();
        for (kind, code, texts) in in_language(language) {
            for text in texts {
                assert!(!text.is_empty() && text.trim() == text, "{code} {language}");
                assert!(seen.insert((kind, text)), "{code} {language}: {text}");
            }
        }
    }
}

#[test]
fn no_text_is_left_in_another_language() {
    for &language in Language::ALL {
        for (_, code, [text, explanation]) in in_language(language) {
            let both = format!("{text}{explanation}");
            let (han, kana) = (both.contains(is_han), both.contains(is_kana));
            match language {
                Language::Japanese => assert!(text.contains(is_han) && explanation.contains(is_kana), "{code} {both}"),
                Language::SimplifiedChinese => assert!(text.contains(is_han) && !kana, "{code} {both}"),
                _ => assert!(!han && !kana, "{code} {both}"),
            }
        }
    }
    let english = in_language(Language::English);
    for other in [Language::French, Language::Italian] {
        for (english, translated) in english.iter().zip(in_language(other)) {
            assert!(english.2.iter().zip(translated.2).all(|(a, b)| *a != b), "{} {other}", english.1);
        }
    }
}

#[test]
fn an_explanation_is_one_or_two_sentences() {
    for &language in Language::ALL {
        let stop = if matches!(language, Language::Japanese | Language::SimplifiedChinese) { "。" } else { "." };
        for (_, code, [text, explanation]) in in_language(language) {
            assert!(explanation.ends_with(stop) && !text.ends_with(stop), "{code} {language}");
            let sentences = explanation.split_inclusive(stop).count();
            assert!((1..=2).contains(&sentences), "{code} {language}: {explanation}");
        }
    }
}

#[test]
fn a_gateways_code_says_that_a_machine_refused_and_asks_nobody_to_judge() {
    for code in RefusalCode::ALL.iter().filter(|code| !code.is_human()) {
        for &language in Language::ALL {
            let (machine, judging): (&str, &[&str]) = match language {
                Language::English => (
                    "automatically",
                    &["judge", "assess", "consider", "weigh", "decid", "discretion", "opinion", "whether"],
                ),
                Language::French => {
                    ("automatique", &["jug", "appréci", "évalu", "estim", "décid", "examin", "opportun"])
                }
                Language::Italian => {
                    ("automatico", &["giudi", "valut", "riten", "apprezz", "decid", "esamin", "opportun"])
                }
                Language::Japanese => ("自動的", &["判断", "検討", "考慮", "評価", "裁量", "審査"]),
                Language::SimplifiedChinese => {
                    ("自动", &["判断", "考虑", "评估", "裁量", "酌", "认为", "决定", "审查"])
                }
            };
            let text = format!("{} {}", code.text_in(language), code.explanation_in(language)).to_lowercase();
            assert!(text.contains(machine), "{code} {language}: {text}");
            assert!(!judging.iter().any(|word| text.contains(word)), "{code} {language}: {text}");
        }
    }
}

#[test]
fn a_humans_ground_has_a_source_and_a_gateways_own_has_none() {
    for code in RefusalCode::ALL {
        assert_eq!(code.sources().is_empty(), !code.is_human(), "{code}");
    }
    let of_others = PostponementCode::ALL
        .iter()
        .map(|code| code.sources())
        .chain(ConditionCode::ALL.iter().map(|code| code.sources()));
    for sources in RefusalCode::ALL.iter().map(|code| code.sources()).chain(of_others) {
        let distinct: BTreeSet<_> = sources.iter().collect();
        assert_eq!(distinct.len(), sources.len(), "{sources:?}");
        assert!(sources.iter().all(|source| !source.is_empty() && !source.contains('[')), "{sources:?}");
    }
    assert_eq!(RefusalCode::R01.sources(), ["UNTOC 18(21)(a)", "MACMA 20(1)(a)"]);
}

/// Officers know them, and other programs may show them: a change is meant, or it is a mistake.
#[test]
fn the_english_texts_are_stable() {
    let lines: String =
        in_language(Language::English).iter().map(|(_, code, [text, _])| format!("{code} {text}\n")).collect();
    assert_eq!(
        Digest::of(&[lines.as_bytes()]).to_string(),
        "e38272bfbf7d4208a1d38cdb7efb1bf6ec4a7c8e0ed4afee5703a34176528767"
    );
    for code in RefusalCode::ALL {
        assert_eq!(code.text_in(Language::English), code.text());
    }
}
