//! The sender of one channel: takes what is due, calls the other gateway once for all of it (`leaves` says which leaves of our log go
//! along), and hands the answers to the committer (`answers`). What it says twice must be one thing (`heard`).

mod answers;
mod heard;
mod leaves;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use link::{Backoff, Channel};
use model::{
    CaseId, Denial, EntryId, EnvelopeDigest, Fault, HeaderDigest, PartyId, ReceiptKind, Timestamp, Verdict, limits,
};
use proto::peer::{RelayItem, RelayRequest, peer_service_client::PeerServiceClient};
use store::gateway::{EntryRow, OutboxRow};
use tokio::sync::oneshot;

use crate::{
    clock,
    committer::{Answered, Conclude, ENTRY, Outcome, TOLD, Watch, Work, origin, overdue},
    gateway::Gateway,
    receipts,
    unopened::Looked,
};
use answers::Found;
use heard::Heard;
use leaves::{Cosigned, Shown};

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
    /// What the other gateway has of our log.
    shown: Shown,
    /// What it said of our entries that does not count yet.
    heard: Heard,
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

/// An entry that goes in a call, and what the verdict on it must name.
struct Sent {
    outbox: i64,
    case: CaseId,
    header: HeaderDigest,
    envelope: EnvelopeDigest,
    /// When we took it from its desk.
    taken: Timestamp,
    /// Its leaf in our log, where we are the home of its case.
    leaf: Option<u64>,
    trace: String,
}

impl Call {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.receipts.is_empty() && self.request.growth.is_none()
    }
}

impl Sender {
    pub(crate) fn new(gateway: Arc<Gateway>, peer: PartyId, channel: Channel, seed: u64) -> Self {
        Self {
            gateway,
            peer,
            channel,
            shown: Shown::default(),
            heard: Heard::default(),
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, seed),
        }
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
                    self.shown.doubt();
                    let pause = self.backoff.pause();
                    self.gateway.trust.note_trouble(self.peer, Some(denial.to_string()));
                    self.gateway.trust.note_reached(self.peer, false);
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
            self.conclude(Found::default(), call.stale.clone(), None).await?;
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
        self.gateway.trust.note_reached(self.peer, true);
        self.take(&call, head.as_deref(), response.into_inner()).await
    }

    async fn conclude(&self, found: Found, done: Vec<i64>, cosigned: Option<Cosigned>) -> Result<(), Denial> {
        let (answer, concluded) = oneshot::channel();
        let Found { answers, evidence, .. } = found;
        let cosigned = cosigned.map(|head| (head.size, head.note, head.cosigned));
        let work = Work::Conclude(Conclude { channel: self.peer, answers, done, cosigned, evidence, answer });
        let gone = || Denial::failed(Fault::Internal, "the committer is gone");
        self.gateway.work.send(work).await.map_err(|_| gone())?;
        concluded.await.map_err(|_| gone())?
    }

    /// What is due: entries and receipts of the outbox, and new leaves of our log.
    async fn gather(&mut self) -> Result<Call, Denial> {
        if let Some(growth) = self.challenge().await? {
            let request = RelayRequest { growth: Some(growth), ..self.greeting() };
            return Ok(Call { request, ..Call::default() });
        }
        let now = clock::now();
        let due = self.gateway.store.due(self.peer, now.0, limits::RELAY_BATCH_ENTRIES_MAX as u64).await?;
        let mut call = Call { request: self.greeting(), ..Call::default() };
        let (entries, receipts): (Vec<OutboxRow>, Vec<OutboxRow>) = due.into_iter().partition(|row| row.kind == ENTRY);
        self.gateway.metrics.queued(self.peer, entries.len() as u64);
        self.add_entries(&mut call, &entries).await?;
        let receipts = receipts.get(..RECEIPTS_MAX).unwrap_or(&receipts);
        let of: Vec<_> = receipts.iter().map(|row| *row.entry_id).collect();
        let (told, of) = self.gateway.fresh.retrievals(self.peer, &of);
        call.request.receipts.extend(told);
        // What was refused under the same id before is nobody else's business, or was told: the newest is what is to be told now.
        let mut refused = BTreeMap::new();
        for kept in self.gateway.store.receipts_by_kind(&of, &TOLD).await? {
            let signed = receipts::from_bytes(&kept.bytes.0)?;
            let by = proto::decode_receipt(&signed)?.receipt.by;
            // Under the same id there may be one of the other gateway.
            match *kept.kind {
                _ if by != self.gateway.own() => {}
                ReceiptKind::SubmissionRejection => drop(refused.insert(*kept.entry_id, signed)),
                _ => call.request.receipts.push(signed),
            }
        }
        call.request.receipts.extend(refused.into_values());
        call.receipts = receipts.iter().map(|row| (row.id, *row.entry_id)).collect();
        call.attempts.extend(receipts.iter().map(|row| (row.id, row.attempts)));
        let least = call.entries.values().filter_map(|sent| sent.leaf).max().map_or(0, |leaf| leaf + 1);
        call.request.growth = self.growth(least).await?;
        Ok(call)
    }

    /// What each call says.
    fn greeting(&self) -> RelayRequest {
        let own = self.gateway.own();
        let version = self.gateway.trust.snapshot().store.directory(own).map_or(0, |directory| directory.version);
        RelayRequest { directory_version: version, ..RelayRequest::default() }
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
            let submission = receipts::from_bytes(&entry.receipt.0)?;
            let taken = proto::decode_receipt(&submission)?.receipt;
            let sent = Sent {
                outbox: row.id,
                case: *entry.case_id,
                header: taken.header,
                envelope: *entry.envelope,
                taken: taken.at,
                leaf: taken.leaf,
                trace: row.trace.clone(),
            };
            call.entries.insert(*entry.id, sent);
            call.attempts.insert(row.id, row.attempts);
            call.request.items.push(RelayItem {
                entry: Some(proto::convert::entry_from_bytes(entry.wire.0)?),
                submission: Some(submission),
                traceparent: row.trace.clone(),
                failure: failures.remove(&*entry.id),
            });
        }
        Ok(())
    }
}

fn peer_error(detail: impl Into<String>) -> Denial {
    Denial::failed(Fault::PeerUnreachable, detail)
}

/// Expired rows read at once. Those that were given up stay and are asked on, so the page is wide.
const EXPIRED_MAX: u64 = 20_000;

/// Gives up entries whose time is over; the other gateway's late word still counts. Of theirs it is stated that no desk opened them.
pub(crate) async fn watch_expiry(gateway: Arc<Gateway>) {
    const EVERY: Duration = Duration::from_secs(15);
    let mut looked = Looked::default();
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(denial) = looked.on(&gateway).await {
            telemetry::say!(Warn, "what no desk opened in time was not stated", reason = telemetry_word(&denial));
        }
        if let Err(denial) = lapse_expired(&gateway).await {
            telemetry::say!(Warn, "expired entries were not given up", reason = telemetry_word(&denial));
        }
        if let Err(denial) = watch_logs(&gateway).await {
            telemetry::say!(Warn, "nobody knows what is missing in others' logs", reason = telemetry_word(&denial));
        }
    }
}

/// Looks for what homes keep out of their logs, also of those that say nothing any more.
async fn watch_logs(gateway: &Gateway) -> Result<(), Denial> {
    let gone = || Denial::failed(Fault::Internal, "the committer is gone");
    let trust = gateway.trust.snapshot();
    for home in trust.channels.keys().copied().filter(|home| trust.require_open(*home).is_ok()) {
        let (answer, watched) = oneshot::channel();
        gateway.work.send(Work::Watch(Watch { home, answer })).await.map_err(|_| gone())?;
        let since = watched.await.map_err(|_| gone())??;
        let log = origin(home, gateway.own())?;
        let what = since.map(|since| overdue(since, log));
        if what.is_some() {
            telemetry::say!(Error, "the peer keeps out of its ledger what is to be there", party = home);
        }
        gateway.trust.note_overdue(home, what.as_deref());
        gateway.metrics.overdue(home, since.map_or(0, |since| clock::now().0.saturating_sub(since.0)));
    }
    Ok(())
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
        let (done, evidence) = (Vec::new(), Vec::new());
        let work = Work::Conclude(Conclude { channel, answers, done, cosigned: None, evidence, answer });
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
