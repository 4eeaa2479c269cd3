//! Both ends of a link on real sockets, with the roots of two states.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod abuse;
mod identity_of_peers;
mod local;
mod ordinary;
mod world;
