use model::Denial;

use crate::{
    Cosignature, InclusionProof, LeafSalt, LedgerKey, Origin, SignedCheckpoint, Statement, WitnessName, malformed,
};

/// One leaf opened, to a court or an auditor: what was stated, and that both gateways stood for the log that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// What the leaf commits to.
    pub statement: Statement,
    /// The salt that hid it.
    pub salt: LeafSalt,
    /// Where in the tree it stands.
    pub inclusion: InclusionProof,
    /// The head, as the note that the home signed.
    pub head: Vec<u8>,
    /// The peer's cosignature line on that head.
    pub cosignature: Vec<u8>,
}

impl Opening {
    /// Checks all of it, offline, with the log's name and the two ledger keys alone: the home signed the head, the peer
    /// cosigned it, the head's tree holds the leaf, the leaf opens to the statement. Answers the cosignature, for its time.
    pub fn verify(&self, origin: Origin, home: &LedgerKey, peer: &LedgerKey) -> Result<Cosignature, Denial> {
        let head = SignedCheckpoint::verify(&self.head, origin, home)?;
        let head = head.checkpoint();
        let cosignature = Cosignature::verify(&self.cosignature, head, WitnessName(origin.peer()), peer)?;
        if self.inclusion.size != head.size {
            return Err(malformed("the proof is for another head"));
        }
        self.inclusion.verify(self.statement.leaf(&self.salt), head.root)?;
        Ok(cosignature)
    }
}
