//! A service that gives back what it gets, over the same mutual TLS as everything else: the floor below any call.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use link::{Anchors, CallLimits, Channel, Credentials, EdgeLimits, Remote, ServerTls};
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{NamedService, UnaryService},
    service::Routes,
};
use tonic_prost::ProstCodec;

use crate::failure::Failure;

const PATH: &str = "/rogatory.bench.Echo/Back";

#[derive(Clone, Copy)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "rogatory.bench.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let codec = ProstCodec::<Bytes, Bytes>::default();
            Ok(tonic::server::Grpc::new(codec).unary(Back, request).await)
        })
    }
}

struct Back;

impl UnaryService<Bytes> for Back {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

/// Serves until it is dropped. Gives a channel to it, over `connections`.
pub(crate) async fn serve(
    server: Credentials,
    client: Credentials,
    anchors: Arc<dyn Anchors>,
    connections: usize,
) -> Result<(tokio::task::JoinHandle<()>, Channel), Failure> {
    let subject = identity::Subject::Gateway(crate::states::PARTIES[0].parse()?);
    let server = ServerTls::new(server, anchors.clone());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let endpoint = listener.local_addr()?.to_string();
    let serving = tokio::spawn(async move {
        let routes = Routes::new(Echo);
        if let Err(error) = link::serve(listener, server, EdgeLimits::default(), routes, std::future::pending()).await {
            eprintln!("bench: the echo has ended: {error}");
        }
    });
    let limits = CallLimits { connections, ..CallLimits::default() };
    let remote = Remote { endpoint, expected: subject, own: client, anchors, limits };
    Ok((serving, remote.connect()?))
}

/// One call.
pub(crate) async fn call(channel: &Channel, bytes: Bytes) -> Result<Bytes, Failure> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await?;
    let path = http::uri::PathAndQuery::from_static(PATH);
    let codec = ProstCodec::<Bytes, Bytes>::default();
    Ok(grpc.unary(Request::new(bytes), path, codec).await?.into_inner())
}
