//! Opens what a desk's folder holds: keys and certificates. Officers' keys are not among them.

use std::{fs, path::Path};

use identity::{Passphrase, SigningKey, TlsIdentity, certificates_from_pem};
use keyring::Slot;
use model::Exit;

use crate::{
    config::{Config, Folder},
    failure::Failure,
};

/// What a running desk holds.
pub(crate) struct Keys {
    /// For the connection to the own gateway.
    pub(crate) tls: TlsIdentity,
    /// Signs envelopes, bodies and acknowledgements.
    pub(crate) desk: SigningKey,
    /// From which the keys for data at rest follow.
    pub(crate) storage: SigningKey,
    /// From which the keys of subjects' pseudonyms follow; the same at each desk of the party.
    pub(crate) tags: SigningKey,
    /// The own party's root, DER.
    pub(crate) root: Vec<u8>,
}

impl Keys {
    pub(crate) fn open(folder: &Folder, config: &Config) -> Result<Self, Failure> {
        let passphrase = read_passphrase(&folder.resolve(&config.passphrase_file))?;
        let signing = |name: &str| open_signing_key(&folder.file(name), &passphrase);
        let tls = Slot::tls(&folder.0).open(&passphrase)?;
        Ok(Self {
            tls: TlsIdentity { chain: tls.chain, key_pkcs8: tls.pkcs8 },
            desk: signing("desk.key.pem")?,
            storage: signing("storage.key.pem")?,
            tags: signing("tags.key.pem")?,
            root: root(folder)?,
        })
    }
}

/// The own party's root, DER.
pub(crate) fn root(folder: &Folder) -> Result<Vec<u8>, Failure> {
    let path = folder.file("root.cert.pem");
    let chain = certificates_from_pem(&read_text(&path)?).map_err(|error| unusable(&path, error))?;
    let root = chain.first().ok_or_else(|| unusable(&path, "there is no certificate in it"))?;
    Ok(root.to_vec())
}

/// Opens an Ed25519 key.
pub(crate) fn open_signing_key(path: &Path, passphrase: &Passphrase) -> Result<SigningKey, Failure> {
    SigningKey::open(&read_text(path)?, passphrase).map_err(|error| unusable(path, error))
}

/// Reads a passphrase file.
pub(crate) fn read_passphrase(path: &Path) -> Result<Passphrase, Failure> {
    Ok(keyring::passphrase(path)?)
}

fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::NotAuthorised, format!("{}: {error}", path.display()))
        .remedy("Use the key and certificate that the party's root made for this desk.")
}
