//! Files beside a record, of any size: brought to the own gateway, listed, and opened into a file that is there only when it is whole.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::digest::{Context, SHA256};
use blobs::PIECE_BYTES;
use clap::{Args, Subcommand};
use desk::{Attachment, Document, Record};
use model::{CaseId, Denial, Digest, Exit, Fault};
use proto::desk::{self as wire, attach_request::Part, attachment_service_client::AttachmentServiceClient};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Answer,
    access::Opener,
    session::{Session, case_id},
};
use crate::{failure::Failure, summary::line as plain};

/// A message with a piece, and its frame.
const MESSAGE_BYTES_MAX: usize = 2 * PIECE_BYTES;
/// A pause before a file that is still on its way between the gateways is asked for again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a file that is exported is waited for.
const WAIT: Duration = Duration::from_secs(60);

/// `desk attachment`.
#[derive(Debug, Subcommand)]
pub(super) enum Attachments {
    /// Seal a file and bring it to the own gateway, so that a release can name it: `desk produce --attach` with the same file takes it over.
    Add(Add),
    /// The files that the records of a case name.
    List(List),
    /// Open a file that a record names. A file that was cut off goes on where it stopped.
    Fetch(Fetch),
}

/// `desk attachment add`.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The case, or a unique beginning of its id.
    case: String,
    /// The file.
    file: PathBuf,
}

/// For what a record is opened.
#[derive(Debug, Args)]
pub(super) struct Opens {
    /// The officer who signs for each opening of what was received, as in central/officer-1. What was not received is free.
    #[arg(long = "as", value_name = "AUTHORITY/OFFICER")]
    pub(super) signer: Option<String>,
    /// Who reads it, where that is somebody whom the note of custody names; the officer who signs when absent.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(super) officer: String,
    /// What it is opened for, as the treaty names it; the request's own purpose when absent.
    #[arg(long, value_name = "PURPOSE", default_value = "")]
    pub(super) for_purpose: String,
    /// For which proceeding, by its file number; the one that the request named when absent.
    #[arg(long, value_name = "REF", default_value = "")]
    pub(super) for_proceeding: String,
}

/// `desk attachment list`.
#[derive(Debug, Args)]
pub(super) struct List {
    /// The case, or a unique beginning of its id.
    case: String,
    #[command(flatten)]
    opens: Opens,
}

/// `desk attachment fetch`.
#[derive(Debug, Args)]
pub(super) struct Fetch {
    /// The case, or a unique beginning of its id.
    case: String,
    /// Which file, as `desk attachment list` numbers them.
    number: usize,
    /// The file to write; it must not be there.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// How many seconds to wait for what the gateways have not carried yet.
    #[arg(long, default_value_t = 60)]
    wait: u64,
    #[command(flatten)]
    opens: Opens,
}

/// A file that a record names.
struct Named {
    document: wire::DocumentRef,
    /// Its place among those of the record.
    number: u32,
    manifest: Attachment,
}

impl Attachments {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::Add(add) => add.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::Fetch(fetch) => fetch.run(session).await,
        }
    }
}

impl Add {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let manifest = brought(session, &self.case, &self.file).await?;
        let text = format!("{}: sealed, and with the own gateway. Name it: desk produce --attach", told(&manifest));
        Ok(Answer::new(value(&manifest), text))
    }
}

impl List {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let shown = session.show(&self.case).await?;
        let case = case_id(shown.summary.as_ref())?;
        let found = named(session, case, &shown, &self.opens).await?;
        let lines: Vec<_> =
            found.iter().enumerate().map(|(at, one)| format!("{:3}  {}", at + 1, told(&one.manifest))).collect();
        let text = if lines.is_empty() { "no record here names a file".to_owned() } else { lines.join("\n") };
        let values: Vec<_> = found.iter().map(|one| value(&one.manifest)).collect();
        Ok(Answer::new(json!({ "attachments": values }), text))
    }
}

impl Fetch {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let shown = session.show(&self.case).await?;
        let case = case_id(shown.summary.as_ref())?;
        let found = named(session, case, &shown, &self.opens).await?;
        let one = self.number.checked_sub(1).and_then(|at| found.into_iter().nth(at));
        let one = one.ok_or_else(|| {
            let remedy = "Number them: desk attachment list.";
            Failure::new(Exit::NotFound, "no record here names such a file").remedy(remedy)
        })?;
        opened(session, case, &one, &self.opens, &self.out, Duration::from_secs(self.wait)).await?;
        let name = self.out.display().to_string();
        let text = format!("{name}: {}", told(&one.manifest));
        let mut value = value(&one.manifest);
        value["written"] = name.into();
        Ok(Answer::new(value, text))
    }
}

impl Opens {
    fn opener<'a>(&'a self, session: &'a Session, case: CaseId) -> Result<Opener<'a>, Failure> {
        let said = [self.for_purpose.as_str(), &self.for_proceeding, &self.officer];
        Opener::of(session, case, said, self.signer.as_deref())
    }
}

/// Puts files into the first record that is released, each sealed and brought to the own gateway before.
pub(super) async fn attach(
    session: &Session,
    case: &str,
    mut documents: Vec<Document>,
    files: &[PathBuf],
) -> Result<Vec<Document>, Failure> {
    if files.is_empty() {
        return Ok(documents);
    }
    let first = documents.first_mut().ok_or_else(|| {
        Failure::new(Exit::Usage, "a file goes with a record, and none is given").remedy("Give it: --record TYPE=FILE.")
    })?;
    let not_json = |error: String| Failure::new(Exit::Usage, format!("the record {}: {error}", first.record_type));
    let record = match records::read(&first.bytes).map_err(|finding| not_json(finding.to_string()))? {
        Value::Object(fields) if fields.contains_key("content") => Value::Object(fields),
        content => json!({ "content": content }),
    };
    let mut manifests = Vec::with_capacity(files.len());
    for file in files {
        let manifest = brought(session, case, file).await?;
        manifests.push(serde_json::to_value(&manifest).map_err(|error| not_json(error.to_string()))?);
    }
    let Value::Object(mut fields) = record else { return Err(not_json("it is no object".to_owned())) };
    fields.insert("attachments".to_owned(), manifests.into());
    first.bytes = serde_json::to_vec(&fields).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    Ok(documents)
}

/// Has the desk seal a file and bring it to the own gateway; a file that it has brought already is not brought again.
async fn brought(session: &Session, case: &str, path: &Path) -> Result<Attachment, Failure> {
    let mut file = File::open(path).map_err(|error| Failure::reading(path, &error))?;
    let (hash, bytes) = digest_of(&mut file).map_err(|error| Failure::reading(path, &error))?;
    file.rewind().map_err(|error| Failure::reading(path, &error))?;
    let title = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let first = wire::NewAttachment {
        case_id: case.to_owned(),
        media_type: media_type(&title).to_owned(),
        title,
        bytes_count: bytes,
        sha256: hash.to_string(),
    };
    let (sender, receiver) = mpsc::channel(4);
    let reading = tokio::task::spawn_blocking(move || {
        let part = |part| wire::AttachRequest { part: Some(part) };
        let mut buffer = vec![0; PIECE_BYTES];
        if sender.blocking_send(part(Part::File(first))).is_err() {
            return Ok(());
        }
        loop {
            let read = file.read(&mut buffer)?;
            // Whoever hangs up says why in the answer.
            if read == 0 || sender.blocking_send(part(Part::Content(buffer[..read].to_vec().into()))).is_err() {
                return Ok(());
            }
        }
    });
    let mut client = AttachmentServiceClient::new(link::connect_local(&session.folder.socket()));
    let answered = client.attach(ReceiverStream::new(receiver)).await;
    let read: std::io::Result<()> = reading.await.map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    read.map_err(|error| Failure::reading(path, &error))?;
    let manifest = answered?.into_inner().manifest;
    serde_json::from_slice(&manifest)
        .map_err(|_| Failure::new(Exit::Integrity, "the desk answered without the manifest of the file"))
}

/// The files that the records of a case name, in the order of its documents. What is not opened for this officer is left out, and said.
async fn named(
    session: &Session,
    case: CaseId,
    shown: &wire::GetCaseResponse,
    opens: &Opens,
) -> Result<Vec<Named>, Failure> {
    let opener = opens.opener(session, case)?;
    let mut found = Vec::new();
    for one in shown.documents.iter().filter(|one| !one.destroyed && one.attachments > 0) {
        let document = match session.open_document(opener.request(one)?).await {
            Ok(document) => document,
            Err(failure) if failure.denial().is_some_and(|denial| matches!(denial, Denial::Refused(_))) => {
                session.tell_failure(&one.record_type, &failure);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let record = records::read(&document.body).ok().and_then(|value| Record::from_document(value).ok());
        let manifests = record.map(|record| record.attachments).unwrap_or_default();
        found.extend(manifests.into_iter().zip(0..).map(|(manifest, number)| Named {
            document: one.clone(),
            number,
            manifest,
        }));
    }
    Ok(found)
}

/// Opens all files that the records of a case name into a folder, each under its number and its name.
pub(super) async fn into_folder(
    session: &Session,
    shown: &wire::GetCaseResponse,
    opens: &Opens,
    folder: &Path,
) -> Result<Vec<String>, Failure> {
    let case = case_id(shown.summary.as_ref())?;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure::writing(folder, &error))?;
    let mut written = Vec::new();
    for (at, one) in named(session, case, shown, opens).await?.iter().enumerate() {
        let name: String =
            one.manifest.title.chars().map(|c| if c == '/' || c.is_control() { '_' } else { c }).collect();
        let out = folder.join(format!("{:02}-{name}", at + 1));
        if !out.exists() {
            opened(session, case, one, opens, &out, WAIT).await?;
        }
        written.push(out.display().to_string());
    }
    Ok(written)
}

/// Opens one file into `out`. What is there of it lies beside, under a name of its own, until it is whole and its hash is the one that was signed.
async fn opened(
    session: &Session,
    case: CaseId,
    one: &Named,
    opens: &Opens,
    out: &Path,
    wait: Duration,
) -> Result<(), Failure> {
    if out.exists() {
        return Err(Failure::new(Exit::Usage, format!("{} is there already", out.display()))
            .remedy("Name a file that is not there."));
    }
    let part = part_of(out, one.manifest.hash);
    let failed = |error: std::io::Error| Failure::writing(&part, &error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&part)
        .map_err(failed)?;
    let there = file.metadata().map_err(failed)?.len().min(one.manifest.bytes);
    let mut pieces = there / PIECE_BYTES as u64;
    file.set_len(pieces * PIECE_BYTES as u64).map_err(failed)?;
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    let until = Instant::now() + wait;
    loop {
        match pour(session, case, one, opens, (&mut file, &part), &mut pieces).await {
            Ok(()) => break,
            Err(failure) if is_on_its_way(&failure) && Instant::now() < until => sleep(PAUSE).await,
            Err(failure) => return Err(failure),
        }
    }
    file.rewind().map_err(failed)?;
    let (hash, bytes) = digest_of(&mut file).map_err(failed)?;
    if (hash, bytes) != (one.manifest.hash, one.manifest.bytes) {
        fs::remove_file(&part).map_err(failed)?;
        let what = "what was opened is not the file that the record names, and was thrown away";
        return Err(Failure::new(Exit::Integrity, what).remedy("Fetch it again; if it stays so, reject the record."));
    }
    file.sync_all().map_err(failed)?;
    fs::rename(&part, out).map_err(failed)
}

/// Writes the pieces that are still missing, as they come.
async fn pour(
    session: &Session,
    case: CaseId,
    one: &Named,
    opens: &Opens,
    (file, part): (&mut File, &Path),
    pieces: &mut u64,
) -> Result<(), Failure> {
    let from_piece = u32::try_from(*pieces).unwrap_or(u32::MAX);
    let opener = opens.opener(session, case)?;
    let asked = opener.request(&one.document)?;
    let request = wire::OpenAttachmentRequest {
        entry_id: asked.entry_id,
        index: asked.index,
        attachment: one.number,
        from_piece,
        purpose: asked.purpose,
        proceeding: asked.proceeding,
        officer: asked.officer,
        key_id: asked.key_id,
        signature: asked.signature,
        at_ms: asked.at_ms,
    };
    let client = AttachmentServiceClient::new(link::connect_local(&session.folder.socket()));
    let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
    let mut stream = client.open_attachment(request).await?.into_inner();
    while let Some(answer) = stream.message().await? {
        file.write_all(&answer.content).map_err(|error| Failure::writing(part, &error))?;
        *pieces += 1;
    }
    Ok(())
}

fn is_on_its_way(failure: &Failure) -> bool {
    matches!(failure.denial(), Some(Denial::Failed { fault: Fault::PeerUnreachable, .. }))
}

/// Where a file lies until it is whole. Another file under the same name begins anew.
fn part_of(out: &Path, hash: Digest) -> PathBuf {
    let name = out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let hash = hash.to_string();
    out.with_file_name(format!(".{name}.{}.part", hash.get(..16).unwrap_or(&hash)))
}

fn digest_of(file: &mut File) -> std::io::Result<(Digest, u64)> {
    let (mut context, mut bytes, mut buffer) = (Context::new(&SHA256), 0, vec![0; PIECE_BYTES]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let mut hash = [0; 32];
            hash.copy_from_slice(context.finish().as_ref());
            return Ok((Digest::new(hash), bytes));
        }
        context.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// What kind of file it is, by the end of its name.
fn media_type(name: &str) -> &'static str {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "pdf" => "application/pdf",
        "csv" => "text/csv",
        "txt" | "log" => "text/plain",
        "json" => "application/json",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "eml" => "message/rfc822",
        "mbox" => "application/mbox",
        "pcap" => "application/vnd.tcpdump.pcap",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "tif" | "tiff" => "image/tiff",
        "mp4" => "video/mp4",
        "mkv" => "video/x-matroska",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

/// A file for who looks, without its key.
fn value(one: &Attachment) -> Value {
    json!({
        "file": one.file,
        "title": one.title,
        "media_type": one.media_type,
        "bytes": one.bytes,
        "sha256": one.hash,
        "sealed": one.sealed,
    })
}

fn told(one: &Attachment) -> String {
    format!("{} ({}, {} bytes, sha256 {})", plain(&one.title), plain(&one.media_type), one.bytes, one.hash)
}
