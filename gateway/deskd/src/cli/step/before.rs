//! A step that a command takes before its own, for the measures that still need it.

use desk::Document;
use model::{Exit, Step};
use proto::desk as wire;
use workflow::{TRANSITIONS, Trigger};

use super::{Ask, Common, Session};
use crate::failure::Failure;

/// A step that has to come first.
pub(super) struct Before<'a> {
    pub(super) step: Step,
    /// Before which step.
    pub(super) main: Step,
    /// The records that are to be released, which say what is wanted where no measure is named.
    pub(super) records: &'a [Document],
}

impl Before<'_> {
    /// The wanted measures that stand where the step leads on from.
    pub(super) fn measures(&self, shown: &wire::GetCaseResponse, named: &[u32]) -> Vec<u32> {
        let row = TRANSITIONS.iter().find(|row| row.trigger == Trigger::Step(self.step));
        let from = row.map(|row| row.from).unwrap_or_default();
        let wanted = |one: &&wire::MeasureView| match named {
            [] if self.main == Step::Release => {
                self.records.iter().any(|record| one.records.iter().any(|name| name == record.record_type.as_str()))
            }
            [] => true,
            named => named.contains(&one.id),
        };
        let standing = shown.measures.iter().filter(wanted);
        standing.filter(|one| from.iter().any(|state| state.as_str() == one.state)).map(|one| one.id).collect()
    }

    /// Nobody is told that all is collected where something that was asked for is neither among the records nor was given before.
    pub(super) fn lacks_nothing(&self, shown: &wire::GetCaseResponse, named: &[u32]) -> Result<(), Failure> {
        let moved = self.measures(shown, named);
        let given = |name: &String| {
            self.records.iter().any(|record| record.record_type.as_str() == name)
                || shown.documents.iter().any(|one| !one.rejected && !one.destroyed && one.record_type == *name)
        };
        for one in shown.measures.iter().filter(|one| moved.contains(&one.id)) {
            let missing: Vec<_> = one.records.iter().filter(|name| !given(name)).map(String::as_str).collect();
            if !missing.is_empty() {
                let what = format!(
                    "M{} asks for {} too, which is not among the records and was not given before; nothing was sent",
                    one.id,
                    missing.join(", ")
                );
                return Err(Failure::new(Exit::Usage, what).remedy(
                    "Say --part where it follows; --all where nothing more follows: the report then says what is left out, and why.",
                ));
            }
        }
        Ok(())
    }
}

impl Common {
    /// Lets the desk hold records against the request and the procedure, before anything is said.
    pub(super) async fn check(&self, session: &Session, ask: &Ask<'_>) -> Result<(), Failure> {
        let request = wire::PrepareStepRequest { check: true, ..self.request(session, ask).await? };
        session.desk().prepare_step(request).await?;
        Ok(())
    }
}
