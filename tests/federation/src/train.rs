//! `federation train`: two states on this machine, one for the person who learns and one that answers by itself. The counterpart is the
//! honest `desk train`; both states were made for training, or there were no channel between them. Nothing here plays it.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    demo::{Folder, interrupted, remove, with_logs},
    failure::Failure,
    process::Processes,
    programs::Programs,
    states::{Cast, World},
    timeline::{Output, Timeline},
};

/// Two states, yours (JP) and a simulated one (FR) that answers by itself, until Ctrl-C.
#[derive(Debug, Clone, Args)]
pub(crate) struct Train {
    /// How the simulated authority behaves (TOML); see `desk train --help`.
    #[arg(long)]
    persona: Option<PathBuf>,
    /// The number that stands for chance: the same number plays the same.
    #[arg(long, default_value_t = 0)]
    choice: u64,
    /// Text for people, or one JSON object per line.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// The folder to make everything in; it must not exist or be empty. By default a temporary one. It is removed at the end.
    #[arg(long)]
    dir: Option<PathBuf>,
}

const LOOK: Duration = Duration::from_secs(1);

impl Train {
    /// Runs until it is interrupted, cleans up, and gives the exit code.
    pub(crate) async fn run(&self) -> u8 {
        let programs = match Programs::find().await {
            Ok(programs) => programs,
            Err(failure) => {
                eprintln!("federation: {failure}");
                return failure.exit as u8;
            }
        };
        let timeline = Timeline::new(self.output);
        let folder = match Folder::make(self.dir.as_deref()) {
            Ok(folder) => folder,
            Err(failure) => {
                timeline.end(Some(&failure), Value::Null);
                return failure.exit as u8;
            }
        };
        let mut processes = Processes::default();
        let ended = tokio::select! {
            ended = self.play(programs, &folder, &mut processes, &timeline) => ended,
            _ = interrupted() => Ok(()),
        };
        let ended = ended.map_err(|failure| with_logs(failure, &processes));
        processes.stop().await;
        remove(folder);
        match ended {
            Ok(()) => 0,
            Err(failure) => {
                timeline.end(Some(&failure), Value::Null);
                failure.exit as u8
            }
        }
    }

    async fn play(
        &self,
        programs: Programs,
        folder: &Folder,
        processes: &mut Processes,
        timeline: &Timeline,
    ) -> Result<(), Failure> {
        timeline.chapter("TRAINING: your state for training, and another one that answers by itself");
        let world = World::make(programs.clone(), &folder.0, None, Cast::training(), timeline).await?;
        world.start_gateways(processes, timeline).await?;
        world.connect(timeline).await?;
        world.start_desks(processes, timeline).await?;
        let seat = world.seat("FR:central")?;
        let mut arguments = vec!["--dir".to_owned(), seat.dir.display().to_string(), "train".to_owned()];
        arguments.extend(["--choice".to_owned(), self.choice.to_string()]);
        if let Some(persona) = &self.persona {
            let persona = std::fs::canonicalize(persona).map_err(|error| Failure::file(persona, &error))?;
            arguments.extend(["--persona".to_owned(), persona.display().to_string()]);
        }
        processes.spawn("FR-counterpart", &programs.desk, &arguments, &world.logs())?;
        let own = world.seat("JP:central")?;
        let desk = format!("{} --dir {}", programs.desk.display(), own.dir.display());
        timeline.event("FR:central", "TRAINING – simulated authority: answers by itself", json!({ "desk": own.dir }));
        timeline.summary(&format!(
            "\nYou are an officer of JP:central. Begin with:\n  {desk} request new --to FR:central --type stored_data\n  \
             {desk} request edit CASE\n  {desk} preflight CASE\n  \
             {desk} request validate CASE --as judicial/officer-1 --role judge\n  \
             {desk} request send CASE --as central/officer-1\n  {desk} request send CASE --as central/officer-2\n  \
             {desk} inbox\nWhat the counterpart does: {}\nCtrl-C ends, and removes everything.",
            world.logs().join("FR-counterpart.log").display()
        ));
        if let Some((_, address)) = processes.consoles().into_iter().find(|(desk, _)| desk == "JP-central") {
            let passphrase = own.dir.join("../../officers/central/officer-1/passphrase");
            let passphrase = std::fs::canonicalize(&passphrase).unwrap_or(passphrase);
            timeline.summary(&format!(
                "The cases in a browser: {address}, as officer-1 with the passphrase in {}",
                passphrase.display()
            ));
        }
        loop {
            if let Some(failure) = processes.casualty() {
                return Err(failure);
            }
            sleep(LOOK).await;
        }
    }
}
