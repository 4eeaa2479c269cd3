//! `treaty new`: a file to fill in, with each key explained.

mod skeleton;
pub(crate) mod version;

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use model::{Exit, PartyId};
use serde_json::json;
use treaty::Catalog;

use super::schema;
use crate::{answer::Answer, catalogue::Sources, cli::Session, failure::Failure};

/// Begin a treaty file, or a whole catalogue: a skeleton with each key explained.
#[derive(Debug, Subcommand)]
pub(crate) enum New {
    /// A catalogue of your own, with the files that this program was built with.
    Catalogue(NewCatalogue),
    /// A treaty: instruments/<ID>/instrument.toml and its README.md.
    Instrument(NewInstrument),
    /// A state: parties/<XX>.toml.
    Party(NewParty),
    /// What two states arranged between them: overlays/<FR-JP>/<ID>.toml.
    Overlay(NewOverlay),
    /// What your state asks of itself, and tells nobody: national/<XX>.toml.
    National(NewNational),
    /// The next version of a file, beside it: a whole copy, with version and recorded filled in.
    Version(version::NewVersion),
}

#[derive(Debug, Args)]
pub(crate) struct NewCatalogue {
    /// A folder that does not exist yet, or is empty.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct NewInstrument {
    /// The name of the treaty in files, as in jp-ke-mla.
    id: String,
    /// What kind of agreement it is.
    #[arg(long, value_enum, default_value = "convention")]
    kind: Kind,
    /// The two states of a bilateral treaty or memorandum, as in JP,KE.
    #[arg(long, value_delimiter = ',', num_args = 1)]
    between: Vec<PartyId>,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
pub(crate) struct NewParty {
    /// The state, as in KE.
    party: PartyId,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
pub(crate) struct NewOverlay {
    /// The two states, as in FR-JP.
    pair: String,
    /// The name of the arrangement in files, as in notes-2026.
    id: String,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
pub(crate) struct NewNational {
    /// Your own state, as in JP.
    party: PartyId,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
struct At {
    /// The catalogue's folder [default: --catalogue].
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// What kind of agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Open to states, which ratify it.
    Convention,
    /// Between two states.
    Bilateral,
    /// Binds the members of a union between each other.
    UnionLaw,
    /// Between two states, and compels nobody.
    Memorandum,
}

impl At {
    fn folder<'a>(&'a self, session: &'a Session) -> Result<&'a Path, Failure> {
        self.folder.as_deref().or(session.catalogue.as_deref()).ok_or_else(|| {
            Failure::new(Exit::Usage, "in which catalogue?")
                .remedy("Name its folder, last, or with --catalogue. A new one: treaty new catalogue DIR")
        })
    }
}

impl New {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::Catalogue(new) => new.run(),
            Self::Instrument(new) => new.run(session),
            Self::Party(new) => {
                let folder = new.at.folder(session)?;
                let text = skeleton::party(new.party, &texts(folder)?);
                made(folder, &[(format!("parties/{}.toml", new.party), text)])
            }
            Self::Overlay(new) => new.run(session),
            Self::National(new) => {
                let file = (format!("national/{}.toml", new.party), skeleton::national(new.party));
                made(new.at.folder(session)?, &[file])
            }
            Self::Version(new) => new.run(session),
        }
    }
}

impl NewCatalogue {
    fn run(&self) -> Result<Answer, Failure> {
        let occupied = match fs::read_dir(&self.folder) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(Failure::reading(&self.folder, &error)),
        };
        if occupied {
            let what = format!("{} is not empty", self.folder.display());
            return Err(Failure::new(Exit::Conflict, what).remedy("Name a folder that does not exist yet."));
        }
        let files = Sources::builtin().files;
        for (path, text) in &files {
            create(&self.folder.join(path), text)?;
        }
        schema::write(&self.folder)?;
        let folder = self.folder.display();
        let text = format!(
            "{folder}: {} treaty files, and schema/ for your editor\nnext: treaty lint {folder}\n      treaty new instrument ID {folder}",
            files.len()
        );
        Ok(Answer::new(json!({ "folder": folder.to_string(), "files": files.len() }), text))
    }
}

impl NewInstrument {
    fn run(&self, session: &Session) -> Result<Answer, Failure> {
        name(&self.id)?;
        let sides = match (self.kind, self.between.as_slice()) {
            (Kind::Bilateral | Kind::Memorandum, [a, b]) if a != b => Some([*a, *b]),
            (Kind::Convention | Kind::UnionLaw, []) => None,
            (Kind::Bilateral | Kind::Memorandum, _) => {
                return Err(Failure::new(Exit::Usage, "such an agreement is between two states")
                    .remedy("Name them: --between JP,KE"));
            }
            (Kind::Convention | Kind::UnionLaw, _) => {
                return Err(Failure::new(Exit::Usage, "--between is for a bilateral treaty or a memorandum")
                    .remedy("Add --kind bilateral, or leave --between out."));
            }
        };
        let folder = format!("instruments/{}", self.id);
        let review = session.today().checked_add(jiff::Span::new().years(1)).unwrap_or(Date::MAX);
        let text = skeleton::instrument(&self.id, self.kind, sides, review);
        let files =
            [(format!("{folder}/instrument.toml"), text), (format!("{folder}/README.md"), skeleton::readme(&self.id))];
        made(self.at.folder(session)?, &files)
    }
}

impl NewOverlay {
    fn run(&self, session: &Session) -> Result<Answer, Failure> {
        name(&self.id)?;
        let wrong = || {
            let what = format!("{:?} is no pair of states", self.pair.chars().take(80).collect::<String>());
            Failure::new(Exit::Usage, what).remedy("Write it as in FR-JP.")
        };
        let (a, b) = self.pair.split_once('-').ok_or_else(wrong)?;
        let (a, b): (PartyId, PartyId) = (a.parse().map_err(|_| wrong())?, b.parse().map_err(|_| wrong())?);
        if a == b {
            return Err(wrong());
        }
        let [a, b] = [a.min(b), a.max(b)];
        let file = (format!("overlays/{a}-{b}/{}.toml", self.id), skeleton::overlay(&self.id, [a, b]));
        made(self.at.folder(session)?, &[file])
    }
}

/// The texts of a catalogue, where it can be read: id and title.
fn texts(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let sources = if folder.join("instruments").is_dir() { Sources::of(Some(folder))? } else { Sources::default() };
    let catalog = Catalog::load(sources.files).ok();
    Ok(catalog.iter().flat_map(Catalog::instruments).map(|(id, title)| (id.to_owned(), title.to_owned())).collect())
}

fn name(id: &str) -> Result<(), Failure> {
    let fits = (1..=48).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-');
    if fits {
        return Ok(());
    }
    let what = format!("{:?} is no name for a treaty file", id.chars().take(80).collect::<String>());
    Err(Failure::new(Exit::Usage, what).remedy("Use a–z, 0–9 and -, at most 48, as in jp-ke-mla."))
}

fn made(folder: &Path, files: &[(String, String)]) -> Result<Answer, Failure> {
    for (path, text) in files {
        create(&folder.join(path), text)?;
    }
    let paths: Vec<_> = files.iter().map(|(path, _)| folder.join(path).display().to_string()).collect();
    let first = paths.first().map_or("", String::as_str);
    let text = format!("{}\nnext: fill it in, then: treaty lint {first}", paths.join("\n"));
    Ok(Answer::new(json!({ "written": paths }), text))
}

/// Writes a new file; one that is there is never touched.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| Failure::writing(parent, &error))?;
    }
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(Exit::Conflict, format!("{} exists already", path.display()))
            .remedy(format!("An amendment is a new version beside it: treaty new version {}", path.display())),
        _ => Failure::writing(path, &error),
    })?;
    file.write_all(text.as_bytes()).map_err(|error| Failure::writing(path, &error))
}
