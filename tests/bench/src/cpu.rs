//! How much processor time a process, or a piece of work, has taken.

use std::{
    fs,
    ops::Sub,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::time::{ClockId, clock_gettime};

/// The kernel counts in hundredths of a second for programs (USER_HZ), whatever it uses itself.
const US_PER_TICK: f64 = 10_000.0;

/// Processor time in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    /// Of all threads.
    pub(crate) all: f64,
    /// Of the threads that SQLite runs on.
    pub(crate) database: f64,
}

impl Cpu {
    /// What the process has taken so far; nothing where it is gone.
    pub(crate) fn of(pid: u32) -> Self {
        // The process' own count has the threads that have ended, too.
        let all = spent(format!("/proc/{pid}/stat")).map_or(0.0, |(_, spent)| spent);
        let mut cpu = Self { all, database: 0.0 };
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return cpu };
        for thread in threads.flatten() {
            let counted = spent(thread.path().join("stat"));
            cpu.database += counted.filter(|(name, _)| name.contains("sqlx-sqlite")).map_or(0.0, |(_, spent)| spent);
        }
        cpu
    }

    pub(crate) fn own() -> Self {
        Self::of(std::process::id())
    }
}

/// The name of a process or thread, and what it has taken.
fn spent(stat: impl AsRef<Path>) -> Option<(String, f64)> {
    let stat = fs::read_to_string(stat).ok()?;
    // The name may hold blanks: the fields begin after its closing bracket.
    let (name, fields) = stat.rsplit_once(')')?;
    let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|field| field.parse::<f64>().ok());
    Some((name.to_owned(), (ticks(11)? + ticks(12)?) * US_PER_TICK))
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { all: self.all - before.all, database: self.database - before.database }
    }
}

/// Processor time of pieces of work in this process, by kind.
#[derive(Debug, Default)]
pub(crate) struct Meter([AtomicU64; 3]);

/// A kind of work at a desk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Groups: open, join, commit, seal, open a body.
    Mls = 0,
    /// Signing, and verifying what arrives.
    Signatures = 1,
    /// Reading documents and holding them against headers.
    Documents = 2,
}

impl Meter {
    /// Does the work, which must not wait for anything.
    pub(crate) fn time<T>(&self, kind: Kind, work: impl FnOnce() -> T) -> T {
        let before = thread_ns();
        let done = work();
        self.0[kind as usize].fetch_add(thread_ns().saturating_sub(before), Ordering::Relaxed);
        done
    }

    /// Microseconds so far.
    pub(crate) fn us(&self, kind: Kind) -> f64 {
        self.0[kind as usize].load(Ordering::Relaxed) as f64 / 1e3
    }
}

/// Processor time of this thread, in nanoseconds.
pub(crate) fn thread_ns() -> u64 {
    ns(ClockId::ThreadCPUTime)
}

/// Processor time of all threads of this process, of those that have ended too, in nanoseconds.
pub(crate) fn process_ns() -> u64 {
    ns(ClockId::ProcessCPUTime)
}

fn ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    u64::try_from(time.tv_sec).unwrap_or_default() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default()
}
