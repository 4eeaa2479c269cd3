//! That an incident was found: a moment of this desk alone, from which the time to tell the other side runs [CETS 224 art. 14(7)].

use model::{CaseId, Denial, Fault, MeasureId, Timestamp};
use store::desk::DeskBatch;
use workflow::{Act, Moment, Signal};

use super::{Office, unknown};
use crate::clock;

impl Office {
    /// Notes when an incident with records of a case was found. Says for how many measures.
    ///
    /// # Errors
    /// [`Fault::Malformed`] on a moment to come, or a measure for which nothing was released.
    pub(crate) async fn note_incident(
        &self,
        case: CaseId,
        found: Option<Timestamp>,
        concerns: &[MeasureId],
    ) -> Result<usize, Denial> {
        let _members = self.members.lock().await;
        let (mut view, version) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        let now = clock::now();
        let at = found.unwrap_or(now);
        let released = view.admitted.iter().flat_map(|case| case.measures.values());
        let released = released.filter(|measure| !measure.released.is_empty());
        let concerned: Vec<_> = released
            .filter(|measure| concerns.is_empty() || concerns.contains(&measure.scope.id))
            .map(|measure| (measure.scope.id, measure.state))
            .collect();
        if at > now || concerned.is_empty() || (!concerns.is_empty() && concerned.len() != concerns.len()) {
            let detail = "an incident was found before now, and is with records that were released for its measures";
            return Err(Denial::failed(Fault::Malformed, detail));
        }
        let signal = Signal::Act(Act::FindIncident);
        let moment = |(measure, state): &(MeasureId, _)| Moment {
            measure: *measure,
            signal,
            state: *state,
            at,
            until: None,
            from: None,
        };
        let place = view.acts.partition_point(|act| act.at <= at);
        view.acts.splice(place..place, concerned.iter().map(moment));
        let mut batch = DeskBatch::default();
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        Ok(concerned.len())
    }
}
