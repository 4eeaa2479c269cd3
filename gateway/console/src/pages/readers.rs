//! Who could read what of a case, and when: from the handshakes that both gateways admitted.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use proto::desk as wire;

use crate::{
    App,
    desk::{case_id, entry_text},
    face::{Page, Section},
    visit::{Answer, Visit, html},
};

#[derive(Template)]
#[template(path = "pages/readers.html")]
struct ReadersPage {
    page: Page,
    case: String,
    seats: Vec<SeatShown>,
    /// The change that is on its way.
    on_its_way: String,
}

/// A desk that has, or had, a seat.
struct SeatShown {
    authority: String,
    joined: String,
    joined_by: String,
    first_epoch: u64,
    /// Empty while it sits.
    left: String,
    left_by: String,
    last_epoch: u64,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/readers", get(show))
}

async fn show(visit: Visit, Path(case): Path<String>) -> Answer {
    let id = case_id(&case)?;
    let group = visit.app.cases.group(id).await?;
    let seat = |one: &wire::SeatView| SeatShown {
        authority: one.authority.clone(),
        joined: visit.moment(one.joined_ms),
        joined_by: entry_text(&one.joined_by),
        first_epoch: one.first_epoch,
        left: if one.left_ms == 0 { String::new() } else { visit.moment(one.left_ms) },
        left_by: entry_text(&one.left_by),
        last_epoch: one.last_epoch,
    };
    html(&ReadersPage {
        page: visit.page(Section::Inbox),
        case: id.to_string(),
        seats: group.seats.iter().map(seat).collect(),
        on_its_way: group.on_its_way,
    })
}
