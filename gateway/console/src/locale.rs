//! In which language a page speaks. Texts are Fluent files (`locales/<tag>/*.ftl`), dates and numbers follow CLDR.
//!
//! The language of the interface is the officer's own choice. It is neither the language of a document nor that of a treaty: what was written in another
//! language is marked with its own `lang` ([`crate::govuk::Markup::foreign`]).

mod calendar;
mod pseudo;

use std::{collections::BTreeMap, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_langneg::{NegotiationStrategy, negotiate_languages, parse_accepted_languages};
use include_dir::{Dir, include_dir};
use unic_langid::LanguageIdentifier;

static TEXTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/locales");

/// A longer `Accept-Language` is cut here.
const ACCEPTED_BYTES_MAX: usize = 256;

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Locale {
    /// English, which every other one falls back to.
    #[default]
    En,
    /// French.
    Fr,
    /// Italian.
    It,
    /// Japanese.
    Ja,
    /// Chinese in simplified characters.
    ZhHans,
    /// English with accents and a third longer: what is cut off, or was never translated, shows.
    Pseudo,
}

impl Locale {
    /// Those that people are offered.
    pub const ALL: [Self; 5] = [Self::En, Self::Fr, Self::It, Self::Ja, Self::ZhHans];

    /// The tag of BCP 47, as `lang` wants it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::It => "it",
            Self::Ja => "ja",
            Self::ZhHans => "zh-Hans",
            Self::Pseudo => "en-XA",
        }
    }

    /// The language's own name for itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
            Self::It => "Italiano",
            Self::Ja => "日本語",
            Self::ZhHans => "简体中文",
            Self::Pseudo => "[Ƥşḗŭḓǿ]",
        }
    }

    /// In which direction it is written. All of ours run from left to right.
    pub fn dir(self) -> &'static str {
        "ltr"
    }

    /// The locale of this tag, if it is one of ours (the pseudo-locale too).
    pub fn of(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Pseudo]).find(|locale| locale.tag().eq_ignore_ascii_case(tag))
    }

    /// The best one for an `Accept-Language`; English where none fits. `zh-CN` and `zh-SG` are written in simplified characters.
    pub fn negotiate(accept_language: &str) -> Self {
        let cut = accept_language.char_indices().nth(ACCEPTED_BYTES_MAX).map_or(accept_language.len(), |(at, _)| at);
        let wanted = parse_accepted_languages(&accept_language[..cut]);
        let offered: Vec<LanguageIdentifier> =
            Self::ALL.iter().filter_map(|locale| locale.tag().parse().ok()).collect();
        for want in &wanted {
            if want.language.as_str() == "zh" && want.script.is_none() {
                return Self::ZhHans;
            }
            let found = negotiate_languages(std::slice::from_ref(want), &offered, None, NegotiationStrategy::Filtering);
            if let Some(locale) = found.first().and_then(|tag| Self::of(&tag.to_string())) {
                return locale;
            }
        }
        Self::En
    }

    /// A text without variables. One that this language lacks is given in English, one that no file has by its id: a page never fails for a text.
    pub fn text(self, id: &str) -> String {
        self.with(id, &[])
    }

    /// A text with its variables. A whole number chooses the plural form; any other value stands as it is, and cannot turn the text around it.
    pub fn with(self, id: &str, args: &[(&str, &str)]) -> String {
        let values: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value_of(value))).collect();
        let own = self.bundle().and_then(|bundle| format(bundle, id, &values));
        let english = || Self::En.bundle().and_then(|bundle| format(bundle, id, &values));
        own.or_else(english).unwrap_or_else(|| id.to_owned())
    }

    /// A moment (milliseconds since 1970) on the wall of `zone`, an IANA name: date, hour, and how far that is from UTC. In UTC where the zone is unknown.
    pub fn moment(self, ms: i64, zone: &str) -> String {
        calendar::moment(self, ms, zone)
    }

    /// A day as `2026-11-22`, in words. What is no day stands as it is.
    pub fn day(self, iso: &str) -> String {
        calendar::day(self, iso)
    }

    /// A whole number with this language's separators.
    pub fn number(self, n: u64) -> String {
        calendar::number(self, n)
    }

    fn bundle(self) -> Option<&'static Bundle> {
        BUNDLES.get(&self)
    }
}

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<BTreeMap<Locale, Bundle>> =
    LazyLock::new(|| Locale::ALL.into_iter().chain([Locale::Pseudo]).map(|locale| (locale, load(locale))).collect());

/// The texts of one language. That every file can be read is proved by a test, as they are part of the program.
fn load(locale: Locale) -> Bundle {
    let folder = if locale == Locale::Pseudo { Locale::En } else { locale };
    let tag: LanguageIdentifier = folder.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    bundle.set_use_isolating(false);
    if locale == Locale::Pseudo {
        bundle.set_transform(Some(pseudo::accented));
    }
    for file in TEXTS.get_dir(folder.tag()).into_iter().flat_map(Dir::files) {
        let source = file.contents_utf8().unwrap_or_default().to_owned();
        let resource = FluentResource::try_new(source).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn format(bundle: &Bundle, id: &str, values: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(values), &mut errors);
    errors.is_empty().then(|| text.into_owned())
}

fn value_of(value: &str) -> FluentValue<'static> {
    let is_number = value.len() <= 15 && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<u64>() {
        Ok(number) if is_number && number.to_string() == value => FluentValue::from(number),
        _ => FluentValue::from(isolated(value)),
    }
}

/// The value in an isolate of its own direction where it holds letters that run from right to left, without the marks that could end it.
fn isolated(value: &str) -> String {
    let is_mark = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = value.chars().filter(|c| !is_mark(*c)).collect();
    let is_rtl = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{200f}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}');
    if plain.chars().any(is_rtl) { format!("\u{2068}{plain}\u{2069}") } else { plain }
}

#[cfg(test)]
mod complete;
#[cfg(test)]
mod tests;
