//! The casework for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    Measured,
    crowd::{Crowd, Standing},
};
use crate::{failure::Failure, sample::Sample};

/// What was promised: microseconds of a decision, seconds of a start, and how much more an entry may cost.
const DECISION_US: f64 = 20.0;
const READY_S: f64 = 10.0;
const FLAT: f64 = 1.1;
const NAMES: [&str; 3] = ["gateway, requesting", "gateway, requested", "desk, requested"];

/// For people.
pub(crate) fn text(measured: &Measured) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_text(&mut out, measured);
    out
}

fn write_text(out: &mut String, measured: &Measured) -> std::fmt::Result {
    let Measured { cores, load, decided, crowd, delivered } = measured;
    writeln!(
        out,
        "{cores} cores; load of the last minute {:.2} before, {:.2} after: on a machine that does other work, believe the ratios only",
        load[0], load[1]
    )?;
    writeln!(
        out,
        "decisions on {} rows of both tables, in {} cases ({} calls); limit {DECISION_US:.0} µs",
        decided.rows, decided.places, decided.calls
    )?;
    for (what, sample) in
        [("granted", &decided.granted), ("refused", &decided.refused), ("fold of 40 entries", &decided.fold)]
    {
        let (p50, p99) = (sample.quantile(0.5), sample.quantile(0.99));
        writeln!(out, "  {what:<20} p50 {p50:7.2} µs   p99 {p99:7.2} µs   p99 / limit {:.2}", p99 / DECISION_US)?;
    }
    if let Some(crowd) = crowd {
        write_crowd(out, crowd)?;
    }
    if let Some(delivered) = delivered {
        writeln!(
            out,
            "{} deliveries in {} cases, {} at once, in {:.1} s: each answer was held against its own request; none was another's",
            delivered.entries, delivered.cases, delivered.at_once, delivered.seconds
        )?;
    }
    Ok(())
}

fn write_crowd(out: &mut String, crowd: &Crowd) -> std::fmt::Result {
    let Crowd { few, many, filled_s } = crowd;
    writeln!(
        out,
        "{} open cases and {} more clocks at the desk, {} at each gateway (filled in {filled_s:.0} s), beside {} cases",
        many.held.cases, many.held.clocks, many.held.cases, few.held.cases
    )?;
    writeln!(out, "  {:<22}{:>12}{:>12}{:>14}", "ready after, ms", few.held.cases, many.held.cases, "many / 10 s")?;
    for (at, name) in NAMES.iter().enumerate() {
        let (few, many) = (few.ready_ms[at], many.ready_ms[at]);
        writeln!(out, "    {name:<20}{few:12.0}{many:12.0}{:14.3}", many / 1e3 / READY_S)?;
    }
    let (a, b) = (few.held.next_alarm_ms, many.held.next_alarm_ms);
    writeln!(out, "    {:<20}{a:12.1}{b:12.1}{:14.3}", "next alarm known", b / 1e3 / READY_S)?;
    writeln!(out, "  {:<22}", "resident, MiB")?;
    for (at, name) in NAMES.iter().enumerate() {
        writeln!(out, "    {name:<20}{:12.0}{:12.0}", few.resident_mib[at], many.resident_mib[at])?;
    }
    writeln!(
        out,
        "  {:<46}{:>14}",
        format!("processor time per entry, µs ({} entries each)", many.entries),
        format!("limit {FLAT:.2}")
    )?;
    for (at, name) in NAMES.iter().enumerate() {
        let (few, many) = (few.entry_us[at], many.entry_us[at]);
        writeln!(out, "    {name:<20}{few:12.0}{many:12.0}{:14.2}", many / few)?;
    }
    writeln!(out, "  screens, ms")?;
    for (few, many) in few.screens.iter().zip(&many.screens) {
        let shown = |ms: Option<f64>| ms.map_or("no answer".to_owned(), |ms| format!("{ms:.1}"));
        writeln!(out, "    {:<20}{:>12}{:>12}   items {}", few.what, shown(few.ms), shown(many.ms), many.items)?;
    }
    Ok(())
}

/// For programs. Times are in microseconds where the name does not say otherwise.
pub(crate) fn json(measured: &Measured) -> Value {
    let Measured { cores, load, decided, crowd, delivered } = measured;
    let quantiles = |sample: &Sample| json!({ "calls": sample.len(), "p50": sample.quantile(0.5), "p99": sample.quantile(0.99), "max": sample.max() });
    json!({
        "schema_version": 1,
        "cores": cores,
        "load": load,
        "decisions": {
            "rows": decided.rows, "places": decided.places, "limit": DECISION_US,
            "granted": quantiles(&decided.granted), "refused": quantiles(&decided.refused), "fold_40": quantiles(&decided.fold),
        },
        "crowd": crowd.as_ref().map(|crowd| json!({
            "filled_seconds": crowd.filled_s,
            "few": standing(&crowd.few),
            "many": standing(&crowd.many),
            "many_to_few": ratios(crowd),
        })),
        "deliveries": delivered.as_ref().map(|one| json!({ "cases": one.cases, "entries": one.entries, "at_once": one.at_once, "seconds": one.seconds })),
    })
}

/// Every figure that was promised.
pub(crate) fn require_limits(measured: &Measured) -> Result<(), Failure> {
    let mut over = Vec::new();
    for (what, sample) in [("granted", &measured.decided.granted), ("refused", &measured.decided.refused)] {
        let p99 = sample.quantile(0.99);
        if p99 > DECISION_US {
            over.push(format!("a transition is {what} in {p99:.1} µs (p99); limit {DECISION_US:.0} µs"));
        }
    }
    if let Some(crowd) = &measured.crowd {
        for ((name, ready_ms), ratio) in NAMES.iter().zip(crowd.many.ready_ms).zip(ratios(crowd)) {
            if ready_ms > READY_S * 1e3 {
                over.push(format!("{name} is ready after {:.1} s; limit {READY_S:.0} s", ready_ms / 1e3));
            }
            if ratio > FLAT {
                over.push(format!(
                    "{name} takes {ratio:.2} times as long for an entry as with few cases; limit {FLAT:.2}"
                ));
            }
        }
    }
    if over.is_empty() { Ok(()) } else { Err(Failure::new(over.join("; "))) }
}

fn ratios(crowd: &Crowd) -> [f64; 3] {
    [0, 1, 2].map(|at| crowd.many.entry_us[at] / crowd.few.entry_us[at])
}

fn standing(standing: &Standing) -> Value {
    json!({
        "cases": standing.held.cases,
        "clocks_added": standing.held.clocks,
        "next_alarm_ms": standing.held.next_alarm_ms,
        "ready_ms": standing.ready_ms,
        "resident_mib": standing.resident_mib,
        "entry": standing.entry_us,
        "screens_ms": standing.screens.iter().map(|one| json!({ "what": one.what, "ms": one.ms, "items": one.items })).collect::<Vec<_>>(),
    })
}
