use std::time::Duration;

use tonic::{Code, Status};

/// Pauses between attempts: twice as long each time up to a longest, and each shortened at random by up to half, so that those who
/// failed together do not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    attempts: u32,
    random: u64,
}

impl Backoff {
    /// Pauses from `first` to `longest`; `seed` is random, or fixed in a simulation.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        // xorshift stands still at zero.
        Self { first, longest, attempts: 0, random: seed | 1 }
    }

    /// How long to wait now.
    pub fn pause(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX));
        let whole = doubled.min(self.longest);
        self.attempts = self.attempts.saturating_add(1);
        let half = whole / 2;
        let range = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
        half.saturating_add(Duration::from_micros(self.draw() % range))
    }

    /// How many pauses were taken since the last success.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// After a success: begin again with the first pause.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    /// xorshift64 [Marsaglia 2003]: spreads, and need not be secret.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

/// Whether the same call may succeed later, unchanged. Only for calls that are idempotent.
pub fn is_transient(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Aborted | Code::Cancelled
    ) || crate::cause(status).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_the_longest_and_is_shortened_by_at_most_half() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(60));
        for seed in 0..200 {
            let mut backoff = Backoff::new(first, longest, seed);
            for attempt in 0..80_u32 {
                let whole = first.saturating_mul(2_u32.saturating_pow(attempt)).min(longest);
                let pause = backoff.pause();
                assert!(pause >= whole / 2 && pause <= whole, "{attempt}: {pause:?} of {whole:?}");
            }
            assert_eq!(backoff.attempts(), 80);
            backoff.reset();
            assert!(backoff.pause() <= first);
        }
    }

    #[test]
    fn two_seeds_do_not_come_back_together() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), seed);
            (0..8).map(|_| backoff.pause()).collect::<Vec<_>>()
        };
        assert_ne!(pauses(0x1234_5678_9abc), pauses(0x0fed_cba9_8765));
    }
}
