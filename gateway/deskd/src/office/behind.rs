//! A withdrawal that is signed while its request is on its way: nobody has it yet, so it waits here, and follows the request at once.

use bytes::Bytes;
use model::{Denial, Header, OfficerSignature, Payload, Signature, Step, Verdict};
use seal::Member;
use store::desk::{DeskBatch, ProposalRow};
use telemetry::say;
use workflow::{Command, State, decide};

use super::{
    Members, Office, Told,
    dispatch::Outgoing,
    event,
    prepare::{BEHIND, SEALED, digest_of},
    view::{CaseView, Refused},
};
use crate::clock;

impl CaseView {
    /// The case as it will stand when the request that is on its way has arrived; `None` where none is, or was withdrawn already.
    pub(super) fn arrived(&self) -> Option<Self> {
        let pending = self.pending.as_ref().filter(|one| one.step == Step::SealSend)?;
        let mut view = self.clone();
        view.settle(pending.step, pending.digest, &pending.event);
        (view.pending, view.request) = (None, Some(pending.entry));
        (self.state() == State::Sent).then_some(view)
    }

    /// The case in which `header` is the next entry, where it withdraws what is on its way.
    pub(super) fn ahead(&self, header: &Header) -> Option<Self> {
        self.arrived().filter(|ahead| header.step == Step::Withdraw && header.previous == ahead.head)
    }
}

impl Office {
    /// Lets a withdrawal that has its signatures wait for its request.
    pub(super) async fn put_behind(
        &self,
        mut view: CaseView,
        version: i64,
        header: &Header,
        mut row: ProposalRow,
    ) -> Result<(), Denial> {
        let signers: Vec<_> = self.signatures(&row)?.iter().map(|one| (one.key, one.role)).collect();
        // The request is in SENT, and goes from there.
        view.withdrawing = Some(decide(view.shown().as_ref(), &Command::of(header, &signers), header.created)?);
        row.state = BEHIND;
        let mut batch = DeskBatch { proposals: vec![row], ..DeskBatch::default() };
        self.put_case(&mut batch, &view, Some(version), clock::now()).await?;
        self.commit(&batch).await
    }

    /// Seals what waits behind the request that has just become part of the case, in the transaction that says so.
    pub(super) async fn let_follow(
        &self,
        members: &mut Members,
        batch: &mut DeskBatch,
        view: &mut CaseView,
    ) -> Result<Option<Member>, Denial> {
        for row in self.behind(view).await? {
            match self.send_behind(members, batch, view, row.clone()).await {
                Ok(member) => {
                    view.withdrawing = None;
                    return Ok(Some(member));
                }
                // The receipt of the request is taken all the same, and the officer told.
                Err(Denial::Refused(refusal)) => {
                    say!(Warn, "a withdrawal could not follow its request", entry = row.id.0, code = refusal.code);
                    drop_behind(batch, view, &row, &refusal.reason);
                }
                Err(denial) => return Err(denial),
            }
        }
        Ok(None)
    }

    async fn send_behind(
        &self,
        members: &mut Members,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        mut row: ProposalRow,
    ) -> Result<Member, Denial> {
        let header_bytes = Bytes::from(row.header.0.clone());
        let header = proto::decode_header(&header_bytes)?;
        let officer = |role, key, bytes| OfficerSignature { role, signature: Signature { key, bytes } };
        let kept = self.signatures(&row)?.into_iter();
        let officers = kept.map(|one| officer(one.role, one.key, one.bytes)).collect();
        let mut member = members.take(self, view.id).await?;
        let sealed = member.seal(&self.proposed_body(&row)?, digest_of(&header_bytes))?;
        let outgoing = Outgoing { header: &header, header_bytes, payload: Payload::Sealed(sealed), officers };
        self.dispatch(batch, view, outgoing, clock::now())?;
        batch.mls = self.mls_changes(view.id, &mut member)?;
        row.state = SEALED;
        batch.proposals.push(row);
        Ok(member)
    }

    /// Drops what waits behind a request that did not arrive, or behind which another entry came first, and says so.
    pub(super) async fn unfollowed(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        reason: &str,
    ) -> Result<(), Denial> {
        for row in self.behind(view).await? {
            drop_behind(batch, view, &row, reason);
        }
        Ok(())
    }

    async fn behind(&self, view: &CaseView) -> Result<Vec<ProposalRow>, Denial> {
        let mut rows = self.store.proposals_of(view.id).await?;
        rows.retain(|row| row.state == BEHIND);
        Ok(rows)
    }
}

fn drop_behind(batch: &mut DeskBatch, view: &mut CaseView, row: &ProposalRow, reason: &str) {
    let (entry, at) = (row.id.0, clock::now());
    if let Some(event) = view.withdrawing.take() {
        let (step, verdict) = (Step::Withdraw, Verdict::Rejected);
        view.refused.push(Refused { entry, step, at, verdict, ground: None, reason: reason.to_owned(), event });
    }
    batch.proposals_done.push(entry);
    batch.events.push(event(view.id, Told::Rejected, Some(entry), at));
}
