//! `rogatory.desk.v1.SealedFileService`: what own desks hand over and fetch of sealed files. Each call is one piece, so that a cut costs one piece.

use std::sync::Arc;

use identity::Subject;
use model::{AuthorityId, CaseId, Digest};
use proto::desk::{
    AnnounceRequest, AnnounceResponse, CompleteRequest, CompleteResponse, FetchOutlineRequest, FetchOutlineResponse,
    FetchPieceRequest, FetchPieceResponse, PutPieceRequest, PutPieceResponse,
    sealed_file_service_server::SealedFileService,
};
use tonic::{Request, Response, Status};

use super::{malformed, status};
use crate::{
    files::{self, Reader},
    gateway::Gateway,
};

pub(crate) struct SealedFiles(pub(crate) Arc<Gateway>);

#[tonic::async_trait]
impl SealedFileService for SealedFiles {
    async fn announce(&self, request: Request<AnnounceRequest>) -> Result<Response<AnnounceResponse>, Status> {
        let desk = self.caller(&request)?;
        let AnnounceRequest { case_id, file_id, bytes_count } = request.into_inner();
        let place = files::place(&case_id, &file_id).map_err(malformed)?;
        let (pieces_held, complete) = files::announce(&self.0, &desk, place, bytes_count).await.map_err(status)?;
        Ok(Response::new(AnnounceResponse { pieces_held, complete }))
    }

    async fn put_piece(&self, request: Request<PutPieceRequest>) -> Result<Response<PutPieceResponse>, Status> {
        let desk = self.caller(&request)?;
        let PutPieceRequest { case_id, file_id, index, sealed } = request.into_inner();
        let place = files::place(&case_id, &file_id).map_err(malformed)?;
        files::put(&self.0, &desk, place, index, sealed).await.map_err(status)?;
        Ok(Response::new(PutPieceResponse {}))
    }

    async fn complete(&self, request: Request<CompleteRequest>) -> Result<Response<CompleteResponse>, Status> {
        let desk = self.caller(&request)?;
        let CompleteRequest { case_id, file_id, outline } = request.into_inner();
        let place = files::place(&case_id, &file_id).map_err(malformed)?;
        files::complete(&self.0, &desk, place, outline).await.map_err(status)?;
        Ok(Response::new(CompleteResponse {}))
    }

    async fn fetch_outline(
        &self,
        request: Request<FetchOutlineRequest>,
    ) -> Result<Response<FetchOutlineResponse>, Status> {
        let desk = self.caller(&request)?;
        let FetchOutlineRequest { case_id, digest } = request.into_inner();
        let case = CaseId::try_from(&*case_id).map_err(malformed)?;
        let digest = Digest::try_from(&*digest).map_err(malformed)?;
        let outline = files::outline(&self.0, Reader::Desk(&desk), case, digest).await.map_err(status)?;
        Ok(Response::new(FetchOutlineResponse { outline }))
    }

    async fn fetch_piece(&self, request: Request<FetchPieceRequest>) -> Result<Response<FetchPieceResponse>, Status> {
        let desk = self.caller(&request)?;
        let FetchPieceRequest { case_id, digest, index, piece_digest } = request.into_inner();
        let file = (CaseId::try_from(&*case_id).map_err(malformed)?, Digest::try_from(&*digest).map_err(malformed)?);
        let piece = Digest::try_from(&*piece_digest).map_err(malformed)?;
        let sealed = files::piece(&self.0, Reader::Desk(&desk), file, (index, piece)).await.map_err(status)?;
        Ok(Response::new(FetchPieceResponse { sealed }))
    }
}

impl SealedFiles {
    fn caller<T>(&self, request: &Request<T>) -> Result<AuthorityId, Status> {
        match link::subject_of(request)? {
            Subject::Desk(authority) if authority.party() == self.0.own() => Ok(authority),
            _ => Err(Status::permission_denied("only desks of this party call here")),
        }
    }
}
