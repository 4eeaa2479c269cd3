#![expect(missing_docs, reason = "tests")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod automatic;
mod broken;
mod catalogue;
mod decision;
mod force;
mod fuzz;
mod layers;
mod life;
mod narrowing;
mod pins;
mod precedence;
mod properties;
mod render;
mod spontaneous;
mod statements;
mod support;
