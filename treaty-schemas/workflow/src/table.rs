use std::fmt;

use model::{Role, Step};
use serde::{Deserialize, Serialize};

use crate::{Guard, Measure, State};

/// A party's place in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The requesting party.
    Home,
    /// The requested party.
    Peer,
}

impl Side {
    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Peer => "peer",
        }
    }
}

/// What a desk does with its draft before anything crosses a border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DraftStep {
    /// Hands the draft to the validator.
    Submit,
    /// Certifies it.
    Validate,
    /// Takes it back to be written anew.
    Rework,
}

impl DraftStep {
    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Validate => "validate",
            Self::Rework => "rework",
        }
    }
}

/// What the gateways do of themselves with a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayEvent {
    /// The other gateway took it.
    Receipt,
    /// A gateway refused it.
    Deny,
    /// It expired before the other gateway took it.
    NoRoute,
}

impl GatewayEvent {
    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Deny => "deny",
            Self::NoRoute => "no_route",
        }
    }
}

/// What moves a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A step of drafting, at the desk alone.
    Draft(DraftStep),
    /// An entry.
    Step(Step),
    /// A gateway's own event.
    Gateway(GatewayEvent),
}

impl Trigger {
    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft(step) => step.as_str(),
            Self::Step(step) => step.as_str(),
            Self::Gateway(event) => event.as_str(),
        }
    }
}

/// Who stands for a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// So many different officers, each in one of these roles.
    Officers(u8, &'static [Role]),
    /// The desk by its own signature.
    Desk,
    /// The desk by its own signature, or one officer in one of these roles.
    DeskOr(&'static [Role]),
    /// A gateway.
    Gateway,
}

/// One line of the procedure.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// In which of these states a measure must be.
    pub from: &'static [State],
    /// Where it goes; `None` where it stays.
    pub to: Option<State>,
    /// What happens.
    pub trigger: Trigger,
    /// Whose act it is.
    pub sides: &'static [Side],
    /// Who stands for it.
    pub actor: Actor,
    /// What else must hold.
    pub guard: Guard,
}

impl Row {
    /// Whether the row is one for a measure with this history, where it stands in one of its states.
    pub fn applies(&self, measure: &Measure, side: Side) -> bool {
        let preserves = || measure.terms.as_ref().is_some_and(|terms| terms.preservation.is_some());
        self.returns(measure, side)
            && match self.guard {
                Guard::Outstanding | Guard::UnconfirmedPart => measure.outstanding,
                Guard::Unreported | Guard::UnconfirmedAll => !measure.outstanding && !measure.reported,
                Guard::NothingKept | Guard::RemedyOver => !measure.keeps(),
                Guard::Shredded => measure.is_shredded() && side == measure.keeper(),
                Guard::Kept => measure.keeps() && side == measure.keeper(),
                Guard::Automatic => measure.terms.as_ref().is_some_and(|terms| terms.automatic),
                Guard::Calls => measure.wants_call(),
                Guard::Answers => measure.awaits_challenge(),
                Guard::Emergency => measure.regularise_by().is_some(),
                Guard::Prolonged | Guard::Preserved => preserves() && !measure.given_up,
                _ => true,
            }
    }

    /// Whether the step is one of the case, and not of its measures.
    pub fn is_of_the_case(&self) -> bool {
        use Step::{CommentDraft, SealSend, ShareDraft};
        let case = |step: Step| step.is_handshake() || matches!(step, ShareDraft | CommentDraft | SealSend);
        matches!(self.trigger, Trigger::Step(step) if case(step))
    }

    /// Whether the row leads a measure back to where it came from, or does not lead back at all.
    pub(crate) fn returns(&self, measure: &Measure, side: Side) -> bool {
        if measure.gives() && matches!(self.trigger, Trigger::Step(step) if !of_given(step)) {
            return false;
        }
        // Who gave something does not find that it contradicts itself.
        if measure.gives() && self.trigger == Trigger::Step(Step::Violation) && side != measure.keeper() {
            return false;
        }
        match self.guard {
            Guard::AskedIn(state) => measure.asked_in == Some(state),
            Guard::LodgedIn(state) => measure.lodged_in == Some(state),
            Guard::Keeper => side == measure.keeper(),
            Guard::Giver => side != measure.keeper(),
            Guard::Given | Guard::GivenBack => measure.gives(),
            Guard::WrongAddressee => !measure.gives(),
            Guard::Complete => !measure.outstanding,
            Guard::Unfollowed => measure.outstanding,
            _ => true,
        }
    }
}

/// Whether a step is one for a measure that gives: nobody decides on it, carries it out or appeals. The steps of the case are not meant.
fn of_given(step: Step) -> bool {
    use Step::{
        Acknowledge, CertifyDisposal, Close, DisposalDue, Extend, Forward, ReturnRequest, TakeOver, Violation, Withdraw,
    };
    matches!(
        step,
        Forward
            | Acknowledge
            | ReturnRequest
            | TakeOver
            | DisposalDue
            | Extend
            | CertifyDisposal
            | Violation
            | Withdraw
            | Close
    )
}

use Actor::{Desk, DeskOr, Gateway, Officers};
use DraftStep::{Rework, Submit, Validate};
use GatewayEvent::{Deny, NoRoute, Receipt};
use State::{
    Accepted, Acked, Appeal, Blocked, Closed, CondOffer, Consult, Delivered, DisposalDue, Disposed, Draft, Executed,
    Executing, InUse, InfoWait, Lapsed, Partial, Postponed, Produced, Ready, Received, Refused, Returned, Review, Sent,
    Transferred, Validated, Validating, Withdrawn,
};
use Trigger::{Draft as Local, Gateway as Machine, Step as By};

const HOME: &[Side] = &[Side::Home];
const PEER: &[Side] = &[Side::Peer];
const EITHER: &[Side] = &[Side::Home, Side::Peer];
/// Whoever at the requested party handles the case.
const HANDLERS: &[Role] = &[Role::Central, Role::Executing];
const VALIDATORS: &[Role] = &[Role::Judge, Role::Prosecutor];
const COLLECTORS: &[Role] = &[Role::Executing, Role::Central];
const CALLERS: &[Role] = &[Role::DutyOfficer, Role::Decider, Role::Central];
const CALLED: &[Role] = &[Role::DutyOfficer, Role::Central];
const KEEPERS: &[Role] = &[Role::Custodian, Role::Central];
/// A group lives as long as the case; of what was closed an error may still be found.
#[rustfmt::skip]
const GROUP: &[State] = &[
    Validated, Sent, Delivered, Transferred, Acked, Review, Consult, InfoWait, CondOffer, Postponed, Accepted,
    Executing, Partial, Ready, Appeal, Produced, Received, Executed, InUse, DisposalDue, Disposed, Refused, Withdrawn,
    Blocked, Lapsed, Returned, Closed,
];

const fn row(
    from: &'static [State],
    to: Option<State>,
    trigger: Trigger,
    sides: &'static [Side],
    actor: Actor,
    guard: Guard,
) -> Row {
    Row { from, to, trigger, sides, actor, guard }
}

/// The procedure. A transition that is not here does not exist. Before the request is sent a case has no measures yet, and
/// stands as a whole in VALIDATED. Two different officers stand for sending, refusing, releasing and destroying: for the certificate, and for
/// each step with which records are destroyed because they were not taken.
#[rustfmt::skip]
pub const TRANSITIONS: &[Row] = &[
    // At the requesting desk, before anything crosses the border.
    row(&[Draft],              Some(Validating), Local(Submit),         HOME,   Officers(1, &[Role::Officer]), Guard::None),
    row(&[Validating],         Some(Validated),  Local(Validate),       HOME,   Officers(1, VALIDATORS),       Guard::None),
    row(&[Validating],         Some(Draft),      Local(Rework),         HOME,   Officers(1, VALIDATORS),       Guard::None),
    row(&[Validated, Blocked], Some(Draft),      Local(Rework),         HOME,   Officers(1, &[Role::Officer]), Guard::None),
    // The request on its way.
    row(&[Validated],          None,             By(Step::OpenGroup),   HOME,   Desk,                          Guard::None),
    row(&[Validated],          Some(Sent),       By(Step::SealSend),    HOME,   Officers(2, &[Role::Central]), Guard::Scope),
    row(&[Validated, Sent],    Some(Blocked),    Machine(Deny),         EITHER, Gateway,                       Guard::None),
    row(&[Sent],               Some(Delivered),  Machine(Receipt),      PEER,   Gateway,                       Guard::None),
    row(&[Sent],               Some(Lapsed),     Machine(NoRoute),      HOME,   Gateway,                       Guard::None),
    // At the requested party.
    row(&[Delivered, Acked],   Some(Transferred), By(Step::Forward),    PEER,   Officers(1, &[Role::Central]), Guard::None),
    row(&[Delivered, Transferred], Some(Acked),  By(Step::Acknowledge), PEER,   Officers(1, HANDLERS),         Guard::None),
    row(&[Acked],              Some(Review),     By(Step::OpenReview),  PEER,   Officers(1, &[Role::Decider]), Guard::Notified),
    // Who is to grant an emergency calls who asked over another channel: each side's entry proves its half of the call.
    row(&[Acked, Review],      None,             By(Step::OpenCallback), PEER,  Officers(1, CALLERS),          Guard::Calls),
    row(&[Acked, Review],      None,             By(Step::AnswerCallback), HOME, Officers(1, CALLED),          Guard::Answers),
    row(&[Review],             Some(Accepted),   By(Step::Recognise),   PEER,   Officers(1, &[Role::Decider]), Guard::CalledBack),
    row(&[Review, Executing],  Some(Refused),    By(Step::Refuse),      PEER,   Officers(2, &[Role::Decider]), Guard::HumanGround),
    row(&[Review, Executing],  Some(Consult),    By(Step::Consult),     PEER,   Officers(1, &[Role::Decider]), Guard::None),
    // Who wants to refuse does not certify alone that it was heard.
    row(&[Consult],            Some(Review),     By(Step::ConsultDone), HOME,   Officers(1, &[Role::Central]), Guard::None),
    row(&[Consult],            Some(Review),     By(Step::ConsultDone), PEER,   Officers(1, &[Role::Decider]), Guard::Unanswered),
    // Questions: the answer leads back to where they were asked.
    row(&[Review, Executing],  Some(InfoWait),   By(Step::AskInfo),     PEER,   Officers(1, HANDLERS),         Guard::None),
    // A reminder moves no clock: the time for an answer runs from the first asking.
    row(&[InfoWait],           None,             By(Step::AskInfo),     PEER,   Officers(1, HANDLERS),         Guard::None),
    row(&[InfoWait],           Some(Review),     By(Step::GiveInfo),    HOME,   Officers(1, &[Role::Central]), Guard::AskedIn(Review)),
    row(&[InfoWait],           Some(Executing),  By(Step::GiveInfo),    HOME,   Officers(1, &[Role::Central]), Guard::AskedIn(Executing)),
    row(&[Delivered, Transferred, InfoWait], Some(Returned),  By(Step::ReturnRequest), PEER, Officers(1, &[Role::Central]), Guard::WrongAddressee),
    row(&[Delivered, Transferred], Some(Returned), By(Step::ReturnRequest), PEER, Officers(2, &[Role::Central]), Guard::GivenBack),
    // Conditions that are offered, instead of imposed; also those that show themselves when the records are there.
    row(&[Review, Executing, Partial, Ready], Some(CondOffer),  By(Step::OfferConditions), PEER, Officers(1, &[Role::Decider]), Guard::Offered),
    row(&[CondOffer],          Some(Accepted),   By(Step::AcceptConditions), HOME, Officers(1, &[Role::Central]), Guard::AsOffered),
    row(&[CondOffer],          Some(Review),     By(Step::DeclineConditions), HOME, Officers(1, &[Role::Central]), Guard::None),
    // Not now.
    row(&[Review, Executing],  Some(Postponed),  By(Step::Postpone),    PEER,   Officers(1, &[Role::Decider]), Guard::Postponed),
    row(&[Postponed],          Some(Review),     By(Step::Resume),      PEER,   DeskOr(&[Role::Decider, Role::Central]), Guard::TakenUp),
    row(&[CondOffer],          Some(Review),     By(Step::Resume),      PEER,   Officers(1, &[Role::Decider, Role::Central]), Guard::Untaken),
    // Carried out, in one or in parts.
    row(&[Accepted],           Some(Executing),  By(Step::Assign),      PEER,   Officers(1, &[Role::Central]), Guard::None),
    row(&[Executing],          Some(Partial),    By(Step::PartCollected), PEER, Officers(1, COLLECTORS),       Guard::None),
    row(&[Executing, Partial], Some(Ready),      By(Step::Collected),   PEER,   Officers(1, COLLECTORS),       Guard::None),
    row(&[Partial, Ready],     Some(Produced),   By(Step::Release),     PEER,   Officers(2, &[Role::Central]), Guard::RecordsAsked),
    // Declared automatic by the treaty: answered without a human.
    row(&[Delivered],          Some(Produced),   By(Step::Answer),      PEER,   Desk,                          Guard::Automatic),
    // A remedy: what was decided rests, and is decided anew or goes on from where it stood.
    row(&[Ready, Executing, Refused], Some(Appeal), By(Step::LodgeRemedy), EITHER, Officers(1, HANDLERS),      Guard::None),
    row(&[Appeal],             Some(Review),     By(Step::AnnulDecision), PEER, Officers(1, &[Role::Judge, Role::Decider]), Guard::Others),
    row(&[Appeal],             Some(Ready),      By(Step::UpholdDecision), PEER, Officers(1, &[Role::Judge, Role::Decider]), Guard::LodgedIn(Ready)),
    row(&[Appeal],             Some(Executing),  By(Step::UpholdDecision), PEER, Officers(1, &[Role::Judge, Role::Decider]), Guard::LodgedIn(Executing)),
    row(&[Appeal],             Some(Refused),    By(Step::UpholdDecision), PEER, Officers(2, &[Role::Judge, Role::Decider]), Guard::LodgedIn(Refused)),
    // Back at the requesting party.
    row(&[Produced],           Some(Received),   By(Step::Confirm),     HOME,   Officers(1, &[Role::Custodian]), Guard::None),
    // What is not taken is destroyed with the step, and has to be corrected.
    row(&[Produced],           Some(Ready),      By(Step::Reject),      HOME,   Officers(2, &[Role::Custodian]), Guard::NotTaken),
    row(&[Received],           Some(Executing),  By(Step::MoreToCome),  PEER,   Officers(1, COLLECTORS),       Guard::Outstanding),
    row(&[Received],           Some(Executed),   By(Step::FinalReport), PEER,   Officers(1, COLLECTORS),       Guard::Unreported),
    row(&[InUse],              None,             By(Step::FinalReport), PEER,   Officers(1, COLLECTORS),       Guard::Unreported),
    // Who gave does not wait for ever for a word on it.
    row(&[Produced],           Some(Executing),  By(Step::MoreToCome),  PEER,   Officers(1, COLLECTORS),       Guard::UnconfirmedPart),
    row(&[Produced],           Some(Executed),   By(Step::FinalReport), PEER,   Officers(1, COLLECTORS),       Guard::UnconfirmedAll),
    // In use, until it has to be destroyed or returned. Who got it keeps it: the requested party where the request gave it.
    row(&[Received, Executed], Some(InUse),      By(Step::TakeOver),    HOME,   Officers(1, &[Role::Officer, Role::Central]), Guard::Complete),
    // Who got a part does not wait for ever for the rest.
    row(&[Received],           Some(InUse),      By(Step::TakeOver),    HOME,   Officers(1, &[Role::Officer, Role::Central]), Guard::Unfollowed),
    row(&[Acked],              Some(InUse),      By(Step::TakeOver),    PEER,   Officers(1, &[Role::Officer, Role::Central]), Guard::Given),
    row(&[InUse],              Some(DisposalDue), By(Step::DisposalDue), EITHER, DeskOr(KEEPERS),              Guard::Keeper),
    row(&[Received, Executed, Refused, Withdrawn, Returned], Some(DisposalDue), By(Step::DisposalDue), EITHER, DeskOr(KEEPERS), Guard::Kept),
    row(&[DisposalDue],        Some(InUse),      By(Step::Extend),      EITHER, Officers(2, &[Role::Central]), Guard::Giver),
    row(&[DisposalDue],        Some(Disposed),   By(Step::CertifyDisposal), EITHER, Officers(2, &[Role::Custodian]), Guard::Keeper),
    // What says something and moves nothing.
    row(&[Delivered, Transferred, Acked, Review, Consult, InfoWait, CondOffer, Postponed, Accepted, Executing, Partial, Ready, Appeal, Produced, Received, Executed, InUse],
                               None,             By(Step::Regularise),  HOME,   Officers(1, VALIDATORS),       Guard::Emergency),
    row(&[Received, Executed], None,             By(Step::Prolong),     PEER,   Officers(1, HANDLERS),         Guard::Prolonged),
    row(&[Received, Executed], None,             By(Step::GiveUp),      HOME,   Officers(1, &[Role::Central]), Guard::Preserved),
    row(&[Delivered, Transferred, Acked, Review, Consult, InfoWait, CondOffer, Postponed, Accepted, Executing, Partial, Ready, Appeal],
                               None,             By(Step::TellStatus),  PEER,   DeskOr(HANDLERS),              Guard::None),
    // A body that contradicts its header: the request is blocked, a release has to be made again, what replaced records is not taken.
    row(&[Delivered, Transferred, Acked], Some(Blocked), By(Step::Violation), PEER, Desk,                      Guard::BodyGround),
    row(&[Produced],           Some(Ready),      By(Step::Violation),   HOME,   Desk,                          Guard::BodyGround),
    row(&[Received, Executed, InUse, DisposalDue], None, By(Step::Violation), HOME, Desk,                      Guard::BodyGround),
    // Ways out.
    row(&[Sent, Delivered, Transferred, Acked, Review, Consult, InfoWait, CondOffer, Postponed, Accepted, Executing, Partial, Ready, Appeal],
                               Some(Withdrawn),  By(Step::Withdraw),    HOME,   Officers(1, &[Role::Central]), Guard::None),
    row(&[Executed, Withdrawn, Returned], Some(Closed), By(Step::Close),       EITHER, Officers(1, &[Role::Central]), Guard::NothingKept),
    // Nothing is left of which a custodian could certify anything.
    row(&[Produced, Received, InUse, DisposalDue], Some(Closed), By(Step::Close), EITHER, Officers(1, &[Role::Central]), Guard::Shredded),
    // Who refused leaves the other side time for a remedy.
    row(&[Refused],            Some(Closed),     By(Step::Close),       HOME,   Officers(1, &[Role::Central]), Guard::NothingKept),
    row(&[Refused],            Some(Closed),     By(Step::Close),       PEER,   Officers(1, &[Role::Central]), Guard::RemedyOver),
    row(&[Blocked, Lapsed, Disposed],
                               Some(Closed),     By(Step::Close),       EITHER, Officers(1, &[Role::Central]), Guard::None),
    row(&[Validated],          Some(Closed),     By(Step::Close),       HOME,   Officers(1, &[Role::Central]), Guard::None),
    // Before the request is sent: a draft that both look at.
    row(&[Validated],          None,             By(Step::ShareDraft),  HOME,   Officers(1, &[Role::Officer, Role::Central]), Guard::None),
    row(&[Validated],          None,             By(Step::CommentDraft), PEER,  Officers(1, &[Role::Officer, Role::Central, Role::Executing]), Guard::None),
    // Who can read.
    row(GROUP,                 None,             By(Step::ChangeGroup), EITHER, Desk,                          Guard::None),
    row(GROUP,                 None,             By(Step::AskRejoin),   EITHER, Desk,                          Guard::None),
];

/// The rows that lead on from a state, in the order of the table.
pub fn rows_from(state: State) -> impl Iterator<Item = &'static Row> {
    TRANSITIONS.iter().filter(move |row| row.from.contains(&state))
}

/// The whole table in Markdown, for documentation and pictures.
pub fn table() -> String {
    use fmt::Write as _;
    let mut text = String::from("| from | to | event | side | who | guard |\n|---|---|---|---|---|---|\n");
    for row in TRANSITIONS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{row}");
    }
    text
}

/// The table as a state diagram of Mermaid: an arrow per row and state, with the step, whose it is and who stands for it. Rows that
/// move nothing are left out.
pub fn picture() -> String {
    use fmt::Write as _;
    let mut text = String::from("stateDiagram-v2\n    [*] --> DRAFT\n");
    let moving = TRANSITIONS.iter().filter_map(|row| Some((row, row.to?)));
    for (row, from, to) in moving.flat_map(|(row, to)| row.from.iter().map(move |from| (row, from, to))) {
        let sides: Vec<_> = row.sides.iter().map(|side| side.as_str()).collect();
        let (step, sides, actor) = (row.trigger.as_str(), sides.join(" or "), row.actor);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    {from} --> {to}: {step} ({sides}, {actor})");
    }
    text.push_str("    CLOSED --> [*]\n");
    text
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: Vec<_> = self.from.iter().map(|state| state.as_str()).collect();
        let sides: Vec<_> = self.sides.iter().map(|side| side.as_str()).collect();
        write!(
            f,
            "| {} | {} | {} | {} | {} | {} |",
            from.join(" / "),
            self.to.map_or("(stays)", State::as_str),
            self.trigger.as_str(),
            sides.join(" / "),
            self.actor,
            self.guard
        )
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Officers(count, roles) => {
                let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
                let roles = roles.join(" or ");
                if *count == 1 { f.write_str(&roles) } else { write!(f, "{count} × {roles}") }
            }
            Desk => f.write_str("desk"),
            DeskOr(roles) => {
                let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
                write!(f, "desk or {}", roles.join(" or "))
            }
            Gateway => f.write_str("gateway"),
        }
    }
}
