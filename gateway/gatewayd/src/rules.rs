//! The treaty catalogue of this gateway, and the rules it was already asked for.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use jiff::civil::Date;
use model::{Exit, PartyId};
use treaty::{Catalog, Rule};

use crate::failure::Failure;

/// Rules kept in memory; beyond that all are compiled anew, which takes less than a millisecond each.
const KEPT_MAX: usize = 4096;

pub(crate) struct Rules {
    catalog: Catalog,
    kept: Mutex<BTreeMap<(PartyId, PartyId, Date), Rule>>,
}

impl Rules {
    /// The built-in catalogue, or the one in `folder`.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self, Failure> {
        let catalog = match folder {
            None => Catalog::builtin(),
            Some(folder) => Catalog::load(read_folder(folder)?),
        };
        let catalog = catalog.map_err(|diagnostics| {
            let text: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
            Failure::new(Exit::Usage, format!("the treaty catalogue has errors:\n{}", text.join("\n")))
        })?;
        Ok(Self { catalog, kept: Mutex::default() })
    }

    /// The effective rule of the pair on a day.
    pub(crate) fn rule(&self, a: PartyId, b: PartyId, on: Date) -> Rule {
        let key = (a.min(b), a.max(b), on);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rule) = kept.get(&key) {
            return rule.clone();
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let rule = self.catalog.rule(a, b, on);
        kept.insert(key, rule.clone());
        rule
    }
}

/// Every `instruments/<id>/instrument.toml` and `parties/<XX>.toml` below `folder`.
fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    let mut add = |path: &Path| -> Result<(), Failure> {
        let name = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        files.push((name, fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?));
        Ok(())
    };
    for entry in list(&folder.join("instruments"))? {
        let file = entry.join("instrument.toml");
        if file.is_file() {
            add(&file)?;
        }
    }
    for entry in list(&folder.join("parties"))? {
        if entry.extension().is_some_and(|extension| extension == "toml") {
            add(&entry)?;
        }
    }
    Ok(files)
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::reading(folder, &error))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    Ok(paths)
}
