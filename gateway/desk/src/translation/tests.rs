#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

const LANGUAGES: [Language; 5] =
    [Language::English, Language::French, Language::Italian, Language::Japanese, Language::SimplifiedChinese];

/// The values of a text, the doubtful ones in brackets.
fn read(text: &str, language: Language) -> Vec<String> {
    let (text, _) = Text::new(text, language);
    let told = |one: Found| {
        let value = format!("{} {}", one.kind.as_str(), one.value);
        if one.weak { format!("({value})") } else { value }
    };
    scan::values(&text).into_iter().map(told).collect()
}

/// The sure values only.
fn sure(text: &str, language: Language) -> Vec<String> {
    read(text, language).into_iter().filter(|one| !one.starts_with('(')).collect()
}

fn of(original: &str, from: Language, translation: &str, to: Language) -> Comparison {
    compare((original, from), (translation, to), &[])
}

#[test]
fn two_services_for_two_thousand_seven_hundred_is_found() {
    let original = "シングパスは、約2,700のサービスで利用されている。";
    for wrong in ["Singpass is used by some 2 services.", "Singpass is used by 2 services of 700 agencies."] {
        let compared = of(original, Language::Japanese, wrong, Language::English);
        assert_eq!(compared.outcome(), Outcome::Differ);
        let values: Vec<_> = compared.differences.iter().filter(|one| !one.doubtful).collect();
        assert_eq!(values[0].value, "2700");
        assert_eq!((values[0].stands, values[0].line, values[0].column), (Stands::InOriginal, 1, 9));
        assert!(values[0].context.contains("2,700"));
        assert!(values[1..].iter().all(|one| one.stands == Stands::InTranslation));
    }
    let right = "Singpass is used by some 2,700 services.";
    assert_eq!(of(original, Language::Japanese, right, Language::English).outcome(), Outcome::Agree);
    let right = "Singpass è usato da circa 2.700 servizi.";
    assert_eq!(of(original, Language::Japanese, right, Language::Italian).outcome(), Outcome::Agree);
}

#[test]
fn where_nothing_is_found_nothing_is_said_to_agree() {
    for (one, other) in [("", ""), ("The accused denies it.", "被告人は否認している。"), ("One day.", "ある日。")]
    {
        let compared = of(one, Language::English, other, Language::Japanese);
        assert_eq!((compared.outcome(), compared.agreed), (Outcome::NothingFound, 0));
    }
}

#[test]
fn a_number_is_the_same_in_every_writing() {
    for (language, texts) in [
        (Language::English, &["1,234,567", "1234567", "1 234 567"][..]),
        (Language::French, &["1 234 567", "1\u{202f}234\u{202f}567", "1\u{a0}234\u{a0}567", "1.234.567"]),
        (Language::Italian, &["1.234.567", "1 234 567", "1'234'567"]),
        (
            Language::Japanese,
            &["１，２３４，５６７", "123万4567", "百二十三万四千五百六十七", "一二三四五六七", "123万4,567"],
        ),
        (Language::SimplifiedChinese, &["123万4567", "一百二十三万四千五百六十七", "1,234,567"]),
    ] {
        for text in texts {
            assert_eq!(read(text, language), ["number 1234567"], "{text}");
        }
    }
    assert_eq!(read("١٢٣", Language::English), ["number 123"]);
    assert_eq!(read("二〇〇", Language::Japanese), ["number 200"]);
    assert_eq!(read("二億三千万", Language::Japanese), ["number 230000000"]);
    assert_eq!(read("3.5万", Language::SimplifiedChinese), ["number 35000"]);
}

#[test]
fn decimals_are_read_as_the_language_writes_them() {
    assert_eq!(read("1.500", Language::English), ["number 1.5"]);
    assert_eq!(read("1.500", Language::Italian), ["number 1500"]);
    assert_eq!(read("1,500", Language::French), ["number 1.5"]);
    assert_eq!(read("3,14", Language::Italian), ["number 3.14"]);
    assert_eq!(read("2.7 million", Language::English), ["number 2700000"]);
    assert_eq!(read("2,7 millions", Language::French), ["number 2700000"]);
    assert_eq!(read("3 miliardi", Language::Italian), ["number 3000000000"]);
    let mangled = of("1.500", Language::English, "1.500", Language::Italian);
    assert_eq!(mangled.outcome(), Outcome::Differ);
}

#[test]
fn a_day_is_the_same_in_every_writing() {
    for (language, texts) in [
        (Language::English, &["3 March 2026", "March 3, 2026", "3rd of March 2026", "2026-03-03", "3/3/2026"][..]),
        (Language::French, &["3 mars 2026", "03/03/2026", "3.3.2026"]),
        (Language::Italian, &["3 marzo 2026", "3º marzo 2026"]),
        (
            Language::Japanese,
            &["2026年3月3日", "令和8年3月3日", "令和八年三月三日", "二〇二六年三月三日", "２０２６／３／３"],
        ),
        (Language::SimplifiedChinese, &["2026年3月3日", "2026 年 3 月 3 日", "二〇二六年三月三号"]),
    ] {
        for text in texts {
            assert_eq!(read(text, language), ["date 2026-03-03"], "{text}");
        }
    }
    assert_eq!(read("1er mars 2026", Language::French), ["date 2026-03-01"]);
    assert_eq!(read("平成元年", Language::Japanese), ["number 1989"]);
    assert_eq!(read("March 2026", Language::English), ["date 2026-03"]);
    assert_eq!(read("3月3日", Language::Japanese), ["date --03-03"]);
    assert_eq!(read("2026年3月", Language::SimplifiedChinese), ["date 2026-03"]);
    assert_eq!(read("8年間", Language::Japanese), ["number 8"]);
    assert_eq!(read("3か月", Language::Japanese), ["number 3"]);
}

#[test]
fn a_day_that_can_be_read_in_two_ways_agrees_with_either() {
    for day in ["2026-03-04", "2026-04-03"] {
        let compared = of("3/4/2026", Language::English, day, Language::French);
        assert_eq!(compared.outcome(), Outcome::Agree, "{day}");
    }
    assert_eq!(of("3/4/2026", Language::English, "2026-04-04", Language::French).outcome(), Outcome::Differ);
    assert_eq!(of("3/4/2026", Language::French, "2026-03-04", Language::English).outcome(), Outcome::Differ);
}

#[test]
fn times_percentages_and_amounts_are_the_same_in_every_writing() {
    for (text, language, value) in [
        ("10:15", Language::Italian, "time 10:15"),
        ("3.15", Language::English, "number 3.15"),
        ("3:15 p.m.", Language::English, "time 15:15"),
        ("3 pm", Language::English, "time 15:00"),
        ("15h15", Language::French, "time 15:15"),
        ("15 h 15", Language::French, "time 15:15"),
        ("午後3時15分", Language::Japanese, "time 15:15"),
        ("15時15分30秒", Language::Japanese, "time 15:15:30"),
        ("下午3点15分", Language::SimplifiedChinese, "time 15:15"),
        ("3時間", Language::Japanese, "number 3"),
        ("3点", Language::SimplifiedChinese, "number 3"),
        ("12.5 per cent", Language::English, "percentage 12.5"),
        ("12,5 %", Language::French, "percentage 12.5"),
        ("百分之五十", Language::SimplifiedChinese, "percentage 50"),
        ("５０％", Language::Japanese, "percentage 50"),
        ("€1,000", Language::English, "amount EUR 1000"),
        ("1.000 euro", Language::Italian, "amount EUR 1000"),
        ("1 000 €", Language::French, "amount EUR 1000"),
        ("2,7 millions d'euros", Language::French, "amount EUR 2700000"),
        ("EUR 1.000,50", Language::Italian, "amount EUR 1000.5"),
        ("1000万円", Language::Japanese, "amount JPY 10000000"),
        ("¥10,000,000", Language::English, "amount JPY 10000000"),
        ("人民币100元", Language::SimplifiedChinese, "amount CNY 100"),
        ("S$2,700", Language::English, "amount SGD 2700"),
        ("2,700シンガポールドル", Language::Japanese, "amount SGD 2700"),
    ] {
        assert_eq!(read(text, language), [value], "{text}");
    }
}

#[test]
fn what_is_copied_and_not_translated_is_compared_letter_by_letter() {
    for (text, value) in [
        ("trader-7.x@Mail.Example", "identifier trader-7.x@mail.example"),
        ("IT60 X054 2811 1010 0000 0123 456", "identifier IT60X0542811101000000123456"),
        ("192.0.2.17", "identifier 192.0.2.17"),
        ("2001:DB8::17", "identifier 2001:db8::17"),
        ("+81 3-0000-0000", "identifier +81300000000"),
        ("03-0000-0000", "identifier 03-0000-0000"),
        ("ab12cd", "identifier ab12cd"),
        ("0071", "identifier 0071"),
        ("1234567890123456789012345678901234567890", "identifier 1234567890123456789012345678901234567890"),
    ] {
        for language in LANGUAGES {
            assert_eq!(sure(text, language), [value], "{text} in {language:?}");
        }
    }
    assert_eq!(read("10km", Language::English), ["number 10"]);
    let moment = ["date 2026-03-01", "time 10:15", "time 09:00"];
    assert_eq!(read("2026-03-01T10:15:00+09:00", Language::English), moment);
}

#[test]
fn a_word_for_a_figure_is_its_like_and_is_never_missed() {
    let original = "三人の被告人は第2条により起訴された。";
    let right = "Three defendants were charged under article 2.";
    assert_eq!(of(original, Language::Japanese, right, Language::English).outcome(), Outcome::Agree);
    let wrong = "Four defendants were charged under article 2.";
    assert_eq!(of(original, Language::Japanese, wrong, Language::English).outcome(), Outcome::Differ);
    for word in ["一部の資料", "十分な理由", "第三者", "千葉県", "統一", "一方"] {
        assert_eq!(sure(word, Language::Japanese), Vec::<String>::new(), "{word}");
    }
}

#[test]
fn a_listed_name_has_to_be_in_both_in_any_script_and_order() {
    let names = [vec!["田中一郎".to_owned(), "Tanaka Ichiro".to_owned()], vec!["Marie Dupont".to_owned()]];
    let original = ("田中 一郎は送金した。", Language::Japanese);
    let right = compare(original, ("Ichiro TANAKA sent the money.", Language::English), &names);
    assert_eq!((right.outcome(), right.agreed, right.unseen.as_slice()), (Outcome::Agree, 1, &[1][..]));
    let wrong = compare(original, ("Ichiro TANAKE sent the money.", Language::English), &names);
    let sure: Vec<_> = wrong.differences.iter().filter(|one| !one.doubtful).collect();
    assert_eq!((sure.len(), sure[0].kind, sure[0].column), (1, Kind::Name, 1));
}

#[test]
fn words_in_capitals_are_doubted_and_no_difference() {
    let compared =
        of("M. Jean Martin a payé 3 euros.", Language::French, "Mr Jon Marten paid 3 euros.", Language::English);
    assert_eq!(compared.outcome(), Outcome::Agree);
    assert!(compared.differences.iter().any(|one| one.doubtful && one.value.contains("Jean Martin")));
}

#[test]
fn a_difference_tells_its_place_and_its_debug_no_value() {
    let compared = of("Line one.\nHe paid 27 euros.", Language::English, "Il a payé 72 euros.", Language::French);
    let first = &compared.differences[0];
    assert_eq!((first.line, first.column, first.value.as_str()), (2, 9, "EUR 27"));
    let shown = format!("{compared:?}");
    assert!(!shown.contains("27") && !shown.contains("paid"), "{shown}");
}

#[test]
fn a_language_is_known_by_its_tag() {
    assert_eq!(language_of("fr-CA"), Some(Language::French));
    assert_eq!(language_of("zh-Hans"), Some(Language::SimplifiedChinese));
    assert_eq!(language_of("zh-Hant"), None);
    assert_eq!(language_of("de"), None);
}

#[derive(Debug, Clone)]
enum Value {
    Number(u64),
    Decimal(u32, u8),
    Percentage(u8),
    Euros(u64),
    Day(u16, u8, u8),
    Time(u8, u8),
}

fn grouped(number: u64, separator: &str) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push_str(separator);
        }
        out.push(digit);
    }
    out
}

/// A whole number in figures of Han: 二千七百, 一億三十二.
fn han(mut number: u64) -> String {
    const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let mut sections = Vec::new();
    for unit in ["", "万", "億", "兆"] {
        let section = number % 10_000;
        number /= 10_000;
        if section == 0 {
            continue;
        }
        let mut text = String::new();
        for (power, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
            let digit = section / power % 10;
            if digit > 0 {
                if digit > 1 || power == 1 || power == 1000 {
                    text.push(DIGITS[usize::try_from(digit).unwrap()]);
                }
                text.push_str(name);
            }
        }
        sections.push(text + unit);
    }
    sections.reverse();
    sections.concat()
}

impl Value {
    fn written(&self, language: Language, style: u8) -> String {
        use Language::{English, French, Italian, Japanese, SimplifiedChinese};
        let english = lexicon::months(language);
        match (self, language) {
            (Self::Number(n), English) => grouped(*n, ","),
            (Self::Number(n), French) => grouped(*n, "\u{202f}"),
            (Self::Number(n), Italian) => grouped(*n, "."),
            (Self::Number(n), _) if style == 0 && *n >= 20 && *n < 10_000_000_000_000_000 => han(*n) + "回",
            (Self::Number(n), _) if style == 1 && *n >= 10_000 && *n % 10_000 >= 1000 => {
                format!("{}万{}", n / 10_000, n % 10_000)
            }
            (Self::Number(n), _) => grouped(*n, "，"),
            (Self::Decimal(n, p), French | Italian) => format!("{n},{p:02}"),
            (Self::Decimal(n, p), _) => format!("{n}.{p:02}"),
            (Self::Percentage(n), English) => format!("{n} per cent"),
            (Self::Percentage(n), French) => format!("{n}\u{a0}%"),
            (Self::Percentage(n), Italian) => format!("{n} per cento"),
            (Self::Percentage(n), Japanese) => format!("{n}パーセント"),
            (Self::Percentage(n), SimplifiedChinese) => format!("百分之{n}"),
            (Self::Euros(n), English) => format!("€{}", grouped(*n, ",")),
            (Self::Euros(n), French) => format!("{} euros", grouped(*n, " ")),
            (Self::Euros(n), Italian) => format!("EUR {}", grouped(*n, ".")),
            (Self::Euros(n), Japanese) => format!("{}ユーロ", grouped(*n, ",")),
            (Self::Euros(n), SimplifiedChinese) => format!("{n}欧元"),
            (Self::Day(y, m, d), English | French | Italian) if style > 0 => {
                format!("{d} {} {y}", capital(english[usize::from(*m) - 1][0], language))
            }
            (Self::Day(y, m, d), Japanese) if style == 0 => format!("令和{}年{m}月{d}日", y - 2018),
            (Self::Day(y, m, d), Japanese | SimplifiedChinese) => format!("{y}年{m}月{d}日"),
            (Self::Day(y, m, d), _) => format!("{y:04}-{m:02}-{d:02}"),
            (Self::Time(h, m), French) => format!("{h}h{m:02}"),
            (Self::Time(h, m), Japanese) => format!("{h}時{m}分"),
            (Self::Time(h, m), SimplifiedChinese) => format!("{h}点{m}分"),
            (Self::Time(h, m), _) => format!("{h:02}:{m:02}"),
        }
    }
}

fn capital(word: &str, language: Language) -> String {
    if language == Language::English { word[..1].to_uppercase() + &word[1..] } else { word.to_owned() }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_u64..10_000_000_000_000).prop_map(Value::Number),
        (0_u64..100_000).prop_map(Value::Number),
        (0_u32..100_000, 1_u8..100).prop_map(|(n, p)| Value::Decimal(n, p)),
        (0_u8..=100).prop_map(Value::Percentage),
        (1_u64..10_000_000_000).prop_map(Value::Euros),
        (2020_u16..2030, 1_u8..=12, 1_u8..=28).prop_map(|(y, m, d)| Value::Day(y, m, d)),
        (0_u8..24, 0_u8..60).prop_map(|(h, m)| Value::Time(h, m)),
    ]
}

fn text(values: &[(Value, u8)], language: Language) -> String {
    let (before, after) = match language {
        Language::English => ("The bank reported ", " to the court.\n"),
        Language::French => ("La banque a indiqué ", " au tribunal.\n"),
        Language::Italian => ("La banca ha indicato ", " al tribunale.\n"),
        Language::Japanese => ("銀行は", "と裁判所に報告した。\n"),
        Language::SimplifiedChinese => ("银行向法院报告了", "。\n"),
    };
    values.iter().map(|(value, style)| format!("{before}{}{after}", value.written(language, *style))).collect()
}

proptest! {
    #[test]
    fn the_same_values_in_two_languages_never_differ(
        values in prop::collection::vec((value(), 0_u8..3), 1..8),
        from in 0_usize..5,
        to in 0_usize..5,
    ) {
        let (original, translation) = (text(&values, LANGUAGES[from]), text(&values, LANGUAGES[to]));
        let compared = of(&original, LANGUAGES[from], &translation, LANGUAGES[to]);
        let sure: Vec<_> = compared.differences.iter().filter(|one| !one.doubtful).collect();
        prop_assert!(sure.is_empty(), "{original}\n{translation}\n{:?}", sure[0].value);
        prop_assert_eq!(compared.outcome(), Outcome::Agree);
    }

    #[test]
    fn one_changed_digit_is_always_found(
        values in prop::collection::vec((value(), 1_u8..3), 1..8),
        from in 0_usize..5,
        to in 0_usize..5,
        at in any::<prop::sample::Index>(),
        by in 1_u32..10,
    ) {
        let (original, translation) = (text(&values, LANGUAGES[from]), text(&values, LANGUAGES[to]));
        let digits: Vec<_> = translation.char_indices().filter(|(_, c)| c.is_ascii_digit()).collect();
        let (place, digit) = digits[at.index(digits.len())];
        let changed = char::from_digit((digit.to_digit(10).unwrap() + by) % 10, 10).unwrap();
        let wrong = format!("{}{changed}{}", &translation[..place], &translation[place + 1..]);
        // A leading zero more or less is the same number.
        prop_assume!(digit != '0' && changed != '0');
        let compared = of(&original, LANGUAGES[from], &wrong, LANGUAGES[to]);
        prop_assert_eq!(compared.outcome(), Outcome::Differ, "{}\n{}", original, wrong);
    }

    #[test]
    fn no_text_is_too_strange(original in any::<String>(), translation in any::<String>(), from in 0_usize..5) {
        let compared = of(&original, LANGUAGES[from], &translation, LANGUAGES[(from + 1) % 5]);
        prop_assert!(compared.agreed > 0 || compared.outcome() != Outcome::Agree);
    }
}
