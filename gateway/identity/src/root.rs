use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use model::{Digest, Malformed, PartyId, Refusal, Timestamp};
use rustls_pki_types::{CertificateDer, Der, TrustAnchor};

use crate::{
    BadSignature, Domain, certificate,
    names::party_zone,
    refuse::{owned, unproven},
};

/// Before the state's code in the common name of a root.
pub(crate) const ROOT_NAME_PREFIX: &str = "Rogatory root ";
/// The same of a state that is simulated, for training.
pub(crate) const TRAINING_ROOT_NAME_PREFIX: &str = "Rogatory training root ";

const ROOT_BYTES_MAX: usize = 8 * 1024;

/// A root's certificate: self-signed, ECDSA P-256, its state in the common name (`Rogatory root JP`, or `Rogatory training root JP` of a
/// state that is simulated). That it is the right one only its fingerprint tells, compared by people.
#[derive(Clone, PartialEq, Eq)]
pub struct RootCertificate {
    der: Vec<u8>,
    party: PartyId,
    training: bool,
    public_key: Vec<u8>,
    fingerprint: Fingerprint,
    anchor: TrustAnchor<'static>,
    valid: (i64, i64),
}

impl RootCertificate {
    /// Reads a root in DER and checks its own signature. Validity in time is asked with [`RootCertificate::check_at`].
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        let malformed =
            |found: &str| Malformed::new("a root certificate (DER, ECDSA P-256, named Rogatory root JP)", found);
        if der.len() > ROOT_BYTES_MAX {
            return Err(malformed("more than 8 KiB"));
        }
        let parsed = certificate::parse(der).ok_or_else(|| malformed("bytes that are no certificate"))?;
        let mut names = parsed.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let name = names.next().unwrap_or_default();
        let simulated = name.strip_prefix(TRAINING_ROOT_NAME_PREFIX);
        let party: PartyId = simulated
            .or_else(|| name.strip_prefix(ROOT_NAME_PREFIX))
            .and_then(|code| code.parse().ok())
            .filter(|_| names.next().is_none())
            .ok_or_else(|| malformed(name))?;
        if !parsed.is_ca() || parsed.issuer().as_raw() != parsed.subject().as_raw() {
            return Err(malformed("a certificate that is not self-issued by a CA"));
        }
        let training = simulated.is_some();
        let public_key = parsed.public_key().subject_public_key.as_ref().to_vec();
        UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, &public_key)
            .verify(parsed.tbs_certificate.as_ref(), parsed.signature_value.as_ref())
            .map_err(|_| malformed("a certificate that its own P-256 key did not sign"))?;
        let owned_der = CertificateDer::from(der);
        let anchor = webpki::anchor_from_trusted_cert(&owned_der)
            .map_err(|_| malformed("a certificate that cannot be an anchor"))?;
        let anchor = TrustAnchor { name_constraints: Some(Der::from(permitted(party))), ..anchor.to_owned() };
        let spki = parsed.public_key().raw;
        let valid = certificate::validity(&parsed);
        let fingerprint = Fingerprint(Digest::of(&[spki]));
        Ok(Self { der: der.to_vec(), party, training, public_key, fingerprint, anchor, valid })
    }

    /// The certificate, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The state it names.
    pub fn party(&self) -> PartyId {
        self.party
    }

    /// Whether the state was made for training. It cannot become another one: its root would be another.
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// What two operators compare.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The root as an anchor that may speak for its own state's names only, whatever its certificate says.
    pub fn anchor(&self) -> &TrustAnchor<'static> {
        &self.anchor
    }

    /// Whether the root is within its validity: an anchor's own dates are not asked by path validation [RFC 5280 §6.1].
    pub fn check_at(&self, now: Timestamp) -> Result<(), Refusal> {
        let second = now.0.div_euclid(1000);
        if second < self.valid.0 || second > self.valid.1 {
            let refusal = unproven(
                format!("The root of {} is not within its validity.", self.party),
                "Its party makes a new root; both operators compare its fingerprint and pin it.",
            );
            return Err(owned(refusal, self.party));
        }
        Ok(())
    }

    /// Checks a signature of the root's key over the domain's prefix ‖ `message`: ECDSA P-256 with SHA-256, DER.
    pub(crate) fn verify(&self, domain: Domain, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, &self.public_key)
            .verify(&domain.frame(message), signature)
            .map_err(|_| BadSignature)
    }

    /// `notBefore` and `notAfter`, in seconds since 1970.
    pub(crate) fn validity(&self) -> (i64, i64) {
        self.valid
    }

    /// The uncompressed point.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_key
    }
}

impl fmt::Debug for RootCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootCertificate({} {})", self.party, self.fingerprint)
    }
}

/// The content of a NameConstraints that permits the party's zone: `[0] { SEQUENCE { [2] "jp.rogatory.internal" } }`
/// [RFC 5280 §4.2.1.10]. Lengths fit one byte, for the zone has 20 characters.
fn permitted(party: PartyId) -> Vec<u8> {
    let zone = party_zone(party).into_bytes();
    let frame = |tag: u8, content: Vec<u8>| {
        let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
        [vec![tag, length], content].concat()
    };
    frame(0xa0, frame(0x30, frame(0x82, zone)))
}

/// What operators compare before they trust a root: SHA-256 of its SubjectPublicKeyInfo in DER.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// From the 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Digest::new(bytes))
    }

    /// Of a root in DER.
    pub fn of_root(der: &[u8]) -> Result<Self, Malformed> {
        RootCertificate::parse(der).map(|root| root.fingerprint)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl FromStr for Fingerprint {
    type Err = Malformed;

    /// Takes 64 hexadecimal digits in any case; spaces, colons, hyphens and line ends among them do not matter.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-'))
            .take(65)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if digits.len() != 64 || digits.bytes().any(|b| !b.is_ascii_hexdigit()) {
            return Err(Malformed::new("a fingerprint (16 groups of 4 hexadecimal digits)", text));
        }
        digits.parse().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, pair) in self.0.as_bytes().chunks(2).enumerate() {
            let separator = if i == 0 { "" } else { " " };
            f.write_str(separator)?;
            pair.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_fingerprint_has_sixteen_groups_and_is_read_leniently() {
        let mut bytes = [0; 32];
        bytes[0] = 0xab;
        bytes[31] = 0x01;
        let fingerprint = Fingerprint::new(bytes);
        let text = fingerprint.to_string();
        assert_eq!(text.split(' ').count(), 16);
        assert!(text.starts_with("ab00 0000") && text.ends_with(" 0001"));
        for form in
            [text.clone(), text.to_uppercase(), text.replace(' ', ":"), format!(" {text}\n"), text.replace(' ', "")]
        {
            assert_eq!(form.parse::<Fingerprint>().unwrap(), fingerprint);
        }
        for wrong in
            ["", "ab", &text[1..], &format!("{text}0"), &text.replacen('a', "g", 1), &text.replacen("ab", "+b", 1)]
        {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_imposed_constraint_is_the_zone_in_der() {
        let der = permitted("JP".parse().unwrap());
        assert_eq!(der[..6], [0xa0, 24, 0x30, 22, 0x82, 20]);
        assert_eq!(&der[6..], b"jp.rogatory.internal");
    }
}
