#![expect(clippy::unwrap_used, reason = "tests")]

mod files;
mod play;
mod queues;
mod told;

use treaty::{Catalog, Diagnostic};

use crate::Scenario;

/// The scenarios that are shipped, by their file.
pub(super) const SHIPPED: [(&str, &str); 6] = [
    ("three-states.toml", include_str!("../../federation/scenarios/three-states.toml")),
    ("world-2025.toml", include_str!("../../federation/scenarios/world-2025.toml")),
    ("partition.toml", include_str!("../../federation/scenarios/partition.toml")),
    ("mass-surveillance.toml", include_str!("../../federation/scenarios/mass-surveillance.toml")),
    ("protocol-2-enters-into-force.toml", include_str!("../../federation/scenarios/protocol-2-enters-into-force.toml")),
    ("protocol-2-stays-out.toml", include_str!("../../federation/scenarios/protocol-2-stays-out.toml")),
];

pub(super) fn shipped(name: &str) -> &'static str {
    SHIPPED.iter().find(|(known, _)| known.strip_suffix(".toml") == Some(name)).unwrap().1
}

pub(super) fn read(text: &str) -> Result<Scenario, Vec<Diagnostic>> {
    Scenario::read("scenario.toml", text, Catalog::builtin_files())
}
