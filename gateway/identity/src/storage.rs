use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use zeroize::Zeroizing;

const SALT: &[u8] = b"rogatory storage v1";
const TAG_BYTES: usize = 16;

/// Why data at rest cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The key cannot be derived.
    #[error("the key for data at rest cannot be derived")]
    Derivation,
    /// The library refuses to encrypt.
    #[error("the data cannot be encrypted")]
    Sealing,
    /// Other key, other place, or altered.
    #[error("the data does not open: it was altered, moved or sealed with another key")]
    Opening,
}

/// A key for data at rest: AES-256-GCM. Derived, never stored. One key may seal 2^32 times [NIST SP 800-38D §8.3].
pub struct StorageKey(RandomizedNonceKey);

impl StorageKey {
    /// Derives the key for `purpose` from a secret, HKDF-SHA256 [RFC 5869]. Each purpose has its own.
    pub fn derive(secret: &[u8], purpose: &str) -> Result<Self, StorageError> {
        let bytes = derive(secret, purpose)?;
        RandomizedNonceKey::new(&AES_256_GCM, &*bytes).map(Self).map_err(|_| StorageError::Derivation)
    }

    /// Seals: nonce (12 bytes, random) ‖ ciphertext ‖ tag (16 bytes). `aad` is not in it; name the place where it is kept.
    pub fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, StorageError> {
        let mut buffer = Vec::with_capacity(plaintext.len() + TAG_BYTES);
        buffer.extend_from_slice(plaintext);
        let nonce = self.0.seal_in_place_append_tag(Aad::from(aad), &mut buffer).map_err(|_| StorageError::Sealing)?;
        Ok([&nonce.as_ref()[..], &buffer].concat())
    }

    /// Opens what [`StorageKey::seal`] gave for the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StorageError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(StorageError::Opening)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| StorageError::Opening)?;
        let mut buffer = Zeroizing::new(body.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(aad), &mut buffer).map_err(|_| StorageError::Opening)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageKey(…)")
    }
}

/// Derives 32 bytes for `purpose` from a secret, HKDF-SHA256 [RFC 5869]. Each purpose has its own.
pub(crate) fn derive(secret: &[u8], purpose: &str) -> Result<Zeroizing<[u8; 32]>, StorageError> {
    let mut bytes = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, SALT)
        .extract(secret)
        .expand(&[purpose.as_bytes()], KeyBytes)
        .and_then(|key| key.fill(&mut *bytes))
        .map_err(|_| StorageError::Derivation)?;
    Ok(bytes)
}

struct KeyBytes;

impl KeyType for KeyBytes {
    fn len(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::SigningKey;

    #[test]
    fn what_is_sealed_opens_at_its_place_with_its_key_only() {
        let signing = SigningKey::generate().unwrap();
        let key = signing.storage_key("mls").unwrap();
        let sealed = key.seal(b"place", b"state").unwrap();
        assert_eq!(sealed.len(), 12 + 5 + 16);
        assert_ne!(sealed, key.seal(b"place", b"state").unwrap());
        assert_eq!(&*signing.storage_key("mls").unwrap().open(b"place", &sealed).unwrap(), b"state");
        assert_eq!(key.open(b"elsewhere", &sealed), Err(StorageError::Opening));
        assert_eq!(signing.storage_key("drafts").unwrap().open(b"place", &sealed), Err(StorageError::Opening));
        assert_eq!(
            SigningKey::generate().unwrap().storage_key("mls").unwrap().open(b"place", &sealed),
            Err(StorageError::Opening)
        );
        assert_eq!(format!("{key:?}"), "StorageKey(…)");
    }

    #[test]
    fn subject_tags_differ_by_direction_pair_year_and_party_secret() {
        let secret = SigningKey::generate().unwrap();
        let key =
            |from: &str, to: &str, year| secret.tag_key(from.parse().unwrap(), to.parse().unwrap(), year).unwrap();
        let tag = key("JP", "FR", 2026).tag(b"account|example|a");
        assert_eq!(tag, key("JP", "FR", 2026).tag(b"account|example|a"));
        let again =
            SigningKey::generate().unwrap().tag_key("JP".parse().unwrap(), "FR".parse().unwrap(), 2026).unwrap();
        for other in [key("FR", "JP", 2026), key("JP", "SG", 2026), key("JP", "FR", 2027), again] {
            assert_ne!(tag, other.tag(b"account|example|a"));
        }
        assert_ne!(tag, key("JP", "FR", 2026).tag(b"account|example|b"));
    }

    #[test]
    fn altered_or_truncated_data_does_not_open() {
        let key = StorageKey::derive(&[7; 32], "mls").unwrap();
        let sealed = key.seal(b"", b"state").unwrap();
        for length in 0..sealed.len() {
            assert_eq!(key.open(b"", &sealed[..length]), Err(StorageError::Opening));
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(key.open(b"", &altered), Err(StorageError::Opening));
        }
    }
}
