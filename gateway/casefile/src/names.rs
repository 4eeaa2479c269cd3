//! Where things stand in a case file. Numbers have six digits, so that the order of names is the order of the case.

use model::{Digest, EntryId, PartyId, ReceiptKind};

pub(crate) const README: &str = "README.txt";
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const MANIFEST_SIGNATURE: &str = "manifest.signature";
pub(crate) const HEAD: &str = "ledger/head.note";
pub(crate) const EXTENT: &str = "ledger/extent.txt";
pub(crate) const EXTENT_SIGNATURE: &str = "ledger/extent.signature";
pub(crate) const OPENINGS: &str = "openings/";
pub(crate) const TREATIES: &str = "treaties/";

/// An entry as it was received, by its number in the file.
pub(crate) fn entry(number: usize, id: EntryId) -> String {
    format!("entries/{number:06}-{id}.entry")
}

/// A receipt, by the number of its entry and its own among those of the entry.
pub(crate) fn receipt(entry: usize, number: usize, kind: ReceiptKind, by: PartyId) -> String {
    format!("receipts/{entry:06}-{number:02}-{}-{by}.receipt", kind.as_str())
}

/// The proof of a leaf, by its index.
pub(crate) fn leaf(index: u64) -> String {
    format!("ledger/leaf-{index:015}.tlog-proof")
}

/// A part of a time-stamp, by how many leaves the stamped log of heads has: `timed`, `head`, `consistency`, `token`.
pub(crate) fn stamp(size: u64, part: &str) -> String {
    format!("stamps/{size:015}.{part}")
}

/// A version of a directory.
pub(crate) fn directory(party: PartyId, version: u64) -> String {
    format!("directories/{party}-{version:06}.toml")
}

/// The root's signature over it.
pub(crate) fn directory_signature(party: PartyId, version: u64) -> String {
    format!("directories/{party}-{version:06}.signature")
}

/// The opening of a commitment in the directories of `by`.
pub(crate) fn opening(by: PartyId, commitment: Digest) -> String {
    format!("{OPENINGS}{by}-{commitment}.opening")
}

/// A root, for information: who checks pins it another way.
pub(crate) fn root(party: PartyId) -> String {
    format!("roots/{party}.pem")
}

/// The part of an opened body: `body` (what was committed to), `salt`, `signature`.
pub(crate) fn body(entry: usize, part: &str) -> String {
    format!("bodies/{entry:06}.{part}")
}

/// A document of an opened body, for reading.
pub(crate) fn document(entry: usize, index: usize, record_type: &str) -> String {
    format!("bodies/{entry:06}-{index:02}-{record_type}.json")
}

/// The number at the beginning of a name in `folder`.
pub(crate) fn number_of(name: &str, folder: &str) -> Option<usize> {
    name.strip_prefix(folder)?.get(..6)?.parse().ok()
}
