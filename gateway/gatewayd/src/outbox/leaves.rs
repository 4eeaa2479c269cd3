//! Which leaves of our log go along, and what the other gateway's cosignatures prove of it. Nothing that it only says is believed: it
//! says where to go on, and if that is less than it has cosigned, it is asked to sign what it says. If it is more than there is, the gateway's own database may be
//! an older one: nothing is signed in that channel until an operator has looked.

use ledger::{Cosignature, LEAVES_PER_BATCH_MAX, Retreat, SignedCheckpoint, WitnessName};
use model::{Denial, Fault, Timestamp, limits::CLOCK_APART_MS_MAX};
use proto::peer::{LedgerGrowth, RelayResponse};
use store::gateway::CheckpointRow;

use super::{Sender, peer_error};
use crate::{channels, clock, committer::origin, fresh, misconduct};

/// What the other gateway has of our log.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The largest head that it cosigned; `None` until it was read from the database.
    cosigned: Option<Option<Cosigned>>,
    /// How many leaves it says that it holds.
    claimed: Option<u64>,
    /// Whether it was asked for that since there was a connection.
    probed: bool,
    /// Whether it was asked to sign that it holds less than it had cosigned.
    challenged: bool,
    /// Whether an operator knows that it holds less than it had cosigned.
    settled: bool,
    /// Whether the channel was frozen because it holds more than we have. Who lets it go on after that knows.
    stopped: bool,
}

/// A head of our log that the other gateway cosigned.
#[derive(Debug, Clone)]
pub(super) struct Cosigned {
    pub(super) size: u64,
    pub(super) time_s: u64,
    /// As we signed it.
    pub(super) note: Vec<u8>,
    /// The same with the cosignature.
    pub(super) cosigned: Vec<u8>,
}

/// What an answer proves of our log.
#[derive(Debug)]
pub(super) enum Head {
    /// It cosigned the head that went along.
    Cosigned(Cosigned),
    /// It cosigned less than it had cosigned before.
    Retreat(Retreat),
    /// There was nothing to cosign.
    Unasked,
    /// It did not, or not so that it counts.
    Withheld(String),
}

impl Shown {
    /// After a call that failed: what it said before may no longer be so.
    pub(super) fn doubt(&mut self) {
        (self.claimed, self.probed, self.challenged) = (None, false, false);
    }

    /// How many leaves it has cosigned.
    pub(super) fn covered(&self) -> u64 {
        self.cosigned.iter().flatten().map(|head| head.size).next().unwrap_or_default()
    }

    /// Takes its word on where to go on. Says whether something else is to be sent then at once: it goes on further than before, or says
    /// for the first time that it has less than it cosigned.
    pub(super) fn claim(&mut self, leaves: u64) -> bool {
        let lost = leaves < self.covered();
        (self.challenged, self.settled) = (self.challenged && lost, self.settled && lost);
        let before = self.claimed.replace(leaves);
        before.is_none_or(|before| leaves > before) || (lost && !self.challenged)
    }

    /// Takes a head into account that is durable. Says whether it covers more than before.
    pub(super) fn keep(&mut self, head: Cosigned) -> bool {
        let more = head.size > self.covered();
        self.cosigned = Some(Some(head));
        more
    }
}

impl Sender {
    /// The leaves that the other gateway has not cosigned, from where it says that it is, and a head over them. With nothing new it is
    /// asked once for each connection, so that a database of its that was restored is noticed. The head covers `least` leaves, if there are
    /// so many: those of the entries that go along.
    pub(super) async fn growth(&mut self, least: u64) -> Result<Option<LedgerGrowth>, Denial> {
        let covered = self.load_cosigned().await?;
        let log = origin(self.gateway.own(), self.peer)?.to_string();
        let Some(mut newest) = self.newest(&log, least).await? else { return Ok(None) };
        let mut size = number(newest.size)?;
        let first = self.shown.claimed.unwrap_or(covered);
        if first > size
            && let Some(durable) = self.gateway.store.checkpoint(&log).await?
        {
            size = number(durable.size)?;
            newest = durable;
        }
        if first > size {
            // Whatever we signed now would be another leaf at a place that it holds, and would convict us.
            let detail = "it holds more leaves of our log than we have: if our database was restored from a backup, let nothing more be \
                          signed, and ask its operator for the log (gateway ledger export)";
            if !std::mem::replace(&mut self.shown.stopped, true) {
                channels::freeze_for(&self.gateway, self.peer, detail).await?;
            }
            return Err(peer_error(detail));
        }
        let probe = !self.shown.probed || self.gateway.bells.was_greeted(self.peer);
        if size == covered && first == size && !probe {
            return Ok(None);
        }
        self.shown.probed = true;
        let head = if size - first <= LEAVES_PER_BATCH_MAX as u64 {
            newest
        } else {
            let over = i64::try_from(first).unwrap_or(i64::MAX);
            let Some(head) = self.gateway.store.checkpoint_over(&log, over).await? else { return Ok(None) };
            head
        };
        self.grown(&log, first, head).await.map(Some)
    }

    /// The newest head of our log. The database may be a commit ahead of what the committer has told.
    async fn newest(&self, log: &str, least: u64) -> Result<Option<CheckpointRow>, Denial> {
        match self.gateway.fresh.head(self.peer).filter(|head| number(head.size).is_ok_and(|size| size >= least)) {
            Some(head) => Ok(Some(head)),
            None => Ok(self.gateway.store.checkpoint(log).await?),
        }
    }

    /// Where the other gateway says that it holds less than it has cosigned: an older head, on which it can only contradict itself or
    /// be silent. Nothing else goes along.
    pub(super) async fn challenge(&mut self) -> Result<Option<LedgerGrowth>, Denial> {
        let covered = self.load_cosigned().await?;
        let Some(claimed) = self.shown.claimed.filter(|claimed| *claimed < covered && !self.shown.settled) else {
            return Ok(None);
        };
        self.shown.challenged = true;
        if misconduct::retreat_settled(&self.gateway, self.peer, covered).await? {
            self.shown.settled = true;
            return Ok(None);
        }
        let log = origin(self.gateway.own(), self.peer)?.to_string();
        let from = i64::try_from(claimed.saturating_sub(1)).unwrap_or(i64::MAX);
        let older = self.gateway.store.checkpoint_over(&log, from).await?;
        match older.filter(|row| number(row.size).is_ok_and(|size| size < covered)) {
            Some(head) => self.grown(&log, claimed, head).await.map(Some),
            // It lost no more than what came with one head: to learn that again contradicts nothing.
            None => Ok(None),
        }
    }

    async fn grown(&self, log: &str, first: u64, head: CheckpointRow) -> Result<LedgerGrowth, Denial> {
        let from = i64::try_from(first).map_err(|_| peer_error("it holds more leaves than a log can have"))?;
        let count = u64::try_from(head.size.saturating_sub(from)).unwrap_or_default();
        let leaves = match self.gateway.fresh.leaves(self.peer, first, count) {
            Some(leaves) => leaves,
            None => self.gateway.store.leaves(log, from, count).await?.into_iter().map(fresh::leaf_to_wire).collect(),
        };
        let checkpoint = String::from_utf8(head.note.0).map_err(|_| peer_error("a kept checkpoint is not a text"))?;
        Ok(LedgerGrowth { first_leaf: first, leaves, checkpoint })
    }

    /// What the other gateway has cosigned, read once from the database.
    async fn load_cosigned(&mut self) -> Result<u64, Denial> {
        if self.shown.cosigned.is_none() {
            let log = origin(self.gateway.own(), self.peer)?;
            let row = self.gateway.store.cosigned_checkpoint(&log.to_string()).await?;
            self.shown.cosigned = Some(row.and_then(|row| self.kept(row)));
        }
        Ok(self.shown.covered())
    }

    fn kept(&self, row: CheckpointRow) -> Option<Cosigned> {
        let cosigned = row.cosigned?.0;
        let named = Cosignature::named_in(&cosigned).ok()?;
        let (_, time_s) = named.into_iter().rfind(|(name, _)| *name == WitnessName(self.peer))?;
        Some(Cosigned { size: number(row.size).ok()?, time_s, note: row.note.0, cosigned })
    }

    /// What the answer to a call with `head` proves of our log.
    pub(super) fn read_head(&self, head: Option<&str>, response: &RelayResponse) -> Result<Head, Denial> {
        let Some(head) = head else { return Ok(Head::Unasked) };
        if response.cosignature.is_empty() {
            let why: String = response.cosignature_withheld.chars().filter(|c| !c.is_control()).take(200).collect();
            return Ok(Head::Withheld(format!("it does not cosign our log: {why}")));
        }
        let new = self.verify_cosignature(head, &response.cosignature)?;
        let signed_ms = i64::try_from(new.time_s).unwrap_or(i64::MAX).saturating_mul(1000);
        let now = clock::now();
        if Timestamp(signed_ms.saturating_add(999)).plus_ms(CLOCK_APART_MS_MAX) < now {
            return Ok(Head::Withheld("its cosignature is dated back, or its clock is behind ours".to_owned()));
        }
        // Behind one of a later day nothing that it cosigns would ever be a retreat.
        if Timestamp(signed_ms) > now.plus_ms(CLOCK_APART_MS_MAX) {
            return Ok(Head::Withheld("its cosignature is dated ahead, or its clock is ahead of ours".to_owned()));
        }
        Ok(match self.shown.cosigned.iter().flatten().next() {
            Some(last) if new.size < last.size && new.time_s > last.time_s => {
                let log = origin(self.gateway.own(), self.peer)?;
                Head::Retreat(Retreat::of(log, WitnessName(self.peer), &last.cosigned, &new.cosigned)?)
            }
            Some(last) if new.size < last.size => Head::Withheld("it cosigned less of our log than before".to_owned()),
            _ => Head::Cosigned(new),
        })
    }

    fn verify_cosignature(&self, head: &str, line: &str) -> Result<Cosigned, Denial> {
        let own = self.gateway.own();
        let snapshot = self.gateway.trust.snapshot();
        let key = |party| snapshot.store.head_key(party).ok_or_else(|| peer_error("no directory of the peer"));
        // We signed it ourselves, perhaps with the key before this one.
        let head = SignedCheckpoint::kept(head.as_bytes(), origin(own, self.peer)?)?;
        let cosignature =
            Cosignature::verify(line.as_bytes(), head.checkpoint(), WitnessName(self.peer), &key(self.peer)?)?;
        Ok(Cosigned {
            size: head.checkpoint().size,
            time_s: cosignature.time_s(),
            note: head.note().to_vec(),
            cosigned: head.with(&cosignature),
        })
    }
}

fn number(size: i64) -> Result<u64, Denial> {
    u64::try_from(size).map_err(|_| Denial::failed(Fault::Storage, "a kept head of a negative size"))
}
