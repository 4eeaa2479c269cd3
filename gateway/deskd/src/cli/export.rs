//! `desk case export` and `desk case violation`: a whole case, or one notice in it, as a file that a stranger can prove.

use std::path::PathBuf;

use clap::Args;
use model::EntryId;
use proto::desk::{self as wire, case_file_service_client::CaseFileServiceClient};
use serde_json::json;

use super::{
    Answer,
    access::Opener,
    attachment,
    request::write_new,
    session::{Session, case_id},
};
use crate::{access::Word, failure::Failure};

/// `desk case export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The case, or a unique beginning of its id.
    case: String,
    /// The file to write; it must not be there.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Leave all bodies out: their commitments stay, and each can be opened later.
    #[arg(long)]
    without_bodies: bool,
    /// The officer who signs for what was received to be opened, as in central/officer-1; without one it is left out.
    #[arg(long = "as", value_name = "AUTHORITY/OFFICER")]
    signer: Option<String>,
    /// Who reads it, where that is somebody whom the note of custody names; the officer who signs when absent.
    #[arg(long, value_name = "NAME", default_value = "")]
    reader: String,
    /// What records are opened for, as the treaty names it; the request's own purpose when absent.
    #[arg(long, value_name = "PURPOSE", default_value = "")]
    purpose: String,
    /// For which proceeding, by its file number; the one that the request named when absent.
    #[arg(long, value_name = "REF", default_value = "")]
    proceeding: String,
    /// Open the files that its records name into this folder, too: what is in them is held against the manifests in the case file.
    #[arg(long, value_name = "FOLDER", conflicts_with = "without_bodies")]
    attachments: Option<PathBuf>,
}

/// `desk case violation`.
#[derive(Debug, Args)]
pub(super) struct Violation {
    /// The case, or a unique beginning of its id.
    case: String,
    /// The entry whose body contradicts its header.
    entry: EntryId,
    /// The file to write; it must not be there.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// The officer who signs for it where it shows records, as in central/officer-1. It is put on record.
    #[arg(long = "as", value_name = "AUTHORITY/OFFICER")]
    signer: Option<String>,
    /// Who opens the body; the user of this machine when absent.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unnamed")]
    reader: String,
}

impl Export {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let shown = session.show(&self.case).await?;
        let said = [self.purpose.as_str(), &self.proceeding, &self.reader];
        let opener = Opener::of(session, case_id(shown.summary.as_ref())?, said, self.signer.as_deref())?;
        let Word { key_id, signature, at_ms } = opener.word(None);
        let request = wire::ExportCaseRequest {
            case_id: self.case.clone(),
            without_bodies: self.without_bodies,
            purpose: self.purpose.clone(),
            proceeding: self.proceeding.clone(),
            reader: self.reader.clone(),
            key_id,
            signature,
            at_ms,
            violation_of: bytes::Bytes::new(),
        };
        let file = fetch(session, request).await?;
        write_new(&self.out, &file)?;
        let written = match &self.attachments {
            Some(folder) => attachment::into_folder(session, &shown, &self.opens(), folder).await?,
            None => Vec::new(),
        };
        let name = self.out.display().to_string();
        let files: Vec<_> = written.iter().map(|one| format!("\n{one}")).collect();
        let text = format!(
            "{name}: {} bytes.{}\nCheck it with the roots of both states: desk audit verify {name} --root XX=… --root YY=…",
            file.len(),
            files.concat()
        );
        Ok(Answer::new(json!({ "file": name, "bytes": file.len(), "attachments": written }), text))
    }
}

impl Export {
    fn opens(&self) -> attachment::Opens {
        attachment::Opens {
            signer: self.signer.clone(),
            officer: self.reader.clone(),
            for_purpose: self.purpose.clone(),
            for_proceeding: self.proceeding.clone(),
        }
    }
}

impl Violation {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let shown = session.show(&self.case).await?;
        let purpose = format!("violation {}", self.entry);
        let said = [purpose.as_str(), "", &self.reader];
        let opener = Opener::of(session, case_id(shown.summary.as_ref())?, said, self.signer.as_deref())?;
        let Word { key_id, signature, at_ms } = opener.word(None);
        let request = wire::ExportCaseRequest {
            case_id: self.case.clone(),
            reader: self.reader.clone(),
            violation_of: self.entry.as_bytes().to_vec().into(),
            purpose,
            key_id,
            signature,
            at_ms,
            ..Default::default()
        };
        let file = fetch(session, request).await?;
        write_new(&self.out, &file)?;
        let name = self.out.display().to_string();
        let text = format!(
            "{name}: {} bytes. It opens the body of the entry: give it to nobody who may not read that.\nCheck it with the roots of both \
             states: desk audit violation {name} --root XX=… --root YY=…",
            file.len()
        );
        Ok(Answer::new(json!({ "file": name, "bytes": file.len() }), text))
    }
}

async fn fetch(session: &Session, request: wire::ExportCaseRequest) -> Result<Vec<u8>, Failure> {
    let mut client = CaseFileServiceClient::new(link::connect_local(&session.folder.socket()));
    let mut stream = client.export_case(request).await?.into_inner();
    let mut file = Vec::new();
    while let Some(part) = stream.message().await? {
        file.extend_from_slice(&part.piece);
    }
    Ok(file)
}
