//! A client with any certificate: what a hostile program would use.

use std::{net::SocketAddr, sync::Arc};

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use identity::{RootCertificate, Subject, TlsIdentity};
use link::{Anchors, CallLimits, Channel, Credentials, Remote};
use model::Timestamp;
use proto::{desk::submission_service_client::SubmissionServiceClient, peer::peer_service_client::PeerServiceClient};
use rustls_pki_types::TrustAnchor;
use tonic::{
    Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use tonic_types::{ErrorInfo, StatusExt};

use crate::state::State;

/// Believes in one root and calls whoever it is told to.
#[derive(Debug)]
struct OneRoot(RootCertificate);

impl Anchors for OneRoot {
    fn allows(&self, _: &Subject) -> bool {
        true
    }

    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>> {
        (subject.party() == self.0.party() && self.0.check_at(now).is_ok()).then(|| self.0.anchor().clone())
    }
}

/// The gateway of `state` at `endpoint`, called with the certificate `own`.
pub(crate) fn channel(state: &State, endpoint: SocketAddr, own: &TlsIdentity) -> Channel {
    let remote = Remote {
        endpoint: endpoint.to_string(),
        expected: Subject::Gateway(state.party),
        own: Credentials::new(own).unwrap(),
        anchors: Arc::new(OneRoot(RootCertificate::parse(&state.root_der()).unwrap())),
        limits: CallLimits::default(),
    };
    remote.connect().unwrap()
}

/// Calls the port for gateways.
pub(crate) fn as_peer(state: &State, own: &TlsIdentity) -> PeerServiceClient<Channel> {
    PeerServiceClient::new(channel(state, state.peer_listen, own))
}

/// Calls the port for desks.
pub(crate) fn as_desk(state: &State, own: &TlsIdentity) -> SubmissionServiceClient<Channel> {
    SubmissionServiceClient::new(channel(state, state.desk_listen, own))
}

/// Sends these bytes in place of a message.
pub(crate) async fn send_bytes(channel: Channel, method: &'static str, bytes: Vec<u8>) -> Result<Vec<u8>, Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let answer = client.unary(tonic::Request::new(bytes), PathAndQuery::from_static(method), AsBytes).await;
    answer.map(tonic::Response::into_inner)
}

/// Why there was no connection, in the words of our own client.
pub(crate) fn no_connection(status: &Status) -> String {
    match link::cause(status) {
        Some(error) => error.to_string(),
        None => panic!("there was a connection: {status:?}"),
    }
}

/// The structured error: there must be one, of our domain, with a remedy.
pub(crate) fn error_info(status: &Status) -> ErrorInfo {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, proto::status::DOMAIN);
    assert!(info.metadata.get("remedy").is_some_and(|remedy| !remedy.is_empty()), "no remedy in {info:?}");
    info
}

/// The bytes of a message as they are.
#[derive(Debug, Clone, Copy, Default)]
struct AsBytes;

impl Codec for AsBytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsBytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(Bytes::from(item));
        Ok(())
    }
}

impl Decoder for AsBytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
