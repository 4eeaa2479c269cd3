//! A change of a catalogue as a file: what changes, which pins follow, who must sign, and who has. It goes from state to state until
//! everybody has signed, and is then applied on each side.
//!
//! A plan carries the three layers that states share, whole, as they are and as they were, so that each signer can compute again what it
//! says; what it starts from is then held against the signer's own catalogue. National files
//! never travel: a plan of a national layer holds nothing else and is the own party's alone.

mod check;
mod day;
mod fit;
mod make;
mod pause;

use std::collections::{BTreeMap, BTreeSet};

use identity::treaty::{SignError, TreatySigner};
use jiff::civil::Date;
use model::{Digest, Exit, PartyId, Pin};
use serde::{Deserialize, Serialize};

use crate::{apply::Missing, error::ShelfError};

pub(crate) use make::{removal_signers, shared, text_of};
pub use pause::Pause;

/// The form of plans that this code reads and writes. Unknown keys are ignored, another number is refused.
const FORMAT: u32 = 2;

/// A change of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// 2.
    pub format_version: u32,
    /// The day of all statements in it, UTC.
    #[serde(with = "day")]
    pub created: Date,
    /// From which day on the pins are accepted.
    #[serde(with = "day")]
    pub effective: Date,
    /// Whose national layer it is; absent for what states share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national: Option<PartyId>,
    /// Of the treaty files that it starts from.
    pub base: Digest,
    /// Every file of the new catalogue, and those that go.
    pub files: Vec<PlannedFile>,
    /// The pairs whose accepted pins change.
    pub pairs: Vec<PlannedPair>,
    /// What is signed, by whom it must be, and by whom it is.
    pub notes: Vec<PlannedNote>,
    /// Certificates of treaty keys that signed, PEM.
    #[serde(default)]
    pub keys: BTreeMap<PartyId, Vec<String>>,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there.
    New,
    /// Its text changes.
    Changed,
    /// It goes.
    Removed,
    /// It stays as it is.
    Kept,
}

impl Change {
    /// The word on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Kept => "kept",
        }
    }
}

/// A file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// As in `parties/JP.2.toml`.
    pub path: String,
    /// What becomes of it.
    pub change: Change,
    /// From its name.
    pub version: u32,
    /// Of its text; of the text that goes, where it is removed.
    pub sha256: Digest,
    /// The whole text; absent where the file is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The text that changes or goes; absent where the file is new or stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// A pair whose accepted pins change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPair {
    /// In the order of their codes.
    pub pair: [PartyId; 2],
    /// What changes, on every day on which something does, in the language of law.
    pub changes: Vec<PlannedDay>,
    /// The pin of the catalogue before, on the first day.
    pub before: Pin,
    /// From which day each pin holds.
    #[serde(with = "day::pins")]
    pub pins: Vec<(Date, Pin)>,
}

/// What changes for a pair on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDay {
    /// From this day on.
    #[serde(with = "day")]
    pub from: Date,
    /// A sentence for each bound.
    pub sentences: Vec<String>,
}

/// A statement that is to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedNote {
    /// Where it will stand, as in `signatures/parties/JP.toml.note`.
    pub path: String,
    /// What is signed.
    pub text: String,
    /// Who must sign it.
    pub signers: Vec<PartyId>,
    /// The text with the signatures it has; absent while nobody has signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a signer signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    /// Where the note will stand.
    pub path: String,
    /// Whether the signature was not there before.
    pub is_new: bool,
}

/// Why a plan is not made, signed or applied.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The catalogue cannot be read or written.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// No plan.
    #[error("this is no plan: {0}")]
    NoPlan(String),
    /// What it says does not follow from its files.
    #[error("the plan was altered: {0}")]
    Altered(String),
    /// Nothing changes and nothing is missing.
    #[error("nothing changes, and everything is signed")]
    Nothing,
    /// The new files do not follow the rules for a catalogue that is signed, each with what to do.
    #[error("the new files cannot be taken into a catalogue that others rely on:{}", listed(.0))]
    Unfit(Vec<String>),
    /// Asked for something that the catalogue does not have.
    #[error("{0}")]
    Unknown(String),
    /// The catalogue is not the one that the plan starts from.
    #[error("the plan is stale: it starts from a catalogue {base}, this one is {found}")]
    Stale {
        /// Digest in the plan.
        base: String,
        /// Digest of the catalogue.
        found: String,
    },
    /// A key did not sign.
    #[error("{path}: {source}")]
    Sign {
        /// Which note.
        path: String,
        /// Why.
        #[source]
        source: SignError,
    },
    /// Signatures are missing.
    #[error("{} missing:{}", count(.0.len()), listed(.0))]
    Unsigned(Vec<Missing>),
    /// Signatures do not hold.
    #[error("{} not hold:{}", if .0.len() == 1 { "1 signature does".to_owned() } else { format!("{} signatures do", .0.len()) }, listed(.0))]
    Bad(Vec<Missing>),
}

fn count(signatures: usize) -> String {
    if signatures == 1 { "1 signature is".to_owned() } else { format!("{signatures} signatures are") }
}

fn listed<T: std::fmt::Display>(missing: &[T]) -> String {
    missing.iter().map(|one| format!("\n  {one}")).collect()
}

impl PlanError {
    /// How a program ends that meets it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Shelf(error) => error.exit(),
            Self::NoPlan(_) | Self::Unfit(_) => Exit::Usage,
            Self::Altered(_) | Self::Bad(_) => Exit::Integrity,
            Self::Nothing => Exit::Ok,
            Self::Unknown(_) => Exit::NotFound,
            Self::Stale { .. } => Exit::Conflict,
            Self::Sign { .. } | Self::Unsigned(_) => Exit::NotAuthorised,
        }
    }
}

impl Plan {
    /// Reads a plan. What it says is not checked yet.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| PlanError::NoPlan(error.to_string()))?;
        match value.get("format_version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(FORMAT) => {
                serde_json::from_value(value).map_err(|error| PlanError::NoPlan(error.to_string()))
            }
            Some(version) => {
                Err(PlanError::NoPlan(format!("its format_version is {version}, this program reads {FORMAT}")))
            }
            None => Err(PlanError::NoPlan("it has no format_version".to_owned())),
        }
    }

    /// The inverse of [`Plan::from_json`], for people too.
    pub fn to_json(&self) -> Result<String, PlanError> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| PlanError::NoPlan(error.to_string()))
    }

    /// Everybody who must sign something of it.
    pub fn signers(&self) -> BTreeSet<PartyId> {
        self.notes.iter().flat_map(|note| note.signers.iter().copied()).collect()
    }

    /// The statements that `party` must sign.
    pub fn notes_for(&self, party: PartyId) -> impl Iterator<Item = &PlannedNote> {
        self.notes.iter().filter(move |note| note.signers.contains(&party))
    }

    /// Adds the signatures of the signer's party to every statement that it must sign. What was signed already stays as it is: signing
    /// twice changes nothing. Nothing is signed when anything in the plan does not follow from its files.
    pub fn sign(&mut self, signer: &TreatySigner, certificate_pem: &str) -> Result<Vec<SignedNote>, PlanError> {
        self.check()?;
        let party = signer.party();
        let mut notes = self.notes.clone();
        let mut signed = Vec::new();
        for note in notes.iter_mut().filter(|note| note.signers.contains(&party)) {
            let with = match &note.note {
                None => signer.sign(&note.text),
                Some(before) => signer.countersign(before, &note.text),
            };
            let with = with.map_err(|source| PlanError::Sign { path: note.path.clone(), source })?;
            signed.push(SignedNote { path: note.path.clone(), is_new: note.note.as_deref() != Some(&with) });
            note.note = Some(with);
        }
        if !signed.is_empty() {
            let keys = self.keys.entry(party).or_default();
            if keys.iter().all(|known| known.trim() != certificate_pem.trim()) {
                keys.push(certificate_pem.to_owned());
            }
        }
        self.notes = notes;
        Ok(signed)
    }
}
