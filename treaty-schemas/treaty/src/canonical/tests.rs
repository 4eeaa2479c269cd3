#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use crate::{
    rule::Obstacle,
    testing::{article, changed, compiled, every_change, national},
};

#[test]
fn each_change_of_a_bound_is_a_text_of_its_own() {
    let mut texts = BTreeSet::from([compiled().canonical()]);
    for (name, change) in every_change() {
        assert!(texts.insert(changed(change).canonical()), "{name}");
    }
    assert!(texts.contains(&compiled().canonical()), "who changes a shared bound changes a copy");
}

#[test]
fn who_set_a_bound_in_which_order_and_whether_it_was_read_is_not_in_the_text() {
    let rule = changed(|p| {
        p.by = national();
        p.max_subjects.by = national();
        p.verified ^= true;
        p.selectors.value.reverse();
        p.purposes.value.reverse();
        let again = p.purposes.value[0].clone();
        p.purposes.value.push(again);
        p.timers.reverse();
        p.grounds.reverse();
    });
    assert_eq!(rule.canonical(), compiled().canonical());
    assert_eq!(rule.pin(), compiled().pin());
}

#[test]
fn what_is_closed_in_one_direction_stands_in_the_text_for_the_other_only() {
    let lines = |rule: &crate::Rule| {
        let text = rule.canonical();
        text.lines().filter(|line| line.starts_with("article ets-185:31 stored_data to ")).count()
    };
    assert_eq!(lines(&compiled()), 2);
    let rule = crate::testing::table(&compiled(), |table| {
        let towards =
            table.clauses.get_mut(&article()).unwrap().provisions.get_mut(&"stored_data".parse().unwrap()).unwrap();
        let file = "overlays/FR-JP/mou.toml".into();
        towards[0].closed = vec![Obstacle { file, owner: None, reason: String::new(), remedy: String::new() }];
    });
    assert_eq!(lines(&rule), 1);
}
