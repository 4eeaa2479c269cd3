//! The program an authority runs, and its officers' command line. The daemon drafts, seals, opens and answers; the command line
//! signs, because officers' keys never enter a daemon.
//!
//! It must never link `relay`, keep anything in clear on disk, or put case data into a log. Begin with [`office`].

mod access;
mod cli;
mod clock;
mod config;
mod failure;
mod keys;
mod office;
mod once;
mod private;
mod random;
mod responder;
mod safe;
mod serve;
mod service;
mod summary;
mod trust;
mod uplink;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
