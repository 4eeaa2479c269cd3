//! The words by which five languages write figures, months, eras and currencies.

use model::Language;

/// The months, in order.
pub(super) fn months(language: Language) -> &'static [[&'static str; 2]; 12] {
    match language {
        Language::French => &FRENCH,
        Language::Italian => &ITALIAN,
        _ => &ENGLISH,
    }
}

const ENGLISH: [[&str; 2]; 12] = [
    ["january", "jan"],
    ["february", "feb"],
    ["march", "mar"],
    ["april", "apr"],
    ["may", "may"],
    ["june", "jun"],
    ["july", "jul"],
    ["august", "aug"],
    ["september", "sept"],
    ["october", "oct"],
    ["november", "nov"],
    ["december", "dec"],
];
const FRENCH: [[&str; 2]; 12] = [
    ["janvier", "janv"],
    ["février", "févr"],
    ["mars", "mars"],
    ["avril", "avr"],
    ["mai", "mai"],
    ["juin", "juin"],
    ["juillet", "juil"],
    ["août", "aout"],
    ["septembre", "sept"],
    ["octobre", "oct"],
    ["novembre", "nov"],
    ["décembre", "déc"],
];
const ITALIAN: [[&str; 2]; 12] = [
    ["gennaio", "gen"],
    ["febbraio", "feb"],
    ["marzo", "mar"],
    ["aprile", "apr"],
    ["maggio", "mag"],
    ["giugno", "giu"],
    ["luglio", "lug"],
    ["agosto", "ago"],
    ["settembre", "sett"],
    ["ottobre", "ott"],
    ["novembre", "nov"],
    ["dicembre", "dic"],
];

/// Names of months that are words of another sense too.
pub(super) const DOUBTFUL_MONTHS: &[&str] = &["march", "may", "mars", "août"];

/// The eras of Japan, and the year before their first.
pub(super) const ERAS: &[(&str, u32)] =
    &[("令和", 2018), ("平成", 1988), ("昭和", 1925), ("大正", 1911), ("明治", 1867)];

/// Words after a number that multiply it, by their power of ten.
pub(super) fn scales(language: Language) -> &'static [(&'static str, u32)] {
    match language {
        Language::French => &[("mille", 3), ("millions", 6), ("million", 6), ("milliards", 9), ("milliard", 9)],
        Language::Italian => &[("mila", 3), ("milioni", 6), ("milione", 6), ("miliardi", 9), ("miliardo", 9)],
        Language::English => {
            &[("hundred", 2), ("thousand", 3), ("million", 6), ("millions", 6), ("billion", 9), ("trillion", 12)]
        }
        Language::Japanese | Language::SimplifiedChinese => &[],
    }
}

/// Words that may be figures.
pub(super) fn number_words(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::English => ENGLISH_NUMBERS,
        Language::French => FRENCH_NUMBERS,
        Language::Italian => ITALIAN_NUMBERS,
        Language::Japanese | Language::SimplifiedChinese => &[],
    }
}

const ENGLISH_NUMBERS: &[(&str, &str)] = &[
    ("one", "1"),
    ("once", "1"),
    ("first", "1"),
    ("two", "2"),
    ("twice", "2"),
    ("second", "2"),
    ("three", "3"),
    ("third", "3"),
    ("four", "4"),
    ("fourth", "4"),
    ("five", "5"),
    ("fifth", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("hundred", "100"),
    ("thousand", "1000"),
    ("million", "1000000"),
];

const FRENCH_NUMBERS: &[(&str, &str)] = &[
    ("un", "1"),
    ("une", "1"),
    ("premier", "1"),
    ("première", "1"),
    ("deux", "2"),
    ("trois", "3"),
    ("quatre", "4"),
    ("cinq", "5"),
    ("six", "6"),
    ("sept", "7"),
    ("huit", "8"),
    ("neuf", "9"),
    ("dix", "10"),
    ("onze", "11"),
    ("douze", "12"),
    ("vingt", "20"),
    ("trente", "30"),
    ("quarante", "40"),
    ("cinquante", "50"),
    ("cent", "100"),
    ("mille", "1000"),
    ("million", "1000000"),
];

const ITALIAN_NUMBERS: &[(&str, &str)] = &[
    ("uno", "1"),
    ("una", "1"),
    ("un", "1"),
    ("primo", "1"),
    ("prima", "1"),
    ("due", "2"),
    ("tre", "3"),
    ("quattro", "4"),
    ("cinque", "5"),
    ("sei", "6"),
    ("sette", "7"),
    ("otto", "8"),
    ("nove", "9"),
    ("dieci", "10"),
    ("undici", "11"),
    ("dodici", "12"),
    ("venti", "20"),
    ("trenta", "30"),
    ("quaranta", "40"),
    ("cinquanta", "50"),
    ("cento", "100"),
    ("mille", "1000"),
    ("milione", "1000000"),
];

/// Currencies after an amount. The longer before the shorter that it begins with.
pub(super) const CURRENCIES: &[(&str, &str)] = &[
    ("singapore dollars", "SGD"),
    ("singapore dollar", "SGD"),
    ("dollars de singapour", "SGD"),
    ("dollari di singapore", "SGD"),
    ("シンガポールドル", "SGD"),
    ("新加坡元", "SGD"),
    ("us dollars", "USD"),
    ("us dollar", "USD"),
    ("dollars des états-unis", "USD"),
    ("dollars américains", "USD"),
    ("dollari statunitensi", "USD"),
    ("米ドル", "USD"),
    ("dollars", "USD"),
    ("dollar", "USD"),
    ("dollari", "USD"),
    ("dollaro", "USD"),
    ("ドル", "USD"),
    ("美元", "USD"),
    ("euros", "EUR"),
    ("euro", "EUR"),
    ("ユーロ", "EUR"),
    ("欧元", "EUR"),
    ("japanese yen", "JPY"),
    ("yens", "JPY"),
    ("yen", "JPY"),
    ("日本円", "JPY"),
    ("円", "JPY"),
    ("日元", "JPY"),
    ("人民元", "CNY"),
    ("人民币", "CNY"),
    ("yuans", "CNY"),
    ("yuan", "CNY"),
    ("元", "CNY"),
    ("pounds sterling", "GBP"),
    ("livres sterling", "GBP"),
    ("sterline", "GBP"),
    ("ポンド", "GBP"),
    ("英镑", "GBP"),
    ("スイスフラン", "CHF"),
    ("瑞士法郎", "CHF"),
    ("francs suisses", "CHF"),
    ("swiss francs", "CHF"),
    ("franchi svizzeri", "CHF"),
    ("ウォン", "KRW"),
    ("韩元", "KRW"),
    ("won", "KRW"),
    ("us$", "USD"),
    ("s$", "SGD"),
    ("€", "EUR"),
    ("$", "USD"),
    ("£", "GBP"),
    ("eur", "EUR"),
    ("usd", "USD"),
    ("jpy", "JPY"),
    ("cny", "CNY"),
    ("rmb", "CNY"),
    ("gbp", "GBP"),
    ("sgd", "SGD"),
    ("chf", "CHF"),
    ("krw", "KRW"),
];

/// The sign of two currencies.
pub(super) const YEN_OR_YUAN: &str = "¥";

/// Per cent after a number.
pub(super) const PER_CENT: &[&str] =
    &["%", "per cent", "percent", "pour cent", "pour-cent", "per cento", "パーセント", "プロセント"];

/// Characters of Han that count, and what.
pub(super) fn han_digit(c: char) -> Option<u8> {
    Some(match c {
        '〇' | '零' | '○' => 0,
        '一' | '壱' | '壹' => 1,
        '二' | '弐' | '贰' | '两' => 2,
        '三' | '参' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// Units below ten thousand, by their power of ten.
pub(super) fn han_unit(c: char) -> Option<u32> {
    Some(match c {
        '十' | '拾' => 1,
        '百' | '佰' => 2,
        '千' | '仟' => 3,
        _ => return None,
    })
}

/// Units that close a section, by their power of ten.
pub(super) fn han_section(c: char) -> Option<u32> {
    Some(match c {
        '万' | '萬' => 4,
        '億' | '亿' => 8,
        '兆' => 12,
        _ => return None,
    })
}

/// What stands behind a single figure of Han that counts something.
pub(super) const COUNTERS: &[&str] = &[
    "年", "月", "日", "号", "時", "时", "円", "元", "名", "人", "件", "個", "个", "条", "項", "项", "款", "歳", "岁",
    "口座", "回", "次", "台", "社", "枚", "笔", "份", "通", "か所", "か月", "ヶ月", "カ月", "処", "处", "家", "部",
    "冊", "册", "階", "层", "万", "億", "亿",
];

/// Words that begin with a figure of Han and count nothing.
pub(super) const NO_COUNTS: &[&str] = &[
    "十分",
    "万一",
    "万が一",
    "万人",
    "万引",
    "千葉",
    "四国",
    "九州",
    "四川",
    "三重",
    "八王子",
    "五十嵐",
    "百貨",
    "百货",
    "百科",
    "千代田",
    "十字",
    "三井",
    "三菱",
    "五輪",
    "二重",
    "三者",
    "二次",
    "一次",
    "千万别",
    "百姓",
    "万元",
    "百分点",
    "四半期",
    "三人称",
    "二人三脚",
    "六本木",
    "七夕",
];
