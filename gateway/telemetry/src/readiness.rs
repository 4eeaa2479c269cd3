//! Whether a program is of use now, and what it lacks: told over HTTP and gRPC, and as a metric. What is told is words of the source
//! code, so that nothing of a case, and no path or name of a machine, leaves by a probe.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

use crate::{Metrics, Word, word};

/// A check that takes longer has failed.
const CHECK_TIME: Duration = Duration::from_secs(3);
/// What was found holds for so long: whoever asks more often costs nothing.
const KEPT: Duration = Duration::from_secs(1);
/// How often it is looked for those who are told of changes.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The name of the whole program in the health protocol of gRPC.
const WHOLE: &str = "";

type Looking = Pin<Box<dyn Future<Output = Result<(), Word>> + Send>>;

struct Check {
    name: Word,
    look: Box<dyn Fn() -> Looking + Send + Sync>,
}

/// What has to hold for a program to be of use.
pub struct Readiness {
    checks: Vec<Check>,
    stopping: watch::Sender<bool>,
    last: Mutex<Option<(Instant, Arc<Report>)>>,
}

impl Readiness {
    /// Nothing has to hold but that the program is not stopping.
    pub fn new() -> Self {
        Self { checks: Vec::new(), stopping: watch::Sender::new(false), last: Mutex::default() }
    }

    /// This has to hold, too: `look` says why it does not.
    #[must_use]
    pub fn with<F>(mut self, name: Word, look: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Word>> + Send + 'static,
    {
        self.checks.push(Check { name, look: Box::new(move || Box::pin(look())) });
        self
    }

    /// The program stops: it is not ready from now on.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// What holds now, or a moment ago.
    pub async fn look(&self) -> Arc<Report> {
        let mut last = self.last.lock().await;
        if *self.stopping.borrow() {
            return Arc::new(Report { found: vec![(word!("running"), Err(word!("the program stops")))] });
        }
        if let Some((at, report)) = &*last
            && at.elapsed() < KEPT
        {
            return report.clone();
        }
        let mut found = vec![(word!("running"), Ok(()))];
        for check in &self.checks {
            let looked = timeout(CHECK_TIME, (check.look)()).await;
            found.push((check.name, looked.unwrap_or(Err(word!("there is no answer in time")))));
        }
        let report = Arc::new(Report { found });
        *last = Some((Instant::now(), report.clone()));
        report
    }

    /// Tells `metrics`, and those who ask `reporter` over gRPC, whether the program is ready: now, every few seconds, and at once when it stops.
    pub(crate) async fn tell(&self, metrics: &Metrics, reporter: &mut HealthReporter) {
        let mut stopping = self.stopping.subscribe();
        let mut next = interval(LOOK_EVERY);
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // A change that cannot be heard of is one that will not come: this holds the sender.
            let stops = tokio::select! {
                _ = next.tick() => false,
                _ = stopping.wait_for(|stops| *stops) => true,
            };
            let ready = self.look().await.is_ready();
            metrics.ready(ready);
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            reporter.set_service_status(WHOLE, status).await;
            if stops {
                // Who watches has heard it; a stream that stays open would hold up the end.
                reporter.clear_service_status(WHOLE).await;
                return;
            }
        }
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|check| check.name)).finish()
    }
}

/// The health service of gRPC and what sets its answer: not serving until [`Readiness::tell`] has looked.
pub(crate) async fn grpc_health() -> (HealthReporter, HealthServer<HealthService>) {
    let reporter = HealthReporter::new();
    reporter.set_service_status(WHOLE, ServingStatus::NotServing).await;
    let service = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
    (reporter, service)
}

/// What was found, check by check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    found: Vec<(Word, Result<(), Word>)>,
}

impl Report {
    /// Whether everything holds.
    pub fn is_ready(&self) -> bool {
        self.found.iter().all(|(_, found)| found.is_ok())
    }

    /// A line for each check, or for those that failed, and one for the whole.
    pub fn to_text(&self, verbose: bool) -> String {
        let mut text = String::new();
        for (name, found) in &self.found {
            match found {
                Ok(()) if verbose => text.push_str(&format!("[+] {name}: ok\n")),
                Ok(()) => {}
                Err(why) => text.push_str(&format!("[-] {name}: {why}\n")),
            }
        }
        text + if self.is_ready() { "ready\n" } else { "not ready\n" }
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let checks = self.found.iter().map(|(name, found)| {
            json!({ "check": name.as_str(), "ok": found.is_ok(), "why": found.err().map(Word::as_str) })
        });
        json!({ "schema_version": 1, "ready": self.is_ready(), "checks": checks.collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;

    /// A readiness with one check that holds while `holds` does, and how often it was asked.
    fn with_switch() -> (Readiness, Arc<AtomicBool>, Arc<AtomicU32>) {
        let (holds, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
        let (switch, count) = (holds.clone(), asked.clone());
        let readiness = Readiness::new().with(word!("database"), move || {
            count.fetch_add(1, Ordering::Relaxed);
            let holds = switch.load(Ordering::Relaxed);
            async move { if holds { Ok(()) } else { Err(word!("it is full")) } }
        });
        (readiness, holds, asked)
    }

    #[tokio::test]
    async fn what_does_not_hold_is_named_in_text_and_in_json() {
        let (readiness, holds, _) = with_switch();
        assert_eq!(readiness.look().await.to_text(false), "ready\n");
        assert_eq!(readiness.look().await.to_text(true), "[+] running: ok\n[+] database: ok\nready\n");
        holds.store(false, Ordering::Relaxed);
        tokio::time::sleep(KEPT).await;
        let report = readiness.look().await;
        assert_eq!(report.to_text(false), "[-] database: it is full\nnot ready\n");
        assert_eq!(report.to_json()["checks"][1], json!({ "check": "database", "ok": false, "why": "it is full" }));
    }

    #[tokio::test]
    async fn who_asks_without_end_is_answered_without_a_look_each_time() {
        let (readiness, _, asked) = with_switch();
        for _ in 0..1000 {
            assert!(readiness.look().await.is_ready());
        }
        assert!((1..1000).contains(&asked.load(Ordering::Relaxed)));
    }

    #[tokio::test]
    async fn a_check_that_does_not_come_back_has_failed() {
        let readiness = Readiness::new().with(word!("database"), std::future::pending);
        assert!(readiness.look().await.to_text(false).contains("database: there is no answer in time"));
    }

    #[tokio::test]
    async fn a_program_that_stops_is_not_ready_at_once_and_who_watches_is_told() {
        let (readiness, ..) = with_switch();
        assert!(readiness.look().await.is_ready());
        let (mut reporter, _service) = grpc_health().await;
        readiness.stop();
        readiness.tell(&Metrics::new(), &mut reporter).await;
        assert!(!readiness.look().await.is_ready());
    }
}
