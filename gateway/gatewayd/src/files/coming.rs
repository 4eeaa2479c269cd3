//! A file that an own desk hands over, piece by piece. It may be cut off anywhere: each piece that was answered is durable.

use std::collections::BTreeMap;

use blobs::{Outline, Place, Shape};
use bytes::Bytes;
use model::{AuthorityId, CaseId, Denial, Digest, Fault, FileId, Refusal, RefusalCode};
use store::gateway::{AttachmentRow, attachment_state as state};

use super::{Files, bytes_of, seated};
use crate::{clock, gateway::Gateway};

/// Files of which the pieces are known in memory. Beyond that all are listed anew.
const KNOWN_MAX: usize = 64;

/// Takes note of a file of so many sealed bytes; tells how many pieces are there without a gap, and whether it is complete.
pub(crate) async fn announce(
    gateway: &Gateway,
    desk: &AuthorityId,
    place: Place,
    bytes: u64,
) -> Result<(u32, bool), Denial> {
    seated(gateway, desk, place.case).await?;
    let shape = Shape::of_sealed(bytes)?;
    let one_at_a_time = gateway.files.announcing.lock().await;
    if gateway.store.attachment(place.case, place.file).await?.is_none() {
        has_room(gateway, desk, place.case, bytes).await?;
        let now = clock::now().0;
        let row = AttachmentRow {
            case_id: place.case.into(),
            file_id: place.file.into(),
            party: gateway.own().into(),
            desk: Some(desk.clone().into()),
            digest: None,
            bytes: i64::try_from(bytes).map_err(|_| Denial::failed(Fault::Malformed, "a length beyond 2^63"))?,
            state: state::COMING,
            entry_id: None,
            at: now,
            next_attempt: now,
            attempts: 0,
            why: String::new(),
            look: 0,
        };
        gateway.store.announce_attachment(&row).await?;
    }
    drop(one_at_a_time);
    let row = own(gateway, desk, place).await?;
    if bytes_of(&row)? != bytes {
        return Err(Denial::failed(Fault::Malformed, "the file was announced with another length"));
    }
    if row.state == state::COMPLETE {
        return Ok((shape.pieces(), true));
    }
    let gap = gateway.files.known(place, |held| (0..shape.pieces()).find(|index| !held.contains_key(index))).await?;
    Ok((gap.unwrap_or(shape.pieces()), false))
}

/// Keeps one piece.
pub(crate) async fn put(
    gateway: &Gateway,
    desk: &AuthorityId,
    place: Place,
    index: u32,
    sealed: Bytes,
) -> Result<(), Denial> {
    seated(gateway, desk, place.case).await?;
    let row = own(gateway, desk, place).await?;
    let shape = Shape::of_sealed(bytes_of(&row)?)?;
    if row.state != state::COMING || shape.piece_bytes(index) != Some(sealed.len()) {
        let detail = "the file is complete, or has no such piece of this length";
        return Err(Denial::failed(Fault::Malformed, detail));
    }
    let digest = Digest::of(&[&sealed]);
    // Noted before it is written, so that two that come at once do not both find its place free.
    let there = gateway.files.known(place, |held| *held.entry(index).or_insert(digest)).await?;
    if there != digest {
        let detail = format!("piece {index} is here already, with other bytes: a file that changed is another file");
        return Err(Denial::failed(Fault::Malformed, detail));
    }
    let kept = gateway.files.depot.put_piece(place, index, sealed).await;
    if kept.is_err() {
        gateway.files.forget(place).await;
    }
    kept.map(drop)
}

/// Holds what is here against the outline: from now on an entry may name the file.
pub(crate) async fn complete(
    gateway: &Gateway,
    desk: &AuthorityId,
    place: Place,
    outline: Bytes,
) -> Result<(), Denial> {
    seated(gateway, desk, place.case).await?;
    let row = own(gateway, desk, place).await?;
    let (outline, named) = Outline::of(Shape::of_sealed(bytes_of(&row)?)?, outline)?;
    if row.state == state::COMPLETE && row.digest.map(|digest| digest.0) == Some(named.digest) {
        return Ok(());
    }
    if row.state != state::COMING {
        return Err(Denial::failed(Fault::Malformed, "the file is complete, with another outline"));
    }
    let held = gateway.files.depot.held(place).await?;
    for index in 0..outline.shape().pieces() {
        let bytes = outline.piece(index).and_then(|digest| held.get(&(index, digest)));
        if bytes.copied() != outline.shape().piece_bytes(index).map(|bytes| bytes as u64) {
            let detail = format!("piece {index} is not here as the outline names it");
            return Err(Denial::failed(Fault::Malformed, detail));
        }
    }
    gateway.files.depot.put_outline(place, outline.as_bytes().clone()).await?;
    gateway.store.complete_attachment(place.case, place.file, named.digest).await?;
    gateway.files.forget(place).await;
    Ok(())
}

/// A file that this desk has announced.
async fn own(gateway: &Gateway, desk: &AuthorityId, place: Place) -> Result<AttachmentRow, Denial> {
    let row = gateway.store.attachment(place.case, place.file).await?;
    let own = row.filter(|row| row.desk.as_ref().is_some_and(|one| one.0 == *desk));
    own.ok_or_else(|| Denial::failed(Fault::Unknown, "no such file was announced by this desk: announce it first"))
}

/// What this gateway keeps for one case, and for one desk, has an end. R91.
async fn has_room(gateway: &Gateway, desk: &AuthorityId, case: CaseId, bytes: u64) -> Result<(), Denial> {
    let limits = &gateway.files.limits;
    let weights = [
        ("the case", "attachments.case_bytes_max", gateway.store.attached_to_case(case).await?, limits.case_bytes_max),
        ("the desk", "attachments.desk_bytes_max", gateway.store.attached_by_desk(desk).await?, limits.desk_bytes_max),
    ];
    for (whose, key, there, most) in weights {
        let there = u64::try_from(there).unwrap_or_default();
        if there.saturating_add(bytes) > most {
            let reason = format!("the file has {bytes} bytes, sealed; {whose} has {there} here already, of {most}");
            let remedy =
                format!("Send a medium (out_of_band_media), or ask the operator of the own gateway for room: {key}.");
            let mut refusal = Refusal::new(RefusalCode::R91, "gateway.toml", reason, remedy).at("attachment");
            refusal.owner = Some(gateway.own());
            return Err(refusal.into());
        }
    }
    Ok(())
}

impl Files {
    /// Asks or changes what is known of the pieces of a file that is handed over.
    async fn known<T>(&self, place: Place, ask: impl FnOnce(&mut BTreeMap<u32, Digest>) -> T) -> Result<T, Denial> {
        let mut coming = self.coming.lock().await;
        if !coming.contains_key(&place) {
            if coming.len() >= KNOWN_MAX {
                coming.clear();
            }
            let held = self.depot.held(place).await?;
            coming.insert(place, held.into_keys().collect());
        }
        Ok(ask(coming.entry(place).or_default()))
    }

    pub(super) async fn forget(&self, place: Place) {
        self.coming.lock().await.remove(&place);
    }
}

/// Which file of which case a desk means.
pub(crate) fn place(case: &[u8], file: &[u8]) -> Result<Place, model::Malformed> {
    Ok(Place { case: CaseId::try_from(case)?, file: FileId::try_from(file)? })
}
