//! What holds for a store whatever the engine.

mod attachment;
pub(crate) mod desk;
mod exhibit;
mod fold;
pub(crate) mod gateway;
mod heads;
mod leaf;
pub(crate) mod ledger;
mod listed;
mod misconduct;
mod stream;

use model::{AuthorityId, CaseId, Digest, EntryId, EnvelopeDigest, PartyId, Step, Verdict};
use store::{
    Blob,
    gateway::{Batch, CaseFileRow, EntryRow, NewDelivery, NewOutbox},
};

pub(crate) const PENDING: i16 = 1;

pub(crate) fn case_id(number: u32) -> CaseId {
    CaseId::new(id_bytes(number))
}

pub(crate) fn entry_id(number: u32) -> EntryId {
    EntryId::new(id_bytes(number))
}

fn id_bytes(number: u32) -> [u8; 16] {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes
}

pub(crate) fn blob(text: &str) -> Blob {
    Blob::from(text.as_bytes())
}

pub(crate) fn party(code: &str) -> PartyId {
    code.parse().unwrap()
}

pub(crate) fn authority(name: &str) -> AuthorityId {
    name.parse().unwrap()
}

pub(crate) fn case(number: u32, version: i64) -> CaseFileRow {
    CaseFileRow {
        id: case_id(number).into(),
        home: party("JP").into(),
        peer: party("FR").into(),
        version,
        state: PENDING,
        body: blob(&format!("case {number} at {version}")),
        group_blob: Some(blob("group")),
        group_next: None,
        updated: 1_000 + version,
        fold: 1,
    }
}

pub(crate) fn entry(number: u32, case: u32) -> EntryRow {
    EntryRow {
        id: entry_id(number).into(),
        case_id: case_id(case).into(),
        seq: None,
        verdict: Verdict::Pending.into(),
        step: Step::SealSend.into(),
        sender: authority("JP:central").into(),
        wire: blob(&"sealed ".repeat(100)),
        envelope: EnvelopeDigest(Digest::of(&[&number.to_be_bytes()])).into(),
        receipt: Blob::default(),
        created: 900,
        expires: 9_000,
        admitted_at: 1_000,
    }
}

pub(crate) fn outbox(entry: u32, channel: &str, next_attempt: i64) -> NewOutbox {
    NewOutbox {
        channel: party(channel).into(),
        kind: 0,
        entry_id: entry_id(entry).into(),
        expires: 9_000,
        attempts: 0,
        next_attempt,
        trace: String::new(),
    }
}

pub(crate) fn delivery(entry: u32, desk: &str) -> NewDelivery {
    NewDelivery {
        desk: authority(desk),
        kind: 0,
        entry: entry_id(entry),
        receipt: None,
        at: 1_000,
        trace: String::new(),
    }
}

/// The plan of one entry: case `number` is new, entry `number` is its first.
pub(crate) fn plan(batch: &mut Batch, number: u32) {
    batch.put_case(case(number, 1), None);
    batch.entries.push(entry(number, number));
    batch.outbox.push(outbox(number, "FR", 1_000));
    batch.deliveries.push(delivery(number, "JP:central"));
}
