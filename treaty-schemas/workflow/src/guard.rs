use std::fmt;

use crate::{Measure, State};

/// What else must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// The header names the notice to the ministry where the requested party's law wants one.
    Notified,
    /// The header lists measures, each once.
    Scope,
    /// The header names a ground that only a human may give (R01–R20) and the treaty knows, after a consultation where it wants one.
    HumanGround,
    /// The header names what the opened body showed: R90, R94 or R95.
    BodyGround,
    /// Every record was asked for, each measure gets at least one, under conditions that its grant named, and the bodies stay within bytes
    /// and mark of the treaty.
    RecordsAsked,
    /// The officers of the requested party called back where the treaty wants it, name the order of a court where their law wants one, and impose
    /// only conditions that the treaty knows.
    CalledBack,
    /// The treaty wants a call-back, and the header names the commitment of its challenge.
    Calls,
    /// The header gives back the challenge of the call-back.
    Answers,
    /// As [`Guard::CalledBack`], and at least one condition is named.
    Offered,
    /// The conditions that were offered, and no others, are named.
    AsOffered,
    /// The header names a reason that the treaty knows, after a consultation where it wants one.
    Postponed,
    /// An officer takes it up; or the desk by itself, once the day of its review is over.
    TakenUp,
    /// The questions were asked while the measure stood there; where the answer asks for more than was validated, a validator signs it too.
    AskedIn(State),
    /// Something is outstanding behind the part that was collected.
    Outstanding,
    /// The header names R93, with the right addressee in the body; or R01, where questions stayed without an answer for
    /// [`INFO_SILENCE_DAYS`](crate::INFO_SILENCE_DAYS) and [`INFO_REMINDERS`](crate::INFO_REMINDERS). A request that asks.
    WrongAddressee,
    /// The header names R93, or R16 where its conditions cannot be kept. A request that gives: what it gave is destroyed with the step.
    GivenBack,
    /// A remedy was lodged while the measure stood there, and others decide on it than decided before.
    LodgedIn(State),
    /// Others decide than decided before.
    Others,
    /// It is the side that keeps what was released.
    Keeper,
    /// It is the side that gave it; the header says until when.
    Giver,
    /// The request gives instead of asks.
    Given,
    /// Nothing is outstanding.
    Complete,
    /// The same, and nobody has reported it; the header names what was granted and not released, and why.
    Unreported,
    /// Nothing was released that has to be destroyed or returned.
    NothingKept,
    /// The same, and the other side had [`REMEDY_DAYS`](crate::REMEDY_DAYS) for a remedy.
    RemedyOver,
    /// Something was released that has to be.
    Kept,
    /// All that was released was recalled and destroyed; by the side that kept it.
    Shredded,
    /// The treaty declares the request type automatic; records as for a release.
    Automatic,
    /// An emergency that was not validated after the fact yet.
    Emergency,
    /// Preserved data; the header says until when it is kept.
    Prolonged,
    /// Preserved data.
    Preserved,
    /// The other side has been silent for [`CONSULT_SILENCE_DAYS`](crate::CONSULT_SILENCE_DAYS).
    Unanswered,
    /// The other side has neither taken nor declined the offer for [`ANSWER_SILENCE_DAYS`](crate::ANSWER_SILENCE_DAYS).
    Untaken,
    /// The header says what is wrong with the records: it opens their correction.
    NotTaken,
    /// As [`Guard::Unreported`], of records that the other side has neither confirmed nor rejected for
    /// [`ANSWER_SILENCE_DAYS`](crate::ANSWER_SILENCE_DAYS).
    UnconfirmedAll,
    /// As [`Guard::Outstanding`], of such records.
    UnconfirmedPart,
    /// As [`Guard::Outstanding`], and the other side has not gone on with it for [`ANSWER_SILENCE_DAYS`](crate::ANSWER_SILENCE_DAYS): what is
    /// outstanding counts as not produced.
    Unfollowed,
}

impl Guard {
    /// Whether it holds only after the other side has left an offer, records, or what is outstanding, without a word for long.
    fn is_of_answer(self) -> bool {
        matches!(self, Self::Untaken | Self::UnconfirmedAll | Self::UnconfirmedPart | Self::Unfollowed)
    }

    /// Whether it holds only after the other side has been silent for long.
    pub fn is_of_silence(self) -> bool {
        self == Self::Unanswered || self.is_of_answer()
    }

    /// Whether it holds of a measure only when a time is over. Questions that nobody answers are one way of two to a return.
    pub(crate) fn rests_on_time(self, measure: &Measure) -> bool {
        self.is_of_silence()
            || self == Self::RemedyOver
            || (self == Self::WrongAddressee && measure.state == State::InfoWait)
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AskedIn(state) => {
                return write!(f, "asked in {state}; a validator signs too where more is asked than was validated");
            }
            Self::LodgedIn(state) => return write!(f, "lodged in {state}; by others than decided before"),
            Self::Others => "by others than decided before",
            Self::Keeper => "by who keeps the records",
            Self::Giver => "by who gave the records; until when",
            Self::Given => "the request gives instead of asks",
            Self::Complete => "nothing is outstanding",
            Self::Unreported => "nothing is outstanding, and it was not reported before; what was granted and not released is named",
            Self::RemedyOver => "nothing was released that has to be destroyed or returned; 30 days after the refusal",
            Self::NothingKept => "nothing was released that has to be destroyed or returned",
            Self::Shredded => "all that was released was recalled and destroyed; by who kept it",
            Self::Kept => "something was released that has to be destroyed or returned",
            Self::Automatic => "declared automatic by the treaty; records as for a release, under conditions that the treaty names",
            Self::Emergency => "an emergency that was not validated yet",
            Self::Prolonged => "preserved data; until when",
            Self::Preserved => "preserved data",
            Self::Calls => "a call-back that the treaty wants; the commitment of its challenge",
            Self::Answers => "the challenge of that call-back",
            Self::Offered => "conditions, as for an acceptance",
            Self::AsOffered => "the conditions that were offered",
            Self::Postponed => "reason P01–P05 that the treaty knows; consulted where it wants that",
            Self::TakenUp => "by the desk alone only once the day of its review is over",
            Self::Outstanding => "something is outstanding",
            Self::Unanswered => "after 10 days of silence of the other side",
            Self::Untaken => "after 30 days of silence of the other side",
            Self::NotTaken => "what is wrong is named; it opens a correction",
            Self::UnconfirmedAll => {
                "nothing is outstanding; after 30 days of silence of the other side; what was granted and not released is named"
            }
            Self::UnconfirmedPart | Self::Unfollowed => "something is outstanding; after 30 days of silence of the other side",
            Self::Notified => "notice to the ministry, where the requested party's law wants it",
            Self::WrongAddressee => "a request that asks; ground R93, the right addressee is in the body; or R01, 30 days after questions without an answer, and two reminders",
            Self::GivenBack => "a request that gives; ground R93, or R16 where its conditions cannot be kept",
            Self::None => "",
            Self::Scope => "measures listed, each once",
            Self::HumanGround => "ground R01–R20 that the treaty knows; consulted where it wants that",
            Self::BodyGround => "ground R90, R94 or R95",
            Self::RecordsAsked => "records that were asked, under the conditions of the grant, within bytes and mark",
            Self::CalledBack => "called back where the treaty wants it, and the challenge was given back; order of a court where the law wants it; conditions that it knows",
        })
    }
}
