//! Seeds, one after the other, until all are played or somebody stops it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Exit;
use serde_json::json;
use simulator::{Line, Outcome, Results, Run};
use tokio::{signal, task::spawn_blocking, time::Instant};

use super::{
    Play, Seeds,
    files::{self, Folder, Given},
};
use crate::{failure::Failure, timeline::Output};

const DAY_MS: i64 = 24 * 3_600_000;

/// Plays a scenario and writes its folder.
pub(super) async fn play(play: Play) -> Result<(String, Exit), Failure> {
    let given = files::scenario(&play.scenario, play.seeds.catalog.as_deref())?;
    let first = play.seeds.first(&given);
    let command = format!("federation run {} --seed {first} --seeds {}", given.name, play.seeds.seeds);
    let path = play.out.clone().unwrap_or_else(|| given.scenario.id.clone().into());
    let mut folder = Folder::make(path, &given, command)?;
    let begun = Instant::now();
    let stop = stopped();
    let Play { seeds, history, output, .. } = play;
    let work = move || {
        let player = Player::new(&given, &seeds, stop);
        let mut results = Results::new(&given.scenario);
        for seed in player.seeds.clone() {
            let mut told = History { left: if seed == first { history } else { 0 }, lines: String::new(), cut: false };
            results.push(player.play(seed, &mut told));
            if seed == first {
                folder.history(&told.lines, told.told())?;
            }
            // After each seed: whoever ends the program finds what was played before.
            folder.keep(&results, &given.scenario)?;
            if player.is_stopped() {
                break;
            }
        }
        Ok::<_, Failure>((folder, results))
    };
    let (folder, results) = spawn_blocking(work).await.map_err(|error| Failure::unexpected(error.to_string()))??;
    let exit = if results.is_complete() { Exit::Ok } else { Exit::Findings };
    Ok((summary(&results, &folder, output, begun.elapsed()), exit))
}

impl Seeds {
    pub(super) fn first(&self, given: &Given) -> u64 {
        self.seed.unwrap_or(given.scenario.seed)
    }
}

/// Set once somebody interrupts the program: the day that is played is the last, and what was played is written.
pub(crate) fn stopped() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    tokio::spawn(async move {
        if signal::ctrl_c().await.is_ok() {
            told.store(true, Ordering::Relaxed);
        }
    });
    stop
}

/// Plays seeds of one scenario, and shows how long that will take.
pub(super) struct Player<'g> {
    given: &'g Given,
    pub(super) seeds: std::ops::Range<u64>,
    stop: Arc<AtomicBool>,
    bar: ProgressBar,
}

impl<'g> Player<'g> {
    pub(super) fn new(given: &'g Given, seeds: &Seeds, stop: Arc<AtomicBool>) -> Self {
        let first = seeds.first(given);
        let days = u64::from(given.scenario.days) * seeds.seeds;
        // Hidden by itself where stderr is no terminal, and for what is over at once.
        let bar = ProgressBar::with_draw_target(Some(days), ProgressDrawTarget::stderr());
        let template = "{msg} {wide_bar} {percent:>3} %, {elapsed} so far, about {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { given, seeds: first..first.saturating_add(seeds.seeds), stop, bar }
    }

    /// One seed, as far as nobody stops it.
    pub(super) fn play(&self, seed: u64, history: &mut History) -> Outcome {
        let scenario = &self.given.scenario;
        let mut run = Run::new(scenario, seed);
        if history.left > 0 {
            run.listen(|line| history.take(line));
        }
        for day in 1..=i64::from(scenario.days) {
            run.until(scenario.from.plus_ms(day * DAY_MS));
            self.bar.inc(1);
            self.bar.set_message(format!("{} seed {seed}: {} open requests", scenario.id, run.open()));
            if self.is_stopped() {
                break;
            }
        }
        run.finish()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Drop for Player<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The entries of a seed, one line each, as many as are wanted.
pub(super) struct History {
    left: u64,
    lines: String,
    cut: bool,
}

impl History {
    /// Of which nothing is wanted.
    pub(super) fn none() -> Self {
        Self { left: 0, lines: String::new(), cut: false }
    }

    fn take(&mut self, line: &Line) {
        if self.left == 0 {
            self.cut = true;
            return;
        }
        if let Ok(json) = serde_json::to_string(line) {
            self.lines.push_str(&json);
            self.lines.push('\n');
            self.left -= 1;
        }
    }

    fn told(&self) -> String {
        let count = self.lines.lines().count();
        match (count, self.cut) {
            (0, _) => "none was wanted".to_owned(),
            (_, true) => format!("the first {count} entries of the first seed; more with --history"),
            (_, false) => format!("all {count} entries of the first seed"),
        }
    }
}

fn summary(results: &Results, folder: &Folder, output: Output, took: Duration) -> String {
    let entries: u64 = results.outcomes.iter().map(|outcome| outcome.entries).sum();
    let requests: u64 = results.outcomes.iter().map(|outcome| outcome.begun).sum();
    let report = folder.path().join("report.html");
    if output == Output::Json {
        let told = json!({
            "schema_version": 1, "event": "played", "scenario": results.scenario, "complete": results.is_complete(),
            "seeds": results.outcomes.len(), "requests": requests, "entries": entries, "seconds": took.as_secs_f64(),
            "report": report.display().to_string(),
        });
        return told.to_string();
    }
    let median = results.band(|outcome| outcome.all.answer.quantile_days(0.5));
    let median = median.map_or_else(
        || "not half of the requests were answered".to_owned(),
        |band| format!("half of the requests were answered within {:.0} days", band.middle),
    );
    let stopped = if results.is_complete() { "" } else { "\n  stopped before its end: the files hold what was played" };
    format!(
        "{}: {requests} requests, {entries} entries, {} seeds in {:.1} s{stopped}\n  {median}\n  {}",
        results.title,
        results.outcomes.len(),
        took.as_secs_f64(),
        report.display()
    )
}
