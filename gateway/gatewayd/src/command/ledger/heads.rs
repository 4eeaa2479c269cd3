//! `gateway ledger heads`, `stamp` and `prove`: what third states say of the time.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use identity::Directory;
use ledger::{Held, TimedHead};
use model::{Exit, PartyId, Timestamp};
use proto::operator::{ListHeadsRequest, ProveHeadRequest, ProveHeadResponse, Stamp, Tick};
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
        let head = timed.head()?;
        let (how, directories) = write(&self.out, &answer)?;
        let text = format!(
            "{}: {log} had {} leaves with root {} at {}\n{how}",
            self.out.display(),
            head.size,
            head.root,
            timed.tick.at,
        );
        let value = json!({
            "log": log.to_string(), "size": head.size, "root": head.root.to_string(), "at": timed.tick.at.to_string(),
            "out": self.out, "verifier_keys": answer.verifier_keys, "directories": directories,
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
        let (how, directories) = write(&self.out, &answer)?;
        let text = format!("{}: {release} ran at {}, by its own word\n{how}", self.out.display(), timed.tick.at);
        let value = json!({
            "software": release.software(), "release": release.sha256().to_string(), "at": timed.tick.at.to_string(),
            "out": self.out, "verifier_keys": answer.verifier_keys, "directories": directories,
        });
        Ok((value, text))
    }
}

/// Writes a proof, and beside it the directories that name its keys: how it is checked anywhere, and those files.
fn write(out: &Path, answer: &ProveHeadResponse) -> Result<(String, Vec<PathBuf>), Failure> {
    keyring::write_public(out, &answer.timed_head)?;
    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (mut files, mut options, mut parties) = (Vec::new(), String::new(), BTreeSet::new());
    for wire in &answer.directories {
        let directory = Directory::from_toml(&wire.toml)
            .map_err(|error| Failure::new(Exit::Failure, format!("the gateway hands out no directory: {error}")))?;
        let toml = out.with_file_name(format!("{name}.{}-{}.toml", directory.party, directory.version));
        keyring::write_public(&toml, wire.toml.as_bytes())?;
        keyring::write_public(&toml.with_extension("sig"), &wire.signature)?;
        options.push_str(&format!(" --directory {}", toml.display()));
        parties.insert(directory.party);
        files.push(toml);
    }
    // The roots themselves come from their states, and not from here.
    options.extend(parties.iter().map(|party| format!(" --root {party}=ROOT.pem")));
    if files.is_empty() {
        options = format!(" {}", by_keys(&answer.verifier_keys)?);
    }
    Ok((format!("  verify it anywhere: gateway ledger check {}{options}", out.display()), files))
}

/// The options by which a proof is checked by keys alone, of those that the gateway names: that of the log, and of one witness.
fn by_keys(keys: &[String]) -> Result<String, Failure> {
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
