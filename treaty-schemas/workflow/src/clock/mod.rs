//! The clocks of a case: which time runs for whom, when it ends, and when somebody is told.
//!
//! [`CLOCKS`] says what starts, stops and pauses each clock; [`clocks`] folds the moments of a case ([`moments`]) into [`Clock`]s, so
//! that both sides compute the same; [`due`] counts hours, days and working days in a party's [`Calendar`]. A clock tells its alarms
//! by itself ([`alarms_between`]); a [`Schedule`] fires each of them once. An [`Agenda`] puts the clocks of many cases in order.
//!
//! Nothing here reads a clock: what depends on the time of asking takes it as an argument.

mod agenda;
mod alarm;
mod calendar;
mod due;
mod file;
mod ical;
mod kind;
mod moment;
mod running;
mod schedule;

#[cfg(test)]
mod tests;

pub use agenda::{Agenda, AgendaHearing, AgendaItem};
pub use alarm::{Alarm, AlarmKind, alarms, alarms_between};
pub use calendar::{Calendar, Calendars, Caveat, Day, OfficeHours};
pub use due::{Due, Reckoning, due};
pub use file::BadCalendar;
pub use kind::{Act, CLOCKS, ClockRow, Nature, Signal, clock_table};
pub use moment::{Moment, moments, moments_of, woven};
pub use running::{Clock, ClockId, ClockState, Course, Ending, Pause, applicable, clocks};
pub use schedule::{NextAlarm, Schedule};
