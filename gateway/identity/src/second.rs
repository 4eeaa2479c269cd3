use std::fmt;

use aws_lc_rs::signature::{KeyPair, ML_DSA_44_SIGNING, PqdsaKeyPair};
use ledger::{LedgerKey, SECOND_SIGNATURE_BYTES, SecondKey, SignBytes};
use zeroize::Zeroizing;

use crate::{KeyError, Passphrase, SigningKey, open_pkcs8, seal_pkcs8};

/// An ML-DSA-44 private key [FIPS 204], with which a gateway signs each head a second time.
pub struct SecondSigningKey {
    pair: PqdsaKeyPair,
}

impl SecondSigningKey {
    /// Draws a new key.
    pub fn generate() -> Result<Self, KeyError> {
        PqdsaKeyPair::generate(&ML_DSA_44_SIGNING).map(|pair| Self { pair }).map_err(|_| KeyError::Randomness)
    }

    /// Opens an encrypted PKCS#8 PEM.
    pub fn open(pem: &str, passphrase: &Passphrase) -> Result<Self, KeyError> {
        let der = open_pkcs8(pem, passphrase)?;
        PqdsaKeyPair::from_pkcs8(&ML_DSA_44_SIGNING, &der).map(|pair| Self { pair }).map_err(|_| KeyError::NotMlDsa44)
    }

    /// Seals the key as encrypted PKCS#8 PEM, for a file: its seed [RFC 9881 §6].
    pub fn seal(&self, passphrase: &Passphrase) -> Result<String, KeyError> {
        let document = self.pair.to_pkcs8v1().map_err(|_| KeyError::NotMlDsa44)?;
        seal_pkcs8(&Zeroizing::new(document.as_ref().to_vec()), passphrase)
    }

    /// The public half.
    pub fn public_key(&self) -> Result<SecondKey, KeyError> {
        SecondKey::try_from(self.pair.public_key().as_ref()).map_err(|_| KeyError::NotMlDsa44)
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; SECOND_SIGNATURE_BYTES];
        let length = self.pair.sign(message, &mut signature).ok()?;
        (length == signature.len()).then_some(signature)
    }
}

impl fmt::Debug for SecondSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecondSigningKey(…)")
    }
}

/// What signs the heads of a gateway's logs, and those of others that it cosigns: its ledger key, and the second one where it has one.
#[derive(Debug, Clone, Copy)]
pub struct HeadSigner<'k> {
    /// The Ed25519 key.
    pub first: &'k SigningKey,
    /// The ML-DSA-44 key.
    pub second: Option<&'k SecondSigningKey>,
}

impl SignBytes for HeadSigner<'_> {
    fn public_key(&self) -> LedgerKey {
        let second = self.second.and_then(|second| second.public_key().ok());
        LedgerKey::new(self.first.public_key()).with_second(second)
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.first.sign_ledger(message)
    }

    fn sign_second(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.second?.sign(message)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_second_key_shows_nothing_and_survives_its_seal() {
        let key = SecondSigningKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "SecondSigningKey(…)");
        let passphrase = Passphrase::new(b"correct horse battery staple\n").unwrap();
        let pem = key.seal(&passphrase).unwrap();
        assert_eq!(SecondSigningKey::open(&pem, &passphrase).unwrap().public_key(), key.public_key());
        let other = SigningKey::generate().unwrap().seal(&passphrase).unwrap();
        assert_eq!(SecondSigningKey::open(&other, &passphrase).unwrap_err(), KeyError::NotMlDsa44);
    }

    #[test]
    fn heads_are_signed_by_both_keys_where_there_are_two() {
        let (first, second) = (SigningKey::generate().unwrap(), SecondSigningKey::generate().unwrap());
        let alone = HeadSigner { first: &first, second: None };
        assert!(alone.public_key().second().is_none() && alone.sign_second(b"head").is_none());
        let both = HeadSigner { first: &first, second: Some(&second) };
        assert_eq!(both.public_key().second(), Some(&second.public_key().unwrap()));
        assert_eq!(both.sign_second(b"head").unwrap().len(), SECOND_SIGNATURE_BYTES);
    }
}
