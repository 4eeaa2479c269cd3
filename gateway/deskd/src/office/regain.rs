//! A case in which this desk stands without keys. It gets the case back from its gateway, entries first; then it asks to be taken in anew, or
//! finds that it was taken out meanwhile, and leaves.

use model::{CaseId, Denial, Fault, Handshake, Step, Timestamp};
use roster::{Accreditation, CaseBinding, Follower};
use store::desk::DeskBatch;
use telemetry::say;

use super::{
    Office, Told,
    arrival::{Taken, Taking},
    event,
    history::{Folded, Past, follow_past, turn_of},
    seats::{Away, Seating, Turn},
    view::CaseView,
};
use crate::clock;

impl Office {
    /// Gets a case back of which nothing is here, although the gateway speaks of an entry of this desk in it: it began after the backup
    /// from which this desk was restored. One that never came about stays away. Never with the lock held: it asks the gateway.
    pub(super) async fn regain(&self, case: CaseId) -> Result<(), Denial> {
        if self.view(case).await?.is_some() {
            return Ok(());
        }
        let past = match self.fetch(case, None).await {
            Err(Denial::Failed { fault: Fault::Unknown, .. }) => return Ok(()),
            past => past?,
        };
        let _members = self.members.lock().await;
        if past.is_empty() || self.view(case).await?.is_some() {
            return Ok(());
        }
        let (mut batch, now) = (DeskBatch::default(), clock::now());
        let view = self.catch_up(&mut batch, None, &past, now).await?;
        self.put_case(&mut batch, &view, None, now).await?;
        self.commit(&batch).await?;
        self.errand_bell.notify_one();
        Ok(())
    }

    /// Takes what came into a case of which this desk lost a stretch or everything: unread, behind what it has caught up with.
    pub(super) async fn take_unread(
        &self,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        found: Option<(CaseView, i64)>,
        past: &[Past],
    ) -> Result<Taken, Denial> {
        let (before, version) = found.unzip();
        let mut view = self.catch_up(batch, before, past, taking.now).await?;
        let seq = Some(self.settle_unread(&mut view, &Past::of(taking.entry.clone(), taking.receipt.clone()))?);
        self.errand_bell.notify_one();
        Ok(Taken { view, version, member: None, plain: None, authenticator: None, opened: None, seq })
    }

    /// The case as its past makes it, in which this desk is without keys.
    async fn catch_up(
        &self,
        batch: &mut DeskBatch,
        before: Option<CaseView>,
        past: &[Past],
        now: Timestamp,
    ) -> Result<CaseView, Denial> {
        let unknown = before.is_none();
        let Folded { mut view, follower } = self.fold(batch, before, past).await?;
        let sent = |one: &Past| one.header.step == Step::SealSend && one.header.sender == self.own;
        if unknown && past.iter().any(sent) {
            // What the backup brought back of it is a draft no more.
            batch.drafts_done.push(view.id);
        }
        if self.has_left(batch, &mut view, follower.as_ref(), now).await? {
            batch.errands_done.push(view.id);
        } else if view.away.is_none() {
            self.lose(batch, &mut view, now)?;
        }
        Ok(view)
    }

    /// Notes who sits in the group where the past has led. Says whether this desk does not, so that it has left the case.
    pub(super) async fn has_left(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        follower: Option<&Follower>,
        now: Timestamp,
    ) -> Result<bool, Denial> {
        let Some(follower) = follower else { return Ok(false) };
        view.readers = follower.members();
        if view.readers.contains(&self.own) {
            return Ok(false);
        }
        let ours = view.seats.iter().rev().filter(|seat| seat.authority == self.own);
        let Some(turn) = ours.filter_map(|seat| seat.left).next() else { return Ok(false) };
        self.leave_case(batch, view, turn, now).await?;
        Ok(true)
    }

    /// This desk was taken out of the case: it destroys the records that it read, and keeps no keys for what it could not open.
    pub(super) async fn leave_case(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        turn: Turn,
        now: Timestamp,
    ) -> Result<(), Denial> {
        view.away = Some(Away::Left(turn.at));
        batch.mls_forgotten.push(view.id);
        self.leave_records(batch, view, turn.entry, now).await
    }

    /// A handshake that does not bring this desk in, which has no keys. Where it takes the desk out, that is the end of its waiting.
    pub(super) async fn stay_out(
        &self,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        handshake: &Handshake,
        folded: Folded,
        version: Option<i64>,
    ) -> Result<Taken, Denial> {
        let Folded { mut view, follower } = folded;
        let header = &taking.entry.header;
        let one = Past::of(taking.entry.clone(), taking.receipt.clone());
        let binding = CaseBinding::new(header.case, header.pin, header.home, header.peer);
        let opens = header.step == Step::OpenGroup;
        let judged = (taking.judging as &dyn Accreditation, taking.judging.at(Some(&view), taking.now));
        let change = follow_past(follower.as_ref(), header.step, handshake, &binding, judged);
        let seq = Some(self.settle_unread(&mut view, &one)?);
        // What the gateways did not certify tells nothing of the seats.
        let change = change.filter(|change| taking.receipt.epoch.as_ref() == Some(&change.epoch));
        let next = change.map(|change| {
            let added = if opens { change.members } else { change.added };
            view.seat(&Seating { added, removed: change.removed }, turn_of(header, change.epoch.epoch));
            change.next
        });
        if self.has_left(batch, &mut view, next.as_ref(), taking.now).await? {
            batch.errands_done.push(view.id);
        } else if view.away.is_none() {
            self.lose(batch, &mut view, taking.now)?;
        }
        Ok(Taken { view, version, member: None, plain: None, authenticator: None, opened: None, seq })
    }

    /// A change of the group that both gateways certified does not verify here: who made it made it so that this desk cannot follow, or, where
    /// it is not `forged`, this desk was away for longer than a KeyPackage in it lives. The desk takes it unread, says so, and asks to be
    /// taken in anew; one hostile member stops no case.
    pub(super) fn fall_out(
        &self,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        mut view: CaseView,
        version: Option<i64>,
        forged: bool,
    ) -> Result<Taken, Denial> {
        let header = &taking.entry.header;
        if header.previous != view.head {
            return Err(Denial::failed(Fault::StaleCase, "an arrival does not follow the newest entry known here"));
        }
        if forged {
            say!(Error, "a certified change of a case's group does not verify in it", entry = header.entry);
            batch.events.push(event(view.id, Told::Diverged, Some(header.entry), taking.now));
        } else {
            say!(Warn, "a change of a case's group came too late to be followed", entry = header.entry);
        }
        let seq = Some(self.settle_unread(&mut view, &Past::of(taking.entry.clone(), taking.receipt.clone()))?);
        self.lose(batch, &mut view, taking.now)?;
        batch.mls_forgotten.push(view.id);
        Ok(Taken { view, version, member: None, plain: None, authenticator: None, opened: Some(false), seq })
    }
}
