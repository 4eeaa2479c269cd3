use std::collections::{BTreeSet, VecDeque};

use ledger::{BATCH_LEAVES_MAX, Claims, CoseReceipt, LeafHash, LedgerKey, SignBytes};
use model::{Denial, Digest, Fault, PartyId, Receipt, SignedReceipt};

use super::Verified;
use crate::{
    SigningKey, TrustStore,
    refuse::{owned, unproven},
};

/// Before the bytes of a receipt in its leaf, so that a leaf for one purpose is never one for another.
const LEAF: &[u8] = b"rogatory receipt v1\0";
/// Verified batches that are remembered.
const PROVEN_MAX: usize = 1024;

/// The gateway of `by` states what happened to entries of its channel with `other`: one signature for each 1,024 receipts, and for
/// each a proof that stands alone. Each receipt comes with its encoding. They come back in their order.
pub fn sign_receipts(
    key: &SigningKey,
    by: PartyId,
    other: PartyId,
    receipts: Vec<(Receipt, Vec<u8>)>,
) -> Result<Vec<SignedReceipt>, Denial> {
    if receipts.iter().any(|(receipt, _)| receipt.by != by) {
        return Err(Denial::failed(Fault::Internal, "a gateway signs its own receipts only"));
    }
    let leaves: Vec<_> = receipts.iter().map(|(_, bytes)| leaf_of(bytes)).collect();
    let claims = Claims { issuer: by, subject: other };
    let mut proofs = Vec::with_capacity(leaves.len());
    for batch in leaves.chunks(BATCH_LEAVES_MAX) {
        proofs.extend(CoseReceipt::sign(batch, claims, key)?);
    }
    let signed = receipts.into_iter().zip(proofs);
    Ok(signed.map(|((receipt, bytes), proof)| SignedReceipt { receipt, bytes, proof: proof.encode() }).collect())
}

/// Batches whose signature was verified lately. A turn of a gateway makes many receipts under one signature: who verifies all of
/// them keeps this between two, and verifies it once. It remembers the newest 1,024 and no statement of theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProvenBatches {
    known: BTreeSet<Digest>,
    oldest_first: VecDeque<Digest>,
}

impl ProvenBatches {
    /// Whether `key` signed `message`. A signature that does not hold is not remembered.
    fn accepts(&mut self, key: &LedgerKey, message: &[u8], proof: &CoseReceipt, leaf: LeafHash) -> bool {
        let name = Digest::of(&[key.as_bytes(), &proof.signature, message]);
        if self.known.contains(&name) {
            return true;
        }
        if proof.verify(leaf, key).is_err() {
            return false;
        }
        if self.oldest_first.len() == PROVEN_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(name);
        self.oldest_first.push_back(name);
        true
    }

    /// How many batches are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}

impl TrustStore {
    /// Verifies a receipt by the ledger key of the party that states it, or by a former one where it was stated before the exchange. `receipt` must have been decoded from `bytes`. A receipt
    /// outlives the directory, so the directory's expiry is not asked.
    pub fn verify_receipt(&self, signed: &SignedReceipt) -> Result<Verified<Receipt>, Denial> {
        self.verify_receipt_among(signed, &mut ProvenBatches::default())
    }

    /// The same for one of many: a signature that `proven` knows already is not verified again.
    pub fn verify_receipt_among(
        &self,
        signed: &SignedReceipt,
        proven: &mut ProvenBatches,
    ) -> Result<Verified<Receipt>, Denial> {
        let party = signed.receipt.by;
        let proof = CoseReceipt::decode(&signed.proof)?;
        let leaf = leaf_of(&signed.bytes);
        let message = proof.signed_message(leaf)?;
        let holds = proof.claims.issuer == party
            && self
                .directory(party)
                .and_then(|directory| directory.receipt_key(&proof.key, signed.receipt.at))
                .is_some_and(|key| proven.accepts(&LedgerKey::new(*key.as_bytes()), &message, &proof, leaf));
        if holds {
            return Ok(Verified::prove(signed.receipt.clone()));
        }
        let refusal = unproven(
            format!("The gateway of {party} did not sign the receipt."),
            "Fetch the newest directory of that party; else keep the receipt as evidence and ask its operator.",
        );
        Err(owned(refusal, party).into())
    }
}

/// The leaf of a receipt, by its encoding.
fn leaf_of(receipt_bytes: &[u8]) -> LeafHash {
    LeafHash::of(&[LEAF, receipt_bytes].concat())
}

impl SignBytes for SigningKey {
    fn public_key(&self) -> LedgerKey {
        LedgerKey::new(self.public_key())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_ledger(message)
    }
}
