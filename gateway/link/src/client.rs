use std::{io, sync::Arc, time::Duration};

use hyper_util::rt::TokioIo;
use identity::Subject;
use rustls::{AlertDescription, ClientConfig, client::Resumption, crypto::CryptoProvider, version::TLS13};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::{Endpoint, Uri};
use tower::service_fn;

use crate::{
    Anchors, CallLimits, Channel, Credentials, LinkError,
    verify::{Finding, Verifier, provider},
};

/// How long a new connection waits for the server's first word. A server that refuses our certificate says so only after our end of
/// the handshake is done [RFC 8446 §4.4.2.4]; one that accepts it sends its SETTINGS at once, unless it waits for ours.
const FIRST_WORD_MAX: Duration = Duration::from_millis(750);

/// How connections are made: TCP, or a simulated network.
pub trait Dial: Clone + Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Connects to `endpoint`, as in `127.0.0.1:7001`.
    fn dial(&self, endpoint: &str) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Dials over TCP.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpDial;

impl Dial for TcpDial {
    type Stream = TcpStream;

    async fn dial(&self, endpoint: &str) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(endpoint).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Another program, who it must be, and who we are.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Where it listens: `host:port`.
    pub endpoint: String,
    /// Who it must be: its certificate bears this name and no other, and chains to the root pinned for its state.
    pub expected: Subject,
    /// Who we are.
    pub own: Credentials,
    /// The roots that are pinned.
    pub anchors: Arc<dyn Anchors>,
    /// How to connect and wait.
    pub limits: CallLimits,
}

impl Remote {
    /// A channel that connects when it is first used. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`LinkError::Endpoint`]. What goes wrong later is told by the status of the call: see [`cause`](crate::cause).
    pub fn connect(&self) -> Result<Channel, LinkError> {
        self.connect_through(TcpDial)
    }

    /// The same over another network.
    ///
    /// # Errors
    /// As [`Remote::connect`].
    pub fn connect_through<D: Dial>(&self, dial: D) -> Result<Channel, LinkError> {
        self.check_endpoint()?;
        let endpoint = self.http2()?;
        let dialler = Dialler { remote: self.clone(), dial, provider: provider() };
        let one = || {
            let dialler = dialler.clone();
            endpoint.connect_with_connector_lazy(service_fn(move |_: Uri| {
                let dialler = dialler.clone();
                async move { dialler.connect().await.map(TokioIo::new) }
            }))
        };
        let others: Vec<_> = (1..self.limits.connections).map(|_| one()).collect();
        Ok(Channel::over(one(), others))
    }

    /// Connects once, verifies, and hangs up: whether the other end is there, is whom we expect, and wants us.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn probe(&self) -> Result<(), LinkError> {
        self.check_endpoint()?;
        Dialler { remote: self.clone(), dial: TcpDial, provider: provider() }.connect().await.map(|_| ())
    }

    fn check_endpoint(&self) -> Result<(), LinkError> {
        match self.endpoint.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(()),
            _ => Err(LinkError::Endpoint(self.endpoint.chars().take(80).collect())),
        }
    }

    fn http2(&self) -> Result<Endpoint, LinkError> {
        // The scheme stays http: TLS is ours, not tonic's.
        let endpoint = Endpoint::from_shared(format!("http://{}", self.expected.dns_name()))
            .map_err(|_| LinkError::Endpoint(self.expected.dns_name()))?;
        Ok(configured(endpoint, &self.limits))
    }
}

/// Sets what `limits` say.
pub(crate) fn configured(endpoint: Endpoint, limits: &CallLimits) -> Endpoint {
    endpoint
        .timeout(limits.request_time)
        .http2_keep_alive_interval(limits.keepalive)
        .keep_alive_timeout(limits.keepalive_time)
        // The server pings an idle connection; one side is enough.
        .keep_alive_while_idle(false)
        .http2_max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
}

#[derive(Clone)]
struct Dialler<D> {
    remote: Remote,
    dial: D,
    provider: Arc<CryptoProvider>,
}

impl<D: Dial> Dialler<D> {
    /// Dials, shakes hands, and waits until the other end has accepted us.
    async fn connect(&self) -> Result<BufReader<TlsStream<D::Stream>>, LinkError> {
        // So that a channel that is frozen here does not even knock.
        if !self.remote.anchors.allows(&self.remote.expected) {
            return Err(LinkError::NotOpen(self.remote.expected.clone()));
        }
        let time = self.remote.limits.connect_time;
        timeout(time, self.shake_hands())
            .await
            .unwrap_or_else(|_| Err(LinkError::Timeout { endpoint: self.endpoint(), seconds: time.as_secs() }))
    }

    async fn shake_hands(&self) -> Result<BufReader<TlsStream<D::Stream>>, LinkError> {
        let stream = self
            .dial
            .dial(&self.remote.endpoint)
            .await
            .map_err(|source| LinkError::Unreachable { endpoint: self.endpoint(), source })?;
        let (config, finding) = self.config()?;
        let name = ServerName::try_from(self.remote.expected.dns_name())
            .map_err(|_| LinkError::Endpoint(self.remote.expected.dns_name()))?;
        let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let stream = shaken.map_err(|error| self.failed(error, &finding))?;
        if !matches!(finding.of(), Some(Ok(_))) || stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(LinkError::NotHttp2 { endpoint: self.endpoint() });
        }
        let mut stream = BufReader::new(stream);
        first_word(&mut stream).await.map_err(|error| self.failed(error, &finding))?;
        Ok(stream)
    }

    fn config(&self) -> Result<(ClientConfig, Finding), LinkError> {
        let expected = Some(self.remote.expected.clone());
        let verifier = Verifier::new(self.remote.anchors.clone(), expected, &self.provider);
        let finding = verifier.finding();
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(LinkError::Setup)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(self.remote.own.clone()));
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A resumed session would not be verified anew.
        config.resumption = Resumption::disabled();
        Ok((config, finding))
    }

    fn failed(&self, error: io::Error, finding: &Finding) -> LinkError {
        let endpoint = self.endpoint();
        if let Some(Err(fault)) = finding.of() {
            return LinkError::Certificate { endpoint, fault: fault.clone() };
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) if about_certificate(*alert) => {
                LinkError::RefusedByPeer { endpoint, alert: *alert }
            }
            Some(rustls::Error::NoApplicationProtocol) => LinkError::NotHttp2 { endpoint },
            _ => LinkError::Tls { endpoint, source: error },
        }
    }

    fn endpoint(&self) -> String {
        self.remote.endpoint.clone()
    }
}

/// Waits for the first bytes of the server, and leaves them where they are. A server that waits for us first is not waited for.
async fn first_word<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> io::Result<()> {
    match timeout(FIRST_WORD_MAX, stream.fill_buf()).await {
        Ok(Ok([])) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(Ok(_)) | Err(_) => Ok(()),
        Ok(Err(error)) => Err(error),
    }
}

fn about_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::UnknownCA
            | A::AccessDenied
            | A::CertificateExpired
            | A::CertificateRevoked
            | A::CertificateUnknown
            | A::CertificateRequired
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::DecryptError
    )
}
