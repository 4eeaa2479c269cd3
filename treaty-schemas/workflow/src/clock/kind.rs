use std::fmt;

use model::{ArticleRef, Step};
use serde::{Deserialize, Serialize};
use treaty::{Timer, TimerKind};

use crate::{GatewayEvent, Side, State};

/// On what a clock rests. No clock is told without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// A clause sets it.
    Legal(ArticleRef),
    /// The treaty file sets it, because the text is silent.
    Policy,
}

impl Nature {
    /// Whether a clause sets it.
    pub fn is_legal(&self) -> bool {
        matches!(self, Self::Legal(_))
    }
}

impl From<&Timer> for Nature {
    fn from(timer: &Timer) -> Self {
        timer.clause.clone().map_or(Self::Policy, Self::Legal)
    }
}

impl fmt::Display for Nature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Legal(clause) => write!(f, "law, {clause}"),
            Self::Policy => f.write_str("policy"),
        }
    }
}

/// What moves a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// An entry.
    Step(Step),
    /// A gateway's own event.
    Gateway(GatewayEvent),
    /// An act that no row of the procedure carries.
    Act(Act),
}

impl Signal {
    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step(step) => step.as_str(),
            Self::Gateway(event) => event.as_str(),
            Self::Act(act) => act.as_str(),
        }
    }
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident => $word:literal,)+) => {
        /// An act that moves a clock and is no step of the procedure. Where one becomes a step, its row of [`CLOCKS`] names the step.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Act { $($(#[$doc])* $name,)+ }

        impl Act {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in files and on screens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

acts! {
    /// A request for disclosure hangs on what is preserved.
    Link => "link",
    /// That request was decided.
    Unlink => "unlink",
    /// A person who agreed to come was promised a safe-conduct, until a moment that the record names.
    PromiseSafeConduct => "promise_safe_conduct",
    /// An incident was found.
    FindIncident => "find_incident",
    /// A part was confirmed behind which something is outstanding.
    AwaitRest => "await_rest",
}

/// How one kind of clock runs.
#[derive(Debug, Clone, Copy)]
pub struct ClockRow {
    /// Which clock.
    pub kind: TimerKind,
    /// Who must act before it ends.
    pub sides: &'static [Side],
    /// What starts it.
    pub starts: &'static [Signal],
    /// What stops it: done.
    pub stops: &'static [Signal],
    /// What ends it and starts it anew.
    pub restarts: &'static [Signal],
    /// What pauses it, and what lets it run on.
    pub pauses: &'static [(Signal, &'static [Signal])],
    /// In these states of the measure nobody owes it any more.
    pub drops: &'static [State],
    /// Whether a right or a duty ends with it, instead of somebody being late.
    pub lapses: bool,
}

use Signal::{Act as Did, Gateway as Machine, Step as By};

const HOME: &[Side] = &[Side::Home];
const PEER: &[Side] = &[Side::Peer];
const EITHER: &[Side] = &[Side::Home, Side::Peer];
const ARRIVAL: &[Signal] = &[Machine(GatewayEvent::Receipt)];
/// Conditions that are taken make an acceptance of the offer.
const DECISION: &[Signal] = &[By(Step::Answer), By(Step::Recognise), By(Step::AcceptConditions), By(Step::Refuse)];
/// What has to be carried out, from the acceptance, and what is outstanding from the day on which it is said to follow.
const CARRIED: &[Signal] = &[By(Step::Recognise), By(Step::AcceptConditions), By(Step::MoreToCome)];
const RELEASE: &[Signal] = &[By(Step::Release), By(Step::Answer)];
const ANSWER: &[Signal] = &[By(Step::Release), By(Step::Answer), By(Step::Refuse)];
/// The order goes out to who holds the records when the measure is given to who carries it out, under its domestic reference.
const ORDERED: &[Signal] = &[By(Step::Assign), By(Step::Answer)];
/// An objection with reasons is put to the requesting party before anything is refused, or is the refusal [Reg. 2023/1543 art. 12, 17(2)].
const OBJECTED: &[Signal] = &[By(Step::Consult), By(Step::Refuse)];
const NONE: &[Signal] = &[];
const PROMISED: &[Signal] = &[Did(Act::PromiseSafeConduct)];
/// Nobody comes any more. That the case is over takes the promise from nobody.
const LEFT_ALONE: &[State] = &[State::Withdrawn, State::Blocked, State::Lapsed, State::Returned];
/// The requested party cannot go on while it waits for an answer, and need not while it may postpone [Dir. 2014/41 art. 15(1)].
const WAITS: &[(Signal, &[Signal])] = &[
    (By(Step::AskInfo), &[By(Step::GiveInfo)]),
    (By(Step::OfferConditions), &[By(Step::DeclineConditions), By(Step::Resume)]),
    (By(Step::Postpone), &[By(Step::Resume)]),
];
/// What is carried out rests for a remedy besides, until the decision is upheld or made anew [Dir. 2014/41 art. 14(6)].
const RESTS: &[(Signal, &[Signal])] = &[
    WAITS[0],
    (By(Step::OfferConditions), &[By(Step::DeclineConditions), By(Step::AcceptConditions), By(Step::Resume)]),
    WAITS[2],
    (By(Step::LodgeRemedy), &[By(Step::UpholdDecision), By(Step::Recognise), By(Step::AcceptConditions)]),
];
const GONE: &[State] = &[State::Withdrawn, State::Blocked, State::Lapsed, State::Returned, State::Closed];
const ENDED: &[State] =
    &[State::Refused, State::Withdrawn, State::Blocked, State::Lapsed, State::Returned, State::Closed];
const ANSWERED: &[State] =
    &[State::Produced, State::Refused, State::Withdrawn, State::Blocked, State::Lapsed, State::Returned, State::Closed];
/// Nothing was given, or nothing is kept any more that could be used.
const NOT_KEPT: &[State] = &[
    State::Refused,
    State::Withdrawn,
    State::Blocked,
    State::Lapsed,
    State::Returned,
    State::DisposalDue,
    State::Disposed,
    State::Closed,
];
/// What was given with a request is kept from the day on which it is taken into use.
const KEEPS: &[Signal] = &[By(Step::Release), By(Step::Answer), By(Step::TakeOver)];
/// Nobody owes an answer to an offer any more: what was offered is reviewed anew.
const ENDED_OFFER: &[State] =
    &[State::Review, State::Withdrawn, State::Blocked, State::Lapsed, State::Returned, State::Closed];
/// Nobody owes a word on records any more: who gave them went on without it, or has to give them anew.
const LEFT: &[State] = &[State::Ready, State::Executing, State::Executed, State::Closed];
/// Nobody owes a word in a consultation any more.
const ENDED_CONSULTATION: &[State] =
    &[State::Review, State::Withdrawn, State::Blocked, State::Lapsed, State::Returned, State::Closed];
/// The rest came, or what there is was taken over without it.
const ENDED_REST: &[State] = &[State::Executing, State::Executed, State::InUse, State::DisposalDue, State::Closed];
/// There is no refusal any more against which a remedy could be.
const NOT_REFUSED: &[State] =
    &[State::Appeal, State::Review, State::Executing, State::Ready, State::DisposalDue, State::Closed];
/// What tells the requesting party that something goes on.
const NEWS: &[Signal] = &[
    By(Step::Acknowledge),
    By(Step::OpenReview),
    By(Step::Recognise),
    By(Step::Consult),
    By(Step::Assign),
    By(Step::Collected),
    By(Step::PartCollected),
    By(Step::MoreToCome),
    By(Step::OfferConditions),
    By(Step::AskInfo),
    By(Step::Postpone),
    By(Step::Resume),
    By(Step::TellStatus),
    By(Step::Forward),
];

const fn row(
    kind: TimerKind,
    sides: &'static [Side],
    starts: &'static [Signal],
    stops: &'static [Signal],
    drops: &'static [State],
) -> ClockRow {
    ClockRow { kind, sides, starts, stops, restarts: NONE, pauses: &[], drops, lapses: false }
}

/// How each clock runs. The prolongation of a preservation is a length, no clock. A safe-conduct lasts as long as the treaty says after the last day of
/// the appearance, and for the rest until the moment that its record names: no entry says when a witness is free to leave, or left.
#[rustfmt::skip]
pub const CLOCKS: &[ClockRow] = &[
    row(TimerKind::Ack,          PEER, ARRIVAL, &[By(Step::Acknowledge), By(Step::Answer)], GONE),
    ClockRow { pauses: WAITS, ..row(TimerKind::Decision, PEER, &[By(Step::Acknowledge), By(Step::AnnulDecision)], DECISION, GONE) },
    ClockRow { pauses: RESTS, ..row(TimerKind::Execution, PEER, CARRIED, RELEASE, ENDED) },
    row(TimerKind::Provisional,  PEER, ARRIVAL, DECISION, GONE),
    ClockRow { lapses: true, ..row(TimerKind::Clarification, HOME, &[By(Step::AskInfo)], &[By(Step::GiveInfo)], ENDED) },
    ClockRow { restarts: NEWS, ..row(TimerKind::Status, PEER, ARRIVAL, ANSWER, GONE) },
    row(TimerKind::Serve,        PEER, ARRIVAL, ORDERED, ENDED),
    row(TimerKind::Return,       PEER, ORDERED, RELEASE, ENDED),
    row(TimerKind::Provider,     PEER, ARRIVAL, ANSWER, GONE),
    row(TimerKind::Enforcement,  PEER, ARRIVAL, DECISION, GONE),
    ClockRow { lapses: true, ..row(TimerKind::Objection, PEER, ARRIVAL, OBJECTED, ANSWERED) },
    ClockRow {
        pauses: &[(Did(Act::Link), &[Did(Act::Unlink)])], lapses: true,
        ..row(TimerKind::Preservation, HOME, RELEASE, &[By(Step::GiveUp)], &[])
    },
    row(TimerKind::ExPost,       HOME, ARRIVAL, &[By(Step::Regularise)], NOT_KEPT),
    ClockRow { restarts: RELEASE, ..row(TimerKind::Retention, HOME, KEEPS, &[By(Step::DisposalDue), By(Step::CertifyDisposal)], &[State::Closed]) },
    row(TimerKind::Review,       PEER, &[By(Step::Postpone)], &[By(Step::Resume)], ENDED),
    row(TimerKind::Appeal,       PEER, &[By(Step::LodgeRemedy)], &[By(Step::AnnulDecision), By(Step::UpholdDecision)], GONE),
    ClockRow { lapses: true, ..row(TimerKind::Offer, HOME, &[By(Step::OfferConditions)], &[By(Step::AcceptConditions), By(Step::DeclineConditions)], ENDED_OFFER) },
    ClockRow { lapses: true, ..row(TimerKind::Receipt, HOME, RELEASE, &[By(Step::Confirm), By(Step::Reject)], LEFT) },
    ClockRow { lapses: true, ..row(TimerKind::Consultation, HOME, &[By(Step::Consult)], &[By(Step::ConsultDone)], ENDED_CONSULTATION) },
    // What was upheld is a refusal as before.
    ClockRow { lapses: true, ..row(TimerKind::Remedy, HOME, &[By(Step::Refuse), By(Step::UpholdDecision)], &[By(Step::LodgeRemedy)], NOT_REFUSED) },
    row(TimerKind::Remainder,    PEER, &[Did(Act::AwaitRest)], &[By(Step::MoreToCome)], ENDED_REST),
    row(TimerKind::Delivery,     HOME, &[By(Step::SealSend)], ARRIVAL, GONE),
    ClockRow { lapses: true, ..row(TimerKind::SafeConduct, HOME, PROMISED, NONE, LEFT_ALONE) },
    row(TimerKind::Incident,     EITHER, &[Did(Act::FindIncident)], &[By(Step::NotifyBreach)], &[]),
];

/// A release that contradicted its header, or was not taken, did not happen: what it stopped runs on as if it had never been stopped, and what it started
/// was not started.
pub(crate) const RETRACTS: (&[Signal], &[Signal]) =
    (&[By(Step::Violation), By(Step::Reject)], &[By(Step::Release), By(Step::Answer)]);
/// What makes a release final: nothing retracts it any more.
pub(crate) const SETTLES: &[Signal] = &[By(Step::Confirm), By(Step::MoreToCome), By(Step::FinalReport)];

/// How clocks of a kind run; `None` for the prolongation.
pub(crate) fn row_of(kind: TimerKind) -> Option<&'static ClockRow> {
    CLOCKS.iter().find(|row| row.kind == kind)
}

/// The whole table in Markdown, for documentation.
pub fn clock_table() -> String {
    use fmt::Write as _;
    let mut text = String::from(
        "| clock | who must act | starts with | done with | anew with | pauses | dropped in | at its end |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in CLOCKS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{row}");
    }
    text
}

impl fmt::Display for ClockRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |signals: &[Signal]| signals.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" / ");
        let sides: Vec<_> = self.sides.iter().map(|side| side.as_str()).collect();
        let pauses: Vec<_> =
            self.pauses.iter().map(|(from, to)| format!("{} – {}", from.as_str(), words(to))).collect();
        let drops: Vec<_> = self.drops.iter().map(|state| state.as_str()).collect();
        write!(
            f,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            self.kind.as_str(),
            sides.join(" / "),
            words(self.starts),
            words(self.stops),
            words(self.restarts),
            pauses.join(" / "),
            drops.join(" / "),
            if self.lapses { "lapses" } else { "late" }
        )
    }
}
