use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Malformed;

macro_rules! steps {
    ($(#[$outer:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident => $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum { $($(#[$doc])* $name,)+ }

        impl $enum {
            /// All steps, each where its number in databases is. New ones go to the end.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// The name in files and on screens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

steps! {
    /// What an entry does to its case. Each is the event of a row of the workflow; those of a desk's own drafting
    /// (submit, validate, rework) never cross a border and have no name here.
    Step {
        /// Opens the case's group and adds the recipient's desk. Changes who can read, not what is decided.
        OpenGroup => "open_group",
        /// Changes who is in the group, or renews a leaf.
        ChangeGroup => "change_group",
        /// Sends the request.
        SealSend => "seal_send",
        /// Acknowledges that it arrived and who handles it.
        Acknowledge => "acknowledge",
        /// Opens the review on the merits.
        OpenReview => "open_review",
        /// Accepts.
        Recognise => "recognise",
        /// Refuses, by a human, with a ground.
        Refuse => "refuse",
        /// Begins execution.
        Assign => "assign",
        /// Says that all is collected.
        Collected => "collected",
        /// Releases the records.
        Release => "release",
        /// Confirms that the records arrived whole.
        Confirm => "confirm",
        /// Closes the case.
        Close => "close",
        /// Withdraws the request.
        Withdraw => "withdraw",
        /// The receiving desk's notice that a body contradicts its header.
        Violation => "violation",
        /// Opens a consultation, before a refusal [UNTOC 18(26)].
        Consult => "consult",
        /// Says that the consultation was held, and what it brought.
        ConsultDone => "consult_done",
        /// Asks the requesting party what is missing in its request.
        AskInfo => "ask_info",
        /// Answers such questions.
        GiveInfo => "give_info",
        /// Offers to accept under conditions that the requesting party has to take first.
        OfferConditions => "offer_conditions",
        /// Takes them: the requesting party binds itself [UNTOC 18(19)].
        AcceptConditions => "accept_conditions",
        /// Declines them.
        DeclineConditions => "decline_conditions",
        /// Postpones, with a reason and a day on which it is looked at again [UNTOC 18(25)].
        Postpone => "postpone",
        /// Takes up again what was postponed, or offered to somebody who is silent.
        Resume => "resume",
        /// Says that a part is collected, and what is outstanding.
        PartCollected => "part_collected",
        /// Goes on with what is outstanding after a part arrived.
        MoreToCome => "more_to_come",
        /// Does not take records that were released, and says what is wrong with them: it opens their correction.
        Reject => "reject",
        /// Returns a request that is for another authority, and names it.
        ReturnRequest => "return_request",
        /// Passes the request to the authority of the own party that is competent, and names it to the other.
        Forward => "forward",
        /// A desk that lost its state asks to be added to the group again.
        AskRejoin => "ask_rejoin",
        /// A remedy was lodged against a decision: what is done rests [Dir. 2014/41 art. 14].
        LodgeRemedy => "lodge_remedy",
        /// A court annulled what was decided: it is reviewed anew.
        AnnulDecision => "annul_decision",
        /// A court upheld what was decided: the measure goes back to where it stood.
        UpholdDecision => "uphold_decision",
        /// Says that the execution is complete, and what it cost.
        FinalReport => "final_report",
        /// Takes what was received into use, for a purpose and for named readers.
        TakeOver => "take_over",
        /// What was received must be destroyed or returned now.
        DisposalDue => "disposal_due",
        /// Whose records they are lets them be kept for longer.
        Extend => "extend",
        /// Certifies that the records were destroyed or returned, and that their keys are gone.
        CertifyDisposal => "certify_disposal",
        /// Shows a draft to the other side before it is sent. It has no legal effect.
        ShareDraft => "share_draft",
        /// Comments on a draft that was shown. It has no legal effect either.
        CommentDraft => "comment_draft",
        /// Answers without a human, where the treaty declares the request type automatic.
        Answer => "answer",
        /// Keeps preserved data for longer [Reg. 2023/1543 art. 11(1)].
        Prolong => "prolong",
        /// Says that preserved data is needed no more.
        GiveUp => "give_up",
        /// Validates after the fact what was sent in an emergency [Reg. 2023/1543 art. 4(5)].
        Regularise => "regularise",
        /// Says how it goes, though nothing moved [UNTOC 18(24)].
        TellStatus => "tell_status",
        /// Asks to use what was received for another purpose or proceeding [UNTOC 18(19)].
        RequestUse => "request_use",
        /// Asks to hand what was received on to a third state or body.
        RequestOnward => "request_onward",
        /// Gives notice of a use in favour of the accused, which needs no consent [UNTOC 18(19)].
        NotifyExculpatory => "notify_exculpatory",
        /// Consents to such a use or transfer.
        GrantConsent => "grant_consent",
        /// Denies it.
        DenyConsent => "deny_consent",
        /// Tells the other party of an incident with what it gave [CETS 224 art. 14(7)].
        NotifyBreach => "notify_breach",
        /// Says that the suspicion was right.
        ConfirmBreach => "confirm_breach",
        /// Recalls what was given: its keys are to be destroyed wherever they are.
        Recall => "recall",
        /// Certifies that the keys of what was recalled are gone.
        CertifyShredding => "certify_shredding",
        /// Says that the person concerned was told.
        NotifySubject => "notify_subject",
        /// Says why the person concerned is not told yet.
        DeferSubject => "defer_subject",
        /// Reports an error in what was given: a wrong subject, a wrong or an old value.
        ReportError => "report_error",
        /// Says which kind of error it is.
        Triage => "triage",
        /// Gives the right records in the place of wrong ones.
        Reissue => "reissue",
        /// Proposes times for a hearing by video link [UNTOC 18(18)] [Dir. 2014/41 art. 24].
        ProposeHearing => "propose_hearing",
        /// Takes one of the times.
        AgreeSlot => "agree_slot",
        /// Records that the person to be heard consented [Reg. 2023/2844 art. 6].
        RecordConsent => "record_consent",
        /// Says that the link was tested.
        TestLink => "test_link",
        /// Says that the hearing has begun.
        OpenHearing => "open_hearing",
        /// Shows the minutes to the other side.
        DraftMinutes => "draft_minutes",
        /// Signs the minutes; each side does.
        SignMinutes => "sign_minutes",
        /// Hands the signed minutes over.
        TransmitMinutes => "transmit_minutes",
        /// The hearing is not held, or failed.
        CancelHearing => "cancel_hearing",
        /// Ends a matter.
        CloseMatter => "close_matter",
        /// Proposes other times for a hearing, in the place of those before.
        ProposeSlots => "propose_slots",
        /// Calls back in an emergency: says the digest of the challenge that is read out over another channel [CETS 224 art. 9].
        OpenCallback => "open_callback",
        /// Gives the challenge back: the requesting authority was called, and nobody else.
        AnswerCallback => "answer_callback",
    }
}

impl Step {
    /// Whether the entry carries an MLS handshake instead of a sealed body.
    pub fn is_handshake(self) -> bool {
        matches!(self, Self::OpenGroup | Self::ChangeGroup | Self::AskRejoin)
    }

    /// Whether a judge or prosecutor of the party's courts may stand for it, whichever of its authorities sends it.
    pub fn is_of_a_court(self) -> bool {
        matches!(self, Self::Regularise | Self::AnnulDecision | Self::UpholdDecision | Self::GiveInfo)
    }

    /// Whether the sealed body carries records that were asked for.
    pub fn carries_records(self) -> bool {
        matches!(self, Self::Release | Self::Answer | Self::Reissue)
    }

    /// Whether the text of the minutes of a hearing may go along in the sealed body: evidence, which is opened as records are.
    pub fn carries_minutes(self) -> bool {
        matches!(self, Self::DraftMinutes | Self::TransmitMinutes)
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
