//! The treaties of this desk: its catalogue, proven under the own root and the roots that the own party's directory pins.

use identity::RootCertificate;
use model::{Denial, PartyId, Timestamp};
use shelf::{Roots, Rules};
use treaty::Rule;

use super::Office;
use crate::{
    clock,
    config::{Config, Folder},
    failure::Failure,
    trust::Trust,
};

/// The built-in catalogue, or the one that the configuration names.
pub(super) fn open(folder: &Folder, config: &Config) -> Result<Rules, Failure> {
    let catalogue = config.catalog.as_ref().map(|path| folder.resolve(path));
    let catalogue = catalogue.as_deref().map(|path| (path, config.treaty_signatures));
    Rules::open(config.authority.party(), catalogue).map_err(|error| Failure::new(error.exit(), error.told()))
}

impl Office {
    /// The effective rule with another party today, under the own national layer. R92 where what it rests on is not signed.
    pub(super) fn rule_with(&self, other: PartyId, now: Timestamp) -> Result<Rule, Denial> {
        Ok(self.rules.rule(self.own.party(), other, clock::day(now)?, &*self.trust, now)?)
    }
}

impl Roots for Trust {
    fn root(&self, party: PartyId) -> Option<RootCertificate> {
        if party == self.party() {
            return Some(self.own_root().clone());
        }
        self.store().ok().and_then(|store| Roots::root(&*store, party))
    }
}
