//! What quotas count: read before a turn, added to within it, so that two requests of one turn see each other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::{Denial, Fault, Header, PartyId, RequestType, Step, SubjectTag, Timestamp};
use store::gateway::{AskedRow, Counted};
use treaty::{Period, Used};

use super::turn::Turn;
use crate::gateway::Gateway;

/// Whose requests of which types, all in one counter, in which period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    requesting: PartyId,
    requested: PartyId,
    counted: Vec<RequestType>,
    per: Period,
    begins: Date,
}

#[derive(Debug, Default)]
struct Counter {
    requests: u64,
    subjects: u64,
    /// Of the tags of this turn, those that the period counts already.
    known: BTreeSet<SubjectTag>,
}

/// The counters that the requests of a turn need.
#[derive(Debug, Default)]
pub(crate) struct Counters(BTreeMap<Window, Counter>);

/// Windows kept in memory; beyond that all are counted anew.
const KEPT_MAX: usize = 1024;

/// Requests and subjects of windows as they were after the last turn: the committer is the only one who adds to them.
#[derive(Debug, Default)]
pub(super) struct Totals(BTreeMap<Window, (u64, u64)>);

impl Totals {
    /// Remembers what a committed turn counted.
    pub(super) fn keep(&mut self, counters: Counters) {
        if self.0.len() > KEPT_MAX {
            self.0.clear();
        }
        self.0.extend(counters.0.into_iter().map(|(window, counter)| (window, (counter.requests, counter.subjects))));
    }

    /// Forgets everything: something was counted less, or nobody knows what was written.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Counters {
    /// Reads what the requests among `headers` need, in the periods of `now`. Others need nothing.
    pub(super) async fn load(
        gateway: &Gateway,
        totals: &Totals,
        headers: &[&Header],
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let mut asked: BTreeMap<Window, BTreeSet<SubjectTag>> = BTreeMap::new();
        for header in headers {
            for window in windows(gateway, header, now) {
                let tags = tags_of(header, &window.counted);
                asked.entry(window).or_default().extend(tags);
            }
        }
        let mut counters = BTreeMap::new();
        for (window, tags) in asked {
            let what =
                Counted { requesting: window.requesting, requested: window.requested, request_types: &window.counted };
            let days = days(window.per, window.begins)?;
            let tags: Vec<_> = tags.into_iter().collect();
            let (requests, subjects) = match totals.0.get(&window) {
                Some(total) => *total,
                None => gateway.store.asked(what, days.clone()).await?,
            };
            let known = gateway.store.asked_about(what, days, &tags).await?;
            counters.insert(window, Counter { requests, subjects, known });
        }
        Ok(Self(counters))
    }

    /// The counters as they would be with this request. A counter that was not read is missing, and the rule refuses.
    pub(super) fn with(&self, gateway: &Gateway, header: &Header, now: Timestamp) -> Vec<Used> {
        let used = windows(gateway, header, now).into_iter().filter_map(|window| {
            let counter = self.0.get(&window)?;
            let new = tags_of(header, &window.counted).difference(&counter.known).count();
            Some(Used {
                counted: window.counted,
                per: window.per,
                requests: saturated(counter.requests.saturating_add(1)),
                subjects: saturated(counter.subjects.saturating_add(new as u64)),
            })
        });
        used.collect()
    }

    /// Counts a request that was admitted.
    fn add(&mut self, gateway: &Gateway, header: &Header, now: Timestamp) {
        for window in windows(gateway, header, now) {
            if let Some(counter) = self.0.get_mut(&window) {
                counter.requests += 1;
                for tag in tags_of(header, &window.counted) {
                    counter.subjects += u64::from(counter.known.insert(tag));
                }
            }
        }
    }
}

/// Counts an admitted request, in this turn and for those to come.
pub(super) fn count(gateway: &Gateway, turn: &mut Turn, header: &Header) -> Result<(), Denial> {
    if header.step != Step::SealSend {
        return Ok(());
    }
    let day = turn.now.date().ok_or_else(unreadable_day).and_then(number)?;
    let now = turn.now;
    turn.counters.add(gateway, header, now);
    let types: BTreeSet<_> = header.measures.iter().map(|scope| &scope.request_type).collect();
    for request_type in types {
        let tags = tags_of(header, std::slice::from_ref(request_type));
        let subjects = tags.iter().map(|tag| tag.as_bytes().to_vec());
        turn.batch.asked.extend(std::iter::once(Vec::new()).chain(subjects).map(|tag| AskedRow {
            entry_id: header.entry.into(),
            request_type: request_type.as_str().to_owned(),
            tag: tag.into(),
            requesting: header.home.into(),
            requested: header.peer.into(),
            day,
        }));
    }
    Ok(())
}

/// By our own clock: who sends could choose a day that has room.
fn windows(gateway: &Gateway, header: &Header, now: Timestamp) -> Vec<Window> {
    let Some(day) = now.date().filter(|_| header.step == Step::SealSend) else { return Vec::new() };
    // What was asked is counted whoever has signed the rule.
    let rule = gateway.rules.unproven(header.home, header.peer, day);
    let needed = rule.quotas(header.peer, &header.measures).into_iter().filter_map(|quota| {
        let begins = quota.per.begins(now)?;
        Some(Window { requesting: header.home, requested: header.peer, counted: quota.counted, per: quota.per, begins })
    });
    needed.collect()
}

fn tags_of(header: &Header, counted: &[RequestType]) -> BTreeSet<SubjectTag> {
    let measures = header.measures.iter().filter(|scope| counted.contains(&scope.request_type));
    measures.flat_map(|scope| scope.tags.iter().copied()).collect()
}

/// The days of a period, both included, as the store counts them.
fn days(per: Period, begins: Date) -> Result<std::ops::RangeInclusive<i64>, Denial> {
    let first = number(begins)?;
    let length = match per {
        Period::Day => 1,
        Period::Month => i64::from(begins.days_in_month()),
        Period::Year => i64::from(begins.days_in_year()),
    };
    Ok(first..=first + length - 1)
}

/// Days since 1970-01-01.
fn number(day: Date) -> Result<i64, Denial> {
    let zero = jiff::civil::date(1970, 1, 1);
    day.since(zero).map(|span| i64::from(span.get_days())).map_err(|_| unreadable_day())
}

fn unreadable_day() -> Denial {
    Denial::failed(Fault::Internal, "the clock tells no year we know")
}

fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
