//! What a party says of itself: its authorities, their keys and officers, and commitments to the foreign roots it trusts.

mod commitment;
mod signed;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use ledger::{LedgerKey, SecondKey};
use model::{AuthorityId, AuthorityKind, KeyId, Malformed, PartyId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{RootCertificate, VerifyingKey, names};

pub use commitment::{Commitments, RootOpening};
pub use signed::SignedDirectory;

/// How the text of every directory begins: the format that this program writes and reads, and no other.
const FORMAT_LINE: &str = "format = 2\n";

/// The ceilings of a directory.
pub mod limits {
    /// Its TOML.
    pub const DIRECTORY_BYTES_MAX: usize = 1024 * 1024;
    /// Authorities in it.
    pub const AUTHORITIES_MAX: usize = 1000;
    /// Officers of one authority.
    pub const OFFICERS_MAX: usize = 1000;
    /// Commitments to foreign roots in it, and openings beside it.
    pub const TRUSTED_MAX: usize = 512;
    /// Commitments come in multiples of so many: more than there are states.
    pub const COMMITMENTS_BUCKET: usize = 256;
    /// Ledger keys before the one in use.
    pub const FORMER_KEYS_MAX: usize = 16;
    /// A title or pseudonym, in characters.
    pub const TITLE_CHARACTERS_MAX: usize = 200;
    /// Longest validity: 400 days.
    pub const DIRECTORY_LIFETIME_MS_MAX: i64 = 400 * 24 * 3600 * 1000;
}

/// A party's directory. Each version replaces the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Whose.
    pub party: PartyId,
    /// 1, 2, 3 …
    pub version: u64,
    /// When it was made.
    #[serde(with = "text::moment")]
    pub issued: Timestamp,
    /// After this moment it proves nothing.
    #[serde(with = "text::moment")]
    pub expires: Timestamp,
    /// The key of the party's gateway, for ledger and receipts.
    pub ledger_key: VerifyingKey,
    /// With it the gateway signs each head of a log, and each that it cosigns, a second time: a head without that signature is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::second")]
    pub ledger_key_ml_dsa_44: Option<SecondKey>,
    /// The party's root, DER.
    #[serde(with = "text::pem")]
    pub root: Vec<u8>,
    /// The foreign roots whose fingerprints were compared, as commitments: who may know of one is shown its [`RootOpening`].
    pub trusted: Commitments,
    /// The accredited authorities.
    #[serde(default)]
    pub authorities: Vec<Authority>,
    /// The keys of the party's gateway before this one, the oldest first: receipts of theirs are still on their way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger_keys_before: Vec<FormerKey>,
}

/// A ledger key that was exchanged for another. No head of a log is believed by it any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormerKey {
    /// The key.
    pub key: VerifyingKey,
    /// Receipts that it states of later moments are none.
    #[serde(with = "text::moment")]
    pub until: Timestamp,
}

/// An accredited body and its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Its name.
    pub id: AuthorityId,
    /// What it is accredited for.
    pub kind: AuthorityKind,
    /// What it is called, for people.
    pub title: String,
    /// Its desk's key, which signs envelopes.
    pub desk_key: VerifyingKey,
    /// Who may sign for it.
    #[serde(default)]
    pub officers: Vec<Officer>,
}

/// A person, by a key. The directory crosses borders, so it bears no name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// How the officer is called abroad.
    pub pseudonym: String,
    /// The officer's key.
    pub key: VerifyingKey,
    /// What the officer may do.
    pub roles: BTreeSet<Role>,
}

/// How the title of each authority begins in the directory of a state that is simulated, for training, and of no other: for people. What
/// decides is the root ([`RootCertificate::is_training`]), which signs the directory and is in it.
pub const TRAINING_MARK: &str = "TRAINING – simulated authority";

impl Directory {
    /// Reads TOML and checks it as [`Directory::check`] does. Nothing of it is proven: see [`SignedDirectory::verify`].
    pub fn from_toml(toml: &str) -> Result<Self, Malformed> {
        if toml.len() > limits::DIRECTORY_BYTES_MAX {
            return Err(Malformed::new("a directory of at most 1 MiB", &format!("{} bytes", toml.len())));
        }
        let body = toml.strip_prefix(FORMAT_LINE).ok_or_else(|| {
            let first: String = toml.lines().next().unwrap_or_default().chars().take(40).collect();
            Malformed::new("a directory of format 2, which begins with the line `format = 2`", &first)
        })?;
        let directory: Self =
            toml::from_str(body).map_err(|error| Malformed::new("a directory (TOML)", error.message()))?;
        directory.check()?;
        Ok(directory)
    }

    /// Writes TOML for people and machines.
    pub fn to_toml(&self) -> Result<String, Malformed> {
        self.check()?;
        let body =
            toml::to_string_pretty(self).map_err(|error| Malformed::new("a directory (TOML)", &error.to_string()))?;
        let toml = [FORMAT_LINE, &body].concat();
        if toml.len() > limits::DIRECTORY_BYTES_MAX {
            return Err(Malformed::new("a directory of at most 1 MiB", &format!("{} bytes", toml.len())));
        }
        Ok(toml)
    }

    /// Whether it is consistent in itself: one party throughout, no id and no key twice, counts and texts within limits,
    /// a root that is one. A state for training says so in each title. Which foreign roots it trusts only [`Directory::pins`] can check.
    pub fn check(&self) -> Result<(), Malformed> {
        let lifetime = self.expires.0.saturating_sub(self.issued.0);
        if self.version == 0 || lifetime <= 0 || lifetime > limits::DIRECTORY_LIFETIME_MS_MAX {
            return Err(Malformed::new(
                "a directory with a version from 1 that is valid for at most 400 days",
                &format!("version {}, from {} to {}", self.version, self.issued, self.expires),
            ));
        }
        let root = RootCertificate::parse(&self.root)?;
        if root.party() != self.party {
            return Err(Malformed::new("the directory's own root", "another party's root"));
        }
        self.check_authorities(root.is_training())?;
        self.trusted.check()
    }

    /// The foreign roots that this directory commits to, of those that are opened. What it does not commit to is passed over: nobody
    /// but the party's root says whom it trusts.
    ///
    /// # Errors
    /// `Malformed` for the own party's root, two roots of one party, and a root for training in the directory of a real state or the
    /// other way about.
    pub fn pins<'o>(
        &self,
        openings: impl IntoIterator<Item = &'o RootOpening>,
    ) -> Result<BTreeMap<PartyId, RootCertificate>, Malformed> {
        let own = RootCertificate::parse(&self.root)?;
        let mut pins = BTreeMap::new();
        for opening in openings.into_iter().filter(|opening| self.trusted.contains(opening)) {
            let (party, root) = (opening.party(), opening.root());
            let another = pins.insert(party, root.clone()).is_some_and(|known| known != *root);
            if another || party == self.party {
                return Err(Malformed::new("one root for each foreign party", party.as_str()));
            }
            if root.is_training() != own.is_training() {
                let wanted = "roots of states for training in the directory of one, and real roots in a real one's";
                return Err(Malformed::new(wanted, party.as_str()));
            }
        }
        Ok(pins)
    }

    /// What heads of logs are held against: the ledger key, with the second one where this directory promises it.
    pub fn head_key(&self) -> LedgerKey {
        LedgerKey::new(*self.ledger_key.as_bytes()).with_second(self.ledger_key_ml_dsa_44.clone())
    }

    /// The key by which a receipt of `at` may be signed, if this directory names it.
    pub fn receipt_key(&self, key: &KeyId, at: Timestamp) -> Option<VerifyingKey> {
        let former = self.ledger_keys_before.iter().filter(|one| at <= one.until).map(|one| one.key);
        std::iter::once(self.ledger_key).chain(former).find(|one| one.key_id() == *key)
    }

    /// The authority of that id.
    pub fn authority(&self, id: &AuthorityId) -> Option<&Authority> {
        self.authorities.iter().find(|authority| authority.id == *id)
    }

    /// The officer of that key and the authority it belongs to.
    pub fn officer(&self, key: &KeyId) -> Option<(&Authority, &Officer)> {
        self.authorities.iter().find_map(|authority| authority.officer(key).map(|officer| (authority, officer)))
    }

    /// Whether this one may take the place of `older`: the same party's, with a higher version.
    pub fn supersedes(&self, older: &Self) -> bool {
        self.party == older.party && self.version > older.version
    }

    fn check_authorities(&self, training: bool) -> Result<(), Malformed> {
        if self.authorities.len() > limits::AUTHORITIES_MAX {
            return Err(Malformed::new("at most 1000 authorities", &self.authorities.len().to_string()));
        }
        let mut ids = BTreeSet::new();
        let mut keys = BTreeSet::from([self.ledger_key]);
        let ordered = self.ledger_keys_before.is_sorted_by_key(|one| one.until)
            && self.ledger_keys_before.iter().all(|one| one.until <= self.issued && keys.insert(one.key));
        if !ordered || self.ledger_keys_before.len() > limits::FORMER_KEYS_MAX {
            return Err(Malformed::new("at most 16 former ledger keys, in the order of their ends", "others"));
        }
        for authority in &self.authorities {
            let id = authority.id.to_string();
            if authority.id.party() != self.party || names::is_reserved(&authority.id) || !ids.insert(&authority.id) {
                return Err(Malformed::new("authorities of the directory's party, each once and none called gw", &id));
            }
            if authority.officers.len() > limits::OFFICERS_MAX {
                return Err(Malformed::new("at most 1000 officers of an authority", &id));
            }
            check_title(&authority.title)?;
            if authority.title.starts_with(TRAINING_MARK) != training {
                return Err(Malformed::new(
                    "authorities marked as simulated where the root is for training, and only there",
                    &id,
                ));
            }
            authority.officers.iter().try_for_each(|officer| check_title(&officer.pseudonym))?;
            let own = authority.officers.iter().map(|officer| officer.key).chain([authority.desk_key]);
            for key in own {
                if !keys.insert(key) {
                    return Err(Malformed::new("a key for one purpose and one person only", &key.to_string()));
                }
            }
        }
        Ok(())
    }
}

impl Authority {
    /// The officer of that key.
    pub fn officer(&self, key: &KeyId) -> Option<&Officer> {
        self.officers.iter().find(|officer| officer.key.key_id() == *key)
    }
}

fn check_title(title: &str) -> Result<(), Malformed> {
    let count = title.chars().count();
    if count == 0 || count > limits::TITLE_CHARACTERS_MAX || title.chars().any(char::is_control) {
        return Err(Malformed::new("a title or pseudonym of 1 to 200 printable characters", title));
    }
    Ok(())
}
