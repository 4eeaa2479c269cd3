//! Who may link whom (ARCHITECTURE.md, "The map").

use tidy::{Complaint, closure, report};

use crate::{PURE, graph};

/// From the bottom up. An arrow leads to a lower layer, never within one or upwards.
const LAYERS: [(&str, &[&str]); 15] = [
    ("the vocabulary", &["model"]),
    ("what was agreed", &["treaty", "records"]),
    ("the case", &["workflow"]),
    ("what a body says", &["accord"]),
    ("the log", &["ledger"]),
    ("who is who", &["identity"]),
    ("what was signed", &["shelf"]),
    ("the group", &["roster"]),
    ("the cores", &["relay", "desk", "seal"]),
    ("how it is said, and what may be recorded", &["proto", "telemetry"]),
    ("the shells", &["store", "link", "keyring", "blobs"]),
    ("what a stranger proves", &["casefile"]),
    ("the pages", &["console"]),
    ("the programs", &["gatewayd", "deskd", "counsel"]),
    ("the proofs", PROOFS),
];

/// These may link anything, each other too; nothing else may link them.
const PROOFS: &[&str] = &["simulator", "ghosts", "federation", "e2e", "interop", "tidy", "bench"];

fn layer_of(package: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, packages)| packages.contains(&package))
}

/// Says which of `forbidden` the closure of `package` holds.
fn trespassers(package: &str, forbidden: &[&str]) -> Result<Vec<String>, Complaint> {
    let closure = closure(package)?;
    let found = forbidden.iter().filter(|name| closure.contains(**name));
    Ok(found.map(|name| format!("rogatory-{package} links {name}")).collect())
}

#[test]
fn arrows_point_downwards() -> Result<(), Complaint> {
    let mut findings = Vec::new();
    for package in &graph()?.packages {
        let Some(from) = layer_of(&package.name) else {
            findings.push(format!("{} has no layer: name it in LAYERS (and in ARCHITECTURE.md)", package.name));
            continue;
        };
        for to in &package.arrows {
            let is_down = layer_of(to).is_some_and(|to| to < from);
            if !is_down && !PROOFS.contains(&package.name.as_str()) {
                findings.push(format!("{} → {to}: from {} to no lower layer", package.name, LAYERS[from].0));
            }
        }
    }
    report(
        "arrows point one way: programs → shells → cores → workflow → treaty → model; only tests link the demo",
        "move what is shared to a lower crate, or hand it in as an argument",
        &findings,
    )
}

#[test]
fn every_layer_names_crates_that_exist() -> Result<(), Complaint> {
    let names: Vec<&str> = graph()?.packages.iter().map(|package| package.name.as_str()).collect();
    let listed = LAYERS.iter().flat_map(|(_, packages)| packages.iter());
    let gone: Vec<_> = listed.filter(|package| !names.contains(package)).collect();
    report("the layer table names members of the workspace", "strike it from LAYERS", &gone)
}

#[test]
fn pure_crates_link_no_runtime_no_storage_and_no_chance() -> Result<(), Complaint> {
    let mut findings = Vec::new();
    for (package, _) in PURE {
        findings.extend(trespassers(package, &["tokio", "tonic", "sea-orm", "getrandom"])?);
    }
    report(
        "model, treaty, workflow, accord, relay, desk and simulator have no tokio, tonic, sea-orm or getrandom in their closure",
        "see who brings it with `cargo tree -p <crate> -e normal -i <name>`; turn the feature off or invert the arrow",
        &findings,
    )
}

#[test]
fn a_gateway_cannot_open_a_seal_and_a_desk_cannot_relay() -> Result<(), Complaint> {
    let mut findings = trespassers("gatewayd", &["rogatory-seal", "rogatory-desk"])?;
    findings.extend(trespassers("deskd", &["rogatory-relay"])?);
    findings.extend(trespassers("relay", &["rogatory-desk", "rogatory-seal"])?);
    findings.extend(trespassers("desk", &["rogatory-relay", "rogatory-seal"])?);
    report(
        "gatewayd links neither seal nor desk, deskd not relay; relay and desk never reach each other",
        "move what is shared to model, workflow or identity",
        &findings,
    )
}

#[test]
fn a_case_file_is_verified_without_storage_channel_or_seal() -> Result<(), Complaint> {
    let forbidden = ["store", "link", "seal", "desk", "relay", "telemetry"].map(|name| format!("rogatory-{name}"));
    let forbidden: Vec<&str> = forbidden.iter().map(String::as_str).chain(["sea-orm"]).collect();
    report(
        "casefile verifies with what it is given: no storage, no channel, no key",
        "hand it in as an argument",
        &trespassers("casefile", &forbidden)?,
    )
}

#[test]
fn the_console_knows_of_cases_what_the_desk_s_socket_tells() -> Result<(), Complaint> {
    let forbidden =
        ["store", "seal", "desk", "relay", "workflow", "roster", "casefile"].map(|name| format!("rogatory-{name}"));
    let forbidden: Vec<&str> = forbidden.iter().map(String::as_str).chain(["sea-orm"]).collect();
    report(
        "console is a client of the desk: no storage, no MLS, no procedure of its own",
        "call rogatory.desk.v1; what an officer signs is checked by who starts the console",
        &trespassers("console", &forbidden)?,
    )
}

/// A closure that came back empty would keep every rule above.
#[test]
fn a_closure_shows_what_is_known_to_be_linked() -> Result<(), Complaint> {
    let gatewayd = closure("gatewayd")?;
    let known = ["tokio", "tonic", "rogatory-relay", "rogatory-model"];
    let missing: Vec<_> = known.iter().filter(|name| !gatewayd.contains(**name)).collect();
    report("the closure of gatewayd holds what a gateway is made of", "mend `tidy::closure`", &missing)
}
