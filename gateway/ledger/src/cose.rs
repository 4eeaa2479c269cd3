use model::{Denial, Digest, Fault, KeyId, PartyId};

use crate::{
    InclusionProof, LeafHash, LedgerKey, Log, SignBytes, StoredHashes, WitnessName,
    cbor::{ARRAY, BYTES, Reader, TEXT, UNSIGNED, head, string},
    key::sign_checked,
    malformed, not_verified,
};

/// Leaves under one signature.
pub const BATCH_LEAVES_MAX: usize = 1024;
/// Bytes of an encoded receipt. A path of ten hashes makes 500.
pub const COSE_BYTES_MAX: usize = 1024;

/// The tag of COSE_Sign1, and its array of four [RFC 9052 §4.2].
const SIGN1: &[u8] = &[0xd2, 0x84];
/// A map of four; 1: -8, which is EdDSA; 4, the key's identifier. "Ed25519" (-19) would say it all [RFC 9864]; what verifies receipts
/// today knows "EdDSA" alone.
const EDDSA_BY: &[u8] = &[0xa4, 0x01, 0x27, 0x04];
/// 15, CWT claims: a map of two, with 1, the issuer, first [RFC 9943 §6].
const ISSUED_BY: &[u8] = &[0x0f, 0xa2, 0x01];
/// 2, the subject.
const ABOUT: &[u8] = &[0x02];
/// 395, the verifiable data structure: 1, RFC 9162 with SHA-256 [RFC 9942 §2].
const IN_TREE: &[u8] = &[0x19, 0x01, 0x8b, 0x01];
/// A map of one: 396, its proofs, a map of one: -1, those of inclusion, an array of one.
const PROVEN_BY: &[u8] = &[0xa1, 0x19, 0x01, 0x8c, 0xa1, 0x20, 0x81];
/// No payload.
const NIL: &[u8] = &[0xf6];
/// What COSE has signed: an array of four, the first its name [RFC 9052 §4.4].
const SIGNATURE1: &[u8] = b"\x84\x6aSignature1";

/// Who signed a batch, and what its statements are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claims {
    /// The party whose gateway states it: `iss`, as in `rogatory.internal/jp`.
    pub issuer: PartyId,
    /// The other party of the channel that the statements are about: `sub`, as in `rogatory.internal/fr`.
    pub subject: PartyId,
}

/// A COSE receipt [RFC 9942]: its issuer signed the root of a small Merkle tree, and a given leaf stands in that tree.
///
/// On the wire it is a tagged COSE_Sign1 in deterministic CBOR, of this form and no other:
///
/// | part | what |
/// |---|---|
/// | protected | 1: -8 (EdDSA, here always Ed25519), 4: the SHA-256 of the public key, 15: {1: iss, 2: sub}, 395: 1 |
/// | unprotected | 396: {-1: [bstr of [size, index, [hash, …]]]} |
/// | payload | nil; what is signed is the root that leaf and path lead to |
/// | signature | 64 bytes |
///
/// A tree has two leaves at least, because RFC 9942 knows no empty path: a single leaf gets the leaf of the empty entry beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoseReceipt {
    /// Who signed, and what about.
    pub claims: Claims,
    /// By which key.
    pub key: KeyId,
    /// Where the leaf stands.
    pub inclusion: InclusionProof,
    /// Ed25519.
    pub signature: Vec<u8>,
}

impl CoseReceipt {
    /// Signs `leaves` once, and gives each its receipt, in their order. At most [`BATCH_LEAVES_MAX`].
    pub fn sign(leaves: &[LeafHash], claims: Claims, signer: &impl SignBytes) -> Result<Vec<Self>, Denial> {
        if leaves.len() > BATCH_LEAVES_MAX {
            return Err(Denial::failed(Fault::TooLarge, format!("{} leaves under one signature", leaves.len())));
        }
        let mut filled = leaves.to_vec();
        filled.resize(leaves.len().max(2), LeafHash::of(b""));
        let (tree, rows) = Log::default().append(&filled)?;
        let rows: StoredHashes = rows.into_iter().collect();
        let key = KeyId::of(signer.public_key().as_bytes());
        let signature = sign_checked(signer, &signed_message(claims, key, tree.root()))?;
        (0..leaves.len() as u64)
            .map(|index| {
                let inclusion = InclusionProof::prove(tree.size(), index, &rows)?;
                Ok(Self { claims, key, inclusion, signature: signature.clone() })
            })
            .collect()
    }

    /// The bytes that the signature covers when the receipt is for `leaf`: the Sig_structure of COSE over the root [RFC 9052 §4.4].
    /// It begins with a byte that neither a text nor a message of another purpose begins with.
    pub fn signed_message(&self, leaf: LeafHash) -> Result<Vec<u8>, Denial> {
        Ok(signed_message(self.claims, self.key, self.inclusion.root(leaf)?))
    }

    /// Checks that the holder of `key` signed a tree with `leaf` in it. R95 when not.
    pub fn verify(&self, leaf: LeafHash, key: &LedgerKey) -> Result<(), Denial> {
        let named = self.key == KeyId::of(key.as_bytes());
        if named && key.accepts(&self.signed_message(leaf)?, &self.signature) {
            return Ok(());
        }
        Err(not_verified("a receipt that the ledger key did not sign"))
    }

    /// The bytes for the wire.
    pub fn encode(&self) -> Vec<u8> {
        let InclusionProof { size, index, path } = &self.inclusion;
        let mut proof = Vec::with_capacity(24 + 34 * path.len());
        head(&mut proof, ARRAY, 3);
        head(&mut proof, UNSIGNED, *size);
        head(&mut proof, UNSIGNED, *index);
        head(&mut proof, ARRAY, path.len() as u64);
        path.iter().for_each(|hash| string(&mut proof, BYTES, hash.as_bytes()));
        let mut bytes = Vec::with_capacity(208 + proof.len());
        bytes.extend_from_slice(SIGN1);
        string(&mut bytes, BYTES, &protected(self.claims, self.key));
        bytes.extend_from_slice(PROVEN_BY);
        string(&mut bytes, BYTES, &proof);
        bytes.extend_from_slice(NIL);
        string(&mut bytes, BYTES, &self.signature);
        bytes
    }

    /// Reads what [`CoseReceipt::encode`] writes. Anything else is `Malformed`, be it the same content in other bytes; over
    /// [`COSE_BYTES_MAX`] it is `TooLarge`.
    pub fn decode(bytes: &[u8]) -> Result<Self, Denial> {
        if bytes.len() > COSE_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, format!("a receipt of {} bytes", bytes.len())));
        }
        let read = Self::read(bytes).filter(|read| read.claims.issuer != read.claims.subject);
        match read.filter(|read| read.inclusion.size >= 2 && read.signature.len() == 64 && read.encode() == bytes) {
            Some(read) => Ok(read),
            None => Err(malformed("not a COSE receipt in the form of this profile")),
        }
    }

    /// The parts that may differ between two receipts. Whether each stands in its shortest form the comparison with the bytes finds.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader(bytes);
        outer.exactly(SIGN1)?;
        let mut protected = Reader(outer.string(BYTES)?);
        outer.exactly(PROVEN_BY)?;
        let mut proof = Reader(outer.string(BYTES)?);
        outer.exactly(NIL)?;
        let signature = outer.string(BYTES)?.to_vec();
        protected.exactly(EDDSA_BY)?;
        let key = KeyId(Digest::try_from(protected.string(BYTES)?).ok()?);
        protected.exactly(ISSUED_BY)?;
        let issuer = party(protected.string(TEXT)?)?;
        protected.exactly(ABOUT)?;
        let subject = party(protected.string(TEXT)?)?;
        protected.exactly(IN_TREE)?;
        if proof.head(ARRAY)? != 3 {
            return None;
        }
        let (size, index) = (proof.head(UNSIGNED)?, proof.head(UNSIGNED)?);
        let hashes = proof.head(ARRAY)?;
        let path = (0..hashes).map(|_| Digest::try_from(proof.string(BYTES)?).ok()).collect::<Option<_>>()?;
        let inclusion = InclusionProof { size, index, path };
        Some(Self { claims: Claims { issuer, subject }, key, inclusion, signature })
    }
}

fn party(name: &[u8]) -> Option<PartyId> {
    std::str::from_utf8(name).ok()?.parse::<WitnessName>().ok().map(|name| name.0)
}

/// The protected header. Its labels stand in the order of deterministic CBOR [RFC 8949 §4.2.1].
fn protected(claims: Claims, key: KeyId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    bytes.extend_from_slice(EDDSA_BY);
    string(&mut bytes, BYTES, key.0.as_bytes());
    bytes.extend_from_slice(ISSUED_BY);
    string(&mut bytes, TEXT, WitnessName(claims.issuer).to_string().as_bytes());
    bytes.extend_from_slice(ABOUT);
    string(&mut bytes, TEXT, WitnessName(claims.subject).to_string().as_bytes());
    bytes.extend_from_slice(IN_TREE);
    bytes
}

/// With no data beside it, and the root as what is signed.
fn signed_message(claims: Claims, key: KeyId, root: Digest) -> Vec<u8> {
    let mut message = Vec::with_capacity(160);
    message.extend_from_slice(SIGNATURE1);
    string(&mut message, BYTES, &protected(claims, key));
    string(&mut message, BYTES, b"");
    string(&mut message, BYTES, root.as_bytes());
    message
}
