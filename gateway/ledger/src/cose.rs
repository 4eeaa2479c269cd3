use ciborium::Value;
use coset::{
    Algorithm, CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, Label, TaggedCborSerializable,
    iana,
};
use model::{Denial, Digest, Fault, KeyId, PartyId};

use crate::{
    InclusionProof, LeafHash, LedgerKey, Log, SignBytes, StoredHashes, WitnessName, key::sign_checked, malformed,
    not_verified,
};

/// Leaves under one signature.
pub const BATCH_LEAVES_MAX: usize = 1024;
/// Bytes of an encoded receipt. A path of ten hashes makes 500.
pub const COSE_BYTES_MAX: usize = 1024;

/// The parameter that names the verifiable data structure, and its value for RFC 9162 with SHA-256 [RFC 9942 §2].
const STRUCTURE: i64 = 395;
const RFC9162_SHA256: i64 = 1;
/// The parameter that holds its proofs, and the key of the proofs of inclusion in it.
const PROOFS: i64 = 396;
const INCLUSION: i64 = -1;
/// The parameter that holds CWT claims, and the two that a receipt must have [RFC 9943 §6].
const CLAIMS: i64 = 15;
const ISSUER: i64 = 1;
const SUBJECT: i64 = 2;

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
        let path = self.inclusion.path.iter().map(|hash| Value::Bytes(hash.as_bytes().to_vec())).collect();
        let proof = Value::Array(vec![self.inclusion.size.into(), self.inclusion.index.into(), Value::Array(path)]);
        let proof = proof.to_vec().unwrap_or_default();
        let proofs = Value::Map(vec![(INCLUSION.into(), Value::Array(vec![Value::Bytes(proof)]))]);
        let sign1 = CoseSign1Builder::new()
            .protected(protected(self.claims, self.key))
            .unprotected(HeaderBuilder::new().value(PROOFS, proofs).build())
            .signature(self.signature.clone())
            .build();
        sign1.to_tagged_vec().unwrap_or_default()
    }

    /// Reads what [`CoseReceipt::encode`] writes. Anything else is `Malformed`, be it the same content in other bytes; over
    /// [`COSE_BYTES_MAX`] it is `TooLarge`.
    pub fn decode(bytes: &[u8]) -> Result<Self, Denial> {
        if bytes.len() > COSE_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, format!("a receipt of {} bytes", bytes.len())));
        }
        let read = CoseSign1::from_tagged_slice(bytes).ok().and_then(Self::of_sign1);
        match read.filter(|read| read.inclusion.size >= 2 && read.encode() == bytes) {
            Some(read) => Ok(read),
            None => Err(malformed("not a COSE receipt in the form of this profile")),
        }
    }

    /// The parts that may differ between two receipts. What is not looked at here the comparison with the bytes finds.
    fn of_sign1(sign1: CoseSign1) -> Option<Self> {
        let claims = map_at(value_of(&sign1.protected.header, CLAIMS)?)?;
        let party = |name| found(claims, name)?.as_text()?.parse::<WitnessName>().ok().map(|name| name.0);
        let claims = Claims { issuer: party(ISSUER)?, subject: party(SUBJECT)? };
        let key = KeyId(Digest::try_from(sign1.protected.header.key_id.as_slice()).ok()?);
        let proofs = map_at(value_of(&sign1.unprotected, PROOFS)?)?;
        let [proof] = found(proofs, INCLUSION)?.as_array()?.as_slice() else { return None };
        let proof = Value::from_slice(proof.as_bytes()?).ok()?;
        let [size, index, path] = proof.as_array()?.as_slice() else { return None };
        let number = |value: &Value| u64::try_from(value.as_integer()?).ok();
        let hash = |value: &Value| Digest::try_from(value.as_bytes()?.as_slice()).ok();
        let path = path.as_array()?.iter().map(hash).collect::<Option<_>>()?;
        let inclusion = InclusionProof { size: number(size)?, index: number(index)?, path };
        let signed = claims.issuer != claims.subject && sign1.signature.len() == 64;
        signed.then_some(Self { claims, key, inclusion, signature: sign1.signature })
    }
}

/// The protected header. Its labels stand in the order of deterministic CBOR [RFC 8949 §4.2.1].
fn protected(claims: Claims, key: KeyId) -> Header {
    let name = |party| Value::Text(WitnessName(party).to_string());
    let claims = vec![(ISSUER.into(), name(claims.issuer)), (SUBJECT.into(), name(claims.subject))];
    Header {
        // "Ed25519" (-19) would say it all [RFC 9864]; what verifies receipts today knows "EdDSA" alone.
        alg: Some(Algorithm::Assigned(iana::Algorithm::EdDSA)),
        key_id: key.0.as_bytes().to_vec(),
        rest: vec![(Label::Int(CLAIMS), Value::Map(claims)), (Label::Int(STRUCTURE), RFC9162_SHA256.into())],
        ..Header::default()
    }
}

fn signed_message(claims: Claims, key: KeyId, root: Digest) -> Vec<u8> {
    CoseSign1Builder::new().protected(protected(claims, key)).build().tbs_detached_data(root.as_bytes(), b"")
}

fn value_of(header: &Header, label: i64) -> Option<&Value> {
    header.rest.iter().find(|(name, _)| *name == Label::Int(label)).map(|(_, value)| value)
}

fn map_at(value: &Value) -> Option<&[(Value, Value)]> {
    value.as_map().map(Vec::as_slice)
}

fn found(map: &[(Value, Value)], key: i64) -> Option<&Value> {
    map.iter().find(|(name, _)| *name == Value::from(key)).map(|(_, value)| value)
}
