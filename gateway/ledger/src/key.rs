use std::{fmt, sync::Arc};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use model::{Denial, Fault, Malformed};

use crate::SecondKey;

/// Type byte of an Ed25519 key that signs notes [C2SP signed-note].
pub(crate) const SIGNER: u8 = 0x01;
/// Type byte of an Ed25519 key that cosigns with a time [C2SP tlog-cosignature].
pub(crate) const WITNESS: u8 = 0x04;

/// A gateway's Ed25519 ledger key, public half (32 bytes), as its party's directory names it. The same key signs the heads of
/// its own logs and cosigns those of its peers; type bytes and messages keep the two apart.
///
/// With a second key beside it nothing holds that is not signed by both: whoever has this key cannot forget to ask.
#[derive(Clone, PartialEq, Eq)]
pub struct LedgerKey {
    bytes: [u8; 32],
    second: Option<Arc<SecondKey>>,
}

/// Whoever holds the private half: it signs, and never hands the key out.
pub trait SignBytes {
    /// The public half.
    fn public_key(&self) -> LedgerKey;

    /// The Ed25519 signature (64 bytes) over `message`.
    fn sign(&self, message: &[u8]) -> Vec<u8>;

    /// The ML-DSA-44 signature (2,420 bytes) over `message`, where the public half has a second key.
    fn sign_second(&self, _message: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

impl LedgerKey {
    /// From the 32 bytes of an Ed25519 public key.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self { bytes, second: None }
    }

    /// The same, and everything must be signed by `second` too, where there is one.
    pub fn with_second(self, second: Option<SecondKey>) -> Self {
        Self { second: second.map(Arc::new), ..self }
    }

    /// The key of the second signature.
    pub fn second(&self) -> Option<&SecondKey> {
        self.second.as_deref()
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The verifier key that foreign tools take for the log or witness called `name`: `name+hash+base64` [C2SP signed-note].
    pub fn to_vkey(&self, name: impl fmt::Display, witness: bool) -> String {
        let name = name.to_string();
        let kind = if witness { WITNESS } else { SIGNER };
        format!("{name}+{:08x}+{}", self.note_key_id(&name, kind), BASE64_STANDARD.encode(self.typed(kind)))
    }

    /// Reads what [`LedgerKey::to_vkey`] writes for the log or witness called `name`, and nothing else.
    pub fn from_vkey(text: &str, name: impl fmt::Display, witness: bool) -> Result<Self, Malformed> {
        let name = name.to_string();
        let bad = || Malformed::new("the verifier key of that log or witness (as in NAME+0123abcd+…)", text);
        let encoded = text.strip_prefix(&name).and_then(|rest| rest.splitn(3, '+').nth(2)).ok_or_else(bad)?;
        let typed = BASE64_STANDARD.decode(encoded).map_err(|_| bad())?;
        let key = Self::try_from(typed.get(1..).unwrap_or_default()).map_err(|_| bad())?;
        if key.to_vkey(&name, witness) == text { Ok(key) } else { Err(bad()) }
    }

    pub(crate) fn note_key_id(&self, name: &str, kind: u8) -> u32 {
        signed_note::key_id(name, &self.typed(kind))
    }

    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, signature).is_ok()
    }

    fn typed(&self, kind: u8) -> Vec<u8> {
        let mut key = vec![kind];
        key.extend_from_slice(&self.bytes);
        key
    }
}

impl TryFrom<&[u8]> for LedgerKey {
    type Error = Malformed;

    fn try_from(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes
            .try_into()
            .map(Self::new)
            .map_err(|_| Malformed::new("an Ed25519 public key (32 bytes)", &format!("{} bytes", bytes.len())))
    }
}

impl fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerKey({})", model::KeyId::of(&self.bytes))
    }
}

/// Signs, and refuses a signer whose answer its own public key does not accept: such a signature, once sent, would look
/// to the peer like a forgery.
pub(crate) fn sign_checked(signer: &impl SignBytes, message: &[u8]) -> Result<Vec<u8>, Denial> {
    let signature = signer.sign(message);
    if signer.public_key().accepts(message, &signature) {
        Ok(signature)
    } else {
        Err(Denial::failed(Fault::Internal, "the ledger key does not sign what its public half accepts"))
    }
}
