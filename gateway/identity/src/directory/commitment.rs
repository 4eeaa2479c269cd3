use std::{collections::BTreeSet, fmt};

use aws_lc_rs::rand;
use model::{Digest, Malformed, PartyId};
use serde::{Deserialize, Serialize};

use super::limits;
use crate::{KeyError, RootCertificate};

const SALT_BYTES: usize = 32;
const PARTY_BYTES: usize = 2;

/// A foreign root that a party trusts, and the salt of the commitment to it in the party's directory. It is shown to the state that it
/// names and to the own gateway and desks, and to nobody else: with whom a state has channels is not everybody's business.
#[derive(Clone, PartialEq, Eq)]
pub struct RootOpening {
    salt: [u8; SALT_BYTES],
    root: RootCertificate,
}

impl RootOpening {
    /// Draws a salt for a root that is trusted from now on.
    pub fn draw(root: RootCertificate) -> Result<Self, KeyError> {
        Ok(Self { salt: random()?, root })
    }

    /// Whose root it is.
    pub fn party(&self) -> PartyId {
        self.root.party()
    }

    /// The root.
    pub fn root(&self) -> &RootCertificate {
        &self.root
    }

    /// What stands in the directory: SHA-256 of [`RootOpening::to_bytes`].
    pub fn commitment(&self) -> Digest {
        Digest::of(&[&self.to_bytes()])
    }

    /// salt (32) ‖ party (2) ‖ root, DER.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.salt[..], self.party().as_str().as_bytes(), self.root.der()].concat()
    }

    /// Reads what [`RootOpening::to_bytes`] wrote. Nothing is proven of it: see [`TrustStore`](crate::TrustStore).
    ///
    /// # Errors
    /// `Malformed` for anything else, and for a root that names another party.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let malformed = |found: &str| Malformed::new("an opening (salt, party, root certificate)", found);
        let (salt, rest) = bytes.split_first_chunk::<SALT_BYTES>().ok_or_else(|| malformed("fewer than 32 bytes"))?;
        let (party, der) = rest.split_first_chunk::<PARTY_BYTES>().ok_or_else(|| malformed("no party"))?;
        let root = RootCertificate::parse(der)?;
        if root.party().as_str().as_bytes() != party {
            return Err(malformed("another party's root"));
        }
        Ok(Self { salt: *salt, root })
    }
}

impl fmt::Debug for RootOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootOpening(…)")
    }
}

/// The foreign roots that a party trusts, told to nobody: commitments among random values that look the same, sorted, in a number that
/// tells nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitments(Vec<Digest>);

impl Commitments {
    /// Commits to these roots, and fills up to a multiple of [`limits::COMMITMENTS_BUCKET`].
    pub fn to(openings: &[RootOpening]) -> Result<Self, KeyError> {
        Self::filled(openings.iter().map(RootOpening::commitment).collect(), Vec::new())
    }

    /// The commitments of the next version. Those that stay, stay the same values. Exactly one value changes where one root is added,
    /// removed or exchanged, and also where none is: a version does not tell whether there is one channel more.
    pub fn revised(&self, before: &[RootOpening], after: &[RootOpening]) -> Result<Self, KeyError> {
        let next: BTreeSet<Digest> = after.iter().map(RootOpening::commitment).collect();
        let before: BTreeSet<Digest> = before.iter().map(RootOpening::commitment).collect();
        let all: BTreeSet<Digest> = self.0.iter().copied().collect();
        let mut filling: Vec<Digest> = all.difference(&next).filter(|one| !before.contains(one)).copied().collect();
        let stays = next.is_subset(&all) && before.intersection(&all).all(|one| next.contains(one));
        if stays {
            drop_one(&mut filling)?;
        }
        Self::filled(next, filling)
    }

    /// Whether it commits to that root under that salt.
    pub fn contains(&self, opening: &RootOpening) -> bool {
        self.0.binary_search(&opening.commitment()).is_ok()
    }

    /// Whether it is sorted, without repetition, and of a size that tells nothing.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        let sorted = self.0.is_sorted_by(|one, next| one < next);
        let count = self.0.len();
        if sorted && (1..=limits::TRUSTED_MAX).contains(&count) && count.is_multiple_of(limits::COMMITMENTS_BUCKET) {
            return Ok(());
        }
        let found = if sorted { format!("{count} of them") } else { "others".to_owned() };
        Err(Malformed::new("256 or 512 commitments to foreign roots, sorted, none twice", &found))
    }

    fn filled(real: BTreeSet<Digest>, mut filling: Vec<Digest>) -> Result<Self, KeyError> {
        let bucket = limits::COMMITMENTS_BUCKET;
        let size = real.len().max(1).div_ceil(bucket) * bucket;
        while real.len() + filling.len() > size {
            drop_one(&mut filling)?;
        }
        while real.len() + filling.len() < size {
            filling.push(Digest::new(random()?));
        }
        let mut all: Vec<Digest> = real.into_iter().chain(filling).collect();
        all.sort_unstable();
        Ok(Self(all))
    }
}

impl fmt::Debug for Commitments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitments({})", self.0.len())
    }
}

/// Drops one of them by chance.
fn drop_one(filling: &mut Vec<Digest>) -> Result<(), KeyError> {
    if let Some(place) = usize::from_le_bytes(random()?).checked_rem(filling.len()) {
        filling.swap_remove(place);
    }
    Ok(())
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| KeyError::Randomness)?;
    Ok(bytes)
}
