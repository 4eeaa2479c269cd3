#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use model::{AuthorityKind, Role, SelectorKind};

use super::*;
use crate::{
    Effect, Field, diff,
    provision::EmergencyRule,
    rule::Obstacle,
    testing::{TODAY, change_of, changed, compiled, every_change, national, party, table},
};

fn broken(rule: &Rule, claim: &Claim) -> Counterexample {
    let proof = prove_rules(std::slice::from_ref(rule), claim);
    assert!(!proof.holds);
    *proof.counterexample.unwrap()
}

fn wider(old: &Rule, new: &Rule) -> Proof {
    prove_rules(std::slice::from_ref(new), &Claim::NeverWider { than: Earlier::Rules(vec![old.clone()]) })
}

fn judge() -> Claim {
    Claim::no_content_without_judge()
}

#[test]
fn the_builtin_catalogue_keeps_the_claims_that_are_made_of_it() {
    let catalog = Catalog::builtin().unwrap();
    for claim in [judge(), Claim::SpecificSelectorsOnly, Claim::EmergencyNeedsCallback] {
        let proof = prove(&catalog, &claim, TODAY);
        assert!(proof.holds, "{proof:#?}");
        assert!(proof.checked > proof.distinct && proof.decisions > proof.distinct, "{proof:?}");
    }
    let earlier = Claim::NeverWider { than: Earlier::Catalog(catalog.clone(), TODAY) };
    assert!(prove(&catalog, &earlier, TODAY).holds);
}

#[test]
fn content_without_a_judge_is_found_with_the_request_and_the_decision() {
    assert!(prove_rules(&[compiled()], &judge()).holds);
    let record = || "content_data".parse().unwrap();
    for roles in [vec![], vec![Role::Prosecutor, Role::Judge]] {
        let rule = changed(|p| p.records.get_mut(&record()).unwrap().value.clone_from(&roles));
        let found = broken(&rule, &judge());
        assert!(found.confirmed && found.decision == "allowed", "{found:?}");
        assert_eq!(found.article.to_string(), "ets-185:31");
        assert!(found.query.contains("asks") && found.query.contains("content_data of 1 subject under ets-185:31"));
    }
}

#[test]
fn the_twenty_first_subject_and_the_366th_day_break_the_caps() {
    let rule = compiled();
    let provisions = || rule.table.effective().flat_map(|(_, _, towards)| towards);
    let subjects = provisions().map(|p| p.max_subjects.value).max().unwrap();
    let days = provisions().filter_map(|p| p.max_window_days.as_ref()).map(|days| days.value).max().unwrap();
    for (claim, least) in [(Claim::MaxSubjects as fn(u32) -> Claim, subjects), (Claim::MaxWindowDays, days)] {
        assert!(prove_rules(std::slice::from_ref(&rule), &claim(least)).holds);
        assert!(broken(&rule, &claim(least - 1)).confirmed);
    }
    assert_eq!(broken(&compiled(), &Claim::MaxSubjects(19)).reason, "more than 19 subjects are permitted");
}

#[test]
fn a_record_type_without_a_schema_is_found() {
    let known: BTreeSet<_> = compiled()
        .table
        .effective()
        .flat_map(|(_, _, towards)| towards.iter().flat_map(|one| one.records.keys().cloned()))
        .collect();
    assert!(prove_rules(&[compiled()], &Claim::EveryTypeAnswerable { known: known.clone() }).holds);
    let less: BTreeSet<_> = known.into_iter().filter(|record| record.as_str() != "traffic_data").collect();
    let found = broken(&compiled(), &Claim::EveryTypeAnswerable { known: less });
    assert!(found.confirmed && found.reason == "no record type traffic_data is known");
}

#[test]
fn compulsion_under_a_memorandum_is_found() {
    let claim = |id: &str| Claim::NoCompulsionUnder { instruments: BTreeSet::from([id.to_owned()]) };
    assert!(broken(&compiled(), &claim("ets-185")).confirmed);
    assert!(prove_rules(&[compiled()], &claim("jp-sg-id")).holds);
}

#[test]
fn an_emergency_without_a_call_back_is_found() {
    let rule =
        |callback| changed(|p| p.emergency = Some(national().sets(EmergencyRule { callback, expost_hours: None })));
    assert!(prove_rules(&[rule(true)], &Claim::EmergencyNeedsCallback).holds);
    let found = broken(&rule(false), &Claim::EmergencyNeedsCallback);
    assert_eq!(found.reason, "an emergency is granted without a call back");
}

/// Each widening that the comparison knows must be confirmed by a decision of both rules.
#[test]
fn each_change_that_widens_is_found_and_confirmed_and_no_other_is() {
    let before = compiled();
    for (name, change) in every_change() {
        let after = changed(change);
        for (old, new) in [(&before, &after), (&after, &before)] {
            let changes = diff(old, new);
            assert!(!changes.is_empty(), "{name}");
            let proof = wider(old, new);
            let more = changes.iter().any(|change| change.effect.gives_more());
            // What is forbidden is no wider, whatever its bounds say; what nobody can reach is.
            let towards = &new.table.clauses[&crate::testing::article()].provisions[&"stored_data".parse().unwrap()];
            let open = towards.iter().all(|p| p.closed.is_empty());
            assert_eq!(proof.holds, !(more && open), "{name}: {changes:?} {proof:?}");
            assert!(proof.counterexample.is_none_or(|found| found.confirmed), "{name}");
        }
    }
}

#[test]
fn a_bound_of_what_goes_to_providers_is_judged_though_no_request_reaches_it() {
    let path = "instruments/e-evidence/instrument.toml";
    let table = "[request.epoc_identification]";
    let catalog = |subjects: Option<u32>| {
        let files = Catalog::builtin_files().map(|(name, text)| {
            let Some(subjects) = subjects.filter(|_| name == path) else { return (name, text) };
            let (head, tail) = text.split_once(table).unwrap();
            let lines = tail.replacen("max_subjects = ", &format!("max_subjects = {subjects} # "), 1);
            (name, format!("{head}{table}{lines}"))
        });
        Catalog::load(files).unwrap().rule(party("FR"), party("IT"), TODAY)
    };
    let (before, after) = (catalog(None), catalog(Some(900)));
    let proof = prove_rules(std::slice::from_ref(&before), &Claim::MaxSubjects(899));
    assert!(proof.holds && proof.unreachable > 0 && proof.checked > 0, "{proof:?}");
    let found = broken(&after, &Claim::MaxSubjects(899));
    assert_eq!(
        (found.request_type.as_str(), found.reason.as_str()),
        ("epoc_identification", "more than 899 subjects are permitted")
    );
    assert!(found.query.contains("addressed to no authority"), "{found:?}");
    assert!(prove_rules(std::slice::from_ref(&after), &Claim::MaxSubjects(900)).holds);
    let found = wider(&before, &after).counterexample.unwrap();
    assert_eq!(found.change.unwrap().field, Field::Subjects);
    assert!(wider(&after, &before).holds && wider(&after, &after).holds);
}

/// Each claim, with a bound that breaks it.
#[test]
fn every_claim_about_bounds_is_broken_by_them_where_no_request_reaches_them() {
    type Break = fn(&mut Provision);
    let known: BTreeSet<_> =
        compiled().table.effective().flat_map(|(.., both)| both[0].records.keys().cloned()).collect();
    let claims: [(Claim, Break); 6] = [
        (judge(), |p| p.records.values_mut().for_each(|roles| roles.value = vec![Role::Judge, Role::Prosecutor])),
        (Claim::MaxSubjects(5000), |p| p.max_subjects.value = 5001),
        (Claim::MaxWindowDays(5000), |p| p.max_window_days = Some(national().sets(5001))),
        (Claim::EveryTypeAnswerable { known }, |p| {
            p.records.insert("seal_of_nobody".parse().unwrap(), national().sets(vec![]));
        }),
        (Claim::NoCompulsionUnder { instruments: BTreeSet::from(["ets-185".to_owned()]) }, |p| p.compulsory = true),
        (Claim::EmergencyNeedsCallback, |p| {
            p.emergency = Some(national().sets(EmergencyRule { callback: false, expost_hours: None }));
        }),
    ];
    for (claim, change) in claims {
        // Everything else of the pair is left out: it would break some of the claims by itself.
        let alone = |change: Break| {
            table(&changed(change), |table| {
                table.clauses.retain(|article, _| *article == crate::testing::article());
                for provision in table.clauses.values_mut().flat_map(|clause| clause.provisions.values_mut().flatten())
                {
                    provision.recipients.value.clear();
                }
            })
        };
        let whole = prove_rules(&[alone(|p| p.compulsory = false)], &claim);
        assert!(whole.holds && whole.unreachable == 2 && whole.checked == 0 && whole.decisions == 0, "{whole:?}");
        assert!(broken(&alone(change), &claim).query.starts_with("none through a gateway"), "{claim}");
    }
}

#[test]
fn what_becomes_possible_at_all_is_wider() {
    let closed = changed(|p| {
        p.closed = vec![Obstacle {
            file: "national/JP.toml".into(),
            owner: Some(party("JP")),
            reason: "JP forbids it".to_owned(),
            remedy: String::new(),
        }];
    });
    let proof = wider(&closed, &compiled());
    let found = proof.counterexample.unwrap();
    let change = found.change.unwrap();
    assert!(found.confirmed && change.field == Field::Availability && change.effect == Effect::Widens);
    assert_eq!(found.before.unwrap(), "refused: R92 [ets-185:31] JP forbids it");
    assert!(wider(&compiled(), &closed).holds);
}

#[test]
fn a_language_more_is_wider() {
    let less = table(&compiled(), |table| {
        Arc::make_mut(&mut table.languages[1]).insert(AuthorityKind::Central, vec!["ja".to_owned()]);
    });
    let found = wider(&less, &compiled()).counterexample.unwrap();
    assert!(found.confirmed && found.change.unwrap().field == Field::Languages(AuthorityKind::Central));
    assert!(wider(&compiled(), &less).holds);
    let any = table(&compiled(), |table| table.languages[1] = Arc::default());
    assert!(wider(&compiled(), &any).counterexample.unwrap().confirmed);
}

#[test]
fn several_changes_at_once_are_found_when_one_of_them_widens() {
    let new = change_of(&compiled(), |p| {
        p.max_subjects.value = 5;
        p.selectors.value = vec![SelectorKind::Holder];
    });
    let found = wider(&compiled(), &new).counterexample.unwrap();
    assert!(found.confirmed && found.change.unwrap().field == Field::Selectors);
}

#[test]
fn a_pair_without_an_earlier_rule_is_not_compared() {
    assert!(prove_rules(&[compiled()], &Claim::NeverWider { than: Earlier::Rules(vec![]) }).holds);
}
