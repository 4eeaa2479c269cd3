//! That each state had pinned the other's root, and that a case file tells nothing of third states.

use casefile::Material;
use identity::{Commitments, Directory, Root, RootOpening, certificate_to_pem};

use crate::{
    honest::checked,
    world::{State, Story, party},
};

/// Two states that trust each other, and DE besides, of which no case between the two tells anything.
pub(crate) fn introduced(mut one: State, mut two: State) -> (State, State) {
    let third = germany();
    let drawn = |state: &State| RootOpening::draw(state.root.certificate().clone()).unwrap();
    let openings = [drawn(&one), drawn(&two)];
    trust(&mut one, &[openings[1].clone(), third.clone()]);
    trust(&mut two, &[openings[0].clone(), third]);
    (one, two)
}

/// A root of DE, the same in each test.
fn germany() -> RootOpening {
    static ROOT: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let der =
        ROOT.get_or_init(|| Root::generate(party("DE"), crate::world::now()).unwrap().certificate().der().to_vec());
    RootOpening::draw(identity::RootCertificate::parse(der).unwrap()).unwrap()
}

fn trust(state: &mut State, openings: &[RootOpening]) {
    let mut directory = Directory::from_toml(&state.directory.toml).unwrap();
    directory.trusted = Commitments::to(openings).unwrap();
    state.directory = state.root.sign_directory(&directory, openings).unwrap();
}

fn told(story: &Story, material: &Material) -> (bool, String) {
    let report = checked(story, &story.export(material));
    (report.holds, report.to_text())
}

#[test]
fn that_each_state_had_pinned_the_root_of_the_other_is_proved() {
    let story = Story::small();
    let (holds, text) = told(&story, &story.material());
    assert!(holds, "{text}");
    for (by, other) in [("JP", "FR"), ("FR", "JP")] {
        let line = format!("{by} had pinned the root of {other} given here: 1 of the 1 versions of its directory");
        assert!(text.contains(&line), "{text}");
    }
    let mut material = story.material();
    material.held.directories[1].2.openings.clear();
    let (holds, text) = told(&story, &material);
    assert!(holds && text.contains("That FR had pinned the root of JP: the file opens no commitment"), "{text}");
}

#[test]
fn an_opening_that_no_directory_commits_to_or_of_another_root_is_a_contradiction() {
    let story = Story::small();
    let real = |story: &Story| story.fr.root.certificate().clone();
    let impostor = Root::generate(party("FR"), story.start).unwrap().certificate().clone();
    for (root, what) in [
        (real(&story), "no directory of JP in the file commits to it"),
        (impostor, "another root than the one of FR that was given"),
    ] {
        let mut material = story.material();
        material.held.directories[0].2.openings = vec![RootOpening::draw(root).unwrap()];
        let (holds, text) = told(&story, &material);
        assert!(!holds && text.contains(what), "{text}");
    }
}

#[test]
fn a_case_file_tells_nothing_of_a_third_state_that_both_trust() {
    let story = Story::small();
    let material = story.material();
    assert!(material.held.directories.iter().all(|(_, _, signed)| signed.openings.len() == 2));
    let file = story.export(&material);
    let root = germany().root().der().to_vec();
    let pem = certificate_to_pem(&root).unwrap();
    let line = pem.lines().nth(2).unwrap().as_bytes();
    // The last half of a certificate holds key and signature; the first half much that all have.
    for trace in [&root[root.len() / 2..], line, b"root DE", b"de.rogatory.internal", b"DE-"] {
        assert!(!file.windows(trace.len()).any(|window| window == trace), "{}", String::from_utf8_lossy(trace));
    }
}
