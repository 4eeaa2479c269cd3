//! Nothing but tests: mls-rs, a second implementation of MLS [RFC 9420], as the foreign judge of ours. It sits in a case's group as
//! a desk, opens one, and follows one as a gateway, with its own parser, key schedule and validation of certificates.
//!
//! Of ours it must never use more than what crosses the wire: messages, certificates, and the digests that desks compare.
//!
//! Begin with `tests/foreign.rs`: the settings with which a desk on mls-rs takes part.
