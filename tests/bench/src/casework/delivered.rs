//! Very many deliveries at once: whole cases of two states, each with a person of its own, and each answer held against its request.

use std::sync::Arc;

use records::RecordTypes;
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use crate::{
    case::ENTRIES,
    desks::Desks,
    exchange::{joined, now, prepare, rule},
    failure::Failure,
    play::{Play, Stage},
    states::States,
};

/// Cases in flight.
const AT_ONCE: usize = 500;

pub(crate) struct Delivered {
    pub(crate) cases: usize,
    pub(crate) entries: usize,
    pub(crate) at_once: usize,
    pub(crate) seconds: f64,
}

/// Plays as many cases as have `deliveries` entries together. Each release is held against the request of its own case, subject
/// binding included, so that one answer in a wrong case ends the run.
pub(crate) async fn measure(deliveries: usize) -> Result<Delivered, Failure> {
    let states = States::start().await?;
    let played = play(&states, deliveries.div_ceil(ENTRIES)).await;
    states.stop().await;
    played
}

async fn play(states: &States, count: usize) -> Result<Delivered, Failure> {
    let now = now();
    let types = RecordTypes::builtin().map_err(|defect| Failure::new(defect.to_string()))?;
    let stage = Arc::new(Stage::new(Desks::connect(states, now).await?, types, now));
    let cases = prepare(&stage, &rule(now)?, count).await?;
    let started = Instant::now();
    let (mut plays, at_once) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for case in cases {
        let (stage, at_once) = (stage.clone(), at_once.clone());
        plays.spawn(async move {
            let _turn = at_once.acquire().await?;
            Play::new(stage, case).run(None).await
        });
    }
    joined(plays).await?;
    let entries = stage.take_done().len();
    if entries != count * ENTRIES {
        return Err(Failure::new(format!("{entries} of {} deliveries arrived", count * ENTRIES)));
    }
    Ok(Delivered { cases: count, entries, at_once: AT_ONCE.min(count), seconds: started.elapsed().as_secs_f64() })
}
