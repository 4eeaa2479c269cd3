//! A POST to a program outside of the federation, as to a webhook of a national system or to a register. What such a program may do to us
//! is bounded: TLS 1.3 unless it is on this machine, no redirect is followed, no proxy is asked, no connection kept, no more is read of its
//! answer than who asks wants to know, and a name leads to no address that only this machine, or the cloud it runs in, can reach.

use std::{fmt, fs, io, net::IpAddr, str::FromStr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::verify::provider;

const URL_BYTES_MAX: usize = 2048;
/// What is read of the head of an answer, and of an answer that nobody reads, before the connection is closed.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;
/// Where systems keep the certificate authorities that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where to post: an `https` URL, or an `http` URL of this machine itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebTarget {
    uri: Uri,
    host: String,
    port: u16,
    tls: bool,
    /// Whether the URL itself names this machine.
    local: bool,
}

/// Why a URL is none to post to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It is none, or too long.
    #[error("this is no URL of a host, as in https://cms.example/rogatory")]
    NoUrl,
    /// Names, passwords and fragments have no place in it.
    #[error("a URL to post to has no user name, password or fragment")]
    NotPlain,
    /// Another scheme.
    #[error("only https is posted to, or http to this machine itself (localhost, 127.0.0.1, [::1])")]
    NotSecure,
}

impl FromStr for WebTarget {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.len() > URL_BYTES_MAX {
            return Err(BadTarget::NoUrl);
        }
        if text.contains('#') {
            return Err(BadTarget::NotPlain);
        }
        let uri: Uri = text.parse().map_err(|_| BadTarget::NoUrl)?;
        let authority = uri.authority().ok_or(BadTarget::NoUrl)?;
        if authority.as_str().contains('@') {
            return Err(BadTarget::NotPlain);
        }
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        if host.is_empty() {
            return Err(BadTarget::NoUrl);
        }
        let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if local => false,
            _ => return Err(BadTarget::NotSecure),
        };
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { host, port, tls, local, uri })
    }
}

/// The certificate authorities that may vouch for a target, and who we are there.
#[derive(Clone)]
pub struct WebRoots(Arc<ClientConfig>);

impl WebRoots {
    /// Those of this machine, as its packages keep them.
    ///
    /// # Errors
    /// [`WebError::Authorities`] where there are none.
    pub fn of_system() -> Result<Self, WebError> {
        let bundle = BUNDLES.iter().find_map(|path| fs::read(path).ok());
        Self::read(&bundle.ok_or(WebError::Authorities)?, true, None)
    }

    /// Those in a PEM text, and no others.
    ///
    /// # Errors
    /// [`WebError::Authorities`] where one cannot be read, or there is none.
    pub fn of_pem(pem: &str) -> Result<Self, WebError> {
        Self::read(pem.as_bytes(), false, None)
    }

    /// Those in a PEM text; we show ourselves with the certificates in `chain` (PEM) and their key.
    ///
    /// # Errors
    /// [`WebError::Authorities`] as above, [`WebError::Identity`] where key and certificate are not a pair.
    pub fn of_pem_as(pem: &str, chain: &str, key_pkcs8: &[u8]) -> Result<Self, WebError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(WebError::Identity)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key_pkcs8.to_vec()));
        Self::read(pem.as_bytes(), false, Some((chain, key)))
    }

    /// A bundle of the system may hold one that is not understood.
    fn read(
        pem: &[u8],
        lenient: bool,
        identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    ) -> Result<Self, WebError> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate.map_err(drop).and_then(|one| store.add(one).map_err(drop));
            if added.is_err() && !lenient {
                return Err(WebError::Authorities);
            }
        }
        if store.is_empty() {
            return Err(WebError::Authorities);
        }
        let config = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let config = config.map_err(|_| WebError::Authorities)?;
        let config = config.with_root_certificates(store);
        let mut config = match identity {
            Some((chain, key)) => config.with_client_auth_cert(chain, key).map_err(|_| WebError::Identity)?,
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl fmt::Debug for WebRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebRoots")
    }
}

/// Why there was no answer. Nothing of what the other end sent is in it.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// No certificate authorities.
    #[error("there are no certificate authorities to hold the server's certificate against")]
    Authorities,
    /// A key that is not the certificate's.
    #[error("the key to show ourselves with is not the certificate's, or there is no certificate")]
    Identity,
    /// The name leads nowhere.
    #[error("the host name leads to no address")]
    NoAddress(#[source] Option<io::Error>),
    /// The name leads to where nothing is posted to.
    #[error("the host name leads to {0}, which is an address of this machine or link only")]
    Forbidden(IpAddr),
    /// Nobody answers.
    #[error("the host cannot be reached")]
    Unreachable(#[source] io::Error),
    /// Its certificate, or its TLS.
    #[error("TLS failed: the certificate is not for the host, not of a known authority, or TLS 1.3 is not spoken")]
    Tls(#[source] io::Error),
    /// No HTTP.
    #[error("the answer is no HTTP")]
    Http(#[source] hyper::Error),
    /// An answer that is longer than it may be.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// A header that is none.
    #[error("the request cannot be made")]
    Request(#[source] http::Error),
    /// Too slow.
    #[error("there was no answer within {0} s")]
    Timeout(u64),
}

/// An answer that is read. Its `Debug` tells nothing of what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct WebAnswer {
    /// How it was answered. What is not 2xx may have no body here.
    pub status: StatusCode,
    /// What it says that it is, without parameters, as in `application/json`; empty where it says nothing.
    pub media_type: String,
    /// All of it.
    pub body: Bytes,
}

impl fmt::Debug for WebAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebAnswer({}, {} bytes)", self.status, self.body.len())
    }
}

impl WebTarget {
    /// Whether it needs [`WebRoots`]: whether it is spoken to over TLS.
    pub fn needs_roots(&self) -> bool {
        self.tls
    }

    /// Posts `body` with `headers`, and says with which status it was answered. `within` bounds everything, the look-up of the name too.
    ///
    /// # Errors
    /// [`WebError`], where there was no answer.
    pub async fn post(
        &self,
        roots: Option<&WebRoots>,
        headers: HeaderMap,
        body: Bytes,
        within: Duration,
    ) -> Result<StatusCode, WebError> {
        Ok(self.exchanged(roots, headers, body, within, None).await?.status)
    }

    /// The same, and reads what is answered with 2xx, of at most `bytes_max`.
    ///
    /// # Errors
    /// [`WebError`], where there was no answer, or a longer one.
    pub async fn ask(
        &self,
        roots: Option<&WebRoots>,
        headers: HeaderMap,
        body: Bytes,
        within: Duration,
        bytes_max: usize,
    ) -> Result<WebAnswer, WebError> {
        self.exchanged(roots, headers, body, within, Some(bytes_max)).await
    }

    async fn exchanged(
        &self,
        roots: Option<&WebRoots>,
        headers: HeaderMap,
        body: Bytes,
        within: Duration,
        bytes_max: Option<usize>,
    ) -> Result<WebAnswer, WebError> {
        let posting = async {
            let stream = self.dial().await?;
            let request = self.request(headers, body)?;
            if !self.tls {
                return exchange(stream, request, bytes_max).await;
            }
            let roots = roots.ok_or(WebError::Authorities)?;
            let name = ServerName::try_from(self.host.clone()).map_err(|_| WebError::NoAddress(None))?;
            let stream = TlsConnector::from(roots.0.clone()).connect(name, stream).await.map_err(WebError::Tls)?;
            exchange(stream, request, bytes_max).await
        };
        timeout(within, posting).await.unwrap_or(Err(WebError::Timeout(within.as_secs())))
    }

    /// The addresses are checked and dialled in one, so that the name cannot lead elsewhere in between.
    async fn dial(&self) -> Result<TcpStream, WebError> {
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|error| WebError::NoAddress(Some(error)))?;
        let mut failed = WebError::NoAddress(None);
        for address in found.take(ADDRESSES_MAX) {
            if !may_dial(address.ip(), self.local) {
                failed = WebError::Forbidden(address.ip());
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = WebError::Unreachable(error),
            }
        }
        Err(failed)
    }

    fn request(&self, headers: HeaderMap, body: Bytes) -> Result<Request<Full<Bytes>>, WebError> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = self.uri.authority().map_or(self.host.as_str(), |authority| authority.as_str());
        let request = Request::builder().method(Method::POST).uri(path).header(header::HOST, host);
        let request = request.header(header::CONNECTION, "close");
        let mut request = request
            .header(header::USER_AGENT, concat!("rogatory/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(WebError::Request)?;
        request.headers_mut().extend(headers);
        Ok(request)
    }
}

/// Sends, and reads the answer where `bytes_max` says how much of it.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>, bytes_max: Option<usize>) -> Result<WebAnswer, WebError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = http1::Builder::new().max_buf_size(ANSWER_BYTES_MAX).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(WebError::Http)?;
    // It ends with this set.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await.map_err(WebError::Http)?;
    let status = answer.status();
    let named = answer.headers().get(header::CONTENT_TYPE).and_then(|named| named.to_str().ok()).unwrap_or_default();
    let media_type = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(bytes_max) = bytes_max.filter(|_| status.is_success()) else {
        // The status is the answer; the rest is taken so that the other end may finish, and is nobody's.
        let _ = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        return Ok(WebAnswer { status, media_type, body: Bytes::new() });
    };
    match Limited::new(answer.into_body(), bytes_max).collect().await {
        Ok(body) => Ok(WebAnswer { status, media_type, body: body.to_bytes() }),
        Err(error) => match error.downcast::<hyper::Error>() {
            Ok(error) => Err(WebError::Http(*error)),
            Err(_) => Err(WebError::TooLong(bytes_max)),
        },
    }
}

/// Whether something may be posted to `ip`. National systems are in private networks, so these are not kept out; what only this machine
/// or its link can reach is: no name of others leads to a metadata service or to another program here.
fn may_dial(ip: IpAddr, local: bool) -> bool {
    match ip.to_canonical() {
        ip if ip.is_loopback() => local,
        ip if ip.is_unspecified() || ip.is_multicast() => false,
        IpAddr::V4(ip) => !ip.is_link_local() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests;
