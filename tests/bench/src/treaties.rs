//! The built-in treaty files with one change: a bench sends in a minute what two states send in years, so its quota is another one.

use std::{fs, path::Path};

use treaty::Catalog;

use crate::failure::Failure;

const FILE: &str = "instruments/budapest/instrument.toml";
const QUOTA: &str = "max_requests = 2000\n";
const QUOTA_HERE: &str = "max_requests = 100000000\n";

/// The files, by their path in a catalogue.
fn files() -> Result<Vec<(String, String)>, Failure> {
    let mut files: Vec<_> = Catalog::builtin_files().collect();
    let changed = files.iter_mut().find(|(path, text)| path == FILE && text.contains(QUOTA));
    let (_, text) = changed.ok_or_else(|| Failure::new(format!("{FILE} has another quota than this bench knows")))?;
    *text = text.replace(QUOTA, QUOTA_HERE);
    Ok(files)
}

pub(crate) fn catalog() -> Result<Catalog, Failure> {
    Catalog::load(files()?).map_err(|found| {
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        Failure::new(found.join("\n"))
    })
}

/// Writes the files below `folder`, and tells the program of this configuration to use them.
pub(crate) fn lay_out(folder: &Path, configuration: &Path) -> Result<(), Failure> {
    for (path, text) in files()? {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    let said = fs::read_to_string(configuration)?;
    let lines = format!("catalog = {:?}\ntreaty_signatures = \"none\"\n", folder.display().to_string());
    if !said.starts_with(&lines) {
        fs::write(configuration, lines + &said)?;
    }
    Ok(())
}
