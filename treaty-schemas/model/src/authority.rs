use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Malformed, PartyId};

/// An accredited body of a party, written `JP:central`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorityId {
    party: PartyId,
    name: String,
}

impl AuthorityId {
    /// The authority called `name` of `party`. A name is a DNS label: a–z, 0–9 and inner hyphens, at most 40 characters.
    pub fn new(party: PartyId, name: &str) -> Result<Self, Malformed> {
        let inner = name.as_bytes();
        let label = inner.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
        if label && !inner.is_empty() && inner.len() <= 40 && !name.starts_with('-') && !name.ends_with('-') {
            Ok(Self { party, name: name.to_owned() })
        } else {
            Err(Malformed::new("the name of an authority (a DNS label, as in central)", name))
        }
    }

    /// The state whose body this is.
    pub fn party(&self) -> PartyId {
        self.party
    }

    /// The name within the party.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for AuthorityId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (party, name) =
            text.split_once(':').ok_or_else(|| Malformed::new("an authority (as in JP:central)", text))?;
        Self::new(party.parse()?, name)
    }
}

impl TryFrom<String> for AuthorityId {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<AuthorityId> for String {
    fn from(authority: AuthorityId) -> Self {
        authority.to_string()
    }
}

impl fmt::Display for AuthorityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.party, self.name)
    }
}

impl fmt::Debug for AuthorityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an authority is accredited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityKind {
    /// Sends and receives requests for its party [UNTOC 18(13)] [Budapest 27(2)].
    Central,
    /// Courts and prosecutors, who validate.
    Judicial,
    /// Carries measures out.
    Executing,
    /// The point of contact that answers day and night [Budapest 35].
    #[serde(rename = "24x7")]
    DutyPoint,
}

impl AuthorityKind {
    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Central => "central",
            Self::Judicial => "judicial",
            Self::Executing => "executing",
            Self::DutyPoint => "24x7",
        }
    }
}

/// What an officer may do, as the party's directory says. One officer may hold several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Drafts.
    Officer,
    /// Signs for the central authority.
    Central,
    /// Decides on an incoming request: attorney general, minister, judge.
    Decider,
    /// Carries out.
    Executing,
    /// Keeps what was received.
    Custodian,
    /// Validates as a prosecutor.
    Prosecutor,
    /// Validates as a judge.
    Judge,
    /// On duty day and night.
    DutyOfficer,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 8] = [
        Self::Officer,
        Self::Central,
        Self::Decider,
        Self::Executing,
        Self::Custodian,
        Self::Prosecutor,
        Self::Judge,
        Self::DutyOfficer,
    ];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Central => "central",
            Self::Decider => "decider",
            Self::Executing => "executing",
            Self::Custodian => "custodian",
            Self::Prosecutor => "prosecutor",
            Self::Judge => "judge",
            Self::DutyOfficer => "duty_officer",
        }
    }
}

impl FromStr for Role {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Malformed::new("a role (as in central, decider or judge)", text))
    }
}
