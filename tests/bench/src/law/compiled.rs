//! From files to rules: the catalogue as it is built in, and a world of states.

use model::{Digest, PartyId};
use tokio::time::Instant;
use treaty::{Catalog, Rule};

use super::{DAY, timed::Timed, unreadable, world};
use crate::{cpu::thread_ns, failure::Failure, floors::mean, sample::Sample};

/// One rule of a pair is promised in less than this, in microseconds.
pub(crate) const PAIR_LIMIT: f64 = 1000.0;
/// All pairs of the world are promised in less than this, in seconds.
pub(crate) const WORLD_LIMIT: f64 = 10.0;

const LOADS: usize = 100;
const DIGESTS: usize = 10_000;
/// Rules of the built-in catalogue that are timed, at least; in rounds over all of its pairs.
const RULES: usize = 2000;

pub(crate) struct Compiled {
    /// Reading the built-in catalogue.
    pub(crate) load: Timed,
    pub(crate) parties: usize,
    pub(crate) files: usize,
    /// One pair's rule with its pin, when it is asked for.
    pub(crate) pair: Sample,
    /// SHA-256 over the canonical form of the largest rule, in microseconds: what the pin costs at least.
    pub(crate) digest: f64,
    pub(crate) world: World,
}

/// All pairs of many states.
pub(crate) struct World {
    pub(crate) parties: usize,
    pub(crate) pairs: usize,
    /// Pairs that have a treaty between them.
    pub(crate) bound: usize,
    pub(crate) load_ms: f64,
    /// By the clock on the wall.
    pub(crate) seconds: f64,
    pub(crate) processor_seconds: f64,
    pub(crate) pair: Sample,
}

pub(crate) fn measure(catalog: &Catalog, parties: usize) -> Result<Compiled, Failure> {
    let files: Vec<_> = Catalog::builtin_files().collect();
    let load = Timed::of(LOADS, || read(&files))?;
    let mut times = Vec::new();
    let mut canonical = String::new();
    let all = pairs(catalog);
    for _ in 0..RULES.div_ceil(all.len().max(1)) {
        // Read anew, so that nothing is kept from the round before.
        let catalog = read(&files)?;
        for (a, b) in all.iter().copied() {
            let (rule, took) = compile(&catalog, a, b);
            times.push(took);
            let text = rule.canonical();
            if text.len() > canonical.len() {
                canonical = text;
            }
        }
    }
    let digest = mean(DIGESTS, || {
        std::hint::black_box(Digest::of(&[canonical.as_bytes()]));
        Ok(())
    })?;
    Ok(Compiled {
        load,
        parties: catalog.parties().count(),
        files: files.len(),
        pair: Sample::new(times),
        digest,
        world: whole_world(&world::files(catalog, parties))?,
    })
}

fn whole_world(files: &[(String, String)]) -> Result<World, Failure> {
    let started = Instant::now();
    let catalog = read(files)?;
    let load_ms = started.elapsed().as_secs_f64() * 1e3;
    let pairs = pairs(&catalog);
    let mut times = Vec::with_capacity(pairs.len());
    let mut bound = 0;
    let (started, before) = (Instant::now(), thread_ns());
    for (a, b) in &pairs {
        let (rule, took) = compile(&catalog, *a, *b);
        times.push(took);
        bound += usize::from(!rule.is_empty());
    }
    Ok(World {
        parties: catalog.parties().count(),
        pairs: pairs.len(),
        bound,
        load_ms,
        seconds: started.elapsed().as_secs_f64(),
        processor_seconds: (thread_ns() - before) as f64 / 1e9,
        pair: Sample::new(times),
    })
}

fn compile(catalog: &Catalog, a: PartyId, b: PartyId) -> (Rule, f64) {
    let started = Instant::now();
    let rule = catalog.rule(a, b, DAY);
    (rule, started.elapsed().as_secs_f64() * 1e6)
}

pub(crate) fn pairs(catalog: &Catalog) -> Vec<(PartyId, PartyId)> {
    let parties: Vec<_> = catalog.parties().map(|(id, _)| id).collect();
    let from = |(at, a): (usize, &PartyId)| {
        let a = *a;
        parties.iter().skip(at + 1).map(move |b| (a, *b))
    };
    parties.iter().enumerate().flat_map(from).collect()
}

pub(crate) fn read(files: &[(String, String)]) -> Result<Catalog, Failure> {
    Catalog::load(files.iter().cloned()).map_err(|wrong| unreadable(&wrong))
}
