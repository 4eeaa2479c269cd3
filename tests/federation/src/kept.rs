//! What `--keep` leaves behind, and `federation stop`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use model::Exit;
use rustix::process::{Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::{failure::Failure, process, process::Processes};

/// The file that says which processes belong to a folder.
const FILE: &str = "federation.json";
const TERM_MAX: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    schema_version: u32,
    processes: Vec<KeptProcess>,
}

/// A process. Numbers are used again, so its start time stands beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptProcess {
    name: String,
    pid: u32,
    /// In clock ticks since the machine started [proc(5), field 22 of stat].
    started: u64,
}

/// What `stop` did.
#[derive(Debug, Serialize)]
pub(crate) struct Stopped {
    pub(crate) stopped: Vec<String>,
    pub(crate) gone: Vec<String>,
    pub(crate) killed: Vec<String>,
}

/// Writes which processes belong to `folder`. Gives the file.
pub(crate) fn note(folder: &Path, processes: &Processes) -> Result<PathBuf, Failure> {
    let path = folder.join(FILE);
    let mut kept = Kept { schema_version: 1, processes: Vec::new() };
    for one in processes.iter() {
        let started = started(one.pid).ok_or_else(|| {
            Failure::unexpected(format!("the start time of {} cannot be read from /proc", one.name)).remedy(
                "Keep a federation on Linux only: elsewhere a process cannot be told from another of its number.",
            )
        })?;
        kept.processes.push(KeptProcess { name: one.name.clone(), pid: one.pid, started });
    }
    let text = serde_json::to_string_pretty(&kept).map_err(|error| Failure::unexpected(error.to_string()))?;
    fs::write(&path, text).map_err(|error| Failure::file(&path, &error))?;
    Ok(path)
}

/// Stops the processes that belong to `folder`, and no others; then removes the folder.
pub(crate) async fn stop(folder: &Path) -> Result<Stopped, Failure> {
    let path = folder.join(FILE);
    let text = fs::read_to_string(&path).map_err(|_| {
        Failure::new(Exit::NotFound, format!("there is no {FILE} in {}", folder.display()))
            .remedy("Give the folder that `federation demo --keep` named.")
    })?;
    let kept: Kept = serde_json::from_str(&text)
        .map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))?;
    let mut done = Stopped { stopped: Vec::new(), gone: Vec::new(), killed: Vec::new() };
    let mut ending = Vec::new();
    for one in kept.processes {
        if signal(&one, Signal::TERM) { ending.push(one) } else { done.gone.push(one.name) }
    }
    let deadline = Instant::now() + TERM_MAX;
    for one in ending {
        while is_running(&one) && Instant::now() < deadline {
            sleep(POLL).await;
        }
        if signal(&one, Signal::KILL) { done.killed.push(one.name) } else { done.stopped.push(one.name) }
    }
    fs::remove_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    Ok(done)
}

/// Sends a signal to the very process; says whether it was still there.
fn signal(one: &KeptProcess, signal: Signal) -> bool {
    let there = is_running(one);
    if let (true, Some(pid)) = (there, process::pid_of(one.pid)) {
        let _ = kill_process(pid, signal);
    }
    there
}

fn is_running(one: &KeptProcess) -> bool {
    started(one.pid) == Some(one.started)
}

/// When a process started; `None` when there is none, it has ended, or this is not Linux.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold blanks and parentheses itself.
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_from_another_of_its_number_by_when_it_started() {
        let own = std::process::id();
        let found = started(own);
        assert!(found.is_some());
        let kept = |started| KeptProcess { name: String::new(), pid: own, started };
        assert!(is_running(&kept(found.unwrap_or_default())));
        assert!(!is_running(&kept(found.unwrap_or_default() + 1)));
    }
}
