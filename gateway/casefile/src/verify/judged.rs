//! What a gateway signed and what cannot be true: its word stands against itself, so it is pinned on whoever gave it, and the rest of the
//! file is judged without it. An exporter cannot help what the other state's gateway signs.

use std::collections::BTreeMap;

use model::{EnvelopeDigest, Header, HeaderDigest, PartyId, ReceiptKind, Timestamp};

use super::{
    Check, Findings, SKEW_MS,
    clocks::{Apart, may_be_a_clock},
    items::Stated,
};
use crate::{
    Manifest,
    misconduct::{before_its_entry, happens_once},
};

/// An entry as it is claimed: nothing here rests on its signatures.
pub(super) struct Claimed<'a> {
    /// Its place in the file.
    pub(super) number: usize,
    pub(super) header: &'a Header,
    pub(super) digests: (HeaderDigest, EnvelopeDigest),
}

impl Claimed<'_> {
    /// Holds the receipts that stand at this entry against it and against each other, and marks what must not be relied on. Moments that
    /// may be those of a wrong clock are handed back: only what was stated beside them tells.
    pub(super) fn judge(&self, receipts: &mut [Stated], manifest: &Manifest, findings: &mut Findings) -> Vec<Apart> {
        let mut apart = Vec::new();
        for one in receipts.iter_mut() {
            self.subject(one, findings);
            self.moment(one, manifest, &mut apart, findings);
        }
        two_words(receipts, findings);
        self.in_turn(receipts, &mut apart, findings);
        apart
    }

    /// A receipt is on this entry, of its case, by a gateway that can state it.
    fn subject(&self, one: &mut Stated, findings: &mut Findings) {
        let (header, (header_digest, envelope)) = (self.header, self.digests);
        let receipt = one.signed.receipt.clone();
        let (by, kind) = (receipt.by, receipt.kind.as_str());
        if receipt.entry != header.entry {
            // Which entry a receipt stands at is the exporter's choice.
            findings.contradict(&one.file, Check::Receipts, "a receipt on another entry");
            one.counts = false;
        } else if receipt.envelope != envelope {
            // Either the gateway signed what it never saw, or the desk signed two entries under one id.
            let what =
                format!("the {kind} is on another header or payload than the entry of this id that its desk signed");
            findings.misstate(&[by, header.sender.party()], &one.file, what);
            one.counts = false;
        } else if receipt.header != header_digest || receipt.case != header.case {
            // The digest of the envelope covers both: the receipt contradicts itself.
            let wrong = if receipt.case == header.case { "header" } else { "case" };
            let what = format!("the {kind} names another {wrong} than the envelope that it is on");
            findings.misstate(&[by], &one.file, what);
        }
        if receipt.epoch.is_some() && !one.takes() {
            findings.misstate(
                &[by],
                &one.file,
                format!("the {kind} certifies an epoch, which only an acceptance does"),
            );
        }
        if !may_state(receipt.kind, by, header.sender.party(), header.recipient.party()) {
            findings.misstate(&[by], &one.file, format!("a {kind} is not for the gateway of {by} to state"));
            one.counts = false;
        }
    }

    /// Its moment is one at which its gateway could have stated it.
    fn moment(&self, one: &mut Stated, manifest: &Manifest, apart: &mut Vec<Apart>, findings: &mut Findings) {
        let receipt = &one.signed.receipt;
        let (by, at, kind) = (receipt.by, receipt.at, receipt.kind.as_str());
        let header = self.header;
        // No directory of later was there when the file was made.
        let come = at <= manifest.made().plus_ms(SKEW_MS);
        let lacking = one.lacking.filter(|_| come);
        let what = if !one.in_force && lacking.is_none() {
            format!("the {kind} is dated {at}, when no directory in the file made its key that of {by}")
        } else if before_its_entry(receipt, header) {
            format!("the {kind} is dated {at}, before the entry was made, {}", header.created)
        } else if one.takes() && at > header.expires.plus_ms(SKEW_MS) {
            format!("the {kind} is dated {at}, when the entry could not be taken any more: {}", header.expires)
        } else if receipt.went_unopened() && at <= header.expires {
            format!("the {kind} is dated {at}, when the time of the entry was not over: {}", header.expires)
        } else if let Some(party) = lacking {
            one.timed = false;
            return findings.unproved(format!(
                "That the gateway of {by} could sign {} at {at}: its key was that gateway's, and the directory of {party} that was in force then \
                 may be one that is not in the file.",
                one.file
            ));
        } else {
            return self.exported(one, manifest, apart, findings);
        };
        findings.misstate(&[by], &one.file, what);
        one.timed = false;
    }

    /// Its moment had come when the file was made, by the exporting desk's clock.
    fn exported(&self, one: &mut Stated, manifest: &Manifest, apart: &mut Vec<Apart>, findings: &mut Findings) {
        let (receipt, seen) = (&one.signed.receipt, manifest.made());
        let (by, at, exporter) = (receipt.by, receipt.at, manifest.exporter.party());
        let ms = at.0.saturating_sub(seen.0);
        if ms <= SKEW_MS {
            return;
        }
        let what = format!("the {} is dated {at}, and was exported before that, {seen}", receipt.kind.as_str());
        let wrong = vec![by, exporter];
        one.timed = false;
        one.apart = may_be_a_clock(ms);
        if one.apart {
            let (number, file) = (self.number, one.file.clone());
            apart.push(Apart { number, file, ahead: by, beside: exporter, ms, seen, by: wrong, what });
        } else {
            findings.misstate(&wrong, &one.file, what);
        }
    }

    /// One gateway's clock does not run backwards over one entry, and those of two are not further apart than they may be.
    fn in_turn(&self, receipts: &mut [Stated], apart: &mut Vec<Apart>, findings: &mut Findings) {
        let mut ordered: Vec<&mut Stated> = receipts.iter_mut().filter(|one| one.counts && one.timed).collect();
        ordered.sort_by_key(|one| rank(one.signed.receipt.kind));
        let mut newest: Option<(ReceiptKind, PartyId, Timestamp)> = None;
        for one in ordered {
            let (kind, by, at) = (one.signed.receipt.kind, one.signed.receipt.by, one.signed.receipt.at);
            if let Some((before, of, then)) = newest {
                // An entry that was given up may be taken in the end: that is told as it was, whichever came first.
                let given_up = [before, kind].contains(&ReceiptKind::RelayFailure);
                let ms = then.0.saturating_sub(at.0);
                if !given_up && ms > if of == by { 0 } else { SKEW_MS } {
                    let what = format!("{} at {at} behind {} at {then}", kind.as_str(), before.as_str());
                    one.timed = false;
                    one.apart = of != by && may_be_a_clock(ms);
                    if one.apart {
                        let (number, file, wrong) = (self.number, one.file.clone(), vec![by, of]);
                        apart.push(Apart { number, file, ahead: of, beside: by, ms, seen: at, by: wrong, what });
                    } else {
                        findings.misstate(&[by, of], &one.file, what);
                    }
                    continue;
                }
            }
            newest = Some((kind, by, at));
        }
    }
}

/// The order in which what becomes of an entry is stated.
fn rank(kind: ReceiptKind) -> u8 {
    match kind {
        ReceiptKind::SubmissionAcceptance | ReceiptKind::SubmissionRejection => 0,
        ReceiptKind::RelayAcceptance | ReceiptKind::RelayRejection | ReceiptKind::RelayFailure => 1,
        ReceiptKind::Delivery | ReceiptKind::NonDelivery => 2,
        ReceiptKind::Retrieval | ReceiptKind::NonRetrieval => 3,
    }
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

/// What excludes each other: of two by one gateway the one that was kept first counts.
const EITHER: [([ReceiptKind; 2], &str); 3] = [
    ([ReceiptKind::RelayAcceptance, ReceiptKind::RelayRejection], "both taken and refused by the same gateway"),
    ([ReceiptKind::Delivery, ReceiptKind::NonDelivery], "both laid ready and not, by the same gateway"),
    ([ReceiptKind::Retrieval, ReceiptKind::NonRetrieval], "both opened and not, by the word of the same gateway"),
];

fn two_words(receipts: &mut [Stated], findings: &mut Findings) {
    for (kinds, what) in EITHER {
        let mut first: BTreeMap<PartyId, ReceiptKind> = BTreeMap::new();
        for one in receipts.iter_mut().filter(|one| one.counts && kinds.contains(&one.signed.receipt.kind)) {
            let (by, kind) = (one.signed.receipt.by, one.signed.receipt.kind);
            if *first.entry(by).or_insert(kind) != kind {
                findings.misstate(&[by], &one.file, what);
                one.counts = false;
            }
        }
    }
    let mut first = BTreeMap::new();
    for one in receipts.iter_mut().filter(|one| one.counts && happens_once(one.signed.receipt.kind)) {
        let receipt = &one.signed.receipt;
        let said = (receipt.at, receipt.leaf);
        if *first.entry((receipt.by, receipt.kind)).or_insert(said) != said {
            findings.misstate(&[receipt.by], &one.file, "another statement of what the same gateway has stated before");
            one.counts = false;
        }
    }
}
