//! What has to be in memory before a turn is decided.

use model::{CaseId, EntryId, PartyId, ReceiptKind};

use super::{Relay, Work};

/// What has to be read before the works of a turn are decided.
#[derive(Default)]
pub(super) struct Needs<'a> {
    pub(super) entries: Vec<EntryId>,
    pub(super) cases: Vec<CaseId>,
    /// Cases in which an entry was answered.
    pub(super) answered: Vec<CaseId>,
    pub(super) peers: Vec<PartyId>,
    /// Entries of which receipts come, or are made.
    pub(super) received: Vec<EntryId>,
    /// Entries of which it is read what is kept, whatever is remembered: they come with word that they were given up, or that one was refused.
    pub(super) reread: Vec<EntryId>,
    pub(super) headers: Vec<&'a model::Header>,
}

impl<'a> Needs<'a> {
    pub(super) fn of(works: &'a [Work], own: PartyId) -> Self {
        let mut needs = Self::default();
        for work in works {
            match work {
                Work::Submit(submit) => {
                    let header = &submit.entry.header;
                    needs.entries.push(header.entry);
                    needs.cases.push(header.case);
                    needs.headers.push(header);
                    needs.peers.push(header.counterpart(own));
                }
                Work::Relay(relay) => needs.relay(relay),
                Work::Conclude(conclude) => {
                    needs.peers.push(conclude.channel);
                    needs.entries.extend(conclude.answers.iter().map(|answered| answered.entry));
                    needs.cases.extend(conclude.answers.iter().map(|answered| answered.case));
                    needs.answered.extend(conclude.answers.iter().map(|answered| answered.case));
                }
                Work::Acknowledge(acknowledge) => {
                    needs.entries.extend(acknowledge.reports.iter().map(|one| one.entry));
                    needs.received.extend(acknowledge.reports.iter().map(|one| one.entry));
                }
                Work::Unopened(unopened) => {
                    needs.entries.extend(&unopened.entries);
                    needs.received.extend(&unopened.entries);
                }
                Work::Watch(_) => {}
            }
        }
        needs.cases.extend(needs.headers.iter().filter_map(|header| Some(header.declared.follows?.case)));
        needs
    }

    fn relay(&mut self, relay: &'a Relay) {
        self.peers.push(relay.from);
        for item in &relay.items {
            self.headers.extend(item.entry.as_ref().ok().map(|entry| &entry.header));
            self.entries.push(item.claimed.entry);
            self.cases.push(item.claimed.case);
            if item.said.as_ref().is_ok_and(|said| said.len() > 1) {
                self.reread.push(item.claimed.entry);
            }
        }
        for signed in &relay.receipts {
            self.entries.push(signed.receipt.entry);
            self.received.push(signed.receipt.entry);
            if signed.receipt.kind == ReceiptKind::SubmissionRejection {
                self.reread.push(signed.receipt.entry);
            }
            self.cases.push(signed.receipt.case);
        }
    }
}
