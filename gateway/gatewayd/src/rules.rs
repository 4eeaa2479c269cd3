//! The treaties of this gateway: its catalogue, proven under the roots that it has pinned now.

use std::path::Path;

use identity::RootCertificate;
use jiff::civil::Date;
use model::{PartyId, Refusal, Timestamp};
use shelf::{Roots, Signatures, Standing};
use treaty::Rule;

use crate::{failure::Failure, trust::Snapshot};

pub(crate) struct Rules(shelf::Rules);

impl Rules {
    /// The built-in catalogue, or the one in a folder.
    pub(crate) fn open(own: PartyId, folder: Option<(&Path, Signatures)>) -> Result<Self, Failure> {
        let rules = shelf::Rules::open(own, folder).map_err(|error| Failure::new(error.exit(), error.told()))?;
        Ok(Self(rules))
    }

    /// The effective rule of the pair on a day, under the own national layer. R92 where what it rests on is not signed.
    pub(crate) fn rule(
        &self,
        (a, b): (PartyId, PartyId),
        on: Date,
        trust: &Snapshot,
        now: Timestamp,
    ) -> Result<Rule, Refusal> {
        self.0.rule(a, b, on, trust, now)
    }

    /// The same whoever has signed it: for cases that began when it was in force, and for those who count and show.
    pub(crate) fn unproven(&self, a: PartyId, b: PartyId, on: Date) -> Rule {
        self.0.unproven(a, b, on)
    }

    /// What the own party and `other` have signed; `None` where no signatures are asked for.
    pub(crate) fn standing(&self, own: PartyId, other: PartyId, trust: &Snapshot, now: Timestamp) -> Option<Standing> {
        self.0.standing(own, other, now.date()?, trust, now)
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
