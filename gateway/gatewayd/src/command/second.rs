//! `gateway ledger second-key`: from now on each head of a ledger is signed a second time, by ML-DSA-44.

use std::path::PathBuf;

use clap::Args;
use identity::SecondSigningKey;
use ledger::SecondKey;
use model::{Exit, Timestamp};
use serde_json::{Value, json};

use super::{
    Where,
    init::{key_failure, read_passphrase, write_directory},
    own_directory::OwnDirectory,
};
use crate::{
    config::{Config, Folder},
    failure::Failure,
    keys,
};

#[derive(Debug, Args)]
pub(crate) struct MakeSecond {
    #[command(flatten)]
    at: Where,
    /// The folder of our own root, which signs that the second key is ours. By default `root` beside the gateway's folder.
    #[arg(long)]
    own_root: Option<PathBuf>,
}

impl MakeSecond {
    /// While the gateway is stopped: a new key, and a directory that promises its signature.
    pub(crate) fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        let folder = Folder::find(&self.at.dir)?;
        let _lock = keyring::lock(&folder.lock())?;
        let config = folder.config()?;
        let mut own = OwnDirectory::open(&folder, self.own_root.as_deref(), now)?;
        if own.directory.ledger_key_ml_dsa_44.is_some() {
            let what = "the directory promises a second signature already";
            return Err(Failure::new(Exit::Conflict, what).remedy("Nothing is to be done: its key is in use."));
        }
        own.directory.ledger_key_ml_dsa_44 = Some(make(&folder, &config)?);
        let version = own.directory.version + 1;
        write_directory(&folder, &own.sign(now)?)?;
        let text = format!(
            "version {version} of the directory promises a second signature (ML-DSA-44) on each head\n  start the gateway: peers \
             take the directory with the next call, and refuse heads without it from then on"
        );
        Ok((json!({ "directory_version": version, "key": folder.second_ledger_key() }), text))
    }
}

/// Draws the key and keeps it, sealed like its sibling. One that is there is taken: the directory that would promise it was not written.
pub(crate) fn make(folder: &Folder, config: &Config) -> Result<SecondKey, Failure> {
    let passphrase = read_passphrase(&folder.resolve(&config.passphrase_file))?;
    let path = folder.second_ledger_key();
    if path.exists() {
        let sealed = keys::text(&path)?;
        return SecondSigningKey::open(&sealed, &passphrase).and_then(|key| key.public_key()).map_err(key_failure);
    }
    let key = SecondSigningKey::generate().map_err(key_failure)?;
    keyring::write(&path, key.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
    key.public_key().map_err(key_failure)
}
