//! What a gateway and a desk keep, on SQLite or PostgreSQL.
//!
//! A shell collects what its core decided into a batch and hands it over once: one transaction holds it all, and when
//! `commit` returns it is durable. Executing a batch twice changes nothing. It must never decide: no rule, no workflow, no
//! signature is looked at here. Time comes from the caller, as milliseconds since 1970 (UTC).
//!
//! Begin with [`gateway::GatewayStore::commit`] and [`gateway::Batch`]; a desk's are [`desk::DeskStore`] and
//! [`desk::DeskBatch`]. A gateway's and a desk's database are two databases, never one. A third kind is a register of somebody
//! else's, which is only read: [`register::Register`].

mod column;
pub mod desk;
pub mod engine;
mod error;
pub mod gateway;
pub mod register;
mod schema;
mod sql;
mod write;

pub use column::{Blob, Column, Stored};
pub use engine::{DatabaseUrl, Engine, Settings};
pub use error::StoreError;
pub use write::Versioned;
