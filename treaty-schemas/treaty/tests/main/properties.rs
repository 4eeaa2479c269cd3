use std::sync::LazyLock;

use jiff::civil::date;
use model::{
    Attribute, AuthorityKind, Classification, Consent, Digest, MeasureId, MeasureScope, Offence, PartyId, RefusalCode,
    Role, SelectorKind, SubjectTag, Timestamp, Window,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use treaty::{Decision, Outcome, Period, Query, Rule, Used};

use crate::support::{party, query, rule};

/// Compiled once: the properties ask it thousands of times.
static JAPAN_FRANCE: LazyLock<Rule> = LazyLock::new(|| rule("JP", "FR"));

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
    let records = vec(slug(records), 0..4);
    let selectors = vec(select(&SelectorKind::ALL[..]), 0..4);
    let subjects = prop_oneof![8 => 0u32..40, 1 => any::<u32>()];
    let attributes = prop_oneof![6 => Just(vec![]), 1 => vec(slug(&["over_18", "birth_date"]), 0..3)];
    let tags = vec(any::<[u8; 16]>().prop_map(SubjectTag::new), 0..3);
    let window = option::weighted(0.8, window);
    (article(), slug(kinds), records, subjects, selectors, window, attributes, tags).prop_map(
        move |(article, request_type, records, subjects, selectors, window, attributes, tags)| MeasureScope {
            id: MeasureId(id),
            article: article.parse().unwrap(),
            request_type: request_type.parse().unwrap(),
            records: records.iter().map(|record| record.parse().unwrap()).collect(),
            subjects,
            selectors,
            window,
            attributes: attributes.iter().map(|name| name.parse::<Attribute>().unwrap()).collect(),
            tags,
        },
    )
}

/// A scope that the rule between Japan and France mostly allows.
fn likely() -> impl Strategy<Value = MeasureScope> {
    let records = vec(select(&["subscriber_info", "traffic_data", "content_data"][..]), 1..4);
    (1u32..25, records, 1i32..400, 0usize..3).prop_map(|(subjects, records, days, selectors)| MeasureScope {
        subjects,
        records: records.iter().map(|record| record.parse().unwrap()).collect(),
        selectors: SelectorKind::ALL[1..=1 + selectors].to_vec(),
        window: Some(Window {
            from: date(2026, 11, 21).saturating_sub(jiff::Span::new().days(days - 1)),
            to: date(2026, 11, 21),
        }),
        ..crate::support::stored_data()
    })
}

/// A query without its parties and measures.
#[derive(Debug, Clone)]
struct Terms {
    sender: AuthorityKind,
    recipient: AuthorityKind,
    purpose: Option<String>,
    offence: Option<Offence>,
    validator: Option<Role>,
    classification: Option<Classification>,
    emergency: bool,
    consent: Option<i64>,
    languages: Option<Vec<String>>,
    used: Option<Vec<Used>>,
    at: i64,
}

impl Terms {
    fn ask(&self, rule: &Rule, requesting: PartyId, requested: PartyId, measures: &[MeasureScope]) -> Decision {
        let languages: Option<Vec<&str>> =
            self.languages.as_ref().map(|languages| languages.iter().map(String::as_str).collect());
        let receipt = Digest::of(&[b"receipt"]);
        rule.decide(&Query {
            sender: self.sender,
            recipient: self.recipient,
            purpose: self.purpose.as_deref(),
            offence: self.offence,
            validator: self.validator,
            classification: self.classification,
            emergency: self.emergency,
            consent: self.consent.map(|given| Consent { given: Timestamp(given), receipt }),
            languages: languages.as_deref(),
            used: self.used.as_deref(),
            at: Timestamp(self.at),
            ..query(requesting.as_str(), requested.as_str(), measures)
        })
    }
}

fn people() -> impl Strategy<Value = (AuthorityKind, AuthorityKind, Option<Role>)> {
    use AuthorityKind::{Central, DutyPoint, Executing, Judicial};
    let kind = || prop_oneof![6 => Just(Central), 1 => select(&[Judicial, Executing, DutyPoint][..])];
    let validator = prop_oneof![5 => Just(Role::Judge), 1 => select(&Role::ALL[..])];
    (kind(), kind(), option::weighted(0.95, validator))
}

fn terms() -> impl Strategy<Value = Terms> {
    let purpose = prop_oneof![3 => slug(&["criminal_investigation", "criminal_proceedings"]), 1 => "\\PC{0,30}"];
    let offence =
        (0u32..200, prop::bool::weighted(0.8), any::<bool>()).prop_map(|(months, dual_criminality, listed)| Offence {
            max_penalty_months: months,
            dual_criminality,
            listed,
        });
    let declared = (
        option::weighted(0.2, select(&Classification::ALL[..])),
        prop::bool::weighted(0.1),
        option::weighted(0.2, any::<i64>()),
        option::weighted(0.2, vec(prop_oneof![Just("en".to_owned()), "\\PC{0,12}"], 0..3)),
    );
    let used = (slug(&["stored_data"]), select(Period::ALL), any::<u32>(), any::<u32>()).prop_map(
        |(kind, per, requests, subjects)| Used { counted: vec![kind.parse().unwrap()], per, requests, subjects },
    );
    let counted =
        (option::weighted(0.2, vec(used, 0..3)), prop_oneof![3 => Just(crate::support::NOON.0), 1 => any::<i64>()]);
    let asked = (people(), option::weighted(0.95, purpose), option::weighted(0.95, offence));
    (asked, declared, counted).prop_map(
        |(
            ((sender, recipient, validator), purpose, offence),
            (classification, emergency, consent, languages),
            (used, at),
        )| {
            Terms {
                sender,
                recipient,
                purpose,
                offence,
                validator,
                classification,
                emergency,
                consent,
                languages,
                used,
                at,
            }
        },
    )
}

fn measures() -> impl Strategy<Value = Vec<MeasureScope>> {
    prop_oneof![
        1 => Just(vec![]),
        6 => scope(1).prop_map(|one| vec![one]),
        6 => likely().prop_map(|one| vec![one]),
        4 => (scope(1), scope(2)).prop_map(|(a, b)| vec![a, b]),
    ]
}

fn japan_asks(terms: &Terms, measures: &[MeasureScope]) -> Decision {
    terms.ask(&JAPAN_FRANCE, party("JP"), party("FR"), measures)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_question_has_the_same_answer(terms in terms(), measures in measures()) {
        prop_assert_eq!(japan_asks(&terms, &measures), japan_asks(&terms, &measures));
    }

    #[test]
    fn a_measure_has_a_permit_or_a_refusal_and_never_both(terms in terms(), measure in prop_oneof![scope(1), likely()]) {
        let measures = [measure];
        let terms = Terms { languages: None, ..terms };
        let decision = terms.ask(&JAPAN_FRANCE, party("FR"), party("JP"), &measures);
        prop_assert_ne!(decision.permits.is_empty(), decision.refusals.is_empty());
        prop_assert_eq!(decision.allowed(), decision.refusals.is_empty());
        let failed = decision.trace.iter().filter(|step| step.outcome == Outcome::Fail).count();
        prop_assert_eq!(failed, decision.refusals.len(), "each refusal has its step");
    }

    #[test]
    fn a_permit_is_never_more_than_was_asked_and_never_beyond_its_bounds(terms in terms(), measures in measures()) {
        let decision = japan_asks(&terms, &measures);
        for permit in &decision.permits {
            let asked = measures.iter().find(|measure| measure.id == permit.measure).unwrap();
            prop_assert_eq!(&permit.records, &asked.records);
            prop_assert_eq!(&permit.attributes, &asked.attributes);
            prop_assert!((1..=permit.max_subjects).contains(&asked.subjects));
            prop_assert_eq!(asked.window.map(|window| window.days()).unwrap_or(1).max(1), asked.window.map_or(1, |w| w.days()));
            prop_assert!(asked.window.is_none_or(|window| Some(window.days()) <= permit.max_window_days));
            prop_assert!(permit.validators.is_empty() || permit.validators.contains(&terms.validator.unwrap()));
            prop_assert!(permit.purposes.iter().any(|purpose| Some(purpose) == terms.purpose.as_ref()));
            prop_assert!(!permit.dual_criminality || terms.offence.is_some_and(|o| o.dual_criminality || o.listed));
            prop_assert!(permit.classification_max.is_none_or(|most| terms.classification.is_some_and(|mark| mark <= most)));
        }
    }

    #[test]
    fn every_refusal_says_why_by_which_file_and_what_to_do(terms in terms(), measures in measures()) {
        for refusal in japan_asks(&terms, &measures).refusals {
            prop_assert!(refusal.code >= RefusalCode::R90, "humans alone give the others");
            prop_assert!(!refusal.reason.is_empty() && !refusal.remedy.is_empty() && !refusal.rule.is_empty());
            prop_assert!(refusal.field.is_some_and(|field| !field.is_empty()));
        }
    }

    #[test]
    fn asking_for_less_is_never_refused_where_more_is_allowed(validator in select(&[Role::Judge, Role::Prosecutor][..]), more in likely(), keep in 0usize..3) {
        let offence = Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false });
        let (central, purpose) = (AuthorityKind::Central, Some("criminal_investigation".to_owned()));
        let terms = Terms {
            sender: central,
            recipient: central,
            purpose,
            offence,
            validator: Some(validator),
            classification: None,
            emergency: false,
            consent: None,
            languages: None,
            used: None,
            at: crate::support::NOON.0,
        };
        let whole = [more.clone()];
        prop_assume!(japan_asks(&terms, &whole).allowed());
        let window = more.window.map(|window| Window { from: window.to, ..window });
        let records = more.records[..1 + keep.min(more.records.len() - 1)].to_vec();
        let selectors = more.selectors[..1].to_vec();
        let less = [MeasureScope { subjects: 1, window, records, selectors, ..more }];
        let decision = japan_asks(&terms, &less);
        prop_assert!(decision.allowed(), "{:?}", decision.refusals);
    }

    #[test]
    fn another_subject_never_turns_a_refusal_into_a_permit(terms in terms(), measure in prop_oneof![scope(1), likely()]) {
        let more = MeasureScope { subjects: measure.subjects.saturating_add(1), ..measure.clone() };
        prop_assume!(measure.subjects > 0);
        let (before, after) = (japan_asks(&terms, &[measure]), japan_asks(&terms, &[more]));
        prop_assert!(before.allowed() || !after.allowed());
    }

    #[test]
    fn where_no_treaty_is_in_force_everything_is_refused(terms in terms(), measures in measures()) {
        static NONE: LazyLock<Vec<Rule>> = LazyLock::new(|| vec![rule("XA", "JP"), rule("XA", "XB"), rule("JP", "JP")]);
        for rule in NONE.iter() {
            let [a, b] = rule.parties();
            let decision = terms.ask(rule, a, b, &measures);
            prop_assert!(!decision.allowed() && decision.permits.is_empty() && !decision.refusals.is_empty());
        }
    }

    #[test]
    fn an_unknown_article_is_always_refused(terms in terms(), measure in scope(1), clause in "[0-9]{3}") {
        let measures = [MeasureScope { article: format!("ets-185:{clause}").parse().unwrap(), ..measure }];
        let decision = japan_asks(&terms, &measures);
        prop_assert!(!decision.allowed() && decision.permits.is_empty());
    }

    #[test]
    fn every_rendering_of_every_decision_is_made_and_holds_no_free_text(terms in terms(), measures in measures()) {
        // No other generated text can hold this by chance: the rest is ASCII.
        let free = "żq<b>";
        let terms = Terms { purpose: Some(free.to_owned()), languages: Some(vec![free.to_owned()]), ..terms };
        let decision = japan_asks(&terms, &measures);
        for language in model::Language::ALL {
            prop_assert!(!decision.to_html(*language).contains('ż') && !decision.to_text(*language).contains('ż'));
        }
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
