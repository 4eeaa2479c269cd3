//! FR's gateway signs what is not so. JP's file must not fall with it: the word is pinned on who gave it.

use casefile::{Misstatement, Report};
use identity::Directory;
use model::{
    CaseId, Digest, EnvelopeDigest, HeaderDigest, Receipt, ReceiptKind, Refusal, RefusalCode, Role, Step, Timestamp,
    UNOPENED,
};

use crate::{
    honest::checked,
    world::{Story, party},
};

/// The report on a case in which FR's gateway tells `lie` from the third entry on, which its own desk sends.
fn told(lie: fn(&mut Receipt)) -> Report {
    let mut story = Story::new();
    story.open();
    story.request();
    story.misstates = lie;
    story.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
    checked(&story, &story.export(&story.material()))
}

/// Makes the receipt one that says that no desk opened the entry in its time.
pub(crate) fn unopened(receipt: &mut Receipt, at: Timestamp) {
    let refusal = Refusal::new(RefusalCode::R94, UNOPENED, "nobody had opened it", "Call.");
    (receipt.kind, receipt.at, receipt.refusal) = (ReceiptKind::NonRetrieval, at, Some(refusal));
}

fn pinned(report: &Report, what: &str) {
    let on_fr = |one: &&Misstatement| one.by == [party("FR")] && one.what.contains(what);
    assert_eq!(report.misstated.iter().filter(on_fr).count(), 1, "{what}\n{}", report.to_text());
    assert!(report.holds && !report.proved.is_empty(), "{}", report.to_text());
    assert!(report.to_text().contains("SIGNED, AND NOT SO"), "{}", report.to_text());
}

#[test]
fn a_receipt_that_names_another_case_is_pinned_on_its_signer_and_the_rest_holds() {
    let report = told(|receipt| {
        receipt.case = CaseId::new(*b"\x09\x02\x03\x04\x05\x06\x47\x08\x89\x0a\x0b\x0c\x0d\x0e\x0f\x10")
    });
    pinned(&report, "names another case");
    assert!(report.to_text().contains("3 entries are one chain"), "{}", report.to_text());
}

#[test]
fn a_receipt_that_names_another_header_is_pinned_on_its_signer_and_the_rest_holds() {
    pinned(&told(|receipt| receipt.header = HeaderDigest(Digest::new([1; 32]))), "names another header");
}

#[test]
fn a_receipt_on_another_envelope_than_its_own_desk_signed_is_pinned_on_its_signer() {
    let report = told(|receipt| receipt.envelope = EnvelopeDigest(Digest::new([1; 32])));
    pinned(&report, "another header or payload");
    assert!(report.to_text().contains("(signed, and not so)"), "{}", report.to_text());
}

#[test]
fn an_exporter_cannot_pin_two_entries_of_its_own_on_the_other_state_alone() {
    let mut story = Story::new();
    story.open();
    story.misstates = |receipt| receipt.envelope = EnvelopeDigest(Digest::new([1; 32]));
    story.request();
    let report = checked(&story, &story.export(&story.material()));
    let both = |one: &Misstatement| one.by == [party("FR"), party("JP")] && one.what.contains("that its desk signed");
    assert!(report.misstated.iter().any(both), "{}", report.to_text());
}

#[test]
fn a_receipt_that_is_dated_before_its_entry_is_pinned_on_its_signer_and_its_moment_is_not_used() {
    let report = told(|receipt| receipt.at = receipt.at.plus_ms(-6 * 60_000));
    pinned(&report, "before the entry was made");
    assert!(report.to_text().contains("(signed, its moment is not so)"), "{}", report.to_text());
}

#[test]
fn a_receipt_of_a_moment_at_which_its_key_was_nobodys_is_pinned_on_its_signer() {
    pinned(&told(|receipt| receipt.at = receipt.at.plus_ms(-400 * 24 * 3_600_000)), "when no directory in the file");
}

#[test]
fn a_receipt_of_a_kind_that_the_other_gateway_states_is_pinned_on_its_signer() {
    pinned(&told(|receipt| receipt.kind = ReceiptKind::Retrieval), "is not for the gateway of FR to state");
}

#[test]
fn a_receipt_without_a_leaf_is_signed_and_not_in_the_ledger() {
    let story = Story::small();
    let text = checked(&story, &story.export(&story.material())).to_text();
    let line = text.lines().find(|line| line.contains("acknowledge")).unwrap();
    assert!(line.contains("FR SubmissionAcceptance") && line.contains("(signed, not in the ledger)"), "{line}");
    let own = line.split("JP RelayAcceptance").nth(1).unwrap();
    assert!(!own.contains("not in the ledger"), "the home's acceptance stands by the entry's leaf: {line}");
    assert!(text.contains("By the ledger, 3 receipts: they are signed by their gateways"), "{text}");
}

#[test]
fn a_desk_that_is_accredited_no_more_passes_by_an_older_directory_with_a_remark() {
    let story = Story::small();
    let mut material = story.material();
    let mut newer = Directory::from_toml(&story.fr.directory.toml).unwrap();
    (newer.version, newer.issued) = (2, story.start.plus_ms(1));
    newer.authorities.retain(|authority| authority.id.to_string() != "FR:central");
    material.held.directories.push((party("FR"), 2, story.fr.root.sign_directory(&newer, &[]).unwrap()));
    let report = checked(&story, &story.export(&material));
    assert!(report.holds, "{}", report.to_text());
    let text = report.to_text();
    for said in [
        "That entry 2 of FR:central was signed by whom its state still accredited: by the newest directories that had been issued by then \
         (JP version 1, FR version 2) it does not hold",
        "That the desks of epoch 1 were accredited by the newest directories",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

/// A case in which FR's gateway says that its desk opened the request, two minutes later, when version 1 of its directory is over; of its
/// directory the file has the version `next` besides, of eight minutes after that.
fn dated_between(next: Option<u64>) -> Report {
    let mut story = Story::new();
    story.open();
    story.request();
    story.states(1, |receipt| (receipt.kind, receipt.at) = (ReceiptKind::Retrieval, receipt.at.plus_ms(120_000)));
    let mut material = story.material();
    let first = Directory::from_toml(&story.fr.directory.toml).unwrap();
    let signed = |version, issued, expires| {
        let one = Directory { version, issued, expires, ..first.clone() };
        (party("FR"), version, story.fr.root.sign_directory(&one, &[]).unwrap())
    };
    material.held.directories.retain(|(of, ..)| *of == party("JP"));
    material.held.directories.push(signed(1, first.issued, story.start.plus_ms(60_000)));
    let next = next.map(|version| signed(version, story.start.plus_ms(600_000), first.expires));
    material.held.directories.extend(next);
    checked(&story, &story.export(&material))
}

#[test]
fn a_version_of_a_directory_that_is_not_in_the_file_is_missed_and_pins_nothing_on_whose_key_it_may_have_named() {
    for next in [Some(3), None] {
        let report = dated_between(next);
        let text = report.to_text();
        assert!(report.holds && report.misstated.is_empty(), "{text}");
        assert!(
            text.contains("the directory of FR that was in force then may be one that is not in the file"),
            "{text}"
        );
        let missed = text.contains("What version 2 of the directory of FR said, which is not in the file");
        assert_eq!(missed, next.is_some(), "{text}");
    }
    pinned(&dated_between(Some(2)), "when no directory in the file made its key that of FR");
}

fn another(receipt: &mut Receipt) {
    if let Some(epoch) = &mut receipt.epoch {
        epoch.tree_hash[0] ^= 1;
    }
}

#[test]
fn of_two_gateways_that_certify_different_epochs_the_one_that_the_group_contradicts_is_pinned() {
    let mut story = Story::new();
    story.misstates = another;
    story.open();
    story.misstates = |_| {};
    story.request();
    let report = checked(&story, &story.export(&story.material()));
    pinned(&report, "an epoch to which the handshake does not lead");
    assert!(report.to_text().contains("(certified by JP)"), "{}", report.to_text());
}

#[test]
fn a_gateway_that_certifies_two_epochs_of_one_handshake_is_pinned_by_the_one_to_which_it_leads() {
    let mut story = Story::new();
    story.open();
    story.states(0, another);
    story.request();
    let report = checked(&story, &story.export(&story.material()));
    pinned(&report, "an epoch to which the handshake does not lead");
    assert!(report.to_text().contains("(certified by JP and FR)"), "{}", report.to_text());
}

#[test]
fn where_the_handshake_leads_to_none_of_the_epochs_nobody_is_told_to_lie_but_who_certified_two() {
    let mut story = Story::new();
    story.misstates = another;
    story.home_misstates = |receipt| {
        if let Some(epoch) = &mut receipt.epoch {
            epoch.tree_hash[1] ^= 1;
        }
    };
    story.open();
    story.misstates = |_| {};
    story.home_misstates = |_| {};
    let words = "the two gateways certified different epochs";
    let told = |story: &Story| {
        let report = checked(story, &story.export(&story.material()));
        assert!(
            !report.holds && report.contradicted.iter().any(|one| one.what.contains(words)),
            "{}",
            report.to_text()
        );
        report.misstated
    };
    assert!(told(&story).is_empty());
    story.states(0, |receipt| receipt.epoch.iter_mut().for_each(|epoch| epoch.transcript_hash[0] ^= 1));
    let misstated = told(&story);
    assert!(misstated.iter().all(|one| one.by == [party("FR")] && one.what.contains("had certified before")));
    assert!(!misstated.is_empty());
}

#[test]
fn of_two_words_on_one_retrieval_the_first_counts_and_the_other_is_pinned_on_its_signer() {
    for (first, then) in
        [(ReceiptKind::Retrieval, ReceiptKind::NonRetrieval), (ReceiptKind::NonDelivery, ReceiptKind::Delivery)]
    {
        let mut story = Story::small();
        for kind in [first, then] {
            story.states(1, |receipt| (receipt.kind, receipt.at) = (kind, receipt.at.plus_ms(1)));
        }
        let report = checked(&story, &story.export(&story.material()));
        let words = if first == ReceiptKind::Retrieval { "both opened and not" } else { "both laid ready and not" };
        pinned(&report, words);
    }
}

#[test]
fn who_says_that_nobody_opened_an_entry_before_its_time_was_over_is_pinned_by_the_entry() {
    let mut story = Story::small();
    story.states(1, |receipt| unopened(receipt, receipt.at.plus_ms(1)));
    pinned(&checked(&story, &story.export(&story.material())), "when the time of the entry was not over");
}

#[test]
fn a_state_that_publishes_thousands_of_directories_does_not_void_the_file_of_the_other() {
    let story = Story::small();
    let mut material = story.material();
    let first = Directory::from_toml(&story.fr.directory.toml).unwrap();
    for version in 2..=1001_i64 {
        let newer = Directory {
            version: u64::try_from(version).unwrap(),
            issued: first.issued.plus_ms(version),
            ..first.clone()
        };
        let signed = story.fr.root.sign_directory(&newer, &[]).unwrap();
        material.held.directories.push((party("FR"), newer.version, signed));
    }
    let report = checked(&story, &story.export(&material));
    assert!(report.holds && report.misstated.is_empty(), "{}", report.to_text());
}
