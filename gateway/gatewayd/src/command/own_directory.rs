//! The own directory in the hands of who holds the own root: opened, changed, signed anew under a higher version.

use std::{fs, path::Path};

use identity::{Directory, Root, RootCertificate, RootOpening, SignedDirectory};
use model::Timestamp;

use super::init::{key_failure, read_passphrase};
use crate::{config::Folder, failure::Failure, keys};

/// How long each version is valid.
pub(crate) const DIRECTORY_LIFETIME_MS: i64 = 365 * 24 * 3600 * 1000;

/// The newest version, to be changed.
pub(crate) struct OwnDirectory {
    pub(crate) directory: Directory,
    root: Root,
    /// Of the commitments in the newest version, and of those in the next one.
    before: Vec<RootOpening>,
    openings: Vec<RootOpening>,
}

impl OwnDirectory {
    /// Opens the directory of the gateway in `folder`, and the root that signs it: by default the one in `root` beside that folder.
    pub(crate) fn open(folder: &Folder, own_root: Option<&Path>, now: Timestamp) -> Result<Self, Failure> {
        let own = own_root.map_or_else(|| folder.0.join("../root"), Path::to_path_buf);
        let certificate = keys::certificate(&own.join("root.cert.pem"))?;
        let path = own.join("root.key.pem");
        let pem = fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))?;
        let root = Root::open(&certificate, &pem, &read_passphrase(&own.join("passphrase"))?).map_err(key_failure)?;
        let signed = keys::read_directory(folder)?;
        let directory = signed.verify(&certificate, now)?;
        let before = signed.opened_to(directory.party, &signed.openings).openings;
        Ok(Self { directory, root, openings: before.clone(), before })
    }

    /// Who signs it.
    pub(crate) fn root(&self) -> &RootCertificate {
        self.root.certificate()
    }

    /// Trusts this root, and no other one of its party. One that is trusted already keeps its commitment.
    pub(crate) fn trust(&mut self, theirs: &RootCertificate) -> Result<(), Failure> {
        self.openings.retain(|one| one.party() != theirs.party() || one.root() == theirs);
        if !self.openings.iter().any(|one| one.root() == theirs) {
            self.openings.push(RootOpening::draw(theirs.clone()).map_err(key_failure)?);
        }
        Ok(())
    }

    /// Signs it as the next version.
    pub(crate) fn sign(mut self, now: Timestamp) -> Result<SignedDirectory, Failure> {
        self.directory.trusted = self.directory.trusted.revised(&self.before, &self.openings).map_err(key_failure)?;
        self.directory.version += 1;
        self.directory.issued = now;
        self.directory.expires = now.plus_ms(DIRECTORY_LIFETIME_MS);
        self.root.sign_directory(&self.directory, &self.openings).map_err(key_failure)
    }
}
