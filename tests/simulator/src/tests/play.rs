//! Whole runs.

use super::{SHIPPED, read, shipped};
use crate::{Outcome, Run, Scenario};

fn played(scenario: &Scenario, seed: u64) -> Outcome {
    let mut run = Run::new(scenario, seed);
    run.until(scenario.to());
    run.finish()
}

#[test]
fn a_seed_has_one_outcome() {
    let scenario = read(shipped("partition")).unwrap();
    let [first, second] = [0, 0].map(|_| serde_json::to_string(&played(&scenario, 5)).unwrap());
    assert_eq!(first, second);
    assert_ne!(first, serde_json::to_string(&played(&scenario, 6)).unwrap());
}

#[test]
fn a_run_in_pieces_is_the_same_run() {
    let scenario = read(shipped("three-states")).unwrap();
    let whole = played(&scenario, 1);
    let mut run = Run::new(&scenario, 1);
    let mut day = 0;
    while run.until(scenario.from.plus_ms(day * 86_400_000)) {
        day += 1;
    }
    assert_eq!(run.finish(), whole);
}

#[test]
fn no_request_is_lost_and_people_do_only_what_the_procedure_knows() {
    for (name, text) in SHIPPED.iter().filter(|(name, _)| *name != "world-2025.toml") {
        let scenario = read(text).unwrap();
        let outcome = played(&scenario, 2);
        assert_eq!(outcome.missteps, 0, "{name}");
        assert_eq!(outcome.begun, outcome.ended + outcome.open, "{name}");
        let all = &outcome.all;
        let waiting = all.whole.left() - all.withdrawn;
        assert_eq!(all.begun, all.granted + all.refused + all.blocked + all.lapsed + all.withdrawn + waiting, "{name}");
        assert!(all.granted > 50, "{name}");
    }
}

#[test]
fn a_month_of_the_world_is_played() {
    let scenario = read(shipped("world-2025")).unwrap();
    assert_eq!(scenario.parties.len(), 193);
    let mut run = Run::new(&scenario, 1);
    assert!(run.until(scenario.from.plus_ms(3 * 86_400_000)), "it is not over yet");
    let outcome = run.finish();
    assert!(!outcome.complete && outcome.missteps == 0);
    assert!(outcome.begun > 1500, "{}", outcome.begun);
}

#[test]
fn one_more_state_changes_no_draw_of_the_others() {
    let text = shipped("three-states");
    let text = text.replace("from = [\"*\"]\nto = [\"*\"]", "from = [\"FR\", \"JP\"]\nto = [\"FR\", \"JP\"]");
    let fewer = read(&text).unwrap();
    let more = text.replacen(
        "[[stream]]",
        "[[party]]\nids = [\"BR\"]\nlanguage = \"pt\"\nstaff = { officer = 2 }\nassumption = true\n\n[[stream]]",
        1,
    );
    let more = more.replacen("[[stream]]", "[[stream]]\nid = \"other\"\nask = [\"untoc:18(3)(i) stored_data\"]\nfrom = [\"BR\"]\nto = [\"SG\"]\nper_year = 100\nassumption = true\n\n[[stream]]", 1);
    let more = read(&more).unwrap();
    let (fewer, more) = (played(&fewer, 3), played(&more, 3));
    assert_eq!(fewer.pairs["JP → FR"], more.pairs["JP → FR"]);
    assert!(more.streams["other"].begun > 50);
}

#[test]
fn ten_thousand_small_requests_meet_the_quota_of_the_pair() {
    let outcome = played(&read(shipped("mass-surveillance")).unwrap(), 1);
    let refused: u64 = outcome.refused.iter().filter(|why| why.code == "R91").map(|why| why.count).sum();
    let flood = &outcome.streams["flood"];
    assert!(flood.sent <= 2000, "the convention's quota: {}", flood.sent);
    assert!(refused > 5000, "{:?}", outcome.refused);
}

#[test]
fn a_cut_holds_entries_and_a_long_one_lets_requests_lapse() {
    let outcome = played(&read(shipped("partition")).unwrap(), 1);
    assert!(outcome.held[0].entries > 20, "{:?}", outcome.held);
    let longest = outcome.held[0].delays.quantile_days(0.99).unwrap();
    assert!((15.0..22.0).contains(&longest), "{longest}");
    assert!(outcome.all.lapsed > 0);
}

#[test]
fn under_the_second_protocol_data_is_asked_by_its_article_and_comes_sooner() {
    let [enters, stays] =
        ["protocol-2-enters-into-force", "protocol-2-stays-out"].map(|name| played(&read(shipped(name)).unwrap(), 1));
    assert!(enters.treaties["cets-224 order_production"].granted > 100);
    assert!(
        enters.clocks["cets-224 serve (law)"].met > 100,
        "an order is served when it is given to who carries it out"
    );
    assert!(!stays.treaties.contains_key("cets-224 order_production"));
    assert_eq!(enters.begun, stays.begun, "the same requests: they are a pair");
    let median = |outcome: &Outcome| outcome.streams["data"].answer.quantile_days(0.5).unwrap();
    assert!(median(&enters) < 0.8 * median(&stays), "{} and {}", median(&enters), median(&stays));
}
