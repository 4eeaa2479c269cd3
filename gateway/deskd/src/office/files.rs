//! The treaty catalogue of this desk.

use std::{fs, path::Path};

use model::Exit;
use treaty::Catalog;

use crate::failure::Failure;

/// The built-in catalogue, or the one in `folder`: `instruments/<id>/instrument.toml` and `parties/<XX>.toml`.
pub(crate) fn catalog(folder: Option<&Path>) -> Result<Catalog, Failure> {
    let catalog = match folder {
        None => Catalog::builtin(),
        Some(folder) => Catalog::load(read_folder(folder)?),
    };
    catalog.map_err(|diagnostics| {
        let text: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
        Failure::new(Exit::Usage, format!("the treaty catalogue has errors:\n{}", text.join("\n")))
    })
}

fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let instruments = list(&folder.join("instruments"))?.into_iter().map(|entry| entry.join("instrument.toml"));
    let parties = list(&folder.join("parties"))?;
    let toml = |path: &std::path::PathBuf| path.is_file() && path.extension().is_some_and(|e| e == "toml");
    let files = instruments.chain(parties).filter(toml).map(|path| {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))?;
        Ok((name, text))
    });
    files.collect()
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::reading(folder, &error))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    Ok(paths)
}
