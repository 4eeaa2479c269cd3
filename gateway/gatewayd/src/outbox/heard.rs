//! Verdicts that were heard and did not count yet: a gateway that says another thing the next time it is asked has signed both.

use std::collections::BTreeMap;

use casefile::{Evidence, Opposed};
use model::{Denial, EntryId, SignedReceipt, limits};

use super::Sender;
use crate::misconduct;

/// How many are remembered; the oldest entries are forgotten first.
const HEARD_MAX: usize = 4 * limits::RELAY_BATCH_ENTRIES_MAX;

/// The newest verdict on each entry whose verdicts do not count yet.
#[derive(Debug, Default)]
pub(super) struct Heard(BTreeMap<EntryId, SignedReceipt>);

impl Heard {
    /// Takes a verdict whose signature holds, and tells what it contradicts that was said before. Then both are forgotten: what its gateway
    /// says after people have looked is heard anew.
    pub(super) fn take(&mut self, verdict: &SignedReceipt) -> Option<Evidence> {
        let entry = verdict.receipt.entry;
        if let Some(evidence) = self.0.get(&entry).and_then(|before| evidence(before, verdict)) {
            self.0.remove(&entry);
            return Some(evidence);
        }
        self.0.insert(entry, verdict.clone());
        if self.0.len() > HEARD_MAX {
            self.0.pop_first();
        }
        None
    }

    /// Forgets entries whose verdicts count.
    pub(super) fn settle(&mut self, entries: &[EntryId]) {
        self.0.retain(|entry, _| !entries.contains(entry));
    }
}

impl Sender {
    /// What a verdict on an entry that was not asked about contradicts: the one that counted.
    pub(super) async fn unasked(&self, verdict: &SignedReceipt) -> Result<Option<Evidence>, Denial> {
        self.gateway.trust.snapshot().store.verify_receipt_among(verdict, &mut self.gateway.proven.lock())?;
        misconduct::opposed(&self.gateway, verdict).await
    }
}

fn evidence(before: &SignedReceipt, verdict: &SignedReceipt) -> Option<Evidence> {
    Opposed::of(before, verdict).map(|two| Evidence::Verdicts(Box::new(two)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{CaseId, Digest, EnvelopeDigest, HeaderDigest, Receipt, ReceiptKind, Timestamp};

    use super::*;

    fn verdict(entry: u32, kind: ReceiptKind) -> SignedReceipt {
        let mut id = [7; 16];
        id[..4].copy_from_slice(&entry.to_be_bytes());
        let digest = Digest::of(&[&id]);
        let receipt = Receipt {
            kind,
            by: "FR".parse().unwrap(),
            entry: EntryId::new(id),
            case: CaseId::new([1; 16]),
            header: HeaderDigest(digest),
            envelope: EnvelopeDigest(digest),
            at: Timestamp(1),
            leaf: None,
            refusal: None,
            epoch: None,
            authenticator: None,
        };
        SignedReceipt { receipt, bytes: vec![u8::from(kind == ReceiptKind::RelayRejection)], proof: Vec::new() }
    }

    #[test]
    fn a_verdict_that_turns_is_told_and_what_is_said_after_that_is_heard_anew() {
        let mut heard = Heard::default();
        let verdicts = [ReceiptKind::RelayAcceptance, ReceiptKind::RelayRejection];
        let [taken, refused] = verdicts.map(|kind| verdict(1, kind));
        assert_eq!((heard.take(&taken), heard.take(&taken)), (None, None), "the same again is no other word");
        assert_eq!(heard.take(&refused).unwrap().kind(), "verdicts");
        assert_eq!(heard.take(&taken), None);
        assert_eq!(heard.take(&refused).unwrap().kind(), "verdicts");
        assert_eq!(heard.take(&refused), None);
        heard.settle(&[taken.receipt.entry]);
        assert_eq!(heard.take(&taken), None, "what counted is held against what is kept");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        let mut heard = Heard::default();
        for entry in 0..=u32::try_from(HEARD_MAX).unwrap() {
            heard.take(&verdict(entry, ReceiptKind::RelayAcceptance));
        }
        assert_eq!(heard.0.len(), HEARD_MAX);
        assert_eq!(heard.take(&verdict(0, ReceiptKind::RelayRejection)), None, "the first one is forgotten");
        assert!(heard.take(&verdict(9, ReceiptKind::RelayRejection)).is_some());
    }
}
