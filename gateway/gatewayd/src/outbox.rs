//! The sender of one channel: takes what is due, calls the other gateway once for all of it, hands the answers to the committer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ledger::{Cosignature, LEAVES_PER_BATCH_MAX, LedgerKey, SignedCheckpoint, WitnessName};
use link::{Backoff, Channel};
use model::{CaseId, Denial, EntryId, EnvelopeDigest, Fault, PartyId, ReceiptKind, SignedReceipt, Verdict, limits};
use proto::{
    peer::{
        LedgerGrowth, LedgerLeaf, RelayItem, RelayRequest, RelayResponse, peer_service_client::PeerServiceClient,
        relay_verdict,
    },
    types as wire,
};
use store::gateway::{EntryRow, OutboxRow};
use tokio::sync::oneshot;

use crate::{
    clock,
    committer::{Answered, Conclude, ENTRY, Outcome, RETRIEVALS, Work, origin},
    gateway::Gateway,
    receipts,
    trust::in_a_line,
};

/// The longest wait without a bell; a bell that was missed is found after it.
const IDLE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How long an entry rests that the other gateway asked to try again: doubled with each attempt up to the longest pause.
const FIRST_REST_MS: i64 = 5;
/// Receipts in one call.
const RECEIPTS_MAX: usize = limits::RELAY_BATCH_ENTRIES_MAX;

/// Sends what is due to one other gateway, for as long as the program runs.
pub(crate) struct Sender {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) peer: PartyId,
    pub(crate) channel: Channel,
    /// How many leaves of our log the other gateway has said it holds.
    held: Option<u64>,
    backoff: Backoff,
}

/// What goes in one call.
#[derive(Default)]
struct Call {
    request: RelayRequest,
    /// The entries in the request.
    entries: BTreeMap<EntryId, Sent>,
    /// How often each row was tried.
    attempts: BTreeMap<i64, i32>,
    /// Rows of receipts, and whose.
    receipts: Vec<(i64, EntryId)>,
    /// Rows whose entries were answered before.
    stale: Vec<i64>,
}

/// An entry that goes in a call: its outbox row, its case, what the verdict on it must name, and its trace.
struct Sent {
    outbox: i64,
    case: CaseId,
    envelope: EnvelopeDigest,
    trace: String,
}

impl Call {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.receipts.is_empty() && self.request.growth.is_none()
    }
}

impl Sender {
    pub(crate) fn new(gateway: Arc<Gateway>, peer: PartyId, channel: Channel, seed: u64) -> Self {
        Self { gateway, peer, channel, held: None, backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, seed) }
    }

    /// Runs until it is aborted.
    pub(crate) async fn run(mut self) {
        let bell = self.gateway.bells.channel(self.peer);
        loop {
            let open = self.gateway.trust.snapshot().require_open(self.peer).is_ok();
            let sent = if open { self.send_once().await } else { Ok(false) };
            match sent {
                Ok(true) => self.backoff.reset(),
                Ok(false) => {
                    self.backoff.reset();
                    let _ = tokio::time::timeout(self.idle().await, bell.notified()).await;
                }
                Err(denial) => {
                    let pause = self.backoff.pause();
                    self.gateway.trust.note_trouble(self.peer, Some(denial.to_string()));
                    telemetry::say!(Warn, "the peer gateway was not reached", party = self.peer, pause = pause);
                    // A greeting of the other gateway rings: it is there again.
                    let _ = tokio::time::timeout(pause, bell.notified()).await;
                }
            }
        }
    }

    /// How long nothing is due.
    async fn idle(&self) -> Duration {
        let due = self.gateway.store.next_due().await.unwrap_or_default();
        let next = due.into_iter().find(|(party, _)| *party == self.peer).map(|(_, at)| at);
        let wait = next.map(|at| at.saturating_sub(clock::now().0)).and_then(|ms| u64::try_from(ms).ok());
        wait.map_or(IDLE, |ms| Duration::from_millis(ms.max(2)).min(IDLE))
    }

    /// One call. Says whether there was anything to send.
    async fn send_once(&mut self) -> Result<bool, Denial> {
        let call = self.gather().await?;
        if !call.stale.is_empty() {
            self.conclude(Vec::new(), call.stale.clone(), None).await?;
        }
        if call.is_empty() {
            return Ok(!call.stale.is_empty());
        }
        let mut client = PeerServiceClient::new(self.channel.clone())
            .max_decoding_message_size(2 * limits::RELAY_BATCH_BYTES_MAX)
            .max_encoding_message_size(2 * limits::RELAY_BATCH_BYTES_MAX);
        let head = call.request.growth.as_ref().map(|growth| growth.checkpoint.clone());
        let response = client.relay(call.request.clone()).await.map_err(|status| proto::status::to_denial(&status))?;
        self.gateway.trust.note_trouble(self.peer, None);
        self.take(&call, head, response.into_inner()).await
    }

    async fn take(&mut self, call: &Call, head: Option<String>, response: RelayResponse) -> Result<bool, Denial> {
        let grew = self.held < Some(response.leaves_held);
        self.held = Some(response.leaves_held);
        let cosigned = match &head {
            Some(head) if !response.cosignature.is_empty() => {
                Some(self.verify_cosignature(head, &response.cosignature)?)
            }
            _ => None,
        };
        let mut answers = Vec::new();
        let mut again: Vec<(i64, String)> = Vec::new();
        for verdict in response.verdicts {
            let entry = EntryId::try_from(&*verdict.entry_id).map_err(|error| peer_error(error.to_string()))?;
            let Some(sent) = call.entries.get(&entry) else {
                return Err(peer_error("the peer answers for an entry that was not sent"));
            };
            match verdict.outcome {
                Some(relay_verdict::Outcome::Receipt(signed)) => {
                    match self.verify_verdict(&signed, verdict.delivery.as_ref(), entry, sent.envelope) {
                        Ok(outcome) => {
                            let trace = sent.trace.clone();
                            answers.push(Answered { outbox: sent.outbox, entry, case: sent.case, outcome, trace });
                        }
                        Err(denial) => {
                            telemetry::say!(
                                Error,
                                "a verdict of the peer does not verify",
                                party = self.peer,
                                entry = entry
                            );
                            again.push((sent.outbox, format!("its verdict does not verify: {denial}")));
                        }
                    }
                }
                Some(relay_verdict::Outcome::TryAgain(said)) => {
                    let why = format!("{} asks to try again: {} {}", self.peer, said.reason, said.detail);
                    again.push((sent.outbox, why));
                }
                None => again.push((sent.outbox, format!("{} answers without an answer", self.peer))),
            }
        }
        let answered = answers.len() as u64;
        let later = |entry: &EntryId| response.receipts_later.iter().any(|id| **id == entry.as_bytes()[..]);
        let (waiting, done): (Vec<_>, Vec<_>) = call.receipts.iter().partition(|(_, entry)| later(entry));
        again.extend(waiting.iter().map(|(row, _)| (*row, format!("{} has not stated the delivery yet", self.peer))));
        self.conclude(answers, done.iter().map(|(row, _)| *row).collect(), cosigned).await?;
        self.gateway.metrics.relayed(self.peer, answered);
        self.rest(call, &again).await?;
        // Whoever answers nothing and takes nothing is waited for, not asked again at once.
        if answered > 0 || grew || !done.is_empty() {
            return Ok(true);
        }
        if again.is_empty() { Err(peer_error("it answers without an answer")) } else { Ok(false) }
    }

    /// Lets entries rest that the other gateway cannot decide on now, each for itself, so that the others go on. Why stays with the
    /// entry until it moves: the next good call for another one does not wipe it.
    async fn rest(&self, call: &Call, again: &[(i64, String)]) -> Result<(), Denial> {
        let now = clock::now();
        for (outbox, why) in again {
            let attempts = call.attempts.get(outbox).copied().unwrap_or_default();
            let rest = FIRST_REST_MS.saturating_mul(1 << attempts.clamp(0, 11));
            self.gateway.store.retry_later(&[*outbox], now.plus_ms(rest).0, &in_a_line(why)).await?;
        }
        Ok(())
    }

    /// A final verdict: by the peer, on this very entry; with an acceptance also what became of it there.
    fn verify_verdict(
        &self,
        verdict: &wire::SignedReceipt,
        delivery: Option<&wire::SignedReceipt>,
        entry: EntryId,
        envelope: EnvelopeDigest,
    ) -> Result<Outcome, Denial> {
        use ReceiptKind::{Delivery, NonDelivery, RelayAcceptance, RelayRejection};
        let verdict = self.verify_receipt(verdict, &[RelayAcceptance, RelayRejection], entry, envelope)?;
        let verify = |one| self.verify_receipt(one, &[Delivery, NonDelivery], entry, envelope).map(Box::new);
        let delivery = delivery.map(verify).transpose()?;
        if (verdict.receipt.kind == RelayAcceptance) != delivery.is_some() {
            return Err(peer_error("a Delivery or NonDelivery goes with an acceptance, and with nothing else"));
        }
        Ok(Outcome::Answer { verdict: Box::new(verdict), delivery })
    }

    fn verify_receipt(
        &self,
        signed: &wire::SignedReceipt,
        kinds: &[ReceiptKind],
        entry: EntryId,
        envelope: EnvelopeDigest,
    ) -> Result<SignedReceipt, Denial> {
        let signed = proto::decode_receipt(signed)?;
        self.gateway.trust.snapshot().store.verify_receipt_among(&signed, &mut self.gateway.proven.lock())?;
        let receipt = &signed.receipt;
        let same = receipt.entry == entry && receipt.envelope == envelope;
        if receipt.by == self.peer && kinds.contains(&receipt.kind) && same {
            Ok(signed)
        } else {
            Err(peer_error(
                "the peer's receipt is not on the entry that was sent, or of another kind than it should be",
            ))
        }
    }

    fn verify_cosignature(&self, head: &str, line: &str) -> Result<(u64, Vec<u8>, Vec<u8>), Denial> {
        let own = self.gateway.own();
        let snapshot = self.gateway.trust.snapshot();
        let key = |party| {
            let key = snapshot.store.ledger_key(party);
            key.map(|key| LedgerKey::new(*key.as_bytes())).ok_or_else(|| peer_error("no directory of the peer"))
        };
        let origin = origin(own, self.peer)?;
        let head = SignedCheckpoint::verify(head.as_bytes(), origin, &key(own)?)?;
        let cosignature =
            Cosignature::verify(line.as_bytes(), head.checkpoint(), WitnessName(self.peer), &key(self.peer)?)?;
        Ok((head.checkpoint().size, head.note().to_vec(), head.with(&cosignature)))
    }

    async fn conclude(
        &self,
        answers: Vec<Answered>,
        done: Vec<i64>,
        cosigned: Option<(u64, Vec<u8>, Vec<u8>)>,
    ) -> Result<(), Denial> {
        let (answer, concluded) = oneshot::channel();
        let work = Work::Conclude(Conclude { channel: self.peer, answers, done, cosigned, answer });
        let gone = || Denial::failed(Fault::Internal, "the committer is gone");
        self.gateway.work.send(work).await.map_err(|_| gone())?;
        concluded.await.map_err(|_| gone())?
    }

    /// What is due: entries and receipts of the outbox, and new leaves of our log.
    async fn gather(&mut self) -> Result<Call, Denial> {
        let now = clock::now();
        let due = self.gateway.store.due(self.peer, now.0, limits::RELAY_BATCH_ENTRIES_MAX as u64).await?;
        let mut call = Call::default();
        let (entries, receipts): (Vec<OutboxRow>, Vec<OutboxRow>) = due.into_iter().partition(|row| row.kind == ENTRY);
        self.gateway.metrics.queued(self.peer, entries.len() as u64);
        self.add_entries(&mut call, &entries).await?;
        let receipts = receipts.get(..RECEIPTS_MAX).unwrap_or(&receipts);
        let of: Vec<_> = receipts.iter().map(|row| *row.entry_id).collect();
        for kept in self.gateway.store.receipts_by_kind(&of, &RETRIEVALS).await? {
            call.request.receipts.push(receipts::from_bytes(&kept.bytes.0)?);
        }
        call.receipts = receipts.iter().map(|row| (row.id, *row.entry_id)).collect();
        call.attempts.extend(receipts.iter().map(|row| (row.id, row.attempts)));
        call.request.growth = self.growth().await?;
        let own = self.gateway.own();
        call.request.directory_version =
            self.gateway.trust.snapshot().store.directory(own).map_or(0, |directory| directory.version);
        Ok(call)
    }

    async fn add_entries(&self, call: &mut Call, due: &[OutboxRow]) -> Result<(), Denial> {
        let ids: Vec<_> = due.iter().map(|row| *row.entry_id).collect();
        let mut kept: BTreeMap<EntryId, EntryRow> =
            self.gateway.store.entries(&ids).await?.into_iter().map(|row| (*row.id, row)).collect();
        let lapsed: Vec<_> = kept.values().filter(|row| *row.verdict == Verdict::Lapsed).map(|row| *row.id).collect();
        let mut failures: BTreeMap<EntryId, _> = BTreeMap::new();
        for row in self.gateway.store.receipts_by_kind(&lapsed, &[ReceiptKind::RelayFailure]).await? {
            failures.insert(*row.entry_id, receipts::from_bytes(&row.bytes.0)?);
        }
        let mut bytes = 0;
        for row in due {
            let Some(entry) = kept.remove(&*row.entry_id) else {
                call.stale.push(row.id);
                continue;
            };
            if !matches!(*entry.verdict, Verdict::Pending | Verdict::Lapsed) {
                call.stale.push(row.id);
                continue;
            }
            bytes += entry.wire.0.len();
            if bytes > limits::RELAY_BATCH_BYTES_MAX && !call.entries.is_empty() {
                break;
            }
            let trace = row.trace.clone();
            let sent = Sent { outbox: row.id, case: *entry.case_id, envelope: *entry.envelope, trace };
            call.entries.insert(*entry.id, sent);
            call.attempts.insert(row.id, row.attempts);
            call.request.items.push(RelayItem {
                entry: Some(proto::convert::entry_from_bytes(entry.wire.0)?),
                submission: Some(receipts::from_bytes(&entry.receipt.0)?),
                traceparent: row.trace.clone(),
                failure: failures.remove(&*entry.id),
            });
        }
        Ok(())
    }

    /// The leaves that the other gateway does not hold, and a head over exactly those.
    async fn growth(&mut self) -> Result<Option<LedgerGrowth>, Denial> {
        let store = &self.gateway.store;
        let origin = origin(self.gateway.own(), self.peer)?.to_string();
        let held = match self.held {
            Some(held) => held,
            None => {
                let cosigned = store.cosigned_checkpoint(&origin).await?;
                cosigned.and_then(|row| u64::try_from(row.size).ok()).unwrap_or_default()
            }
        };
        let first = i64::try_from(held).map_err(|_| peer_error("the peer holds more leaves than a log can have"))?;
        let newest = store.checkpoint(&origin).await?;
        if newest.as_ref().map_or(0, |row| row.size) < first {
            return Err(peer_error("it holds more leaves of our log than we wrote"));
        }
        let Some(newest) = newest.filter(|row| row.size > first) else { return Ok(None) };
        let limit = LEAVES_PER_BATCH_MAX as i64;
        let head = if newest.size - first <= limit {
            newest
        } else {
            let Some(head) = store.checkpoint_over(&origin, first).await? else { return Ok(None) };
            head
        };
        let count = u64::try_from(head.size - first).unwrap_or_default();
        let leaves = store.leaves(&origin, first, count).await?;
        let leaves = leaves
            .into_iter()
            .map(|leaf| LedgerLeaf {
                hash: leaf.hash.as_bytes().to_vec().into(),
                salt: leaf.salt.map(|salt| salt.as_bytes().to_vec()).unwrap_or_default().into(),
                statement: leaf.statement.0.into(),
            })
            .collect();
        let checkpoint = String::from_utf8(head.note.0).map_err(|_| peer_error("a kept checkpoint is not a text"))?;
        Ok(Some(LedgerGrowth { first_leaf: held, leaves, checkpoint }))
    }
}

fn peer_error(detail: impl Into<String>) -> Denial {
    Denial::failed(Fault::PeerUnreachable, detail)
}

/// Expired rows read at once. Those that were given up stay and are asked on, so the page is wide.
const EXPIRED_MAX: u64 = 20_000;

/// Gives up entries whose time is over; the other gateway's late word still counts.
pub(crate) async fn watch_expiry(gateway: Arc<Gateway>) {
    const EVERY: Duration = Duration::from_secs(15);
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(denial) = lapse_expired(&gateway).await {
            telemetry::say!(Warn, "expired entries were not given up", reason = telemetry_word(&denial));
        }
    }
}

async fn lapse_expired(gateway: &Gateway) -> Result<(), Denial> {
    let expired = gateway.store.expired(clock::now().0, EXPIRED_MAX).await?;
    let entries: Vec<_> = expired.into_iter().filter(|row| row.kind == ENTRY).collect();
    let ids: Vec<_> = entries.iter().map(|row| *row.entry_id).collect();
    let kept: BTreeMap<_, _> = gateway.store.entries(&ids).await?.into_iter().map(|row| (*row.id, row)).collect();
    let mut by_channel: BTreeMap<PartyId, Vec<Answered>> = BTreeMap::new();
    for row in entries {
        if let Some(entry) = kept.get(&*row.entry_id).filter(|entry| *entry.verdict == Verdict::Pending) {
            let answered = Answered {
                outbox: row.id,
                entry: *row.entry_id,
                case: *entry.case_id,
                outcome: Outcome::Lapsed,
                trace: row.trace,
            };
            by_channel.entry(*row.channel).or_default().push(answered);
        }
    }
    for (channel, answers) in by_channel {
        let (answer, concluded) = oneshot::channel();
        let work = Work::Conclude(Conclude { channel, answers, done: Vec::new(), cosigned: None, answer });
        let gone = || Denial::failed(Fault::Internal, "the committer is gone");
        gateway.work.send(work).await.map_err(|_| gone())?;
        if concluded.await.map_err(|_| gone())?.is_err() {
            telemetry::say!(Warn, "entries of a channel could not be given up", party = channel);
        }
    }
    Ok(())
}

fn telemetry_word(denial: &Denial) -> Fault {
    match denial {
        Denial::Failed { fault, .. } => *fault,
        Denial::Refused(_) => Fault::Internal,
    }
}
