use std::fmt;

use model::{Role, Step};
use serde::{Deserialize, Serialize};

use crate::State;

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
    /// A gateway.
    Gateway,
}

/// What else must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// The header lists measures, each once.
    Scope,
    /// The header names a ground that only a human may give (R01–R20) and the treaty knows, after a consultation where it wants one.
    HumanGround,
    /// The header names what the opened body showed: R90, R94 or R95.
    BodyGround,
    /// Every record was asked for, each measure gets at least one, and the bodies stay within bytes and mark of the treaty.
    RecordsAsked,
    /// The officers of the requested party called back where the treaty wants it, and impose only conditions that it knows.
    CalledBack,
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

use Actor::{Desk, Gateway, Officers};
use DraftStep::{Rework, Submit, Validate};
use GatewayEvent::{Deny, NoRoute, Receipt};
use State::{
    Accepted, Acked, Blocked, Closed, Consult, Delivered, Draft, Executing, Lapsed, Produced, Ready, Received, Refused,
    Review, Sent, Validated, Validating, Withdrawn,
};
use Trigger::{Draft as Local, Gateway as Machine, Step as By};

const HOME: &[Side] = &[Side::Home];
const PEER: &[Side] = &[Side::Peer];
const EITHER: &[Side] = &[Side::Home, Side::Peer];
/// Either, but the requested party moves.
const PEER_FIRST: &[Side] = &[Side::Peer, Side::Home];
const VALIDATORS: &[Role] = &[Role::Judge, Role::Prosecutor];
const COLLECTORS: &[Role] = &[Role::Executing, Role::Central];

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
/// stands as a whole in VALIDATED. Two different officers stand for sending, refusing and releasing.
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
    row(&[Delivered],          Some(Acked),      By(Step::Acknowledge), PEER,   Officers(1, &[Role::Central, Role::Executing]), Guard::None),
    row(&[Acked],              Some(Review),     By(Step::OpenReview),  PEER,   Officers(1, &[Role::Decider]), Guard::None),
    row(&[Review],             Some(Accepted),   By(Step::Recognise),   PEER,   Officers(1, &[Role::Decider]), Guard::CalledBack),
    row(&[Review, Executing],  Some(Refused),    By(Step::Refuse),      PEER,   Officers(2, &[Role::Decider]), Guard::HumanGround),
    row(&[Review, Executing],  Some(Consult),    By(Step::Consult),     PEER,   Officers(1, &[Role::Decider]), Guard::None),
    row(&[Consult],            Some(Review),     By(Step::ConsultDone), PEER_FIRST, Officers(1, &[Role::Central, Role::Decider]), Guard::None),
    row(&[Accepted],           Some(Executing),  By(Step::Assign),      PEER,   Officers(1, &[Role::Central]), Guard::None),
    row(&[Executing],          Some(Ready),      By(Step::Collected),   PEER,   Officers(1, COLLECTORS),       Guard::None),
    row(&[Ready],              Some(Produced),   By(Step::Release),     PEER,   Officers(2, &[Role::Central]), Guard::RecordsAsked),
    // Back at the requesting party.
    row(&[Produced],           Some(Received),   By(Step::Confirm),     HOME,   Officers(1, &[Role::Custodian]), Guard::None),
    // A body that contradicts its header: the request is blocked, a release has to be made again.
    row(&[Delivered, Acked],   Some(Blocked),    By(Step::Violation),   PEER,   Desk,                          Guard::BodyGround),
    row(&[Produced],           Some(Ready),      By(Step::Violation),   HOME,   Desk,                          Guard::BodyGround),
    // Ways out.
    row(&[Sent, Delivered, Acked, Review, Consult, Accepted, Executing, Ready],
                               Some(Withdrawn),  By(Step::Withdraw),    HOME,   Officers(1, &[Role::Central]), Guard::None),
    row(&[Received, Refused, Withdrawn, Blocked, Lapsed],
                               Some(Closed),     By(Step::Close),       EITHER, Officers(1, &[Role::Central]), Guard::None),
    row(&[Validated],          Some(Closed),     By(Step::Close),       HOME,   Officers(1, &[Role::Central]), Guard::None),
    // Who can read.
    row(&[Validated, Sent, Delivered, Acked, Review, Consult, Accepted, Executing, Ready, Produced, Received, Refused, Withdrawn, Blocked, Lapsed],
                               None,             By(Step::ChangeGroup), EITHER, Desk,                          Guard::None),
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
            Gateway => f.write_str("gateway"),
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Scope => "measures listed, each once",
            Self::HumanGround => "ground R01–R20 that the treaty knows; consulted where it wants that",
            Self::BodyGround => "ground R90, R94 or R95",
            Self::RecordsAsked => "records that were asked, within bytes and mark",
            Self::CalledBack => "called back where the treaty wants it; conditions that it knows",
        })
    }
}
