use std::fmt;

use super::LinkAttribute;

/// Why a human answers. It holds no case data: officers see it in lists, and logs may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leave {
    /// The rule of this party, as it is now, does not let it be answered automatically.
    NotAutomatic,
    /// The rule of this party does not allow it any more, or the request has changed.
    NotAllowedNow,
    /// It is an emergency: a person calls back.
    Emergency,
    /// Another record type, or several, are asked for.
    AnotherRecord,
    /// Not exactly one subject is asked about.
    SeveralSubjects,
    /// The holder's consent is not in the request.
    ConsentMissing,
    /// The holder's consent has grown too old since the request was made.
    ConsentTooOld,
    /// The holder has withdrawn the consent, or the register does not know it.
    ConsentWithdrawn,
    /// The identifier of the holder is that of another verifier.
    AnotherVerifier,
    /// An attribute is asked for that is not disclosed here.
    AttributeNotDisclosed,
    /// The request does not say this attribute, by which alone a subject is linked.
    Incomplete(LinkAttribute),
    /// The request says this attribute twice, and differently.
    Contradictory(LinkAttribute),
    /// Something cannot be compared: hidden characters, or a date that is none.
    Unreadable,
    /// No row, and that is no answer here.
    Nobody,
    /// Rows agree in part only, or a row says nothing of an attribute that links.
    Partial,
    /// Several rows agree in everything: homonyms.
    Several,
    /// More rows than are read.
    TooMany,
    /// A row lacks a field that the record needs, or has it in another form.
    BadRow,
    /// The credential is not valid.
    NotValid,
    /// The responder has no attribute to link by.
    NotConfigured,
    /// The quota of the responder is used up.
    Quota,
}

impl Leave {
    /// Its name, for lists and counts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAutomatic => "not_automatic",
            Self::NotAllowedNow => "not_allowed_now",
            Self::Emergency => "emergency",
            Self::AnotherRecord => "another_record",
            Self::SeveralSubjects => "several_subjects",
            Self::ConsentMissing => "consent_missing",
            Self::ConsentTooOld => "consent_too_old",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::AnotherVerifier => "another_verifier",
            Self::AttributeNotDisclosed => "attribute_not_disclosed",
            Self::Incomplete(_) => "incomplete",
            Self::Contradictory(_) => "contradictory",
            Self::Unreadable => "unreadable",
            Self::Nobody => "nobody",
            Self::Partial => "partial_match",
            Self::Several => "several_matches",
            Self::TooMany => "too_many_rows",
            Self::BadRow => "bad_row",
            Self::NotValid => "not_valid",
            Self::NotConfigured => "not_configured",
            Self::Quota => "quota",
        }
    }
}

impl fmt::Display for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(attribute) | Self::Contradictory(attribute) => {
                write!(f, "{}:{}", self.as_str(), attribute.as_str())
            }
            _ => f.write_str(self.as_str()),
        }
    }
}
