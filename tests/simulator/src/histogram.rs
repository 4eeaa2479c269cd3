//! Durations without their cases: counts in buckets that grow with the duration, so that a year of the world fits into memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Buckets in each doubling: a quantile is told to 2 %.
const PARTS: u64 = 32;
/// A duration is counted in minutes; below 32 of them exactly.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// Minutes in a day.
pub(crate) const DAY_MINUTES: f64 = 1440.0;

/// How long something took, and of what was not over yet, how long it had taken until then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// How many were over.
    pub over: u64,
    /// The sum of their minutes.
    pub minutes: u64,
    ended: BTreeMap<u16, u64>,
    open: BTreeMap<u16, u64>,
}

impl Durations {
    /// Something is over that took so long.
    pub fn end(&mut self, ms: i64) {
        let minutes = to_minutes(ms);
        self.over += 1;
        self.minutes = self.minutes.saturating_add(minutes);
        *self.ended.entry(bucket(minutes)).or_default() += 1;
    }

    /// Something has taken so long and is not over.
    pub fn leave(&mut self, ms: i64) {
        *self.open.entry(bucket(to_minutes(ms))).or_default() += 1;
    }

    /// The mean of what was over, in days.
    pub fn mean_days(&self) -> Option<f64> {
        (self.over > 0).then(|| self.minutes as f64 / self.over as f64 / DAY_MINUTES)
    }

    /// How many were not over.
    pub fn left(&self) -> u64 {
        self.open.values().sum()
    }

    /// The duration below which the share `share` of all lies, in days, those that are not over yet included (Kaplan and Meier 1958): to
    /// leave them out would tell of a slow office that it is fast. `None` where so many were not over that nobody can say.
    pub fn quantile_days(&self, share: f64) -> Option<f64> {
        let mut at_risk: u64 = self.over + self.left();
        let mut surviving = 1.0;
        let buckets: std::collections::BTreeSet<u16> = self.ended.keys().chain(self.open.keys()).copied().collect();
        for at in buckets {
            let ended = self.ended.get(&at).copied().unwrap_or_default();
            if at_risk > 0 && ended > 0 {
                surviving *= 1.0 - ended as f64 / at_risk as f64;
                if surviving <= 1.0 - share + 1e-12 {
                    return Some(middle(at) / DAY_MINUTES);
                }
            }
            at_risk -= ended + self.open.get(&at).copied().unwrap_or_default();
        }
        None
    }

    /// The same with those of another run.
    pub fn add(&mut self, other: &Self) {
        self.over += other.over;
        self.minutes = self.minutes.saturating_add(other.minutes);
        for (mine, theirs) in [(&mut self.ended, &other.ended), (&mut self.open, &other.open)] {
            for (at, count) in theirs {
                *mine.entry(*at).or_default() += count;
            }
        }
    }
}

fn to_minutes(ms: i64) -> u64 {
    u64::try_from(ms / MINUTE_MS).unwrap_or_default()
}

fn bucket(minutes: u64) -> u16 {
    if minutes < PARTS {
        return minutes as u16;
    }
    let doubling = u64::from(minutes.ilog2() - PARTS.ilog2());
    let part = (minutes >> doubling) - PARTS;
    // Less than 60 doublings of 32 parts.
    (PARTS + doubling * PARTS + part) as u16
}

/// The middle of a bucket, in minutes.
fn middle(at: u16) -> f64 {
    let at = u64::from(at);
    if at < PARTS {
        return at as f64;
    }
    let (doubling, part) = ((at - PARTS) / PARTS, (at - PARTS) % PARTS);
    let width = 2_f64.powi(doubling as i32);
    (PARTS + part) as f64 * width + width / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 3_600_000;

    #[test]
    fn a_quantile_is_within_two_percent() {
        let mut all = Durations::default();
        (1..=1000).for_each(|day| all.end(day * DAY_MS));
        for (share, expected) in [(0.1, 100.0), (0.5, 500.0), (0.9, 900.0)] {
            let found = all.quantile_days(share).unwrap_or_default();
            assert!((found / expected - 1.0).abs() < 0.02, "{found} instead of {expected}");
        }
    }

    #[test]
    fn what_is_still_open_counts_as_longer() {
        let mut all = Durations::default();
        (1..=40).for_each(|day| all.end(day * DAY_MS));
        (1..=60).for_each(|_| all.leave(50 * DAY_MS));
        assert!(all.quantile_days(0.3).is_some_and(|days| (days - 30.0).abs() < 1.0));
        assert_eq!(all.quantile_days(0.5), None, "nobody can say when the half was over");
    }

    #[test]
    fn two_runs_together_are_one() {
        let (mut a, mut b, mut both) = (Durations::default(), Durations::default(), Durations::default());
        for day in 1..100 {
            if day % 2 == 0 {
                a.end(day * DAY_MS)
            } else {
                b.end(day * DAY_MS)
            }
            both.end(day * DAY_MS);
        }
        a.add(&b);
        assert_eq!(a, both);
    }
}
