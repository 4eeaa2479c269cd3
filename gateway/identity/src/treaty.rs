//! Treaty files and what two states accept of them, signed as notes [C2SP signed-note].
//!
//! A party's **treaty key** is an Ed25519 key of its own; the party's root certifies it (`treaty.jp.rogatory.internal`, own
//! extended key usage), so that whoever pinned the root can verify offline. Several parties sign the same text, each with a
//! line of its own:
//!
//! ```text
//! rogatory treaty file v1
//! path parties/JP.toml
//! version 3
//! sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
//! signed 2026-11-22
//!
//! — jp.rogatory.internal/treaty 1ZGZIuD4V5Nff4RwBkTMExtGxGjOHz13A618+EAyJMBL2Tg+…
//! ```
//!
//! **Time.** The last line of each text says on which day (UTC) it was signed. A signature holds when that day lies within the
//! validity of the certificate and of the root that issued it: a file that was signed in time stays good after the certificate
//! has expired. The day is the signers' word and no more; whoever holds the key can write an earlier one. A treaty key that was
//! stolen ends therefore when its certificate is taken out of use, not when it expires.
//!
//! Begin with [`FileStatement`], [`RemovalStatement`] and [`AcceptanceStatement`] (what is signed), then [`TreatySigner`], then [`verify_note`].

mod acceptance;
mod file;
mod note;
mod removal;
mod signer;
mod text;
mod verifier;

pub use acceptance::AcceptanceStatement;
pub use file::FileStatement;
pub use note::{VerifiedNote, verify_note};
pub use removal::RemovalStatement;
pub use signer::{SignError, TreatySigner};
pub use verifier::TreatyVerifier;

/// The ceilings of what is signed.
pub mod limits {
    /// A note with its signatures.
    pub const NOTE_BYTES_MAX: usize = 1_000_000;
    /// Signature lines of a note, of known and unknown keys.
    pub const NOTE_SIGNATURES_MAX: usize = 100;
    /// Pins in an acceptance.
    pub const PINS_MAX: usize = 512;
    /// The path of a treaty file within its catalogue, in characters.
    pub const PATH_CHARACTERS_MAX: usize = 200;
    /// A statement.
    pub const STATEMENT_BYTES_MAX: usize = 64 * 1024;
}
