//! The key schedule of MLS [RFC 9420 §8, §9] for the one suite in use, MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, as an attacker would
//! compute it. Written apart from openmls, which does the same for the desks.

use aes::{
    Aes128,
    cipher::{BlockDecrypt, BlockEncrypt, KeyInit},
};
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{PrivateKey, X25519},
    hmac,
};
use ghash::{GHash, universal_hash::UniversalHash};

use super::wire::{PrivateMessage, opaque};

/// A secret of the schedule: KDF.Nh bytes. An X25519 key has the same length.
pub(crate) type Secret = [u8; 32];

/// The key of one message: AEAD.Nk bytes.
pub(crate) type MessageKey = [u8; 16];

const TAG_BYTES: usize = 16;

/// A secret, ready for KDF.Expand.
#[derive(Clone)]
pub(crate) struct Prk(hmac::Key);

/// Key and nonce of one AEAD.
pub(crate) struct Sealing {
    key: MessageKey,
    nonce: [u8; 12],
}

/// Who sealed a body, as its encrypted sender data says [§6.3.2].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderData {
    pub(crate) leaf: u32,
    pub(crate) generation: u32,
    reuse_guard: [u8; 4],
}

impl Prk {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// KDF.Extract with this as salt.
    fn extract(&self, ikm: &[u8]) -> Secret {
        tag(&self.0, &[ikm])
    }

    /// ExpandWithLabel [§8]. One block is enough for every length in use.
    fn expand<const N: usize>(&self, label: &str, context: &[u8]) -> [u8; N] {
        let label = opaque(format!("MLS 1.0 {label}").as_bytes());
        let block = tag(&self.0, &[&(N as u16).to_be_bytes(), &label, &opaque(context), &[1]]);
        let mut out = [0; N];
        out.copy_from_slice(&block[..N]);
        out
    }

    /// DeriveSecret [§8].
    pub(crate) fn derive(&self, label: &str) -> Secret {
        self.expand(label, &[])
    }

    /// As a joiner_secret: what the epoch's secrets follow from, without a PSK [§8].
    pub(crate) fn member(&self) -> Prk {
        Prk::new(&self.extract(&[0; 32]))
    }

    /// As the secret behind a joiner_secret: the epoch_secret under a GroupContext.
    pub(crate) fn epoch(&self, context: &[u8]) -> Secret {
        self.expand("epoch", context)
    }

    /// As the secret behind a joiner_secret: what the GroupInfo of a Welcome is sealed with [§12.4.3.1].
    pub(crate) fn welcome(&self) -> Sealing {
        let secret = Prk::new(&self.derive("welcome"));
        Sealing { key: secret.expand("key", &[]), nonce: secret.expand("nonce", &[]) }
    }

    /// As the sender_data_secret of the epoch of `message` [§6.3.2].
    pub(crate) fn sender_data(&self, message: &PrivateMessage) -> Option<SenderData> {
        let sample = message.ciphertext.get(..32).unwrap_or(&message.ciphertext);
        let sealing = Sealing { key: self.expand("key", sample), nonce: self.expand("nonce", sample) };
        let opened = sealing.open(&message.sender_aad(), &message.sender_data)?;
        let word = |at: usize| Some(u32::from_be_bytes(opened.get(at..at + 4)?.try_into().ok()?));
        let guard = word(8)?.to_be_bytes();
        (opened.len() == 12).then_some(SenderData { leaf: word(0)?, generation: word(4)?, reuse_guard: guard })
    }

    /// As a node of the secret tree: the child on the way to a leaf [§9].
    fn child(&self, right: bool) -> Prk {
        Prk::new(&self.expand("tree", if right { b"right" } else { b"left" }))
    }

    /// As the secret of a leaf: the first secret of its application ratchet.
    fn ratchet(&self) -> Prk {
        Prk::new(&self.expand("application", &[]))
    }

    /// As the secret of a ratchet at `generation`: the next one.
    fn turned(&self, generation: u32) -> Prk {
        Prk::new(&self.expand("secret", &generation.to_be_bytes()))
    }

    /// As the secret of a ratchet at `generation`: key and nonce of that message.
    fn sealing(&self, generation: u32) -> Sealing {
        let generation = generation.to_be_bytes();
        Sealing { key: self.expand("key", &generation), nonce: self.expand("nonce", &generation) }
    }

    /// As a path secret: the public key of its node [§7.4].
    pub(crate) fn node_key(&self) -> Option<Vec<u8>> {
        public_key(&derived_key(&self.derive("node")))
    }
}

/// How a leaf is reached from a node of a tree: at each level, whether the way leads to the right.
fn way(width: u32, leaf: u32) -> Vec<bool> {
    (0..width.trailing_zeros()).rev().map(|level| (leaf >> level) & 1 == 1).collect()
}

/// What opens a message of `generation` of `leaf` in a tree of `width` leaves, when `secret` is the node that has `depth` levels above it.
pub(crate) fn from_node(secret: &Prk, width: u32, depth: usize, leaf: u32, generation: u32) -> Option<Sealing> {
    let way = way(width, leaf);
    let mut steps = way.get(depth..)?.iter();
    let leaf = match steps.next() {
        None => secret.ratchet(),
        Some(first) => steps.fold(secret.child(*first), |node, right| node.child(*right)).ratchet(),
    };
    Some(from_ratchet(leaf, 0, generation))
}

/// What opens a message of `generation`, when `secret` is the ratchet's at `at`.
pub(crate) fn from_ratchet(secret: Prk, at: u32, generation: u32) -> Sealing {
    (at..generation).fold(secret, |ratchet, at| ratchet.turned(at)).sealing(generation)
}

/// The levels of a tree, root and leaves among them.
pub(crate) fn depths(width: u32) -> usize {
    width.trailing_zeros() as usize + 1
}

impl Sealing {
    fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &self.key).ok()?);
        let mut buffer = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let len = key.open_in_place(nonce, Aad::from(aad), &mut buffer).ok()?.len();
        buffer.truncate(len);
        Some(buffer)
    }

    /// Opens the GroupInfo of a Welcome.
    pub(crate) fn open_group_info(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.open(&[], sealed)
    }

    /// Opens a body whose sender data is known.
    pub(crate) fn open_body(mut self, message: &PrivateMessage, sender: &SenderData) -> Option<Vec<u8>> {
        self.nonce.iter_mut().zip(sender.reuse_guard).for_each(|(byte, guard)| *byte ^= guard);
        self.open(&message.content_aad(), &message.ciphertext)
    }

    /// Whether this opens a body whose sender data is *not* known: four bytes of the nonce are then a random guard.
    pub(crate) fn opens_without_guard(&self, message: &PrivateMessage) -> bool {
        nonce_under(&self.key, message).is_some_and(|nonce| nonce[4..] == self.nonce[4..])
    }

    /// The key alone.
    pub(crate) fn key(&self) -> MessageKey {
        self.key
    }
}

/// The nonce with which a message was sealed, if it was under this key. Trying all would cost 2^96, or 2^32 for a guard; but the tag of GCM
/// leads back to the nonce: tag ⊕ GHASH = E(nonce ‖ 1), and E can be inverted with the key. A wrong key passes once in 2^32.
fn nonce_under(key: &MessageKey, message: &PrivateMessage) -> Option<[u8; 12]> {
    let (body, tag) = message.ciphertext.split_at_checked(message.ciphertext.len().checked_sub(TAG_BYTES)?)?;
    let aad = message.content_aad();
    let cipher = Aes128::new(key.into());
    let mut hash_key = ghash::Block::default();
    cipher.encrypt_block(&mut hash_key);
    let mut hash = GHash::new(&hash_key);
    hash.update_padded(&aad);
    hash.update_padded(body);
    let bits = |bytes: &[u8]| (bytes.len() as u64 * 8).to_be_bytes();
    let mut lengths = ghash::Block::default();
    lengths[..8].copy_from_slice(&bits(&aad));
    lengths[8..].copy_from_slice(&bits(body));
    hash.update(&[lengths]);
    let mut block = hash.finalize();
    block.iter_mut().zip(tag).for_each(|(byte, tag)| *byte ^= tag);
    cipher.decrypt_block(&mut block);
    (block[12..] == [0, 0, 0, 1]).then(|| block.first_chunk().copied()).flatten()
}

/// Opens a body with the key of its message alone.
pub(crate) fn open_with(key: &MessageKey, message: &PrivateMessage) -> Option<Vec<u8>> {
    let nonce = nonce_under(key, message)?;
    Sealing { key: *key, nonce }.open(&message.content_aad(), &message.ciphertext)
}

/// The public key of an X25519 private key.
pub(crate) fn public_key(private: &Secret) -> Option<Vec<u8>> {
    let key = PrivateKey::from_private_key(&X25519, private).ok()?;
    key.compute_public_key().ok().map(|public| public.as_ref().to_vec())
}

/// DeriveKeyPair of DHKEM(X25519, HKDF-SHA256) [RFC 9180 §7.1.3]: the private key.
fn derived_key(ikm: &Secret) -> Secret {
    const SUITE: &[u8] = b"HPKE-v1KEM\x00\x20";
    let prk = tag(&hmac::Key::new(hmac::HMAC_SHA256, &[]), &[SUITE, b"dkp_prk", ikm]);
    tag(&hmac::Key::new(hmac::HMAC_SHA256, &prk), &[&32_u16.to_be_bytes(), SUITE, b"sk", &[1]])
}

fn tag(key: &hmac::Key, parts: &[&[u8]]) -> Secret {
    let mut context = hmac::Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use openmls_rust_crypto::RustCrypto;
    use openmls_traits::{
        crypto::OpenMlsCrypto,
        types::{HpkeAeadType, HpkeConfig, HpkeKdfType, HpkeKemType},
    };

    use super::*;

    fn sealed(sealing: &Sealing, guard: [u8; 4], plain: &[u8]) -> PrivateMessage {
        let head = [&[0, 1, 0, 2][..], &opaque(b"group"), &3_u64.to_be_bytes(), &[1], &opaque(b"aad")].concat();
        let empty = [head.clone(), opaque(&[0; 28]), opaque(&[])].concat();
        let aad = PrivateMessage::read(&empty).unwrap().content_aad();
        let mut nonce = sealing.nonce;
        nonce.iter_mut().zip(guard).for_each(|(byte, guard)| *byte ^= guard);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &sealing.key).unwrap());
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body).unwrap();
        PrivateMessage::read(&[head, opaque(&[0; 28]), opaque(&body)].concat()).unwrap()
    }

    #[test]
    fn a_message_key_is_known_as_such_although_the_reuse_guard_is_not_known() {
        let root = Prk::new(&[9; 32]);
        for plain in [&b"a body"[..], &[0; 16], &[1; 333]] {
            let message = sealed(&from_node(&root, 4, 0, 2, 3).unwrap(), [0xDE, 0xAD, 0xBE, 0xEF], plain);
            assert!(from_node(&root, 4, 0, 2, 3).unwrap().opens_without_guard(&message));
            assert_eq!(
                open_with(&from_node(&root, 4, 0, 2, 3).unwrap().key(), &message).unwrap(),
                plain,
                "the key is enough"
            );
            assert_eq!(open_with(&from_node(&root, 4, 0, 2, 2).unwrap().key(), &message), None);
            assert!(!from_node(&root, 4, 0, 2, 2).unwrap().opens_without_guard(&message));
            assert!(!from_node(&root, 4, 0, 1, 3).unwrap().opens_without_guard(&message));
            assert!(!from_node(&Prk::new(&[8; 32]), 4, 0, 2, 3).unwrap().opens_without_guard(&message));
        }
    }

    #[test]
    fn a_node_further_down_the_tree_opens_what_stands_below_it_only() {
        let root = Prk::new(&[9; 32]);
        let message = sealed(&from_node(&root, 4, 0, 3, 1).unwrap(), [1, 2, 3, 4], b"a body");
        let below = root.child(true);
        assert!(from_node(&below, 4, 1, 3, 1).unwrap().opens_without_guard(&message));
        assert!(!from_node(&root.child(false), 4, 1, 3, 1).unwrap().opens_without_guard(&message));
        let leaf = below.child(true);
        assert!(from_node(&leaf, 4, 2, 3, 1).unwrap().opens_without_guard(&message));
        assert!(from_ratchet(leaf.ratchet(), 0, 1).opens_without_guard(&message));
        assert!(from_node(&leaf, 4, 3, 3, 1).is_none());
    }

    #[test]
    fn keys_are_derived_as_another_implementation_derives_them() {
        let config = HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128);
        let theirs = RustCrypto::default().derive_hpke_keypair(config, &[5; 32]).unwrap();
        assert_eq!(public_key(&derived_key(&[5; 32])).unwrap(), theirs.public);
    }
}
