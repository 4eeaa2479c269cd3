use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a measure stands. Ordered by progress; the ways to end early and [`State::Closed`] come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Being written at the requesting desk.
    Draft,
    /// With the judge or prosecutor.
    Validating,
    /// Validated; awaits two officers who send it.
    Validated,
    /// Sent; awaits the other gateway.
    Sent,
    /// Lies ready at the requested desk.
    Delivered,
    /// Passed to the competent authority of the requested party.
    Transferred,
    /// The requested authority named who handles it.
    Acked,
    /// Under review on the merits.
    Review,
    /// The two parties consult; the review waits.
    Consult,
    /// The requesting party has to say what is missing; the clocks of the requested one rest.
    InfoWait,
    /// The requesting party has to take or decline conditions.
    CondOffer,
    /// Put off, until a day on which it is looked at again.
    Postponed,
    /// Recognised; awaits its execution.
    Accepted,
    /// Being carried out.
    Executing,
    /// A part is collected; awaits two officers who release it.
    Partial,
    /// All is collected; awaits two officers who release it.
    Ready,
    /// A remedy is pending: nothing is handed over.
    Appeal,
    /// Released; awaits the confirmation that it arrived whole.
    Produced,
    /// Arrived whole.
    Received,
    /// All that was accepted is done.
    Executed,
    /// In use, for the purpose and by the readers that were named.
    InUse,
    /// To be destroyed or returned.
    DisposalDue,
    /// Destroyed or returned, with a certificate.
    Disposed,
    /// Refused by a human, with a ground.
    Refused,
    /// Withdrawn by the requesting party.
    Withdrawn,
    /// Refused by a gateway or, after opening, by the receiving desk.
    Blocked,
    /// Not delivered before it expired.
    Lapsed,
    /// Returned, because another authority is the right one.
    Returned,
    /// Over.
    Closed,
}

impl State {
    /// All states, each where its number in databases is.
    pub const ALL: [Self; 29] = [
        Self::Draft,
        Self::Validating,
        Self::Validated,
        Self::Sent,
        Self::Delivered,
        Self::Acked,
        Self::Review,
        Self::Accepted,
        Self::Executing,
        Self::Ready,
        Self::Produced,
        Self::Received,
        Self::Refused,
        Self::Withdrawn,
        Self::Blocked,
        Self::Lapsed,
        Self::Closed,
        Self::Consult,
        Self::InfoWait,
        Self::CondOffer,
        Self::Postponed,
        Self::Partial,
        Self::Returned,
        Self::Transferred,
        Self::Appeal,
        Self::Executed,
        Self::InUse,
        Self::DisposalDue,
        Self::Disposed,
    ];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Validating => "VALIDATING",
            Self::Validated => "VALIDATED",
            Self::Sent => "SENT",
            Self::Delivered => "DELIVERED",
            Self::Transferred => "TRANSFERRED",
            Self::Acked => "ACKED",
            Self::Review => "REVIEW",
            Self::Consult => "CONSULT",
            Self::InfoWait => "INFO_WAIT",
            Self::CondOffer => "COND_OFFER",
            Self::Postponed => "POSTPONED",
            Self::Accepted => "ACCEPTED",
            Self::Executing => "EXECUTING",
            Self::Partial => "PARTIAL",
            Self::Ready => "READY",
            Self::Appeal => "APPEAL",
            Self::Produced => "PRODUCED",
            Self::Received => "RECEIVED",
            Self::Executed => "EXECUTED",
            Self::InUse => "IN_USE",
            Self::DisposalDue => "DISPOSAL_DUE",
            Self::Disposed => "DISPOSED",
            Self::Refused => "REFUSED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Blocked => "BLOCKED",
            Self::Lapsed => "LAPSED",
            Self::Returned => "RETURNED",
            Self::Closed => "CLOSED",
        }
    }

    /// Whether the measure still moves towards evidence: neither ended early, nor done.
    pub fn is_live(self) -> bool {
        self <= Self::Received
    }

    /// Whether what was accepted is under way, so that a hearing may be held for it: a part of the evidence may have arrived already.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Accepted | Self::Executing | Self::Partial | Self::Ready | Self::Produced | Self::Received)
    }

    /// Whether the measure ended without having been carried out, and waits only to be closed.
    pub fn ended_early(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn | Self::Blocked | Self::Lapsed | Self::Returned)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
