//! The log of heads: at each stroke of a fixed clock one leaf, which commits to the heads of all channels, whether or not anything happened.
//! Third states witness this log alone, and so learn that time passes and nothing else; what a leaf says of one channel is shown to that
//! channel's two parties.
//!
//! It is kept by a task of its own: begin with [`start`].

mod proof;
mod second;
mod stamped;
mod stamper;
mod stamping;
mod told;
mod witness;

pub(crate) use proof::{naming, proved, release, timed_head};
pub(crate) use second::{rotating, sign_waiting};
pub(crate) use stamped::stamped;
pub(crate) use stamping::{Stamping, stamping};
pub(crate) use told::{stamps, told};
pub(crate) use witness::witness;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aws_lc_rs::rand;
use ledger::{
    Checkpoint, ConsistencyProof, Cosignature, LeafSalt, Log, Muster, Origin, SignedCheckpoint, WitnessName,
    WitnessRequest,
};
use link::Backoff;
use model::{Denial, Digest, Fault, PartyId, Timestamp};
use proto::peer::{self as wire, peer_service_client::PeerServiceClient};
use store::gateway::{Batch, CheckpointRow, GatewayStore, LeafRow, MusterRow, TreeHashRow};

use stamper::Stamper;
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    channels::seed,
    clock,
    committer::fault_of,
    config::{Folder, Ledger},
    failure::Failure,
    gateway::Gateway,
    published,
};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long a witness may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps the own log of heads, and has it time-stamped where an authority is configured, until the answer is dropped.
pub(crate) fn start(gateway: &Arc<Gateway>, folder: &Folder, settings: &Ledger) -> Result<JoinSet<()>, Failure> {
    let bell = Arc::new(Notify::new());
    let mut tasks = JoinSet::new();
    if let Some(tsa) = &settings.tsa {
        tasks.spawn(Stamper::open(gateway.clone(), folder, tsa, bell.clone())?.run());
    }
    tasks.spawn(Keeper::new(gateway.clone(), settings, bell)?.run());
    Ok(tasks)
}

/// Appends to the own log of heads, and has it witnessed.
struct Keeper {
    gateway: Arc<Gateway>,
    every_ms: i64,
    witnesses: Vec<PartyId>,
    /// Rings with each new head.
    bell: Arc<Notify>,
    /// The size that each witness cosigned last, as far as it is known.
    cosigned: BTreeMap<PartyId, u64>,
    backoff: Backoff,
}

impl Keeper {
    fn new(gateway: Arc<Gateway>, settings: &Ledger, bell: Arc<Notify>) -> Result<Self, Denial> {
        Ok(Self {
            gateway,
            every_ms: settings.tick_ms(),
            witnesses: settings.witnesses.clone(),
            bell,
            cosigned: BTreeMap::new(),
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, seed()?),
        })
    }

    /// Runs until it is aborted. What fails is tried again; nothing else waits for it.
    async fn run(mut self) {
        loop {
            let ticked = self.tick().await;
            if let Err(denial) = &ticked {
                telemetry::say!(Warn, "the log of heads could not be written", fault = fault_of(denial));
            }
            let witnessed = self.ask_witnesses().await;
            let pause = match ticked.is_ok() && witnessed {
                true => {
                    self.backoff.reset();
                    self.until_next()
                }
                false => self.backoff.pause().min(self.until_next()),
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn until_next(&self) -> Duration {
        let left = self.every_ms - clock::now().0.rem_euclid(self.every_ms);
        Duration::from_millis(u64::try_from(left).unwrap_or_default())
    }

    /// Appends the leaf of this stroke, unless it is there.
    async fn tick(&self) -> Result<(), Denial> {
        let store = &self.gateway.store;
        let now = clock::now().0;
        let at = now - now.rem_euclid(self.every_ms);
        let newest = store.newest_musters(1).await?.into_iter().next();
        match newest.as_ref().map(|newest| newest.at) {
            Some(before) if !is_due(before, at, self.every_ms) => return Ok(()),
            Some(before) if before > at => {
                telemetry::say!(Error, "the clock was set back: leaves of a time to come stand in the log of heads")
            }
            _ => {}
        }
        let (own, index) = (self.gateway.own(), newest.map_or(0, |newest| newest.idx + 1));
        let (secret, salt) = (fresh()?, fresh()?);
        let muster =
            Muster::new(own, Timestamp(at), secret, Some(self.gateway.release.clone()), heads(store, own).await?)?;
        let tick = muster.tick()?;
        let log = load(store, Origin::heads(own), index).await?;
        let leaf = tick.leaf(&salt);
        let (log, rows) = log.append(&[leaf])?;
        let head = log.head(Origin::heads(own)).sign(&self.gateway.signs_heads())?;
        let channel = Origin::heads(own).to_string();
        let tree = rows.into_iter().filter_map(|row| {
            let idx = i64::try_from(row.index).ok()?;
            Some(TreeHashRow { channel: channel.clone(), idx, hash: row.hash.into() })
        });
        let batch = Batch {
            tree_hashes: tree.collect(),
            leaves: vec![LeafRow {
                channel: channel.clone(),
                idx: index,
                hash: leaf.0.into(),
                salt: Some(Digest::new(salt.0).into()),
                entry_id: None,
                statement: tick.encode().to_vec().into(),
            }],
            checkpoints: vec![CheckpointRow {
                channel,
                size: index + 1,
                note: head.note().to_vec().into(),
                cosigned: None,
            }],
            musters: vec![MusterRow { idx: index, at, secret: Digest::new(secret.0).into(), heads: muster.text() }],
            ..Batch::default()
        };
        store.commit(&batch).await?;
        self.bell.notify_one();
        Ok(())
    }

    /// Asks each witness that has not cosigned the newest head. Says whether all have.
    async fn ask_witnesses(&mut self) -> bool {
        let mut all = true;
        for witness in self.witnesses.clone() {
            if let Err(denial) = self.ask(witness).await {
                telemetry::say!(Warn, "no cosignature of a witness", party = witness, fault = fault_of(&denial));
                all = false;
            }
        }
        all
    }

    async fn ask(&mut self, witness: PartyId) -> Result<(), Denial> {
        let log = Origin::heads(self.gateway.own());
        let Some(row) = self.gateway.store.checkpoint(&log.to_string()).await? else { return Ok(()) };
        let head = SignedCheckpoint::kept(&row.note.0, log)?;
        let size = head.checkpoint().size;
        if self.cosigned.get(&witness) == Some(&size) {
            return Ok(());
        }
        let trust = self.gateway.trust.snapshot();
        trust.require_open(witness)?;
        let key = trust.store.head_key(witness).ok_or_else(|| failed("the directory of the witness is not known"))?;
        // At first it is asked as if it had cosigned nothing: it answers what it has.
        let mut old_size = self.cosigned.get(&witness).copied().unwrap_or_default();
        for _ in 0..2 {
            let answer = self.call(witness, &head, old_size).await?;
            match answer.status {
                200 => {
                    let note = [head.note(), answer.body.as_bytes()].concat();
                    let cosignature = Cosignature::find(&note, head.checkpoint(), WitnessName(witness), &key)?;
                    self.keep(&row, &head, &cosignature).await?;
                    self.cosigned.insert(witness, size);
                    return Ok(());
                }
                409 => old_size = answer.body.trim_end().parse().map_err(|_| failed("a size that is none"))?,
                422 => {
                    telemetry::say!(Error, "a witness holds another past of the log of heads", party = witness);
                    return Err(failed("the log of heads has another past than it had: was the database restored?"));
                }
                status => return Err(failed(format!("the witness answers {status}"))),
            }
            if old_size > size {
                telemetry::say!(Error, "a witness has seen more of the log of heads than there is", party = witness);
                return Err(failed("the log of heads is shorter than it was: was the database restored?"));
            }
        }
        Err(failed("the witness names another size each time"))
    }

    async fn call(
        &self,
        witness: PartyId,
        head: &SignedCheckpoint,
        old_size: u64,
    ) -> Result<wire::WitnessResponse, Denial> {
        let (origin, size) = (head.checkpoint().origin, head.checkpoint().size);
        let needed = ConsistencyProof::indexes_needed(old_size, size)?;
        let rows = published::rows(&self.gateway.store, &origin.to_string(), needed).await?;
        let path = ConsistencyProof::prove(old_size, size, &rows)?.path;
        let body = WitnessRequest { old_size, path, note: head.note().to_vec() }.encode();
        let channel = self.gateway.trust.connection(witness).ok_or_else(|| failed("there is no connection to it"))?;
        let mut client = PeerServiceClient::new(channel);
        let answer = tokio::time::timeout(PATIENCE, client.witness(wire::WitnessRequest { body: body.into() })).await;
        match answer {
            Ok(answer) => Ok(answer.map_err(|status| proto::status::to_denial(&status))?.into_inner()),
            Err(_) => Err(failed("the witness does not answer")),
        }
    }

    /// Adds a cosignature to those that the head has.
    async fn keep(&self, row: &CheckpointRow, head: &SignedCheckpoint, found: &Cosignature) -> Result<(), Denial> {
        let before = row.cosigned.as_ref().map_or(head.note(), |cosigned| &cosigned.0);
        let is_there = before.windows(found.line().len()).any(|window| window == found.line());
        if !is_there {
            let cosigned = Some([before, found.line()].concat().into());
            let checkpoints = vec![CheckpointRow { cosigned, ..row.clone() }];
            self.gateway.store.commit(&Batch { checkpoints, ..Batch::default() }).await?;
        }
        Ok(())
    }
}

/// Whether the stroke at `at` is to be written, where the newest one is of `before`. A clock that is set back by less than a stroke only
/// waits; one that was far ahead, and is right again, does not stop the log until that time has come.
fn is_due(before: i64, at: i64, every_ms: i64) -> bool {
    before < at || before > at.saturating_add(every_ms)
}

/// The newest heads of the logs that `own` writes and replicates.
async fn heads(store: &GatewayStore, own: PartyId) -> Result<Vec<Checkpoint>, Denial> {
    let mut heads = Vec::new();
    for channel in store.channels().await? {
        for origin in [Origin::new(own, *channel.party), Origin::new(*channel.party, own)].into_iter().flatten() {
            if let Some(row) = store.checkpoint(&origin.to_string()).await? {
                heads.push(*SignedCheckpoint::kept(&row.note.0, origin)?.checkpoint());
            }
        }
    }
    Ok(heads)
}

async fn load(store: &GatewayStore, log: Origin, size: i64) -> Result<Log, Denial> {
    let size = u64::try_from(size).unwrap_or_default();
    Log::restore(size, &published::rows(store, &log.to_string(), Log::indexes_needed(size)?).await?)
}

fn fresh() -> Result<LeafSalt, Denial> {
    let mut salt = LeafSalt([0; 32]);
    rand::fill(&mut salt.0).map_err(|_| Denial::failed(Fault::Internal, "the system gives no randomness"))?;
    Ok(salt)
}

fn failed(what: impl Into<String>) -> Denial {
    Denial::failed(Fault::PeerUnreachable, what.into())
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn a_clock_that_was_ahead_does_not_stop_the_log_when_it_is_set_right() {
        let (every, at) = (3_600_000, 490_000 * 3_600_000);
        assert!(is_due(at - every, at, every), "the next stroke");
        assert!(!is_due(at, at, every), "this stroke is there");
        assert!(!is_due(at + every, at, every), "set back over one stroke: wait for it");
        assert!(is_due(at + 2 * every, at, every));
        assert!(is_due(i64::MAX, at, every));
    }
}
