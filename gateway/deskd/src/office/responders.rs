//! Which responders may answer: two officers stand for the text of a file, any one stops it. What they signed is kept in the database; a
//! file that is not that text any more answers nothing.

use std::collections::BTreeSet;

use desk::responder::Gives;
use identity::Domain;
use model::{Denial, Digest, Fault, KeyId, Refusal, RefusalCode, Role, Timestamp};
use proto::desk as wire;
use serde::{Deserialize, Serialize};
use store::desk::{DeskBatch, ResponderRow};

use super::{Office, internal};
use crate::{clock, failure::Failure, responder::Loaded};

/// So many officers let a responder answer.
const OFFICERS: usize = 2;
/// Who may let one answer.
const ROLES: [Role; 2] = [Role::Central, Role::Decider];
/// What a text may have at most in an error that is shown.
const DETAIL_CHARS_MAX: usize = 2000;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// How a responder stands, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// Grows with each stop, so that what was signed before counts no more.
    round: u64,
    /// What is signed.
    digest: Option<Digest>,
    signatures: Vec<KeptWord>,
    stopped: bool,
    pub(super) last_error: String,
    pub(super) last_error_at: i64,
}

/// An officer's signature as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptWord {
    role: Role,
    key: KeyId,
    bytes: Vec<u8>,
}

/// An officer's word on a responder, as it was handed in.
pub(crate) struct ResponderWord {
    pub(crate) name: String,
    pub(crate) stops: bool,
    pub(crate) statement: Vec<u8>,
    pub(crate) role: Role,
    pub(crate) key: KeyId,
    pub(crate) signature: Vec<u8>,
}

/// What is to be signed, and the text that it is about.
pub(crate) struct Offered {
    pub(crate) statement: Vec<u8>,
    pub(crate) text: String,
}

impl Office {
    pub(super) async fn standing(&self, name: &str) -> Result<Standing, Denial> {
        let Some(row) = self.store.responder(name).await? else { return Ok(Standing::default()) };
        serde_json::from_str(&row.state).map_err(internal)
    }

    pub(super) fn put_standing(batch: &mut DeskBatch, name: &str, standing: &Standing) -> Result<(), Denial> {
        let state = serde_json::to_string(standing).map_err(internal)?;
        batch.responders.push(ResponderRow { name: name.to_owned(), state });
        Ok(())
    }

    /// Whether two officers, who are officers today, stand for this very text.
    pub(super) fn is_authorised(&self, loaded: &Loaded, standing: &Standing) -> Result<bool, Denial> {
        Ok(!standing.stopped
            && standing.digest == Some(loaded.digest)
            && self.signers(loaded.name.as_str(), standing)?.len() >= OFFICERS)
    }

    /// The keys whose signature holds today.
    fn signers(&self, name: &str, standing: &Standing) -> Result<BTreeSet<KeyId>, Denial> {
        let Some(digest) = standing.digest else { return Ok(BTreeSet::new()) };
        let statement = self.statement(name, digest, standing.round, false);
        let mut keys = BTreeSet::new();
        for word in &standing.signatures {
            let signed = (statement.as_slice(), word.bytes.as_slice());
            if self.check_word(Domain::Responder, signed, word.role, &word.key, &ROLES).is_ok() {
                keys.insert(word.key);
            }
        }
        Ok(keys)
    }

    /// The bytes that an officer signs.
    fn statement(&self, name: &str, digest: Digest, round: u64, stops: bool) -> Vec<u8> {
        let act = if stops { "stop" } else { "authorise" };
        format!("act {act}\ndesk {}\nresponder {name}\nround {round}\ntext {digest}\n", self.own).into_bytes()
    }

    /// What an officer signs to let a responder answer, or to stop it.
    pub(crate) async fn prepare_responder(&self, name: &str, stops: bool) -> Result<Offered, Denial> {
        let standing = self.standing(name).await?;
        let digest = match self.responders.load(name) {
            Ok(loaded) => loaded.digest,
            // What is stopped need not be whole.
            Err(_) if stops => Digest::of(&[]),
            Err(failure) => return Err(faulty(&failure)),
        };
        let text = self.responders.text(name).map_err(|failure| faulty(&failure))?;
        Ok(Offered { statement: self.statement(name, digest, standing.round, stops), text })
    }

    /// Takes an officer's word. Says how many more are needed.
    pub(crate) async fn sign_responder(&self, word: ResponderWord) -> Result<usize, Denial> {
        let _members = self.members.lock().await;
        let mut standing = self.standing(&word.name).await?;
        let digest = match self.responders.load(&word.name) {
            Ok(loaded) => loaded.digest,
            Err(_) if word.stops => Digest::of(&[]),
            Err(failure) => return Err(faulty(&failure)),
        };
        if word.statement != self.statement(&word.name, digest, standing.round, word.stops) {
            return Err(Denial::failed(
                Fault::StaleCase,
                "the file, or its standing, has changed meanwhile: look again",
            ));
        }
        let every: Vec<Role> = Role::ALL.to_vec();
        let roles: &[Role] = if word.stops { &every } else { &ROLES };
        self.check_word(Domain::Responder, (&word.statement, &word.signature), word.role, &word.key, roles)?;
        if word.stops {
            standing.round += 1;
            standing.stopped = true;
            standing.digest = None;
            standing.signatures.clear();
        } else {
            if standing.digest != Some(digest) {
                standing.signatures.clear();
            }
            standing.digest = Some(digest);
            standing.stopped = false;
            standing.signatures.retain(|one| one.key != word.key);
            standing.signatures.push(KeptWord { role: word.role, key: word.key, bytes: word.signature });
        }
        let given = self.signers(&word.name, &standing)?.len();
        let mut batch = DeskBatch::default();
        Self::put_standing(&mut batch, &word.name, &standing)?;
        self.commit(&batch).await?;
        Ok(if word.stops { 0 } else { OFFICERS.saturating_sub(given) })
    }

    /// Whether an officer of this authority signed a statement, in a role that they hold and that is one of `roles`.
    pub(super) fn check_word(
        &self,
        domain: Domain,
        (statement, signature): (&[u8], &[u8]),
        role: Role,
        key: &KeyId,
        roles: &[Role],
    ) -> Result<(), Denial> {
        let refused = |code, reason: String, remedy: &str| -> Denial {
            let mut refusal = Refusal::new(code, "identity", reason, remedy).at("officers");
            refusal.owner = Some(self.own.party());
            refusal.into()
        };
        let trust = self.trust.store()?;
        let officer = trust.officer(self.own.party(), key).filter(|(authority, _)| authority.id == self.own);
        let holds = officer.as_ref().filter(|(_, officer)| officer.key.verify(domain, statement, signature).is_ok());
        let Some((_, officer)) = holds else {
            let reason = format!("the signature is no officer's of {}, or does not hold", self.own);
            let remedy = "An officer of this authority signs, as the directory lists them.";
            return Err(refused(RefusalCode::R95, reason, remedy));
        };
        if !roles.contains(&role) || !officer.roles.contains(&role) {
            let reason = format!("the officer signs as {}, and may not do this as that", role.as_str());
            let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            let remedy = format!("An officer signs who is {} in the directory.", names.join(" or "));
            return Err(refused(RefusalCode::R93, reason, &remedy));
        }
        Ok(())
    }

    /// All responders of the folder, and how each stands.
    pub(crate) async fn responders(&self) -> Result<Vec<wire::ResponderView>, Denial> {
        let mut views = Vec::new();
        for name in self.responders.names() {
            views.push(self.responder_view(&name).await?);
        }
        Ok(views)
    }

    async fn responder_view(&self, name: &str) -> Result<wire::ResponderView, Denial> {
        let standing = self.standing(name).await?;
        let counts = self.store.attempt_counts(name, day_begins(clock::now())).await?;
        let mut view = wire::ResponderView {
            name: name.to_owned(),
            last_error: standing.last_error.clone(),
            last_error_ms: standing.last_error_at,
            today: counts
                .into_iter()
                .map(|(outcome, count)| wire::OutcomeCount {
                    outcome: if outcome.is_empty() { "in_progress".to_owned() } else { outcome },
                    count: u64::try_from(count).unwrap_or_default(),
                })
                .collect(),
            ..wire::ResponderView::default()
        };
        let loaded = match self.responders.load(name) {
            Ok(loaded) => loaded,
            Err(failure) => {
                view.standing = "faulty".to_owned();
                view.detail = failure.to_string().chars().take(DETAIL_CHARS_MAX).collect();
                return Ok(view);
            }
        };
        let signers = self.signers(name, &standing)?;
        view.standing = match () {
            () if standing.stopped => "stopped",
            () if standing.digest.is_some_and(|digest| digest != loaded.digest) => "changed",
            () if self.is_authorised(&loaded, &standing)? => "answering",
            () => "waiting_for_signature",
        }
        .to_owned();
        view.gives = gives(loaded.policy.gives).to_owned();
        view.articles = loaded.articles.iter().map(ToString::to_string).collect();
        view.digest = loaded.digest.to_string();
        view.signed_by = signers.iter().map(ToString::to_string).collect();
        view.per_day = loaded.quota.per_day;
        view.per_counterpart = loaded.quota.per_counterpart;
        Ok(view)
    }
}

/// The first moment of the day, UTC.
pub(super) fn day_begins(now: Timestamp) -> i64 {
    now.0 - now.0.rem_euclid(DAY_MS)
}

fn gives(gives: Gives) -> &'static str {
    gives.as_str()
}

fn faulty(failure: &Failure) -> Denial {
    let detail: String = failure.to_string().chars().take(DETAIL_CHARS_MAX).collect();
    Denial::failed(Fault::Malformed, detail)
}
