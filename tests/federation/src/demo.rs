//! The demo from its first process to its last file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::civil::Date;
use model::Exit;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    api::Api,
    attempt::Attempt,
    blindness::{self, Searched},
    clock,
    failure::Failure,
    honest, hostile, kept,
    process::{self, Processes},
    programs::Programs,
    proved::{self, Proved},
    record,
    states::{Cast, World},
    story,
    timeline::{Output, Timeline, cut},
};

/// Three states with their gateways and desks as separate processes; a case between two of them; and everything that must be refused.
#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    /// Leave everything running at the end, and say where it is.
    #[arg(long)]
    keep: bool,
    /// Text for people, or one JSON object per line.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// The folder to make everything in; it must not exist or be empty. By default a temporary one. It is removed at the end.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// An OTLP collector for all programs, as in http://127.0.0.1:4317.
    #[arg(long)]
    otlp_endpoint: Option<String>,
}

/// The sockets of desks, some forty bytes further down, have to fit into an address of 108.
const PATH_BYTES_MAX: usize = 64;

/// The folder of a run, made for it.
pub(crate) struct Folder(pub(crate) PathBuf);

/// What a whole run found out.
struct Findings {
    attempts: Vec<Attempt>,
    story: story::Told,
    proved: Proved,
    searched: Searched,
    programs: Programs,
    /// Cases at the desk of FR:executing, which is on none.
    executing: usize,
}

impl Folder {
    /// Makes it, by default a temporary one.
    pub(crate) fn make(dir: Option<&Path>) -> Result<Self, Failure> {
        let Some(dir) = dir else {
            let made = tempfile::Builder::new().prefix("rogatory-").tempdir();
            return Ok(Self(made.map_err(|error| Failure::file(&std::env::temp_dir(), &error))?.keep()));
        };
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            let what = format!("{} is not empty", dir.display());
            return Err(Failure::new(Exit::Conflict, what).remedy("Choose another folder; nothing is overwritten."));
        }
        fs::create_dir_all(dir).map_err(|error| Failure::file(dir, &error))?;
        let dir = fs::canonicalize(dir).map_err(|error| Failure::file(dir, &error))?;
        if dir.as_os_str().len() > PATH_BYTES_MAX {
            return Err(Failure::new(Exit::Usage, format!("{} is too long a path for sockets", dir.display()))
                .remedy(format!("Choose a path of at most {PATH_BYTES_MAX} bytes.")));
        }
        Ok(Self(dir))
    }
}

impl Default for Demo {
    fn default() -> Self {
        Self { keep: false, output: Output::Text, dir: None, otlp_endpoint: None }
    }
}

impl Demo {
    /// Runs it, cleans up, and gives the exit code.
    pub(crate) async fn run(&self) -> u8 {
        let programs = match Programs::find().await {
            Ok(programs) => programs,
            Err(failure) => {
                eprintln!("federation: {failure}");
                return failure.exit as u8;
            }
        };
        let timeline = Timeline::new(self.output);
        let mut processes = Processes::default();
        let folder = match Folder::make(self.dir.as_deref()) {
            Ok(folder) => folder,
            Err(failure) => {
                timeline.end(Some(&failure), Value::Null);
                return failure.exit as u8;
            }
        };
        let played = tokio::select! {
            played = self.play(programs, &folder.0, &mut processes, &timeline) => played,
            name = interrupted() => Err(Failure::new(Exit::Failure, format!("interrupted by {name}"))),
        };
        // What a program said before it ended explains more than what failed because it was gone.
        let played = played.map_err(|failure| processes.casualty().unwrap_or(failure));
        match played {
            Ok(findings) => self.finish(&findings, folder, processes, &timeline).await,
            Err(failure) => {
                let failure = with_logs(failure, &processes);
                processes.stop().await;
                let exit = if failure.what.starts_with("interrupted") { 130 } else { failure.exit as u8 };
                remove(folder);
                timeline.end(Some(&failure), Value::Null);
                exit
            }
        }
    }

    async fn play(
        &self,
        programs: Programs,
        base: &Path,
        processes: &mut Processes,
        timeline: &Timeline,
    ) -> Result<Findings, Failure> {
        let today = today()?;
        timeline.chapter("Three states, each with its own root, gateway and desks, as separate processes");
        let world = World::make(programs.clone(), base, self.otlp_endpoint.as_deref(), Cast::demo(), timeline).await?;
        world.start_gateways(processes, timeline).await?;
        world.connect(timeline).await?;
        world.start_desks(processes, timeline).await?;
        let mut story = story::play(&world, today, timeline).await?;
        let proved = proved::prove(&world, story.case, timeline).await?;
        let mut attempts = honest::attempts(&world, today, timeline).await?;
        let outcome = hostile::attempts(&world, today, timeline).await?;
        attempts.extend(outcome.attempts);
        story.secrets.extend(outcome.secrets);
        timeline.chapter("What the gateways know");
        let executing = Api::of(&world.seat("FR:executing")?).count().await?;
        let what = format!("is of the same state, but not in the group: its desk has {executing} cases");
        timeline.event("FR:executing", &what, json!({ "cases": executing }));
        record::tell(&world, timeline).await?;
        let searched = blindness::search(&world, &story.secrets, &story.opened)?;
        let what = format!(
            "{} texts of the bodies were searched for in {} files ({} KiB) of the gateways, logs included: found in {}",
            searched.texts,
            searched.files,
            searched.bytes / 1024,
            searched.told.len()
        );
        timeline.event("gateways", &what, searched.to_json());
        let what = format!("the same search finds {} of them in the documents that JP opened", searched.found_at_desk);
        timeline.event("JP:central", &what, Value::Null);
        match processes.casualty() {
            Some(failure) => Err(failure),
            None => Ok(Findings { attempts, story, proved, searched, programs, executing }),
        }
    }

    async fn finish(&self, findings: &Findings, folder: Folder, processes: Processes, timeline: &Timeline) -> u8 {
        findings.tell(timeline);
        let verdict = findings.verdict();
        let mut facts = findings.to_json();
        if self.keep {
            let programs: Vec<_> =
                processes.iter().map(|one| json!({ "name": one.name, "process": one.pid, "log": one.log })).collect();
            let consoles: BTreeMap<_, _> = processes.consoles().into_iter().collect();
            let kept = self.keep(&findings.programs, folder, processes, timeline);
            facts["kept"] = kept
                .as_ref()
                .map(|dir| json!({ "dir": dir, "processes": programs, "consoles": consoles }))
                .unwrap_or(Value::Null);
            let failure = verdict.err().or(kept.err());
            timeline.end(failure.as_ref(), facts);
            return failure.map_or(0, |failure| failure.exit as u8);
        }
        let killed = processes.stop().await;
        facts["processes_killed"] = json!(killed);
        remove(folder);
        let unwilling = (killed > 0).then(|| Failure::unexpected(format!("{killed} programs did not end on SIGTERM")));
        let failure = verdict.err().or(unwilling);
        timeline.end(failure.as_ref(), facts);
        failure.map_or(0, |failure| failure.exit as u8)
    }

    /// Leaves all running and says how to go on.
    fn keep(
        &self,
        programs: &Programs,
        folder: Folder,
        processes: Processes,
        timeline: &Timeline,
    ) -> Result<PathBuf, Failure> {
        kept::note(&folder.0, &processes)?;
        let base = folder.0;
        let shown = base.display();
        let (gateway, desk) = (programs.gateway.display(), programs.desk.display());
        let own = programs.gateway.with_file_name("federation");
        let own = own.display();
        timeline.summary("\nEverything is left running:");
        for one in processes.iter() {
            timeline.summary(&format!("  {:<14} process {:<8} log {}", one.name, one.pid, one.log.display()));
        }
        timeline.summary(
            "\nConsoles, in a browser on this machine; sign in as officer-1 with the passphrase in the file beside:",
        );
        for (desk, address) in processes.consoles() {
            let officer = desk.replacen('-', "/officers/", 1);
            timeline.summary(&format!("  {desk:<14} {address}   {shown}/{officer}/officer-1/passphrase"));
        }
        timeline.summary(&format!(
            "\nTry:\n  {gateway} status --dir {shown}/JP\n  {gateway} peer list --dir {shown}/JP\n  \
             {desk} --dir {shown}/JP/desks/central case list\n  {desk} --dir {shown}/FR/desks/central inbox\n\
             Stop with:\n  {own} stop {shown}"
        ));
        processes.let_go();
        Ok(base)
    }
}

impl Findings {
    /// Whether all of it went as it should.
    fn verdict(&self) -> Result<(), Failure> {
        self.searched.verdict()?;
        let wrong: Vec<_> = self.attempts.iter().filter(|attempt| !attempt.held).collect();
        if let Some(first) = wrong.first() {
            let what = format!(
                "{} of {} attempts did not end as expected; the first: {} {}",
                wrong.len(),
                self.attempts.len(),
                first.actor,
                first.what
            );
            return Err(Failure::unexpected(what));
        }
        match self.executing {
            0 => Ok(()),
            count => Err(Failure::unexpected(format!("FR:executing sees {count} cases that are not its own"))),
        }
    }

    fn receipts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for line in &self.story.receipts {
            *counts.entry(line.kind.clone()).or_insert(0) += 1;
        }
        counts
    }

    fn tell(&self, timeline: &Timeline) {
        timeline.summary("\nTried, and refused");
        let wide = self.attempts.iter().map(|attempt| attempt.what.chars().count()).max().unwrap_or_default();
        let row = |mark: char, [who, what, by, code, article, reason]: [&str; 6]| {
            timeline.summary(&format!("{mark} {who:<13} {what:<wide$}  {by:<19} {code:<5} {article:<11} {reason}"));
        };
        row(' ', ["who", "what (!: hostile)", "refused by", "code", "article", "reason"]);
        for attempt in &self.attempts {
            let told = attempt.told.clone().unwrap_or_default();
            let reason = if attempt.told.is_some() { &told.reason } else { &attempt.otherwise };
            let (by, article) = (attempt.by.to_string(), told.article.as_deref().unwrap_or("–"));
            let by = by.trim_start_matches("the ");
            let mark = if attempt.held { ' ' } else { '✗' };
            row(mark, [&attempt.actor, &attempt.what, by, &told.code, article, &cut(reason)]);
        }
        let counts: Vec<_> = self.receipts().iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        timeline.summary(&format!(
            "\nThe case: {} entries from draft to close in {:.1} s; receipts: {}.",
            self.story.entries,
            self.story.took_ms as f64 / 1000.0,
            counts.join(", ")
        ));
        self.proved.tell(timeline);
    }

    fn to_json(&self) -> Value {
        json!({
            "attempts": self.attempts.len(),
            "refused_as_expected": self.attempts.iter().filter(|attempt| attempt.held).count(),
            "entries": self.story.entries,
            "case_took_ms": self.story.took_ms,
            "receipts": self.receipts(),
            "proved": self.proved.to_json(),
            "blindness": self.searched.to_json(),
        })
    }
}

pub(crate) fn today() -> Result<Date, Failure> {
    clock::now().date().ok_or_else(|| Failure::unexpected("the clock shows no year we know"))
}

/// The end of each gateway's and desk's log, where the failure itself has none.
pub(crate) fn with_logs(failure: Failure, processes: &Processes) -> Failure {
    if failure.remedy.is_some() || failure.what.starts_with("interrupted") {
        return failure;
    }
    let tails: Vec<_> = processes.iter().map(|one| process::tail(&one.log)).collect();
    failure.remedy(tails.join("\n  "))
}

pub(crate) fn remove(folder: Folder) {
    if let Err(error) = fs::remove_dir_all(&folder.0) {
        eprintln!("federation: {} was not removed: {error}", folder.0.display());
    }
}

/// Waits for Ctrl-C or SIGTERM; says which.
pub(crate) async fn interrupted() -> &'static str {
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(_) => return std::future::pending().await,
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => "Ctrl-C",
        _ = terminate.recv() => "SIGTERM",
    }
}
