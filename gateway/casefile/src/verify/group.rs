//! Who could read: the case's MLS group, read out of the handshakes, and held against what each gateway certified. While the leaves are in
//! time by this machine's clock, the commits are replayed by MLS besides.

use std::collections::BTreeMap;

use identity::TrustStore;
use model::{
    AuthorityId, Denial, Digest, EpochCertificate, Fault, Handshake, PartyId, Payload, Refusal, RefusalCode, Step,
};
use roster::{CaseBinding, CertifiedEpoch, Follower, Frame, Grace, check_key_package};

use super::{
    Findings,
    items::Item,
    parties::{Against, Parties},
};
use crate::Manifest;

/// The group as it went.
#[derive(Default)]
pub(crate) struct Group {
    now: Option<CertifiedEpoch>,
    /// Replays the commits, while it can.
    follower: Option<Follower>,
    /// Whether it cannot any more, because a leaf is over by this machine's clock, which openmls asks.
    outlived: bool,
    /// Who asked to be taken in anew, and by which KeyPackage last, where that could be read.
    asking: BTreeMap<AuthorityId, Option<Digest>>,
    desks: Option<[AuthorityId; 2]>,
    /// Each epoch, in order.
    pub(crate) epochs: Vec<Epoch>,
}

/// An epoch of the group.
pub(crate) struct Epoch {
    pub(crate) number: u64,
    /// By which entry it began.
    pub(crate) entry: usize,
    /// Who could read in it.
    pub(crate) members: Vec<AuthorityId>,
    /// Whether MLS replayed the commit that led to it.
    pub(crate) replayed: bool,
    /// What the newest directories of that moment say against a leaf in it, where older ones allow it.
    pub(crate) against: Option<Against>,
    /// Whose gateways certified it.
    pub(crate) certified: Vec<PartyId>,
}

impl Group {
    /// Takes the next entry of the case.
    pub(super) fn take(&mut self, item: &Item, manifest: &Manifest, parties: &mut Parties, findings: &mut Findings) {
        let taken = match &item.entry.payload {
            Payload::Sealed(sealed) => match &self.now {
                Some(now) => now.check_sealed(sealed, item.entry.header_digest(), Grace::PreviousEpoch),
                None => Frame::read(sealed).and_then(|frame| Ok(frame.check_header(item.entry.header_digest())?)),
            }
            .and_then(|()| self.seated(&item.entry.header.sender)),
            Payload::Handshake(handshake) => self.handshake(item, handshake, manifest, parties),
        };
        if let Err(denial) = taken {
            findings.contradict(&item.file, "roster", denial.to_string());
        }
    }

    fn handshake(
        &mut self,
        item: &Item,
        handshake: &Handshake,
        manifest: &Manifest,
        parties: &mut Parties,
    ) -> Result<(), Denial> {
        let header = &item.entry.header;
        let certificates = certificates(item);
        let certified = agreed(&certificates)?;
        if header.step == Step::AskRejoin {
            let taken = item.taken();
            let asked = parties.at(taken, |trust| check_key_package(&handshake.key_package, trust, taken));
            let asked = asked.ok().map(|(asked, _)| asked);
            if let Some(asked) = asked.as_ref().filter(|asked| asked.authority != header.sender) {
                return Err(refuse(format!("{} asks with a KeyPackage of {}", header.sender, asked.authority)));
            }
            self.asking.insert(header.sender.clone(), asked.map(|asked| asked.reference));
            return Ok(());
        }
        let epoch = certified.ok_or_else(|| refuse("no gateway certified the epoch that it leads to".to_owned()))?;
        let by = certificates.iter().map(|(party, _)| *party).collect();
        if self.now.is_some() != (header.step == Step::ChangeGroup) {
            return Err(refuse("a group is opened once, and changed after that".to_owned()));
        }
        let binding = CaseBinding::new(header.case, header.pin, manifest.home, manifest.peer);
        let at = item.taken();
        let before = self.now.as_ref();
        let read = |trust: &TrustStore| CertifiedEpoch::read(before, handshake, epoch, &binding, trust, at);
        let (next, used) = parties.at(at, read)?;
        self.fits(item, &next)?;
        let replayed = self.replay(item, handshake, &next, epoch, &binding, parties)?;
        if header.step == Step::OpenGroup {
            self.desks = Some([header.sender.clone(), header.recipient.clone()]);
        }
        self.asking.retain(|desk, _| !next.added.contains(desk));
        let members = next.members();
        let (number, entry, against) = (epoch.epoch, item.number, used.against);
        self.epochs.push(Epoch { number, entry, members, replayed, against, certified: by });
        self.now = Some(next);
        Ok(())
    }

    /// Replays the commit by MLS, by the certificates and directories of the moment at which a gateway took it, and says whether that could
    /// be done: MLS itself holds leaves against the clock of today, and once it has lost the group it cannot take it up again.
    fn replay(
        &mut self,
        item: &Item,
        handshake: &Handshake,
        next: &CertifiedEpoch,
        certificate: &EpochCertificate,
        binding: &CaseBinding,
        parties: &mut Parties,
    ) -> Result<bool, Denial> {
        if self.outlived {
            return Ok(false);
        }
        let (at, follower) = (item.taken(), self.follower.as_ref());
        let replayed = parties.at(at, |trust| match follower {
            None => Follower::open_with(handshake, binding, trust, at),
            Some(follower) => follower.check(handshake, trust, at),
        });
        let approved = match replayed {
            Ok((approved, _)) => approved,
            Err(Denial::Failed { fault: Fault::Expired, .. }) => {
                (self.outlived, self.follower) = (true, None);
                return Ok(false);
            }
            Err(denial) => return Err(denial),
        };
        if approved.epoch != *certificate || approved.members != next.members() {
            return Err(refuse("the gateways certified another epoch than the handshake leads to".to_owned()));
        }
        let offered = |desk: &AuthorityId| self.asking.get(desk).copied().flatten();
        let substituted = |desk: &&AuthorityId| {
            approved.removed.contains(desk) && offered(desk).is_some_and(|one| !approved.packages.contains(&one))
        };
        if let Some(desk) = approved.added.iter().find(substituted) {
            return Err(refuse(format!("{desk} was taken in by another KeyPackage than it asked with last")));
        }
        self.follower = Some(approved.next);
        Ok(true)
    }

    /// Who commits is who sends; each party seats its own desks, and those of the other only where they asked; who opened the case and
    /// who was addressed stay.
    fn fits(&self, item: &Item, next: &CertifiedEpoch) -> Result<(), Denial> {
        let header = &item.entry.header;
        if next.committer != header.sender {
            return Err(refuse(format!("{} sends a commit of {}", header.sender, next.committer)));
        }
        let members = next.members();
        if header.step == Step::OpenGroup {
            let ghost = members.iter().find(|desk| **desk != header.sender && **desk != header.recipient);
            return ghost.map_or(Ok(()), |desk| Err(refuse(format!("{desk} is in the group from its beginning"))));
        }
        let anew = |desk: &AuthorityId| {
            self.asking.contains_key(desk) && next.added.contains(desk) && next.removed.contains(desk)
        };
        let party = header.sender.party();
        let foreign = next.added.iter().chain(&next.removed).find(|desk| desk.party() != party && !anew(desk));
        if let Some(desk) = foreign {
            return Err(refuse(format!("{} decided on the seat of {desk}", header.sender)));
        }
        let gone = self.desks.iter().flatten().find(|desk| !members.contains(desk));
        gone.map_or(Ok(()), |desk| Err(refuse(format!("{desk} was taken out of its own case"))))
    }

    fn seated(&self, desk: &AuthorityId) -> Result<(), Denial> {
        match &self.now {
            Some(now) if !now.members().contains(desk) => {
                Err(refuse(format!("{desk} has no seat in the case's group")))
            }
            _ => Ok(()),
        }
    }
}

/// What each gateway certified of the epoch when it took the handshake: nowhere else does it.
fn certificates(item: &Item) -> Vec<(PartyId, &EpochCertificate)> {
    let mut found: Vec<(PartyId, &EpochCertificate)> = Vec::new();
    for one in item.receipts.iter().filter(|one| one.counts && one.takes()) {
        let receipt = &one.signed.receipt;
        if let Some(epoch) = &receipt.epoch
            && !found.contains(&(receipt.by, epoch))
        {
            found.push((receipt.by, epoch));
        }
    }
    found
}

fn agreed<'c>(certificates: &[(PartyId, &'c EpochCertificate)]) -> Result<Option<&'c EpochCertificate>, Denial> {
    let first = certificates.first().map(|(_, epoch)| *epoch);
    if certificates.iter().all(|(_, epoch)| Some(*epoch) == first) {
        return Ok(first);
    }
    Err(refuse("the two gateways certified different epochs: somebody was shown another group".to_owned()))
}

fn refuse(reason: String) -> Denial {
    let remedy = "Ask both operators what their gateways certified.";
    Refusal::new(RefusalCode::R93, "roster", reason, remedy).into()
}
