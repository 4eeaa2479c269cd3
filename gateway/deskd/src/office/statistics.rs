//! What the law wants to be counted, of this desk's cases.

use bytes::Bytes;
use model::{Denial, Fault, MeasureId, Step, Timestamp, Verdict};
use workflow::{Account, Case, Census, Event, MatterKind, Moment, Statistics, apply, moments_of};

use super::{Office, validate::request_of, view::CaseView};
use crate::clock;

impl Office {
    /// The counts of the requests that were sent from `from` on and before `to`: of real ones, or of exercises, and never of both.
    pub(crate) async fn statistics(
        &self,
        from: Timestamp,
        to: Timestamp,
        training: bool,
    ) -> Result<Statistics, Denial> {
        if from >= to || from.date().is_none() || to.date().is_none() {
            return Err(Denial::failed(
                Fault::Malformed,
                "a period of statistics begins before it ends, in years that are",
            ));
        }
        let mut census = Census::new(from, to);
        let all = (model::CaseId::new([0; 16]), model::CaseId::new([0xff; 16]));
        for id in self.store.case_ids(all.0, all.1, u64::from(u32::MAX)).await? {
            let Some((view, _)) = self.view(id).await?.filter(|(view, _)| self.is_exercise(view) == training) else {
                continue;
            };
            let Some((case, moments)) = history(&view) else { continue };
            let root_causes = self.root_causes(&view, &case).await?;
            census.count(&Account {
                side: view.side(),
                counterpart: &view.other,
                emergency: self.was_emergency(&view).await?,
                case: &case,
                moments: &moments,
                root_causes: &root_causes,
            });
        }
        Ok(census.statistics(clock::now()))
    }

    /// How records of somebody else came to be given, as the recalls of a case say, for the measures that they are about.
    async fn root_causes(&self, view: &CaseView, case: &Case) -> Result<Vec<(MeasureId, String)>, Denial> {
        let mut causes = Vec::new();
        if !case.matters.values().any(|matter| matter.kind == MatterKind::Correction && matter.recalled) {
            return Ok(causes);
        }
        for row in self.store.entries_of(view.id).await? {
            if row.step.0 != Step::Recall || row.seq.is_none() || view.findings.contains_key(&row.id.0) {
                continue;
            }
            let Some(body) = self.body(row.id.0).await? else { continue };
            let header = proto::decode_header(&Bytes::from(row.header.0))?;
            let recall = body.documents.first().and_then(|one| records::read(&one.bytes).ok()).unwrap_or_default();
            if let Some(cause) = recall["root_cause"].as_str() {
                causes.extend(header.concerns.iter().map(|id| (*id, cause.to_owned())));
            }
        }
        Ok(causes)
    }

    /// What the request of a case declared; of one that did not leave, what its draft declares.
    async fn was_emergency(&self, view: &CaseView) -> Result<bool, Denial> {
        let unsent = view.refused.iter().rev().find(|one| one.step == Step::SealSend).map(|one| one.entry);
        if let Some(id) = view.request.or(unsent)
            && let Some(row) = self.store.entry(id).await?
        {
            return Ok(proto::decode_header(&Bytes::from(row.header.0))?.declared.emergency);
        }
        let Some((draft, _)) = self.draft(view.id).await? else { return Ok(false) };
        // What is not whole any more was written on since.
        let declared = request_of(&draft).ok().and_then(|request| desk::declare(&request).ok());
        Ok(declared.is_some_and(|one| one.declared.emergency))
    }
}

/// The case and its moments; of a request that a gateway did not let pass, with its end. `None` where nothing was sent.
fn history(view: &CaseView) -> Option<(Case, Vec<Moment>)> {
    let case = view.admitted.clone()?;
    if !case.measures.is_empty() {
        return Some((case, view.moments.clone()));
    }
    if case.abandoned && view.refused.is_empty() {
        return None;
    }
    let unsent = view.refused.iter().rev().find(|one| one.step == Step::SealSend)?;
    // It was abandoned after the refusal.
    let case = Case { abandoned: false, ..case };
    let mut moments = moments_of(Some(&case), &unsent.event);
    let sent = apply(Some(case), &unsent.event);
    let end = match unsent.verdict {
        Verdict::Lapsed => Event::no_route(&sent, unsent.at),
        _ => Event::denied(&sent, unsent.ground, unsent.at),
    };
    moments.extend(moments_of(Some(&sent), &end));
    Some((apply(Some(sent), &end), moments))
}
