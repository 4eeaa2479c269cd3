//! The program a party runs. It admits entries, relays them, and logs what it did; it sees ciphertext only.
//!
//! It must never link `seal` or `desk`. Begin with [`command::serve`], then [`committer`]: every entry passes there.

mod bells;
mod channels;
mod clock;
mod command;
mod committer;
mod config;
mod directories;
mod failure;
mod files;
mod fresh;
mod gateway;
mod heads;
mod hot;
mod keys;
mod misconduct;
mod outbox;
mod published;
mod receipts;
mod refold;
mod release;
mod renewal;
mod rules;
mod service;
mod trust;
mod unopened;
mod vitals;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use command::{
    audit::Audit, certificate::Certificate, health::Health, init::Init, key::Key, ledger::Ledger, peer::Peer,
    refusals::Refusals, serve::Serve, status::ShowStatus,
};
use failure::Failure;
use model::Exit;
use serde_json::{Value, json};

/// What this program calls itself to others.
pub(crate) const SOFTWARE: &str = concat!("rogatory/", env!("CARGO_PKG_VERSION"));

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 findings, 4 not found, 5 refused, \
6 conflict, 7 not authorised, 8 unreachable, 9 integrity, 10 not initialised, 11 locked.";

/// The gateway of a party: carries requests for evidence between states, and sees none of them.
#[derive(Debug, Parser)]
#[command(name = "gateway", version, after_help = EXIT_CODES)]
struct Cli {
    /// How to answer.
    #[arg(long, value_enum, global = true, default_value = "text")]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(Init),
    Serve(Serve),
    #[command(subcommand)]
    Peer(Peer),
    #[command(subcommand)]
    Key(Key),
    #[command(subcommand)]
    Certificate(Certificate),
    #[command(subcommand)]
    Ledger(Ledger),
    #[command(subcommand)]
    Refusals(Refusals),
    Status(ShowStatus),
    Health(Health),
    #[command(subcommand)]
    Audit(Audit),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json_output = cli.output == Output::Json;
    if let Command::Audit(audit) = &cli.command {
        return audit.run(clock::now(), json_output);
    }
    match run(&cli, json_output) {
        Ok(()) => ExitCode::from(Exit::Ok as u8),
        Err(failure) => {
            report(&failure, json_output);
            ExitCode::from(failure.exit() as u8)
        }
    }
}

fn run(cli: &Cli, json_output: bool) -> Result<(), Failure> {
    let now = clock::now();
    if let Command::Init(init) = &cli.command {
        let made = init.run(now)?;
        let text = init_text(&made);
        return print(made, &text, json_output);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failure, format!("cannot start: {error}")))?;
    match &cli.command {
        Command::Serve(serve) => runtime.block_on(serve.run(json_output, now)),
        Command::Peer(peer) => {
            let (value, text) = runtime.block_on(peer.run(now))?;
            print(value, &text, json_output)
        }
        Command::Key(key) => {
            let (value, text) = key.run(now)?;
            print(value, &text, json_output)
        }
        Command::Certificate(certificate) => {
            let (value, text) = certificate.run(now)?;
            print(value, &text, json_output)
        }
        Command::Ledger(ledger) => {
            let (value, text) = runtime.block_on(ledger.run(now))?;
            print(value, &text, json_output)
        }
        Command::Refusals(refusals) => {
            let (value, text) = runtime.block_on(refusals.run())?;
            print(value, &text, json_output)
        }
        Command::Status(status) => {
            let (value, text) = runtime.block_on(status.run())?;
            print(value, &text, json_output)
        }
        Command::Health(health) => {
            let (value, text) = runtime.block_on(health.run())?;
            print(value, &text, json_output)
        }
        Command::Init(_) | Command::Audit(_) => Ok(()),
    }
}

fn print(mut value: Value, text: &str, json_output: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = if json_output {
        if let Value::Object(object) = &mut value {
            object.insert("schema_version".to_owned(), json!(1));
        }
        writeln!(out, "{value}")
    } else {
        writeln!(out, "{text}")
    };
    model::printed(written).map_err(|error| Failure::new(Exit::Failure, error.to_string()))
}

fn init_text(made: &Value) -> String {
    let field = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let dir = field("dir");
    format!(
        "The state of {} is in {dir}.\n\
         Its fingerprint, to be told to other states over another way:\n  {}\n\
         The key for its treaty files, beside its certificate: {}\n\
         Next: gateway serve --dir {dir}\n      desk serve --dir {dir}/desks/central",
        field("party"),
        field("fingerprint"),
        field("treaty_certificate"),
    )
}

fn report(failure: &Failure, json_output: bool) {
    let mut err = std::io::stderr().lock();
    // When standard error is gone there is nobody to tell.
    let _ = if json_output { writeln!(err, "{}", failure.to_json()) } else { writeln!(err, "gateway: {failure}") };
}
