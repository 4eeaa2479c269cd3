//! One case, two implementations of MLS: ours, and mls-rs on the other side of every border. One log, two libraries: ours writes it, Go's
//! verifies it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod case;
mod changes;
mod foreign;
mod go;
mod lax;
mod opened_there;
mod world;
