use model::{Denial, Receipt, SignedReceipt};

use super::Verified;
use crate::{
    Domain, SigningKey, TrustStore,
    refuse::{owned, unproven},
};

/// A gateway states what happened to an entry. `receipt_bytes` is the encoding of `receipt`.
pub fn sign_receipt(key: &SigningKey, receipt_bytes: Vec<u8>, receipt: Receipt) -> SignedReceipt {
    let signature = key.sign(Domain::Receipt, &receipt_bytes);
    SignedReceipt { receipt, bytes: receipt_bytes, signature }
}

impl TrustStore {
    /// Verifies a receipt by the ledger key of the party that states it. `receipt` must have been decoded from `bytes`. A receipt
    /// outlives the directory, so the directory's expiry is not asked.
    pub fn verify_receipt(&self, signed: &SignedReceipt) -> Result<Verified<Receipt>, Denial> {
        let party = signed.receipt.by;
        let proven = self
            .ledger_key(party)
            .is_some_and(|key| key.verify(Domain::Receipt, &signed.bytes, &signed.signature).is_ok());
        if proven {
            return Ok(Verified::prove(signed.receipt.clone()));
        }
        let refusal = unproven(
            format!("The gateway of {party} did not sign the receipt."),
            "Fetch the newest directory of that party; else keep the receipt as evidence and ask its operator.",
        );
        Err(owned(refusal, party).into())
    }
}
