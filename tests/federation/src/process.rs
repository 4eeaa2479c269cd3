//! The programs of the states, each an operating-system process of its own, with its log in a file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::failure::Failure;

/// How long a program may take to be ready.
const READY_MAX: Duration = Duration::from_secs(30);
/// How long a program may take to end after SIGTERM.
const TERM_MAX: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);
/// Lines of a log that a failure shows.
const TAIL_LINES: usize = 12;

/// One running program.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) name: String,
    pub(crate) pid: u32,
    pub(crate) log: PathBuf,
    out: PathBuf,
    child: Child,
}

/// All programs that this demo started. Dropped, it kills them, unless they were let go.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    all: Vec<Running>,
}

impl Processes {
    /// Starts `program`. Its stdout and stderr go to `<logs>/<name>.out` and `<logs>/<name>.log`.
    pub(crate) fn spawn(
        &mut self,
        name: &str,
        program: &Path,
        arguments: &[String],
        logs: &Path,
    ) -> Result<(), Failure> {
        let (out, log) = (logs.join(format!("{name}.out")), logs.join(format!("{name}.log")));
        let create = |path: &Path| File::create(path).map_err(|error| Failure::file(path, &error));
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(create(&out)?)
            .stderr(create(&log)?)
            // In a group of its own: Ctrl-C reaches the demo, which ends them in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::unexpected(format!("{} cannot be started: {error}", program.display())))?;
        let pid = child.id().ok_or_else(|| Failure::unexpected(format!("{name} ended at once")))?;
        self.all.push(Running { name: name.to_owned(), pid, log, out, child });
        Ok(())
    }

    /// The consoles of the desks among them: the desk's name, as in `FR-central`, and where its console is.
    pub(crate) fn consoles(&self) -> Vec<(String, String)> {
        let console = |one: &Running| Some((one.name.clone(), said_ready(&one.out)?["console"].as_str()?.to_owned()));
        self.all.iter().filter_map(console).collect()
    }

    /// Waits until every program has said that it is ready. `each` is told its name and the line it said.
    pub(crate) async fn ready(&mut self, mut each: impl FnMut(&str, u32, &Value)) -> Result<(), Failure> {
        let deadline = Instant::now() + READY_MAX;
        let mut waiting: Vec<usize> = (0..self.all.len()).collect();
        while !waiting.is_empty() {
            let mut still = Vec::new();
            for index in waiting {
                let Some(one) = self.all.get_mut(index) else { continue };
                if let Some(line) = said_ready(&one.out) {
                    each(&one.name, one.pid, &line);
                } else if let Ok(Some(status)) = one.child.try_wait() {
                    return Err(died(one, status));
                } else if Instant::now() > deadline {
                    let what = format!("{} was not ready within {} s", one.name, READY_MAX.as_secs());
                    return Err(Failure::unexpected(what).remedy(tail(&one.log)));
                } else {
                    still.push(index);
                }
            }
            waiting = still;
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Takes over what another started.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.all.extend(other.all);
    }

    /// The first program that ended by itself, with the end of its log.
    pub(crate) fn casualty(&mut self) -> Option<Failure> {
        self.all.iter_mut().find_map(|one| {
            let status = one.child.try_wait().ok().flatten()?;
            Some(died(one, status))
        })
    }

    /// The programs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Running> {
        self.all.iter()
    }

    /// Ends all: SIGTERM, and SIGKILL for those that have not ended after 5 seconds. Says how many needed that.
    pub(crate) async fn stop(mut self) -> usize {
        for one in &mut self.all {
            // A child that has ended is still ours until it is waited for: its number cannot be another's.
            if let (Ok(None), Some(pid)) = (one.child.try_wait(), pid_of(one.pid)) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        let deadline = Instant::now() + TERM_MAX;
        let mut killed = 0;
        for one in &mut self.all {
            let left = deadline.saturating_duration_since(Instant::now());
            if timeout(left, one.child.wait()).await.is_err() {
                killed += 1;
                let _ = one.child.kill().await;
            }
        }
        killed
    }

    /// Leaves all running.
    pub(crate) fn let_go(self) {
        for one in self.all {
            // Dropping the child would kill it; what is forgotten is reaped by init.
            std::mem::forget(one.child);
        }
    }
}

/// The number of a process, for a signal.
pub(crate) fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default();
    format!("the end of {}:\n    {}", log.display(), last.join("\n    "))
}

fn died(one: &Running, status: ExitStatus) -> Failure {
    Failure::unexpected(format!("{} ended: {status}", one.name)).remedy(tail(&one.log))
}

fn said_ready(out: &Path) -> Option<Value> {
    let text = fs::read_to_string(out).ok()?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.into_iter().find(|line| line.get("event").and_then(Value::as_str) == Some("ready"))
}
