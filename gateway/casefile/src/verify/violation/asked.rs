//! The request that records answer: made by who complains, and taken by the gateway of who gave the records, so that nobody is held to a
//! request that it never saw.

use accord::RequestBody;
use model::{AuthorityId, Denial, Fault, Header, PartyId, ReceiptKind, Timestamp};
use prost::Message;
use proto::types as wire;

use super::{
    super::{Check, Findings, compared, parties::Parties, sheaf::Sheaf},
    Shown, shown,
};
use crate::Section;

/// Such a request, opened.
pub(super) struct Asked {
    pub(super) request: RequestBody,
    header: Header,
    /// Whose gateway took it, and when.
    taken: (PartyId, Timestamp),
}

/// Reads it with the receipt. `None` where it does not hold, which is told.
pub(super) fn read(
    sheaf: &mut Sheaf<'_>,
    file: &str,
    parties: &mut Parties,
    now: Timestamp,
    findings: &mut Findings,
) -> Option<Asked> {
    let request = shown(sheaf, file, parties, now, findings)?;
    let mut taken = None;
    for (name, bytes) in sheaf.folder("receipts/") {
        match receipt(bytes, &request, parties) {
            Ok(word) => taken = Some(word),
            Err(denial) => findings.contradict(name, Check::Receipts, denial.to_string()),
        }
    }
    let Some(taken) = taken else {
        findings.contradict(file, Check::Receipts, "no gateway of the other state says that it took the request");
        return None;
    };
    match compared::request(&request.entry.header, request.body) {
        Ok(body) => Some(Asked { request: body, header: request.entry.header, taken }),
        Err(denial) => {
            findings.contradict(file, Check::Body, denial.to_string());
            None
        }
    }
}

/// Whose gateway says that it took the request, and when.
fn receipt(bytes: &[u8], request: &Shown<'_>, parties: &mut Parties) -> Result<(PartyId, Timestamp), Denial> {
    let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let decoded = wire::SignedReceipt::decode(bytes).map_err(|error| malformed(&error.to_string()))?;
    if decoded.encode_to_vec() != bytes {
        return Err(malformed("not written as receipts are: a field is unknown, repeated or out of order"));
    }
    let signed = proto::decode_receipt(&decoded)?;
    let receipt = &signed.receipt;
    let header = &request.entry.header;
    let on_it = receipt.kind == ReceiptKind::RelayAcceptance
        && receipt.by == header.recipient.party()
        && receipt.envelope == request.entry.envelope_digest();
    if !on_it {
        return Err(malformed("not the word of the other gateway that it took the request"));
    }
    parties.at(receipt.at, |trust| trust.verify_receipt(&signed).map(drop))?;
    Ok((receipt.by, receipt.at))
}

impl Asked {
    /// Whether records under that header answer it, and `by` is of the party that asked.
    pub(super) fn is_of(&self, records: &Header, by: &AuthorityId) -> Result<(), String> {
        let asked = &self.header;
        let fits = asked.case == records.case
            && asked.sender.party() == by.party()
            && asked.recipient.party() == records.sender.party();
        if fits { Ok(()) } else { Err("the request in the file is not the one that the records answer".to_owned()) }
    }

    pub(super) fn told(&self) -> Section {
        let (party, at) = self.taken;
        let line = format!(
            "{} asked in entry {} of {}; the gateway of {party} took it at {at}. The records are held against it.",
            self.header.sender, self.header.entry, self.header.created
        );
        Section { title: "The request that the records answer".to_owned(), lines: vec![line] }
    }
}
