//! Cases that an earlier program folded are folded anew from their entries, which the own gateway keeps: with the signatures and sizes that
//! this desk does not.

use model::{CaseId, Denial, Header, MeasureId, Step};
use store::desk::DeskBatch;
use telemetry::say;
use workflow::{FOLD, Terms};

use super::{
    Office,
    history::{Past, settle_under},
    reading::contradiction,
    view::CaseView,
};

/// Cases read from the database at once.
const CASES_AT_ONCE: u64 = 64;

impl Office {
    /// Folds every such case anew. One that cannot be stays as it is, and is tried again. Asks the gateway only where there is one.
    ///
    /// # Errors
    /// Where the database cannot be read or written.
    pub(super) async fn refold(&self) -> Result<(), Denial> {
        let (mut after, mut kept) = (None, 0_u64);
        loop {
            let cases = self.store.cases_folded_otherwise(FOLD, after, CASES_AT_ONCE).await?;
            let Some(last) = cases.last() else { break };
            after = Some(*last);
            for (_, case) in cases {
                match self.refold_one(case).await {
                    Ok(()) => {}
                    Err(denial @ Denial::Failed { fault: model::Fault::Storage, .. }) => return Err(denial),
                    Err(_) => kept += 1,
                }
            }
        }
        if kept > 0 {
            say!(
                Warn,
                "cases of an earlier program could not be folded anew yet: they stay as they were",
                cases = kept
            );
        }
        Ok(())
    }

    async fn refold_one(&self, case: CaseId) -> Result<(), Denial> {
        let past = self.fetch(case, None).await?;
        let _members = self.members.lock().await;
        // The row says by which fold its body was made, as for the search.
        let row = self.store.case(case).await?.filter(|row| i32::from(row.fold) != i32::from(FOLD));
        let (Some(row), Some((mut view, version))) = (row, self.view(case).await?) else { return Ok(()) };
        self.refold_view(&mut view, &past)?;
        let mut batch = DeskBatch::default();
        self.put_case(&mut batch, &view, Some(version), model::Timestamp(row.updated)).await?;
        self.commit(&batch).await
    }

    /// Folds what of `past` is in the case as this desk holds it. What the rule said of the answers stays as it was taken over.
    fn refold_view(&self, view: &mut CaseView, past: &[Past]) -> Result<(), Denial> {
        let behind =
            || contradiction("previous", "the gateway's history of the case is not the one that this desk folded");
        let known = usize::try_from(view.next_seq).ok().and_then(|known| past.get(..known)).ok_or_else(behind)?;
        let mut fresh = CaseView::new(view.id, view.home, view.peer, view.pin, &view.own, &view.other);
        for one in known {
            let terms = match terms_of(view, &one.header) {
                Some(terms) => terms,
                None => self.terms(&one.header)?,
            };
            settle_under(&mut fresh, one, &terms)?;
        }
        if fresh.head != view.head {
            return Err(behind().into());
        }
        (view.admitted, view.moments, view.fold) = (fresh.admitted, fresh.moments, FOLD);
        view.takers.extend(fresh.takers);
        Ok(())
    }
}

/// What was taken over of the rule when the request was sent; `None` where that is not known, and for any other entry.
fn terms_of(view: &CaseView, header: &Header) -> Option<Vec<(MeasureId, Terms)>> {
    let measures = &view.admitted.as_ref().filter(|_| header.step == Step::SealSend)?.measures;
    let terms = header.measures.iter().map(|scope| Some((scope.id, measures.get(&scope.id)?.terms.clone()?)));
    terms.collect()
}
