//! How long a decision on a transition takes, over all rows of both tables, and the fold of a long case.

use tokio::time::Instant;
use workflow::apply;

use super::orders;
use crate::{failure::Failure, sample::Sample};

/// Entries of the case that is folded.
const ENTRIES: usize = 40;

pub(crate) struct Decided {
    /// Rows of both tables that an entry goes along.
    pub(crate) rows: usize,
    /// Commands in cases: each row in each state, on each side.
    pub(crate) places: usize,
    /// Decisions that were timed.
    pub(crate) calls: usize,
    /// Of yes, in microseconds.
    pub(crate) granted: Sample,
    /// Of no, with the sentence that says who could do it and what is possible instead.
    pub(crate) refused: Sample,
    /// A case of [`ENTRIES`] entries from its events.
    pub(crate) fold: Sample,
}

pub(crate) fn measure(rounds: usize) -> Result<Decided, Failure> {
    let every = orders::every()?;
    let mut granted = Vec::with_capacity(every.len() * rounds);
    let mut refused = Vec::with_capacity(every.len() * rounds);
    for round in 0..rounds {
        for (index, given) in every.iter().enumerate() {
            let started = Instant::now();
            let answer = given.order.decide(given.case.as_ref());
            let took = started.elapsed().as_secs_f64() * 1e6;
            answer.map_err(|refusal| Failure::new(refusal.to_string()))?;
            granted.push(took);
            // The same command in another command's case: mostly refused.
            let other = &every[(index + 1 + round * 7) % every.len()];
            let started = Instant::now();
            let answer = given.order.decide(other.case.as_ref());
            let took = started.elapsed().as_secs_f64() * 1e6;
            if answer.is_err() {
                refused.push(took);
            }
        }
    }
    let events = orders::long(ENTRIES)?;
    let fold = |_| {
        let started = Instant::now();
        let case = events.iter().fold(None, |case, event| Some(apply(case, event)));
        let took = started.elapsed().as_secs_f64() * 1e6;
        std::hint::black_box(case);
        took
    };
    Ok(Decided {
        rows: orders::rows(),
        places: every.len(),
        calls: granted.len() + refused.len(),
        granted: Sample::new(granted),
        refused: Sample::new(refused),
        fold: Sample::new((0..rounds.max(1) * 10).map(fold).collect()),
    })
}
