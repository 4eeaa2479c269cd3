//! What a desk's own keys open of what it keeps [`deskd`'s `safe.rs`]: its MLS state, the private halves of its KeyPackages, and the bodies
//! that it read, each under a key of its own.

use std::collections::BTreeSet;

use identity::{SigningKey, StorageError, StorageKey};
use model::EntryId;

use super::{
    attack,
    database::table,
    holding::{Holding, Kind},
    sealed::Targets,
};
use crate::failure::Failure;

/// What a desk holds, and what its keys at rest open of it.
pub(crate) struct Kept {
    pub(crate) holding: Holding,
    pub(crate) bodies: BTreeSet<EntryId>,
}

/// Opens what the desk keeps: adds the rows in clear to `holding`, and gives the bodies among them.
pub(crate) fn open(holding: &mut Holding, targets: &Targets) -> Result<BTreeSet<EntryId>, Failure> {
    let storage = holding.parts.iter().find(|part| part.kind == Kind::Key && part.origin.ends_with("storage.key.pem"));
    let storage = storage.ok_or_else(|| Failure::unexpected("a desk without its storage key"))?;
    let storage = SigningKey::from_pkcs8(&storage.bytes).map_err(unusable)?;
    let key = |purpose: &str| storage.storage_key(purpose).map_err(unusable);
    let (mls, packages, entries, records) = (key("mls")?, key("key_package")?, key("entry")?, key("record_key")?);
    let mut opened = Vec::new();
    let columns = |name: &str, wanted: [&str; 3]| table(&holding.tables, name).map(|table| table.columns(wanted));
    for [case, place, value] in columns("mls", ["case_id", "key", "value"]).unwrap_or_default() {
        opened.push(mls.open(&[case, place].concat(), value).map_err(unusable)?.to_vec());
    }
    // The private half of a KeyPackage that was used is erased, and empty.
    for [hash, private, _] in columns("key_package", ["hash", "private", "used_at"]).unwrap_or_default() {
        if !private.is_empty() {
            opened.push(packages.open(hash, private).map_err(unusable)?.to_vec());
        }
    }
    let wrapped = columns("record_key", ["entry_id", "wrapped", "shredded"]).unwrap_or_default();
    let mut bodies = BTreeSet::new();
    for [id, body, _] in columns("entry", ["id", "body", "case_id"]).unwrap_or_default() {
        let own = wrapped.iter().find(|[entry, ..]| *entry == id);
        let plain = match own {
            _ if body.is_empty() => continue,
            Some([_, wrapped, _]) => alone(&records, id, wrapped, body).map_err(unusable)?,
            None => entries.open(id, body).map_err(unusable)?.to_vec(),
        };
        let found = EntryId::try_from(id).ok().and_then(|id| targets.bodies.get_key_value(&id));
        bodies.extend(found.filter(|(_, body)| attack::is_body(&plain, body)).map(|(id, _)| *id));
    }
    opened.into_iter().for_each(|row| holding.push("opened at rest".to_owned(), Kind::Opened, row));
    Ok(bodies)
}

/// A body under a key of its own, which the desk keeps sealed.
fn alone(records: &StorageKey, id: &[u8], wrapped: &[u8], body: &[u8]) -> Result<Vec<u8>, StorageError> {
    let key = records.open(id, wrapped)?;
    Ok(StorageKey::derive(&key, "record")?.open(id, body)?.to_vec())
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::unexpected(format!("what a desk keeps does not open with its own keys: {error}"))
}
