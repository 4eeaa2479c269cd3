//! `desk receipts`: for each entry of a case, what was stated of it, by whom and when.

use model::{ReceiptKind, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};

use super::{Answer, session::Session, show};
use crate::{failure::Failure, summary::line as plain};

/// The stages of an entry's life, by [`ReceiptKind::stage`].
const STAGES: [&str; 4] = ["submission", "relay", "delivery", "retrieval"];

/// `desk receipts`.
pub(super) async fn list(session: &Session, case: &str) -> Result<Answer, Failure> {
    let shown = session.traced(case).await?;
    let case = shown.summary.as_ref().map(|summary| summary.case_id.clone()).unwrap_or_default();
    let text: Vec<_> = shown.timeline.iter().flat_map(|event| lines(event, &shown)).collect();
    let text = if text.is_empty() { "nothing was sent or came in this case".to_owned() } else { text.join("\n") };
    let entries: Vec<_> = shown.timeline.iter().map(value).collect();
    let value = json!({ "case": case, "entries": entries, "untraced": shown.untraced });
    Ok(Answer::new(value, text))
}

fn lines(event: &wire::TimelineEvent, shown: &wire::GetCaseResponse) -> Vec<String> {
    let mut lines =
        vec![format!("{}  {} by {}: {}", show::id(&event.entry_id), event.step, event.sender, event.verdict)];
    for receipt in &event.receipts {
        let leaf = receipt.leaf.map_or_else(String::new, |leaf| format!("  leaf {leaf}"));
        let reason =
            if receipt.reason.is_empty() { String::new() } else { format!("\n    {}", plain(&receipt.reason)) };
        let (kind, by) = (&receipt.kind, &receipt.by_party);
        lines.push(format!("  {}  {kind:<20}  by {by}{leaf}{reason}", Timestamp(receipt.at_ms)));
    }
    lines.extend(awaited(event).map(|stage| match &*shown.untraced {
        "" => format!("  …  {stage}: nothing was stated yet"),
        why => format!("  …  {stage}: not known here: {}", plain(why)),
    }));
    lines.extend(standing(event, shown));
    lines
}

/// Why an entry waits, and what can be done about one that did not become part of the case.
pub(super) fn standing(event: &wire::TimelineEvent, shown: &wire::GetCaseResponse) -> Vec<String> {
    let waits = (!event.waits.is_empty()).then(|| format!("    waits: {}", plain(&event.waits)));
    let case = shown.summary.as_ref().map(|summary| summary.case_id.as_str()).unwrap_or_default();
    let again = event.again.then(|| {
        format!("    to take the same step anew: desk again {case} --entry {} --as OFFICER", show::id(&event.entry_id))
    });
    waits.into_iter().chain(again).collect()
}

fn value(event: &wire::TimelineEvent) -> Value {
    json!({
        "entry": show::id(&event.entry_id),
        "step": event.step,
        "sender": event.sender,
        "verdict": event.verdict,
        "receipts": event.receipts.iter().map(show::receipt).collect::<Vec<_>>(),
        "awaited": awaited(event),
        "waits": event.waits,
        "again": event.again,
    })
}

/// The stage that comes next, where one does.
fn awaited(event: &wire::TimelineEvent) -> Option<&'static str> {
    let kind = |name: &str| ReceiptKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    let kinds = event.receipts.iter().filter_map(|receipt| kind(&receipt.kind));
    let last = kinds.max_by_key(|kind| kind.stage());
    if matches!(event.verdict.as_str(), "rejected" | "lapsed") {
        return None;
    }
    STAGES.get(last.map_or(0, |kind| usize::from(kind.stage()) + 1)).copied()
}
