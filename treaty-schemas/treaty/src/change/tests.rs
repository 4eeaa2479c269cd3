#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    Period, Quota,
    rule::Obstacle,
    testing::{changed, compiled, every_change, national, party},
};

fn sentences(old: &Rule, new: &Rule) -> Vec<String> {
    diff(old, new).iter().map(ToString::to_string).collect()
}

#[test]
fn a_cap_that_changes_is_told_in_both_directions_with_before_and_after() {
    let new = changed(|p| p.max_subjects.value = 50);
    let told = ["FR", "JP"]
        .map(|to| format!("ets-185:31 stored_data, requests to {to}: subjects: at most 50, before: at most 20"));
    assert_eq!(sentences(&compiled(), &new), [told[1].clone(), told[0].clone()]);
    let changes = diff(&compiled(), &new);
    assert!(changes.iter().all(|change| change.effect == Effect::Widens && change.field == Field::Subjects));
    assert!(diff(&new, &compiled()).iter().all(|change| change.effect == Effect::Narrows));
}

#[test]
fn a_counter_of_more_request_types_is_stricter_and_one_of_others_neither() {
    let quota = |types: &[&str], most| {
        let quota = Quota { per: Period::Year, requests: Some(most), subjects: None, together: vec![] };
        let quota = quota.counting(types.iter().map(|kind| kind.parse().unwrap()));
        changed(move |p| p.quotas = vec![national().sets(quota.clone())])
    };
    let effect = |old: &Rule, new: &Rule| {
        let changes = diff(old, new);
        assert!(changes.iter().all(|change| change.field == Field::RequestsPerYear), "{changes:?}");
        changes[0].effect
    };
    let (own, both) = (quota(&["stored_data"], 9), quota(&["stored_data", "preservation"], 9));
    assert_eq!((effect(&own, &both), effect(&both, &own)), (Effect::Narrows, Effect::Widens));
    assert_eq!(effect(&both, &quota(&["stored_data", "domain_data"], 9)), Effect::Shifts);
    assert_eq!(effect(&own, &quota(&["stored_data", "preservation"], 10)), Effect::Shifts);
    assert_eq!(
        sentences(&own, &both)[0],
        "ets-185:31 stored_data, requests to JP: requests in a year: at most 9 of preservation, stored_data together, before: at most 9"
    );
}

#[test]
fn what_is_closed_and_opened_is_told_with_its_reason() {
    let closed = changed(|p| {
        p.closed = vec![Obstacle {
            file: "national/JP.toml".into(),
            owner: Some(party("JP")),
            reason: "JP forbids it".to_owned(),
            remedy: String::new(),
        }];
    });
    let refused = "ets-185:31 stored_data, requests to JP: now refused: JP forbids it";
    assert_eq!(sentences(&compiled(), &closed)[0], refused);
    let possible = "ets-185:31 stored_data, requests to JP: now possible; before: JP forbids it";
    assert_eq!(sentences(&closed, &compiled())[0], possible);
}

#[test]
fn rules_with_the_same_text_have_no_change_and_others_have() {
    assert!(diff(&compiled(), &compiled()).is_empty());
    for (name, change) in every_change() {
        let new = changed(change);
        assert!(!diff(&compiled(), &new).is_empty(), "{name}");
        assert_eq!(diff(&new, &new), [], "{name}");
    }
}

#[test]
fn there_and_back_again_widens_what_it_narrowed() {
    for (name, change) in every_change() {
        let new = changed(change);
        let (there, back) = (diff(&compiled(), &new), diff(&new, &compiled()));
        assert_eq!(there.len(), back.len(), "{name}");
        for change in &there {
            let same = |other: &&Change| (&other.field, other.requested) == (&change.field, change.requested);
            let back = back.iter().find(same).map(|other| other.effect);
            let expected = match change.effect {
                Effect::Widens => Effect::Narrows,
                Effect::Narrows => Effect::Widens,
                same => same,
            };
            assert_eq!(back, Some(expected), "{name}: {change}");
        }
    }
}
