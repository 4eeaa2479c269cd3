//! Scenario files and their mistakes.

use super::{SHIPPED, read, shipped};

/// The shipped scenario with one line changed, and what is said of it.
fn told(from: &str, to: &str) -> Vec<String> {
    let text = shipped("three-states");
    assert!(text.contains(from), "{from} is not in the scenario");
    let wrong = read(&text.replacen(from, to, 1)).map(|scenario| scenario.id).unwrap_err();
    wrong.iter().map(ToString::to_string).collect()
}

#[test]
fn every_shipped_scenario_can_be_read() {
    for (name, text) in SHIPPED {
        let found = read(text).map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        assert!(found.is_ok(), "{name}:\n{}", found.unwrap_err());
        let scenario = found.unwrap();
        assert_eq!(format!("{}.toml", scenario.id), name);
        assert!(!scenario.assumptions.is_empty(), "{name} says what is its own");
    }
}

#[test]
fn a_typo_is_told_with_its_line_and_the_word_that_was_meant() {
    let told = told("[effort_hours]", "[effort_hour]");
    assert!(told[0].contains("`effort_hour` is not known here"), "{told:?}");
    assert!(told[0].contains("did you mean `effort_hours`?"), "{told:?}");
    let told = super::files::told("translator = 5", "translater = 5");
    assert!(told[0].contains("did you mean `translator`?") && told[0].contains("--> scenario.toml:"), "{told:?}");
}

#[test]
fn impossible_numbers_are_told_all_at_once() {
    let text = shipped("three-states").replacen("questions = 0.3", "questions = 1.3", 1);
    let text =
        text.replacen("days = 365", "days = 0", 1).replacen("median = 6.0, p90 = 20.0", "median = 6.0, p90 = 2.0", 1);
    let text = text.replacen("per_year = 200", "per_year = -200", 1).replacen("officer = 3", "officer = 0", 1);
    let told: Vec<_> = read(&text).map(|scenario| scenario.id).unwrap_err().iter().map(ToString::to_string).collect();
    for what in [
        "`questions` cannot be 1.3",
        "0 days cannot be played",
        "`p90` cannot be 2",
        "`per_year` cannot be -200",
        "0 people cannot do the work of `officer`",
    ] {
        assert!(told.iter().any(|one| one.contains(what)), "{what}: {told:?}");
    }
    assert!(told.iter().all(|one| one.contains("= help: ")), "{told:?}");
}

#[test]
fn what_there_is_not_is_told_with_what_there_is() {
    let treaty = told("untoc:18(3)(i) stored_data", "untok:18(3)(i) stored_data");
    assert!(treaty[0].contains("no instrument `untok`") && treaty[0].contains("did you mean `untoc`?"), "{treaty:?}");
    let state = told("from = [\"FR\", \"JP\"]", "from = [\"FR\", \"JQ\"]");
    assert!(
        state[0].contains("JQ is no state of this scenario") && state[0].contains("did you mean `JP`?"),
        "{state:?}"
    );
}

#[test]
fn a_number_from_nowhere_is_refused() {
    let told = told(
        "take_over = { lognormal = { median = 0.5, p90 = 1.0 }, assumption = true }",
        "take_over = { fixed = 0.5 }",
    );
    assert!(told[0].contains("effort_hours.take_over does not say where its numbers come from"), "{told:?}");
}

#[test]
fn the_schema_for_editors_takes_what_is_shipped_and_no_typo() {
    let schema = serde_json::from_str(crate::scenario::SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let value = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    for (name, text) in SHIPPED {
        let wrong: Vec<_> = schema.iter_errors(&value(text)).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
    let typo = shipped("three-states").replacen("per_year", "per_yaer", 1);
    assert!(!schema.is_valid(&value(&typo)));
}
