//! Real MLS, real certificates: two states, their gateways and desks, and those who should not be there.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod certified;
mod flow;
mod garbage;
mod golden;
mod hostile;
mod raw;
mod tampering;
mod welcome;
mod world;
