mod condition;
mod postponement;
mod refusal;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Language, Malformed};

/// What is known of a code beside its English text, which stands with the code itself.
struct About {
    sources: &'static [&'static str],
    text: Translations,
    explanation: Texts,
}

/// The short text in the other languages. A language that is missing does not compile.
struct Translations {
    fr: &'static str,
    it: &'static str,
    ja: &'static str,
    zh: &'static str,
}

/// A text in every language. A language that is missing does not compile.
struct Texts {
    en: &'static str,
    fr: &'static str,
    it: &'static str,
    ja: &'static str,
    zh: &'static str,
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident, $table:ident, $expected:literal, { $($variant:ident => $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = $text] $variant,)+
        }

        impl $name {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is written, as in the catalogue.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// The ground in a few English words.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The same in `language`: a few words, without a full stop.
            pub fn text_in(self, language: Language) -> &'static str {
                let Translations { fr, it, ja, zh } = self.about().text;
                match language {
                    Language::English => self.text(),
                    Language::French => fr,
                    Language::Italian => it,
                    Language::Japanese => ja,
                    Language::SimplifiedChinese => zh,
                }
            }

            /// What it means and what to do, for a case officer: one or two sentences in `language`.
            pub fn explanation_in(self, language: Language) -> &'static str {
                let Texts { en, fr, it, ja, zh } = self.about().explanation;
                match language {
                    Language::English => en,
                    Language::French => fr,
                    Language::Italian => it,
                    Language::Japanese => ja,
                    Language::SimplifiedChinese => zh,
                }
            }

            /// The clauses it comes from, as in `UNTOC 18(21)(a)`; none where it is practice, or the gateways' own. The
            /// instruments' short names stand at the head of the table of refusals.
            pub fn sources(self) -> &'static [&'static str] {
                self.about().sources
            }

            fn about(self) -> &'static About {
                match self { $(Self::$variant => &$table::$variant,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|code| code.as_str() == text)
                    .ok_or_else(|| Malformed::new($expected, text))
            }
        }
    };
}

codes! {
    /// Why a request is refused. R01–R20 are grounds that only a human may give; R90–R95 are the gateways' own, always before
    /// any human sees content.
    RefusalCode, refusal, "a refusal code (R01–R20, R90–R95)", {
        R01 => "not in conformity with the treaty or its form",
        R02 => "sovereignty, security, public order or essential interests",
        R03 => "political offence",
        R04 => "military offence only",
        R05 => "purpose of discrimination",
        R06 => "already tried, acquitted, pardoned or served (ne bis in idem)",
        R07 => "dual criminality missing",
        R08 => "insufficient gravity",
        R09 => "not necessary, or obtainable otherwise",
        R10 => "immunity, privilege or freedom of the press",
        R11 => "incompatible with fundamental rights",
        R12 => "death penalty or life sentence without assurance",
        R13 => "measure not available domestically",
        R14 => "contrary to the legal system",
        R15 => "extraterritorial offence",
        R16 => "undertaking missing",
        R17 => "would prejudice a case of the requested party",
        R18 => "no adequate safeguard of personal data",
        R19 => "impossible in fact",
        R20 => "conflict with the law of a third state",
        R90 => "bulk or unspecific request",
        R91 => "quota exceeded",
        R92 => "no treaty in force allows it",
        R93 => "wrong authority",
        R94 => "form, schema or sequence violated",
        R95 => "key or identity not verified",
    }
}

codes! {
    /// Why execution is postponed.
    PostponementCode, postponement, "a postponement code (P01–P05)", {
        P01 => "ongoing investigation",
        P02 => "object already in use as evidence",
        P03 => "preserved now, produced later",
        P04 => "awaiting validation or translation",
        P05 => "remedy pending",
    }
}

codes! {
    /// Under which condition something is given.
    ConditionCode, condition, "a condition code (C01–C11)", {
        C01 => "use only for the named proceedings",
        C02 => "no disclosure to the defence before a date",
        C03 => "no death penalty",
        C04 => "no onward transfer",
        C05 => "return of originals by a date",
        C06 => "deletion after final judgment",
        C07 => "third parties redacted",
        C08 => "for the eyes of a judge only",
        C09 => "notification of the subject at a date",
        C10 => "costs above a threshold borne by the requesting party",
        C11 => "anonymity or protection of a witness",
    }
}

impl RefusalCode {
    /// Whether only a human may give this ground.
    pub fn is_human(self) -> bool {
        self < Self::R90
    }
}
