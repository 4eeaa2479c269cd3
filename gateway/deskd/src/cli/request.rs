//! `desk request …`: drafts until they are sent.

use std::{
    collections::BTreeSet,
    fs::OpenOptions,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use identity::{Domain, sign_validation};
use model::{AuthorityId, CaseId, ConditionCode, Exit, FollowUp, RecordType, RequestType, Role, Step};
use proto::desk as wire;
use serde_json::{Value, json};

use super::{
    Answer, editor, follow, list,
    officer::Signer,
    preflight::{self, findings},
    session::{Session, case_id},
    step::{Ask, Common, Taken, documents, reasoned_text, record},
};
use crate::{clock, failure::Failure, office::rework, signing::check_validation, summary};

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Request {
    /// Begin a request: from a file, or with a form to fill in.
    New(New),
    /// Write on, in $VISUAL or $EDITOR; each save there is one at the desk. What was validated must be validated anew.
    Edit {
        /// The draft, or a unique beginning of its id.
        case: String,
        /// A file in place of the editor, or - for standard input.
        #[arg(long)]
        from: Option<PathBuf>,
        #[command(flatten)]
        gives: Gives,
    },
    /// Begin a request from an earlier one: its authority, offences, texts and requests, without subjects, times, decision and number.
    Clone {
        /// The case or draft, or a unique beginning of its id.
        case: String,
        /// Who is asked now, as in FR:central; the same authority when absent.
        #[arg(long)]
        to: Option<AuthorityId>,
        /// Take the subjects over, too.
        #[arg(long)]
        keep_subjects: bool,
    },
    /// The drafts, and how much of each is still to mend.
    List,
    /// Print the request.
    Show {
        /// The draft, or a unique beginning of its id.
        case: String,
    },
    /// Tell what the gates would refuse (exit 3 when there is something to mend).
    Preflight {
        /// The draft, or a unique beginning of its id.
        case: String,
    },
    /// Validate the request as a judge or prosecutor.
    Validate(Validate),
    /// Send the draft back to who wrote it, with the reasons: as a judge or prosecutor, or of a validated one as an officer.
    SendBack(SendBack),
    /// Send the request (two officers).
    Send(Common),
}

/// What is given with a request of a type that gives.
#[derive(Debug, Args)]
pub(super) struct Gives {
    /// A record that is given, and its file, as in spontaneous_information=FILE (repeatable): for a request type that is spontaneous. The
    /// file holds a whole record, or its content alone; those given now replace all that went with the draft.
    #[arg(long = "record", value_name = "TYPE=FILE", value_parser = record)]
    records: Vec<(RecordType, PathBuf)>,
    /// Under which condition the records are given, as in C01 (repeatable).
    #[arg(long = "condition", value_name = "CODE", requires = "records")]
    conditions: Vec<ConditionCode>,
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// Who is asked, as in FR:central.
    #[arg(long)]
    to: AuthorityId,
    /// What is asked, as in stored_data.
    #[arg(long = "type", default_value = "stored_data")]
    request_type: RequestType,
    /// The request, or - for standard input. Without it a form is made.
    #[arg(long)]
    from: Option<PathBuf>,
    /// The earlier case that it follows, or a unique beginning of its id. Without --from its facts are told by reference, and its
    /// subjects, offences and purpose are carried over.
    #[arg(long, value_name = "CASE", requires = "as_what")]
    follows: Option<String>,
    /// How it follows: supplement, production, regularisation or resubmission.
    #[arg(long = "as", value_name = "HOW", requires = "follows")]
    as_what: Option<FollowUp>,
    #[command(flatten)]
    gives: Gives,
}

#[derive(Debug, Args)]
pub(super) struct Validate {
    /// The draft, or a unique beginning of its id.
    case: String,
    #[command(flatten)]
    signer: Signer,
    /// judge or prosecutor.
    #[arg(long, default_value = "judge")]
    role: Role,
}

#[derive(Debug, Args)]
pub(super) struct SendBack {
    /// The draft, or a unique beginning of its id.
    case: String,
    #[command(flatten)]
    signer: Signer,
    /// judge, prosecutor or officer.
    #[arg(long, default_value = "judge")]
    role: Role,
    /// What is to be written anew, and why.
    #[arg(long)]
    reasons: String,
}

impl Request {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::New(new) => new.run(session).await,
            Self::Edit { case, from: Some(from), gives } => {
                let saved = save(session, case, "", read(from)?, gives).await?;
                Ok(saved_answer(&saved, None))
            }
            Self::Edit { case, from: None, gives } if !gives.records.is_empty() => {
                let (id, body) = draft_of(session, case).await?;
                let saved = save(session, &id.to_string(), "", body, gives).await?;
                Ok(saved_answer(&saved, None))
            }
            Self::Edit { case, from: None, .. } => editor::edit(session, case).await,
            Self::Clone { case, to, keep_subjects } => {
                let recipient = to.as_ref().map(ToString::to_string).unwrap_or_default();
                clone(session, case, recipient, *keep_subjects).await
            }
            Self::List => list(session).await,
            Self::Show { case } => show(session, case).await,
            Self::Preflight { case } => preflight::of_draft(session, case, false).await,
            Self::Validate(validate) => validate.run(session).await,
            Self::SendBack(back) => back.run(session).await,
            Self::Send(common) => send(session, common).await,
        }
    }
}

impl New {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let recipient = self.to.to_string();
        if let Some(from) = &self.from {
            let written = read(from)?;
            let written = match self.follows.as_deref().zip(self.as_what) {
                Some((earlier, how)) => bytes(follow::linked(session, earlier, how, object(&written)?).await?),
                None => written,
            };
            let saved = save(session, "", &recipient, written, &self.gives).await?;
            return Ok(saved_answer(&saved, None));
        }
        let request =
            wire::NewSkeletonRequest { recipient: recipient.clone(), request_type: self.request_type.to_string() };
        let skeleton = session.desk().new_skeleton(request).await?.into_inner();
        let form = match self.follows.as_deref().zip(self.as_what) {
            Some((earlier, how)) => bytes(follow::carried(session, earlier, how, object(&skeleton.body)?).await?),
            None => skeleton.body.to_vec(),
        };
        let form = self.gives.named_in(form)?;
        let saved = save(session, "", &recipient, form, &self.gives).await?;
        let case: CaseId =
            saved.case_id.parse().map_err(|_| Failure::new(Exit::Integrity, "the desk named no case"))?;
        let path = PathBuf::from(format!("request-{}.json", saved.case_id.get(..8).unwrap_or("new")));
        write_new(&path, &session.draft_body(case).await?)?;
        Ok(saved_answer(&saved, Some(&path)))
    }
}

impl Gives {
    /// The form, naming what is given and nothing else.
    fn named_in(&self, form: Vec<u8>) -> Result<Vec<u8>, Failure> {
        if self.records.is_empty() {
            return Ok(form);
        }
        let mut form = object(&form)?;
        let types: BTreeSet<_> = self.records.iter().map(|(kind, _)| kind.as_str()).collect();
        if let Some(measure) = form.get_mut("measures").and_then(|all| all.get_mut(0)) {
            measure["records"] = types.into_iter().collect();
        }
        Ok(bytes(form))
    }
}

fn object(written: &[u8]) -> Result<serde_json::Map<String, Value>, Failure> {
    match records::read(written) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Failure::new(Exit::Usage, "a request is a JSON object")),
    }
}

fn bytes(fields: serde_json::Map<String, Value>) -> Vec<u8> {
    format!("{:#}", Value::Object(fields)).into_bytes()
}

async fn save(
    session: &Session,
    case: &str,
    recipient: &str,
    body: Vec<u8>,
    gives: &Gives,
) -> Result<wire::SaveDraftResponse, Failure> {
    let records = documents(&gives.records)?.into_iter();
    let records =
        records.map(|one| wire::Document { record_type: one.record_type.to_string(), body: one.bytes.into() });
    let request = wire::SaveDraftRequest {
        case_id: case.to_owned(),
        body: body.into(),
        recipient: recipient.to_owned(),
        expected_sha256: String::new(),
        records: records.collect(),
        conditions: gives.conditions.iter().map(ToString::to_string).collect(),
    };
    Ok(session.desk().save_draft(request).await?.into_inner())
}

/// Saves what follows on the draft with this digest, and on no other.
pub(super) async fn save_over(
    session: &Session,
    case: &str,
    body: Vec<u8>,
    expected_sha256: &str,
) -> Result<wire::SaveDraftResponse, Failure> {
    let request = wire::SaveDraftRequest {
        case_id: case.to_owned(),
        body: body.into(),
        recipient: String::new(),
        expected_sha256: expected_sha256.to_owned(),
        ..wire::SaveDraftRequest::default()
    };
    Ok(session.desk().save_draft(request).await?.into_inner())
}

/// The whole id of a draft, and its text.
pub(super) async fn draft_of(session: &Session, case: &str) -> Result<(CaseId, Vec<u8>), Failure> {
    let shown = session.show(case).await?;
    let id = case_id(shown.summary.as_ref())?;
    let kept = shown.documents.iter().any(|one| one.entry_id == id.as_bytes().as_slice());
    if !kept {
        return Err(Failure::new(Exit::Conflict, "the request was sent; it is a draft no more")
            .remedy("Clone it, and write on that: desk request clone CASE."));
    }
    Ok((id, session.draft_body(id).await?))
}

async fn clone(session: &Session, case: &str, recipient: String, keep_subjects: bool) -> Result<Answer, Failure> {
    let request = wire::CloneDraftRequest { case_id: case.to_owned(), recipient, keep_subjects };
    let cloned = session.desk().clone_draft(request).await?.into_inner();
    let left = |one: &wire::LeftOut| format!("  {}: {}", one.field, one.reason);
    let mut lines = vec![format!("case {}", cloned.case_id), "Not taken over as it was:".to_owned()];
    lines.extend(cloned.left_out.iter().map(left));
    lines.push(format!("{} to mend. Next: desk request edit {}", preflight::open(&cloned.findings), cloned.case_id));
    let left_out = cloned.left_out.iter().map(|one| json!({ "field": one.field, "reason": one.reason }));
    let value = json!({
        "case": cloned.case_id,
        "left_out": left_out.collect::<Vec<_>>(),
        "findings": findings(&cloned.findings),
    });
    Ok(Answer::new(value, lines.join("\n")))
}

/// Drafts in one list.
const DRAFTS_MAX: usize = 200;

async fn list(session: &Session) -> Result<Answer, Failure> {
    let drafts = list::all(session, "drafts", &[]).await?.into_iter().filter(|case| {
        case.side == "requesting" && ["DRAFT", "VALIDATING", "VALIDATED", "BLOCKED"].contains(&case.state.as_str())
    });
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for draft in drafts.take(DRAFTS_MAX) {
        let request = wire::PreflightRequest { case_id: draft.case_id.clone(), ..Default::default() };
        // A case whose request is on its way has no draft any more.
        let Ok(checked) = session.desk().preflight(request).await else { continue };
        let open = preflight::open(&checked.into_inner().findings);
        let back = if draft.state == "DRAFT" { sent_back(session, &draft.case_id).await? } else { None };
        let told = back.as_ref().map(|one| format!("  sent back {}", model::Timestamp(one.at_ms))).unwrap_or_default();
        lines.push(format!(
            "{}  {:<10}  {:<12}  {open:>3} to mend  {}  {}{told}",
            draft.case_id.get(..8).unwrap_or(&draft.case_id),
            draft.state,
            draft.counterpart,
            model::Timestamp(draft.updated_ms),
            summary::line(&draft.reference)
        ));
        values.push(json!({
            "case": draft.case_id,
            "state": draft.state,
            "counterpart": draft.counterpart,
            "reference": draft.reference,
            "updated_ms": draft.updated_ms,
            "to_mend": open,
            "sent_back_ms": back.map(|one| one.at_ms),
        }));
    }
    if lines.is_empty() {
        lines.push("no drafts".to_owned());
    }
    Ok(Answer::new(json!({ "drafts": values }), lines.join("\n")))
}

/// When a draft was last given back to its author.
async fn sent_back(session: &Session, draft: &str) -> Result<Option<wire::SentBack>, Failure> {
    let asked = wire::GetCaseRequest { case_id: draft.to_owned(), traced: false };
    Ok(session.desk().get_case(asked).await?.into_inner().sent_back.pop())
}

pub(super) fn saved_answer(saved: &wire::SaveDraftResponse, form: Option<&Path>) -> Answer {
    let open = preflight::open(&saved.findings);
    let value =
        json!({ "case": saved.case_id, "sha256": saved.sha256, "findings": findings(&saved.findings), "file": form });
    let next = match (form, open) {
        (Some(path), _) => format!(
            "The form is in {}. Fill it in, then:\n  desk request edit {} --from {}\nor write in your editor:\n  desk request edit {}",
            path.display(),
            saved.case_id,
            path.display(),
            saved.case_id
        ),
        (None, 0) => format!(
            "Nothing stands in its way. Next: desk request validate {} --as judicial/OFFICER --role judge",
            saved.case_id
        ),
        (None, open) => format!("Saved as it is; {open} to mend. Next: desk preflight {}", saved.case_id),
    };
    Answer::new(value, format!("case {}\n{next}", saved.case_id))
}

async fn show(session: &Session, case: &str) -> Result<Answer, Failure> {
    let shown = session.show(case).await?;
    let id = case_id(shown.summary.as_ref())?;
    let reference = shown.documents.iter().find(|one| one.record_type == "request");
    let shared = shown.documents.iter().rev().find(|one| one.record_type == "shared_draft");
    let body = match reference.or(shared) {
        Some(one) => session.document(&one.entry_id, one.index).await?.body.to_vec(),
        None => session.draft_body(id).await?,
    };
    let body = if reference.is_none() { within(body) } else { body };
    let text = String::from_utf8_lossy(&body).into_owned();
    let request: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let state = shown.summary.map(|summary| summary.state).unwrap_or_default();
    Ok(Answer::new(json!({ "case": id.to_string(), "state": state, "request": request }), text))
}

/// The draft in a document that shares it; any other document as it is.
fn within(body: Vec<u8>) -> Vec<u8> {
    let shared: Option<Value> = serde_json::from_slice(&body).ok();
    let draft = shared.filter(|one| one["record_type"] == "shared_draft");
    draft.and_then(|one| Some(one.get("draft")?.as_str()?.as_bytes().to_vec())).unwrap_or(body)
}

impl Validate {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let officer = self.signer.open(session)?;
        let shown = session.show(&self.case).await?;
        let id = case_id(shown.summary.as_ref())?;
        let request = wire::PrepareValidationRequest { case_id: id.to_string(), role: self.role.as_str().to_owned() };
        let prepared = session.desk().prepare_validation(request).await?.into_inner();
        let (pin, inside, body) = check_validation(&prepared, id)?;
        session.tell(&format!("Validating {id}:\nrule       {}\n{}\n", pin.short(), summary::of_body(&inside, true)?));
        let authority = match &officer.authority {
            Some(name) => AuthorityId::new(session.config.authority.party(), name)
                .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?,
            None => body.validation.authority.clone(),
        };
        let request = wire::ValidateRequest {
            case_id: id.to_string(),
            signature: sign_validation(&officer.key, &prepared.statement).into(),
            statement: prepared.statement,
            authority: authority.to_string(),
            role: self.role.as_str().to_owned(),
            key_id: officer.key.key_id().0.as_bytes().to_vec().into(),
        };
        let state = session.desk().validate(request).await?.into_inner().state;
        let text = format!("{state}. Next: two officers run\n  desk request send {id} --as AUTHORITY/OFFICER");
        Ok(Answer::new(json!({ "case": id.to_string(), "state": state }), text))
    }
}

impl SendBack {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        reasoned_text(&self.reasons)?;
        let officer = self.signer.open(session)?;
        let shown = session.show(&self.case).await?;
        let id = case_id(shown.summary.as_ref())?;
        let draft = shown.documents.iter().find(|one| one.entry_id == id.as_bytes()[..]);
        let draft = draft
            .ok_or_else(|| Failure::new(Exit::NotFound, "there is no such draft: it was sent, or never written"))?;
        let at = clock::now();
        let said = rework::statement(id, &draft.sha256, at, &self.reasons);
        let request = wire::SendBackRequest {
            case_id: id.to_string(),
            sha256: draft.sha256.clone(),
            reasons: self.reasons.clone(),
            role: self.role.as_str().to_owned(),
            at_ms: at.0,
            key_id: officer.key.key_id().0.as_bytes().to_vec().into(),
            signature: officer.key.sign(Domain::Rework, &said).into(),
        };
        let state = session.desk().send_back(request).await?.into_inner().state;
        let text =
            format!("{state}. It is written anew (desk request edit {id}), and validated anew before it is sent.");
        Ok(Answer::new(json!({ "case": id.to_string(), "state": state }), text))
    }
}

async fn send(session: &Session, common: &Common) -> Result<Answer, Failure> {
    let officer = common.signer.open(session)?;
    common.take(session, &officer, Ask::new(Step::SealSend, None)).await.map(Taken::answer)
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::reading(path, &error))?;
    Ok(bytes)
}

/// Writes a file that was not there, for its owner only.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    open.and_then(|mut file| file.write_all(bytes)).map_err(|error| Failure::writing(path, &error))
}
