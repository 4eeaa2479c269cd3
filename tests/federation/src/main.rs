//! The demo of Rogatory: three states as separate processes on this machine, a case between two of them from its draft to its
//! end, and everything that the system exists to refuse, tried with the honest programs, by a hostile desk and by a hostile
//! gateway. Every fact it prints comes from what the processes answered; it ends with 0 only if all of it went as it should.
//!
//! Beside it stands the simulator ([`simulation`]): what treaties, people and lines do to requests over years.
//!
//! It must never be linked by anything, and never be a part of what it shows: it talks to gateways and desks as operators,
//! officers and enemies do.
//!
//! Begin with [`demo::Demo::run`]; [`story`] is what goes right, [`honest`] and [`hostile`] what must not.

mod api;
mod attempt;
mod audit;
mod blindness;
mod cli;
mod clock;
mod counterpart;
mod demo;
mod documents;
mod explore;
mod failure;
mod honest;
mod hostile;
mod kept;
mod print;
mod process;
mod programs;
mod proved;
mod record;
mod simulation;
mod states;
mod story;
mod timeline;
mod told;
mod train;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use model::Exit;

use crate::{
    audit::Audit,
    demo::Demo,
    explore::Explore,
    simulation::{Compare, Play},
    timeline::Output,
    train::Train,
};

/// Shows a federation of states on one machine.
#[derive(Debug, Parser)]
#[command(name = "federation", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play the demo. This is what happens without a command, too.
    Demo(Demo),
    /// Audit what a run of states leaves behind: see `audit blindness`.
    #[command(subcommand)]
    Audit(Audit),
    /// Learn: a state of yours, and a simulated one that answers by itself.
    Train(Train),
    /// Play a scenario: years of many states in minutes, with the real rules and procedure.
    Run(Play),
    /// Play two scenarios with the same seeds, or take two runs, and tell what differs.
    Compare(Compare),
    /// Look for trouble: many short runs of two gateways with real keys, and a reference model beside them.
    Explore(Explore),
    /// Print the JSON Schema of a scenario file, for editors.
    Schema,
    /// List the scenarios that this program was built with.
    Scenarios,
    /// Stop what `demo --keep` left running, and remove its folder.
    Stop {
        /// The folder that the demo named.
        dir: PathBuf,
        /// Text for people, or a JSON object.
        #[arg(long, value_enum, default_value = "text")]
        output: Output,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let code = match Arguments::parse().command {
        None => Demo::default().run().await,
        Some(Command::Demo(demo)) => demo.run().await,
        Some(Command::Audit(audit)) => audit.run().await,
        Some(Command::Train(train)) => train.run().await,
        Some(Command::Run(play)) => play.run().await,
        Some(Command::Compare(compare)) => compare.run().await,
        Some(Command::Explore(explore)) => explore.run().await,
        Some(Command::Schema) => simulation::schema(),
        Some(Command::Scenarios) => simulation::scenarios(),
        Some(Command::Stop { dir, output }) => stop(&dir, output).await,
    };
    ExitCode::from(code)
}

async fn stop(dir: &std::path::Path, output: Output) -> u8 {
    match (kept::stop(dir).await, output) {
        (Ok(stopped), Output::Json) => {
            let told = serde_json::json!({ "schema_version": 1, "event": "stopped", "ok": true, "processes": stopped });
            print::line(&told.to_string(), Exit::Ok)
        }
        (Ok(stopped), Output::Text) => {
            let mut told = vec![format!("stopped {}; removed {}", stopped.stopped.join(", "), dir.display())];
            if !stopped.gone.is_empty() {
                told.push(format!("had ended before: {}", stopped.gone.join(", ")));
            }
            if !stopped.killed.is_empty() {
                told.push(format!("had to be killed: {}", stopped.killed.join(", ")));
            }
            print::line(&told.join("\n"), Exit::Ok)
        }
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
