//! A draft goes back to who wrote it: by whom, when and why, which stays with the draft. It is written anew and validated anew.

use identity::Domain;
use model::{AuthorityId, CaseId, Denial, Digest, Fault, KeyId, Refusal, RefusalCode, Role, Timestamp, limits};
use proto::desk as wire;
use serde::{Deserialize, Serialize};
use store::desk::DeskBatch;
use workflow::{DraftCommand, DraftStep, State, decide_draft};

use super::{Office, Told, event, once, unknown};
use crate::clock;

/// Reasons, in bytes.
const REASONS_BYTES_MAX: usize = 16 * 1024;
/// A draft that goes to and fro more often is begun anew.
const TIMES_MAX: usize = 64;

/// That a draft was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SentBack {
    /// As the directory calls the officer.
    by: String,
    authority: AuthorityId,
    role: Role,
    key: KeyId,
    at: Timestamp,
    reasons: String,
    /// Of the draft that went back.
    sha256: Digest,
    signature: Vec<u8>,
}

impl SentBack {
    /// As it is told.
    pub(super) fn shown(&self) -> wire::SentBack {
        wire::SentBack {
            by: self.by.clone(),
            authority: self.authority.to_string(),
            role: self.role.as_str().to_owned(),
            at_ms: self.at.0,
            reasons: self.reasons.clone(),
        }
    }
}

/// The word of who sends a draft back.
pub(crate) struct ReworkWord {
    pub(crate) sha256: String,
    pub(crate) reasons: String,
    pub(crate) role: Role,
    pub(crate) at: Timestamp,
    pub(crate) key: KeyId,
    pub(crate) signature: Vec<u8>,
}

/// What is signed: the draft, the moment, and the reasons.
pub(crate) fn statement(case: CaseId, sha256: &str, at: Timestamp, reasons: &str) -> Vec<u8> {
    format!("{case}\n{sha256}\n{at}\n{reasons}").into_bytes()
}

impl Office {
    /// Sends a draft back. Says in which state it is now.
    ///
    /// # Errors
    /// [`Fault::Malformed`] without reasons; [`Fault::StaleCase`] where it is not the draft that was read; R93, R94 or R95 where the procedure
    /// or the directory does not let this officer.
    pub(crate) async fn send_back(&self, id: CaseId, word: ReworkWord) -> Result<State, Denial> {
        let now = clock::now();
        let _members = self.members.lock().await;
        let (mut draft, row) = self.draft(id).await?.ok_or_else(|| unknown("there is no such draft"))?;
        if once::earlier_case().is_some() && draft.sent_back.last().is_some_and(|last| last.signature == word.signature)
        {
            return Ok(draft.state);
        }
        reasoned(&word, draft.sent_back.len())?;
        let apart = now.0.saturating_sub(word.at.0).saturating_abs();
        if apart > limits::CLOCK_AHEAD_MS_MAX {
            return Err(Denial::failed(Fault::Expired, "the word was given at another time: give it again"));
        }
        let sha256 = Digest::of(&[&draft.body]);
        if sha256.to_string() != word.sha256 {
            return Err(Denial::failed(Fault::StaleCase, "the draft was saved since it was read: read it again"));
        }
        let (by, authority) = self.who_sends_back(id, &word)?;
        if draft.state == State::Draft && word.role != Role::Officer {
            // It lies with the validator who has read it.
            draft.state = step(DraftStep::Submit, draft.state, Role::Officer)?;
        }
        draft.state = step(DraftStep::Rework, draft.state, word.role)?;
        (draft.validation, draft.offered) = (None, None);
        let ReworkWord { reasons, role, at, key, signature, .. } = word;
        draft.sent_back.push(SentBack { by, authority, role, key, at, reasons, sha256, signature });
        let mut batch = DeskBatch::default();
        let state = draft.state;
        self.put_draft(&mut batch, id, &draft, Some(&row), now)?;
        // What officers signed was the draft as it was validated.
        batch.proposals_done.extend(self.store.proposals_of(id).await?.iter().map(|proposal| proposal.id.0));
        batch.events.push(event(id, Told::DraftSaved, None, now));
        self.commit(&batch).await?;
        Ok(state)
    }

    /// As the directory calls the officer: a judge or prosecutor of the party, or an officer of this authority.
    fn who_sends_back(&self, id: CaseId, word: &ReworkWord) -> Result<(String, AuthorityId), Denial> {
        let refuse = |code, reason: String, remedy: &str| {
            let mut refusal = Refusal::new(code, "identity", reason, remedy).at("role");
            refusal.owner = Some(self.own.party());
            Denial::from(refusal)
        };
        let trust = self.trust.store()?;
        let found = trust.officer(self.own.party(), &word.key);
        let found = found.filter(|(authority, _)| word.role != Role::Officer || authority.id == self.own);
        let Some((authority, officer)) = found else {
            let remedy = "An officer of this authority, or a judge or prosecutor of the party, sends a draft back.";
            return Err(refuse(RefusalCode::R95, "the key is no such officer's".to_owned(), remedy));
        };
        if !officer.roles.contains(&word.role) {
            let reason = format!("the directory does not grant the officer the role {}", word.role.as_str());
            return Err(refuse(RefusalCode::R93, reason, "Sign in a role that the directory grants."));
        }
        let said = statement(id, &word.sha256, word.at, &word.reasons);
        if officer.key.verify(Domain::Rework, &said, &word.signature).is_err() {
            let reason = "the signature under the reasons does not hold".to_owned();
            return Err(refuse(RefusalCode::R95, reason, "Sign the very reasons that are given."));
        }
        Ok((officer.pseudonym.clone(), authority.id.clone()))
    }
}

/// Whoever writes it anew must be told why.
fn reasoned(word: &ReworkWord, times: usize) -> Result<(), Denial> {
    if word.reasons.trim().is_empty() {
        return Err(Denial::failed(
            Fault::Malformed,
            "a draft is sent back with reasons: say what is to be written anew",
        ));
    }
    if word.reasons.len() > REASONS_BYTES_MAX || times >= TIMES_MAX {
        return Err(Denial::failed(
            Fault::TooLarge,
            "reasons have at most 16 KiB, and a draft goes back 64 times at most",
        ));
    }
    Ok(())
}

fn step(step: DraftStep, state: State, role: Role) -> Result<State, Denial> {
    Ok(decide_draft(&DraftCommand { step, state, role })?)
}
