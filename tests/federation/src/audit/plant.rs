//! A process that keeps what it is given in its memory, until its input ends: what the scan of memory must find, to be worth anything.

use std::{
    io::{self, BufRead, Write},
    path::Path,
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use crate::failure::Failure;

const READY: &str = "planted";
const READY_MAX: Duration = Duration::from_secs(20);

/// The running process. Dropped, it ends.
pub(crate) struct Planted {
    pub(crate) pid: u32,
    _child: Child,
    /// It lives for as long as this is open.
    _input: ChildStdin,
}

impl Planted {
    /// Starts this program again, and has it keep `secrets` and `text`.
    pub(crate) async fn start(program: &Path, secrets: &[Vec<u8>], text: &str) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::unexpected(format!("the planted process: {error}"));
        let mut child = Command::new(program)
            .args(["audit", "plant"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (Some(mut input), Some(output), Some(pid)) = (child.stdin.take(), child.stdout.take(), child.id()) else {
            return Err(Failure::unexpected("the planted process ended at once"));
        };
        let mut lines = masked(text.as_bytes());
        lines.extend(secrets.iter().flat_map(|secret| masked(secret)));
        lines.push(b'\n');
        input.write_all(&lines).await.map_err(failed)?;
        let mut output = BufReader::new(output).lines();
        match timeout(READY_MAX, output.next_line()).await {
            Ok(Ok(Some(line))) if line == READY => Ok(Self { pid, _child: child, _input: input }),
            _ => Err(Failure::unexpected("the planted process did not take what it was given")),
        }
    }
}

/// A line that tells `bytes` so that they do not stand in it, in no form that is searched for.
fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut line: Vec<u8> = bytes.iter().flat_map(|byte| format!("{:02x} ", byte ^ 0xA5).into_bytes()).collect();
    line.push(b'\n');
    line
}

fn unmasked(line: &str) -> Vec<u8> {
    line.split(' ').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).map(|byte| byte ^ 0xA5).collect()
}

/// Keeps what comes in, and says so; ends with its input.
pub(crate) fn keep() -> u8 {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        match unmasked(&line) {
            bytes if bytes.is_empty() => {
                let said = writeln!(io::stdout(), "{READY}").and_then(|()| io::stdout().flush());
                if said.is_err() {
                    return 1;
                }
            }
            bytes => kept.push(bytes),
        }
    }
    std::hint::black_box(&kept);
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_arrives_and_does_not_stand_in_the_line_that_brings_it() {
        let line = masked(b"a planted text");
        assert_eq!(unmasked(String::from_utf8_lossy(&line).trim_end()), b"a planted text");
        assert!(!String::from_utf8_lossy(&line).contains("61 20 70"));
    }
}
