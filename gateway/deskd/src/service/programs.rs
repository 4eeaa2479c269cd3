//! `rogatory.desk.v1.WebhookService` and `StatisticsService`: what national systems need beside the cases.

use std::sync::Arc;

use model::Timestamp;
use proto::desk::{self as wire, statistics_service_server::StatisticsService, webhook_service_server::WebhookService};
use tonic::{Request, Response};

use super::{Answer, status};
use crate::office::Office;

pub(crate) struct Webhooks(pub(crate) Arc<Office>);

#[tonic::async_trait]
impl WebhookService for Webhooks {
    async fn add_webhook(&self, request: Request<wire::AddWebhookRequest>) -> Answer<wire::AddWebhookResponse> {
        let request = request.into_inner();
        let added = self.0.add_webhook(&request.url, &request.authorities, request.after).await;
        let (webhook, secret) = added.map_err(status)?;
        Ok(Response::new(wire::AddWebhookResponse { webhook: Some(webhook), secret }))
    }

    async fn list_webhooks(&self, _: Request<wire::ListWebhooksRequest>) -> Answer<wire::ListWebhooksResponse> {
        let webhooks = self.0.webhooks().await.map_err(status)?;
        Ok(Response::new(wire::ListWebhooksResponse { webhooks }))
    }

    async fn remove_webhook(
        &self,
        request: Request<wire::RemoveWebhookRequest>,
    ) -> Answer<wire::RemoveWebhookResponse> {
        self.0.remove_webhook(&request.into_inner().id).await.map_err(status)?;
        Ok(Response::new(wire::RemoveWebhookResponse {}))
    }

    async fn enable_webhook(
        &self,
        request: Request<wire::EnableWebhookRequest>,
    ) -> Answer<wire::EnableWebhookResponse> {
        let webhook = self.0.enable_webhook(&request.into_inner().id).await.map_err(status)?;
        Ok(Response::new(wire::EnableWebhookResponse { webhook: Some(webhook) }))
    }

    async fn test_webhook(&self, request: Request<wire::TestWebhookRequest>) -> Answer<wire::TestWebhookResponse> {
        let (delivered, answer) = self.0.test_webhook(&request.into_inner().id).await.map_err(status)?;
        Ok(Response::new(wire::TestWebhookResponse { delivered, answer }))
    }
}

pub(crate) struct Counts(pub(crate) Arc<Office>);

#[tonic::async_trait]
impl StatisticsService for Counts {
    async fn get_statistics(
        &self,
        request: Request<wire::GetStatisticsRequest>,
    ) -> Answer<wire::GetStatisticsResponse> {
        let request = request.into_inner();
        let (from, to) = (Timestamp(request.from_ms), Timestamp(request.to_ms));
        let counted = self.0.statistics(from, to, request.training).await.map_err(status)?;
        let json = serde_json::to_vec(&counted).map_err(|error| tonic::Status::internal(error.to_string()))?;
        Ok(Response::new(wire::GetStatisticsResponse { csv: counted.to_csv(), json: json.into() }))
    }
}
