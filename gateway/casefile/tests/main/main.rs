//! Case files made in memory, and every way to lie with one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod clocks;
mod compared;
mod expired;
mod home;
mod honest;
mod liars;
mod misconduct;
mod misstated;
mod page;
mod pinned;
mod refusals;
mod stamped;
mod tampering;
mod violations;
mod world;
