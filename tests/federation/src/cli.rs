//! Runs `gateway` and `desk` as an operator or officer does, and reads their JSON.

use std::{ffi::OsStr, path::Path, process::Stdio, time::Duration};

use model::Exit;
use serde_json::Value;
use tokio::{process::Command, time::timeout};

use crate::{failure::Failure, told::Told};

/// Longest that one command may take.
const COMMAND_MAX: Duration = Duration::from_secs(60);

/// What a command answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    command: String,
    exit: Option<i32>,
    /// Its JSON on stdout; null where there was none.
    pub(crate) value: Value,
    /// Its JSON on stderr; null where there was none.
    error: Value,
    stderr: String,
}

/// Runs `program` with `arguments` to its end.
pub(crate) async fn run<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> Result<Answer, Failure> {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy().into_owned()).collect();
    let command = format!("{name} {}", words.join(" "));
    let mut child = Command::new(program);
    child.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = timeout(COMMAND_MAX, child.output())
        .await
        .map_err(|_| Failure::unexpected(format!("`{command}` did not end within {} s", COMMAND_MAX.as_secs())))?
        .map_err(|error| Failure::unexpected(format!("`{command}` cannot be started: {error}")))?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(Answer {
        exit: output.status.code(),
        value: last_object(&String::from_utf8_lossy(&output.stdout)),
        error: last_object(&stderr),
        command,
        stderr,
    })
}

impl Answer {
    /// The answer, if the command ended with 0 or 3 (done, with findings).
    pub(crate) fn done(self) -> Result<Self, Failure> {
        if self.is_done() {
            return Ok(self);
        }
        let exit = self.exit.map_or_else(|| "by a signal".to_owned(), |exit| format!("with {exit}"));
        let said = self.told().map_or_else(|| self.stderr.trim().to_owned(), |told| told.to_string());
        Err(Failure::unexpected(format!("`{}` ended {exit}: {said}", self.command)))
    }

    /// Whether it ended with 0 or 3.
    pub(crate) fn is_done(&self) -> bool {
        [Exit::Ok, Exit::Findings].iter().any(|exit| self.exit == Some(i32::from(*exit as u8)))
    }

    /// Whether it ended with the exit code of a refusal: by a rule, or for want of a right.
    pub(crate) fn is_refused(&self) -> bool {
        [Exit::Refused, Exit::NotAuthorised].iter().any(|exit| self.exit == Some(i32::from(*exit as u8)))
    }

    /// What the error object on stderr said.
    pub(crate) fn told(&self) -> Option<Told> {
        Told::from_json(&self.error)
    }

    /// A text of the answer.
    pub(crate) fn text(&self, field: &str) -> Result<String, Failure> {
        self.value
            .get(field)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| Failure::unexpected(format!("`{}` did not answer with a field `{field}`", self.command)))
    }

    /// How it ended, for a report.
    pub(crate) fn ending(&self) -> String {
        format!("`{}` ended with {:?}", self.command, self.exit)
    }
}

/// The whole text as JSON, or the last line of it that is a JSON object.
fn last_object(text: &str) -> Value {
    if let Ok(value) = serde_json::from_str(text.trim()) {
        return value;
    }
    let objects = text.lines().rev().filter(|line| line.starts_with('{'));
    objects.filter_map(|line| serde_json::from_str(line).ok()).next().unwrap_or(Value::Null)
}
