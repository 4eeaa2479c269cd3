//! Who is signed in. Sessions are in memory only: a console that is started again knows nobody.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{CaseId, Denial, Digest, Fault, Timestamp};

use crate::{
    officers::Officer,
    signing::{Prepared, Taken},
};

/// Without a request for so long it ends: 20 minutes.
const IDLE_MS: i64 = 20 * 60 * 1000;
/// It ends in any case after 8 hours, a day's work.
const AGE_MS: i64 = 8 * 3600 * 1000;
/// Sessions of one officer; the next one ends the one that was idle for longest.
const SESSIONS_OF_OFFICER_MAX: usize = 5;
/// Sessions in all.
const SESSIONS_MAX: usize = 500;
/// Acts that a session remembers, so that a second submit shows what the first one did.
const ACTS_MAX: usize = 16;
/// What was shown and not signed yet; each may have 8 MiB. One that is forgotten is prepared again.
const SHOWN_MAX: usize = 3;
const TOKEN_BYTES: usize = 32;

/// What a browser shows in its cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token([u8; TOKEN_BYTES]);

impl Token {
    /// A new one.
    pub(crate) fn draw() -> Result<Self, Denial> {
        let mut bytes = [0; TOKEN_BYTES];
        rand::fill(&mut bytes).map_err(|_| Denial::failed(Fault::Internal, "the system gives no randomness"))?;
        Ok(Self(bytes))
    }

    /// As it stands in a cookie.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// For a cookie.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is kept of it: who reads the memory of a dead process signs in nowhere.
    fn digest(&self) -> Digest {
        Digest::of(&[&self.0])
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// An officer at a browser.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) officer: Officer,
    begun: Timestamp,
    used: AtomicI64,
    /// One act after the other, and what became of the newest ones.
    pub(crate) acts: tokio::sync::Mutex<Acts>,
}

impl Session {
    fn holds(&self, now: Timestamp) -> bool {
        let used = self.used.load(Ordering::Relaxed);
        // A clock that was set back gives no time.
        let fresh = |from: i64, most: i64| (from..from.saturating_add(most)).contains(&now.0);
        fresh(self.begun.0, AGE_MS) && now.0 < used.saturating_add(IDLE_MS)
    }
}

/// What was done in a session, and what was shown to be signed, each by the key of its form.
#[derive(Debug, Default)]
pub(crate) struct Acts {
    done: VecDeque<(String, Taken)>,
    shown: VecDeque<(String, Arc<Prepared>)>,
    /// Of which case it was: nothing of another one is signed with a passphrase that was typed for it.
    bound: Option<CaseId>,
}

impl Acts {
    pub(crate) fn find(&self, once: &str) -> Option<&Taken> {
        self.done.iter().find(|(key, _)| key == once).map(|(_, taken)| taken)
    }

    pub(crate) fn note(&mut self, once: String, taken: Taken) {
        self.shown.retain(|(key, _)| *key != once);
        self.done.truncate(ACTS_MAX - 1);
        self.done.push_front((once, taken));
    }

    /// What was shown under this key, so that this and nothing else is signed.
    pub(crate) fn shown(&self, once: &str) -> Option<Arc<Prepared>> {
        self.shown.iter().find(|(key, _)| key == once).map(|(_, prepared)| prepared.clone())
    }

    /// From now on the session signs in this case, until another one is shown.
    pub(crate) fn bind(&mut self, case: CaseId) {
        self.bound = Some(case);
    }

    pub(crate) fn is_bound_to(&self, case: CaseId) -> bool {
        self.bound == Some(case)
    }

    pub(crate) fn show(&mut self, once: String, prepared: Arc<Prepared>) {
        self.shown.retain(|(key, _)| *key != once);
        self.shown.truncate(SHOWN_MAX - 1);
        self.shown.push_front((once, prepared));
    }
}

/// All sessions of a console.
pub(crate) struct Sessions {
    key: hmac::Key,
    kept: Mutex<BTreeMap<Digest, Arc<Session>>>,
}

impl Sessions {
    pub(crate) fn new() -> Result<Self, Denial> {
        let key = Token::draw()?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key.0), kept: Mutex::default() })
    }

    /// The session of a token, which is used now.
    pub(crate) fn find(&self, token: &Token, now: Timestamp) -> Option<Arc<Session>> {
        let mut kept = locked(&self.kept);
        let session = kept.get(&token.digest())?.clone();
        if !session.holds(now) {
            kept.remove(&token.digest());
            return None;
        }
        session.used.store(now.0, Ordering::Relaxed);
        Some(session)
    }

    /// A session for who has just signed in, under a token that nobody knew before.
    ///
    /// # Errors
    /// [`Fault::Storage`] where so many are signed in that no more are taken.
    pub(crate) fn open(&self, officer: Officer, now: Timestamp) -> Result<Token, Denial> {
        let token = Token::draw()?;
        let mut kept = locked(&self.kept);
        kept.retain(|_, session| session.holds(now));
        let mut own: Vec<_> = kept.iter().filter(|(_, one)| one.officer.key == officer.key).collect();
        if own.len() >= SESSIONS_OF_OFFICER_MAX {
            own.sort_by_key(|(_, session)| session.used.load(Ordering::Relaxed));
            if let Some(oldest) = own.first().map(|(digest, _)| **digest) {
                kept.remove(&oldest);
            }
        }
        if kept.len() >= SESSIONS_MAX {
            return Err(Denial::failed(Fault::Storage, "too many officers are signed in at this desk"));
        }
        let session = Session { officer, begun: now, used: AtomicI64::new(now.0), acts: tokio::sync::Mutex::default() };
        kept.insert(token.digest(), Arc::new(session));
        Ok(token)
    }

    /// Ends a session.
    pub(crate) fn close(&self, token: &Token) {
        locked(&self.kept).remove(&token.digest());
    }

    /// What every form of who holds this token bears, so that no other page can make one.
    pub(crate) fn mark(&self, token: &Token) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &token.0))
    }

    /// Whether a form bears it.
    pub(crate) fn is_marked(&self, token: &Token, mark: &str) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(mark);
        bytes.is_ok_and(|bytes| hmac::verify(&self.key, &token.0, &bytes).is_ok())
    }
}

/// A key for one act [`idempotency-key` of rogatory.desk.v1].
pub(crate) fn once() -> Result<String, Denial> {
    Token::draw().map(|token| token.text())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::KeyId;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_305_600_000);

    fn officer(name: &str) -> Officer {
        Officer {
            name: name.to_owned(),
            called: name.to_owned(),
            authority: "JP:central".parse().unwrap(),
            key: KeyId::of(name.as_bytes()),
            roles: std::collections::BTreeSet::new(),
        }
    }

    #[test]
    fn a_session_ends_when_nobody_works_and_after_a_day_of_work() {
        let sessions = Sessions::new().unwrap();
        let token = sessions.open(officer("a"), NOW).unwrap();
        let mut now = NOW;
        while now.0 + IDLE_MS - 1 < NOW.0 + AGE_MS {
            now = now.plus_ms(IDLE_MS - 1);
            assert!(sessions.find(&token, now).is_some());
        }
        assert!(sessions.find(&token, NOW.plus_ms(AGE_MS)).is_none());
        let token = sessions.open(officer("a"), NOW).unwrap();
        assert!(sessions.find(&token, NOW.plus_ms(IDLE_MS)).is_none());
        assert!(sessions.find(&token, NOW).is_none(), "what has ended does not begin again");
        let token = sessions.open(officer("a"), NOW).unwrap();
        assert!(sessions.find(&token, NOW.plus_ms(-1)).is_none(), "a clock that was set back gives no time");
    }

    #[test]
    fn an_officer_has_few_sessions_and_the_idlest_gives_way() {
        let sessions = Sessions::new().unwrap();
        let first = sessions.open(officer("a"), NOW).unwrap();
        let second = sessions.open(officer("a"), NOW).unwrap();
        assert!(sessions.find(&first, NOW.plus_ms(1)).is_some());
        for _ in 0..SESSIONS_OF_OFFICER_MAX - 1 {
            sessions.open(officer("a"), NOW.plus_ms(2)).unwrap();
        }
        assert!(sessions.find(&second, NOW.plus_ms(3)).is_none());
        assert!(sessions.find(&first, NOW.plus_ms(3)).is_some());
    }

    #[test]
    fn a_mark_is_of_one_token_and_of_one_run() {
        let (sessions, others) = (Sessions::new().unwrap(), Sessions::new().unwrap());
        let (token, other) = (Token::draw().unwrap(), Token::draw().unwrap());
        let mark = sessions.mark(&token);
        assert!(sessions.is_marked(&token, &mark));
        assert!(!sessions.is_marked(&other, &mark) && !others.is_marked(&token, &mark));
        assert!(!sessions.is_marked(&token, "") && !sessions.is_marked(&token, "ü"));
        assert_eq!(Token::read(&token.text()), Some(token));
    }
}
