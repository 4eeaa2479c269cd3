//! What happened to requests.

use std::collections::BTreeMap;

use super::page::{Page, Table, count, days};
use crate::{
    Cell, Outcome, Refused, Results,
    chart::{self, Bar, Range},
};

/// Rows of a chart at most.
const ROWS_MAX: usize = 25;
/// States on the ring, arcs in it.
const NODES_MAX: usize = 40;
const ARCS_MAX: usize = 150;

pub(super) fn opening(page: &mut Page, results: &Results) {
    page.say(&results.about);
    let [played, warmup] = results.days;
    let seeds = results.outcomes.len();
    let counted =
        if warmup > 0 { format!("; the first {warmup} fill the queues and are not counted") } else { String::new() };
    page.say(&format!(
        "{} states, {played} days from {}{counted}; {seeds} {}.",
        results.parties.len(),
        results.first,
        if seeds == 1 { "seed: no band tells how much of this is chance" } else { "seeds" }
    ));
    if !results.is_complete() {
        let day = results.outcomes.last().map_or(0, |outcome| outcome.days);
        page.warn(&format!("This run was stopped: its last seed ends on day {day} of those that are counted. What follows is what was played."));
    }
    let missteps: u64 = results.outcomes.iter().map(|outcome| outcome.missteps).sum();
    if missteps > 0 {
        page.warn(&format!("{missteps} times somebody did what the procedure does not know. That is a mistake of the simulator: report it."));
    }
    page.list(&summary(results));
    page.say("All numbers below rest on assumptions, which stand at the end of this page.");
}

fn summary(results: &Results) -> Vec<String> {
    let mut told = Vec::new();
    let all = results.cells(|outcome| &outcome.streams);
    let total = all.values().fold(Cell::default(), |mut sum, cell| {
        sum.add(cell);
        sum
    });
    let seeds = results.outcomes.len().max(1) as u64;
    let share = |part: u64| format!("{:.0} %", 100.0 * part as f64 / total.begun.max(1) as f64);
    told.push(format!(
        "{} requests a run. {} were answered with records, {} refused by people, {} by machines, {} withdrawn, {} expired; the rest waits.",
        count(total.begun / seeds),
        share(total.granted),
        share(total.refused),
        share(total.blocked),
        share(total.withdrawn),
        share(total.lapsed),
    ));
    let median = results.band(|outcome| outcome.all.answer.quantile_days(0.5));
    let late = results.band(|outcome| outcome.all.answer.quantile_days(0.9));
    told.extend(median.map(|median| {
        let late = late.map_or_else(
            || "some wait longer than was played".to_owned(),
            |late| format!("nine of ten within {} days", days(Some(late.middle))),
        );
        format!("Half of the requests are answered within {} days, {late}.", days(Some(median.middle)))
    }));
    let clocks = results.clocks(|outcome| &outcome.clocks);
    let worst = clocks.iter().filter(|(_, clocks)| clocks.met + clocks.missed >= 20);
    let worst =
        worst.filter_map(|(name, clocks)| Some((name, clocks.missed_share()?))).max_by(|(_, a), (_, b)| a.total_cmp(b));
    told.extend(
        worst.map(|(name, share)| format!("The clock that is missed most is {name}: {:.0} % of them.", share * 100.0)),
    );
    let entries: u64 = results.outcomes.iter().map(|outcome| outcome.entries).sum();
    told.push(format!("{} entries a run went between gateways.", count(entries / seeds)));
    told
}

/// A request takes so long, with the band of its median over seeds.
fn range(results: &Results, name: &str, cell: &Cell, of: impl Fn(&Outcome) -> Option<&Cell>) -> Range {
    let median = results.band(|outcome| of(outcome)?.answer.quantile_days(0.5));
    Range {
        name: name.to_owned(),
        from: cell.answer.quantile_days(0.1).unwrap_or_default(),
        to: cell.answer.quantile_days(0.9),
        middle: cell.answer.quantile_days(0.5),
        band: median.filter(|_| results.outcomes.len() > 1).map(|band| [band.low, band.high]),
        note: cell
            .answer
            .quantile_days(0.5)
            .map_or_else(|| "not yet half".to_owned(), |median| format!("{} days", days(Some(median)))),
    }
}

const CAPTION: &str = "From sending to the answer, whichever it is. The bar holds eight of ten requests, the mark is the median; the thick line over it \
     shows between which medians nine of ten seeds lie. A bar with a dashed end goes on: more than one of ten were still waiting. What waits is counted as longer (Kaplan–Meier), not left out.";

pub(super) fn answers(page: &mut Page, results: &Results) {
    page.section("Time to answer", "answers");
    group(page, results, "By what is asked", "answers-by-stream", |outcome| &outcome.streams);
    group(page, results, "By treaty and request type", "answers-by-treaty", |outcome| &outcome.treaties);
    group(page, results, "By pair: those with the most requests", "answers-by-pair", |outcome| &outcome.pairs);
}

fn group(
    page: &mut Page,
    results: &Results,
    title: &str,
    name: &'static str,
    of: impl Fn(&Outcome) -> &BTreeMap<String, Cell>,
) {
    let cells = results.cells(&of);
    let mut all: Vec<(&String, &Cell)> = cells.iter().collect();
    all.sort_by(|(a, one), (b, other)| other.begun.cmp(&one.begun).then_with(|| a.cmp(b)));
    let charted: Vec<Range> = all
        .iter()
        .filter(|(_, cell)| cell.answer.over > 0)
        .take(ROWS_MAX)
        .map(|(name, cell)| range(results, name, cell, |outcome| of(outcome).get(*name)))
        .collect();
    if !charted.is_empty() {
        page.figure(&chart::ranges(title, "days", &charted), &format!("{title}. {CAPTION}"));
    }
    let columns = [
        "",
        "asked",
        "sent",
        "records",
        "refused",
        "by machine",
        "expired",
        "withdrawn",
        "waiting",
        "p10 days",
        "median",
        "p90",
        "handling, mean",
    ];
    let mut table = Table::new(name, &columns);
    for (name, cell) in all {
        let quantile = |share| days(cell.answer.quantile_days(share));
        let ended = cell.granted + cell.refused + cell.blocked + cell.lapsed + cell.withdrawn;
        let counts = [
            cell.begun,
            cell.sent,
            cell.granted,
            cell.refused,
            cell.blocked,
            cell.lapsed,
            cell.withdrawn,
            cell.begun - ended.min(cell.begun),
        ];
        let row = std::iter::once(name.clone()).chain(counts.map(count));
        table.row(row.chain([quantile(0.1), quantile(0.5), quantile(0.9), days(cell.handling.mean_days())]));
    }
    page.table(&table);
}

pub(super) fn ring(page: &mut Page, results: &Results) {
    page.section("Who asks whom", "ring");
    let pairs = results.cells(|outcome| &outcome.pairs);
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    let parsed: Vec<(&str, &str, u64)> = pairs
        .iter()
        .filter_map(|(pair, cell)| pair.split_once(" → ").map(|(home, peer)| (home, peer, cell.begun)))
        .collect();
    for (home, peer, begun) in &parsed {
        *sizes.entry(home).or_default() += begun;
        *sizes.entry(peer).or_default() += begun;
    }
    let mut largest: Vec<(&str, u64)> = sizes.into_iter().collect();
    largest.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    largest.truncate(NODES_MAX);
    largest.sort_unstable();
    let place = |id: &str| largest.iter().position(|(name, _)| *name == id);
    let mut arcs: Vec<(usize, usize, f64)> =
        parsed.iter().filter_map(|(home, peer, begun)| Some((place(home)?, place(peer)?, *begun as f64))).collect();
    arcs.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    arcs.truncate(ARCS_MAX);
    let names: Vec<(String, f64)> = largest.iter().map(|(name, size)| ((*name).to_owned(), *size as f64)).collect();
    let left_out = results.parties.len().saturating_sub(names.len());
    let rest =
        if left_out > 0 { format!(" {left_out} states with fewer requests are left out.") } else { String::new() };
    page.figure(
        &chart::ring("Requests between states", &names, &arcs),
        &format!("A schematic, no map: a line is as thick as there are requests between two states, a point as large as a state asks and is asked.{rest}"),
    );
}

pub(super) fn clocks(page: &mut Page, results: &Results) {
    page.section("Clocks", "clocks");
    page.say("The times that treaties and their policies set, counted in the calendar of the requested state. What was late, or not done when the run ended after its time, is missed.");
    let clocks = results.clocks(|outcome| &outcome.clocks);
    let mut bars: Vec<Bar> = clocks
        .iter()
        .filter(|(_, one)| one.met + one.missed >= 5)
        .filter_map(|(name, one)| {
            let share = one.missed_share()? * 100.0;
            Some(Bar {
                name: name.clone(),
                value: share,
                note: format!("{share:.0} % of {}", count(one.met + one.missed)),
            })
        })
        .collect();
    bars.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
    bars.truncate(ROWS_MAX);
    if !bars.is_empty() {
        page.figure(&chart::bars("Clocks missed", "%", &bars), "Of each kind of clock, how many were missed.");
    }
    let columns = ["clock", "in time", "missed", "running", "owed no more", "missed of those that ended"];
    for (name, of) in [("clocks", clocks), ("clocks-by-state", results.clocks(|outcome| &outcome.clocks_of))] {
        let mut table = Table::new(if name == "clocks" { "clocks" } else { "clocks-by-state" }, &columns);
        for (row, one) in &of {
            let share = one.missed_share().map_or_else(|| "–".to_owned(), |share| format!("{:.1}%", share * 100.0));
            let counts = [one.met, one.missed, one.running, one.dropped].map(count);
            table.row(std::iter::once(row.clone()).chain(counts).chain([share]));
        }
        let what = if name == "clocks" { "by kind" } else { "by the state that had to act" };
        page.folded(&format!("Clocks {what}"), &table);
    }
}

pub(super) fn refusals(page: &mut Page, results: &Results) {
    page.section("Refusals", "refusals");
    let mut all: BTreeMap<Refused, u64> = BTreeMap::new();
    for why in results.outcomes.iter().flat_map(|outcome| &outcome.refused) {
        *all.entry(Refused { count: 0, ..why.clone() }).or_default() += why.count;
    }
    if all.is_empty() {
        return page.say("Nothing was refused.");
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by(|(a, one), (b, other)| other.cmp(one).then_with(|| a.cmp(b)));
    let bar = |(why, number): &(Refused, u64)| Bar {
        name: format!("{} {}", why.code, why.article),
        value: *number as f64,
        note: format!("{} by {}", count(*number), why.by),
    };
    let bars: Vec<Bar> = all.iter().take(15).map(bar).collect();
    page.figure(&chart::bars("Refusals", "requests", &bars), "The most frequent refusals, by code and article, in all seeds together. A machine refuses before anybody reads; people refuse with a ground that the treaty knows.");
    let mut table = Table::new("refusals", &["code", "means", "article", "rule", "field", "by", "requests"]);
    for (why, number) in &all {
        let meaning =
            model::RefusalCode::ALL.iter().find(|code| code.as_str() == why.code).map_or("", |code| code.text());
        table.row([
            why.code.clone(),
            meaning.to_owned(),
            why.article.clone(),
            why.rule.clone(),
            why.field.clone(),
            why.by.clone(),
            count(*number),
        ]);
    }
    page.table(&table);
}

pub(super) fn faults(page: &mut Page, results: &Results) {
    let Some(first) = results.outcomes.first().filter(|outcome| !outcome.held.is_empty()) else { return };
    page.section("Faults, and what they did", "faults");
    let mut table = Table::new(
        "faults",
        &["fault", "from day", "to day", "entries held, a seed", "held for, median days", "requests expired, a seed"],
    );
    for (place, held) in first.held.iter().enumerate() {
        let each = || results.outcomes.iter().filter_map(|outcome| outcome.held.get(place));
        let mean = |of: &dyn Fn(&crate::Held) -> u64| {
            each().map(of).sum::<u64>() as f64 / results.outcomes.len().max(1) as f64
        };
        let mut delays = crate::histogram::Durations::default();
        each().for_each(|one| delays.add(&one.delays));
        table.row([
            held.title.clone(),
            held.from_day.to_string(),
            held.to_day.to_string(),
            crate::compare::number(mean(&|one| one.entries)),
            days(delays.quantile_days(0.5)),
            crate::compare::number(mean(&|one| one.lapsed)),
        ]);
    }
    page.table(&table);
    page.say("A cut loses nothing: an entry waits at its gateway and is asked for again. A request lives for 30 days; what a cut keeps longer expires, and its officer has to send it anew. A shortage of people holds no entry; it shows in the queues.");
}
