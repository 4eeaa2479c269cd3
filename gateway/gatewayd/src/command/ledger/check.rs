//! `gateway ledger check`: a proof of `ledger prove`, before who trusts neither state. Whose the keys are is told by directories that a
//! pinned root signed. Keys that are named by themselves are the word of who names them, and prove nothing before who checks says to have them
//! from their states.

use std::{
    fmt::{self, Display, Formatter},
    fs,
    path::{Path, PathBuf},
};

use casefile::{CannotProve, vouched};
use clap::Args;
use identity::{Directory, SignedDirectory};
use ledger::{Cosignature, Held, LedgerKey, Origin, SecondKey, TimedHead, WitnessName};
use model::{Denial, Exit, Malformed, PartyId, Timestamp};
use serde_json::{Value, json};

use crate::{command::audit, failure::Failure, keys};

/// Behind a directory's name, in place of `toml`: what stands in a gateway's folder, and in a case file.
const SIGNATURES: [&str; 2] = ["sig", "signature"];

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The proof.
    file: PathBuf,
    /// The directory that names the key, of the state whose log it is, and of the witness: FILE.toml, its signature beside it as FILE.sig or
    /// FILE.signature. `ledger prove` writes them, and a case file holds them.
    #[arg(long, value_name = "TOML", requires = "roots", conflicts_with_all = ["key", "witness"])]
    directory: Vec<PathBuf>,
    /// A root that you have from its state itself: JP=FILE.pem, or JP=FINGERPRINT. One for each of the two.
    #[arg(long = "root", value_name = "PARTY=PEM|FINGERPRINT", requires = "directory")]
    roots: Vec<String>,
    /// Without directories: the verifier key of the log of heads, as in jp.rogatory.internal/heads+0123abcd+…; twice, the second one of
    /// ML-DSA-44, where the directory of that state promises it. Whose it is, nobody vouches for then.
    #[arg(long, required_unless_present = "directory")]
    key: Vec<String>,
    /// The same of the witness, as in rogatory.internal/sg+0123abcd+….
    #[arg(long, required_unless_present = "directory")]
    witness: Vec<String>,
    /// You have these two keys from their states themselves, and from nobody who is to be checked.
    #[arg(long, requires = "key", conflicts_with = "directory")]
    pinned: bool,
}

/// A key, and the version of the directory that names it; `None` where it was given by itself.
struct Named {
    key: LedgerKey,
    version: Option<u64>,
}

/// What was checked: the cosignature, and by which keys.
struct Proven {
    word: Cosignature,
    home: (PartyId, Named),
    witness: (PartyId, Named),
}

impl Check {
    pub(super) fn run(&self) -> Result<(Value, String), Failure> {
        let bytes = fs::read(&self.file).map_err(|error| Failure::reading(&self.file, &error))?;
        let timed = TimedHead::decode(&bytes).map_err(|denial| self.not_proved(&denial))?;
        let log = timed.log().map_err(|denial| self.not_proved(&denial))?;
        let proven = if self.directory.is_empty() { self.by_keys(&timed, log) } else { self.by_roots(&timed, log) }?;
        let at = Timestamp(i64::try_from(proven.word.time_s()).unwrap_or_default().saturating_mul(1000));
        let (home, witness) = (proven.home.0, proven.witness.0);
        if !proven.is_vouched() && !self.pinned {
            return Err(unpinned(home, witness));
        }
        let (first, not_proved) = match &timed.place.held {
            Held::Head(head) => (
                format!(
                    "proved: {} had at least {} leaves, with root {} then, not later than {at}",
                    head.origin, head.size, head.root
                ),
                format!("not proved: what the leaves say, and that the clock of {witness} is right"),
            ),
            Held::Release(release) => (
                format!("proved: {home} said, not later than {at}, that its gateway was {release}"),
                "not proved: that it was, for the hash is that program's own word; compare it with a build of the source (deploy/release)"
                    .to_owned(),
            ),
        };
        let text =
            format!("{first}\n  {home} signed it, {witness} cosigned a log that holds it\n  {not_proved}{proven}");
        let mut value = json!({
            "not_later_than": at.to_string(), "home": home.to_string(), "witness": witness.to_string(),
            "signed_twice": proven.twice(), "pinned": if proven.is_vouched() { "roots" } else { "keys" },
            "directories": { (home.as_str()): proven.home.1.version, (witness.as_str()): proven.witness.1.version },
        });
        match &timed.place.held {
            Held::Head(head) => {
                value["log"] = head.origin.to_string().into();
                value["size"] = head.size.into();
                value["root"] = head.root.to_string().into();
            }
            Held::Release(release) => {
                value["software"] = release.software().into();
                value["release"] = release.sha256().to_string().into();
            }
        }
        Ok((value, text))
    }

    /// By keys as they were given.
    fn by_keys(&self, timed: &TimedHead, log: Origin) -> Result<Proven, Failure> {
        let usage = |error: Malformed| Failure::new(Exit::Usage, error.to_string());
        let home = given(&self.key, log, false).map_err(usage)?;
        let name = self.witness.first().and_then(|key| key.split('+').next()).unwrap_or_default();
        let witness: WitnessName = name.parse().map_err(usage)?;
        let key = given(&self.witness, witness, true).map_err(usage)?;
        let word = timed.verify(&home, witness, &key).map_err(|denial| self.not_proved(&denial))?;
        let named = |key| Named { key, version: None };
        Ok(Proven { word, home: (log.home(), named(home)), witness: (witness.0, named(key)) })
    }

    /// By the keys in directories that pinned roots signed, and no other.
    fn by_roots(&self, timed: &TimedHead, log: Origin) -> Result<Proven, Failure> {
        let pins = self.roots.iter().map(|one| audit::pin(one)).collect::<Result<Vec<_>, _>>()?;
        let mut directories = Vec::new();
        for path in &self.directory {
            let directory = vouched(&read_directory(path)?, &pins).map_err(|error| {
                let exit = match &error {
                    CannotProve::Unreadable(_) => Exit::Failure,
                    CannotProve::RootMissing(_) => Exit::Usage,
                    CannotProve::Nothing(_) => Exit::Integrity,
                };
                Failure::new(exit, format!("{}: {error}", path.display()))
            })?;
            directories.push(directory);
        }
        let of = |party: PartyId| directories.iter().filter(move |directory| directory.party == party);
        let cosigned = Cosignature::named_in(&timed.note).map_err(|denial| self.not_proved(&denial))?;
        let mut denied = None;
        for home in of(log.home()) {
            for (witness, directory) in cosigned.iter().flat_map(|(name, _)| of(name.0).map(move |one| (*name, one))) {
                let [key, cosigner] = [home, directory].map(Directory::head_key);
                match timed.verify(&key, witness, &cosigner) {
                    Ok(word) => {
                        let named = |key, directory: &Directory| Named { key, version: Some(directory.version) };
                        let (first, other) = (named(key, home), named(cosigner, directory));
                        return Ok(Proven { word, home: (log.home(), first), witness: (witness.0, other) });
                    }
                    Err(denial) => denied = Some(denial),
                }
            }
        }
        Err(match denied {
            Some(denial) => self.not_proved(&denial),
            None => {
                let by = cosigned.iter().map(|(name, _)| name.0.to_string()).collect::<Vec<_>>().join(" or ");
                let what = format!("the directories of {} and of a witness of it ({by}) are needed", log.home());
                Failure::new(Exit::Usage, what).remedy("Name both with --directory, and both roots with --root.")
            }
        })
    }

    fn not_proved(&self, denial: &Denial) -> Failure {
        Failure::new(Exit::Integrity, format!("{} proves nothing: {denial}", self.file.display()))
            .remedy("Ask for the proof again, with the directories of its day.")
    }
}

/// The signatures hold by keys of which nobody but who gave them says whose they are: perhaps who is to be checked.
fn unpinned(home: PartyId, witness: PartyId) -> Failure {
    let what = format!(
        "NOT PROVED: by these keys the signatures hold, and that they are the keys of {home} and {witness} is the word of who gave them to you"
    );
    Failure::new(Exit::Integrity, what).remedy(
        "Give the directories of both, and the roots that you have from their states: --directory and --root. Where you have the keys \
         themselves from their states, say so: --pinned.",
    )
}

/// A directory and its signature, as two files.
fn read_directory(path: &Path) -> Result<SignedDirectory, Failure> {
    let toml = keys::text(path)?;
    let beside = SIGNATURES.map(|ending| path.with_extension(ending));
    let Some(signature) = beside.iter().find(|path| path.is_file()) else {
        return Err(Failure::new(Exit::NotFound, format!("there is no {} beside it", beside[0].display())));
    };
    let signature = fs::read(signature).map_err(|error| Failure::reading(signature, &error))?;
    Ok(SignedDirectory { toml, signature, openings: Vec::new() })
}

/// The key that was given for a log or a witness, with its second one where that was given too.
fn given(keys: &[String], name: impl Display + Copy, witness: bool) -> Result<LedgerKey, Malformed> {
    match keys {
        [first] => LedgerKey::from_vkey(first, name, witness),
        [first, second] => {
            let second = SecondKey::from_vkey(second, name)?;
            Ok(LedgerKey::from_vkey(first, name, witness)?.with_second(Some(second)))
        }
        keys => {
            Err(Malformed::new("one verifier key, and one of ML-DSA-44 behind it", &format!("{} keys", keys.len())))
        }
    }
}

impl Proven {
    fn both(&self) -> [&(PartyId, Named); 2] {
        [&self.home, &self.witness]
    }

    /// Who signed by both algorithms.
    fn twice(&self) -> Vec<String> {
        let twice = self.both().into_iter().filter(|(_, named)| named.key.second().is_some());
        twice.map(|(party, _)| party.to_string()).collect()
    }

    /// Whether roots that were pinned vouch for both keys.
    fn is_vouched(&self) -> bool {
        self.both().into_iter().all(|(_, named)| named.version.is_some())
    }
}

/// By how many signatures, and by whose word of whose keys, it is proved.
impl Display for Proven {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (party, named) in self.both() {
            match (named.key.second().is_some(), named.version) {
                (true, _) => {
                    write!(
                        f,
                        "\n  {party} signed by both algorithms: Ed25519, and ML-DSA-44 against quantum computers"
                    )?;
                }
                (false, Some(version)) => {
                    write!(
                        f,
                        "\n  of {party} Ed25519 alone was checked: version {version} of its directory promises no more"
                    )?;
                }
                (false, None) => write!(
                    f,
                    "\n  of {party} Ed25519 alone was checked: where its directory promises ML-DSA-44, that proves nothing by itself; give both keys"
                )?,
            }
            if let Some(version) = named.version {
                write!(
                    f,
                    "\n  the key is that of {party}: version {version} of its directory names it, which the root that you gave signed"
                )?;
            }
        }
        match self.is_vouched() {
            true => Ok(()),
            false => write!(
                f,
                "\n  that these keys are those of {} and {} you say (--pinned): no root was asked",
                self.home.0, self.witness.0
            ),
        }
    }
}
