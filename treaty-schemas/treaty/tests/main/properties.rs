use jiff::civil::date;
use model::{AuthorityKind, MeasureId, MeasureScope, Offence, PartyId, Role, SelectorKind, Window};
use proptest::{option, prelude::*, sample::select};
use treaty::Query;

use crate::support::{party, query, rule};

fn slug(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![4 => select(words).prop_map(str::to_owned), 1 => "[a-z][a-z0-9_]{0,12}"]
}

fn article() -> impl Strategy<Value = String> {
    let known = &["ets-185:29", "ets-185:30", "ets-185:31", "cets-224:7", "cets-224:8", "eu-jp-mla:18", "eu-jp-mla:22"];
    prop_oneof![4 => select(&known[..]).prop_map(str::to_owned), 1 => "[a-z0-9-]{1,9}:[0-9]{1,2}(\\([0-9a-z]\\))?"]
}

fn scope(id: u32) -> impl Strategy<Value = MeasureScope> {
    let kinds = &["stored_data", "preservation", "traffic_partial", "order_production", "bank_records", "service"];
    let records = &["subscriber_info", "traffic_data", "content_data", "preservation_confirmation", "bank_records"];
    let day = || (0i32..1200).prop_map(|days| date(2024, 1, 1).saturating_add(jiff::Span::new().days(days)));
    let window = (day(), day()).prop_map(|(from, to)| Window { from, to });
    let records = prop::collection::vec(slug(records), 0..4);
    let selectors = prop::collection::vec(select(&SelectorKind::ALL[..]), 0..4);
    (article(), slug(kinds), records, 0u32..40, selectors, option::weighted(0.8, window)).prop_map(
        move |(article, request_type, records, subjects, selectors, window)| MeasureScope {
            id: MeasureId(id),
            article: article.parse().unwrap(),
            request_type: request_type.parse().unwrap(),
            records: records.iter().map(|record| record.parse().unwrap()).collect(),
            subjects,
            selectors,
            window,
            attributes: vec![],
            tags: vec![],
        },
    )
}

/// A query without its parties and measures.
#[derive(Debug, Clone)]
struct Terms {
    sender: AuthorityKind,
    recipient: AuthorityKind,
    purpose: Option<String>,
    offence: Option<Offence>,
    validator: Option<Role>,
}

impl Terms {
    fn query<'a>(&'a self, requesting: PartyId, requested: PartyId, measures: &'a [MeasureScope]) -> Query<'a> {
        let Self { sender, recipient, offence, validator, .. } = *self;
        let purpose = self.purpose.as_deref();
        Query {
            sender,
            recipient,
            purpose,
            offence,
            validator,
            ..query(requesting.as_str(), requested.as_str(), measures)
        }
    }
}

fn terms() -> impl Strategy<Value = Terms> {
    use AuthorityKind::{Central, DutyPoint, Executing, Judicial};
    let kind = || prop_oneof![4 => Just(Central), 1 => select(&[Judicial, Executing, DutyPoint][..])];
    let purpose = slug(&["criminal_investigation", "criminal_proceedings"]);
    let offence = (0u32..200, prop::bool::weighted(0.8)).prop_map(|(max_penalty_months, dual_criminality)| Offence {
        max_penalty_months,
        dual_criminality,
        listed: false,
    });
    let validator = prop_oneof![3 => Just(Role::Judge), 1 => select(&Role::ALL[..])];
    (kind(), kind(), option::weighted(0.9, purpose), option::weighted(0.9, offence), option::weighted(0.9, validator))
        .prop_map(|(sender, recipient, purpose, offence, validator)| Terms {
            sender,
            recipient,
            purpose,
            offence,
            validator,
        })
}

fn measures() -> impl Strategy<Value = Vec<MeasureScope>> {
    prop_oneof![1 => Just(vec![]), 8 => scope(1).prop_map(|one| vec![one]), 4 => (scope(1), scope(2)).prop_map(|(a, b)| vec![a, b])]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_question_has_the_same_answer(terms in terms(), measures in measures()) {
        let asked = terms.query(party("JP"), party("FR"), &measures);
        prop_assert_eq!(rule("JP", "FR").decide(&asked), rule("FR", "JP").decide(&asked));
    }

    #[test]
    fn a_measure_has_a_permit_or_a_refusal_and_never_both(terms in terms(), measure in scope(1)) {
        let measures = [measure];
        let decision = rule("JP", "FR").decide(&terms.query(party("FR"), party("JP"), &measures));
        prop_assert_ne!(decision.permits.is_empty(), decision.refusals.is_empty());
        prop_assert_eq!(decision.allowed(), decision.refusals.is_empty());
    }

    #[test]
    fn another_subject_never_turns_a_refusal_into_a_permit(terms in terms(), measure in scope(1)) {
        let more = MeasureScope { subjects: measure.subjects.saturating_add(1), ..measure.clone() };
        prop_assume!(measure.subjects > 0);
        let rule = rule("JP", "FR");
        let (few, many) = ([measure], [more]);
        let before = rule.decide(&terms.query(party("JP"), party("FR"), &few));
        let after = rule.decide(&terms.query(party("JP"), party("FR"), &many));
        prop_assert!(before.allowed() || !after.allowed());
        prop_assert!(after.permits.iter().all(|permit| many[0].subjects <= permit.max_subjects));
    }

    #[test]
    fn where_no_treaty_is_in_force_everything_is_refused(terms in terms(), measures in measures()) {
        for other in ["JP", "FR", "IT", "DE"] {
            let decision = rule("SG", other).decide(&terms.query(party("SG"), party(other), &measures));
            prop_assert!(!decision.allowed() && decision.permits.is_empty() && !decision.refusals.is_empty());
        }
    }

    #[test]
    fn an_unknown_article_is_always_refused(terms in terms(), measure in scope(1), clause in "[0-9]{3}") {
        let measures = [MeasureScope { article: format!("ets-185:{clause}").parse().unwrap(), ..measure }];
        let decision = rule("JP", "FR").decide(&terms.query(party("JP"), party("FR"), &measures));
        prop_assert!(!decision.allowed() && decision.permits.is_empty());
    }

    #[test]
    fn whatever_a_file_holds_loading_it_ends_in_an_answer(text in "\\PC{0,200}", at in 0usize..4000, cut in 0usize..400) {
        let _ = treaty::Catalog::load([("parties/JP.toml".to_owned(), text.clone())]);
        let whole = crate::support::file("instruments/budapest/instrument.toml");
        let mut torn: String = whole.chars().take(at).collect();
        torn.push_str(&text);
        torn.extend(whole.chars().skip(at + cut));
        let path = "instruments/budapest/instrument.toml".to_owned();
        if let Err(wrong) = treaty::Catalog::load([(path, torn)]) {
            prop_assert!(wrong.iter().all(|diagnostic| !diagnostic.to_string().is_empty()));
        }
    }
}
