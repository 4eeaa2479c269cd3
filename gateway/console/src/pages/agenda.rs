//! What ends when, by law or by policy, who must act, and which hearings are held. The same as iCalendar: references only.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::Query,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use proto::desk as wire;

use super::{inbox::ClockShown, query::Asked};
use crate::{
    App,
    face::{Page, Section},
    problem::Problem,
    visit::{Answer, Visit, html, key},
};

const PAGE_SIZE: u32 = 100;
/// How far it looks ahead, in days; the second is the one that is opened.
const SPANS: [u32; 4] = [7, 30, 90, 365];
const ACTING: [&str; 3] = ["all", "own", "other"];

#[derive(Template)]
#[template(path = "pages/agenda.html")]
struct AgendaPage {
    page: Page,
    spans: Vec<Choice>,
    acting: Vec<Choice>,
    /// What leads to the calendar, and on.
    query: String,
    hearings: Vec<HearingShown>,
    by_law: Vec<Dated>,
    by_policy: Vec<Dated>,
    next: String,
}

pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) is_chosen: bool,
}

/// A clock, and the case that it runs for.
pub(super) struct Dated {
    pub(super) case: String,
    /// The beginning of the case's number.
    pub(super) short: String,
    pub(super) measure: u32,
    pub(super) clock: ClockShown,
    /// Whether the law sets it, and not a policy.
    pub(super) is_law: bool,
    /// Whether it stands still, and has no end yet.
    pub(super) rests: bool,
    /// The steps that stop it, in words.
    pub(super) stopped_by: String,
}

struct HearingShown {
    case: String,
    short: String,
    matter: u32,
    state: String,
    at: String,
    /// How long, in words.
    minutes: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/agenda", get(show)).route("/agenda.ics", get(calendar))
}

/// What was asked for.
struct Wanted {
    days: u32,
    acting: &'static str,
}

impl Wanted {
    fn of(asked: &Asked) -> Self {
        let days = asked.one("days").parse().ok().filter(|days| SPANS.contains(days));
        let acting = ACTING.into_iter().find(|one| *one == asked.one("acting"));
        Self { days: days.unwrap_or(SPANS[1]), acting: acting.unwrap_or(ACTING[0]) }
    }

    async fn agenda(&self, visit: &Visit, after: &str) -> Result<wire::GetAgendaResponse, Problem> {
        let request = wire::GetAgendaRequest {
            days: self.days,
            acting: self.acting.to_owned(),
            page_size: PAGE_SIZE,
            after: after.to_owned(),
            ..wire::GetAgendaRequest::default()
        };
        visit.app.cases.agenda(request).await
    }
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let asked = Asked(query);
    let wanted = Wanted::of(&asked);
    let agenda = wanted.agenda(&visit, asked.one("after")).await?;
    let (by_law, by_policy): (Vec<_>, Vec<_>) = agenda.clocks.iter().partition(|clock| !clock.clause.is_empty());
    let dated = |clocks: Vec<&wire::ClockView>| clocks.into_iter().map(|one| Dated::of(one, &visit)).collect();
    let span = |days: u32| Choice {
        value: days.to_string(),
        text: visit.locale.with("agenda-days", &[("days", &days.to_string())]),
        is_chosen: days == wanted.days,
    };
    let acting = |one: &str| Choice {
        value: one.to_owned(),
        text: visit.text(&key("agenda-acting", one)),
        is_chosen: one == wanted.acting,
    };
    html(&AgendaPage {
        page: visit.page(Section::Agenda),
        spans: SPANS.map(span).into(),
        acting: ACTING.map(acting).into(),
        query: format!("days={}&acting={}", wanted.days, wanted.acting),
        hearings: agenda.hearings.iter().map(|one| HearingShown::of(one, &visit)).collect(),
        by_law: dated(by_law),
        by_policy: dated(by_policy),
        next: super::query::encoded(&agenda.next_after),
    })
}

async fn calendar(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let agenda = Wanted::of(&Asked(query)).agenda(&visit, "").await?;
    let kind = (CONTENT_TYPE, "text/calendar; charset=utf-8");
    let name = (CONTENT_DISPOSITION, "attachment; filename=\"agenda.ics\"");
    Ok(([kind, name], agenda.icalendar).into_response())
}

impl Dated {
    pub(super) fn of(clock: &wire::ClockView, visit: &Visit) -> Self {
        let steps: Vec<_> = clock.stopped_by.iter().map(|step| visit.text(&key("step", step))).collect();
        Self {
            case: clock.case_id.clone(),
            short: short(&clock.case_id),
            measure: clock.measure,
            is_law: !clock.clause.is_empty(),
            rests: clock.state == "paused",
            stopped_by: steps.join("; "),
            clock: ClockShown::of(clock, visit),
        }
    }
}

impl HearingShown {
    fn of(one: &wire::HearingView, visit: &Visit) -> Self {
        Self {
            case: one.case_id.clone(),
            short: short(&one.case_id),
            matter: one.matter,
            state: visit.text(&key("matter-state", &one.state)),
            at: visit.moment(one.starts_ms),
            minutes: visit.locale.with("agenda-minutes", &[("minutes", &one.minutes.to_string())]),
        }
    }
}

pub(super) fn short(case: &str) -> String {
    case.get(..8).unwrap_or(case).to_owned()
}
