use model::{Denial, Fault, PartyId, Refusal, Timestamp, limits::CLOCK_AHEAD_MS_MAX};

use super::{Directory, RootOpening};
use crate::{
    Domain, RootCertificate,
    directory::limits::DIRECTORY_BYTES_MAX,
    refuse::{owned, unproven},
};

/// A directory as it travels: the exact text and the root's signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDirectory {
    /// The directory in TOML.
    pub toml: String,
    /// ECDSA P-256 with SHA-256 in DER, by the party's root, over `rogatory directory v1` ‖ the bytes of `toml`.
    pub signature: Vec<u8>,
    /// The openings of its commitments that whoever holds it has. No signature covers them: each proves itself by a commitment in the text.
    pub openings: Vec<RootOpening>,
}

impl SignedDirectory {
    /// Reads the directory if the pinned root signed these bytes, names itself as its root, and the directory is valid at `now`.
    pub fn verify(&self, pinned_root_der: &[u8], now: Timestamp) -> Result<Directory, Denial> {
        let root = RootCertificate::parse(pinned_root_der)
            .map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
        self.verify_by(&root, now)
    }

    /// The party that the text claims to be of. Proves nothing: it tells which root to verify with.
    pub fn claimed_party(&self) -> Result<PartyId, Denial> {
        Directory::from_toml(&self.toml)
            .map(|directory| directory.party)
            .map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))
    }

    /// The same for `reader`, with what it may have of `openings`: its own party all that this directory commits to, another party those of
    /// its own root, and nobody anything else.
    pub fn opened_to(&self, reader: PartyId, openings: &[RootOpening]) -> Self {
        let openings = Directory::from_toml(&self.toml).map_or_else(
            |_| Vec::new(),
            |directory| {
                let may = |one: &&RootOpening| reader == directory.party || reader == one.party();
                let committed = openings.iter().filter(may).filter(|one| directory.trusted.contains(one));
                committed.cloned().collect()
            },
        );
        Self { toml: self.toml.clone(), signature: self.signature.clone(), openings }
    }

    pub(crate) fn verify_by(&self, root: &RootCertificate, now: Timestamp) -> Result<Directory, Denial> {
        if self.toml.len() > DIRECTORY_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "The directory has more than 1 MiB."));
        }
        let party = root.party();
        root.check_at(now)?;
        root.verify(Domain::Directory, self.toml.as_bytes(), &self.signature).map_err(|_| {
            let refusal = unproven(
                format!("The directory is not signed by the root that is pinned for {party}."),
                "Compare the root's fingerprint with its operator; then fetch the directory again.",
            );
            owned(refusal, party)
        })?;
        let directory =
            Directory::from_toml(&self.toml).map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
        if directory.party != party || directory.root != root.der() {
            let refusal = unproven(
                format!("The directory names another root than the one that is pinned for {party}."),
                "Its party signs a directory that names the root it is signed by.",
            );
            return Err(owned(refusal, party).into());
        }
        directory.check_at(now)?;
        Ok(directory)
    }
}

impl Directory {
    /// Whether it is valid at `now`. A clock that is behind by five minutes is forgiven, an expired directory is not.
    pub fn check_at(&self, now: Timestamp) -> Result<(), Refusal> {
        let (reason, remedy) = if now > self.expires {
            ("has expired", "Its party signs and publishes a new version.")
        } else if self.issued > now.plus_ms(CLOCK_AHEAD_MS_MAX) {
            ("is not valid yet", "Check the clocks of both sides.")
        } else {
            return Ok(());
        };
        Err(owned(unproven(format!("The directory of {} {reason}.", self.party), remedy), self.party))
    }
}
