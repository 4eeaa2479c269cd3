//! How sealed files go: with the certificate that what was given is destroyed, with the end of their case, and where no entry came to name them.
//! The keys are destroyed at the desks; this destroys the bytes. It may die anywhere and begins again.

use std::{sync::Arc, time::Duration};

use model::{Denial, Fault};
use store::gateway::{AttachmentRow, attachment_state as state};

use super::place_of;
use crate::{clock, gateway::Gateway, hot, receipts};

/// Files that are looked at in one go.
const PAGE: u64 = 64;
/// The longest wait without a bell.
const IDLE: Duration = Duration::from_secs(60);
/// What no entry names goes after a week: officers sign within a day.
const UNNAMED_MS: i64 = 7 * 24 * 3600 * 1000;

/// Lets files go until the program stops.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut stopping = gateway.stopping.clone();
    loop {
        if sweep(&gateway).await.is_err() {
            telemetry::say!(Error, "sealed files that have to go are still here: the storage does not take it");
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = gateway.files.sweep_bell.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

async fn sweep(gateway: &Gateway) -> Result<(), Denial> {
    loop {
        let looked_at = gateway.store.attachments_to_look_at(PAGE).await?;
        for row in &looked_at {
            if goes(gateway, row).await? {
                remove(gateway, row).await?;
            } else {
                gateway.store.keep_attachment(row.case_id.0, row.file_id.0).await?;
            }
        }
        if looked_at.is_empty() {
            break;
        }
    }
    for row in gateway.store.attachments_unnamed(clock::now().plus_ms(-UNNAMED_MS).0, PAGE).await? {
        remove(gateway, &row).await?;
    }
    Ok(())
}

/// Whether the case lets a file go. One that waits for its entry has a week of its own.
async fn goes(gateway: &Gateway, row: &AttachmentRow) -> Result<bool, Denial> {
    let Some(entry) = row.entry_id else { return Ok(row.state == state::LOST) };
    let lost = || Denial::failed(Fault::Storage, "a file is named by an entry, or is of a case, that is not here");
    let file = gateway.store.case_files(&[row.case_id.0]).await?.first().map(hot::file_of).transpose()?;
    let case = file.and_then(|file| file.admitted).ok_or_else(lost)?;
    let named_by = gateway.store.entry(entry.0).await?.ok_or_else(lost)?;
    Ok(relay::files_go(&case, entry.0, &receipts::header_of(&named_by)?.about()))
}

/// First the bytes, then the row: whoever dies in between does it again.
async fn remove(gateway: &Gateway, row: &AttachmentRow) -> Result<(), Denial> {
    gateway.files.depot.remove(place_of(row)).await?;
    gateway.files.forget(place_of(row)).await;
    gateway.store.forget_attachment(row.case_id.0, row.file_id.0).await?;
    telemetry::say!(Info, "a sealed file was destroyed", party = row.party.0);
    Ok(())
}
