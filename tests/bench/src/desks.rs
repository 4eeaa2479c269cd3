//! The two desks, played in this process with the keys and certificates of their folders.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use identity::{
    Domain, Passphrase, ProvenBatches, Received, RootCertificate, SigningKey, Subject, TlsIdentity, TrustStore,
    certificates_from_pem, open_pkcs8,
};
use link::{Anchors, CallLimits, Channel, Credentials, Remote};
use model::{AuthorityId, CaseId, Digest, Entry, EntryId, PartyId, ReceiptKind, SignedReceipt, Timestamp, limits};
use proto::{
    convert::{Opening, opening_reports_message, receive_directory, send_openings, signature_to_wire},
    desk::{
        AcknowledgeRequest, ClaimKeyPackageRequest, ListDirectoriesRequest, PublishKeyPackagesRequest, SubmitRequest,
        WatchRequest, WatchResponse, submission_service_client::SubmissionServiceClient, watch_response::Item,
    },
    types as wire,
};
use rustls_pki_types::TrustAnchor;
use seal::{LeafIdentity, PreparedKeyPackage};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_stream::StreamExt;

use crate::{
    failure::Failure,
    states::{PARTIES, State, States},
};

/// Reports in one acknowledgement.
const REPORTS_MAX: usize = 256;
/// How often a KeyPackage is asked for that a desk has still to make, and the pause between.
const CLAIMS_MAX: usize = 700;
const CLAIM_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
const MESSAGE_BYTES_MAX: usize = limits::SEALED_BYTES_MAX + limits::HANDSHAKE_BYTES_MAX;

/// What a desk is told by its gateway.
pub(crate) enum Event {
    /// An entry of the other side, with the own gateway's receipt.
    Arrival { cursor: u64, entry: Box<Received<Entry>>, receipt: SignedReceipt },
    /// What became of an entry of ours.
    Outcome(SignedReceipt),
}

/// Who waits for news of a case.
#[derive(Clone, Default)]
pub(crate) struct Routes(Arc<Mutex<HashMap<CaseId, mpsc::UnboundedSender<Event>>>>);

impl Routes {
    pub(crate) fn listen(&self, case: CaseId) -> mpsc::UnboundedReceiver<Event> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(case, sender);
        receiver
    }

    pub(crate) fn forget(&self, case: CaseId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&case);
    }

    fn tell(&self, case: CaseId, event: Event) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&case) {
            // A case that ended does not listen any more.
            let _ = sender.send(event);
        }
    }
}

/// One desk: its keys, its officers' keys, and its connection.
pub(crate) struct Desk {
    pub(crate) id: AuthorityId,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) leaf: LeafIdentity,
    pub(crate) officers: Vec<SigningKey>,
    /// A judge of the same state, and whose.
    pub(crate) judge: (AuthorityId, SigningKey),
    pub(crate) trust: TrustStore,
    client: SubmissionServiceClient<Channel>,
    reports: mpsc::UnboundedSender<(u64, Opening)>,
    turns: Turns,
    /// Batches of receipts whose signature held, as `deskd` remembers them.
    proven: Mutex<ProvenBatches>,
}

/// The moments at which gateways stated something: entries of one turn of a committer share theirs.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<BTreeSet<(PartyId, Timestamp)>>>);

impl Turns {
    pub(crate) fn note(&self, signed: &SignedReceipt) {
        let receipt = &signed.receipt;
        if matches!(receipt.kind, ReceiptKind::SubmissionAcceptance | ReceiptKind::RelayAcceptance) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((receipt.by, receipt.at));
        }
    }

    pub(crate) fn take(&self) -> usize {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).len()
    }
}

/// Both desks.
pub(crate) struct Desks {
    /// Of the requesting and of the requested state.
    pub(crate) both: [Desk; 2],
    pub(crate) routes: Routes,
    pub(crate) turns: Turns,
}

impl Desks {
    pub(crate) async fn connect(states: &States, now: Timestamp) -> Result<Self, Failure> {
        let (routes, turns) = (Routes::default(), Turns::default());
        let [home, peer] = &states.states;
        let home = Desk::connect(home, PARTIES[0], Some(&routes), &turns, now).await?;
        let peer = Desk::connect(peer, PARTIES[1], Some(&routes), &turns, now).await?;
        Ok(Self { both: [home, peer], routes, turns })
    }

    /// The same where the requested state's desk runs by itself: what is for it is not taken here.
    pub(crate) async fn connect_home(states: &States, now: Timestamp) -> Result<Self, Failure> {
        let (routes, turns) = (Routes::default(), Turns::default());
        let [home, peer] = &states.states;
        let home = Desk::connect(home, PARTIES[0], Some(&routes), &turns, now).await?;
        let peer = Desk::connect(peer, PARTIES[1], None, &turns, now).await?;
        Ok(Self { both: [home, peer], routes, turns })
    }

    /// Claims a KeyPackage that the requested desk has made by itself; waits until there is one.
    pub(crate) async fn claim(&self) -> Result<(bytes::Bytes, PreparedKeyPackage), Failure> {
        let [home, peer] = &self.both;
        let request = || ClaimKeyPackageRequest { authority: peer.id.to_string() };
        let mut tries = 0;
        let public = loop {
            match home.client.clone().claim_key_package(request()).await {
                Ok(claimed) => break claimed.into_inner().key_package,
                Err(status) if tries > CLAIMS_MAX => return Err(status.into()),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(CLAIM_PAUSE).await;
        };
        let package = PreparedKeyPackage {
            reference: Digest::of(&[&public]),
            public: public.to_vec(),
            // The desk keeps it for itself.
            private: zeroize::Zeroizing::default(),
            expires: Timestamp(0),
            last_resort: false,
        };
        Ok((public, package))
    }

    /// Makes KeyPackages of the requested desk, and claims them for the other one through both gateways.
    pub(crate) async fn key_packages(
        &self,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<(bytes::Bytes, PreparedKeyPackage)>, Failure> {
        let [home, peer] = &self.both;
        let mut claimed = Vec::with_capacity(count);
        while claimed.len() < count {
            let some = (count - claimed.len()).min(limits::KEY_PACKAGES_MAX / 2);
            let mut made: HashMap<Vec<u8>, PreparedKeyPackage> =
                seal::prepare_key_packages(&peer.leaf, some, false, now)?
                    .into_iter()
                    .map(|package| (package.public.clone(), package))
                    .collect();
            let key_packages = made.keys().map(|public| bytes::Bytes::from(public.clone())).collect();
            peer.client
                .clone()
                .publish_key_packages(PublishKeyPackagesRequest { key_packages, withdraw: false })
                .await?;
            // Each is a durable write of its own, so some at a time.
            let mut claims = JoinSet::new();
            for _ in 0..some {
                let (mut client, authority) = (home.client.clone(), peer.id.to_string());
                claims.spawn(async move { client.claim_key_package(ClaimKeyPackageRequest { authority }).await });
            }
            while let Some(claim) = claims.join_next().await {
                let package = claim??.into_inner().key_package;
                let own = made.remove(&*package).ok_or_else(|| Failure::new("a KeyPackage of somebody else"))?;
                claimed.push((package, own));
            }
        }
        Ok(claimed)
    }
}

impl Desk {
    async fn connect(
        state: &State,
        party: &str,
        routes: Option<&Routes>,
        turns: &Turns,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let id: AuthorityId = format!("{party}:central").parse()?;
        let folder = state.dir.join("desks/central");
        let phrase = passphrase(&folder)?;
        let own = Credentials::new(&tls_identity(&folder)?)?;
        let root = certificates_from_pem(&fs::read_to_string(folder.join("root.cert.pem"))?)?;
        let root = root.first().ok_or_else(|| Failure::new("a desk without a root"))?;
        let remote = Remote {
            endpoint: state.desks.clone(),
            expected: Subject::Gateway(id.party()),
            own,
            anchors: Arc::new(Pins(vec![RootCertificate::parse(root)?])),
            limits: CallLimits { connections: 2, ..CallLimits::default() },
        };
        let client = SubmissionServiceClient::new(remote.connect()?)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        let directories = client.clone().list_directories(ListDirectoriesRequest::default()).await?.into_inner();
        let own_directory = directories.own.ok_or_else(|| Failure::new("a gateway without a directory"))?;
        let foreign: Vec<_> = directories.foreign.into_iter().map(receive_directory).collect::<Result<_, _>>()?;
        let trust = TrustStore::new(root, &receive_directory(own_directory)?, &foreign, now)?;
        let leaf_chain = certificates_from_pem(&fs::read_to_string(folder.join("leaf.cert.pem"))?)?;
        let leaf_key = open_pkcs8(&fs::read_to_string(folder.join("leaf.key.pem"))?, &phrase)?;
        let (reports, waiting) = mpsc::unbounded_channel();
        let key = Arc::new(SigningKey::open(&fs::read_to_string(folder.join("desk.key.pem"))?, &phrase)?);
        tokio::spawn(acknowledge(client.clone(), key.clone(), waiting));
        if let Some(routes) = routes {
            let stream = client.clone().watch(WatchRequest { after: 0 }).await?.into_inner();
            tokio::spawn(watch(stream, routes.clone()));
        }
        let officer = |authority: &str, name: &str| signing_key(&state.dir.join("officers").join(authority).join(name));
        Ok(Self {
            key,
            leaf: LeafIdentity::from_pkcs8(&leaf_chain, &leaf_key)?,
            officers: vec![officer("central", "officer-1")?, officer("central", "officer-2")?],
            judge: (format!("{party}:judicial").parse()?, officer("judicial", "officer-1")?),
            id,
            trust,
            client,
            reports,
            turns: turns.clone(),
            proven: Mutex::default(),
        })
    }

    /// Hands an entry over. The answer is durable.
    pub(crate) async fn submit(&self, entry: wire::Entry) -> Result<SignedReceipt, Failure> {
        let answer = self.client.clone().submit(SubmitRequest { entry: Some(entry), sealed_count: 0 }).await?;
        let receipt = answer.into_inner().receipt.ok_or_else(|| Failure::new("an answer without a receipt"))?;
        Ok(proto::decode_receipt(&receipt)?)
    }

    /// A receipt whose signature holds.
    pub(crate) fn proven(&self, signed: &SignedReceipt) -> Result<(), Failure> {
        self.trust.verify_receipt_among(signed, &mut self.proven.lock().unwrap_or_else(PoisonError::into_inner))?;
        self.turns.note(signed);
        Ok(())
    }

    /// Says that an entry was opened; after a handshake with the hash of the epoch authenticator.
    pub(crate) fn report(&self, cursor: u64, entry: EntryId, authenticator: Option<Digest>) {
        // The task ends with the desk.
        let _ = self.reports.send((cursor, (entry, true, authenticator)));
    }
}

/// Acknowledges what waits, in one call at a time, signed once.
async fn acknowledge(
    mut client: SubmissionServiceClient<Channel>,
    key: Arc<SigningKey>,
    mut waiting: mpsc::UnboundedReceiver<(u64, Opening)>,
) {
    let mut some = Vec::new();
    while waiting.recv_many(&mut some, REPORTS_MAX).await > 0 {
        some.sort_by_key(|(cursor, _)| *cursor);
        let cursor = some.last().map(|(cursor, _)| *cursor).unwrap_or_default();
        let said: Vec<_> = some.drain(..).map(|(_, report)| report).collect();
        let signature = key.signature(Domain::Acknowledgement, &opening_reports_message(&said));
        let (reports, signature) = (send_openings(&said), Some(signature_to_wire(&signature)));
        if let Err(status) = client.acknowledge(AcknowledgeRequest { cursor, reports, signature }).await {
            eprintln!("bench: an acknowledgement was not taken: {status}");
        }
    }
}

/// Passes on what comes to whom it is for.
async fn watch(mut stream: tonic::Streaming<WatchResponse>, routes: Routes) {
    while let Some(Ok(response)) = stream.next().await {
        if let Err(failure) = pass_on(response, &routes) {
            eprintln!("bench: what the gateway sent cannot be read: {failure}");
        }
    }
}

fn pass_on(response: WatchResponse, routes: &Routes) -> Result<(), Failure> {
    match response.item {
        Some(Item::Arrival(arrival)) => {
            let entry = arrival.entry.ok_or_else(|| Failure::new("an arrival without an entry"))?;
            let receipt = arrival.receipt.ok_or_else(|| Failure::new("an arrival without a receipt"))?;
            let entry = Box::new(proto::convert::receive_entry(entry)?);
            let receipt = proto::decode_receipt(&receipt)?;
            let case = entry.claimed().case;
            routes.tell(case, Event::Arrival { cursor: response.cursor, entry, receipt });
        }
        Some(Item::Outcome(receipt)) => {
            let receipt = proto::decode_receipt(&receipt)?;
            routes.tell(receipt.receipt.case, Event::Outcome(receipt));
        }
        None => {}
    }
    Ok(())
}

/// Pinned roots, each for its own state.
#[derive(Debug)]
pub(crate) struct Pins(pub(crate) Vec<RootCertificate>);

impl Anchors for Pins {
    fn allows(&self, subject: &Subject) -> bool {
        self.0.iter().any(|root| root.party() == subject.party())
    }

    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>> {
        let root = self.0.iter().find(|root| root.party() == subject.party() && root.check_at(now).is_ok())?;
        Some(root.anchor().clone())
    }
}

/// The TLS certificate and key in a folder of a gateway or desk.
pub(crate) fn tls_identity(folder: &Path) -> Result<TlsIdentity, Failure> {
    Ok(TlsIdentity {
        chain: certificates_from_pem(&fs::read_to_string(folder.join("tls.cert.pem"))?)?,
        key_pkcs8: open_pkcs8(&fs::read_to_string(folder.join("tls.key.pem"))?, &passphrase(folder)?)?,
    })
}

fn signing_key(folder: &Path) -> Result<SigningKey, Failure> {
    Ok(SigningKey::open(&fs::read_to_string(folder.join("key.pem"))?, &passphrase(folder)?)?)
}

pub(crate) fn passphrase(folder: &Path) -> Result<Passphrase, Failure> {
    Ok(Passphrase::new(&fs::read(folder.join("passphrase"))?)?)
}
