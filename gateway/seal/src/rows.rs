use std::{collections::BTreeMap, fmt, sync::PoisonError};

use model::{AuthorityId, CaseId, Denial, Digest, Fault};
use openmls::prelude::{GroupId, MlsGroup};
use openmls_rust_crypto::{MemoryStorage, OpenMlsRustCrypto};
use openmls_traits::OpenMlsProvider;
use roster::CaseBinding;
use tls_codec::{Deserialize, Serialize, TlsDeserialize, TlsSerialize, TlsSize, VLBytes};
use zeroize::{Zeroize, Zeroizing};

use crate::{LeafIdentity, Member, failure::defect};

/// Where the member's own row stands, beside those of openmls.
const OWN_ROW: &[u8] = b"rogatory member v1";

/// A change of a member's stored state: a row to write, or to delete.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The key, unique within the case. Not secret.
    pub key: Vec<u8>,
    /// The new value; `None` deletes the row. Secret: encrypt it at rest.
    pub value: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} bytes)", self.value.as_ref().map_or(0, |value| value.len()))
    }
}

#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct Own {
    binding: VLBytes,
    group: VLBytes,
    /// SHA-256 of the commit that waits for its certificate; empty where none does.
    pending: VLBytes,
    senders: Vec<Known>,
}

#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct Known {
    credential: [u8; 32],
    authority: VLBytes,
}

impl Member {
    /// What changed in the stored state since the last call, to be written in the same transaction as what caused it: after
    /// each operation, and before anything of it leaves the desk. A key that seals is used once; state that went back would use
    /// it again.
    pub fn changes(&mut self) -> Result<Vec<Row>, Denial> {
        let mut current = snapshot(self.provider.storage());
        current.insert(OWN_ROW.to_vec(), Zeroizing::new(self.own_row()?));
        let mut rows = Vec::new();
        let gone: Vec<Vec<u8>> = self.saved.keys().filter(|key| !current.contains_key(*key)).cloned().collect();
        for key in gone {
            self.saved.remove(&key);
            rows.push(Row { key, value: None });
        }
        for (key, value) in current {
            let digest = Digest::of(&[&value]);
            if self.saved.insert(key.clone(), digest) != Some(digest) {
                rows.push(Row { key, value: Some(value) });
            }
        }
        Ok(rows)
    }

    /// The member of `case` from all its rows. `identities` are the leaf identities that the desk has, old and new: the one whose
    /// key stands in the group's tree is used. Where that is not among them, the member opens and follows, and seals nothing
    /// ([`Member::leaf_key`] tells). [`Fault::Storage`] when the rows are not whole.
    pub fn restore(
        identities: &[LeafIdentity],
        case: CaseId,
        rows: impl IntoIterator<Item = (Vec<u8>, Zeroizing<Vec<u8>>)>,
    ) -> Result<Self, Denial> {
        let foreign = || Denial::failed(Fault::Storage, "the stored state of a case's group cannot be read");
        let provider = OpenMlsRustCrypto::default();
        let mut saved = BTreeMap::new();
        let mut own = None;
        for (key, value) in rows {
            saved.insert(key.clone(), Digest::of(&[&value]));
            if key == OWN_ROW {
                own = Some(Own::tls_deserialize_exact(value.as_slice()).map_err(|_| foreign())?);
            } else {
                put(provider.storage(), key, value.to_vec());
            }
        }
        let own = own.ok_or_else(foreign)?;
        let binding = CaseBinding::decode(own.binding.as_slice()).map_err(|_| foreign())?;
        if binding.case != case {
            return Err(foreign());
        }
        let group = MlsGroup::load(provider.storage(), &GroupId::from_slice(own.group.as_slice()))
            .map_err(|_| foreign())?
            .ok_or_else(foreign)?;
        let pending = match own.pending.as_slice() {
            [] => None,
            digest => Some(Digest::try_from(digest).map_err(|_| foreign())?),
        };
        let known = own.senders.iter().map(Known::read).collect::<Option<BTreeMap<_, _>>>().ok_or_else(foreign)?;
        Ok(Self { provider, group, binding, identities: identities.to_vec(), known, pending, saved })
    }

    fn own_row(&self) -> Result<Vec<u8>, Denial> {
        let known = |(credential, authority): (&Digest, &AuthorityId)| Known {
            credential: *credential.as_bytes(),
            authority: authority.to_string().into_bytes().into(),
        };
        let own = Own {
            binding: self.binding.encode().into(),
            group: self.group.group_id().to_vec().into(),
            pending: self.pending.map(|digest| digest.as_bytes().to_vec()).unwrap_or_default().into(),
            senders: self.known.iter().map(known).collect(),
        };
        own.tls_serialize_detached().map_err(|_| defect("a member's own row cannot be encoded"))
    }
}

impl Known {
    fn read(&self) -> Option<(Digest, AuthorityId)> {
        let authority = std::str::from_utf8(self.authority.as_slice()).ok()?.parse().ok()?;
        Some((Digest::new(self.credential), authority))
    }
}

/// Secrets do not outlive their member. (What openmls copied while it worked is its own to wipe.)
impl Drop for Member {
    fn drop(&mut self) {
        wipe(self.provider.storage());
    }
}

/// All rows of `storage`, in order.
pub(crate) fn snapshot(storage: &MemoryStorage) -> BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>> {
    let values = storage.values.read().unwrap_or_else(PoisonError::into_inner);
    values.iter().map(|(key, value)| (key.clone(), Zeroizing::new(value.clone()))).collect()
}

/// Puts one row into `storage`.
pub(crate) fn put(storage: &MemoryStorage, key: Vec<u8>, value: Vec<u8>) {
    storage.values.write().unwrap_or_else(PoisonError::into_inner).insert(key, value);
}

/// Takes one row out of `storage`.
pub(crate) fn take(storage: &MemoryStorage, key: &[u8]) {
    if let Some(mut value) = storage.values.write().unwrap_or_else(PoisonError::into_inner).remove(key) {
        value.zeroize();
    }
}

/// Empties `storage`.
pub(crate) fn wipe(storage: &MemoryStorage) {
    let mut values = storage.values.write().unwrap_or_else(PoisonError::into_inner);
    for (_, mut value) in values.drain() {
        value.zeroize();
    }
}
