//! Changes of a case's group that this desk wants. Each is kept until both gateways have admitted it or one has refused it: a commit
//! that loses the race for its epoch is given up, the winner's is taken, and the change is made again on what there is then.

use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Duration,
};

use link::Backoff;
use model::{AuthorityId, CaseId, Denial, Fault, Handshake, HeaderDigest, Payload, Step};
use roster::Accreditation;
use seal::{LeafIdentity, Member};
use serde::{Deserialize, Serialize};
use store::desk::{DeskBatch, ErrandRow};
use telemetry::say;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Office, dispatch::Outgoing, internal, removal::act, seats::Seating, unknown, view::CaseView};
use crate::{clock, random, safe::Place};

const AT_ONCE: u64 = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long an answer of the gateways is waited for before it is looked again.
const ANSWER_PAUSE_MS: i64 = 30_000;

/// How long a desk rests whose asking to be taken in anew was refused.
const REFUSED_PAUSE_MS: i64 = 3_600_000;

/// What is wanted of a case's group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// That a desk of the own party comes in.
    Add(AuthorityId),
    /// That it goes out.
    Remove(AuthorityId),
    /// That this desk's leaf is renewed, with its newest certificate.
    Renew,
    /// That this desk, which lost its keys, is taken in anew.
    Rejoin,
    /// That another desk, which lost its keys, is taken in anew by its KeyPackage. It had had so many seats when it asked.
    Readmit { authority: AuthorityId, key_package: Vec<u8>, seats: usize },
}

/// A wish, and how it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Errand {
    pub(crate) wish: Wish,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// Why the last try did not succeed.
    pub(crate) last: String,
}

impl Errand {
    pub(super) fn new(wish: Wish) -> Self {
        Self { wish, tries: 0, last: String::new() }
    }
}

impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.wish {
            Wish::Add(authority) => write!(f, "add {authority}")?,
            Wish::Remove(authority) => write!(f, "remove {authority}")?,
            Wish::Renew => f.write_str("renew")?,
            Wish::Rejoin => f.write_str("ask to be taken in anew")?,
            Wish::Readmit { authority, .. } => write!(f, "take {authority} in anew")?,
        }
        if self.last.is_empty() { Ok(()) } else { write!(f, " (tried {}×: {})", self.tries, self.last) }
    }
}

impl Wish {
    /// Whether the case's group is as it is wanted. A renewal is done when its commit is admitted, and cannot be seen before.
    fn is_fulfilled(&self, view: &CaseView) -> bool {
        match self {
            Self::Add(authority) => view.readers.contains(authority),
            Self::Remove(authority) => !view.readers.contains(authority),
            Self::Renew | Self::Rejoin => false,
            Self::Readmit { authority, seats, .. } => {
                view.seats.iter().filter(|seat| seat.authority == *authority).count() > *seats
            }
        }
    }

    /// Whether a commit that changes the seats so is one of this wish.
    pub(super) fn is_made_by(&self, seating: &Seating) -> bool {
        self.seating() == *seating
    }

    fn seating(&self) -> Seating {
        match self {
            Self::Add(authority) => Seating { added: vec![authority.clone()], removed: Vec::new() },
            Self::Remove(authority) => Seating { added: Vec::new(), removed: vec![authority.clone()] },
            Self::Readmit { authority, .. } => {
                Seating { added: vec![authority.clone()], removed: vec![authority.clone()] }
            }
            Self::Renew | Self::Rejoin => Seating::default(),
        }
    }

    fn commit(
        &self,
        member: &mut Member,
        key_package: Option<&[u8]>,
        leaf: &LeafIdentity,
        accreditation: &dyn Accreditation,
    ) -> Result<Handshake, Denial> {
        let now = clock::now();
        match self {
            Self::Add(_) => {
                let none = || Denial::failed(Fault::Internal, "nobody can be added without a KeyPackage");
                member.add(&[key_package.ok_or_else(none)?], accreditation, now)
            }
            Self::Remove(authority) => member.remove(authority, accreditation, now),
            Self::Readmit { authority, key_package, .. } => {
                member.replace(authority, &[key_package], accreditation, now)
            }
            Self::Renew => {
                let next = member.leaf_key().is_some_and(|key| key != leaf.public_key()).then_some(leaf);
                member.rotate(next, accreditation, now)
            }
            Self::Rejoin => Err(Denial::failed(Fault::Internal, "a desk cannot take itself in")),
        }
    }
}

/// Where a try left it.
enum Tried {
    /// The commit is on its way.
    Sent,
    /// There is nothing (more) to do.
    Done,
}

impl Office {
    /// Changes who is in a case's group. Says whether both gateways have admitted it, or that it is on its way.
    pub(crate) async fn change_group(&self, case: CaseId, wish: Wish) -> Result<bool, Denial> {
        self.wishable(case, &wish).await?;
        {
            let _members = self.members.lock().await;
            let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
            match self.errand(case).await? {
                // A renewal of this desk's leaf is nobody's act: it gives way, and is made again by itself.
                Some(there) if there.wish != wish && there.wish != Wish::Renew => {
                    let detail = format!("another change of the group is on its way: {there}");
                    return Err(Denial::failed(Fault::StaleCase, detail));
                }
                Some(there) if there.wish == wish => {}
                None if wish.is_fulfilled(&view) => return Ok(true),
                _ => {
                    let mut pledges_done = Vec::new();
                    if let Wish::Remove(authority) = &wish {
                        self.is_pledged(&view, authority).await?;
                        pledges_done.push((case, act(authority)));
                    }
                    self.errand_ends.lock().unwrap_or_else(PoisonError::into_inner).remove(&case);
                    let errand = Errand::new(wish.clone());
                    let row = self.errand_row(case, &errand, clock::now().0)?;
                    self.commit(&DeskBatch { errands: vec![row], pledges_done, ..DeskBatch::default() }).await?;
                }
            }
        }
        let over = || async move {
            if self.errand(case).await?.is_some() {
                return Ok(None);
            }
            match self.errand_ends.lock().unwrap_or_else(PoisonError::into_inner).get(&case) {
                Some(denial) => Err(denial.clone()),
                None => Ok(Some(())),
            }
        };
        Ok(self.until(over).await?.is_some())
    }

    /// Whether such a change could be made at all.
    pub(super) async fn wishable(&self, case: CaseId, wish: &Wish) -> Result<(), Denial> {
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("the case's group is not open yet"))?;
        view.sound()?;
        let (Wish::Add(authority) | Wish::Remove(authority)) = wish else { return Ok(()) };
        if *authority == self.own {
            return Err(Denial::failed(Fault::Malformed, "a desk cannot add or remove itself"));
        }
        if authority.party() != self.own.party() {
            let detail = format!("{authority} is not of {}: each party seats its own desks", self.own.party());
            return Err(Denial::failed(Fault::Malformed, detail));
        }
        if view.head == HeaderDigest::GENESIS {
            return Err(unknown("the case's group is not open yet"));
        }
        Ok(())
    }

    /// Tries what is due, until `stop`.
    pub(crate) async fn run_errands(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let pause = match self.try_errands().await {
                Ok(next) => next,
                Err(_) => {
                    say!(Warn, "the changes of groups that are wanted could not be looked at");
                    LONGEST_PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.errand_bell.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    async fn try_errands(&self) -> Result<Duration, Denial> {
        for row in self.store.errands_due(clock::now().0, AT_ONCE).await? {
            let case = row.case_id.0;
            let mut errand = self.read_errand(&row)?;
            match self.try_errand(case, &errand).await {
                Ok(Tried::Sent) => {}
                Ok(Tried::Done) => self.end_errand(case, None).await?,
                Err(denial) if is_final(&denial) && errand.wish != Wish::Rejoin => {
                    self.end_errand(case, Some(denial)).await?
                }
                Err(denial) => {
                    errand.last = denial.to_string();
                    self.retry_errand(case, errand).await?;
                }
            }
        }
        let next = self.store.next_errand().await?.map(|due| due - clock::now().0);
        Ok(next.map_or(LONGEST_PAUSE, |millis| {
            Duration::from_millis(u64::try_from(millis).unwrap_or(0)).clamp(FIRST_PAUSE / 4, LONGEST_PAUSE)
        }))
    }

    async fn try_errand(&self, case: CaseId, errand: &Errand) -> Result<Tried, Denial> {
        self.require_standing()?;
        if errand.wish == Wish::Rejoin {
            let asked = self.ask_rejoin(case, errand).await?;
            return Ok(if asked { Tried::Sent } else { Tried::Done });
        }
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        view.sound()?;
        if errand.wish.is_fulfilled(&view) {
            return Ok(Tried::Done);
        }
        free(&view)?;
        let key_package = match &errand.wish {
            Wish::Add(authority) => {
                let claimed = self.uplink.claim(authority).await;
                Some(claimed.map_err(|status| proto::status::to_denial(&status))?)
            }
            _ => None,
        };
        // Whom the directory names since a moment ago may be somebody that this desk has not seen.
        self.refreshed().await;
        let mut members = self.members.lock().await;
        let (mut view, version) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        if self.errand(case).await?.is_none_or(|now| now.wish != errand.wish) || errand.wish.is_fulfilled(&view) {
            return Ok(Tried::Done);
        }
        free(&view)?;
        let mut member = members.take(self, case).await?;
        // What was refused, or lost the race, is given up.
        if member.has_pending() {
            member.discard()?;
        }
        let trust = self.trust.store()?;
        let leaf = self.leaves.current()?;
        let handshake = errand.wish.commit(&mut member, key_package.as_deref(), &leaf, trust.as_ref())?;
        let now = clock::now();
        let header = self.next_header(&view, Step::ChangeGroup, now)?;
        let mut batch = DeskBatch { mls: self.mls_changes(case, &mut member)?, ..DeskBatch::default() };
        let header_bytes = proto::encode_header(&header);
        let outgoing =
            Outgoing { header: &header, header_bytes, payload: Payload::Handshake(handshake), officers: Vec::new() };
        self.dispatch(&mut batch, &mut view, outgoing, now)?;
        if let Some(pending) = &mut view.pending {
            pending.seating = Some(errand.wish.seating());
        }
        batch.errands.push(self.errand_row(case, errand, now.plus_ms(ANSWER_PAUSE_MS).0)?);
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        members.keep(case, member);
        Ok(Tried::Sent)
    }

    /// A gateway did not take the commit of an errand, which `made` such a change: it is made again where another came first, else it is
    /// over. What was wanted while it was on its way waits on.
    pub(super) async fn errand_refused(
        &self,
        batch: &mut DeskBatch,
        case: CaseId,
        made: Option<&Seating>,
        denial: &Denial,
    ) -> Result<(), Denial> {
        let Some(mut errand) = self.errand(case).await? else { return Ok(()) };
        if made.is_some_and(|seating| !errand.wish.is_made_by(seating)) {
            return Ok(());
        }
        if is_final(denial) && errand.wish != Wish::Rejoin {
            batch.errands_done.push(case);
            self.errand_ended(case, denial.clone());
            return Ok(());
        }
        errand.tries = errand.tries.saturating_add(1);
        errand.last = denial.to_string();
        let pause = match denial {
            // What the gateways refuse they refuse again soon after.
            Denial::Refused(_) => REFUSED_PAUSE_MS,
            Denial::Failed { .. } => pause_ms(errand.tries),
        };
        let due = clock::now().plus_ms(pause).0;
        batch.errands.push(self.errand_row(case, &errand, due)?);
        Ok(())
    }

    pub(super) async fn errand(&self, case: CaseId) -> Result<Option<Errand>, Denial> {
        let row = self.store.errand(case).await?;
        row.map(|row| self.read_errand(&row)).transpose()
    }

    async fn end_errand(&self, case: CaseId, denial: Option<Denial>) -> Result<(), Denial> {
        let _members = self.members.lock().await;
        if let Some(denial) = denial {
            self.errand_ended(case, denial);
        }
        self.commit(&DeskBatch { errands_done: vec![case], ..DeskBatch::default() }).await
    }

    async fn retry_errand(&self, case: CaseId, mut errand: Errand) -> Result<(), Denial> {
        let _members = self.members.lock().await;
        if self.store.errand(case).await?.is_none() {
            return Ok(());
        }
        errand.tries = errand.tries.saturating_add(1);
        let due = clock::now().plus_ms(pause_ms(errand.tries)).0;
        let row = self.errand_row(case, &errand, due)?;
        self.commit(&DeskBatch { errands: vec![row], ..DeskBatch::default() }).await
    }

    fn errand_ended(&self, case: CaseId, denial: Denial) {
        let mut ends = self.errand_ends.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.len() > 1000 {
            ends.clear();
        }
        ends.insert(case, denial);
    }

    pub(super) fn errand_row(&self, case: CaseId, errand: &Errand, due: i64) -> Result<ErrandRow, Denial> {
        let plain = serde_json::to_vec(errand).map_err(internal)?;
        Ok(ErrandRow { case_id: case.into(), body: self.safe.seal(Place::Errand, case.as_bytes(), &plain)?, due })
    }

    pub(super) fn read_errand(&self, row: &ErrandRow) -> Result<Errand, Denial> {
        let plain = self.safe.open(Place::Errand, row.case_id.as_bytes(), &row.body)?;
        serde_json::from_slice(&plain).map_err(|_| Denial::failed(Fault::Storage, "an errand cannot be read"))
    }
}

/// Fails while an entry of this desk is on its way: one after the other.
fn free(view: &CaseView) -> Result<(), Denial> {
    if view.pending.is_none() {
        return Ok(());
    }
    Err(Denial::failed(Fault::PeerUnreachable, "an entry of the case is on its way"))
}

/// Whether trying again would get the same answer.
fn is_final(denial: &Denial) -> bool {
    let passes = matches!(
        denial,
        Denial::Failed {
            fault: Fault::StaleCase
                | Fault::StaleEpoch
                | Fault::PeerUnreachable
                | Fault::ChannelNotOpen
                | Fault::Storage
                | Fault::Expired,
            ..
        }
    );
    !passes
}

/// How long to rest after so many tries.
fn pause_ms(tries: u32) -> i64 {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, random::seed());
    let mut pause = FIRST_PAUSE;
    for _ in 0..tries.min(16) {
        pause = backoff.pause();
    }
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}
