//! The programs under test, and how a command of theirs ends.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// A command that takes longer hangs.
const COMMAND_MAX: Duration = Duration::from_secs(45);

/// The program `name` of the same build as the tests.
pub(crate) fn program(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    // target/<profile>/deps/main-<hash>
    let path = tests.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.is_file(), "there is no {}: run cargo build --workspace --bins first", path.display());
    path
}

/// How a command ended.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) line: String,
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// What it printed, where it succeeded.
    pub(crate) fn done(self) -> Value {
        assert_eq!(self.code, 0, "{} failed\n{}{}", self.line, self.out, self.err);
        serde_json::from_str(self.out.trim()).unwrap_or_else(|_| panic!("{} printed no JSON: {}", self.line, self.out))
    }

    /// The error that it printed, where it failed with this exit code.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}{}", self.line, self.out, self.err);
        assert!(!self.err.trim().is_empty(), "{} says nothing on standard error", self.line);
        self.err
    }
}

/// Runs a program to its end.
pub(crate) async fn run(program: &Path, arguments: &[&str]) -> Answer {
    run_with(program, arguments, None).await
}

/// The same with a text on its standard input.
pub(crate) async fn run_with(program: &Path, arguments: &[&str], input: Option<&str>) -> Answer {
    let mut command = Command::new(program);
    command.args(arguments);
    ended(program, arguments, command, input).await
}

/// The same on a machine whose clock is ahead by so many seconds, by this library.
pub(crate) async fn run_at(program: &Path, arguments: &[&str], clock: &(PathBuf, i64)) -> Answer {
    let mut command = Command::new(program);
    command.args(arguments).env("LD_PRELOAD", &clock.0).env("CLOCK_AHEAD_S", clock.1.to_string());
    ended(program, arguments, command, None).await
}

async fn ended(program: &Path, arguments: &[&str], mut command: Command, input: Option<&str>) -> Answer {
    let line = format!("{} {}", program.file_name().unwrap().display(), arguments.join(" "));
    let mut child = command
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{line} cannot be started: {error}"));
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin.write_all(text.as_bytes()).await.unwrap();
    }
    let output = timeout(COMMAND_MAX, child.wait_with_output()).await;
    let output = output.unwrap_or_else(|_| panic!("{line} hangs")).unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        line,
    }
}

/// Runs `gateway` with JSON output.
pub(crate) async fn gateway(arguments: &[&str]) -> Answer {
    run(&program("gateway"), &[arguments, &["--output", "json"]].concat()).await
}
