//! Fetches the files that entries of other parties name, from their gateways. Each piece is held against the outline, and the outline against
//! the digest that officers signed: nothing else is stored. What was stored before a cut or a kill is not asked for again.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use blobs::{Outline, Place};
use bytes::Bytes;
use link::Channel;
use model::{Attached, Denial, Digest, Fault, limits};
use proto::peer::{ReadOutlineRequest, ReadPieceRequest, peer_service_client::PeerServiceClient};
use store::gateway::AttachmentRow;
use tokio::task::JoinSet;

use super::{OUTLINE_MESSAGE_BYTES_MAX, bytes_of, place_of};
use crate::{clock, committer::fault_of, gateway::Gateway};

/// Files that are fetched at the same time.
const FILES_AT_ONCE: usize = 2;
/// Pieces of one file that are asked for at the same time.
const PIECES_AT_ONCE: usize = 4;
/// The longest wait without a bell.
const IDLE: Duration = Duration::from_secs(5);
/// Pauses after a gateway that cannot be reached: twice as long each time, up to the longest.
const PAUSE_MS: i64 = 1_000;
const PAUSE_MS_MAX: i64 = 60_000;
/// Whoever gave wrong bytes is asked again after this.
const LIED_MS: i64 = 600_000;

/// Fetches what there is to fetch until the program stops.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut stopping = gateway.stopping.clone();
    let mut running: JoinSet<Place> = JoinSet::new();
    let mut busy: BTreeSet<Place> = BTreeSet::new();
    loop {
        // Those that are being fetched are due as well.
        let due = gateway.store.attachments_due(clock::now().0, 2 * FILES_AT_ONCE as u64).await;
        if due.is_err() {
            telemetry::say!(Error, "the files that are to be fetched cannot be read");
        }
        for row in due.unwrap_or_default() {
            let place = place_of(&row);
            if running.len() < FILES_AT_ONCE && busy.insert(place) {
                let gateway = gateway.clone();
                running.spawn(async move {
                    one(&gateway, row).await;
                    place
                });
            }
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            Some(done) = running.join_next() => {
                match done {
                    Ok(place) => drop(busy.remove(&place)),
                    // A task that ended by a defect does not say which it was.
                    Err(_) => busy.clear(),
                }
            }
            () = gateway.files.fetch_bell.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Fetches one file, and writes down what came of it.
async fn one(gateway: &Arc<Gateway>, row: AttachmentRow) {
    let party = row.party.0;
    let written = match fetch(gateway, &row).await {
        Ok(digest) => {
            telemetry::say!(Info, "a sealed file is here whole", party = party);
            gateway.store.complete_attachment(row.case_id.0, row.file_id.0, digest).await
        }
        Err(denial) => {
            let now = clock::now().0;
            let lied = matches!(fault_of(&denial), Fault::Malformed | Fault::TooLarge);
            let lost = row.at.saturating_add(limits::ENTRY_LIFETIME_MS_MAX) < now;
            if lied || lost {
                telemetry::say!(Warn, "a sealed file is not given as its header names it", party = party);
            }
            let doubled = PAUSE_MS.saturating_mul(1_i64 << row.attempts.clamp(0, 10));
            let pause = if lied { LIED_MS } else { doubled.min(PAUSE_MS_MAX) };
            let (case, file, why) = (row.case_id.0, row.file_id.0, told(&denial));
            gateway.store.put_off_attachment(case, file, now.saturating_add(pause), &why, lost).await
        }
    };
    if written.is_err() {
        telemetry::say!(Error, "what became of a sealed file cannot be written", party = party);
    }
}

/// What our desks are told of it: our own storage's trouble in our words only.
fn told(denial: &Denial) -> String {
    match denial {
        Denial::Failed { fault: Fault::Malformed | Fault::TooLarge, .. } => {
            format!("the other gateway gives other bytes than its desk's header names ({denial})")
        }
        _ => denial.to_string(),
    }
}

async fn fetch(gateway: &Arc<Gateway>, row: &AttachmentRow) -> Result<Digest, Denial> {
    let party = row.party.0;
    let (place, digest) = (place_of(row), row.digest.map(|digest| digest.0));
    let digest = digest.ok_or_else(|| Denial::failed(Fault::Storage, "a file to be fetched has lost its digest"))?;
    gateway.trust.snapshot().require_open(party)?;
    let closed = || Denial::failed(Fault::ChannelNotOpen, format!("there is no channel to {party}"));
    let channel = gateway.trust.connection(party).ok_or_else(closed)?;
    let named = Attached { digest, bytes: bytes_of(row)? };
    let outline = Arc::new(outline(gateway, &channel, place, &named).await?);
    let held = gateway.files.depot.held(place).await?;
    let is_held = |index: u32| {
        let bytes = outline.piece(index).and_then(|piece| held.get(&(index, piece)));
        bytes.copied() == outline.shape().piece_bytes(index).map(|bytes| bytes as u64)
    };
    let mut missing = (0..outline.shape().pieces()).filter(|index| !is_held(*index));
    let mut running: JoinSet<Result<(), Denial>> = JoinSet::new();
    loop {
        while running.len() < PIECES_AT_ONCE {
            let Some(index) = missing.next() else { break };
            running.spawn(piece(gateway.clone(), channel.clone(), place, digest, outline.clone(), index));
        }
        match running.join_next().await {
            None => return Ok(digest),
            // The first wrong piece ends it: those that are still asked for are dropped with the set.
            Some(done) => done.map_err(|_| Denial::failed(Fault::Internal, "a piece was not fetched to its end"))??,
        }
    }
}

/// The outline as it was kept, or as the other gateway shows it.
async fn outline(gateway: &Gateway, channel: &Channel, place: Place, named: &Attached) -> Result<Outline, Denial> {
    if let Some(kept) = gateway.files.depot.outline(place).await?
        && let Ok(outline) = Outline::read(kept, named)
    {
        return Ok(outline);
    }
    let request = ReadOutlineRequest {
        case_id: place.case.as_bytes().to_vec().into(),
        digest: named.digest.as_bytes().to_vec().into(),
    };
    let mut client = PeerServiceClient::new(channel.clone()).max_decoding_message_size(OUTLINE_MESSAGE_BYTES_MAX);
    let shown = client.read_outline(request).await.map_err(|status| proto::status::to_denial(&status))?;
    let outline = Outline::read(shown.into_inner().outline, named)?;
    gateway.files.depot.put_outline(place, outline.as_bytes().clone()).await?;
    Ok(outline)
}

async fn piece(
    gateway: Arc<Gateway>,
    channel: Channel,
    place: Place,
    digest: Digest,
    outline: Arc<Outline>,
    index: u32,
) -> Result<(), Denial> {
    let wanted = outline.piece(index).ok_or_else(|| Denial::failed(Fault::Internal, "a piece behind the end"))?;
    let request = ReadPieceRequest {
        case_id: place.case.as_bytes().to_vec().into(),
        digest: digest.as_bytes().to_vec().into(),
        index,
        piece_digest: wanted.as_bytes().to_vec().into(),
    };
    let answer = PeerServiceClient::new(channel).read_piece(request).await;
    let sealed: Bytes = answer.map_err(|status| proto::status::to_denial(&status))?.into_inner().sealed;
    outline.check(index, &sealed)?;
    gateway.files.depot.put_piece(place, index, sealed).await.map(drop)
}
