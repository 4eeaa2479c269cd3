//! People as servers of a queue: so many of them, open at these hours, first come first served.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use jiff::civil::{Date, Time};
use workflow::Calendar;

use crate::histogram::Durations;

/// When people work: spans of time with a rate in thousandths, which is less than 1000 where staff is short. Maps time to work done by one
/// server that is never idle, and back, so that a queue can be kept in work alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours(Arc<[Span]>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: i64,
    to: i64,
    rate: i64,
    /// What was done before.
    before: i64,
}

/// Days on which fewer people work than there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// From this moment, in ms.
    pub from: i64,
    /// To before this one.
    pub to: i64,
    /// How many of a thousand are left.
    pub left: i64,
}

impl Hours {
    /// Day and night, between two moments in ms.
    pub fn always(from: i64, to: i64) -> Self {
        Self::of([(from, to)], &[])
    }

    /// On the working days of a calendar between two days, in its zone, between two times of the day.
    pub fn office(
        calendar: &Calendar,
        (from, to): (Date, Date),
        (open, close): (Time, Time),
        shortages: &[Shortage],
    ) -> Self {
        let at = |day: Date, time: Time| {
            let there = day.to_datetime(time).to_zoned(calendar.zone().clone()).ok()?;
            Some(there.timestamp().as_millisecond())
        };
        let days = from.series(jiff::Span::new().days(1)).take_while(|day| *day < to);
        let days = days.filter(|day| calendar.is_working(*day));
        Self::of(days.filter_map(|day| Some((at(day, open)?, at(day, close)?))), shortages)
    }

    fn of(spans: impl IntoIterator<Item = (i64, i64)>, shortages: &[Shortage]) -> Self {
        let mut all = Vec::new();
        let mut before = 0;
        for (from, to) in spans {
            let mut edges = vec![from, to];
            edges.extend(shortages.iter().flat_map(|one| [one.from, one.to]).filter(|at| from < *at && *at < to));
            edges.sort_unstable();
            for pair in edges.windows(2) {
                let [from, to] = [pair[0], pair[1]];
                let short = shortages.iter().filter(|one| one.from <= from && to <= one.to).map(|one| one.left).min();
                let rate = short.unwrap_or(1000);
                if from < to && rate > 0 {
                    all.push(Span { from, to, rate, before });
                    before += (to - from) * rate / 1000;
                }
            }
        }
        Self(all.into())
    }

    /// What one server has done at most before `at`, in ms of work.
    pub fn work_at(&self, at: i64) -> i64 {
        let after = self.0.partition_point(|span| span.from <= at);
        let Some(span) = after.checked_sub(1).and_then(|last| self.0.get(last)) else { return 0 };
        span.before + (at.min(span.to) - span.from) * span.rate / 1000
    }

    /// `at` where people work then, else when they begin next; the end of time where they do not.
    fn opens(&self, at: i64) -> i64 {
        let ahead = self.0.partition_point(|span| span.to <= at);
        self.0.get(ahead).map_or(i64::MAX, |span| span.from.max(at))
    }

    /// When people work for the last time.
    fn end(&self) -> i64 {
        self.0.last().map_or(0, |span| span.to)
    }

    /// When that much is done; the end of time where the hours end before.
    pub fn time_of(&self, work: i64) -> i64 {
        let after = self.0.partition_point(|span| span.before < work);
        let Some(span) = self.0.get(after.saturating_sub(1)) else { return i64::MAX };
        let rest = (work - span.before).max(0);
        let at = span.from + (rest * 1000 + span.rate - 1) / span.rate;
        // Behind the last span nobody works any more.
        if at > span.to && after == self.0.len() { i64::MAX } else { at.min(span.to.max(span.from)) }
    }
}

/// Some people who do one kind of work, and what waits for them. Times are in ms.
#[derive(Debug, Clone)]
pub struct Pool {
    hours: Hours,
    /// When each of them is free, in work.
    free: BinaryHeap<Reverse<i64>>,
    servers: usize,
    /// When those that wait now begin, as far as they were not counted out yet.
    starts: BinaryHeap<Reverse<i64>>,
    /// What is under work or waits now.
    ends: BinaryHeap<Reverse<i64>>,
    /// What was seen of it.
    pub seen: Seen,
}

/// What was seen of a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What came.
    pub came: u64,
    /// How long it waited before somebody began, by the clock.
    pub waits: Durations,
    /// The most that waited at once.
    pub longest: usize,
    /// Work done, of all together, in ms.
    pub work: i64,
    /// At the samples: how many waited.
    pub samples: Vec<u32>,
}

/// When something is begun and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Begun.
    pub from: i64,
    /// Done; the end of time where the hours end before.
    pub to: i64,
}

impl Pool {
    /// `servers` people with these hours; at least one.
    pub fn new(servers: usize, hours: Hours) -> Self {
        let servers = servers.max(1);
        let free = (0..servers).map(|_| Reverse(0)).collect();
        Self { hours, free, servers, starts: BinaryHeap::new(), ends: BinaryHeap::new(), seen: Seen::default() }
    }

    /// How many they are.
    pub fn servers(&self) -> usize {
        self.servers
    }

    /// Their hours.
    pub fn hours(&self) -> &Hours {
        &self.hours
    }

    /// Something comes at `now` that takes `effort` ms of work. Calls come in the order of time.
    pub fn serve(&mut self, now: i64, effort: i64) -> Served {
        let here = self.hours.work_at(now);
        let begun = self.free.pop().map_or(here, |Reverse(free)| free.max(here));
        let done = begun.saturating_add(effort.max(0));
        self.free.push(Reverse(done));
        let from = if begun == here { self.hours.opens(now) } else { self.hours.time_of(begun) };
        let served = Served { from, to: self.hours.time_of(done).max(from) };
        self.pass(now);
        self.seen.came += 1;
        self.seen.work = self.seen.work.saturating_add(effort);
        match served.from {
            // Nobody comes to it as long as is played.
            i64::MAX => self.seen.waits.leave(self.hours.end().saturating_sub(now).max(0)),
            from => self.seen.waits.end(from - now),
        }
        if served.from > now {
            self.starts.push(Reverse(served.from));
        }
        self.ends.push(Reverse(served.to));
        self.seen.longest = self.seen.longest.max(self.starts.len());
        served
    }

    /// How many wait at `now`. Calls come in the order of time.
    pub fn waiting(&mut self, now: i64) -> usize {
        self.pass(now);
        self.starts.len()
    }

    /// How many wait or are under work at `now`.
    pub fn inside(&mut self, now: i64) -> usize {
        self.pass(now);
        self.ends.len()
    }

    fn pass(&mut self, now: i64) {
        for heap in [&mut self.starts, &mut self.ends] {
            while heap.peek().is_some_and(|Reverse(at)| *at <= now) {
                heap.pop();
            }
        }
    }
}
