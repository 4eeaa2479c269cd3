//! The disposal calendar: what must be destroyed or returned, when, and by which rule; and what is due already.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Query, routing::get};
use proto::desk as wire;

use super::{agenda::Dated, inbox::CaseShown, query::Asked};
use crate::{
    App,
    face::{Page, Section},
    visit::{Answer, Visit, html},
};

const PAGE_SIZE: u32 = 100;
/// Records are kept for years: what ends within a hundred of them is all there is.
const DAYS: u32 = 36_500;

#[derive(Template)]
#[template(path = "pages/disposal.html")]
struct DisposalPage {
    page: Page,
    /// What is due, and waits for its certificate.
    due: Vec<DueShown>,
    ahead: Vec<Dated>,
    next: String,
    next_due: String,
}

struct DueShown {
    case: CaseShown,
    /// Whether this desk keeps the records and certifies.
    certifies: bool,
    /// Whether this desk gave them, and may let them be kept.
    extends: bool,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/disposal", get(show))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let asked = Asked(query);
    let request = wire::GetAgendaRequest {
        days: DAYS,
        acting: "all".to_owned(),
        kinds: vec!["retention".to_owned()],
        page_size: PAGE_SIZE,
        after: asked.one("after").to_owned(),
        from_ms: 0,
    };
    let agenda = visit.app.cases.agenda(request).await?;
    let request = wire::ListCasesRequest {
        filter: "all".to_owned(),
        states: vec!["DISPOSAL_DUE".to_owned()],
        page_size: PAGE_SIZE,
        after: asked.one("after_due").to_owned(),
        ..wire::ListCasesRequest::default()
    };
    let due = visit.app.cases.list(request).await?;
    html(&DisposalPage {
        page: visit.page(Section::Disposal),
        due: due.cases.iter().map(|one| DueShown::of(one, &visit)).collect(),
        ahead: agenda.clocks.iter().map(|one| Dated::of(one, &visit)).collect(),
        next: super::query::encoded(&agenda.next_after),
        next_due: super::query::encoded(&due.next_after),
    })
}

impl DueShown {
    fn of(case: &wire::CaseSummary, visit: &Visit) -> Self {
        let may = |step: &str| case.possible_steps.iter().any(|one| one == step);
        Self {
            certifies: may("certify_disposal") || case.awaiting_signature == "certify_disposal",
            extends: may("extend"),
            case: CaseShown::of(case, visit),
        }
    }
}
