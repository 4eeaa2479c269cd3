//! Scenario files, treaty files, and the folder of a run.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use model::{Digest, Exit};
use serde::{Deserialize, Serialize};
use simulator::{Results, Scenario, report::Provenance};
use treaty::Catalog;

use crate::failure::Failure;

/// Scenarios that this program was built with.
pub(super) const SHIPPED: [(&str, &str); 6] = [
    ("three-states", include_str!("../../scenarios/three-states.toml")),
    ("world-2025", include_str!("../../scenarios/world-2025.toml")),
    ("protocol-2-enters-into-force", include_str!("../../scenarios/protocol-2-enters-into-force.toml")),
    ("protocol-2-stays-out", include_str!("../../scenarios/protocol-2-stays-out.toml")),
    ("mass-surveillance", include_str!("../../scenarios/mass-surveillance.toml")),
    ("partition", include_str!("../../scenarios/partition.toml")),
];

/// Folders in a catalogue of treaty files, and how deep they lie.
const CATALOG_DEPTH_MAX: usize = 4;
const SCENARIO: &str = "scenario.toml";
const RESULTS: &str = "results.json";
const MANIFEST: &str = "manifest.json";

/// A scenario that was read, with its text.
pub(super) struct Given {
    pub(super) scenario: Scenario,
    pub(super) text: String,
    /// How it was named.
    pub(super) name: String,
}

/// Reads a scenario by name or path.
pub(super) fn scenario(name: &str, catalog: Option<&Path>) -> Result<Given, Failure> {
    let (shown, text) = match SHIPPED.iter().find(|(known, _)| *known == name) {
        Some((known, text)) => (format!("{known}.toml"), (*text).to_owned()),
        None => (name.to_owned(), read(Path::new(name)).map_err(|failure| unknown(name, failure))?),
    };
    let files = match catalog {
        Some(folder) => treaty_files(folder)?,
        None => Catalog::builtin_files().collect(),
    };
    let scenario = Scenario::read(&shown, &text, files).map_err(|wrong| {
        let shown: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        Failure::new(Exit::Usage, shown.join("\n\n"))
    })?;
    Ok(Given { scenario, text, name: name.to_owned() })
}

fn unknown(name: &str, failure: Failure) -> Failure {
    let known: Vec<&str> = SHIPPED.iter().map(|(known, _)| *known).collect();
    let help = format!("name a file, or one of the shipped scenarios: {}", treaty::suggestion(name, &known));
    Failure { exit: Exit::Usage, ..failure }.remedy(help)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
}

/// The treaty files below a folder, by their paths in it.
fn treaty_files(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut found = BTreeMap::new();
    for part in ["instruments", "parties", "overlays", "national"] {
        gather(&folder.join(part), part, CATALOG_DEPTH_MAX, &mut found)?;
    }
    if found.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("{} holds no treaty files", folder.display()))
            .remedy("name a folder with `instruments` and `parties`, as `treaty` uses it"));
    }
    Ok(found.into_iter().collect())
}

fn gather(folder: &Path, name: &str, depth: usize, found: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::file(folder, &error)),
    };
    for entry in entries {
        let path = entry.map_err(|error| Failure::file(folder, &error))?.path();
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() && depth > 0 {
            gather(&path, &name, depth - 1, found)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.insert(name, read(&path)?);
        }
    }
    Ok(())
}

/// What a run was made of, and what it left.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    schema_version: u32,
    program: String,
    command: String,
    scenario: String,
    complete: bool,
    seeds: Vec<u64>,
    /// SHA-256 of each file of the folder.
    files: BTreeMap<String, String>,
    /// SHA-256 of each treaty file.
    treaty_files: BTreeMap<String, String>,
    history: String,
}

/// The folder of a run.
pub(super) struct Folder {
    path: PathBuf,
    provenance: Provenance,
    history: String,
}

impl Folder {
    /// Makes it, with a copy of the scenario. One that holds something else is left alone.
    pub(super) fn make(path: PathBuf, given: &Given, command: String) -> Result<Self, Failure> {
        let foreign = path.is_dir()
            && !path.join(MANIFEST).exists()
            && fs::read_dir(&path).is_ok_and(|mut all| all.next().is_some());
        if foreign {
            let what = format!("{} holds something that is no run", path.display());
            return Err(Failure::new(Exit::Usage, what).remedy("name another folder with --out"));
        }
        fs::create_dir_all(&path).map_err(|error| Failure::file(&path, &error))?;
        let scenario = &given.scenario;
        let mut made_of = vec![
            ("federation".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            (format!("scenario {}", scenario.id), scenario.digest.to_string()),
        ];
        made_of.extend(scenario.files.iter().map(|(path, digest)| (path.clone(), digest.to_string())));
        let folder = Self { path, provenance: Provenance { command, made_of }, history: String::new() };
        folder.write(SCENARIO, &given.text)?;
        Ok(folder)
    }

    /// Writes the history of the first seed; `told` says how much of it that is.
    pub(super) fn history(&mut self, lines: &str, told: String) -> Result<(), Failure> {
        self.history = told;
        self.write("history.jsonl", lines).map(drop)
    }

    /// Writes all that is known so far: a run that is stopped later leaves it.
    pub(super) fn keep(&self, results: &Results, scenario: &Scenario) -> Result<(), Failure> {
        let mut files = BTreeMap::new();
        let json = serde_json::to_string(results).map_err(|error| Failure::unexpected(error.to_string()))?;
        for (name, text) in [
            (RESULTS, json),
            ("metrics.csv", results.csv()),
            ("report.html", simulator::report::html(results, &self.provenance)),
        ] {
            files.insert(name.to_owned(), self.write(name, &text)?);
        }
        for name in [SCENARIO, "history.jsonl"] {
            if let Ok(bytes) = fs::read(self.path.join(name)) {
                files.insert(name.to_owned(), Digest::of(&[&bytes]).to_string());
            }
        }
        let manifest = Manifest {
            schema_version: simulator::SCHEMA_VERSION,
            program: format!("federation {}", env!("CARGO_PKG_VERSION")),
            command: self.provenance.command.clone(),
            scenario: results.scenario.clone(),
            complete: results.is_complete(),
            seeds: results.outcomes.iter().map(|outcome| outcome.seed).collect(),
            files,
            treaty_files: scenario.files.iter().map(|(path, digest)| (path.clone(), digest.to_string())).collect(),
            history: self.history.clone(),
        };
        let manifest =
            serde_json::to_string_pretty(&manifest).map_err(|error| Failure::unexpected(error.to_string()))?;
        self.write(MANIFEST, &manifest).map(drop)
    }

    /// Writes a file whole, or leaves the one before. Answers its SHA-256.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<String, Failure> {
        write(&self.path, name, text)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes a file in a folder whole, or leaves the one before.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<String, Failure> {
    let (path, new) = (folder.join(name), folder.join(format!("{name}.new")));
    fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(|error| Failure::file(&path, &error))?;
    Ok(Digest::of(&[text.as_bytes()]).to_string())
}

/// A run that was made before, with the text of its scenario. `None` where the path is no folder.
pub(super) fn run_before(path: &Path) -> Result<Option<(Results, String)>, Failure> {
    if !path.is_dir() {
        return Ok(None);
    }
    let results = serde_json::from_str(&read(&path.join(RESULTS))?).map_err(|error| {
        Failure::new(Exit::Usage, format!("{}: {error}", path.join(RESULTS).display()))
            .remedy("play the scenario again with this program")
    })?;
    Ok(Some((results, read(&path.join(SCENARIO))?)))
}
