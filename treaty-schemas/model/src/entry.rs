use std::fmt;

use bytes::Bytes;

use crate::{Digest, EnvelopeDigest, Header, HeaderDigest, KeyId, Role};

/// Header, signatures and payload: the only thing that crosses a border.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the gateway may know.
    pub header: Header,
    /// The header as received: what is hashed and signed.
    pub header_bytes: Bytes,
    /// A sealed body, or a handshake.
    pub payload: Payload,
    /// The officers who stand for the step, over the header digest. Two where four eyes are required.
    pub officers: Vec<OfficerSignature>,
    /// The sending desk's, over the envelope digest.
    pub desk: Signature,
}

impl Entry {
    /// The digest of the header as received.
    pub fn header_digest(&self) -> HeaderDigest {
        HeaderDigest::of(&self.header_bytes)
    }

    /// What the desk's signature covers: the header and the exact bytes of the payload.
    pub fn envelope_digest(&self) -> EnvelopeDigest {
        EnvelopeDigest::of(self.header_digest(), &self.payload)
    }

    /// How many bytes it weighs on the wire, near enough for limits.
    pub fn size(&self) -> usize {
        self.header_bytes.len() + self.payload.size() + 256
    }
}

impl EnvelopeDigest {
    /// Digests a header and a payload together.
    pub fn of(header: HeaderDigest, payload: &Payload) -> Self {
        Self::of_digests(header, payload.digest())
    }

    /// The same where only the digest of the payload is known.
    pub fn of_digests(header: HeaderDigest, payload: Digest) -> Self {
        Self(Digest::of(&[b"rogatory envelope v1\0", header.as_bytes(), payload.as_bytes()]))
    }
}

/// What an entry carries beside its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// An MLS PrivateMessage.
    Sealed(Sealed),
    /// A change of the group.
    Handshake(Handshake),
}

impl Payload {
    /// Bytes on the wire.
    pub fn size(&self) -> usize {
        match self {
            Self::Sealed(sealed) => sealed.len(),
            Self::Handshake(handshake) => handshake.size(),
        }
    }

    /// SHA-256 over the framed parts.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Sealed(sealed) => Digest::of(&[b"sealed\0", &sealed.0]),
            Self::Handshake(h) => {
                let part = |bytes: &Bytes| *Digest::of(&[bytes]).as_bytes();
                Digest::of(&[
                    b"handshake\0",
                    &part(&h.opening),
                    &part(&h.commit),
                    &part(&h.group_info),
                    &part(&h.key_package),
                    &part(&h.welcome),
                ])
            }
        }
    }
}

/// A body that only the desks of the case can open. There is no way in but its length and its wire bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Bytes);

impl Sealed {
    /// Wraps an encoded MLS PrivateMessage.
    pub fn from_wire(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The encoded MLS PrivateMessage.
    pub fn wire(&self) -> &Bytes {
        &self.0
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// An assisted commit: a commit with what a gateway needs to check it without a key. Each part is an encoded MLSMessage.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// On the first handshake of a case the GroupInfo of epoch 0, with ratchet tree; else empty.
    pub opening: Bytes,
    /// The commit, as PublicMessage.
    pub commit: Bytes,
    /// The GroupInfo of the next epoch, with ratchet tree.
    pub group_info: Bytes,
    /// The Welcome for who is added; empty when nobody is.
    pub welcome: Bytes,
    /// The KeyPackage with which the sender asks to be added again; on every other step empty. Nothing else is there then.
    pub key_package: Bytes,
}

impl Handshake {
    /// Bytes on the wire.
    pub fn size(&self) -> usize {
        self.opening.len() + self.commit.len() + self.group_info.len() + self.welcome.len() + self.key_package.len()
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handshake({} bytes)", self.size())
    }
}

/// An Ed25519 signature and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key, as in the party's directory.
    pub key: KeyId,
    /// 64 bytes.
    pub bytes: Vec<u8>,
}

/// An officer's signature over `rogatory step v1` ‖ header digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerSignature {
    /// In which role the officer signs. The directory must grant it to the key.
    pub role: Role,
    /// The signature.
    pub signature: Signature,
}
