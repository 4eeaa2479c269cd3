//! One file per page, with its routes, its template's fields and its tests.

mod agenda;
mod case;
mod correction;
mod custody;
mod disposal;
mod document;
mod draft;
mod event;
mod hearing;
mod inbox;
mod query;
mod readers;
mod scope;
mod search;
pub(crate) mod sign_in;
mod statistics;
mod step;
mod taken;
mod translation;
mod triage;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    http::{HeaderValue, header::SET_COOKIE},
    routing::get,
};

use crate::{
    App,
    face::{LANGUAGE_COOKIE, Page, Section, own_path},
    locale::Locale,
    problem::Problem,
    visit::{Answer, Visit, html, see},
};

#[derive(Template)]
#[template(path = "pages/accessibility.html")]
struct AccessibilityPage {
    page: Page,
}

#[derive(Template)]
#[template(path = "pages/help.html")]
struct HelpPage {
    page: Page,
}

/// All pages.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(sign_in::routes())
        .merge(inbox::routes())
        .merge(case::routes())
        .merge(event::routes())
        .merge(readers::routes())
        .merge(step::routes())
        .merge(taken::routes())
        .merge(document::routes())
        .merge(agenda::routes())
        .merge(disposal::routes())
        .merge(custody::routes())
        .merge(hearing::routes())
        .merge(correction::routes())
        .merge(search::routes())
        .merge(statistics::routes())
        .merge(draft::routes())
        .merge(scope::routes())
        .merge(translation::routes())
        .merge(triage::routes())
        .route("/accessibility", get(accessibility))
        .route("/help", get(help))
        .route("/language/{tag}", get(language))
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_way)
}

async fn accessibility(visit: Visit) -> Answer {
    html(&AccessibilityPage { page: visit.page(Section::None) })
}

async fn help(visit: Visit) -> Answer {
    html(&HelpPage { page: visit.page(Section::None) })
}

/// The choice of a language: it is kept, and the page shown again from which it came.
async fn language(Path(tag): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let locale = Locale::of(&tag).ok_or(Problem::NoPage)?;
    let back = query.iter().find(|(name, _)| name == "back").map(|(_, back)| back.as_str());
    let mut answer = see(own_path(back.unwrap_or("/")))?;
    let cookie = format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Strict; HttpOnly", locale.tag());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

async fn nowhere() -> Problem {
    Problem::NoPage
}

async fn wrong_way() -> Problem {
    Problem::Method
}
