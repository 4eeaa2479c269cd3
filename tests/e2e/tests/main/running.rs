//! A program as a process of its own, with its words in files. Dropped, it is killed.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{programs::program, state::State, until, warden};

/// How long a program may take to be ready.
const READY_MAX_S: u64 = 20;
/// How long a program may take to end by itself, the grace of running calls included.
const END_MAX_S: u64 = 15;

/// A process that serves.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
    over: bool,
    out: PathBuf,
    log: PathBuf,
}

impl Running {
    /// Starts `gateway serve` or `desk serve` for the folder `dir`, with its words in `<logs>/<name>.*` and its telemetry at the
    /// collector, if there is one.
    pub(crate) fn serve(which: &str, dir: &Path, name: &str, of: &State) -> Self {
        let mut command = Command::new(program(which));
        command.args(["serve", "--output", "json", "--dir"]).arg(dir);
        if let Some((library, seconds)) = &of.ahead {
            command.env("LD_PRELOAD", library).env("CLOCK_AHEAD_S", seconds.to_string());
        }
        if let Some(collector) = of.collector {
            command.arg("--otlp-endpoint").arg(format!("http://{collector}"));
        }
        Self::start(command, name, &of.logs())
    }

    /// Starts any program.
    pub(crate) fn start(mut command: Command, name: &str, logs: &Path) -> Self {
        fs::create_dir_all(logs).unwrap();
        let free = |n: &u32| !logs.join(format!("{name}.{n}.log")).exists();
        let number = (1..).find(free).unwrap();
        let (out, log) = (logs.join(format!("{name}.{number}.out")), logs.join(format!("{name}.{number}.log")));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        warden::started(child.id());
        Self { name: name.to_owned(), child, over: false, out, log }
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(mut self) -> Self {
        let what = format!("{} is ready", self.name);
        until(&what, READY_MAX_S, async || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended: {status}\n{}", self.name, self.log());
            }
            said(&self.out, "ready")
        })
        .await;
        self
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let what = format!("{} ends", self.name);
        let status = until(&what, END_MAX_S, async || self.child.try_wait().unwrap()).await;
        self.note_end();
        status
    }

    /// Asks it to end, as an operator does.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        if !self.over {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
            self.note_end();
        }
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// What it printed.
    pub(crate) fn out(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// No file of it may be written beyond this many bytes from now on: what a full disk is, without a disk to fill. For a program that ignores SIGXFSZ.
    pub(crate) fn room(&self, bytes: &str) {
        let (number, limit) = (self.child.id().to_string(), format!("--fsize={bytes}:"));
        assert!(Command::new("prlimit").args(["--pid", &number, &limit]).status().unwrap().success());
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // It was not waited for yet: its number cannot be another's.
        assert!(!self.over);
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn note_end(&mut self) {
        self.over = true;
        warden::ended(self.child.id());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The line of a file that tells of `event`.
fn said(out: &Path, event: &str) -> Option<Value> {
    let text = fs::read_to_string(out).ok()?;
    let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["event"] == event)
}
