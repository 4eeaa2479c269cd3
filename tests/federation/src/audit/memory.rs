//! What the kernel shows of another process: its memory image, its environment, its command line [proc(5)].

use std::{fs, io, os::unix::fs::FileExt, path::PathBuf, time::Duration};

use model::Exit;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::{failure::Failure, process};

/// How long a process may take to stand still.
const STOPPED_MAX: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);
const PAGE: usize = 4096;
/// The most that is taken of one process: what has more is not one of ours.
const IMAGE_BYTES_MAX: usize = 4 << 30;

/// Processes that stand still, so that their memory and their files are of one moment. Dropped, they go on.
#[derive(Debug, Default)]
pub(crate) struct Frozen(Vec<Pid>);

/// A stretch of memory in which something stands.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// What the kernel calls the region, as in [heap].
    pub(crate) region: String,
    pub(crate) bytes: Vec<u8>,
}

/// The memory of a process that it could write to.
#[derive(Debug, Default)]
pub(crate) struct Image {
    /// Bytes of all its regions, empty pages too.
    pub(crate) mapped: usize,
    pub(crate) stretches: Vec<Stretch>,
}

impl Frozen {
    /// Stops a process, and waits until it stands still.
    pub(crate) async fn stop(&mut self, pid: u32) -> Result<(), Failure> {
        let id = process::pid_of(pid).ok_or_else(|| Failure::unexpected(format!("there is no process {pid}")))?;
        kill_process(id, Signal::STOP).map_err(|error| denied(pid, "stopped", &error.into()))?;
        self.0.push(id);
        let deadline = Instant::now() + STOPPED_MAX;
        while !stands_still(pid) {
            if Instant::now() > deadline {
                return Err(Failure::unexpected(format!("process {pid} does not stand still")));
            }
            sleep(POLL).await;
        }
        Ok(())
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

fn stands_still(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, behind)| behind.trim_start().starts_with(['T', 't']))
}

/// The environment or the command line of a process: `file` is `environ` or `cmdline`.
pub(crate) fn told(pid: u32, file: &str) -> Result<Vec<u8>, Failure> {
    let path = format!("/proc/{pid}/{file}");
    fs::read(&path).map_err(|error| denied(pid, &format!("read ({path})"), &error))
}

/// The memory image of a process: every region that it may read and write, without its empty pages.
///
/// # Errors
/// Where any of it may not be read: a search that left something out would prove nothing.
pub(crate) fn image(pid: u32) -> Result<Image, Failure> {
    let maps = format!("/proc/{pid}/maps");
    let maps = fs::read_to_string(&maps).map_err(|error| denied(pid, &format!("read ({maps})"), &error))?;
    let path = PathBuf::from(format!("/proc/{pid}/mem"));
    let memory = fs::File::open(&path).map_err(|error| denied(pid, &format!("read ({})", path.display()), &error))?;
    let mut image = Image::default();
    for line in maps.lines() {
        let Some((start, end, region)) = writable(line) else { continue };
        let len = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        image.mapped = image.mapped.saturating_add(len);
        if image.mapped > IMAGE_BYTES_MAX {
            return Err(Failure::unexpected(format!("process {pid} has more than 4 GiB of memory")));
        }
        let mut bytes = vec![0; len];
        memory.read_exact_at(&mut bytes, start).map_err(|error| denied(pid, &format!("read ({region})"), &error))?;
        image.stretches.extend(stretches(&region, &bytes));
    }
    if image.stretches.is_empty() {
        return Err(Failure::unexpected(format!("process {pid} shows no memory at all")));
    }
    Ok(image)
}

/// Begin, end and name of a region that the process may read and write.
fn writable(line: &str) -> Option<(u64, u64, String)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    if !fields.next()?.starts_with("rw") {
        return None;
    }
    let region = fields.nth(3).unwrap_or("anonymous").to_owned();
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?, region))
}

/// Runs of pages in which anything stands.
fn stretches(region: &str, bytes: &[u8]) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut goes_on = false;
    for page in bytes.chunks(PAGE) {
        let empty = page.iter().all(|byte| *byte == 0);
        match (empty, goes_on, found.last_mut()) {
            (true, ..) => {}
            (false, true, Some(last)) => last.bytes.extend_from_slice(page),
            _ => found.push(Stretch { region: region.to_owned(), bytes: page.to_vec() }),
        }
        goes_on = !empty;
    }
    found
}

fn denied(pid: u32, what: &str, error: &io::Error) -> Failure {
    let what = format!("process {pid} cannot be {what}: {error}");
    let remedy = "Run this as root, or as the user of the processes with kernel.yama.ptrace_scope at 0 or 1 (they are children of this \
                  program); in a container add the capability SYS_PTRACE. Without their memory the audit proves nothing, so it does \
                  not go on. It needs Linux.";
    match error.kind() {
        io::ErrorKind::PermissionDenied => Failure::new(Exit::NotAuthorised, what).remedy(remedy),
        io::ErrorKind::NotFound => Failure::unexpected(what).remedy(remedy),
        _ => Failure::unexpected(what),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::process::Stdio;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        process::Command,
    };

    use super::*;

    /// The kernel does not hold back what a process maps while it is looked at: another process is stopped first, as in
    /// the audit.
    #[tokio::test]
    async fn what_a_process_keeps_on_its_heap_is_in_its_image() {
        let kept = "a text that stands nowhere in a file";
        let mut shell = Command::new("sh")
            .args(["-c", "IFS= read -r kept; echo read; IFS= read -r end"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        shell.stdin.as_mut().unwrap().write_all(format!("{kept}\n").as_bytes()).await.unwrap();
        let mut told = [0; 5];
        shell.stdout.as_mut().unwrap().read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"read\n");
        let pid = shell.id().unwrap();
        let mut frozen = Frozen::default();
        frozen.stop(pid).await.unwrap();
        let image = image(pid).unwrap();
        assert!(image.mapped > PAGE);
        let stands = |stretch: &Stretch| stretch.bytes.windows(kept.len()).any(|window| window == kept.as_bytes());
        assert!(image.stretches.iter().any(stands));
        drop(frozen);
        shell.kill().await.unwrap();
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error_and_no_empty_image() {
        assert!(image(0x3f_ffff).is_err());
        assert!(told(0x3f_ffff, "environ").is_err());
    }

    #[test]
    fn only_what_can_be_written_is_taken_and_empty_pages_are_left_out() {
        let line = "7f00-9f00 rw-p 00000000 00:00 0                          [heap]";
        assert_eq!(writable(line), Some((0x7f00, 0x9f00, "[heap]".to_owned())));
        assert_eq!(writable("7f00-9f00 r-xp 00000000 08:01 17 /usr/bin/x"), None);
        let mut bytes = vec![0; 5 * PAGE];
        bytes[PAGE] = 1;
        bytes[3 * PAGE - 1] = 1;
        bytes[4 * PAGE] = 1;
        let found: Vec<usize> = stretches("x", &bytes).iter().map(|one| one.bytes.len()).collect();
        assert_eq!(found, [2 * PAGE, PAGE]);
    }
}
