//! Sealed files, from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod depots;
mod pieces;
