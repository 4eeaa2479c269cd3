//! The connection to the own party's gateway.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use blobs::Place;
use bytes::Bytes;
use identity::{Subject, TlsIdentity};
use link::{CallLimits, Channel, Credentials, Remote};
use model::{AuthorityId, CaseId, Digest, EntryId, Exit, PartyId, Timestamp};
use proto::{
    desk::{
        AcknowledgeRequest, AnnounceRequest, ClaimKeyPackageRequest, CompleteRequest, FetchOutlineRequest,
        FetchPieceRequest, GetEvidenceRequest, GetEvidenceResponse, GetStandingRequest, GetStandingResponse,
        ListDirectoriesRequest, ListDirectoriesResponse, ListEntriesRequest, ListEntriesResponse,
        PublishKeyPackagesRequest, PutPieceRequest, SubmitRequest, TraceEntriesRequest, TraceEntriesResponse,
        WatchRequest, WatchResponse, evidence_service_client::EvidenceServiceClient,
        sealed_file_service_client::SealedFileServiceClient, submission_service_client::SubmissionServiceClient,
    },
    types as wire,
};
use tonic::{Status, Streaming};

use crate::{config::Config, failure::Failure, keys::Keys, trust::Trust};

/// What one message may weigh: an entry of the largest size, and its frame.
const MESSAGE_BYTES_MAX: usize = model::limits::SEALED_BYTES_MAX + model::limits::HANDSHAKE_BYTES_MAX + 256 * 1024;

/// What an outline of the largest file weighs, and its frame.
const OUTLINE_MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Calls to the own gateway. Each notes whether the gateway answered.
#[derive(Debug)]
pub(crate) struct Uplink {
    client: SubmissionServiceClient<Channel>,
    evidence: EvidenceServiceClient<Channel>,
    files: SealedFileServiceClient<Channel>,
    endpoint: String,
    own: Credentials,
    health: Mutex<Health>,
    /// Why the gateway's stream stands still here, although the gateway answers.
    held: Mutex<Option<String>>,
    /// The parties whose gateways the own one did not reach when it called them last.
    unreached: Mutex<BTreeSet<PartyId>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Health {
    pub(crate) reachable: bool,
    pub(crate) detail: String,
}

impl Uplink {
    pub(crate) fn new(config: &Config, keys: &Keys, trust: &Arc<Trust>) -> Result<Self, Failure> {
        let failed = |error: link::LinkError| Failure::new(Exit::Usage, link::explain(&error));
        let own = Credentials::new(&keys.tls).map_err(failed)?;
        if *own.subject() != Subject::Desk(config.authority.clone()) {
            let what = format!("the certificate is of {}, the desk is of {}", own.subject(), config.authority);
            return Err(Failure::new(Exit::NotAuthorised, what).remedy("Use the certificate of this desk."));
        }
        let remote = Remote {
            endpoint: config.gateway.clone(),
            expected: Subject::Gateway(trust.party()),
            own: own.clone(),
            anchors: trust.clone(),
            limits: CallLimits { connect_time: Duration::from_secs(3), ..CallLimits::default() },
        };
        let channel = remote.connect().map_err(failed)?;
        let evidence = EvidenceServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let files = SealedFileServiceClient::new(channel.clone())
            .max_decoding_message_size(OUTLINE_MESSAGE_BYTES_MAX)
            .max_encoding_message_size(OUTLINE_MESSAGE_BYTES_MAX);
        let client = SubmissionServiceClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self {
            client,
            evidence,
            files,
            endpoint: config.gateway.clone(),
            own,
            health: Mutex::default(),
            held: Mutex::default(),
            unreached: Mutex::default(),
        })
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Shows a renewed certificate at the next handshake.
    pub(crate) fn renew(&self, identity: &TlsIdentity) -> Result<(), Failure> {
        self.own.replace(identity).map_err(|error| Failure::new(Exit::NotAuthorised, link::explain(&error)))
    }

    /// When the certificate that is shown ends.
    pub(crate) fn certificate_until(&self) -> Timestamp {
        self.own.expires()
    }

    pub(crate) fn health(&self) -> Health {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        held.filter(|_| health.reachable).map_or(health, |detail| Health { reachable: false, detail })
    }

    /// Notes why the stream stands still, or that it goes on.
    pub(crate) fn hold(&self, why: Option<String>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(crate) async fn submit(&self, entry: wire::Entry, sealed_count: u64) -> Result<wire::SignedReceipt, Status> {
        let answer = self.client.clone().submit(SubmitRequest { entry: Some(entry), sealed_count }).await;
        self.noted(answer)?.receipt.ok_or_else(|| Status::internal("the gateway answered without a receipt"))
    }

    /// The entries of a case, from the first on.
    pub(crate) async fn entries(&self, case: CaseId) -> Result<Streaming<ListEntriesResponse>, Status> {
        let request = ListEntriesRequest { case_id: case.as_bytes().to_vec().into(), from_seq: 0 };
        let answer = self.client.clone().list_entries(request).await;
        self.noted(answer)
    }

    /// All that the gateway holds of a case.
    pub(crate) async fn evidence(&self, case: CaseId) -> Result<Streaming<GetEvidenceResponse>, Status> {
        let request = GetEvidenceRequest { case_id: case.as_bytes().to_vec().into() };
        let answer = self.evidence.clone().get_evidence(request).await;
        self.noted(answer)
    }

    pub(crate) async fn watch(&self, after: u64) -> Result<Streaming<WatchResponse>, Status> {
        let answer = self.client.clone().watch(WatchRequest { after }).await;
        self.noted(answer)
    }

    pub(crate) async fn acknowledge(&self, request: AcknowledgeRequest) -> Result<(), Status> {
        let answer = self.client.clone().acknowledge(request).await;
        self.noted(answer).map(|_| ())
    }

    /// How far the gateway knows this desk to be.
    pub(crate) async fn standing(&self) -> Result<GetStandingResponse, Status> {
        let answer = self.client.clone().get_standing(GetStandingRequest {}).await;
        self.noted(answer)
    }

    /// Publishes, after taking back what lies ready where `withdraw`; says how many lie ready now.
    pub(crate) async fn publish(&self, key_packages: Vec<Vec<u8>>, withdraw: bool) -> Result<u32, Status> {
        let key_packages = key_packages.into_iter().map(Into::into).collect();
        let answer =
            self.client.clone().publish_key_packages(PublishKeyPackagesRequest { key_packages, withdraw }).await;
        Ok(self.noted(answer)?.available)
    }

    pub(crate) async fn claim(&self, authority: &AuthorityId) -> Result<Vec<u8>, Status> {
        let request = ClaimKeyPackageRequest { authority: authority.to_string() };
        let answer = self.client.clone().claim_key_package(request).await;
        Ok(self.noted(answer)?.key_package.to_vec())
    }

    /// The directories of now; with a moment also those of then.
    pub(crate) async fn directories(&self, at: Option<Timestamp>) -> Result<ListDirectoriesResponse, Status> {
        let request = ListDirectoriesRequest { at_ms: at.map(|at| at.0).unwrap_or_default() };
        let answer = self.noted(self.client.clone().list_directories(request).await)?;
        let unreached = answer.unreached.iter().filter_map(|party| party.parse().ok()).collect();
        *self.unreached.lock().unwrap_or_else(PoisonError::into_inner) = unreached;
        Ok(answer)
    }

    /// The parties whose gateways the own one did not reach, as far as it has said.
    pub(crate) fn unreached(&self) -> BTreeSet<PartyId> {
        self.unreached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the gateway holds of what happened to these entries.
    pub(crate) async fn trace(&self, entries: &[EntryId]) -> Result<TraceEntriesResponse, Status> {
        let entry_ids = entries.iter().map(|id| id.as_bytes().to_vec().into()).collect();
        let answer = self.client.clone().trace_entries(TraceEntriesRequest { entry_ids }).await;
        self.noted(answer)
    }

    /// Announces a sealed file. Says how many of its pieces the gateway has, and whether it has all of it.
    pub(crate) async fn announce(&self, place: Place, bytes_count: u64) -> Result<(u32, bool), Status> {
        let (case_id, file_id) = named(place);
        let answer = self.files.clone().announce(AnnounceRequest { case_id, file_id, bytes_count }).await;
        self.noted(answer).map(|answer| (answer.pieces_held, answer.complete))
    }

    /// Hands over a piece of such a file.
    pub(crate) async fn put_piece(&self, place: Place, index: u32, sealed: Bytes) -> Result<(), Status> {
        let (case_id, file_id) = named(place);
        let answer = self.files.clone().put_piece(PutPieceRequest { case_id, file_id, index, sealed }).await;
        self.noted(answer).map(drop)
    }

    /// All pieces were handed over.
    pub(crate) async fn complete(&self, place: Place, outline: Bytes) -> Result<(), Status> {
        let (case_id, file_id) = named(place);
        let answer = self.files.clone().complete(CompleteRequest { case_id, file_id, outline }).await;
        self.noted(answer).map(drop)
    }

    /// The outline of a sealed file that an entry of the case names.
    pub(crate) async fn fetch_outline(&self, case: CaseId, digest: Digest) -> Result<Bytes, Status> {
        let (case_id, digest) = (copied(case.as_bytes()), copied(digest.as_bytes()));
        let answer = self.files.clone().fetch_outline(FetchOutlineRequest { case_id, digest }).await;
        self.noted(answer).map(|answer| answer.outline)
    }

    /// One piece of such a file, by its number and SHA-256.
    pub(crate) async fn fetch_piece(
        &self,
        (case, digest): (CaseId, Digest),
        (index, piece): (u32, Digest),
    ) -> Result<Bytes, Status> {
        let (case_id, digest) = (copied(case.as_bytes()), copied(digest.as_bytes()));
        let request = FetchPieceRequest { case_id, digest, index, piece_digest: copied(piece.as_bytes()) };
        let answer = self.files.clone().fetch_piece(request).await;
        self.noted(answer).map(|answer| answer.sealed)
    }

    /// Notes that the connection broke.
    pub(crate) fn lost(&self, why: &str) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) =
            Health { reachable: false, detail: why.to_owned() };
    }

    fn noted<T>(&self, answer: Result<tonic::Response<T>, Status>) -> Result<T, Status> {
        match &answer {
            Err(status) if is_away(status) => {
                self.lost(
                    &link::cause(status).map_or_else(|| status.message().to_owned(), |cause| link::explain(cause)),
                );
            }
            _ => {
                *self.health.lock().unwrap_or_else(PoisonError::into_inner) =
                    Health { reachable: true, detail: String::new() };
            }
        }
        answer.map(tonic::Response::into_inner)
    }
}

fn copied(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn named(place: Place) -> (Bytes, Bytes) {
    (copied(place.case.as_bytes()), copied(place.file.as_bytes()))
}

/// Whether the gateway was not reached at all, unlike a gateway that answered with a no.
pub(crate) fn is_away(status: &Status) -> bool {
    link::cause(status).is_some()
        || (status.details().is_empty()
            && matches!(
                status.code(),
                tonic::Code::Unavailable
                    | tonic::Code::DeadlineExceeded
                    | tonic::Code::Cancelled
                    | tonic::Code::Unknown
            ))
}
