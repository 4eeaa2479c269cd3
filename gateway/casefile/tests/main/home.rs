//! JP's gateway, the home, logs and certifies what is not so. FR's file must not fall with it: what the home alone wrote is pinned on it.

use casefile::{Misstatement, Report};
use ledger::{Statement, StatementKind};
use model::{Digest, EpochCertificate, HeaderDigest, ReceiptKind, Role, Step};

use crate::{
    honest::checked,
    world::{Story, party},
};

fn of_peer(story: &Story) -> Report {
    checked(story, &story.export(&story.material_of_peer()))
}

fn pinned(report: &Report, file: &str, what: &str) {
    let on_home = |one: &&Misstatement| one.by == [party("JP")] && one.file.contains(file) && one.what.contains(what);
    assert_eq!(report.misstated.iter().filter(on_home).count(), 1, "{what}\n{}", report.to_text());
    assert!(report.holds && !report.proved.is_empty(), "{}", report.to_text());
}

#[test]
fn an_honest_case_is_proved_by_the_file_of_either_side() {
    let report = of_peer(&Story::small());
    assert!(report.holds && report.misstated.is_empty(), "{}", report.to_text());
}

#[test]
fn a_leaf_on_a_receipt_that_the_exporter_was_never_told_of_is_not_proved_and_the_rest_holds() {
    let mut story = Story::small();
    let unheard = Statement { kind: StatementKind::Receipt(Digest::of(&[b"unheard"])), ..story.logged(4) };
    story.append(unheard);
    let report = of_peer(&story);
    assert!(report.holds && report.misstated.is_empty(), "{}", report.to_text());
    assert!(report.to_text().contains("FR may not have been told of it yet; JP can show it"), "{}", report.to_text());
    let own = checked(&story, &story.export(&story.material()));
    assert!(!own.holds, "whoever logged it has it: {}", own.to_text());
}

#[test]
fn an_entry_that_the_home_logs_twice_is_pinned_on_it_and_stands_by_its_first_leaf() {
    let mut story = Story::small();
    story.append(story.logged(1));
    let report = of_peer(&story);
    pinned(&report, "ledger/leaf-", "it was logged twice");
    assert!(report.to_text().contains("in the order of the case"), "{}", report.to_text());
}

#[test]
fn a_leaf_on_another_header_of_an_entry_of_the_case_is_pinned_on_the_home() {
    let mut story = Story::small();
    story.append(Statement { header: HeaderDigest(Digest::of(&[b"another"])), ..story.logged(4) });
    pinned(&of_peer(&story), "ledger/leaf-", "on another header or payload");
}

#[test]
fn a_receipt_of_the_home_that_names_another_leaf_is_pinned_on_the_home() {
    let mut story = Story::new();
    story.open();
    story.request();
    story.home_misstates = |receipt| receipt.leaf = Some(0);
    story.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
    pinned(&of_peer(&story), "receipts/", "it names leaf 0, and the leaf of its entry is 4");
}

#[test]
fn a_leaf_that_one_side_names_and_the_other_does_not_hold_is_pinned_on_one_of_the_two() {
    let mut story = Story::new();
    story.open();
    story.request();
    story.unlogged = Some(Vec::new());
    story.home_misstates = |receipt| receipt.leaf = Some(3);
    story.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
    let mut material = story.material_of_peer();
    material.held.leaves.retain(|leaf| leaf.inclusion.index != 3);
    story.count(&mut material);
    let report = checked(&story, &story.export(&material));
    let either = [party("FR"), party("JP")];
    let one_of_two = |one: &Misstatement| one.by == either && one.what.contains("FR holds no such leaf");
    assert!(report.misstated.iter().any(one_of_two), "{}", report.to_text());
}

#[test]
fn an_order_of_the_log_that_is_not_that_of_the_case_is_pinned_on_the_home() {
    let mut story = Story::new();
    story.open();
    story.request();
    story.unlogged = Some(Vec::new());
    story.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
    let late = story.unlogged.take().unwrap();
    story.answer(Step::OpenReview, &[(false, 2, Role::Decider)]);
    late.into_iter().for_each(|statement| story.append(statement));
    let report = of_peer(&story);
    pinned(&report, "ledger/leaf-", "stands before that of the entry before it");
    assert!(!report.to_text().contains("in the order of the case"), "{}", report.to_text());
}

#[test]
fn an_epoch_in_a_receipt_that_is_no_acceptance_is_pinned_on_its_signer_and_voids_no_file() {
    let mut story = Story::small();
    story.states(0, |receipt| {
        let false_epoch = receipt.epoch.take().map(|epoch| EpochCertificate { epoch: epoch.epoch + 7, ..epoch });
        (receipt.kind, receipt.by, receipt.leaf, receipt.epoch) =
            (ReceiptKind::Delivery, party("JP"), None, false_epoch);
    });
    let report = of_peer(&story);
    pinned(&report, "Delivery", "certifies an epoch, which only an acceptance does");
    assert!(report.to_text().contains("(certified by JP and FR)"), "{}", report.to_text());
}
