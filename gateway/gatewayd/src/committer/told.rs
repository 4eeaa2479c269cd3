//! Refusals that are told to the other gateway: who tried to bring a reader into a case of both states, both have on their record.
//!
//! What is told is the SubmissionRejection as it was signed: who refused which entry of which case, by its digests, and why. Neither the handshake
//! nor the header goes along. What was refused before there was a case between the two stays in its own house: it does not concern the other one.

use model::limits::CLOCK_APART_MS_MAX;
use model::{Denial, Entry, EntryId, PartyId, Receipt, RefusalCode, Refuser, SignedReceipt, Step};
use store::gateway::{NewOutbox, NewRefusal};

use super::{Committer, admission::RECEIPT, retrieval::NEVER, stated::Stated, turn::Turn};

/// By what a reader is refused: who it is, and how it would come in.
const OF_READERS: [RefusalCode; 3] = [RefusalCode::R93, RefusalCode::R94, RefusalCode::R95];

impl Committer {
    /// Keeps our word that an own desk's entry is refused; and tells it to the other gateway where it is a change of the group of a case that
    /// both have. That counts as a refusal of ours in its hour, so that no desk fills the log of a channel.
    pub(super) fn keep_rejection(
        &self,
        turn: &mut Turn,
        peer: PartyId,
        entry: &Entry,
        denial: &Denial,
        stated: &Stated,
    ) -> Result<(), Denial> {
        let header = &entry.header;
        // Whatever was refused under the same id before: the other gateway was told of that or was not, by what it was.
        if !self.concerns_both(turn, entry, peer, denial) {
            turn.sheaf.keep(stated, None);
            return Ok(());
        }
        if turn.rejections.count(self.gateway.own(), turn.now).is_err() {
            turn.sheaf.keep(stated, None);
            return Ok(());
        }
        self.keep_receipt(turn, header.home, peer, stated)?;
        turn.batch.outbox.push(NewOutbox {
            channel: peer.into(),
            kind: RECEIPT,
            entry_id: header.entry.into(),
            expires: NEVER,
            attempts: 0,
            next_attempt: 0,
            trace: String::new(),
        });
        turn.ring.insert(peer);
        Ok(())
    }

    /// Whether a refusal is that of a reader in a case that both gateways have.
    fn concerns_both(&self, turn: &Turn, entry: &Entry, peer: PartyId, denial: &Denial) -> bool {
        let header = &entry.header;
        let Denial::Refused(refusal) = denial else { return false };
        let of_group = header.step.is_handshake() && header.step != Step::OpenGroup;
        let shared = self.case(turn, header.case).is_some_and(|hot| {
            let between = (hot.file.home, hot.file.counterpart()) == (header.home, peer);
            between && hot.follower.is_some()
        });
        of_group && shared && OF_READERS.contains(&refusal.code)
    }

    /// The other gateway refused a change of the group of a case that both have, to a desk of its own. Says whether it is done with.
    pub(super) fn take_rejection(
        &self,
        turn: &mut Turn,
        from: PartyId,
        signed: &SignedReceipt,
    ) -> Result<bool, Denial> {
        let receipt = &signed.receipt;
        // Under one id a desk may bring one reader after the other: each refusal is another one.
        if turn.told.contains(&(receipt.entry, receipt.envelope)) {
            return Ok(true);
        }
        let Some(code) = self.told_by_right(turn, from, receipt) else {
            telemetry::say!(
                Warn,
                "a refusal of the peer concerns no case of ours",
                party = from,
                entry = receipt.entry
            );
            return Ok(true);
        };
        if turn.seen.get(&receipt.entry).is_some_and(|seen| seen.envelope == receipt.envelope) {
            telemetry::say!(Warn, "an entry is refused that was brought before", party = from, entry = receipt.entry);
            turn.doubted.push(signed.clone());
            return Ok(true);
        }
        if receipt.at > turn.now.plus_ms(CLOCK_APART_MS_MAX) || turn.rejections.count(from, turn.now).is_err() {
            return Ok(false);
        }
        let Some(home) = self.case(turn, receipt.case).map(|hot| hot.file.home) else { return Ok(true) };
        self.keep_receipt(turn, home, from, &Stated::from(signed.clone()))?;
        turn.told.insert((receipt.entry, receipt.envelope));
        self.note_told(turn, from, receipt.entry, code.as_str(), Refuser::OwnGateway);
        Ok(true)
    }

    /// By which code, where a receipt says no more than that a reader was refused in a case between the two.
    fn told_by_right(&self, turn: &Turn, from: PartyId, receipt: &Receipt) -> Option<RefusalCode> {
        let code = receipt.refusal.as_ref()?.code;
        let bare = receipt.epoch.is_none() && receipt.leaf.is_none() && receipt.authenticator.is_none();
        let ours = self.case(turn, receipt.case).is_some_and(|hot| hot.file.counterpart() == from);
        (bare && ours && OF_READERS.contains(&code)).then_some(code)
    }

    /// Notes for the operator what the other gateway refused: of ours, or of its own.
    pub(super) fn note_told(&self, turn: &mut Turn, from: PartyId, entry: EntryId, code: &str, by: Refuser) {
        turn.batch.refusals.push(NewRefusal {
            at: turn.now.0,
            channel: from.to_string(),
            code: code.to_owned(),
            entry_id: Some(entry.into()),
            step: None,
            by: by.into(),
        });
    }
}
