//! Who could read: the case's MLS group, read out of the handshakes, and held against what each gateway certified. While the leaves are in
//! time by this machine's clock, the commits are replayed by MLS besides.

use std::collections::BTreeMap;

use identity::TrustStore;
use model::{
    AuthorityId, Denial, Digest, EpochCertificate, Fault, Handshake, PartyId, Payload, Refusal, RefusalCode, Step,
    Timestamp,
};
use roster::{CaseBinding, CertifiedEpoch, Follower, Frame, Grace, check_key_package};

use super::{
    Check, Findings,
    items::Item,
    parties::{Against, Parties, Used},
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
    /// Since when, by the gateway that took that entry last.
    pub(crate) since: Timestamp,
    /// Whose desk committed to it. Its leaf is renewed by that.
    pub(crate) by: AuthorityId,
    /// Who could read in it.
    pub(crate) members: Vec<AuthorityId>,
    /// Whose desks came in with it, also where they had a seat before.
    pub(crate) added: Vec<AuthorityId>,
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
            Payload::Handshake(handshake) => self.handshake(item, handshake, manifest, parties, findings),
        };
        if let Err(denial) = taken {
            findings.contradict(&item.file, Check::Roster, denial.to_string());
        }
    }

    fn handshake(
        &mut self,
        item: &Item,
        handshake: &Handshake,
        manifest: &Manifest,
        parties: &mut Parties,
        findings: &mut Findings,
    ) -> Result<(), Denial> {
        let header = &item.entry.header;
        let certificates = certificates(item);
        if header.step == Step::AskRejoin {
            // It leads to no epoch; what is certified all the same is one thing.
            if !certificates.is_empty() {
                agreed(&certificates)?;
            }
            let taken = item.taken();
            let asked = parties.at(taken, |trust| check_key_package(&handshake.key_package, trust, taken));
            let asked = asked.ok().map(|(asked, _)| asked);
            if let Some(asked) = asked.as_ref().filter(|asked| asked.authority != header.sender) {
                return Err(refuse(format!("{} asks with a KeyPackage of {}", header.sender, asked.authority)));
            }
            self.asking.insert(header.sender.clone(), asked.map(|asked| asked.reference));
            return Ok(());
        }
        if self.now.is_some() != (header.step == Step::ChangeGroup) {
            return Err(refuse("a group is opened once, and changed after that".to_owned()));
        }
        let binding = CaseBinding::new(header.case, header.pin, manifest.home, manifest.peer);
        let (epoch, next, used) = match agreed(&certificates) {
            Ok(epoch) => {
                let (next, used) = self.next(item, handshake, epoch, &binding, parties)?;
                (epoch, next, used)
            }
            Err(denial) => {
                let told = self.told_apart(item, handshake, &certificates, &binding, parties, findings);
                told.ok_or(denial)?
            }
        };
        let by = certificates.iter().filter(|one| one.epoch == epoch).map(|one| one.by).collect();
        let replayed = self.replay(item, handshake, &next, epoch, &binding, parties)?;
        if header.step == Step::OpenGroup {
            self.desks = Some([header.sender.clone(), header.recipient.clone()]);
        }
        self.asking.retain(|desk, _| !next.added.contains(desk));
        let members = next.members();
        let (number, entry, against) = (epoch.epoch, item.number, used.against);
        let (since, added) = (item.taken(), next.added.clone());
        self.epochs.push(Epoch {
            number,
            entry,
            since,
            by: header.sender.clone(),
            members,
            added,
            replayed,
            against,
            certified: by,
        });
        self.now = Some(next);
        Ok(())
    }

    /// The epoch to which a handshake leads from the one before, where that is the certified one.
    fn next(
        &self,
        item: &Item,
        handshake: &Handshake,
        epoch: &EpochCertificate,
        binding: &CaseBinding,
        parties: &mut Parties,
    ) -> Result<(CertifiedEpoch, Used), Denial> {
        let (at, before) = (item.taken(), self.now.as_ref());
        let read = |trust: &TrustStore| CertifiedEpoch::read(before, handshake, epoch, binding, trust, at);
        let (next, used) = parties.at(at, read)?;
        self.fits(item, &next)?;
        Ok((next, used))
    }

    /// Of different epochs that were certified behind one handshake the one to which it leads, as the group that the file holds tells it. The
    /// others are pinned on who certified them. `None` where it leads to none of them: then their words alone do not tell who lies; of a
    /// gateway that gave two, one is false at any rate.
    fn told_apart<'c>(
        &self,
        item: &Item,
        handshake: &Handshake,
        certificates: &[Certified<'c>],
        binding: &CaseBinding,
        parties: &mut Parties,
        findings: &mut Findings,
    ) -> Option<(&'c EpochCertificate, CertifiedEpoch, Used)> {
        let leads = |one: &Certified<'c>| {
            let (next, used) = self.next(item, handshake, one.epoch, binding, parties).ok()?;
            Some((one.epoch, next, used))
        };
        let found = certificates.iter().find_map(leads);
        for (place, one) in certificates.iter().enumerate() {
            let twice = certificates.iter().take(place).any(|before| before.by == one.by);
            let what = match &found {
                Some((epoch, ..)) if *epoch != one.epoch => "certifies an epoch to which the handshake does not lead",
                None if twice => "certifies another epoch than its gateway had certified before",
                _ => continue,
            };
            findings.misstate(&[one.by], one.file, format!("the acceptance {what}"));
        }
        found
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

/// What a gateway certified of the epoch when it took a handshake: nowhere else does it.
struct Certified<'i> {
    by: PartyId,
    epoch: &'i EpochCertificate,
    /// The receipt that says so.
    file: &'i str,
}

/// Each once.
fn certificates(item: &Item) -> Vec<Certified<'_>> {
    let mut found: Vec<Certified<'_>> = Vec::new();
    for one in item.receipts.iter().filter(|one| one.counts && one.takes()) {
        let (by, file) = (one.signed.receipt.by, one.file.as_str());
        if let Some(epoch) = &one.signed.receipt.epoch
            && !found.iter().any(|before| (before.by, before.epoch) == (by, epoch))
        {
            found.push(Certified { by, epoch, file });
        }
    }
    found
}

/// The one epoch that all certified.
fn agreed<'c>(certificates: &[Certified<'c>]) -> Result<&'c EpochCertificate, Denial> {
    let first = certificates.first().map(|one| one.epoch);
    let first = first.ok_or_else(|| refuse("no gateway certified the epoch that it leads to".to_owned()))?;
    if certificates.iter().all(|one| one.epoch == first) {
        return Ok(first);
    }
    Err(refuse("the two gateways certified different epochs: somebody was shown another group".to_owned()))
}

fn refuse(reason: String) -> Denial {
    let remedy = "Ask both operators what their gateways certified.";
    Refusal::new(RefusalCode::R93, "roster", reason, remedy).into()
}
