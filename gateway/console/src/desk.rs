//! The desk behind the pages: the calls of `rogatory.desk.v1` that they make, over its own socket.

mod drafting;

use std::path::Path;

use link::Channel;
use model::{CaseId, Denial, Digest, EntryId, Fault};
use prost::Message;
use proto::desk::{
    self as wire, case_service_client::CaseServiceClient, drafting_service_client::DraftingServiceClient,
    statistics_service_client::StatisticsServiceClient,
};
use tonic::{Request, metadata::AsciiMetadataValue};

use crate::problem::Problem;

/// As the desk takes and gives.
const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Counts of many groups, as a large desk has them.
const COUNTS_BYTES_MAX: usize = 64 * 1024 * 1024;
const KEY: &str = "idempotency-key";

/// A client of the desk.
#[derive(Clone)]
pub(crate) struct Desk(CaseServiceClient<Channel>, StatisticsServiceClient<Channel>, DraftingServiceClient<Channel>);

impl Desk {
    /// Of the desk whose socket this is.
    pub(crate) fn at(socket: &Path) -> Self {
        let client = CaseServiceClient::new(link::connect_local(socket));
        let counts = StatisticsServiceClient::new(link::connect_local(socket));
        let drafting = DraftingServiceClient::new(link::connect_local(socket));
        Self(
            client.max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(MESSAGE_BYTES_MAX),
            counts.max_decoding_message_size(COUNTS_BYTES_MAX),
            drafting.max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(MESSAGE_BYTES_MAX),
        )
    }

    pub(crate) async fn list(&self, request: wire::ListCasesRequest) -> Result<wire::ListCasesResponse, Problem> {
        Ok(self.0.clone().list_cases(request).await?.into_inner())
    }

    /// A case by its whole id: what stands in an address is no beginning of one.
    pub(crate) async fn case(&self, id: CaseId) -> Result<wire::GetCaseResponse, Problem> {
        let request = wire::GetCaseRequest { case_id: id.to_string(), traced: false };
        Ok(self.0.clone().get_case(request).await?.into_inner())
    }

    /// The same with what the own gateway holds of what happened to its entries.
    pub(crate) async fn traced(&self, id: CaseId) -> Result<wire::GetCaseResponse, Problem> {
        let request = wire::GetCaseRequest { case_id: id.to_string(), traced: true };
        Ok(self.0.clone().get_case(request).await?.into_inner())
    }

    pub(crate) async fn group(&self, id: CaseId) -> Result<wire::GetGroupResponse, Problem> {
        let request = wire::GetGroupRequest { case_id: id.to_string() };
        Ok(self.0.clone().get_group(request).await?.into_inner())
    }

    pub(crate) async fn document(
        &self,
        request: wire::GetDocumentRequest,
    ) -> Result<wire::GetDocumentResponse, Problem> {
        Ok(self.0.clone().get_document(request).await?.into_inner())
    }

    /// A document that no officer has to sign for, as JSON; null where it is none.
    pub(crate) async fn plain(&self, one: &wire::DocumentRef) -> Result<serde_json::Value, Problem> {
        let (entry_id, index) = (one.entry_id.clone(), one.index);
        let request = wire::GetDocumentRequest { entry_id, index, ..wire::GetDocumentRequest::default() };
        let body = self.document(request).await?.body;
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    pub(crate) async fn agenda(&self, request: wire::GetAgendaRequest) -> Result<wire::GetAgendaResponse, Problem> {
        Ok(self.0.clone().get_agenda(request).await?.into_inner())
    }

    pub(crate) async fn statistics(
        &self,
        request: wire::GetStatisticsRequest,
    ) -> Result<wire::GetStatisticsResponse, Problem> {
        Ok(self.1.clone().get_statistics(request).await?.into_inner())
    }

    /// Prepares a step under the key of its form.
    pub(crate) async fn prepare(
        &self,
        request: &wire::PrepareStepRequest,
        once: &str,
    ) -> Result<wire::PrepareStepResponse, Problem> {
        let request = keyed(request.clone(), once)?;
        Ok(self.0.clone().prepare_step(request).await?.into_inner())
    }

    /// Hands a signature in.
    pub(crate) async fn sign(
        &self,
        request: wire::SignStepRequest,
        once: &str,
    ) -> Result<wire::SignStepResponse, Problem> {
        let request = keyed(request, once)?;
        Ok(self.0.clone().sign_step(request).await?.into_inner())
    }
}

/// The key of a form and what it asks for. Who goes back and asks for something else gets that, and not what was asked for before.
pub(crate) fn key_of(once: &str, message: &impl Message) -> String {
    Digest::of(&[once.as_bytes(), b"\0", &message.encode_to_vec()]).to_string()
}

fn keyed<T: Message>(message: T, once: &str) -> Result<Request<T>, Problem> {
    let key = AsciiMetadataValue::try_from(key_of(once, &message));
    let key = key.map_err(|_| Denial::failed(Fault::Internal, "a key is no text"))?;
    let mut request = Request::new(message);
    request.metadata_mut().insert(KEY, key);
    Ok(request)
}

/// The id of a case in an address.
pub(crate) fn case_id(text: &str) -> Result<CaseId, Problem> {
    text.parse().map_err(|_| Problem::NoPage)
}

/// The id of an entry in an address.
pub(crate) fn entry_id(text: &str) -> Result<EntryId, Problem> {
    text.parse().map_err(|_| Problem::NoPage)
}

/// An entry's id as text; empty where there is none.
pub(crate) fn entry_text(bytes: &[u8]) -> String {
    EntryId::try_from(bytes).map(|id| id.to_string()).unwrap_or_default()
}
