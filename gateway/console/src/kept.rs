//! Forms that were filled in and not done yet, so that a page that shows what will be signed is a page by itself: it can be reloaded, left
//! and come back to. In memory only, by officer: a session that ends takes nothing with it; signing out does.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use model::{KeyId, Timestamp};

use crate::fields::Fields;

/// Forms in all; the oldest gives way.
const FORMS_MAX: usize = 256;
/// In all of them.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// A day's work: 8 hours.
const AGE_MS: i64 = 8 * 3600 * 1000;

/// All forms of a console.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<VecDeque<One>>);

#[derive(Debug)]
struct One {
    officer: KeyId,
    /// Where the form is.
    path: String,
    /// Of the form and what it asks for.
    key: String,
    at: Timestamp,
    fields: Fields,
}

impl Kept {
    /// Keeps a form in place of what the officer had entered there under this key.
    pub(crate) fn keep(&self, officer: KeyId, path: &str, key: &str, fields: Fields, now: Timestamp) {
        let mut kept = self.fresh(now);
        kept.retain(|one| !(one.officer == officer && one.path == path && one.key == key));
        kept.push_front(One { officer, path: path.to_owned(), key: key.to_owned(), at: now, fields });
        kept.truncate(FORMS_MAX);
        while kept.len() > 1 && kept.iter().map(|one| one.fields.bytes()).sum::<usize>() > BYTES_MAX {
            kept.pop_back();
        }
    }

    /// The form under this key.
    pub(crate) fn find(&self, officer: KeyId, path: &str, key: &str, now: Timestamp) -> Option<Fields> {
        let kept = self.fresh(now);
        let mut found = kept.iter().filter(|one| one.officer == officer && one.path == path && one.key == key);
        found.next().map(|one| one.fields.clone())
    }

    /// What the officer entered there last, and has not done.
    pub(crate) fn newest(&self, officer: KeyId, path: &str, now: Timestamp) -> Option<Fields> {
        let kept = self.fresh(now);
        kept.iter().find(|one| one.officer == officer && one.path == path).map(|one| one.fields.clone())
    }

    /// It was done.
    pub(crate) fn done(&self, officer: KeyId, path: &str, now: Timestamp) {
        self.fresh(now).retain(|one| !(one.officer == officer && one.path == path));
    }

    /// The officer has left.
    pub(crate) fn forget(&self, officer: KeyId, now: Timestamp) {
        self.fresh(now).retain(|one| one.officer != officer);
    }

    fn fresh(&self, now: Timestamp) -> MutexGuard<'_, VecDeque<One>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| (one.at.0..one.at.0.saturating_add(AGE_MS)).contains(&now.0));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_305_600_000);

    #[test]
    fn a_form_is_its_officer_s_alone_until_it_is_done_or_old() {
        let (kept, one, other) = (Kept::default(), KeyId::of(b"one"), KeyId::of(b"other"));
        kept.keep(one, "/a", "1", Fields::of(&[("text", "first")]), NOW);
        kept.keep(one, "/a", "2", Fields::of(&[("text", "second")]), NOW);
        let text = |fields: Option<Fields>| fields.map(|fields| fields.one("text").to_owned());
        assert_eq!(text(kept.newest(one, "/a", NOW)).as_deref(), Some("second"));
        assert_eq!(text(kept.find(one, "/a", "1", NOW)).as_deref(), Some("first"));
        assert!(kept.find(other, "/a", "1", NOW).is_none() && kept.newest(one, "/b", NOW).is_none());
        assert!(kept.newest(one, "/a", NOW.plus_ms(AGE_MS)).is_none());
        kept.keep(one, "/a", "3", Fields::default(), NOW);
        kept.done(one, "/a", NOW);
        assert!(kept.newest(one, "/a", NOW).is_none());
        let large = "x".repeat(BYTES_MAX / 2);
        for key in ["1", "2", "3"] {
            kept.keep(one, "/c", key, Fields::of(&[("text", &large)]), NOW);
        }
        assert!(kept.find(one, "/c", "1", NOW).is_none() && kept.find(one, "/c", "3", NOW).is_some());
        kept.forget(one, NOW);
        assert!(kept.newest(one, "/c", NOW).is_none());
    }
}
