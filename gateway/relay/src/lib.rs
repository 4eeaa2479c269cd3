//! The pure core of a gateway: may this entry become part of its case, and what follows?
//!
//! [`admit`] takes what a gateway knows of a case and a verified entry, and answers with a [`Plan`] for the shell to execute in
//! one transaction, or with a denial. [`conclude`] takes the other gateway's answer. A case is the fold of the entries that both
//! gateways admitted, so that after every answer has arrived both hold the same.
//!
//! This crate must never do IO, read a clock, see a plaintext, or import `desk`.
//!
//! What it expects of the shell:
//!
//! - it passes on the entries of a case in the order of [`CaseFile::pending`], and executes answers in the order of the entries;
//! - in a batch it stops at the first [`Plan::Later`] of a case, and answers the case's other entries in the same way;
//! - before it tells the other gateway of a denial it stores it with the entry's id, and gives the same answer to a repetition:
//!   for the other side that answer is final.
//!
//! Begin with [`admit`], whose body lists the checks in their order.

mod admit;
mod attachments;
mod checks;
mod conclude;
mod context;
mod file;
mod follows;
mod refold;
mod rejoin;

#[cfg(test)]
mod tests;

pub use admit::{Admission, Plan, admit};
pub use attachments::{files_go, may_let_files_go};
pub use conclude::{Answer, Conclusion, conclude};
pub use context::{AttachedFacts, Context, Earlier, Origin, RosterFacts, SeenEntry};
pub use file::{Basis, CaseFile, GroupChange, PendingEntry, Unsent};
pub use refold::PastEntry;
pub use rejoin::Offer;
