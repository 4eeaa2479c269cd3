//! What the requested authority of the story does next: the mind of `desk::counterpart`, which answers in training and decides in the
//! simulator too, before what the desk shows of the case. Words and records are the story's own: its states are no exercise, so that
//! nothing in it may bear the banner of one.

use desk::counterpart::{Decides, Decision, Persona, Situation, Standing, decide};
use model::{AuthorityId, MeasureId, Step};
use proto::desk::GetCaseResponse;

/// Who answers in the story: it asks nothing back, and produces in one part.
pub(crate) fn persona() -> Persona {
    Persona {
        name: "the central authority of the story".to_owned(),
        asks_first: false,
        decides: Decides::Produce,
        ..Persona::default()
    }
}

/// What `own` does next in a case; `None` while it is for the other side, or where nothing is left.
pub(crate) fn next(persona: &Persona, own: &AuthorityId, found: &GetCaseResponse) -> Option<Decision> {
    let summary = found.summary.as_ref()?;
    let own = own.to_string();
    let steps = |names: &[String]| names.iter().filter_map(|name| name.parse().ok()).collect::<Vec<Step>>();
    let possible = steps(&summary.possible_steps);
    let admitted = found.timeline.iter().filter(|entry| entry.sender == own && entry.verdict == "admitted");
    let taken = steps(&admitted.map(|entry| entry.step.clone()).collect::<Vec<_>>());
    let measures = found.measures.iter().map(|measure| Standing {
        id: MeasureId(measure.id),
        state: measure.state.clone(),
        consult_first: measure.consult_first,
        grounds: measure.grounds.iter().filter_map(|code| code.parse().ok()).collect(),
        ministry_notice: measure.ministry_notice,
        court_order: measure.court_order,
    });
    let measures: Vec<_> = measures.collect();
    let case = Situation { ours: summary.r#move == "ours", possible: &possible, taken: &taken, measures: &measures };
    decide(persona, &case, 0)
}
