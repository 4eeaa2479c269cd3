//! What the law wants to be counted, as the desk counts it: tables, the same as CSV, and plots of them.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::Query,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};
use model::{Denial, Fault};
use proto::desk as wire;
use serde::Deserialize;

use super::{agenda::Choice, query::Asked};
use crate::{
    App,
    face::{Page, Section},
    plot::{Plot, Row},
    problem::Problem,
    visit::{Answer, Visit, html, key},
};

/// What became of measures, in the order of the tables.
const OUTCOMES: [&str; 9] =
    ["fulfilled", "fulfilled_in_part", "refused", "withdrawn", "returned", "blocked", "lapsed", "postponed", "pending"];
/// By what measures are told apart.
const BY: [&str; 8] =
    ["counterpart", "authority", "article", "request_type", "record_type", "emergency", "ground", "root_cause"];
const SIDES: [&str; 2] = ["requesting", "requested"];
/// So many of them are plotted; the table has all.
const BARS_MAX: usize = 12;
/// Years that are offered.
const YEARS: i16 = 6;

#[derive(Template)]
#[template(path = "pages/statistics.html")]
struct StatisticsPage {
    page: Page,
    years: Vec<Choice>,
    by: Vec<Choice>,
    /// What leads to the CSV and to the months.
    query: String,
    year: i16,
    is_empty: bool,
    outcomes: Plot,
    groups: Plot,
    /// Month by month, where it was asked for: each month is counted by itself.
    months: Option<Plot>,
    month_rows: Vec<Row>,
    by_text: String,
    totals: Vec<Line>,
    lines: Vec<Line>,
    columns: Vec<String>,
    as_of: String,
}

/// A row of a table.
struct Line {
    name: String,
    cells: Vec<String>,
}

/// As the desk counts.
#[derive(Debug, Deserialize)]
struct Counted {
    as_of: String,
    tallies: Vec<Tally>,
}

#[derive(Debug, Deserialize)]
struct Tally {
    side: String,
    by: String,
    value: String,
    cases: u64,
    issued: u64,
    fulfilled: u64,
    fulfilled_in_part: u64,
    refused: u64,
    withdrawn: u64,
    returned: u64,
    blocked: u64,
    lapsed: u64,
    postponed: u64,
    pending: u64,
    production_days_median: Option<f64>,
    refusal_days_median: Option<f64>,
    not_existing: u64,
    not_obtained: u64,
}

impl Tally {
    fn outcomes(&self) -> [u64; 9] {
        [
            self.fulfilled,
            self.fulfilled_in_part,
            self.refused,
            self.withdrawn,
            self.returned,
            self.blocked,
            self.lapsed,
            self.postponed,
            self.pending,
        ]
    }
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/statistics", get(show)).route("/statistics.csv", get(csv))
}

/// What was asked for.
struct Wanted {
    year: i16,
    by: &'static str,
    months: bool,
}

impl Wanted {
    fn of(asked: &Asked, now: i16) -> Self {
        let year = asked.one("year").parse().ok().filter(|year| (now - YEARS..=now).contains(year));
        let by = BY.into_iter().find(|one| *one == asked.one("by"));
        Self { year: year.unwrap_or(now), by: by.unwrap_or(BY[0]), months: !asked.one("months").is_empty() }
    }
}

fn this_year(visit: &Visit) -> i16 {
    let now = jiff::Timestamp::from_millisecond(visit.now.0).unwrap_or_default();
    now.to_zoned(TimeZone::UTC).year()
}

/// The beginning of a day in UTC, in milliseconds.
fn begins(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_millisecond()).unwrap_or_default()
}

async fn counted(visit: &Visit, from: Date, to: Date) -> Result<wire::GetStatisticsResponse, Problem> {
    let (from_ms, to_ms) = (begins(from), begins(to));
    let training = visit.app.training;
    visit.app.cases.statistics(wire::GetStatisticsRequest { from_ms, to_ms, training }).await
}

fn read(answer: &wire::GetStatisticsResponse) -> Result<Counted, Problem> {
    let read = serde_json::from_slice(&answer.json);
    read.map_err(|_| Denial::failed(Fault::Internal, "the desk's counts cannot be read").into())
}

async fn csv(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let wanted = Wanted::of(&Asked(query), this_year(&visit));
    let answer = counted(&visit, date(wanted.year, 1, 1), date(wanted.year + 1, 1, 1)).await?;
    let name = format!("attachment; filename=\"statistics-{}.csv\"", wanted.year);
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], answer.csv)
        .into_response())
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let now = this_year(&visit);
    let wanted = Wanted::of(&Asked(query), now);
    let answer = counted(&visit, date(wanted.year, 1, 1), date(wanted.year + 1, 1, 1)).await?;
    let counted = read(&answer)?;
    let month_rows = if wanted.months { months(&visit, wanted.year).await? } else { Vec::new() };
    let teller = Teller { visit: &visit, counted: &counted };
    let year = |back: i16| Choice {
        value: (now - back).to_string(),
        text: (now - back).to_string(),
        is_chosen: now - back == wanted.year,
    };
    let by = |one: &str| Choice {
        value: one.to_owned(),
        text: visit.text(&key("statistics-by", one)),
        is_chosen: one == wanted.by,
    };
    let columns = ["cases", "issued"].into_iter().chain(OUTCOMES).chain([
        "production",
        "refusal",
        "not_existing",
        "not_obtained",
    ]);
    html(&StatisticsPage {
        page: visit.page(Section::Statistics),
        years: (0..YEARS).map(year).collect(),
        by: BY.map(by).into(),
        query: format!("year={}&by={}", wanted.year, wanted.by),
        year: wanted.year,
        is_empty: counted.tallies.is_empty(),
        outcomes: teller.outcomes(),
        groups: teller.groups(wanted.by),
        months: wanted.months.then(|| teller.months(&month_rows)),
        by_text: visit.text(&key("statistics-by", wanted.by)),
        totals: teller.lines("all"),
        lines: teller.lines(wanted.by),
        columns: columns.map(|one| visit.text(&key("statistics-column", one))).collect(),
        as_of: counted.as_of.clone(),
        month_rows,
    })
}

/// How many measures were asked for by the end of each month, on each side.
async fn months(visit: &Visit, year: i16) -> Result<Vec<Row>, Problem> {
    let (mut sums, mut rows) = ([0_u64; 2], Vec::new());
    for month in 1..=12_i8 {
        let from = date(year, month, 1);
        if begins(from) > visit.now.0 {
            break;
        }
        let next = if month == 12 { date(year + 1, 1, 1) } else { date(year, month + 1, 1) };
        let counted = read(&counted(visit, from, next).await?)?;
        for (sum, side) in sums.iter_mut().zip(SIDES) {
            let all = counted.tallies.iter().filter(|one| one.by == "all" && one.side == side);
            *sum += all.map(|one| one.issued).sum::<u64>();
        }
        rows.push(Row { label: month.to_string(), values: sums.iter().map(|sum| number(*sum, visit)).collect() });
    }
    Ok(rows)
}

#[expect(clippy::cast_precision_loss, reason = "a plot is not that precise")]
fn number(count: u64, visit: &Visit) -> (f64, String) {
    (count as f64, visit.locale.number(count))
}

struct Teller<'a> {
    visit: &'a Visit,
    counted: &'a Counted,
}

impl Teller<'_> {
    fn of<'b>(&'b self, side: &'b str, by: &'b str) -> impl Iterator<Item = &'b Tally> {
        self.counted.tallies.iter().filter(move |one| one.side == side && one.by == by)
    }

    fn legend(&self) -> Vec<String> {
        SIDES.iter().map(|side| self.visit.text(&format!("side-{side}"))).collect()
    }

    fn outcomes(&self) -> Plot {
        let value = |side: &str, at: usize| {
            let count = self.of(side, "all").map(|one| one.outcomes()[at]).sum();
            number(count, self.visit)
        };
        let row = |(at, name): (usize, &&str)| Row {
            label: self.visit.text(&key("statistics-column", name)),
            values: SIDES.iter().map(|side| value(side, at)).collect(),
        };
        let rows: Vec<Row> = OUTCOMES.iter().enumerate().map(row).collect();
        let text = |id: &str| self.visit.text(id);
        Plot::bars("outcomes", text("statistics-outcomes"), text("statistics-outcomes-what"), self.legend(), &rows)
    }

    fn groups(&self, by: &str) -> Plot {
        let mut names: Vec<&str> =
            self.counted.tallies.iter().filter(|one| one.by == by).map(|one| one.value.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let value = |side: &str, name: &str| {
            let count = self.of(side, by).filter(|one| one.value == name).map(|one| one.issued).sum();
            number(count, self.visit)
        };
        let row = |name: &&str| Row {
            label: self.name(by, name),
            values: SIDES.iter().map(|side| value(side, name)).collect(),
        };
        let rows: Vec<Row> = names.iter().take(BARS_MAX).map(row).collect();
        let title = self.visit.text(&key("statistics-by", by));
        Plot::bars("groups", title, self.visit.text("statistics-groups-what"), self.legend(), &rows)
    }

    fn months(&self, rows: &[Row]) -> Plot {
        let text = |id: &str| self.visit.text(id);
        Plot::steps("months", text("statistics-months"), text("statistics-months-what"), self.legend(), rows)
    }

    /// How a group is called.
    fn name(&self, by: &str, value: &str) -> String {
        match by {
            "emergency" => self.visit.text(&key("statistics-emergency", value)),
            _ if value.is_empty() => self.visit.text("statistics-all"),
            _ => value.to_owned(),
        }
    }

    fn lines(&self, by: &str) -> Vec<Line> {
        let days = |days: Option<f64>| days.map_or_else(|| "–".to_owned(), |days| format!("{days:.1}"));
        let line = |one: &Tally| {
            let counts = [one.cases, one.issued].into_iter().chain(one.outcomes());
            let cells = counts.map(|count| self.visit.locale.number(count));
            let medians = [days(one.production_days_median), days(one.refusal_days_median)];
            let side = self.visit.text(&format!("side-{}", one.side));
            let left_out = [one.not_existing, one.not_obtained].map(|count| self.visit.locale.number(count));
            let cells = cells.chain(medians).chain(left_out).collect();
            Line { name: format!("{}, {side}", self.name(by, &one.value)), cells }
        };
        SIDES.iter().flat_map(|side| self.of(side, by)).map(line).collect()
    }
}
