//! Decisions, one rule, one thread.

use std::hint::black_box;

use treaty::Catalog;

use super::{DAY, question::Question, timed::Timed};
use crate::failure::Failure;

/// A decision on one measure is promised to take less than this in 99 of 100 cases, in microseconds.
pub(crate) const LIMIT: f64 = 10.0;

/// What was asked, how many measures it had, and how long the answer took.
pub(crate) struct Decided {
    pub(crate) calls: usize,
    pub(crate) lines: Vec<(&'static str, usize, Timed)>,
    /// Reading the clock, which is in each of the times but not in the means.
    pub(crate) clock: Timed,
}

pub(crate) fn measure(catalog: &Catalog, calls: usize) -> Result<Decided, Failure> {
    let cases = [
        ("allowed", Question::stored_data()?, true),
        ("refused: bulk", Question::bulk()?, false),
        ("refused: not in force", Question::not_in_force()?, false),
    ];
    let mut lines = Vec::new();
    for count in [1, 8] {
        for (name, question, allowed) in &cases {
            let question = question.clone().times(count);
            let rule = catalog.rule(question.requesting, question.requested, DAY);
            let query = question.query();
            let decision = rule.decide(&query);
            if decision.allowed() != *allowed {
                return Err(Failure::new(format!("`{name}` was not what came out: {:?}", decision.refusals)));
            }
            let timed = Timed::of(calls, || Ok(rule.decide(black_box(&query))))?;
            lines.push((*name, usize::try_from(count)?, timed));
        }
    }
    Ok(Decided { calls, lines, clock: Timed::of(calls, || Ok(()))? })
}
