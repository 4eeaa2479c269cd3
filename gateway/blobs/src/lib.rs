//! Sealed files of any size: a video, the image of a disk, ten years of bank statements. They travel beside a record, not in it.
//!
//! The sending desk seals a file in pieces of a MiB ([`Sealing`]) under a random key of its own, and hands the pieces to its gateway. The
//! record, in the sealed body, holds the manifest with the key (`accord`'s `Attachment`); the header, which officers sign, holds the
//! [`Attached`](model::Attached) alone: a digest and a length. A gateway keeps the pieces ([`Depot`]), and the gateway of the other party
//! fetches them when the entry that names them was admitted. Both hold each piece against the [`Outline`], the list of the pieces' digests,
//! which the header's digest is over: whoever lies about bytes is found at the first wrong piece, and nothing is stored that was not signed for.
//! The receiving desk opens them piece by piece ([`Opening`]).
//!
//! **A sealed file.** The clear bytes are filled up with zero bytes to [`padded`], and cut into pieces of [`PIECE_BYTES`]. Piece `i` is sealed with
//! AES-256-GCM-SIV [RFC 8452] under the file's key, with the nonce 7 zero bytes ‖ `i` (4 bytes) ‖ 1 on the last piece, else 0 (the nonces of
//! STREAM), and the associated data `rogatory file v1` ‖ 0 ‖ case (16) ‖ file (16) ‖ `i` (4). So no piece opens in another place, another file
//! or another case, and a file that was cut off does not open as a whole one. Its outline is the SHA-256 of each sealed piece, tag included,
//! in order; its digest is the SHA-256 of `rogatory outline v1` ‖ 0 ‖ sealed bytes (8) ‖ outline. Numbers are big-endian.
//!
//! GCM-SIV and not GCM, because a desk that was cut off seals the same file again to go on: where the file changed meanwhile, the same nonce
//! comes with other bytes, and that must not cost more than to show that they differ. An AEAD does not commit to its key: the signature over
//! the manifest, with the hash of the clear bytes in it, does.
//!
//! Nothing here may decide on an entry, know a case beyond its id, or log. Only a desk has keys; a gateway uses [`Outline`] and [`Depot`].
//!
//! Begin with [`Sealing`].

mod depot;
mod outline;
mod seal;
mod shape;

pub use depot::Depot;
pub use outline::Outline;
pub use seal::{FileKey, Opening, Piece, Sealing, Whole};
pub use shape::{PIECE_BYTES, SEALED_PIECE_BYTES, Shape, padded};

use model::{CaseId, FileId};

/// Which file of which case. Files of two cases never share a byte, whatever is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The case.
    pub case: CaseId,
    /// The file.
    pub file: FileId,
}
