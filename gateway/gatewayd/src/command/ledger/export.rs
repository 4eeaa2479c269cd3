//! `gateway ledger export`: a log as files that any web server can publish and foreign tools verify.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use ledger::{Checkpoint, Origin, Resource, SignedCheckpoint, Tile};
use model::Exit;
use proto::operator::{ReadLedgerRequest, operator_service_client::OperatorServiceClient};
use serde_json::{Value, json};

use super::Named;
use crate::{
    command::{Where, ask, operator},
    failure::Failure,
};

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    at: Where,
    /// The log: another party, as in FR, for the one that we write for it; else its name, as in rogatory.internal/fr/jp.
    log: Named,
    /// The folder to write. It is made, or holds an earlier export of the same log.
    #[arg(long)]
    out: PathBuf,
}

/// A running gateway that is read.
struct Source<'a> {
    at: &'a Where,
    client: OperatorServiceClient<link::Channel>,
    log: Origin,
    verifier_keys: Vec<String>,
}

impl Source<'_> {
    async fn read(&mut self, resource: Resource) -> Result<Vec<u8>, Failure> {
        let request = ReadLedgerRequest { log: self.log.to_string(), path: resource.to_string() };
        let answer = ask(self.at, self.client.read_ledger(request)).await?;
        self.verifier_keys = answer.verifier_keys;
        Ok(answer.content.to_vec())
    }
}

impl Export {
    pub(super) async fn run(&self) -> Result<(Value, String), Failure> {
        let (folder, client) = operator(&self.at)?;
        let log = self.log.of(folder.config()?.party)?;
        let mut source = Source { at: &self.at, client, log, verifier_keys: Vec::new() };
        let note = source.read(Resource::Checkpoint).await?;
        let head = *SignedCheckpoint::kept(&note, log)?.checkpoint();
        let before = self.before(&head)?;
        let mut written = 0_u64;
        for tile in Tile::added(before.as_ref().map_or(0, |before| before.size), head.size)? {
            written += self.write_tile(&mut source, tile).await?;
        }
        self.check(&head, before.as_ref())?;
        // Last: what it stands for is there.
        self.write(Resource::Checkpoint, &note)?;
        let keys = source.verifier_keys;
        let text = format!(
            "{log}: {} leaves, root {}\n  {written} new files in {}\n  verifier keys for foreign tools:\n    {}",
            head.size,
            head.root,
            self.out.display(),
            keys.join("\n    "),
        );
        let value = json!({
            "log": log.to_string(), "size": head.size, "root": head.root.to_string(), "files_written": written,
            "out": self.out, "verifier_keys": keys,
        });
        Ok((value, text))
    }

    /// The head of an earlier export.
    fn before(&self, head: &Checkpoint) -> Result<Option<Checkpoint>, Failure> {
        let path = self.path(Resource::Checkpoint);
        if !path.exists() {
            return Ok(None);
        }
        let note = fs::read(&path).map_err(|error| Failure::reading(&path, &error))?;
        let before = SignedCheckpoint::kept(&note, head.origin).map_err(|denial| {
            Failure::new(Exit::Conflict, format!("{}: {denial}", path.display())).remedy("Choose another folder.")
        })?;
        let before = *before.checkpoint();
        if before.size > head.size {
            return Err(contradicted(format!(
                "{} has {} leaves, the gateway {}",
                path.display(),
                before.size,
                head.size
            )));
        }
        Ok(Some(before))
    }

    /// Writes a tile, and the entries of its leaves. What is there already, whole, stays.
    async fn write_tile(&self, source: &mut Source<'_>, tile: Tile) -> Result<u64, Failure> {
        let resource = Resource::Hashes(tile);
        if self.path(resource).exists() && (tile.level() > 0 || self.path(Resource::Entries(tile)).exists()) {
            return Ok(0);
        }
        let hashes = source.read(resource).await?;
        let mut written = 1;
        if tile.level() == 0 {
            let bundle = source.read(Resource::Entries(tile)).await?;
            tile.check_bundle(&bundle, &hashes)?;
            self.write(Resource::Entries(tile), &bundle)?;
            written += 1;
        }
        self.write(resource, &hashes)?;
        Ok(written)
    }

    /// Holds what is in the folder now against the head, and the head of the earlier export against that.
    fn check(&self, head: &Checkpoint, before: Option<&Checkpoint>) -> Result<(), Failure> {
        let read = |tile| fs::read(self.path(Resource::Hashes(tile))).ok();
        let root_at = |size| head.root_in_tiles(size, read).map_err(|denial| contradicted(denial.to_string()));
        root_at(head.size)?;
        if let Some(before) = before
            && root_at(before.size)? != before.root
        {
            return Err(contradicted(format!("{} of {} leaves has another root", self.out.display(), before.size)));
        }
        Ok(())
    }

    fn write(&self, resource: Resource, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(resource);
        let folder = path.parent().unwrap_or(&self.out);
        fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
        Ok(keyring::write_public(&path, bytes)?)
    }

    fn path(&self, resource: Resource) -> PathBuf {
        self.out.join(Path::new(&resource.to_string()))
    }
}

/// What was published once, and is contradicted now.
fn contradicted(what: String) -> Failure {
    Failure::new(Exit::Integrity, format!("the log is not what it was: {what}"))
        .remedy("Keep the folder. Was the gateway's database restored, or does the folder belong to another gateway?")
}
