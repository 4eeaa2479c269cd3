//! Who could read: the case's MLS group, followed from the handshakes as both gateways did, and held against what each certified.

use std::collections::BTreeSet;

use model::{AuthorityId, Denial, EpochCertificate, Fault, Handshake, PartyId, Payload, Refusal, RefusalCode, Step};
use roster::{Approved, CaseBinding, Follower, Frame, Grace, check_key_package};

use super::{Findings, items::Item, parties::Parties};
use crate::Manifest;

/// The group as it went.
#[derive(Default)]
pub(crate) struct Group {
    follower: Option<Follower>,
    asking: BTreeSet<AuthorityId>,
    desks: Option<[AuthorityId; 2]>,
    /// Whether it could not be followed to the end, because certificates of leaves are over by now.
    pub(crate) lost: bool,
    /// Each epoch, in order.
    pub(crate) epochs: Vec<Epoch>,
}

/// An epoch of the group.
pub(crate) struct Epoch {
    pub(crate) number: u64,
    /// By which entry it began.
    pub(crate) entry: usize,
    /// Who could read in it; empty where it could not be followed.
    pub(crate) members: Vec<AuthorityId>,
    /// Whose gateways certified it.
    pub(crate) certified: Vec<PartyId>,
}

impl Group {
    /// Takes the next entry of the case.
    pub(super) fn take(&mut self, item: &Item, manifest: &Manifest, parties: &mut Parties, findings: &mut Findings) {
        let taken = match &item.entry.payload {
            Payload::Sealed(sealed) => match &self.follower {
                Some(follower) => follower.check_sealed(sealed, item.entry.header_digest(), Grace::PreviousEpoch),
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
            if let Ok((asked, _)) = asked
                && asked.authority != header.sender
            {
                return Err(refuse(format!("{} asks with a KeyPackage of {}", header.sender, asked.authority)));
            }
            self.asking.insert(header.sender.clone());
            return Ok(());
        }
        let epoch = certified.ok_or_else(|| refuse("no gateway certified the epoch that it leads to".to_owned()))?;
        let by = certificates.iter().map(|(party, _)| *party).collect();
        if self.lost {
            self.epochs.push(Epoch { number: epoch.epoch, entry: item.number, members: Vec::new(), certified: by });
            return Ok(());
        }
        let approved = match self.follow(item, handshake, manifest, parties) {
            Ok(approved) => approved,
            // MLS itself holds leaves against the clock of today.
            Err(Denial::Failed { fault: Fault::Expired, .. }) => {
                self.lost = true;
                self.follower = None;
                self.epochs.push(Epoch { number: epoch.epoch, entry: item.number, members: Vec::new(), certified: by });
                return Ok(());
            }
            Err(denial) => return Err(denial),
        };
        if approved.epoch != *epoch {
            return Err(refuse("the gateways certified another epoch than the handshake leads to".to_owned()));
        }
        self.fits(item, &approved)?;
        self.asking.retain(|desk| !approved.added.contains(desk));
        let members = approved.members;
        self.epochs.push(Epoch { number: epoch.epoch, entry: item.number, members, certified: by });
        self.follower = Some(approved.next);
        Ok(())
    }

    /// Where the handshake leads, by the certificates and directories of the moment at which a gateway took it.
    fn follow(
        &mut self,
        item: &Item,
        handshake: &Handshake,
        manifest: &Manifest,
        parties: &mut Parties,
    ) -> Result<Approved, Denial> {
        let header = &item.entry.header;
        let binding = CaseBinding::new(header.case, header.pin, manifest.home, manifest.peer);
        let at = item.taken();
        let follower = self.follower.as_ref();
        let (approved, _) = parties.at(at, |trust| match (follower, header.step) {
            (None, Step::OpenGroup) => Follower::open_with(handshake, &binding, trust, at),
            (Some(follower), Step::ChangeGroup) => follower.check(handshake, trust, at),
            _ => Err(refuse("a group is opened once, and changed after that".to_owned())),
        })?;
        if header.step == Step::OpenGroup {
            self.desks = Some([header.sender.clone(), header.recipient.clone()]);
        }
        Ok(approved)
    }

    /// Who commits is who sends; each party seats its own desks, and those of the other only where they asked; who opened the case and
    /// who was addressed stay.
    fn fits(&self, item: &Item, approved: &Approved) -> Result<(), Denial> {
        let header = &item.entry.header;
        if approved.committer != header.sender {
            return Err(refuse(format!("{} sends a commit of {}", header.sender, approved.committer)));
        }
        if header.step == Step::OpenGroup {
            let ghost = approved.members.iter().find(|desk| **desk != header.sender && **desk != header.recipient);
            return ghost.map_or(Ok(()), |desk| Err(refuse(format!("{desk} is in the group from its beginning"))));
        }
        let anew = |desk: &AuthorityId| {
            self.asking.contains(desk) && approved.added.contains(desk) && approved.removed.contains(desk)
        };
        let party = header.sender.party();
        let foreign = approved.added.iter().chain(&approved.removed).find(|desk| desk.party() != party && !anew(desk));
        if let Some(desk) = foreign {
            return Err(refuse(format!("{} decided on the seat of {desk}", header.sender)));
        }
        let gone = self.desks.iter().flatten().find(|desk| !approved.members.contains(desk));
        gone.map_or(Ok(()), |desk| Err(refuse(format!("{desk} was taken out of its own case"))))
    }

    fn seated(&self, desk: &AuthorityId) -> Result<(), Denial> {
        match &self.follower {
            Some(follower) if !follower.members().contains(desk) => {
                Err(refuse(format!("{desk} has no seat in the case's group")))
            }
            _ => Ok(()),
        }
    }
}

/// What each gateway certified of the epoch.
fn certificates(item: &Item) -> Vec<(PartyId, &EpochCertificate)> {
    let mut found: Vec<(PartyId, &EpochCertificate)> = Vec::new();
    for receipt in item.receipts.iter().map(|one| &one.signed.receipt) {
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
