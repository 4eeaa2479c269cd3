//! Opens what a gateway's folder holds: keys, certificates, the own directory.

use std::{fs, io, path::Path};

use crate::{
    command::init::{key_failure, read_passphrase},
    config::{Config, Folder},
    failure::Failure,
};
use identity::{
    Directory, Passphrase, RootOpening, SecondSigningKey, SignedDirectory, SigningKey, TlsIdentity,
    certificates_from_pem,
};
use keyring::Slot;
use model::Exit;

/// What a running gateway holds.
pub(crate) struct Keys {
    pub(crate) tls: TlsIdentity,
    pub(crate) ledger: SigningKey,
    /// For the second signature on heads, where the own directory promises it.
    pub(crate) second: Option<SecondSigningKey>,
    /// The own party's root, DER.
    pub(crate) root: Vec<u8>,
    pub(crate) directory: SignedDirectory,
}

impl Keys {
    pub(crate) fn open(folder: &Folder, config: &Config) -> Result<Self, Failure> {
        let passphrase = read_passphrase(&folder.resolve(&config.passphrase_file))?;
        let directory = read_directory(folder)?;
        Ok(Self {
            tls: open_tls(folder, &passphrase)?,
            ledger: open_ledger(folder, &directory, &passphrase)?,
            second: open_second(folder, &directory, &passphrase)?,
            root: certificate(&folder.root_certificate())?,
            directory,
        })
    }
}

/// The first certificate of a PEM file, DER.
pub(crate) fn certificate(path: &Path) -> Result<Vec<u8>, Failure> {
    let chain = certificates_from_pem(&text(path)?).map_err(|error| unusable(path, error))?;
    match chain.first() {
        Some(der) => Ok(der.to_vec()),
        None => Err(unusable(path, "there is no certificate in it")),
    }
}

/// The own directory as it is served.
pub(crate) fn read_directory(folder: &Folder) -> Result<SignedDirectory, Failure> {
    let path = folder.directory_signature();
    let signature = fs::read(&path).map_err(|error| Failure::reading(&path, &error))?;
    Ok(SignedDirectory { toml: text(&folder.directory())?, signature, openings: read_openings(folder)? })
}

/// The own directory before the newest, where there was one.
pub(crate) fn read_previous_directory(folder: &Folder) -> Option<SignedDirectory> {
    let signature = fs::read(folder.previous_directory_signature()).ok()?;
    let toml = fs::read_to_string(folder.previous_directory()).ok()?;
    Some(SignedDirectory { toml, signature, openings: read_openings(folder).ok()? })
}

/// The openings of the commitments in all versions of the own directory.
fn read_openings(folder: &Folder) -> Result<Vec<RootOpening>, Failure> {
    let path = folder.openings();
    let mut openings = Vec::new();
    let files = match fs::read_dir(&path) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(openings),
        Err(error) => return Err(Failure::reading(&path, &error)),
    };
    for file in files {
        let path = file.map_err(|error| Failure::reading(&path, &error))?.path();
        // What a kill left half-written has another ending.
        if path.extension().is_some_and(|ending| ending == "opening") {
            let bytes = fs::read(&path).map_err(|error| Failure::reading(&path, &error))?;
            openings.push(RootOpening::from_bytes(&bytes).map_err(|error| unusable(&path, error))?);
        }
    }
    Ok(openings)
}

pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))
}

/// The key that the directory names, and no other. Where an exchange was cut off it may stand in the place of the next one.
fn open_ledger(folder: &Folder, directory: &SignedDirectory, passphrase: &Passphrase) -> Result<SigningKey, Failure> {
    let named = Directory::from_toml(&directory.toml).map_err(|error| unusable(&folder.directory(), error))?.ledger_key;
    let path = folder.ledger_key();
    for path in [folder.next(&path), path.clone()].into_iter().filter(|path| path.exists()) {
        let key = SigningKey::open(&text(&path)?, passphrase).map_err(|error| locked(&path, error))?;
        if key.verifying_key() == named {
            return Ok(key);
        }
    }
    Err(unusable(&path, "it is not the ledger key that the own directory names"))
}

/// Ends an exchange of keys whose directory is written: the next ones take the places of those before them.
pub(crate) fn settle(folder: &Folder, config: &Config, directory: &Directory) -> Result<(), Failure> {
    let passphrase = read_passphrase(&folder.resolve(&config.passphrase_file))?;
    let (first, second) = (folder.ledger_key(), folder.second_ledger_key());
    let next = folder.next(&first);
    if next.exists() {
        let key = SigningKey::open(&text(&next)?, &passphrase).map_err(|error| locked(&next, error))?;
        if key.verifying_key() == directory.ledger_key {
            fs::rename(&next, &first).map_err(|error| Failure::writing(&first, &error))?;
        }
    }
    let next = folder.next(&second);
    if next.exists() {
        let key = SecondSigningKey::open(&text(&next)?, &passphrase).map_err(|error| locked(&next, error))?;
        if key.public_key().ok() == directory.ledger_key_ml_dsa_44 {
            fs::rename(&next, &second).map_err(|error| Failure::writing(&second, &error))?;
        }
    }
    Ok(())
}

/// The key that the directory promises, and no other: heads without its signature would be refused by every peer.
fn open_second(
    folder: &Folder,
    directory: &SignedDirectory,
    passphrase: &Passphrase,
) -> Result<Option<SecondSigningKey>, Failure> {
    let promised = Directory::from_toml(&directory.toml).map_err(|error| unusable(&folder.directory(), error))?;
    let Some(promised) = promised.ledger_key_ml_dsa_44 else { return Ok(None) };
    let path = folder.second_ledger_key();
    for path in [folder.next(&path), path.clone()].into_iter().filter(|path| path.exists()) {
        let key = SecondSigningKey::open(&text(&path)?, passphrase).map_err(|error| locked(&path, error))?;
        if key.public_key().is_ok_and(|public| public == promised) {
            return Ok(Some(key));
        }
    }
    Err(unusable(&path, "it is not the ML-DSA-44 key that the own directory names"))
}

/// The pair for TLS that is in use.
pub(crate) fn open_tls(folder: &Folder, passphrase: &Passphrase) -> Result<TlsIdentity, Failure> {
    let held = Slot::tls(&folder.0).open(passphrase)?;
    Ok(TlsIdentity { chain: held.chain, key_pkcs8: held.pkcs8 })
}

/// A private key that the passphrase does not open, or that is none.
fn locked(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::NotAuthorised, format!("{}: {error}", path.display()))
        .remedy("Check the file and its passphrase; `gateway init` makes a complete set.")
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> Failure {
    key_failure(format!("{}: {error}", path.display())).remedy("Check the file; `gateway init` makes a complete set.")
}
