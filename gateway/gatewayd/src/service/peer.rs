//! `rogatory.peer.v1`: what other gateways may call. The caller is who its TLS certificate says.

use std::sync::Arc;

use identity::Subject;
use ledger::{LEAVES_PER_BATCH_MAX, LeafHash, LeafSalt, Origin, SignedCheckpoint, Statement};
use model::{CaseId, Denial, Digest, EntryId, Fault, PartyId, ReceiptKind, limits};
use proto::peer::{
    ClaimKeyPackageRequest, ClaimKeyPackageResponse, GreetRequest, GreetResponse, LedgerGrowth, ProveHeadRequest,
    ProveHeadResponse, ReadLedgerRequest, ReadLedgerResponse, ReadOutlineRequest, ReadOutlineResponse,
    ReadPieceRequest, ReadPieceResponse, RelayRequest, RelayResponse, RelayVerdict, TryAgain, WitnessRequest,
    WitnessResponse, peer_service_server::PeerService, relay_verdict,
};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status};

use super::{gone, malformed, status};
use crate::{
    channels::{self, Greeting},
    clock,
    committer::{Claimed, GrownLeaf, Growth, Relay, RelayItem, Told, Work, fault_of, origin},
    files::{self, Reader},
    gateway::Gateway,
    heads, published, release,
};

pub(crate) struct Peers(pub(crate) Arc<Gateway>);

#[tonic::async_trait]
impl PeerService for Peers {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        let from = caller(&request)?;
        let GreetRequest { consent, directory, closed_ms, software, release } = request.into_inner();
        let theirs = release::greeted(&software, &release).map_err(status)?;
        let greeting = Greeting { directory, consent, closed_ms };
        channels::take_greeting(&self.0, from, greeting).await.map_err(status)?;
        release::note(&self.0, from, theirs).await;
        let Greeting { directory, consent, closed_ms } = channels::our_greeting(&self.0, from).await.map_err(status)?;
        let own = &self.0.release;
        let (software, release) = (own.software().to_owned(), own.sha256().as_bytes().to_vec().into());
        Ok(Response::new(GreetResponse { consent, directory, software, closed_ms, release }))
    }

    async fn relay(&self, request: Request<RelayRequest>) -> Result<Response<RelayResponse>, Status> {
        let from = caller(&request)?;
        let request = request.into_inner();
        self.0.trust.snapshot().require_open(from).map_err(status)?;
        self.require_directory(from, request.directory_version).map_err(status)?;
        if request.items.len() > limits::RELAY_BATCH_ENTRIES_MAX
            || request.receipts.len() > 4 * limits::RELAY_BATCH_ENTRIES_MAX
        {
            return Err(status(Denial::failed(Fault::TooLarge, "too many entries or receipts in one call")));
        }
        let growth = request.growth.map(|growth| self.read_growth(from, growth)).transpose().map_err(status)?;
        let items = request.items.into_iter().map(|item| self.read_item(from, item)).collect::<Result<_, _>>()?;
        let receipts = self.read_receipts(from, &request.receipts).map_err(status)?;
        let (answer, answered) = oneshot::channel();
        let work = Work::Relay(Relay { from, items, growth, receipts, answer });
        self.0.work.send(work).await.map_err(gone)?;
        let answer = answered.await.map_err(gone)?.map_err(status)?;
        let verdicts = answer.verdicts.into_iter().map(|(entry, told)| verdict(entry, told)).collect();
        let receipts_later = answer.later.iter().map(|entry| entry.as_bytes().to_vec().into()).collect();
        let cosignature = answer.cosignature.and_then(|line| String::from_utf8(line).ok()).unwrap_or_default();
        let leaves_held = answer.leaves_held;
        let cosignature_withheld = answer.withheld.unwrap_or_default();
        Ok(Response::new(RelayResponse { verdicts, cosignature, leaves_held, receipts_later, cosignature_withheld }))
    }

    async fn claim_key_package(
        &self,
        request: Request<ClaimKeyPackageRequest>,
    ) -> Result<Response<ClaimKeyPackageResponse>, Status> {
        let from = caller(&request)?;
        let ClaimKeyPackageRequest { authority, claimant } = request.into_inner();
        let snapshot = self.0.trust.snapshot();
        snapshot.require_open(from).map_err(status)?;
        let claimant = claimant.parse::<model::AuthorityId>().map_err(malformed)?;
        if claimant.party() != from || snapshot.store.authority(&claimant).is_none() {
            return Err(status(Denial::failed(
                Fault::Unknown,
                "the claimant is not an authority of the caller's party",
            )));
        }
        let key_package = claim(&self.0, &authority, &claimant.to_string()).await?;
        Ok(Response::new(ClaimKeyPackageResponse { key_package }))
    }

    async fn read_ledger(&self, request: Request<ReadLedgerRequest>) -> Result<Response<ReadLedgerResponse>, Status> {
        let from = caller(&request)?;
        let ReadLedgerRequest { log, path } = request.into_inner();
        self.0.trust.snapshot().require_open(from).map_err(status)?;
        let log: Origin = log.parse().map_err(malformed)?;
        if log != Origin::heads(self.0.own()) {
            self.require_between(from, log).map_err(status)?;
        }
        let content = published::read(&self.0.store, log, &path).await.map_err(status)?.into();
        Ok(Response::new(ReadLedgerResponse { content }))
    }

    async fn witness(&self, request: Request<WitnessRequest>) -> Result<Response<WitnessResponse>, Status> {
        let from = caller(&request)?;
        self.0.trust.snapshot().require_open(from).map_err(status)?;
        let answered = heads::witness(&self.0, from, &request.into_inner().body).await;
        let (code, body) = answered.map_err(status)?;
        Ok(Response::new(WitnessResponse { status: code.into(), body }))
    }

    async fn read_outline(
        &self,
        request: Request<ReadOutlineRequest>,
    ) -> Result<Response<ReadOutlineResponse>, Status> {
        let from = caller(&request)?;
        self.0.trust.snapshot().require_open(from).map_err(status)?;
        let ReadOutlineRequest { case_id, digest } = request.into_inner();
        let case = CaseId::try_from(&*case_id).map_err(malformed)?;
        let digest = Digest::try_from(&*digest).map_err(malformed)?;
        let outline = files::outline(&self.0, Reader::Gateway(from), case, digest).await.map_err(status)?;
        Ok(Response::new(ReadOutlineResponse { outline }))
    }

    async fn read_piece(&self, request: Request<ReadPieceRequest>) -> Result<Response<ReadPieceResponse>, Status> {
        let from = caller(&request)?;
        self.0.trust.snapshot().require_open(from).map_err(status)?;
        let ReadPieceRequest { case_id, digest, index, piece_digest } = request.into_inner();
        let file = (CaseId::try_from(&*case_id).map_err(malformed)?, Digest::try_from(&*digest).map_err(malformed)?);
        let piece = Digest::try_from(&*piece_digest).map_err(malformed)?;
        let sealed = files::piece(&self.0, Reader::Gateway(from), file, (index, piece)).await.map_err(status)?;
        Ok(Response::new(ReadPieceResponse { sealed }))
    }

    async fn prove_head(&self, request: Request<ProveHeadRequest>) -> Result<Response<ProveHeadResponse>, Status> {
        let from = caller(&request)?;
        let ProveHeadRequest { log, size } = request.into_inner();
        self.0.trust.snapshot().require_open(from).map_err(status)?;
        let log: Origin = log.parse().map_err(malformed)?;
        self.require_between(from, log).map_err(status)?;
        let timed = heads::timed_head(&self.0.store, self.0.own(), log, size).await.map_err(status)?;
        Ok(Response::new(ProveHeadResponse { timed_head: timed.encode().into() }))
    }
}

impl Peers {
    /// A log of others is told of as one that does not exist.
    fn require_between(&self, from: PartyId, log: Origin) -> Result<(), Denial> {
        let own = self.0.own();
        if log == origin(from, own)? || log == origin(own, from)? {
            return Ok(());
        }
        Err(Denial::failed(Fault::Unknown, "no log of a channel between the caller and us"))
    }

    /// What a party signs under a directory that we have not seen is not refused for good: we look first.
    fn require_directory(&self, from: PartyId, version: u64) -> Result<(), Denial> {
        let snapshot = self.0.trust.snapshot();
        let known = snapshot.store.directory(from).filter(|directory| directory.check_at(clock::now()).is_ok());
        if known.is_some_and(|directory| directory.version >= version) {
            return Ok(());
        }
        self.0.bells.greeter(from).notify_one();
        Err(Denial::failed(Fault::PeerUnreachable, "your newest directory is not here yet: it is fetched"))
    }

    fn read_item(&self, from: PartyId, item: proto::peer::RelayItem) -> Result<RelayItem, Status> {
        let entry = item.entry.ok_or_else(|| malformed("an item without an entry"))?;
        let received = proto::convert::receive_entry(entry).map_err(|denial| {
            telemetry::say!(Warn, "an entry of a peer cannot be read", fault = fault_of(&denial));
            status(denial)
        })?;
        let claimed = Claimed::of_received(&received);
        let entry = self.0.trust.snapshot().store.verify_entry(received, clock::now());
        let said = self.read_said(from, &claimed, item.submission.as_ref(), item.failure.as_ref());
        Ok(RelayItem { claimed, entry, said, trace: item.traceparent })
    }

    /// What the caller stated of an entry that it brings: that it took it from its desk, and that it gave it up, where it did. What is
    /// not proven may be so with the caller's newest directory, so nothing is decided on the entry.
    fn read_said(
        &self,
        from: PartyId,
        claimed: &Claimed,
        submission: Option<&proto::types::SignedReceipt>,
        failure: Option<&proto::types::SignedReceipt>,
    ) -> Result<Vec<model::SignedReceipt>, Denial> {
        let unsaid = |detail: &str| Denial::failed(Fault::PeerUnreachable, detail);
        let submission = submission.ok_or_else(|| unsaid("an entry without its SubmissionAcceptance"))?;
        let failure = failure.map(|failure| (ReceiptKind::RelayFailure, failure));
        let mut said = Vec::with_capacity(2);
        for (kind, wire) in [(ReceiptKind::SubmissionAcceptance, submission)].into_iter().chain(failure) {
            let signed = proto::decode_receipt(wire).map_err(|denial| unsaid(&denial.to_string()))?;
            let receipt = &signed.receipt;
            let same = (receipt.entry, receipt.case, receipt.header, receipt.envelope)
                == (claimed.entry, claimed.case, claimed.header, claimed.envelope);
            if receipt.kind != kind || receipt.by != from || !same {
                return Err(unsaid("a receipt that came with an entry is on another one, or of another kind"));
            }
            if kind == ReceiptKind::RelayFailure && receipt.epoch.is_some() {
                return Err(unsaid("a RelayFailure that came with an entry certifies an epoch"));
            }
            let proven = self.0.trust.snapshot().store.verify_receipt_among(&signed, &mut self.0.proven.lock());
            proven.map_err(|denial| unsaid(&format!("a receipt that came with an entry does not hold: {denial}")))?;
            said.push(signed);
        }
        Ok(said)
    }

    fn read_growth(&self, from: PartyId, growth: LedgerGrowth) -> Result<Growth, Denial> {
        if growth.leaves.len() > LEAVES_PER_BATCH_MAX {
            return Err(Denial::failed(Fault::TooLarge, "too many leaves in one call"));
        }
        let key = self.0.trust.snapshot().store.head_key(from);
        let key = key.ok_or_else(|| Denial::failed(Fault::ChannelNotOpen, "the caller's directory is not known"))?;
        let origin = origin(from, self.0.own())?;
        let head = SignedCheckpoint::verify(growth.checkpoint.as_bytes(), origin, &key)?;
        let leaves = growth.leaves.iter().map(read_leaf).collect::<Result<_, _>>()?;
        Ok(Growth { first: growth.first_leaf, leaves, head })
    }

    fn read_receipts(
        &self,
        from: PartyId,
        receipts: &[proto::types::SignedReceipt],
    ) -> Result<Vec<model::SignedReceipt>, Denial> {
        let snapshot = self.0.trust.snapshot();
        let mut read = Vec::with_capacity(receipts.len());
        for signed in receipts {
            let signed = proto::decode_receipt(signed)?;
            snapshot.store.verify_receipt_among(&signed, &mut self.0.proven.lock())?;
            if signed.receipt.by != from {
                return Err(Denial::failed(Fault::Malformed, "a receipt of another gateway than the caller"));
            }
            read.push(signed);
        }
        Ok(read)
    }
}

/// Takes a KeyPackage of an own authority.
pub(crate) async fn claim(gateway: &Gateway, authority: &str, by: &str) -> Result<bytes::Bytes, Status> {
    let authority = authority.parse::<model::AuthorityId>().map_err(malformed)?;
    let claimed = gateway.store.claim_key_package(&authority, by, clock::now().0).await;
    match claimed.map_err(|error| status(error.into()))? {
        Some(key_package) => Ok(key_package.0.into()),
        None => {
            let detail =
                format!("no KeyPackage of {authority} lies ready: its desk must be running, or have run lately");
            Err(status(Denial::failed(Fault::PeerUnreachable, detail)))
        }
    }
}

fn verdict(entry: EntryId, told: Result<Told, Denial>) -> RelayVerdict {
    let signed = told.and_then(|told| {
        let delivery = told.delivery.map(|delivery| delivery.signed()).transpose()?;
        Ok((told.verdict.signed()?, delivery))
    });
    let (outcome, delivery) = match signed {
        Ok((verdict, delivery)) => (relay_verdict::Outcome::Receipt((&verdict).into()), delivery),
        Err(denial) => {
            let detail = match &denial {
                // What our storage says is ours alone.
                Denial::Failed { fault: Fault::Storage | Fault::Internal, .. } | Denial::Refused(_) => denial.remedy(),
                Denial::Failed { detail, .. } => detail,
            };
            let (reason, detail) = (denial.reason().to_owned(), detail.to_owned());
            (relay_verdict::Outcome::TryAgain(TryAgain { reason, detail }), None)
        }
    };
    RelayVerdict {
        entry_id: entry.as_bytes().to_vec().into(),
        outcome: Some(outcome),
        delivery: delivery.as_ref().map(Into::into),
    }
}

fn read_leaf(leaf: &proto::peer::LedgerLeaf) -> Result<GrownLeaf, Denial> {
    let malformed = |error: model::Malformed| Denial::failed(Fault::Malformed, error.to_string());
    Ok(GrownLeaf {
        hash: LeafHash(Digest::try_from(&*leaf.hash).map_err(malformed)?),
        salt: LeafSalt(*Digest::try_from(&*leaf.salt).map_err(malformed)?.as_bytes()),
        statement: Statement::decode(&leaf.statement)?,
    })
}

fn caller<T>(request: &Request<T>) -> Result<PartyId, Status> {
    match link::subject_of(request)? {
        Subject::Gateway(party) => Ok(party),
        Subject::Desk(_) => Err(Status::permission_denied("a desk calls its own gateway's other port")),
    }
}
