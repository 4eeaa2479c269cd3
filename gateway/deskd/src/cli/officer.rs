//! Who signs at the command line: the officer's key is opened here, used here, and never handed to the desk.

use std::path::PathBuf;

use clap::Args;
use identity::SigningKey;
use model::Exit;

use super::session::Session;
use crate::{
    failure::Failure,
    keys::{open_signing_key, read_passphrase},
    signing::{Name, OfficersFolder},
};

/// Who signs.
#[derive(Debug, Clone, Args)]
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
        let name: Name = self.officer.as_deref().unwrap_or_default().parse()?;
        let officers = OfficersFolder::of(&session.folder, &session.config).ok_or_else(|| {
            Failure::new(Exit::Usage, "desk.toml names no folder of officers")
                .remedy("Set `officers` there, or give --key and --passphrase-file.")
        })?;
        Ok(Officer { key: officers.open(&name)?, authority: Some(name.authority) })
    }
}
