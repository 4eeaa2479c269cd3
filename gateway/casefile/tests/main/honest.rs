//! A case that went as it should.

use casefile::{CannotVerify, Report, RootPin, verify};
use model::{Role, Step, Timestamp};

use crate::world::{Story, now, party};

pub(crate) fn checked(story: &Story, file: &[u8]) -> Report {
    verify(file, &story.pins(), now()).unwrap()
}

#[test]
fn a_whole_case_is_proved_with_nothing_but_the_two_roots() {
    let story = Story::small();
    let report = checked(&story, &story.export(&story.material()));
    assert!(report.holds, "{}", report.to_text());
    let text = report.to_text();
    for said in [
        "JP:central asked FR:central, in entry 1",
        "article ets-185:31 permits it",
        "judge-1 of JP:judicial validated it as judge",
        "officer-1 of JP:central as central and officer-2 of JP:central as central (2 officers)",
        "epoch 1 from entry 0: JP:central, FR:central (certified by JP and FR)",
        "JP:central came in; FR:central came in; JP:central renewed its leaf",
        "JP signed the head of 7 leaves",
        "FR cosigned it",
        "5 entries and 2 receipts are opened as leaves",
        "4 of 4 bodies are opened",
        "That both states signed the treaty files",
        "withdrawn by a directory newer than version 1 of JP and version 1 of FR",
        "FR took or refused of them, and kept, stands in the file that FR exports",
        "none can be taken out from between two others",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn the_same_case_gives_the_same_bytes() {
    let story = Story::small();
    assert_eq!(story.export(&story.material()), story.export(&story.material()));
}

#[test]
fn bodies_may_be_left_out_and_it_says_so() {
    let story = Story::small();
    let mut material = story.material();
    material.entries.iter_mut().for_each(|entry| entry.body = None);
    material.withheld = vec!["left out on demand".to_owned()];
    let report = checked(&story, &story.export(&material));
    assert!(report.holds, "{}", report.to_text());
    assert!(
        report.to_text().contains("What 4 bodies say: they are not in the file (left out on demand)"),
        "{}",
        report.to_text()
    );
}

#[test]
fn without_a_root_of_each_party_nothing_is_checked() {
    let story = Story::small();
    let file = story.export(&story.material());
    let only_jp = &story.pins()[..1];
    assert_eq!(verify(&file, only_jp, now()), Err(CannotVerify::RootsMissing(vec![party("FR")])));
}

#[test]
fn a_root_of_the_same_name_that_was_not_pinned_proves_nothing() {
    let (story, other) = (Story::small(), Story::new());
    let file = story.export(&story.material());
    let report = verify(&file, &other.pins(), now()).unwrap();
    assert!(!report.holds && report.proved.is_empty(), "{}", report.to_text());
    let mixed = [story.pins().remove(0), other.pins().remove(1)];
    assert!(!verify(&file, &mixed, now()).unwrap().holds);
    let by_print = story.pins().into_iter().map(|pin| match pin {
        RootPin::Certificate(root) => RootPin::Fingerprint(root.party(), root.fingerprint()),
        other => other,
    });
    assert!(verify(&file, &by_print.collect::<Vec<_>>(), now()).unwrap().holds);
}

#[test]
fn what_is_no_case_file_is_unreadable() {
    let story = Story::new();
    for bytes in [&b""[..], b"PK", b"PK\x03\x04", b"{}", &[0; 4096]] {
        assert!(matches!(verify(bytes, &story.pins(), Timestamp(0)), Err(CannotVerify::Unreadable(_))));
    }
}

#[test]
fn a_case_of_many_entries_is_verified() {
    let entries: usize =
        std::env::var("ROGATORY_CASE_ENTRIES").ok().and_then(|count| count.parse().ok()).unwrap_or(400);
    let mut story = Story::small();
    while story.entries.len() < entries {
        story.answer(Step::TellStatus, &[(false, 0, Role::Central)]);
    }
    let file = story.export(&story.material());
    #[expect(clippy::disallowed_methods, reason = "the figure is told, and asserted only where a limit is given")]
    let started = std::time::Instant::now();
    let report = checked(&story, &file);
    let took = started.elapsed();
    println!("{} entries, {} bytes: verified in {took:?}", entries, file.len());
    let most = std::env::var("ROGATORY_CASE_SECONDS_MAX").ok().and_then(|most| most.parse::<f64>().ok());
    assert!(most.is_none_or(|most| took.as_secs_f64() <= most), "it takes more than {most:?} s");
    assert!(report.holds, "{}", report.to_text());
    assert!(report.to_text().contains(&format!("{entries} entries are one chain")));
}
