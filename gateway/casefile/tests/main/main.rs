//! Case files made in memory, and every way to lie with one.

#![expect(clippy::unwrap_used, reason = "tests")]

mod expired;
mod honest;
mod liars;
mod misstated;
mod tampering;
mod violations;
mod world;
