use std::fmt;

use aws_lc_rs::digest;
use cms::{
    cert::{
        CertificateChoices,
        x509::{
            attr::Attributes,
            der::{
                Any, Decode, Encode, Tag, Tagged,
                asn1::{ObjectIdentifier, OctetString},
            },
            spki::AlgorithmIdentifierOwned,
        },
    },
    content_info::ContentInfo,
    signed_data::{SignedData, SignerInfo},
};
use model::{Digest, Refusal, Timestamp};
use rustls_pki_types::CertificateDer;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{STAMP_BYTES_MAX, bad, info::Info};

/// Certificates in a token: the signer's, and those between it and its root.
const CERTIFICATES_MAX: usize = 8;
/// Characters of a signer's name that are shown.
const NAME_MAX: usize = 160;

const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// A token whose signature holds by the certificate within it: at a moment, by its authority's clock, the stamped bytes existed. Whether
/// that authority is to be believed is another question: [`StampRoots::believe`](crate::StampRoots::believe).
#[derive(Clone, PartialEq, Eq)]
pub struct StampToken {
    at: Timestamp,
    accuracy_ms: i64,
    nonce: Option<Vec<u8>>,
    signer: CertificateDer<'static>,
    others: Vec<CertificateDer<'static>>,
    der: Vec<u8>,
}

impl StampToken {
    /// Reads a token over the bytes whose SHA-256 is `digest`: one signature, of a certificate that is for stamping time and nothing else
    /// [RFC 3161 §2.3] and that the signed attributes name [RFC 5816].
    ///
    /// # Errors
    /// R95 where it is none, or does not hold.
    pub fn read(der: &[u8], digest: Digest) -> Result<Self, Refusal> {
        let unreadable = |_| bad("its token cannot be read");
        if der.len() > STAMP_BYTES_MAX {
            return Err(bad("its token is too long"));
        }
        let outer = ContentInfo::from_der(der).map_err(unreadable)?;
        let signed: SignedData = match outer.content_type == SIGNED_DATA {
            true => outer.content.decode_as().map_err(unreadable)?,
            false => return Err(bad("its token is not signed")),
        };
        let content = signed.encap_content_info.econtent.as_ref();
        let content = content.filter(|_| signed.encap_content_info.econtent_type == TST_INFO);
        let content = content.ok_or_else(|| bad("its token says no time"))?.value();
        let info = Info::read(content).ok_or_else(|| bad("it does not say when a SHA-256 was there"))?;
        if info.imprint != digest {
            return Err(bad("it stamps something else"));
        }
        let (signer, others) = verify_signature(&signed, content)?;
        let Info { at, accuracy_ms, nonce, .. } = info;
        Ok(Self { at, accuracy_ms: accuracy_ms.unwrap_or_default(), nonce, signer, others, der: der.to_vec() })
    }

    /// The authority's moment.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The moment, and how far the authority says that it may be off.
    pub fn not_later_than(&self) -> Timestamp {
        self.at.plus_ms(self.accuracy_ms)
    }

    /// Who made it, as its certificate says.
    pub fn signer(&self) -> String {
        let name = X509Certificate::from_der(&self.signer).map(|(_, read)| read.subject().to_string());
        name.unwrap_or_default().chars().filter(|one| !one.is_control()).take(NAME_MAX).collect()
    }

    /// The token, DER: what to keep, and what `openssl ts -verify -token_in` takes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// The signer's certificate, and the others.
    pub(super) fn certificates(&self) -> (&CertificateDer<'static>, &[CertificateDer<'static>]) {
        (&self.signer, &self.others)
    }
}

impl fmt::Debug for StampToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StampToken({}, {} bytes)", self.at, self.der.len())
    }
}

/// A certificate, and those that came along.
type Signers = (CertificateDer<'static>, Vec<CertificateDer<'static>>);

/// The one signer signed the attributes, and these the content.
fn verify_signature(signed: &SignedData, content: &[u8]) -> Result<Signers, Refusal> {
    let [signer] = signed.signer_infos.0.as_slice() else { return Err(bad("it has not one signature")) };
    let attributes = signer.signed_attrs.as_ref().ok_or_else(|| bad("it signs no attributes"))?;
    check_attributes(attributes, signer, content)?;
    let mut certificates = certificates(signed)?;
    let (algorithm, named) = signing_certificate(attributes)?;
    let is_named = |der: &CertificateDer<'_>| digest::digest(algorithm, der).as_ref() == named;
    let place = certificates.iter().position(is_named).ok_or_else(|| bad("it lacks its signer's certificate"))?;
    let own = certificates.swap_remove(place);
    check_usage(&own)?;
    let leaf = EndEntityCert::try_from(&own).map_err(|_| bad("its signer's certificate cannot be read"))?;
    let message = attributes.to_der().map_err(|_| bad("its attributes cannot be read"))?;
    let signature = signer.signature.as_bytes();
    if !ALL_VERIFICATION_ALGS.iter().any(|one| leaf.verify_signature(*one, &message, signature).is_ok()) {
        return Err(bad("its signature is not valid"));
    }
    Ok((own, certificates))
}

fn certificates(signed: &SignedData) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let choices = signed.certificates.as_ref().map(|set| set.0.as_slice()).unwrap_or_default();
    if choices.len() > CERTIFICATES_MAX {
        return Err(bad("it has too many certificates"));
    }
    let plain = |choice: &CertificateChoices| match choice {
        CertificateChoices::Certificate(certificate) => certificate.to_der().ok().map(CertificateDer::from),
        CertificateChoices::Other(_) => None,
    };
    Ok(choices.iter().filter_map(plain).collect())
}

/// For stamping time, critical, and nothing else [RFC 3161 §2.3].
fn check_usage(der: &CertificateDer<'_>) -> Result<(), Refusal> {
    let (_, read) = X509Certificate::from_der(der).map_err(|_| bad("its signer's certificate cannot be read"))?;
    let usage = read.extended_key_usage().ok().flatten();
    let only = usage.is_some_and(|usage| {
        let others = usage.value.any
            || usage.value.server_auth
            || usage.value.client_auth
            || usage.value.code_signing
            || usage.value.email_protection
            || usage.value.ocsp_signing
            || !usage.value.other.is_empty();
        usage.critical && usage.value.time_stamping && !others
    });
    if only { Ok(()) } else { Err(bad("its signer's certificate is not for stamping time alone")) }
}

/// The attributes name the kind of the content, and its digest [RFC 5652 §5.4].
fn check_attributes(attributes: &Attributes, signer: &SignerInfo, content: &[u8]) -> Result<(), Refusal> {
    let kind: Option<ObjectIdentifier> = value(attributes, CONTENT_TYPE).and_then(|kind| kind.decode_as().ok());
    let said: Option<OctetString> = value(attributes, MESSAGE_DIGEST).and_then(|said| said.decode_as().ok());
    let algorithm =
        algorithm(signer.digest_alg.oid).ok_or_else(|| bad("it is signed over a digest that is not taken"))?;
    let is_digest = said.is_some_and(|said| said.as_bytes() == digest::digest(algorithm, content).as_ref());
    if kind == Some(TST_INFO) && is_digest { Ok(()) } else { Err(bad("its attributes are of another content")) }
}

/// The digest of the signer's certificate, by which it is known: ESSCertID [RFC 2634 §5.4] or ESSCertIDv2 [RFC 5035 §3].
fn signing_certificate(attributes: &Attributes) -> Result<(&'static digest::Algorithm, Vec<u8>), Refusal> {
    let missing = || bad("it does not name its signer's certificate");
    let (named, default) = match value(attributes, SIGNING_CERTIFICATE_V2) {
        Some(named) => (named, &digest::SHA256),
        None => {
            let named = value(attributes, SIGNING_CERTIFICATE).ok_or_else(missing)?;
            (named, &digest::SHA1_FOR_LEGACY_USE_ONLY)
        }
    };
    // SEQUENCE { certs SEQUENCE OF SEQUENCE { hashAlgorithm OPTIONAL, certHash, … }, … }: the first one is the signer's.
    let first = |any: &Any| any.decode_as::<Vec<Any>>().ok().and_then(|items| items.into_iter().next());
    let id = first(named).and_then(|certs| first(&certs)).and_then(|id| id.decode_as::<Vec<Any>>().ok());
    match id.as_deref().ok_or_else(missing)? {
        [hash, ..] if hash.tag() == Tag::OctetString => Ok((default, hash.value().to_vec())),
        [named, hash, ..] if hash.tag() == Tag::OctetString => {
            let named: AlgorithmIdentifierOwned = named.decode_as().map_err(|_| missing())?;
            Ok((algorithm(named.oid).ok_or_else(missing)?, hash.value().to_vec()))
        }
        _ => Err(missing()),
    }
}

/// The only value of an attribute that stands there once.
fn value(attributes: &Attributes, kind: ObjectIdentifier) -> Option<&Any> {
    let mut found = attributes.iter().filter(|attribute| attribute.oid == kind);
    match (found.next()?.values.as_slice(), found.next()) {
        ([value], None) => Some(value),
        _ => None,
    }
}

fn algorithm(oid: ObjectIdentifier) -> Option<&'static digest::Algorithm> {
    match oid {
        SHA256 => Some(&digest::SHA256),
        SHA384 => Some(&digest::SHA384),
        SHA512 => Some(&digest::SHA512),
        _ => None,
    }
}
