use std::collections::BTreeMap;

use model::{Denial, Fault, PartyId};

use super::{Known, TrustStore};
use crate::{Directory, RootCertificate, SignedDirectory};

impl TrustStore {
    /// What a third party believes who pinned the roots themselves: no state's directory vouches for another's root. Each directory holds
    /// under the root of its party at the moment it was issued; whether it held later is asked with each moment that is verified. For
    /// evidence of what was once, with the directories that were in force then.
    ///
    /// # Errors
    /// `Malformed` for no directory at all or two of one party, R95 where a root is not pinned or did not sign.
    pub fn witnessed(
        roots: &BTreeMap<PartyId, RootCertificate>,
        directories: &[&SignedDirectory],
    ) -> Result<Self, Denial> {
        let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
        let mut known = BTreeMap::new();
        for signed in directories {
            let claimed = Directory::from_toml(&signed.toml).map_err(|error| malformed(&error.to_string()))?;
            let root = roots.get(&claimed.party).ok_or_else(|| super::chain::unknown(claimed.party))?;
            let directory = signed.verify_by(root, claimed.issued)?;
            let party = directory.party;
            if known.insert(party, Known::of(root.clone(), directory, signed.toml.clone())).is_some() {
                return Err(malformed("two directories of one party at once"));
            }
        }
        let own = *known.keys().next().ok_or_else(|| malformed("no directory at all"))?;
        Ok(Self { own, known, openings: Vec::new(), pinned: BTreeMap::new() })
    }
}
