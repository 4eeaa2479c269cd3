//! An exporter who holds the desk's key, and signs a manifest over whatever it likes.

use casefile::{Material, Report};
use model::{EntryId, ReceiptKind};

use crate::{honest::checked, world::Story};

/// What a lie is found by, after everything was signed again.
fn found(lie: impl FnOnce(&Story, &mut Material)) -> Report {
    let story = Story::small();
    let mut material = story.material();
    lie(&story, &mut material);
    let report = checked(&story, &story.export(&material));
    assert!(!report.holds && report.proved.is_empty(), "{}", report.to_text());
    report
}

fn says(report: &Report, rule: &str, what: &str) {
    let told = report.contradicted.iter().any(|one| one.rule.as_str() == rule && one.what.contains(what));
    assert!(told, "{rule}: {what}\n{}", report.to_text());
}

#[test]
fn an_entry_that_was_taken_out_is_missed_by_chain_ledger_and_gateway() {
    let report = found(|_, material| drop(material.entries.remove(2)));
    says(&report, "chain", "is not the one that it follows");
    says(&report, "ledger", "an entry that is not in the file");
    says(&report, "extent", "other entries and receipts");
}

#[test]
fn the_end_of_the_case_cannot_be_cut_off_without_the_gateway() {
    let report = found(|_, material| {
        let last = material.entries.pop().unwrap().id;
        material.held.leaves.retain(|leaf| leaf.statement.entry != last);
    });
    says(&report, "extent", "other entries and receipts and leaves");
}

#[test]
fn entries_in_another_order_are_found() {
    let report = found(|_, material| material.entries.swap(3, 4));
    says(&report, "chain", "is not the one that it follows");
    assert!(report.misstated.is_empty(), "the order of the file is the exporter's: {}", report.to_text());
}

#[test]
fn a_receipt_that_was_taken_out_is_found() {
    let report = found(|_, material| drop(material.entries[3].receipts.remove(0)));
    says(&report, "extent", "receipts");
}

#[test]
fn an_entry_whose_acceptance_is_gone_cannot_be_called_refused() {
    let report = found(|_, material| {
        material.entries[4].receipts.retain(|(kind, ..)| *kind != ReceiptKind::RelayAcceptance);
    });
    says(&report, "extent", "receipts");
}

#[test]
fn a_receipt_of_another_case_is_found() {
    let report = found(|_, material| {
        let mut other = Story::small();
        other.open();
        material.entries[1].receipts[0] = other.entries[1].receipts[0].clone();
    });
    says(&report, "signature", "did not sign the receipt");
}

#[test]
fn a_receipt_of_another_entry_is_found() {
    let report = found(|_, material| {
        let (one, two) = (material.entries[2].receipts[0].clone(), material.entries[3].receipts[0].clone());
        (material.entries[2].receipts[0], material.entries[3].receipts[0]) = (two, one);
    });
    says(&report, "receipts", "a receipt on another entry");
}

#[test]
fn a_leaf_that_was_taken_out_is_missed_where_the_home_said_that_it_is_there() {
    let report = found(|_, material| drop(material.held.leaves.remove(0)));
    says(&report, "ledger", "is under the head, and its proof is not in the file");
}

#[test]
fn a_receipt_that_its_own_gateway_logged_cannot_be_left_out_even_with_the_gateways_help() {
    let report = found(|story, material| {
        material.entries[1].receipts.retain(|(kind, ..)| *kind != ReceiptKind::RelayAcceptance);
        story.count(material);
    });
    says(&report, "ledger", "opens to a receipt that is not in the file");
}

#[test]
fn a_salt_that_does_not_open_its_leaf_is_found() {
    let report = found(|_, material| material.held.leaves[1].salt.0[0] ^= 1);
    says(&report, "ledger", "does not lead from the leaf to the root");
}

#[test]
fn a_head_that_the_other_state_did_not_sign_is_found() {
    let report = found(|_, material| {
        let (note, _) = material.held.head.rsplit_once("\u{2014} rogatory.internal/fr").unwrap();
        material.held.head = note.to_owned();
    });
    says(&report, "ledger", "the other party has not signed the head");
}

#[test]
fn a_body_that_was_not_committed_to_is_found() {
    let report = found(|_, material| {
        let body = material.entries[1].body.as_mut().unwrap();
        let last = body.bytes.len() - 2;
        body.bytes[last] ^= 1;
    });
    says(&report, "body", "not the body that the header of its entry committed to");
}

#[test]
fn treaty_files_that_give_another_rule_are_found() {
    let report = found(|_, material| {
        let text = &mut material.treaties[0].1;
        *text = text.replace("max_subjects = 2", "max_subjects = 3");
    });
    says(&report, "treaty", "give another rule");
}

#[test]
fn a_national_file_is_in_no_case_file() {
    let report = found(|_, material| {
        material.treaties.push(("national/JP.toml".to_owned(), "format = \"national/1\"\nid = \"JP\"\n".to_owned()));
    });
    says(&report, "treaty", "a state's own law");
}

#[test]
fn an_entry_of_another_case_does_not_fit_in() {
    let report = found(|_, material| {
        let mut strange = Story::small().entries.remove(4);
        strange.id = EntryId::new([9; 16]);
        material.entries.push(strange);
    });
    says(&report, "signature", "not the entry, or not at the place");
}

#[test]
fn a_manifest_that_another_key_signed_is_found() {
    let story = Story::small();
    let file =
        casefile::assemble(&story.material(), |manifest| story.fr.desk.sign(identity::Domain::CaseFile, manifest));
    let report = checked(&story, &file.unwrap());
    says(&report, "signature", "not signed by the desk of JP:central");
}
