use std::{
    collections::{BTreeMap, BTreeSet},
    str,
};

use identity::{Directory, RootCertificate, RootOpening, SignedDirectory, TrustStore, VerifyingKey};
use ledger::LedgerKey;
use model::{AuthorityId, Denial, Fault, PartyId, Timestamp};

use super::{Check, Findings, SKEW_MS, sheaf::Sheaf};
use crate::names;

/// Versions of one directory that are read, the newest ones. How many there are is the choice of its party, and no word against the other.
const VERSIONS_MAX: usize = 10_000;
/// Pairs of versions that are tried for one moment.
const ATTEMPTS_MAX: usize = 16;

/// What the two parties said of themselves, in every version that the file holds.
pub(crate) struct Parties {
    roots: BTreeMap<PartyId, RootCertificate>,
    pair: [PartyId; 2],
    /// The newest first.
    versions: BTreeMap<PartyId, Vec<(Directory, SignedDirectory)>>,
    /// What follows from a version of each.
    stores: BTreeMap<[usize; 2], TrustStore>,
}

/// By which version of the directories something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Used {
    places: [usize; 2],
    /// The versions, of home and peer.
    pub(crate) versions: [u64; 2],
    /// Why it does not hold by the newest that were issued by then; `None` where it does.
    pub(crate) against: Option<Against>,
}

/// The newest directories that were issued by a moment, and what they say against something that older ones allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Against {
    /// The versions, of home and peer.
    pub(crate) versions: [u64; 2],
    /// What.
    pub(crate) what: String,
}

impl Parties {
    pub(super) fn read(
        sheaf: &mut Sheaf<'_>,
        pair: [PartyId; 2],
        roots: &BTreeMap<PartyId, RootCertificate>,
        findings: &mut Findings,
    ) -> Self {
        let mut versions: BTreeMap<PartyId, Vec<(Directory, SignedDirectory)>> = BTreeMap::new();
        for name in sheaf.listed("directories/").into_iter().filter(|name| name.ends_with(".toml")) {
            match read_one(sheaf, name, roots) {
                Ok((directory, signed)) => {
                    versions.entry(directory.party).or_default().push((directory, signed));
                }
                Err(denial) => findings.contradict(name, Check::Directory, denial.to_string()),
            }
        }
        for party in pair {
            let known = versions.entry(party).or_default();
            known.sort_by_key(|(directory, _)| std::cmp::Reverse(directory.version));
            if known.is_empty() {
                findings.contradict(
                    "directories/",
                    Check::Directory,
                    format!("no version of the directory of {party}"),
                );
            } else if known.len() > VERSIONS_MAX {
                findings.unproved(format!(
                    "What the directory of {party} said before its newest {VERSIONS_MAX} versions: there are {} in the file.",
                    known.len()
                ));
                known.truncate(VERSIONS_MAX);
            }
            for pair in known.windows(2) {
                left_out(party, (pair[1].0.version, pair[0].0.version), findings);
            }
        }
        let newest =
            |party: PartyId| versions.get(&party)?.first().map(|(one, _)| format!("{} of {party}", one.version));
        let newest: Vec<String> = pair.into_iter().filter_map(newest).collect();
        findings.unproved(format!(
            "That no officer and no key was withdrawn by a directory newer than version {}: one that was left out at the end leaves no gap.",
            newest.join(" and version ")
        ));
        Self { roots: roots.clone(), pair, versions, stores: BTreeMap::new() }
    }

    /// Runs `check` with what was believed at `at`: by the newest directories that were issued by then, else by older ones that were still
    /// valid, because a gateway learns of a new one a little later.
    ///
    /// # Errors
    /// That of the newest.
    pub(super) fn at<T>(
        &mut self,
        at: Timestamp,
        check: impl Fn(&TrustStore) -> Result<T, Denial>,
    ) -> Result<(T, Used), Denial> {
        let (mut first, pair) = (None, self.pair);
        for places in self.candidates(at) {
            let store = self.store(places)?;
            let of = |party: PartyId| store.directory(party).map_or(0, |directory| directory.version);
            let versions = pair.map(of);
            match check(store) {
                Ok(value) => {
                    let against = first.map(|(versions, denial): ([u64; 2], Denial)| {
                        let what = denial.to_string();
                        Against { versions, what }
                    });
                    return Ok((value, Used { places, versions, against }));
                }
                Err(denial) => drop(first.get_or_insert((versions, denial))),
            }
        }
        Err(first.map(|(_, denial)| denial).unwrap_or_else(|| {
            Denial::failed(Fault::Unknown, format!("no directories of both parties in the file were in force at {at}"))
        }))
    }

    /// Of whom a directory that is not in the file may have been in force at `at`: a version is missing around it, or the newest had expired.
    /// `None` where the versions of both leave no room for one.
    pub(super) fn lacking(&self, at: Timestamp) -> Option<PartyId> {
        let lacks = |party: &PartyId| {
            let all = self.versions.get(party).map(Vec::as_slice).unwrap_or_default();
            let before = all.iter().map(|(one, _)| one).find(|one| one.issued <= at);
            let after = all.iter().map(|(one, _)| one).rfind(|one| one.issued > at);
            match (before, after) {
                (Some(before), Some(after)) => after.version > before.version.saturating_add(1),
                (None, Some(after)) => after.version > 1,
                (Some(newest), None) => newest.check_at(at).is_err(),
                (None, None) => true,
            }
        };
        self.pair.into_iter().find(lacks)
    }

    /// Runs `check` with every key that the directories of `party` ever gave its gateway, whatever the moment.
    ///
    /// # Errors
    /// That of the newest.
    pub(super) fn ever<T>(
        &mut self,
        party: PartyId,
        check: impl Fn(&TrustStore) -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        let mut seen = BTreeSet::new();
        let keys = self.versions.get(&party).into_iter().flatten().enumerate();
        let distinct = keys.filter(|(_, (directory, _))| seen.insert(directory.ledger_key));
        let places: Vec<usize> = distinct.map(|(place, _)| place).take(ATTEMPTS_MAX).collect();
        let mut first = None;
        for place in places {
            let pair = self.pair.map(|one| if one == party { place } else { 0 });
            match check(self.store(pair)?) {
                Ok(value) => return Ok(value),
                Err(denial) => drop(first.get_or_insert(denial)),
            }
        }
        Err(first.unwrap_or_else(|| Denial::failed(Fault::Unknown, "no directory names a ledger key")))
    }

    /// The key of an authority's desk in the newest directory of its party; `None` where it is not accredited any more.
    pub(super) fn newest_desk_key(&self, authority: &AuthorityId) -> Option<VerifyingKey> {
        let (directory, _) = self.versions.get(&authority.party())?.first()?;
        Some(directory.authority(authority)?.desk_key)
    }

    /// How many versions of the directory of `party` commit to what is opened, the first of them, and how many there are.
    pub(super) fn committing(&self, party: PartyId, opening: &RootOpening) -> (usize, Option<u64>, usize) {
        let all = self.versions.get(&party).map(Vec::as_slice).unwrap_or_default();
        let committing: Vec<u64> =
            all.iter().filter(|(one, _)| one.trusted.contains(opening)).map(|(one, _)| one.version).collect();
        (committing.len(), committing.iter().min().copied(), all.len())
    }

    /// What follows from the directories by which something held.
    pub(super) fn by(&mut self, used: &Used) -> Result<&TrustStore, Denial> {
        self.store(used.places)
    }

    /// The keys of a party's gateway, the newest first.
    pub(super) fn ledger_keys(&self, party: PartyId) -> Vec<LedgerKey> {
        let mut keys: Vec<LedgerKey> = Vec::new();
        for (directory, _) in self.versions.get(&party).into_iter().flatten() {
            let key = directory.head_key();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// Those by which a head of `at` may be signed: with a second signature, where the directory of then promised one.
    pub(super) fn head_keys(&self, party: PartyId, at: Timestamp) -> Vec<LedgerKey> {
        let mut versions = self.versions.get(&party).into_iter().flatten();
        // Whoever signs learns of a new directory a little later.
        let then = versions.find(|(directory, _)| directory.issued.plus_ms(SKEW_MS) <= at);
        let promised = then.is_some_and(|(directory, _)| directory.ledger_key_ml_dsa_44.is_some());
        self.ledger_keys(party).into_iter().filter(|key| !promised || key.second().is_some()).collect()
    }

    /// The keys of an authority's desk, the newest first.
    pub(super) fn desk_keys(&self, authority: &AuthorityId) -> Vec<VerifyingKey> {
        let directories = self.versions.get(&authority.party()).into_iter().flatten();
        directories.filter_map(|(directory, _)| Some(directory.authority(authority)?.desk_key)).collect()
    }

    /// Pairs of places, the newest first. Of the versions of each so many as could be tried: who signs thousands makes nobody sort their pairs.
    fn candidates(&self, at: Timestamp) -> Vec<[usize; 2]> {
        let [home, peer] = self.pair.map(|party| {
            let all = self.versions.get(&party).into_iter().flatten().enumerate();
            let valid = all.filter(|(_, (directory, _))| directory.check_at(at).is_ok());
            valid.map(|(place, _)| place).take(ATTEMPTS_MAX).collect::<Vec<_>>()
        });
        let mut pairs: Vec<_> = home
            .iter()
            .enumerate()
            .flat_map(|(i, home)| peer.iter().enumerate().map(move |(j, peer)| (i + j, [*home, *peer])))
            .collect();
        pairs.sort_unstable();
        pairs.into_iter().take(ATTEMPTS_MAX).map(|(_, places)| places).collect()
    }

    fn store(&mut self, places: [usize; 2]) -> Result<&TrustStore, Denial> {
        if !self.stores.contains_key(&places) {
            let signed = |party: PartyId, place: usize| self.versions.get(&party)?.get(place).map(|(_, signed)| signed);
            let directories: Vec<_> =
                self.pair.into_iter().zip(places).filter_map(|(party, place)| signed(party, place)).collect();
            self.stores.insert(places, TrustStore::witnessed(&self.roots, &directories)?);
        }
        self.stores.get(&places).ok_or_else(|| Denial::failed(Fault::Internal, "a directory that is not here"))
    }
}

/// Says which versions of a directory are missing between two that are there.
fn left_out(party: PartyId, (before, after): (u64, u64), findings: &mut Findings) {
    let (first, last) = (before.saturating_add(1), after.saturating_sub(1));
    if first > last {
        return;
    }
    let which = if first == last { format!("version {first}") } else { format!("versions {first} to {last}") };
    let verb = if first == last { "is" } else { "are" };
    findings.unproved(format!(
        "What {which} of the directory of {party} said, which {verb} not in the file: an officer or a key that was withdrawn by it would not \
         be seen."
    ));
}

fn read_one(
    sheaf: &mut Sheaf<'_>,
    name: &str,
    roots: &BTreeMap<PartyId, RootCertificate>,
) -> Result<(Directory, SignedDirectory), Denial> {
    let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let toml = sheaf.take(name).and_then(|bytes| str::from_utf8(bytes).ok()).ok_or_else(|| malformed("no text"))?;
    let claimed = Directory::from_toml(toml).map_err(|error| malformed(&error.to_string()))?;
    if names::directory(claimed.party, claimed.version) != name {
        return Err(malformed("a directory of another party or version than its name says"));
    }
    let signature = sheaf.take(&names::directory_signature(claimed.party, claimed.version));
    let signature = signature.ok_or_else(|| malformed("not signed"))?.to_vec();
    let signed = SignedDirectory { toml: toml.to_owned(), signature, openings: Vec::new() };
    let root = roots.get(&claimed.party).ok_or_else(|| malformed("a directory of a party that is not in the case"))?;
    let directory = signed.verify(root.der(), claimed.issued)?;
    Ok((directory, signed))
}
