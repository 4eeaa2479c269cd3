//! The program an authority runs, and its officers' command line. The daemon drafts, seals, opens and answers; officers sign at the
//! command line, or, where they work in the browser, in the one act for which the console takes their passphrase (`browser.rs`).
//!
//! It must never link `relay`, keep anything in clear on disk, or put case data into a log. Begin with [`office`].

mod access;
mod browser;
mod calendars;
mod cli;
mod clock;
mod config;
mod failure;
mod keys;
mod office;
mod once;
mod random;
mod responder;
mod safe;
mod serve;
mod service;
mod signing;
mod summary;
mod trust;
mod uplink;
mod vitals;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
