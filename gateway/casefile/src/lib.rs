//! A whole case as one file that a stranger can prove: what was sent, by whom, under which rule, when each side took it, who could read
//! it, and that nothing was taken out of the chain of its entries. Whoever checks it trusts neither state: only the roots that they pinned themselves.
//!
//! [`assemble`] makes the file from what a desk and its gateway hold; [`verify`] replays the case from it, with the code that gateways run.
//! The format is written down in `names.rs` and `container.rs`; deploy/AUDITOR.md checks one with nothing of ours, and
//! names every [`Check`].
//!
//! This crate must never do IO, read a clock, hold a key, or link a storage or a channel: bytes, roots and the moment come in as arguments.
//!
//! Begin with [`verify`].

mod assemble;
mod body;
mod container;
mod extent;
mod manifest;
mod misconduct;
mod names;
mod proof;
mod readme;
mod refusals;
mod report;
mod stamp;
mod verify;
mod violation;
mod vouched;

pub use assemble::{Body, Entry, Held, Material, assemble};
pub use container::{FILE_BYTES_MAX, FILES_MAX};
pub use extent::{Extent, Pile};
pub use manifest::{FORMAT, Manifest};
pub use misconduct::{
    CannotProve, Contradicted, Evidence, MISCONDUCT_BYTES_MAX, Opposed, Proved, Unshown, check as check_misconduct,
    opposed_in, shown,
};
pub use proof::LeafProof;
pub use refusals::{
    ProvedRefusal, REFUSALS_BYTES_MAX, ReceiptText, RefusalOnRecord, RefusalsProved, check_refusals, refusals_to_file,
};
pub use report::{Check, Contradiction, Misstatement, Report, Section, Signer, WrongClock};
pub use stamp::StampProof;
pub use verify::{CannotVerify, RootPin, Trusted, treaty_files, verify, verify_violation};
pub use violation::violation_in;
pub use vouched::vouched;

/// A file that is no case file, or was altered after it was exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{what}", .file, if .file.is_empty() { "" } else { ": " })]
pub struct Unreadable {
    /// Which file within it; empty for the whole.
    pub file: String,
    /// Why.
    pub what: String,
}

impl Unreadable {
    pub(crate) fn new(file: &str, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), what: what.into() }
    }
}
