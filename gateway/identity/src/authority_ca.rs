//! The root of a party with its private key: what it issues and signs.

use std::{fmt, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use model::{AuthorityId, Malformed, PartyId, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyUsagePurpose, NameConstraints, PublicKeyData, SanType, SerialNumber,
    SignatureAlgorithm,
};
use rustls_pki_types::CertificateDer;
use x509_parser::time::ASN1Time;
use zeroize::Zeroizing;

use crate::{
    Directory, Domain, KeyError, LEAF_KEY_USAGE_OID, Passphrase, RootCertificate, RootOpening, SignedDirectory,
    Subject, TREATY_KEY_USAGE_OID, names, open_pkcs8,
    root::{ROOT_NAME_PREFIX, TRAINING_ROOT_NAME_PREFIX},
    seal_pkcs8,
};

/// Longest validity of a TLS certificate from the moment of issue.
pub const TLS_LIFETIME_MAX: Duration = Duration::from_secs(90 * 24 * 3600);
/// Longest validity of an MLS leaf from the moment of issue.
pub const LEAF_LIFETIME_MAX: Duration = Duration::from_secs(28 * 24 * 3600);
/// Usual validity of a treaty key's certificate: two years.
pub const TREATY_LIFETIME: Duration = Duration::from_secs(730 * 24 * 3600);
/// Longest validity of a treaty key's certificate from the moment of issue: five years.
pub const TREATY_LIFETIME_MAX: Duration = Duration::from_secs(1826 * 24 * 3600);

const ROOT_LIFETIME: Duration = Duration::from_secs(3653 * 24 * 3600);
/// Certificates begin an hour before they are issued, for clocks that are behind.
pub(crate) const BACKDATE_S: i64 = 3600;

const EXTENDED_KEY_USAGE_OID: [u64; 4] = [2, 5, 29, 37];

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Longer than allowed, or zero.
    #[error("the lifetime is longer than {} days, or zero", .max.as_secs() / 86400)]
    Lifetime {
        /// The most.
        max: Duration,
    },
    /// Another state's name, or one that only the gateway or the treaty key may bear.
    #[error("the root of {root} does not issue for {subject}")]
    Name {
        /// Whose root.
        root: PartyId,
        /// For whom.
        subject: String,
    },
    /// A moment that a certificate cannot express.
    #[error("the moment cannot stand in a certificate")]
    Moment,
    /// A directory that would not be believed.
    #[error("the directory would not be believed")]
    Directory(#[source] Malformed),
    /// A key cannot be drawn, read or used.
    #[error("a key cannot be used")]
    Key(#[from] KeyError),
    /// A root that is none.
    #[error("the root certificate cannot be used")]
    Root(#[source] Malformed),
    /// The certificate cannot be made.
    #[error("the certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
}

/// A certificate for TLS with its private key.
pub struct TlsIdentity {
    /// The certificate, then its issuers without the root.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key, PKCS#8 DER in clear.
    pub key_pkcs8: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsIdentity({} certificates)", self.chain.len())
    }
}

/// A party's root with its private key. It belongs off the daemons: they need what it issues only.
pub struct Root {
    certificate: RootCertificate,
    issuer: Issuer<'static, RootKey>,
}

impl Root {
    /// Makes a new root for `party`, valid for ten years from `now`, constrained to the party's zone.
    pub fn generate(party: PartyId, now: Timestamp) -> Result<Self, IssueError> {
        Self::named(ROOT_NAME_PREFIX, party, now)
    }

    /// The same of a state that is simulated, for training. Its certificate says so, and with it everything that it signs.
    pub fn generate_training(party: PartyId, now: Timestamp) -> Result<Self, IssueError> {
        Self::named(TRAINING_ROOT_NAME_PREFIX, party, now)
    }

    fn named(prefix: &str, party: PartyId, now: Timestamp) -> Result<Self, IssueError> {
        let key = RootKey(new_p256()?);
        let mut params = validity(now, ROOT_LIFETIME, ROOT_LIFETIME)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, party.as_str());
        params.distinguished_name.push(DnType::CommonName, format!("{prefix}{party}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName(names::party_zone(party))],
            excluded_subtrees: Vec::new(),
        });
        let certificate = params.self_signed(&key)?;
        let certificate = RootCertificate::parse(certificate.der()).map_err(IssueError::Root)?;
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// A root from its certificate and private key, PKCS#8 DER in clear. They must belong together.
    pub fn from_parts(cert_der: &[u8], pkcs8: &[u8]) -> Result<Self, IssueError> {
        let certificate = RootCertificate::parse(cert_der).map_err(IssueError::Root)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).map_err(|_| KeyError::NotP256)?;
        if pair.public_key().as_ref() != certificate.public_key() {
            return Err(KeyError::NotP256.into());
        }
        let issuer = Issuer::from_ca_cert_der(&CertificateDer::from(cert_der), RootKey(pair))?;
        Ok(Self { certificate, issuer })
    }

    /// A root from its certificate and its encrypted private key in PEM.
    pub fn open(cert_der: &[u8], pem: &str, passphrase: &Passphrase) -> Result<Self, IssueError> {
        Self::from_parts(cert_der, &open_pkcs8(pem, passphrase)?)
    }

    /// The private key as encrypted PKCS#8 PEM, for a file.
    pub fn seal(&self, passphrase: &Passphrase) -> Result<String, KeyError> {
        seal_pkcs8(&export(&self.issuer.key().0)?, passphrase)
    }

    /// The certificate.
    pub fn certificate(&self) -> &RootCertificate {
        &self.certificate
    }

    /// Whose root it is.
    pub fn party(&self) -> PartyId {
        self.certificate.party()
    }

    /// Issues a TLS certificate for a gateway or desk of this party, for both ends of a connection, with a new P-256 key.
    /// It is valid from an hour before `now` until `lifetime` after it, at most [`TLS_LIFETIME_MAX`].
    pub fn issue_tls(&self, subject: &Subject, now: Timestamp, lifetime: Duration) -> Result<TlsIdentity, IssueError> {
        let pair = RootKey(new_p256()?);
        let certificate = self.issue_tls_over(subject, &pair, now, lifetime)?;
        Ok(TlsIdentity { chain: vec![certificate], key_pkcs8: export(&pair.0)? })
    }

    /// The same over a key that is there. Gives DER.
    pub(crate) fn issue_tls_over(
        &self,
        subject: &Subject,
        key: &impl PublicKeyData,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<CertificateDer<'static>, IssueError> {
        let mut params = self.params(subject, now, lifetime, TLS_LIFETIME_MAX)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        Ok(params.signed_by(key, &self.issuer)?.into())
    }

    /// Issues the certificate of a desk's leaf in cases' groups, over its raw Ed25519 key. Gives DER. It is valid from an
    /// hour before `now` until `lifetime` after it, at most [`LEAF_LIFETIME_MAX`].
    pub fn issue_leaf(
        &self,
        authority: &AuthorityId,
        ed25519_public_key: &[u8; 32],
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<CertificateDer<'static>, IssueError> {
        let mut params = self.params(&Subject::Desk(authority.clone()), now, lifetime, LEAF_LIFETIME_MAX)?;
        params.custom_extensions = vec![usage(&LEAF_KEY_USAGE_OID)];
        Ok(params.signed_by(&Ed25519Key(*ed25519_public_key), &self.issuer)?.into())
    }

    /// Issues the certificate of the party's treaty key (`treaty.jp.rogatory.internal`), over its raw Ed25519 key. Gives DER.
    /// It is valid from an hour before `now` until `lifetime` after it: usually [`TREATY_LIFETIME`], at most
    /// [`TREATY_LIFETIME_MAX`].
    pub fn issue_treaty(
        &self,
        ed25519_public_key: &[u8; 32],
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<CertificateDer<'static>, IssueError> {
        let mut params = named(names::treaty_name(self.party()), now, lifetime, TREATY_LIFETIME_MAX)?;
        params.custom_extensions = vec![usage(&TREATY_KEY_USAGE_OID)];
        Ok(params.signed_by(&Ed25519Key(*ed25519_public_key), &self.issuer)?.into())
    }

    /// Signs the party's directory, and lays those of `openings` beside it that it commits to. What would not be believed is not signed.
    pub fn sign_directory(
        &self,
        directory: &Directory,
        openings: &[RootOpening],
    ) -> Result<SignedDirectory, IssueError> {
        let toml = directory.to_toml().map_err(IssueError::Directory)?;
        directory.pins(openings).map_err(IssueError::Directory)?;
        let foreign = directory.party != self.party() || directory.root.as_slice() != self.certificate.der();
        if foreign {
            return Err(IssueError::Name {
                root: self.party(),
                subject: format!("the directory of {}", directory.party),
            });
        }
        let signature = rcgen::SigningKey::sign(self.issuer.key(), &Domain::Directory.frame(toml.as_bytes()))?;
        Ok(SignedDirectory { toml, signature, openings: Vec::new() }.opened_to(self.party(), openings))
    }

    fn params(
        &self,
        subject: &Subject,
        now: Timestamp,
        lifetime: Duration,
        max: Duration,
    ) -> Result<CertificateParams, IssueError> {
        let reserved = matches!(subject, Subject::Desk(authority) if names::is_reserved(authority));
        if subject.party() != self.party() || reserved {
            return Err(IssueError::Name { root: self.party(), subject: subject.to_string() });
        }
        named(subject.dns_name(), now, lifetime, max)
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({})", self.party())
    }
}

/// A P-256 key that rcgen can use without a copy of it in clear.
pub(crate) struct RootKey(pub(crate) EcdsaKeyPair);

impl PublicKeyData for RootKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for RootKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| rcgen::Error::RingUnspecified)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// A raw Ed25519 public key.
struct Ed25519Key([u8; 32]);

impl PublicKeyData for Ed25519Key {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

pub(crate) fn new_p256() -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| KeyError::Randomness)
}

pub(crate) fn export(pair: &EcdsaKeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let document = pair.to_pkcs8v1().map_err(|_| KeyError::NotP256)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// The ExtendedKeyUsage extension by hand: the arc of UUIDs has numbers of 128 bits, more than rcgen takes.
fn usage(oid: &[u8; 19]) -> CustomExtension {
    let der = [&[0x30, 21, 0x06, 19][..], oid].concat();
    CustomExtension::from_oid_content(&EXTENDED_KEY_USAGE_OID, der)
}

/// An end-entity certificate with this one name.
fn named(name: String, now: Timestamp, lifetime: Duration, max: Duration) -> Result<CertificateParams, IssueError> {
    let mut params = validity(now, lifetime, max)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name.clone());
    params.subject_alt_names = vec![SanType::DnsName(name.try_into()?)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn validity(now: Timestamp, lifetime: Duration, max: Duration) -> Result<CertificateParams, IssueError> {
    if lifetime > max || lifetime.as_secs() == 0 {
        return Err(IssueError::Lifetime { max });
    }
    let second = now.0.div_euclid(1000);
    let moment = |second: Option<i64>| -> Result<_, IssueError> {
        let second = second.ok_or(IssueError::Moment)?;
        Ok(ASN1Time::from_timestamp(second).map_err(|_| IssueError::Moment)?.to_datetime())
    };
    let mut serial = [0; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| KeyError::Randomness)?;
    // Positive, and of a fixed length [RFC 5280 §4.1.2.2].
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    params.not_before = moment(second.checked_sub(BACKDATE_S))?;
    params.not_after = moment(i64::try_from(lifetime.as_secs()).ok().and_then(|s| second.checked_add(s)))?;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}
