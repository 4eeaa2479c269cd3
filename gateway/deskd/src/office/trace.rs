//! What the own gateway holds of what happened to a case's entries, asked when somebody looks: the receipts that it gave on entries that
//! came, and why an entry waits that was sent. Nothing of it is kept, so that it is never older than the look.

use std::{sync::PoisonError, time::Duration};

use bytes::Bytes;
use model::{Denial, EntryId, Fault, ReceiptKind, Step, Timestamp, Verdict};
use proto::desk as wire;
use tokio::time::timeout;

use super::{
    Office,
    binding::OurEntry,
    prepare::digest_of,
    shown::{receipts, verdict_name},
    view::{CaseView, ReceiptNote},
};

/// How long a look waits for the own gateway.
const TRACE_MAX: Duration = Duration::from_secs(3);
/// Entries of a case that are traced, the newest; and how many in one call.
const ENTRIES_MAX: usize = 1024;
const AT_ONCE: usize = 256;
/// The last stage of an entry's life.
const RETRIEVED: u8 = 3;

impl Office {
    /// Adds to the timeline what the own gateway holds: receipts of which this desk was told nothing, and why an entry waits. Fails where
    /// the gateway is away; what stands in the timeline then is what this desk knows by itself.
    pub(super) async fn trace(&self, view: &CaseView, timeline: &mut [wire::TimelineEvent]) -> Result<(), Denial> {
        let mut ids: Vec<EntryId> = timeline.iter().filter(|one| is_unfinished(one)).filter_map(id_of).collect();
        ids.drain(..ids.len().saturating_sub(ENTRIES_MAX));
        let away = |detail: &str| Denial::failed(Fault::PeerUnreachable, format!("the own gateway is away: {detail}"));
        let asking = async {
            let mut traces = Vec::new();
            for chunk in ids.chunks(AT_ONCE) {
                traces.extend(self.uplink.trace(chunk).await.map_err(|status| away(status.message()))?.traces);
            }
            Ok::<_, Denial>(traces)
        };
        let traces = timeout(TRACE_MAX, asking).await.map_err(|_| away("it did not answer within 3 s"))??;
        for trace in traces {
            let Some(event) = timeline.iter_mut().find(|one| one.entry_id == trace.entry_id) else { continue };
            if trace.waiting && event.verdict == "pending" {
                event.waits =
                    if trace.why.is_empty() { "the other gateway has not answered".into() } else { trace.why };
            }
            self.add_receipts(view, event, &trace.receipts).await?;
        }
        Ok(())
    }

    /// Adds receipts whose proofs hold, and that are on this very entry.
    async fn add_receipts(
        &self,
        view: &CaseView,
        event: &mut wire::TimelineEvent,
        receipts: &[proto::types::SignedReceipt],
    ) -> Result<(), Denial> {
        let Some(row) = id_of(event).map(|id| self.store.entry(id)) else { return Ok(()) };
        let Some(row) = row.await? else { return Ok(()) };
        let entry = OurEntry {
            entry: row.id.0,
            case: row.case_id.0,
            header: digest_of(&row.header.0),
            envelope: row.envelope.0,
        };
        let sender = proto::decode_header(&Bytes::from(row.header.0.clone()))?.sender.party();
        let other = if sender == view.home { view.peer } else { view.home };
        let mut notes = view.receipts.get(&row.id.0).cloned().unwrap_or_default();
        for receipt in receipts {
            let Ok(signed) = self.proven(receipt) else { continue };
            let note = ReceiptNote::of(&signed.receipt);
            if entry.bears(&signed.receipt, sender, other) && !notes.contains(&note) {
                let at = notes.partition_point(|one| one.kind.stage() <= note.kind.stage());
                notes.insert(at, note);
            }
        }
        event.receipts = notes.iter().map(ReceiptNote::shown).collect();
        Ok(())
    }

    /// Notes why an entry rests before it is handed to the own gateway again.
    pub(super) fn rests(&self, entry: EntryId, denial: &Denial) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() > 1000 {
            resting.clear();
        }
        resting.insert(entry, denial.to_string());
    }

    fn resting(&self, entry: EntryId) -> Option<String> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).get(&entry).cloned()
    }

    /// Why an entry of ours waits that the own gateway does not have yet, as far as this desk knows.
    pub(super) fn waits_here(&self, view: &CaseView, timeline: &mut [wire::TimelineEvent]) {
        let Some(pending) = view.pending.as_ref().filter(|one| !one.submitted) else { return };
        let Some(event) = timeline.iter_mut().find(|one| one.entry_id == pending.entry.as_bytes()[..]) else { return };
        let health = self.uplink.health();
        event.waits = match self.resting(pending.entry) {
            _ if !health.reachable => format!("the own gateway is away: {}", health.detail),
            Some(why) => format!("the own gateway does not take it yet: {why}"),
            None => "the own gateway has not answered".to_owned(),
        };
    }
}

/// Entries of ours that are not in the database: not answered by the own gateway yet, or refused by it.
pub(super) fn on_the_way(view: &CaseView, timeline: &mut Vec<wire::TimelineEvent>) {
    let mut add = |entry: EntryId, step: Step, at: Timestamp, verdict: Verdict, ground: String, text: String| {
        let id = entry.as_bytes().as_slice();
        if let Some(there) = timeline.iter_mut().find(|one| one.entry_id == id) {
            if !text.is_empty() {
                there.text = text;
            }
            return;
        }
        timeline.push(wire::TimelineEvent {
            entry_id: id.to_vec().into(),
            step: step.as_str().to_owned(),
            sender: view.own.to_string(),
            at_ms: at.0,
            verdict: verdict_name(verdict).to_owned(),
            ground,
            text,
            receipts: receipts(view, entry),
            ..wire::TimelineEvent::default()
        });
    };
    for one in &view.refused {
        let ground = one.ground.map(|ground| ground.to_string()).unwrap_or_default();
        add(one.entry, one.step, one.at, one.verdict, ground, one.reason.clone());
    }
    if let Some(one) = &view.pending {
        add(one.entry, one.step, one.created, Verdict::Pending, String::new(), String::new());
    }
    if let Some((entry, at)) = view.withdrawing.as_ref().and_then(|one| Some((one.entry?, one.at))) {
        let text = "It follows the request as soon as that has arrived.".to_owned();
        add(entry, Step::Withdraw, at, Verdict::Pending, String::new(), text);
    }
}

fn id_of(event: &wire::TimelineEvent) -> Option<EntryId> {
    EntryId::try_from(&*event.entry_id).ok()
}

/// Whether something may have been stated of it that is not in the timeline.
fn is_unfinished(event: &wire::TimelineEvent) -> bool {
    let kind = |name: &str| ReceiptKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    let kinds = || event.receipts.iter().filter_map(|receipt| kind(&receipt.kind)).map(ReceiptKind::stage);
    !(0..=RETRIEVED).all(|stage| kinds().any(|one| one == stage)) && !matches!(&*event.verdict, "rejected" | "lapsed")
}
