//! The program `treaty` from outside: as it was built, over a small made-up catalogue.

#![expect(clippy::unwrap_used, reason = "tests")]

mod change;
mod explain;
mod lint;
mod new;
mod pages;
mod schema;
mod support;
