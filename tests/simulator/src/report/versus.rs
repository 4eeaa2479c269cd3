//! Two scenarios side by side.

use super::page::{Page, Table};
use crate::{
    Comparison, Results,
    chart::{self, Range},
    compare::number,
};

pub(super) fn told(page: &mut Page, comparison: &Comparison, both: [&Results; 2]) {
    page.section("What differs", "told");
    page.say(&format!(
        "{} seeds, each played in both: the same requests, the same people, the same luck. What differs is what the files differ in.",
        comparison.seeds.len()
    ));
    if both.iter().any(|results| !results.is_complete()) {
        page.warn("One of both runs was stopped: what follows is what was played.");
    }
    page.list(&comparison.told);
}

pub(super) fn inputs(page: &mut Page, comparison: &Comparison) {
    page.section("Inputs that differ", "inputs");
    let mut table = Table::new("inputs", &["only in", "line"]);
    for (name, lines) in [(&comparison.a, &comparison.inputs.only_a), (&comparison.b, &comparison.inputs.only_b)] {
        for line in lines {
            table.row([name.clone(), line.clone()]);
        }
    }
    if table.is_empty() { page.say("None: both are the same file.") } else { page.table(&table) }
}

pub(super) fn rows(page: &mut Page, comparison: &Comparison) {
    page.section("Numbers", "numbers");
    let medians = comparison.rows.iter().filter(|row| row.what.starts_with("median time"));
    let of = |name: &str, what: &str, value: f64| Range {
        name: format!("{}: {name}", what.trim_start_matches("median time to answer, ")),
        from: 0.0,
        to: Some(value),
        middle: None,
        band: None,
        note: format!("{} days", number(value)),
    };
    let ranges: Vec<Range> =
        medians.flat_map(|row| [of(&comparison.a, &row.what, row.a), of(&comparison.b, &row.what, row.b)]).collect();
    if !ranges.is_empty() {
        page.figure(
            &chart::ranges("Median time to answer", "days", &ranges),
            "Median time to answer in both, mean over seeds.",
        );
    }
    let mut table = Table::new("differences", &["", &comparison.a, &comparison.b, "difference", "95 % from", "to", ""]);
    for row in &comparison.rows {
        let [low, high] = row.within.map_or(["–".to_owned(), "–".to_owned()], |within| within.map(number));
        let verdict = if row.is_beyond_chance() { "beyond chance" } else { "may be chance" };
        table.row([row.what.clone(), number(row.a), number(row.b), number(row.by), low, high, verdict.to_owned()]);
    }
    page.table(&table);
}
