//! `rogatory.desk.v1.SubmissionService`: what the desks of the own party may call. The caller is who its TLS certificate says.

use std::{collections::BTreeMap, pin::Pin, sync::Arc, time::Duration};

use identity::{Domain, Subject};
use model::{AuthorityId, CaseId, Denial, EntryId, Fault, ReceiptKind, Refuser, limits};
use proto::convert::{opening_reports_message, receive_openings, send_directory};
use proto::desk::{
    AcknowledgeRequest, AcknowledgeResponse, Arrival, ClaimKeyPackageRequest, ClaimKeyPackageResponse,
    GetStandingRequest, GetStandingResponse, ListDirectoriesRequest, ListDirectoriesResponse, ListEntriesRequest,
    ListEntriesResponse, PublishKeyPackagesRequest, PublishKeyPackagesResponse, SubmitRequest, SubmitResponse,
    TraceEntriesRequest, TraceEntriesResponse, WatchRequest, WatchResponse,
    submission_service_server::SubmissionService, watch_response,
};
use store::{
    Blob, StoreError,
    gateway::{Batch, DeliveryRow, EntryRow, NewRefusal},
};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use super::{gone, history, malformed, peer, status, traces};
use crate::{
    channels, clock,
    committer::{ARRIVAL, Acknowledge, Claimed, Opened, Refused, Stated, Submit, Work, fault_of},
    directories,
    gateway::Gateway,
    receipts,
};

/// Deliveries read from the database at once.
const PAGE: u64 = 64;
/// The longest wait without a bell.
const IDLE: Duration = Duration::from_secs(10);
/// Reports in one acknowledgement.
const REPORTS_MAX: usize = 1024;

pub(crate) struct Desks(pub(crate) Arc<Gateway>);

#[tonic::async_trait]
impl SubmissionService for Desks {
    type ListEntriesStream = Pin<Box<dyn Stream<Item = Result<ListEntriesResponse, Status>> + Send>>;
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn submit(&self, request: Request<SubmitRequest>) -> Result<Response<SubmitResponse>, Status> {
        let desk = self.caller(&request)?;
        let trace = telemetry::traceparent(&telemetry::Span::current());
        let SubmitRequest { entry, sealed_count } = request.into_inner();
        let entry = entry.ok_or_else(|| malformed("a submission without an entry"))?;
        let sealed = i64::try_from(sealed_count).map_err(malformed)?;
        let received = proto::convert::receive_entry(entry).map_err(|denial| unread(&denial))?;
        let claimed = Claimed::of_received(&received);
        let entry = match self.0.trust.snapshot().store.verify_entry(received, clock::now()) {
            Ok(entry) => entry,
            Err(denial) => return self.answer_again(&desk, &claimed, &denial).await,
        };
        let (answer, answered) = oneshot::channel();
        let work = Work::Submit(Box::new(Submit { entry, desk, trace, sealed, answer }));
        self.0.work.send(work).await.map_err(gone)?;
        let stated = answered.await.map_err(gone)?.map_err(|refused| refusal(&refused))?;
        let receipt = stated.signed().map_err(status)?;
        Ok(Response::new(SubmitResponse { receipt: Some((&receipt).into()) }))
    }

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let desk = self.caller(&request)?;
        let after = i64::try_from(request.into_inner().after).map_err(malformed)?;
        let (sender, receiver) = mpsc::channel(PAGE as usize);
        tokio::spawn(follow(self.0.clone(), desk, after, sender));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn acknowledge(&self, request: Request<AcknowledgeRequest>) -> Result<Response<AcknowledgeResponse>, Status> {
        let desk = self.caller(&request)?;
        let request = request.into_inner();
        if request.reports.len() > REPORTS_MAX {
            return Err(status(Denial::failed(Fault::TooLarge, "more than 1,024 reports in one acknowledgement")));
        }
        let reports = self.read_reports(&desk, &request);
        let (answer, answered) = oneshot::channel();
        let work = Work::Acknowledge(Acknowledge {
            desk,
            cursor: request.cursor,
            reports: reports.map_err(status)?,
            bytes: prost::Message::encode_to_vec(&request),
            answer,
        });
        self.0.work.send(work).await.map_err(gone)?;
        answered.await.map_err(gone)?.map_err(status)?;
        Ok(Response::new(AcknowledgeResponse {}))
    }

    async fn publish_key_packages(
        &self,
        request: Request<PublishKeyPackagesRequest>,
    ) -> Result<Response<PublishKeyPackagesResponse>, Status> {
        let desk = self.caller(&request)?;
        let PublishKeyPackagesRequest { key_packages: packages, withdraw } = request.into_inner();
        let storage = |error: StoreError| status(error.into());
        let now = clock::now();
        if withdraw {
            self.0.store.withdraw_key_packages(&desk, now.0).await.map_err(storage)?;
        }
        let there = self.0.store.key_package_count(&desk, now.0).await.map_err(storage)?;
        let too_large = packages.iter().any(|package| package.len() > limits::KEY_PACKAGE_BYTES_MAX);
        if too_large || there + packages.len() as u64 > limits::KEY_PACKAGES_MAX as u64 {
            return Err(status(Denial::failed(Fault::TooLarge, "too large or too many KeyPackages")));
        }
        let snapshot = self.0.trust.snapshot();
        let mut admitted = Vec::with_capacity(packages.len());
        for package in packages {
            let known = roster::check_key_package(&package, &snapshot.store, now).map_err(status)?;
            if known.authority != desk {
                return Err(status(Denial::failed(Fault::Malformed, "a KeyPackage of another authority")));
            }
            admitted.push((Blob(package.to_vec()), known.expires.0));
        }
        self.0.store.add_key_packages(&desk, &admitted, now.0).await.map_err(storage)?;
        let available = self.0.store.key_package_count(&desk, now.0).await.map_err(storage)?;
        Ok(Response::new(PublishKeyPackagesResponse { available: u32::try_from(available).unwrap_or(u32::MAX) }))
    }

    async fn claim_key_package(
        &self,
        request: Request<ClaimKeyPackageRequest>,
    ) -> Result<Response<ClaimKeyPackageResponse>, Status> {
        let desk = self.caller(&request)?;
        let authority: AuthorityId = request.into_inner().authority.parse().map_err(malformed)?;
        let key_package = if authority.party() == self.0.own() {
            peer::claim(&self.0, &authority.to_string(), &desk.to_string()).await?
        } else {
            channels::claim_key_package(&self.0, &authority, &desk).await?
        };
        Ok(Response::new(ClaimKeyPackageResponse { key_package }))
    }

    async fn list_directories(
        &self,
        request: Request<ListDirectoriesRequest>,
    ) -> Result<Response<ListDirectoriesResponse>, Status> {
        self.caller(&request)?;
        let snapshot = self.0.trust.snapshot();
        let past = match request.into_inner().at_ms {
            0 => Vec::new(),
            at => directories::of_the_day(&self.0, model::Timestamp(at)).await.map_err(status)?,
        };
        Ok(Response::new(ListDirectoriesResponse {
            own: Some(send_directory(&snapshot.own_directory(self.0.own()))),
            foreign: snapshot.directories.values().map(send_directory).collect(),
            past: past.iter().map(send_directory).collect(),
            unreached: self.0.trust.unreached().iter().map(ToString::to_string).collect(),
        }))
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<Self::ListEntriesStream>, Status> {
        let desk = self.caller(&request)?;
        let ListEntriesRequest { case_id, from_seq } = request.into_inner();
        let case = CaseId::try_from(&*case_id).map_err(malformed)?;
        let from = i64::try_from(from_seq).map_err(malformed)?;
        let pages = history::open(self.0.clone(), &desk, case, from).await.map_err(status)?;
        Ok(Response::new(Box::pin(ReceiverStream::new(pages))))
    }

    async fn get_standing(
        &self,
        request: Request<GetStandingRequest>,
    ) -> Result<Response<GetStandingResponse>, Status> {
        let desk = self.caller(&request)?;
        let storage = |error: StoreError| status(error.into());
        let acknowledged = self.0.store.acknowledged_cursor(&desk).await.map_err(storage)?;
        let sealed = self.0.store.sealed_count(&desk).await.map_err(storage)?;
        Ok(Response::new(GetStandingResponse {
            acknowledged_cursor: u64::try_from(acknowledged).unwrap_or_default(),
            sealed_count: u64::try_from(sealed).unwrap_or_default(),
        }))
    }

    async fn trace_entries(
        &self,
        request: Request<TraceEntriesRequest>,
    ) -> Result<Response<TraceEntriesResponse>, Status> {
        let desk = self.caller(&request)?;
        let ids = request.into_inner().entry_ids;
        let ids = ids.iter().map(|id| EntryId::try_from(&**id)).collect::<Result<Vec<_>, _>>().map_err(malformed)?;
        let traces = traces::trace(&self.0, &desk, &ids).await.map_err(status)?;
        Ok(Response::new(TraceEntriesResponse { traces }))
    }
}

impl Desks {
    /// What does not verify may still be what was admitted before: keys and directories change. Else it is refused.
    async fn answer_again(
        &self,
        desk: &AuthorityId,
        claimed: &Claimed,
        denial: &Denial,
    ) -> Result<Response<SubmitResponse>, Status> {
        let kept = self.0.store.entry(claimed.entry).await.map_err(|error| status(error.into()))?;
        match kept.filter(|row| *row.envelope == claimed.envelope && *row.sender == *desk) {
            Some(row) => {
                let receipt = receipts::from_bytes(&row.receipt.0).map_err(status)?;
                Ok(Response::new(SubmitResponse { receipt: Some(receipt) }))
            }
            None => {
                note_denial(&self.0, desk.party(), claimed, denial).await;
                Err(status(denial.clone()))
            }
        }
    }

    fn caller<T>(&self, request: &Request<T>) -> Result<AuthorityId, Status> {
        match link::subject_of(request)? {
            Subject::Desk(authority) if authority.party() == self.0.own() => Ok(authority),
            _ => Err(Status::permission_denied("only desks of this party call here")),
        }
    }

    /// A desk's word on some entries, signed once for all of them.
    fn read_reports(&self, desk: &AuthorityId, request: &AcknowledgeRequest) -> Result<Vec<Opened>, Denial> {
        let malformed = |error: model::Malformed| Denial::failed(Fault::Malformed, error.to_string());
        if request.reports.is_empty() {
            return Ok(Vec::new());
        }
        let reports = receive_openings(&request.reports).map_err(malformed)?;
        let message = opening_reports_message(&reports);
        let signature = proto::convert::signature_from_wire(request.signature.clone()).map_err(malformed)?;
        let key = self.0.trust.snapshot().store.desk_key(desk);
        let holds = key.is_some_and(|key| {
            key.key_id() == signature.key && key.verify(Domain::Acknowledgement, &message, &signature.bytes).is_ok()
        });
        if !holds {
            return Err(Denial::failed(Fault::Malformed, "reports that the desk did not sign"));
        }
        Ok(reports.into_iter().map(|(entry, opened, authenticator)| Opened { entry, opened, authenticator }).collect())
    }
}

/// The status of a refusal, with the receipt that states it.
fn refusal(refused: &Refused) -> Status {
    let said = status(refused.denial.clone());
    match refused.rejection.as_ref().map(Stated::signed) {
        Some(Ok(signed)) => proto::status::with_receipt(said, &signed),
        _ => said,
    }
}

/// What cannot be read has no id under which it could be kept: it is said and counted here.
fn unread(denial: &Denial) -> Status {
    telemetry::say!(Warn, "a submission cannot be read", fault = fault_of(denial));
    status(denial.clone())
}

/// Keeps that an own desk's entry did not verify.
async fn note_denial(gateway: &Gateway, own: model::PartyId, claimed: &Claimed, denial: &Denial) {
    match denial {
        Denial::Refused(refusal) => {
            gateway.metrics.refused(own, refusal.code);
            telemetry::say!(Warn, "an own desk's entry does not verify", code = refusal.code, entry = claimed.entry);
        }
        Denial::Failed { fault, .. } => {
            telemetry::say!(Warn, "an own desk's entry does not verify", fault = *fault, entry = claimed.entry);
        }
    }
    let refusal = NewRefusal {
        at: clock::now().0,
        channel: own.to_string(),
        code: denial.reason().to_owned(),
        entry_id: Some(claimed.entry.into()),
        step: None,
        by: Refuser::OwnGateway.into(),
    };
    let batch = Batch { refusals: vec![refusal], ..Batch::default() };
    if gateway.store.commit(&batch).await.is_err() {
        telemetry::say!(Error, "a refusal was not kept: the storage does not take it");
    }
}

/// Sends what waits for a desk, then whatever comes, until the desk hangs up.
async fn follow(
    gateway: Arc<Gateway>,
    desk: AuthorityId,
    mut after: i64,
    sender: mpsc::Sender<Result<WatchResponse, Status>>,
) {
    let bell = gateway.bells.desk(&desk);
    let mut stopping = gateway.stopping.clone();
    loop {
        let page = match page_after(&gateway, &desk, after).await {
            Ok(page) => page,
            Err(error) => {
                drop(sender.send(Err(status(error.into()))).await);
                return;
            }
        };
        let full = page.len() as u64 == PAGE;
        for (delivery, brought) in page {
            after = delivery.cursor;
            let item = read_delivery(delivery, brought).map_err(status);
            if sender.send(item).await.is_err() {
                return;
            }
        }
        if !full {
            tokio::select! {
                () = sender.closed() => return,
                // Whether it says so or is gone: the gateway stops, and the desk comes again.
                _ = stopping.wait_for(|stop| *stop) => return,
                _ = tokio::time::timeout(IDLE, bell.notified()) => {}
            }
        }
    }
}

/// An entry that arrived, and for a change of a group that the other party's desk made its gateway's word on when it took it.
#[derive(Clone)]
struct Brought {
    entry: EntryRow,
    submission: Option<Blob>,
}

/// The next deliveries; what arrived with its entry.
async fn page_after(
    gateway: &Gateway,
    desk: &AuthorityId,
    after: i64,
) -> Result<Vec<(DeliveryRow, Option<Brought>)>, StoreError> {
    let page = gateway.store.deliveries_after(desk, after, PAGE).await?;
    let arrived: Vec<_> = page.iter().filter(|one| one.kind == ARRIVAL).map(|one| *one.entry_id).collect();
    let entries = gateway.store.entries(&arrived).await?;
    let theirs = entries.iter().filter(|one| one.step.is_handshake() && one.sender.party() != gateway.own());
    let theirs: Vec<_> = theirs.map(|one| *one.id).collect();
    let submissions = gateway.store.receipts_by_kind(&theirs, &[ReceiptKind::SubmissionAcceptance]).await?;
    let mut submissions: BTreeMap<_, _> = submissions.into_iter().map(|row| (row.entry_id, row.bytes)).collect();
    let with_submission = |entry: EntryRow| {
        let submission = submissions.remove(&entry.id);
        (entry.id, Brought { entry, submission })
    };
    let entries: BTreeMap<_, _> = entries.into_iter().map(with_submission).collect();
    let with_entry = |one: DeliveryRow| {
        let brought = entries.get(&one.entry_id).filter(|_| one.kind == ARRIVAL).cloned();
        (one, brought)
    };
    Ok(page.into_iter().map(with_entry).collect())
}

fn read_delivery(delivery: DeliveryRow, brought: Option<Brought>) -> Result<WatchResponse, Denial> {
    let signed = |bytes: &Option<Blob>| bytes.as_ref().map(|bytes| receipts::from_bytes(&bytes.0)).transpose();
    let receipt = signed(&delivery.receipt)?;
    let item = if delivery.kind == ARRIVAL {
        let brought = brought.ok_or_else(|| Denial::failed(Fault::Storage, "an arrival has lost its entry"))?;
        let submission = signed(&brought.submission)?;
        let entry = Some(proto::convert::entry_from_bytes(brought.entry.wire.0)?);
        watch_response::Item::Arrival(Arrival { entry, receipt, submission })
    } else {
        watch_response::Item::Outcome(receipt.ok_or_else(|| Denial::failed(Fault::Storage, "an outcome was lost"))?)
    };
    let cursor = u64::try_from(delivery.cursor).unwrap_or_default();
    Ok(WatchResponse { cursor, item: Some(item), traceparent: delivery.trace })
}
