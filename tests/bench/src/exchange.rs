//! The exchange, measured: a closed loop for throughput, what evidence cost it, an open loop for latency, then the floors.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use model::{EntryId, PartyId, Timestamp};
use records::RecordTypes;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};
use treaty::Rule;

use crate::{
    Exchange,
    case::{Case, ENTRIES},
    cpu::{Cpu, Kind},
    desks::Desks,
    evidence::{self, Evidence},
    failure::Failure,
    floors::Floors,
    inner::{self, Inner},
    play::{Done, Play, Stage},
    sample::Sample,
    states::{PARTIES, States},
    treaties,
};

/// An entry follows the one before it in its case after this time, in the open loop.
const STEP: Duration = Duration::from_secs(1);
/// Cases that are played before the first clock starts, so that connections are open and rules compiled.
const WARM_UP: usize = 4;
/// After its last entry, an open loop may take so long.
const TAIL: Duration = Duration::from_secs(20);

/// All that was measured.
pub(crate) struct Measured {
    pub(crate) cores: usize,
    pub(crate) closed: Closed,
    pub(crate) evidence: Evidence,
    pub(crate) open: Option<Open>,
    pub(crate) floors: Floors,
    pub(crate) inner: Inner,
}

/// The closed loop. Microseconds of processor time are per entry.
pub(crate) struct Closed {
    pub(crate) entries: usize,
    pub(crate) seconds: f64,
    /// Entries per second, between the tenth and the ninetieth of a hundred.
    pub(crate) rate: f64,
    pub(crate) latency: Sample,
    /// Entries that a gateway admits in one commit, in the mean.
    pub(crate) group: f64,
    /// The mean size of an entry.
    pub(crate) bytes: usize,
    /// The requesting state's gateway, the requested state's gateway, the desks (this process).
    pub(crate) cpu: [Cpu; 3],
    pub(crate) mls: f64,
    pub(crate) signatures: f64,
    pub(crate) documents: f64,
}

/// The open loop.
pub(crate) struct Open {
    pub(crate) rate: usize,
    pub(crate) entries: usize,
    pub(crate) latency: Sample,
}

pub(crate) async fn measure(options: &Exchange) -> Result<Measured, Failure> {
    let states = States::start().await?;
    let measured = with(&states, options).await;
    states.stop().await;
    measured
}

async fn with(states: &States, options: &Exchange) -> Result<Measured, Failure> {
    let now = now();
    let rule = rule(now)?;
    let types = RecordTypes::builtin().map_err(|defect| Failure::new(defect.to_string()))?;
    let stage = Arc::new(Stage::new(Desks::connect(states, now).await?, types, now));
    let mut warm = JoinSet::new();
    for case in prepare(&stage, &rule, WARM_UP).await? {
        warm.spawn(Play::new(stage.clone(), case).run(None));
    }
    joined(warm).await?;
    let (closed, entries) = closed(&stage, states, &rule, options).await?;
    let evidence = evidence::measure(states, &stage.desks, &entries).await?;
    let open = if options.rate > 0 { Some(open(&stage, &rule, options).await?) } else { None };
    let floors = Floors::measure(states, closed.bytes).await?;
    let case = prepare(&stage, &rule, 1).await?.pop().ok_or_else(|| Failure::new("no case was prepared"))?;
    let inner = inner::measure(&stage.desks, &case, &rule, now)?;
    let cores = std::thread::available_parallelism()?.get();
    Ok(Measured { cores, closed, evidence, open, floors, inner })
}

/// What was measured, and the entries that it was measured with.
async fn closed(
    stage: &Arc<Stage>,
    states: &States,
    rule: &Rule,
    options: &Exchange,
) -> Result<(Closed, Vec<EntryId>), Failure> {
    let cases = prepare(stage, rule, options.cases).await?;
    let at_once = Arc::new(Semaphore::new(options.at_once.max(1)));
    let _ = (stage.take_done(), stage.desks.turns.take());
    let kinds = [Kind::Mls, Kind::Signatures, Kind::Documents];
    let (spent, before, started) = (kinds.map(|kind| stage.meter.us(kind)), cpu(states), Instant::now());
    let mut plays = JoinSet::new();
    for case in cases {
        let (stage, at_once) = (stage.clone(), at_once.clone());
        plays.spawn(async move {
            let _turn = at_once.acquire().await?;
            Play::new(stage, case).run(None).await
        });
    }
    // What is not done when time is over is left; the rate counts what is.
    if let Ok(played) = timeout(Duration::from_secs(options.seconds), joined(plays)).await {
        played?;
    }
    let done = stage.take_done();
    let after = cpu(states);
    let entries = done.len().max(1) as f64;
    let [mls, signatures, documents] = [0, 1, 2].map(|kind| (stage.meter.us(kinds[kind]) - spent[kind]) / entries);
    let closed = Closed {
        entries: done.len(),
        seconds: started.elapsed().as_secs_f64(),
        rate: rate(&done),
        group: 2.0 * entries / stage.desks.turns.take().max(1) as f64,
        bytes: done.iter().map(|one| one.bytes).sum::<usize>() / done.len().max(1),
        cpu: [0, 1, 2].map(|at| {
            let spent = after[at] - before[at];
            Cpu { all: spent.all / entries, database: spent.database / entries }
        }),
        mls,
        signatures,
        documents,
        latency: latency(&done),
    };
    Ok((closed, done.iter().map(|one| one.entry).collect()))
}

/// Each entry has the moment at which it is meant to be sent. Latency counts from there, whatever held it up.
async fn open(stage: &Arc<Stage>, rule: &Rule, options: &Exchange) -> Result<Open, Failure> {
    let total = options.rate * usize::try_from(options.seconds)?;
    let in_step = options.rate * usize::try_from(STEP.as_secs())?;
    let cases = prepare(stage, rule, total.div_ceil(in_step * ENTRIES) * in_step).await?;
    let _ = stage.take_done();
    let start = Instant::now() + Duration::from_millis(200);
    let mut plays = JoinSet::new();
    for (index, case) in cases.into_iter().enumerate() {
        let first = index / in_step * in_step * ENTRIES + index % in_step;
        let places = (0..ENTRIES).map(|step| first + step * in_step).filter(|place| *place < total);
        let schedule: Vec<_> =
            places.map(|place| start + Duration::from_secs_f64(place as f64 / options.rate as f64)).collect();
        plays.spawn(Play::new(stage.clone(), case).run(Some(schedule)));
    }
    timeout(Duration::from_secs(options.seconds) + TAIL, joined(plays))
        .await
        .map_err(|_| Failure::new("the open loop did not end in time: the rate is more than can be borne"))??;
    let done = stage.take_done();
    Ok(Open { rate: options.rate, entries: done.len(), latency: latency(&done) })
}

pub(crate) async fn prepare(stage: &Stage, rule: &Rule, count: usize) -> Result<Vec<Case>, Failure> {
    let packages = stage.desks.key_packages(count, stage.now).await?;
    packages.into_iter().map(|package| Case::prepare(&stage.desks, rule.pin(), package, now())).collect()
}

/// A case with the desk of the requested state as it really runs: only it can join.
pub(crate) async fn prepare_for_real(stage: &Stage, rule: &Rule) -> Result<Case, Failure> {
    let package = stage.desks.claim().await?;
    Case::prepare(&stage.desks, rule.pin(), package, now())
}

pub(crate) async fn joined(mut plays: JoinSet<Result<(), Failure>>) -> Result<(), Failure> {
    while let Some(played) = plays.join_next().await {
        played??;
    }
    Ok(())
}

fn cpu(states: &States) -> [Cpu; 3] {
    let [home, peer] = &states.states;
    [Cpu::of(home.pid), Cpu::of(peer.pid), Cpu::own()]
}

/// Entries per second without the beginning and the end, where not all cases run.
fn rate(done: &[Done]) -> f64 {
    let mut at: Vec<_> = done.iter().map(|one| one.at).collect();
    at.sort_unstable();
    let (from, to) = (at.len() / 10, at.len() * 9 / 10);
    match (at.get(from), at.get(to)) {
        (Some(first), Some(last)) if to > from => (to - from) as f64 / (*last - *first).as_secs_f64(),
        _ => 0.0,
    }
}

fn latency(done: &[Done]) -> Sample {
    Sample::new(done.iter().map(|one| one.took.as_secs_f64() * 1e6).collect())
}

pub(crate) fn rule(now: Timestamp) -> Result<Rule, Failure> {
    let catalog = treaties::catalog()?;
    let [home, peer]: [PartyId; 2] = [PARTIES[0].parse()?, PARTIES[1].parse()?];
    let date = now.date().ok_or_else(|| Failure::new("the clock shows no year we know"))?;
    Ok(catalog.rule(home, peer, date))
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
