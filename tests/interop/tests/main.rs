//! One case, two implementations of MLS: ours, and mls-rs on the other side of every border.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod case;
mod changes;
mod foreign;
mod lax;
mod opened_there;
mod world;
