//! Two scenarios or two runs, seed by seed.

use std::path::Path;

use model::Exit;
use simulator::{Comparison, Inputs, Results, report::Provenance};
use tokio::task::spawn_blocking;

use super::{
    Compare, Seeds,
    files::{self, Given},
    play::{History, Player, stopped},
};
use crate::{failure::Failure, timeline::Output};

/// What is compared.
enum Side {
    Before(Box<Results>, String),
    Given(Box<Given>),
}

pub(super) async fn compare(compare: Compare) -> Result<(String, Exit), Failure> {
    let Compare { a, b, seeds, out, output } = compare;
    let command = format!("federation compare {a} {b} --seeds {}", seeds.seeds);
    let sides = [side(&a, &seeds)?, side(&b, &seeds)?];
    // Both are played with the seeds of the first, so that they are pairs.
    let first = match &sides[0] {
        Side::Given(given) => seeds.first(given),
        Side::Before(results, _) => results.outcomes.first().map_or(1, |outcome| outcome.seed),
    };
    let stop = stopped();
    let work = move || {
        let seeds = Seeds { seed: Some(first), ..seeds };
        sides.map(|side| match side {
            Side::Before(results, text) => (*results, text),
            Side::Given(given) => {
                let player = Player::new(&given, &seeds, stop.clone());
                let mut results = Results::new(&given.scenario);
                let played = player.seeds.clone().take_while(|_| !player.is_stopped());
                played.for_each(|seed| results.push(player.play(seed, &mut History::none())));
                drop(player);
                (results, given.text)
            }
        })
    };
    let [(a, a_text), (b, b_text)] =
        spawn_blocking(work).await.map_err(|error| Failure::unexpected(error.to_string()))?;
    let comparison = Comparison::of(&a, &b, Inputs::of(&a_text, &b_text));
    let json = serde_json::to_string_pretty(&comparison).map_err(|error| Failure::unexpected(error.to_string()))?;
    if let Some(folder) = &out {
        let made_of = [&a, &b].map(|one| (format!("scenario {}", one.scenario), one.digest.clone())).to_vec();
        let page = simulator::report::comparison_html(&comparison, [&a, &b], &Provenance { command, made_of });
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
        files::write(folder, "comparison.json", &json)?;
        files::write(folder, "comparison.html", &page)?;
    }
    let text = match output {
        Output::Json => json,
        Output::Text => text(&comparison, out.as_deref()),
    };
    Ok((text, Exit::Ok))
}

fn side(named: &str, seeds: &Seeds) -> Result<Side, Failure> {
    Ok(match files::run_before(Path::new(named))? {
        Some((results, text)) => Side::Before(Box::new(results), text),
        None => Side::Given(Box::new(files::scenario(named, seeds.catalog.as_deref())?)),
    })
}

fn text(comparison: &Comparison, folder: Option<&Path>) -> String {
    let mut lines = comparison.told.clone();
    let Inputs { only_a, only_b } = &comparison.inputs;
    lines.push(format!("because these lines differ ({} seeds, each played in both):", comparison.seeds.len()));
    lines.extend(only_a.iter().map(|line| format!("  - {line}")));
    lines.extend(only_b.iter().map(|line| format!("  + {line}")));
    lines.extend(folder.map(|folder| folder.join("comparison.html").display().to_string()));
    lines.join("\n")
}
