//! What a step concerns where nobody says it, and looking at the records of a release before anything is said to the other side.

use model::{Denial, Fault, Header, MeasureId, Refusal, RefusalCode, Step};
use workflow::{Case, Side, State, Trigger};

use super::{Office, prepare::Ask, signers::signers, view::CaseView};
use crate::clock;

impl Office {
    /// Holds the records of a release against the request and the procedure as if all that their measures ask for lay collected. Nothing is
    /// prepared.
    ///
    /// # Errors
    /// What [`Office::prepare`] would refuse once they do.
    pub(crate) async fn check_records(&self, ask: &Ask) -> Result<(), Denial> {
        if ask.step != Step::Release {
            return Err(Denial::failed(Fault::Malformed, "records are checked before they are released"));
        }
        let (mut view, _) = self.view(ask.case).await?.ok_or_else(|| self.no_case(ask))?;
        view.sound()?;
        for measure in view.admitted.iter_mut().flat_map(|case| case.measures.values_mut()) {
            if matches!(measure.state, State::Accepted | State::Executing | State::Partial) {
                measure.state = State::Ready;
            }
        }
        let (needed, roles) = signers(ask.step, &view, &ask.concerns)?;
        let (header, _) = self.step_header(&view, ask, clock::now()).await?;
        self.dry_run(&view, &header, needed, ask.role.or(roles.first().copied()))
    }

    /// Lets a header concern all that its step can move now.
    ///
    /// # Errors
    /// Where that is nothing, the procedure says why, and what is possible instead.
    pub(super) fn concern(&self, view: &CaseView, case: &Case, header: &mut Header) -> Result<(), Denial> {
        let movable = movable(case, view.side(), header.step);
        header.concerns = movable.clone().unwrap_or_else(|| case.measures.keys().copied().collect());
        if movable.is_some() {
            return Ok(());
        }
        let (needed, roles) = signers(header.step, view, &[])?;
        self.dry_run(view, header, needed, roles.first().copied())
    }

    pub(super) fn no_case(&self, ask: &Ask) -> Denial {
        let reason = format!("{} is not possible in a draft", ask.step);
        let remedy = "Send the request first: desk request send.";
        Refusal::new(RefusalCode::R94, "workflow", reason, remedy).into()
    }
}

/// The measures that a step can move now, where none is named. What goes on only after a long silence is not meant where something else goes
/// on at once. `None` where it is not possible at all.
fn movable(case: &Case, side: Side, step: Step) -> Option<Vec<MeasureId>> {
    let mut possible = case.possible(side);
    possible.retain(|one| one.row.trigger == Trigger::Step(step));
    if possible.iter().any(|one| !one.row.guard.is_of_silence()) {
        possible.retain(|one| !one.row.guard.is_of_silence());
    }
    // Who asks something new reminds of nothing.
    if step == Step::AskInfo && possible.iter().any(|one| one.row.to.is_some()) {
        possible.retain(|one| one.row.to.is_some());
    }
    (!possible.is_empty()).then(|| possible.into_iter().flat_map(|one| one.measures).collect())
}
