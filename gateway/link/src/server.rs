use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    server::{NoServerSessionStorage, ResolvesServerCert},
    version::TLS13,
};
use telemetry::{Word, word};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    Anchors, Credentials, LinkError, PeerFault,
    verify::{Finding, Peer, Verifier, provider},
};

/// The server's end of TLS: 1.3 only, X25519MLKEM768 or X25519, HTTP/2, and a certificate from every client. Sessions are not resumed:
/// a resumed one would not be verified anew.
#[derive(Debug, Clone)]
pub struct ServerTls {
    own: Credentials,
    anchors: Arc<dyn Anchors>,
    provider: Arc<CryptoProvider>,
}

impl ServerTls {
    /// Serves as `own` those whom `anchors` allows.
    pub fn new(own: Credentials, anchors: Arc<dyn Anchors>) -> Self {
        Self { own, anchors, provider: provider() }
    }

    pub(crate) fn anchors(&self) -> &Arc<dyn Anchors> {
        &self.anchors
    }

    /// The configuration of one connection, and where its verifier writes what it finds.
    fn config(&self) -> Result<(ServerConfig, Finding), LinkError> {
        let verifier = Verifier::new(self.anchors.clone(), None, &self.provider);
        let finding = verifier.finding();
        let own: Arc<dyn ResolvesServerCert> = Arc::new(self.own.clone());
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(LinkError::Setup)?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(own);
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok((config, finding))
    }

    /// Shakes hands on `stream`.
    pub(crate) async fn accept<S>(&self, stream: S) -> Result<(TlsStream<S>, Peer), Refused>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (config, finding) = self.config().map_err(|_| Refused::Tls(word!("setup")))?;
        let accepted = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
        match (accepted, finding.of()) {
            (Ok(stream), Some(Ok(peer))) => {
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    Ok((stream, peer.clone()))
                } else {
                    Err(Refused::Tls(word!("alpn")))
                }
            }
            (_, Some(Err(fault))) => Err(Refused::Peer(fault.clone())),
            // Without a finding there is no peer, whatever rustls says.
            (Ok(_), None) => Err(Refused::Tls(word!("no_certificate"))),
            (Err(error), _) => Err(Refused::Tls(word_of(&error))),
        }
    }
}

/// Why a handshake failed.
#[derive(Debug)]
pub(crate) enum Refused {
    /// For the certificate.
    Peer(PeerFault),
    /// For the rest, in one word.
    Tls(Word),
}

fn word_of(error: &std::io::Error) -> Word {
    use rustls::Error as E;
    match error.get_ref().and_then(|inner| inner.downcast_ref::<E>()) {
        Some(E::NoCertificatesPresented) => word!("no_certificate"),
        Some(E::PeerIncompatible(_)) => word!("incompatible"),
        Some(E::AlertReceived(_)) => word!("alert"),
        Some(E::InvalidMessage(_) | E::InappropriateMessage { .. } | E::InappropriateHandshakeMessage { .. }) => {
            word!("not_tls")
        }
        Some(E::NoApplicationProtocol) => word!("alpn"),
        Some(_) => word!("tls"),
        None => word!("closed"),
    }
}
