//! Which notes, certificates and files of a folder are about whom, found once: a catalogue may hold an acceptance for each of 18,528
//! pairs, and nobody looks through all of them for one.

use std::collections::BTreeMap;

use model::PartyId;

use crate::{
    address::{Layer, accepted_pair, key_party, layer, removed_file, signed_file},
    files::Files,
};

/// Paths by what they are about, each list sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// By the file that they are signed for.
    signed: BTreeMap<String, Vec<String>>,
    /// By the file that was taken out.
    removed: BTreeMap<String, String>,
    /// With their numbers.
    accepted: BTreeMap<[PartyId; 2], Vec<(Option<usize>, String)>>,
    keys: BTreeMap<PartyId, Vec<String>>,
    instruments: Vec<String>,
    parties: BTreeMap<PartyId, Vec<String>>,
    overlays: BTreeMap<[PartyId; 2], Vec<String>>,
    national: BTreeMap<PartyId, Vec<String>>,
    /// Files that a note is about and that are not there.
    vanished: Vec<String>,
}

impl Index {
    pub(crate) fn of(files: &Files) -> Self {
        let mut index = Self::default();
        for (path, _) in files.evidence() {
            let owned = path.to_owned();
            if let Some(file) = signed_file(path) {
                index.signed.entry(file.to_owned()).or_default().push(owned);
            } else if let Some(file) = removed_file(path) {
                index.removed.insert(file.to_owned(), owned);
            } else if let Some((pair, number)) = accepted_pair(path) {
                index.accepted.entry(pair).or_default().push((number, owned));
            } else if let Some(party) = key_party(path) {
                index.keys.entry(party).or_default().push(owned);
            }
        }
        for (path, _) in files.treaty() {
            let owned = path.to_owned();
            match layer(path) {
                Some(Layer::Instrument) => index.instruments.push(owned),
                Some(Layer::Party(party)) => index.parties.entry(party).or_default().push(owned),
                Some(Layer::Overlay(pair)) => index.overlays.entry(pair).or_default().push(owned),
                Some(Layer::National(party)) => index.national.entry(party).or_default().push(owned),
                None => {}
            }
        }
        index.vanished = index.signed.keys().filter(|path| files.text(path).is_none()).cloned().collect();
        index
    }

    /// The notes for which a file is signed.
    pub(crate) fn signed(&self, file: &str) -> &[String] {
        self.signed.get(file).map(Vec::as_slice).unwrap_or_default()
    }

    /// The note by which a file was taken out.
    pub(crate) fn removal(&self, file: &str) -> Option<&str> {
        self.removed.get(file).map(String::as_str)
    }

    /// The files that were taken out.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &str> {
        self.removed.keys().map(String::as_str)
    }

    /// The acceptances of a pair; the newest has no number.
    pub(crate) fn accepted(&self, pair: [PartyId; 2]) -> &[(Option<usize>, String)] {
        self.accepted.get(&pair).map(Vec::as_slice).unwrap_or_default()
    }

    /// The pairs that have an acceptance, whoever has signed it.
    pub(crate) fn accepting(&self) -> impl Iterator<Item = [PartyId; 2]> {
        self.accepted.keys().copied()
    }

    /// The certificates of a party's treaty keys.
    pub(crate) fn keys(&self, party: PartyId) -> &[String] {
        self.keys.get(&party).map(Vec::as_slice).unwrap_or_default()
    }

    /// Files that notes are about and that are not there.
    pub(crate) fn vanished(&self) -> impl Iterator<Item = &str> {
        self.vanished.iter().map(String::as_str)
    }

    /// Whether anybody has signed anything here.
    pub(crate) fn has_notes(&self) -> bool {
        !(self.signed.is_empty() && self.removed.is_empty() && self.accepted.is_empty())
    }

    /// The files that may concern a pair, sorted: common texts, those of the two, and the national ones of `own`.
    pub(crate) fn concerning(&self, pair: [PartyId; 2], own: Option<PartyId>) -> Vec<&str> {
        let parties = pair.iter().filter_map(|party| self.parties.get(party)).flatten();
        let overlays = self.overlays.get(&pair).into_iter().flatten();
        let national = own.and_then(|own| self.national.get(&own)).into_iter().flatten();
        let mut paths: Vec<&str> =
            self.instruments.iter().chain(parties).chain(overlays).chain(national).map(String::as_str).collect();
        paths.sort_unstable();
        paths
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn of_18528_pairs_each_finds_its_own_acceptances_and_no_other_is_looked_at() {
        let letters = || (b'A'..=b'Z').map(char::from);
        let codes = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}")));
        let parties: Vec<PartyId> = codes.filter_map(|code| code.parse().ok()).take(193).collect();
        let pairs = || parties.iter().enumerate().flat_map(|(i, a)| parties[i + 1..].iter().map(move |b| [*a, *b]));
        assert_eq!(pairs().count(), 18_528);
        let notes =
            pairs().flat_map(|[a, b]| [format!("acceptances/{a}-{b}.note"), format!("acceptances/{a}-{b}.1.note")]);
        let index = Index::of(&Files::of(notes.map(|path| (path, String::new()))));
        for pair @ [a, b] in pairs() {
            let found: Vec<_> = index.accepted(pair).iter().map(|(number, path)| (*number, path.as_str())).collect();
            let (older, newest) = (format!("acceptances/{a}-{b}.1.note"), format!("acceptances/{a}-{b}.note"));
            assert_eq!(found, [(Some(1), older.as_str()), (None, newest.as_str())]);
        }
    }

    #[test]
    fn a_note_whose_file_is_gone_is_found_and_one_that_says_that_it_went_is_another() {
        let [there, gone, out] = ["parties/FR.toml", "parties/JP.toml", "national/JP.toml"];
        let paths = [
            there.to_owned(),
            format!("signatures/{there}.note"),
            format!("signatures/{gone}.note"),
            format!("signatures/{gone}.2.note"),
            format!("signatures/{out}.removed.note"),
        ];
        let index = Index::of(&Files::of(paths.map(|path| (path, String::new()))));
        assert_eq!(index.vanished().collect::<Vec<_>>(), [gone]);
        assert_eq!(index.signed(gone).len(), 2);
        assert_eq!(index.removed().collect::<Vec<_>>(), [out]);
        let fr = "FR".parse().unwrap();
        assert_eq!(index.concerning([fr, "JP".parse().unwrap()], None), [there]);
    }
}
