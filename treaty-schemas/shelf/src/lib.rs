//! The treaty catalogue as a folder on disk: its files, the signatures beside them, and who may rely on what.
//!
//! `treaty` decides what a rule is and knows nothing of signatures; this crate knows which files a pair of states rests on, who
//! has signed them, and which pin both have accepted. It reads and writes folders. It must never read a clock, decide a request,
//! or let one pair's unsigned treaty stop another's.
//!
//! ```text
//! instruments/budapest/instrument.toml    parties/JP.toml    overlays/FR-JP/mou.toml    national/JP.toml
//! signatures/parties/JP.toml.note         who answers for a file: a FileStatement, signed
//! signatures/parties/JP.toml.removed.note  who took a file out: a RemovalStatement, signed
//! acceptances/FR-JP.note                  which pins two states have accepted: an AcceptanceStatement, signed by both
//! keys/JP.cert.pem                        the certificate of a state's treaty key
//! ```
//!
//! Begin with [`Shelf`] (a folder that was read), then [`Standing`] (what a pair has signed), then [`Rules`] (what gateways and desks
//! ask), then [`Plan`] (how a catalogue changes).

#![expect(
    clippy::result_large_err,
    reason = "a refusal is an answer, not an exception: it is built once and read whole"
)]

mod address;
mod apply;
mod error;
mod files;
mod index;
mod keys;
mod plan;
mod rules;
mod shelf;
mod standing;
mod teams;
mod timeline;

pub use address::{Layer, layer, version_of};
pub use apply::{Applied, Missing, apply, rehearse};
pub use error::ShelfError;
pub use files::Files;
pub use keys::{Roots, roots_from_pem};
pub use plan::{Change, Pause, Plan, PlanError, PlannedDay, PlannedFile, PlannedNote, PlannedPair, SignedNote};
pub use rules::Rules;
pub use shelf::{Shelf, Signatures, Source};
pub use standing::{Need, Standing, State, Subject};
pub use teams::Team;
pub use timeline::{Day, change_days, changes_by_day};

/// The ceilings of what is read.
pub mod limits {
    /// Files in a catalogue: 193 states in every pair would have fewer.
    pub const FILES_MAX: usize = 100_000;
    /// Bytes of one file.
    pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
    /// Bytes of all files together.
    pub const TOTAL_BYTES_MAX: u64 = 256 * 1024 * 1024;
    /// Folders within each other.
    pub const DEPTH_MAX: usize = 6;
    /// Bytes of a plan.
    pub const PLAN_BYTES_MAX: u64 = 256 * 1024 * 1024;
}
