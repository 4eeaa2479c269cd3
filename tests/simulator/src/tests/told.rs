//! What is told of runs.

use super::{read, shipped};
use crate::{Comparison, Inputs, Results, Run, report};

fn results(name: &str, seeds: std::ops::Range<u64>) -> Results {
    let scenario = read(shipped(name)).unwrap();
    let mut results = Results::new(&scenario);
    for seed in seeds {
        let mut run = Run::new(&scenario, seed);
        run.until(scenario.to());
        results.push(run.finish());
    }
    results
}

fn provenance() -> report::Provenance {
    report::Provenance { command: "federation run <x>".to_owned(), made_of: vec![("a".to_owned(), "b".to_owned())] }
}

#[test]
fn a_page_repeats_every_assumption_and_asks_nobody_for_anything() {
    let results = results("partition", 1..3);
    let page = report::html(&results, &provenance());
    for one in &results.assumptions {
        assert!(page.contains(&crate::chart::escaped(&one.what)), "{}", one.what);
    }
    for id in ["answers", "queues", "clocks", "refusals", "traffic", "privacy", "faults", "assumptions", "provenance"] {
        assert!(page.contains(&format!("<h2 id=\"{id}\">")), "{id}");
    }
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("url("), "nothing is loaded");
    assert_eq!(page.matches("http://").count(), page.matches("http://www.w3.org/2000/svg").count());
    assert!(page.contains("federation run &lt;x&gt;"));
    assert_eq!(
        page,
        report::html(&serde_json::from_str(&serde_json::to_string(&results).unwrap()).unwrap(), &provenance())
    );
}

#[test]
fn a_stopped_run_says_so() {
    let scenario = read(shipped("three-states")).unwrap();
    let mut run = Run::new(&scenario, 1);
    run.until(scenario.from.plus_ms(40 * 86_400_000));
    let mut results = Results::new(&scenario);
    results.push(run.finish());
    assert!(!results.is_complete());
    assert!(report::html(&results, &provenance()).contains("This run was stopped"));
}

#[test]
fn the_lines_for_a_spreadsheet_have_five_fields() {
    let csv = results("three-states", 1..2).csv();
    assert!(csv.lines().count() > 100);
    assert!(csv.lines().all(|line| line.contains('"') || line.split(',').count() == 5), "{csv}");
}

#[test]
fn two_scenarios_are_told_apart_by_the_lines_that_differ() {
    let [a, b] = ["protocol-2-stays-out", "protocol-2-enters-into-force"];
    let (first, second) = (results(a, 1..5), results(b, 1..5));
    let comparison = Comparison::of(&first, &second, Inputs::of(shipped(a), shipped(b)));
    assert_eq!(comparison.seeds, [1, 2, 3, 4]);
    assert!(comparison.inputs.only_b.iter().any(|line| line == "instrument = \"cets-224\""), "{:?}", comparison.inputs);
    let told = comparison.told.join("\n");
    assert!(told.contains("median time to answer, data") && told.contains("days less"), "{told}");
    let same = Comparison::of(&first, &first, Inputs::of(shipped(a), shipped(a)));
    assert_eq!(same.told, ["nothing differs beyond chance in 4 seeds"]);
    let page = report::comparison_html(&comparison, [&first, &second], &provenance());
    assert!(page.contains("Inputs that differ") && page.contains("beyond chance"));
}
