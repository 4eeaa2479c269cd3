//! `gateway audit`: checks a case file, with no gateway running and no state of one's own.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use casefile::{CannotVerify, FILE_BYTES_MAX, Report, RootPin};
use clap::Subcommand;
use model::{Exit, Timestamp};
use serde_json::json;

use crate::{Failure, print, report};

/// Check evidence, offline.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Tell what a case file proves. Exit codes: 0 it holds (what a gateway signed and is not so is
    /// listed, and pinned on it), 9 something contradicts, 1 no case file or altered, 2 a root is missing.
    Verify {
        /// The case file.
        file: PathBuf,
        /// A root that you have from its state itself: JP=FILE.pem, or JP=FINGERPRINT. One for each party.
        #[arg(long = "root", value_name = "PARTY=PEM|FINGERPRINT")]
        roots: Vec<String>,
    },
    /// Tell whether a violation notice is true: a body that contradicts the header its sender signed. Exit codes: 0 it does, 9 the notice is
    /// refused, 1 no violation notice or altered, 2 a root is missing.
    Violation {
        /// The file, from `desk case violation`.
        file: PathBuf,
        /// A root that you have from its state itself: JP=FILE.pem, or JP=FINGERPRINT. One for each party.
        #[arg(long = "root", value_name = "PARTY=PEM|FINGERPRINT")]
        roots: Vec<String>,
    },
}

impl Audit {
    pub(crate) fn run(&self, now: Timestamp, json_output: bool) -> ExitCode {
        let exit = match self {
            Self::Verify { file, roots } => check(casefile::verify, file, roots, now, json_output),
            Self::Violation { file, roots } => check(casefile::verify_violation, file, roots, now, json_output),
        };
        let exit = exit.unwrap_or_else(|failure| {
            report(&failure, json_output);
            failure.exit()
        });
        ExitCode::from(exit as u8)
    }
}

type Check = fn(&[u8], &[RootPin], Timestamp) -> Result<Report, CannotVerify>;

fn check(check: Check, file: &Path, roots: &[String], now: Timestamp, json_output: bool) -> Result<Exit, Failure> {
    let roots = roots.iter().map(|one| pin(one)).collect::<Result<Vec<_>, _>>()?;
    let told = check(&read(file)?, &roots, now).map_err(|error| {
        let exit = if matches!(error, CannotVerify::RootsMissing(_)) { Exit::Usage } else { Exit::Failure };
        Failure::new(exit, error.to_string())
    })?;
    print(json!({ "report": told }), told.to_text().trim_end(), json_output)?;
    Ok(if told.holds { Exit::Ok } else { Exit::Integrity })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::reading(file, &error);
    let mut bytes = Vec::new();
    fs::File::open(file).map_err(failed)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Reads a root as the command line names it.
pub(crate) fn pin(text: &str) -> Result<RootPin, Failure> {
    let usage = |why: String| {
        Failure::new(Exit::Usage, why).remedy("As in --root JP=root.cert.pem or --root JP=\"1f0c 22ab …\".")
    };
    let (party, root) = text.split_once('=').ok_or_else(|| usage(format!("--root {text} names no party")))?;
    let path = Path::new(root);
    let root = if path.is_file() {
        fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?
    } else {
        root.to_owned()
    };
    RootPin::parse(party, &root).map_err(|error| usage(error.to_string()))
}
