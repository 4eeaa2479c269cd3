//! What the exchange costs. It runs two gateways as processes, plays the desks of both states, and prints what it measured as
//! ratios to limits that it measures in the same run on the same machine: TLS, signatures, one durable write, MLS.
//!
//! Nothing here is a test, and nothing is asserted but that every entry arrives. Begin with [`exchange`]; what the figures are
//! compared with is in [`floors`], what a gateway decides without its network and its disk in [`inner`].

mod case;
mod cpu;
mod desks;
mod echo;
mod exchange;
mod failure;
mod floors;
mod inner;
mod play;
mod report;
mod sample;
mod states;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use failure::Failure;

/// What the exchange costs, and how near that is to what is unavoidable.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Exchange(Exchange),
}

/// Entries from desk to desk through two gateways: throughput, latency, where the time goes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Exchange {
    /// How long the open loop sends, and the longest time that the closed loop may take.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Cases of the closed loop. Each has ten entries.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let Command::Exchange(options) = Cli::parse().command;
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // When standard error is gone there is nobody to tell.
            let _ = writeln!(std::io::stderr().lock(), "bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Exchange) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(exchange::measure(options))?;
    let mut out = std::io::stdout().lock();
    match options.output {
        Output::Json => writeln!(out, "{}", report::json(&measured))?,
        Output::Text => write!(out, "{}", report::text(&measured))?,
    }
    Ok(())
}
