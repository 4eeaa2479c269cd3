//! Certificates that are asked for: where a key is drawn nobody has the root, and where the root is nobody has the key.

use std::{fmt, time::Duration};

use aws_lc_rs::signature::{self, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey};
use model::{Malformed, Refusal, Timestamp, limits::LEAF_LIFETIME_S_MAX};
use pkcs8::der::pem::decode_vec;
use rcgen::{CertificateParams, DistinguishedName, DnType, PublicKeyData, SanType, SignatureAlgorithm};
use rustls_pki_types::CertificateDer;
use x509_parser::{
    certification_request::X509CertificationRequest,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer,
};
use zeroize::Zeroizing;

use crate::{
    IssueError, KeyError, LEAF_LIFETIME_MAX, Root, RootCertificate, SigningKey, Subject, TLS_LIFETIME_MAX,
    authority_ca::{BACKDATE_S, RootKey, export, new_p256},
    certificate::{self, Claims, ED25519_SPKI_PREFIX, Usage, verify_chain},
    refuse::{owned, unproven},
};

const LABEL: &str = "CERTIFICATE REQUEST";
const BEGIN: &str = "-----BEGIN";
/// A request of ours has some 300 bytes.
const REQUEST_BYTES_MAX: usize = 8 * 1024;
/// The gateway asks for one certificate, a desk for two.
const REQUESTS_MAX: usize = 8;
/// All that stands before the uncompressed point in a SubjectPublicKeyInfo of P-256 [RFC 5480 §2].
const P256_SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// What a certificate is for. The kind of its key says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Both ends of TLS, of a gateway or desk: a key on P-256.
    Tls,
    /// A desk's leaf in the groups of cases: an Ed25519 key.
    Leaf,
}

impl Purpose {
    /// Draws a key for it: PKCS#8 DER in clear.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn draw(self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match self {
            Self::Tls => export(&new_p256()?),
            Self::Leaf => SigningKey::generate()?.to_pkcs8(),
        }
    }

    /// The longest validity of such a certificate.
    pub fn lifetime_max(self) -> Duration {
        match self {
            Self::Tls => TLS_LIFETIME_MAX,
            Self::Leaf => LEAF_LIFETIME_MAX,
        }
    }

    /// A request [RFC 2986] for the key `pkcs8` (DER in clear) of `subject`, in PEM: name and key, signed with that key.
    ///
    /// # Errors
    /// A key of another kind.
    pub fn request(self, subject: &Subject, pkcs8: &[u8]) -> Result<String, IssueError> {
        let name = subject.dns_name();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name.clone());
        params.subject_alt_names = vec![SanType::DnsName(name.try_into()?)];
        let request = match self {
            Self::Tls => params.serialize_request(&RootKey(p256(pkcs8)?))?,
            Self::Leaf => params.serialize_request(&LeafKey(SigningKey::from_pkcs8(pkcs8)?))?,
        };
        Ok(request.pem()?)
    }

    /// Whether the certificate (DER) is for the key `pkcs8` (DER in clear).
    pub fn fits(self, certificate: &[u8], pkcs8: &[u8]) -> bool {
        let Some(parsed) = certificate::parse(certificate) else { return false };
        self.public_key(pkcs8).is_ok_and(|key| parsed.public_key().raw == self.spki(&key))
    }

    /// Whether `root` has issued the chain (DER, without the root) to `subject` for this, over the key `pkcs8` (DER in clear), and it
    /// holds at `now`. Says when it ends.
    ///
    /// # Errors
    /// R95 for what is not so.
    pub fn check(
        self,
        root: &RootCertificate,
        chain: &[CertificateDer<'_>],
        subject: &Subject,
        pkcs8: &[u8],
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        let chain: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
        let claims = Claims::of(&chain)?;
        let not = |what: String| Err(owned(unproven(what, self.usage().remedy()), root.party()));
        root.check_at(now)?;
        verify_chain(&chain, root.anchor(), self.usage(), now).map_err(|refusal| owned(refusal, root.party()))?;
        if claims.subject != *subject {
            return not(format!("The certificate is of {}, not of {subject}.", claims.subject));
        }
        if !chain.first().is_some_and(|first| self.fits(first, pkcs8)) {
            return not("The certificate is for another key than the one that was drawn here.".to_owned());
        }
        if claims.lifetime_s > self.lifetime_s_max() {
            return not(format!("The certificate is valid for more than {} days.", self.lifetime_s_max() / 86400));
        }
        chain
            .first()
            .and_then(|first| certificate::certificate_expiry(first).ok())
            .map_or_else(|| not("The certificate cannot be read.".to_owned()), Ok)
    }

    fn usage(self) -> Usage {
        match self {
            Self::Tls => Usage::Tls,
            Self::Leaf => Usage::Leaf,
        }
    }

    fn lifetime_s_max(self) -> u64 {
        match self {
            Self::Tls => TLS_LIFETIME_MAX.as_secs() + BACKDATE_S.unsigned_abs(),
            Self::Leaf => LEAF_LIFETIME_S_MAX,
        }
    }

    fn public_key(self, pkcs8: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(match self {
            Self::Tls => p256(pkcs8)?.public_key().as_ref().to_vec(),
            Self::Leaf => SigningKey::from_pkcs8(pkcs8)?.public_key().to_vec(),
        })
    }

    fn spki(self, key: &[u8]) -> Vec<u8> {
        match self {
            Self::Tls => [&P256_SPKI_PREFIX[..], key].concat(),
            Self::Leaf => [&ED25519_SPKI_PREFIX[..], key].concat(),
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => "TLS",
            Self::Leaf => "leaf in cases' groups",
        })
    }
}

/// A request whose signature holds: who asks has the private key. That it is who the name says, only people can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    subject: Subject,
    purpose: Purpose,
    /// The raw public key.
    key: Vec<u8>,
}

impl CertificateRequest {
    /// Reads the requests of a PEM file, from one to eight.
    ///
    /// # Errors
    /// What is no such file, or a request that does not bear exactly one name of a gateway or desk, is for a key of another kind, or is not
    /// signed with its key.
    pub fn all_from_pem(pem: &str) -> Result<Vec<Self>, Malformed> {
        let malformed = || Malformed::new("certificate requests in PEM", &format!("{} characters", pem.len()));
        let blocks: Vec<usize> = pem.match_indices(BEGIN).map(|(at, _)| at).collect();
        if blocks.is_empty() || blocks.len() > REQUESTS_MAX {
            return Err(malformed());
        }
        let ends = blocks.iter().skip(1).copied().chain([pem.len()]);
        let block = |(begin, end)| pem.get(begin..end).ok_or_else(malformed);
        blocks.iter().copied().zip(ends).map(|span| Self::from_pem(block(span)?)).collect()
    }

    fn from_pem(pem: &str) -> Result<Self, Malformed> {
        let malformed = |what: &str| Malformed::new("a certificate request", what);
        if pem.len() > 2 * REQUEST_BYTES_MAX {
            return Err(malformed("one that is too large"));
        }
        let (label, der) = decode_vec(pem.trim_end().as_bytes()).map_err(|_| malformed("something that is no PEM"))?;
        if label != LABEL {
            return Err(malformed(label));
        }
        Self::from_der(&der)
    }

    fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        let malformed = |what: &str| Malformed::new("a certificate request", what);
        let Ok(([], request)) = X509CertificationRequest::from_der(der) else {
            return Err(malformed("something that cannot be read"));
        };
        let names: Vec<_> = request
            .requested_extensions()
            .into_iter()
            .flatten()
            .filter_map(|extension| match extension {
                ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
                _ => None,
            })
            .flatten()
            .collect();
        let [GeneralName::DNSName(name)] = names.as_slice() else {
            return Err(malformed("one without exactly one DNS name"));
        };
        let subject = Subject::from_dns(name)?;
        let info = &request.certification_request_info;
        let spki = info.subject_pki.raw;
        let p256 = spki.strip_prefix(&P256_SPKI_PREFIX[..]);
        let (purpose, key) = match (p256, spki.strip_prefix(&ED25519_SPKI_PREFIX[..])) {
            (Some(point), _) => (Purpose::Tls, point),
            (_, Some(key)) => (Purpose::Leaf, key),
            _ => return Err(malformed("one for a key that is neither on P-256 nor Ed25519")),
        };
        let algorithm: &dyn signature::VerificationAlgorithm = match purpose {
            Purpose::Tls => &signature::ECDSA_P256_SHA256_ASN1,
            Purpose::Leaf => &signature::ED25519,
        };
        UnparsedPublicKey::new(algorithm, key)
            .verify(info.raw, &request.signature_value.data)
            .map_err(|_| malformed("one that is not signed with its key"))?;
        Ok(Self { subject, purpose, key: key.to_vec() })
    }

    /// Who asks.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// For what.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// SHA-256 of the public key: what people compare between the place of the key and the place of the root.
    pub fn fingerprint(&self) -> model::Digest {
        model::Digest::of(&[&self.purpose.spki(&self.key)])
    }
}

impl Root {
    /// Issues what is asked for, valid from an hour before `now` until `lifetime` after it. Gives DER.
    ///
    /// # Errors
    /// Another state's name, a leaf for a gateway, a lifetime that is too long.
    pub fn issue_requested(
        &self,
        request: &CertificateRequest,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<CertificateDer<'static>, IssueError> {
        match (request.purpose, &request.subject) {
            (Purpose::Tls, subject) => self.issue_tls_over(subject, &PublicPoint(&request.key), now, lifetime),
            (Purpose::Leaf, Subject::Desk(authority)) => {
                let key = request.key.as_slice().try_into().map_err(|_| KeyError::NotEd25519)?;
                self.issue_leaf(authority, key, now, lifetime)
            }
            (Purpose::Leaf, Subject::Gateway(_)) => {
                Err(IssueError::Name { root: self.party(), subject: request.subject.to_string() })
            }
        }
    }
}

fn p256(pkcs8: &[u8]) -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).map_err(|_| KeyError::NotP256)
}

/// A public key on P-256, an uncompressed point.
struct PublicPoint<'a>(&'a [u8]);

impl PublicKeyData for PublicPoint<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// A leaf's key that rcgen can use without a copy of it in clear.
struct LeafKey(SigningKey);

impl PublicKeyData for LeafKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.raw_public_key()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for LeafKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign_request(message).ok_or(rcgen::Error::RingUnspecified)
    }
}
