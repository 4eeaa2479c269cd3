//! Officers of one desk who act at once on one case: what is signed first is its next step, and the others are told what that was.

use bytes::Bytes;
use model::{Denial, Fault, Header, PartyId, Refusal, RefusalCode, Role, Step, Timestamp};
use store::desk::{DeskBatch, ProposalRow};

use super::{Office, prepare::WAITING, prepare::too_old, view::CaseView};

/// How long what nobody has signed waits for whoever prepared it, while others prepare something else.
const UNSIGNED_AGE_MS_MAX: i64 = 10 * 60 * 1000;
/// So many of them in one case.
pub(super) const UNSIGNED_MAX: usize = 16;

/// Whether who prepared it may still be about to sign it.
pub(super) fn is_fresh(header: &Header, now: Timestamp) -> bool {
    now < header.created.plus_ms(UNSIGNED_AGE_MS_MAX)
}

/// Another step bears a signature already.
pub(super) fn waits(step: Step, what: &str) -> Denial {
    let detail = format!(
        "{step} waits for its second signature, and {what}; sign that one, or drop it: run the command with --replace"
    );
    Denial::failed(Fault::StaleCase, detail)
}

/// One officer in two roles is one officer. R94.
pub(super) fn signed_already(step: Step, role: Role, owner: PartyId) -> Denial {
    let reason =
        format!("the officer has signed {step} already, as {}; a second signature is somebody else's", role.as_str());
    let remedy = "Let another officer run the same command.";
    let mut refusal = Refusal::new(RefusalCode::R94, "workflow", reason, remedy).at("officers");
    refusal.owner = Some(owner);
    refusal.into()
}

impl Office {
    /// Forgets a proposal.
    pub(super) async fn drop_proposal(&self, entry: model::EntryId) -> Result<(), Denial> {
        self.commit(&DeskBatch { proposals_done: vec![entry], ..DeskBatch::default() }).await
    }

    /// Why what was prepared cannot be signed any more: what came before it. It was never sealed, and nothing of it was sent.
    pub(super) async fn overtaken(&self, view: &CaseView, step: Step) -> Result<Denial, Denial> {
        let first = match &view.pending {
            Some(pending) => {
                Some((pending.step, format!("{} and is on its way", self.signers_of(pending.entry).await?)))
            }
            None => {
                let newest = self.store.entries_of(view.id).await?.into_iter().rfind(|entry| entry.seq.is_some());
                let header = newest.map(|entry| proto::decode_header(&Bytes::from(entry.header.0))).transpose()?;
                header.map(|header| (header.step, format!("by {} at {}", header.sender, header.created)))
            }
        };
        let came = first.map_or_else(String::new, |(first, how)| format!(": {first} came first, {how}"));
        let detail = format!(
            "the case has moved since {step} was prepared{came}; nothing of {step} was sent: look at the case, and decide anew"
        );
        Ok(Denial::failed(Fault::StaleCase, detail))
    }

    /// Refuses where another step of the case bears a signature and waits for its second one.
    pub(super) async fn uncontested(&self, row: &ProposalRow, header: &Header, view: &CaseView) -> Result<(), Denial> {
        let now = crate::clock::now();
        if !self.signatures(row)?.is_empty() {
            return Ok(());
        }
        for other in self.store.proposals_of(view.id).await? {
            if other.id == row.id || other.state != WAITING || self.signatures(&other)?.is_empty() {
                continue;
            }
            let rival = proto::decode_header(&Bytes::from(other.header.0.clone()))?;
            if rival.previous == view.head && !too_old(&rival, now) {
                let by = self.signers_of(rival.entry).await?;
                return Err(waits(rival.step, &format!("it was signed {by} before {} was", header.step)));
            }
        }
        Ok(())
    }

    /// Who has signed an entry of this desk, as the directory calls them.
    async fn signers_of(&self, entry: model::EntryId) -> Result<String, Denial> {
        let Some(row) = self.store.proposal(entry).await? else { return Ok("by this desk".to_owned()) };
        let trust = self.trust.store()?;
        let called = |key| trust.officer(self.own.party(), key).map(|(_, officer)| officer.pseudonym.clone());
        let names: Vec<_> = self.signatures(&row)?.iter().filter_map(|one| called(&one.key)).collect();
        Ok(if names.is_empty() { "by this desk".to_owned() } else { format!("by {}", names.join(" and ")) })
    }
}
