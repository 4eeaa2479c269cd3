//! Case files made in memory, and every way to lie with one.

#![expect(clippy::unwrap_used, reason = "tests")]

mod honest;
mod liars;
mod tampering;
mod world;
