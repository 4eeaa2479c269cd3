//! A POST to a program outside of the federation, as to a webhook of a national system. What such a program may do to us is bounded:
//! TLS 1.3 unless it is on this machine, no redirect is followed, no proxy is asked, little is read of its answer, and a name leads to
//! no address that only this machine, or the cloud it runs in, can reach.

use std::{fmt, fs, io, net::IpAddr, str::FromStr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, version::TLS13};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::verify::provider;

const URL_BYTES_MAX: usize = 2048;
/// What is read of an answer, before the connection is closed.
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

/// The certificate authorities that may vouch for a target.
#[derive(Clone)]
pub struct WebRoots(Arc<ClientConfig>);

impl WebRoots {
    /// Those of this machine, as its packages keep them.
    ///
    /// # Errors
    /// [`WebError::Authorities`] where there are none.
    pub fn of_system() -> Result<Self, WebError> {
        let bundle = BUNDLES.iter().find_map(|path| fs::read(path).ok());
        Self::read(&bundle.ok_or(WebError::Authorities)?, true)
    }

    /// Those in a PEM text, and no others.
    ///
    /// # Errors
    /// [`WebError::Authorities`] where one cannot be read, or there is none.
    pub fn of_pem(pem: &str) -> Result<Self, WebError> {
        Self::read(pem.as_bytes(), false)
    }

    /// A bundle of the system may hold one that is not understood.
    fn read(pem: &[u8], lenient: bool) -> Result<Self, WebError> {
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
        let mut config = config.with_root_certificates(store).with_no_client_auth();
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
    /// A header that is none.
    #[error("the request cannot be made")]
    Request(#[source] http::Error),
    /// Too slow.
    #[error("there was no answer within {0} s")]
    Timeout(u64),
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
        let posting = async {
            let stream = self.dial().await?;
            let request = self.request(headers, body)?;
            if !self.tls {
                return exchange(stream, request).await;
            }
            let roots = roots.ok_or(WebError::Authorities)?;
            let name = ServerName::try_from(self.host.clone()).map_err(|_| WebError::NoAddress(None))?;
            let stream = TlsConnector::from(roots.0.clone()).connect(name, stream).await.map_err(WebError::Tls)?;
            exchange(stream, request).await
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

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, WebError>
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
    // The status is the answer; the rest is taken so that the other end may finish, and is nobody's.
    let _ = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    Ok(status)
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
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Posts to a server on this machine that sends `answer`; says what it was asked too.
    async fn posted(answer: &'static [u8], within: Duration) -> (Result<StatusCode, WebError>, String) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let target: WebTarget =
            format!("http://127.0.0.1:{}/hook?x=1", listener.local_addr().unwrap().port()).parse().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let count = stream.read(&mut asked).await.unwrap();
            stream.write_all(answer).await.unwrap();
            // The client hangs up.
            let _ = stream.read(&mut [0; 1]).await;
            String::from_utf8_lossy(&asked[..count]).into_owned()
        });
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "text/plain".parse().unwrap())]);
        let said = target.post(None, headers, Bytes::from_static(b"body"), within).await;
        (said, server.await.unwrap())
    }

    fn a_root() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem()
    }

    #[tokio::test]
    async fn a_post_is_answered_by_its_status_and_a_redirect_is_not_followed() {
        let (said, asked) = posted(b"HTTP/1.1 204 No Content\r\n\r\n", Duration::from_secs(5)).await;
        assert_eq!(said.unwrap(), StatusCode::NO_CONTENT);
        assert!(asked.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{asked}");
        let moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(posted(moved, Duration::from_secs(5)).await.0.unwrap(), StatusCode::FOUND);
    }

    #[tokio::test]
    async fn what_is_no_http_and_what_never_comes_are_errors() {
        let no_http = posted(b"220 mail.example ESMTP\r\n", Duration::from_secs(5)).await.0;
        assert!(matches!(no_http, Err(WebError::Http(_))), "{no_http:?}");
        let slow = posted(b"", Duration::from_millis(200)).await.0;
        assert!(matches!(slow, Err(WebError::Timeout(_))), "{slow:?}");
    }

    #[tokio::test]
    async fn a_server_that_nobody_vouches_for_is_not_spoken_to() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let target: WebTarget =
            format!("https://localhost:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
        assert!(target.needs_roots());
        let post = async |roots| target.post(roots, HeaderMap::new(), Bytes::new(), Duration::from_secs(5)).await;
        let none = post(None).await;
        assert!(matches!(none, Err(WebError::Authorities)), "{none:?}");
        let server = tokio::spawn(async move {
            let key = rcgen::KeyPair::generate().unwrap();
            let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
            let key = rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            let config =
                rustls::ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
            let config = config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
            // One connection without the authorities was made, and one with others.
            for _ in 0..2 {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = tokio_rustls::TlsAcceptor::from(Arc::new(config.clone())).accept(stream).await;
            }
        });
        let others = WebRoots::of_pem(&a_root()).unwrap();
        let refused = post(Some(&others)).await;
        assert!(matches!(refused, Err(WebError::Tls(_))), "{refused:?}");
        server.await.unwrap();
    }

    #[test]
    fn only_https_is_posted_to_or_this_machine() {
        let read = |text: &str| text.parse::<WebTarget>();
        for good in ["https://cms.example/hook", "https://cms.example:8443", "http://localhost:80/", "http://[::1]:9/x"]
        {
            assert!(read(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://cms.example/", BadTarget::NotSecure),
            ("ftp://cms.example/", BadTarget::NotSecure),
            ("http://127.0.0.1.example/", BadTarget::NotSecure),
            ("https://user:secret@cms.example/", BadTarget::NotPlain),
            ("https://cms.example/#x", BadTarget::NotPlain),
            ("/hook", BadTarget::NoUrl),
            ("", BadTarget::NoUrl),
        ] {
            assert_eq!(read(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_name_leads_to_no_address_that_only_this_machine_can_reach() {
        let may = |ip: &str, local| may_dial(ip.parse().unwrap(), local);
        assert!(may("10.1.2.3", false) && may("192.0.2.1", false) && may("2001:db8::1", false));
        assert!(may("127.0.0.1", true) && may("::1", true));
        for inner in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"] {
            assert!(!may(inner, false), "{inner}");
        }
    }
}
