use std::fmt;

use model::{Denial, Digest};

use crate::{
    Checkpoint, ConsistencyProof, LEAVES_PER_BATCH_MAX, LeafHash, LedgerKey, Log, Origin, Row, SignedCheckpoint,
    StoredHashes, Tile, malformed, not_verified,
    proof::{prefix_indexes, root_at},
};

/// The peer's copy of a log: its hot state and the newest head that the home signed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    origin: Origin,
    log: Log,
    head: Option<SignedCheckpoint>,
}

/// Leaves as the home sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Position of the first of `leaves`. What the replica holds already is skipped, so that a repeated call changes nothing.
    pub first: u64,
    /// The leaves from there on.
    pub leaves: &'a [LeafHash],
}

/// Why a head was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// The batch does not fit: a gap, too many leaves, another log, a size that the leaves do not reach.
    Denied(Denial),
    /// A true head, older than the one that is held. A witness never goes back: it is not cosigned again.
    Older(Box<Heads>),
    /// The leaves do not lead from the head we hold to the head the home signed: the home does not show how its two heads agree.
    /// [`Replica::expose`] may prove that they do not.
    Unreconciled(Box<Heads>),
    /// The home signed two heads that cannot both be true. It proves itself to anyone: freeze the channel.
    Fork(Box<Fork>),
}

/// Two heads that one home signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// The newest head that the replica holds; none while it is empty.
    pub held: Option<SignedCheckpoint>,
    /// The head that was shown.
    pub shown: SignedCheckpoint,
}

/// Portable evidence of two histories: two notes of one home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// One head, as a note.
    pub larger: Vec<u8>,
    /// The head that contradicts it, as a note. Not larger than the other.
    pub smaller: Vec<u8>,
    /// Where it is smaller: the root that the larger tree had at that size, with its proof.
    pub prefix: Option<Prefix>,
}

/// What the larger tree was at the size of a smaller, contradicting head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// Its root then.
    pub root: Digest,
    /// That the larger tree begins with it.
    pub proof: ConsistencyProof,
}

impl Replica {
    /// An empty copy of `origin`'s log.
    pub fn new(origin: Origin) -> Self {
        Self { origin, log: Log::default(), head: None }
    }

    /// The copy as it was kept: `log` restored from its rows, `head` the newest signed head. `Malformed` unless the head is
    /// the log's own.
    pub fn restore(origin: Origin, log: Log, head: Option<SignedCheckpoint>) -> Result<Self, Denial> {
        let matches = match &head {
            Some(head) => *head.checkpoint() == log.head(origin),
            None => log.size() == 0,
        };
        if matches {
            Ok(Self { origin, log, head })
        } else {
            Err(malformed(format!("the kept copy of {origin} is not what its head says")))
        }
    }

    /// How many leaves it holds: what the home is asked to continue from.
    pub fn size(&self) -> u64 {
        self.log.size()
    }

    /// The newest signed head.
    pub fn head(&self) -> Option<&SignedCheckpoint> {
        self.head.as_ref()
    }

    /// Which rows [`Replica::replicate`] needs to judge `head`: none unless it is smaller than the copy. `Denied` for a size
    /// that no log can have.
    pub fn indexes_needed(&self, head: &SignedCheckpoint) -> Result<Vec<u64>, Denial> {
        match head.checkpoint().size {
            size if size < self.size() => prefix_indexes(size, self.size()),
            _ => Ok(Vec::new()),
        }
    }

    /// Follows the home to `head`: the new copy and the rows to persist with it (none when there is nothing new). `rows` are
    /// those of [`Replica::indexes_needed`]. Cosign only when the rows are durable.
    pub fn replicate(
        &self,
        batch: Batch<'_>,
        head: &SignedCheckpoint,
        rows: &StoredHashes,
    ) -> Result<(Self, Vec<Row>), Objection> {
        let shown = head.checkpoint();
        if shown.origin != self.origin {
            return Err(malformed(format!("a head of another log than {}", self.origin)).into());
        }
        if shown.size <= self.size() {
            self.compare_earlier(head, rows)?;
            return match shown.size == self.size() {
                true => Ok((self.clone(), Vec::new())),
                false => Err(Objection::Older(self.heads(head))),
            };
        }
        let (log, rows) = self.log.append(self.news_of(batch, shown.size)?)?;
        if log.root() != shown.root {
            return Err(Objection::Unreconciled(self.heads(head)));
        }
        Ok((Self { origin: self.origin, log, head: Some(head.clone()) }, rows))
    }

    /// Which rows [`Replica::expose`] needs: those of the copy where the batch begins.
    pub fn indexes_to_expose(&self, batch: Batch<'_>, head: &SignedCheckpoint) -> Result<Vec<u64>, Denial> {
        let overlaps = batch.first < self.size() && head.checkpoint().size > self.size();
        if overlaps { Log::indexes_needed(batch.first) } else { Ok(Vec::new()) }
    }

    /// Proves that a larger head which is [`Objection::Unreconciled`] has another past than the copy: where the batch begins within the
    /// copy and leads from there to the head, its leaves are the other past. `rows` are those of [`Replica::indexes_to_expose`]. `None`
    /// where the leaves do not show it.
    pub fn expose(
        &self,
        batch: Batch<'_>,
        head: &SignedCheckpoint,
        rows: &StoredHashes,
    ) -> Result<Option<Fork>, Denial> {
        let shown = head.checkpoint();
        let Some(held) = self.head.as_ref().filter(|_| batch.first < self.size() && shown.size > self.size()) else {
            return Ok(None);
        };
        let (other, news) = Log::restore(batch.first, rows)?.append(batch.leaves)?;
        if other.head(self.origin) != *shown {
            return Ok(None);
        }
        let mut rows = rows.clone();
        rows.extend(news);
        let root = root_at(self.size(), &rows)?;
        let proof = ConsistencyProof::prove(self.size(), shown.size, &rows)?;
        let fork =
            Fork { larger: head.note().to_vec(), smaller: held.note().to_vec(), prefix: Some(Prefix { root, proof }) };
        Ok(Some(fork).filter(|_| root != self.log.root()))
    }

    fn heads(&self, shown: &SignedCheckpoint) -> Box<Heads> {
        Box::new(Heads { held: self.head.clone(), shown: shown.clone() })
    }

    /// The leaves of `batch` that are new, when they reach exactly from the copy's end to `size`.
    fn news_of<'a>(&self, batch: Batch<'a>, size: u64) -> Result<&'a [LeafHash], Denial> {
        if batch.leaves.len() > 2 * LEAVES_PER_BATCH_MAX {
            return Err(Denial::failed(model::Fault::TooLarge, format!("{} leaves at once", batch.leaves.len())));
        }
        let held = self.size();
        let fits = batch.first <= held && batch.first.checked_add(batch.leaves.len() as u64) == Some(size);
        let known = held.checked_sub(batch.first).and_then(|known| usize::try_from(known).ok());
        match known.and_then(|known| batch.leaves.get(known..)) {
            Some(news) if fits => Ok(news),
            _ => Err(malformed(format!(
                "leaves {}+{} do not lead from the {held} held to a head of {size}",
                batch.first,
                batch.leaves.len()
            ))),
        }
    }

    /// A head that is not larger than the copy must be one of its past.
    fn compare_earlier(&self, head: &SignedCheckpoint, rows: &StoredHashes) -> Result<(), Objection> {
        let shown = head.checkpoint();
        let smaller = shown.size < self.size();
        let root = if smaller { root_at(shown.size, rows)? } else { self.log.root() };
        if root == shown.root {
            return Ok(());
        }
        let Some(held) = &self.head else {
            return Err(not_verified("a signed head of an empty log with another root than the empty one").into());
        };
        let prefix = match smaller {
            true => Some(Prefix { root, proof: ConsistencyProof::prove(shown.size, self.size(), rows)? }),
            false => None,
        };
        Err(Objection::Fork(Box::new(Fork { larger: held.note().to_vec(), smaller: head.note().to_vec(), prefix })))
    }
}

impl Fork {
    /// Of two heads of one log, with the tree that the larger one had at the size of the other. `None` where they agree.
    pub(crate) fn between(
        larger: &SignedCheckpoint,
        smaller: &SignedCheckpoint,
        prefix: Option<Prefix>,
    ) -> Option<Self> {
        let then = prefix.as_ref().map_or(larger.checkpoint().root, |prefix| prefix.root);
        let contradicts = then != smaller.checkpoint().root;
        contradicts.then(|| Self { larger: larger.note().to_vec(), smaller: smaller.note().to_vec(), prefix })
    }

    /// Proves by the tiles of the larger head, which `read` finds, that it has another past than the smaller one. `None` where they do not
    /// lead to that head, or the two agree.
    pub fn in_tiles(
        larger: &SignedCheckpoint,
        smaller: &SignedCheckpoint,
        read: impl Fn(Tile) -> Option<Vec<u8>>,
    ) -> Option<Self> {
        let prefix = larger.checkpoint().prefix_in_tiles(smaller.checkpoint().size, read).ok()?;
        Self::between(larger, smaller, Some(prefix))
    }

    /// Checks the evidence as a third party would: with the log's name and the keys that the home had for its ledger alone, by both signatures
    /// where a key has a second one. The sizes of
    /// the two heads, the larger first. An error means that it proves nothing.
    pub fn verify(&self, origin: Origin, keys: &[LedgerKey]) -> Result<[u64; 2], Denial> {
        let larger = signed_by_one(&self.larger, origin, keys)?;
        let smaller = signed_by_one(&self.smaller, origin, keys)?;
        let then = match &self.prefix {
            None if larger.size == smaller.size => larger.root,
            Some(prefix) if (prefix.proof.old_size, prefix.proof.new_size) == (smaller.size, larger.size) => {
                prefix.proof.verify(prefix.root, larger.root)?;
                prefix.root
            }
            _ => return Err(malformed("evidence of a fork without a tree to compare at one size")),
        };
        if then == smaller.root { Err(malformed("two heads that agree")) } else { Ok([larger.size, smaller.size]) }
    }
}

/// The head of a note that the holder of one of `keys` signed.
fn signed_by_one(note: &[u8], origin: Origin, keys: &[LedgerKey]) -> Result<Checkpoint, Denial> {
    let mut last = not_verified(format!("no key of the home of {origin}"));
    for key in keys {
        match SignedCheckpoint::verify(note, origin, key) {
            Ok(signed) => return Ok(*signed.checkpoint()),
            Err(denial) => last = denial,
        }
    }
    Err(last)
}

impl From<Denial> for Objection {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Objection> for Denial {
    fn from(objection: Objection) -> Self {
        let reason = objection.to_string();
        match objection {
            Objection::Denied(denial) => denial,
            Objection::Older(_) | Objection::Unreconciled(_) | Objection::Fork(_) => not_verified(reason),
        }
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => fmt::Display::fmt(denial, f),
            Self::Older(heads) => {
                let held = heads.held.as_ref().map_or(0, |held| held.checkpoint().size);
                let shown = heads.shown.checkpoint();
                write!(f, "head {} of {} is older than head {held}, which is held", shown.size, shown.origin)
            }
            Self::Unreconciled(heads) => {
                let held = heads.held.as_ref().map_or(0, |held| held.checkpoint().size);
                let shown = heads.shown.checkpoint();
                write!(f, "the leaves do not lead from head {held} to signed head {} of {}", shown.size, shown.origin)
            }
            Self::Fork(_) => f.write_str("the home signed two heads that contradict each other"),
        }
    }
}

impl std::error::Error for Objection {}
