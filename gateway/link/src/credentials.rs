use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use identity::{Subject, TlsIdentity};
use model::Timestamp;
use rustls::{
    SignatureScheme,
    client::ResolvesClientCert,
    crypto::aws_lc_rs,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{LinkError, verify::claims};

/// Our own certificate and key, on both ends of connections. Clones share them, so that [`Credentials::replace`] gives the next
/// handshake of every server and client the new ones, without a restart.
#[derive(Clone)]
pub struct Credentials(Arc<Own>);

struct Own {
    subject: Subject,
    key: RwLock<Arc<CertifiedKey>>,
}

impl Credentials {
    /// Takes a certificate chain and its key. They must belong together, and the certificate must name a gateway or desk.
    pub fn new(identity: &TlsIdentity) -> Result<Self, LinkError> {
        let (subject, key) = certified(identity)?;
        Ok(Self(Arc::new(Own { subject, key: RwLock::new(Arc::new(key)) })))
    }

    /// Takes a renewed certificate, of the same subject, for all handshakes from now on.
    pub fn replace(&self, identity: &TlsIdentity) -> Result<(), LinkError> {
        let (subject, key) = certified(identity)?;
        if subject != self.0.subject {
            return Err(LinkError::Credentials("the new certificate names another subject"));
        }
        *self.0.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
        Ok(())
    }

    /// Who we are.
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// When the certificate in use ends; the epoch where it cannot be read.
    pub fn expires(&self) -> Timestamp {
        let current = self.current();
        let end = current.cert.first().and_then(|der| identity::certificate_expiry(der).ok());
        end.unwrap_or(Timestamp(0))
    }

    pub(crate) fn current(&self) -> Arc<CertifiedKey> {
        self.0.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn certified(identity: &TlsIdentity) -> Result<(Subject, CertifiedKey), LinkError> {
    let leaf = identity.chain.first().ok_or(LinkError::Credentials("there is no certificate"))?;
    let (subject, _) = claims(leaf)
        .map_err(|_| LinkError::Credentials("the certificate does not name exactly one gateway or desk"))?;
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key_pkcs8.as_slice()));
    let key = aws_lc_rs::sign::any_supported_type(&der)
        .map_err(|_| LinkError::Credentials("the private key cannot be used"))?;
    let certified = CertifiedKey::new(identity.chain.clone(), key);
    certified.keys_match().map_err(|_| LinkError::Credentials("the private key is not that of the certificate"))?;
    Ok((subject, certified))
}

impl ResolvesServerCert for Credentials {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl ResolvesClientCert for Credentials {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let current = self.current();
        current.key.choose_scheme(schemes).is_some().then_some(current)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.0.subject)
    }
}
