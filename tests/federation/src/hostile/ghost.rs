//! A member who must not be in a case's group, and the desk that does not mind.

use model::{AuthorityId, Refusal, Timestamp};
use roster::Accreditation;
use seal::LeafIdentity;

use crate::{clock, failure::Failure};

/// Takes the ghost's certificate for that of an authority of its own: what a desk does that skips the roster's rules.
pub(crate) struct Credulous<'a> {
    pub(crate) honest: &'a dyn Accreditation,
    /// The ghost's public key.
    pub(crate) ghost: &'a [u8],
    pub(crate) pretended: AuthorityId,
}

impl Accreditation for Credulous<'_> {
    fn authority_of(&self, chain: &[&[u8]], leaf_key: &[u8], now: Timestamp) -> Result<AuthorityId, Refusal> {
        if leaf_key == self.ghost {
            return Ok(self.pretended.clone());
        }
        self.honest.authority_of(chain, leaf_key, now)
    }
}

/// A KeyPackage of the ghost.
pub(crate) fn key_package(leaf: &LeafIdentity) -> Result<Vec<u8>, Failure> {
    let prepared = seal::prepare_key_packages(leaf, 1, false, clock::now())?;
    let first = prepared.into_iter().next().ok_or_else(|| Failure::unexpected("no KeyPackage was made"))?;
    Ok(first.public)
}
