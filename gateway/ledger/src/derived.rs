use std::ops::Range;

use model::Digest;
use tlog_tiles::{node_hash, split_stored_hash_index};

use crate::{LeafHash, digest_of, hash_of};

/// The lowest levels of a tree: 63 of 64 of its hashes. Who keeps the leaves need not keep them.
const LEVELS: u8 = 6;

/// The leaves from which the hash at a stored-hash index follows, at most 32; `None` for one of a higher level, which has to be kept.
pub fn leaves_under(index: u64) -> Option<Range<u64>> {
    let (level, number) = split_stored_hash_index(index);
    (level < LEVELS).then(|| (number << level)..((number + 1) << level))
}

/// The hash over the leaves of one complete subtree. `None` where their number is no power of two.
pub fn subtree(leaves: &[LeafHash]) -> Option<Digest> {
    if !leaves.len().is_power_of_two() {
        return None;
    }
    let mut hashes: Vec<_> = leaves.iter().map(|leaf| hash_of(leaf.0)).collect();
    while hashes.len() > 1 {
        hashes = hashes.chunks_exact(2).map(|pair| node_hash(pair[0], pair[1])).collect();
    }
    hashes.pop().map(digest_of)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::Log;

    #[test]
    fn a_hash_of_the_lowest_levels_follows_from_the_leaves_under_it() {
        let leaves: Vec<_> = (0..100_u8).map(|n| LeafHash(Digest::of(&[&[n]]))).collect();
        let (_, rows) = Log::default().append(&leaves).unwrap();
        let (mut derived, mut kept) = (0, 0);
        for row in rows {
            let Some(under) = leaves_under(row.index) else {
                kept += 1;
                continue;
            };
            let under = usize::try_from(under.start).unwrap()..usize::try_from(under.end).unwrap();
            assert_eq!(subtree(&leaves[under]), Some(row.hash), "{}", row.index);
            derived += 1;
        }
        assert_eq!((derived, kept), (100 + 50 + 25 + 12 + 6 + 3, 1));
    }

    #[test]
    fn leaves_of_no_complete_subtree_have_no_hash() {
        let leaf = LeafHash(Digest::of(&[b"leaf"]));
        assert_eq!(subtree(&[]), None);
        assert_eq!(subtree(&[leaf; 3]), None);
        assert_eq!(subtree(&[leaf]), Some(leaf.0));
    }
}
