//! The second signature on heads: ML-DSA-44 [FIPS 204], which holds where Ed25519 will not, in the form of a cosignature
//! [C2SP tlog-cosignature v1.1, `subtree/v1`, signature type 0x06].

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ML_DSA_44, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use model::{Denial, Fault, KeyId, Malformed};
use signed_note::Signature;

use crate::{Checkpoint, not_verified};

/// Length of an ML-DSA-44 public key.
pub const SECOND_KEY_BYTES: usize = 1312;
/// Length of an ML-DSA-44 signature.
pub const SECOND_SIGNATURE_BYTES: usize = 2420;
/// Type byte of an ML-DSA-44 key that cosigns [C2SP signed-note].
const SECOND: u8 = 0x06;
/// What every signed message begins with [C2SP tlog-cosignature].
const LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// A gateway's ML-DSA-44 key, public half, as its party's directory names it; written in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondKey(Box<[u8; SECOND_KEY_BYTES]>);

impl SecondKey {
    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8; SECOND_KEY_BYTES] {
        &self.0
    }

    /// The verifier key for foreign tools, for the log or witness called `name`: `name+hash+base64` [C2SP signed-note].
    pub fn to_vkey(&self, name: impl fmt::Display) -> String {
        let name = name.to_string();
        format!("{name}+{:08x}+{}", self.note_key_id(&name), BASE64_STANDARD.encode(self.typed()))
    }

    /// Reads what [`SecondKey::to_vkey`] writes for the log or witness called `name`, and nothing else.
    pub fn from_vkey(text: &str, name: impl fmt::Display) -> Result<Self, Malformed> {
        let name = name.to_string();
        let bad = || Malformed::new("the ML-DSA-44 verifier key of that log or witness (as in NAME+0123abcd+…)", text);
        let encoded = text.strip_prefix(&name).and_then(|rest| rest.splitn(3, '+').nth(2)).ok_or_else(bad)?;
        let typed = BASE64_STANDARD.decode(encoded).map_err(|_| bad())?;
        let key = Self::try_from(typed.get(1..).unwrap_or_default()).map_err(|_| bad())?;
        if key.to_vkey(&name) == text { Ok(key) } else { Err(bad()) }
    }

    /// Finds the signature of this key as `name` on `head` among lines of a note. At `time_s`, where that is given. Else R95: what was
    /// promised is missing, or does not hold.
    pub(crate) fn find<'l>(
        &self,
        lines: impl IntoIterator<Item = &'l [u8]>,
        head: &Checkpoint,
        name: &str,
        time_s: u64,
    ) -> Result<&'l [u8], Denial> {
        let holds = |line: &&[u8]| self.accepts(line, head, name, time_s).is_some();
        lines.into_iter().find(holds).ok_or_else(|| {
            not_verified(format!(
                "The directory promises a second signature (ML-DSA-44) of {name} on each head of {}: it is missing, or does not hold",
                head.origin
            ))
        })
    }

    fn accepts(&self, line: &[u8], head: &Checkpoint, name: &str, time_s: u64) -> Option<()> {
        let parsed = Signature::from_bytes(line.strip_suffix(b"\n")?).ok()?;
        let (time, signature) = parsed.signature().split_first_chunk::<8>()?;
        let named = parsed.name() == name && parsed.id() == self.note_key_id(name);
        if !named || u64::from_be_bytes(*time) != time_s {
            return None;
        }
        let message = message(head, name, time_s)?;
        UnparsedPublicKey::new(&ML_DSA_44, &self.0[..]).verify(&message, signature).ok()
    }

    fn note_key_id(&self, name: &str) -> u32 {
        signed_note::key_id(name, &self.typed())
    }

    fn typed(&self) -> Vec<u8> {
        [&[SECOND][..], &self.0[..]].concat()
    }
}

/// The line by which `sign` (2,420 bytes over a message) signs `head` as `name`. `time_s` is 0 where nothing is said of the time: a log's own
/// signature says none. `Internal` when the signer does not sign what `key` accepts.
pub(crate) fn line(
    head: &Checkpoint,
    name: &str,
    time_s: u64,
    key: &SecondKey,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, Denial> {
    let internal =
        || Denial::failed(Fault::Internal, "the second ledger key does not sign what its public half accepts");
    let signature = message(head, name, time_s).and_then(|message| sign(&message)).ok_or_else(internal)?;
    let timed = [&time_s.to_be_bytes()[..], &signature].concat();
    let line = Signature::new(name.to_owned(), key.note_key_id(name), timed).map_err(|_| internal())?.to_bytes();
    key.accepts(&line, head, name, time_s).ok_or_else(internal)?;
    Ok(line)
}

/// `cosigned_message`: label, name, time, origin, the first leaf (0: all of them), the size, the root. `None` for a name that has no place in it.
fn message(head: &Checkpoint, name: &str, time_s: u64) -> Option<Vec<u8>> {
    let origin = head.origin.to_string();
    let (name_bytes, origin_bytes) = (u8::try_from(name.len()).ok()?, u8::try_from(origin.len()).ok()?);
    Some(
        [
            &LABEL[..],
            &[name_bytes],
            name.as_bytes(),
            &time_s.to_be_bytes(),
            &[origin_bytes],
            origin.as_bytes(),
            &[0; 8],
            &head.size.to_be_bytes(),
            head.root.as_bytes(),
        ]
        .concat(),
    )
}

impl TryFrom<&[u8]> for SecondKey {
    type Error = Malformed;

    fn try_from(bytes: &[u8]) -> Result<Self, Malformed> {
        let wrong = || Malformed::new("an ML-DSA-44 public key (1312 bytes)", &format!("{} bytes", bytes.len()));
        Ok(Self(Box::new(bytes.try_into().map_err(|_| wrong())?)))
    }
}

impl FromStr for SecondKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
        Self::try_from(&*bytes)
    }
}

impl fmt::Display for SecondKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_STANDARD.encode(self.as_bytes()))
    }
}

impl fmt::Debug for SecondKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecondKey({})", KeyId::of(self.as_bytes()))
    }
}
