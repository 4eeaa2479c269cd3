//! Who stands for a step at this desk.

use model::{Denial, Header, MeasureId, Refusal, RefusalCode, Role, Step};
use workflow::{Actor, MATTERS, TRANSITIONS, Trigger};

use super::view::CaseView;

/// Who stands for the step of a header: where an answer asks for more than was validated, who validates it stands beside who answers.
pub(super) fn standing(header: &Header, (needed, roles): (usize, &'static [Role])) -> (usize, &'static [Role]) {
    if header.declared.widens { (2, &[Role::Central, Role::Judge, Role::Prosecutor]) } else { (needed, roles) }
}

/// How many officers stand for a step on this side, and in which roles: as many as the measures that it concerns ask for, where they
/// stand now.
pub(super) fn signers(step: Step, view: &CaseView, concerns: &[MeasureId]) -> Result<(usize, &'static [Role]), Denial> {
    let side = view.side();
    let officers = |actor: Actor| match actor {
        Actor::Officers(needed, roles) => Some((usize::from(needed), roles)),
        Actor::DeskOr(roles) => Some((1, roles)),
        Actor::Desk | Actor::Gateway => None,
    };
    let possible = view.admitted.as_ref().map(|case| case.possible(side)).unwrap_or_default();
    let concerned = possible.iter().filter(|one| {
        let named = concerns.is_empty() || one.measures.iter().any(|id| concerns.contains(id));
        named && one.row.trigger == Trigger::Step(step)
    });
    let now = concerned.filter_map(|one| officers(one.row.actor)).max_by_key(|(needed, _)| *needed);
    let row = TRANSITIONS.iter().find(|row| row.trigger == Trigger::Step(step) && row.sides.contains(&side));
    let of_matter = MATTERS.iter().find(|row| row.step == step).and_then(|row| officers(row.actor));
    match now.or_else(|| row.and_then(|row| officers(row.actor))).or(of_matter) {
        Some(found) => Ok(found),
        None => {
            let reason = format!("{step} is not for {}, the {} party", view.own.party(), super::shown::side_name(side));
            let remedy = "Leave the step to the other party.";
            Err(Refusal::new(RefusalCode::R93, "workflow", reason, remedy).into())
        }
    }
}
