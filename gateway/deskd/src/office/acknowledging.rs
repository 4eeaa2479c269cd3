//! What this desk says of arrivals that are durable here. Each word waits in the outbox from the transaction that keeps its entry; the own
//! gateway gets in one call all that wait then, because each call costs it a signature and a commit.

use identity::Domain;
use model::{Denial, Digest, EntryId, Timestamp};
use prost::Message;
use proto::{
    convert::{Opening, opening_reports_message, receive_openings, send_openings, signature_to_wire},
    desk::AcknowledgeRequest,
};
use store::desk::{DeskOutboxRow, NewDeskOutbox};
use telemetry::say;
use tonic::Status;

use super::{
    Office,
    dispatch::ACKNOWLEDGE,
    internal,
    outbox::{Sent, is_transient},
};
use crate::uplink::is_away;

/// Acknowledgements in one call. A gateway of ours takes 1,024 reports.
const AT_ONCE: u64 = 256;

impl Office {
    /// That everything up to `cursor` is durable here, with this desk's word on the entry, where it has one: whether it was opened, and
    /// after a handshake the hash of the epoch authenticator.
    pub(super) fn acknowledgement(
        &self,
        cursor: u64,
        entry: EntryId,
        word: Option<(bool, Option<Digest>)>,
        now: Timestamp,
    ) -> NewDeskOutbox {
        let said: Vec<_> = word.into_iter().map(|(opened, authenticator)| (entry, opened, authenticator)).collect();
        NewDeskOutbox {
            entry_id: entry.into(),
            kind: ACKNOWLEDGE,
            envelope: self.signed_reports(cursor, &said).encode_to_vec().into(),
            attempts: 0,
            next_attempt: now.0,
        }
    }

    /// All that waits to be acknowledged, due or not, oldest first.
    pub(super) async fn unacknowledged(&self) -> Result<Vec<DeskOutboxRow>, Denial> {
        Ok(self.store.due(ACKNOWLEDGE..=ACKNOWLEDGE, i64::MAX, AT_ONCE).await?)
    }

    /// Acknowledges these in one call. Where the gateway refuses them together, each is said by itself, so that one that it does not take
    /// keeps no other back.
    pub(super) async fn acknowledge(&self, rows: &[DeskOutboxRow]) -> Result<Sent, Denial> {
        match self.said(rows).await? {
            Ok(()) => return self.conclude(rows).await,
            Err(status) if is_transient(&status) => return Ok(Sent::Later(is_away(&status))),
            Err(_) => {}
        }
        for row in rows.iter().map(std::slice::from_ref) {
            match self.said(row).await? {
                Ok(()) => {}
                Err(status) if is_transient(&status) => return Ok(Sent::Later(is_away(&status))),
                Err(_) => {
                    let entry = row.first().map(|row| row.entry_id.0);
                    say!(Warn, "the gateway refused an acknowledgement", entry = entry);
                }
            }
            self.conclude(row).await?;
        }
        Ok(Sent::Done)
    }

    async fn said(&self, rows: &[DeskOutboxRow]) -> Result<Result<(), Status>, Denial> {
        let read = |row: &DeskOutboxRow| AcknowledgeRequest::decode(row.envelope.0.as_slice()).map_err(internal);
        let mut requests = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let request = match requests.len() {
            // Signed already.
            1 => requests.remove(0),
            _ => {
                let (cursor, said) = merged(&requests)?;
                self.signed_reports(cursor, &said)
            }
        };
        Ok(self.uplink.acknowledge(request).await)
    }

    fn signed_reports(&self, cursor: u64, said: &[Opening]) -> AcknowledgeRequest {
        let signed = (!said.is_empty())
            .then(|| self.desk_key.signature(Domain::Acknowledgement, &opening_reports_message(said)));
        let signature = signed.as_ref().map(signature_to_wire);
        AcknowledgeRequest { cursor, reports: send_openings(said), signature }
    }
}

/// The newest place of the stream in some acknowledgements, and what they say together, in their order.
fn merged(requests: &[AcknowledgeRequest]) -> Result<(u64, Vec<Opening>), Denial> {
    let cursor = requests.iter().map(|request| request.cursor).max().unwrap_or_default();
    let reports: Vec<_> = requests.iter().flat_map(|request| request.reports.clone()).collect();
    Ok((cursor, receive_openings(&reports).map_err(internal)?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_said_together_is_every_word_in_its_order_up_to_the_newest_place() {
        let word = |n: u8, opened, hash: Option<Digest>| (EntryId::new([n; 16]), opened, hash);
        let hash = Some(Digest::of(&[b"epoch"]));
        let words = [vec![word(1, true, hash)], vec![], vec![word(2, false, None)]];
        let request = |(cursor, said): (u64, &Vec<Opening>)| AcknowledgeRequest {
            cursor,
            reports: send_openings(said),
            signature: None,
        };
        // What was parked is taken behind what came after it.
        let requests: Vec<_> = [9, 10, 4].into_iter().zip(&words).map(request).collect();
        assert_eq!(merged(&requests).unwrap(), (10, words.concat()));
    }
}
