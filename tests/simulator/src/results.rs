//! Many seeds of one scenario together: as an object for programs, as lines for a spreadsheet.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

use crate::{Cell, Clocks, Outcome, Scenario, scenario::Statement};

/// The version of the object.
pub const SCHEMA_VERSION: u32 = 1;
/// So many pairs are kept by name, those with the most requests first: most pairs of the world have less than ten a year.
const PAIRS_MAX: usize = 200;

/// What a model takes for granted in every scenario.
pub const MODEL: [(&str, &str); 9] = [
    (
        "people",
        "first come, first served; nobody is ill, nothing is urgent but emergencies, which the duty officers take day and night",
    ),
    ("line", "an entry is with the other gateway after 2 seconds; after a cut it is tried again within 5 minutes"),
    ("one measure", "each request asks for one thing, and is answered in one part"),
    (
        "status",
        "a requested desk tells how a case stands when nine tenths of the time are over that the treaty sets for it",
    ),
    ("service", "an order counts as served on the provider when it is given to who carries it out"),
    ("rework", "a request that a machine refused is not made anew, nor is one that expired"),
    (
        "law",
        "officers ask for the first of their wishes that the rule of the day offers, with the authorities and selectors that it wants",
    ),
    ("keys", "no entry is signed or sealed: what keys and groups do is tried by other programs"),
    (
        "privacy",
        "the table counts who was party to which entry; that a gateway can open none is proven by `federation audit blindness`",
    ),
];

/// Many seeds of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// For people.
    pub title: String,
    /// What it shows.
    pub about: String,
    /// SHA-256 of its file.
    pub digest: String,
    /// The first day.
    pub first: String,
    /// Days played, and how many of them are not counted.
    pub days: [u32; 2],
    /// What is our own.
    pub assumptions: Vec<Statement>,
    /// What has a source.
    pub sources: Vec<Statement>,
    /// The states, with their names.
    pub parties: BTreeMap<String, String>,
    /// What came out, seed by seed.
    pub outcomes: Vec<Outcome>,
}

impl Results {
    /// Nothing played yet.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            scenario: scenario.id.clone(),
            title: scenario.title.clone(),
            about: scenario.about.trim().to_owned(),
            digest: scenario.digest.to_string(),
            first: scenario.first.to_string(),
            days: [scenario.days, scenario.warmup_days],
            assumptions: scenario.assumptions.clone(),
            sources: scenario.sources.clone(),
            parties: scenario.parties.iter().map(|party| (party.id.to_string(), party.name.clone())).collect(),
            outcomes: Vec::new(),
        }
    }

    /// One seed more.
    pub fn push(&mut self, mut outcome: Outcome) {
        let mut pairs: Vec<_> = std::mem::take(&mut outcome.pairs).into_iter().collect();
        pairs.sort_by(|(a, one), (b, other)| other.begun.cmp(&one.begun).then_with(|| a.cmp(b)));
        outcome.pairs = pairs.into_iter().take(PAIRS_MAX).collect();
        self.outcomes.push(outcome);
    }

    /// Whether every seed was played to its end.
    pub fn is_complete(&self) -> bool {
        !self.outcomes.is_empty() && self.outcomes.iter().all(|outcome| outcome.complete)
    }

    /// A number of each seed, and their middle and spread. `None` where no seed has it.
    pub fn band(&self, of: impl Fn(&Outcome) -> Option<f64>) -> Option<Band> {
        Band::of(self.outcomes.iter().filter_map(of).collect())
    }

    /// All seeds in one, by a map of cells.
    pub fn cells(&self, of: impl Fn(&Outcome) -> &BTreeMap<String, Cell>) -> BTreeMap<String, Cell> {
        let mut all: BTreeMap<String, Cell> = BTreeMap::new();
        for (name, cell) in self.outcomes.iter().flat_map(of) {
            all.entry(name.clone()).or_default().add(cell);
        }
        all
    }

    /// All seeds in one, by a map of clocks.
    pub fn clocks(&self, of: impl Fn(&Outcome) -> &BTreeMap<String, Clocks>) -> BTreeMap<String, Clocks> {
        let mut all: BTreeMap<String, Clocks> = BTreeMap::new();
        for (name, clocks) in self.outcomes.iter().flat_map(of) {
            let sum = all.entry(name.clone()).or_default();
            sum.met += clocks.met;
            sum.missed += clocks.missed;
            sum.running += clocks.running;
            sum.dropped += clocks.dropped;
        }
        all
    }

    /// Every number, one in each line: seed, table, row, column, value.
    pub fn csv(&self) -> String {
        let mut out = String::from("seed,table,row,column,value\n");
        for outcome in &self.outcomes {
            // Writing to a String cannot fail.
            let _ = lines(&mut out, outcome);
        }
        out
    }
}

/// The middle of some numbers, and between which of them nine of ten lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// One of twenty is less.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// One of twenty is more.
    pub high: f64,
}

impl Band {
    /// That of at least one number.
    pub fn of(mut numbers: Vec<f64>) -> Option<Self> {
        numbers.sort_by(f64::total_cmp);
        let last = numbers.len().checked_sub(1)?;
        let at = |share: f64| {
            let place = share * last as f64;
            let (below, above) = (numbers.get(place as usize)?, numbers.get((place as usize + 1).min(last))?);
            Some(below + (above - below) * place.fract())
        };
        Some(Self { low: at(0.05)?, middle: at(0.5)?, high: at(0.95)? })
    }
}

fn lines(out: &mut String, outcome: &Outcome) -> std::fmt::Result {
    let seed = outcome.seed;
    let mut line = |table: &str, row: &str, column: &str, value: f64| {
        // Three digits are more than anybody knows.
        writeln!(out, "{seed},{table},{},{column},{}", quoted(row), (value * 1000.0).round() / 1000.0)
    };
    line("run", "all", "begun", outcome.begun as f64)?;
    line("run", "all", "ended", outcome.ended as f64)?;
    line("run", "all", "open", outcome.open as f64)?;
    line("run", "all", "entries", outcome.entries as f64)?;
    let cells = [("treaty", &outcome.treaties), ("stream", &outcome.streams), ("pair", &outcome.pairs)];
    for (table, cells) in cells {
        for (name, cell) in cells {
            for (column, value) in columns(cell) {
                value.map_or(Ok(()), |value| line(table, name, column, value))?;
            }
        }
    }
    for (table, clocks) in [("clock", &outcome.clocks), ("clock_of", &outcome.clocks_of)] {
        for (name, count) in clocks {
            line(table, name, "met", count.met as f64)?;
            line(table, name, "missed", count.missed as f64)?;
            line(table, name, "running", count.running as f64)?;
        }
    }
    for why in &outcome.refused {
        let row = format!("{} {} {} {} {}", why.code, why.article, why.rule, why.field, why.by);
        line("refused", &row, "count", why.count as f64)?;
    }
    for queue in &outcome.queues {
        let row = format!("{} {}", queue.party, queue.staff);
        line("queue", &row, "people", f64::from(queue.people))?;
        line("queue", &row, "came", queue.came as f64)?;
        line("queue", &row, "longest", queue.longest as f64)?;
        line("queue", &row, "busy_share", f64::from(queue.busy_permille) / 1000.0)?;
        queue.waits.mean_days().map_or(Ok(()), |days| line("queue", &row, "wait_mean_days", days))?;
    }
    for (party, traffic) in &outcome.traffic {
        line("traffic", party, "entries_sent", traffic.sent as f64)?;
        line("traffic", party, "entries_received", traffic.received as f64)?;
        line("traffic", party, "bytes_sent", traffic.bytes_sent as f64)?;
        line("traffic", party, "bytes_received", traffic.bytes_received as f64)?;
        line("traffic", party, "busiest_hour", f64::from(traffic.busiest_hour))?;
        line("traffic", party, "open_most", f64::from(traffic.open_most))?;
    }
    for held in &outcome.held {
        line("fault", &held.title, "entries_held", held.entries as f64)?;
        line("fault", &held.title, "lapsed", held.lapsed as f64)?;
    }
    Ok(())
}

/// The columns of a cell.
pub(crate) fn columns(cell: &Cell) -> [(&'static str, Option<f64>); 13] {
    [
        ("begun", Some(cell.begun as f64)),
        ("sent", Some(cell.sent as f64)),
        ("granted", Some(cell.granted as f64)),
        ("refused", Some(cell.refused as f64)),
        ("blocked", Some(cell.blocked as f64)),
        ("lapsed", Some(cell.lapsed as f64)),
        ("withdrawn", Some(cell.withdrawn as f64)),
        ("answer_days_p10", cell.answer.quantile_days(0.1)),
        ("answer_days_p50", cell.answer.quantile_days(0.5)),
        ("answer_days_p90", cell.answer.quantile_days(0.9)),
        ("answer_days_mean_of_answered", cell.answer.mean_days()),
        ("handling_days_mean_of_answered", cell.handling.mean_days()),
        ("whole_days_p50", cell.whole.quantile_days(0.5)),
    ]
}

/// A field of a CSV line [RFC 4180].
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_of_one_seed_is_a_line() {
        assert_eq!(Band::of(vec![3.0]), Some(Band { low: 3.0, middle: 3.0, high: 3.0 }));
        assert_eq!(Band::of(vec![]), None);
        let many = Band::of((0..=100).map(f64::from).collect());
        assert_eq!(many, Some(Band { low: 5.0, middle: 50.0, high: 95.0 }));
    }
}
