//! An earlier request as the beginning of a new one.

use desk::{CloneFor, LeftOut, clone_request};
use model::{AuthorityId, CaseId, Denial, Fault};
use serde_json::Value;

use super::{Checked, Office, Written, internal, unknown};
use crate::{clock, random};

impl Office {
    /// Begins a draft from a request of this desk, sent or not, for `recipient` or for whom it was for. Says what was left out, and
    /// what the rule of today finds.
    pub(crate) async fn clone_draft(
        &self,
        case: CaseId,
        recipient: &str,
        keep_subjects: bool,
    ) -> Result<(Checked, Vec<LeftOut>), Denial> {
        let (body, before) = self.own_request(case).await?;
        let earlier: Value = records::read(&body).map_err(|finding| {
            Denial::failed(Fault::Malformed, format!("the draft cannot be taken again: it {finding}"))
        })?;
        let addressee: AuthorityId = match recipient {
            "" => before,
            named => {
                named.parse().map_err(|error: model::Malformed| Denial::failed(Fault::Malformed, error.to_string()))?
            }
        };
        let rule = self.rule_with(addressee.party(), clock::now())?;
        let target = CloneFor { case: random::case_id()?, addressee: &addressee, rule: &rule, keep_subjects };
        let (document, left_out) = clone_request(&earlier, &target);
        let body = serde_json::to_vec_pretty(&document).map_err(internal)?;
        let recipient = addressee.to_string();
        let written = Written { body: &body, recipient: &recipient, ..Written::default() };
        Ok((self.save_draft(None, &written).await?, left_out))
    }

    /// A request that this desk has written, and whom it is for.
    async fn own_request(&self, case: CaseId) -> Result<(Vec<u8>, AuthorityId), Denial> {
        if let Some((draft, _)) = self.draft(case).await? {
            return Ok((draft.body, draft.recipient));
        }
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case or draft"))?;
        if view.own.party() != view.home {
            let detail =
                "the request of another party is not taken again; only requests that this desk has written are";
            return Err(Denial::failed(Fault::Malformed, detail));
        }
        let entry = view.request.ok_or_else(|| unknown("the case has no request yet"))?;
        let body = self.body(entry).await?.and_then(|body| body.documents.into_iter().next());
        Ok((body.ok_or_else(|| unknown("the request is not kept here"))?.bytes, view.other))
    }
}
