//! Whose treaty keys are believed: certificates in the folder, held against the roots that the reader has pinned.

use std::collections::BTreeMap;

use identity::{RootCertificate, TrustStore, certificates_from_pem, treaty::TreatyVerifier};
use model::{Malformed, PartyId, Timestamp};

use crate::shelf::Shelf;

/// The roots that the reader has pinned.
pub trait Roots {
    /// The root of a party; `None` where none is pinned.
    fn root(&self, party: PartyId) -> Option<RootCertificate>;
}

impl Roots for BTreeMap<PartyId, RootCertificate> {
    fn root(&self, party: PartyId) -> Option<RootCertificate> {
        self.get(&party).cloned()
    }
}

/// The own root, and those that the own directory pins, whether or not their party's directory is known.
impl Roots for TrustStore {
    fn root(&self, party: PartyId) -> Option<RootCertificate> {
        TrustStore::root(self, party).or_else(|| self.pinned_root(party)).cloned()
    }
}

/// The roots in a PEM file.
pub fn roots_from_pem(pem: &str) -> Result<Vec<RootCertificate>, Malformed> {
    certificates_from_pem(pem)?.iter().map(|der| RootCertificate::parse(der)).collect()
}

/// What is known of a party's treaty keys.
pub(crate) struct Keys {
    pub(crate) verifiers: Vec<TreatyVerifier>,
    /// Why there is none, or one less than there are files.
    pub(crate) trouble: Vec<String>,
}

impl Keys {
    /// The keys of `party` in the folder that hold under its pinned root.
    pub(crate) fn of(party: PartyId, shelf: &Shelf, roots: &dyn Roots, now: Timestamp) -> Self {
        let mut keys = Self { verifiers: Vec::new(), trouble: Vec::new() };
        let Some(root) = roots.root(party) else {
            keys.trouble.push(format!("no root of {party} is pinned here"));
            return keys;
        };
        for path in shelf.index().keys(party) {
            let pem = shelf.files().text(path).unwrap_or_default();
            match TreatyVerifier::under_root(&root, pem, now) {
                Ok(verifier) => keys.verifiers.push(verifier),
                Err(denial) => keys.trouble.push(format!("{path} does not hold: {denial}")),
            }
        }
        if keys.verifiers.is_empty() && keys.trouble.is_empty() {
            keys.trouble.push(format!("there is no certificate of {party}'s treaty key in keys/"));
        }
        keys
    }
}
