use model::{Denial, Digest, Fault, Timestamp, limits};
use openmls::prelude::{KeyPackage, Lifetime, MlsMessageOut};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use roster::{CIPHERSUITE, capabilities};
use tls_codec::Serialize;
use zeroize::Zeroizing;

use crate::{
    LeafIdentity,
    failure::defect,
    rows::{put, snapshot, wipe},
};

/// A leaf begins an hour before it is made, for clocks that are behind.
const BACKDATE_S: u64 = 3600;

/// An invitation that others can add the desk with, while it is away [RFC 9420 §10].
#[derive(Clone)]
pub struct PreparedKeyPackage {
    /// How a Welcome names it: see [`roster::welcomed`].
    pub reference: Digest,
    /// An encoded MLSMessage, for the gateway.
    pub public: Vec<u8>,
    /// What the desk keeps to join with. Secret: encrypt it at rest, and delete it in the transaction that holds the join
    /// (but not of a last resort).
    pub private: Zeroizing<Vec<u8>>,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether it may be used more than once, when no other is left.
    pub last_resort: bool,
}

impl std::fmt::Debug for PreparedKeyPackage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PreparedKeyPackage({})", self.reference)
    }
}

/// Makes `count` KeyPackages (at most [`limits::KEY_PACKAGES_MAX`]), valid for 28 days from `now`; with `last_resort` the last of
/// them is one that may be used more than once.
pub fn prepare_key_packages(
    identity: &LeafIdentity,
    count: usize,
    last_resort: bool,
    now: Timestamp,
) -> Result<Vec<PreparedKeyPackage>, Denial> {
    if count > limits::KEY_PACKAGES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "more KeyPackages than a gateway keeps"));
    }
    (1..=count).map(|i| prepare(identity, last_resort && i == count, now)).collect()
}

/// The lifetime of a leaf that begins `now`: the longest that the policy admits.
pub(crate) fn lifetime(now: Timestamp) -> Lifetime {
    let not_before = u64::try_from(now.0 / 1000).unwrap_or(0).saturating_sub(BACKDATE_S);
    Lifetime::init(not_before, not_before.saturating_add(limits::LEAF_LIFETIME_S_MAX))
}

fn prepare(identity: &LeafIdentity, last_resort: bool, now: Timestamp) -> Result<PreparedKeyPackage, Denial> {
    let failed = || defect("a KeyPackage cannot be made");
    let provider = OpenMlsRustCrypto::default();
    let lifetime = lifetime(now);
    let mut builder = KeyPackage::builder().key_package_lifetime(lifetime).leaf_node_capabilities(capabilities());
    if last_resort {
        builder = builder.mark_as_last_resort();
    }
    let bundle =
        builder.build(CIPHERSUITE, &provider, identity, identity.credential_with_key()).map_err(|_| failed())?;
    let package = bundle.key_package();
    let reference = package.hash_ref(provider.crypto()).map_err(|_| failed())?;
    let public = MlsMessageOut::from(package.clone()).tls_serialize_detached().map_err(|_| failed())?;
    let private = pack(&provider);
    wipe(provider.storage());
    Ok(PreparedKeyPackage {
        reference: Digest::try_from(reference.as_slice()).map_err(|_| failed())?,
        public,
        private,
        expires: Timestamp(i64::try_from(lifetime.not_after().saturating_mul(1000)).unwrap_or(i64::MAX)),
        last_resort,
    })
}

/// The rows of `provider`, each key and value behind its length (4 bytes, big-endian).
fn pack(provider: &OpenMlsRustCrypto) -> Zeroizing<Vec<u8>> {
    let rows = snapshot(provider.storage());
    let len = rows.iter().map(|(key, value)| 8 + key.len() + value.len()).sum();
    // Of full size at once: what grows leaves copies behind.
    let mut packed = Zeroizing::new(Vec::with_capacity(len));
    for (key, value) in &rows {
        for part in [key.as_slice(), value.as_slice()] {
            packed.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            packed.extend_from_slice(part);
        }
    }
    packed
}

/// Puts what [`pack`] packed into `provider`, and says under which keys.
pub(crate) fn unpack(provider: &OpenMlsRustCrypto, mut packed: &[u8]) -> Result<Vec<Vec<u8>>, Denial> {
    let foreign = || Denial::failed(Fault::Storage, "the private part of a KeyPackage cannot be read");
    let mut keys = Vec::new();
    while !packed.is_empty() {
        let (key, rest) = part(packed).ok_or_else(foreign)?;
        let (value, rest) = part(rest).ok_or_else(foreign)?;
        put(provider.storage(), key.to_vec(), value.to_vec());
        keys.push(key.to_vec());
        packed = rest;
    }
    Ok(keys)
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)
}
