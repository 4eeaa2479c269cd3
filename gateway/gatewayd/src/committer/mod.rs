//! The one writer of a gateway. It takes what waits, decides on each, commits once, then answers all: one fsync and one
//! signature on receipts and checkpoint serve many entries, and nothing is answered before it is durable.
//!
//! Begin with [`Committer::run`]; an own desk's entry begins in `submitted`, the decision on any is in `admission`, the other gateway's
//! answers in `answers`, what became of theirs at our desks in `retrieval`.

mod admission;
mod answers;
mod awaited;
mod growth;
mod held;
mod needs;
mod quota;
mod refused;
mod rejections;
mod retrieval;
mod said;
mod stated;
mod submitted;
mod told;
mod turn;
mod work;

pub(crate) use admission::{ARRIVAL, ENTRY};
pub(crate) use growth::{origin, overdue};
pub(crate) use stated::Stated;
pub(crate) use turn::TOLD;
pub(crate) use work::{
    Acknowledge, Answered, Claimed, Conclude, GrownLeaf, Growth, Opened, Outcome, Refused, Relay, RelayAnswer,
    RelayItem, Submit, Told, Unopened, Watch, Work,
};

use std::{collections::BTreeMap, sync::Arc};

use casefile::Evidence;
use ledger::{Log, Replica};
use model::{AuthorityId, Denial, EntryId, Fault, PartyId, Timestamp};
use store::{StoreError, gateway::Committed};
use tokio::sync::mpsc;

use crate::{clock, files::Standing, gateway::Gateway, hot::Cases, misconduct};
use awaited::Awaited;
use needs::Needs;
use refused::RefusedBefore;
use rejections::Rejections;
use turn::{Followed, Seen, Turn};
use work::refuse;

/// Works in one commit.
const TURN_MAX: usize = 256;
/// Answered entries kept in memory; beyond that all are read again.
const RECENT_MAX: usize = 8192;

/// The one writer.
pub(crate) struct Committer {
    gateway: Arc<Gateway>,
    works: mpsc::Receiver<Work>,
    cases: Cases,
    /// Entries that were admitted lately: most are asked for again within a second. What was ever rejected is not here.
    recent: BTreeMap<EntryId, Seen>,
    /// What is kept of entries that this program admitted itself, and that it need not read again.
    followed: BTreeMap<EntryId, Followed>,
    /// The logs that we write, by peer.
    logs: BTreeMap<PartyId, Log>,
    /// The logs that we follow, by home.
    replicas: BTreeMap<PartyId, Replica>,
    /// When we cosigned each of those last, and the newest moment that an entry's leaf in it states.
    moments: BTreeMap<PartyId, Moments>,
    /// What has no leaf in the logs of others yet; `None` where that has to be looked for in the database.
    awaited: Option<Awaited>,
    /// Which entries were refused; `None` where that has to be looked for in the database.
    refused: Option<RefusedBefore>,
    totals: quota::Totals,
    rejections: Rejections,
    /// How many entries each desk had sealed when it submitted last.
    marks: BTreeMap<AuthorityId, i64>,
}

/// Moments in a log that we follow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    /// When we cosigned it last: no later cosignature bears an earlier moment, whatever our clock does.
    pub(crate) cosigned: Timestamp,
    /// The newest moment that the leaf of an entry states.
    pub(crate) entered: Timestamp,
}

/// An answer that waits for the commit.
type Reply = Box<dyn FnOnce(Result<(), &Denial>) + Send>;

impl Committer {
    pub(crate) fn new(gateway: Arc<Gateway>, works: mpsc::Receiver<Work>) -> Self {
        Self {
            gateway,
            works,
            cases: Cases::default(),
            recent: BTreeMap::new(),
            followed: BTreeMap::new(),
            logs: BTreeMap::new(),
            replicas: BTreeMap::new(),
            moments: BTreeMap::new(),
            awaited: None,
            refused: None,
            totals: quota::Totals::default(),
            rejections: Rejections::default(),
            marks: BTreeMap::new(),
        }
    }

    /// Works until every sender is gone.
    pub(crate) async fn run(mut self) {
        while let Some(first) = self.works.recv().await {
            let mut works = vec![first];
            while works.len() < TURN_MAX {
                match self.works.try_recv() {
                    Ok(work) => works.push(work),
                    Err(_) => break,
                }
            }
            self.take_turn(works).await;
        }
    }

    async fn take_turn(&mut self, works: Vec<Work>) {
        let mut turn = Turn::new(clock::now(), self.rejections.clone());
        let mut replies = Vec::with_capacity(works.len());
        match self.prepare(&mut turn, &works).await {
            Ok(()) => {
                for work in works {
                    let reply = self.decide(&mut turn, work);
                    replies.push(reply);
                }
            }
            Err(denial) => {
                // A database that was away may come back as an older one.
                self.forget_written();
                works.into_iter().for_each(|work| refuse(work, &denial));
                return;
            }
        }
        let outcome = match self.sign(&mut turn) {
            Ok(()) => self.commit(&turn).await,
            Err(denial) => Err(denial),
        };
        match outcome {
            Ok(committed) => {
                self.enforce(&mut turn);
                self.keep(turn);
                if committed.repeated {
                    // Another turn wrote it: what became of these entries since is in the database.
                    self.forget_written();
                }
                replies.into_iter().for_each(|reply| reply(Ok(())));
                for desk in &committed.desks {
                    self.gateway.bells.desk(desk).notify_one();
                }
            }
            Err(denial) => {
                telemetry::say!(Error, "commit failed, nothing was acknowledged", fault = fault_of(&denial));
                turn.cases.keys().for_each(|case| self.cases.forget(*case));
                // It may have been written after all.
                self.forget_written();
                self.logs.clear();
                self.replicas.clear();
                self.totals.forget();
                replies.into_iter().for_each(|reply| reply(Err(&denial)));
            }
        }
    }

    /// Signs what the turn states and the heads of the logs that grew: once for each channel.
    fn sign(&self, turn: &mut Turn) -> Result<(), Denial> {
        turn.sheaf.sign(&self.gateway.ledger_key, self.gateway.own(), turn.now.0, &mut turn.batch)?;
        if let Some(awaited) = &self.awaited {
            awaited.write(self.gateway.own(), &turn.awaits, (turn.now, self.soon_ms()), &mut turn.batch)?;
        }
        self.seal_logs(turn)
    }

    async fn commit(&self, turn: &Turn) -> Result<Committed, Denial> {
        let started = tokio::time::Instant::now();
        let committed = self.gateway.store.commit(&turn.batch).await.map_err(|error: StoreError| {
            let detail = error.to_string();
            Denial::failed(Fault::Storage, detail)
        })?;
        self.gateway.metrics.commit_took(started.elapsed(), turn.batch.entries.len() as u64);
        Ok(committed)
    }

    fn decide(&self, turn: &mut Turn, work: Work) -> Reply {
        match work {
            Work::Submit(submit) => self.submit(turn, *submit),
            Work::Relay(relay) => self.relay(turn, relay),
            Work::Conclude(conclude) => self.conclude(turn, conclude),
            Work::Acknowledge(acknowledge) => self.acknowledge(turn, acknowledge),
            Work::Unopened(unopened) => self.unopened(turn, unopened),
            Work::Watch(watch) => {
                let overdue = turn.is_overdue(watch.home);
                Box::new(move |durable| drop(watch.answer.send(durable.map_err(Clone::clone).map(|()| overdue))))
            }
        }
    }

    /// Brings into memory what the works need.
    async fn prepare(&mut self, turn: &mut Turn, works: &[Work]) -> Result<(), Denial> {
        if self.awaited.is_none() {
            self.awaited = Some(self.find_awaited().await?);
        }
        let mut needs = Needs::of(works, self.gateway.own());
        for work in works {
            if let Work::Submit(submit) = work {
                self.mark(turn, &submit.desk, submit.sealed).await?;
            }
        }
        self.cases.load(&self.gateway.store, &sorted(needs.cases)).await?;
        // What is chained behind an entry is out with it, and its desk is told.
        let chained = needs.answered.iter().filter_map(|case| self.cases.find(*case));
        needs.entries.extend(chained.flat_map(|hot| hot.file.pending.iter().map(|one| one.entry)));
        let refused = match &mut self.refused {
            Some(refused) => refused,
            unknown => unknown.insert(RefusedBefore::load(&self.gateway.store).await?),
        };
        turn.load_seen(&self.gateway, &self.recent, refused, &sorted(needs.entries)).await?;
        let (known, unknown) = sorted(needs.received).into_iter().partition(|id| self.followed.contains_key(id));
        turn.recall(&self.followed, known);
        turn.load_kept(&self.gateway, &sorted([unknown, needs.reread].concat())).await?;
        turn.files = Standing::load(&self.gateway, &needs.headers).await?;
        turn.counters = quota::Counters::load(&self.gateway, &self.totals, &needs.headers, turn.now).await?;
        for peer in sorted(needs.peers) {
            if let Err(denial) = self.load_ledgers(peer).await {
                telemetry::say!(
                    Error,
                    "the ledgers of a channel cannot be read",
                    party = peer,
                    fault = fault_of(&denial)
                );
                turn.unreadable.insert(peer, denial);
            }
        }
        for work in works {
            match work {
                Work::Relay(relay) => {
                    turn.load_leafed(&self.gateway, relay, self.replicas.get(&relay.from)).await?;
                    self.load_overdue(turn, relay.from).await?;
                    if let Some(growth) = &relay.growth {
                        self.load_past(turn, relay.from, growth).await?;
                    }
                }
                Work::Conclude(conclude) => self.load_promised(turn, conclude).await?,
                Work::Watch(watch) => self.load_overdue(turn, watch.home).await?,
                Work::Submit(_) | Work::Acknowledge(_) | Work::Unopened(_) => {}
            }
        }
        Ok(())
    }

    /// Notes how many entries a desk has sealed, whatever becomes of this one: a desk that comes back with less was restored from a
    /// backup, and would use keys twice.
    async fn mark(&mut self, turn: &mut Turn, desk: &AuthorityId, sealed: i64) -> Result<(), Denial> {
        let known = match self.marks.get(desk) {
            Some(known) => *known,
            None => self.gateway.store.sealed_count(desk).await?,
        };
        self.marks.insert(desk.clone(), known);
        if sealed > turn.batch.marks.get(desk).copied().unwrap_or(known) {
            turn.batch.marks.insert(desk.clone(), sealed);
        }
        Ok(())
    }

    /// What is in the database has to be read there.
    fn forget_written(&mut self) {
        self.followed.clear();
        self.awaited = None;
        self.refused = None;
        self.gateway.fresh.forget();
    }

    /// After evidence is durable: freezes the channels of those who stand accused, and reports what has to be looked up first.
    fn enforce(&self, turn: &mut Turn) {
        for (party, told) in std::mem::take(&mut turn.accused) {
            self.gateway.trust.accuse(party);
            telemetry::say!(Error, "channel frozen: the other gateway contradicts what it signed", party = party);
            tokio::spawn(misconduct::freeze(self.gateway.clone(), party, told));
        }
        if !turn.doubted.is_empty() {
            tokio::spawn(misconduct::doubt(self.gateway.clone(), std::mem::take(&mut turn.doubted)));
        }
    }

    /// Keeps what another gateway signed and contradicted, in this turn.
    fn accuse(&self, turn: &mut Turn, evidence: &Evidence) {
        let row = misconduct::row(evidence, turn.now);
        if evidence.stops() {
            turn.accused.insert(evidence.accused(), row.told.clone());
        }
        turn.batch.misconduct.push(row);
    }

    /// After the commit, what the turn changed is what is.
    fn keep(&mut self, mut turn: Turn) {
        self.rejections = std::mem::take(&mut turn.rejections);
        self.gateway.files.ring(&turn.batch);
        self.marks.extend(turn.batch.marks.clone());
        if self.followed.len() > RECENT_MAX {
            self.followed.clear();
        }
        turn.note_followed(&mut self.followed);
        if let Some(awaited) = &mut self.awaited {
            awaited.keep(std::mem::take(&mut turn.awaits), &turn.batch);
        }
        if let Some(refused) = &mut self.refused {
            refused.keep(&turn.batch);
        }
        self.tell_senders(&turn);
        for (_, mut hot) in turn.cases {
            hot.version = Some(hot.version.map_or(1, |version| version + 1));
            self.cases.put(hot);
        }
        if self.recent.len() > RECENT_MAX {
            self.recent.clear();
        }
        self.recent.extend(turn.seen);
        turn.rejected.values().for_each(|stated| drop(self.recent.remove(&stated.receipt().entry)));
        self.totals.keep(turn.counters);
        if !turn.batch.unasked.is_empty() {
            self.totals.forget();
        }
        self.logs.extend(turn.logs);
        self.replicas.extend(turn.replicas);
        self.moments.extend(turn.moments);
        for peer in turn.ring {
            self.gateway.bells.channel(peer).notify_one();
        }
    }
}

pub(crate) fn fault_of(denial: &Denial) -> Fault {
    match denial {
        Denial::Failed { fault, .. } => *fault,
        Denial::Refused(_) => Fault::Internal,
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
