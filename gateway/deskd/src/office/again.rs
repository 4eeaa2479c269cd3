//! A step that lost its place: another entry of the case came first, or its time was over. The answer is final, and what was signed is
//! signed for nothing, because officers sign the place too. The desk prepares the same step anew, with the same body, behind what the case
//! holds now; officers look at the case again, and sign again.

use bytes::Bytes;
use desk::{Body, SealedBody, compare_release};
use model::{CaseId, Denial, EntryId, Header, Refusal, RefusalCode, Role, Step, Timestamp};
use proto::desk as wire;
use store::desk::DeskEntryRow;

use super::{
    Office,
    matters::Beside,
    outbox::OURS,
    prepare::{Ask, ENTRY_LIFETIME_MS},
    signers::{signers, standing},
    terms::hold_promises,
    unknown,
    view::CaseView,
};
use crate::random;

impl Office {
    /// What is asked for when the step of `entry` is to be prepared again: all that it said.
    pub(crate) async fn ask_again(
        &self,
        case: CaseId,
        entry: EntryId,
        role: Option<Role>,
        replace: bool,
    ) -> Result<Ask, Denial> {
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        let (header, body) = self.lost(&view, entry).await?;
        let mut inside = Body::decode(&body.bytes)?;
        inside.take_carried()?;
        Ok(Ask {
            case,
            step: header.step,
            concerns: header.concerns,
            ground: header.ground,
            conditions: header.conditions,
            text: String::new(),
            documents: inside.documents,
            role,
            replace,
            callback: header.declared.callback,
            beside: Beside::default(),
            again: Some(entry),
        })
    }

    /// The header and the body of the same step, behind the newest entry of the case.
    pub(super) async fn header_again(
        &self,
        view: &CaseView,
        entry: EntryId,
        now: Timestamp,
    ) -> Result<(Header, SealedBody), Denial> {
        let (lost, body) = self.lost(view, entry).await?;
        let header = placed(view, lost, random::entry_id(now)?, now);
        let mut inside = Body::decode(&body.bytes)?;
        inside.take_carried()?;
        let documents = inside.documents;
        if header.step.carries_records() {
            let records = self.records_in(&documents)?;
            compare_release(&header, &self.request(view).await?, &records)?;
            hold_promises(view.admitted.as_ref(), &records)?;
        } else if header.step != Step::ShareDraft {
            self.compare_form(&header, &documents)?;
            self.hold_after(view, &header, &documents).await?;
        }
        self.hold_affair(view, &header, &documents).await?;
        self.undivided(view, &header).await?;
        Ok((header, body))
    }

    /// Marks the steps that can be prepared again as they are: they did not become part of the case, their bodies are here, nothing of
    /// this desk came after them, and the procedure would let them pass now.
    pub(super) async fn mark_again(&self, view: &CaseView, timeline: &mut [wire::TimelineEvent]) -> Result<(), Denial> {
        if view.pending.is_some() || view.sound().is_err() {
            return Ok(());
        }
        let own = self.own.to_string();
        let newest = timeline.iter().filter(|one| one.sender == own && one.verdict == "admitted");
        let newest = newest.map(|one| one.at_ms).max().unwrap_or(i64::MIN);
        for refused in view.refused.iter().filter(|one| is_officers(one.step) && one.at.0 > newest) {
            let Some(row) = self.store.entry(refused.entry).await?.filter(|row| row.body.is_some()) else { continue };
            let lost = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            let header = placed(view, lost, refused.entry, crate::clock::now());
            let Ok(stand) = signers(header.step, view, &header.concerns) else { continue };
            let (needed, roles) = standing(&header, stand);
            if self.dry_run(view, &header, needed, roles.first().copied()).is_ok()
                && let Some(event) = timeline.iter_mut().find(|one| one.entry_id == refused.entry.as_bytes()[..])
            {
                event.again = true;
            }
        }
        Ok(())
    }

    /// An entry of this desk that did not become part of the case, with its body.
    async fn lost(&self, view: &CaseView, entry: EntryId) -> Result<(Header, SealedBody), Denial> {
        let refused = view.refused.iter().find(|one| one.entry == entry);
        let refused = refused.ok_or_else(|| unknown("no such entry of this desk was refused in the case"))?;
        if !is_officers(refused.step) {
            let reason = format!("{} is not taken again as it was", refused.step);
            let remedy = "Send a request with desk request send; the desk's own acts it repeats by itself.";
            return Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).into());
        }
        let row = self.store.entry(entry).await?.filter(|row| row.direction == OURS);
        let row: DeskEntryRow = row.ok_or_else(|| unknown("the body of the entry was not kept: take the step anew"))?;
        let body = self.kept_body(&row).await?;
        let body = body.ok_or_else(|| unknown("the body of the entry is not here any more: take the step anew"))?;
        Ok((proto::decode_header(&Bytes::from(row.header.0))?, SealedBody::decode(&body)?))
    }
}

/// The same header at the end of the case.
fn placed(view: &CaseView, lost: Header, entry: EntryId, now: Timestamp) -> Header {
    let (previous, recipient) = (view.head, view.other.clone());
    Header { entry, previous, recipient, created: now, expires: now.plus_ms(ENTRY_LIFETIME_MS), ..lost }
}

/// Whether it is a step that officers sign and that has no draft of its own.
fn is_officers(step: Step) -> bool {
    !step.is_handshake() && !matches!(step, Step::SealSend | Step::Violation | Step::Answer)
}
