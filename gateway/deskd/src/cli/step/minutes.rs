//! The minutes of a hearing: drawn up by the requested side, signed by both over their hash, handed over.

use std::path::{Path, PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::Args;
use desk::minutes_hash;
use model::{Digest, Exit, Step, Timestamp};
use serde_json::{Map, Value, json};

use super::{Session, Taken, hearing::usage, matter::Matter, moment};
use crate::{
    cli::{hearing::Hearing as Held, request::write_new},
    failure::Failure,
};

/// A file is put into a document up to this length; what is longer goes on a medium, and is named by its hash.
const INLINE_BYTES_MAX: usize = 192 * 1024;

/// Drawing up the minutes.
#[derive(Debug, Args)]
pub(crate) struct Minutes {
    #[command(flatten)]
    matter: Matter,
    /// The minutes. A small file goes along, a longer one is named by its hash.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Their language.
    #[arg(long, value_name = "LANGUAGE")]
    language: String,
    /// How many pages they have.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pages: u32,
    /// They were read over to the person and confirmed.
    #[arg(long)]
    read_over: bool,
    /// When the hearing began, as in 2026-11-22T03:10:00Z; as it was opened when absent.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    started: Option<Timestamp>,
    /// When it ended; now when absent.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    ended: Option<Timestamp>,
    /// The recording, of which the hash goes along.
    #[arg(long, value_name = "FILE")]
    recording: Option<PathBuf>,
}

/// Signing them.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    #[command(flatten)]
    matter: Matter,
    /// The minutes as they were read here: signed only if they are the newest ones.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Handing them over.
#[derive(Debug, Args)]
pub(crate) struct Transmit {
    #[command(flatten)]
    matter: Matter,
    /// The signed minutes, to go along; without it they are named by their hash, and go another way.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Minutes {
    pub(super) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let hearing = Held::one(session, self.matter.case(), self.matter.id()).await?;
        let opened = hearing.newest("open").and_then(|one| one["opening"]["started_at"].as_str().map(str::to_owned));
        let started = self.started.map(|at| at.to_string()).or(opened);
        let started = started.ok_or_else(|| usage("say when the hearing began: --started".to_owned()))?;
        let bytes = read(&self.file)?;
        let mut minutes = json!({
            "hash": Digest::of(&[&bytes]).to_string(),
            "language": self.language,
            "pages": self.pages,
            "read_over": self.read_over,
            "started_at": started,
            "file": file(&self.file, &bytes),
        });
        // The desk fills it in, so that who signs second says nothing else than the first.
        if let Some(ended) = self.ended {
            minutes["ended_at"] = ended.to_string().into();
        }
        if let Some(recording) = &self.recording {
            minutes["recording"] = Digest::of(&[&read(recording)?]).to_string().into();
        }
        self.matter.say(session, Step::DraftMinutes, json!({ "minutes": minutes })).await
    }
}

impl Sign {
    pub(super) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let hearing = Held::one(session, self.matter.case(), self.matter.id()).await?;
        let (hash, _) = newest_minutes(&hearing, self.file.as_deref())?;
        self.matter.say(session, Step::SignMinutes, json!({ "signature": { "hash": hash.to_string() } })).await
    }
}

impl Transmit {
    pub(super) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let hearing = Held::one(session, self.matter.case(), self.matter.id()).await?;
        let (hash, bytes) = newest_minutes(&hearing, self.file.as_deref())?;
        let mut handover = json!({ "hash": hash.to_string() });
        if let Some((path, bytes)) = self.file.as_deref().zip(bytes) {
            if bytes.len() > INLINE_BYTES_MAX {
                let what = format!("the minutes are longer than {INLINE_BYTES_MAX} bytes");
                return Err(usage(what).remedy("Leave --file out: they are named by their hash, and go on a medium."));
            }
            handover["file"] = file(path, &bytes);
        }
        self.matter.say(session, Step::TransmitMinutes, json!({ "handover": handover })).await
    }
}

/// The hash of the newest minutes, and the file where one is given: it must hold them.
fn newest_minutes(hearing: &Held, path: Option<&Path>) -> Result<(Digest, Option<Vec<u8>>), Failure> {
    let drawn = hearing.newest("minutes").and_then(minutes_hash);
    let drawn = drawn.ok_or_else(|| {
        Failure::new(Exit::NotFound, "no minutes were drawn up yet, or they cannot be read here")
            .remedy("Look at the hearing: desk hearing show.")
    })?;
    let bytes = path.map(read).transpose()?;
    if bytes.as_ref().is_some_and(|bytes| Digest::of(&[bytes]) != drawn) {
        return Err(Failure::new(
            Exit::Conflict,
            "the file holds other minutes than were drawn up last; nothing was signed",
        )
        .remedy(
            "Read the newest ones: desk hearing show --save-minutes FILE --as …; have them drawn up again where they are wrong.",
        ));
    }
    Ok((drawn, bytes))
}

/// Writes the minutes that go along with their document into a file, if they are what it says they are.
pub(super) fn save(document: Option<&Value>, path: &Path) -> Result<(), Failure> {
    if document.is_some_and(|one| one["minutes"]["file"]["withheld"] == true) {
        let what = "the minutes were received, and an officer of this desk signs for each opening; nobody did";
        let remedy = "Say who you are: --as central/officer-1. The reader may be somebody else: --officer NAME.";
        return Err(Failure::new(Exit::NotAuthorised, what).remedy(remedy));
    }
    let inline = document.and_then(|one| one["minutes"]["file"]["inline"].as_str());
    let bytes = inline.and_then(|text| BASE64_STANDARD.decode(text).ok());
    let bytes = bytes.ok_or_else(|| {
        Failure::new(Exit::NotFound, "no minutes go along with the hearing")
            .remedy("What is longer goes on a medium: hold it against the hash that desk hearing show tells.")
    })?;
    if document.and_then(minutes_hash) != Some(Digest::of(&[&bytes])) {
        return Err(Failure::new(
            Exit::Integrity,
            "the minutes that go along are not those of the hash; nothing was written",
        ));
    }
    write_new(path, &bytes)
}

/// A file as a document names it, whole where it is small.
fn file(path: &Path, bytes: &[u8]) -> Value {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("pdf") => "application/pdf",
        Some("txt") => "text/plain",
        _ => "application/octet-stream",
    };
    let mut file = Map::new();
    file.insert("title".to_owned(), name.into());
    file.insert("media_type".to_owned(), kind.into());
    file.insert("bytes".to_owned(), bytes.len().into());
    file.insert("hash".to_owned(), Digest::of(&[bytes]).to_string().into());
    if bytes.len() <= INLINE_BYTES_MAX {
        file.insert("inline".to_owned(), BASE64_STANDARD.encode(bytes).into());
    }
    Value::Object(file)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::reading(path, &error))
}
