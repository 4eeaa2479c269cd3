//! What a receipt must say before anything follows from it: stated by whom it is to state it, and on this very entry.

use model::{AuthorityId, CaseId, Entry, EntryId, EnvelopeDigest, HeaderDigest, PartyId, Receipt, ReceiptKind};

use super::view::Pending;

/// The entry of ours that a receipt has to speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OurEntry {
    pub(super) entry: EntryId,
    pub(super) case: CaseId,
    pub(super) header: HeaderDigest,
    pub(super) envelope: EnvelopeDigest,
}

impl OurEntry {
    /// The one on its way in `case`.
    pub(super) fn of(pending: &Pending, case: CaseId) -> Self {
        Self { entry: pending.entry, case, header: pending.digest, envelope: pending.envelope }
    }

    /// Whether `receipt`, whose signature holds, is on this entry and by the party that may state its kind. `own` is this desk's
    /// party, `other` the other one of the case.
    pub(super) fn bears(&self, receipt: &Receipt, own: PartyId, other: PartyId) -> bool {
        use ReceiptKind as Kind;
        let by = match receipt.kind {
            Kind::SubmissionAcceptance | Kind::SubmissionRejection | Kind::RelayFailure => own,
            Kind::RelayAcceptance
            | Kind::RelayRejection
            | Kind::Delivery
            | Kind::NonDelivery
            | Kind::Retrieval
            | Kind::NonRetrieval => other,
        };
        let said =
            Self { entry: receipt.entry, case: receipt.case, header: receipt.header, envelope: receipt.envelope };
        receipt.by == by && said == *self
    }
}

/// Whether `receipt`, whose signature holds, lets `entry` in at the desk of `own`: the gateway of the party that did not send it
/// took it, and it is not the desk's own.
pub(super) fn lets_in(receipt: &Receipt, entry: &Entry, own: &AuthorityId) -> bool {
    let parties = [entry.header.home, entry.header.peer];
    parties.contains(&own.party()) && entry.header.sender != *own && admits(receipt, entry)
}

/// Whether `receipt`, whose signature holds, says that the gateway of the party that did not send `entry` took it.
pub(super) fn admits(receipt: &Receipt, entry: &Entry) -> bool {
    let header = &entry.header;
    let parties = [header.home, header.peer];
    let sender = header.sender.party();
    let admits = if sender == header.home { header.peer } else { header.home };
    let party = parties.contains(&sender) && header.home != header.peer;
    party
        && receipt.kind == ReceiptKind::RelayAcceptance
        && receipt.by == admits
        && receipt.entry == header.entry
        && receipt.case == header.case
        && receipt.header == entry.header_digest()
        && receipt.envelope == entry.envelope_digest()
}

/// Whether `receipt`, whose signature holds, says that the gateway of the party that sent `entry` took it from its desk.
pub(super) fn submits(receipt: &Receipt, entry: &Entry) -> bool {
    receipt.kind == ReceiptKind::SubmissionAcceptance
        && receipt.by == entry.header.sender.party()
        && receipt.entry == entry.header.entry
        && receipt.case == entry.header.case
        && receipt.header == entry.header_digest()
        && receipt.envelope == entry.envelope_digest()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{Digest, Timestamp};

    use super::*;

    fn ours() -> OurEntry {
        OurEntry {
            entry: EntryId::new([1; 16]),
            case: CaseId::new([2; 16]),
            header: HeaderDigest::of(b"header"),
            envelope: EnvelopeDigest(Digest::of(&[b"envelope"])),
        }
    }

    fn receipt(kind: ReceiptKind, by: PartyId) -> Receipt {
        let OurEntry { entry, case, header, envelope } = ours();
        let at = Timestamp(0);
        Receipt {
            kind,
            by,
            entry,
            case,
            header,
            envelope,
            at,
            leaf: None,
            refusal: None,
            epoch: None,
            authenticator: None,
        }
    }

    #[test]
    fn a_receipt_counts_only_from_the_party_that_may_state_it() {
        let [own, other]: [PartyId; 2] = ["FR", "JP"].map(|code| code.parse().unwrap());
        for kind in ReceiptKind::ALL {
            let of_own = ours().bears(&receipt(kind, own), own, other);
            let of_other = ours().bears(&receipt(kind, other), own, other);
            assert_ne!(of_own, of_other, "{}", kind.as_str());
        }
        assert!(ours().bears(&receipt(ReceiptKind::RelayAcceptance, other), own, other));
        assert!(ours().bears(&receipt(ReceiptKind::SubmissionAcceptance, own), own, other));
    }

    #[test]
    fn a_receipt_on_anything_else_than_the_entry_does_not_count() {
        let [own, other]: [PartyId; 2] = ["FR", "JP"].map(|code| code.parse().unwrap());
        let whole = receipt(ReceiptKind::RelayRejection, other);
        let strange = [
            Receipt { entry: EntryId::new([9; 16]), ..whole.clone() },
            Receipt { case: CaseId::new([9; 16]), ..whole.clone() },
            Receipt { header: HeaderDigest::of(b"another"), ..whole.clone() },
            Receipt { envelope: EnvelopeDigest(Digest::of(&[b"another"])), ..whole.clone() },
        ];
        assert!(ours().bears(&whole, own, other));
        assert!(strange.iter().all(|one| !ours().bears(one, own, other)));
    }
}
