//! A renewed leaf takes the place of the one before it in each case's group, by a commit that both gateways check. Which group has which
//! leaf is a row of the database, written in the transaction that changes the group: what is due is found by an index, and a restart costs
//! one look at it. Few are on their way at a time, to a gateway that is away one at most, and every act of an officer comes before.

use std::collections::{BTreeMap, BTreeSet};

use model::{CaseId, Denial, PartyId, Step, Timestamp};
use store::desk::{DeskBatch, LeafRow};
use telemetry::say;
use workflow::State;

use super::{
    Members, Office,
    errand::{Errand, Wish},
    leaves::note_leaf,
};
use crate::clock;

/// So many renewals are on their way at a time, and so many through one gateway that takes them; through one that has taken none yet, one.
const AT_ONCE: u64 = 64;
const AT_ONCE_THERE: usize = 16;
/// For so long one may be on its way before nothing more is sent there, or what cannot be sent is put off.
const PATIENCE_MS: i64 = 20_000;
/// After which time a group is set about again.
const AGAIN_MS: i64 = 600_000;
/// A former leaf is kept so much longer than its certificate: a Welcome may still come for it.
const KEPT_MS: i64 = 2 * 24 * 3600 * 1000;

/// How far the newest leaf has come, since this program runs.
#[derive(Default)]
pub(super) struct Progress {
    /// The groups in which it is being put in place, and since when.
    wanted: BTreeMap<CaseId, (Timestamp, PartyId)>,
    /// Those that were refused or could not be had, and until when they rest.
    resting: BTreeMap<CaseId, Timestamp>,
    /// The parties whose gateways took the last one in time.
    reached: BTreeSet<PartyId>,
    /// The place in the index behind which the next turn begins, so that those which cannot be helped keep none of the others waiting.
    last: Option<(i64, CaseId)>,
    /// Whether anything is due.
    due: bool,
}

impl Progress {
    /// Whether it is worth looking again soon.
    pub(super) fn goes_on(&self) -> bool {
        self.due
    }

    fn there(&self, party: PartyId) -> usize {
        self.wanted.values().filter(|(_, at)| *at == party).count()
    }

    /// Whether another one may go to `party`.
    fn has_room(&self, party: PartyId) -> bool {
        self.there(party) < if self.reached.contains(&party) { AT_ONCE_THERE } else { 1 }
    }
}

impl Office {
    /// Puts the newest leaf in place in groups in which this desk stands with one before it. Those before it are destroyed when no group
    /// knows them and their certificates have ended: until then a Welcome may come for one.
    pub(super) async fn renew_leaves(&self) -> Result<(), Denial> {
        let _looking = self.leaves.looking.lock().await;
        let (current, now) = (self.leaves.mark()?, clock::now());
        self.follow_renewals(current, now).await?;
        self.set_about(current, now).await?;
        for leaf in self.leaves.known().iter().skip(1) {
            if leaf.until().plus_ms(KEPT_MS) <= now && !self.store.stands_by(leaf.mark()).await? {
                self.leaves.forget(leaf)?;
                say!(Info, "a former leaf is destroyed");
            }
        }
        Ok(())
    }

    /// Looks how those go that were set about.
    async fn follow_renewals(&self, current: i64, now: Timestamp) -> Result<(), Denial> {
        let wanted = self.leaves.progress().wanted.clone();
        for (case, (since, party)) in wanted {
            if self.store.leaf(case).await?.is_none_or(|row| row.mark == current) {
                let mut progress = self.leaves.progress();
                progress.wanted.remove(&case);
                progress.reached.insert(party);
            } else if since.plus_ms(PATIENCE_MS) <= now {
                self.follow_late(case, party, now).await?;
            }
        }
        Ok(())
    }

    /// One that is late: on its way to a gateway that is away, refused, or waiting behind something else in its case, where it is no use.
    async fn follow_late(&self, case: CaseId, party: PartyId, now: Timestamp) -> Result<(), Denial> {
        let _members = self.members.lock().await;
        let view = self.view(case).await?;
        let pending = view.as_ref().and_then(|(view, _)| view.pending.as_ref());
        if pending.is_some_and(|pending| pending.step == Step::ChangeGroup) {
            self.leaves.progress().reached.remove(&party);
            return Ok(());
        }
        if self.errand(case).await?.is_some_and(|errand| errand.wish == Wish::Renew) {
            self.commit(&DeskBatch { errands_done: vec![case], ..DeskBatch::default() }).await?;
        }
        let mut progress = self.leaves.progress();
        progress.wanted.remove(&case);
        progress.resting.insert(case, now.plus_ms(AGAIN_MS));
        Ok(())
    }

    /// Sets about the next ones.
    async fn set_about(&self, current: i64, now: Timestamp) -> Result<(), Denial> {
        let (after, room, full) = {
            let mut progress = self.leaves.progress();
            progress.resting.retain(|_, until| *until > now);
            let mut full = self.uplink.unreached();
            full.extend(progress.wanted.values().map(|(_, party)| *party).filter(|party| !progress.has_room(*party)));
            (progress.last, AT_ONCE.saturating_sub(progress.wanted.len() as u64), full.into_iter().collect::<Vec<_>>())
        };
        let rows = self.store.leaves_other_than(current, &full, after, room).await?;
        let whole = rows.len() as u64 == room;
        for row in &rows {
            self.leaves.progress().last = Some((row.mark, row.case_id.0));
            // One group that cannot be read is not the others' trouble.
            if self.look_at(row, now).await.is_err() {
                say!(Warn, "the renewed leaf could not be put in place in a case");
            }
        }
        let due = !rows.is_empty() || self.store.leaves_other_than_count(current).await? > 0;
        let mut progress = self.leaves.progress();
        if !whole {
            progress.last = None;
        }
        progress.due = due;
        Ok(())
    }

    /// Wants the newest leaf in one group, finds out which it has, or gives the group up whose leaf's key is lost.
    async fn look_at(&self, row: &LeafRow, now: Timestamp) -> Result<(), Denial> {
        let (case, party) = (row.case_id.0, row.party.0);
        if !self.leaves.known().iter().any(|leaf| leaf.mark() == row.mark) {
            if self.leaves.progress().resting.contains_key(&case) {
                return Ok(());
            }
            let mut members = self.members.lock().await;
            let found = self.find_leaf(&mut members, case, now).await;
            if found.is_err() {
                // A group that cannot be read is not looked at every other second.
                self.leaves.progress().resting.insert(case, now.plus_ms(PATIENCE_MS));
            }
            return found;
        }
        {
            let progress = self.leaves.progress();
            let rests = progress.resting.contains_key(&case) || progress.wanted.contains_key(&case);
            if rests || !progress.has_room(party) {
                return Ok(());
            }
        }
        let _members = self.members.lock().await;
        // Another change of ours comes first, and an entry that is on its way; it is looked at again.
        let busy = self.view(case).await?.is_none_or(|(view, _)| view.pending.is_some() || view.sound().is_err());
        if busy || self.errand(case).await?.is_some_and(|errand| errand.wish != Wish::Renew) {
            self.leaves.progress().resting.insert(case, now.plus_ms(PATIENCE_MS));
            return Ok(());
        }
        let errand = self.errand_row(case, &Errand::new(Wish::Renew), now.0)?;
        self.commit(&DeskBatch { errands: vec![errand], ..DeskBatch::default() }).await?;
        self.leaves.progress().wanted.insert(case, (now, party));
        self.errand_bell.notify_one();
        Ok(())
    }

    /// Notes which leaf a group has. Where its key is not here (the file was lost, or an older folder was put back), nothing can be sealed
    /// there any more: this desk asks to be taken in anew.
    async fn find_leaf(&self, members: &mut Members, case: CaseId, now: Timestamp) -> Result<(), Denial> {
        let mut batch = DeskBatch::default();
        let Some((mut view, version)) = self.view(case).await? else {
            batch.leaves_done.push(case);
            return self.commit(&batch).await;
        };
        let member = members.take(self, case).await?;
        let key = member.leaf_key();
        let lost = key.is_some_and(|key| self.leaves.all().iter().all(|leaf| leaf.public_key() != key));
        // In a closed case nothing is sealed any more.
        if !lost || member.has_pending() || view.state() == State::Closed {
            note_leaf(&mut batch, &view, &member);
            members.keep(case, member);
            return self.commit(&batch).await;
        }
        say!(Error, "the key of this desk's leaf in a case is not here: it asks to be taken in anew");
        self.lose(&mut batch, &mut view, now)?;
        batch.mls_forgotten.push(case);
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        self.errand_bell.notify_one();
        Ok(())
    }
}
