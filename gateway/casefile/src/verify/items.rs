//! Entries and receipts: their signatures, and which receipt counts for what.

use std::{cell::RefCell, collections::BTreeMap};

use bytes::Bytes;
use identity::{ProvenBatches, Received, VerifyingKey};
use model::{Denial, Entry, Fault, Header, PartyId, Receipt, ReceiptKind, SignedReceipt, Timestamp};
use prost::Message;
use proto::{convert, types as wire};

use super::{
    Check, Findings,
    clocks::{Apart, Clocks},
    judged::Claimed,
    parties::{Parties, Used},
    sheaf::Sheaf,
};
use crate::{Manifest, names};

/// Before the name of a fault in the `rule` of a refusal.
const FAULT: &str = "protocol/";

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
    /// Whether a directory that was in force at its moment gives the key.
    pub(super) in_force: bool,
    /// Whose directory may have been in force then and is not in the file, where none in it gives the key.
    pub(super) lacking: Option<PartyId>,
    /// Whether it holds by an older directory than the newest of that moment.
    pub(super) older: bool,
    /// Whether what it says became of the entry counts.
    pub(super) counts: bool,
    /// Whether its moment counts.
    pub(super) timed: bool,
    /// Whether it does not because two clocks are apart by so much that one of them was wrong.
    pub(super) apart: bool,
}

impl Stated {
    /// Whether it says that the entry was taken: what becomes of it later is of a later moment than its leaf, and certifies no epoch.
    pub(super) fn takes(&self) -> bool {
        matches!(self.signed.receipt.kind, ReceiptKind::SubmissionAcceptance | ReceiptKind::RelayAcceptance)
    }
}

impl Item {
    /// A receipt of a kind by a party.
    pub(crate) fn receipt(&self, kind: ReceiptKind, by: PartyId) -> Option<&SignedReceipt> {
        let counted = self.receipts.iter().filter(|one| one.counts).map(|one| &one.signed);
        counted.into_iter().find(|one| one.receipt.kind == kind && one.receipt.by == by)
    }

    /// The word of the sender's gateway that it took the entry.
    pub(crate) fn submitted(&self) -> Option<&SignedReceipt> {
        self.receipt(ReceiptKind::SubmissionAcceptance, self.entry.header.sender.party())
    }

    /// Whether the home of the case has said which leaf of its log is the entry's.
    pub(crate) fn promised(&self, home: PartyId) -> bool {
        [ReceiptKind::SubmissionAcceptance, ReceiptKind::RelayAcceptance]
            .into_iter()
            .any(|kind| self.receipt(kind, home).is_some_and(|signed| signed.receipt.leaf.is_some()))
    }

    /// The word of the other gateway that it took the entry: then it is part of the case.
    pub(crate) fn accepted(&self) -> Option<&SignedReceipt> {
        self.receipt(ReceiptKind::RelayAcceptance, self.entry.header.recipient.party())
    }

    /// Whether it lay ready for its desk, and nobody has said what became of it there.
    pub(crate) fn unfetched(&self) -> bool {
        let by = self.entry.header.recipient.party();
        let said = |kind| self.receipt(kind, by).is_some();
        said(ReceiptKind::Delivery) && !said(ReceiptKind::Retrieval) && !said(ReceiptKind::NonRetrieval)
    }

    /// What became of it that is not the rule, in words.
    pub(crate) fn fate(&self) -> Option<String> {
        use ReceiptKind::{NonDelivery, NonRetrieval, RelayFailure, RelayRejection, SubmissionRejection};
        let (from, to) = (self.entry.header.sender.party(), self.entry.header.recipient.party());
        let said = |kind, by| self.receipt(kind, by).map(|signed| &signed.receipt);
        if self.accepted().is_none() {
            let refused = said(RelayRejection, to).or_else(|| said(SubmissionRejection, from));
            let refused = refused.map(|one| format!("refused by the gateway of {} ({})", one.by, ground(one)));
            return refused.or_else(|| said(RelayFailure, from).map(|one| given_up(one).to_owned()));
        }
        let unopened = said(NonRetrieval, to).map(|one| match one.went_unopened() {
            true => format!("not opened by its desk when its time was over, {}", self.entry.header.expires),
            false => "its desk could not open it, or found it contradicting its header".to_owned(),
        });
        said(NonDelivery, to).map(|_| "not laid ready for its desk".to_owned()).or(unopened)
    }

    /// When the first gateway that is known to have taken it did.
    pub(crate) fn taken(&self) -> Timestamp {
        moment_of(&self.entry.header, &self.receipts)
    }
}

/// Why a receipt refuses: the code, or the fault for which there is none.
fn ground(receipt: &Receipt) -> &str {
    let refusal = receipt.refusal.as_ref();
    refusal.map_or("no reason given", |one| one.rule.strip_prefix(FAULT).unwrap_or(one.code.as_str()))
}

/// Why the sender's gateway gave an entry up.
fn given_up(receipt: &Receipt) -> &'static str {
    match receipt.refusal {
        None => "given up, because its time was over before the other gateway had answered",
        Some(_) => "out with an entry before it that was refused",
    }
}

fn moment_of(header: &Header, receipts: &[Stated]) -> Timestamp {
    let believed = |one: &&Stated| one.counts && one.timed;
    let at = |kind| receipts.iter().filter(believed).map(|one| &one.signed.receipt).find(|one| one.kind == kind);
    let first = at(ReceiptKind::SubmissionAcceptance).or_else(|| at(ReceiptKind::RelayAcceptance));
    first.map_or(header.created, |receipt| receipt.at)
}

/// Reads all of them, in the order of the file.
pub(super) fn read(
    sheaf: &mut Sheaf<'_>,
    manifest: &Manifest,
    parties: &mut Parties,
    findings: &mut Findings,
) -> (Vec<Item>, Clocks) {
    let mut receipts: BTreeMap<usize, Vec<Stated>> = BTreeMap::new();
    // One signature stands for all that a gateway stated at once.
    let proven = RefCell::new(ProvenBatches::default());
    for (name, bytes) in sheaf.folder("receipts/") {
        match stated(name, bytes, parties, &proven) {
            Ok(one) => receipts.entry(names::number_of(name, "receipts/").unwrap_or(usize::MAX)).or_default().push(one),
            Err(denial) => findings.contradict(name, Check::Signature, denial.to_string()),
        }
    }
    let (mut items, mut apart) = (Vec::new(), Vec::new());
    for (number, (name, bytes)) in sheaf.folder("entries/").into_iter().enumerate() {
        let receipts = receipts.remove(&number).unwrap_or_default();
        match item((name, number, bytes), receipts, manifest, parties, (&mut apart, findings)) {
            Ok(item) => items.push(item),
            Err(denial) => findings.contradict(name, Check::Signature, denial.to_string()),
        }
    }
    for one in receipts.into_values().flatten() {
        findings.contradict(&one.file, Check::Receipts, "a receipt on an entry that is not in the file");
    }
    let clocks = Clocks::of(&items, manifest);
    clocks.settle(apart, findings);
    (items, clocks)
}

fn item(
    (name, number, bytes): (&str, usize, &[u8]),
    mut receipts: Vec<Stated>,
    manifest: &Manifest,
    parties: &mut Parties,
    (apart, findings): (&mut Vec<Apart>, &mut Findings),
) -> Result<Item, Denial> {
    let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let bytes = Bytes::copy_from_slice(bytes);
    let received = convert::receive_entry(convert::entry_from_bytes(bytes.clone())?)?;
    let header = received.claimed();
    if names::entry(number, header.entry) != name {
        return Err(malformed("not the entry, or not at the place, that its name says"));
    }
    let claimed = Claimed { number, header, digests: received.digests() };
    apart.extend(claimed.judge(&mut receipts, manifest, findings));
    let at = moment_of(header, &receipts);
    let (entry, used) = parties.at(at, |trust| trust.verify_entry(Received::clone(&received), at))?;
    let entry = entry.into_inner();
    if convert::entry_to_bytes(&entry) != bytes {
        return Err(malformed("not written as entries are: a field is unknown, repeated or out of order"));
    }
    if (entry.header.case, entry.header.home, entry.header.peer) != (manifest.case, manifest.home, manifest.peer) {
        findings.contradict(name, Check::Chain, "an entry of another case");
    }
    let desk_key = parties.by(&used)?.desk_key(&entry.header.sender);
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
    let receipt = &signed.receipt;
    let holds = |trust: &identity::TrustStore| trust.verify_receipt_among(&signed, &mut proven.borrow_mut());
    let (in_force, older) = match parties.at(receipt.at, holds) {
        Ok((_, used)) => (true, used.against.is_some()),
        // Signed it is, if its key was ever that gateway's: then its moment is what is wrong.
        Err(denial) => (parties.ever(receipt.by, holds).map(|_| false).map_err(|_| denial)?, false),
    };
    let named = names::number_of(name, "receipts/").zip(name.get(16..18).and_then(|order| order.parse().ok()));
    if named.is_none_or(|(number, order)| names::receipt(number, order, receipt.kind, receipt.by) != name) {
        return Err(malformed("not the receipt that its name says"));
    }
    let file = name.to_owned();
    let lacking = if in_force { None } else { parties.lacking(receipt.at) };
    Ok(Stated { file, bytes, signed, in_force, lacking, older, counts: true, timed: in_force, apart: false })
}
