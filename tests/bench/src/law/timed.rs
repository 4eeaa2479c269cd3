//! One piece of work, many times.

use std::hint::black_box;

use tokio::time::Instant;

use crate::{failure::Failure, floors::mean, sample::Sample};

/// How long it takes, in microseconds.
pub(crate) struct Timed {
    /// Each by itself, by the clock on the wall, so with whatever interrupted it.
    pub(crate) each: Sample,
    /// Processor time of one in a long row of them: hardly moved by what else runs on the machine.
    pub(crate) mean: f64,
}

impl Timed {
    /// Does the work `times` times with a clock around each, and as often without.
    pub(crate) fn of<T>(times: usize, mut work: impl FnMut() -> Result<T, Failure>) -> Result<Self, Failure> {
        for _ in 0..times / 20 {
            black_box(work()?);
        }
        let mut each = Vec::with_capacity(times);
        for _ in 0..times {
            let started = Instant::now();
            black_box(work()?);
            each.push(started.elapsed().as_secs_f64() * 1e6);
        }
        let mean = mean(times, || {
            black_box(work()?);
            Ok(())
        })?;
        Ok(Self { each: Sample::new(each), mean })
    }

    /// How many a second, on one core.
    pub(crate) fn per_second(&self) -> f64 {
        1e6 / self.mean
    }
}
