//! What stands in a certificate, and whether its chain holds under an anchor.

use std::time::Duration;

use model::{Malformed, Refusal, Timestamp};
use pkcs8::der::pem::LineEnding;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime, pem::PemObject};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use crate::{Subject, refuse::unproven};

/// A certificate of ours has some 500 bytes.
const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;
/// A leaf and at most three issuers.
const CHAIN_MAX: usize = 4;
/// All that stands before the key in a SubjectPublicKeyInfo of Ed25519 [RFC 8410 §4].
const ED25519_SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The extended key usage of MLS leaves, 2.25.78473457493809435815985597991352546109 (a UUID, [ITU-T X.667]), without tag
/// and length. A certificate for TLS cannot be used in a group, nor the other way round.
pub const LEAF_KEY_USAGE_OID: [u8; 19] =
    [0x69, 0xf6, 0x89, 0xb8, 0x8a, 0xed, 0xe2, 0x9a, 0x93, 0xc3, 0x8b, 0xed, 0x9b, 0xa2, 0xcb, 0xc1, 0x90, 0xe6, 0x3d];

const CLIENT_AUTH: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 3, 2];
const SERVER_AUTH: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 3, 1];

static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] =
    &[webpki::aws_lc_rs::ECDSA_P256_SHA256, webpki::aws_lc_rs::ECDSA_P384_SHA384, webpki::aws_lc_rs::ED25519];

/// A certificate as PEM, for a file.
pub fn certificate_to_pem(der: &[u8]) -> Result<String, Malformed> {
    pkcs8::der::pem::encode_string("CERTIFICATE", LineEnding::LF, der)
        .map_err(|_| Malformed::new("a certificate", &format!("{} bytes", der.len())))
}

/// The certificates of a PEM file, in order, at least one.
pub fn certificates_from_pem(pem: &str) -> Result<Vec<CertificateDer<'static>>, Malformed> {
    let malformed = || Malformed::new("certificates in PEM", &format!("{} characters", pem.len()));
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|_| malformed())?;
    if chain.is_empty() { Err(malformed()) } else { Ok(chain) }
}

/// When a certificate in DER ends.
pub fn certificate_expiry(der: &[u8]) -> Result<Timestamp, Malformed> {
    let certificate = parse(der).ok_or_else(|| Malformed::new("a certificate", &format!("{} bytes", der.len())))?;
    Ok(Timestamp(certificate.validity().not_after.timestamp().saturating_mul(1000)))
}

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// TLS, on both ends.
    Tls,
    /// A leaf in a case's group.
    Leaf,
}

impl Usage {
    fn remedy(self) -> &'static str {
        match self {
            Self::Tls => "Use the TLS certificate of the gateway or desk; its party's root issues it.",
            Self::Leaf => "Use the desk's leaf certificate; its party's root issues it.",
        }
    }
}

impl ExtendedKeyUsageValidator for Usage {
    fn validate(&self, usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        match self {
            Self::Leaf => KeyUsage::required(&LEAF_KEY_USAGE_OID).validate(usages),
            Self::Tls => {
                let (mut client, mut server) = (false, false);
                for usage in usages {
                    let oid = usage?.to_decoded_oid();
                    client |= oid == KeyUsage::CLIENT_AUTH_REPR;
                    server |= oid == KeyUsage::SERVER_AUTH_REPR;
                }
                let missing: &'static [u8] = if client { &SERVER_AUTH } else { &CLIENT_AUTH };
                if client && server {
                    Ok(())
                } else {
                    Err(webpki::Error::RequiredEkuNotFoundContext(webpki::RequiredEkuNotFoundContext {
                        required: KeyUsage::required(missing),
                        present: Vec::new(),
                    }))
                }
            }
        }
    }
}

/// What an end-entity certificate claims. Nothing of it is proven before [`verify_chain`].
pub(crate) struct Claims {
    /// Its only name.
    pub(crate) subject: Subject,
    /// SubjectPublicKeyInfo, DER.
    pub(crate) spki: Vec<u8>,
    /// `notAfter` − `notBefore`, in seconds.
    pub(crate) lifetime_s: u64,
}

impl Claims {
    /// Reads the first certificate of a chain. It must bear one name, a dNSName of the federation: constraints on names do not
    /// bind other kinds [RFC 5280 §4.2.1.10].
    pub(crate) fn of(chain: &[&[u8]]) -> Result<Self, Refusal> {
        let remedy = "Send the certificate that the own root issued, in DER, with at most three issuers.";
        let leaf = chain.first().ok_or_else(|| unproven("There is no certificate.", remedy))?;
        if chain.len() > CHAIN_MAX || chain.iter().any(|der| der.len() > CERTIFICATE_BYTES_MAX) {
            return Err(unproven("The certificate chain is too large.", remedy));
        }
        let certificate = parse(leaf).ok_or_else(|| unproven("The certificate cannot be read.", remedy))?;
        let names = certificate
            .subject_alternative_name()
            .ok()
            .flatten()
            .map(|extension| extension.value.general_names.as_slice())
            .unwrap_or_default();
        let [GeneralName::DNSName(name)] = names else {
            return Err(unproven("The certificate does not bear exactly one DNS name.", remedy));
        };
        let subject = Subject::from_dns(name)
            .map_err(|_| unproven("The name in the certificate is not one of a gateway or desk.", remedy))?;
        let validity = certificate.validity();
        let lifetime_s = validity.not_after.timestamp().saturating_sub(validity.not_before.timestamp());
        Ok(Self {
            subject,
            spki: certificate.public_key().raw.to_vec(),
            lifetime_s: u64::try_from(lifetime_s).unwrap_or(0),
        })
    }

    /// Whether the certificate is for this raw Ed25519 key.
    pub(crate) fn is_for_ed25519(&self, public_key: &[u8]) -> bool {
        self.spki.strip_prefix(&ED25519_SPKI_PREFIX[..]).is_some_and(|key| key == public_key)
    }
}

/// Reads one certificate with nothing after it.
pub(crate) fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        _ => None,
    }
}

/// Whether the chain holds under `anchor` at `now`, for `usage`, within the anchor's names [RFC 5280 §6].
pub(crate) fn verify_chain(
    chain: &[&[u8]],
    anchor: &TrustAnchor<'_>,
    usage: Usage,
    now: Timestamp,
) -> Result<(), Refusal> {
    let unreadable = || unproven("The certificate cannot be read.", usage.remedy());
    let (leaf, issuers) = chain.split_first().ok_or_else(unreadable)?;
    let leaf = CertificateDer::from(*leaf);
    let issuers: Vec<CertificateDer<'_>> = issuers.iter().map(|der| CertificateDer::from(*der)).collect();
    let leaf = EndEntityCert::try_from(&leaf).map_err(|error| chain_refusal(&error, usage))?;
    let moment = u64::try_from(now.0).map_err(|_| unproven("The moment is before 1970.", "Set the clock."))?;
    let moment = UnixTime::since_unix_epoch(Duration::from_millis(moment));
    leaf.verify_for_usage(ALGORITHMS, std::slice::from_ref(anchor), &issuers, moment, usage, None, None)
        .map(|_| ())
        .map_err(|error| chain_refusal(&error, usage))
}

fn chain_refusal(error: &webpki::Error, usage: Usage) -> Refusal {
    use webpki::Error as E;
    let (reason, remedy) = match error {
        E::CertExpired { .. } => ("The certificate has expired.", "Let the party's root issue a new one."),
        E::CertNotValidYet { .. } => ("The certificate is not valid yet.", "Check the clocks of both sides."),
        E::NameConstraintViolation => {
            ("The root may not speak for the name in the certificate.", "A root speaks for its own state only.")
        }
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => (
            "The certificate was not issued by the root that is pinned for its party.",
            "Compare the root's fingerprint with the other party's operator; then pin the right one.",
        ),
        E::RequiredEkuNotFoundContext(_) => ("The certificate is not for this use.", usage.remedy()),
        _ => ("The certificate chain does not hold.", usage.remedy()),
    };
    unproven(reason, remedy)
}
