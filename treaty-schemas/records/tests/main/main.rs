//! The catalogue's examples against its schemas, the rules that every schema keeps, and what the strict reader refuses.

#![expect(clippy::unwrap_used, reason = "tests")]

mod catalogue;
mod rules;
mod shelf;
mod strict;
