//! `rogatory.desk.v1.ResponderService`: which responders stand, and officers' words on them.

use std::sync::Arc;

use model::Denial;
use proto::desk::{self as wire, responder_service_server::ResponderService};
use tonic::{Request, Response, Status};

use super::{Answer, key, malformed, status};
use crate::office::{Office, ResponderWord};

pub(crate) struct Responders(pub(crate) Arc<Office>);

#[tonic::async_trait]
impl ResponderService for Responders {
    async fn list_responders(&self, _: Request<wire::ListRespondersRequest>) -> Answer<wire::ListRespondersResponse> {
        let responders = self.0.responders().await.map_err(status)?;
        Ok(Response::new(wire::ListRespondersResponse { responders }))
    }

    async fn prepare_responder(
        &self,
        request: Request<wire::PrepareResponderRequest>,
    ) -> Answer<wire::PrepareResponderResponse> {
        let request = request.into_inner();
        let offered = self.0.prepare_responder(&request.name, stops(&request.act)?).await.map_err(status)?;
        Ok(Response::new(wire::PrepareResponderResponse { statement: offered.statement.into(), text: offered.text }))
    }

    async fn sign_responder(
        &self,
        request: Request<wire::SignResponderRequest>,
    ) -> Answer<wire::SignResponderResponse> {
        let request = request.into_inner();
        let stops = stops(&request.act)?;
        let word = ResponderWord {
            name: request.name,
            stops,
            statement: request.statement.to_vec(),
            role: request.role.parse().map_err(malformed)?,
            key: key(&request.key_id)?,
            signature: request.signature.to_vec(),
        };
        let missing = self.0.sign_responder(word).await.map_err(status)?;
        let standing = match (stops, missing) {
            (true, _) => "stopped",
            (false, 0) => "answering",
            (false, _) => "waiting_for_signature",
        };
        let signatures_missing = u32::try_from(missing).unwrap_or(u32::MAX);
        Ok(Response::new(wire::SignResponderResponse { standing: standing.to_owned(), signatures_missing }))
    }
}

fn stops(act: &str) -> Result<bool, Status> {
    match act {
        "stop" => Ok(true),
        "authorise" => Ok(false),
        _ => Err(status(Denial::failed(model::Fault::Malformed, "act is authorise or stop"))),
    }
}
