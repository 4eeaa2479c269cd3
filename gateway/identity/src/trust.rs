//! What we believe of all parties.

mod chain;
mod witnessed;

use std::collections::BTreeMap;

use ledger::LedgerKey;
use model::{AuthorityId, Denial, Fault, KeyId, PartyId, Refusal, Timestamp};
use rustls_pki_types::TrustAnchor;

use crate::{
    Authority, Directory, Fingerprint, Officer, RootCertificate, RootOpening, SignedDirectory, VerifyingKey,
    refuse::{owned, unproven},
};

/// One party's pinned root and newest directory, and the text it stood in.
#[derive(Debug, Clone)]
struct Known {
    root: RootCertificate,
    directory: Directory,
    toml: String,
    officers: BTreeMap<KeyId, (usize, usize)>,
}

/// The own root, pinned by whoever installed the program, and what follows from it: the own directory, the foreign roots that
/// it commits to and that are opened, and the directories that those roots signed.
#[derive(Debug, Clone)]
pub struct TrustStore {
    own: PartyId,
    known: BTreeMap<PartyId, Known>,
    /// The openings of the own directory's commitments, as far as they were shown, and the roots in them.
    openings: Vec<RootOpening>,
    pinned: BTreeMap<PartyId, RootCertificate>,
}

impl TrustStore {
    /// Begins with the own root as it was pinned, the own party's directory and those of others. Each must hold at `now`;
    /// where a foreign one may fail without stopping the whole, begin without it and [`TrustStore::add`] it.
    pub fn new(
        own_root_der: &[u8],
        own: &SignedDirectory,
        foreign: &[SignedDirectory],
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let root = RootCertificate::parse(own_root_der)
            .map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
        let party = root.party();
        let directory = own.verify_by(&root, now)?;
        let mut store = Self { own: party, known: BTreeMap::new(), openings: Vec::new(), pinned: BTreeMap::new() };
        store.pin(&directory, &own.openings)?;
        store.known.insert(party, Known::of(root, directory, own.toml.clone()));
        for signed in foreign {
            store.add(signed, now)?;
        }
        Ok(store)
    }

    /// Takes a directory: a newer one, or the first of a party whose root the own directory trusts. The same one again changes
    /// nothing, but may bring more openings. A lower version, or another text of the same version, is refused. Says whose it was. A new
    /// own directory ends the trust in the roots that it no longer commits to.
    pub fn add(&mut self, signed: &SignedDirectory, now: Timestamp) -> Result<PartyId, Denial> {
        let party = signed.claimed_party()?;
        let root = self.root_of(party)?;
        let directory = signed.verify_by(&root, now)?;
        if let Some(known) = self.known.get(&party) {
            if known.toml == signed.toml {
                if party == self.own {
                    self.pin(&directory, &signed.openings)?;
                }
                return Ok(party);
            }
            if !directory.supersedes(&known.directory) {
                let refusal = unproven(
                    format!(
                        "Version {} of the directory of {party} does not follow version {}, which is known.",
                        directory.version, known.directory.version
                    ),
                    "Its party publishes its newest directory with a higher version.",
                );
                return Err(owned(refusal, party).into());
            }
        }
        if party == self.own {
            self.pin(&directory, &signed.openings)?;
        }
        self.known.insert(party, Known::of(root, directory, signed.toml.clone()));
        Ok(party)
    }

    /// The own party.
    pub fn own_party(&self) -> PartyId {
        self.own
    }

    /// The parties whose directories are known, the own one included.
    pub fn parties(&self) -> impl Iterator<Item = PartyId> + '_ {
        self.known.keys().copied()
    }

    /// A party's directory.
    pub fn directory(&self, party: PartyId) -> Option<&Directory> {
        self.known.get(&party).map(|known| &known.directory)
    }

    /// An accredited authority.
    pub fn authority(&self, id: &AuthorityId) -> Option<&Authority> {
        self.directory(id.party())?.authority(id)
    }

    /// The officer of a party by key, and the authority it belongs to. The party is asked for, because nothing keeps a party
    /// from listing another's key as its own.
    pub fn officer(&self, party: PartyId, key: &KeyId) -> Option<(&Authority, &Officer)> {
        let known = self.known.get(&party)?;
        let (authority, officer) = known.officers.get(key)?;
        let authority = known.directory.authorities.get(*authority)?;
        Some((authority, authority.officers.get(*officer)?))
    }

    /// The key that signs an authority's envelopes.
    pub fn desk_key(&self, id: &AuthorityId) -> Option<VerifyingKey> {
        self.authority(id).map(|authority| authority.desk_key)
    }

    /// The key that signs a party's receipts and checkpoints.
    pub fn ledger_key(&self, party: PartyId) -> Option<VerifyingKey> {
        self.directory(party).map(|directory| directory.ledger_key)
    }

    /// What the heads of a party's logs, and its cosignatures, are held against: both keys, where its directory promises two signatures.
    pub fn head_key(&self, party: PartyId) -> Option<LedgerKey> {
        self.directory(party).map(Directory::head_key)
    }

    /// A party's root.
    pub fn root(&self, party: PartyId) -> Option<&RootCertificate> {
        self.known.get(&party).map(|known| &known.root)
    }

    /// The own root, or the one that the own directory pins for a party, whether or not that party's directory is known.
    pub fn pinned_root(&self, party: PartyId) -> Option<&RootCertificate> {
        if party == self.own { self.root(party) } else { self.pinned.get(&party) }
    }

    /// The openings of the own directory's commitments, as far as they were shown.
    pub fn openings(&self) -> &[RootOpening] {
        &self.openings
    }

    /// The fingerprint of a party's root.
    pub fn fingerprint(&self, party: PartyId) -> Option<Fingerprint> {
        self.root(party).map(RootCertificate::fingerprint)
    }

    /// A party's root as an anchor that may speak for that party's names only.
    pub fn anchor_for(&self, party: PartyId) -> Option<TrustAnchor<'static>> {
        self.root(party).map(|root| root.anchor().clone())
    }

    /// A party's directory, if it is known and valid at `now`.
    pub(crate) fn directory_at(&self, party: PartyId, now: Timestamp) -> Result<&Directory, Refusal> {
        let directory = self.directory(party).ok_or_else(|| chain::unknown(party))?;
        directory.check_at(now)?;
        Ok(directory)
    }

    fn root_of(&self, party: PartyId) -> Result<RootCertificate, Denial> {
        self.pinned_root(party).cloned().ok_or_else(|| {
            let refusal = unproven(
                format!("The directory of {} does not trust a root of {party}.", self.own),
                "Compare the root's fingerprint with the other operator, add it to the own directory and sign that.",
            );
            owned(refusal, self.own).into()
        })
    }

    /// Takes the openings that the own directory commits to, those known before among them, and forgets whom it does not trust.
    fn pin(&mut self, own: &Directory, shown: &[RootOpening]) -> Result<(), Denial> {
        let mut openings: Vec<RootOpening> = Vec::new();
        for opening in self.openings.iter().chain(shown).filter(|one| own.trusted.contains(one)) {
            if !openings.contains(opening) {
                openings.push(opening.clone());
            }
        }
        let malformed = |error: model::Malformed| Denial::failed(Fault::Malformed, error.to_string());
        self.pinned = own.pins(&openings).map_err(malformed)?;
        self.openings = openings;
        let (party, pinned) = (self.own, &self.pinned);
        self.known.retain(|one, known| *one == party || pinned.get(one) == Some(&known.root));
        Ok(())
    }
}

impl Known {
    fn of(root: RootCertificate, directory: Directory, toml: String) -> Self {
        let mut officers = BTreeMap::new();
        for (i, authority) in directory.authorities.iter().enumerate() {
            for (j, officer) in authority.officers.iter().enumerate() {
                officers.insert(officer.key.key_id(), (i, j));
            }
        }
        Self { root, directory, toml, officers }
    }
}
