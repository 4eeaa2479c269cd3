//! `desk agenda`: what ends when, by which clause, and who must act.

use std::{fs, path::PathBuf};

use clap::Args;
use model::Timestamp;
use proto::desk as wire;
use serde_json::{Value, json};

use super::{Answer, list, request::write_new, session::Session};
use crate::failure::Failure;

/// The clock of what has to be destroyed or returned.
const RETENTION: &str = "retention";
const DAY_MS: i64 = 24 * 3_600_000;

/// `desk dispose list`.
#[derive(Debug, Args)]
pub(super) struct Disposals {
    /// What ends within so many days; what is over is always told.
    #[arg(long, default_value = "36500", value_parser = clap::value_parser!(u32).range(0..=36500))]
    days: u32,
    #[command(flatten)]
    page: list::Page,
}

impl Disposals {
    /// What has to be destroyed or returned when, the soonest first; before it what is due already and waits for its certificate.
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let (page_size, after) = self.page.told();
        let request = wire::GetAgendaRequest {
            days: self.days,
            acting: "all".to_owned(),
            kinds: vec![RETENTION.to_owned()],
            page_size,
            after,
            from_ms: 0,
        };
        let agenda = session.desk().get_agenda(request).await?.into_inner();
        let due = list::all(session, "all", &["DISPOSAL_DUE"]).await?;
        let mut lines: Vec<_> = due
            .iter()
            .map(|case| format!("{}  DUE NOW: destroy or return it, then desk dispose certify", case.case_id))
            .collect();
        lines.extend(agenda.clocks.iter().map(|clock| format!("{}  {}", short(clock), line(clock))));
        if lines.is_empty() {
            lines.push("nothing".to_owned());
        }
        lines.extend(list::more(&agenda.next_after));
        let value = json!({
            "now_ms": agenda.now_ms,
            "due": due.iter().map(|case| case.case_id.clone()).collect::<Vec<_>>(),
            "clocks": agenda.clocks.iter().map(value).collect::<Vec<_>>(),
            "next": list::next(&agenda.next_after),
        });
        Ok(Answer::new(value, lines.join("\n")))
    }
}

/// `desk agenda`.
#[derive(Debug, Args)]
pub(super) struct Agenda {
    /// What ends within so many days; what is over is always told.
    #[arg(long, default_value = "30", value_parser = clap::value_parser!(u32).range(0..=3650))]
    days: u32,
    /// Who must act.
    #[arg(long, default_value = "all", value_parser = ["own", "other", "all"])]
    acting: String,
    /// Only what ends so many days from now or later; without it what is over is told too.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=3650))]
    from: Option<u32>,
    #[command(flatten)]
    page: list::Page,
    /// Write the page as iCalendar into this file too: references, no names.
    #[arg(long, visible_alias = "ical", value_name = "FILE")]
    ics: Option<PathBuf>,
}

impl Agenda {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let (page_size, after) = self.page.told();
        let from_ms = self.from.map(|days| crate::clock::now().plus_ms(i64::from(days) * DAY_MS).0).unwrap_or_default();
        let (days, acting) = (self.days, self.acting.clone());
        let request = wire::GetAgendaRequest { days, acting, from_ms, kinds: Vec::new(), page_size, after };
        let agenda = session.desk().get_agenda(request).await?.into_inner();
        let mut value = json!({
            "now_ms": agenda.now_ms,
            "hearings": agenda.hearings.iter().map(hearing_value).collect::<Vec<_>>(),
            "clocks": agenda.clocks.iter().map(value).collect::<Vec<_>>(),
            "next": list::next(&agenda.next_after),
        });
        let mut lines: Vec<_> = agenda.hearings.iter().map(hearing_line).collect();
        let clocks = agenda.clocks.iter().map(|clock| format!("{}  {}", short(clock), line(clock)));
        lines.extend(clocks);
        if lines.is_empty() {
            lines.push("nothing".to_owned());
        }
        lines.extend(list::more(&agenda.next_after));
        if let Some(path) = &self.ics {
            // The next export replaces the last one.
            if path.exists() {
                fs::remove_file(path).map_err(|error| Failure::writing(path, &error))?;
            }
            write_new(path, agenda.icalendar.as_bytes())?;
            value["ics"] = path.display().to_string().into();
            lines.push(format!("written    {}", path.display()));
        }
        Ok(Answer::new(value, lines.join("\n")))
    }
}

fn hearing_line(hearing: &wire::HearingView) -> String {
    let (starts, minutes) = (Timestamp(hearing.starts_ms), hearing.minutes);
    let case = hearing.case_id.get(..8).unwrap_or(&hearing.case_id);
    let (local, id, state) = (&hearing.starts_local, hearing.matter, &hearing.state);
    format!("{case}  {local} = {starts}  HEARING X{id} for {minutes} minutes: {state}")
}

fn hearing_value(hearing: &wire::HearingView) -> Value {
    json!({
        "case": hearing.case_id,
        "matter": format!("X{}", hearing.matter),
        "state": hearing.state,
        "starts_ms": hearing.starts_ms,
        "starts": Timestamp(hearing.starts_ms).to_string(),
        "starts_local": hearing.starts_local,
        "minutes": hearing.minutes,
    })
}

fn short(clock: &wire::ClockView) -> &str {
    clock.case_id.get(..8).unwrap_or(&clock.case_id)
}

/// A clock in one line: when it ends here and in UTC, or how much is left of one that rests, on what it rests, whose it is, how it stands, what stops it, and what is to be
/// known of the count.
pub(super) fn line(clock: &wire::ClockView) -> String {
    let record = if clock.record.is_empty() { String::new() } else { format!(" ({})", clock.record) };
    let again = if clock.round == 0 { String::new() } else { format!(" #{}", clock.round + 1) };
    let told = if clock.level.is_empty() {
        String::new()
    } else {
        format!(", {}: {}", clock.level.to_uppercase(), clock.told)
    };
    let caveats: String = clock.caveats.iter().map(|caveat| format!(" [{caveat}]")).collect();
    let ends = if rests(clock) {
        format!("rests, {} left when it goes on", span(clock.left_ms))
    } else {
        let local = if clock.due_local.is_empty() { "beyond the calendar" } else { &clock.due_local };
        format!("{local} = {}", Timestamp(clock.due_ms))
    };
    format!(
        "{ends}  {}  {}{again} of M{}{record}: {}, {} must act{told}; stopped by {}{caveats}",
        if clock.clause.is_empty() { "policy".to_owned() } else { format!("LEGAL [{}]", clock.clause) },
        clock.kind,
        clock.measure,
        clock.state,
        match clock.acting.as_str() {
            "own" => "we",
            "other" => "the other side",
            _ => "either side",
        },
        clock.stopped_by.join(" or "),
    )
}

/// Whether it stands still: then it has no end yet.
fn rests(clock: &wire::ClockView) -> bool {
    clock.state == "paused"
}

/// A time that is left, in the two largest units that matter.
fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

/// A clock for programs. One that rests has no end, and says how much is left.
pub(super) fn value(clock: &wire::ClockView) -> Value {
    json!({
        "case": clock.case_id,
        "measure": clock.measure,
        "kind": clock.kind,
        "record": clock.record,
        "round": clock.round,
        "legal": !clock.clause.is_empty(),
        "clause": clock.clause,
        "acting": clock.acting,
        "state": clock.state,
        "started_ms": clock.started_ms,
        "due_ms": (!rests(clock)).then_some(clock.due_ms),
        "due": (!rests(clock)).then(|| Timestamp(clock.due_ms).to_string()),
        "due_local": if rests(clock) { "" } else { &clock.due_local },
        "left_ms": rests(clock).then_some(clock.left_ms),
        "stopped_by": clock.stopped_by,
        "caveats": clock.caveats,
        "told": clock.told,
        "level": clock.level,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_says_in_one_line_when_it_ends_and_on_what_it_rests() {
        let clock = wire::ClockView {
            case_id: "0190f3a2-0000-7000-8000-000000000000".to_owned(),
            measure: 1,
            kind: "decision".to_owned(),
            clause: "eio:12(3)".to_owned(),
            acting: "own".to_owned(),
            state: "expired".to_owned(),
            due_ms: 1_767_193_200_000,
            due_local: "2026-01-01 00:00 Asia/Tokyo".to_owned(),
            stopped_by: vec!["recognise".to_owned(), "refuse".to_owned()],
            caveats: vec!["the holidays of JP in 2026 are not verified".to_owned()],
            told: "expired".to_owned(),
            level: "due".to_owned(),
            ..wire::ClockView::default()
        };
        assert_eq!(short(&clock), "0190f3a2");
        assert_eq!(
            line(&clock),
            "2026-01-01 00:00 Asia/Tokyo = 2025-12-31T15:00:00.000Z  LEGAL [eio:12(3)]  decision of M1: expired, we must act, \
             DUE: expired; stopped by recognise or refuse [the holidays of JP in 2026 are not verified]"
        );
        let paused = wire::ClockView {
            state: "paused".to_owned(),
            left_ms: 12 * DAY_MS + 3 * 3_600_000 + 59_999,
            ..clock.clone()
        };
        assert!(line(&paused).starts_with("rests, 12 days 3 h left when it goes on  LEGAL"), "{}", line(&paused));
        assert!(value(&paused)["due"].is_null() && value(&paused)["left_ms"] == paused.left_ms);
        assert_eq!(
            ["0 min", "5 h 0 min", "1 day 0 h"],
            [999, 5 * 3_600_000, DAY_MS].map(span).each_ref().map(String::as_str)
        );
        let policy = wire::ClockView { clause: String::new(), round: 1, ..clock };
        assert!(line(&policy).contains("  policy  decision #2 of M1"), "{}", line(&policy));
    }
}
