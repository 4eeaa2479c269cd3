//! The connection to the running desk, and what the command line knows of its folder.

use std::{fs, path::Path};

use identity::{RootCertificate, TRAINING_MARK, certificates_from_pem};
use link::Channel;
use model::{CaseId, Exit};
use proto::desk::{self as wire, case_service_client::CaseServiceClient};

use serde_json::Value;

use super::Answer;
use crate::{
    config::{Config, Folder},
    failure::Failure,
    summary,
};

const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One run of the command line.
pub(super) struct Session {
    pub(super) folder: Folder,
    pub(super) config: Config,
    pub(super) json_output: bool,
    client: CaseServiceClient<Channel>,
}

impl Session {
    pub(super) fn open(dir: &Path, json_output: bool) -> Result<Self, Failure> {
        let folder = Folder::find(dir)?;
        let config = folder.config()?;
        let client = CaseServiceClient::new(link::connect_local(&folder.socket()))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { folder, config, json_output, client })
    }

    /// The answer of a desk of a state for training says so, whatever it tells: to a program in the answer, to a person beside it.
    pub(super) fn marked(&self, mut answer: Answer) -> Answer {
        if self.is_training() {
            self.tell(&format!("*** {TRAINING_MARK}: nothing here is real ***"));
            if let Value::Object(fields) = &mut answer.value {
                fields.insert("training".to_owned(), true.into());
            }
        }
        answer
    }

    /// Whether the own root, as it lies in the desk's folder, is one for training.
    pub(super) fn is_training(&self) -> bool {
        let root = fs::read_to_string(self.folder.file("root.cert.pem")).ok();
        let root = root.and_then(|pem| certificates_from_pem(&pem).ok()).unwrap_or_default().into_iter().next();
        root.is_some_and(|der| RootCertificate::parse(&der).is_ok_and(|root| root.is_training()))
    }

    pub(super) fn desk(&self) -> CaseServiceClient<Channel> {
        self.client.clone()
    }

    /// Tells the person at the terminal something beside the answer.
    pub(super) fn tell(&self, text: &str) {
        if !self.json_output {
            eprintln!("{}", summary::clean(text));
        }
    }

    /// Tells of a part that failed beside an answer, as a whole failure is told.
    pub(super) fn tell_failure(&self, part: &str, failure: &Failure) {
        if self.json_output {
            eprintln!("{}", failure.to_json());
        } else {
            eprintln!("{part}: {failure}");
        }
    }

    pub(super) async fn show(&self, case: &str) -> Result<wire::GetCaseResponse, Failure> {
        let request = wire::GetCaseRequest { case_id: case.to_owned(), traced: false };
        Ok(self.desk().get_case(request).await?.into_inner())
    }

    /// The same with what the own gateway holds of what happened to its entries.
    pub(super) async fn traced(&self, case: &str) -> Result<wire::GetCaseResponse, Failure> {
        let request = wire::GetCaseRequest { case_id: case.to_owned(), traced: true };
        Ok(self.desk().get_case(request).await?.into_inner())
    }

    pub(super) async fn document(&self, entry: &[u8], index: u32) -> Result<wire::GetDocumentResponse, Failure> {
        let request =
            wire::GetDocumentRequest { entry_id: entry.to_vec().into(), index, ..wire::GetDocumentRequest::default() };
        self.open_document(request).await
    }

    /// One document; a record that was received for what is said in the request.
    pub(super) async fn open_document(
        &self,
        request: wire::GetDocumentRequest,
    ) -> Result<wire::GetDocumentResponse, Failure> {
        Ok(self.desk().get_document(request).await?.into_inner())
    }

    /// The body of a draft.
    pub(super) async fn draft_body(&self, case: CaseId) -> Result<Vec<u8>, Failure> {
        Ok(self.document(case.as_bytes(), 0).await?.body.to_vec())
    }
}

/// The id in a summary.
pub(super) fn case_id(summary: Option<&wire::CaseSummary>) -> Result<CaseId, Failure> {
    let id = summary.and_then(|summary| summary.case_id.parse().ok());
    id.ok_or_else(|| Failure::new(Exit::Integrity, "the desk answered without the case's id"))
}
