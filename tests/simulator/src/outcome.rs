//! What one seed came to: counts and histograms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::histogram::Durations;

/// What one seed came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// So many days were played and counted.
    pub days: u32,
    /// Whether all days of the scenario were played.
    pub complete: bool,
    /// Requests that began, counted or not.
    pub begun: u64,
    /// Requests that ended or were taken into use, counted or not.
    pub ended: u64,
    /// Requests that were under way at the end, counted or not. With those that ended they are all that began.
    pub open: u64,
    /// The most that were open at once.
    pub open_most: u64,
    /// Entries that gateways exchanged.
    pub entries: u64,
    /// Steps that the procedure refused though somebody took them: 0, or the model of people is wrong.
    pub missteps: u64,
    /// All requests.
    pub all: Cell,
    /// By instrument and request type, as in `ets-185 stored_data`.
    pub treaties: BTreeMap<String, Cell>,
    /// By stream.
    pub streams: BTreeMap<String, Cell>,
    /// By pair, as in `JP → FR`.
    pub pairs: BTreeMap<PairName, Cell>,
    /// By kind of clock, as in `ets-185 decision (policy)`.
    pub clocks: BTreeMap<String, Clocks>,
    /// Clocks by the state that had to act.
    pub clocks_of: BTreeMap<String, Clocks>,
    /// Why requests were refused.
    pub refused: Vec<Refused>,
    /// The people.
    pub queues: Vec<Queue>,
    /// What went through each gateway.
    pub traffic: BTreeMap<String, Traffic>,
    /// What faults did.
    pub held: Vec<Held>,
}

/// A direction between two states, as in `JP → FR`.
pub type PairName = String;

/// Requests of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Written.
    pub begun: u64,
    /// Sent, and admitted by the own gateway.
    pub sent: u64,
    /// Answered with records.
    pub granted: u64,
    /// Refused by people.
    pub refused: u64,
    /// Refused by a gateway.
    pub blocked: u64,
    /// Expired on their way.
    pub lapsed: u64,
    /// Withdrawn.
    pub withdrawn: u64,
    /// From sending to the answer, whichever it is.
    pub answer: Durations,
    /// From the first line of the draft to the answer.
    pub whole: Durations,
    /// From the arrival at the requested state to the answer.
    pub handling: Durations,
}

impl Cell {
    /// The same with those of another seed.
    pub fn add(&mut self, other: &Self) {
        self.begun += other.begun;
        self.sent += other.sent;
        self.granted += other.granted;
        self.refused += other.refused;
        self.blocked += other.blocked;
        self.lapsed += other.lapsed;
        self.withdrawn += other.withdrawn;
        self.answer.add(&other.answer);
        self.whole.add(&other.whole);
        self.handling.add(&other.handling);
    }
}

/// Clocks of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// What was owed was done in time.
    pub met: u64,
    /// It was done late, or not by the end.
    pub missed: u64,
    /// They ran at the end.
    pub running: u64,
    /// Nobody owed it any more.
    pub dropped: u64,
}

impl Clocks {
    /// The share that was missed of those that came to an end.
    pub fn missed_share(&self) -> Option<f64> {
        let ended = self.met + self.missed;
        (ended > 0).then(|| self.missed as f64 / ended as f64)
    }
}

/// Why requests were refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refused {
    /// The code.
    pub code: String,
    /// The article, where there is one.
    pub article: String,
    /// Whose rule it is, by its file.
    pub rule: String,
    /// Which field.
    pub field: String,
    /// By whom: `own gateway`, `other gateway`, `people`.
    pub by: String,
    /// How many.
    pub count: u64,
}

/// The people of one state who do one kind of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The state.
    pub party: String,
    /// What they do.
    pub staff: String,
    /// How many they are.
    pub people: u32,
    /// What came.
    pub came: u64,
    /// How long it waited until somebody began.
    pub waits: Durations,
    /// The most that waited at once.
    pub longest: u64,
    /// Of a thousand working hours, how many were worked.
    pub busy_permille: u32,
    /// How many waited, at the end of each week.
    pub weekly: Vec<u32>,
}

/// What went through one gateway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Entries of its own desks.
    pub sent: u64,
    /// Entries of others.
    pub received: u64,
    /// Their bytes, sealed.
    pub bytes_sent: u64,
    /// Their bytes, sealed.
    pub bytes_received: u64,
    /// The most in one hour, both ways.
    pub busiest_hour: u32,
    /// Requests of and to the state that were open at once, at most.
    pub open_most: u32,
    /// Requests of which it knows that there were: its own and those to it.
    pub known: u64,
}

/// What a fault did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The fault.
    pub title: String,
    /// From which day of the run to which.
    pub from_day: u32,
    /// To which.
    pub to_day: u32,
    /// Entries that it held.
    pub entries: u64,
    /// How long.
    pub delays: Durations,
    /// Requests that expired meanwhile.
    pub lapsed: u64,
}
