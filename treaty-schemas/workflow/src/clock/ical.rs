//! An agenda as iCalendar text [RFC 5545]. The crate `icalendar` reads the clock and draws random numbers for what is not given, and
//! links `getrandom`: a pure crate cannot.

use std::fmt::Write as _;

use model::{Digest, Timestamp};

use crate::{
    MatterState,
    clock::agenda::{Agenda, AgendaHearing, AgendaItem},
};

/// A line has so many octets at most, its end left out [RFC 5545 §3.1].
const LINE_OCTETS_MAX: usize = 75;

impl Agenda {
    /// The agenda for calendar programs: one event for each clock at the last second that is in time, with an alarm for each warning that
    /// is still to come; and one for each hearing, for as long as it lasts. It names cases by eight digits, measures, clocks, articles and
    /// matters; nobody, and nothing of what is asked.
    ///
    /// `stamp` is when the text was made (DTSTAMP). A clock keeps its UID, so that a later export replaces an earlier one. What ends
    /// beyond the calendar is left out.
    pub fn to_icalendar(&self, stamp: Timestamp) -> String {
        let mut text = Text(String::new());
        text.line("BEGIN:VCALENDAR");
        text.line("VERSION:2.0");
        text.line("PRODID:-//Rogatory//Agenda 1//EN");
        text.line("CALSCALE:GREGORIAN");
        text.line("METHOD:PUBLISH");
        if let Some(stamp) = utc(stamp) {
            for item in &self.items {
                text.event(item, &stamp, self.now);
            }
            for hearing in &self.hearings {
                text.hearing(hearing, &stamp);
            }
        }
        text.line("END:VCALENDAR");
        text.0
    }
}

pub(crate) struct Text(pub(crate) String);

impl Text {
    fn event(&mut self, item: &AgendaItem, stamp: &str, now: Timestamp) {
        // Who reads a calendar takes midnight for the day that begins; the day that ends is meant.
        let Some(last) = utc(item.due.plus_ms(-1)) else { return };
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}", uid(item)));
        self.line(&format!("DTSTAMP:{stamp}"));
        self.line(&format!("DTSTART:{last}"));
        self.line(&format!("SUMMARY:{}", escaped(&item.to_string())));
        self.line(&format!("CATEGORIES:{}", if item.nature.is_legal() { "LAW" } else { "POLICY" }));
        if !item.caveats.is_empty() {
            let caveats: Vec<_> = item.caveats.iter().map(ToString::to_string).collect();
            self.line(&format!("DESCRIPTION:{}", escaped(&caveats.join("\n"))));
        }
        self.line("TRANSP:TRANSPARENT");
        for alarm in item.warnings(now) {
            let Some(at) = utc(alarm.at) else { continue };
            self.line("BEGIN:VALARM");
            self.line("ACTION:DISPLAY");
            self.line(&format!("TRIGGER;VALUE=DATE-TIME:{at}"));
            self.line(&format!("DESCRIPTION:{}", escaped(&format!("{}: {item}", alarm.kind.as_str()))));
            self.line("END:VALARM");
        }
        self.line("END:VEVENT");
    }

    /// It blocks the time, unlike a clock. One that is not held says so, so that calendars take it out.
    fn hearing(&mut self, hearing: &AgendaHearing, stamp: &str) {
        let (Some(from), Some(to)) = (utc(hearing.slot.starts), utc(hearing.slot.ends())) else { return };
        let cancelled = hearing.state == MatterState::Cancelled;
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}", named(&format!("{}/{}/hearing", hearing.case, hearing.matter))));
        self.line(&format!("DTSTAMP:{stamp}"));
        self.line(&format!("DTSTART:{from}"));
        self.line(&format!("DTEND:{to}"));
        self.line(&format!("SUMMARY:{}", escaped(&hearing.to_string())));
        self.line("CATEGORIES:HEARING");
        self.line(&format!("STATUS:{}", if cancelled { "CANCELLED" } else { "CONFIRMED" }));
        self.line(&format!("TRANSP:{}", if cancelled { "TRANSPARENT" } else { "OPAQUE" }));
        self.line("END:VEVENT");
    }

    /// A line, folded between characters.
    pub(crate) fn line(&mut self, line: &str) {
        let mut octets = 0;
        for letter in line.chars() {
            if octets + letter.len_utf8() > LINE_OCTETS_MAX {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(letter);
            octets += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// The same for a clock at every export, and for no other clock. It tells less than the case's id.
fn uid(item: &AgendaItem) -> String {
    let clock = &item.clock;
    let mut name = format!("{}/{}/{}", item.case, clock.measure, clock.kind.as_str());
    if let Some(record) = &clock.record {
        // Writing to a String cannot fail.
        let _ = write!(name, "/{record}");
    }
    let _ = write!(name, "#{}", clock.round);
    named(&name)
}

fn named(name: &str) -> String {
    let digest = Digest::of(&[b"rogatory agenda uid v1\0", name.as_bytes()]).to_string();
    let half: String = digest.chars().take(32).collect();
    format!("{half}@rogatory.invalid")
}

/// A moment in UTC, in seconds [RFC 5545 §3.3.5]. `None` where four digits do not hold its year.
fn utc(at: Timestamp) -> Option<String> {
    let moment = jiff::Timestamp::from_millisecond(at.0).ok()?;
    let there = moment.to_zoned(jiff::tz::TimeZone::UTC);
    (there.year() > 0).then(|| there.strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// A value of type TEXT [RFC 5545 §3.3.11].
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => value.extend(['\\', letter]),
            '\n' => value.push_str("\\n"),
            other if other.is_control() => {}
            other => value.push(other),
        }
    }
    value
}
