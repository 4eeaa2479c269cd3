//! `gateway audit`: checks a case file, with no gateway running and no state of one's own.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use casefile::{CannotProve, CannotVerify, FILE_BYTES_MAX, Proved, Report, RootPin, Trusted, opposed_in};
use clap::Subcommand;
use identity::StampRoots;
use model::{Digest, Exit, Timestamp};
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
        /// Certificates of time-stamping authorities that you believe, PEM: their own, or their roots'. Without it time-stamps are listed as
        /// not checked.
        #[arg(long, value_name = "PEM")]
        tsa: Option<PathBuf>,
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
    /// Hold case files of one case against each other: whether a gateway signed two receipts on one entry that cannot both be true. Exit
    /// codes: 0 none did, 9 one did, 1 no case file or altered, 2 a root is missing.
    Misconduct {
        /// The case files: one, or those of both states.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// A root that you have from its state itself: JP=FILE.pem, or JP=FINGERPRINT. One for each party.
        #[arg(long = "root", value_name = "PARTY=PEM|FINGERPRINT")]
        roots: Vec<String>,
        /// A folder for what convicts, one file for each entry: as `gateway ledger misconduct export` writes it, and `check` there reads it.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

impl Audit {
    pub(crate) fn run(&self, now: Timestamp, json_output: bool) -> ExitCode {
        let exit = match self {
            Self::Verify { file, roots, tsa } => check(whole, file, (roots, tsa.as_deref()), now, json_output),
            Self::Violation { file, roots } => check(violation, file, (roots, None), now, json_output),
            Self::Misconduct { files, roots, out } => misconduct(files, roots, out.as_deref(), json_output),
        };
        let exit = exit.unwrap_or_else(|failure| {
            report(&failure, json_output);
            failure.exit()
        });
        ExitCode::from(exit as u8)
    }
}

type Check = for<'t> fn(&[u8], Trusted<'t>, Timestamp) -> Result<Report, CannotVerify>;

fn whole(file: &[u8], trusted: Trusted<'_>, now: Timestamp) -> Result<Report, CannotVerify> {
    casefile::verify(file, trusted, now)
}

fn violation(file: &[u8], trusted: Trusted<'_>, now: Timestamp) -> Result<Report, CannotVerify> {
    casefile::verify_violation(file, trusted.roots, now)
}

fn check(
    check: Check,
    file: &Path,
    (roots, tsa): (&[String], Option<&Path>),
    now: Timestamp,
    json_output: bool,
) -> Result<Exit, Failure> {
    let roots = roots.iter().map(|one| pin(one)).collect::<Result<Vec<_>, _>>()?;
    let stamps = tsa.map(stamp_roots).transpose()?;
    let trusted = Trusted { roots: &roots, stamps: stamps.as_ref() };
    let told = check(&read(file)?, trusted, now).map_err(|error| {
        let exit = if matches!(error, CannotVerify::RootsMissing(_)) { Exit::Usage } else { Exit::Failure };
        Failure::new(exit, error.to_string())
    })?;
    print(json!({ "report": told }), told.to_text().trim_end(), json_output)?;
    Ok(if told.holds { Exit::Ok } else { Exit::Integrity })
}

fn misconduct(files: &[PathBuf], roots: &[String], out: Option<&Path>, json_output: bool) -> Result<Exit, Failure> {
    let roots = roots.iter().map(|one| pin(one)).collect::<Result<Vec<_>, _>>()?;
    let files = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    let found = opposed_in(&files, &roots).map_err(|error| {
        let exit = if matches!(error, CannotProve::RootMissing(_)) { Exit::Usage } else { Exit::Failure };
        Failure::new(exit, error.to_string())
    })?;
    let mut lines = Vec::new();
    for (proved, file) in &found {
        lines.push(super::ledger::proved_text(proved));
        let Some(folder) = out else { continue };
        fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
        let digest = Digest::of(&[file.as_bytes()]).to_string();
        let path = folder.join(format!("{}-{}.misconduct", proved.accused, &digest[..16]));
        keyring::write_public(&path, file.as_bytes())?;
        let (path, accused) = (path.display(), proved.accused);
        lines.push(format!("  in {path}: gateway ledger misconduct check {path} --root {accused}=ROOT.pem"));
    }
    if found.is_empty() {
        lines.push("no gateway signed two receipts on one entry that cannot both be true".to_owned());
    }
    let proved: Vec<&Proved> = found.iter().map(|(proved, _)| proved).collect();
    print(json!({ "misconduct": proved }), &lines.join("\n"), json_output)?;
    Ok(if found.is_empty() { Exit::Ok } else { Exit::Integrity })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::reading(file, &error);
    let mut bytes = Vec::new();
    fs::File::open(file).map_err(failed)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn stamp_roots(path: &Path) -> Result<StampRoots, Failure> {
    let pem = fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?;
    StampRoots::of_pem(&pem).map_err(|refusal| {
        Failure::new(Exit::Usage, format!("{}: {}", path.display(), refusal.reason)).remedy(refusal.remedy)
    })
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
