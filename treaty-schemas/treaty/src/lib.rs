//! The treaty language: files → the effective rule of a pair at a date (its pin) → a decision with its trace.
//!
//! It knows which measures an instrument allows between two parties, and within which bounds. It must never do IO or read
//! a clock: files come as text, the date as an argument. What is not written is not allowed.
//!
//! Begin with [`Catalog::rule`], then [`Rule::decide`].

#![expect(
    clippy::result_large_err,
    reason = "a refusal is an answer, not an exception: it is built once and read whole"
)]

mod canonical;
mod catalog;
mod change;
mod compile;
mod decide;
mod decision;
mod diagnostic;
mod force;
mod given;
mod instrument;
mod national;
mod offer;
mod overlay;
mod party;
mod phrase;
mod precedence;
mod prove;
mod provision;
mod quota;
mod render;
mod restrict;
mod rule;
mod source;
mod term;
#[cfg(test)]
mod testing;
mod trace;
mod usage;
mod version;

pub use catalog::{
    AuthorityInfo, BondInfo, Catalog, DeclarationInfo, FileInfo, InstrumentInfo, ObjectionInfo, PartyInfo, RequestInfo,
    ReservationInfo, Signers, TeamLife, TeamStanding, TextInfo, TreatyLife, TreatyStanding,
};
pub use change::{Change, Effect, Field, diff};
pub use decision::{Decision, Permit, Query, Used};
pub use diagnostic::{Diagnostic, Severity};
pub use instrument::InstrumentKind;
pub use offer::{Barred, Limit, Offer};
pub use prove::{Claim, Counterexample, Earlier, Proof, prove, prove_rules};
pub use quota::QuotaNeeded;
pub use render::{Bytes, Document, Fact, Label, SCHEMA_VERSION};
pub use rule::Rule;
pub use source::suggestion;
pub use term::{Consult, Ground, Judgement, LastDay, Onward, Period, Quota, Timer, TimerKind, Unit};
pub use trace::{Input, Outcome, TraceStep};
pub use usage::{Usage, UseGrant, UseQuery};
pub use version::Layer;
