//! Search over what this desk may see without opening anything: numbers, references, authorities, articles, types, states and days.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Query, routing::get};
use jiff::civil::Date;
use proto::desk as wire;

use super::{
    agenda::Choice,
    inbox::CaseShown,
    query::{Asked, encoded},
};
use crate::{
    App,
    face::{Page, Section},
    forms::Clock,
    visit::{Answer, Visit, html, key},
};

const PAGE_SIZE: u32 = 50;
const WORDS_BYTES_MAX: usize = 400;
/// The states that are offered, as the desk names them.
const STATES: [&str; 26] = [
    "DRAFT",
    "VALIDATED",
    "SENT",
    "DELIVERED",
    "TRANSFERRED",
    "ACKED",
    "REVIEW",
    "CONSULT",
    "INFO_WAIT",
    "COND_OFFER",
    "POSTPONED",
    "ACCEPTED",
    "EXECUTING",
    "PARTIAL",
    "READY",
    "APPEAL",
    "PRODUCED",
    "RECEIVED",
    "EXECUTED",
    "IN_USE",
    "DISPOSAL_DUE",
    "DISPOSED",
    "REFUSED",
    "WITHDRAWN",
    "RETURNED",
    "CLOSED",
];

#[derive(Template)]
#[template(path = "pages/search.html")]
struct SearchPage {
    page: Page,
    words: String,
    from: String,
    to: String,
    states: Vec<Choice>,
    /// Whether something was looked for.
    is_asked: bool,
    /// A day that is none.
    is_wrong: bool,
    cases: Vec<CaseShown>,
    /// What was searched, in words.
    told: String,
    query: String,
    next: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/search", get(show))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let asked = Asked(query);
    let words: String = asked.one("words").chars().take(WORDS_BYTES_MAX).collect();
    let state = STATES.into_iter().find(|one| *one == asked.one("state"));
    let (from, to) = (asked.one("from"), asked.one("to"));
    let clock = Clock::of(&visit.app.zone);
    // A day is meant with its last hour.
    let bounds = (bound(&clock, from, 0), bound(&clock, to, 1));
    let is_asked = !words.is_empty() || state.is_some() || !from.is_empty() || !to.is_empty();
    let mut page = SearchPage {
        page: visit.page(Section::Search),
        from: from.to_owned(),
        to: to.to_owned(),
        states: STATES.map(|one| choice(one, state, &visit)).into(),
        is_asked,
        is_wrong: bounds.0.is_none() || bounds.1.is_none(),
        cases: Vec::new(),
        told: String::new(),
        query: format!(
            "words={}&state={}&from={}&to={}",
            encoded(&words),
            state.unwrap_or_default(),
            encoded(from),
            encoded(to)
        ),
        next: String::new(),
        words,
    };
    if let (true, (Some(changed_from_ms), Some(changed_to_ms))) = (is_asked, bounds) {
        let request = wire::ListCasesRequest {
            filter: "all".to_owned(),
            after: asked.one("after").to_owned(),
            page_size: PAGE_SIZE,
            states: state.map(str::to_owned).into_iter().collect(),
            words: page.words.clone(),
            changed_from_ms,
            changed_to_ms,
        };
        let found = visit.app.cases.list(request).await?;
        page.cases = found.cases.iter().map(|one| CaseShown::of(one, &visit)).collect();
        page.next = encoded(&found.next_after);
        let (count, looked_at) = (found.cases.len().to_string(), found.looked_at.to_string());
        page.told = visit.locale.with("search-told", &[("found", &count), ("looked", &looked_at)]);
    }
    html(&page)
}

fn choice(one: &str, chosen: Option<&str>, visit: &Visit) -> Choice {
    Choice { value: one.to_owned(), text: visit.text(&key("state", one)), is_chosen: Some(one) == chosen }
}

/// The first moment of a day, or of the one after it, by the clock of the desk; 0 for none, `None` for what is no day.
fn bound(clock: &Clock, day: &str, later: i32) -> Option<i64> {
    if day.is_empty() {
        return Some(0);
    }
    let day: Date = Some(day).filter(|day| day.len() == 10)?.parse().ok()?;
    let day = if later == 0 { day } else { day.tomorrow().ok()? };
    clock.moment(&day.to_string(), "00:00").map(|at| at.as_millisecond())
}
