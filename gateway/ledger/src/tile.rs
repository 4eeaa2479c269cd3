use std::{collections::BTreeSet, fmt, str::FromStr};

use model::{Denial, Digest, Fault, Malformed};
use tlog_tiles::{HASH_SIZE, record_hash, stored_hash_index};

use crate::{
    Checkpoint, ConsistencyProof, Log, Prefix, Row, SIZE_MAX, StoredHashes, digest_of,
    log::check_size,
    malformed, not_verified,
    proof::{prefix_indexes, root_at},
};

/// Hashes in a full tile [C2SP tlog-tiles].
pub const TILE_WIDTH: u16 = 256;
/// Levels of the tree between two levels of tiles.
const HEIGHT: u8 = 8;
/// The level of a log of [`SIZE_MAX`] leaves that has one hash.
const LEVEL_MAX: u8 = 6;
/// An entry of a bundle: its length (2 bytes) and a commitment.
const ENTRY_BYTES: usize = 2 + HASH_SIZE;

/// Some hashes of a log that stand beside each other, under a name of their own, so that a log is a set of files that never change
/// [C2SP tlog-tiles]. Made by [`Tile::added`] and by reading a [`Resource`] only: no log can have another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// What a log publishes, by its path: `checkpoint`, `tile/0/x001/234.p/17`, `tile/entries/000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The newest signed head.
    Checkpoint,
    /// The hashes of a tile.
    Hashes(Tile),
    /// What the leaves of a tile of level 0 are the hashes of: the salted commitments, and never a statement.
    Entries(Tile),
}

impl Tile {
    /// The tiles that a log of `size` leaves has and that it did not have with `old_size` leaves. `Malformed` for sizes that no log can
    /// have in this order.
    pub fn added(old_size: u64, size: u64) -> Result<impl Iterator<Item = Self>, Denial> {
        check_size(size)?;
        if old_size > size {
            return Err(malformed("the older log is the larger one"));
        }
        Ok((0..=LEVEL_MAX).flat_map(move |level| {
            let [old, new] = [old_size, size].map(|size| size >> (HEIGHT * level));
            let [first, end] = [old, new].map(|hashes| hashes / u64::from(TILE_WIDTH));
            let full = (first..end).map(move |index| Self { level, index, width: TILE_WIDTH });
            let rest = u16::try_from(new % u64::from(TILE_WIDTH)).unwrap_or_default();
            let partial = (rest > 0 && old < new).then_some(Self { level, index: end, width: rest });
            full.chain(partial)
        }))
    }

    /// Above which level of the tree it stands, in tiles: 0 has the leaves' hashes.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The first leaf of a tile of level 0, and in general the first of its hashes in their level.
    pub fn first(&self) -> u64 {
        self.index * u64::from(TILE_WIDTH)
    }

    /// How many hashes: 256, or fewer at the end of a log.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Which rows [`Tile::encode`] needs, in order.
    pub fn indexes_needed(&self) -> Vec<u64> {
        let hashes = self.first()..self.first() + u64::from(self.width);
        hashes.map(|hash| stored_hash_index(HEIGHT * self.level, hash)).collect()
    }

    /// The hashes, one after the other. A missing row is a `Storage` fault.
    pub fn encode(&self, rows: &StoredHashes) -> Result<Vec<u8>, Denial> {
        let mut bytes = Vec::with_capacity(self.bytes());
        for index in self.indexes_needed() {
            bytes.extend_from_slice(rows.require(index)?.as_bytes());
        }
        Ok(bytes)
    }

    /// The entries of a tile of level 0: `commitments` in order, each a [`commitment`](crate::commitment).
    pub fn bundle(&self, commitments: &[Digest]) -> Result<Vec<u8>, Denial> {
        if self.level != 0 || commitments.len() != usize::from(self.width) {
            return Err(Denial::failed(Fault::Storage, "the ledger lacks an entry of a bundle"));
        }
        let length = [0, HASH_SIZE as u8];
        Ok(commitments.iter().flat_map(|one| length.iter().chain(one.as_bytes())).copied().collect())
    }

    /// Holds a bundle of entries against the hashes of the same tile, each as it was read. R95 when one is not the other's.
    pub fn check_bundle(&self, bundle: &[u8], hashes: &[u8]) -> Result<(), Denial> {
        let entries = bundle.chunks(ENTRY_BYTES).map(|entry| match entry {
            [0, 32, commitment @ ..] if commitment.len() == HASH_SIZE => Some(record_hash(commitment).0),
            _ => None,
        });
        let hashes_of = hashes.chunks(HASH_SIZE).map(|hash| <[u8; HASH_SIZE]>::try_from(hash).ok());
        if hashes.len() == self.bytes() && entries.eq(hashes_of) {
            Ok(())
        } else {
            Err(not_verified("a bundle of entries does not hash to its tile"))
        }
    }

    /// The length of its hashes in bytes.
    fn bytes(&self) -> usize {
        usize::from(self.width) * HASH_SIZE
    }

    /// The index in groups of three digits, and the width where it is not full.
    fn place(&self) -> String {
        let mut place = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            place = format!("x{:03}/{place}", rest % 1000);
            rest /= 1000;
        }
        if self.width == TILE_WIDTH { place } else { format!("{place}.p/{}", self.width) }
    }

    /// Reads what [`Tile::place`] writes, and perhaps more.
    fn of_place(level: u8, place: &str) -> Option<Self> {
        let (place, width) = match place.split_once(".p/") {
            Some((place, width)) => (place, width.parse().ok()?),
            None => (place, TILE_WIDTH),
        };
        let mut index: u64 = 0;
        for digits in place.split('/') {
            let digits: u64 = digits.trim_start_matches('x').parse().ok()?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        let hashes = index.checked_mul(u64::from(TILE_WIDTH))?.checked_add(u64::from(width))?;
        let leaves_max = SIZE_MAX >> (HEIGHT * level.min(LEVEL_MAX));
        (level <= LEVEL_MAX && (1..=TILE_WIDTH).contains(&width) && hashes <= leaves_max).then_some(Self {
            level,
            index,
            width,
        })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Hashes(tile) => write!(f, "tile/{}/{}", tile.level, tile.place()),
            Self::Entries(tile) => write!(f, "tile/entries/{}", tile.place()),
        }
    }
}

impl FromStr for Resource {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bad = || Malformed::new("a path of a log (as in checkpoint, tile/0/000 or tile/entries/000.p/17)", text);
        let resource = match text.strip_prefix("tile/").and_then(|rest| rest.split_once('/')) {
            None if text == "checkpoint" => Some(Self::Checkpoint),
            None => None,
            Some(("entries", place)) => Tile::of_place(0, place).map(Self::Entries),
            Some((level, place)) => level.parse().ok().and_then(|level| Tile::of_place(level, place)).map(Self::Hashes),
        };
        // Another spelling would name the same tile twice.
        resource.filter(|resource| resource.to_string() == text).ok_or_else(bad)
    }
}

impl Checkpoint {
    /// The root that the log had with `size` leaves, from tiles of it that `read` finds: only what leads to this head is believed.
    /// R95 when the tiles do not, or one is missing.
    pub fn root_in_tiles(&self, size: u64, read: impl Fn(Tile) -> Option<Vec<u8>>) -> Result<Digest, Denial> {
        self.prefix_in_tiles(size, read).map(|prefix| prefix.root)
    }

    /// The same with the proof that the log began with it.
    pub fn prefix_in_tiles(&self, size: u64, read: impl Fn(Tile) -> Option<Vec<u8>>) -> Result<Prefix, Denial> {
        let rows: StoredHashes =
            self.indexes(size)?.into_iter().filter_map(|index| row_in_tiles(self.size, index, &read)).collect();
        // The proof is what counts, not the tiles: a tile reader that looks at parents alone leaves some hashes unchecked.
        let prefix = root_at(size, &rows).and_then(|root| {
            let now = root_at(self.size, &rows)?;
            let proof = ConsistencyProof::prove(size, self.size, &rows)?;
            if now != self.root {
                return Err(malformed("another root"));
            }
            proof.verify(root, now).map(|()| Prefix { root, proof })
        });
        prefix
            .map_err(|_| not_verified(format!("the tiles do not lead to the head of {} at {}", self.origin, self.size)))
    }

    /// The tiles that [`Checkpoint::prefix_in_tiles`] reads. `Malformed` for sizes that no log can have.
    pub fn tiles_needed(&self, size: u64) -> Result<BTreeSet<Tile>, Denial> {
        let tiles = self.indexes(size)?.into_iter().filter_map(|index| holder(self.size, index));
        Ok(tiles.map(|(_, tile)| tile).collect())
    }

    fn indexes(&self, size: u64) -> Result<Vec<u64>, Denial> {
        check_size(self.size)?;
        let mut indexes = prefix_indexes(size, self.size)?;
        indexes.extend(Log::indexes_needed(self.size)?);
        Ok(indexes)
    }
}

/// The tile in which a log of `size` leaves publishes the stored hash at `index`.
fn holder(size: u64, index: u64) -> Option<(tlog_tiles::Tile, Tile)> {
    let holder = tlog_tiles::Tile::from_index(HEIGHT, index).parent(0, size)?;
    let tile = Tile { level: holder.level(), index: holder.level_index(), width: u16::try_from(holder.width()).ok()? };
    Some((holder, tile))
}

/// The stored hash at `index`, out of that tile.
fn row_in_tiles(size: u64, index: u64, read: impl Fn(Tile) -> Option<Vec<u8>>) -> Option<Row> {
    let (holder, tile) = holder(size, index)?;
    let bytes = read(tile).filter(|bytes| bytes.len() == tile.bytes())?;
    let hash = holder.hash_at_index(&bytes, index).ok()?;
    Some(Row { index, hash: digest_of(hash) })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn paths(old_size: u64, size: u64) -> Vec<String> {
        Tile::added(old_size, size).unwrap().map(|tile| Resource::Hashes(tile).to_string()).collect()
    }

    #[test]
    fn a_log_of_70000_has_the_tiles_of_the_specification() {
        let all = paths(0, 70_000);
        assert_eq!(all.len(), 273 + 1 + 1 + 1 + 1);
        for path in ["tile/0/000", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
        {
            assert!(all.iter().any(|one| one == path), "{path}");
        }
        assert_eq!(paths(0, 256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(paths(70_000, 70_001), ["tile/0/273.p/113"]);
        assert_eq!(paths(70_000, 70_000), [""; 0]);
        assert_eq!(paths(0, 0), [""; 0]);
    }

    #[test]
    fn a_path_is_read_back_and_no_other_spelling_is_taken() {
        for path in
            ["checkpoint", "tile/0/x001/x234/067", "tile/6/000.p/1", "tile/entries/000.p/255", "tile/entries/999"]
        {
            assert_eq!(path.parse::<Resource>().unwrap().to_string(), path);
        }
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/0/0",
            "tile/0/x000/001",
            "tile/0/1000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/001/000",
            "tile/6/000",
            "tile/7/000.p/1",
            "tile/255/000.p/1",
            "tile/entries/../checkpoint",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "/checkpoint",
        ] {
            assert!(path.parse::<Resource>().is_err(), "{path}");
        }
    }
}
