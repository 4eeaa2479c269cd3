//! That a desk of the own party leaves a case. It destroys the records that it read there, so that two officers stand for it. They sign a
//! statement of how the case's seats stand: after another change of them it counts no more.

use std::collections::BTreeSet;

use identity::Domain;
use model::{AuthorityId, CaseId, Denial, Fault, KeyId, Refusal, RefusalCode, Role};
use serde::{Deserialize, Serialize};
use store::desk::{DeskBatch, PledgeRow};

use super::{Office, Wish, custody::carries, internal, outbox::THEIRS, unknown, view::CaseView};
use crate::clock;

/// So many officers stand for a removal, and in which roles.
const OFFICERS: usize = 2;
const ROLES: [Role; 2] = [Role::Central, Role::Custodian];
/// After that a signature waits for no other.
const PLEDGE_AGE_MS_MAX: i64 = 7 * 24 * 3600 * 1000;

/// Which desk is to leave.
#[derive(Debug, Clone)]
pub(crate) struct Removing {
    pub(crate) case: CaseId,
    pub(crate) authority: AuthorityId,
    /// Whether it is taken into account that it may hold the only readable copy of records.
    pub(crate) accept_last_copy: bool,
}

/// An officer's word on it, as it was handed in.
pub(crate) struct RemovalWord {
    pub(crate) statement: Vec<u8>,
    pub(crate) role: Role,
    pub(crate) key: KeyId,
    pub(crate) signature: Vec<u8>,
}

/// What is signed of a removal, as it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Pledged {
    statement: Vec<u8>,
    words: Vec<KeptWord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptWord {
    role: Role,
    key: KeyId,
    signature: Vec<u8>,
}

impl Office {
    /// What the next officer signs, and how many are missing; `None` where enough have signed, or the desk has left.
    ///
    /// # Errors
    /// R94 where the desk may hold the only readable copy of records and that was not taken into account.
    pub(crate) async fn prepare_removal(&self, removing: &Removing) -> Result<Option<(Vec<u8>, usize)>, Denial> {
        let wish = Wish::Remove(removing.authority.clone());
        self.wishable(removing.case, &wish).await?;
        let (view, _) = self.view(removing.case).await?.ok_or_else(|| unknown("there is no such case"))?;
        let on_its_way = self.errand(removing.case).await?.is_some_and(|errand| errand.wish == wish);
        if on_its_way || !view.readers.contains(&removing.authority) {
            return Ok(None);
        }
        let statement = self.removal_statement(&view, removing).await?;
        let missing = OFFICERS.saturating_sub(self.removal_signers(removing, &statement).await?.len());
        Ok((missing > 0).then_some((statement, missing)))
    }

    /// Takes an officer's word. Says how many more are needed.
    ///
    /// # Errors
    /// [`Fault::StaleCase`] where the seats have changed since the statement was offered; R93, R95 where the officer may not sign it.
    pub(crate) async fn sign_removal(&self, removing: &Removing, word: RemovalWord) -> Result<usize, Denial> {
        let _members = self.members.lock().await;
        let (view, _) = self.view(removing.case).await?.ok_or_else(|| unknown("there is no such case"))?;
        if word.statement != self.removal_statement(&view, removing).await? {
            return Err(Denial::failed(Fault::StaleCase, "the seats of the case have changed meanwhile: look again"));
        }
        self.check_word(Domain::Custody, (&word.statement, &word.signature), word.role, &word.key, &ROLES)?;
        let mut pledged = self.pledged(removing, &word.statement).await?;
        pledged.statement.clone_from(&word.statement);
        pledged.words.retain(|one| one.key != word.key);
        pledged.words.push(KeptWord { role: word.role, key: word.key, signature: word.signature });
        let row = PledgeRow {
            case_id: removing.case.into(),
            act: act(&removing.authority),
            body: serde_json::to_vec(&pledged).map_err(internal)?.into(),
            at: clock::now().0,
        };
        self.commit(&DeskBatch { pledges: vec![row], ..DeskBatch::default() }).await?;
        Ok(OFFICERS.saturating_sub(self.removal_signers(removing, &word.statement).await?.len()))
    }

    /// Refuses to take a desk out for which no two officers stand as the case's seats are now.
    pub(super) async fn is_pledged(&self, view: &CaseView, authority: &AuthorityId) -> Result<(), Denial> {
        for accept_last_copy in [false, true] {
            let removing = Removing { case: view.id, authority: authority.clone(), accept_last_copy };
            let Ok(statement) = self.removal_statement(view, &removing).await else { continue };
            if self.removal_signers(&removing, &statement).await?.len() >= OFFICERS {
                return Ok(());
            }
        }
        let reason =
            format!("{authority} destroys what it read when it leaves the case, and no two officers stand for that");
        let remedy = "Two officers, central or custodian, run: desk group remove CASE --authority … --as …";
        let mut refusal = Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("officers");
        refusal.owner = Some(self.own.party());
        Err(refusal.into())
    }

    /// The bytes that an officer signs.
    async fn removal_statement(&self, view: &CaseView, removing: &Removing) -> Result<Vec<u8>, Denial> {
        let unread = self.unread(view).await?;
        if unread > 0 && !removing.accept_last_copy {
            let reason = format!(
                "{} may hold the only readable copy of the records in {unread} entries that this desk cannot open, and \
                 destroys it when it leaves",
                removing.authority
            );
            let remedy =
                "Let it hand them on first (desk forward there), or take the loss into account: --accept-last-copy.";
            let mut refusal = Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("authority");
            refusal.owner = Some(self.own.party());
            return Err(refusal.into());
        }
        let lost = if removing.accept_last_copy { "accepted" } else { "none" };
        let text = format!(
            "act remove\ndesk {}\ncase {}\nauthority {}\nseats {}\nunread {unread}\nlast copy {lost}\n",
            self.own,
            view.id,
            removing.authority,
            view.seats.len(),
        );
        Ok(text.into_bytes())
    }

    /// How many entries brought this party records that this desk cannot read, and that nobody destroyed.
    async fn unread(&self, view: &CaseView) -> Result<usize, Denial> {
        let mut count = 0;
        for row in self.store.entries_of(view.id).await? {
            let received = row.seq.is_some() && row.direction == THEIRS && carries(&row);
            if !received || view.findings.contains_key(&row.id.0) {
                continue;
            }
            let gone = view.destroyed.iter().any(|one| one.entry == row.id.0)
                || self.store.record_key(row.id.0).await?.is_some_and(|key| key.shredded.is_some());
            if !gone && self.kept_body(&row).await?.is_none_or(|body| body.is_empty()) {
                count += 1;
            }
        }
        Ok(count)
    }

    async fn pledged(&self, removing: &Removing, statement: &[u8]) -> Result<Pledged, Denial> {
        let Some(row) = self.store.pledge(removing.case, &act(&removing.authority)).await? else {
            return Ok(Pledged::default());
        };
        let pledged: Pledged = serde_json::from_slice(&row.body).map_err(internal)?;
        let holds = pledged.statement == statement && clock::now().0 - row.at <= PLEDGE_AGE_MS_MAX;
        Ok(if holds { pledged } else { Pledged::default() })
    }

    /// The keys of who signed this very statement, and are officers today.
    async fn removal_signers(&self, removing: &Removing, statement: &[u8]) -> Result<BTreeSet<KeyId>, Denial> {
        let words = self.pledged(removing, statement).await?.words;
        let holds = |word: &&KeptWord| {
            self.check_word(Domain::Custody, (statement, &word.signature), word.role, &word.key, &ROLES).is_ok()
        };
        Ok(words.iter().filter(holds).map(|word| word.key).collect())
    }
}

/// Under which word the pledges of a removal are kept.
pub(super) fn act(authority: &AuthorityId) -> String {
    format!("remove {authority}")
}
