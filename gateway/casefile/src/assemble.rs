use std::collections::BTreeMap;

use identity::{RootOpening, SignedDirectory};
use model::{AuthorityId, CaseId, Digest, EntryId, PartyId, ReceiptKind, Timestamp};

use crate::{
    FORMAT, LeafProof, Manifest, StampProof, Unreadable,
    body::Opened,
    container::{self, Files},
    names,
    readme::README,
};

/// What a desk and its gateway hold of a case.
#[derive(Debug, Clone)]
pub struct Material {
    /// The case.
    pub case: CaseId,
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// Whose desk exports.
    pub exporter: AuthorityId,
    /// When.
    pub made: Timestamp,
    /// By which program.
    pub software: String,
    /// The entries in the order of the case, then those that did not become part of it.
    pub entries: Vec<Entry>,
    /// What the gateway holds beside them.
    pub held: Held,
    /// The treaty files that make the rule, with what was signed of them: path in the catalogue and text. Never a national layer.
    pub treaties: Vec<(String, String)>,
    /// Why bodies are not in it, where some are not.
    pub withheld: Vec<String>,
}

/// An entry with what is known of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub id: EntryId,
    /// The entry on the wire, as it was received.
    pub wire: Vec<u8>,
    /// Its receipts on the wire, by kind and party, in the order in which they were kept.
    pub receipts: Vec<(ReceiptKind, PartyId, Vec<u8>)>,
    /// Its body, where the exporting desk may show it.
    pub body: Option<Body>,
}

/// An opened body.
#[derive(Clone)]
pub struct Body {
    /// What the header committed to.
    pub bytes: Vec<u8>,
    /// The salt of the commitment.
    pub salt: [u8; 32],
    /// The sending desk's signature over it (64 bytes).
    pub signature: Option<Vec<u8>>,
}

/// What a gateway holds of a case beside its entries.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// The newest head that both gateways signed, as a note with its cosignature; empty where there is none yet.
    pub head: String,
    /// The leaves of the case under that head, by index.
    pub leaves: Vec<LeafProof>,
    /// The time-stamps over its leaves.
    pub stamps: Vec<StampProof>,
    /// The text of the [`Extent`](crate::Extent), and the gateway's signature over it.
    pub extent: (String, Vec<u8>),
    /// Every version of the directories of both parties that was in force while the case ran. Of what opens their commitments, the file
    /// gets what names one of the two parties.
    pub directories: Vec<(PartyId, u64, SignedDirectory)>,
    /// The roots of both parties, PEM.
    pub roots: BTreeMap<PartyId, String>,
}

/// Writes the case file. `sign` is the exporting desk's signature over `rogatory case file v1` ‖ zero ‖ the bytes it is given.
///
/// # Errors
/// Where it would be larger than a case file may be.
pub fn assemble(material: &Material, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, Unreadable> {
    let mut files = contents(material);
    let sums = files.iter().map(|(name, bytes)| (name.clone(), Digest::of(&[bytes]))).collect();
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        case: material.case,
        home: material.home,
        peer: material.peer,
        exporter: material.exporter.clone(),
        made_ms: material.made.0,
        software: material.software.clone(),
        withheld: material.withheld.clone(),
        files: sums,
    };
    let manifest = manifest.encode()?;
    files.insert(names::MANIFEST_SIGNATURE.to_owned(), sign(&manifest));
    files.insert(names::MANIFEST.to_owned(), manifest);
    let borrowed: Files<'_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    container::write(&borrowed)
}

fn contents(material: &Material) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::from([(names::README.to_owned(), README.as_bytes().to_vec())]);
    for (number, entry) in material.entries.iter().enumerate() {
        files.insert(names::entry(number, entry.id), entry.wire.clone());
        for (order, (kind, by, bytes)) in entry.receipts.iter().enumerate() {
            files.insert(names::receipt(number, order, *kind, *by), bytes.clone());
        }
        entry.body.iter().for_each(|body| put_body(&mut files, number, body));
    }
    let Held { head, leaves, stamps, extent, directories, roots } = &material.held;
    if !head.is_empty() {
        files.insert(names::HEAD.to_owned(), head.clone().into_bytes());
    }
    for leaf in leaves {
        files.insert(names::leaf(leaf.inclusion.index), leaf.to_text(head).into_bytes());
    }
    for stamp in stamps {
        let part = |part: &str| names::stamp(stamp.size(), part);
        files.insert(part("timed"), stamp.timed.encode());
        files.insert(part("head"), stamp.timed.note.clone());
        files.insert(part("consistency"), stamp.consistency_text().into_bytes());
        files.insert(part("token"), stamp.token.clone());
    }
    files.insert(names::EXTENT.to_owned(), extent.0.clone().into_bytes());
    files.insert(names::EXTENT_SIGNATURE.to_owned(), extent.1.clone());
    for (party, version, signed) in directories {
        files.insert(names::directory(*party, *version), signed.toml.clone().into_bytes());
        files.insert(names::directory_signature(*party, *version), signed.signature.clone());
        // With whom else a party has channels is nobody's business who reads the case.
        let pair = |one: &&RootOpening| [material.home, material.peer].contains(&one.party());
        for opening in signed.openings.iter().filter(pair) {
            files.insert(names::opening(*party, opening.commitment()), opening.to_bytes());
        }
    }
    files.extend(roots.iter().map(|(party, pem)| (names::root(*party), pem.clone().into_bytes())));
    let treaty = |(path, text): &(String, String)| (format!("{}{path}", names::TREATIES), text.clone().into_bytes());
    files.extend(material.treaties.iter().map(treaty));
    files
}

fn put_body(files: &mut BTreeMap<String, Vec<u8>>, number: usize, body: &Body) {
    files.insert(names::body(number, "body"), body.bytes.clone());
    files.insert(names::body(number, "salt"), body.salt.to_vec());
    if let Some(signature) = &body.signature {
        files.insert(names::body(number, "signature"), signature.clone());
    }
    for (index, record_type, bytes) in readable(&body.bytes) {
        files.insert(names::document(number, index, record_type), bytes.to_vec());
    }
}

/// The documents of a body that people can read: what a transfer carries of earlier entries is no document.
pub(crate) fn readable(body: &[u8]) -> Vec<(usize, &str, &[u8])> {
    let documents = Opened::read(body).map(|opened| opened.documents).unwrap_or_default();
    let numbered = documents.into_iter().enumerate().map(|(index, (record_type, bytes))| (index, record_type, bytes));
    numbered.filter(|(_, record_type, _)| *record_type != CARRIED).collect()
}

/// The name of what a transfer carries of earlier entries.
pub(crate) const CARRIED: &str = "carried_entry";

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.bytes.len())
    }
}
