//! Entries and receipts: signatures, and that each receipt is on its entry and comes in its turn.

use std::{cell::RefCell, collections::BTreeMap};

use bytes::Bytes;
use identity::{ProvenBatches, Received, VerifyingKey};
use model::{Denial, Entry, Fault, PartyId, ReceiptKind, SignedReceipt, Timestamp};
use prost::Message;
use proto::{convert, types as wire};

use super::{
    Findings, SKEW_MS,
    parties::{Parties, Used},
    sheaf::Sheaf,
};
use crate::{Manifest, names};

/// An entry of the file whose signatures hold.
pub(crate) struct Item {
    pub(crate) file: String,
    pub(crate) number: usize,
    pub(crate) bytes: Bytes,
    pub(crate) entry: Entry,
    /// By which directories its signatures hold.
    pub(crate) used: Used,
    /// The key of the sending desk then.
    pub(crate) desk_key: VerifyingKey,
    /// In the order in which they were kept.
    pub(crate) receipts: Vec<Stated>,
}

/// A receipt whose signature holds.
pub(crate) struct Stated {
    pub(crate) file: String,
    pub(crate) bytes: Bytes,
    pub(crate) signed: SignedReceipt,
}

impl Item {
    /// A receipt of a kind by a party.
    pub(crate) fn receipt(&self, kind: ReceiptKind, by: PartyId) -> Option<&SignedReceipt> {
        let found = self.receipts.iter().find(|one| one.signed.receipt.kind == kind && one.signed.receipt.by == by);
        found.map(|one| &one.signed)
    }

    /// The word of the sender's gateway that it took the entry.
    pub(crate) fn submitted(&self) -> Option<&SignedReceipt> {
        self.receipt(ReceiptKind::SubmissionAcceptance, self.entry.header.sender.party())
    }

    /// The word of the other gateway that it took the entry: then it is part of the case.
    pub(crate) fn accepted(&self) -> Option<&SignedReceipt> {
        self.receipt(ReceiptKind::RelayAcceptance, self.entry.header.recipient.party())
    }

    /// When the first gateway that is known to have taken it did.
    pub(crate) fn taken(&self) -> Timestamp {
        moment_of(&self.entry, &self.receipts)
    }
}

fn moment_of(entry: &Entry, receipts: &[Stated]) -> Timestamp {
    let at = |kind: ReceiptKind| receipts.iter().find(|one| one.signed.receipt.kind == kind);
    let first = at(ReceiptKind::SubmissionAcceptance).or_else(|| at(ReceiptKind::RelayAcceptance));
    first.map_or(entry.header.created, |one| one.signed.receipt.at)
}

/// Reads all of them, in the order of the file.
pub(super) fn read(
    sheaf: &mut Sheaf<'_>,
    manifest: &Manifest,
    parties: &mut Parties,
    findings: &mut Findings,
) -> Vec<Item> {
    let mut receipts: BTreeMap<usize, Vec<Stated>> = BTreeMap::new();
    // One signature stands for all that a gateway stated at once.
    let proven = RefCell::new(ProvenBatches::default());
    for (name, bytes) in sheaf.folder("receipts/") {
        match stated(name, bytes, parties, &proven) {
            Ok(one) => receipts.entry(names::number_of(name, "receipts/").unwrap_or(usize::MAX)).or_default().push(one),
            Err(denial) => findings.contradict(name, "signature", denial.to_string()),
        }
    }
    let mut items = Vec::new();
    for (number, (name, bytes)) in sheaf.folder("entries/").into_iter().enumerate() {
        let receipts = receipts.remove(&number).unwrap_or_default();
        match item(name, number, bytes, receipts, parties) {
            Ok(item) => {
                check(&item, manifest, findings);
                items.push(item);
            }
            Err(denial) => findings.contradict(name, "signature", denial.to_string()),
        }
    }
    for one in receipts.into_values().flatten() {
        findings.contradict(&one.file, "receipts", "a receipt on an entry that is not in the file");
    }
    items
}

fn item(name: &str, number: usize, bytes: &[u8], receipts: Vec<Stated>, parties: &mut Parties) -> Result<Item, Denial> {
    let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let bytes = Bytes::copy_from_slice(bytes);
    let received = convert::receive_entry(convert::entry_from_bytes(bytes.clone())?)?;
    if names::entry(number, received.claimed().entry) != name {
        return Err(malformed("not the entry, or not at the place, that its name says"));
    }
    let at = receipts.iter().find(|one| one.signed.receipt.kind == ReceiptKind::SubmissionAcceptance);
    let at = at.or_else(|| receipts.iter().find(|one| one.signed.receipt.kind == ReceiptKind::RelayAcceptance));
    let at = at.map_or(received.claimed().created, |one| one.signed.receipt.at);
    let (entry, used) = parties.at(at, |trust| trust.verify_entry(Received::clone(&received), at))?;
    let entry = entry.into_inner();
    if convert::entry_to_bytes(&entry) != bytes {
        return Err(malformed("not written as entries are: a field is unknown, repeated or out of order"));
    }
    let desk_key = parties.by(used)?.desk_key(&entry.header.sender);
    let desk_key = desk_key.ok_or_else(|| malformed("its sender has no desk"))?;
    Ok(Item { file: name.to_owned(), number, bytes, entry, used, desk_key, receipts })
}

fn stated(name: &str, bytes: &[u8], parties: &mut Parties, proven: &RefCell<ProvenBatches>) -> Result<Stated, Denial> {
    let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let bytes = Bytes::copy_from_slice(bytes);
    let decoded = wire::SignedReceipt::decode(bytes.clone()).map_err(|error| malformed(&error.to_string()))?;
    if decoded.encode_to_vec() != bytes {
        return Err(malformed("not written as receipts are: a field is unknown, repeated or out of order"));
    }
    let signed = proto::decode_receipt(&decoded)?;
    parties.at(signed.receipt.at, |trust| trust.verify_receipt_among(&signed, &mut proven.borrow_mut()))?;
    let receipt = &signed.receipt;
    let named = names::number_of(name, "receipts/").zip(name.get(16..18).and_then(|order| order.parse().ok()));
    if named.is_none_or(|(number, order)| names::receipt(number, order, receipt.kind, receipt.by) != name) {
        return Err(malformed("not the receipt that its name says"));
    }
    Ok(Stated { file: name.to_owned(), bytes, signed })
}

/// Each receipt is on this entry, by a gateway that can state it, and none speaks before its turn.
fn check(item: &Item, manifest: &Manifest, findings: &mut Findings) {
    let header = &item.entry.header;
    let frame = (header.case, header.home, header.peer) == (manifest.case, manifest.home, manifest.peer);
    if !frame {
        findings.contradict(&item.file, "chain", "an entry of another case");
    }
    let (header_digest, envelope) = (item.entry.header_digest(), item.entry.envelope_digest());
    for one in &item.receipts {
        let receipt = &one.signed.receipt;
        let on_it = receipt.entry == header.entry
            && receipt.case == header.case
            && receipt.header == header_digest
            && receipt.envelope == envelope;
        if !on_it {
            findings.contradict(&one.file, "receipts", "a receipt on another entry, or of another case");
        }
        if !may_state(receipt.kind, receipt.by, header.sender.party(), header.recipient.party()) {
            let what = format!("a {} that the gateway of {} cannot state", receipt.kind.as_str(), receipt.by);
            findings.contradict(&one.file, "receipts", what);
        }
    }
    let kinds: Vec<ReceiptKind> = item.receipts.iter().map(|one| one.signed.receipt.kind).collect();
    if kinds.contains(&ReceiptKind::RelayAcceptance) && kinds.contains(&ReceiptKind::RelayRejection) {
        findings.contradict(&item.file, "receipts", "both taken and refused by the other gateway");
    }
    in_turn(item, findings);
}

/// Whose gateway states an event: the sender's what became of the entry with it, the recipient's what became of it there.
fn may_state(kind: ReceiptKind, by: PartyId, sender: PartyId, recipient: PartyId) -> bool {
    use ReceiptKind as Kind;
    match kind {
        Kind::SubmissionAcceptance | Kind::SubmissionRejection | Kind::RelayFailure => by == sender,
        Kind::RelayAcceptance | Kind::RelayRejection | Kind::Retrieval | Kind::NonRetrieval => by == recipient,
        Kind::Delivery | Kind::NonDelivery => [sender, recipient].contains(&by),
    }
}

/// One gateway's clock does not run backwards over one entry, and those of two are not further apart than they may be.
fn in_turn(item: &Item, findings: &mut Findings) {
    let rank = |kind: ReceiptKind| match kind {
        ReceiptKind::SubmissionAcceptance | ReceiptKind::SubmissionRejection => 0,
        ReceiptKind::RelayAcceptance | ReceiptKind::RelayRejection | ReceiptKind::RelayFailure => 1,
        ReceiptKind::Delivery | ReceiptKind::NonDelivery => 2,
        ReceiptKind::Retrieval | ReceiptKind::NonRetrieval => 3,
    };
    let mut ordered: Vec<&Stated> = item.receipts.iter().collect();
    ordered.sort_by_key(|one| rank(one.signed.receipt.kind));
    for pair in ordered.windows(2) {
        let [before, after] = [&pair[0].signed.receipt, &pair[1].signed.receipt];
        // An entry that was given up may be taken in the end: that is told as it was, whichever came first.
        let given_up = [before.kind, after.kind].contains(&ReceiptKind::RelayFailure);
        let skew = if before.by == after.by { 0 } else { SKEW_MS };
        if !given_up && before.at > after.at.plus_ms(skew) {
            let what =
                format!("{} at {} before {} at {}", after.kind.as_str(), after.at, before.kind.as_str(), before.at);
            findings.contradict(&pair[1].file, "receipts", what);
        }
    }
}
