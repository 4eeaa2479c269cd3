//! `federation audit blindness`: three states play cases; then a verifier gets *everything* that all gateways have, memory of their processes
//! included, and tries to read a body. It must fail; and with what one desk has, the same verifier must succeed, for that desk's cases and
//! epochs only.
//!
//! The verifier is written apart from what it verifies: [`wire`] and [`schedule`] know MLS by its RFC and not through openmls.
//! Begin with [`Blindness::run`]; [`holding`] is what a thief has, [`sealed`] what is to be broken, [`attack`] how.

mod attack;
mod candidates;
mod cases;
mod custody;
mod database;
mod holding;
mod memory;
mod plant;
mod report;
mod schedule;
mod sealed;
mod texts;
mod wire;

use std::{env, path::PathBuf};

use aws_lc_rs::rand;
use clap::{Args, Subcommand};
use serde_json::Value;
use tokio::task::block_in_place;

pub(crate) use texts::Texts;

use crate::{
    demo::{Folder, interrupted, remove, today, with_logs},
    failure::Failure,
    process::Processes,
    programs::Programs,
    states::{Cast, World},
    timeline::{Output, Timeline},
};
use cases::AWAY;
use custody::Kept;
use holding::Holding;
use memory::Frozen;
use plant::Planted;
use report::Report;
use schedule::Prk;
use sealed::Targets;

/// `federation audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Give a verifier all secrets of all gateways, and see whether it can read a body.
    Blindness(Blindness),
    /// Keep what comes in in memory. The audit starts this by itself, to be sure that it finds what stands there.
    #[command(hide = true)]
    Plant,
}

/// Three states play cases. Then a verifier gets every file, database, key, environment and memory image of every gateway, and tries to read a
/// body; and then the same with what single desks have. Ends with 0 only if no gateway's secrets opened anything.
#[derive(Debug, Clone, Args)]
pub(crate) struct Blindness {
    /// Text for people, or one JSON object per line.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// The folder to make everything in; it must not exist or be empty. By default a temporary one. It is removed at the end.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// A text that is planted in a process' memory.
const PLANTED: &str = "This sentence stands in no case; it was planted.";

impl Audit {
    /// Gives the exit code.
    pub(crate) async fn run(&self) -> u8 {
        match self {
            Self::Blindness(blindness) => blindness.run().await,
            Self::Plant => plant::keep(),
        }
    }
}

impl Blindness {
    async fn run(&self) -> u8 {
        let timeline = Timeline::new(self.output);
        let ended = |failure: Failure| {
            timeline.end(Some(&failure), Value::Null);
            failure.exit as u8
        };
        let programs = match Programs::find().await {
            Ok(programs) => programs,
            Err(failure) => return ended(failure),
        };
        let folder = match Folder::make(self.dir.as_deref()) {
            Ok(folder) => folder,
            Err(failure) => return ended(failure),
        };
        let mut processes = Processes::default();
        let audited = tokio::select! {
            audited = audit(programs, &folder, &mut processes, &timeline) => audited,
            name = interrupted() => Err(Failure::unexpected(format!("interrupted by {name}"))),
        };
        let audited = audited.map_err(|failure| with_logs(processes.casualty().unwrap_or(failure), &processes));
        processes.stop().await;
        remove(folder);
        let report = match audited {
            Ok(report) => report,
            Err(failure) => return ended(failure),
        };
        report.tell(&timeline);
        let failure = report.verdict().err();
        timeline.end(failure.as_ref(), report.to_json());
        failure.map_or(0, |failure| failure.exit as u8)
    }
}

/// The whole of it, from the first process to the last trial.
async fn audit(
    programs: Programs,
    folder: &Folder,
    processes: &mut Processes,
    timeline: &Timeline,
) -> Result<Report, Failure> {
    timeline.chapter("Three states, each with its own root, gateway and desks, as separate processes");
    let world = World::make(programs, &folder.0, None, Cast::audit(), timeline).await?;
    world.start_gateways(processes, timeline).await?;
    // Whoever may not read their memory learns it now, and not after the whole story.
    processes.iter().try_for_each(|one| memory::image(one.pid).map(drop))?;
    world.connect(timeline).await?;
    world.start_desks(processes, timeline).await?;
    let away = world.start_desk(AWAY, timeline).await?;
    cases::can_be_added(&world).await?;
    away.stop().await;
    timeline.event(AWAY, "leaves KeyPackages at its gateway, and goes away", Value::Null);
    let cases = cases::play(&world, today()?, timeline).await?;
    let texts = Texts::new(&cases.texts);

    timeline.chapter("The verifier gets everything that all gateways have");
    let gateways = gateways(&world, processes, timeline).await?;
    let targets = Targets::of(&gateways)?;
    let mut report = Report::new(&cases, &targets, texts.len());
    block_in_place(|| report.gateways(&gateways, &texts, &targets, timeline));
    drop(gateways);

    timeline.chapter("The same verifier gets what one desk has");
    let unread = [cases.unread, cases.later];
    let rest = desk(&world, AWAY, &targets).await?;
    let secrets = report.desk("away: its folder", &unread, rest, &texts, &targets, timeline);
    let own = desk(&world, "JP:central", &targets).await?;
    report.desk("running: its folder", &[cases.whole], own, &texts, &targets, timeline);
    processes.absorb(world.start_desk(AWAY, timeline).await?);
    cases::is_read(&world, &cases).await?;
    let read = desk(&world, AWAY, &targets).await?;
    report.desk("back, and has read: its folder", &unread, read, &texts, &targets, timeline);

    timeline.chapter("What is planted in the memory of a process must be found there");
    plant(&mut report, targets, &secrets, timeline).await?;
    match processes.casualty() {
        Some(failure) => Err(failure),
        None => Ok(report),
    }
}

/// All that the states hold apart from their desks and officers. Each gateway stands still while it is copied.
async fn gateways(world: &World, processes: &Processes, timeline: &Timeline) -> Result<Vec<Holding>, Failure> {
    let mut holdings = Vec::new();
    for state in world.states() {
        let name = format!("{}-gateway", state.party);
        let one = processes.iter().find(|one| one.name == name);
        let pid = one.map(|one| one.pid).ok_or_else(|| Failure::unexpected(format!("{name} does not run")))?;
        let mut holding = Holding::new(&format!("{} gateway", state.party));
        let mut frozen = Frozen::default();
        frozen.stop(pid).await?;
        holding.folder(&state.dir, &["desks", "officers"])?;
        for ending in ["out", "log"] {
            holding.file(&world.logs().join(format!("{name}.{ending}")))?;
        }
        holding.process(&name, pid)?;
        drop(frozen);
        holding.databases(&world.base.join("audit").join(&name)).await?;
        timeline.event(&holding.whose, &format!("gives up {}", holding.in_words()), holding.to_json());
        holdings.push(holding);
    }
    Ok(holdings)
}

/// All that a desk keeps: its folder, and what its keys open of it.
async fn desk(world: &World, authority: &str, targets: &Targets) -> Result<Kept, Failure> {
    let mut holding = Holding::new(authority);
    holding.folder(&world.seat(authority)?.dir, &[])?;
    let scratch = tempfile::tempdir_in(&world.base).map_err(|error| Failure::file(&world.base, &error))?;
    holding.databases(scratch.path()).await?;
    let bodies = custody::open(&mut holding, targets)?;
    Ok(Kept { holding, bodies })
}

/// Plants one secret of each role and a text in a process, and has the same verifier look for them there.
async fn plant(
    report: &mut Report,
    mut targets: Targets,
    secrets: &[Vec<u8>],
    timeline: &Timeline,
) -> Result<(), Failure> {
    let mut path_secret = [0; 32];
    rand::fill(&mut path_secret).map_err(|_| Failure::unexpected("the system gives no randomness"))?;
    let node = Prk::new(&path_secret).node_key().ok_or_else(|| Failure::unexpected("a path secret without a key"))?;
    targets.keys.insert(node, "of a node that was planted");
    let own = env::current_exe().map_err(|error| Failure::unexpected(error.to_string()))?;
    let planted = Planted::start(&own, &[secrets, &[path_secret.to_vec()]].concat(), PLANTED).await?;
    let mut holding = Holding::new("the planted process");
    holding.process("planted", planted.pid)?;
    let texts = Texts::new(&[PLANTED.to_owned()]);
    block_in_place(|| report.planted(&holding, &texts, &targets, timeline));
    Ok(())
}
