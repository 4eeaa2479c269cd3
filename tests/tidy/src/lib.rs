//! Reads the source tree and the dependency graph, so that the rules of the house can be tests (`tests/main`).
//!
//! It must never judge by a list of exceptions that can grow: what is over a length limit today stands in `ratchet.txt`, and
//! only ever leaves it. It knows Rust's surface only (strings, comments, braces), not its grammar: rules that the compiler or
//! clippy can hold are theirs.
//!
//! Begin with [`Tree`], then `tests/main/source.rs` for the rules over text and `tests/main/arrows.rs` for those over the graph.

mod finding;
mod graph;
mod ratchet;
mod scan;
mod tree;

pub use finding::{Complaint, Finding, report};
pub use graph::{Graph, Package, closure};
pub use ratchet::{FILE_LINES_MAX, FUNCTION_LINES_MAX, Ratchet, over_limit};
pub use scan::{Attribute, Function, attributes, functions, is_identifier_byte, mask, words};
pub use tree::{Source, Tree, workspace_root};
