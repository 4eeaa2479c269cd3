use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Malformed;

/// A language in which an officer reads the codes. Written as its BCP 47 tag, also in serde.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Language {
    /// `en`
    English,
    /// `fr`
    French,
    /// `it`
    Italian,
    /// `ja`
    Japanese,
    /// `zh-Hans`
    SimplifiedChinese,
}

impl Language {
    /// Every language, in order.
    pub const ALL: &'static [Self] =
        &[Self::English, Self::French, Self::Italian, Self::Japanese, Self::SimplifiedChinese];

    /// The BCP 47 tag, fit for a `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::Italian => "it",
            Self::Japanese => "ja",
            Self::SimplifiedChinese => "zh-Hans",
        }
    }

    /// The script subtag of our texts, in lower case.
    fn script(self) -> &'static str {
        match self {
            Self::English | Self::French | Self::Italian => "latn",
            Self::Japanese => "jpan",
            Self::SimplifiedChinese => "hans",
        }
    }

    /// Which of ours a tag in lower case means: its language, then its script, then its region; what follows changes no text.
    fn of_tag(tag: &str) -> Option<Self> {
        let mut subtags = tag.split('-').peekable();
        let language = match subtags.next()? {
            "en" => Self::English,
            "fr" => Self::French,
            "it" => Self::Italian,
            "ja" => Self::Japanese,
            "zh" => Self::SimplifiedChinese,
            _ => return None,
        };
        let letters = |subtag: &str, count| subtag.len() == count && subtag.bytes().all(|b| b.is_ascii_lowercase());
        // Three letters here are a language of their own, as in `zh-yue` [RFC 5646 §2.2.2].
        if subtags.peek().is_some_and(|subtag| letters(subtag, 3)) {
            return None;
        }
        if let Some(script) = subtags.next_if(|subtag| letters(subtag, 4)) {
            return (script == language.script()).then_some(language);
        }
        // Outside of these two regions Chinese without a script is mostly written in the traditional one.
        let digits = |subtag: &str| subtag.len() == 3 && subtag.bytes().all(|b| b.is_ascii_digit());
        let region = subtags.next_if(|subtag| letters(subtag, 2) || digits(subtag));
        let is_ours = language != Self::SimplifiedChinese || matches!(region, None | Some("cn" | "156" | "sg" | "702"));
        is_ours.then_some(language)
    }
}

impl FromStr for Language {
    type Err = Malformed;

    /// Takes any well-formed BCP 47 tag of these languages in their script, in any case: `fr-CA`, `zh`, `zh-Hans-CN`; not `zh-Hant`.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a language (BCP 47: en, fr, it, ja or zh-Hans)", text);
        let subtag =
            |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
        if text.len() > TAG_LEN_MAX || !text.split('-').all(subtag) {
            return Err(malformed());
        }
        Self::of_tag(&text.to_ascii_lowercase()).ok_or_else(malformed)
    }
}

/// Octets of a tag: RFC 5646 §4.4.1 asks for 35 at least.
const TAG_LEN_MAX: usize = 64;

impl TryFrom<String> for Language {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.tag().to_owned()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde::de::{IntoDeserializer, value};

    use super::*;

    struct AsSerde(Language);

    impl fmt::Display for AsSerde {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    #[test]
    fn every_tag_leads_back_to_its_language() {
        for &language in Language::ALL {
            assert_eq!(language.tag().parse(), Ok(language));
            assert_eq!(language.to_string(), language.tag());
            let written = AsSerde(language).to_string();
            assert_eq!(written, language.tag());
            let read: value::StrDeserializer<'_, value::Error> = written.as_str().into_deserializer();
            assert_eq!(Language::deserialize(read).unwrap(), language);
        }
    }

    #[test]
    fn a_tag_with_a_region_a_script_or_another_case_is_understood() {
        use Language::{English, French, Italian, Japanese, SimplifiedChinese};
        let tags = [
            ("fr-CA", French),
            ("EN-latn-gb", English),
            ("en-US-u-ca-gregory", English),
            ("it-CH", Italian),
            ("en-001", English),
            ("ja-Jpan-JP", Japanese),
            ("zh", SimplifiedChinese),
            ("zh-CN", SimplifiedChinese),
            ("ZH-SG", SimplifiedChinese),
            ("zh-hans", SimplifiedChinese),
            ("zh-Hans-CN", SimplifiedChinese),
            ("zh-Hans-HK", SimplifiedChinese),
        ];
        for (tag, language) in tags {
            assert_eq!(tag.parse(), Ok(language), "{tag}");
        }
    }

    #[test]
    fn another_language_script_or_form_is_malformed() {
        let long = format!("en-{}", "a1234-".repeat(12));
        let tags = [
            "",
            "-",
            "en-",
            "-en",
            "en--GB",
            "en_GB",
            "english",
            "de",
            "eng",
            "zh-Hant",
            "zh-hant-CN",
            "zh-TW",
            "zh-HK",
            "zh-158",
            "zh-yue",
            "ja-Latn",
            "en-é",
            "zh-Hans-123456789",
            long.trim_end_matches('-'),
        ];
        for tag in tags {
            assert!(tag.parse::<Language>().is_err(), "{tag}");
        }
    }
}
