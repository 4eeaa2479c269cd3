//! The line to the gateway that shall refuse: as a desk to its own gateway, or as a gateway to its peer.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::rand;
use identity::{ChannelConsent, Domain, Received, RootCertificate, SigningKey, Subject, TrustStore};
use ledger::{LeafSalt, Log, Origin, Statement};
use link::{Anchors, CallLimits, Channel, Credentials, Remote};
use model::{
    AuthorityId, Denial, Entry, EntryId, EpochCertificate, Fault, Header, PartyId, Payload, Receipt, ReceiptKind,
    SignedReceipt, Step, Timestamp,
};
use proto::{
    convert::{receive_directory, send_directory},
    desk::{
        ClaimKeyPackageRequest, ListDirectoriesRequest, SubmitRequest, WatchRequest, WatchResponse,
        submission_service_client::SubmissionServiceClient, watch_response,
    },
    peer::{
        self, GreetRequest, LedgerGrowth, LedgerLeaf, RelayItem, RelayRequest, peer_service_client::PeerServiceClient,
        relay_verdict,
    },
};
use roster::{CaseBinding, Follower};
use rustls_pki_types::TrustAnchor;
use tokio::time::{Instant, timeout_at};
use tonic::Streaming;

use super::keys::GatewayKeys;
use crate::{clock, failure::Failure};

/// How long a gateway may take with an answer.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// How an entry reaches the gateway that shall refuse it.
pub(crate) enum Line {
    /// Submitted to the own party's gateway.
    Own(Box<OwnLine>),
    /// Relayed to the other party's gateway.
    Peer(Box<PeerLine>),
}

/// As a desk, over `SubmissionService`.
pub(crate) struct OwnLine {
    client: SubmissionServiceClient<Channel>,
    watch: Streaming<WatchResponse>,
    /// What came while something else was waited for.
    arrived: Vec<Received<Entry>>,
    outcomes: Vec<SignedReceipt>,
}

/// As a gateway, over `PeerService`, with a ledger of its own as the contract wants.
pub(crate) struct PeerLine {
    client: PeerServiceClient<Channel>,
    own: PartyId,
    ledger: SigningKey,
    trust: TrustStore,
    log: Log,
    origin: Origin,
}

/// The root of whoever is called.
#[derive(Debug)]
struct OneRoot(RootCertificate);

impl Anchors for OneRoot {
    fn allows(&self, subject: &Subject) -> bool {
        subject.party() == self.0.party()
    }

    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>> {
        (subject.party() == self.0.party() && self.0.check_at(now).is_ok()).then(|| self.0.anchor().clone())
    }
}

/// A connection to the gateway whose root is `root`.
fn connect(endpoint: &str, root: &[u8], own: Credentials) -> Result<Channel, Failure> {
    let root = RootCertificate::parse(root)?;
    let expected = Subject::Gateway(root.party());
    let anchors = Arc::new(OneRoot(root));
    Ok(Remote { endpoint: endpoint.to_owned(), expected, own, anchors, limits: CallLimits::default() }.connect()?)
}

impl OwnLine {
    /// Connects as a desk. Gives the line and the directories that the gateway serves.
    pub(crate) async fn open(endpoint: &str, root: &[u8], own: Credentials) -> Result<(Self, TrustStore), Failure> {
        let mut client = SubmissionServiceClient::new(connect(endpoint, root, own)?);
        let listed = client.list_directories(ListDirectoriesRequest::default()).await?.into_inner();
        let own = receive_directory(listed.own.ok_or_else(|| Failure::unexpected("a gateway without a directory"))?)?;
        let foreign: Vec<_> = listed.foreign.into_iter().map(receive_directory).collect::<Result<_, _>>()?;
        let trust = TrustStore::new(root, &own, &foreign, clock::now())?;
        let watch = client.watch(WatchRequest { after: 0 }).await?.into_inner();
        Ok((Self { client, watch, arrived: Vec::new(), outcomes: Vec::new() }, trust))
    }

    /// The outcome of an entry that was submitted: the other gateway's verdict.
    async fn outcome(&mut self, entry: EntryId) -> Result<SignedReceipt, Failure> {
        let deadline = Instant::now() + ANSWER_MAX;
        loop {
            let verdict = |signed: &SignedReceipt| {
                let kinds = [ReceiptKind::RelayAcceptance, ReceiptKind::RelayRejection];
                signed.receipt.entry == entry && kinds.contains(&signed.receipt.kind)
            };
            if let Some(found) = self.outcomes.iter().find(|signed| verdict(signed)) {
                return Ok(found.clone());
            }
            self.next(deadline).await?;
        }
    }

    /// The next entry that arrives for this desk and that `wanted` asks for.
    pub(crate) async fn arrival(&mut self, wanted: impl Fn(&Header) -> bool) -> Result<Received<Entry>, Failure> {
        let deadline = Instant::now() + ANSWER_MAX;
        loop {
            if let Some(at) = self.arrived.iter().position(|entry| wanted(entry.claimed())) {
                return Ok(self.arrived.remove(at));
            }
            self.next(deadline).await?;
        }
    }

    /// Takes one item of the stream, or nothing when time is up.
    async fn next(&mut self, deadline: Instant) -> Result<(), Failure> {
        let item = match timeout_at(deadline, self.watch.message()).await {
            Ok(item) => item?.and_then(|item| item.item),
            Err(_) => return Err(Failure::unexpected("a gateway did not answer in time")),
        };
        match item {
            Some(watch_response::Item::Outcome(signed)) => self.outcomes.push(proto::decode_receipt(&signed)?),
            Some(watch_response::Item::Arrival(arrival)) => {
                let entry = arrival.entry.ok_or_else(|| Failure::unexpected("an arrival without an entry"))?;
                self.arrived.push(proto::convert::receive_entry(entry)?);
            }
            None => return Err(Failure::unexpected("a gateway ended the stream")),
        }
        Ok(())
    }
}

impl PeerLine {
    /// Connects as the gateway of `own`, and says yes to the channel.
    pub(crate) async fn open(
        endpoint: &str,
        root: &[u8],
        own: PartyId,
        keys: GatewayKeys,
        trust: &mut TrustStore,
    ) -> Result<Self, Failure> {
        let mut client = PeerServiceClient::new(connect(endpoint, root, keys.tls)?);
        let peer = RootCertificate::parse(root)?;
        let now = clock::now();
        let own_root = trust.fingerprint(own).ok_or_else(|| Failure::unexpected("no root of its own"))?;
        let consent = ChannelConsent { from: own, to: peer.party(), own_root, their_root: peer.fingerprint(), at: now };
        let signature = keys.ledger.sign(Domain::Consent, &consent.to_bytes());
        let greeting = GreetRequest {
            consent: Some(peer::ChannelConsent { statement: consent.to_bytes().into(), signature: signature.into() }),
            directory: Some(send_directory(&keys.directory.opened_to(peer.party(), &keys.directory.openings))),
            software: "hostile".to_owned(),
            closed_ms: 0,
            release: Vec::new().into(),
        };
        let answer = client.greet(greeting).await?.into_inner();
        let theirs = answer.directory.ok_or_else(|| Failure::unexpected("a gateway without a directory"))?;
        trust.add(&receive_directory(theirs)?, now)?;
        let origin = Origin::new(own, peer.party())?;
        Ok(Self { client, own, ledger: keys.ledger, trust: trust.clone(), log: Log::default(), origin })
    }

    async fn relay(&mut self, entry: &Entry) -> Result<SignedReceipt, Denial> {
        let now = clock::now();
        let submission = Receipt {
            kind: ReceiptKind::SubmissionAcceptance,
            by: self.own,
            entry: entry.header.entry,
            case: entry.header.case,
            header: entry.header_digest(),
            envelope: entry.envelope_digest(),
            at: now,
            leaf: Some(self.log.size()),
            refusal: None,
            epoch: self.leads_to(entry, now),
            authenticator: None,
        };
        let bytes = proto::encode_receipt(&submission);
        let other = entry.header.counterpart(self.own);
        let submission = identity::sign_receipts(&self.ledger, self.own, other, vec![(submission, bytes)])?;
        let growth = Some(self.grow(entry, now)?);
        let item = RelayItem {
            entry: Some(proto::convert::send_entry(entry)),
            submission: submission.first().map(Into::into),
            traceparent: String::new(),
            failure: None,
        };
        let request = RelayRequest { items: vec![item], growth, ..RelayRequest::default() };
        let answer = self.client.relay(request).await.map_err(|status| proto::status::to_denial(&status))?.into_inner();
        let outcome = answer.verdicts.into_iter().next().and_then(|verdict| verdict.outcome);
        match outcome {
            Some(relay_verdict::Outcome::Receipt(signed)) => proto::decode_receipt(&signed),
            Some(relay_verdict::Outcome::TryAgain(again)) => {
                let fault = Fault::ALL.into_iter().find(|fault| fault.as_str() == again.reason);
                Err(Denial::failed(fault.unwrap_or(Fault::PeerUnreachable), again.detail))
            }
            None => Err(Denial::failed(Fault::PeerUnreachable, "no verdict")),
        }
    }

    /// The epoch of a group that is opened by the book. A gateway that certifies another one is not listened to any further.
    fn leads_to(&self, entry: &Entry, now: Timestamp) -> Option<EpochCertificate> {
        let (Payload::Handshake(handshake), Step::OpenGroup) = (&entry.payload, entry.header.step) else { return None };
        let header = &entry.header;
        let binding = CaseBinding::new(header.case, header.pin, header.home, header.peer);
        Some(Follower::open_with(handshake, &binding, &self.trust, now).ok()?.epoch)
    }

    /// One more leaf for the entry, and a signed head over it.
    fn grow(&mut self, entry: &Entry, now: Timestamp) -> Result<LedgerGrowth, Denial> {
        let statement = Statement::of_entry(entry.header.entry, entry.header_digest(), entry.envelope_digest(), now);
        let mut salt = LeafSalt([0; 32]);
        rand::fill(&mut salt.0).map_err(|_| Denial::failed(Fault::Internal, "no randomness"))?;
        let hash = statement.leaf(&salt);
        let first_leaf = self.log.size();
        (self.log, _) = self.log.append(&[hash])?;
        let head = self.log.head(self.origin).sign(&self.ledger)?;
        let leaf = LedgerLeaf {
            hash: hash.0.as_bytes().to_vec().into(),
            salt: salt.0.to_vec().into(),
            statement: statement.encode().to_vec().into(),
        };
        let checkpoint = String::from_utf8_lossy(head.note()).into_owned();
        Ok(LedgerGrowth { first_leaf, leaves: vec![leaf], checkpoint })
    }
}

impl Line {
    /// A KeyPackage of `authority`.
    pub(crate) async fn claim(&mut self, authority: &AuthorityId, claimant: &AuthorityId) -> Result<Vec<u8>, Failure> {
        let authority = authority.to_string();
        let claimed = match self {
            Self::Own(line) => {
                line.client.claim_key_package(ClaimKeyPackageRequest { authority }).await?.into_inner().key_package
            }
            Self::Peer(line) => {
                let asked = peer::ClaimKeyPackageRequest { authority, claimant: claimant.to_string() };
                line.client.claim_key_package(asked).await?.into_inner().key_package
            }
        };
        Ok(claimed.to_vec())
    }

    /// Hands an entry over. A receipt that accepts it, or the denial.
    pub(crate) async fn deliver(&mut self, entry: &Entry) -> Result<SignedReceipt, Denial> {
        let receipt = match self {
            Self::Own(line) => {
                let request = SubmitRequest { entry: Some(proto::convert::send_entry(entry)), sealed_count: 0 };
                let answer = line.client.submit(request).await.map_err(|status| proto::status::to_denial(&status))?;
                let none = || Denial::failed(Fault::PeerUnreachable, "no receipt");
                proto::decode_receipt(&answer.into_inner().receipt.ok_or_else(none)?)?
            }
            Self::Peer(line) => line.relay(entry).await?,
        };
        match (&receipt.receipt.kind, &receipt.receipt.refusal) {
            (ReceiptKind::SubmissionAcceptance | ReceiptKind::RelayAcceptance, _) => Ok(receipt),
            (_, Some(refusal)) => Err(refusal.clone().into()),
            (kind, None) => Err(Denial::failed(Fault::PeerUnreachable, kind.as_str())),
        }
    }

    /// What the gateways certified of the epoch that a handshake led to. `receipt` is what it was handed over for.
    pub(crate) async fn certificate(
        &mut self,
        receipt: &SignedReceipt,
        trust: &TrustStore,
    ) -> Result<EpochCertificate, Failure> {
        let verdict = match self {
            Self::Own(line) => line.outcome(receipt.receipt.entry).await?,
            Self::Peer(_) => receipt.clone(),
        };
        let verdict = trust.verify_receipt(&verdict)?;
        let none = || Failure::unexpected("a case could not be opened: the other gateway certified no epoch");
        verdict.get().epoch.clone().ok_or_else(none)
    }

    /// The peer gateway's verdict on an entry that the own gateway took.
    pub(crate) async fn verdict(&mut self, receipt: &SignedReceipt) -> Result<SignedReceipt, Failure> {
        match self {
            Self::Own(line) => line.outcome(receipt.receipt.entry).await,
            Self::Peer(_) => Ok(receipt.clone()),
        }
    }
}
