//! Whose work a case waits for, and which step follows from it.

use desk::counterpart::{self, Decides, Decision, Persona, Situation, Standing};
use model::{PostponementCode, RefusalCode, Step};
use workflow::{Measure, Side, State, Trigger};

use crate::{
    live::{Live, MEASURE, place},
    scenario::{Conduct, Staff, Task},
};

/// What a case waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Somebody's work.
    Work(Task),
    /// A step that is taken at once, most by a desk itself.
    Machine(Step, Side),
    /// Nothing that this simulator plays: it is over, or in use.
    Over,
}

/// What comes after the state in which a measure stands.
pub(crate) fn next(live: &Live) -> Next {
    let Some(measure) = live.measure() else { return Next::Over };
    let terms = measure.terms.as_ref();
    match measure.state {
        State::Delivered if terms.is_some_and(|terms| terms.automatic) => Next::Machine(Step::Answer, Side::Peer),
        State::Delivered | State::Transferred => Next::Work(Task::Acknowledge),
        State::Acked if measure.gives() => Next::Work(Task::TakeOver),
        State::Acked => Next::Work(Task::OpenReview),
        // Whoever is on duty calls back at once, and who is called is on duty too.
        State::Review if measure.wants_call() && measure.call.is_none() => {
            Next::Machine(Step::OpenCallback, Side::Peer)
        }
        State::Review if measure.awaits_challenge() => Next::Machine(Step::AnswerCallback, Side::Home),
        State::Review => Next::Work(Task::Decide),
        State::Consult => Next::Work(Task::Consult),
        State::InfoWait => Next::Work(Task::GiveInfo),
        State::Postponed => Next::Work(Task::Resume),
        State::Accepted => Next::Work(Task::Assign),
        State::Executing => Next::Work(Task::Execute),
        State::Ready | State::Partial => Next::Work(Task::Release),
        State::Produced => Next::Work(Task::Confirm),
        State::Received if measure.regularise_by().is_some_and(|by| measure.since < by) => Next::Work(Task::Regularise),
        State::Received => Next::Work(Task::Report),
        State::Executed => Next::Work(Task::TakeOver),
        State::Refused | State::Withdrawn | State::Blocked | State::Lapsed | State::Returned => Next::Work(Task::Close),
        _ => Next::Over,
    }
}

/// Who does a task, and on which side.
pub(crate) fn who(task: Task, live: &Live) -> (Side, Staff) {
    let (side, staff) = match task {
        Task::Draft | Task::GiveInfo => (Side::Home, Staff::Officer),
        Task::Validate | Task::Regularise => (Side::Home, Staff::Judge),
        Task::Translate => (Side::Home, Staff::Translator),
        Task::Send | Task::Consult | Task::Close => (Side::Home, Staff::Central),
        Task::Acknowledge | Task::Assign | Task::Release => (Side::Peer, Staff::Central),
        Task::OpenReview | Task::Decide | Task::Resume => (Side::Peer, Staff::Decider),
        Task::Execute | Task::Report => (Side::Peer, Staff::Executing),
        Task::Confirm => (Side::Home, Staff::Custodian),
        Task::TakeOver if live.measure().is_some_and(|measure| measure.gives()) => (Side::Peer, Staff::Officer),
        Task::TakeOver => (Side::Home, Staff::Officer),
    };
    let urgent = live.ask.emergency && !matches!(task, Task::Confirm | Task::Report | Task::TakeOver | Task::Close);
    (side, if urgent { Staff::Duty } else { staff })
}

/// The step that follows from a task, with what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) step: Step,
    pub(crate) ground: Option<RefusalCode>,
    pub(crate) postponement: Option<PostponementCode>,
}

impl Planned {
    fn step(step: Step) -> Self {
        Self { step, ground: None, postponement: None }
    }
}

/// Which step a task ends with. `None` for the tasks before the request is sent.
pub(crate) fn planned(task: Task, live: &Live, conduct: &Conduct) -> Option<Planned> {
    Some(Planned::step(match task {
        Task::Draft | Task::Validate | Task::Translate | Task::Send => return None,
        Task::Acknowledge => Step::Acknowledge,
        Task::OpenReview => Step::OpenReview,
        Task::Decide => return Some(decided(live, conduct)),
        Task::Consult => Step::ConsultDone,
        Task::GiveInfo => Step::GiveInfo,
        Task::Resume => Step::Resume,
        Task::Assign => Step::Assign,
        Task::Execute => Step::Collected,
        Task::Release => Step::Release,
        Task::Confirm => Step::Confirm,
        Task::Regularise => Step::Regularise,
        Task::Report => Step::FinalReport,
        Task::TakeOver => Step::TakeOver,
        Task::Close => Step::Close,
    }))
}

/// What the requested authority decides: the lot of the case makes its persona, and the mind that answers in training and in the demo
/// decides as far as the treaty lets it. Only a postponement is decided here: an exercise would stand still for weeks, so that mind has none.
fn decided(live: &Live, conduct: &Conduct) -> Planned {
    let Some(measure) = live.measure() else { return Planned::step(Step::Recognise) };
    let verdict = live.chance(place::VERDICT).unit();
    let asks_first = live.chance(place::ASKS).happens(conduct.questions);
    let puts_off = (conduct.refused..conduct.refused + conduct.postponed).contains(&verdict) && !live.postponed;
    let standing = standing(measure);
    let reason = measure.terms.as_ref().and_then(|terms| terms.postponements.first());
    if let (true, Some(reason)) = (puts_off && (live.asked || !asks_first), reason) {
        let postponed = Planned { postponement: Some(*reason), ..Planned::step(Step::Postpone) };
        return if standing.consult_first { Planned::step(Step::Consult) } else { postponed };
    }
    let ground = standing.grounds.first().copied().filter(|_| verdict < conduct.refused);
    let persona = Persona {
        asks_first,
        decides: if ground.is_some() { Decides::Refuse } else { Decides::Produce },
        ground: ground.unwrap_or(RefusalCode::R01),
        ..Persona::default()
    };
    let possible = possible(measure);
    let taken: &[Step] = if live.asked { &[Step::AskInfo] } else { &[] };
    let case = Situation { ours: true, possible: &possible, taken, measures: &[standing] };
    match counterpart::decide(&persona, &case, 0) {
        Some(Decision { step, ground, .. }) => Planned { ground, ..Planned::step(step) },
        None => Planned::step(Step::Recognise),
    }
}

/// The measure as the requested authority sees it.
fn standing(measure: &Measure) -> Standing {
    let terms = measure.terms.as_ref();
    Standing {
        id: MEASURE,
        state: measure.state.as_str().to_owned(),
        consult_first: terms.is_some_and(|terms| terms.consult) && !measure.consulted,
        grounds: terms.map(|terms| terms.grounds.clone()).unwrap_or_default(),
        ministry_notice: terms.is_some_and(|terms| terms.ministry_notice),
        court_order: terms.is_some_and(|terms| terms.court_order),
    }
}

/// The steps that the procedure lets the requested party take.
fn possible(measure: &Measure) -> Vec<Step> {
    let rows = workflow::rows_from(measure.state).filter(|row| row.sides.contains(&Side::Peer));
    let steps = rows.filter(|row| row.applies(measure, Side::Peer)).filter_map(|row| match row.trigger {
        Trigger::Step(step) => Some(step),
        _ => None,
    });
    steps.collect()
}
