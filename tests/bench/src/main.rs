//! What the exchange costs, and what the treaty language costs. `exchange` runs two gateways as processes, plays the desks of both
//! states, and prints what it measured as ratios to limits that it measures in the same run on the same machine: TLS, signatures,
//! one durable write, MLS. `casework` times the procedure, and what very many open cases cost. `ledger` takes proofs out of a very long log. `treaty` times decisions and rules, beside
//! rivals that hold the same rules.
//!
//! Nothing here is a test, and nothing is asserted but that every entry arrives and that the rivals decide alike. Where a figure is beyond a
//! limit that was promised (`exchange`: the share of evidence; `ledger`: time and bytes of a proof), the program says so and fails. Begin with
//! [`exchange`] or [`law`]; what the figures are compared with is in [`floors`], what a gateway decides without its network and its
//! disk in [`inner`].

mod case;
mod casework;
mod cpu;
mod desks;
mod echo;
mod evidence;
mod exchange;
mod failure;
mod floors;
mod inner;
mod law;
mod long_log;
mod play;
mod report;
mod sample;
mod states;
mod treaties;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use failure::Failure;

/// What the exchange and the treaty language cost, and how near that is to what is unavoidable.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Casework(Casework),
    Exchange(Exchange),
    Ledger(Ledger),
    Treaty(Treaty),
}

/// A very long ledger: how long a proof takes, and how large it is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Ledger {
    /// Leaves of the log. Ten million take minutes to fill, and some 4 GB in the folder for temporary files.
    #[arg(long, default_value_t = 10_000_000)]
    leaves: u64,
    /// Proofs of each kind that are timed.
    #[arg(long, default_value_t = 1000)]
    proofs: u64,
    /// How to answer.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Entries from desk to desk through two gateways: throughput, latency, where the time goes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Exchange {
    /// How long the open loop sends, and the longest time that the closed loop may take.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Cases of the closed loop. Each has fourteen entries.
    #[arg(long, default_value_t = 200)]
    cases: usize,
    /// How many of them run at the same time.
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Entries per second of the open loop; 0 leaves it out.
    #[arg(long, default_value_t = 50)]
    rate: usize,
    /// How to answer.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Decisions and rules of the treaty language: how long they take; with the feature `rivals`, what Cedar and Rego take for the
/// same.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Treaty {
    /// Decisions of each kind that are timed.
    #[arg(long, default_value_t = 200_000)]
    calls: usize,
    /// Parties of the synthetic world.
    #[arg(long, default_value_t = 193)]
    parties: usize,
    /// Questions on which all engines must agree, before they are timed.
    #[cfg(feature = "rivals")]
    #[arg(long, default_value_t = 5000)]
    questions: usize,
    /// How to answer.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// The casework: decisions on transitions, and what very many open cases cost a desk and its gateways.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Casework {
    /// How often each transition is decided.
    #[arg(long, default_value_t = 300)]
    rounds: usize,
    /// Open cases at the desk and at each gateway; 0 leaves them out.
    #[arg(long, default_value_t = 50_000)]
    open_cases: usize,
    /// Live clocks of each.
    #[arg(long, default_value_t = 5)]
    clocks: usize,
    /// Cases that are played, with few open ones and with many, to see what an entry costs.
    #[arg(long, default_value_t = 100)]
    played: usize,
    /// Deliveries in flight at once, in whole cases; 0 leaves them out.
    #[arg(long, default_value_t = 0)]
    deliveries: usize,
    /// How to answer.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Casework(options) => casework(&options),
        Command::Exchange(options) => exchange(&options),
        Command::Ledger(options) => long_log(&options),
        Command::Treaty(options) => treaty(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // When standard error is gone there is nobody to tell.
            let _ = writeln!(std::io::stderr().lock(), "bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn casework(options: &Casework) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(casework::measure(options))?;
    match options.output {
        Output::Json => tell(&format!("{}\n", casework::json(&measured)))?,
        Output::Text => tell(&casework::text(&measured))?,
    }
    casework::require_limits(&measured)
}

fn exchange(options: &Exchange) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(exchange::measure(options))?;
    match options.output {
        Output::Json => tell(&format!("{}\n", report::json(&measured)))?,
        Output::Text => tell(&report::text(&measured))?,
    }
    report::require_limits(&measured)
}

fn long_log(options: &Ledger) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(long_log::measure(options))?;
    match options.output {
        Output::Json => tell(&format!("{}\n", long_log::json(&measured)))?,
        Output::Text => tell(&long_log::text(&measured))?,
    }
    long_log::require_limits(&measured)
}

fn treaty(options: &Treaty) -> Result<(), Failure> {
    let measured = law::measure(options)?;
    match options.output {
        Output::Json => tell(&format!("{}\n", law::json(&measured))),
        Output::Text => tell(&law::text(&measured)),
    }
}

fn tell(text: &str) -> Result<(), Failure> {
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}
