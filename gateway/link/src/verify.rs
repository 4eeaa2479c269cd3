//! The one verifier, for both ends. One is made per connection, so that it can say precisely what it found: rustls itself keeps only
//! the kind of an error.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use identity::{Subject, TLS_LIFETIME_MAX};
use model::{Digest, Timestamp};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use crate::{Anchors, PeerFault};

/// A certificate and at most three issuers.
const CHAIN_MAX: usize = 4;
/// Ours have some 500 bytes.
const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;
/// Certificates begin an hour before they are issued, for clocks that are behind.
const BACKDATE_S: u64 = 3600;
/// id-kp-serverAuth and id-kp-clientAuth [RFC 5280 §4.2.1.12]. Required, also where a certificate has no usages at all.
const SERVER_AUTH: KeyUsage = KeyUsage::required(&[0x2b, 6, 1, 5, 5, 7, 3, 1]);
const CLIENT_AUTH: KeyUsage = KeyUsage::required(&[0x2b, 6, 1, 5, 5, 7, 3, 2]);

/// Hybrid post-quantum key agreement first, then plain X25519; no other.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    })
}

/// The other end, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) subject: Subject,
    /// SHA-256 of its certificate.
    pub(crate) certificate: Digest,
}

/// What the verifier of one connection found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finding(Arc<OnceLock<Result<Peer, PeerFault>>>);

impl Finding {
    /// `None`: no certificate was shown.
    pub(crate) fn of(&self) -> Option<&Result<Peer, PeerFault>> {
        self.0.get()
    }
}

/// Verifies the certificate of the other end of one connection.
pub(crate) struct Verifier {
    anchors: Arc<dyn Anchors>,
    /// Who must be there; any that is allowed, if `None`.
    expected: Option<Subject>,
    algorithms: WebPkiSupportedAlgorithms,
    finding: Finding,
}

impl Verifier {
    pub(crate) fn new(anchors: Arc<dyn Anchors>, expected: Option<Subject>, provider: &CryptoProvider) -> Self {
        Self { anchors, expected, algorithms: provider.signature_verification_algorithms, finding: Finding::default() }
    }

    pub(crate) fn finding(&self) -> Finding {
        self.finding.clone()
    }

    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        usage: KeyUsage,
        now: UnixTime,
    ) -> Result<(), Error> {
        let found = self.peer(leaf, issuers, usage, now);
        let answer = match &found {
            Ok(_) => Ok(()),
            Err(fault) => Err(Error::InvalidCertificate(fault.certificate_error())),
        };
        // rustls asks once per connection; were it to ask again, the first finding stands and the answer still holds.
        let _ = self.finding.0.set(found);
        answer
    }

    /// Who this is: first whom the certificate claims, then whether the root pinned for that state bears it out [RFC 5280 §6].
    fn peer(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        usage: KeyUsage,
        now: UnixTime,
    ) -> Result<Peer, PeerFault> {
        if issuers.len() >= CHAIN_MAX || issuers.iter().chain([leaf]).any(|der| der.len() > CERTIFICATE_BYTES_MAX) {
            return Err(PeerFault::Unreadable);
        }
        let (subject, lifetime_s) = claims(leaf)?;
        if let Some(expected) = self.expected.as_ref().filter(|expected| **expected != subject) {
            return Err(PeerFault::Subject { expected: expected.clone(), found: subject });
        }
        let anchor = self.anchors.anchor(&subject, moment(now)).ok_or_else(|| PeerFault::NotPinned(subject.party()))?;
        EndEntityCert::try_from(leaf)
            .and_then(|certificate| {
                let anchors = std::slice::from_ref(&anchor);
                certificate.verify_for_usage(self.algorithms.all, anchors, issuers, now, usage, None, None).map(|_| ())
            })
            .map_err(|error| chain_fault(&error, &subject))?;
        if lifetime_s > TLS_LIFETIME_MAX.as_secs().saturating_add(BACKDATE_S) {
            return Err(PeerFault::Lifetime);
        }
        // Last, so that only the holder of a genuine certificate learns whether its channel is open.
        if !self.anchors.allows(&subject) {
            return Err(PeerFault::NotAllowed(subject));
        }
        Ok(Peer { subject, certificate: Digest::of(&[leaf.as_ref()]) })
    }
}

/// Reads the only name of a certificate, and its lifetime in seconds. Nothing of it is proven.
pub(crate) fn claims(leaf: &CertificateDer<'_>) -> Result<(Subject, u64), PeerFault> {
    let Ok(([], certificate)) = X509Certificate::from_der(leaf) else {
        return Err(PeerFault::Unreadable);
    };
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Err(PeerFault::Name);
    };
    let [GeneralName::DNSName(name)] = names.value.general_names.as_slice() else {
        return Err(PeerFault::Name);
    };
    let subject = Subject::from_dns(name).map_err(|_| PeerFault::Name)?;
    let validity = certificate.validity();
    let lifetime_s = validity.not_after.timestamp().saturating_sub(validity.not_before.timestamp());
    Ok((subject, u64::try_from(lifetime_s).unwrap_or(0)))
}

fn chain_fault(error: &webpki::Error, subject: &Subject) -> PeerFault {
    use webpki::Error as E;
    match error {
        E::CertExpired { not_after, .. } => PeerFault::Expired(moment(*not_after)),
        E::CertNotValidYet { not_before, .. } => PeerFault::NotYet(moment(*not_before)),
        E::NameConstraintViolation => PeerFault::Zone(subject.party()),
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => PeerFault::Root(subject.party()),
        E::RequiredEkuNotFoundContext(_) => PeerFault::Usage,
        E::BadDer | E::TrailingData(_) => PeerFault::Unreadable,
        _ => PeerFault::Chain,
    }
}

fn moment(time: UnixTime) -> Timestamp {
    let ms = Duration::from_secs(time.as_secs()).as_millis();
    Timestamp(i64::try_from(ms).unwrap_or(i64::MAX))
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // A client has one certificate; and whom we trust is not told to strangers.
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify(leaf, issuers, CLIENT_AUTH, now).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        // The expected subject is stricter: the certificate bears its name and no other.
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify(leaf, issuers, SERVER_AUTH, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("expected", &self.expected).finish_non_exhaustive()
    }
}

fn tls12() -> Error {
    Error::General("TLS 1.2 is not offered".to_owned())
}

#[cfg(test)]
mod tests {
    use rustls::NamedGroup;

    use super::provider;

    #[test]
    fn the_hybrid_group_is_offered_first_and_only_one_beside_it() {
        let groups: Vec<NamedGroup> = provider().kx_groups.iter().map(|group| group.name()).collect();
        assert_eq!(groups, [NamedGroup::X25519MLKEM768, NamedGroup::X25519]);
    }
}
