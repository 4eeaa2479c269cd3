//! The sealed files of cases: those that own desks hand over (`coming`), those that are fetched from other gateways (`fetch`), and how they go
//! (`sweep`). The bytes are in the depot, what is known of them in the database; nobody here can open any.

mod coming;
mod fetch;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

use blobs::{Depot, Outline, Place};
use bytes::Bytes;
use model::{AuthorityId, CaseId, Denial, Digest, Fault, Header, PartyId, limits::FILE_BYTES_MAX};
use relay::{AttachedFacts, CaseFile};
use store::gateway::{AttachmentRow, Batch, attachment_state as state};
use tokio::sync::{Mutex, Notify};

use crate::{config::Attachments, gateway::Gateway, hot};

pub(crate) use coming::{announce, complete, place, put};
pub(crate) use fetch::run as run_fetching;
pub(crate) use sweep::run as run_sweeping;

/// An outline, and what a message needs beside it.
pub(crate) const OUTLINE_MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a running gateway holds of files.
pub(crate) struct Files {
    pub(crate) depot: Depot,
    limits: Attachments,
    /// Which pieces are here of files that are handed over.
    coming: Mutex<BTreeMap<Place, BTreeMap<u32, Digest>>>,
    /// Who announces a file counts what is there first.
    announcing: Mutex<()>,
    /// Rings when there is something to fetch.
    fetch_bell: Notify,
    /// Rings when something may have to go.
    sweep_bell: Notify,
}

impl Files {
    pub(crate) fn new(depot: Depot, limits: Attachments) -> Self {
        Self {
            depot,
            limits,
            coming: Mutex::default(),
            announcing: Mutex::default(),
            fetch_bell: Notify::new(),
            sweep_bell: Notify::new(),
        }
    }

    /// Rings for what a batch has written.
    pub(crate) fn ring(&self, written: &Batch) {
        if !written.attachments.is_empty() {
            self.fetch_bell.notify_one();
        }
        if !written.attachments_looked_at.is_empty() {
            self.sweep_bell.notify_one();
        }
    }
}

/// How it stands with the files that the entries of a turn name.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    complete: BTreeSet<(CaseId, Digest, i64)>,
    weights: BTreeMap<CaseId, i64>,
}

impl Standing {
    /// Reads what the entries of these headers need. Most name no file, and need nothing.
    pub(crate) async fn load(gateway: &Gateway, headers: &[&Header]) -> Result<Self, Denial> {
        let naming: Vec<_> = headers.iter().filter(|header| !header.declared.attached.is_empty()).collect();
        let digests: BTreeSet<_> = naming.iter().flat_map(|one| &one.declared.attached).map(|one| one.digest).collect();
        if digests.is_empty() {
            return Ok(Self::default());
        }
        let digests: Vec<_> = digests.into_iter().collect();
        let mut standing = Self { complete: gateway.store.attachments_complete(&digests).await?, ..Self::default() };
        for case in naming.iter().map(|header| header.case) {
            standing.weights.insert(case, gateway.store.attached_to_case(case).await?);
        }
        Ok(standing)
    }

    /// What the core is told of an entry.
    pub(crate) fn facts(&self, gateway: &Gateway, header: &Header) -> AttachedFacts {
        let here = |one: &model::Attached| {
            i64::try_from(one.bytes).is_ok_and(|bytes| self.complete.contains(&(header.case, one.digest, bytes)))
        };
        let weight = self.weights.get(&header.case).copied().and_then(|weight| u64::try_from(weight).ok());
        AttachedFacts {
            complete: header.declared.attached.iter().all(here),
            room: gateway.files.limits.case_bytes_max.saturating_sub(weight.unwrap_or_default()),
        }
    }

    /// Writes down that an entry that was admitted names files: own ones are here, those of the other party are to be fetched.
    pub(crate) fn admitted(
        &mut self,
        batch: &mut Batch,
        own: PartyId,
        header: &Header,
        now: i64,
    ) -> Result<(), Denial> {
        for one in &header.declared.attached {
            let party = header.sender.party();
            if party == own {
                batch.attached.push((header.case, one.digest, header.entry));
                continue;
            }
            let bytes = i64::try_from(one.bytes).map_err(|_| Denial::failed(Fault::Internal, "a file beyond 2^63"))?;
            *self.weights.entry(header.case).or_default() += bytes;
            batch.attachments.push(AttachmentRow {
                case_id: header.case.into(),
                file_id: fetched_as(one.digest).into(),
                party: party.into(),
                desk: None,
                digest: Some(one.digest.into()),
                bytes,
                state: state::WANTED,
                entry_id: Some(header.entry.into()),
                at: now,
                next_attempt: now,
                attempts: 0,
                why: String::new(),
                look: 0,
            });
        }
        Ok(())
    }
}

/// The place in the depot of a file that comes from another gateway, of which only the digest is known.
fn fetched_as(digest: Digest) -> model::FileId {
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    model::FileId::new(id)
}

fn place_of(row: &AttachmentRow) -> Place {
    Place { case: row.case_id.0, file: row.file_id.0 }
}

fn bytes_of(row: &AttachmentRow) -> Result<u64, Denial> {
    let lost = |_| Denial::failed(Fault::Storage, "a file has a length below zero");
    u64::try_from(row.bytes).map_err(lost).map(|bytes| bytes.min(FILE_BYTES_MAX))
}

/// The case in whose group an own desk has a seat.
pub(crate) async fn seated(gateway: &Gateway, desk: &AuthorityId, case: CaseId) -> Result<CaseFile, Denial> {
    let none = || Denial::failed(Fault::Unknown, format!("{desk} has no seat in the group of such a case"));
    let file = gateway.store.case_files(&[case]).await?.first().map(hot::file_of).transpose()?;
    file.filter(|file| desk.party() == gateway.own() && file.members.contains(desk)).ok_or_else(none)
}

/// Whom a file is read for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reader<'a> {
    /// An own desk.
    Desk(&'a AuthorityId),
    /// The gateway of the other party of the case: what own desks gave it, once an entry that names it was admitted here.
    Gateway(PartyId),
}

/// The file of a case that a header names so, for who may have it.
async fn readable(
    gateway: &Gateway,
    reader: Reader<'_>,
    case: CaseId,
    digest: Digest,
) -> Result<AttachmentRow, Denial> {
    let unknown = || Denial::failed(Fault::Unknown, "no entry of such a case names such a file");
    let row = gateway.store.attachment_named(case, digest).await?.ok_or_else(unknown)?;
    match reader {
        Reader::Desk(desk) => drop(seated(gateway, desk, case).await?),
        Reader::Gateway(party) => {
            let file = gateway.store.case_files(&[case]).await?.first().map(hot::file_of).transpose()?;
            let theirs = file.is_some_and(|file| file.counterpart() == party);
            if !theirs || row.party.0 != gateway.own() || row.entry_id.is_none() || row.state != state::COMPLETE {
                return Err(unknown());
            }
        }
    }
    if row.state == state::LOST {
        let detail = format!("the other gateway did not give the file in time: {}", row.why);
        return Err(Denial::failed(Fault::Unknown, detail));
    }
    Ok(row)
}

/// What is not here yet, and why.
fn on_its_way(row: &AttachmentRow) -> Denial {
    let why = if row.why.is_empty() { "it is being fetched from the other gateway" } else { &row.why };
    Denial::failed(Fault::PeerUnreachable, format!("the file is not here yet: {why}"))
}

/// The outline of a file, for who may have it.
pub(crate) async fn outline(
    gateway: &Gateway,
    reader: Reader<'_>,
    case: CaseId,
    digest: Digest,
) -> Result<Bytes, Denial> {
    let row = readable(gateway, reader, case, digest).await?;
    let kept = gateway.files.depot.outline(place_of(&row)).await?.ok_or_else(|| on_its_way(&row))?;
    let named = model::Attached { digest, bytes: bytes_of(&row)? };
    let damaged = |_| Denial::failed(Fault::Storage, "the outline of a sealed file is damaged where it is kept");
    Outline::read(kept, &named).map(|outline| outline.as_bytes().clone()).map_err(damaged)
}

/// One piece of a file, for who may have it.
pub(crate) async fn piece(
    gateway: &Gateway,
    reader: Reader<'_>,
    (case, digest): (CaseId, Digest),
    (index, piece): (u32, Digest),
) -> Result<Bytes, Denial> {
    let row = readable(gateway, reader, case, digest).await?;
    let found = gateway.files.depot.piece(place_of(&row), index, piece).await?;
    found.ok_or_else(|| match row.state {
        state::WANTED => on_its_way(&row),
        _ => Denial::failed(Fault::Unknown, "the file has no such piece"),
    })
}
