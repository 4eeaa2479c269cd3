//! Channels: what is kept of them, how two gateways greet, and the sender of each.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aws_lc_rs::rand;
use identity::{ChannelConsent, Directory, Fingerprint, RootCertificate, SignedConsent, SignedDirectory, Subject};
use link::{CallLimits, Channel, Credentials, Remote};
use model::{AuthorityId, Denial, Fault, PartyId, Refusal, RefusalCode, Timestamp};
use proto::{
    convert::{receive_directory, send_directory},
    peer::{self as wire, ClaimKeyPackageRequest, GreetRequest, peer_service_client::PeerServiceClient},
    types,
};
use store::{Blob, gateway::ChannelRow};
use tokio::{sync::Mutex, task::JoinHandle};
use tonic::Status;

use crate::{
    clock, directories,
    gateway::Gateway,
    misconduct,
    outbox::Sender,
    release,
    trust::{ChannelState, Trust},
};

/// How often an open channel is greeted, for newer directories.
const GREET_OPEN: Duration = Duration::from_secs(300);
/// How often a channel that is not open is greeted.
const GREET_WAITING: Duration = Duration::from_secs(2);
/// Connections to another gateway.
const CONNECTIONS: usize = 2;

/// The tasks of all channels, and what they need to connect.
pub(crate) struct Channels {
    gateway: Arc<Gateway>,
    own: Credentials,
    running: Mutex<BTreeMap<PartyId, Running>>,
}

struct Running {
    endpoint: String,
    tasks: [JoinHandle<()>; 2],
}

impl Channels {
    pub(crate) fn new(gateway: Arc<Gateway>, own: Credentials) -> Self {
        Self { gateway, own, running: Mutex::default() }
    }

    /// Starts what is kept in the database.
    pub(crate) async fn start(&self) -> Result<(), Denial> {
        for row in self.gateway.store.channels().await? {
            let party = *row.party;
            if let (Some(toml), Some(signature)) = (&row.directory, &row.directory_signature) {
                let signed = SignedDirectory {
                    toml: String::from_utf8_lossy(&toml.0).into_owned(),
                    signature: signature.0.clone(),
                    openings: Vec::new(),
                };
                // An expired directory is replaced by the next greeting; until then nothing of that party verifies.
                if let Err(denial) = self.gateway.trust.learn(&signed, clock::now()) {
                    self.gateway.trust.note_trouble(party, Some(denial.to_string()));
                }
            }
            self.gateway.trust.set_channel(party, ChannelState::of(row.state));
            if let Some(told) = misconduct::unsettled(&self.gateway, party).await? {
                freeze_for(&self.gateway, party, &told).await?;
            }
            if let Err(denial) = self.run(party, &row.endpoint).await {
                self.gateway.trust.note_trouble(party, Some(denial.to_string()));
            }
        }
        Ok(())
    }

    /// Runs the tasks of a channel, at its newest address.
    pub(crate) async fn run(&self, party: PartyId, endpoint: &str) -> Result<(), Denial> {
        let mut running = self.running.lock().await;
        if running.get(&party).is_some_and(|one| one.endpoint == endpoint) {
            return Ok(());
        }
        let channel = self.connect(party, endpoint)?;
        let sender = Sender::new(self.gateway.clone(), party, channel.clone(), seed()?);
        let tasks = [tokio::spawn(sender.run()), tokio::spawn(keep_greeting(self.gateway.clone(), party, channel))];
        let before = running.insert(party, Running { endpoint: endpoint.to_owned(), tasks });
        before.into_iter().flat_map(|one| one.tasks).for_each(|task| task.abort());
        Ok(())
    }

    /// Whether an address has a meaning.
    pub(crate) fn check(&self, endpoint: &str) -> Result<(), Denial> {
        self.remote(self.gateway.own(), endpoint)
            .connect()
            .map(drop)
            .map_err(|error| Denial::failed(error.fault(), error.to_string()))
    }

    /// Ends the tasks of all channels.
    pub(crate) async fn stop(&self) {
        let running = std::mem::take(&mut *self.running.lock().await);
        running.into_values().flat_map(|one| one.tasks).for_each(|task| task.abort());
    }

    fn remote(&self, party: PartyId, endpoint: &str) -> Remote {
        Remote {
            endpoint: endpoint.to_owned(),
            expected: Subject::Gateway(party),
            own: self.own.clone(),
            anchors: self.gateway.trust.clone() as Arc<Trust>,
            limits: CallLimits { connections: CONNECTIONS, ..CallLimits::default() },
        }
    }

    fn connect(&self, party: PartyId, endpoint: &str) -> Result<Channel, Denial> {
        let channel =
            self.remote(party, endpoint).connect().map_err(|error| Denial::failed(error.fault(), error.to_string()))?;
        self.gateway.trust.set_connection(party, channel.clone());
        Ok(channel)
    }
}

/// Takes a KeyPackage of another party's authority from its gateway.
pub(crate) async fn claim_key_package(
    gateway: &Gateway,
    authority: &AuthorityId,
    claimant: &AuthorityId,
) -> Result<bytes::Bytes, Status> {
    let party = authority.party();
    gateway.trust.snapshot().require_open(party).map_err(|denial| proto::status::from_denial(&denial))?;
    let channel = gateway.trust.connection(party).ok_or_else(|| {
        proto::status::from_denial(&Denial::failed(Fault::ChannelNotOpen, format!("there is no channel to {party}")))
    })?;
    let request = ClaimKeyPackageRequest { authority: authority.to_string(), claimant: claimant.to_string() };
    let answer =
        PeerServiceClient::new(channel).claim_key_package(request).await.map_err(|error| unreachable(&error))?;
    Ok(answer.into_inner().key_package)
}

/// What one gateway says to the other when it greets, and when it is greeted.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    pub(crate) directory: Option<types::SignedDirectory>,
    pub(crate) consent: Option<wire::ChannelConsent>,
    /// When the one who says it closed the channel last; 0 where it never did.
    pub(crate) closed_ms: i64,
}

/// What we say when we are greeted, and when we greet. A consent is as old as the word of our operator.
pub(crate) async fn our_greeting(gateway: &Gateway, peer: PartyId) -> Result<Greeting, Denial> {
    let row = gateway.store.channel(peer).await?;
    let snapshot = gateway.trust.snapshot();
    let directory = Some(send_directory(&snapshot.own_directory(peer)));
    let fingerprints = snapshot.root(gateway.own()).zip(snapshot.root(peer));
    let said = row.as_ref().filter(|row| !ChannelState::of(row.state).is_silent()).and_then(|row| row.own_yes_at);
    let consent = fingerprints.zip(said).map(|((own, their), said)| {
        let consent = ChannelConsent {
            from: gateway.own(),
            to: peer,
            own_root: own.fingerprint(),
            their_root: their.fingerprint(),
            at: Timestamp(said),
        };
        let signed = consent.sign(&gateway.ledger_key);
        wire::ChannelConsent { statement: signed.consent.to_bytes().into(), signature: signed.signature.into() }
    });
    Ok(Greeting { directory, consent, closed_ms: row.and_then(|row| row.closed_at).unwrap_or_default() })
}

/// Takes another gateway's greeting: its directory, and its consent. The channel opens when both sides have said yes, since either closed
/// it last.
pub(crate) async fn take_greeting(gateway: &Gateway, from: PartyId, greeting: Greeting) -> Result<(), Denial> {
    let Greeting { directory, consent, closed_ms } = greeting;
    let _one_at_a_time = gateway.channel_changes.lock().await;
    let now = clock::now();
    let directory = directory.ok_or_else(|| Denial::failed(Fault::Malformed, "a greeting without a directory"))?;
    let signed = receive_directory(directory)?;
    if signed.claimed_party()? != from {
        return Err(Denial::failed(Fault::Malformed, "a greeting with the directory of another party"));
    }
    let Some(row) = gateway.store.channel(from).await? else {
        return Err(Denial::failed(Fault::ChannelNotOpen, format!("there is no channel to {from} here")));
    };
    if ChannelState::of(row.state) == ChannelState::Closed {
        return Err(Denial::failed(Fault::ChannelNotOpen, format!("the channel to {from} is closed here")));
    }
    if version_of(&signed.toml) < row.directory.as_ref().and_then(|kept| version_of(&String::from_utf8_lossy(&kept.0)))
    {
        // Also where the kept one has expired: an older one would bring removed officers back.
        return Err(Denial::failed(Fault::Malformed, "a greeting with an older directory than was shown before"));
    }
    if row.directory.as_ref().is_none_or(|kept| kept.0 != signed.toml.as_bytes()) {
        directories::require_room(gateway, from, now).await?;
    }
    gateway.trust.learn(&signed, now)?;
    directories::keep(gateway, &signed).await;
    let mut next = row.clone();
    next.directory = Some(Blob(signed.toml.clone().into_bytes()));
    next.directory_signature = Some(Blob(signed.signature.clone()));
    if let Some(consent) = consent {
        let opening = gateway.trust.snapshot().store.verify_trust(&signed)?;
        directories::keep_opening(gateway, from, &opening).await?;
        let statement = ChannelConsent::from_bytes(&consent.statement)
            .map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
        let signed = SignedConsent { consent: statement, signature: consent.signature.to_vec() };
        gateway.trust.snapshot().store.verify_consent(&signed, now)?;
        if statement.from != from || statement.to != gateway.own() {
            return Err(Denial::failed(Fault::Malformed, "a consent to another channel"));
        }
        // What was said before we closed the channel is over with it.
        if next.closed_at.is_none_or(|closed| closed < statement.at.0) {
            next.peer_yes = Some(Blob(consent.statement.to_vec()));
        }
    }
    settle(&mut next, from, closed_ms);
    if next != row {
        next.updated = now.0;
        gateway.store.put_channel(&next).await?;
    }
    gateway.trust.set_channel(from, ChannelState::of(next.state));
    gateway.bells.greeted(from);
    gateway.bells.channel(from).notify_one();
    Ok(())
}

/// Where a channel stands by what both sides have said.
fn settle(row: &mut ChannelRow, peer: PartyId, closed_ms: i64) {
    if row.own_yes_at.is_some_and(|said| said <= closed_ms) && ChannelState::of(row.state) != ChannelState::Frozen {
        row.own_yes_at = None;
        row.state = ChannelState::Proposed as i16;
        telemetry::say!(
            Warn,
            "the other side closed the channel after our operator had agreed to it: compare the fingerprints anew",
            party = peer
        );
    }
    if ChannelState::of(row.state) == ChannelState::KeysVerified && row.peer_yes.is_some() {
        row.state = ChannelState::Open as i16;
        telemetry::say!(Info, "channel open: both sides have compared fingerprints", party = peer);
    }
}

fn version_of(toml: &str) -> Option<u64> {
    Directory::from_toml(toml).ok().map(|directory| directory.version)
}

/// A state for training talks to such states only, a real one to real ones. R93.
pub(crate) fn same_world(gateway: &Gateway, party: PartyId, root: &[u8]) -> Result<(), Denial> {
    let root = RootCertificate::parse(root).map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
    if root.is_training() == gateway.trains() {
        return Ok(());
    }
    let (simulated, real) = if root.is_training() { (party, gateway.own()) } else { (gateway.own(), party) };
    let reason = format!("{simulated} is simulated, for training, and {real} is real");
    let remedy = "Make a state of one's own for training: gateway init --training.";
    Err(Refusal::new(RefusalCode::R93, "identity", reason, remedy).at("root").into())
}

/// Adds or renews a channel after its root's fingerprint was compared.
pub(crate) async fn add(
    gateway: &Gateway,
    channels: &Channels,
    party: PartyId,
    endpoint: &str,
    root: &[u8],
) -> Result<ChannelRow, Denial> {
    let _one_at_a_time = gateway.channel_changes.lock().await;
    let now = clock::now();
    channels.check(endpoint)?;
    let fingerprint =
        Fingerprint::of_root(root).map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
    let before = gateway.store.channel(party).await?;
    let closed_at = before.as_ref().and_then(|row| row.closed_at);
    let before = before.filter(|row| row.root.0 == root);
    let state = match before.as_ref().map(|row| ChannelState::of(row.state)) {
        Some(ChannelState::Frozen) => {
            return Err(Denial::failed(Fault::ChannelNotOpen, "the channel is frozen: gateway peer unfreeze"));
        }
        Some(ChannelState::Open) => ChannelState::Open,
        _ => ChannelState::KeysVerified,
    };
    let row = ChannelRow {
        party: party.into(),
        endpoint: endpoint.to_owned(),
        root: root.to_vec().into(),
        fingerprint: fingerprint.to_string(),
        state: state as i16,
        own_yes_at: Some(now.0),
        peer_yes: before.as_ref().and_then(|row| row.peer_yes.clone()),
        frozen_from: None,
        frozen_by: None,
        frozen_reason: None,
        directory: before.as_ref().and_then(|row| row.directory.clone()),
        directory_signature: before.and_then(|row| row.directory_signature),
        updated: now.0,
        closed_at,
    };
    gateway.store.put_channel(&row).await?;
    gateway.trust.set_channel(party, state);
    channels.run(party, endpoint).await?;
    // Who greeted an open channel a moment ago would rest for minutes, while the other side still believes in what was closed.
    gateway.bells.greeter(party).notify_one();
    Ok(row)
}

/// Freezes a channel at once, or lets it go on.
pub(crate) async fn freeze(gateway: &Gateway, party: PartyId, frozen: bool) -> Result<ChannelRow, Denial> {
    let _one_at_a_time = gateway.channel_changes.lock().await;
    let row = gateway.store.channel(party).await?;
    let mut row = row.ok_or_else(|| Denial::failed(Fault::Unknown, format!("there is no channel to {party}")))?;
    let state = ChannelState::of(row.state);
    match (frozen, state) {
        (_, ChannelState::Closed) => {
            let detail = "the channel is closed: both operators compare the fingerprints again, then gateway peer add";
            return Err(Denial::failed(Fault::ChannelNotOpen, detail));
        }
        (true, ChannelState::Frozen) => {}
        (true, state) => {
            row.frozen_from = Some(state as i16);
            row.frozen_by = Some("operator".to_owned());
            row.frozen_reason = None;
            row.state = ChannelState::Frozen as i16;
        }
        (false, ChannelState::Frozen) => {
            row.state = row.frozen_from.take().unwrap_or(ChannelState::KeysVerified as i16);
            (row.frozen_by, row.frozen_reason) = (None, None);
            gateway.store.settle_misconduct(party, clock::now().0).await?;
        }
        (false, _) => {}
    }
    row.updated = clock::now().0;
    gateway.store.put_channel(&row).await?;
    gateway.trust.accused_is_kept(party);
    gateway.trust.set_channel(party, ChannelState::of(row.state));
    gateway.bells.channel(party).notify_one();
    Ok(row)
}

/// Freezes a channel because its ledger, or a receipt, contradicts what the other gateway signed before. An operator lets it go on.
pub(crate) async fn freeze_for(gateway: &Gateway, party: PartyId, told: &str) -> Result<(), Denial> {
    let _one_at_a_time = gateway.channel_changes.lock().await;
    let row = gateway.store.channel(party).await?;
    let Some(mut row) = row.filter(|row| ChannelState::of(row.state) != ChannelState::Closed) else {
        gateway.trust.accused_is_kept(party);
        return Ok(());
    };
    match ChannelState::of(row.state) {
        ChannelState::Frozen if row.frozen_reason.is_some() => {}
        ChannelState::Frozen => row.frozen_reason = Some(told.to_owned()),
        state => {
            row.frozen_from = Some(state as i16);
            row.frozen_by = Some("ledger".to_owned());
            row.frozen_reason = Some(told.to_owned());
            row.state = ChannelState::Frozen as i16;
        }
    }
    row.updated = clock::now().0;
    gateway.store.put_channel(&row).await?;
    gateway.trust.set_channel(party, ChannelState::Frozen);
    gateway.trust.accused_is_kept(party);
    gateway.bells.channel(party).notify_one();
    Ok(())
}

/// Ends a channel: neither side's word holds any more. What waits in it waits for its time.
pub(crate) async fn close(gateway: &Gateway, party: PartyId) -> Result<ChannelRow, Denial> {
    let _one_at_a_time = gateway.channel_changes.lock().await;
    let row = gateway.store.channel(party).await?;
    let row = row.ok_or_else(|| Denial::failed(Fault::Unknown, format!("there is no channel to {party}")))?;
    let now = clock::now();
    let row = ChannelRow {
        state: ChannelState::Closed as i16,
        own_yes_at: None,
        peer_yes: None,
        frozen_from: None,
        frozen_by: None,
        frozen_reason: None,
        updated: now.0,
        closed_at: Some(now.0),
        ..row
    };
    gateway.store.put_channel(&row).await?;
    gateway.trust.set_channel(party, ChannelState::Closed);
    Ok(row)
}

/// Greets for as long as the program runs: often until the channel is open, then for newer directories.
async fn keep_greeting(gateway: Arc<Gateway>, party: PartyId, channel: Channel) {
    loop {
        let state = gateway.trust.snapshot().channels.get(&party).copied();
        let mut greeted = false;
        if !state.is_some_and(ChannelState::is_silent) {
            match greet(&gateway, party, channel.clone()).await {
                Ok(()) => {
                    greeted = true;
                    gateway.trust.note_trouble(party, None);
                }
                Err(denial) => gateway.trust.note_trouble(party, Some(denial.to_string())),
            }
            gateway.trust.note_reached(party, greeted);
        }
        let open = gateway.trust.snapshot().require_open(party).is_ok();
        let pause = if open && greeted { GREET_OPEN } else { GREET_WAITING };
        let bell = gateway.bells.greeter(party);
        let _ = tokio::time::timeout(pause, bell.notified()).await;
    }
}

async fn greet(gateway: &Gateway, party: PartyId, channel: Channel) -> Result<(), Denial> {
    let Greeting { directory, consent, closed_ms } = our_greeting(gateway, party).await?;
    let own = &gateway.release;
    let (software, sha256) = (own.software().to_owned(), own.sha256().as_bytes().to_vec().into());
    let request = GreetRequest { consent, directory, software, closed_ms, release: sha256 };
    let answer = PeerServiceClient::new(channel).greet(request).await;
    let answer = answer.map_err(|status| explain(&status))?.into_inner();
    let wire::GreetResponse { directory, consent, closed_ms, software, release } = answer;
    let theirs = release::greeted(&software, &release)?;
    release::note(gateway, party, theirs).await;
    take_greeting(gateway, party, Greeting { directory, consent, closed_ms }).await
}

/// A status of the other gateway, or the reason why there is none.
fn explain(status: &Status) -> Denial {
    match link::cause(status) {
        Some(error) => Denial::failed(error.fault(), link::explain(status)),
        None => proto::status::to_denial(status),
    }
}

fn unreachable(status: &Status) -> Status {
    proto::status::from_denial(&explain(status))
}

pub(crate) fn seed() -> Result<u64, Denial> {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).map_err(|_| Denial::failed(Fault::Internal, "the system gives no randomness"))?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn row(state: ChannelState, own_yes_at: Option<i64>, peer_yes: bool) -> ChannelRow {
        ChannelRow {
            party: "FR".parse::<PartyId>().unwrap().into(),
            endpoint: String::new(),
            root: Blob::default(),
            fingerprint: String::new(),
            state: state as i16,
            own_yes_at,
            peer_yes: peer_yes.then(Blob::default),
            frozen_from: None,
            frozen_by: None,
            frozen_reason: None,
            directory: None,
            directory_signature: None,
            updated: 0,
            closed_at: None,
        }
    }

    fn settled(mut row: ChannelRow, closed_ms: i64) -> (ChannelState, Option<i64>) {
        settle(&mut row, "FR".parse().unwrap(), closed_ms);
        (ChannelState::of(row.state), row.own_yes_at)
    }

    #[test]
    fn a_channel_opens_when_both_have_said_yes() {
        assert_eq!(settled(row(ChannelState::KeysVerified, Some(5), true), 0), (ChannelState::Open, Some(5)));
        assert_eq!(settled(row(ChannelState::KeysVerified, Some(5), false), 0), (ChannelState::KeysVerified, Some(5)));
        assert_eq!(settled(row(ChannelState::Proposed, None, true), 0), (ChannelState::Proposed, None));
    }

    #[test]
    fn what_was_said_before_the_other_side_closed_the_channel_is_said_anew() {
        for state in [ChannelState::Open, ChannelState::KeysVerified] {
            assert_eq!(settled(row(state, Some(5), true), 5), (ChannelState::Proposed, None));
            assert_eq!(settled(row(state, Some(6), true), 5), (ChannelState::Open, Some(6)));
        }
        assert_eq!(settled(row(ChannelState::Frozen, Some(5), true), 5), (ChannelState::Frozen, Some(5)));
    }
}
