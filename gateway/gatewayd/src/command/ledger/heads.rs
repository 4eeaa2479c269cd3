//! `gateway ledger heads`, `prove` and `check`: what third states say of the time.

use std::{
    fmt::{self, Display, Formatter},
    fs,
    path::PathBuf,
};

use clap::Args;
use ledger::{Held, LedgerKey, Release, SecondKey, TimedHead, WitnessName};
use model::{Exit, Malformed, PartyId, Timestamp};
use proto::operator::{ListHeadsRequest, ProveHeadRequest, Stamp, Tick};
use serde_json::{Value, json};

use super::Named;
use crate::{
    command::{Where, ask, operator},
    failure::Failure,
};

#[derive(Debug, Args)]
pub(crate) struct Heads {
    #[command(flatten)]
    at: Where,
    /// How many.
    #[arg(long, default_value_t = 24)]
    last: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Stamped {
    #[command(flatten)]
    at: Where,
    /// The head of so many leaves; the newest one that is time-stamped when absent.
    #[arg(long)]
    size: Option<u64>,
    /// The folder to write `head` and `head.token` into. It is made where it is not there.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Prove {
    #[command(flatten)]
    at: Where,
    /// The log: another party, as in FR, for the one that we write for it; else its name, as in rogatory.internal/fr/jp.
    log: Named,
    /// The first head with at least so many leaves; the newest one that is witnessed when absent.
    #[arg(long, default_value_t = 0)]
    size: u64,
    /// Whose log of heads proves it: ours when absent, or the other party's.
    #[arg(long)]
    by: Option<PartyId>,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ProveRelease {
    #[command(flatten)]
    at: Where,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The proof.
    file: PathBuf,
    /// The verifier key of the log of heads, as in jp.rogatory.internal/heads+0123abcd+…; twice, the second one of ML-DSA-44, where the
    /// directory of that state promises it.
    #[arg(long, required = true)]
    key: Vec<String>,
    /// The verifier key of the witness, as in rogatory.internal/sg+0123abcd+…; twice, where the directory of that state promises it.
    #[arg(long, required = true)]
    witness: Vec<String>,
}

impl Heads {
    pub(super) async fn run(&self) -> Result<(Value, String), Failure> {
        let (_, mut client) = operator(&self.at)?;
        let told = ask(&self.at, client.list_heads(ListHeadsRequest { limit: self.last })).await?;
        let mut lines = vec![match told.witnesses.as_slice() {
            [] => format!("{}: no witnesses are configured", told.log),
            witnesses => format!("{}, witnessed by {}", told.log, witnesses.join(", ")),
        }];
        lines.extend(told.ticks.iter().map(line));
        let tick = |tick: &Tick| {
            let witnessed = tick.witnessed.iter();
            let witnessed = witnessed.map(|one| json!({ "party": one.party, "at": Timestamp(one.at_ms).to_string() }));
            json!({
                "index": tick.index, "at": Timestamp(tick.at_ms).to_string(),
                "witnessed": witnessed.collect::<Vec<_>>(),
            })
        };
        lines.extend(
            told.stamps.iter().map(|one| format!("  time-stamp of {} leaves at {}", one.size, Timestamp(one.at_ms))),
        );
        let stamp = |one: &Stamp| json!({ "size": one.size, "at": Timestamp(one.at_ms).to_string() });
        let stamps: Vec<Value> = told.stamps.iter().map(stamp).collect();
        let ticks: Vec<Value> = told.ticks.iter().map(tick).collect();
        Ok((
            json!({ "log": told.log, "witnesses": told.witnesses, "ticks": ticks, "stamps": stamps }),
            lines.join("\n"),
        ))
    }
}

fn line(tick: &Tick) -> String {
    let witnessed = tick.witnessed.iter().map(|one| format!("{} at {}", one.party, Timestamp(one.at_ms)));
    let witnessed = match tick.witnessed.as_slice() {
        [] => "nobody yet".to_owned(),
        _ => witnessed.collect::<Vec<_>>().join(", "),
    };
    format!("  {:>6}  {}  {witnessed}", tick.index, Timestamp(tick.at_ms))
}

impl Stamped {
    pub(super) async fn run(&self) -> Result<(Value, String), Failure> {
        let (_, mut client) = operator(&self.at)?;
        let told = ask(&self.at, client.list_heads(ListHeadsRequest { limit: u32::MAX })).await?;
        let asked = |one: &&Stamp| self.size.is_none_or(|size| one.size == size);
        let stamp = told.stamps.iter().find(asked).ok_or_else(|| {
            Failure::new(Exit::NotFound, format!("no such head of {} is time-stamped", told.log))
                .remedy("Configure [ledger.tsa]; gateway ledger heads shows what is there.")
        })?;
        fs::create_dir_all(&self.out).map_err(|error| Failure::writing(&self.out, &error))?;
        let (head, token) = (self.out.join("head"), self.out.join("head.token"));
        keyring::write_public(&head, &stamp.note)?;
        keyring::write_public(&token, &stamp.token)?;
        let at = Timestamp(stamp.at_ms);
        let text = format!(
            "{}: {} leaves, time-stamped at {at}\n  verify it anywhere: openssl ts -verify -token_in -in {} -data {} -CAfile TSA-ROOTS.pem",
            told.log,
            stamp.size,
            token.display(),
            head.display(),
        );
        Ok((json!({ "log": told.log, "size": stamp.size, "at": at.to_string(), "head": head, "token": token }), text))
    }
}

impl Prove {
    pub(super) async fn run(&self) -> Result<(Value, String), Failure> {
        let (folder, mut client) = operator(&self.at)?;
        let log = self.log.of(folder.config()?.party)?;
        let by = self.by.map(|by| by.to_string()).unwrap_or_default();
        let request = ProveHeadRequest { log: log.to_string(), size: self.size, by };
        let answer = ask(&self.at, client.prove_head(request)).await?;
        let timed = TimedHead::decode(&answer.timed_head)?;
        keyring::write_public(&self.out, &answer.timed_head)?;
        let head = timed.head()?;
        let out = self.out.display();
        let keys = answer.verifier_keys;
        let options = options(&keys)?;
        let text = format!(
            "{out}: {log} had {} leaves with root {} at {}\n  verify it anywhere: gateway ledger check {out} {options}",
            head.size, head.root, timed.tick.at,
        );
        let value = json!({
            "log": log.to_string(), "size": head.size, "root": head.root.to_string(), "at": timed.tick.at.to_string(),
            "out": self.out, "verifier_keys": keys,
        });
        Ok((value, text))
    }
}

impl ProveRelease {
    pub(super) async fn run(&self) -> Result<(Value, String), Failure> {
        let (_, mut client) = operator(&self.at)?;
        let answer = ask(&self.at, client.prove_head(ProveHeadRequest::default())).await?;
        let timed = TimedHead::decode(&answer.timed_head)?;
        let Held::Release(release) = &timed.place.held else {
            return Err(Failure::new(Exit::Failure, "the gateway proves something else than its release"));
        };
        keyring::write_public(&self.out, &answer.timed_head)?;
        let (out, keys) = (self.out.display(), &answer.verifier_keys);
        let options = options(keys)?;
        let text = format!(
            "{out}: {release} ran at {}\n  verify it anywhere: gateway ledger check {out} {options}",
            timed.tick.at,
        );
        let value = json!({
            "software": release.software(), "release": release.sha256().to_string(), "at": timed.tick.at.to_string(),
            "out": self.out, "verifier_keys": keys,
        });
        Ok((value, text))
    }
}

impl Check {
    pub(super) fn run(&self) -> Result<(Value, String), Failure> {
        let bytes = fs::read(&self.file).map_err(|error| Failure::reading(&self.file, &error))?;
        let timed = TimedHead::decode(&bytes).map_err(|denial| self.not_proved(&denial))?;
        let log = timed.log().map_err(|denial| self.not_proved(&denial))?;
        let usage = |error: Malformed| Failure::new(Exit::Usage, error.to_string());
        let home = given(&self.key, log, false).map_err(usage)?;
        let name = self.witness.first().and_then(|key| key.split('+').next()).unwrap_or_default();
        let witness: WitnessName = name.parse().map_err(usage)?;
        let key = given(&self.witness, witness, true).map_err(usage)?;
        let word = timed.verify(&home, witness, &key).map_err(|denial| self.not_proved(&denial))?;
        let by = Signed { home: (log.home(), home.second().is_some()), witness: (witness.0, key.second().is_some()) };
        let at = Timestamp(i64::try_from(word.time_s()).unwrap_or_default().saturating_mul(1000));
        let head = match &timed.place.held {
            Held::Head(head) => head,
            Held::Release(release) => return Ok(released(release, log.home(), at, witness, &by)),
        };
        let text = format!(
            "proved: {} had at least {} leaves, with root {} then, not later than {at}\n  \
             {} signed it, {} cosigned a log that holds it\n  \
             not proved: what the leaves say, and that the clock of {} is right{by}",
            head.origin,
            head.size,
            head.root,
            log.home(),
            witness.0,
            witness.0,
        );
        let value = json!({
            "log": head.origin.to_string(), "size": head.size, "root": head.root.to_string(),
            "not_later_than": at.to_string(), "home": log.home().to_string(), "witness": witness.0.to_string(),
            "signed_twice": by.twice(),
        });
        Ok((value, text))
    }

    fn not_proved(&self, denial: &model::Denial) -> Failure {
        Failure::new(Exit::Integrity, format!("{} proves nothing: {denial}", self.file.display()))
            .remedy("Ask for the proof again; compare both keys with the directories of the two states.")
    }
}

/// The options by which a proof is checked, of the keys that the gateway names: those of the log, and of one witness.
fn options(keys: &[String]) -> Result<String, Failure> {
    let name = |key: &String| key.split('+').next().unwrap_or_default().to_owned();
    let log = keys.first().map(name);
    let witness = keys.iter().map(name).find(|one| Some(one) != log.as_ref());
    let (Some(log), Some(witness)) = (log, witness) else {
        return Err(Failure::new(Exit::Failure, "the gateway names no keys"));
    };
    let of = |option: &str, wanted: &str| {
        keys.iter().filter(|key| name(key) == wanted).map(|key| format!("{option} {key}")).collect::<Vec<_>>()
    };
    Ok([of("--key", &log), of("--witness", &witness)].concat().join(" "))
}

/// A proof of which program ran, checked.
fn released(release: &Release, home: PartyId, at: Timestamp, witness: WitnessName, by: &Signed) -> (Value, String) {
    let text = format!(
        "proved: {home} said, not later than {at}, that its gateway was {release}\n  \
         {home} signed it, {} cosigned a log that holds it\n  \
         not proved: that it was; compare the hash with a build of the source (deploy/release){by}",
        witness.0,
    );
    let value = json!({
        "software": release.software(), "release": release.sha256().to_string(), "not_later_than": at.to_string(),
        "home": home.to_string(), "witness": witness.0.to_string(), "signed_twice": by.twice(),
    });
    (value, text)
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

/// By how many signatures each of the two stands for what was checked.
struct Signed {
    home: (PartyId, bool),
    witness: (PartyId, bool),
}

impl Signed {
    fn twice(&self) -> Vec<String> {
        [self.home, self.witness].iter().filter(|(_, twice)| *twice).map(|(party, _)| party.to_string()).collect()
    }
}

impl Display for Signed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (party, twice) in [self.home, self.witness] {
            match twice {
                true => write!(
                    f,
                    "\n  {party} signed by both algorithms: Ed25519, and ML-DSA-44 against quantum computers"
                )?,
                false => write!(
                    f,
                    "\n  of {party} Ed25519 alone was checked: where its directory promises ML-DSA-44, that proves nothing by itself; give both keys"
                )?,
            }
        }
        Ok(())
    }
}
