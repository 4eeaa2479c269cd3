//! What deploy/AUDITOR.md tells a stranger of the names that a check gives.

use std::collections::BTreeSet;

use casefile::Check;
use model::Fault;

const PAGE: &str = include_str!("../../../../deploy/AUDITOR.md");

/// The names in the first column of the tables of rules.
fn told() -> BTreeSet<String> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with("The rules by their names\n")).unwrap();
    let names = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_auditors_page_tells_every_rule_that_a_check_or_a_receipt_can_name_and_no_other() {
    let checks = Check::ALL.into_iter().map(|check| check.as_str().to_owned());
    let grounds = Fault::ALL.into_iter().map(|fault| format!("protocol/{fault}"));
    let named: BTreeSet<String> = checks.chain(grounds).collect();
    assert_eq!(told(), named);
    assert!(named.contains(model::UNOPENED), "the word on what went unopened is one of them");
}
