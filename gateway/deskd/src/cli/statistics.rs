//! `desk statistics`: what the law wants to be counted.

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use model::{Exit, Timestamp};
use proto::desk::{self as wire, statistics_service_client::StatisticsServiceClient};
use serde_json::Value;
use workflow::{Statistics, Tally};

use super::{Answer, session::Session};
use crate::{clock, failure::Failure, summary::line as plain};

/// Of many groups, as a large desk has them.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// `desk statistics`.
#[derive(Debug, Args)]
pub(super) struct Count {
    /// The requests that were sent in this year (UTC); the present one where nothing is said.
    #[arg(long, conflicts_with_all = ["from", "to"], value_parser = clap::value_parser!(i16).range(1970..=9998))]
    year: Option<i16>,
    /// From this day on (UTC).
    #[arg(long, requires = "to", value_name = "YYYY-MM-DD")]
    from: Option<Date>,
    /// Up to the end of this day (UTC).
    #[arg(long, requires = "from", value_name = "YYYY-MM-DD")]
    to: Option<Date>,
    /// Count exercises, in place of real cases.
    #[arg(long)]
    training: bool,
    /// As lines, as CSV, or as JSON. --output json gives JSON too.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

impl Count {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let (from, to) = self.period()?;
        let mut desk = StatisticsServiceClient::new(link::connect_local(&session.folder.socket()))
            .max_decoding_message_size(ANSWER_BYTES_MAX);
        let request = wire::GetStatisticsRequest { from_ms: from.0, to_ms: to.0, training: self.training };
        let counted = desk.get_statistics(request).await?.into_inner();
        let unread = |_| Failure::new(Exit::Integrity, "the desk's counts cannot be read");
        let mut value: Value = serde_json::from_slice(&counted.json).map_err(unread)?;
        if self.training {
            value["training"] = true.into();
        }
        let text = match self.format {
            Format::Csv => counted.csv.trim_end().to_owned(),
            Format::Json => serde_json::to_string_pretty(&value).map_err(unread)?,
            Format::Table => {
                let of = if self.training { "EXERCISES ONLY\n" } else { "" };
                of.to_owned() + &table(&serde_json::from_slice(&counted.json).map_err(unread)?)
            }
        };
        Ok(Answer::new(value, text))
    }

    fn period(&self) -> Result<(Timestamp, Timestamp), Failure> {
        let wrong = || Failure::new(Exit::Usage, "the period ends before it begins, or beyond the calendar");
        let (from, last) = match (self.from, self.to) {
            (Some(from), Some(to)) => (from, to),
            _ => {
                let year = match self.year {
                    Some(year) => year,
                    None => clock::day(clock::now())?.year(),
                };
                let day = |month, day| Date::new(year, month, day).map_err(|_| wrong());
                (day(1, 1)?, day(12, 31)?)
            }
        };
        let (from, to) = (midnight(from), last.tomorrow().ok().and_then(midnight));
        from.zip(to).filter(|(from, to)| from < to).ok_or_else(wrong)
    }
}

/// The beginning of a day in UTC.
fn midnight(day: Date) -> Option<Timestamp> {
    let zoned = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

/// One line a group, and what of it is not nought.
fn table(counted: &Statistics) -> String {
    let mut lines = vec![format!("sent from {} to {}, as of {}", counted.from, counted.to, counted.as_of)];
    for tally in &counted.tallies {
        let indent = if tally.by == "all" { "" } else { "  " };
        let what =
            format!("{indent}{} {}", if tally.by == "all" { &tally.side } else { &tally.by }, plain(&tally.value));
        lines.push(format!("{:<36} {}", what.trim_end(), told(tally)));
    }
    if counted.tallies.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines.join("\n")
}

fn told(tally: &Tally) -> String {
    let counts = [
        ("fulfilled", tally.fulfilled),
        ("fulfilled in part", tally.fulfilled_in_part),
        ("refused", tally.refused),
        ("withdrawn", tally.withdrawn),
        ("returned", tally.returned),
        ("blocked", tally.blocked),
        ("lapsed", tally.lapsed),
        ("postponed", tally.postponed),
        ("pending", tally.pending),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}"));
    let counts: Vec<_> = counts.collect();
    let days = |what: &str, average: Option<f64>, median: Option<f64>| {
        let times = average.zip(median);
        times
            .map(|(average, median)| format!("; {what} after {average:.2} days, median {median:.2}"))
            .unwrap_or_default()
    };
    let absent = [("not existing", tally.not_existing), ("not obtained", tally.not_obtained)];
    let absent =
        absent.iter().filter(|(_, count)| *count > 0).map(|(why, count)| format!("; {count} record type(s) {why}"));
    format!(
        "{} asked in {} case(s): {}{}{}{}",
        tally.issued,
        tally.cases,
        counts.join(", "),
        days("produced", tally.production_days_average, tally.production_days_median),
        days("refused", tally.refusal_days_average, tally.refusal_days_median),
        absent.collect::<String>(),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn count(from: Option<&str>, to: Option<&str>, year: Option<i16>) -> Count {
        let day = |text: &str| text.parse().unwrap();
        Count { year, from: from.map(day), to: to.map(day), training: false, format: Format::Table }
    }

    #[test]
    fn a_period_is_a_year_or_its_days_with_the_last_one() {
        let year = count(None, None, Some(2026)).period().unwrap();
        assert_eq!(year.0.to_string(), "2026-01-01T00:00:00.000Z");
        assert_eq!(year.1.to_string(), "2027-01-01T00:00:00.000Z");
        assert_eq!(count(Some("2026-01-01"), Some("2026-12-31"), None).period().unwrap(), year);
        assert!(count(Some("2026-02-01"), Some("2026-01-01"), None).period().is_err());
        assert!(count(Some("2026-02-01"), Some("2026-02-01"), None).period().is_ok());
    }
}
