//! The treaty language: files → the effective rule of a pair at a date (its pin) → a decision with its trace.
//!
//! It knows which measures an instrument allows between two parties, and within which bounds. It must never do IO or read
//! a clock: files come as text, the date as an argument. What is not written is not allowed.
//!
//! Begin with [`Catalog::rule`], then [`Rule::decide`].

mod canonical;
mod catalog;
mod compile;
mod decide;
mod decision;
mod diagnostic;
mod instrument;
mod offer;
mod party;
mod phrase;
mod provision;
mod quota;
mod rule;
mod source;
mod term;
#[cfg(test)]
mod testing;
mod trace;
mod usage;

pub use catalog::Catalog;
pub use decision::{Decision, Permit, Query, Used};
pub use diagnostic::Diagnostic;
pub use offer::{Barred, Limit, Offer};
pub use quota::QuotaNeeded;
pub use rule::Rule;
pub use term::{Consult, Ground, Judgement, Onward, Period, Quota, Timer, TimerKind, Unit};
pub use trace::{Input, Outcome, TraceStep};
pub use usage::{Usage, UseGrant, UseQuery};
