//! What the law wants to be counted [Reg. 2023/1543 art. 28(2)], from the events of cases alone: how many measures were asked, what
//! became of each, by whom, for which data, on which ground, and how long it took. No reference and no name is in it.

use std::collections::{BTreeMap, BTreeSet};

use model::{Absence, AuthorityId, MeasureId, RecordType, RefusalCode, Step, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Case, Measure, Moment, Side, Signal, State};

/// The names of the columns of [`Statistics::to_csv`], in order. Columns are only added, at the end.
pub const STATISTICS_CSV_HEADER: &str = "side,by,value,cases,issued,fulfilled,fulfilled_in_part,refused,withdrawn,returned,blocked,\
lapsed,postponed,pending,production_days_average,production_days_median,refusal_days_average,refusal_days_median,\
not_existing,not_obtained";

/// A day in milliseconds.
const DAY_MS: u128 = 24 * 3600 * 1000;

/// A case as it is counted.
#[derive(Debug, Clone)]
pub struct Account<'a> {
    /// On which side of it the authority is that counts.
    pub side: Side,
    /// The authority on the other side.
    pub counterpart: &'a AuthorityId,
    /// Whether the request declared an emergency.
    pub emergency: bool,
    /// The fold of its events.
    pub case: &'a Case,
    /// The moments of the same events.
    pub moments: &'a [Moment],
    /// How records of somebody else came to be given, for each measure, as recalls say.
    pub root_causes: &'a [(MeasureId, String)],
}

/// What became of a measure, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Every record type that was asked for was released, and nothing is outstanding.
    Fulfilled,
    /// Something was released, but not all.
    FulfilledInPart,
    /// A human refused it, and nothing was given before. A refusal that is under appeal is one until it is annulled.
    Refused,
    /// The requesting party withdrew it.
    Withdrawn,
    /// It was for another authority.
    Returned,
    /// A gateway, or the receiving desk after opening, refused it.
    Blocked,
    /// It did not arrive before it expired.
    Lapsed,
    /// It waits, with a reason of the treaty.
    Postponed,
    /// Nothing of these yet, or it was closed without any.
    Pending,
}

/// A measure, and what is counted of it.
#[derive(Debug, Clone)]
struct Counted {
    case: usize,
    side: Side,
    counterpart: AuthorityId,
    article: String,
    request_type: String,
    records: Vec<RecordType>,
    emergency: bool,
    outcome: Outcome,
    ground: Option<RefusalCode>,
    /// Which record types a report left out, and why.
    left_out: Vec<(RecordType, Absence)>,
    root_causes: Vec<String>,
    /// From sending to the last release that stands, or to the refusal.
    took_ms: Option<u64>,
}

/// Counts cases one by one, so that they need not be in memory together.
#[derive(Debug, Clone)]
pub struct Census {
    from: Timestamp,
    to: Timestamp,
    cases: usize,
    measures: Vec<Counted>,
}

impl Census {
    /// Of the requests that were sent from `from` on and before `to`.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to, cases: 0, measures: Vec::new() }
    }

    /// Counts a case, if its request was sent in the period. Hand in each case once.
    pub fn count(&mut self, account: &Account<'_>) {
        let mut any = false;
        // What is given without being asked for is no request.
        for (id, measure) in account.case.measures.iter().filter(|(_, measure)| !measure.gives()) {
            let moments = || account.moments.iter().filter(|moment| moment.measure == *id);
            let sent = moments().find(|moment| moment.signal == Signal::Step(Step::SealSend)).map(|moment| moment.at);
            let Some(sent) = sent.filter(|sent| self.from <= *sent && *sent < self.to) else { continue };
            let course = Course::of(moments());
            let outcome = course.outcome(measure);
            any = true;
            self.measures.push(Counted {
                case: self.cases,
                side: account.side,
                counterpart: account.counterpart.clone(),
                article: measure.scope.article.to_string(),
                request_type: measure.scope.request_type.to_string(),
                records: measure.scope.records.clone(),
                emergency: account.emergency,
                outcome,
                ground: measure.ground.filter(|_| matches!(outcome, Outcome::Refused | Outcome::Blocked)),
                left_out: measure.left_out.iter().map(|one| (one.record.clone(), one.why)).collect(),
                root_causes: {
                    let own = account.root_causes.iter().filter(|(measure, _)| measure == id);
                    own.map(|(_, cause)| cause.clone()).collect()
                },
                took_ms: course.ended(outcome).map(|end| end.0.saturating_sub(sent.0).max(0).unsigned_abs()),
            });
        }
        self.cases += usize::from(any);
    }

    /// The counts, as they stand at `as_of`.
    pub fn statistics(&self, as_of: Timestamp) -> Statistics {
        let mut groups: BTreeMap<(Side, Dimension, String), Vec<&Counted>> = BTreeMap::new();
        for one in &self.measures {
            for dimension in Dimension::ALL {
                let values: BTreeSet<String> = dimension.values(one).into_iter().collect();
                for value in values {
                    groups.entry((one.side, dimension, value)).or_default().push(one);
                }
            }
        }
        let tallies = groups.iter().map(|((side, by, value), ones)| Tally::of(*side, *by, value, ones)).collect();
        Statistics { from: self.from.to_string(), to: self.to.to_string(), as_of: as_of.to_string(), tallies }
    }
}

/// How a measure went, from its moments.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    /// How it ended early, if it did.
    ended: Option<(State, Timestamp)>,
    /// The last release that was not sent back.
    released: Option<Timestamp>,
    /// The last one that was confirmed.
    confirmed: Option<Timestamp>,
    state: Option<State>,
}

impl Course {
    fn of<'a>(moments: impl Iterator<Item = &'a Moment>) -> Self {
        let mut course = Self::default();
        for moment in moments {
            course.follow(moment);
        }
        course
    }

    fn follow(&mut self, moment: &Moment) {
        match moment.state {
            State::Refused | State::Withdrawn | State::Returned | State::Blocked | State::Lapsed => {
                // The way back from an appeal that changed nothing is not a second refusal.
                let first = self.ended.filter(|(state, _)| *state == moment.state);
                self.ended = Some(first.unwrap_or((moment.state, moment.at)));
            }
            // Taken up again: what ended it is annulled.
            State::Review | State::Executing => self.ended = None,
            State::Produced if self.state != Some(State::Produced) => self.released = Some(moment.at),
            State::Received => self.confirmed = self.released,
            State::Ready => {
                self.ended = None;
                if self.state == Some(State::Produced) {
                    self.released = self.confirmed;
                }
            }
            _ => {}
        }
        if moment.state != State::Closed {
            self.state = Some(moment.state);
        }
    }

    fn outcome(&self, measure: &Measure) -> Outcome {
        match self.ended {
            // What was given before the rest was refused, withdrawn or returned was given.
            Some((State::Refused | State::Withdrawn | State::Returned, _)) if self.confirmed.is_some() => {
                return Outcome::FulfilledInPart;
            }
            Some((State::Refused, _)) => return Outcome::Refused,
            Some((State::Returned, _)) => return Outcome::Returned,
            Some((State::Blocked, _)) => return Outcome::Blocked,
            Some((State::Lapsed, _)) => return Outcome::Lapsed,
            Some(_) => return Outcome::Withdrawn,
            None => {}
        }
        if self.released.is_some() {
            let whole = measure.scope.records.iter().all(|record| measure.released.contains(record));
            return if whole && !measure.outstanding { Outcome::Fulfilled } else { Outcome::FulfilledInPart };
        }
        if self.state == Some(State::Postponed) { Outcome::Postponed } else { Outcome::Pending }
    }

    /// When what is timed happened.
    fn ended(&self, outcome: Outcome) -> Option<Timestamp> {
        match outcome {
            Outcome::Fulfilled | Outcome::FulfilledInPart => self.released,
            Outcome::Refused => self.ended.map(|(_, at)| at),
            _ => None,
        }
    }
}

/// By what measures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dimension {
    All,
    Counterpart,
    Authority,
    Article,
    RequestType,
    RecordType,
    Emergency,
    Ground,
    RootCause,
}

impl Dimension {
    const ALL: [Self; 9] = [
        Self::All,
        Self::Counterpart,
        Self::Authority,
        Self::Article,
        Self::RequestType,
        Self::RecordType,
        Self::Emergency,
        Self::Ground,
        Self::RootCause,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Counterpart => "counterpart",
            Self::Authority => "authority",
            Self::Article => "article",
            Self::RequestType => "request_type",
            Self::RecordType => "record_type",
            Self::Emergency => "emergency",
            Self::Ground => "ground",
            Self::RootCause => "root_cause",
        }
    }

    /// Under which values a measure is counted.
    fn values(self, one: &Counted) -> Vec<String> {
        match self {
            Self::All => vec![String::new()],
            Self::Counterpart => vec![one.counterpart.party().to_string()],
            Self::Authority => vec![one.counterpart.to_string()],
            Self::Article => vec![one.article.clone()],
            Self::RequestType => vec![one.request_type.clone()],
            Self::RecordType => one.records.iter().map(ToString::to_string).collect(),
            Self::Emergency => vec![if one.emergency { "yes" } else { "no" }.to_owned()],
            Self::Ground => one.ground.iter().map(ToString::to_string).collect(),
            Self::RootCause => one.root_causes.clone(),
        }
    }
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// The requests that were sent from this moment on,
    pub from: String,
    /// and before this one,
    pub to: String,
    /// as they stood at this one. All three as in `2026-01-01T00:00:00.000Z`.
    pub as_of: String,
    /// The counts, by side, then by what, then by value.
    pub tallies: Vec<Tally>,
}

/// The counts of one group of measures. `issued` is the sum of what stands behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// "requesting" or "requested": what the authority that counts was.
    pub side: String,
    /// "all", "counterpart" (a party), "authority", "article", "request_type", "record_type", "emergency" ("yes", "no"), "ground" or
    /// "root_cause". A measure that asks for two record types is counted under each; under "ground" stands only what was refused or blocked, under
    /// "root_cause" only what was recalled because it was about somebody else.
    pub by: String,
    /// Which one; empty for "all".
    pub value: String,
    /// In how many cases, each once.
    pub cases: u64,
    /// How many measures.
    pub issued: u64,
    /// Every record type that was asked for was released, and nothing is outstanding.
    pub fulfilled: u64,
    /// Something was released, but not all.
    pub fulfilled_in_part: u64,
    /// A human refused it, and nothing was given before. Under appeal it is refused until that is annulled.
    pub refused: u64,
    /// The requesting party withdrew it.
    pub withdrawn: u64,
    /// It was for another authority.
    pub returned: u64,
    /// A gateway, or the receiving desk after opening, refused it.
    pub blocked: u64,
    /// It did not arrive before it expired.
    pub lapsed: u64,
    /// It waits, with a reason of the treaty.
    pub postponed: u64,
    /// Nothing of these yet, or it was closed without any.
    pub pending: u64,
    /// From sending to the last release that stands, in days, of what is fulfilled in whole or in part.
    pub production_days_average: Option<f64>,
    /// The same, the one in the middle.
    pub production_days_median: Option<f64>,
    /// From sending to the refusal, in days.
    pub refusal_days_average: Option<f64>,
    /// The same, the one in the middle.
    pub refusal_days_median: Option<f64>,
    /// How many record types a report says do not exist; under "record_type" of that type alone.
    pub not_existing: u64,
    /// How many it says could not be obtained.
    pub not_obtained: u64,
}

impl Tally {
    fn of(side: Side, by: Dimension, value: &str, ones: &[&Counted]) -> Self {
        let counted = |outcome| ones.iter().filter(|one| one.outcome == outcome).count() as u64;
        let took = |outcomes: &[Outcome]| {
            let of = ones.iter().filter(|one| outcomes.contains(&one.outcome));
            of.filter_map(|one| one.took_ms).collect::<Vec<_>>()
        };
        let left_out = |why| {
            let of_value = |record: &RecordType| by != Dimension::RecordType || record.as_str() == value;
            let all = ones.iter().flat_map(|one| &one.left_out);
            all.filter(|(record, one)| *one == why && of_value(record)).count() as u64
        };
        let produced = took(&[Outcome::Fulfilled, Outcome::FulfilledInPart]);
        let refused = took(&[Outcome::Refused]);
        Self {
            side: if side == Side::Home { "requesting" } else { "requested" }.to_owned(),
            by: by.as_str().to_owned(),
            value: value.to_owned(),
            cases: ones.iter().map(|one| one.case).collect::<BTreeSet<_>>().len() as u64,
            issued: ones.len() as u64,
            fulfilled: counted(Outcome::Fulfilled),
            fulfilled_in_part: counted(Outcome::FulfilledInPart),
            refused: counted(Outcome::Refused),
            withdrawn: counted(Outcome::Withdrawn),
            returned: counted(Outcome::Returned),
            blocked: counted(Outcome::Blocked),
            lapsed: counted(Outcome::Lapsed),
            postponed: counted(Outcome::Postponed),
            pending: counted(Outcome::Pending),
            production_days_average: average(&produced),
            production_days_median: median(&produced),
            refusal_days_average: average(&refused),
            refusal_days_median: median(&refused),
            not_existing: left_out(Absence::NotExisting),
            not_obtained: left_out(Absence::NotObtained),
        }
    }

    fn to_csv(&self) -> String {
        let number = |days: Option<f64>| days.map(|days| format!("{days:.2}")).unwrap_or_default();
        let mut cells = vec![self.side.clone(), self.by.clone(), quoted(&self.value)];
        let counts = [
            self.cases,
            self.issued,
            self.fulfilled,
            self.fulfilled_in_part,
            self.refused,
            self.withdrawn,
            self.returned,
            self.blocked,
            self.lapsed,
            self.postponed,
            self.pending,
        ];
        cells.extend(counts.map(|count| count.to_string()));
        cells.extend([
            number(self.production_days_average),
            number(self.production_days_median),
            number(self.refusal_days_average),
            number(self.refusal_days_median),
            self.not_existing.to_string(),
            self.not_obtained.to_string(),
        ]);
        cells.join(",")
    }
}

impl Statistics {
    /// As CSV [RFC 4180]: [`STATISTICS_CSV_HEADER`], then a line a tally. Days have two decimals and are empty where there are none.
    pub fn to_csv(&self) -> String {
        let lines = self.tallies.iter().map(Tally::to_csv);
        std::iter::once(STATISTICS_CSV_HEADER.to_owned()).chain(lines).map(|line| line + "\r\n").collect()
    }
}

/// A cell. Values are words of treaty files, which may hold a comma.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn average(times: &[u64]) -> Option<f64> {
    let count = times.len() as u128;
    let sum: u128 = times.iter().map(|time| u128::from(*time)).sum();
    (count > 0).then(|| days(sum, count))
}

fn median(times: &[u64]) -> Option<f64> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let upper = u128::from(*times.get(times.len() / 2)?);
    if times.len() % 2 == 1 {
        return Some(days(upper, 1));
    }
    let lower = u128::from(*times.get(times.len() / 2 - 1)?);
    Some(days(lower + upper, 2))
}

/// The share of `sum` milliseconds in days, to the hundredth.
fn days(sum: u128, count: u128) -> f64 {
    let hundredths = (sum * 100 + count * DAY_MS / 2) / (count * DAY_MS);
    hundredths as f64 / 100.0
}
