//! Bounds that no builtin treaty sets yet: a real rule with one bound changed by hand.

#![expect(clippy::unwrap_used, reason = "tests")]

use model::{Classification, MeasureScope, Offence, Refusal, RefusalCode, SubjectTag};

use crate::{
    Decision, Ground, Input, Judgement, Outcome, Period, Query, Quota, Rule, Used,
    provision::{ConsentRule, DualCriminality, EmergencyRule, OffenceRule},
    rule::Obstacle,
    testing::{NOON, changed, compiled, consent, national, party, query, stored_data, table, team},
};

fn decide(rule: &Rule, asked: Query<'_>) -> Decision {
    let measures = [stored_data()];
    rule.decide(&Query { measures: &measures, ..asked })
}

fn only(decision: &Decision) -> &Refusal {
    assert!(!decision.allowed() && decision.permits.is_empty());
    assert_eq!(decision.refusals.len(), 1, "{:?}", decision.refusals);
    &decision.refusals[0]
}

fn told(refusal: &Refusal) -> (RefusalCode, &str, &str) {
    (refusal.code, refusal.field.as_deref().unwrap(), refusal.reason.as_str())
}

#[test]
fn every_check_has_its_place() {
    let rule = changed(|p| {
        p.attributes = Some(national().sets(vec!["over_18".parse().unwrap()]));
        p.consent = Some(national().sets(ConsentRule { max_age_s: 300 }));
        p.quotas =
            vec![national().sets(Quota { per: Period::Day, requests: Some(9), subjects: Some(9), together: vec![] })];
        p.judgements = vec![Judgement { name: "ordre_public".to_owned(), clause: None }];
        p.grounds = vec![Ground { code: RefusalCode::R03, mandatory: true }];
        p.teams = vec![national().sets(team(&["FR:central", "JP:central"]))];
    });
    let rule = table(&rule, |table| {
        table.instruments.get_mut("ets-185").unwrap().provisional_until = Some(jiff::civil::date(2027, 1, 1));
    });
    let scope = MeasureScope { attributes: vec!["over_18".parse().unwrap()], ..stored_data() };
    let used = [Used { counted: vec![scope.request_type.clone()], per: Period::Day, requests: 1, subjects: 3 }];
    let measures = [scope];
    let languages = ["en"];
    let members = team(&["FR:central", "JP:central"]);
    let between = Some([&members[0], &members[1]]);
    let asked =
        Query { consent: consent(0), used: Some(&used), languages: Some(&languages), between, ..query(&measures) };
    let decision = rule.decide(&asked);
    assert!(decision.allowed(), "{:?}", decision.refusals);
    let checks: Vec<_> = decision.trace.iter().map(|step| step.check).collect();
    let order = "pair measures languages article reserved in_force provisional request_type closed records selectors \
                 subjects window validator sender recipient team purpose offence gravity dual_criminality classification \
                 emergency attributes consent tags quota judgement ground";
    assert_eq!(checks.join(" "), order);
    assert_eq!(decision.trace[6].input.to_string(), "until 2027-01-01");
    assert!(decision.trace[27..].iter().all(|step| step.outcome == Outcome::Human));
}

#[test]
fn a_closed_direction_is_refused_r92_by_the_layer_that_closed_it() {
    let rule = changed(|p| {
        p.closed = ["first", "second"]
            .map(|reason| Obstacle {
                file: "national/JP.toml".into(),
                owner: Some(party("JP")),
                reason: reason.to_owned(),
                remedy: "ask elsewhere".to_owned(),
            })
            .to_vec();
    });
    let decision = decide(&rule, query(&[]));
    assert_eq!(decision.refusals.len(), 2);
    assert_eq!(told(&decision.refusals[1]), (RefusalCode::R92, "measures[0].request_type", "second"));
    assert_eq!(
        (decision.refusals[0].rule.as_str(), decision.refusals[0].owner),
        ("national/JP.toml", Some(party("JP")))
    );
}

#[test]
fn a_bound_of_one_party_names_that_party_and_its_file() {
    let rule = changed(|p| p.max_subjects = national().sets(2));
    let decision = decide(&rule, query(&[]));
    let refusal = only(&decision);
    assert_eq!(told(refusal), (RefusalCode::R90, "measures[0].subjects", "3 subjects, at most 2"));
    assert_eq!((refusal.rule.as_str(), refusal.owner), ("national/JP.toml", Some(party("JP"))));
    assert_eq!(refusal.remedy, "name 1 to 2; beyond that only JP can change national/JP.toml");
}

#[test]
fn what_joint_teams_open_goes_between_two_members_of_one_team() {
    let first = ["FR:central", "FR:judicial", "JP:central"];
    let rule = changed(|p| {
        p.teams = vec![national().sets(team(&first)), national().sets(team(&["FR:police", "JP:police"]))];
    });
    let between = |sender: &str, recipient: &str| {
        let two = [sender, recipient].map(|one| one.parse().unwrap());
        decide(&rule, Query { between: Some(two.each_ref()), ..query(&[]) })
    };
    for (sender, recipient) in [("FR:central", "JP:central"), ("FR:judicial", "JP:central"), ("FR:police", "JP:police")]
    {
        assert!(between(sender, recipient).allowed(), "{sender} {recipient}");
    }
    assert_eq!(between("FR:judicial", "JP:central").permits[0].team, team(&first));
    let why = |who: &str| format!("{who} is not a member of the joint investigation team that opens this");
    let (decision, reason) = (between("FR:court", "JP:central"), why("FR:court"));
    let refusal = only(&decision);
    assert_eq!(told(refusal), (RefusalCode::R93, "sender", reason.as_str()));
    assert!(
        refusal.remedy.starts_with("send it through FR:central or FR:judicial or FR:police; "),
        "{}",
        refusal.remedy
    );
    // Members of two teams are no team.
    let (decision, reason) = (between("FR:central", "JP:police"), why("JP:police"));
    let refusal = only(&decision);
    assert_eq!(told(refusal), (RefusalCode::R93, "recipient", reason.as_str()));
    assert!(refusal.remedy.starts_with("address JP:central; "), "{}", refusal.remedy);
    let unnamed = decide(&rule, query(&[]));
    assert_eq!((only(&unnamed).code, only(&unnamed).field.as_deref()), (RefusalCode::R93, Some("sender")));
    assert!(decide(&compiled(), query(&[])).permits[0].team.is_empty());
}

#[test]
fn a_mark_above_the_highest_and_no_mark_are_refused_r94() {
    let rule = changed(|p| p.classification_max = Some(national().sets(Classification::Restricted)));
    let marked = |classification| decide(&rule, Query { classification, ..query(&[]) });
    assert!(marked(Some(Classification::Restricted)).allowed() && marked(Some(Classification::Official)).allowed());
    let (code, field) = (RefusalCode::R94, "declared.classification");
    assert_eq!(told(only(&marked(None))), (code, field, "it is not marked"));
    let high = marked(Some(Classification::Secret));
    assert_eq!(told(only(&high)), (code, field, "it is marked secret, at most restricted"));
    assert!(decide(&compiled(), Query { classification: Some(Classification::Secret), ..query(&[]) }).allowed());
}

#[test]
fn an_emergency_goes_by_an_article_for_emergencies_only_and_that_article_by_nothing_else() {
    let emergency = EmergencyRule { callback: true, expost_hours: Some(48) };
    let urgent = changed(|p| p.emergency = Some(national().sets(emergency)));
    let declared = decide(&urgent, Query { emergency: true, ..query(&[]) });
    assert!(declared.permits[0].callback && declared.permits[0].expost_hours == Some(48));
    assert_eq!(only(&decide(&urgent, query(&[]))).code, RefusalCode::R94);
    let ordinary = decide(&compiled(), Query { emergency: true, ..query(&[]) });
    assert_eq!(
        (only(&ordinary).code, only(&ordinary).field.as_deref()),
        (RefusalCode::R92, Some("declared.emergency"))
    );
}

#[test]
fn attributes_are_named_one_by_one_and_some_never() {
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<model::Attribute>>();
    let rule = changed(|p| {
        p.attributes = Some(national().sets(names(&["name", "over_18"])));
        p.never = names(&["religion"]);
    });
    let asked = |rule: &Rule, attributes: &[&str]| {
        let measures = [MeasureScope { attributes: names(attributes), ..stored_data() }];
        rule.decide(&query(&measures))
    };
    let good = asked(&rule, &["over_18"]);
    assert_eq!(good.permits[0].attributes, names(&["over_18"]), "a permit is never more than was asked");
    for (attributes, code) in [
        (&[][..], RefusalCode::R94),
        (&["over_18", "birth_date"][..], RefusalCode::R94),
        (&["over_18", "religion"][..], RefusalCode::R90),
    ] {
        let refused = asked(&rule, attributes);
        assert_eq!((only(&refused).code, only(&refused).field.as_deref()), (code, Some("measures[0].attributes")));
    }
    assert_eq!(only(&asked(&compiled(), &["over_18"])).reason, "stored_data does not disclose single attributes");
}

#[test]
fn a_consent_is_there_is_fresh_and_is_not_of_the_future() {
    let rule = changed(|p| p.consent = Some(national().sets(ConsentRule { max_age_s: 300 })));
    let given = |consent| decide(&rule, Query { consent, ..query(&[]) });
    assert!(given(consent(0)).allowed() && given(consent(300_000)).allowed());
    for (consent, reason) in [
        (None, "the holder's consent is missing"),
        (consent(300_001), "the holder's consent is older than 300 seconds"),
        (consent(-1), "the holder's consent is given later than the request"),
        (consent(i64::MAX), "the holder's consent is older than 300 seconds"),
    ] {
        assert_eq!(told(only(&given(consent))), (RefusalCode::R94, "declared.consent", reason));
    }
}

#[test]
fn a_language_that_the_addressee_reads_is_wanted_where_anybody_can_tell() {
    let rule = compiled();
    let written = |languages: &[&str]| {
        let measures = [stored_data()];
        rule.decide(&Query { languages: Some(languages), ..query(&measures) })
    };
    assert!(written(&["fr", "ja-JP"]).allowed() && written(&["EN-gb"]).allowed());
    for languages in [&[][..], &["fr", "jab", ""][..]] {
        let refused = written(languages);
        let reason = "JP:central reads en or ja, and the request is in none of these";
        assert_eq!(told(&refused.refusals[0]), (RefusalCode::R94, "languages", reason));
        assert_eq!(
            (refused.refusals[0].rule.as_str(), refused.refusals[0].owner),
            ("parties/JP.toml", Some(party("JP")))
        );
        assert!(!refused.allowed());
    }
}

#[test]
fn where_distinct_subjects_are_counted_each_has_a_tag_of_its_own_under_one_key() {
    let quota = Quota { per: Period::Year, requests: None, subjects: Some(100), together: vec![] };
    let rule = changed(|p| p.quotas = vec![national().sets(quota.clone())]);
    assert!(decide(&rule, query(&[])).allowed());
    assert_eq!(only(&decide(&rule, Query { tag_key: None, ..query(&[]) })).field.as_deref(), Some("measures[0].tags"));
    let tag = |i| SubjectTag::new([i; 16]);
    for tags in [vec![], vec![tag(1), tag(2)], vec![tag(1), tag(2), tag(2)], vec![tag(1); 300]] {
        let measures = [MeasureScope { tags, ..stored_data() }];
        assert_eq!(only(&rule.decide(&query(&measures))).code, RefusalCode::R94);
        assert!(compiled().decide(&query(&measures)).allowed(), "nobody counts there");
    }
}

#[test]
fn a_quota_that_is_used_up_is_refused_r91_until_it_begins_anew() {
    let quota = Quota { per: Period::Month, requests: Some(12), subjects: Some(100), together: vec![] };
    let rule = changed(|p| p.quotas = vec![national().sets(quota.clone())]);
    let measures = [stored_data()];
    let needed = rule.quotas(party("JP"), &measures);
    assert_eq!(needed.len(), 1);
    assert_eq!((needed[0].per, needed[0].requests_max, needed[0].subjects_max), (Period::Month, Some(12), Some(100)));
    assert!(rule.quotas(party("DE"), &measures).is_empty());
    let used = |requests, subjects| {
        let used = [Used { counted: needed[0].counted.clone(), per: Period::Month, requests, subjects }];
        decide(&rule, Query { used: Some(&used), ..query(&[]) })
    };
    assert!(used(12, 100).allowed());
    let over = used(13, 100);
    let reason = "13 requests of stored_data in this month, at most 12; the counter begins anew on 2026-12-01";
    assert_eq!(told(only(&over)), (RefusalCode::R91, "measures[0].request_type", reason));
    assert_eq!(only(&used(12, 101)).field.as_deref(), Some("measures[0].subjects"));
    let uncounted = decide(&rule, Query { used: Some(&[]), ..query(&[]) });
    assert_eq!(told(only(&uncounted)).2, "nobody has counted stored_data of this month");
    assert!(decide(&rule, query(&[])).allowed(), "a desk does not count");
}

#[test]
fn one_counter_may_count_several_request_types_so_that_another_type_does_not_evade_it() {
    let together = ["preservation", "stored_data"].map(|kind| kind.parse().unwrap()).to_vec();
    let quota = Quota { per: Period::Year, requests: Some(12), subjects: None, together: together.clone() };
    let rule = changed(|p| p.quotas = vec![national().sets(quota.clone())]);
    let measures = [stored_data()];
    let needed = rule.quotas(party("JP"), &measures);
    assert_eq!((needed.len(), &needed[0].counted), (1, &together));
    let used = |counted: &[model::RequestType], requests| {
        let used = [Used { counted: counted.to_vec(), per: Period::Year, requests, subjects: 0 }];
        decide(&rule, Query { used: Some(&used), ..query(&[]) })
    };
    assert!(used(&together, 12).allowed());
    let reason = "13 requests of preservation, stored_data together in this year, at most 12; the counter begins anew on 2027-01-01";
    assert_eq!(only(&used(&together, 13)).reason, reason);
    let own = "nobody has counted preservation, stored_data together of this year";
    assert_eq!(only(&used(&together[1..], 1)).reason, own, "the counter of one type is not that of both");
}

#[test]
fn a_threshold_cannot_be_passed_by_declaring_nothing() {
    let rule = changed(|p| {
        p.offence = national().sets(OffenceRule { declared: false, min_max_penalty_months: 48 });
        p.dual_criminality = None;
    });
    assert!(decide(&rule, query(&[])).allowed());
    assert_eq!(only(&decide(&rule, Query { offence: None, ..query(&[]) })).code, RefusalCode::R94);
}

#[test]
fn a_listed_offence_of_enough_gravity_needs_no_dual_criminality() {
    let dual = DualCriminality { except_listed_months: Some(36) };
    let rule = changed(|p| p.dual_criminality = Some(national().sets(dual)));
    let offence = |max_penalty_months, listed| {
        let offence = Some(Offence { max_penalty_months, dual_criminality: false, listed });
        decide(&rule, Query { offence, ..query(&[]) })
    };
    assert!(offence(36, true).allowed());
    assert!(!offence(35, true).allowed() && !offence(36, false).allowed());
}

#[test]
fn what_humans_judge_is_told_and_does_not_refuse() {
    let rule = changed(|p| {
        let clause = Some("ets-185:27(4)(b)".parse().unwrap());
        p.judgements = vec![Judgement { name: "ordre_public".to_owned(), clause }];
        p.grounds.push(Ground { code: RefusalCode::R03, mandatory: true });
    });
    let decision = decide(&rule, query(&[]));
    assert!(decision.allowed());
    let human: Vec<_> = decision.trace.iter().filter(|step| step.outcome == Outcome::Human).collect();
    assert_eq!(human.len(), 2);
    assert_eq!((human[0].check, &human[0].input), ("judgement", &Input::Name("ordre_public".to_owned())));
    assert_eq!(human[0].article.as_ref().unwrap().to_string(), "ets-185:27(4)(b)");
    let refused = decide(&rule, Query { validator: None, ..query(&[]) });
    assert!(refused.trace.iter().all(|step| step.outcome != Outcome::Human), "what is refused is left to nobody");
}

#[test]
fn the_moment_of_a_query_may_be_anything() {
    let quota = Quota { per: Period::Day, requests: Some(0), subjects: None, together: vec![] };
    let rule = changed(|p| p.quotas = vec![national().sets(quota.clone())]);
    let kind = stored_data().request_type;
    let used = [Used { counted: vec![kind], per: Period::Day, requests: u32::MAX, subjects: u32::MAX }];
    for at in [i64::MIN, 0, NOON.0, i64::MAX] {
        let asked = Query { at: model::Timestamp(at), used: Some(&used), consent: consent(5), ..query(&[]) };
        assert!(!decide(&rule, asked).allowed());
    }
}
