use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Malformed;

/// What an entry does to its case. Each is the event of a row of the workflow; those of a desk's own drafting
/// (submit, validate, rework) never cross a border and have no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Opens the case's group and adds the recipient's desk. Changes who can read, not what is decided.
    OpenGroup,
    /// Changes who is in the group, or renews a leaf.
    ChangeGroup,
    /// Sends the request.
    SealSend,
    /// Acknowledges that it arrived and who handles it.
    Acknowledge,
    /// Opens the review on the merits.
    OpenReview,
    /// Accepts.
    Recognise,
    /// Refuses, by a human, with a ground.
    Refuse,
    /// Begins execution.
    Assign,
    /// Says that all is collected.
    Collected,
    /// Releases the records.
    Release,
    /// Confirms that the records arrived whole.
    Confirm,
    /// Closes the case.
    Close,
    /// Withdraws the request.
    Withdraw,
    /// The receiving desk's notice that a body contradicts its header.
    Violation,
    /// Opens a consultation, before a refusal [UNTOC 18(26)].
    Consult,
    /// Says that the consultation was held, and what it brought.
    ConsultDone,
    /// Asks the requesting party what is missing in its request.
    AskInfo,
    /// Answers such questions.
    GiveInfo,
    /// Offers to accept under conditions that the requesting party has to take first.
    OfferConditions,
    /// Takes them: the requesting party binds itself [UNTOC 18(19)].
    AcceptConditions,
    /// Declines them.
    DeclineConditions,
    /// Postpones, with a reason and a day on which it is looked at again [UNTOC 18(25)].
    Postpone,
    /// Takes up again what was postponed.
    Resume,
    /// Says that a part is collected, and what is outstanding.
    PartCollected,
    /// Goes on with what is outstanding after a part arrived.
    MoreToCome,
    /// Does not take records that were released.
    Reject,
    /// Returns a request that is for another authority, and names it.
    ReturnRequest,
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 27] = [
        Self::OpenGroup,
        Self::ChangeGroup,
        Self::SealSend,
        Self::Acknowledge,
        Self::OpenReview,
        Self::Recognise,
        Self::Refuse,
        Self::Assign,
        Self::Collected,
        Self::Release,
        Self::Confirm,
        Self::Close,
        Self::Withdraw,
        Self::Violation,
        Self::Consult,
        Self::ConsultDone,
        Self::AskInfo,
        Self::GiveInfo,
        Self::OfferConditions,
        Self::AcceptConditions,
        Self::DeclineConditions,
        Self::Postpone,
        Self::Resume,
        Self::PartCollected,
        Self::MoreToCome,
        Self::Reject,
        Self::ReturnRequest,
    ];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenGroup => "open_group",
            Self::ChangeGroup => "change_group",
            Self::SealSend => "seal_send",
            Self::Acknowledge => "acknowledge",
            Self::OpenReview => "open_review",
            Self::Recognise => "recognise",
            Self::Refuse => "refuse",
            Self::Assign => "assign",
            Self::Collected => "collected",
            Self::Release => "release",
            Self::Confirm => "confirm",
            Self::Close => "close",
            Self::Withdraw => "withdraw",
            Self::Violation => "violation",
            Self::Consult => "consult",
            Self::ConsultDone => "consult_done",
            Self::AskInfo => "ask_info",
            Self::GiveInfo => "give_info",
            Self::OfferConditions => "offer_conditions",
            Self::AcceptConditions => "accept_conditions",
            Self::DeclineConditions => "decline_conditions",
            Self::Postpone => "postpone",
            Self::Resume => "resume",
            Self::PartCollected => "part_collected",
            Self::MoreToCome => "more_to_come",
            Self::Reject => "reject",
            Self::ReturnRequest => "return_request",
        }
    }

    /// Whether the entry carries an MLS handshake instead of a sealed body.
    pub fn is_handshake(self) -> bool {
        matches!(self, Self::OpenGroup | Self::ChangeGroup)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Step {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|step| step.as_str() == text)
            .ok_or_else(|| Malformed::new("a step (as in seal_send)", text))
    }
}
