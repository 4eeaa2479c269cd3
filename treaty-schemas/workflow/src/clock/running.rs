use std::collections::{BTreeMap, BTreeSet};

use model::{MeasureId, RecordType, Step, Timestamp};
use serde::{Deserialize, Serialize};
use treaty::{Timer, TimerKind, Unit};

use crate::{
    Side,
    clock::{
        alarm::DAY_MS,
        calendar::Caveat,
        due::{Reckoning, due},
        kind::{ClockRow, Nature, RETRACTS, SETTLES, Signal, row_of},
        moment::Moment,
    },
};

/// Names a clock within its case. Both sides name it alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClockId {
    /// Of which measure.
    pub measure: MeasureId,
    /// Which clock.
    pub kind: TimerKind,
    /// For which record type, where they differ.
    pub record: Option<RecordType>,
    /// Which one of this kind, from 0: a second question starts a second clock.
    pub round: u32,
}

/// A time that runs for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Its name.
    pub id: ClockId,
    /// Law or policy.
    pub nature: Nature,
    /// Who must act before it ends.
    pub sides: &'static [Side],
    /// When it began, ends, and stood still.
    pub course: Course,
    /// What must be said of the count of its end.
    pub caveats: Vec<Caveat>,
}

/// What a scheduler stores of a clock: enough for its alarms, without rule or calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// When it began.
    pub started: Timestamp,
    /// The first moment that is too late, moved by every pause that is over.
    pub due: Timestamp,
    /// How long it was to run, in milliseconds, pauses left out.
    pub length_ms: i64,
    /// When it stood still, in order and apart from each other. Only the last may be open.
    pub paused: Vec<Pause>,
    /// How it ended.
    pub end: Option<Ending>,
    /// Whether a right or a duty ends with it, instead of somebody being late.
    pub lapses: bool,
}

/// A time in which a clock stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None` while it lasts.
    pub until: Option<Timestamp>,
}

impl Pause {
    /// How long, in milliseconds; `None` while it lasts.
    pub fn length_ms(&self) -> Option<i64> {
        Some(self.until?.0.saturating_sub(self.from.0))
    }
}

/// How a clock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// What was owed was done.
    Met {
        /// When.
        at: Timestamp,
    },
    /// Nobody owes it any more.
    Dropped {
        /// When.
        at: Timestamp,
    },
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// It runs.
    Running,
    /// It stands still.
    Paused {
        /// Since when.
        since: Timestamp,
    },
    /// What was owed was done.
    Stopped {
        /// When.
        at: Timestamp,
        /// Whether before the end.
        in_time: bool,
    },
    /// Nobody owes it any more.
    Dropped {
        /// When.
        at: Timestamp,
    },
    /// It is over, and what was owed was not done.
    Expired,
}

impl Course {
    /// One that runs from `started` to before `due`.
    pub fn begun(started: Timestamp, due: Timestamp, lapses: bool) -> Self {
        let length_ms = due.0.saturating_sub(started.0);
        Self { started, due, length_ms, paused: Vec::new(), end: None, lapses }
    }

    /// How it stands at `now`.
    pub fn state(&self, now: Timestamp) -> ClockState {
        match (self.end, self.paused.last()) {
            (Some(Ending::Met { at }), _) => ClockState::Stopped { at, in_time: at < self.due },
            (Some(Ending::Dropped { at }), _) => ClockState::Dropped { at },
            (None, Some(Pause { from, until: None })) => ClockState::Paused { since: *from },
            (None, _) if now >= self.due => ClockState::Expired,
            (None, _) => ClockState::Running,
        }
    }

    /// When it would end, if a pause that lasts ended at `now`.
    pub fn due_at(&self, now: Timestamp) -> Timestamp {
        match self.state(now) {
            ClockState::Paused { since } => self.due.plus_ms(now.0.saturating_sub(since.0).max(0)),
            _ => self.due,
        }
    }

    /// A clock that is over stands still no more: a pause moves no end that has passed.
    fn pause(&mut self, at: Timestamp) {
        let last = self.paused.last().and_then(|pause| pause.until);
        let from = at.max(self.started).max(last.unwrap_or(self.started));
        if from < self.due {
            self.paused.push(Pause { from, until: None });
        }
    }

    fn resume(&mut self, at: Timestamp) {
        if let Some(pause) = self.paused.last_mut().filter(|pause| pause.until.is_none()) {
            let until = at.max(pause.from);
            pause.until = Some(until);
            self.due = self.due.plus_ms(until.0.saturating_sub(pause.from.0));
        }
    }
}

/// The timers of a permit that hold for one measure: for an emergency those of emergencies in place of the ordinary ones, and for each
/// record that is asked its own in place of the general one.
pub fn applicable(timers: &[Timer], records: &[RecordType], emergency: bool) -> Vec<Timer> {
    let in_case = |timer: &&Timer| {
        let replaced = || timers.iter().any(|other| other.emergency && same(other, timer));
        if emergency { timer.emergency || !replaced() } else { !timer.emergency }
    };
    let all: Vec<&Timer> = timers.iter().filter(in_case).collect();
    let own = |kind: TimerKind, record: &RecordType| {
        all.iter().any(|timer| timer.kind == kind && timer.record.as_ref() == Some(record))
    };
    let asked = |timer: &&&Timer| match &timer.record {
        Some(record) => records.contains(record),
        None => records.is_empty() || records.iter().any(|record| !own(timer.kind, record)),
    };
    all.iter().filter(asked).map(|timer| (*timer).clone()).collect()
}

fn same(a: &Timer, b: &Timer) -> bool {
    a.kind == b.kind && a.record == b.record
}

/// The clocks of a case, from its moments in the order of the case, and the timers of each measure ([`applicable`]). Sorted by their
/// names; those that ended are among them.
pub fn clocks(moments: &[Moment], timers: &BTreeMap<MeasureId, Vec<Timer>>, by: &Reckoning<'_>) -> Vec<Clock> {
    let mut fold = Fold { timers, by, live: Vec::new() };
    for moment in moments {
        fold.retract(moment);
        fold.advance(moment);
        fold.begin(moment);
    }
    let mut all: Vec<Clock> = fold.live.into_iter().map(|live| live.clock).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

struct Fold<'a> {
    timers: &'a BTreeMap<MeasureId, Vec<Timer>>,
    by: &'a Reckoning<'a>,
    live: Vec<Live<'a>>,
}

/// A clock with what only the fold needs to know of it.
struct Live<'a> {
    clock: Clock,
    timer: &'a Timer,
    row: &'static ClockRow,
    started_by: Signal,
    stopped_by: Option<Signal>,
    /// The reasons for which it stands still, by their place in the row.
    reasons: BTreeSet<usize>,
}

impl<'a> Fold<'a> {
    fn retract(&mut self, moment: &Moment) {
        let (retracting, retracted) = RETRACTS;
        let settles = SETTLES.contains(&moment.signal);
        if !settles && !retracting.contains(&moment.signal) {
            return;
        }
        for live in self.live.iter_mut().filter(|live| live.clock.id.measure == moment.measure) {
            if settles {
                (live.started_by, live.stopped_by) = (moment.signal, None);
            } else if retracted.contains(&live.started_by) && live.clock.course.end.is_none() {
                live.clock.course.end = Some(Ending::Dropped { at: moment.at });
            } else if live.stopped_by.is_some_and(|by| retracted.contains(&by)) {
                live.stopped_by = None;
                live.clock.course.end = None;
            }
        }
    }

    /// Lets what runs stop, stand still or run on.
    fn advance(&mut self, moment: &Moment) {
        let mut anew = Vec::new();
        let running = self
            .live
            .iter_mut()
            .filter(|live| live.clock.id.measure == moment.measure && live.clock.course.end.is_none());
        for live in running {
            let row = live.row;
            if row.stops.contains(&moment.signal) {
                live.stop(moment);
            } else if row.drops.contains(&moment.state) {
                live.clock.course.end = Some(Ending::Dropped { at: moment.at });
            } else if row.restarts.contains(&moment.signal) {
                live.stop(moment);
                anew.push(live.timer);
            } else {
                live.stand(moment);
            }
        }
        for timer in anew {
            self.start(timer, moment);
        }
        if moment.signal == Signal::Step(Step::Prolong) {
            self.prolong(moment);
        }
        if moment.signal == Signal::Step(Step::Extend) {
            self.extend(moment);
        }
    }

    /// Starts what this moment starts and does not run already.
    fn begin(&mut self, moment: &Moment) {
        let timers = self.timers.get(&moment.measure).map_or(&[][..], Vec::as_slice);
        for timer in timers {
            let starts = |row: &ClockRow| row.starts.contains(&moment.signal) && !row.drops.contains(&moment.state);
            if row_of(timer.kind).is_some_and(starts) && !self.runs(timer, moment) {
                self.start(timer, moment);
            }
        }
    }

    /// Whether the clock of a timer runs. One that lapsed does not, but for questions: a reminder asks nothing new.
    fn runs(&self, timer: &Timer, moment: &Moment) -> bool {
        let open = |live: &Live<'_>| match live.clock.course.state(moment.at) {
            ClockState::Running | ClockState::Paused { .. } => true,
            ClockState::Expired => !live.row.lapses || timer.kind == TimerKind::Clarification,
            ClockState::Stopped { .. } | ClockState::Dropped { .. } => false,
        };
        self.of(timer, moment.measure).any(open)
    }

    fn of<'s>(&'s self, timer: &'s Timer, measure: MeasureId) -> impl Iterator<Item = &'s Live<'a>> {
        self.live.iter().filter(move |live| live.clock.id.measure == measure && same(live.timer, timer))
    }

    fn start(&mut self, timer: &'a Timer, moment: &Moment) {
        let Some(row) = row_of(timer.kind) else { return };
        if let (TimerKind::SafeConduct, Some(until)) = (timer.kind, moment.until) {
            return self.promise(timer, row, moment, until);
        }
        let counted = due(moment.at, timer, self.by);
        // What is postponed until a day rests until then.
        let named = moment.until.filter(|_| timer.kind == TimerKind::Review);
        let course = Course::begun(moment.at, named.unwrap_or(counted.at), row.lapses);
        let caveats = if named.is_some() { Vec::new() } else { counted.caveats };
        self.add(timer, row, moment, course, caveats);
    }

    fn add(&mut self, timer: &'a Timer, row: &'static ClockRow, moment: &Moment, course: Course, caveats: Vec<Caveat>) {
        let round = u32::try_from(self.of(timer, moment.measure).count()).unwrap_or(u32::MAX);
        let id = ClockId { measure: moment.measure, kind: timer.kind, record: timer.record.clone(), round };
        let clock = Clock { id, nature: Nature::from(timer), sides: row.sides, course, caveats };
        self.live.push(Live {
            clock,
            timer,
            row,
            started_by: moment.signal,
            stopped_by: None,
            reasons: BTreeSet::new(),
        });
    }

    /// A person is safe for as long as the treaty says, from when nobody holds it back any more, and by the record's word for longer: that is no
    /// law, and a clock of its own. Days are whole ones, where the person is.
    fn promise(&mut self, timer: &'a Timer, row: &'static ClockRow, moment: &Moment, until: Timestamp) {
        let from = moment.from.unwrap_or(moment.at);
        let least = match timer.unit {
            Unit::Days => from.plus_ms(i64::from(timer.length) * DAY_MS),
            _ => due(from, timer, self.by).at,
        };
        self.add(timer, row, moment, Course::begun(moment.at, least, row.lapses), Vec::new());
        if until > least {
            self.add(timer, row, moment, Course::begun(least, until, row.lapses), Vec::new());
            self.live.last_mut().into_iter().for_each(|rest| rest.clock.nature = Nature::Policy);
        }
    }

    /// Lets records be kept until the day that their giver names: a new clock.
    fn extend(&mut self, moment: &Moment) {
        let timers = self.timers.get(&moment.measure).map_or(&[][..], Vec::as_slice);
        let timer = timers.iter().find(|timer| timer.kind == TimerKind::Retention);
        let (Some(timer), Some(row), Some(until)) = (timer, row_of(TimerKind::Retention), moment.until) else { return };
        self.add(timer, row, moment, Course::begun(moment.at, until, row.lapses), Vec::new());
    }

    /// Keeps what is preserved longer, from its end on; a new clock, so that its warnings are told again. What has lapsed is gone.
    fn prolong(&mut self, moment: &Moment) {
        let timers = self.timers.get(&moment.measure).map_or(&[][..], Vec::as_slice);
        let longer = timers.iter().find(|timer| timer.kind == TimerKind::Prolongation);
        let kept = self.live.iter_mut().rev().find(|live| {
            let kept = live.clock.id.kind == TimerKind::Preservation && live.clock.id.measure == moment.measure;
            kept && live.clock.course.end.is_none() && moment.at < live.clock.course.due_at(moment.at)
        });
        let Some(kept) = kept else { return };
        let linked = kept.reasons.clone();
        kept.stop(moment);
        // Who keeps it says until when; the treaty's length is the least.
        let least = longer.map(|longer| due(kept.clock.course.due, longer, self.by));
        let caveats = least.as_ref().map(|least| least.caveats.clone()).unwrap_or_default();
        let Some(end) = moment.until.into_iter().chain(least.map(|least| least.at)).max() else { return };
        let (timer, row, started_by) = (kept.timer, kept.row, kept.started_by);
        let mut course = Course::begun(moment.at, end, row.lapses);
        if !linked.is_empty() {
            course.pause(moment.at);
        }
        self.add(timer, row, moment, course, caveats);
        if let Some(live) = self.live.last_mut() {
            live.reasons = linked;
            live.started_by = started_by;
        }
    }
}

impl Live<'_> {
    fn stop(&mut self, moment: &Moment) {
        self.clock.course.resume(moment.at);
        self.reasons.clear();
        self.stopped_by = Some(moment.signal);
        self.clock.course.end = Some(Ending::Met { at: moment.at.max(self.clock.course.started) });
    }

    /// Stands still as long as there is one reason to.
    fn stand(&mut self, moment: &Moment) {
        for (reason, (from, to)) in self.row.pauses.iter().enumerate() {
            if *from == moment.signal {
                if self.reasons.is_empty() {
                    self.clock.course.pause(moment.at);
                }
                self.reasons.insert(reason);
            } else if to.contains(&moment.signal) && self.reasons.remove(&reason) && self.reasons.is_empty() {
                self.clock.course.resume(moment.at);
            }
        }
    }
}
