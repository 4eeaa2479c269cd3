//! The treaties of this gateway: its catalogue, proven under the roots that it has pinned now.

use std::path::Path;

use identity::RootCertificate;
use jiff::civil::Date;
use model::{Denial, Header, PartyId, Step, Timestamp};
use shelf::{Roots, Signatures, Standing, Team};
use treaty::Rule;

use crate::{failure::Failure, trust::Snapshot};

pub(crate) struct Rules(shelf::Rules);

impl Rules {
    /// The built-in catalogue, or the one in a folder.
    pub(crate) fn open(own: PartyId, folder: Option<(&Path, Signatures)>) -> Result<Self, Failure> {
        let rules = shelf::Rules::open(own, folder).map_err(|error| Failure::new(error.exit(), error.told()))?;
        Ok(Self(rules))
    }

    /// The effective rule for an entry of the day `on`, under the own national layer. What begins anew is refused R92 where something
    /// that the rule rests on is not signed. A case that runs goes on under its pin, and what was `seen` is answered as before.
    pub(crate) fn for_entry(
        &self,
        header: &Header,
        on: Date,
        seen: bool,
        trust: &Snapshot,
        now: Timestamp,
    ) -> Result<Rule, Denial> {
        let begins = matches!(header.step, Step::OpenGroup | Step::SealSend) && !seen;
        match self.0.rule(header.home, header.peer, on, trust, now) {
            Err(refusal) if begins => Err(refusal.into()),
            rule => Ok(rule.unwrap_or_else(|_| self.unproven(header.home, header.peer, on))),
        }
    }

    /// The rule whoever has signed it: for cases that began when it was in force, and for those who count and show.
    pub(crate) fn unproven(&self, a: PartyId, b: PartyId, on: Date) -> Rule {
        self.0.unproven(a, b, on)
    }

    /// What the own party and `other` have signed; `None` where no signatures are asked for.
    pub(crate) fn standing(&self, own: PartyId, other: PartyId, trust: &Snapshot, now: Timestamp) -> Option<Standing> {
        self.0.standing(own, other, now.date()?, trust, now)
    }

    /// The joint teams with `other`.
    pub(crate) fn teams(&self, other: PartyId, trust: &Snapshot, now: Timestamp) -> Vec<Team> {
        now.date().map(|today| self.0.teams(other, today, trust, now)).unwrap_or_default()
    }

    /// Which files these are, in a line.
    pub(crate) fn told(&self) -> String {
        self.0.told()
    }

    /// Files that were altered or taken away after they were signed.
    pub(crate) fn alarms(&self, trust: &Snapshot, now: Timestamp) -> Vec<String> {
        self.0.alarms(trust, now)
    }
}

impl Roots for Snapshot {
    fn root(&self, party: PartyId) -> Option<RootCertificate> {
        Snapshot::root(self, party).cloned()
    }
}
