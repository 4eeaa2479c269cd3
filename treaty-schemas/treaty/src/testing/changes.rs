use model::{
    AuthorityId, AuthorityKind, Classification, ConditionCode, PostponementCode, RefusalCode, Role, SelectorKind,
};

use super::{article, compiled, national, provision};
use crate::{
    Consult, Ground, Judgement, Onward, Period, Quota, Timer, TimerKind, Unit,
    provision::{Bound, Bounds, ConsentRule, DualCriminality, EmergencyRule, OffenceRule, Provision, UsageRule},
    rule::Obstacle,
};

type Change = fn(&mut Provision);

/// One change at least of each field that decides. The pattern has no `..`: who adds a field says here how it changes.
pub(crate) fn every_change() -> Vec<(&'static str, Change)> {
    let rule = compiled();
    let Bounds {
        by: _,
        records: _,
        compulsory: _,
        selectors: _,
        max_subjects: _,
        max_window_days: _,
        max_bytes: _,
        quotas: _,
        purposes: _,
        offence: Bound { value: OffenceRule { declared: _, min_max_penalty_months: _ }, by: _ },
        dual_criminality: _,
        senders: _,
        recipients: _,
        teams: _,
        classification_max: _,
        attributes: _,
        never: _,
        consent: _,
        emergency: _,
        automatic: _,
        spontaneous: _,
        timers: _,
        grounds: _,
        judgements: _,
        postponements: _,
        conditions: _,
        consult: _,
        court_order: _,
        ministry_notice: _,
        usage: UsageRule { specialty: _, onward: _, readers: _, retention_days: _ },
    } = &**provision(&rule);
    let mut changes = scope_changes();
    changes.extend(term_changes());
    changes.extend(human_changes());
    changes
}

fn scope_changes() -> Vec<(&'static str, Change)> {
    vec![
        ("closed", |p| {
            let file = "national/JP.toml".into();
            p.closed = vec![Obstacle { file, owner: None, reason: String::new(), remedy: String::new() }];
        }),
        ("records: one less", |p| _ = p.records.pop_first()),
        ("records: one more", |p| _ = p.records.insert("bank_records".parse().unwrap(), national().sets(vec![]))),
        ("records: another validator", |p| p.records.first_entry().unwrap().get_mut().value = vec![Role::Executing]),
        ("compulsory", |p| p.compulsory ^= true),
        ("selectors: one less", |p| _ = p.selectors.value.pop()),
        ("selectors: one more", |p| p.selectors.value.push(SelectorKind::Holder)),
        ("max_subjects", |p| p.max_subjects.value += 1),
        ("max_window_days", |p| p.max_window_days.as_mut().unwrap().value += 1),
        ("max_window_days: none", |p| p.max_window_days = None),
        ("max_bytes", |p| p.max_bytes = Some(national().sets(1))),
        ("max_bytes: more", |p| p.max_bytes = Some(national().sets(u64::MAX))),
        ("attributes: none of them", |p| p.attributes = Some(national().sets(vec![]))),
        ("attributes", |p| p.attributes = Some(national().sets(vec!["over_18".parse().unwrap()]))),
        ("never", |p| p.never = vec!["over_18".parse().unwrap()]),
    ]
}

fn term_changes() -> Vec<(&'static str, Change)> {
    fn quota(p: &mut Provision, per: Period, requests: Option<u32>, subjects: Option<u32>) {
        p.quotas.push(national().sets(Quota { per, requests, subjects, together: vec![] }));
    }
    vec![
        ("quota of requests", |p| quota(p, Period::Day, Some(1), None)),
        ("quota of subjects", |p| quota(p, Period::Day, None, Some(1))),
        ("quota of several types together", |p| {
            let together = ["preservation", "stored_data"].map(|kind| kind.parse().unwrap()).to_vec();
            p.quotas.push(national().sets(Quota { per: Period::Day, requests: Some(1), subjects: Some(1), together }));
        }),
        ("quota of a month", |p| quota(p, Period::Month, Some(1), None)),
        ("purposes: one less", |p| _ = p.purposes.value.pop()),
        ("purposes: one more", |p| p.purposes.value.push("tax".to_owned())),
        ("purposes: two in one word", |p| p.purposes.value = vec![p.purposes.value.join(" ")]),
        ("purposes: a line of its own", |p| p.purposes.value.push("x\nsubjects 1".to_owned())),
        ("offence: declared", |p| p.offence.value.declared ^= true),
        ("offence: threshold", |p| p.offence.value.min_max_penalty_months += 1),
        ("dual criminality", |p| {
            p.dual_criminality = Some(national().sets(DualCriminality { except_listed_months: Some(36) }))
        }),
        ("dual criminality: another threshold", |p| {
            p.dual_criminality = Some(national().sets(DualCriminality { except_listed_months: Some(0) }));
        }),
        ("senders", |p| p.senders.value.push(AuthorityKind::Executing)),
        ("senders: none", |p| p.senders.value.clear()),
        ("recipients", |p| p.recipients.value.push(AuthorityKind::Executing)),
        ("recipients: none", |p| p.recipients.value.clear()),
        ("teams", |p| p.teams = vec![national().sets(team(&["FR:central", "JP:central"]))]),
        ("teams: one more member", |p| {
            p.teams = vec![national().sets(team(&["FR:central", "FR:judicial", "JP:central"]))];
        }),
        ("teams: another", |p| {
            p.teams = [["FR:central", "JP:central"], ["FR:judicial", "JP:judicial"]]
                .map(|two| national().sets(team(&two)))
                .to_vec();
        }),
        ("classification_max", |p| p.classification_max = Some(national().sets(Classification::Official))),
        ("classification_max: higher", |p| p.classification_max = Some(national().sets(Classification::Secret))),
        ("consent", |p| p.consent = Some(national().sets(ConsentRule { max_age_s: 300 }))),
        ("consent: older", |p| p.consent = Some(national().sets(ConsentRule { max_age_s: 301 }))),
        ("emergency", |p| p.emergency = Some(national().sets(EmergencyRule { callback: false, expost_hours: None }))),
        ("emergency: callback", |p| {
            p.emergency = Some(national().sets(EmergencyRule { callback: true, expost_hours: None }));
        }),
        ("emergency: expost", |p| {
            p.emergency = Some(national().sets(EmergencyRule { callback: false, expost_hours: Some(48) }));
        }),
    ]
}

/// The members of a team, sorted as they are written.
pub(crate) fn team(members: &[&str]) -> Vec<AuthorityId> {
    members.iter().map(|member| member.parse().unwrap()).collect()
}

fn human_changes() -> Vec<(&'static str, Change)> {
    fn timer(p: &mut Provision) -> &mut Timer {
        let timer =
            Timer { kind: TimerKind::Serve, record: None, emergency: false, length: 1, unit: Unit::Days, clause: None };
        p.timers.push(timer);
        p.timers.last_mut().unwrap()
    }
    vec![
        ("automatic", |p| p.automatic.value ^= true),
        ("spontaneous", |p| p.spontaneous ^= true),
        ("timers", |p| _ = timer(p)),
        ("timers: kind", |p| timer(p).kind = TimerKind::Return),
        ("timers: record", |p| timer(p).record = Some("traffic_data".parse().unwrap())),
        ("timers: emergency", |p| timer(p).emergency = true),
        ("timers: length", |p| timer(p).length = 2),
        ("timers: unit", |p| timer(p).unit = Unit::WorkingDays),
        ("timers: clause", |p| timer(p).clause = Some(article())),
        ("grounds", |p| p.grounds.push(Ground { code: RefusalCode::R20, mandatory: false })),
        ("grounds: mandatory", |p| p.grounds.push(Ground { code: RefusalCode::R20, mandatory: true })),
        ("judgements", |p| p.judgements.push(Judgement { name: "ordre_public".to_owned(), clause: None })),
        ("judgements: clause", |p| {
            p.judgements.push(Judgement { name: "ordre_public".to_owned(), clause: Some(article()) });
        }),
        ("postponements", |p| p.postponements.push(PostponementCode::P05)),
        ("conditions", |p| p.conditions.push(ConditionCode::C11)),
        ("consult", |p| p.consult = Consult::Required),
        ("court order", |p| p.court_order ^= true),
        ("ministry notice", |p| p.ministry_notice ^= true),
        ("specialty", |p| p.usage.specialty ^= true),
        ("onward", |p| p.usage.onward.value = Onward::Never),
        ("onward: free", |p| p.usage.onward.value = Onward::Free),
        ("readers", |p| p.usage.readers.value.push(AuthorityKind::DutyPoint)),
        ("readers: none", |p| p.usage.readers.value.clear()),
        ("retention_days", |p| p.usage.retention_days = Some(national().sets(30))),
    ]
}
