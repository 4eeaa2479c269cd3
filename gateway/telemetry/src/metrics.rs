use std::time::Duration;

use model::{PartyId, RefusalCode, Step, Timestamp};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram},
};

use crate::Word;

/// Bounds of the latency histograms, in seconds: from a policy decision to a slow disk.
const LATENCY_BOUNDS_S: [f64; 13] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// The instruments. Attributes are party codes, steps, refusal codes and words of the source code, so that their number is small
/// and no case can be told from them. Cheap to clone. Make it after [`init`](crate::init): one made before records nothing.
#[derive(Debug, Clone)]
pub struct Metrics {
    admitted: Counter<u64>,
    refused: Counter<u64>,
    relayed: Counter<u64>,
    queued: Gauge<u64>,
    overdue: Gauge<u64>,
    admit: Histogram<f64>,
    commit: Histogram<f64>,
    commit_entries: Histogram<u64>,
    handshakes_refused: Counter<u64>,
    ready: Gauge<u64>,
    certificate_expires: Gauge<u64>,
    channel_open: Gauge<u64>,
    channel_frozen: Gauge<u64>,
}

impl Metrics {
    /// The instruments of this process's meter.
    pub fn new() -> Self {
        let meter = opentelemetry::global::meter("rogatory");
        let latency = |name: &'static str, text: &'static str| {
            meter
                .f64_histogram(name)
                .with_description(text)
                .with_unit("s")
                .with_boundaries(LATENCY_BOUNDS_S.to_vec())
                .build()
        };
        let counter = |name: &'static str, text: &'static str, unit: &'static str| {
            meter.u64_counter(name).with_description(text).with_unit(unit).build()
        };
        let gauge = |name: &'static str, text: &'static str, unit: &'static str| {
            meter.u64_gauge(name).with_description(text).with_unit(unit).build()
        };
        Self {
            admitted: counter("rogatory.entries.admitted", "Entries admitted to a case", "{entry}"),
            refused: counter("rogatory.entries.refused", "Entries refused, by code", "{entry}"),
            relayed: counter("rogatory.entries.relayed", "Entries that the peer gateway has answered", "{entry}"),
            queued: gauge("rogatory.entries.queued", "Entries waiting for the peer gateway", "{entry}"),
            overdue: gauge(
                "rogatory.ledger.overdue",
                "How long the peer keeps out of its ledger what is to be there. 0 where nothing is late",
                "s",
            ),
            admit: latency("rogatory.admit.duration", "Time of the decision on one entry"),
            commit: latency("rogatory.commit.duration", "Time of one durable commit"),
            commit_entries: meter
                .u64_histogram("rogatory.commit.entries")
                .with_description("Entries that share one durable commit")
                .with_unit("{entry}")
                .with_boundaries(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0])
                .build(),
            handshakes_refused: counter(
                "rogatory.handshakes.refused",
                "TLS handshakes refused, by reason",
                "{handshake}",
            ),
            ready: gauge(
                "rogatory.ready",
                "1 while the program is of use, 0 while a check of /readyz fails",
                "{program}",
            ),
            certificate_expires: gauge("rogatory.certificate.expires", "When it ends, in seconds since 1970", "s"),
            channel_open: gauge("rogatory.channel.open", "1 while the channel is open, 0 while it is not", "{channel}"),
            channel_frozen: gauge(
                "rogatory.channel.frozen",
                "1 while the channel is frozen, 0 while it is not",
                "{channel}",
            ),
        }
    }

    /// An entry with the other party `peer` was admitted.
    pub fn admitted(&self, peer: PartyId, step: Step) {
        self.admitted.add(1, &[party(peer), KeyValue::new("rogatory.step", step.as_str())]);
    }

    /// An entry with the other party `peer` was refused.
    pub fn refused(&self, peer: PartyId, code: RefusalCode) {
        self.refused.add(1, &[party(peer), KeyValue::new("rogatory.code", code.as_str())]);
    }

    /// The gateway of `peer` has answered `entries` entries.
    pub fn relayed(&self, peer: PartyId, entries: u64) {
        self.relayed.add(entries, &[party(peer)]);
    }

    /// `entries` entries are now waiting for the gateway of `peer`.
    pub fn queued(&self, peer: PartyId, entries: u64) {
        self.queued.record(entries, &[party(peer)]);
    }

    /// The gateway of `peer` keeps out of its ledger, since `ms` milliseconds, what is to be there.
    pub fn overdue(&self, peer: PartyId, ms: i64) {
        self.overdue.record(u64::try_from(ms).unwrap_or_default() / 1000, &[party(peer)]);
    }

    /// The decision on one entry took `time`.
    pub fn admit_took(&self, time: Duration) {
        self.admit.record(time.as_secs_f64(), &[]);
    }

    /// One durable commit that `entries` entries share took `time`.
    pub fn commit_took(&self, time: Duration, entries: u64) {
        self.commit.record(time.as_secs_f64(), &[]);
        self.commit_entries.record(entries, &[]);
    }

    /// Whether the program is of use now.
    pub fn ready(&self, ready: bool) {
        self.ready.record(u64::from(ready), &[]);
    }

    /// `which` certificate, or directory, ends then.
    pub fn certificate_expires(&self, which: Word, expires: Timestamp) {
        let seconds = u64::try_from(expires.0 / 1000).unwrap_or_default();
        self.certificate_expires.record(seconds, &[KeyValue::new("rogatory.certificate", which.as_str())]);
    }

    /// How the channel to `peer` stands.
    pub fn channel(&self, peer: PartyId, open: bool, frozen: bool) {
        self.channel_open.record(u64::from(open), &[party(peer)]);
        self.channel_frozen.record(u64::from(frozen), &[party(peer)]);
    }

    /// A TLS handshake was refused for `reason`.
    pub fn handshake_refused(&self, reason: Word) {
        self.handshakes_refused.add(1, &[KeyValue::new("rogatory.reason", reason.as_str())]);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn party(party: PartyId) -> KeyValue {
    KeyValue::new("rogatory.party", party.as_str().to_owned())
}
