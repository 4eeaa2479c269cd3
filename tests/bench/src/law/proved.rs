//! Claims over every pair of the catalogue, proved.

use std::hint::black_box;

use tokio::time::Instant;
use treaty::{Catalog, Claim, prove};

use super::DAY;
use crate::{cpu::thread_ns, failure::Failure};

/// One claim, over all pairs.
pub(crate) struct Proved {
    pub(crate) claim: String,
    pub(crate) holds: bool,
    pub(crate) rules: usize,
    pub(crate) provisions: usize,
    pub(crate) decisions: usize,
    /// With the compilation of all rules; by the clock, and of the processor.
    pub(crate) ms: f64,
    pub(crate) processor_ms: f64,
    /// The same rules compiled, and nothing proved, in milliseconds of the processor: what a proof costs at least.
    pub(crate) compiled_ms: f64,
}

pub(crate) fn measure(catalog: &Catalog) -> Result<Proved, Failure> {
    let before = thread_ns();
    for (a, b) in super::compiled::pairs(catalog) {
        black_box(catalog.rule(a, b, DAY));
    }
    let compiled_ms = (thread_ns() - before) as f64 / 1e6;
    let claim = Claim::no_content_without_judge();
    let (started, before) = (Instant::now(), thread_ns());
    let proof = prove(catalog, &claim, DAY);
    let (ms, processor_ms) = (started.elapsed().as_secs_f64() * 1e3, (thread_ns() - before) as f64 / 1e6);
    if proof.counterexample.as_ref().is_some_and(|found| !found.confirmed) {
        return Err(Failure::new(format!("table and decision contradict each other on: {}", proof.claim)));
    }
    Ok(Proved {
        claim: proof.claim,
        holds: proof.holds,
        rules: proof.rules,
        provisions: proof.checked,
        decisions: proof.decisions,
        ms,
        processor_ms,
        compiled_ms,
    })
}
