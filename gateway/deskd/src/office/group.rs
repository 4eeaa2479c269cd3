//! Opening the group of a new case.

use model::{CaseId, Denial, Fault, Header, HeaderDigest, Payload, Step, Timestamp};
use roster::CaseBinding;
use seal::Member;
use store::desk::{DeskBatch, MlsChange};
use workflow::State;

use super::{
    Office,
    dispatch::Outgoing,
    leaves::note_leaf,
    prepare::not_validated,
    seats::Seating,
    unknown,
    view::{CaseView, DraftView},
};
use crate::clock;

impl Office {
    /// Sees to it that both gateways have certified the case's group. While the other one is away it says so; the group is on its
    /// way, and asking again goes on from there.
    pub(super) async fn ensure_group(&self, id: CaseId, before: Step) -> Result<(), Denial> {
        let found = self.view(id).await?;
        if !found.is_some_and(|(view, _)| view.pending.is_some() || view.head != HeaderDigest::GENESIS) {
            self.open_group(id, before).await?;
        }
        let open = || async move {
            let Some((view, _)) = self.view(id).await? else { return Ok(None) };
            if view.head != HeaderDigest::GENESIS {
                return Ok(Some(()));
            }
            match (&view.pending, view.refused.last()) {
                (None, Some(refused)) => Err(self
                    .answer(refused.entry)
                    .unwrap_or_else(|| Denial::failed(Fault::ChannelNotOpen, refused.reason.clone()))),
                _ => Ok(None),
            }
        };
        self.until(open).await?.ok_or_else(|| {
            let detail = "the other gateway has not certified the case's group yet; run the same command again";
            Denial::failed(Fault::PeerUnreachable, detail)
        })
    }

    async fn open_group(&self, id: CaseId, before: Step) -> Result<(), Denial> {
        let (draft, draft_row) = self.draft(id).await?.ok_or_else(|| unknown("there is no such draft"))?;
        // A draft that is only shown need not be validated.
        if before == Step::SealSend && draft.state != State::Validated {
            return Err(not_validated(draft.state));
        }
        let key_package =
            self.uplink.claim(&draft.recipient).await.map_err(|status| match proto::status::to_denial(&status) {
                Denial::Failed { fault: Fault::PeerUnreachable, detail } => Denial::failed(
                    Fault::PeerUnreachable,
                    format!(
                        "no KeyPackage of {} can be had now ({detail}); run the same command again",
                        draft.recipient
                    ),
                ),
                denial => denial,
            })?;
        let mut members = self.members.lock().await;
        let found = self.view(id).await?;
        if found.as_ref().is_some_and(|(view, _)| view.pending.is_some() || view.head != HeaderDigest::GENESIS) {
            return Ok(());
        }
        let now = clock::now();
        // A channel that was opened a moment ago brought a directory that this desk has not seen.
        if self.trust.store()?.authority(&draft.recipient).is_none() {
            self.refreshed().await;
        }
        let trust = self.trust.store()?;
        let header = self.opening_header(id, &draft, now)?;
        let mut view = match &found {
            Some((view, _)) => view.clone(),
            None => CaseView::opening(&self.own, &header),
        };
        view.pin = header.pin;
        view.began = Some(Timestamp(draft_row.created));
        view.reference.clone_from(&draft.reference);
        let binding = CaseBinding::new(id, header.pin, header.home, header.peer);
        let mut member = Member::create(&self.leaves.current()?, &binding, trust.as_ref(), now)?;
        let handshake = member.add(&[key_package], trust.as_ref(), now)?;
        members.0.remove(&id);
        let mut batch = DeskBatch::default();
        // A group that the other gateway refused leaves nothing behind.
        for (key, _) in self.store.mls_state(id).await? {
            batch.mls.push(MlsChange { case: id, key, value: None });
        }
        batch.mls.extend(self.mls_changes(id, &mut member)?);
        note_leaf(&mut batch, &view, &member);
        let header_bytes = proto::encode_header(&header);
        let outgoing =
            Outgoing { header: &header, header_bytes, payload: Payload::Handshake(handshake), officers: Vec::new() };
        self.dispatch(&mut batch, &mut view, outgoing, now)?;
        if let Some(pending) = &mut view.pending {
            pending.seating =
                Some(Seating { added: vec![self.own.clone(), draft.recipient.clone()], removed: Vec::new() });
        }
        self.put_case(&mut batch, &view, found.map(|(_, version)| version), now).await?;
        self.commit(&batch).await?;
        members.keep(id, member);
        Ok(())
    }

    fn opening_header(&self, id: CaseId, draft: &DraftView, now: Timestamp) -> Result<Header, Denial> {
        let (home, peer) = (self.own.party(), draft.recipient.party());
        let pin = self.rule_with(peer, now)?.pin();
        let frame = CaseView::new(id, home, peer, pin, &self.own, &draft.recipient);
        self.next_header(&frame, Step::OpenGroup, now)
    }
}
