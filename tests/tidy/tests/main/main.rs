//! The rules of the house. Each test is one rule; what it prints says where it is broken and how to mend it.

mod arrows;
mod cases;
mod manifests;
mod source;
mod templates;

use std::sync::OnceLock;

use tidy::{Complaint, Graph, Tree};

fn tree() -> Result<&'static Tree, Complaint> {
    static TREE: OnceLock<Result<Tree, String>> = OnceLock::new();
    TREE.get_or_init(Tree::read).as_ref().map_err(|error| error.as_str().into())
}

fn graph() -> Result<&'static Graph, Complaint> {
    static GRAPH: OnceLock<Result<Graph, String>> = OnceLock::new();
    GRAPH.get_or_init(Graph::read).as_ref().map_err(|error| error.as_str().into())
}

/// The crates that do no IO, by name and folder.
const PURE: [(&str, &str); 7] = [
    ("model", "treaty-schemas/model/"),
    ("treaty", "treaty-schemas/treaty/"),
    ("workflow", "treaty-schemas/workflow/"),
    ("relay", "gateway/relay/"),
    ("accord", "gateway/accord/"),
    ("desk", "gateway/desk/"),
    ("simulator", "tests/simulator/"),
];
