//! A table with every kind of bound: what keeps them all is allowed, and what breaks one is refused by the check of that bound.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use model::{
    Attribute, AuthorityId, AuthorityKind, Classification, Digest, MeasureId, MeasureScope, Offence, PartyId,
    RequestType, Role, SelectorKind, SubjectTag, Window,
};
use proptest::{prelude::*, sample::subsequence};

use crate::{
    Decision, Outcome, Period, Query, Quota, Rule, Used,
    provision::{ConsentRule, DualCriminality, EmergencyRule, OffenceRule},
    rule::Obstacle,
    testing::{self, article, changed, national, party, table, team},
};

const SUBJECTS_MAX: u32 = 20;
const DAYS_MAX: i32 = 365;
const CONSENT_MS_MAX: i64 = 300_000;
const QUOTA: u32 = 50;
/// The last day that is asked about.
const UNTIL: Date = date(2026, 6, 30);

fn attribute(name: &str) -> Attribute {
    name.parse().unwrap()
}

fn together() -> Vec<RequestType> {
    ["preservation", "stored_data"].map(|kind| kind.parse().unwrap()).to_vec()
}

/// Every kind of bound at once.
static BOUND: LazyLock<Rule> = LazyLock::new(|| {
    changed(|p| {
        p.max_subjects = national().sets(SUBJECTS_MAX);
        p.max_window_days = Some(national().sets(DAYS_MAX.unsigned_abs()));
        p.selectors = national().sets(vec![SelectorKind::Account, SelectorKind::Device]);
        p.offence = national().sets(OffenceRule { declared: true, min_max_penalty_months: 12 });
        p.dual_criminality = Some(national().sets(DualCriminality { except_listed_months: Some(36) }));
        p.senders = national().sets(vec![AuthorityKind::Central]);
        p.recipients = national().sets(vec![AuthorityKind::Central]);
        p.teams = vec![national().sets(team(&["FR:central", "FR:judicial", "JP:central"]))];
        p.classification_max = Some(national().sets(Classification::Restricted));
        p.attributes = Some(national().sets(["name", "over_18", "religion"].map(attribute).to_vec()));
        p.never = vec![attribute("religion")];
        p.consent = Some(national().sets(ConsentRule { max_age_s: 300 }));
        p.emergency = Some(national().sets(EmergencyRule { callback: true, expost_hours: Some(48) }));
        let quota = |per, requests, subjects, together| national().sets(Quota { per, requests, subjects, together });
        p.quotas = vec![
            quota(Period::Day, Some(QUOTA), Some(QUOTA), vec![]),
            quota(Period::Year, Some(QUOTA), Some(QUOTA), together()),
        ];
    })
});

/// A request, owned.
#[derive(Debug, Clone)]
struct Asked {
    parties: [PartyId; 2],
    sender: AuthorityKind,
    recipient: AuthorityKind,
    between: Option<[AuthorityId; 2]>,
    measures: Vec<MeasureScope>,
    purpose: Option<String>,
    offence: Option<Offence>,
    validator: Option<Role>,
    tag_key: Option<Digest>,
    classification: Option<Classification>,
    emergency: bool,
    consent_age_ms: Option<i64>,
    languages: Option<Vec<&'static str>>,
    used: Vec<Used>,
}

impl Asked {
    fn of(&self, rule: &Rule) -> Decision {
        rule.decide(&Query {
            requesting: self.parties[0],
            requested: self.parties[1],
            sender: self.sender,
            recipient: self.recipient,
            between: self.between.as_ref().map(|two| two.each_ref()),
            purpose: self.purpose.as_deref(),
            offence: self.offence,
            validator: self.validator,
            tag_key: self.tag_key,
            classification: self.classification,
            emergency: self.emergency,
            consent: self.consent_age_ms.and_then(testing::consent),
            languages: self.languages.as_deref(),
            used: Some(&self.used),
            ..testing::query(&self.measures)
        })
    }

    fn scope(&mut self) -> &mut MeasureScope {
        &mut self.measures[0]
    }
}

/// What keeps every bound of [`BOUND`].
fn kept() -> impl Strategy<Value = Asked> {
    let records = subsequence(vec!["subscriber_info", "traffic_data", "content_data"], 1..=3);
    let selectors = subsequence(vec![SelectorKind::Account, SelectorKind::Device], 1..=2);
    let scope = (1..=SUBJECTS_MAX, records, selectors, 1..=DAYS_MAX, subsequence(vec!["name", "over_18"], 1..=2));
    let offence = prop_oneof![(12u32..200, Just(true), any::<bool>()), (36u32..200, any::<bool>(), Just(true))];
    let counts = prop::array::uniform4(1..=QUOTA);
    let mark = prop::sample::select(vec![Classification::Official, Classification::Restricted]);
    (scope, offence, counts, 0..=CONSENT_MS_MAX, mark).prop_map(|(scope, offence, counts, age_ms, mark)| {
        let (subjects, records, selectors, days, attributes) = scope;
        let (max_penalty_months, dual_criminality, listed) = offence;
        let scope = MeasureScope {
            subjects,
            records: records.iter().map(|record| record.parse().unwrap()).collect(),
            selectors,
            window: Some(Window { from: UNTIL.checked_sub((days - 1).days()).unwrap(), to: UNTIL }),
            attributes: attributes.into_iter().map(attribute).collect(),
            tags: (0..u128::from(subjects)).map(|i| SubjectTag::new(i.to_be_bytes())).collect(),
            ..testing::stored_data()
        };
        let own = vec![scope.request_type.clone()];
        let [day, year] = [(own, Period::Day, &counts[..2]), (together(), Period::Year, &counts[2..])]
            .map(|(counted, per, count)| Used { counted, per, requests: count[0], subjects: count[1] });
        Asked {
            parties: [party("FR"), party("JP")],
            sender: AuthorityKind::Central,
            recipient: AuthorityKind::Central,
            between: two("FR:central", "JP:central"),
            measures: vec![scope],
            purpose: Some("criminal_investigation".to_owned()),
            offence: Some(Offence { max_penalty_months, dual_criminality, listed }),
            validator: Some(Role::Judge),
            tag_key: Some(Digest::of(&[b"key"])),
            classification: Some(mark),
            emergency: true,
            consent_age_ms: Some(age_ms),
            languages: Some(vec!["fr", "ja"]),
            used: vec![day, year],
        }
    })
}

type Breach = (&'static str, fn(&mut Asked, u32));

/// Each breaks one bound by so much, and names the check that must see it.
const BREACHES: [Breach; 48] = [
    ("pair", |a, _| a.parties[0] = party("DE")),
    ("pair", |a, _| a.parties[1] = party("FR")),
    ("measures", |a, _| a.measures.clear()),
    ("measures", |a, _| a.measures.push(a.measures[0].clone())),
    ("measures", |a, _| {
        let one = a.measures[0].clone();
        a.measures = (1..=65).map(|id| MeasureScope { id: MeasureId(id), ..one.clone() }).collect();
    }),
    ("languages", |a, _| a.languages = Some(vec!["fr", "qq"])),
    ("article", |a, _| a.scope().article = "ets-185:999".parse().unwrap()),
    ("request_type", |a, _| a.scope().request_type = "search_seizure".parse().unwrap()),
    ("records", |a, _| a.scope().records.clear()),
    ("records", |a, _| a.scope().records.push("bank_records".parse().unwrap())),
    ("records", |a, _| a.scope().records = vec!["traffic_data".parse().unwrap(); 300]),
    ("selectors", |a, _| a.scope().selectors.clear()),
    ("selectors", |a, _| a.scope().selectors.push(SelectorKind::Holder)),
    ("selectors", |a, _| a.scope().selectors = vec![SelectorKind::Account; 300]),
    ("subjects", |a, more| about(a, SUBJECTS_MAX + more)),
    ("subjects", |a, _| about(a, 0)),
    ("window", |a, _| a.scope().window = None),
    ("window", |a, more| {
        let from = UNTIL.checked_sub((DAYS_MAX + more.cast_signed() - 1).days()).unwrap();
        a.scope().window = Some(Window { from, to: UNTIL });
    }),
    ("window", |a, more| {
        let from = UNTIL.checked_add(i64::from(more).days()).unwrap();
        a.scope().window = Some(Window { from, to: UNTIL });
    }),
    ("validator", |a, _| a.validator = None),
    ("validator", |a, _| a.validator = Some(Role::Executing)),
    ("sender", |a, _| a.sender = AuthorityKind::Executing),
    ("recipient", |a, _| a.recipient = AuthorityKind::DutyPoint),
    ("team", |a, _| a.between = None),
    ("team", |a, _| a.between = two("FR:police", "JP:central")),
    ("team", |a, _| a.between = two("FR:central", "JP:police")),
    ("purpose", |a, _| a.purpose = None),
    ("purpose", |a, _| a.purpose = Some("tax".to_owned())),
    ("offence", |a, _| a.offence = None),
    ("gravity", |a, more| {
        a.offence =
            Some(Offence { max_penalty_months: 12_u32.saturating_sub(more), dual_criminality: true, listed: true });
    }),
    ("dual_criminality", |a, _| {
        a.offence = Some(Offence { max_penalty_months: 60, dual_criminality: false, listed: false });
    }),
    ("dual_criminality", |a, _| {
        a.offence = Some(Offence { max_penalty_months: 35, dual_criminality: false, listed: true });
    }),
    ("classification", |a, _| a.classification = None),
    ("classification", |a, _| a.classification = Some(Classification::Secret)),
    ("emergency", |a, _| a.emergency = false),
    ("attributes", |a, _| a.scope().attributes.clear()),
    ("attributes", |a, _| a.scope().attributes.push(attribute("birth_date"))),
    ("attributes", |a, _| a.scope().attributes.push(attribute("religion"))),
    ("consent", |a, _| a.consent_age_ms = None),
    ("consent", |a, more| a.consent_age_ms = Some(CONSENT_MS_MAX + i64::from(more))),
    ("consent", |a, more| a.consent_age_ms = Some(-i64::from(more))),
    ("tags", |a, _| _ = a.scope().tags.pop()),
    ("tags", |a, _| {
        about(a, 2);
        a.scope().tags = vec![SubjectTag::new([7; 16]); 2];
    }),
    ("tags", |a, _| a.tag_key = None),
    ("quota", |a, more| a.used.iter_mut().for_each(|one| one.requests = QUOTA + more)),
    ("quota", |a, more| a.used.iter_mut().for_each(|one| one.subjects = QUOTA + more)),
    ("quota", |a, _| a.used.retain(|one| one.per == Period::Year)),
    ("quota", |a, _| a.used.iter_mut().for_each(|one| one.counted.truncate(1))),
];

fn two(sender: &str, recipient: &str) -> Option<[AuthorityId; 2]> {
    Some([sender, recipient].map(|one| one.parse().unwrap()))
}

fn about(asked: &mut Asked, subjects: u32) {
    asked.scope().subjects = subjects;
    asked.scope().tags = (0..u128::from(subjects)).map(|i| SubjectTag::new(i.to_be_bytes())).collect();
}

fn failed(decision: &Decision) -> Vec<&'static str> {
    decision.trace.iter().filter(|step| step.outcome == Outcome::Fail).map(|step| step.check).collect()
}

fn obstacle() -> Obstacle {
    Obstacle { file: "national/JP.toml".into(), owner: None, reason: "no".to_owned(), remedy: "ask".to_owned() }
}

/// The same table, out of reach: by the check that must say so.
fn out_of_reach() -> [(&'static str, Rule); 3] {
    let reserved = |table: &mut crate::rule::Table| {
        table.clauses.get_mut(&article()).unwrap().reservations.push(obstacle());
    };
    let not_in_force = |table: &mut crate::rule::Table| {
        table.instruments.get_mut("ets-185").unwrap().obstacles.push(obstacle());
    };
    [
        ("reserved", table(&BOUND, reserved)),
        ("in_force", table(&BOUND, not_in_force)),
        ("closed", testing::change_of(&BOUND, |p| p.closed.push(obstacle()))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_keeps_every_bound_is_allowed_and_what_breaks_any_is_refused_by_its_check(kept in kept(), more in 1u32..100) {
        let decision = kept.of(&BOUND);
        prop_assert!(decision.allowed(), "{:?}", decision.refusals);
        for (check, breach) in BREACHES {
            let mut broken = kept.clone();
            breach(&mut broken, more);
            let decision = broken.of(&BOUND);
            prop_assert!(!decision.allowed() && failed(&decision).contains(&check), "{check}: {:?}", failed(&decision));
            if !matches!(check, "measures" | "offence") {
                prop_assert!(failed(&decision).iter().all(|one| *one == check), "no other check has a reason");
            }
        }
    }

    #[test]
    fn several_breaches_are_each_told_and_never_add_up_to_a_permit(
        kept in kept(),
        which in subsequence(BREACHES[8..].to_vec(), 1..=6),
        more in 1u32..100,
    ) {
        let mut broken = kept;
        which.iter().for_each(|(_, breach)| breach(&mut broken, more));
        let decision = broken.of(&BOUND);
        prop_assert!(!decision.allowed() && decision.permits.is_empty());
        prop_assert_eq!(failed(&decision).len(), decision.refusals.len());
    }

    #[test]
    fn what_is_reserved_not_in_force_or_closed_is_refused_whatever_else_is_kept(kept in kept()) {
        static RULES: LazyLock<[(&str, Rule); 3]> = LazyLock::new(out_of_reach);
        for (check, rule) in RULES.iter() {
            let decision = kept.of(rule);
            prop_assert!(!decision.allowed() && failed(&decision).contains(check), "{check}: {:?}", failed(&decision));
        }
    }
}
