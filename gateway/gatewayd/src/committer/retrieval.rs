//! What became of the other side's entries at our desks: the word of a desk, or that none came in time. The first word on an entry stays.

use model::{AuthorityId, Denial, Digest, EntryId, Fault, Receipt, ReceiptKind, Refusal};
use store::gateway::{Acknowledgement, NewOutbox};

use super::{
    Acknowledge, Committer, Opened, Reply, Unopened,
    admission::RECEIPT,
    turn::{RETRIEVALS, Turn},
};
use crate::receipts;

/// A receipt is evidence: it waits for the other gateway as long as that is away.
pub(super) const NEVER: i64 = i64::MAX;

impl Committer {
    pub(super) fn acknowledge(&self, turn: &mut Turn, work: Acknowledge) -> Reply {
        let outcome = i64::try_from(work.cursor)
            .map_err(|_| Denial::failed(Fault::Malformed, "the cursor is beyond 2^63"))
            .and_then(|cursor| {
                turn.batch.acknowledgements.push(Acknowledgement {
                    desk: work.desk.clone(),
                    cursor,
                    ack: work.bytes.into(),
                    at: turn.now.0,
                });
                work.reports.iter().try_for_each(|report| self.certify_retrieval(turn, &work.desk, report))
            });
        let answer = work.answer;
        Box::new(move |durable| drop(answer.send(durable.map_err(Clone::clone).and(outcome))))
    }

    /// States that entries were not opened while they could be taken. They stay where they lie, for the desk needs them to follow its
    /// case whenever it comes; what it says then is no second word.
    pub(super) fn unopened(&self, turn: &mut Turn, work: Unopened) -> Reply {
        let outcome = work.entries.iter().try_for_each(|entry| {
            let Some(seen) = turn.seen.get(entry).filter(|seen| seen.expires < turn.now) else { return Ok(()) };
            let (desk, why) = (seen.recipient.clone(), receipts::unopened(seen.expires));
            self.state_retrieval(turn, &desk, *entry, (ReceiptKind::NonRetrieval, Some(why), None))
        });
        let answer = work.answer;
        Box::new(move |durable| drop(answer.send(durable.map_err(Clone::clone).and(outcome))))
    }

    /// States that the desk to which an entry of the other side is addressed opened it, or could not. The word of another desk of the
    /// party that has a seat in the case stays with its own delivery.
    fn certify_retrieval(&self, turn: &mut Turn, desk: &AuthorityId, report: &Opened) -> Result<(), Denial> {
        let kind = if report.opened { ReceiptKind::Retrieval } else { ReceiptKind::NonRetrieval };
        self.state_retrieval(turn, desk, report.entry, (kind, None, report.authenticator))
    }

    /// States what became of an entry at the desk to which it is addressed, and lets the other gateway know.
    fn state_retrieval(
        &self,
        turn: &mut Turn,
        desk: &AuthorityId,
        entry: EntryId,
        (kind, refusal, authenticator): (ReceiptKind, Option<Refusal>, Option<Digest>),
    ) -> Result<(), Denial> {
        let Some(seen) = turn.seen.get(&entry).cloned() else { return Ok(()) };
        let channel = seen.sender.party();
        if channel == self.gateway.own() || seen.recipient != *desk {
            return Ok(());
        }
        // A desk speaks for what was laid ready for it, once: the first word stays, and another one beside it would convict us.
        if !turn.delivered.contains(&(desk.clone(), entry)) || is_retrieved(turn, entry) {
            return Ok(());
        }
        let answer = seen.answer.receipt().clone();
        // Not before it was laid ready, whatever our clock did since.
        let at = turn.now.max(answer.at);
        let stated = Receipt { kind, at, leaf: None, refusal, epoch: None, authenticator, ..answer };
        let stated = turn.sheaf.state(channel, stated);
        self.keep_receipt(turn, seen.home, channel, &stated)?;
        turn.retrieved.push((channel, stated));
        turn.batch.outbox.push(NewOutbox {
            channel: channel.into(),
            kind: RECEIPT,
            entry_id: entry.into(),
            expires: NEVER,
            attempts: 0,
            next_attempt: 0,
            trace: String::new(),
        });
        turn.ring.insert(channel);
        Ok(())
    }
}

/// Whether it is stated already that an entry was opened, or was not.
pub(super) fn is_retrieved(turn: &Turn, entry: EntryId) -> bool {
    RETRIEVALS.iter().any(|kind| turn.kept.contains(&(entry, *kind)))
}
