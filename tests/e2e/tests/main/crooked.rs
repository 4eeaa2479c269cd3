//! A gateway that misbehaves: an honest one behind a front that has its keys. What comes and what is answered passes through the tests'
//! mischief, signed anew where it has to be; the gateways do not know of it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use identity::{HeadSigner, RootCertificate, SigningKey, Subject};
use ledger::{LeafHash, LeafSalt, Log, Origin, Resource, SignedCheckpoint, Statement, StoredHashes, Tile, WitnessName};
use link::{Anchors, Channel, Credentials, EdgeLimits, ServerTls};
use model::{Digest, PartyId, Receipt, Timestamp};
use proto::{
    peer::{
        ClaimKeyPackageRequest, ClaimKeyPackageResponse, GreetRequest, GreetResponse, LedgerGrowth, LedgerLeaf,
        ProveHeadRequest, ProveHeadResponse, ReadLedgerRequest, ReadLedgerResponse, ReadOutlineRequest,
        ReadOutlineResponse, ReadPieceRequest, ReadPieceResponse, RelayRequest, RelayResponse, WitnessRequest,
        WitnessResponse,
        peer_service_client::PeerServiceClient,
        peer_service_server::{PeerService, PeerServiceServer},
    },
    types,
};
use rustls_pki_types::TrustAnchor;
use tokio::{net::TcpListener, task::JoinHandle};
use tonic::{Request, Response, Status, service::Routes};

use crate::{scribe::random_id, state::State, wire};

/// What is done to the answer to a call.
type Mischief = Box<dyn FnMut(&RelayRequest, &mut RelayResponse) + Send>;
/// What is done to a piece of a sealed file, by its number.
type Tampering = Box<dyn FnMut(u32, &mut Vec<u8>) + Send>;

/// A front of a gateway.
pub(crate) struct Crooked {
    address: SocketAddr,
    mischief: Arc<Mutex<Option<Mischief>>>,
    tampering: Arc<Mutex<Option<Tampering>>>,
    published: Arc<Mutex<Published>>,
    task: JoinHandle<()>,
}

/// The tiles of logs, by log and path.
pub(crate) type Published = BTreeMap<(String, String), Vec<u8>>;

struct Front {
    behind: PeerServiceClient<Channel>,
    mischief: Arc<Mutex<Option<Mischief>>>,
    tampering: Arc<Mutex<Option<Tampering>>>,
    published: Arc<Mutex<Published>>,
}

/// Lets one party's gateway in.
#[derive(Debug)]
struct Only(RootCertificate);

impl Anchors for Only {
    fn allows(&self, subject: &Subject) -> bool {
        *subject == Subject::Gateway(self.0.party())
    }

    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>> {
        (subject.party() == self.0.party() && self.0.check_at(now).is_ok()).then(|| self.0.anchor().clone())
    }
}

impl Crooked {
    /// Stands before the gateway of `state`, for the gateway of `caller`.
    pub(crate) async fn before(state: &State, caller: &State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mischief = Arc::new(Mutex::new(None));
        let behind = wire::as_peer(state, &caller.tls(&caller.gateway_dir()));
        let published = Arc::new(Mutex::new(Published::new()));
        let tampering = Arc::new(Mutex::new(None));
        let (mischief_there, tampering_there) = (mischief.clone(), tampering.clone());
        let front =
            Front { behind, mischief: mischief_there, tampering: tampering_there, published: published.clone() };
        let own = Credentials::new(&state.tls(&state.gateway_dir())).unwrap();
        let tls = ServerTls::new(own, Arc::new(Only(RootCertificate::parse(&caller.root_der()).unwrap())));
        let routes = Routes::new(PeerServiceServer::new(front));
        let task = tokio::spawn(async move {
            link::serve(listener, tls, EdgeLimits::default(), routes, std::future::pending()).await.unwrap();
        });
        Self { address, mischief, tampering, published, task }
    }

    /// Where to call.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on each answer passes through `mischief`.
    pub(crate) fn turn(&self, mut mischief: impl FnMut(&mut RelayResponse) + Send + 'static) {
        self.turn_calls(move |_, answer| mischief(answer));
    }

    /// The same, with the call that is answered.
    pub(crate) fn turn_calls(&self, mischief: impl FnMut(&RelayRequest, &mut RelayResponse) + Send + 'static) {
        *self.mischief.lock().unwrap() = Some(Box::new(mischief));
    }

    /// From now on each piece of a sealed file passes through `tampering`.
    pub(crate) fn tamper(&self, tampering: impl FnMut(u32, &mut Vec<u8>) + Send + 'static) {
        *self.tampering.lock().unwrap() = Some(Box::new(tampering));
    }

    /// From now on it publishes these tiles, also while the gateway behind it is away.
    pub(crate) fn publish(&self, tiles: Published) {
        *self.published.lock().unwrap() = tiles;
    }

    /// From now on it is honest.
    pub(crate) fn repent(&self) {
        *self.mischief.lock().unwrap() = None;
        *self.tampering.lock().unwrap() = None;
    }
}

impl Drop for Crooked {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tonic::async_trait]
impl PeerService for Front {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        self.behind.clone().greet(request.into_inner()).await
    }

    async fn relay(&self, request: Request<RelayRequest>) -> Result<Response<RelayResponse>, Status> {
        let call = request.into_inner();
        let mut answer = self.behind.clone().relay(call.clone()).await?.into_inner();
        if let Some(mischief) = &mut *self.mischief.lock().unwrap() {
            mischief(&call, &mut answer);
        }
        Ok(Response::new(answer))
    }

    async fn claim_key_package(
        &self,
        request: Request<ClaimKeyPackageRequest>,
    ) -> Result<Response<ClaimKeyPackageResponse>, Status> {
        self.behind.clone().claim_key_package(request.into_inner()).await
    }

    async fn read_ledger(&self, request: Request<ReadLedgerRequest>) -> Result<Response<ReadLedgerResponse>, Status> {
        let call = request.into_inner();
        let published = self.published.lock().unwrap().get(&(call.log.clone(), call.path.clone())).cloned();
        match published {
            Some(tile) => Ok(Response::new(ReadLedgerResponse { content: tile.into() })),
            None => self.behind.clone().read_ledger(call).await,
        }
    }

    async fn read_outline(
        &self,
        request: Request<ReadOutlineRequest>,
    ) -> Result<Response<ReadOutlineResponse>, Status> {
        self.behind.clone().read_outline(request.into_inner()).await
    }

    async fn read_piece(&self, request: Request<ReadPieceRequest>) -> Result<Response<ReadPieceResponse>, Status> {
        let call = request.into_inner();
        let index = call.index;
        let mut sealed = self.behind.clone().read_piece(call).await?.into_inner().sealed.to_vec();
        if let Some(tampering) = &mut *self.tampering.lock().unwrap() {
            tampering(index, &mut sealed);
        }
        Ok(Response::new(ReadPieceResponse { sealed: sealed.into() }))
    }

    async fn witness(&self, request: Request<WitnessRequest>) -> Result<Response<WitnessResponse>, Status> {
        self.behind.clone().witness(request.into_inner()).await
    }

    async fn prove_head(&self, request: Request<ProveHeadRequest>) -> Result<Response<ProveHeadResponse>, Status> {
        self.behind.clone().prove_head(request.into_inner()).await
    }
}

/// A receipt as `change` wants it, signed by the gateway of `by` for its channel with `other`.
pub(crate) fn forged(
    by: &State,
    other: PartyId,
    signed: &types::SignedReceipt,
    change: impl FnOnce(&mut Receipt),
) -> types::SignedReceipt {
    let mut receipt = proto::decode_receipt(signed).unwrap().receipt;
    change(&mut receipt);
    stated(by, other, receipt)
}

/// The cosignature of `by`, at any moment, over the head of a log of `home` that is in a call.
pub(crate) fn cosigned(by: &State, home: PartyId, checkpoint: &str, at: Timestamp) -> String {
    let key = by.key("gateway", "ledger.key.pem");
    let head = SignedCheckpoint::kept(checkpoint.as_bytes(), Origin::new(home, by.party).unwrap()).unwrap();
    let signer = HeadSigner { first: &key, second: None };
    String::from_utf8(head.cosign(WitnessName(by.party), &signer, at).unwrap().line().to_vec()).unwrap()
}

/// A receipt that the gateway of `by` signs.
pub(crate) fn stated(by: &State, other: PartyId, receipt: Receipt) -> types::SignedReceipt {
    stated_at_once(by, other, vec![receipt]).remove(0)
}

/// Receipts that it signs together.
pub(crate) fn stated_at_once(by: &State, other: PartyId, receipts: Vec<Receipt>) -> Vec<types::SignedReceipt> {
    let key = by.key("gateway", "ledger.key.pem");
    let unsigned = receipts.into_iter().map(|receipt| {
        let bytes = proto::encode_receipt(&receipt);
        (receipt, bytes)
    });
    let signed = identity::sign_receipts(&key, by.party, other, unsigned.collect()).unwrap();
    signed.iter().map(Into::into).collect()
}

/// The tiles of a log of these leaves.
pub(crate) fn tiles(origin: Origin, leaves: &[LeafHash]) -> Published {
    let (log, rows) = Log::default().append(leaves).unwrap();
    let rows: StoredHashes = rows.into_iter().collect();
    let tile = |tile: Tile| {
        let path = Resource::Hashes(tile).to_string();
        ((origin.to_string(), path), tile.encode(&rows).unwrap())
    };
    Tile::added(0, log.size()).unwrap().map(tile).collect()
}

/// A home that writes whatever log it likes, with the key of a real one.
pub(crate) struct Forger {
    key: SigningKey,
    origin: Origin,
    pub(crate) leaves: Vec<LedgerLeaf>,
}

impl Forger {
    /// With an empty log.
    pub(crate) fn of(home: &State, peer: &State) -> Self {
        let origin = Origin::new(home.party, peer.party).unwrap();
        Self { key: home.key("gateway", "ledger.key.pem"), origin, leaves: Vec::new() }
    }

    /// With the log that it really wrote.
    pub(crate) fn going_on(home: &State, peer: &State, growth: &LedgerGrowth) -> Self {
        Self { leaves: growth.leaves.clone(), ..Self::of(home, peer) }
    }

    /// Another leaf.
    pub(crate) fn write(&mut self, statement: &Statement) {
        let salt = LeafSalt(*Digest::of(&[&random_id(4)]).as_bytes());
        self.leaves.push(LedgerLeaf {
            hash: statement.leaf(&salt).0.as_bytes().to_vec().into(),
            salt: salt.0.to_vec().into(),
            statement: statement.encode().to_vec().into(),
        });
    }

    /// A leaf for an entry that nobody has ever seen.
    pub(crate) fn write_anything(&mut self, at: Timestamp) {
        let digest = Digest::of(&[&random_id(4)]);
        let (header, envelope) = (model::HeaderDigest(digest), model::EnvelopeDigest(digest));
        self.write(&Statement::of_entry(model::EntryId::new(random_id(7)), header, envelope, at));
    }

    fn hashes(&self) -> Vec<LeafHash> {
        self.leaves.iter().map(|leaf| LeafHash(Digest::try_from(&*leaf.hash).unwrap())).collect()
    }

    /// The tiles of the log as it is now.
    pub(crate) fn tiles(&self) -> Published {
        tiles(self.origin, &self.hashes())
    }

    /// The leaves from `first` on, under a signed head over all.
    pub(crate) fn growth(&self, first: usize) -> RelayRequest {
        let (log, _) = Log::default().append(&self.hashes()).unwrap();
        let head = log.head(self.origin).sign(&self.key).unwrap();
        let checkpoint = String::from_utf8(head.note().to_vec()).unwrap();
        let leaves = self.leaves.get(first..).unwrap_or_default().to_vec();
        let growth = LedgerGrowth { first_leaf: first as u64, leaves, checkpoint };
        RelayRequest { growth: Some(growth), ..RelayRequest::default() }
    }
}
