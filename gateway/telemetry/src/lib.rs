//! What a program of Rogatory may say of itself: log lines on standard error, and traces, metrics and logs through OTLP where a
//! collector is configured.
//!
//! It must never record case data. So *what may be recorded is a type*: [`say!`] and [`span!`] take a literal message and values
//! that are [`Recordable`], a sealed trait of parties, steps, codes, counts, durations and short entry ids. Everything said
//! through them has a target that begins with `rogatory::`, and only those targets leave the process or print their fields. A
//! direct `tracing::info!(field = text)` is forbidden in the other crates; should one slip in, or a library speak, its fields are
//! not printed and nothing of it is exported.
//!
//! [`supervisor`] tells a service manager whether the program serves and lives.
//!
//! Begin with [`init`] (once per process), then [`say!`] and [`Metrics`]. [`TraceCalls`] and [`Propagate`] carry the trace across
//! a gRPC call [W3C Trace Context].

mod calls;
mod foreign;
mod init;
mod journey;
mod metrics;
mod ops;
mod readiness;
mod recordable;
mod say;
mod scrape;
pub mod supervisor;
mod vitals;

pub use calls::{Propagate, TraceCalls, TracedCalls};
pub use init::{Guard, LogFormat, Options, TelemetryError, init};
pub use journey::{follow, traceparent};
pub use metrics::Metrics;
pub use ops::Ops;
pub use readiness::{Readiness, Report};
pub use recordable::{Recordable, Word};
pub use say::Level;
pub use scrape::Scrape;
pub use tonic_health::{pb::health_server::HealthServer, server::HealthService};
pub use tracing::{Instrument, Span};
pub use vitals::Vitals;

#[doc(hidden)]
pub use tracing as __tracing;

/// The first part of every target that may be printed with its fields and exported.
const TARGET: &str = "rogatory::";
