//! A request while it is written: what is still to do, topic by topic, and what the gates would say of it.

mod answers;
mod begin;
mod control;
mod topic;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use proto::desk as wire;
use serde_json::{Value, json};

use crate::{
    App,
    draft::{Draft, Place, SECTIONS, places, put, standing},
    face::{Page, Section},
    govuk::{Passage, Tag, Task, TaskList, TaskStatus},
    problem::Problem,
    visit::{Answer, Form, Visit, html, key, see},
};

/// Items of a list that a page adds; more come with a national system's own program.
const ITEMS_MAX: usize = 32;

#[derive(Template)]
#[template(path = "pages/draft.html")]
struct DraftPage {
    page: Page,
    id: String,
    called: String,
    counterpart: String,
    state: String,
    sections: Vec<SectionShown>,
    /// Whether another measure, subject or offence can be asked about now.
    is_open: bool,
    offences: usize,
    measures: Vec<MeasureAdds>,
    findings: Vec<FindingShown>,
    advice: Vec<FindingShown>,
    /// What may be done with it beside writing, with where that leads.
    steps: Vec<(String, String)>,
    comments: Vec<Comment>,
    /// Who sent it back, and why.
    sent_back: Vec<Comment>,
    last: TaskList,
}

struct SectionShown {
    title: String,
    tasks: TaskList,
}

/// A measure that another subject can be added to.
struct MeasureAdds {
    slug: String,
    text: String,
}

/// What the other side said of the draft.
struct Comment {
    by: String,
    at: String,
    text: String,
    documents: Vec<String>,
}

/// What preflight found.
pub(super) struct FindingShown {
    pub(super) severity: String,
    pub(super) code: String,
    pub(super) article: String,
    pub(super) message: String,
    pub(super) remedy: String,
    /// Where it is mended, and how that is called.
    pub(super) href: String,
    pub(super) place: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(begin::routes())
        .merge(topic::routes())
        .merge(answers::routes())
        .route("/drafts/{id}", get(show))
        .route("/drafts/{id}/items", post(items))
}

/// What the treaty offers for a measure of a draft; nothing where it is not in force any more.
pub(super) fn offer_of(offers: &[wire::OfferView], document: &Value, measure: usize) -> wire::OfferView {
    let text = |name: &str| document.pointer(&format!("/measures/{measure}/{name}")).and_then(Value::as_str);
    let (article, kind) = (text("article"), text("request_type"));
    let found = offers.iter().find(|one| Some(&*one.article) == article && Some(&*one.request_type) == kind);
    found.cloned().unwrap_or_else(|| wire::OfferView {
        request_type: kind.unwrap_or_default().to_owned(),
        article: article.unwrap_or_default().to_owned(),
        ..wire::OfferView::default()
    })
}

/// The name of a topic, with its number where there are several.
pub(super) fn title_of(place: &Place, document: &Value, visit: &Visit) -> String {
    let title = visit.text(&key("topic", place.topic.name));
    let many = |pointer: &str| document.pointer(pointer).and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    let numbered = match (place.topic.name, place.indexes.as_slice()) {
        ("offence", [index]) if many("/offences") => format!("{}", index + 1),
        ("measure", [index]) if many("/measures") => format!("{}", index + 1),
        ("subject", [measure, index]) if many("/measures") => format!("{}.{}", measure + 1, index + 1),
        ("subject", [_, index]) if many("/measures/0/subjects") => format!("{}", index + 1),
        _ => return title,
    };
    format!("{title} {numbered}")
}

/// All topics of a draft, with what the treaty offers for each.
pub(super) fn all_places(document: &Value, offers: &[wire::OfferView]) -> Vec<(Place, wire::OfferView)> {
    let consent = offer_of(offers, document, 0).consent;
    let every = SECTIONS.iter().flat_map(|(_, topics)| places(document, topics, consent));
    every.map(|place| (place.clone(), offer_of(offers, document, place.measure()))).collect()
}

impl FindingShown {
    pub(super) fn of(
        finding: &wire::Finding,
        draft: &Draft,
        places: &[(Place, wire::OfferView)],
        visit: &Visit,
    ) -> Self {
        let at = places.iter().find(|(place, offer)| {
            let fields = place.fields(offer);
            let one = std::slice::from_ref(finding);
            crate::draft::found(&draft.document, place, &fields, one).iter().any(|found| found.finding.is_some())
        });
        let (href, place) = at.map_or_else(Default::default, |(place, _)| {
            (format!("/drafts/{}/topics/{}", draft.id, place.slug()), title_of(place, &draft.document, visit))
        });
        Self {
            severity: finding.severity.clone(),
            code: finding.code.clone(),
            article: if finding.article.is_empty() { String::new() } else { visit.clause(&finding.article) },
            message: finding.message.clone(),
            remedy: finding.remedy.clone(),
            href,
            place,
        }
    }
}

async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let draft = Draft::find(&visit, &id).await?;
    let summary = draft.summary();
    let offers = visit.app.cases.offers(&draft.recipient()).await;
    // A draft can be looked at although nothing is in force.
    let offers = offers.map(|one| one.offers).unwrap_or_default();
    let checked = visit.app.cases.preflight(draft.id).await?;
    let places = all_places(&draft.document, &offers);
    let sections = SECTIONS.iter().map(|(name, topics)| {
        let of_section = places.iter().filter(|(place, _)| topics.iter().any(|one| one.name == place.topic.name));
        SectionShown {
            title: visit.text(&key("section", name)),
            tasks: TaskList {
                id_prefix: format!("section-{name}"),
                items: of_section.map(|(place, offer)| task(place, offer, &draft, &checked.findings, &visit)).collect(),
                ..TaskList::default()
            },
        }
    });
    let is_open = checked.findings.iter().any(|one| one.severity != "advice");
    // What is not filled in yet stands in the task list.
    let told = |advice: bool| {
        let all = checked.findings.iter().filter(|one| (one.severity == "advice") == advice && !is_unfilled(one));
        all.map(|one| FindingShown::of(one, &draft, &places, &visit)).collect()
    };
    html(&DraftPage {
        page: visit.page(Section::Inbox),
        id: draft.id.to_string(),
        called: visit.called(&summary.reference, &summary.counterpart),
        state: visit.text(&key("state", &summary.state)),
        sections: sections.collect(),
        is_open: summary.state != "VALIDATED",
        offences: draft.document.get("offences").and_then(Value::as_array).map_or(0, Vec::len),
        measures: measures(&draft, &visit),
        findings: told(false),
        advice: told(true),
        steps: steps(&draft, &visit),
        comments: comments(&draft, &visit),
        sent_back: sent_back(&draft, &visit),
        last: last(&draft, is_open, &visit),
        counterpart: summary.counterpart,
    })
}

/// Whether a finding says only that a field is not filled in yet.
pub(super) fn is_unfilled(finding: &wire::Finding) -> bool {
    matches!(finding.message.as_str(), "is missing" | "is empty" | "still holds the words of the form")
}

fn task(place: &Place, offer: &wire::OfferView, draft: &Draft, findings: &[wire::Finding], visit: &Visit) -> Task {
    let (text, colour) = standing(&draft.document, place, &place.fields(offer), findings).shown();
    let hint = match place.topic.name {
        "measure" => format!("{}: {}", visit.clause(&offer.article), visit.request_type(&offer.request_type)),
        _ => String::new(),
    };
    Task {
        title: Passage { content: title_of(place, &draft.document, visit).into(), ..Passage::default() },
        hint: hint.into(),
        status: standing_shown(visit.text(text), colour),
        href: format!("/drafts/{}/topics/{}", draft.id, place.slug()),
        ..Task::default()
    }
}

fn standing_shown(text: String, colour: &str) -> TaskStatus {
    match colour {
        "" => TaskStatus { content: text.into(), ..TaskStatus::default() },
        colour => TaskStatus { tag: Some(Tag::new(text, colour)), ..TaskStatus::default() },
    }
}

/// What comes when all is written: look at the whole, let it be validated, send it.
fn last(draft: &Draft, is_open: bool, visit: &Visit) -> TaskList {
    let (id, state) = (draft.id, draft.summary().state);
    let is_validated = state == "VALIDATED";
    let cannot = || {
        let classes = "govuk-task-list__status--cannot-start-yet".to_owned();
        TaskStatus { content: visit.text("standing-cannot-start").into(), classes, ..TaskStatus::default() }
    };
    let open = |text: &str| standing_shown(visit.text(text), "blue");
    let item = |title: &str, hint: &str, href: String, status: TaskStatus| Task {
        title: Passage { content: visit.text(title).into(), ..Passage::default() },
        hint: visit.text(hint).into(),
        href,
        status,
        ..Task::default()
    };
    let look = item("draft-look", "draft-look-hint", format!("/drafts/{id}/answers"), open("standing-any-time"));
    let scope = format!("/drafts/{id}/scope");
    let validate = match (is_validated, is_open) {
        (true, _) => {
            item("draft-validate", "draft-validate-hint", scope, standing_shown(visit.text("standing-done"), ""))
        }
        (false, false) => item("draft-validate", "draft-validate-hint", scope, open("standing-ready")),
        (false, true) => item("draft-validate", "draft-validate-hint", String::new(), cannot()),
    };
    let send = match is_validated {
        true => item("draft-send", "draft-send-hint", format!("/cases/{id}/steps/seal_send"), open("standing-ready")),
        false => item("draft-send", "draft-send-hint", String::new(), cannot()),
    };
    TaskList { id_prefix: "last".to_owned(), items: vec![look, validate, send], ..TaskList::default() }
}

fn measures(draft: &Draft, visit: &Visit) -> Vec<MeasureAdds> {
    let all = draft.document.get("measures").and_then(Value::as_array);
    let one = |(index, one): (usize, &Value)| {
        let place = Place::read(&format!("measure-{}", index + 1))?;
        let seen = one["subjects"].as_array().map_or(0, Vec::len);
        Some(MeasureAdds {
            slug: format!("subject-{}@{seen}", index + 1),
            text: title_of(&place, &draft.document, visit),
        })
    };
    all.into_iter().flatten().enumerate().filter_map(one).collect()
}

/// What the desk lets an officer do with a draft beside sending it.
fn steps(draft: &Draft, visit: &Visit) -> Vec<(String, String)> {
    let mut steps = vec![
        (visit.text("draft-translate"), format!("/drafts/{}/translation", draft.id)),
        (visit.text("draft-clone"), format!("/cases/{}/clone", draft.id)),
    ];
    if draft.summary().state == "DRAFT" {
        steps.insert(0, (visit.text("step-share-draft"), format!("/cases/{}/steps/share_draft", draft.id)));
    }
    steps
}

/// What the other side said of it, the newest first.
fn comments(draft: &Draft, visit: &Visit) -> Vec<Comment> {
    let of_draft = draft.shown.timeline.iter().rev().filter(|event| event.step == "comment_draft");
    let comment = |event: &wire::TimelineEvent| {
        let entry = crate::desk::entry_text(&event.entry_id);
        let documents = draft.shown.documents.iter().filter(|one| one.entry_id == event.entry_id);
        Comment {
            by: event.sender.clone(),
            at: visit.moment(event.at_ms),
            text: event.text.clone(),
            documents: documents.map(|one| format!("/cases/{}/documents/{entry}/{}", draft.id, one.index)).collect(),
        }
    };
    of_draft.map(comment).collect()
}

/// Why it came back from who read it, the newest first.
fn sent_back(draft: &Draft, visit: &Visit) -> Vec<Comment> {
    let one = |one: &wire::SentBack| Comment {
        by: format!("{} ({}, {})", one.by, visit.text(&key("role", &one.role)), one.authority),
        at: visit.moment(one.at_ms),
        text: one.reasons.clone(),
        documents: Vec::new(),
    };
    draft.shown.sent_back.iter().rev().map(one).collect()
}

/// Adds an item to a list of the draft, or takes one away.
async fn items(visit: Visit, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let mut draft = Draft::find(&visit, &id).await?;
    let back = format!("/drafts/{}", draft.id);
    if !fields.one("resumed").is_empty() {
        return see(&back);
    }
    let (add, drop) = (fields.one("add").to_owned(), fields.one("drop").to_owned());
    let mut to = back.clone();
    let base = draft.id;
    draft
        .save(&visit, |document| {
            if let Some(slug) = added(document, &add) {
                to = format!("/drafts/{base}/topics/{slug}");
                return Ok(());
            }
            if !drop.is_empty() {
                return dropped(document, &drop);
            }
            Ok(())
        })
        .await?;
    see(&to)
}

/// Adds what is named to the end of its list, and says where it is. `subject-1@2` was pressed where two subjects were seen: where there are
/// more, it was pressed before.
fn added(document: &mut Value, what: &str) -> Option<String> {
    let (what, seen) = what.split_once('@')?;
    let seen: usize = seen.parse().ok()?;
    let (pointer, name, prefix) = match what.split_once('-') {
        None if what == "offence" => ("/offences".to_owned(), "offence".to_owned(), String::new()),
        Some(("subject", number)) => {
            let measure = number.parse::<usize>().ok().filter(|n| (1..=ITEMS_MAX).contains(n))?;
            document.pointer(&format!("/measures/{}", measure - 1))?;
            (format!("/measures/{}/subjects", measure - 1), what.to_owned(), "S".to_owned())
        }
        _ => return None,
    };
    let list = document.pointer(&pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    if list.len() >= ITEMS_MAX || list.len() > seen {
        return Some(format!("{name}-{}", list.len()));
    }
    let used = |n: &usize| list.iter().any(|one| one["subject_ref"] == json!(format!("S{n}")));
    let free = (1..=list.len() + 1).find(|n| !used(n)).unwrap_or(list.len() + 1);
    let item =
        if prefix.is_empty() { json!({ "title": "" }) } else { json!({ "subject_ref": format!("{prefix}{free}") }) };
    put(document, &format!("{pointer}/{}", list.len()), Some(item));
    Some(format!("{name}-{}", list.len() + 1))
}

/// Takes an offence, a subject or a measure away, but never the last one.
fn dropped(document: &mut Value, slug: &str) -> Result<(), Problem> {
    let place = Place::read(slug).ok_or(Problem::NoPage)?;
    let base = place.base();
    let (list, index) = base.rsplit_once('/').ok_or(Problem::NoPage)?;
    let index: usize = index.parse().map_err(|_| Problem::NoPage)?;
    if let Some(Value::Array(items)) = document.pointer_mut(list)
        && items.len() > 1
        && index < items.len()
    {
        items.remove(index);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_list_grows_by_one_however_often_the_button_is_pressed_and_keeps_its_last_item() {
        let mut document = json!({ "measures": [{ "subjects": [{ "subject_ref": "S2" }] }] });
        assert_eq!(added(&mut document, "subject-1@1").unwrap(), "subject-1-2");
        assert_eq!(added(&mut document, "subject-1@1").unwrap(), "subject-1-2");
        assert_eq!(document["measures"][0]["subjects"], json!([{ "subject_ref": "S2" }, { "subject_ref": "S1" }]));
        assert!(added(&mut document, "subject-2@0").is_none() && added(&mut document, "facts@0").is_none());
        dropped(&mut document, "subject-1-1").unwrap();
        dropped(&mut document, "subject-1-1").unwrap();
        assert_eq!(document["measures"][0]["subjects"], json!([{ "subject_ref": "S1" }]));
        assert!(dropped(&mut document, "facts").is_err());
    }
}
