use model::{AuthorityId, CaseId, Digest, EntryId, Header, HeaderDigest, PartyId, Pin, RefusalCode, Step, Timestamp};
use serde::{Deserialize, Serialize};
use workflow::{Case, Event, FOLD, Side, State, apply};

use crate::{Origin, rejoin::Offer};

/// All that a gateway knows of a case. Stored as one row.
///
/// What stands above `pending` is final: both gateways hold the same values when all answers have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFile {
    /// The case.
    pub id: CaseId,
    /// Whose gateway holds this file.
    pub own: PartyId,
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// The rule of the case.
    pub pin: Pin,
    /// The desk that opened the case.
    pub home_desk: AuthorityId,
    /// The desk that it was addressed to.
    pub peer_desk: AuthorityId,
    /// The fold of the entries that both gateways admitted.
    pub admitted: Option<Case>,
    /// The header of the newest of them.
    pub head: HeaderDigest,
    /// How many they are: the number of the next.
    pub next_seq: u64,
    /// Whose desks are in the group, sorted, each once.
    pub members: Vec<AuthorityId>,
    /// The group's epoch.
    pub epoch: u64,
    /// Entries of our own desks that the other gateway has not answered, in their order.
    pub pending: Vec<PendingEntry>,
    /// The last request that did not become part of the case.
    pub unsent: Option<Unsent>,
    /// Desks that lost their state and asked to be taken into the group anew, and were not yet.
    #[serde(default)]
    pub asking: Vec<AuthorityId>,
    /// Which fold made `admitted`: [`FOLD`](workflow::FOLD), or an older program's.
    #[serde(default)]
    pub fold: u16,
    /// The KeyPackages with which they asked, the newest last.
    #[serde(default)]
    pub offers: Vec<Offer>,
}

/// An entry of an own desk, admitted here, on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEntry {
    /// The entry.
    pub entry: EntryId,
    /// Its header.
    pub digest: HeaderDigest,
    /// The header before it.
    pub previous: HeaderDigest,
    /// Whose desk sent it.
    pub sender: AuthorityId,
    /// What it does.
    pub step: Step,
    /// When its time is over.
    pub expires: Timestamp,
    /// What it does to the case.
    pub event: Event,
    /// What it does to the group.
    pub group: Option<GroupChange>,
    /// The KeyPackage that it offers, as a Welcome names it.
    #[serde(default)]
    pub package: Option<Digest>,
    /// Its time is over and the other gateway has not said whether it took it. It is asked on.
    pub overdue: bool,
}

/// Where a handshake leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChange {
    /// Whose desks are in the group after it, sorted, each once.
    pub members: Vec<AuthorityId>,
    /// The epoch after it.
    pub epoch: u64,
    /// Who was taken out and in again with it.
    #[serde(default)]
    pub anew: Vec<AuthorityId>,
}

/// What a handshake does to who sits in the group.
#[derive(Debug, Default)]
pub(crate) struct Seating {
    /// Where it leads.
    pub(crate) group: Option<GroupChange>,
    /// The KeyPackage that it offers.
    pub(crate) package: Option<Digest>,
}

/// A request that did not become part of its case. Until a new one is sent the case shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// The entry.
    pub entry: EntryId,
    /// What it would have done.
    pub event: Event,
    /// [`State::Blocked`] or [`State::Lapsed`].
    pub state: State,
    /// The ground of the refusal, where it was one.
    pub ground: Option<RefusalCode>,
}

/// What an entry is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The case.
    pub case: Option<Case>,
    /// The newest entry's header.
    pub head: HeaderDigest,
    /// Whose desks are in the group.
    pub members: Vec<AuthorityId>,
    /// The group's epoch.
    pub epoch: u64,
}

impl CaseFile {
    /// An empty file for the case that `header` wants to open.
    pub(crate) fn opening(own: PartyId, header: &Header) -> Self {
        Self {
            id: header.case,
            own,
            home: header.home,
            peer: header.peer,
            pin: header.pin,
            home_desk: header.sender.clone(),
            peer_desk: header.recipient.clone(),
            admitted: None,
            head: HeaderDigest::GENESIS,
            next_seq: 0,
            members: Vec::new(),
            epoch: 0,
            pending: Vec::new(),
            unsent: None,
            asking: Vec::new(),
            fold: FOLD,
            offers: Vec::new(),
        }
    }

    /// Our side of the case.
    pub fn side(&self) -> Side {
        if self.own == self.home { Side::Home } else { Side::Peer }
    }

    /// The other party.
    pub fn counterpart(&self) -> PartyId {
        if self.own == self.home { self.peer } else { self.home }
    }

    /// What an entry from `origin` is held against: our own desks' entries against all that was admitted here, the other
    /// gateway's against what both admitted. `roster` must use the group of the same moment.
    pub fn basis(&self, origin: Origin<'_>) -> Basis {
        let pending: &[PendingEntry] = match origin {
            Origin::OwnDesk(_) => &self.pending,
            Origin::PeerGateway(_) => &[],
        };
        let group = pending.iter().rev().find_map(|one| one.group.as_ref());
        Basis {
            case: pending.iter().fold(self.admitted.clone(), |case, one| Some(take(case, one.step, &one.event))),
            head: pending.last().map_or(self.head, |one| one.digest),
            members: group.map_or_else(|| self.members.clone(), |group| group.members.clone()),
            epoch: group.map_or(self.epoch, |group| group.epoch),
        }
    }

    /// The case as our own officers see it: with what is on its way (SENT), and with a request that was blocked or lapsed.
    /// `None` before the group is open.
    pub fn shown(&self) -> Option<Case> {
        let current = self.pending.iter().filter(|one| self.is_current(one));
        let mut case = self.admitted.clone();
        let mut last = None;
        for one in current {
            // What is chained behind a request supposes that it arrives.
            if let (Some(sent), Some(Step::SealSend)) = (&case, last) {
                case = Some(apply(case.clone(), &Event::delivered(sent, one.event.at)));
            }
            case = Some(apply(case, &one.event));
            last = Some(one.step);
        }
        let case = case?;
        if last == Some(Step::SealSend) && self.pending.iter().any(|one| one.overdue) {
            let lapsed = Event::no_route(&case, case.moved);
            return Some(apply(Some(case), &lapsed));
        }
        match &self.unsent {
            Some(unsent) if case.measures.is_empty() && !case.abandoned => {
                let sent = apply(Some(case), &unsent.event);
                let end = match unsent.state {
                    State::Lapsed => Event::no_route(&sent, unsent.event.at),
                    _ => Event::denied(&sent, unsent.ground, unsent.event.at),
                };
                Some(apply(Some(sent), &end))
            }
            _ => Some(case),
        }
    }

    /// Whether a pending entry can still become part of the case. A peer's cannot once the home has moved the case.
    fn is_current(&self, one: &PendingEntry) -> bool {
        self.side() == Side::Home || one.previous == self.head
    }

    /// Makes an entry that both gateways admitted part of the case. Returns its number.
    pub(crate) fn settle(
        &mut self,
        (step, sender): (Step, &AuthorityId),
        digest: HeaderDigest,
        event: &Event,
        Seating { group, package }: Seating,
    ) -> u64 {
        self.admitted = Some(take(self.admitted.take(), step, event));
        self.head = digest;
        if step == Step::AskRejoin {
            self.asking = sorted(self.asking.iter().chain([sender]).cloned());
        }
        if let Some(package) = package {
            self.offer(Offer { desk: sender.clone(), at: event.at, package });
        }
        if let Some(group) = group {
            self.asking.retain(|desk| group.members.contains(desk) && !group.anew.contains(desk));
            self.members = group.members;
            self.epoch = group.epoch;
        }
        if step == Step::SealSend {
            self.unsent = None;
        }
        let seq = self.next_seq;
        self.next_seq = seq.saturating_add(1);
        seq
    }

    /// Our own desks that get an entry: who is in the group before or after it, but not the sender.
    pub(crate) fn audience(&self, sender: &AuthorityId, group: Option<&GroupChange>) -> Vec<AuthorityId> {
        let after = group.map_or(&[][..], |group| &group.members);
        let ours = |desk: &&AuthorityId| desk.party() == self.own && *desk != sender;
        sorted(self.members.iter().chain(after).filter(ours).cloned())
    }
}

/// An entry that both gateways admit has arrived: a request goes through SENT to DELIVERED in one.
pub(crate) fn take(case: Option<Case>, step: Step, event: &Event) -> Case {
    let case = apply(case, event);
    if step != Step::SealSend {
        return case;
    }
    let delivered = Event::delivered(&case, event.at);
    apply(Some(case), &delivered)
}

pub(crate) fn sorted(desks: impl Iterator<Item = AuthorityId>) -> Vec<AuthorityId> {
    let unique: std::collections::BTreeSet<_> = desks.collect();
    unique.into_iter().collect()
}
