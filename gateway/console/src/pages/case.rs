//! One case: where each measure stands and whose move it is, what may be done now, the clocks, what happened, and who can read it.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use model::{ConditionCode, Step};
use proto::desk as wire;

use super::inbox::{CaseShown, ClockShown};
use crate::{
    App,
    desk::{case_id, entry_text},
    face::{Page, Section},
    visit::{Answer, Visit, html, key},
};

#[derive(Template)]
#[template(path = "pages/case.html")]
struct CasePage {
    page: Page,
    case: CaseShown,
    pin: String,
    /// Whether it is a request of the other side, to be looked at first.
    is_asked: bool,
    has_request: bool,
    measures: Vec<MeasureShown>,
    steps: Vec<StepShown>,
    clocks: Vec<ClockShown>,
    /// Clocks that are over.
    past_clocks: Vec<ClockShown>,
    events: Vec<EventShown>,
    matters: Vec<MatterShown>,
    openings: Vec<StepShown>,
    documents: Vec<DocumentListed>,
    readers: Vec<String>,
    links: Vec<LinkShown>,
}

/// A step that may be taken now.
pub(super) struct StepShown {
    pub(super) text: String,
    pub(super) href: String,
}

/// A measure in a case.
pub(super) struct MeasureShown {
    pub(super) id: u32,
    pub(super) article: String,
    pub(super) request_type: String,
    pub(super) records: String,
    pub(super) subjects: u32,
    pub(super) state: String,
    pub(super) window: String,
    pub(super) conditions: Vec<String>,
    pub(super) consult_first: bool,
    pub(super) kept: String,
}

/// An entry of the timeline.
pub(super) struct EventShown {
    pub(super) entry: String,
    pub(super) step: String,
    pub(super) sender: String,
    pub(super) at: String,
    /// "pending", "admitted", "rejected", "lapsed".
    pub(super) verdict: String,
    pub(super) verdict_text: String,
    pub(super) ground: String,
    pub(super) text: String,
    /// What stands behind the minutes of a consultation; empty for other steps.
    pub(super) minutes: String,
    pub(super) waits: String,
    /// Where its step is taken anew, unchanged; empty where that is not possible.
    pub(super) again: String,
}

struct MatterShown {
    id: u32,
    kind: String,
    /// Its own page, where it has one.
    href: String,
    state: String,
    opener: String,
    since: String,
    purpose: String,
    waits: bool,
    steps: Vec<StepShown>,
}

struct DocumentListed {
    href: String,
    record_type: String,
    bytes: String,
    sha256: String,
    fate: String,
    is_gone: bool,
}

struct LinkShown {
    href: String,
    id: String,
    how: String,
    state: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}", get(show))
}

async fn show(visit: Visit, Path(case): Path<String>) -> Answer {
    let id = case_id(&case)?;
    let shown = visit.app.cases.case(id).await?;
    let summary = shown.summary.clone().unwrap_or_default();
    let draft = id.as_bytes().to_vec();
    let has_request = shown.documents.iter().any(|one| one.record_type == "request" && one.entry_id != draft[..]);
    let id = id.to_string();
    let (past, open): (Vec<_>, Vec<_>) =
        shown.clocks.iter().partition(|clock| matches!(clock.state.as_str(), "stopped" | "dropped"));
    let clocks = |clocks: Vec<&wire::ClockView>| clocks.into_iter().map(|one| ClockShown::of(one, &visit)).collect();
    html(&CasePage {
        page: visit.page(Section::Inbox),
        case: CaseShown::of(&summary, &visit),
        is_asked: summary.side == "requested" && has_request,
        has_request,
        pin: shown.treaty_pin.get(..8).unwrap_or_default().to_owned(),
        measures: shown.measures.iter().map(|one| MeasureShown::of(one, &visit)).collect(),
        steps: steps(&summary.possible_steps, &id, "", &visit),
        clocks: clocks(open),
        past_clocks: clocks(past),
        events: shown.timeline.iter().rev().map(|one| EventShown::of(one, &visit)).collect(),
        matters: shown.matters.iter().map(|one| MatterShown::of(one, &id, &visit)).collect(),
        openings: steps(&shown.matter_openings, &id, "", &visit),
        documents: shown.documents.iter().map(|one| DocumentListed::of(one, &id, &visit)).collect(),
        readers: shown.readers.clone(),
        links: shown.links.iter().map(|one| LinkShown::of(one, &visit)).collect(),
    })
}

/// The steps that an officer takes; the desk takes its own.
pub(super) fn steps(names: &[String], case: &str, query: &str, visit: &Visit) -> Vec<StepShown> {
    let mut names = names.to_vec();
    // To accept is one act, though the review is opened by it.
    if names.iter().any(|name| name == "open_review") {
        names.push(Step::Recognise.as_str().to_owned());
    }
    let officers = names.iter().filter(|name| name.parse::<Step>().is_ok_and(|step| !step.is_handshake()));
    let shown = |name: &String| StepShown {
        text: visit.text(&key("step", name)),
        href: format!("/cases/{case}/steps/{name}{query}"),
    };
    officers.map(shown).collect()
}

impl MeasureShown {
    pub(super) fn of(measure: &wire::MeasureView, visit: &Visit) -> Self {
        let condition = |code: &String| match code.parse::<ConditionCode>() {
            Ok(known) => format!("{code} {}", known.text_in(visit.language())),
            Err(_) => code.clone(),
        };
        let kept = measure.preservation.as_ref().map(|one| {
            let until = if one.until.is_empty() { "–".to_owned() } else { visit.locale.day(&one.until) };
            let told = visit.locale.with(&key("preservation", &one.standing), &[("until", &until)]);
            let risk = one.tip_off_risk.then(|| visit.text("preservation-tip-off-risk"));
            let partial = one.partial_traffic.then(|| visit.text("preservation-partial-traffic"));
            let held = (!one.held_until.is_empty()).then(|| {
                visit.locale.with("preservation-held-until", &[("until", &visit.locale.day(&one.held_until))])
            });
            [Some(told), held, risk, partial].into_iter().flatten().collect::<Vec<_>>().join("; ")
        });
        Self {
            id: measure.id,
            article: visit.clause(&measure.article),
            request_type: visit.request_type(&measure.request_type),
            records: visit.records(&measure.records),
            subjects: measure.subjects,
            state: visit.text(&key("state", &measure.state)),
            window: measure.window.split_once(" to ").map_or_else(String::new, |(from, to)| visit.days(from, to)),
            conditions: measure.conditions.iter().map(condition).collect(),
            consult_first: measure.consult_first,
            kept: kept.unwrap_or_default(),
        }
    }
}

impl EventShown {
    pub(super) fn of(event: &wire::TimelineEvent, visit: &Visit) -> Self {
        Self {
            entry: entry_text(&event.entry_id),
            step: visit.text(&key("step", &event.step)),
            sender: event.sender.clone(),
            at: visit.moment(event.at_ms),
            verdict: event.verdict.clone(),
            verdict_text: visit.text(&key("verdict", &event.verdict)),
            ground: event.ground.clone(),
            text: event.text.clone(),
            minutes: match event.minutes.as_str() {
                "" => String::new(),
                proof => visit.text(&key("minutes", proof)),
            },
            waits: event.waits.clone(),
            again: if event.again {
                format!("steps/{}?again={}", event.step, entry_text(&event.entry_id))
            } else {
                String::new()
            },
        }
    }
}

impl MatterShown {
    fn of(matter: &wire::MatterView, case: &str, visit: &Visit) -> Self {
        Self {
            id: matter.id,
            kind: visit.text(&key("matter", &matter.kind)),
            href: match matter.kind.as_str() {
                "hearing" => format!("/cases/{case}/hearings/{}", matter.id),
                "correction" => format!("/cases/{case}/corrections/{}", matter.id),
                _ => String::new(),
            },
            state: visit.text(&key("matter-state", &matter.state)),
            opener: matter.opener.clone(),
            since: visit.moment(matter.since_ms),
            purpose: matter.purpose.clone(),
            waits: matter.waits,
            steps: steps(&matter.possible_steps, case, &format!("?matter={}", matter.id), visit),
        }
    }
}

impl DocumentListed {
    fn of(one: &wire::DocumentRef, case: &str, visit: &Visit) -> Self {
        let fate = match one {
            one if one.destroyed && one.superseded => "destroyed-replaced",
            one if one.destroyed => "destroyed",
            one if one.superseded => "superseded",
            one if one.rejected => "rejected",
            _ => "",
        };
        Self {
            href: format!("/cases/{case}/documents/{}/{}", entry_text(&one.entry_id), one.index),
            record_type: visit.record(&one.record_type),
            bytes: crate::shown::kilobytes(one.bytes_count),
            sha256: one.sha256.clone(),
            fate: if fate.is_empty() { String::new() } else { visit.text(&key("document-fate", fate)) },
            is_gone: one.destroyed,
        }
    }
}

impl LinkShown {
    fn of(link: &wire::CaseLink, visit: &Visit) -> Self {
        let way = if link.follows { "follows" } else { "followed-by" };
        let state = if link.state.is_empty() { "not-here" } else { link.state.as_str() };
        Self {
            href: if link.state.is_empty() { String::new() } else { format!("/cases/{}", link.case_id) },
            id: link.case_id.clone(),
            how: format!("{}: {}", visit.text(&key("link", way)), visit.text(&key("link-how", &link.how))),
            state: visit.text(&key("state", state)),
        }
    }
}
