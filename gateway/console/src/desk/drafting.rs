//! The calls of who writes, validates or translates a request.

use model::CaseId;
use proto::desk as wire;

use super::{Desk, keyed};
use crate::problem::Problem;

impl Desk {
    /// Whom this desk may ask; with a recipient what of them, too.
    pub(crate) async fn offers(&self, recipient: &str) -> Result<wire::ListOffersResponse, Problem> {
        let request = wire::ListOffersRequest { recipient: recipient.to_owned() };
        Ok(self.2.clone().list_offers(request).await?.into_inner())
    }

    pub(crate) async fn compare(
        &self,
        request: wire::CompareTextsRequest,
    ) -> Result<Vec<wire::TextsCompared>, Problem> {
        Ok(self.2.clone().compare_texts(request).await?.into_inner().compared)
    }

    /// A form for a request, as JSON.
    pub(crate) async fn skeleton(&self, recipient: &str, request_type: &str) -> Result<Vec<u8>, Problem> {
        let request =
            wire::NewSkeletonRequest { recipient: recipient.to_owned(), request_type: request_type.to_owned() };
        Ok(self.0.clone().new_skeleton(request).await?.into_inner().body.to_vec())
    }

    /// Begins a draft, once for a form.
    pub(crate) async fn begin(&self, recipient: &str, body: Vec<u8>, once: &str) -> Result<String, Problem> {
        let request = wire::SaveDraftRequest {
            body: body.into(),
            recipient: recipient.to_owned(),
            ..wire::SaveDraftRequest::default()
        };
        Ok(self.0.clone().save_draft(keyed(request, once)?).await?.into_inner().case_id)
    }

    /// Begins a draft from an earlier one, once for a form.
    pub(crate) async fn clone_draft(
        &self,
        request: wire::CloneDraftRequest,
        once: &str,
    ) -> Result<wire::CloneDraftResponse, Problem> {
        Ok(self.0.clone().clone_draft(keyed(request, once)?).await?.into_inner())
    }

    /// Saves a draft over the one with this digest, and over no other.
    pub(crate) async fn save(&self, id: CaseId, body: Vec<u8>, follows: &str) -> Result<(), Problem> {
        let request = wire::SaveDraftRequest {
            case_id: id.to_string(),
            body: body.into(),
            expected_sha256: follows.to_owned(),
            ..wire::SaveDraftRequest::default()
        };
        self.0.clone().save_draft(request).await?;
        Ok(())
    }

    /// What the gates would say of a draft, or this desk of a request that came.
    pub(crate) async fn preflight(&self, id: CaseId) -> Result<wire::PreflightResponse, Problem> {
        let request = wire::PreflightRequest { case_id: id.to_string(), ..wire::PreflightRequest::default() };
        Ok(self.0.clone().preflight(request).await?.into_inner())
    }

    /// What a validator must sign.
    pub(crate) async fn offer_validation(
        &self,
        id: CaseId,
        role: &str,
    ) -> Result<wire::PrepareValidationResponse, Problem> {
        let request = wire::PrepareValidationRequest { case_id: id.to_string(), role: role.to_owned() };
        Ok(self.0.clone().prepare_validation(request).await?.into_inner())
    }

    /// Sends a draft back to who wrote it.
    pub(crate) async fn send_back(&self, request: wire::SendBackRequest) -> Result<(), Problem> {
        self.0.clone().send_back(request).await?;
        Ok(())
    }

    /// Hands a validator's signature in.
    pub(crate) async fn validate(&self, request: wire::ValidateRequest) -> Result<String, Problem> {
        Ok(self.0.clone().validate(request).await?.into_inner().state)
    }
}
