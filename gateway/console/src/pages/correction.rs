//! An error in what was given, from its report to its end: what is wrong, who has the records, what happens to them, and what comes next.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use model::Step;
use proto::desk as wire;

use super::case::{StepShown, steps};
use crate::{
    App,
    desk::{case_id, entry_text},
    face::{Page, Section},
    problem::Problem,
    visit::{Answer, Visit, html, key},
};

/// The steps of each way, in their order, with the states in which they are behind us.
const TOGETHER: [Step; 2] = [Step::ReportError, Step::Triage];
const WRONG_SUBJECT: [Step; 4] = [Step::Recall, Step::CertifyShredding, Step::Reissue, Step::CloseMatter];
const WRONG_VALUE: [Step; 2] = [Step::Reissue, Step::CloseMatter];

#[derive(Template)]
#[template(path = "pages/correction.html")]
struct CorrectionPage {
    page: Page,
    case: String,
    reference: String,
    /// X1 and so on; empty where nothing was reported yet.
    matter: String,
    state: String,
    flaw: String,
    flaw_what: String,
    tasks: Vec<TaskShown>,
    records: Vec<String>,
    /// Who can read the case's records now.
    holders: Vec<String>,
    others: Vec<StepShown>,
}

/// A step of the way.
struct TaskShown {
    text: String,
    what: String,
    /// Where it is taken, if this desk may take it now.
    href: String,
    /// "done", "now", "theirs" or "later".
    standing: &'static str,
    standing_text: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/corrections", get(begin)).route("/cases/{case}/corrections/{matter}", get(show))
}

/// Before anything was reported: what the ways are.
async fn begin(visit: Visit, Path(case): Path<String>) -> Answer {
    let case = case_id(&case)?;
    let shown = visit.app.cases.case(case).await?;
    html(&page(&visit, &shown, &wire::MatterView::default()))
}

async fn show(visit: Visit, Path((case, id)): Path<(String, u32)>) -> Answer {
    let shown = visit.app.cases.case(case_id(&case)?).await?;
    let matter = shown.matters.iter().find(|one| one.id == id && one.kind == "correction").cloned();
    html(&page(&visit, &shown, &matter.ok_or(Problem::NoPage)?))
}

fn page(visit: &Visit, shown: &wire::GetCaseResponse, matter: &wire::MatterView) -> CorrectionPage {
    let summary = shown.summary.clone().unwrap_or_default();
    let way = match matter.flaw.as_str() {
        "wrong_value" | "stale" => WRONG_VALUE.to_vec(),
        _ => WRONG_SUBJECT.to_vec(),
    };
    let way: Vec<Step> = TOGETHER.into_iter().chain(way).collect();
    let teller = Teller { visit, shown, matter, case: &summary.case_id };
    let others = matter.possible_steps.iter().filter(|name| name.parse().is_ok_and(|step| !way.contains(&step)));
    let others: Vec<String> = others.cloned().collect();
    let flaw = if matter.flaw.is_empty() { String::new() } else { visit.text(&key("flaw", &matter.flaw)) };
    CorrectionPage {
        page: visit.page(Section::Inbox),
        reference: summary.reference.clone(),
        matter: if matter.id == 0 { String::new() } else { format!("X{}", matter.id) },
        state: if matter.id == 0 { String::new() } else { visit.text(&key("matter-state", &matter.state)) },
        flaw_what: if flaw.is_empty() { String::new() } else { visit.text(&key("correction-what", &matter.flaw)) },
        flaw,
        tasks: way.iter().map(|step| teller.task(*step)).collect(),
        records: teller.records(),
        holders: shown.readers.clone(),
        others: steps(&others, &summary.case_id, &teller.query(), visit),
        case: summary.case_id.clone(),
    }
}

struct Teller<'a> {
    visit: &'a Visit,
    shown: &'a wire::GetCaseResponse,
    matter: &'a wire::MatterView,
    case: &'a str,
}

impl Teller<'_> {
    fn query(&self) -> String {
        if self.matter.id == 0 { String::new() } else { format!("?matter={}", self.matter.id) }
    }

    fn task(&self, step: Step) -> TaskShown {
        let name = step.as_str();
        let among = |steps: &[String]| steps.iter().any(|one| one == name);
        let opens = self.matter.id == 0 && among(&self.shown.matter_openings);
        let waits = self.shown.summary.as_ref().is_some_and(|one| one.awaiting_signature == name);
        let may = opens || waits || among(&self.matter.possible_steps);
        let standing = match () {
            () if may => "now",
            () if self.is_done(step) => "done",
            () if among(&self.matter.possible_elsewhere) => "theirs",
            () => "later",
        };
        let href = format!("/cases/{}/steps/{name}{}", self.case, self.query());
        TaskShown {
            text: self.visit.text(&key("step", name)),
            what: self.visit.text(&key("correction-step", name)),
            href: if may { href } else { String::new() },
            standing,
            standing_text: self.visit.text(&key("correction-is", standing)),
        }
    }

    /// Whether the matter is beyond a step, by where it stands.
    fn is_done(&self, step: Step) -> bool {
        let order = ["REPORTED", "TRIAGED", "RECALLED", "SHREDDED", "REISSUED", "CLOSED"];
        let rank = |state: &str| order.iter().position(|one| *one == state);
        let after = match step {
            Step::ReportError => "REPORTED",
            Step::Triage => "TRIAGED",
            Step::Recall => "RECALLED",
            Step::CertifyShredding => "SHREDDED",
            Step::Reissue => "REISSUED",
            _ => "CLOSED",
        };
        rank(&self.matter.state).is_some_and(|now| rank(after).is_some_and(|after| now >= after))
    }

    /// The records that it is about, each with what became of it.
    fn records(&self) -> Vec<String> {
        let about = &self.matter.about_entry_id;
        let carries = |entry: &[u8]| {
            let event = self.shown.timeline.iter().find(|one| one.entry_id == entry && one.verdict == "admitted");
            event.is_some_and(|event| event.step.parse::<Step>().is_ok_and(Step::carries_records))
        };
        let own = |one: &&wire::DocumentRef| {
            if about.is_empty() { carries(&one.entry_id) } else { one.entry_id == *about }
        };
        let line = |one: &wire::DocumentRef| {
            let fate =
                if one.destroyed { format!(", {}", self.visit.text("document-fate-destroyed")) } else { String::new() };
            let entry = entry_text(&one.entry_id);
            format!("{} ({}){fate}", one.record_type, entry.get(..8).unwrap_or(&entry))
        };
        self.shown.documents.iter().filter(own).map(line).collect()
    }
}
