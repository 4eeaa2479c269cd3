//! Two states with their roots, a service that says whom it sees, and a client that is not ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, RwLock},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use identity::{Root, RootCertificate, Subject, TlsIdentity};
use link::{Anchors, CallLimits, Channel, Credentials, EdgeLimits, PeerInfo, Remote, ServerTls, subject_of};
use model::{PartyId, Timestamp};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, TrustAnchor};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::{
    Request, Response, Status,
    body::Body,
    client::Grpc,
    server::{NamedService, UnaryService},
    service::Routes,
};
use tonic_prost::ProstCodec;
use tower::Service;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;

#[expect(clippy::disallowed_methods, reason = "tests have no clock of a program")]
pub(crate) fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    Timestamp(i64::try_from(ms).unwrap())
}

pub(crate) fn days_ago(days: i64) -> Timestamp {
    now().plus_ms(-days * 24 * 3600 * 1000)
}

pub(crate) fn party(code: &str) -> PartyId {
    code.parse().unwrap()
}

pub(crate) fn gateway(code: &str) -> Subject {
    Subject::Gateway(party(code))
}

pub(crate) fn desk(authority: &str) -> Subject {
    Subject::Desk(authority.parse().unwrap())
}

/// What an operator has pinned and opened.
#[derive(Debug, Default)]
pub(crate) struct Pinned {
    roots: RwLock<BTreeMap<PartyId, RootCertificate>>,
    frozen: RwLock<BTreeSet<Subject>>,
}

impl Pinned {
    pub(crate) fn with(roots: &[&Root]) -> Arc<Self> {
        let pinned = Self::default();
        for root in roots {
            pinned.pin(root.party(), root.certificate().clone());
        }
        Arc::new(pinned)
    }

    pub(crate) fn pin(&self, party: PartyId, root: RootCertificate) {
        self.roots.write().unwrap().insert(party, root);
    }

    pub(crate) fn freeze(&self, subject: Subject) {
        self.frozen.write().unwrap().insert(subject);
    }
}

impl Anchors for Pinned {
    fn allows(&self, subject: &Subject) -> bool {
        !self.frozen.read().unwrap().contains(subject)
    }

    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>> {
        let roots = self.roots.read().unwrap();
        let root = roots.get(&subject.party())?;
        root.check_at(now).ok()?;
        Some(root.anchor().clone())
    }
}

/// Japan, which serves, and France, which calls.
pub(crate) struct World {
    pub(crate) jp: Root,
    pub(crate) fr: Root,
    /// What Japan has pinned.
    pub(crate) at_jp: Arc<Pinned>,
    /// What France has pinned.
    pub(crate) at_fr: Arc<Pinned>,
}

impl World {
    pub(crate) fn new() -> Self {
        let (jp, fr) = (root("JP"), root("FR"));
        let (at_jp, at_fr) = (Pinned::with(&[&jp, &fr]), Pinned::with(&[&jp, &fr]));
        Self { jp, fr, at_jp, at_fr }
    }

    pub(crate) async fn serve(&self) -> Server {
        self.serve_as(&tls(&self.jp, &gateway("JP")), EdgeLimits::default()).await
    }

    pub(crate) async fn serve_limited(&self, limits: EdgeLimits) -> Server {
        self.serve_as(&tls(&self.jp, &gateway("JP")), limits).await
    }

    pub(crate) async fn serve_as(&self, own: &TlsIdentity, limits: EdgeLimits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let own = Credentials::new(own).unwrap();
        let tls = ServerTls::new(own.clone(), self.at_jp.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            link::serve(listener, tls, limits, Routes::new(Who), async { drop(stopped.await) }).await.unwrap();
        });
        Server { address, own, stop, task }
    }

    /// France's gateway, on its way to Japan's.
    pub(crate) fn remote(&self, server: &Server) -> Remote {
        self.remote_as(server, &tls(&self.fr, &gateway("FR")))
    }

    pub(crate) fn remote_as(&self, server: &Server, own: &TlsIdentity) -> Remote {
        Remote {
            endpoint: server.address.to_string(),
            expected: gateway("JP"),
            own: Credentials::new(own).unwrap(),
            anchors: self.at_fr.clone(),
            limits: CallLimits::default(),
        }
    }

    /// A client of another make, with France's certificate: rustls with its own defaults.
    pub(crate) async fn foreign_client(&self, server: &Server) -> TlsStream<TcpStream> {
        let own = tls(&self.fr, &gateway("FR"));
        self.foreign_client_as(server, &own, aws_lc_rs::ALL_KX_GROUPS).await.unwrap()
    }

    /// The same with any certificate and key agreement.
    pub(crate) async fn foreign_client_as(
        &self,
        server: &Server,
        own: &TlsIdentity,
        groups: &[&'static dyn SupportedKxGroup],
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from(self.jp.certificate().der())).unwrap();
        let provider = CryptoProvider { kx_groups: groups.to_vec(), ..aws_lc_rs::default_provider() };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.key_pkcs8.to_vec()));
        let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(own.chain.clone(), key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from(gateway("JP").dns_name()).unwrap();
        let stream = TcpStream::connect(server.address).await.unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

pub(crate) fn root(code: &str) -> Root {
    Root::generate(party(code), days_ago(200)).unwrap()
}

pub(crate) fn tls(root: &Root, subject: &Subject) -> TlsIdentity {
    root.issue_tls(subject, now(), DAY).unwrap()
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) own: Credentials,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) task: JoinHandle<()>,
}

/// Says whom it sees.
#[derive(Clone)]
pub(crate) struct Who;

impl NamedService for Who {
    const NAME: &'static str = "test.v1.Who";
}

type Answer<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl Service<http::Request<Body>> for Who {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let codec = ProstCodec::<String, String>::default();
            Ok(tonic::server::Grpc::new(codec).max_decoding_message_size(MESSAGE_BYTES_MAX).unary(Self, request).await)
        })
    }
}

impl UnaryService<String> for Who {
    type Response = String;
    type Future = Answer<Response<String>, Status>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        Box::pin(async move {
            let said = match request.get_ref().as_str() {
                "who" => subject_of(&request)?.to_string(),
                "uid" => link::local_uid_of(&request)?.to_string(),
                "address" => request.extensions().get::<PeerInfo>().unwrap().address.to_string(),
                "wait" => {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    String::new()
                }
                other => other.len().to_string(),
            };
            Ok(Response::new(said))
        })
    }
}

/// Asks [`Who`].
pub(crate) async fn ask(channel: &Channel, question: &str) -> Result<String, Status> {
    ask_with(&mut Grpc::new(channel.clone()), question).await
}

/// Asks as a generated client does.
pub(crate) async fn ask_with(client: &mut Grpc<Channel>, question: &str) -> Result<String, Status> {
    client.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
    let path = http::uri::PathAndQuery::from_static("/test.v1.Who/Ask");
    let codec = ProstCodec::<String, String>::default();
    client.unary(Request::new(question.to_owned()), path, codec).await.map(Response::into_inner)
}
