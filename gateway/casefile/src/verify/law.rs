//! The rule: compiled from the treaty files in the case file, it must be the one that every header names.

use std::{
    collections::{BTreeMap, BTreeSet},
    str,
};

use identity::RootCertificate;
use jiff::civil::Date;
use model::{PartyId, Pin, Timestamp};
use shelf::{Files, Layer, Shelf, Standing};
use treaty::Rule;

use super::{Check, Findings, sheaf::Sheaf};
use crate::{Manifest, names};

/// The treaty files of a case file.
pub(crate) struct Law {
    shelf: Option<Shelf>,
    pair: (PartyId, PartyId),
    roots: BTreeMap<PartyId, RootCertificate>,
}

impl Law {
    pub(super) fn read(
        sheaf: &mut Sheaf<'_>,
        manifest: &Manifest,
        roots: &BTreeMap<PartyId, RootCertificate>,
        findings: &mut Findings,
    ) -> Self {
        let mut files = Vec::new();
        for (name, bytes) in sheaf.folder(names::TREATIES) {
            let path = name.strip_prefix(names::TREATIES).unwrap_or_default();
            let Ok(text) = str::from_utf8(bytes) else {
                findings.contradict(name, Check::Treaty, "no text");
                continue;
            };
            let known = shelf::layer(path).is_some()
                || ["signatures/", "acceptances/", "keys/"].iter().any(|folder| path.starts_with(folder));
            if !known {
                findings.contradict(name, Check::Format, "no file of a catalogue");
            }
            if matches!(shelf::layer(path), Some(Layer::National(_))) {
                findings.contradict(name, Check::Treaty, "a state's own law is in no case file");
            }
            files.push((path.to_owned(), text.to_owned()));
        }
        let shelf = if files.is_empty() { None } else { Some(Shelf::of(Files::of(files))) };
        let shelf = match shelf.transpose() {
            Ok(shelf) => shelf,
            Err(error) => {
                findings.contradict(names::TREATIES, Check::Treaty, error.to_string());
                None
            }
        };
        Self { shelf, pair: (manifest.home, manifest.peer), roots: roots.clone() }
    }

    /// The rule of the pair on a day that has this pin: as the files give it, or as they knew it on any earlier day.
    pub(super) fn rule(&self, on: Date, pin: Pin) -> Option<Rule> {
        rule_in(self.shelf.as_ref()?, self.pair, on, pin)
    }

    /// What both states have signed of that rule, under the pinned roots.
    pub(super) fn standing(&self, on: Date, now: Timestamp) -> Option<Standing> {
        Some(self.shelf.as_ref()?.standing(self.pair, on, None, &self.roots, now))
    }

    /// Whether there are treaty files at all.
    pub(super) fn is_there(&self) -> bool {
        self.shelf.is_some()
    }
}

/// The treaty files in `shelf` that make the rule of a pair with this pin on this day, with what was signed of them: those that the rule
/// rests on, where they alone give it, else all but those of other pairs. Never a national layer.
pub fn treaty_files(shelf: &Shelf, (home, peer): (PartyId, PartyId), on: Date, pin: Pin) -> Vec<(String, String)> {
    let pair = [home.min(peer), home.max(peer)];
    let own = |path: &str| match shelf::layer(path) {
        Some(Layer::National(_)) | None => false,
        Some(Layer::Overlay(parties)) => parties == pair,
        Some(Layer::Instrument | Layer::Party(_)) => true,
    };
    let narrow: BTreeSet<&str> = shelf.foundations(pair, None).into_iter().map(|(path, _)| path).collect();
    let wide: BTreeSet<&str> = shelf.files().treaty().map(|(path, _)| path).filter(|path| own(path)).collect();
    let alone = Shelf::of(Files::of(texts(shelf, &narrow)));
    let enough = alone.is_ok_and(|alone| rule_in(&alone, (home, peer), on, pin).is_some());
    let chosen = if enough { narrow } else { wide };
    let pairs = format!("acceptances/{}-{}.", pair[0], pair[1]);
    let keys = pair.map(|party| format!("keys/{party}."));
    let about = |path: &str| {
        let signed = path.strip_prefix("signatures/");
        let of_chosen = signed.is_some_and(|signed| chosen.iter().any(|file| signed.starts_with(&format!("{file}."))));
        of_chosen || path.starts_with(&pairs) || keys.iter().any(|key| path.starts_with(key))
    };
    let evidence = shelf.files().evidence().filter(|(path, _)| about(path));
    let evidence = evidence.map(|(path, text)| (path.to_owned(), text.to_owned()));
    texts(shelf, &chosen).chain(evidence).collect()
}

fn texts<'s>(shelf: &'s Shelf, chosen: &BTreeSet<&str>) -> impl Iterator<Item = (String, String)> + use<'s> {
    let paths: Vec<String> = chosen.iter().map(|path| (*path).to_owned()).collect();
    paths.into_iter().filter_map(|path| {
        let text = shelf.files().text(&path)?.to_owned();
        Some((path, text))
    })
}

/// The rule of the pair on a day that has this pin: as the files give it, or as they knew it on any earlier day.
fn rule_in(shelf: &Shelf, (home, peer): (PartyId, PartyId), on: Date, pin: Pin) -> Option<Rule> {
    let catalog = shelf.catalog();
    let rule = catalog.rule(home, peer, on);
    if rule.pin() == pin {
        return Some(rule);
    }
    let known: BTreeSet<Date> = catalog.files().filter_map(|file| file.recorded?.yesterday().ok()).collect();
    let then = |known| catalog.rule_as_known(home, peer, on, known);
    known.into_iter().rev().map(then).find(|rule| rule.pin() == pin)
}
