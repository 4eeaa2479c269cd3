//! The procedure as people read it.

use std::{env, fs, path::Path};

use model::Digest;

use crate::{MATTERS, MatterKind, PROCEDURE, Page, TRANSITIONS, decide::TABLES, matter_table, picture, table};

#[test]
fn the_page_of_the_procedure_is_made_from_its_table() {
    held("CASE.md", Page::Case);
}

#[test]
fn the_page_of_the_matters_is_made_from_their_table() {
    let page = held("MATTERS.md", Page::Matters);
    assert!(MATTERS.iter().all(|row| page.contains(&row.to_string())));
}

#[test]
fn the_page_of_the_clocks_is_made_from_their_table() {
    held("CLOCKS.md", Page::Clocks);
}

fn held(name: &str, page: Page) -> String {
    let page = page.markdown();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os("ROGATORY_ACCEPT").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap_or_default(), page, "ROGATORY_ACCEPT=1 writes it anew");
    page
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
