//! Passphrases that were tried: after a few that did not open a key, an officer's name waits.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use model::Timestamp;

/// So many may fail in a row before the name waits.
const FREE: u32 = 5;
/// The first wait; each further failure doubles it.
const WAIT_MS: i64 = 30_000;
const WAIT_MS_MAX: i64 = 15 * 60_000;
/// Names that are watched at the same time; those that come when there are so many share one place.
const NAMES_MAX: usize = 1000;

#[derive(Debug, Clone, Copy)]
struct Tries {
    failed: u32,
    last: Timestamp,
}

impl Tries {
    fn wait_ms(self) -> i64 {
        match self.failed.checked_sub(FREE) {
            None => 0,
            Some(over) => WAIT_MS.saturating_mul(1 << over.min(16)).min(WAIT_MS_MAX),
        }
    }
}

/// What was tried for each name.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<BTreeMap<String, Tries>>);

impl Attempts {
    /// Counts an attempt before it is made, so that many at once win nothing.
    ///
    /// # Errors
    /// In how many seconds the next one may be made.
    pub(crate) fn begin(&self, name: &str, now: Timestamp) -> Result<(), u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= NAMES_MAX {
            all.retain(|_, tries| now.0 < tries.last.0.saturating_add(WAIT_MS_MAX));
        }
        let name = if all.len() >= NAMES_MAX && !all.contains_key(name) { "" } else { name };
        let tries = all.entry(name.to_owned()).or_insert(Tries { failed: 0, last: now });
        let over = tries.last.0.saturating_add(tries.wait_ms());
        if now.0 < over {
            return Err(u64::try_from((over - now.0).div_euclid(1000) + 1).unwrap_or(1));
        }
        if now.0 >= tries.last.0.saturating_add(WAIT_MS_MAX) {
            tries.failed = 0;
        }
        (tries.failed, tries.last) = (tries.failed.saturating_add(1), now);
        Ok(())
    }

    /// The attempt opened the key.
    pub(crate) fn opened(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_305_600_000);

    #[test]
    fn after_five_failures_a_name_waits_and_longer_each_time() {
        let attempts = Attempts::default();
        for _ in 0..FREE {
            assert_eq!(attempts.begin("a", NOW), Ok(()));
        }
        assert_eq!(attempts.begin("a", NOW), Err(31));
        assert_eq!(attempts.begin("b", NOW), Ok(()), "each name for itself");
        let later = NOW.plus_ms(WAIT_MS);
        assert_eq!(attempts.begin("a", later), Ok(()));
        assert_eq!(attempts.begin("a", later), Err(61));
        assert_eq!(attempts.begin("a", later.plus_ms(WAIT_MS_MAX)), Ok(()), "forgotten");
        assert_eq!(attempts.begin("a", later.plus_ms(WAIT_MS_MAX)), Ok(()));
    }

    #[test]
    fn who_signs_in_begins_anew_and_strangers_fill_no_memory() {
        let attempts = Attempts::default();
        for _ in 0..FREE - 1 {
            assert_eq!(attempts.begin("a", NOW), Ok(()));
        }
        attempts.opened("a");
        for number in 0..2 * NAMES_MAX {
            let _ = attempts.begin(&number.to_string(), NOW);
        }
        assert!(attempts.0.lock().is_ok_and(|all| all.len() <= NAMES_MAX + 1));
    }
}
