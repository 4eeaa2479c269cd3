//! The program for people who know the law and not the code: it writes, checks, explains and publishes treaty files.
//!
//! It must never decide anything that the library `treaty` does not decide, nor read a clock twice: a gateway and this program have to
//! give the same answer. Begin with [`cli`], then one file per command in [`command`].

mod answer;
mod catalogue;
mod cli;
mod clock;
mod command;
mod failure;
mod finding;
mod table;
mod terms;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
