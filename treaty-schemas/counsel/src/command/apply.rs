//! `treaty apply`: a plan that everybody has signed becomes the catalogue.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use identity::RootCertificate;
use model::{Exit, PartyId};
use serde_json::{Value, json};
use shelf::{Missing, Pause, State};

use super::plan::{plan_failure, read_plan, target};
use crate::{answer::Answer, cli::Session, failure::Failure};

/// Apply a signed plan to the catalogue in --catalogue: all of it, or nothing.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan.
    plan: PathBuf,
    /// The roots of the parties that sign, as in STATE/root/root.cert.pem: files, or folders of .cert.pem files.
    #[arg(long, required = true, num_args = 1.., value_name = "FILES|DIR")]
    roots: Vec<PathBuf>,
    /// Apply what is signed although something is missing. Pairs that lack it refuse every new request until it is there.
    #[arg(long)]
    partly: bool,
    /// Tell what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let folder = target(session)?;
        let plan = read_plan(&self.plan)?;
        let roots = read_roots(&self.roots)?;
        let applied = match self.dry_run {
            true => shelf::rehearse(&plan, folder, &roots, session.now, self.partly),
            false => shelf::apply(&plan, folder, &roots, session.now, self.partly),
        };
        let applied = applied.map_err(plan_failure)?;
        let mut text = String::new();
        applied.written.iter().for_each(|path| text += &format!("  written {path}\n"));
        applied.removed.iter().for_each(|path| text += &format!("  removed {path}\n"));
        applied.missing.iter().for_each(|one| text += &format!("  MISSING {one}\n"));
        applied.pauses.iter().for_each(|one| text += &format!("  WARNING {one}\n"));
        text += &match self.dry_run {
            true => "Nothing was done: this is a dry run.".to_owned(),
            false => {
                format!("{} holds the new catalogue. Gateways and desks take it when they start.", folder.display())
            }
        };
        let value = json!({
            "applied": !self.dry_run,
            "catalogue": applied.catalogue,
            "written": applied.written,
            "removed": applied.removed,
            "missing": applied.missing.iter().map(missing_to_value).collect::<Vec<_>>(),
            "pauses": pauses_to_value(&applied.pauses),
        });
        let exit = if applied.missing.is_empty() { Exit::Ok } else { Exit::Findings };
        Ok(Answer::new(value, text).ending(exit))
    }
}

/// Pairs that would be refused although everything is signed.
pub(crate) fn pauses_to_value(pauses: &[Pause]) -> Vec<Value> {
    let until = |pause: &Pause| pause.until.map(|day| day.to_string());
    pauses.iter().map(|one| json!({ "pair": one.pair, "until": until(one), "sentence": one.to_string() })).collect()
}

fn missing_to_value(missing: &Missing) -> Value {
    let state = match missing.need.state {
        State::Signed(_) => "signed",
        State::Missing(_) => "missing",
        State::Bad(_) => "bad",
    };
    json!({
        "pair": missing.pair,
        "what": missing.need.what.to_string(),
        "by": missing.need.by,
        "state": state,
        "sentence": missing.need.to_string(),
    })
}

/// Every root in these files, and in the .cert.pem files of these folders.
pub(crate) fn read_roots(paths: &[PathBuf]) -> Result<BTreeMap<PartyId, RootCertificate>, Failure> {
    let mut roots: BTreeMap<PartyId, RootCertificate> = BTreeMap::new();
    for path in paths {
        for file in pem_files(path)? {
            let text = fs::read_to_string(&file).map_err(|error| Failure::reading(&file, &error))?;
            let wrong = |error: model::Malformed| Failure::new(Exit::Usage, format!("{}: {error}", file.display()));
            for root in shelf::roots_from_pem(&text).map_err(wrong)? {
                let party = root.party();
                if roots.insert(party, root.clone()).is_some_and(|known| known != root) {
                    let what = format!("{} holds another root of {party} than a file before it", file.display());
                    return Err(Failure::new(Exit::Usage, what).remedy("Name the root whose fingerprint was compared."));
                }
            }
        }
    }
    Ok(roots)
}

fn pem_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| Failure::reading(path, &error))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // A state's folder holds the key of its root as well.
    files.retain(|file| file.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".cert.pem")));
    files.sort();
    Ok(files)
}
