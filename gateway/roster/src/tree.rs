//! A ratchet tree as it is laid out, and its hash [RFC 9420 §7.8], computed here: openmls computes it only for a tree whose leaves are in
//! time by the clock of this machine, which says nothing of an epoch that is long over.

use std::collections::BTreeMap;

use model::Digest;
use openmls::{
    prelude::{LeafNode, ParentNode},
    treesync::RatchetTree,
};
use tls_codec::{Deserialize, Serialize, VLBytes};

const LEAF: u8 = 1;
const PARENT: u8 = 2;

/// The nodes of a tree by their place, encoded, and the leaves among them by their index.
pub(crate) struct Tree<'t> {
    nodes: Vec<Option<Vec<u8>>>,
    leaves: BTreeMap<u32, &'t LeafNode>,
}

impl<'t> Tree<'t> {
    /// Lays out a tree whose leaves' signatures were verified. `None` where it is none that openmls writes.
    pub(crate) fn of(tree: &'t RatchetTree) -> Option<Self> {
        let encoded = VLBytes::tls_deserialize_exact(tree.tls_serialize_detached().ok()?).ok()?;
        let (mut found, mut rest) = (Self { nodes: Vec::new(), leaves: BTreeMap::new() }, encoded.as_slice());
        let (mut leaves, mut parents) = (tree.leaves(), tree.parents());
        while let Some((present, behind)) = rest.split_first() {
            let node = match (present, found.nodes.len() % 2, behind.first()) {
                (0, ..) => None,
                (1, 0, Some(&LEAF)) => Some(found.leaf(leaves.next()?)?),
                (1, 1, Some(&PARENT)) => Some(encode(parents.next()?)?),
                _ => return None,
            };
            rest = match &node {
                Some(node) => behind.get(1..)?.strip_prefix(node.as_slice())?,
                None => behind,
            };
            found.nodes.push(node);
        }
        (!found.nodes.is_empty()).then_some(found)
    }

    fn leaf(&mut self, leaf: &'t LeafNode) -> Option<Vec<u8>> {
        self.leaves.insert(u32::try_from(self.nodes.len() / 2).ok()?, leaf);
        leaf.tls_serialize_detached().ok()
    }

    /// The leaves that are not blank.
    pub(crate) fn leaves(&self) -> &BTreeMap<u32, &'t LeafNode> {
        &self.leaves
    }

    /// The hash at the root, over the tree filled up with blank leaves to a power of two.
    pub(crate) fn hash(&self) -> Digest {
        self.hash_under(0, self.nodes.len().div_ceil(2).next_power_of_two())
    }

    /// The hash of the subtree over so many leaves (a power of two) from `first` on. It is as deep as the logarithm of the leaves.
    fn hash_under(&self, first: usize, leaves: usize) -> Digest {
        let node = |place: usize| match self.nodes.get(place).and_then(Option::as_deref) {
            Some(node) => [&[1], node].concat(),
            None => vec![0],
        };
        if leaves == 1 {
            let index = u32::try_from(first).unwrap_or(u32::MAX).to_be_bytes();
            return Digest::of(&[&[LEAF], &index, &node(2 * first)]);
        }
        let half = leaves / 2;
        let [left, right] = [first, first + half].map(|first| self.hash_under(first, half));
        // opaque<V> of 32 bytes: its length is one byte.
        Digest::of(&[&[PARENT], &node(2 * first + leaves - 1), &[32], left.as_bytes(), &[32], right.as_bytes()])
    }
}

fn encode(node: &ParentNode) -> Option<Vec<u8>> {
    node.tls_serialize_detached().ok()
}
