//! The officers' folder: for each officer a folder with the own key, encrypted. A passphrase that lies beside it is for the command line of
//! a development state; who serves the console never reads that one.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use identity::{Passphrase, SigningKey};
use model::Exit;

use crate::{
    config::{Config, Folder},
    failure::Failure,
    keys::{open_signing_key, read_passphrase},
};

/// `central/officer-1`: two names of folders and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// The authority as the folder calls it.
    pub(crate) authority: String,
    pub(crate) officer: String,
}

impl FromStr for Name {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let plain =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        match text.split_once('/') {
            Some((authority, officer)) if plain(authority) && plain(officer) => {
                Ok(Self { authority: authority.to_owned(), officer: officer.to_owned() })
            }
            _ => Err(Failure::new(Exit::Usage, format!("{text:?} is not an officer"))
                .remedy("Name authority and officer, as in --as central/officer-1.")),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.authority, self.officer)
    }
}

/// Where the officers' keys lie.
#[derive(Debug, Clone)]
pub(crate) struct OfficersFolder(PathBuf);

impl OfficersFolder {
    /// The one that `desk.toml` names; `None` where it names none.
    pub(crate) fn of(folder: &Folder, config: &Config) -> Option<Self> {
        config.officers.as_deref().map(|officers| Self(folder.resolve(officers)))
    }

    /// Opens an officer's key with the passphrase that lies beside it.
    pub(crate) fn open(&self, name: &Name) -> Result<SigningKey, Failure> {
        let folder = self.folder(name);
        let opened = read_passphrase(&folder.join("passphrase"))
            .and_then(|passphrase| open_signing_key(&folder.join("key.pem"), &passphrase));
        opened.map_err(|failure| {
            failure.remedy(format!("Check the name: {} holds one folder for each officer.", self.0.display()))
        })
    }

    /// Opens an officer's key with a passphrase that was given; `None` where there is no such officer, or it does not open the key. Both
    /// cost the same work, so that the time tells nobody which names there are.
    pub(crate) fn unlock(&self, name: &Name, passphrase: &Passphrase) -> Option<SigningKey> {
        let sealed = fs::read_to_string(self.folder(name).join("key.pem"));
        match sealed {
            Ok(sealed) => SigningKey::open(&sealed, passphrase).ok(),
            Err(_) => {
                let any = fs::read_dir(&self.0).into_iter().flatten().flatten();
                let mut any = any.flat_map(|one| fs::read_dir(one.path()).into_iter().flatten().flatten());
                let sealed = any.find_map(|one| fs::read_to_string(one.path().join("key.pem")).ok());
                // Opened for nothing, and dropped.
                drop(sealed.map(|sealed| SigningKey::open(&sealed, passphrase)));
                None
            }
        }
    }

    fn folder(&self, name: &Name) -> PathBuf {
        Path::new(&self.0).join(&name.authority).join(&name.officer)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_officer_is_named_by_two_folders_and_by_no_path() {
        assert_eq!("central/officer-1".parse::<Name>().unwrap().to_string(), "central/officer-1");
        for wrong in ["central", "central/", "/officer-1", "../x", "central/../x", "central/a/b", "a b/c"] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_opens_to_its_own_passphrase_and_to_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("central/officer-1");
        fs::create_dir_all(&folder).unwrap();
        let right = Passphrase::new(b"a passphrase that is right").unwrap();
        let key = SigningKey::generate().unwrap();
        fs::write(folder.join("key.pem"), key.seal(&right).unwrap()).unwrap();
        let officers = OfficersFolder(dir.path().to_owned());
        let name: Name = "central/officer-1".parse().unwrap();
        assert_eq!(officers.unlock(&name, &right).unwrap().key_id(), key.key_id());
        assert!(officers.unlock(&name, &Passphrase::new(b"a passphrase that is wrong").unwrap()).is_none());
        assert!(officers.unlock(&"central/officer-9".parse().unwrap(), &right).is_none());
    }
}
