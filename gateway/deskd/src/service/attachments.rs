//! `rogatory.desk.v1.AttachmentService`: files beside a record, in and out.

use std::{pin::Pin, sync::Arc, time::Duration};

use model::{Denial, EntryId, Fault};
use proto::desk::{self as wire, attach_request::Part, attachment_service_server::AttachmentService};
use tokio::{sync::mpsc, time::sleep};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use super::{Answer, malformed, signed_opening, status};
use crate::office::{NewFile, Office, Opens, Reading, WAIT_MAX};

/// How long a piece that is not here yet is waited for before it is asked for again.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Attachments(pub(crate) Arc<Office>);

#[tonic::async_trait]
impl AttachmentService for Attachments {
    type OpenAttachmentStream = Pin<Box<dyn Stream<Item = Result<wire::OpenAttachmentResponse, Status>> + Send>>;

    async fn attach(&self, request: Request<Streaming<wire::AttachRequest>>) -> Answer<wire::AttachResponse> {
        let mut parts = request.into_inner();
        let first = parts.message().await?.and_then(|one| one.part);
        let Some(Part::File(file)) = first else {
            return Err(status(Denial::failed(Fault::Malformed, "the first message announces the file")));
        };
        let new = NewFile {
            case: self.0.case_of(&file.case_id).await.map_err(status)?,
            title: file.title,
            media_type: file.media_type,
            bytes: file.bytes_count,
            hash: file.sha256.parse().map_err(malformed)?,
        };
        let mut attaching = self.0.begin_attachment(new).await.map_err(status)?;
        while let Some(part) = parts.message().await? {
            let Some(Part::Content(content)) = part.part else {
                return Err(status(Denial::failed(Fault::Malformed, "what follows the first message is content")));
            };
            attaching.take(&content).await.map_err(status)?;
        }
        let manifest = attaching.finish().await.map_err(status)?;
        Ok(Response::new(wire::AttachResponse { manifest: manifest.into() }))
    }

    async fn open_attachment(
        &self,
        request: Request<wire::OpenAttachmentRequest>,
    ) -> Answer<Self::OpenAttachmentStream> {
        let request = request.into_inner();
        let entry = EntryId::try_from(&*request.entry_id).map_err(malformed)?;
        let opens = Opens {
            purpose: request.purpose,
            proceeding: request.proceeding,
            officer: request.officer,
            reason: "",
            signed: signed_opening(&request.key_id, &request.signature, request.at_ms)?,
        };
        let which = (request.index as usize, request.attachment as usize);
        let reading = self.0.open_attachment(entry, which, opens).await.map_err(status)?;
        let (sender, receiver) = mpsc::channel(2);
        tokio::spawn(send(reading, request.from_piece, sender));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// Sends the pieces of a file, until the caller hangs up. One that the gateway is still fetching is waited for, for a while.
async fn send(reading: Reading, from: u32, sender: mpsc::Sender<Result<wire::OpenAttachmentResponse, Status>>) {
    for index in from..reading.pieces() {
        let mut waited = Duration::ZERO;
        let piece = loop {
            match reading.piece(index).await {
                Err(Denial::Failed { fault: Fault::PeerUnreachable, .. })
                    if waited < WAIT_MAX && !sender.is_closed() =>
                {
                    sleep(PAUSE).await;
                    waited += PAUSE;
                }
                other => break other,
            }
        };
        let failed = piece.is_err();
        let answer = piece.map(|bytes| wire::OpenAttachmentResponse { content: bytes.to_vec().into() });
        if sender.send(answer.map_err(status)).await.is_err() || failed {
            return;
        }
    }
}
