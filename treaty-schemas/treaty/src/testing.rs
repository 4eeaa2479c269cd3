//! Rules for tests: real ones, with bounds changed by hand.

#![expect(clippy::unwrap_used, reason = "tests")]

mod changes;

use std::sync::{Arc, OnceLock};

use jiff::civil::{Date, date};
use model::{
    ArticleRef, AuthorityKind, Consent, Digest, MeasureId, MeasureScope, Offence, PartyId, Role, SelectorKind,
    SubjectTag, Timestamp, Window,
};

pub(crate) use self::changes::{every_change, team};
use crate::{
    Catalog, Query, Rule,
    provision::{Basis, Provision},
    rule::Table,
};

pub(crate) const TODAY: Date = date(2026, 11, 22);
/// Noon of [`TODAY`], UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_795_348_800_000);

pub(crate) fn party(id: &str) -> PartyId {
    id.parse().unwrap()
}

/// The builtin rule between Japan and France.
pub(crate) fn compiled() -> Rule {
    static RULE: OnceLock<Rule> = OnceLock::new();
    let compile = || Catalog::builtin().unwrap().rule(party("JP"), party("FR"), TODAY);
    RULE.get_or_init(compile).clone()
}

/// Stored data of `ets-185:31`, with whatever `change` does to it in both directions.
pub(crate) fn changed(change: impl Fn(&mut Provision)) -> Rule {
    change_of(&compiled(), change)
}

pub(crate) fn change_of(rule: &Rule, change: impl Fn(&mut Provision)) -> Rule {
    table(rule, |table| {
        let clause = table.clauses.get_mut(&article()).unwrap();
        clause.provisions.get_mut(&"stored_data".parse().unwrap()).unwrap().iter_mut().for_each(change);
    })
}

/// The rule with another table, which both the shared and the local one are, and the pin that follows from it.
pub(crate) fn table(rule: &Rule, change: impl FnOnce(&mut Table)) -> Rule {
    let mut table = Table::clone(&rule.table);
    change(&mut table);
    Rule::new(table, None)
}

pub(crate) fn article() -> ArticleRef {
    "ets-185:31".parse().unwrap()
}

/// The provision that [`changed`] changes, towards Japan.
pub(crate) fn provision(rule: &Rule) -> &Provision {
    &rule.table.clauses[&article()].provisions[&"stored_data".parse().unwrap()][1]
}

/// A bound that Japan's own file sets.
pub(crate) fn national() -> Basis {
    Basis { file: Arc::from("national/JP.toml"), article: article(), owner: Some(party("JP")) }
}

/// Three accounts, with tags.
pub(crate) fn stored_data() -> MeasureScope {
    MeasureScope {
        id: MeasureId(1),
        article: article(),
        request_type: "stored_data".parse().unwrap(),
        records: vec!["traffic_data".parse().unwrap()],
        subjects: 3,
        selectors: vec![SelectorKind::Account],
        window: Some(Window { from: date(2026, 1, 1), to: date(2026, 1, 31) }),
        attributes: vec![],
        tags: (0..3).map(|i| SubjectTag::new([i; 16])).collect(),
    }
}

pub(crate) fn query(measures: &[MeasureScope]) -> Query<'_> {
    Query {
        requesting: party("FR"),
        requested: party("JP"),
        sender: AuthorityKind::Central,
        recipient: AuthorityKind::Central,
        between: None,
        measures,
        purpose: Some("criminal_investigation"),
        offence: Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false }),
        validator: Some(Role::Judge),
        tag_key: Some(Digest::of(&[b"key"])),
        classification: None,
        emergency: false,
        consent: None,
        at: NOON,
        languages: None,
        used: None,
    }
}

/// A consent of so many milliseconds ago.
pub(crate) fn consent(age_ms: i64) -> Option<Consent> {
    Some(Consent { given: NOON.plus_ms(-age_ms), receipt: Digest::of(&[b"receipt"]) })
}
