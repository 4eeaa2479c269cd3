//! `gateway ledger second-key`: from now on each head of a ledger is signed a second time, by ML-DSA-44.

use std::{fs, path::PathBuf};

use clap::Args;
use identity::{Root, SecondSigningKey};
use ledger::SecondKey;
use model::{Exit, Timestamp};
use serde_json::{Value, json};

use super::{
    Where,
    init::{key_failure, read_passphrase, write_directory},
};
use crate::{
    config::{Config, Folder},
    failure::Failure,
    keys, private,
};

const DIRECTORY_LIFETIME_MS: i64 = 365 * 24 * 3600 * 1000;

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
        let _lock = private::lock(&folder.lock())?;
        let config = folder.config()?;
        let own = self.own_root.clone().unwrap_or_else(|| folder.0.join("../root"));
        let certificate = keys::certificate(&own.join("root.cert.pem"))?;
        let mut directory = keys::read_directory(&folder)?.verify(&certificate, now)?;
        if directory.ledger_key_ml_dsa_44.is_some() {
            let what = "the directory promises a second signature already";
            return Err(Failure::new(Exit::Conflict, what).remedy("Nothing is to be done: its key is in use."));
        }
        let path = own.join("root.key.pem");
        let pem = fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))?;
        let root = Root::open(&certificate, &pem, &read_passphrase(&own.join("passphrase"))?).map_err(key_failure)?;
        directory.ledger_key_ml_dsa_44 = Some(make(&folder, &config)?);
        directory.version += 1;
        directory.issued = now;
        directory.expires = now.plus_ms(DIRECTORY_LIFETIME_MS);
        write_directory(&folder, &root.sign_directory(&directory).map_err(key_failure)?)?;
        let version = directory.version;
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
    private::write(&path, key.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
    key.public_key().map_err(key_failure)
}
