//! Tiles from rows, read by the tile reader of another library.

use std::collections::BTreeMap;

use ledger::{Checkpoint, LeafHash, Resource, Tile, commitment};
use model::Digest;
use proptest::prelude::*;
use tlog_tiles::{TileHashReader, TileReader};

use crate::{Home, leaves, naive, origin, pick};

/// A log as a folder of files.
fn published(home: &Home, old_size: u64, files: &mut BTreeMap<Resource, Vec<u8>>) -> Checkpoint {
    for tile in Tile::added(old_size, home.log.size()).unwrap() {
        let rows = pick(&home.rows, &tile.indexes_needed());
        files.insert(Resource::Hashes(tile), tile.encode(&rows).unwrap());
    }
    home.log.head(origin())
}

#[test]
fn tiles_lead_to_the_root_of_every_earlier_tree() {
    let home = Home::of(leaves(0..700));
    let mut files = BTreeMap::new();
    let head = published(&home, 0, &mut files);
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 513, 699, 700] {
        let root = head.root_in_tiles(size, |tile| files.get(&Resource::Hashes(tile)).cloned()).unwrap();
        let tree: Vec<Digest> = home.leaves[..size as usize].iter().map(|leaf| leaf.0).collect();
        assert_eq!(root, naive::root(&tree), "{size}");
    }
    assert!(head.root_in_tiles(701, |_| None).is_err());
}

/// The files, as the other library asks for them.
struct Reader<'a>(&'a BTreeMap<Resource, Vec<u8>>);

impl TileReader for Reader<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        // Its paths have the height in them, those of C2SP have not.
        let path = |tile: &tlog_tiles::Tile| tile.path().replacen("tile/8/", "tile/", 1);
        Ok(tiles.iter().map(|tile| self.0[&path(tile).parse().unwrap()].clone()).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

#[test]
fn the_tile_reader_of_another_library_proves_each_leaf() {
    let home = Home::of(leaves(0..700));
    let mut files = BTreeMap::new();
    let head = published(&home, 0, &mut files);
    let (reader, root) = (Reader(&files), tlog_tiles::Hash(*head.root.as_bytes()));
    let reader = TileHashReader::new(head.size, root, &reader);
    for index in (0..700).step_by(37).chain([255, 256, 511, 512, 699]) {
        let proof = tlog_tiles::prove_record(head.size, index, &reader).unwrap();
        let leaf = tlog_tiles::Hash(*home.leaves[index as usize].0.as_bytes());
        tlog_tiles::check_record(&proof, head.size, root, index, leaf).unwrap();
    }
}

#[test]
fn a_tile_that_is_altered_or_missing_is_found() {
    let home = Home::of(leaves(0..600));
    let mut files = BTreeMap::new();
    let head = published(&home, 0, &mut files);
    let read = |files: &BTreeMap<Resource, Vec<u8>>| {
        head.root_in_tiles(300, |tile| files.get(&Resource::Hashes(tile)).cloned()).map_err(|denial| denial.reason())
    };
    assert!(read(&files).is_ok());
    for path in ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"] {
        let resource: Resource = path.parse().unwrap();
        let mut altered = files.clone();
        altered.get_mut(&resource).unwrap()[40] ^= 1;
        assert_eq!(read(&altered), Err("R95"), "{path}");
        altered.get_mut(&resource).unwrap().pop();
        assert_eq!(read(&altered), Err("R95"), "{path}");
        altered.remove(&resource);
        assert_eq!(read(&altered), Err("R95"), "{path}");
    }
}

#[test]
fn a_bundle_opens_its_tile_and_no_other() {
    let salt = ledger::LeafSalt([5; 32]);
    let entries: Vec<Digest> = (0..300_u32).map(|n| commitment(&salt, &n.to_be_bytes())).collect();
    let home = Home::of(entries.iter().map(|entry| LeafHash::of(entry.as_bytes())).collect());
    let tiles: Vec<Tile> = Tile::added(0, 300).unwrap().filter(|tile| tile.level() == 0).collect();
    let [full, rest] = &tiles[..] else { panic!("two tiles of leaves") };
    let hashes = |tile: &Tile| tile.encode(&home.rows).unwrap();
    let bundle = |tile: &Tile| {
        let first = tile.first() as usize;
        tile.bundle(&entries[first..first + usize::from(tile.width())]).unwrap()
    };
    assert_eq!(bundle(full).len(), 256 * 34);
    assert_eq!(bundle(rest)[..3], [0, 32, entries[256].as_bytes()[0]]);
    assert_eq!(full.check_bundle(&bundle(full), &hashes(full)), Ok(()));
    assert_eq!(rest.check_bundle(&bundle(rest), &hashes(rest)), Ok(()));
    assert!(full.check_bundle(&bundle(full), &hashes(rest)).is_err());
    assert!(rest.check_bundle(&bundle(rest)[..34], &hashes(rest)).is_err());
    for byte in [0, 1, 2, 33, 34] {
        let mut altered = bundle(rest);
        altered[byte] ^= 1;
        assert!(rest.check_bundle(&altered, &hashes(rest)).is_err(), "byte {byte}");
    }
    assert!(full.bundle(&entries[..255]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_that_is_published_in_steps_is_published_whole(cuts in proptest::collection::vec(1_u64..400, 1..6)) {
        let mut home = Home::default();
        let mut files = BTreeMap::new();
        for cut in cuts {
            let size = home.log.size();
            home.append(&leaves(size..size + cut));
            let head = published(&home, size, &mut files);
            for size in [size, home.log.size()] {
                let root = head.root_in_tiles(size, |tile| files.get(&Resource::Hashes(tile)).cloned()).unwrap();
                let tree: Vec<Digest> = home.leaves[..size as usize].iter().map(|leaf| leaf.0).collect();
                prop_assert_eq!(root, naive::root(&tree));
            }
        }
    }
}
