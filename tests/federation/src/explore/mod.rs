//! Searching for trouble: two gateways with the real `relay`, real keys and real signatures, a line that loses, repeats and crashes, and officers
//! who do what they should and what they should not. After each step a reference model that is simple and right is held against both.
//!
//! An exploration is a list of [`Op`]s drawn from a seed. One that fails is shrunk to a short one, and the command that replays it is printed;
//! what was found and mended stays in `reproduction.rs`. Storage, network and MLS are not here: a gateway's store is a map that a crash
//! reads back from its text, and what `roster` would say is told honestly.

mod entry;
mod gateway;
mod keys;
mod op;
mod reference;
#[cfg(test)]
mod reproduction;
mod shrink;
mod world;

use std::{sync::atomic::Ordering, time::Duration};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Exit;
use serde_json::json;
use tokio::{task::spawn_blocking, time::Instant};

use self::{keys::Cast, op::Op};
use crate::{failure::Failure, print, simulation::stopped, timeline::Output};

/// Play many short runs of two gateways, and look for one in which they fail.
#[derive(Debug, Args)]
pub(crate) struct Explore {
    /// So many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many things happen in each.
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    length: u32,
    /// Replay only these of the first seed's operations, by number: what shrinking printed.
    #[arg(long, value_delimiter = ',')]
    ops: Vec<usize>,
    /// Text for people, or a JSON object.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// A seed that fails, shrunk.
#[derive(Debug)]
struct Found {
    seed: u64,
    kept: Vec<usize>,
    ops: Vec<Op>,
    wrong: String,
}

impl Explore {
    pub(crate) async fn run(self) -> u8 {
        let output = self.output;
        match (self.explore().await, output) {
            (Ok((text, exit)), _) => print::line(&text, exit),
            (Err(failure), Output::Json) => {
                eprintln!("{}", failure.to_json());
                failure.exit as u8
            }
            (Err(failure), Output::Text) => {
                eprintln!("federation: {failure}");
                failure.exit as u8
            }
        }
    }

    async fn explore(self) -> Result<(String, Exit), Failure> {
        let Self { seeds, seed, length, ops, output } = self;
        let cast = Cast::draw()?;
        let begun = Instant::now();
        if !ops.is_empty() {
            let all = op::drawn(seed, length);
            let kept: Vec<Op> = ops.iter().filter_map(|place| all.get(*place).copied()).collect();
            let told = world::played(&cast, &kept).err();
            let exit = if told.is_some() { Exit::Findings } else { Exit::Ok };
            let lines = kept.iter().map(|op| format!("  {op:?}")).collect::<Vec<_>>().join("\n");
            return Ok((format!("{lines}\n{}", told.unwrap_or_else(|| "nothing is wrong with it".to_owned())), exit));
        }
        let stop = stopped();
        let search = move || {
            let bar = bar(seeds);
            let mut done = 0;
            for seed in seed..seed.saturating_add(seeds) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let ops = op::drawn(seed, length);
                if let Err(wrong) = world::played(&cast, &ops) {
                    bar.set_message(format!("seed {seed} fails; shrinking"));
                    let (kept, wrong) = shrink::shrunk(&cast, &ops, wrong);
                    let ops = kept.iter().filter_map(|place| ops.get(*place).copied()).collect();
                    return (done, Some(Found { seed, kept, ops, wrong }));
                }
                done += 1;
                bar.inc(1);
            }
            bar.finish_and_clear();
            (done, None)
        };
        let (done, found) = spawn_blocking(search).await.map_err(|error| Failure::unexpected(error.to_string()))?;
        Ok(told(done, found, length, begun.elapsed(), output))
    }
}

fn bar(seeds: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(seeds), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {pos} of {len} seeds, {elapsed} so far, about {eta} left {msg}")
    {
        bar.set_style(style);
    }
    bar
}

fn told(done: u64, found: Option<Found>, length: u32, took: Duration, output: Output) -> (String, Exit) {
    let per_minute = done as f64 * 60.0 / took.as_secs_f64().max(1e-3);
    let Some(Found { seed, kept, ops, wrong }) = found else {
        let text = match output {
            Output::Json => {
                json!({ "schema_version": 1, "seeds": done, "per_minute": per_minute, "found": null }).to_string()
            }
            Output::Text => {
                format!("{done} seeds of {length} operations, none of them fails ({per_minute:.0} a minute)")
            }
        };
        return (text, Exit::Ok);
    };
    let places: Vec<String> = kept.iter().map(ToString::to_string).collect();
    let replay = format!("federation explore --seed {seed} --length {length} --ops {}", places.join(","));
    let text = match output {
        Output::Json => json!({ "schema_version": 1, "seeds": done, "per_minute": per_minute, "found": { "seed": seed, "wrong": wrong, "replay": replay } }).to_string(),
        Output::Text => {
            let lines: Vec<String> = ops.iter().map(|op| format!("  {op:?}")).collect();
            format!("seed {seed} fails: {wrong}\nshrunk to {} operations:\n{}\nreplay: {replay}", lines.len(), lines.join("\n"))
        }
    };
    (text, Exit::Findings)
}
