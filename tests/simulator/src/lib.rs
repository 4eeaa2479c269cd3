//! The fast tier of the federation simulator: what treaties, people and lines do to requests, over years, in minutes.
//!
//! It never does IO, reads a clock or asks the system for chance: the files of a scenario come in as text, the seed as a number, and
//! whoever runs it (`federation run`) writes what comes out. Two equal seeds give equal bytes on any machine: times are integers, chance
//! is ChaCha8, logarithms are those of `libm`, and everything that is iterated is sorted.
//!
//! Who knows what, from the outside in:
//!
//! - [`scenario`]: a file, its mistakes as diagnostics, its assumptions;
//! - [`Run`]: one seed played, as far as one wants at a time; inside it
//!   `engine` (events in the order of time), `course` (whose work a case waits for, and which step follows from it), `live` (one open case and the
//!   commands it makes), `law` (rules in force, what an officer asks under them, the counters of quotas), `network` (when an entry gets through);
//! - [`office`]: people as queues with office hours; [`distribution`] and [`chance`]: how long they take;
//! - [`Outcome`]: what one seed came to, as counts and histograms: no case is kept;
//! - [`Results`]: many seeds together, as JSON and CSV; [`Comparison`]: two of them, seed by seed; [`report`]: one page for people, with charts of [`chart`].
//!
//! What is real here: a request is decided by `treaty::Rule::decide`, at both gateways, each with its own counters; a case moves by
//! `workflow::decide` and `apply` alone, and its clocks are `workflow::clocks` in the calendar of the requested state; what the requested authority
//! decides, `desk::counterpart` does, as in training and in the demo. What is a model: people, and the line between gateways.
//! No entry is signed or sealed: that keys and groups do what they should is for the live tier, the tests of `relay`, and `federation audit`.
//!
//! Begin with [`Run::until`].

pub mod chance;
pub mod chart;
mod compare;
mod course;
pub mod distribution;
mod engine;
pub mod histogram;
mod law;
mod live;
mod network;
pub mod office;
mod outcome;
pub mod report;
mod results;
pub mod scenario;

pub use compare::{Comparison, Difference, Inputs};
pub use engine::{Line, Run};
pub use outcome::{Cell, Clocks, Held, Outcome, PairName, Queue, Refused, Traffic};
pub use results::{Band, MODEL, Results, SCHEMA_VERSION};
pub use scenario::Scenario;

#[cfg(test)]
mod tests;
