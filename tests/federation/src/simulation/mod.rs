//! The simulator's fast tier at the command line: files, progress and exit codes. What is played knows the crate `simulator`.

mod files;
mod play;
mod versus;

use std::path::PathBuf;

use clap::Args;
use model::Exit;

pub(crate) use play::stopped;

use crate::{failure::Failure, print, timeline::Output};

/// Play a scenario, and write what came out.
#[derive(Debug, Args)]
pub(crate) struct Play {
    /// A scenario file, or the name of a shipped one (`federation scenarios` lists them).
    scenario: String,
    #[command(flatten)]
    seeds: Seeds,
    /// Where results.json, metrics.csv, history.jsonl, report.html and manifest.json go. A folder named after the scenario, where it is left out.
    #[arg(long)]
    out: Option<PathBuf>,
    /// At most so many entries of the first seed are told in history.jsonl.
    #[arg(long, default_value_t = 100_000)]
    history: u64,
    /// Text for people, or a JSON object.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Play two scenarios with the same seeds, or take two runs, and tell what differs.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// A scenario, or the folder of a run.
    a: String,
    /// The other one.
    b: String,
    #[command(flatten)]
    seeds: Seeds,
    /// Where comparison.json and comparison.html go.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Text for people, or a JSON object.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// With which chance, under which treaties.
#[derive(Debug, Clone, Args)]
struct Seeds {
    /// The first seed. The scenario's own where it is left out.
    #[arg(long)]
    seed: Option<u64>,
    /// So many seeds, one after the other: what differs between them is chance.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    /// A catalogue of treaty files, in place of the one that this program was built with.
    #[arg(long)]
    catalog: Option<PathBuf>,
}

impl Play {
    pub(crate) async fn run(self) -> u8 {
        let output = self.output;
        told(play::play(self).await, output)
    }
}

impl Compare {
    pub(crate) async fn run(self) -> u8 {
        let output = self.output;
        told(versus::compare(self).await, output)
    }
}

/// Prints the JSON Schema of a scenario file.
pub(crate) fn schema() -> u8 {
    print::line(simulator::scenario::SCHEMA.trim_end(), Exit::Ok)
}

/// Lists the shipped scenarios.
pub(crate) fn scenarios() -> u8 {
    let named = files::SHIPPED.iter().map(|(name, text)| {
        let title = text.lines().find_map(|line| line.strip_prefix("title = ")).unwrap_or_default();
        format!("{name:30} {}", title.trim_matches('"'))
    });
    print::line(&named.collect::<Vec<_>>().join("\n"), Exit::Ok)
}

/// What goes to stdout, and the exit code; a failure goes to stderr.
fn told(done: Result<(String, Exit), Failure>, output: Output) -> u8 {
    match (done, output) {
        (Ok((text, exit)), _) => print::line(&text, exit),
        (Err(failure), Output::Json) => {
            eprintln!("{}", failure.to_json());
            failure.exit as u8
        }
        (Err(failure), Output::Text) => {
            eprintln!("{failure}");
            failure.exit as u8
        }
    }
}
