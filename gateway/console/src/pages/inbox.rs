//! The cases, by whose move it is.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Query, routing::get};
use proto::desk as wire;

use crate::{
    App,
    face::{Page, Section},
    visit::{Answer, Visit, html, key},
};

const PAGE_SIZE: u32 = 25;
/// The tabs, in their order; the first is the one that is opened.
const TABS: [&str; 5] = ["ours", "theirs", "due", "drafts", "all"];

#[derive(Template)]
#[template(path = "pages/inbox.html")]
struct InboxPage {
    page: Page,
    tabs: Vec<TabShown>,
    tab: &'static str,
    cases: Vec<CaseShown>,
    /// Where it goes on; empty at the end.
    next: String,
    /// Whether this is not the first page.
    is_later: bool,
}

struct TabShown {
    name: &'static str,
    text: String,
    is_current: bool,
}

/// A case in a line.
pub(super) struct CaseShown {
    pub(super) id: String,
    /// Its file number, or whom it is with.
    pub(super) called: String,
    /// Where it is: a draft is written on.
    pub(super) href: String,
    pub(super) counterpart: String,
    pub(super) side: String,
    pub(super) state: String,
    /// "ours", "theirs" or "nobody".
    pub(super) whose: String,
    pub(super) r#move: String,
    /// What waits for its second signature, in words.
    pub(super) signature: String,
    /// Which one that is.
    pub(super) signature_step: String,
    /// The matters that call, as in "Correction: recalled".
    pub(super) matters: Vec<CallShown>,
    pub(super) clock: Option<ClockShown>,
    pub(super) training: bool,
    pub(super) emergency: bool,
    pub(super) banner: String,
    pub(super) trouble: String,
    pub(super) updated: String,
}

/// A matter that calls, in words.
pub(super) struct CallShown {
    pub(super) text: String,
    /// What is said of records that lie here, where nothing else is to be done yet.
    pub(super) doubt: String,
}

/// A clock in words: what ends when, for whom, and on what it rests.
pub(super) struct ClockShown {
    pub(super) kind: String,
    pub(super) due: String,
    /// "by law (…)" or "policy of the treaty file".
    pub(super) nature: String,
    pub(super) acting: String,
    /// Where it stands, in words.
    pub(super) state: String,
    /// "warning", "due", "escalation" or empty.
    pub(super) level: String,
    pub(super) caveats: Vec<String>,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/", get(show))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let one = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
    let tab = TABS.into_iter().find(|tab| *tab == one("tab")).unwrap_or(TABS[0]);
    let request = wire::ListCasesRequest {
        filter: tab.to_owned(),
        after: one("after").to_owned(),
        page_size: PAGE_SIZE,
        ..wire::ListCasesRequest::default()
    };
    let listed = visit.app.cases.list(request).await?;
    let tabs = TABS.map(|name| TabShown { name, text: visit.text(&key("inbox-tab", name)), is_current: name == tab });
    html(&InboxPage {
        page: visit.page(Section::Inbox),
        tabs: tabs.into(),
        tab,
        cases: listed.cases.iter().map(|one| CaseShown::of(one, &visit)).collect(),
        next: form_urlencoded::byte_serialize(listed.next_after.as_bytes()).collect(),
        is_later: !one("after").is_empty(),
    })
}

impl CaseShown {
    pub(super) fn of(case: &wire::CaseSummary, visit: &Visit) -> Self {
        let text = |name: &str, key: String| if name.is_empty() { String::new() } else { visit.text(&key) };
        Self {
            id: case.case_id.clone(),
            called: visit.called(&case.reference, &case.counterpart),
            href: match is_draft(case) {
                true => format!("/drafts/{}", case.case_id),
                false => format!("/cases/{}", case.case_id),
            },
            counterpart: case.counterpart.clone(),
            side: text(&case.side, key("side", &case.side)),
            state: text(&case.state, key("state", &case.state)),
            whose: case.r#move.clone(),
            r#move: text(&case.r#move, key("move", &case.r#move)),
            signature: text(&case.awaiting_signature, key("step", &case.awaiting_signature)),
            signature_step: case.awaiting_signature.clone(),
            matters: case.matters.iter().map(|one| CallShown::of(one, visit)).collect(),
            clock: case.clock.as_ref().map(|clock| ClockShown::of(clock, visit)),
            training: case.training,
            emergency: case.emergency,
            banner: case.banner.clone(),
            trouble: case.trouble.clone(),
            updated: visit.moment(case.updated_ms),
        }
    }
}

impl CallShown {
    fn of(matter: &wire::MatterView, visit: &Visit) -> Self {
        let (kind, state) = (visit.text(&key("matter", &matter.kind)), visit.text(&key("matter-state", &matter.state)));
        Self {
            text: format!("{kind}: {state}"),
            doubt: match matter.kind.as_str() {
                _ if matter.waits => String::new(),
                "breach" => visit.text("inbox-incident"),
                _ => visit.text("inbox-doubt"),
            },
        }
    }
}

/// Whether it is a request that is being written.
pub(super) fn is_draft(case: &wire::CaseSummary) -> bool {
    case.side == "requesting" && matches!(case.state.as_str(), "DRAFT" | "VALIDATING" | "VALIDATED")
}

impl ClockShown {
    pub(super) fn of(clock: &wire::ClockView, visit: &Visit) -> Self {
        let nature = match clock.clause.as_str() {
            "" => visit.text("clock-policy"),
            clause => visit.locale.with("clock-law", &[("clause", clause)]),
        };
        let record =
            if clock.record.is_empty() { String::new() } else { format!(" ({})", visit.record(&clock.record)) };
        Self {
            kind: format!("{}{record}", visit.text(&key("clock-kind", &clock.kind))),
            due: visit.moment(clock.due_ms),
            nature,
            acting: visit.text(&key("clock-acting", &clock.acting)),
            state: visit.text(&key("clock-state", &clock.state)),
            level: clock.level.clone(),
            caveats: clock.caveats.clone(),
        }
    }
}
