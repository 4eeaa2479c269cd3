//! How an entry leaves: sealed, signed by the desk, and put into the outbox in the transaction that holds the MLS state it used.

use std::ops::RangeInclusive;

use bytes::Bytes;
use desk::SealedBody;
use identity::sign_envelope;
use model::{
    CaseId, Denial, Entry, EnvelopeDigest, Header, KeyId, OfficerSignature, Payload, Role, Sealed, Signature, Step,
    Timestamp,
};
use roster::Frame;
use seal::Member;
use serde::{Deserialize, Serialize};
use store::desk::{DeskBatch, NewDeskOutbox, ProposalRow};
use telemetry::say;
use workflow::{Command, State, decide};

use super::{
    Members, Office, Told, event, internal, once,
    prepare::{RESEAL, SEALED, digest_of},
    terms::follows,
    validate::request_of,
    view::{CaseView, Pending},
};
use crate::{clock, safe::Place};

/// Submit this entry. A resealed entry has this number and more, because what waits is unique by entry and number.
pub(super) const SUBMIT: i16 = 0;
/// Acknowledge an arrival.
pub(super) const ACKNOWLEDGE: i16 = 1;
/// Submit this answer that no human gave, after a last look (`clearing.rs`). Resealed, it has this number and less.
const ANSWER: i16 = -1;
/// The first resealed entry.
const SUBMIT_AGAIN: i16 = 16;
/// What each of the two tasks sends.
pub(super) const BY_THE_OUTBOX: RangeInclusive<i16> = 0..=i16::MAX;
pub(super) const BY_THE_RESPONDERS: RangeInclusive<i16> = i16::MIN..=ANSWER;

/// An entry that is to leave.
pub(super) struct Outgoing<'a> {
    pub(super) header: &'a Header,
    pub(super) header_bytes: Bytes,
    pub(super) payload: Payload,
    pub(super) officers: Vec<OfficerSignature>,
}

/// An officer's signature as a proposal keeps it.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptSignature {
    pub(super) role: Role,
    pub(super) key: KeyId,
    pub(super) bytes: Vec<u8>,
}

impl Office {
    /// Makes a batch durable, and rings.
    pub(super) async fn commit(&self, batch: &DeskBatch) -> Result<(), Denial> {
        self.store.commit(once::noted(batch).as_ref().unwrap_or(batch)).await?;
        if batch.destroys() && self.store.forget().await.is_err() {
            say!(Warn, "keys are destroyed, and the database has not forgotten them yet", party = self.own.party());
        }
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
        if !batch.outbox.is_empty() {
            self.outbox_bell.notify_one();
        }
        // After the commit: before it whoever is rung finds nothing new, and rests.
        if !batch.errands.is_empty() {
            self.errand_bell.notify_one();
        }
        Ok(())
    }

    /// Puts an entry into the batch's outbox and notes in the case that it is on its way.
    pub(super) fn dispatch(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        outgoing: Outgoing<'_>,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let header = outgoing.header;
        let digest = digest_of(&outgoing.header_bytes);
        let signers: Vec<_> = outgoing.officers.iter().map(|one| (one.signature.key, one.role)).collect();
        let terms = self.terms(header)?;
        let command = Command::of(header, &signers).under(&terms).carrying(outgoing.payload.size());
        let event_of = decide(view.admitted.as_ref(), &command, header.created)?;
        view.pending = Some(Pending {
            entry: header.entry,
            digest,
            envelope: EnvelopeDigest::of(digest, &outgoing.payload),
            header: outgoing.header_bytes.to_vec(),
            step: header.step,
            event: event_of,
            created: header.created,
            submitted: false,
            seating: None,
        });
        batch.events.push(event(header.case, Told::Sealed, Some(header.entry), now));
        self.count_sealed(batch);
        let kind = if header.step == Step::Answer { ANSWER } else { SUBMIT };
        batch.outbox.push(self.outgoing(outgoing, kind, now));
        Ok(())
    }

    fn outgoing(&self, outgoing: Outgoing<'_>, kind: i16, now: Timestamp) -> NewDeskOutbox {
        let digest = digest_of(&outgoing.header_bytes);
        let envelope = EnvelopeDigest::of(digest, &outgoing.payload);
        let entry = Entry {
            header: outgoing.header.clone(),
            header_bytes: outgoing.header_bytes,
            payload: outgoing.payload,
            officers: outgoing.officers,
            desk: sign_envelope(&self.desk_key, envelope),
        };
        NewDeskOutbox {
            entry_id: entry.header.entry.into(),
            kind,
            envelope: proto::convert::entry_to_bytes(&entry).into(),
            attempts: 0,
            next_attempt: now.0,
        }
    }

    /// Seals a proposal that has its signatures, and puts it on its way.
    pub(super) async fn seal_proposal(
        &self,
        members: &mut Members,
        view: &mut CaseView,
        version: i64,
        mut row: ProposalRow,
    ) -> Result<(), Denial> {
        let now = clock::now();
        let header_bytes = Bytes::from(row.header.0.clone());
        let header = proto::decode_header(&header_bytes)?;
        let body = self.proposed_body(&row)?;
        let kept = self.signatures(&row)?;
        view.note_takers(&header, &kept.iter().map(|one| (one.key, one.role)).collect::<Vec<_>>());
        let officers = officers(&kept);
        let mut member = members.take(self, view.id).await?;
        let sealed = member.seal(&body, digest_of(&header_bytes))?;
        let mut batch = DeskBatch { mls: self.mls_changes(view.id, &mut member)?, ..DeskBatch::default() };
        row.state = SEALED;
        batch.proposals.push(row);
        let outgoing = Outgoing { header: &header, header_bytes, payload: Payload::Sealed(sealed), officers };
        self.dispatch(&mut batch, view, outgoing, now)?;
        if header.step == Step::SealSend
            && let Some((mut draft, draft_row)) = self.draft(view.id).await?
        {
            draft.state = State::Sent;
            view.follows = follows(&request_of(&draft)?);
            view.earlier = header.declared.follows;
            view.training = header.declared.training;
            self.put_draft(&mut batch, view.id, &draft, Some(&draft_row), now)?;
        }
        self.put_case(&mut batch, view, Some(version), now).await?;
        self.commit(&batch).await?;
        members.keep(view.id, member);
        Ok(())
    }

    /// Seals again what the gateway did not take for its epoch, if the group is in a newer one by now. The header and the officers'
    /// signatures stay as they are.
    pub(super) async fn reseal(
        &self,
        members: &mut Members,
        case: CaseId,
        sealed_in: Option<u64>,
    ) -> Result<(), Denial> {
        let now = clock::now();
        if self.view(case).await?.is_some_and(|(view, _)| view.away.is_some()) {
            return Ok(());
        }
        for mut row in self.store.proposals_of(case).await?.into_iter().filter(|row| row.state == RESEAL) {
            let header_bytes = Bytes::from(row.header.0.clone());
            let header = proto::decode_header(&header_bytes)?;
            let mut member = members.take(self, case).await?;
            if sealed_in == Some(member.epoch()) {
                members.keep(case, member);
                continue;
            }
            let sealed = member.seal(&self.proposed_body(&row)?, digest_of(&header_bytes))?;
            let epoch = i16::try_from(member.epoch() % 10_000).unwrap_or_default();
            let mut batch = DeskBatch { mls: self.mls_changes(case, &mut member)?, ..DeskBatch::default() };
            let officers = officers(&self.signatures(&row)?);
            let outgoing = Outgoing { header: &header, header_bytes, payload: Payload::Sealed(sealed), officers };
            let Some((mut view, version)) = self.view(case).await? else { return Ok(()) };
            if let Some(pending) = view.pending.as_mut().filter(|pending| pending.entry == header.entry) {
                pending.envelope = EnvelopeDigest::of(pending.digest, &outgoing.payload);
            }
            self.put_case(&mut batch, &view, Some(version), now).await?;
            self.count_sealed(&mut batch);
            let again = SUBMIT_AGAIN + epoch;
            let kind = if header.step == Step::Answer { -again } else { again };
            batch.outbox.push(self.outgoing(outgoing, kind, now));
            row.state = SEALED;
            batch.proposals.push(row);
            self.commit(&batch).await?;
            members.keep(case, member);
        }
        Ok(())
    }

    pub(super) fn signatures(&self, row: &ProposalRow) -> Result<Vec<KeptSignature>, Denial> {
        serde_json::from_slice(&row.signatures).map_err(internal)
    }

    pub(super) fn proposed_body(&self, row: &ProposalRow) -> Result<zeroize::Zeroizing<Vec<u8>>, Denial> {
        self.safe.open(Place::Proposal, row.id.as_bytes(), &row.body)
    }

    /// Seals the desk's own body into `member`, for an entry that no officer signs.
    pub(super) fn seal_own(
        &self,
        member: &mut Member,
        header: &Header,
        body: &SealedBody,
    ) -> Result<(Bytes, Payload), Denial> {
        let header_bytes = proto::encode_header(header);
        let plain = zeroize::Zeroizing::new(body.encode()?);
        let sealed = member.seal(&plain, digest_of(&header_bytes))?;
        Ok((header_bytes, Payload::Sealed(sealed)))
    }
}

/// The epoch that a payload was sealed in.
pub(super) fn epoch_of(payload: Option<proto::types::entry::Payload>) -> Option<u64> {
    match payload {
        Some(proto::types::entry::Payload::Sealed(sealed)) => {
            Frame::read(&Sealed::from_wire(sealed)).ok().map(|frame| frame.epoch)
        }
        _ => None,
    }
}

fn officers(kept: &[KeptSignature]) -> Vec<OfficerSignature> {
    let one = |kept: &KeptSignature| OfficerSignature {
        role: kept.role,
        signature: Signature { key: kept.key, bytes: kept.bytes.clone() },
    };
    kept.iter().map(one).collect()
}
