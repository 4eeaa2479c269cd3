use std::collections::{BTreeMap, BTreeSet};

use model::{CaseId, Timestamp};

use crate::clock::{
    alarm::AlarmKind,
    running::{Clock, ClockId, Course},
};

/// The next thing that a clock tells: what a durable scheduler stores and sorts by `at`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NextAlarm {
    /// When.
    pub at: Timestamp,
    /// Of which case.
    pub case: CaseId,
    /// Of which clock.
    pub clock: ClockId,
    /// What.
    pub kind: AlarmKind,
}

/// Fires the alarms of many clocks, each once.
///
/// It remembers for each clock what it told last, not until when it looked: neither a long sleep, nor a wall clock that steps, nor an
/// entry that arrives late makes it tell something twice or leave something out. Its shell stores that one word for each clock in the
/// transaction in which it tells, and puts it back with [`Schedule::watch`] when it starts again.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    slots: BTreeMap<(CaseId, ClockId), Slot>,
    /// What is next, by its time.
    queue: BTreeSet<(Timestamp, CaseId, ClockId)>,
}

#[derive(Debug, Clone)]
struct Slot {
    course: Course,
    fired: Option<AlarmKind>,
    next: Option<Timestamp>,
}

impl Schedule {
    /// Takes up a clock, or what became of it. `fired` is what the store says that it told last; what is known here already is kept if
    /// it is more.
    pub fn watch(&mut self, case: CaseId, clock: &Clock, fired: Option<AlarmKind>) {
        self.watch_course(case, &clock.id, &clock.course, fired);
    }

    /// The same, from what the store keeps of a clock.
    pub fn watch_course(&mut self, case: CaseId, id: &ClockId, course: &Course, fired: Option<AlarmKind>) {
        let key = (case, id.clone());
        let before = self.slots.remove(&key);
        if let Some(at) = before.as_ref().and_then(|slot| slot.next) {
            self.queue.remove(&(at, case, id.clone()));
        }
        // `None` is less than any kind.
        let fired = before.and_then(|slot| slot.fired).max(fired);
        let next = course.next(fired).map(|alarm| alarm.at);
        self.queue.extend(next.map(|at| (at, case, id.clone())));
        self.slots.insert(key, Slot { course: course.clone(), fired, next });
    }

    /// Forgets the clocks of a case, once it is closed and its last alarm told.
    pub fn forget(&mut self, case: CaseId) {
        self.slots.retain(|(other, _), _| *other != case);
        self.queue.retain(|(_, other, _)| *other != case);
    }

    /// All that is to be told at `now`, the earliest first, each once for ever.
    pub fn poll(&mut self, now: Timestamp) -> Vec<NextAlarm> {
        let mut told = Vec::new();
        while let Some((at, case, id)) = self.queue.pop_first() {
            if at > now {
                self.queue.insert((at, case, id));
                break;
            }
            let Some(slot) = self.slots.get_mut(&(case, id.clone())) else { continue };
            let Some(alarm) = slot.course.next(slot.fired) else { continue };
            slot.fired = Some(alarm.kind);
            slot.next = slot.course.next(slot.fired).map(|alarm| alarm.at);
            self.queue.extend(slot.next.map(|at| (at, case, id.clone())));
            told.push(NextAlarm { at: alarm.at, case, clock: id, kind: alarm.kind });
        }
        told
    }

    /// When to look again; `None` where nothing is left to tell.
    pub fn wake(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, ..)| *at)
    }

    /// What a clock told last.
    pub fn fired(&self, case: CaseId, clock: &ClockId) -> Option<AlarmKind> {
        self.slots.get(&(case, clock.clone()))?.fired
    }

    /// How many clocks it knows.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

impl Clock {
    /// What it tells next in its case, when `fired` was the last that it told; `None` where nothing is left to tell, as far as is known.
    pub fn next_alarm(&self, case: CaseId, fired: Option<AlarmKind>) -> Option<NextAlarm> {
        let next = self.course.next(fired)?;
        Some(NextAlarm { at: next.at, case, clock: self.id.clone(), kind: next.kind })
    }
}
