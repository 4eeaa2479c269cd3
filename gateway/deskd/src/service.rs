//! `rogatory.desk.v1.CaseService`: what officers' programs and the national case-management system may call, on this machine.
//! Each handler reads the call, asks the office once, and maps the answer.

mod attachments;
mod drafting;
mod export;
mod programs;
mod responder;
mod seats;

use std::{pin::Pin, sync::Arc};

use desk::{Document, Finding};
use model::{CaseId, Denial, Fault, KeyId, Language, Malformed, MeasureId, Timestamp};
use proto::desk::{self as wire, case_service_server::CaseService};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use crate::office::{
    AgendaPage, Ask, Beside, Checked, Office, OfficerWord, Opens, Page, Prepared, SignedOpening, Told, ValidatorWord,
    Wish, Written, rework::ReworkWord, would_pass,
};

pub(crate) use attachments::Attachments;
pub(crate) use drafting::Drafting;
pub(crate) use export::CaseFiles;
pub(crate) use programs::{Counts, Webhooks};
pub(crate) use responder::Responders;

pub(crate) struct Cases(pub(crate) Arc<Office>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl CaseService for Cases {
    type WatchEventsStream = Pin<Box<dyn Stream<Item = Result<wire::WatchEventsResponse, Status>> + Send>>;

    async fn new_skeleton(&self, request: Request<wire::NewSkeletonRequest>) -> Answer<wire::NewSkeletonResponse> {
        let request = request.into_inner();
        let recipient = request.recipient.parse().map_err(malformed)?;
        let kind = request.request_type.parse().map_err(malformed)?;
        let body = self.0.new_skeleton(&recipient, &kind).map_err(status)?;
        Ok(Response::new(wire::NewSkeletonResponse { body: body.into_bytes().into() }))
    }

    async fn save_draft(&self, request: Request<wire::SaveDraftRequest>) -> Answer<wire::SaveDraftResponse> {
        let request = request.into_inner();
        let case = match request.case_id.as_str() {
            "" => None,
            text => Some(self.case(text).await?),
        };
        let conditions = request.conditions.iter().map(|code| code.parse()).collect::<Result<Vec<_>, _>>();
        let conditions = conditions.map_err(malformed)?;
        let records = request.records.into_iter().map(document).collect::<Result<Vec<_>, _>>().map_err(malformed)?;
        let written = Written {
            body: &request.body,
            recipient: &request.recipient,
            follows: &request.expected_sha256,
            records: &records,
            conditions: &conditions,
        };
        let checked = self.0.save_draft(case, &written).await.map_err(status)?;
        let findings = checked.findings.iter().map(finding).collect();
        let (case_id, sha256) = (checked.case.to_string(), checked.sha256.to_string());
        Ok(Response::new(wire::SaveDraftResponse { case_id, findings, sha256 }))
    }

    async fn clone_draft(&self, request: Request<wire::CloneDraftRequest>) -> Answer<wire::CloneDraftResponse> {
        let request = request.into_inner();
        let case = self.case(&request.case_id).await?;
        let cloned = self.0.clone_draft(case, &request.recipient, request.keep_subjects).await;
        let (checked, left_out) = cloned.map_err(status)?;
        let left_out = left_out.into_iter().map(|one| wire::LeftOut { field: one.field, reason: one.reason });
        Ok(Response::new(wire::CloneDraftResponse {
            case_id: checked.case.to_string(),
            findings: checked.findings.iter().map(finding).collect(),
            left_out: left_out.collect(),
        }))
    }

    async fn preflight(&self, request: Request<wire::PreflightRequest>) -> Answer<wire::PreflightResponse> {
        let request = request.into_inner();
        let checked = if request.case_id.is_empty() {
            let written = Written { body: &request.body, recipient: &request.recipient, ..Written::default() };
            self.0.preflight_text(&written)
        } else {
            self.0.preflight(self.case(&request.case_id).await?).await
        };
        let Checked { findings, rule, decision, .. } = checked.map_err(status)?;
        Ok(Response::new(wire::PreflightResponse {
            would_pass: would_pass(&findings),
            findings: findings.iter().map(finding).collect(),
            treaty_pin: rule.map(|rule| rule.pin().to_string()).unwrap_or_default(),
            trace: decision.as_ref().map(told).unwrap_or_default(),
            decision: decision.and_then(|one| serde_json::to_string(&one.document()).ok()).unwrap_or_default(),
        }))
    }

    async fn prepare_validation(
        &self,
        request: Request<wire::PrepareValidationRequest>,
    ) -> Answer<wire::PrepareValidationResponse> {
        let request = request.into_inner();
        let case = self.case(&request.case_id).await?;
        let role = request.role.parse().map_err(malformed)?;
        let offered = self.0.prepare_validation(case, role).await.map_err(status)?;
        Ok(Response::new(wire::PrepareValidationResponse {
            case_id: case.to_string(),
            statement: offered.statement.into(),
            summary: offered.summary,
            body: offered.body.into(),
            body_salt: offered.salt.0.to_vec().into(),
        }))
    }

    async fn validate(&self, request: Request<wire::ValidateRequest>) -> Answer<wire::ValidateResponse> {
        let request = request.into_inner();
        let case = self.case(&request.case_id).await?;
        let word = ValidatorWord {
            statement: request.statement.to_vec(),
            authority: request.authority.parse().map_err(malformed)?,
            role: request.role.parse().map_err(malformed)?,
            key: key(&request.key_id)?,
            signature: request.signature.to_vec(),
        };
        let state = self.0.validate(case, word).await.map_err(status)?;
        Ok(Response::new(wire::ValidateResponse { state: state.to_string() }))
    }

    async fn send_back(&self, request: Request<wire::SendBackRequest>) -> Answer<wire::SendBackResponse> {
        let request = request.into_inner();
        let case = self.case(&request.case_id).await?;
        let word = ReworkWord {
            sha256: request.sha256,
            reasons: request.reasons,
            role: request.role.parse().map_err(malformed)?,
            at: Timestamp(request.at_ms),
            key: key(&request.key_id)?,
            signature: request.signature.to_vec(),
        };
        let state = self.0.send_back(case, word).await.map_err(status)?;
        Ok(Response::new(wire::SendBackResponse { state: state.to_string() }))
    }

    async fn prepare_step(&self, request: Request<wire::PrepareStepRequest>) -> Answer<wire::PrepareStepResponse> {
        let request = request.into_inner();
        let case = self.case(&request.case_id).await?;
        let only_check = request.check;
        let ask = match &*request.again_entry_id {
            [] => ask(case, request).map_err(malformed)?,
            again => {
                let entry = model::EntryId::try_from(again).map_err(malformed)?;
                let role = some(&request.role).map(str::parse).transpose().map_err(malformed)?;
                self.0.ask_again(case, entry, role, request.replace).await.map_err(status)?
            }
        };
        if only_check {
            self.0.check_records(&ask).await.map_err(status)?;
            return Ok(Response::new(wire::PrepareStepResponse { case_id: case.to_string(), ..Default::default() }));
        }
        let Prepared { entry, header, case, needed, given, roles, summary, body } =
            self.0.prepare(ask).await.map_err(status)?;
        Ok(Response::new(wire::PrepareStepResponse {
            entry_id: entry.as_bytes().to_vec().into(),
            header,
            case_id: case.to_string(),
            signatures_needed: u32::try_from(needed).unwrap_or(u32::MAX),
            signatures_given: u32::try_from(given).unwrap_or(u32::MAX),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            summary,
            body_salt: body.salt.0.to_vec().into(),
            body: body.bytes.into(),
        }))
    }

    async fn sign_step(&self, request: Request<wire::SignStepRequest>) -> Answer<wire::SignStepResponse> {
        let request = request.into_inner();
        let entry = model::EntryId::try_from(&*request.entry_id).map_err(malformed)?;
        let word = OfficerWord {
            role: request.role.parse().map_err(malformed)?,
            key: key(&request.key_id)?,
            signature: request.signature.to_vec(),
        };
        let signed = self.0.sign(entry, word).await.map_err(status)?;
        Ok(Response::new(wire::SignStepResponse {
            signatures_missing: u32::try_from(signed.missing).unwrap_or(u32::MAX),
            progress: signed.progress.as_str().to_owned(),
            case_id: signed.case.to_string(),
        }))
    }

    async fn list_cases(&self, request: Request<wire::ListCasesRequest>) -> Answer<wire::ListCasesResponse> {
        let page = Page::of(&request.into_inner()).map_err(malformed)?;
        Ok(Response::new(self.0.list(&page).await.map_err(status)?))
    }

    async fn get_case(&self, request: Request<wire::GetCaseRequest>) -> Answer<wire::GetCaseResponse> {
        let wire::GetCaseRequest { case_id, traced } = request.into_inner();
        let case = self.case(&case_id).await?;
        Ok(Response::new(self.0.show(case, traced).await.map_err(status)?))
    }

    async fn get_document(&self, request: Request<wire::GetDocumentRequest>) -> Answer<wire::GetDocumentResponse> {
        let request = request.into_inner();
        let signed = signed_opening(&request.key_id, &request.signature, request.at_ms)?;
        let (purpose, proceeding, officer) = (request.purpose, request.proceeding, request.officer);
        let opens = Opens { purpose, proceeding, officer, reason: "", signed };
        let asked = self.0.document(&request.entry_id, request.index as usize, &opens).await;
        let (record_type, body) = asked.map_err(status)?;
        Ok(Response::new(wire::GetDocumentResponse { record_type: record_type.to_string(), body: body.into() }))
    }

    async fn get_agenda(&self, request: Request<wire::GetAgendaRequest>) -> Answer<wire::GetAgendaResponse> {
        let page = AgendaPage::of(request.into_inner()).map_err(malformed)?;
        Ok(Response::new(self.0.agenda(&page, crate::clock::now()).await.map_err(status)?))
    }

    async fn watch_events(&self, request: Request<wire::WatchEventsRequest>) -> Answer<Self::WatchEventsStream> {
        let request = request.into_inner();
        self.0.check_cursor(request.after).await.map_err(status)?;
        let (sender, receiver) = mpsc::channel(64);
        tokio::spawn(tell(self.0.clone(), request, sender));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn change_group(&self, request: Request<wire::ChangeGroupRequest>) -> Answer<wire::ChangeGroupResponse> {
        let request = request.into_inner();
        let case = self.case(&request.case_id).await?;
        seats::change(&self.0, case, request).await.map(Response::new)
    }

    async fn get_group(&self, request: Request<wire::GetGroupRequest>) -> Answer<wire::GetGroupResponse> {
        let case = self.case(&request.into_inner().case_id).await?;
        Ok(Response::new(self.0.group(case).await.map_err(status)?))
    }

    async fn note_incident(&self, request: Request<wire::NoteIncidentRequest>) -> Answer<wire::NoteIncidentResponse> {
        let request = request.into_inner();
        let case = self.case(&request.case_id).await?;
        let found = (request.found_ms != 0).then_some(Timestamp(request.found_ms));
        let concerns: Vec<_> = request.concerns.into_iter().map(MeasureId).collect();
        let clocks = self.0.note_incident(case, found, &concerns).await.map_err(status)?;
        Ok(Response::new(wire::NoteIncidentResponse { measures_noted: u32::try_from(clocks).unwrap_or(u32::MAX) }))
    }

    async fn get_desk_status(&self, _: Request<wire::GetDeskStatusRequest>) -> Answer<wire::GetDeskStatusResponse> {
        Ok(Response::new(self.0.status().await.map_err(status)?))
    }
}

impl Cases {
    async fn case(&self, text: &str) -> Result<CaseId, Status> {
        self.0.case_of(text).await.map_err(status)
    }
}

/// Sends events, then whatever comes, until the caller hangs up.
async fn tell(
    office: Arc<Office>,
    request: wire::WatchEventsRequest,
    sender: mpsc::Sender<Result<wire::WatchEventsResponse, Status>>,
) {
    let (mut after, mut mark) = (request.after, request.mark_backlog_end);
    let mut changes = office.changes();
    loop {
        changes.mark_unchanged();
        let events = match office.events(after).await {
            Ok(events) => events,
            Err(denial) => return drop(sender.send(Err(status(denial))).await),
        };
        let none = events.is_empty();
        for event in events {
            after = u64::try_from(event.cursor).unwrap_or(after);
            if sender.send(Ok(watched(&event))).await.is_err() {
                return;
            }
        }
        if !none {
            continue;
        }
        if std::mem::take(&mut mark) {
            let at_ms = crate::clock::now().0;
            let caught_up = "caught_up".to_owned();
            let end = wire::WatchEventsResponse { cursor: after, kind: caught_up, at_ms, ..Default::default() };
            if sender.send(Ok(end)).await.is_err() {
                return;
            }
        }
        if request.backlog_only {
            return;
        }
        tokio::select! {
            () = sender.closed() => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

fn watched(event: &store::desk::EventRow) -> wire::WatchEventsResponse {
    wire::WatchEventsResponse {
        cursor: u64::try_from(event.cursor).unwrap_or(0),
        case_id: event.case_id.0.to_string(),
        kind: Told::name(event.kind).to_owned(),
        at_ms: event.at,
        entry_id: event.entry_id.map(|id| id.as_bytes().to_vec()).unwrap_or_default().into(),
    }
}

fn document(one: wire::Document) -> Result<Document, Malformed> {
    Ok(Document { record_type: one.record_type.parse()?, bytes: one.body.to_vec() })
}

fn ask(case: CaseId, request: wire::PrepareStepRequest) -> Result<Ask, Malformed> {
    Ok(Ask {
        beside: Beside::of(&request)?,
        case,
        step: request.step.parse()?,
        concerns: request.concerns.into_iter().map(MeasureId).collect(),
        ground: some(&request.ground).map(str::parse).transpose()?,
        conditions: request.conditions.iter().map(|one| one.parse()).collect::<Result<_, _>>()?,
        text: request.text,
        documents: request.documents.into_iter().map(document).collect::<Result<_, Malformed>>()?,
        role: some(&request.role).map(str::parse).transpose()?,
        replace: request.replace,
        callback: (request.callback_ms != 0).then_some(Timestamp(request.callback_ms)),
        again: None,
    })
}

fn wish(change: &str, authority: &str) -> Result<Wish, Status> {
    match change {
        "add" => Ok(Wish::Add(authority.parse().map_err(malformed)?)),
        "remove" => Ok(Wish::Remove(authority.parse().map_err(malformed)?)),
        "renew" if authority.is_empty() => Ok(Wish::Renew),
        _ => Err(malformed(Malformed::new("a change (add, remove or renew)", change))),
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn finding(finding: &Finding) -> wire::Finding {
    wire::Finding {
        severity: finding.severity.as_str().to_owned(),
        code: finding.code.map(|code| code.to_string()).unwrap_or_default(),
        article: finding.article.as_ref().map(ToString::to_string).unwrap_or_default(),
        field: finding.field.clone(),
        message: finding.message.clone(),
        remedy: finding.remedy.clone(),
    }
}

/// A decision line by line, as the treaty crate tells it to people.
fn told(decision: &treaty::Decision) -> Vec<String> {
    decision.to_text(Language::English).lines().map(ToOwned::to_owned).collect()
}

/// The officer's word on an opening, where there is one.
fn signed_opening(key_id: &[u8], signature: &[u8], at_ms: i64) -> Result<Option<SignedOpening>, Status> {
    if signature.is_empty() {
        return Ok(None);
    }
    Ok(Some(SignedOpening { at: Timestamp(at_ms), key: key(key_id)?, signature: signature.to_vec() }))
}

fn key(bytes: &[u8]) -> Result<KeyId, Status> {
    model::Digest::try_from(bytes).map(KeyId).map_err(malformed)
}

fn malformed(error: Malformed) -> Status {
    status(Denial::failed(Fault::Malformed, error.to_string()))
}

fn status(denial: impl std::borrow::Borrow<Denial>) -> Status {
    proto::status::from_denial(denial.borrow())
}
