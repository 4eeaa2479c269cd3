//! One binary for all tests, so that the states and programs that tests share are made once.
//!
//! The harness: `programs` (the executables), `warden` (nothing outlives the tests), `running` (a program as a process), `state`
//! and `pair` (what it serves), `wire` (a client with any certificate), `scribe` (a desk's work without a desk), `proxy` (a link to
//! cut), `crooked` (a gateway that lies), `three` (a state that is to notice nothing of it), `collector` (where telemetry goes), `stage` and `play` (a case by the officers' command line),
//! `browser` (the same by the console).

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod browser;
mod collector;
mod crooked;
mod pair;
mod papers;
mod play;
mod programs;
mod proxy;
mod running;
mod scribe;
mod stage;
mod state;
mod three;
mod warden;
mod wire;

mod acts;
mod again;
mod altered;
mod answer;
mod attachments;
mod auditor;
mod automatic;
mod away;
mod carry;
mod clocks;
mod console;
mod crossing;
mod custody;
mod deliveries;
mod drafting;
mod edge;
mod emergency;
mod ended;
mod evidence;
mod exhibit;
mod fates;
mod foreign;
mod form;
mod ghosts;
mod hearing;
mod keys;
mod law;
mod ledgers;
mod life;
mod lying_home;
mod lying_peer;
mod matters;
mod misconduct;
mod national;
mod network;
mod officers;
mod outage;
mod parked;
mod pipes;
mod quotas;
mod refold;
mod refused;
mod registers;
mod rejoin;
mod releases;
mod renewal;
mod roots;
mod rotation;
mod schemas;
mod shared;
mod silence;
mod skew;
mod spontaneous;
mod stamps;
mod start;
mod stated;
mod storage;
mod story;
mod supervised;
mod telemetry;
mod training;
mod transfer;
mod treaties;
mod tsa;
mod twice;
mod vitals;
mod waiting;
mod whole;
mod witnesses;

use std::time::Duration;

/// No test takes longer than this many seconds, however slow the machine.
const TEST_MAX_S: u64 = 240;

/// A wait tells how long it takes on a quiet machine at most; on one with more tests than processors it may take so many times as long.
const PATIENCE: u64 = 3;

/// Runs a test, and ends it when it takes too long.
async fn bounded(test: impl Future<Output = ()>) {
    within(TEST_MAX_S, test).await;
}

/// The same for a whole working day, which takes longer.
async fn within(seconds: u64, test: impl Future<Output = ()>) {
    let most = Duration::from_secs(seconds);
    assert!(tokio::time::timeout(most, test).await.is_ok(), "the test took longer than {seconds} s");
}

/// Waits until `look` finds something, and says what was not found when it takes too long.
async fn until<T>(what: &str, seconds: u64, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(seconds * PATIENCE);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}: not within {seconds} s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The one clock of the tests.
fn now() -> model::Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place where the tests read the clock")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    model::Timestamp(i64::try_from(since.unwrap().as_millis()).unwrap())
}
