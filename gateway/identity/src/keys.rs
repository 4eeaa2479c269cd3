use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use model::{Digest, KeyId, Malformed, PartyId, Signature, TagKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{KeyError, Passphrase, StorageKey, open_pkcs8, seal_pkcs8, storage};

/// What a signature is for. Its prefix stands before every signed message, so that a signature for one purpose is never
/// one for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// An officer stands for a step: over the header digest.
    Step,
    /// A desk sends: over the envelope digest.
    Envelope,
    /// A judge or prosecutor validates: over the bytes of the statement.
    Validation,
    /// A root publishes its party's directory: over its TOML.
    Directory,
    /// A gateway accepts a channel.
    Consent,
    /// A desk acknowledges what it took or which epoch it is in.
    Acknowledgement,
    /// A desk stands for a body within its seal.
    Record,
    /// A validator or officer sends a draft back to who wrote it: over the bytes of the statement.
    Rework,
    /// An officer lets a responder answer, or stops it: over the bytes of the statement.
    Responder,
    /// An officer stands for what a desk does with what it keeps, that a record is opened or that a desk leaves a case: over the bytes of
    /// the statement.
    Custody,
    /// An officer of each side signs what was said in a consultation: over the hash of the minutes.
    Minutes,
    /// A desk exports a case: over the bytes of the manifest.
    CaseFile,
    /// A gateway says how much it holds of a case: over the text.
    CaseExtent,
}

impl Domain {
    /// All domains.
    pub const ALL: [Self; 13] = [
        Self::Step,
        Self::Envelope,
        Self::Validation,
        Self::Directory,
        Self::Consent,
        Self::Acknowledgement,
        Self::Record,
        Self::Rework,
        Self::Responder,
        Self::Custody,
        Self::Minutes,
        Self::CaseFile,
        Self::CaseExtent,
    ];

    /// The bytes before the message. No prefix is the beginning of another, for each ends with the only zero byte in it.
    pub fn prefix(self) -> &'static [u8] {
        match self {
            Self::Step => b"rogatory step v1\0",
            Self::Envelope => b"rogatory envelope v1\0",
            Self::Validation => b"rogatory validation v1\0",
            Self::Directory => b"rogatory directory v1\0",
            Self::Consent => b"rogatory consent v1\0",
            Self::Acknowledgement => b"rogatory acknowledgement v1\0",
            Self::Record => b"rogatory record v1\0",
            Self::Rework => b"rogatory rework v1\0",
            Self::Responder => b"rogatory responder v1\0",
            Self::Custody => b"rogatory custody v1\0",
            Self::Minutes => b"rogatory minutes v2\0",
            Self::CaseFile => b"rogatory case file v1\0",
            Self::CaseExtent => b"rogatory case extent v1\0",
        }
    }

    /// The bytes that are signed: prefix ‖ message.
    pub(crate) fn frame(self, message: &[u8]) -> Vec<u8> {
        [self.prefix(), message].concat()
    }
}

/// How the Sig_structure of a COSE_Sign1 begins: an array of four, the first of which is this text.
const COSE_SIGN1: &[u8] = b"\x84\x6aSignature1";

/// A signature that does not hold. It says no more: what was signed, and by whom, the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct BadSignature;

/// An Ed25519 private key [RFC 8032] of an officer, a desk or a gateway's ledger. The library clears it when it is dropped.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// Draws a new key.
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(|pair| Self { pair }).map_err(|_| KeyError::Randomness)
    }

    /// Reads PKCS#8 DER, version 1 or 2 [RFC 8410].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8(der).map(|pair| Self { pair }).map_err(|_| KeyError::NotEd25519)
    }

    /// Opens an encrypted PKCS#8 PEM.
    pub fn open(pem: &str, passphrase: &Passphrase) -> Result<Self, KeyError> {
        Self::from_pkcs8(&open_pkcs8(pem, passphrase)?)
    }

    /// Seals the key as encrypted PKCS#8 PEM, for a file.
    pub fn seal(&self, passphrase: &Passphrase) -> Result<String, KeyError> {
        seal_pkcs8(&self.to_pkcs8()?, passphrase)
    }

    /// PKCS#8 DER, version 1, in clear.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = self.pair.to_pkcs8v1().map_err(|_| KeyError::NotEd25519)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        VerifyingKey(bytes)
    }

    /// The public half, raw.
    pub fn public_key(&self) -> [u8; 32] {
        self.verifying_key().0
    }

    /// The public half, raw, in place.
    pub(crate) fn raw_public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The name of the key.
    pub fn key_id(&self) -> KeyId {
        self.verifying_key().key_id()
    }

    /// Signs the domain's prefix ‖ `message`: 64 bytes.
    pub fn sign(&self, domain: Domain, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&domain.frame(message)).as_ref().to_vec()
    }

    /// Signs like [`SigningKey::sign`] and says whose signature it is.
    pub fn signature(&self, domain: Domain, message: &[u8]) -> Signature {
        Signature { key: self.key_id(), bytes: self.sign(domain, message) }
    }

    /// Signs a text in its own right, as [C2SP signed-note] and [C2SP tlog-cosignature] want: 64 bytes. A zero byte is
    /// refused: with one, the text could be a message of a [`Domain`].
    pub fn sign_text(&self, text: &str) -> Result<Vec<u8>, Malformed> {
        if text.contains('\0') {
            return Err(Malformed::new("a text without a zero byte", "a text with one"));
        }
        Ok(self.pair.sign(text.as_bytes()).as_ref().to_vec())
    }

    /// Signs what a ledger key signs beside the messages of a [`Domain`]: a note, which is a text without a zero byte, or a
    /// Sig_structure of COSE, which begins with a byte that begins no text [RFC 9052 §4.4]. Nothing else is signed: the answer is
    /// empty.
    pub(crate) fn sign_ledger(&self, message: &[u8]) -> Vec<u8> {
        let is_note = std::str::from_utf8(message).is_ok_and(|text| !text.contains('\0'));
        if is_note || message.starts_with(COSE_SIGN1) { self.pair.sign(message).as_ref().to_vec() } else { Vec::new() }
    }

    /// Signs the CertificationRequestInfo of a request for this key [RFC 2986 §4.1]. It begins as a SEQUENCE does, and no message of a
    /// [`Domain`] begins so; it holds a zero byte, and no text does. Nothing else is signed.
    pub(crate) fn sign_request(&self, info: &[u8]) -> Option<Vec<u8>> {
        let is_info = info.first() == Some(&0x30) && info.contains(&0);
        is_info.then(|| self.pair.sign(info).as_ref().to_vec())
    }

    /// The key of the subject tags of `year` for requests of `requesting` to `requested`, HKDF-SHA256 [RFC 5869]. The desks of a
    /// party hold the same signing key for this alone, so that a subject has one tag whichever of them asks.
    pub fn tag_key(&self, requesting: PartyId, requested: PartyId, year: i16) -> Result<TagKey, KeyError> {
        let purpose = format!("rogatory subject tags v1 {requesting} {requested} {year}");
        Ok(storage::derive(&self.to_pkcs8()?, &purpose).map(|bytes| TagKey::new(*bytes))?)
    }

    /// The key for data at rest that follows from this key, one for each purpose.
    pub fn storage_key(&self, purpose: &str) -> Result<StorageKey, KeyError> {
        Ok(StorageKey::derive(&self.to_pkcs8()?, purpose)?)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// An Ed25519 public key, 32 bytes; written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// From the raw bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the key.
    pub fn key_id(&self) -> KeyId {
        KeyId::of(&self.0)
    }

    /// Checks a signature over the domain's prefix ‖ `message`.
    pub fn verify(&self, domain: Domain, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.check(&domain.frame(message), signature)
    }

    /// Checks a signature that [`SigningKey::sign_text`] made.
    pub fn verify_text(&self, text: &str, signature: &[u8]) -> Result<(), BadSignature> {
        if text.contains('\0') { Err(BadSignature) } else { self.check(text.as_bytes(), signature) }
    }

    fn check(&self, bytes: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        UnparsedPublicKey::new(&signature::ED25519, &self.0).verify(bytes, signature).map_err(|_| BadSignature)
    }
}

impl From<[u8; 32]> for VerifyingKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for VerifyingKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let digest: Digest =
            text.parse().map_err(|_| Malformed::new("an Ed25519 public key (64 hexadecimal digits)", text))?;
        Ok(Self(*digest.as_bytes()))
    }
}

impl TryFrom<String> for VerifyingKey {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<VerifyingKey> for String {
    fn from(key: VerifyingKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Digest::new(self.0), f)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_signature_holds_for_its_domain_message_and_key_only() {
        let key = SigningKey::generate().unwrap();
        let other = SigningKey::generate().unwrap();
        for domain in Domain::ALL {
            let signature = key.sign(domain, b"message");
            assert_eq!(signature.len(), 64);
            key.verifying_key().verify(domain, b"message", &signature).unwrap();
            assert!(key.verifying_key().verify(domain, b"massage", &signature).is_err());
            assert!(other.verifying_key().verify(domain, b"message", &signature).is_err());
            for wrong in Domain::ALL.into_iter().filter(|wrong| *wrong != domain) {
                assert!(key.verifying_key().verify(wrong, b"message", &signature).is_err(), "{domain:?} {wrong:?}");
            }
        }
    }

    #[test]
    fn each_flipped_bit_breaks_a_signature() {
        let key = SigningKey::generate().unwrap();
        let signature = key.sign(Domain::Step, b"message");
        for bit in 0..512 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verifying_key().verify(Domain::Step, b"message", &flipped), Err(BadSignature), "{bit}");
        }
        assert!(key.verifying_key().verify(Domain::Step, b"message", &signature[..63]).is_err());
        assert!(key.verifying_key().verify(Domain::Step, b"message", &[]).is_err());
    }

    #[test]
    fn a_text_signature_cannot_be_a_domain_signature() {
        let key = SigningKey::generate().unwrap();
        assert!(key.sign_text("rogatory step v1\0x").is_err());
        let signature = key.sign(Domain::Step, b"x");
        assert!(key.verifying_key().verify_text("rogatory step v1\0x", &signature).is_err());
        let signature = key.sign_text("gw.jp.rogatory.internal\n0\n").unwrap();
        key.verifying_key().verify_text("gw.jp.rogatory.internal\n0\n", &signature).unwrap();
    }

    #[test]
    fn no_prefix_is_the_beginning_of_another() {
        for domain in Domain::ALL {
            let prefix = domain.prefix();
            assert_eq!(prefix.iter().position(|b| *b == 0), Some(prefix.len() - 1), "{domain:?}");
        }
    }

    #[test]
    fn a_key_shows_nothing_and_survives_its_seal() {
        let key = SigningKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
        let passphrase = Passphrase::new(b"correct horse battery staple\n").unwrap();
        let pem = key.seal(&passphrase).unwrap();
        assert_eq!(SigningKey::open(&pem, &passphrase).unwrap().public_key(), key.public_key());
        let text = key.verifying_key().to_string();
        assert_eq!(text.parse::<VerifyingKey>().unwrap(), key.verifying_key());
        assert!(text[1..].parse::<VerifyingKey>().is_err());
    }
}
