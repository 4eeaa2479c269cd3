use model::{Digest, EntryId, Signature};

use crate::{BadSignature, Domain, SigningKey, VerifyingKey};

/// A desk's word on an entry that it took: whether it opened it, and after a handshake in which epoch it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The entry.
    pub entry: EntryId,
    /// False when it could not be opened or contradicts its header.
    pub opened: bool,
    /// After a handshake: the hash over the epoch authenticator and the epoch certificate.
    pub authenticator: Option<Digest>,
}

impl Opening {
    /// The bytes that are signed: entry (16) ‖ 1 or 0 (1) ‖ authenticator (32, or nothing).
    pub fn to_bytes(&self) -> Vec<u8> {
        let authenticator = self.authenticator.as_ref().map_or(&[][..], |digest| digest.as_bytes());
        [self.entry.as_bytes().as_slice(), &[u8::from(self.opened)], authenticator].concat()
    }

    /// Signs with the desk's key.
    pub fn sign(&self, key: &SigningKey) -> Signature {
        key.signature(Domain::Acknowledgement, &self.to_bytes())
    }

    /// Whether the desk whose key it is said this.
    pub fn verify(&self, key: &VerifyingKey, signature: &Signature) -> Result<(), BadSignature> {
        if signature.key != key.key_id() {
            return Err(BadSignature);
        }
        key.verify(Domain::Acknowledgement, &self.to_bytes(), &signature.bytes)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_opening_is_the_desk_s_word_on_one_entry_and_one_outcome() {
        let key = SigningKey::generate().unwrap();
        let entry = EntryId::new([7; 16]);
        let opening = Opening { entry, opened: true, authenticator: Some(Digest::of(&[b"epoch"])) };
        let signature = opening.sign(&key);
        opening.verify(&key.verifying_key(), &signature).unwrap();
        for other in [
            Opening { opened: false, ..opening },
            Opening { authenticator: None, ..opening },
            Opening { entry: EntryId::new([8; 16]), ..opening },
        ] {
            assert!(other.verify(&key.verifying_key(), &signature).is_err());
        }
    }
}
