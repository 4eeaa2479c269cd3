//! A proof out of a very long log: how long it takes from the database, and how much it is that a court gets.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use ledger::{
    ConsistencyProof, InclusionProof, LEAVES_PER_BATCH_MAX, LeafHash, LeafSalt, LedgerKey, Log, Origin, Row,
    STATEMENT_BYTES, SignBytes, StoredHashes, Tile, WitnessName, commitment,
};
use model::{Digest, Timestamp};
use serde_json::{Value, json};
use store::{
    DatabaseUrl, Settings,
    gateway::{Batch, GatewayStore, LeafRow, TreeHashRow},
};
use tokio::time::Instant;

use crate::{Ledger, failure::Failure, sample::Sample};

/// What was promised.
const PROOF_MS_MAX: f64 = 5.0;
const PROOF_BYTES_MAX: usize = 1500;
/// Leaves in one transaction.
const AT_ONCE: usize = LEAVES_PER_BATCH_MAX;
/// Odd and large, so that its multiples lie all over the log, in each run alike.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// All that was measured.
pub(crate) struct Measured {
    leaves: u64,
    filled_s: f64,
    inclusion: Sample,
    consistency: Sample,
    tiles: Sample,
    /// Of an inclusion proof alone, and of all that a court gets with it.
    path_bytes: usize,
    proof_bytes: usize,
}

struct Signer(Ed25519KeyPair);

impl SignBytes for Signer {
    fn public_key(&self) -> LedgerKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        LedgerKey::new(bytes)
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

pub(crate) async fn measure(options: &Ledger) -> Result<Measured, Failure> {
    let folder = tempfile::tempdir()?;
    let url = DatabaseUrl::file(folder.path().join("gateway.db"));
    let store = GatewayStore::open(&url, &Settings::default()).await?;
    let origin: Origin = "rogatory.internal/jp/fr".parse()?;
    let started = Instant::now();
    let log = fill(&store, origin, options.leaves).await?;
    let filled_s = started.elapsed().as_secs_f64();
    let bench = Bench { store, origin, log };
    let (inclusion, path_bytes) = bench.inclusion(options.proofs).await?;
    let (consistency, tiles) = (bench.consistency(options.proofs).await?, bench.tiles(options.proofs).await?);
    let proof_bytes = path_bytes + bench.around()?;
    Ok(Measured { leaves: bench.log.size(), filled_s, inclusion, consistency, tiles, path_bytes, proof_bytes })
}

/// A log of so many leaves, as a gateway keeps it.
async fn fill(store: &GatewayStore, origin: Origin, leaves: u64) -> Result<Log, Failure> {
    let mut log = Log::default();
    while log.size() < leaves {
        let end = leaves.min(log.size() + AT_ONCE as u64);
        let some: Vec<_> = (log.size()..end).map(leaf).collect();
        let (next, rows) = log.append(&some)?;
        let row = |row: Row| -> Result<TreeHashRow, Failure> {
            Ok(TreeHashRow { channel: origin.to_string(), idx: i64::try_from(row.index)?, hash: row.hash.into() })
        };
        let tree_hashes = rows.into_iter().map(row).collect::<Result<_, _>>()?;
        let leaf_row = |(number, leaf): (u64, &LeafHash)| -> Result<LeafRow, Failure> {
            Ok(LeafRow {
                channel: origin.to_string(),
                idx: i64::try_from(number)?,
                hash: leaf.0.into(),
                salt: Some(Digest::new(salt(number).0).into()),
                entry_id: None,
                statement: vec![0; STATEMENT_BYTES].into(),
            })
        };
        let leaves = (log.size()..).zip(&some).map(leaf_row).collect::<Result<_, _>>()?;
        store.commit(&Batch { leaves, tree_hashes, ..Batch::default() }).await?;
        log = next;
    }
    Ok(log)
}

fn leaf(number: u64) -> LeafHash {
    LeafHash::of(commitment(&salt(number), &[0; STATEMENT_BYTES]).as_bytes())
}

fn salt(number: u64) -> LeafSalt {
    let mut salt = LeafSalt([0; 32]);
    salt.0.copy_from_slice(digest(&SHA256, &number.to_be_bytes()).as_ref());
    salt
}

struct Bench {
    store: GatewayStore,
    origin: Origin,
    log: Log,
}

impl Bench {
    /// Proofs of leaves all over the log, each held against the root.
    async fn inclusion(&self, proofs: u64) -> Result<(Sample, usize), Failure> {
        let (size, mut took, mut bytes) = (self.log.size(), Vec::new(), 0);
        for number in 0..proofs {
            let index = spread(number, size);
            let started = Instant::now();
            let rows = self.rows(InclusionProof::indexes_needed(size, index)?).await?;
            let proof = InclusionProof::prove(size, index, &rows)?;
            took.push(micros(started));
            proof.verify(leaf(index), self.log.root())?;
            bytes = bytes.max(32 * proof.path.len());
        }
        Ok((Sample::new(took), bytes))
    }

    async fn consistency(&self, proofs: u64) -> Result<Sample, Failure> {
        let (size, mut took) = (self.log.size(), Vec::new());
        for number in 0..proofs {
            let old = 1 + spread(number, size);
            let started = Instant::now();
            let rows = self.rows(ConsistencyProof::indexes_needed(old, size)?).await?;
            ConsistencyProof::prove(old, size, &rows)?;
            took.push(micros(started));
        }
        Ok(Sample::new(took))
    }

    /// Whole tiles of leaves, as they are published.
    async fn tiles(&self, tiles: u64) -> Result<Sample, Failure> {
        let mut took = Vec::new();
        let full = Tile::added(0, self.log.size())?.take_while(|tile| tile.level() == 0);
        let step = usize::try_from((self.log.size() / 256 / tiles.max(1)).max(1))?;
        for tile in full.step_by(step) {
            let started = Instant::now();
            tile.encode(&self.rows(tile.indexes_needed()).await?)?;
            took.push(micros(started));
        }
        Ok(Sample::new(took))
    }

    /// What a court gets beside the path: statement, salt, place, and the head with both signatures.
    fn around(&self) -> Result<usize, Failure> {
        let key = |seed: u8| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).map(Signer);
        let head = self.log.head(self.origin).sign(&key(1)?)?;
        let cosignature = head.cosign(WitnessName(self.origin.peer()), &key(2)?, Timestamp(1_795_348_800_000))?;
        Ok(STATEMENT_BYTES + 32 + 2 * 8 + head.with(&cosignature).len())
    }

    async fn rows(&self, indexes: Vec<u64>) -> Result<StoredHashes, Failure> {
        let wanted = indexes.iter().map(|index| i64::try_from(*index)).collect::<Result<Vec<_>, _>>()?;
        let found: Vec<Option<Digest>> = self.store.tree_hashes(&self.origin.to_string(), &wanted).await?;
        let rows = indexes.into_iter().zip(found).filter_map(|(index, hash)| Some(Row { index, hash: hash? }));
        Ok(rows.collect())
    }
}

/// Somewhere in the log, elsewhere each time.
fn spread(number: u64, size: u64) -> u64 {
    number.wrapping_mul(SPREAD) % size
}

fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

/// For people.
pub(crate) fn text(measured: &Measured) -> String {
    let line = |what: &str, sample: &Sample| {
        format!("  {what:18} p50 {:6.2} ms, p99 {:6.2} ms\n", sample.quantile(0.5) / 1e3, sample.quantile(0.99) / 1e3)
    };
    format!(
        "a log of {} leaves, SQLite, filled in {:.0} s\n{}{}{}  \
         limit              {PROOF_MS_MAX:.2} ms for a proof\n  \
         bytes              {} with statement, salt and the head that both signed (path alone {}); limit {PROOF_BYTES_MAX}\n",
        measured.leaves,
        measured.filled_s,
        line("inclusion proof", &measured.inclusion),
        line("consistency proof", &measured.consistency),
        line("a full tile", &measured.tiles),
        measured.proof_bytes,
        measured.path_bytes,
    )
}

/// Fails where what was promised does not hold: of a hundred proofs of each kind 99 come in time.
pub(crate) fn require_limits(measured: &Measured) -> Result<(), Failure> {
    for sample in [&measured.inclusion, &measured.consistency] {
        let ms = sample.quantile(0.99) / 1e3;
        if ms > PROOF_MS_MAX {
            return Err(Failure::new(format!("a proof takes {ms:.2} ms (p99); limit {PROOF_MS_MAX:.2} ms")));
        }
    }
    if measured.proof_bytes > PROOF_BYTES_MAX {
        return Err(Failure::new(format!("a proof has {} bytes; limit {PROOF_BYTES_MAX}", measured.proof_bytes)));
    }
    Ok(())
}

/// For programs. Times are in microseconds where the name does not say otherwise.
pub(crate) fn json(measured: &Measured) -> Value {
    let quantiles =
        |sample: &Sample| json!({ "p50": sample.quantile(0.5), "p99": sample.quantile(0.99), "max": sample.max() });
    json!({
        "schema_version": 1,
        "leaves": measured.leaves,
        "filled_seconds": measured.filled_s,
        "inclusion": quantiles(&measured.inclusion),
        "consistency": quantiles(&measured.consistency),
        "tile": quantiles(&measured.tiles),
        "path_bytes": measured.path_bytes,
        "proof_bytes": measured.proof_bytes,
        "limits": { "proof_ms": PROOF_MS_MAX, "proof_bytes": PROOF_BYTES_MAX },
    })
}
