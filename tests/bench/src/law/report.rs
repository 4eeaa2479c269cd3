//! What was measured, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    Measured,
    compiled::{PAIR_LIMIT, WORLD_LIMIT},
    decided::LIMIT,
    proved::Proved,
    timed::Timed,
};
use crate::sample::Sample;

/// For people.
pub(crate) fn text(measured: &Measured) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_text(&mut out, measured);
    out
}

fn write_text(out: &mut String, measured: &Measured) -> std::fmt::Result {
    let [before, after] = measured.load;
    writeln!(out, "{} cores, load {before:.2} before and {after:.2} after", measured.cores)?;
    write_decided(out, measured)?;
    #[cfg(feature = "rivals")]
    for round in &measured.rivals.rounds {
        write_round(out, round)?;
    }
    write_compiled(out, measured)?;
    write_proved(out, &measured.proved)
}

fn write_decided(out: &mut String, measured: &Measured) -> std::fmt::Result {
    let decided = &measured.decided;
    writeln!(
        out,
        "decisions, one rule, one thread, {} calls each; µs by the clock, then processor time",
        decided.calls
    )?;
    for (name, measures, timed) in &decided.lines {
        writeln!(
            out,
            "  {name:22} ×{measures}  {}   mean {:7.2}   {:8.0}/s a core",
            quantiles(&timed.each),
            timed.mean,
            timed.per_second()
        )?;
    }
    writeln!(
        out,
        "  {:22}     {}   mean {:7.2}",
        "reading the clock",
        quantiles(&decided.clock.each),
        decided.clock.mean
    )?;
    for (name, measures, timed) in &decided.lines {
        if *measures == 1 {
            writeln!(
                out,
                "  {name}: p99 / limit of {LIMIT:.0} µs {:.2}; mean / one signature verified ({:.0} µs) {:.3}",
                timed.each.quantile(0.99) / LIMIT,
                measured.verify,
                timed.mean / measured.verify
            )?;
        }
    }
    Ok(())
}

fn write_compiled(out: &mut String, measured: &Measured) -> std::fmt::Result {
    let compiled = &measured.compiled;
    writeln!(
        out,
        "built-in catalogue: {} files, {} parties: read in {:.2} ms (p99 {:.2} ms)",
        compiled.files,
        compiled.parties,
        compiled.load.mean / 1e3,
        compiled.load.each.quantile(0.99) / 1e3
    )?;
    writeln!(
        out,
        "  one pair, µs: {}   p99 / limit of {PAIR_LIMIT:.0} µs {:.3}; SHA-256 of the largest rule alone {:.1}",
        quantiles(&compiled.pair),
        compiled.pair.quantile(0.99) / PAIR_LIMIT,
        compiled.digest
    )?;
    let world = &compiled.world;
    writeln!(
        out,
        "a world of {} parties: read in {:.1} ms; {} pairs ({} with a treaty) in {:.2} s, {:.2} s of the processor; / limit of \
         {WORLD_LIMIT:.0} s {:.3}",
        world.parties,
        world.load_ms,
        world.pairs,
        world.bound,
        world.seconds,
        world.processor_seconds,
        world.seconds / WORLD_LIMIT
    )?;
    writeln!(out, "  one pair, µs: {}", quantiles(&world.pair))
}

fn write_proved(out: &mut String, proved: &Proved) -> std::fmt::Result {
    writeln!(
        out,
        "proved over all pairs: {} — {}; {} rules, {} provisions, {} decisions in {:.1} ms, {:.1} ms of the processor ({:.1} of \
         them take the rules alone)",
        proved.claim,
        if proved.holds { "holds" } else { "does not hold" },
        proved.rules,
        proved.provisions,
        proved.decisions,
        proved.ms,
        proved.processor_ms,
        proved.compiled_ms
    )
}

#[cfg(feature = "rivals")]
fn write_round(out: &mut String, round: &super::rivals::Round) -> std::fmt::Result {
    writeln!(
        out,
        "the same rules elsewhere: {} pairs, {} clauses; as Cedar {} policies. All agreed on {} questions, {} of them allowed",
        round.pairs, round.clauses, round.policies, round.agreed, round.allowed
    )?;
    if !round.untold.is_empty() {
        writeln!(out, "  left out: {} clauses, for their {}", round.left_out, round.untold.join(", "))?;
    }
    for line in &round.lines {
        writeln!(
            out,
            "  {} ×{}: µs of the processor with a request made before, and with its making; the latter by the clock",
            line.name, line.measures
        )?;
        let ours = line.engines.first().map_or(f64::NAN, |ours| ours.whole.mean);
        for engine in &line.engines {
            writeln!(
                out,
                "    {:20} {:9.2} ({:7.1} × ours)  making it {:9.2} ({:7.1} × ours)   {}   of {}",
                engine.name,
                engine.prepared.mean,
                engine.prepared.mean / ours,
                engine.whole.mean,
                engine.whole.mean / ours,
                quantiles(&engine.whole.each),
                engine.whole.each.len()
            )?;
        }
    }
    Ok(())
}

fn quantiles(sample: &Sample) -> String {
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| sample.quantile(share));
    format!("p50 {p50:8.2}  p90 {p90:8.2}  p99 {p99:8.2}  max {:9.1}", sample.max())
}

/// For programs. Times are in microseconds where the name does not say otherwise.
pub(crate) fn json(measured: &Measured) -> Value {
    let Measured { cores, load, verify, decided, compiled, proved, .. } = measured;
    let lines = decided.lines.iter().map(|(name, measures, timed)| {
        json!({ "case": name, "measures": measures, "time": time(timed), "per_second": timed.per_second() })
    });
    let world = &compiled.world;
    #[cfg(feature = "rivals")]
    let rivals = Value::from_iter(measured.rivals.rounds.iter().map(round));
    #[cfg(not(feature = "rivals"))]
    let rivals = Value::Null;
    json!({
        "schema_version": 1,
        "cores": cores,
        "load": load,
        "signature_verified": verify,
        "decisions": { "calls": decided.calls, "limit": LIMIT, "lines": Value::from_iter(lines), "clock": time(&decided.clock) },
        "catalogue": {
            "files": compiled.files, "parties": compiled.parties, "load": time(&compiled.load),
            "pair": sample(&compiled.pair), "pair_limit": PAIR_LIMIT, "digest": compiled.digest,
        },
        "world": {
            "parties": world.parties, "pairs": world.pairs, "bound": world.bound, "load_ms": world.load_ms,
            "seconds": world.seconds, "processor_seconds": world.processor_seconds, "limit_seconds": WORLD_LIMIT,
            "pair": sample(&world.pair),
        },
        "proof": {
            "claim": proved.claim, "holds": proved.holds, "rules": proved.rules, "provisions": proved.provisions,
            "decisions": proved.decisions, "ms": proved.ms, "processor_ms": proved.processor_ms,
            "rules_alone_ms": proved.compiled_ms,
        },
        "rivals": rivals,
    })
}

#[cfg(feature = "rivals")]
fn round(round: &super::rivals::Round) -> Value {
    let lines = round.lines.iter().map(|line| {
        let engines = line.engines.iter().map(|engine| {
            json!({ "engine": engine.name, "prepared": time(&engine.prepared), "with_request": time(&engine.whole) })
        });
        json!({ "case": line.name, "measures": line.measures, "engines": Value::from_iter(engines) })
    });
    json!({
        "pairs": round.pairs, "clauses": round.clauses, "cedar_policies": round.policies, "agreed": round.agreed,
        "allowed": round.allowed, "left_out": round.left_out, "untold": round.untold, "lines": Value::from_iter(lines),
    })
}

fn time(timed: &Timed) -> Value {
    json!({ "mean": timed.mean, "each": sample(&timed.each) })
}

fn sample(sample: &Sample) -> Value {
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| sample.quantile(share));
    json!({ "count": sample.len(), "p50": p50, "p90": p90, "p99": p99, "max": sample.max() })
}
