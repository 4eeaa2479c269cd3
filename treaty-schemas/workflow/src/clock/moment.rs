use model::{MeasureId, Timestamp};

use crate::{Case, Change, Event, State, Trigger, apply, clock::kind::Signal, rows_from};

/// Something that may move the clocks of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Of which measure.
    pub measure: MeasureId,
    /// What.
    pub signal: Signal,
    /// Where the measure stands after it.
    pub state: State,
    /// When, as the entry states.
    pub at: Timestamp,
}

/// The moments of a case, from its events alone. What [`apply`] passes over, because the measure does not stand there, is no moment.
pub fn moments<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Moment> {
    let mut all = Vec::new();
    let mut case = None;
    for event in events {
        let of = |signal: Signal, measure: MeasureId, state: State| Moment { measure, signal, state, at: event.at };
        match &event.change {
            Change::Sent { measures, .. } if case.as_ref().is_none_or(Case::is_unsent) => {
                let sent = Signal::Step(model::Step::SealSend);
                all.extend(measures.iter().map(|scope| of(sent, scope.id, State::Sent)));
            }
            Change::Moved { step, moves, .. } => {
                let mut states = states(case.as_ref());
                for one in moves {
                    if let Some((_, state)) =
                        states.iter_mut().find(|(id, state)| *id == one.measure && *state == one.from)
                    {
                        *state = one.to;
                        all.push(of(Signal::Step(*step), one.measure, one.to));
                    }
                }
            }
            Change::Gateway { event: gateway, .. } => {
                let moved = states(case.as_ref()).into_iter().filter_map(|(id, from)| {
                    let row = rows_from(from).find(|row| row.trigger == Trigger::Gateway(*gateway))?;
                    Some(of(Signal::Gateway(*gateway), id, row.to?))
                });
                all.extend(moved);
            }
            _ => {}
        }
        case = Some(apply(case, event));
    }
    all
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
