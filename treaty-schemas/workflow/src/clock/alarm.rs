use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::running::{Course, Ending};

pub(crate) const DAY_MS: i64 = 24 * 3_600_000;
/// A clock that is shorter is warned of by shares of its length.
const SHORT_MS: i64 = 3 * DAY_MS;

/// What is told, in the order in which one clock tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// Twenty days are left.
    TwentyDaysLeft,
    /// Seven days are left.
    SevenDaysLeft,
    /// One day is left.
    OneDayLeft,
    /// Half of a short time is left.
    HalfLeft,
    /// A tenth of a short time is left.
    TenthLeft,
    /// The time is over, and what was owed was not done.
    Expired,
    /// The time is over, and the right or the duty with it.
    Lapsed,
    /// It is late by a day. Policy, as all that follow.
    OneDayLate,
    /// It is late by three days.
    ThreeDaysLate,
    /// It is late by seven days.
    SevenDaysLate,
}

impl AlarmKind {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::TwentyDaysLeft,
        Self::SevenDaysLeft,
        Self::OneDayLeft,
        Self::HalfLeft,
        Self::TenthLeft,
        Self::Expired,
        Self::Lapsed,
        Self::OneDayLate,
        Self::ThreeDaysLate,
        Self::SevenDaysLate,
    ];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TwentyDaysLeft => "twenty_days_left",
            Self::SevenDaysLeft => "seven_days_left",
            Self::OneDayLeft => "one_day_left",
            Self::HalfLeft => "half_left",
            Self::TenthLeft => "tenth_left",
            Self::Expired => "expired",
            Self::Lapsed => "lapsed",
            Self::OneDayLate => "one_day_late",
            Self::ThreeDaysLate => "three_days_late",
            Self::SevenDaysLate => "seven_days_late",
        }
    }

    /// Whether it is told before the end.
    pub fn is_warning(self) -> bool {
        self < Self::Expired
    }

    /// By how much before (negative) or after the end of a clock it is told; `None` where such a clock does not tell it. A day is 24 hours
    /// here, so that an alarm follows from the stored clock without a calendar.
    fn offset(self, course: &Course) -> Option<i64> {
        let short = course.length_ms < SHORT_MS;
        match self {
            Self::TwentyDaysLeft => (!short).then_some(-20 * DAY_MS),
            Self::SevenDaysLeft => (!short).then_some(-7 * DAY_MS),
            Self::OneDayLeft => (!short).then_some(-DAY_MS),
            Self::HalfLeft => short.then_some(-course.length_ms / 2),
            Self::TenthLeft => short.then_some(-course.length_ms / 10),
            Self::Expired => (!course.lapses).then_some(0),
            Self::Lapsed => course.lapses.then_some(0),
            Self::OneDayLate => (!course.lapses).then_some(DAY_MS),
            Self::ThreeDaysLate => (!course.lapses).then_some(3 * DAY_MS),
            Self::SevenDaysLate => (!course.lapses).then_some(7 * DAY_MS),
        }
    }
}

/// Something to tell, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: AlarmKind,
}

/// All alarms of a clock, as far as its moments are known, in their order: none while it is paused, none once it is stopped. One whose
/// time fell into a pause comes as much later as the clock ends later; one that was told before the pause stays where it was.
pub fn alarms(course: &Course) -> impl Iterator<Item = Alarm> + '_ {
    AlarmKind::ALL.into_iter().filter_map(|kind| {
        let at = course.told_at(kind.offset(course)?)?;
        // What was due before it began would be told with the beginning.
        (at > course.started || !kind.is_warning()).then_some(Alarm { at, kind })
    })
}

/// The alarms from `from` to before `to`: intervals that touch tell each alarm once.
pub fn alarms_between(course: &Course, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Alarm> + '_ {
    alarms(course).filter(move |alarm| from <= alarm.at && alarm.at < to)
}

impl Course {
    /// What it tells next, when `fired` was the last that it told.
    pub fn next(&self, fired: Option<AlarmKind>) -> Option<Alarm> {
        alarms(self).find(|alarm| fired.is_none_or(|fired| alarm.kind > fired))
    }

    /// When that is told which is told `offset` from the end; `None` where the clock is paused or stopped before.
    fn told_at(&self, offset: i64) -> Option<Timestamp> {
        if self.due == Timestamp(i64::MAX) {
            return None;
        }
        // In the time of a clock that was never paused, then moved by each pause that began before.
        let closed: i64 = self.paused.iter().filter_map(|pause| pause.length_ms()).sum();
        let mut at = self.due.plus_ms(-closed).plus_ms(offset);
        for pause in &self.paused {
            if at < pause.from {
                break;
            }
            at = at.plus_ms(pause.length_ms()?);
        }
        let ended = match self.end {
            Some(Ending::Met { at } | Ending::Dropped { at }) => at,
            None => return Some(at),
        };
        (at < ended).then_some(at)
    }
}
