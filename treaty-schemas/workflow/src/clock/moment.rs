use model::{MeasureId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Case, Change, Event, State, Trigger, apply,
    clock::kind::{Act, Signal},
    rows_from,
};

/// Something that may move the clocks of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Of which measure.
    pub measure: MeasureId,
    /// What.
    pub signal: Signal,
    /// Where the measure stands after it.
    pub state: State,
    /// From when on it counts.
    pub at: Timestamp,
    /// Until when, where it says how long something lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Since when the treaty's own time is counted, where that is later than it is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
}

/// The moments of a case, from its events alone.
pub fn moments<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Moment> {
    let mut all = Vec::new();
    let mut case = None;
    for event in events {
        all.extend(moments_of(case.as_ref(), event));
        case = Some(apply(case, event));
    }
    all
}

/// What `event` adds to the moments of `case`, as it stands before it: for who keeps moments instead of events. What [`apply`] passes
/// over, because the measure does not stand there, is no moment.
pub fn moments_of(case: Option<&Case>, event: &Event) -> Vec<Moment> {
    let at = event.moment(case);
    let of = |signal: Signal, measure: MeasureId, state: State| Moment {
        measure,
        signal,
        state,
        at,
        until: None,
        from: None,
    };
    let mut states = states(case);
    match &event.change {
        Change::Sent { measures, .. } if case.is_none_or(Case::is_unsent) => {
            let sent = Signal::Step(model::Step::SealSend);
            measures.iter().map(|scope| of(sent, scope.id, State::Sent)).collect()
        }
        Change::Moved { step, moves, until, .. } => {
            let awaits = |id: MeasureId| {
                *step == model::Step::Confirm
                    && case.and_then(|case| case.measures.get(&id)).is_some_and(|measure| measure.outstanding)
            };
            let moved = moves.iter().filter_map(|one| {
                let (_, state) = states.iter_mut().find(|(id, state)| *id == one.measure && *state == one.from)?;
                *state = one.to;
                let rest = awaits(one.measure).then(|| of(Signal::Act(Act::AwaitRest), one.measure, one.to));
                let step = Moment { until: *until, ..of(Signal::Step(*step), one.measure, one.to) };
                Some([Some(step), rest].into_iter().flatten())
            });
            moved.flatten().collect()
        }
        Change::Matter { matter, step, .. } => {
            let concerned = states.into_iter().filter(|(id, _)| matter.concerns.contains(id));
            concerned.map(|(id, state)| of(Signal::Step(*step), id, state)).collect()
        }
        Change::Gateway { event: gateway, .. } => {
            let moved = states.into_iter().filter_map(|(id, from)| {
                let row = rows_from(from).find(|row| row.trigger == Trigger::Gateway(*gateway))?;
                Some(of(Signal::Gateway(*gateway), id, row.to?))
            });
            moved.collect()
        }
        _ => Vec::new(),
    }
}

fn states(case: Option<&Case>) -> Vec<(MeasureId, State)> {
    case.into_iter().flat_map(|case| case.measures.iter().map(|(id, measure)| (*id, measure.state))).collect()
}

impl Case {
    /// Whether its request may still be sent.
    fn is_unsent(&self) -> bool {
        self.measures.is_empty() && !self.abandoned
    }
}

/// Weaves acts into the moments of a case by their times. Each list keeps its own order, which is that of the case, not of clocks; at
/// equal times the case goes first.
pub fn woven(case: Vec<Moment>, acts: Vec<Moment>) -> Vec<Moment> {
    let mut all = Vec::with_capacity(case.len() + acts.len());
    let mut acts = acts.into_iter().peekable();
    for moment in case {
        while let Some(act) = acts.next_if(|act| act.at < moment.at) {
            all.push(act);
        }
        all.push(moment);
    }
    all.extend(acts);
    all
}
