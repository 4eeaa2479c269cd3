//! Matters: what a case has beside the request. A consent to another use, an incident, an error in what was given, a hearing. Each has its
//! own small machine ([`MATTERS`]) in the same chain of entries, so that both sides hold the same, and none of them moves a measure.

mod decide;
mod possible;
mod slot;
mod table;

use std::{collections::BTreeSet, fmt, str::FromStr};

use model::{ConditionCode, Digest, EntryId, Flaw, Malformed, MeasureId, Step, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use decide::{decide, rejected};
pub use slot::{Slot, SlotWarning, moment_in, zone_named};
pub use table::{By, MATTERS, MatterGuard, MatterRow, matter_picture, matter_rows, matter_table};

use crate::{Case, Side};

/// How long a matter must have stood still before the side that has no other way ends it: policy.
pub const MATTER_SILENCE_DAYS: i64 = 30;

/// What a matter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatterKind {
    /// Another purpose or proceeding [UNTOC 18(19)].
    Use,
    /// A third state or body.
    Onward,
    /// An incident with what was given [CETS 224 art. 14(7)].
    Breach,
    /// An error in what was given.
    Correction,
    /// A hearing by video link [UNTOC 18(18)].
    Hearing,
}

impl MatterKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Use, Self::Onward, Self::Breach, Self::Correction, Self::Hearing];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Onward => "onward",
            Self::Breach => "breach",
            Self::Correction => "correction",
            Self::Hearing => "hearing",
        }
    }
}

impl FromStr for MatterKind {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let named = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        named.ok_or_else(|| Malformed::new("a kind of matter, as in use or breach", text))
    }
}

impl fmt::Display for MatterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! standings {
    ($($(#[$doc:meta])* $name:ident => $word:literal,)+) => {
        /// Where a matter stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum MatterState { $($(#[$doc])* $name,)+ }

        impl MatterState {
            /// All of them.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// The name in files and on screens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

standings! {
    /// A consent was asked for.
    Requested => "REQUESTED",
    /// It was given, for as long as it says.
    Granted => "GRANTED",
    /// It was denied.
    Denied => "DENIED",
    /// A use that needs no consent was told.
    Notified => "NOTIFIED",
    /// The other party was told of an incident.
    PeerNotified => "PEER_NOTIFIED",
    /// The incident was confirmed.
    Confirmed => "CONFIRMED",
    /// What was given is recalled: no key for it is released any more.
    Recalled => "RECALLED",
    /// The keys are gone, and two custodians say so.
    Shredded => "SHREDDED",
    /// The person concerned was told.
    SubjectNotified => "SUBJECT_NOTIFIED",
    /// The person concerned is not told yet, for a reason.
    Deferred => "DEFERRED",
    /// An error was reported.
    Reported => "REPORTED",
    /// It is known which kind of error it is.
    Triaged => "TRIAGED",
    /// The right records were given.
    Reissued => "REISSUED",
    /// Times for a hearing are proposed.
    Proposed => "PROPOSED",
    /// One of them was taken.
    SlotAgreed => "SLOT_AGREED",
    /// The person to be heard consented.
    ConsentRecorded => "CONSENT_RECORDED",
    /// The link works.
    TechTested => "TECH_TESTED",
    /// The hearing is held.
    Live => "LIVE",
    /// The minutes are with both sides.
    MinutesDraft => "MINUTES_DRAFT",
    /// Both sides signed them.
    Signed => "SIGNED",
    /// They were handed over.
    Transmitted => "TRANSMITTED",
    /// It was not held, or failed.
    Cancelled => "CANCELLED",
    /// Over.
    Closed => "CLOSED",
}

impl fmt::Display for MatterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One matter of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// What it is about.
    pub kind: MatterKind,
    /// Where it stands.
    pub state: MatterState,
    /// Who opened it.
    pub opener: Side,
    /// By which entry.
    #[serde(default)]
    pub by: Option<EntryId>,
    /// When.
    pub opened: Timestamp,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Which measures it concerns.
    pub concerns: Vec<MeasureId>,
    /// The entry whose records it is about; `None` for all that was released for these measures.
    pub about: Option<EntryId>,
    /// The entries whose records it is about: `about`, or all that had brought records when it was opened or they were recalled. What is
    /// released later is no part of it.
    #[serde(default)]
    pub covers: BTreeSet<EntryId>,
    /// The purpose that is asked for.
    pub purpose: Option<String>,
    /// What is wrong with the records.
    pub flaw: Option<Flaw>,
    /// When the consent was given.
    #[serde(default)]
    pub granted: Option<Timestamp>,
    /// Until when the consent holds; `None` without an end.
    pub until: Option<Timestamp>,
    /// Under which conditions it was given.
    pub conditions: Vec<ConditionCode>,
    /// Whether its records were recalled. What was, stays so when the matter is closed.
    pub recalled: bool,
    /// Which sides signed the minutes.
    pub signed: BTreeSet<Side>,
    /// The minutes that were drawn up last, by their digest: what is signed, and handed over.
    #[serde(default)]
    pub minutes: Option<Digest>,
    /// Who proposed the times of a hearing last; `None` for who opened it.
    #[serde(default)]
    pub proposer: Option<Side>,
    /// Whether its records were not taken, and destroyed when it was opened: they are released anew.
    #[serde(default)]
    pub given_back: bool,
}

impl Matter {
    /// Whether nobody has moved it for [`MATTER_SILENCE_DAYS`].
    pub fn is_silent(&self, now: Timestamp) -> bool {
        const DAY_MS: i64 = 24 * 3600 * 1000;
        self.since.plus_ms(MATTER_SILENCE_DAYS * DAY_MS) <= now
    }

    /// Whether nothing is to come of it any more, so that it takes nobody's place.
    pub fn is_over(&self) -> bool {
        matches!(self.state, MatterState::Closed | MatterState::Cancelled | MatterState::Transmitted)
    }

    /// Whether a consent holds at `now`.
    pub fn grants(&self, now: Timestamp) -> bool {
        self.state == MatterState::Granted && self.until.is_none_or(|until| now < until)
    }

    /// Whether it is about the records that `entry` released for `measure`.
    pub fn is_about(&self, entry: EntryId, measure: MeasureId) -> bool {
        // A matter that was stored before entries were kept is about whatever its header did not leave out.
        let covered = if self.covers.is_empty() {
            self.about.is_none_or(|about| about == entry)
        } else {
            self.covers.contains(&entry)
        };
        covered && self.concerns.contains(&measure)
    }
}

impl Case {
    /// Whether the records that `entry` released for `measure` were recalled.
    pub fn is_recalled(&self, entry: EntryId, measure: MeasureId) -> bool {
        self.matters.values().any(|matter| matter.recalled && matter.is_about(entry, measure))
    }
}

/// Whether the step names minutes.
pub(crate) fn tells_minutes(step: Step) -> bool {
    matches!(step, Step::DraftMinutes | Step::SignMinutes | Step::TransmitMinutes)
}

/// Whether the step opens or moves a matter.
pub fn moves_matter(step: Step) -> bool {
    MATTERS.iter().any(|row| row.step == step)
}

/// Whether the step opens a matter.
pub fn opens_matter(step: Step) -> bool {
    MATTERS.iter().any(|row| row.step == step && row.from.is_empty())
}
