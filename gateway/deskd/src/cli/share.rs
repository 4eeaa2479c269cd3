//! `desk share` and `desk comment`: a draft before it is sent, and what the other side says of it.

use clap::Args;
use desk::Document;
use model::{Exit, Step};
use proto::desk as wire;
use serde_json::json;

use super::{
    session::Session,
    step::{Ask, Common, Taken, Words},
};
use crate::failure::Failure;

/// How many findings a comment carries.
const FINDINGS_MAX: usize = 128;

/// `desk share`.
#[derive(Debug, Args)]
pub(super) struct Share {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
}

/// `desk comment`.
#[derive(Debug, Args)]
pub(super) struct Comment {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// Add what the own preflight finds in the draft.
    #[arg(long)]
    findings: bool,
}

impl Share {
    pub(super) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        session.tell("A draft has no legal effect: nothing is asked, and no clock runs. The other side can read all that stands in it.");
        let officer = self.common.signer.open(session)?;
        self.common.take(session, &officer, Ask::new(Step::ShareDraft, Some(&self.words))).await
    }
}

impl Comment {
    pub(super) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let mut documents = Vec::new();
        if self.findings {
            let request = wire::PreflightRequest { case_id: self.common.case.clone(), ..Default::default() };
            let checked = session.desk().preflight(request).await?.into_inner();
            documents.extend(document(&checked.findings)?);
        }
        if documents.is_empty() && !self.words.says_something() {
            return Err(Failure::new(Exit::Usage, "there is nothing to say of the draft: preflight found nothing")
                .remedy("Say it with --text."));
        }
        let ask = Ask { documents: &documents, ..Ask::new(Step::CommentDraft, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}

/// The findings as a form of which the desk fills in the rest. Findings of the desk's own have no field of the draft's values.
fn document(findings: &[wire::Finding]) -> Result<Option<Document>, Failure> {
    if findings.is_empty() {
        return Ok(None);
    }
    let one = |finding: &wire::Finding| {
        let mut one = json!({
            "severity": finding.severity,
            "field": desk::pointer(&finding.field),
            "message": finding.message,
            "remedy": finding.remedy,
        });
        if !finding.code.is_empty() {
            one["code"] = finding.code.as_str().into();
        }
        if !finding.article.is_empty() {
            one["article"] = finding.article.as_str().into();
        }
        one
    };
    let findings: Vec<_> = findings.iter().take(FINDINGS_MAX).map(one).collect();
    let record_type = "draft_comment".parse();
    let record_type = record_type.map_err(|error: model::Malformed| Failure::new(Exit::Failure, error.to_string()))?;
    Ok(Some(Document { record_type, bytes: json!({ "findings": findings }).to_string().into_bytes() }))
}
