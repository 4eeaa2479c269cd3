#![expect(clippy::unwrap_used, reason = "tests")]

mod admission;
mod answers;
mod refusals;
mod signed;
mod two_gateways;
mod world;
