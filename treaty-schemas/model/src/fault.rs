use std::fmt;

use serde::{Deserialize, Serialize};

/// Who is to blame for a fault, and so what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The caller sent what it must not send. Trying again unchanged is useless.
    Caller,
    /// Somebody else was faster. Look again, then try again.
    Race,
    /// The other party's gateway cannot be reached or does not answer as it should.
    Peer,
    /// Our own storage or configuration failed. Trying again later may help.
    Us,
}

/// What goes wrong with the protocol rather than with the law: no refusal code, no article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Fault {
    /// The bytes are not what they should be.
    Malformed,
    /// Over a limit of [`crate::limits`].
    TooLarge,
    /// The commit is for an epoch that has passed.
    StaleEpoch,
    /// Another entry of the case came first.
    StaleCase,
    /// The id was used for another entry.
    EntryIdReused,
    /// The entry's time is over, or not come.
    Expired,
    /// No such case, draft, entry or officer here.
    Unknown,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// No event at that cursor: it is forgotten, or was never told.
    CursorUnknown,
    /// The channel to that party is not open.
    ChannelNotOpen,
    /// The other gateway cannot be reached.
    PeerUnreachable,
    /// The storage does not take it: read-only, full, locked or gone.
    Storage,
    /// We are wrong: a defect.
    Internal,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 13] = [
        Self::Malformed,
        Self::TooLarge,
        Self::StaleEpoch,
        Self::StaleCase,
        Self::EntryIdReused,
        Self::Expired,
        Self::Unknown,
        Self::IdempotencyKeyReused,
        Self::CursorUnknown,
        Self::ChannelNotOpen,
        Self::PeerUnreachable,
        Self::Storage,
        Self::Internal,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::TooLarge => "TOO_LARGE",
            Self::StaleEpoch => "STALE_EPOCH",
            Self::StaleCase => "STALE_CASE",
            Self::EntryIdReused => "ENTRY_ID_REUSED",
            Self::Expired => "EXPIRED",
            Self::Unknown => "UNKNOWN",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::CursorUnknown => "CURSOR_UNKNOWN",
            Self::ChannelNotOpen => "CHANNEL_NOT_OPEN",
            Self::PeerUnreachable => "PEER_UNREACHABLE",
            Self::Storage => "STORAGE",
            Self::Internal => "INTERNAL",
        }
    }

    /// Who is to blame.
    pub fn blame(self) -> Blame {
        match self {
            Self::Malformed
            | Self::TooLarge
            | Self::EntryIdReused
            | Self::Expired
            | Self::Unknown
            | Self::IdempotencyKeyReused
            | Self::CursorUnknown => Blame::Caller,
            Self::StaleEpoch | Self::StaleCase => Blame::Race,
            Self::ChannelNotOpen | Self::PeerUnreachable => Blame::Peer,
            Self::Storage | Self::Internal => Blame::Us,
        }
    }

    /// What to do next.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Malformed => "Correct what is named; a program sends messages of the wire contract (proto/rogatory).",
            Self::TooLarge => "Send less in one entry.",
            Self::StaleEpoch => "Take the newer commit first, then seal again.",
            Self::StaleCase => "Look at the case again, then decide anew.",
            Self::EntryIdReused => "Give each entry an id of its own.",
            Self::Expired => "Make a new entry; check the clocks of both sides.",
            Self::Unknown => "Check the id.",
            Self::IdempotencyKeyReused => "Give each request a key of its own; repeat one only unchanged.",
            Self::CursorUnknown => {
                "Read the cases anew (ListCases), then watch from the desk's newest event (GetDeskStatus)."
            }
            Self::ChannelNotOpen => "Both operators compare fingerprints and run `gateway peer add`.",
            Self::PeerUnreachable => "Nothing is lost. What is sealed is sent as soon as the other gateway answers.",
            Self::Storage => "Check the disk and the rights of the state folder; nothing was acknowledged.",
            Self::Internal => "Report it: this is a defect of the program.",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
