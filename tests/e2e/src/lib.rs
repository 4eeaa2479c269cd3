//! Tests of the programs as their users meet them: `gateway` and `desk` as processes, real sockets between them, a hostile client
//! with real keys on the other end, kills and cut links in the middle of a case.
//!
//! There is nothing to link here. Begin with `tests/main/main.rs`; build the programs first: `cargo build --workspace --bins`.
