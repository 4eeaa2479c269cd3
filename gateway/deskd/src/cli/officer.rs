//! The officer's key: opened here, used here, and never handed to the desk.

use std::path::{Path, PathBuf};

use clap::Args;
use identity::SigningKey;
use model::Exit;

use super::session::Session;
use crate::{
    failure::Failure,
    keys::{open_signing_key, read_passphrase},
};

/// Who signs.
#[derive(Debug, Args)]
pub(super) struct Signer {
    /// The officer whose key lies in the folder of officers, as in central/officer-1.
    #[arg(long = "as", value_name = "AUTHORITY/OFFICER", required_unless_present = "key")]
    officer: Option<String>,
    /// A key file in place of the folder of officers.
    #[arg(long, value_name = "FILE", requires = "passphrase_file", conflicts_with = "officer")]
    key: Option<PathBuf>,
    /// The file with the passphrase of --key.
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
}

/// An officer with the key in hand.
pub(super) struct Officer {
    pub(super) key: SigningKey,
    /// The authority as the folder calls it, with --as.
    pub(super) authority: Option<String>,
}

impl Signer {
    /// The officer of this name in the folder of officers.
    pub(super) fn of(officer: &str) -> Self {
        Self { officer: Some(officer.to_owned()), key: None, passphrase_file: None }
    }

    pub(super) fn open(&self, session: &Session) -> Result<Officer, Failure> {
        if let (Some(key), Some(passphrase)) = (&self.key, &self.passphrase_file) {
            let key = open_signing_key(key, &read_passphrase(passphrase)?)?;
            return Ok(Officer { key, authority: None });
        }
        let name = self.officer.as_deref().unwrap_or_default();
        let (authority, officer) = split(name)?;
        let officers = session.config.officers.as_deref().ok_or_else(|| {
            Failure::new(Exit::Usage, "desk.toml names no folder of officers")
                .remedy("Set `officers` there, or give --key and --passphrase-file.")
        })?;
        let folder = session.folder.resolve(officers).join(authority).join(officer);
        let key = open(&folder).map_err(|failure| {
            failure.remedy(format!("Check the name: {} holds one folder for each officer.", officers.display()))
        })?;
        Ok(Officer { key, authority: Some(authority.to_owned()) })
    }
}

fn open(folder: &Path) -> Result<SigningKey, Failure> {
    open_signing_key(&folder.join("key.pem"), &read_passphrase(&folder.join("passphrase"))?)
}

/// `central/officer-1`: two names of folders and nothing else.
fn split(name: &str) -> Result<(&str, &str), Failure> {
    let plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    match name.split_once('/') {
        Some((authority, officer)) if plain(authority) && plain(officer) => Ok((authority, officer)),
        _ => Err(Failure::new(Exit::Usage, format!("{name:?} is not an officer"))
            .remedy("Name authority and officer, as in --as central/officer-1.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_officer_is_named_by_two_folders_and_by_no_path() {
        assert!(matches!(split("central/officer-1"), Ok(("central", "officer-1"))));
        for wrong in ["central", "central/", "/officer-1", "../x", "central/../x", "central/a/b", "a b/c"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }
}
