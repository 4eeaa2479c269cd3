#![expect(clippy::unwrap_used, reason = "tests")]

mod admission;
mod answers;
mod attachments;
mod follows;
mod group;
mod late;
mod law;
mod refold;
mod refusals;
mod signed;
mod terms;
mod two_gateways;
mod untoc;
mod world;
