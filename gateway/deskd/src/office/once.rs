//! Calls that are done once, whatever they are repeated for. A program gives a call a key; what the call changes is committed together
//! with the key, and its answer is durable before it is given. A repetition finds the answer, or what the first one changed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use model::{CaseId, Denial, Digest, EntryId, Fault, Timestamp};
use store::desk::{DeskBatch, OnceRow};

use super::Office;
use crate::{clock, safe::Place};

/// How long a key is kept at least: 7 days are promised, and a day is for clocks that are set.
const KEPT_MS: i64 = 8 * 24 * 3600 * 1000;
/// Keys that one client may have in that time.
const KEYS_MAX: u64 = 100_000;

tokio::task_local! {
    /// The call in which something happens.
    static CALL: Call;
}

/// A call under a key.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The user of this machine whose program calls.
    pub(crate) client: u32,
    /// The digest of the key.
    pub(crate) key: Digest,
    /// The digest of what is called, and with what.
    pub(crate) request: Digest,
    /// What the same call changed before this program ended, where it did not come to an answer.
    earlier: Option<Vec<u8>>,
}

/// What is known of a call.
pub(crate) enum Known {
    /// It was answered so.
    Answered(Vec<u8>),
    /// It changed something, and its answer is not known.
    Unanswered(Call),
    /// Nothing.
    New(Call),
}

/// The calls that are under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running(Arc<Mutex<BTreeSet<(u32, Digest)>>>);

/// That a call is under way, until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Running, (u32, Digest));

impl Running {
    /// Lets one call under a key pass at a time.
    pub(crate) fn enter(&self, client: u32, key: Digest) -> Result<UnderWay, Denial> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((client, key));
        let detail = "a call under this idempotency key is under way; repeat it when it has ended";
        if new { Ok(UnderWay(self.clone(), (client, key))) } else { Err(Denial::failed(Fault::StaleCase, detail)) }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Call {
    /// Runs the call: what it commits is noted under its key.
    pub(crate) async fn run<F: Future>(self, call: F) -> F::Output {
        CALL.scope(self, call).await
    }

    fn row(&self, subject: Option<Vec<u8>>, now: Timestamp) -> OnceRow {
        OnceRow {
            client: self.client.into(),
            key: self.key.into(),
            request: self.request.into(),
            subject: subject.map(Into::into),
            answer: None,
            at: now.0,
        }
    }

    fn place(&self) -> Vec<u8> {
        [self.client.to_be_bytes().as_slice(), self.key.as_bytes()].concat()
    }
}

/// The batch with the key of the call that makes it; `None` where there is no key.
pub(super) fn noted(batch: &DeskBatch) -> Option<DeskBatch> {
    let row = CALL.try_with(|call| call.row(subject(batch), clock::now())).ok()?;
    let mut batch = batch.clone();
    batch.once.push(row);
    Some(batch)
}

/// What the call that runs had changed before this program ended: the case, the entry or whatever its method names.
pub(super) fn earlier<T>(read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    CALL.try_with(|call| call.earlier.as_deref().and_then(read)).ok().flatten()
}

/// The case of an earlier attempt.
pub(super) fn earlier_case() -> Option<CaseId> {
    earlier(|id| CaseId::try_from(id).ok())
}

/// The entry of an earlier attempt.
pub(super) fn earlier_entry() -> Option<EntryId> {
    earlier(|id| EntryId::try_from(id).ok())
}

/// What a batch changes, in one id: of the narrowest kind.
fn subject(batch: &DeskBatch) -> Option<Vec<u8>> {
    let webhook = batch.webhooks.first().map(|row| &row.id).or(batch.webhooks_done.first());
    let proposal = batch.proposals.first().map(|row| row.id.as_bytes().to_vec());
    let case = batch.drafts.keys().chain(batch.cases.keys()).next().map(|id| id.as_bytes().to_vec());
    webhook.map(|id| id.as_bytes().to_vec()).or(proposal).or(case)
}

impl Office {
    /// What is known of the call of `client` under `key`.
    ///
    /// # Errors
    /// [`Fault::IdempotencyKeyReused`] where the key was given to another request, [`Fault::TooLarge`] where the client has too many.
    pub(crate) async fn known(&self, client: u32, key: Digest, request: Digest) -> Result<Known, Denial> {
        let mut call = Call { client, key, request, earlier: None };
        let Some(row) = self.store.once(client.into(), key).await? else {
            if self.store.once_count(client.into()).await? >= KEYS_MAX {
                let detail = format!("{KEYS_MAX} idempotency keys of this client are kept already, each for 7 days");
                return Err(Denial::failed(Fault::TooLarge, detail));
            }
            return Ok(Known::New(call));
        };
        if row.request.0 != request {
            let detail = "the idempotency key was given to another call, or to the same with another request";
            return Err(Denial::failed(Fault::IdempotencyKeyReused, detail));
        }
        match row.answer {
            Some(sealed) => Ok(Known::Answered(self.safe.open(Place::Answer, &call.place(), &sealed)?.to_vec())),
            None => {
                call.earlier = Some(row.subject.map(|subject| subject.0).unwrap_or_default());
                Ok(Known::Unanswered(call))
            }
        }
    }

    /// Makes durable what a call is answered; with `None` only that it was made.
    pub(crate) async fn answered_once(&self, call: &Call, answer: Option<&[u8]>) -> Result<(), Denial> {
        let mut row = call.row(None, clock::now());
        row.answer = answer.map(|plain| self.safe.seal(Place::Answer, &call.place(), plain)).transpose()?;
        Ok(self.store.answer_once(&row).await?)
    }

    /// Forgets the keys whose time is over.
    pub(super) async fn forget_keys(&self) -> Result<(), Denial> {
        self.store.forget_once(clock::now().plus_ms(-KEPT_MS).0).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn one_call_under_a_key_is_under_way_at_a_time() {
        let (running, key) = (Running::default(), Digest::of(&[b"key"]));
        let first = running.enter(7, key).unwrap();
        assert_eq!(running.enter(7, key).unwrap_err().reason(), "STALE_CASE");
        running.enter(8, key).unwrap();
        drop(first);
        running.enter(7, key).unwrap();
    }

    #[tokio::test]
    async fn what_a_call_commits_bears_its_key_and_what_nobody_called_does_not() {
        let batch = DeskBatch { webhooks_done: vec!["wh_1".to_owned()], ..DeskBatch::default() };
        assert_eq!(noted(&batch), None);
        let key = Digest::of(&[b"key"]);
        let call = Call { client: 7, key, request: Digest::of(&[b"request"]), earlier: Some(b"wh_0".to_vec()) };
        let (noted, earlier) = call.run(async { (noted(&batch).unwrap(), earlier(|id| Some(id.to_vec()))) }).await;
        assert_eq!((noted.once.len(), noted.once[0].key.0, noted.once[0].client), (1, key, 7));
        assert_eq!(noted.once[0].subject.as_ref().unwrap().0, b"wh_1");
        assert_eq!(earlier, Some(b"wh_0".to_vec()));
    }
}
