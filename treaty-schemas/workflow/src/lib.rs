//! The case: what may happen next, who may do it, and what follows.
//!
//! [`TRANSITIONS`] is the law of the procedure as a table; [`decide`] holds a [`Command`] against it and answers with an
//! [`Event`] or a refusal; [`apply`] folds events into a [`Case`]. State is kept per measure, because a party may grant one thing
//! and refuse another.
//!
//! What a treaty says of the answer ([`Terms`]) is taken over when the request is sent, so that both sides fold the same.
//!
//! This crate must never do IO, read a clock, or know how an entry travels: two gateways that fold the same events hold the
//! same case. Whether a treaty allows what is asked is not its question (that is `treaty`), nor whose keys sign (`identity`).
//!
//! Begin with [`TRANSITIONS`] in `table.rs`.

#![expect(
    clippy::result_large_err,
    reason = "a refusal is an answer, not an exception: it is built once and read whole"
)]

mod after;
mod answer;
mod callback;
mod case;
mod clock;
mod command;
mod decide;
mod event;
mod form;
mod given;
mod guard;
mod matter;
mod page;
mod preservation;
mod state;
mod statistics;
mod table;
mod terms;

#[cfg(test)]
mod tests;

pub use answer::{
    ANSWER_SILENCE_DAYS, CONSULT_SILENCE_DAYS, INFO_REMINDERS, INFO_SILENCE_DAYS, REMEDY_DAYS, REVIEW_DAYS, by_others,
};
pub use callback::CallBack;
pub use case::{Case, Measure, Possibility, Taken};
pub use clock::{
    Act, Agenda, AgendaHearing, AgendaItem, Alarm, AlarmKind, BadCalendar, CLOCKS, Calendar, Calendars, Caveat, Clock,
    ClockId, ClockRow, ClockState, Course, Day, Due, Ending, Moment, Nature, NextAlarm, OfficeHours, Pause, Reckoning,
    Schedule, Signal, alarms, alarms_between, applicable, clock_table, clocks, due, moments, moments_of, woven,
};
pub use command::{Command, DraftCommand};
pub use decide::{PROCEDURE, decide, decide_draft};
pub use event::{Change, Event, FOLD, Move, apply};
pub use guard::Guard;
pub use matter::{
    By, MATTER_SILENCE_DAYS, MATTERS, Matter, MatterGuard, MatterKind, MatterRow, MatterState, Slot, SlotWarning,
    matter_picture, matter_rows, matter_table, moment_in, moves_matter, opens_matter, zone_named,
};
pub use page::Page;
pub use preservation::{Preservation, Standing};
pub use state::State;
pub use statistics::{Account, Census, STATISTICS_CSV_HEADER, Statistics, Tally};
pub use table::{Actor, DraftStep, GatewayEvent, Row, Side, TRANSITIONS, Trigger, picture, rows_from, table};
pub use terms::{Keeping, Terms};
