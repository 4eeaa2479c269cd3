//! `desk events`: what happened since a cursor, ids only.

use clap::Args;
use model::{EntryId, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};

use super::{Answer, session::Session};
use crate::failure::Failure;

/// `desk events`.
#[derive(Debug, Args)]
pub(super) struct Events {
    /// Behind which event: the cursor that was told last, 0 for the oldest that is kept.
    #[arg(long, default_value = "0", value_name = "CURSOR")]
    after: u64,
    /// At most so many.
    #[arg(long, default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

impl Events {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let request = wire::WatchEventsRequest { after: self.after, backlog_only: true, mark_backlog_end: false };
        let mut stream = session.desk().watch_events(request).await?.into_inner();
        let (mut cursor, mut lines, mut values) = (self.after, Vec::new(), Vec::new());
        while values.len() < self.limit as usize
            && let Some(event) = stream.message().await?
        {
            cursor = event.cursor;
            lines.push(line(&event));
            values.push(value(&event));
        }
        lines.push(format!("Next: desk events --after {cursor}"));
        Ok(Answer::new(json!({ "events": values, "cursor": cursor }), lines.join("\n")))
    }
}

fn line(event: &wire::WatchEventsResponse) -> String {
    let case = event.case_id.get(..8).unwrap_or(&event.case_id);
    let entry = entry(event).map(|id| format!("  by {id}")).unwrap_or_default();
    format!("{:>8}  {}  {case}  {}{entry}", event.cursor, Timestamp(event.at_ms), event.kind)
}

fn value(event: &wire::WatchEventsResponse) -> Value {
    json!({
        "cursor": event.cursor,
        "case": event.case_id,
        "kind": event.kind,
        "at_ms": event.at_ms,
        "entry": entry(event),
    })
}

fn entry(event: &wire::WatchEventsResponse) -> Option<String> {
    EntryId::try_from(&*event.entry_id).ok().map(|id| id.to_string())
}
