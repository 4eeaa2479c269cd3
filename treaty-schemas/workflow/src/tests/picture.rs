//! The procedure as people read it.

use std::{env, fs, path::Path};

use model::Digest;

use crate::{
    MATTERS, MatterKind, PROCEDURE, TRANSITIONS, clock_table, decide::TABLES, matter_picture, matter_table, picture,
    table,
};

const INTRODUCTION: &str = "# How a measure moves

A request has measures, and each moves by itself. This page is made from the table that the gateways and desks decide by; a test holds it
to that (`ROGATORY_ACCEPT=1 cargo test -p rogatory-workflow` writes it anew). \"home\" is the requesting party, \"peer\" the requested one; \"2 ×\"
are two different officers.
";

#[test]
fn the_page_of_the_procedure_is_made_from_its_table() {
    let page = format!("{INTRODUCTION}\n```mermaid\n{}```\n\n{}", picture(), table());
    held("CASE.md", &page);
}

const MATTERS_INTRODUCTION: &str = "# How the matters of a case move

Beside its request a case may have matters: a consent to another use or reader, an incident, an error in what was given, a hearing by video
link. Each moves by itself, in the same chain of entries as the measures. This page is made from the table that the gateways and desks decide
by; a test holds it to that (`ROGATORY_ACCEPT=1 cargo test -p rogatory-workflow` writes it anew). \"peer\" is the requested party; \"2 ×\" are two
different officers.
";

#[test]
fn the_page_of_the_matters_is_made_from_their_table() {
    let chapter =
        |kind: MatterKind| format!("\n## {kind}\n\n```mermaid\n{}```\n\n{}", matter_picture(kind), matter_table(kind));
    let page: String = MatterKind::ALL.into_iter().map(chapter).collect();
    held("MATTERS.md", &format!("{MATTERS_INTRODUCTION}{page}"));
    assert!(MATTERS.iter().all(|row| page.contains(&row.to_string())));
}

const CLOCKS_INTRODUCTION: &str = "# Which clocks run

A treaty file says how long each lasts and by which clause; where it says nothing, the programs' own policy does, and is called so everywhere.
This page is made from the table that the desks count by; a test holds it to that (`ROGATORY_ACCEPT=1 cargo test -p rogatory-workflow`
writes it anew). \"late\" is told to people and moves nothing; what lapses ends what it guards.

";

#[test]
fn the_page_of_the_clocks_is_made_from_their_table() {
    held("CLOCKS.md", &format!("{CLOCKS_INTRODUCTION}{}", clock_table()));
}

fn held(name: &str, page: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os("ROGATORY_ACCEPT").is_some() {
        fs::write(&file, page).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap_or_default(), page, "ROGATORY_ACCEPT=1 writes it anew");
}

#[test]
fn the_picture_has_an_arrow_for_every_move() {
    let picture = picture();
    let moves: usize = TRANSITIONS.iter().filter(|row| row.to.is_some()).map(|row| row.from.len()).sum();
    assert_eq!(picture.matches(" --> ").count(), moves + 2);
    assert!(picture.starts_with("stateDiagram-v2\n    [*] --> DRAFT\n"));
    assert!(picture.contains("\n    REVIEW --> REFUSED: refuse (peer, 2 × decider)\n"));
    assert!(picture.contains("\n    INFO_WAIT --> EXECUTING: give_info (home, central)\n"));
}

#[test]
fn no_table_of_the_procedure_changes_without_a_decision_on_its_version() {
    let matters: String = MatterKind::ALL.into_iter().map(matter_table).collect();
    let digest = Digest::of(&[table().as_bytes(), matters.as_bytes()]).to_string();
    assert!(
        digest == TABLES,
        "the tables of the procedure are others than version {PROCEDURE} had. If that version was in a release, raise PROCEDURE (decide.rs); \
         else leave it. Then write {digest} into TABLES beside it."
    );
}
