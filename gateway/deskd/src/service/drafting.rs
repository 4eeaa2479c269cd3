//! `rogatory.desk.v1.DraftingService`: what who writes a request is told beforehand.

use std::sync::Arc;

use proto::desk::{self as wire, drafting_service_server::DraftingService};
use tonic::{Request, Response};

use super::{Answer, malformed, some, status};
use crate::office::Office;

pub(crate) struct Drafting(pub(crate) Arc<Office>);

#[tonic::async_trait]
impl DraftingService for Drafting {
    async fn list_offers(&self, request: Request<wire::ListOffersRequest>) -> Answer<wire::ListOffersResponse> {
        let request = request.into_inner();
        let recipient = some(&request.recipient).map(str::parse).transpose().map_err(malformed)?;
        Ok(Response::new(self.0.offers(recipient.as_ref()).map_err(status)?))
    }

    async fn compare_texts(&self, request: Request<wire::CompareTextsRequest>) -> Answer<wire::CompareTextsResponse> {
        let request = request.into_inner();
        let case = match some(&request.case_id) {
            Some(text) => Some(self.0.case_of(text).await.map_err(status)?),
            None => None,
        };
        let compared = self.0.compare_texts(case, &request).await.map_err(status)?;
        Ok(Response::new(wire::CompareTextsResponse { compared }))
    }
}
