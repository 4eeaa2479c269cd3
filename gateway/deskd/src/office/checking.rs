//! Looking at the records of a release before anything is said to the other side.

use model::{Denial, Fault, Step};
use workflow::State;

use super::{Office, prepare::Ask, signers::signers};
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
}
