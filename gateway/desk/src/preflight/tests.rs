#![expect(clippy::unwrap_used, reason = "tests")]

use model::Window;

use super::*;
use crate::{Selector, sample};

const TODAY: Date = jiff::civil::date(2026, 8, 5);

fn of(body: &RequestBody) -> Vec<Finding> {
    let catalog = treaty::Catalog::builtin().unwrap();
    let rule = catalog.rule(body.requesting, body.requested, TODAY);
    let (sender, recipient) = (AuthorityKind::Central, AuthorityKind::Central);
    let findings = preflight(&Preflight {
        body,
        form: &[],
        rule: Some(&rule),
        sender,
        recipient,
        between: [&body.authority.id, &body.addressee],
        today: TODAY,
        now: Timestamp(0),
    })
    .findings;
    for finding in &findings {
        assert!(!finding.message.is_empty() && !finding.remedy.is_empty() && !finding.rule.is_empty());
        assert!(!finding.to_string().contains("mail.example"), "{finding}");
    }
    findings
}

fn blocking(body: &RequestBody) -> Vec<(Severity, Option<RefusalCode>, String)> {
    let blocking = of(body).into_iter().filter(|finding| finding.severity.blocks());
    blocking.map(|finding| (finding.severity, finding.code, finding.field)).collect()
}

/// Changes the sample, and expects exactly one blocking finding.
fn only(change: impl Fn(&mut RequestBody)) -> (Severity, Option<RefusalCode>, String) {
    let mut body = sample::request();
    change(&mut body);
    let found = blocking(&body);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn the_catalogues_example_may_be_sealed() {
    assert_eq!(blocking(&sample::request()), []);
    let text = include_str!("../../../../treaty-schemas/catalog/records/request/examples/valid-preservation.json");
    let preservation = RequestBody::from_document(serde_json::from_str(text).unwrap()).unwrap();
    assert_eq!(blocking(&preservation), []);
}

#[test]
fn a_request_to_a_state_without_a_treaty_is_refused_r92_as_the_gates_would() {
    let mut body = sample::request();
    body.requested = "SG".parse().unwrap();
    body.addressee = "SG:central".parse().unwrap();
    assert!(blocking(&body).iter().all(|(_, code, _)| *code == Some(RefusalCode::R92)));
    assert!(!blocking(&body).is_empty());
}

#[test]
fn what_preflight_refuses_is_what_the_rule_refuses() {
    let mut body = sample::request();
    body.measures[0].records.push("content_data".parse().unwrap());
    body.validation.role = model::Role::Prosecutor;
    body.offences[0].dual_criminality = false;
    body.purpose.code = "profiling".to_owned();
    let catalog = treaty::Catalog::builtin().unwrap();
    let rule = catalog.rule(body.requesting, body.requested, TODAY);
    let (sender, recipient) = (AuthorityKind::Central, AuthorityKind::Central);
    let between = [&body.authority.id, &body.addressee];
    let now = Timestamp(0);
    let asked = Preflight { body: &body, form: &[], rule: Some(&rule), sender, recipient, between, today: TODAY, now };
    let decision = decide(&asked, &rule).unwrap();
    assert!(decision.refusals.len() >= 2 && !decision.allowed());
    let found: Vec<_> = preflight(&asked).findings.into_iter().filter(|f| f.severity == Severity::Refusal).collect();
    let wanted: Vec<_> = decision.refusals.into_iter().map(Finding::from).collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_21st_subject_is_refused_r90() {
    let (severity, code, _) = only(|body| {
        let first = body.measures[0].subjects[0].clone();
        body.measures[0].subjects = (0..21)
            .map(|i| crate::Subject {
                subject_ref: format!("S{i}"),
                selector: Selector::Account { value: format!("s{i}@mail.example"), provider: "Mail".to_owned() },
                ..first.clone()
            })
            .collect();
    });
    assert_eq!((severity, code), (Severity::Refusal, Some(RefusalCode::R90)));
}

#[test]
fn a_366_day_window_is_refused_r90() {
    let window = Window { from: jiff::civil::date(2025, 8, 5), to: TODAY };
    assert_eq!(only(|body| body.measures[0].window = Some(window)).1, Some(RefusalCode::R90));
}

#[test]
fn a_wildcard_is_refused_r90_at_its_field() {
    let (severity, code, field) = only(|body| {
        let value = "*@mail.example".to_owned();
        body.measures[0].subjects[0].selector = Selector::Account { value, provider: "Mail".to_owned() };
    });
    assert_eq!((severity, code), (Severity::Refusal, Some(RefusalCode::R90)));
    assert_eq!(field, "measures[0].subjects[0].selector.value");
}

#[test]
fn authorities_of_other_states_are_refused_r93() {
    assert_eq!(only(|body| body.addressee = "IT:central".parse().unwrap()).1, Some(RefusalCode::R93));
    assert_eq!(only(|body| body.validation.authority = "FR:court".parse().unwrap()).1, Some(RefusalCode::R93));
    assert_eq!(only(|body| body.authority.id = "FR:central".parse().unwrap()).1, Some(RefusalCode::R93));
}

/// What is told of a request with several mistakes, held against the rule between JP and FR, or against none.
fn told(body: &RequestBody, form: &[Finding], with_rule: bool) -> Vec<String> {
    let catalog = treaty::Catalog::builtin().unwrap();
    let rule = catalog.rule("JP".parse().unwrap(), "FR".parse().unwrap(), TODAY);
    let (sender, recipient) = (AuthorityKind::Central, AuthorityKind::Central);
    let rule = with_rule.then_some(&rule);
    let between = [&body.authority.id, &body.addressee];
    let asked = Preflight { body, form, rule, sender, recipient, between, today: TODAY, now: Timestamp(0) };
    preflight(&asked).findings.into_iter().map(|finding| finding.field).collect()
}

fn spoilt() -> RequestBody {
    let mut body = sample::request();
    body.measures[0].window = Some(Window { from: jiff::civil::date(2024, 8, 5), to: TODAY });
    body.facts.summary = " ".to_owned();
    body.urgency.deadline = TODAY.yesterday().ok();
    body
}

#[test]
fn what_the_rule_says_does_not_wait_until_the_parties_are_named_rightly() {
    let mut body = spoilt();
    assert_eq!((body.requesting.as_str(), body.addressee.party().as_str()), ("JP", "FR"));
    body.requesting = "IT".parse().unwrap();
    let fields = told(&body, &[], true);
    for field in ["requested", "authority.id", "measures[0].window", "facts.summary", "urgency.deadline"] {
        assert!(fields.iter().any(|one| one == field), "{field} of {fields:?}");
    }
}

#[test]
fn without_a_rule_everything_else_is_told_at_once() {
    let mut body = spoilt();
    body.addressee = "XK:central".parse().unwrap();
    let fields = told(&body, &[], false);
    for field in ["addressee", "facts.summary", "urgency.deadline"] {
        assert!(fields.iter().any(|one| one == field), "{field} of {fields:?}");
    }
}

#[test]
fn what_the_form_has_told_of_a_field_is_told_once() {
    let mut body = sample::request();
    body.measures[0].subjects[0].selector =
        Selector::Account { value: "*@mail.example".to_owned(), provider: "Mail".to_owned() };
    let field = "measures[0].subjects[0].selector.value";
    let form = [Finding::form("/measures/0/subjects/0/selector/value", "/pattern", "is a wildcard")];
    let form: Vec<_> = form.into_iter().map(|one| one.coded(RefusalCode::R90)).collect();
    assert_eq!(told(&body, &form, true).iter().filter(|one| *one == field).count(), 1);
    assert_eq!(told(&body, &[], true).iter().filter(|one| *one == field).count(), 1);
}

#[test]
fn a_window_in_the_future_or_upside_down_is_missing_its_sense() {
    let day = jiff::civil::date;
    let window = |from, to| Some(Window { from, to });
    let field = "measures[0].window".to_owned();
    let future = only(|body| body.measures[0].window = window(day(2026, 8, 1), day(2026, 8, 6)));
    assert_eq!(future, (Severity::Missing, None, field.clone()));
    let mut body = sample::request();
    body.measures[0].window = window(day(2026, 4, 1), day(2026, 3, 1));
    assert!(blocking(&body).iter().any(|(_, _, found)| *found == field));
}

#[test]
fn the_use_limitation_must_be_undertaken_where_the_treaty_binds_the_use() {
    let (severity, code, field) = only(|body| body.undertakings.use_limitation = false);
    assert_eq!((severity, code), (Severity::Missing, Some(RefusalCode::R16)));
    assert_eq!(field, "undertakings.use_limitation");
}

#[test]
fn a_language_that_the_addressee_does_not_read_needs_a_translation() {
    assert_eq!(only(|body| body.language.translation = None).2, "language.translation");
    let mut body = sample::request();
    body.language.original = "fr-CA".to_owned();
    body.language.translation = None;
    assert_eq!(blocking(&body), []);
}

#[test]
fn what_is_empty_or_still_holds_the_words_of_the_form_is_missing() {
    assert_eq!(only(|body| body.facts.summary = " ".to_owned()).2, "facts.summary");
    assert_eq!(only(|body| body.authority.name = "<name of the authority>".to_owned()).2, "authority.name");
    assert_eq!(only(|body| body.measures[0].procedure = "<formalities>".to_owned()).2, "measures[0].procedure");
}

#[test]
fn a_preservation_needs_a_custodian_and_the_intention_to_ask_for_disclosure() {
    let preserve = |body: &mut RequestBody| {
        body.measures[0].article = "ets-185:29".parse().unwrap();
        body.measures[0].request_type = "preservation".parse().unwrap();
        body.measures[0].records = vec!["preservation_confirmation".parse().unwrap()];
    };
    assert_eq!(only(preserve).2, "intends_mla");
    let custodian = only(|body| {
        preserve(body);
        body.intends_mla = Some(true);
        body.measures[0].custodian = None;
    });
    assert_eq!(custodian.2, "measures[0].custodian");
}

#[test]
fn dates_that_cannot_be_are_missing_their_sense() {
    let tomorrow = TODAY.tomorrow().unwrap();
    assert_eq!(only(|body| body.validation.decided_on = tomorrow).2, "validation.decided_on");
    assert_eq!(only(|body| body.urgency.deadline = TODAY.yesterday().ok()).2, "urgency.deadline");
}

#[test]
fn advice_does_not_block_and_stands_last() {
    let mut body = sample::request();
    body.undertakings.reciprocity = false;
    body.offences[0].death_or_life = Some(true);
    body.facts.summary = "Fraud.".to_owned();
    body.language.translation.as_mut().unwrap().certified = false;
    body.addressee = "IT:central".parse().unwrap();
    let findings = of(&body);
    assert!(findings.is_sorted_by_key(|finding| finding.severity));
    let advised: Vec<_> = findings.iter().filter(|f| !f.severity.blocks()).map(|f| f.field.as_str()).collect();
    for field in
        ["undertakings.reciprocity", "offences[0].death_or_life", "facts.summary", "language.translation.certified"]
    {
        assert!(advised.contains(&field), "{field}: {advised:?}");
    }
}
