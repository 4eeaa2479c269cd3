//! How many entries of each party were refused for good within the hour. Each costs a row, two receipts and, where we are the home of what
//! it says to be its case, two leaves: whoever forges entries must not fill the disk with our no, nor keep the one committer from others.

use std::collections::BTreeMap;

use model::{Denial, PartyId, Refusal, RefusalCode, Timestamp, limits};

/// Refused for good within an hour, at most. What comes beyond is asked for again later, and leaves nothing behind.
const PER_HOUR: usize = 2 * limits::RELAY_BATCH_ENTRIES_MAX;
const HOUR_MS: i64 = 3600 * 1000;

/// By party: the hour, and how many were refused in it. It is not kept: a start begins anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Rejections(BTreeMap<PartyId, (i64, usize)>);

impl Rejections {
    /// Counts one more.
    ///
    /// # Errors
    /// R91 where there were enough in this hour.
    pub(super) fn count(&mut self, party: PartyId, now: Timestamp) -> Result<(), Denial> {
        let hour = now.0.div_euclid(HOUR_MS);
        let (of, count) = self.0.entry(party).or_insert((hour, 0));
        if *of != hour {
            (*of, *count) = (hour, 0);
        }
        if *count >= PER_HOUR {
            let reason = format!("{PER_HOUR} entries of {party} were refused within the hour");
            let remedy = "Look at why the others were refused, and send again in the next hour.";
            return Err(Refusal::new(RefusalCode::R91, "gateway", reason, remedy).into());
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn who_was_refused_too_often_waits_for_the_next_hour_and_nobody_else_does() {
        let [jp, us] = ["JP", "US"].map(|party| party.parse().unwrap());
        let mut rejections = Rejections::default();
        for _ in 0..PER_HOUR {
            rejections.count(jp, Timestamp(HOUR_MS)).unwrap();
        }
        let full = rejections.count(jp, Timestamp(2 * HOUR_MS - 1)).unwrap_err();
        assert!(matches!(full, Denial::Refused(refusal) if refusal.code == RefusalCode::R91));
        rejections.count(us, Timestamp(HOUR_MS)).unwrap();
        rejections.count(jp, Timestamp(2 * HOUR_MS)).unwrap();
    }
}
