//! The rules that a gateway or a desk asks for, each only as far as it is signed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Mutex, PoisonError},
};

use identity::Fingerprint;
use jiff::civil::Date;
use model::{PartyId, Pin, Refusal, Timestamp};
use treaty::Rule;

use crate::{
    error::ShelfError,
    keys::Roots,
    shelf::{Shelf, Signatures, Source},
    standing::Standing,
    teams::Team,
};

/// Rules kept in memory; beyond that all are compiled anew, which takes less than a millisecond each.
const KEPT_MAX: usize = 4096;

/// The catalogue of a party, and the rules that it was already asked for.
#[derive(Debug)]
pub struct Rules {
    own: PartyId,
    shelf: Shelf,
    kept: Mutex<BTreeMap<Key, Result<Rule, Refusal>>>,
}

/// A rule depends on the pair, its day, the roots that vouch for its signatures, and the day on which it is asked.
type Key = (PartyId, PartyId, Date, [Option<[u8; 32]>; 2], Option<Date>);

impl Rules {
    /// The built-in catalogue, or the one in `folder`. The catalogue is read once: a change takes a new start.
    pub fn open(own: PartyId, folder: Option<(&Path, Signatures)>) -> Result<Self, ShelfError> {
        let shelf = match folder {
            None => Shelf::builtin()?,
            Some((folder, signatures)) => Shelf::open(folder, signatures)?,
        };
        Ok(Self { own, shelf, kept: Mutex::default() })
    }

    /// The files.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// The effective rule of the pair on a day, under the own national layer (its pin is the shared one). R92 where something
    /// that it rests on is not signed by both, as far as `roots` prove it.
    pub fn rule(&self, a: PartyId, b: PartyId, on: Date, roots: &dyn Roots, now: Timestamp) -> Result<Rule, Refusal> {
        let (a, b) = (a.min(b), a.max(b));
        let key: Key = match self.shelf.signatures() {
            Signatures::None => (a, b, on, [None; 2], None),
            Signatures::Required => {
                let print = |party| roots.root(party).map(|root| *Fingerprint::as_bytes(&root.fingerprint()));
                (a, b, on, [print(a), print(b)], now.date())
            }
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rule) = kept.get(&key) {
            return rule.clone();
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let refusal = self.standing(a, b, on, roots, now).and_then(|standing| standing.refusal());
        let rule = refusal.map_or_else(|| Ok(self.unproven(a, b, on)), Err);
        kept.insert(key, rule.clone());
        rule
    }

    /// The same whoever has signed it: for cases that began when it was in force, and for those who count and show.
    pub fn unproven(&self, a: PartyId, b: PartyId, on: Date) -> Rule {
        self.shelf.catalog().local_rule(self.own, a, b, on)
    }

    /// The rule of the day that has this pin: as the files give it now, or as they knew it at any time before, under the own national
    /// layer as it was known then. A case goes on under its pin although the law of its day was changed since. `None` where the
    /// catalogue never gave such a rule.
    pub fn pinned(&self, a: PartyId, b: PartyId, on: Date, pin: Pin) -> Option<Rule> {
        let now = self.unproven(a, b, on);
        if now.pin() == pin {
            return Some(now);
        }
        let catalog = self.shelf.catalog();
        let known: BTreeSet<Date> = catalog.files().filter_map(|file| file.recorded?.yesterday().ok()).collect();
        let then = |known| catalog.local_rule_as_known(self.own, a, b, on, known);
        known.into_iter().rev().map(then).find(|rule| rule.pin() == pin)
    }

    /// What the pair has signed; `None` where no signatures are asked for.
    pub fn standing(&self, a: PartyId, b: PartyId, on: Date, roots: &dyn Roots, now: Timestamp) -> Option<Standing> {
        match self.shelf.signatures() {
            Signatures::None => None,
            Signatures::Required => Some(self.shelf.standing((a, b), on, Some(self.own), roots, now)),
        }
    }

    /// The joint teams of the own party with `other`, each as far as it is signed.
    pub fn teams(&self, other: PartyId, on: Date, roots: &dyn Roots, now: Timestamp) -> Vec<Team> {
        let all = self.shelf.teams(self.own, on, roots, now);
        all.into_iter().filter(|team| team.standing.parties.contains(&other)).collect()
    }

    /// One line for the log at the start, and for whoever asks how things are.
    pub fn told(&self) -> String {
        let count = self.shelf.files().treaty().count();
        match (self.shelf.source(), self.shelf.signatures()) {
            (Source::Builtin, _) => "built-in, not signed by any state (development)".to_owned(),
            (Source::Folder(folder), Signatures::Required) => {
                format!("{} ({count} files), signatures required", folder.display())
            }
            (Source::Folder(folder), Signatures::None) => {
                format!("{} ({count} files), signatures not checked", folder.display())
            }
        }
    }

    /// Each signature that does not hold, in the pairs of the own party with those whose root is pinned: files that were altered
    /// or taken away. What is only missing is not told here.
    pub fn alarms(&self, roots: &dyn Roots, now: Timestamp) -> Vec<String> {
        let Some(today) = now.date() else { return Vec::new() };
        let others = self.shelf.catalog().parties().map(|(party, _)| party);
        let known = others.filter(|party| *party != self.own && roots.root(*party).is_some());
        let mut alarms = Vec::new();
        for standing in known.filter_map(|other| self.standing(self.own, other, today, roots, now)) {
            let [a, b] = standing.pair;
            alarms.extend(standing.bad().map(|need| format!("{need}: nothing new between {a} and {b}")));
        }
        alarms
    }
}
