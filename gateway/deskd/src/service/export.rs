//! `rogatory.desk.v1.CaseFileService`: a case as one file.

use std::{pin::Pin, sync::Arc};

use model::EntryId;
use proto::desk::{self as wire, case_file_service_server::CaseFileService};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Answer, signed_opening, status};
use crate::office::{EXPORT, Office, Opens, Wanted};

/// Bytes in one piece.
const PIECE_BYTES: usize = 1024 * 1024;

pub(crate) struct CaseFiles(pub(crate) Arc<Office>);

#[tonic::async_trait]
impl CaseFileService for CaseFiles {
    type ExportCaseStream = Pin<Box<dyn Stream<Item = Result<wire::ExportCaseResponse, Status>> + Send>>;

    async fn export_case(&self, request: Request<wire::ExportCaseRequest>) -> Answer<Self::ExportCaseStream> {
        let request = request.into_inner();
        let case = self.0.case_of(&request.case_id).await.map_err(status)?;
        let opens = Opens {
            purpose: request.purpose,
            proceeding: request.proceeding,
            officer: request.reader,
            reason: EXPORT,
            signed: signed_opening(&request.key_id, &request.signature, request.at_ms)?,
        };
        let file = match request.violation_of.is_empty() {
            true => self.0.export(case, &Wanted { without_bodies: request.without_bodies, opens }).await,
            false => {
                let entry = EntryId::try_from(&*request.violation_of);
                let entry = entry.map_err(|error| Status::invalid_argument(error.to_string()))?;
                self.0.violation(case, entry, opens).await
            }
        };
        let file = bytes::Bytes::from(file.map_err(status)?);
        let starts = (0..file.len()).step_by(PIECE_BYTES);
        let piece = move |start: usize| {
            let piece = file.slice(start..file.len().min(start + PIECE_BYTES));
            Ok(wire::ExportCaseResponse { piece })
        };
        Ok(Response::new(Box::pin(tokio_stream::iter(starts.map(piece)))))
    }
}
