use jiff::civil::{Date, date};
use model::{
    AuthorityKind, MeasureId, MeasureScope, Offence, PartyId, Refusal, RefusalCode, Role, SelectorKind, Timestamp,
    Window,
};
use treaty::{Catalog, Decision, Query, Rule};

pub(crate) const TODAY: Date = date(2026, 11, 22);

/// Noon of [`TODAY`], UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_795_348_800_000);

pub(crate) fn party(id: &str) -> PartyId {
    id.parse().unwrap()
}

pub(crate) fn builtin() -> Catalog {
    Catalog::builtin().unwrap_or_else(|wrong| {
        let shown: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        unreachable!("{}", shown.join("\n\n"))
    })
}

/// The builtin catalogue with `changed` in place of, or beside, its own files.
pub(crate) fn with(changed: &[(&str, String)]) -> Catalog {
    let kept = Catalog::builtin_files().filter(|(path, _)| changed.iter().all(|(name, _)| name != path));
    let changed = changed.iter().map(|(path, text)| ((*path).to_owned(), text.clone()));
    Catalog::load(kept.chain(changed)).unwrap()
}

/// The text of a builtin file.
pub(crate) fn file(path: &str) -> String {
    Catalog::builtin_files().find(|(name, _)| name == path).unwrap().1
}

/// One year of stored traffic data about one account: the request of the demo, as Japan sends it.
pub(crate) fn stored_data() -> MeasureScope {
    MeasureScope {
        id: MeasureId(1),
        article: "ets-185:31".parse().unwrap(),
        request_type: "stored_data".parse().unwrap(),
        records: vec!["subscriber_info".parse().unwrap(), "traffic_data".parse().unwrap()],
        subjects: 20,
        selectors: vec![SelectorKind::Account],
        window: Some(Window { from: date(2025, 11, 22), to: date(2026, 11, 21) }),
        attributes: vec![],
        tags: vec![],
    }
}

/// The measure under another article, with all else that this article wants.
pub(crate) fn measure(article: &str, request_type: &str, record: &str) -> MeasureScope {
    MeasureScope {
        article: article.parse().unwrap(),
        request_type: request_type.parse().unwrap(),
        records: vec![record.parse().unwrap()],
        subjects: 1,
        ..stored_data()
    }
}

pub(crate) fn query<'a>(from: &str, to: &str, measures: &'a [MeasureScope]) -> Query<'a> {
    Query {
        requesting: party(from),
        requested: party(to),
        sender: AuthorityKind::Central,
        recipient: AuthorityKind::Central,
        measures,
        purpose: Some("criminal_investigation"),
        offence: Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false }),
        validator: Some(Role::Judge),
        classification: None,
        emergency: false,
        consent: None,
        at: NOON,
        languages: None,
        used: None,
        tag_key: None,
    }
}

pub(crate) fn rule(a: &str, b: &str) -> Rule {
    builtin().rule(party(a), party(b), TODAY)
}

/// Decides between Japan and France today, on one measure.
pub(crate) fn decide(measure: MeasureScope) -> Decision {
    rule("FR", "JP").decide(&query("JP", "FR", &[measure]))
}

pub(crate) fn codes(decision: &Decision) -> Vec<RefusalCode> {
    decision.refusals.iter().map(|refusal| refusal.code).collect()
}

/// The only refusal of a decision that must have exactly one.
pub(crate) fn only(decision: &Decision) -> &Refusal {
    assert!(!decision.allowed());
    assert_eq!(decision.refusals.len(), 1, "{:?}", decision.refusals);
    &decision.refusals[0]
}
