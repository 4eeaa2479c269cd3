//! The command line: what may be asked, and how every command ends.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use jiff::civil::Date;
use model::Timestamp;
use treaty::Catalog;

use crate::{
    answer::{Answer, Output, clean},
    catalogue::Sources,
    clock,
    command::{
        apply::Apply, diff::Diff, effective::Effective, explain::Explain, lint::Lint, new::New, plan::MakePlan,
        prove::Prove, render::Render, schema::Schema, sign::Sign, status::Status, verify::Verify,
    },
    failure::Failure,
};

const EXIT_CODES: &str = "Exit codes: 0 done (explain: allowed), 1 failed, 2 usage or a catalogue with errors, 3 findings or changes, \
4 not found, 5 refused by the treaty, 6 conflict or stale plan, 7 not authorised, 9 a signature or digest does not hold.";

/// Write, check, explain and publish treaty files: for people who know the law and not the code.
#[derive(Debug, Parser)]
#[command(name = "treaty", version, after_help = EXIT_CODES)]
struct Cli {
    /// The folder of the treaty files, as `treaty new catalogue` makes it [default: the files that this program was built with].
    #[arg(long, global = true, env = "ROGATORY_CATALOGUE", value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// How to answer; html only where a command says so.
    #[arg(long, value_enum, global = true, default_value = "text")]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(subcommand)]
    New(New),
    Lint(Lint),
    Explain(Box<Explain>),
    Effective(Effective),
    Status(Status),
    Render(Render),
    Schema(Schema),
    Diff(Diff),
    Prove(Prove),
    #[command(name = "plan")]
    MakePlan(MakePlan),
    Sign(Sign),
    Apply(Apply),
    Verify(Verify),
}

/// What every command may ask of its surroundings.
#[derive(Debug)]
pub(crate) struct Session {
    /// The folder of the treaty files; `None` for the built-in ones.
    pub(crate) catalogue: Option<PathBuf>,
    /// When the program was started.
    pub(crate) now: Timestamp,
}

impl Session {
    /// The day on which the program was started, in UTC.
    pub(crate) fn today(&self) -> Date {
        clock::day(self.now)
    }

    /// The treaty files, as text.
    pub(crate) fn sources(&self) -> Result<Sources, Failure> {
        Sources::of(self.catalogue.as_deref())
    }

    /// The catalogue, read and without errors.
    pub(crate) fn catalog(&self) -> Result<Catalog, Failure> {
        self.sources()?.catalog()
    }
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let session = Session { catalogue: cli.catalogue, now: clock::now() };
    let ended = run(&session, &cli.command).and_then(|answer| answer.print(cli.output));
    let exit = ended.unwrap_or_else(|failure| {
        let mut err = std::io::stderr().lock();
        // Nobody may be listening; the exit code tells it too.
        let _ = match cli.output {
            Output::Json => writeln!(err, "{}", failure.to_json()),
            Output::Text | Output::Html => writeln!(err, "treaty: {}", clean(&failure.to_string())),
        };
        failure.exit()
    });
    ExitCode::from(exit as u8)
}

fn run(session: &Session, command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::New(new) => new.run(session),
        Command::Lint(lint) => lint.run(session),
        Command::Explain(explain) => explain.run(session),
        Command::Effective(effective) => effective.run(session),
        Command::Status(status) => status.run(session),
        Command::Render(render) => render.run(session),
        Command::Schema(schema) => schema.run(),
        Command::Diff(diff) => diff.run(session),
        Command::Prove(prove) => prove.run(session),
        Command::MakePlan(plan) => plan.run(session),
        Command::Sign(sign) => sign.run(session),
        Command::Apply(apply) => apply.run(session),
        Command::Verify(verify) => verify.run(session),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
