//! What stands in a certificate, and whether its chain holds under an anchor.

use std::time::Duration;

use model::{Malformed, PartyId, Refusal, Timestamp};
use pkcs8::der::pem::LineEnding;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime, pem::PemObject};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use crate::{Subject, VerifyingKey, names, refuse::unproven};

/// A certificate of ours has some 500 bytes.
const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;
/// A leaf and at most three issuers.
const CHAIN_MAX: usize = 4;
/// All that stands before the key in a SubjectPublicKeyInfo of Ed25519 [RFC 8410 §4].
pub(crate) const ED25519_SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The extended key usage of MLS leaves, 2.25.78473457493809435815985597991352546109 (a UUID, [ITU-T X.667]), without tag
/// and length. A certificate for TLS cannot be used in a group, nor the other way round.
pub const LEAF_KEY_USAGE_OID: [u8; 19] =
    [0x69, 0xf6, 0x89, 0xb8, 0x8a, 0xed, 0xe2, 0x9a, 0x93, 0xc3, 0x8b, 0xed, 0x9b, 0xa2, 0xcb, 0xc1, 0x90, 0xe6, 0x3d];

/// The extended key usage of treaty keys, 2.25.72216487580561884856945169369624247121 (a UUID, [ITU-T X.667]), without tag and
/// length. A key of a desk or gateway cannot sign treaty files, nor the other way round.
pub const TREATY_KEY_USAGE_OID: [u8; 19] =
    [0x69, 0xec, 0xd4, 0xb1, 0xef, 0x87, 0xc2, 0xaa, 0xae, 0xc3, 0x8e, 0xac, 0xa9, 0xda, 0x85, 0xc7, 0xa1, 0xf6, 0x51];

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
    /// Signing treaty files.
    Treaty,
}

impl Usage {
    /// What to do about a certificate that does not serve.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Tls => "Use the TLS certificate of the gateway or desk; its party's root issues it.",
            Self::Leaf => "Use the desk's leaf certificate; its party's root issues it.",
            Self::Treaty => "Use the certificate of the party's treaty key; its root issues it.",
        }
    }
}

impl ExtendedKeyUsageValidator for Usage {
    fn validate(&self, usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        match self {
            Self::Leaf => KeyUsage::required(&LEAF_KEY_USAGE_OID).validate(usages),
            Self::Treaty => KeyUsage::required(&TREATY_KEY_USAGE_OID).validate(usages),
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

const CHAIN_REMEDY: &str = "Send the certificate that the own root issued, in DER, with at most three issuers.";

/// What an end-entity certificate claims. Nothing of it is proven before [`verify_chain`].
pub(crate) struct Claims<S = Subject> {
    /// Its only name.
    pub(crate) subject: S,
    /// SubjectPublicKeyInfo, DER.
    pub(crate) spki: Vec<u8>,
    /// `notAfter` − `notBefore`, in seconds.
    pub(crate) lifetime_s: u64,
}

impl Claims {
    /// Reads the first certificate of a chain, of a gateway or desk.
    pub(crate) fn of(chain: &[&[u8]]) -> Result<Self, Refusal> {
        Self::read(chain, |name| {
            Subject::from_dns(name)
                .map_err(|_| unproven("The name in the certificate is not one of a gateway or desk.", CHAIN_REMEDY))
        })
    }
}

impl Claims<PartyId> {
    /// Reads the first certificate of a chain, of a treaty key.
    pub(crate) fn of_treaty_key(chain: &[&[u8]]) -> Result<Self, Refusal> {
        Self::read(chain, |name| {
            names::party_of_treaty_name(name).ok_or_else(|| {
                unproven("The name in the certificate is not one of a treaty key.", Usage::Treaty.remedy())
            })
        })
    }
}

impl<S> Claims<S> {
    /// Reads the first certificate of a chain. It must bear one name, a dNSName of the federation: constraints on names do not
    /// bind other kinds [RFC 5280 §4.2.1.10].
    fn read(chain: &[&[u8]], subject_of: impl FnOnce(&str) -> Result<S, Refusal>) -> Result<Self, Refusal> {
        let leaf = chain.first().ok_or_else(|| unproven("There is no certificate.", CHAIN_REMEDY))?;
        if chain.len() > CHAIN_MAX || chain.iter().any(|der| der.len() > CERTIFICATE_BYTES_MAX) {
            return Err(unproven("The certificate chain is too large.", CHAIN_REMEDY));
        }
        let certificate = parse(leaf).ok_or_else(|| unproven("The certificate cannot be read.", CHAIN_REMEDY))?;
        let names = certificate
            .subject_alternative_name()
            .ok()
            .flatten()
            .map(|extension| extension.value.general_names.as_slice())
            .unwrap_or_default();
        let [GeneralName::DNSName(name)] = names else {
            return Err(unproven("The certificate does not bear exactly one DNS name.", CHAIN_REMEDY));
        };
        let subject = subject_of(name)?;
        let (from, until) = validity(&certificate);
        Ok(Self {
            subject,
            spki: certificate.public_key().raw.to_vec(),
            lifetime_s: u64::try_from(until.saturating_sub(from)).unwrap_or(0),
        })
    }

    /// Whether the certificate is for this raw Ed25519 key.
    pub(crate) fn is_for_ed25519(&self, public_key: &[u8]) -> bool {
        self.spki.strip_prefix(&ED25519_SPKI_PREFIX[..]).is_some_and(|key| key == public_key)
    }

    /// The key that the certificate is for, if it is Ed25519.
    pub(crate) fn ed25519_key(&self) -> Option<VerifyingKey> {
        let key: [u8; 32] = self.spki.strip_prefix(&ED25519_SPKI_PREFIX[..])?.try_into().ok()?;
        Some(key.into())
    }
}

/// `notBefore` and `notAfter`, in seconds since 1970.
pub(crate) fn validity(certificate: &X509Certificate<'_>) -> (i64, i64) {
    (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp())
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
