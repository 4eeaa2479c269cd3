//! `gateway key`: the keys with which a gateway signs for its ledger, and their exchange for new ones.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use identity::{Directory, FormerKey, SecondSigningKey, SigningKey, VerifyingKey};
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

/// How long the directory names a key after its exchange: longer than an entry may wait for its answer.
const FORMER_MS: i64 = 90 * 24 * 3600 * 1000;

/// List and exchange the gateway's own keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// List the keys of the ledger that the own directory names.
    List(List),
    /// Exchange a key for a new one, while the gateway is stopped. Channels show ROTATING until the peers have signed under it.
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    at: Where,
    /// Which key.
    which: Which,
    /// The folder of our own root, which signs that the new key is ours. By default `root` beside the gateway's folder.
    #[arg(long)]
    own_root: Option<PathBuf>,
}

/// A key that can be exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// The key of receipts and heads, with the second one (ML-DSA-44) where the directory promises it.
    Ledger,
}

impl Key {
    pub(crate) fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        match self {
            Self::List(list) => list.run(),
            Self::Rotate(rotate) => rotate.run(now),
        }
    }
}

impl List {
    fn run(&self) -> Result<(Value, String), Failure> {
        let folder = Folder::find(&self.at.dir)?;
        let toml = keys::read_directory(&folder)?.toml;
        let directory = Directory::from_toml(&toml).map_err(key_failure)?;
        let mut since = None;
        let mut told = Vec::new();
        for former in &directory.ledger_keys_before {
            told.push((former.key, since, Some(former.until)));
            since = Some(former.until);
        }
        told.push((directory.ledger_key, since, None));
        told.reverse();
        let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        let listed: Vec<Value> = told
            .iter()
            .map(|(key, since, until)| {
                let (since, until) = (moment(*since), moment(*until));
                json!({ "key": key.to_string(), "fingerprint": key.key_id().to_string(), "since": since, "until": until })
            })
            .collect();
        let line = |(key, since, until): &(VerifyingKey, Option<Timestamp>, Option<Timestamp>)| {
            let since = since.map_or_else(|| "the beginning".to_owned(), |since| since.to_string());
            let until = until.map_or_else(|| "now".to_owned(), |until| until.to_string());
            format!("ledger  {}  from {since} until {until}", key.key_id())
        };
        let mut lines: Vec<String> = told.iter().map(line).collect();
        if directory.ledger_key_ml_dsa_44.is_some() {
            lines.push("heads are signed a second time, by ML-DSA-44".to_owned());
        }
        let second = directory.ledger_key_ml_dsa_44.map(|key| key.to_string());
        let version = directory.version;
        Ok((json!({ "directory_version": version, "ledger": listed, "ml_dsa_44": second }), lines.join("\n")))
    }
}

impl Rotate {
    fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        let folder = Folder::find(&self.at.dir)?;
        let _lock = keyring::lock(&folder.lock())?;
        let config = folder.config()?;
        let mut own = OwnDirectory::open(&folder, self.own_root.as_deref(), now)?;
        keys::settle(&folder, &config, &own.directory)?;
        let next = Next::draw(&folder, &config, own.directory.ledger_key_ml_dsa_44.is_some())?;
        exchange(&mut own.directory, &next, now)?;
        let version = own.directory.version + 1;
        // From the moment on at which the directory is whole the next key is in use, whatever happens to this program.
        write_directory(&folder, &own.sign(now)?)?;
        let directory = Directory::from_toml(&keys::read_directory(&folder)?.toml).map_err(key_failure)?;
        keys::settle(&folder, &config, &directory)?;
        let text = format!(
            "version {version} of the directory names the new ledger key {}\n  start the gateway: its channels show ROTATING until each \
             peer has signed a head under it",
            next.first.key_id()
        );
        let fingerprint = next.first.key_id().to_string();
        Ok((json!({ "directory_version": version, "fingerprint": fingerprint, "until": now.to_string() }), text))
    }
}

/// The keys that come next.
struct Next {
    first: VerifyingKey,
    second: Option<SecondKey>,
}

impl Next {
    /// Draws them and lays them beside those in use. What an exchange left there that was cut off before its directory was written is taken.
    fn draw(folder: &Folder, config: &Config, with_second: bool) -> Result<Self, Failure> {
        let passphrase = read_passphrase(&folder.resolve(&config.passphrase_file))?;
        let path = folder.next(&folder.ledger_key());
        if !path.exists() {
            let key = SigningKey::generate().map_err(key_failure)?;
            keyring::write(&path, key.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
        }
        let first = SigningKey::open(&keys::text(&path)?, &passphrase).map_err(key_failure)?.verifying_key();
        if !with_second {
            return Ok(Self { first, second: None });
        }
        let path = folder.next(&folder.second_ledger_key());
        if !path.exists() {
            let key = SecondSigningKey::generate().map_err(key_failure)?;
            keyring::write(&path, key.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
        }
        let second = SecondSigningKey::open(&keys::text(&path)?, &passphrase).map_err(key_failure)?;
        Ok(Self { first, second: Some(second.public_key().map_err(key_failure)?) })
    }
}

/// Puts the next keys into a directory, and the one that goes among the former ones.
fn exchange(directory: &mut Directory, next: &Next, now: Timestamp) -> Result<(), Failure> {
    if directory.issued >= now {
        let what = format!("the directory was issued at {}, and it is {now} by this machine's clock", directory.issued);
        return Err(Failure::new(Exit::Conflict, what).remedy("Check the clock, then rotate the key again."));
    }
    directory.ledger_keys_before.retain(|one| one.until.plus_ms(FORMER_MS) > now);
    let excess = (directory.ledger_keys_before.len() + 1).saturating_sub(identity::limits::FORMER_KEYS_MAX);
    directory.ledger_keys_before.drain(..excess);
    directory.ledger_keys_before.push(FormerKey { key: directory.ledger_key, until: now });
    directory.ledger_key = next.first;
    directory.ledger_key_ml_dsa_44 = next.second.clone();
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{command::init::Init, keys::Keys};

    /// 22 November 2026, 00:00 UTC.
    const NOW: Timestamp = Timestamp(1_795_305_600_000);

    fn named(folder: &Folder) -> VerifyingKey {
        Directory::from_toml(&keys::read_directory(folder).unwrap().toml).unwrap().ledger_key
    }

    fn opened(folder: &Folder) -> VerifyingKey {
        Keys::open(folder, &folder.config().unwrap()).unwrap().ledger.verifying_key()
    }

    #[test]
    fn a_rotation_that_is_killed_anywhere_leaves_the_key_that_the_directory_names() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("jp");
        Init::development("JP".parse().unwrap(), dir.clone(), true).run(NOW).unwrap();
        let folder = Folder(dir.join("gateway"));
        let config = folder.config().unwrap();
        let first = named(&folder);
        // Killed when the next keys are drawn: the old one goes on.
        let next = Next::draw(&folder, &config, true).unwrap();
        assert_eq!((opened(&folder), named(&folder)), (first, first));
        let drawn = Next::draw(&folder, &config, true).unwrap();
        assert_eq!(drawn.first, next.first, "the exchange goes on with the key that is there");
        // Killed when the directory is written: the new one is in use.
        let mut own = OwnDirectory::open(&folder, None, NOW).unwrap();
        let later = NOW.plus_ms(1000);
        exchange(&mut own.directory, &next, later).unwrap();
        write_directory(&folder, &own.sign(later).unwrap()).unwrap();
        assert_eq!(opened(&folder), next.first);
        assert!(Keys::open(&folder, &config).unwrap().second.is_some());
        // A second exchange begins behind the first one.
        let rotate = Rotate { at: Where { dir: dir.clone() }, which: Which::Ledger, own_root: None };
        rotate.run(NOW.plus_ms(2000)).unwrap();
        let directory = Directory::from_toml(&keys::read_directory(&folder).unwrap().toml).unwrap();
        let before: Vec<_> = directory.ledger_keys_before.iter().map(|one| (one.key, one.until)).collect();
        assert_eq!(before, [(first, later), (next.first, NOW.plus_ms(2000))]);
        assert_eq!(opened(&folder), directory.ledger_key);
        assert!(!folder.next(&folder.ledger_key()).exists() && !folder.next(&folder.second_ledger_key()).exists());
        let (listed, _) = List { at: Where { dir } }.run().unwrap();
        assert_eq!(listed["ledger"][0]["fingerprint"], directory.ledger_key.key_id().to_string());
        assert_eq!(listed["ledger"].as_array().unwrap().len(), 3);
    }
}
