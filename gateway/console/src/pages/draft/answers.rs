//! Check your answers: the whole request on one page, each answer with the way to change it, and what preflight says.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use proto::desk as wire;

use super::{FindingShown, all_places, control::Control, is_unfilled, title_of};
use crate::{
    App,
    draft::{Draft, Field, Filled, Kind, Offered, Place, text_of},
    face::{Page, Section},
    govuk::{Action, Row, SummaryList},
    visit::{Answer, Visit, html, key},
};

#[derive(Template)]
#[template(path = "pages/draft_answers.html")]
struct AnswersPage {
    page: Page,
    id: String,
    called: String,
    counterpart: String,
    cards: Vec<SummaryList>,
    findings: Vec<FindingShown>,
    /// How many fields are not filled in yet.
    unfilled: String,
    /// Whether the gates would let it pass, once it is validated and signed.
    would_pass: bool,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/drafts/{id}/answers", get(show))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let draft = Draft::find(&visit, &id).await?;
    let offers = visit.app.cases.offers(&draft.recipient()).await.unwrap_or_default();
    let checked = visit.app.cases.preflight(draft.id).await?;
    let places = all_places(&draft.document, &offers.offers);
    let to_mend = checked.findings.iter().filter(|one| one.severity != "advice");
    let (unfilled, told): (Vec<_>, Vec<_>) = to_mend.partition(|one| is_unfilled(one));
    let summary = draft.summary();
    html(&AnswersPage {
        page: visit.page(Section::Inbox),
        id: draft.id.to_string(),
        called: visit.called(&summary.reference, &summary.counterpart),
        counterpart: summary.counterpart,
        cards: places.iter().map(|(place, offer)| card(place, offer, &draft, &offers.validators, &visit)).collect(),
        findings: told.into_iter().map(|one| FindingShown::of(one, &draft, &places, &visit)).collect(),
        would_pass: unfilled.is_empty()
            && checked.would_pass
            && !checked.findings.iter().any(|one| one.severity == "missing"),
        unfilled: if unfilled.is_empty() { String::new() } else { unfilled.len().to_string() },
    })
}

/// The answers of one topic.
fn card(
    place: &Place,
    offer: &wire::OfferView,
    draft: &Draft,
    validators: &[wire::AuthorityView],
    visit: &Visit,
) -> SummaryList {
    let fields = place.fields(offer);
    let filled = Filled::of_document(&draft.document, place, &fields);
    let control = Control { visit, place, offer, validators, filled: &filled };
    let row = |field: &&'static Field| Row::new(control.label(field), answer(field, &filled, visit));
    let said = fields.iter().filter(|field| field.required || !filled.words(field).is_empty());
    let mut rows: Vec<Row> = said.map(row).collect();
    if place.topic.name == "measure" {
        rows.insert(0, Row::new(visit.text("draft-clause"), visit.clause(&offer.article)));
        rows.insert(1, Row::new(visit.text("draft-type"), visit.request_type(&offer.request_type)));
    }
    let title = title_of(place, &draft.document, visit);
    let href = format!("/drafts/{}/topics/{}", draft.id, place.slug());
    let change = Action::new(visit.text("draft-change"), &href, "");
    SummaryList::new(rows).card(title, vec![change])
}

/// An answer in words.
fn answer(field: &Field, filled: &Filled, visit: &Visit) -> String {
    let name = field.name();
    let value = filled.one(&name);
    if value.is_empty() && !matches!(field.kind, Kind::Flag) {
        return visit.text("draft-blank");
    }
    match field.kind {
        Kind::YesNo | Kind::Flag => visit.text(&key("answer", if value == "yes" { "yes" } else { "no" })),
        Kind::One(group, values) if values.contains(&value) => visit.text(&text_of(group, value)),
        Kind::Day => visit.locale.day(value),
        Kind::Offered(Offered::Records) => visit.records(filled.all(&name)),
        Kind::Offered(Offered::Purposes) => visit.purpose(value),
        Kind::Offered(Offered::Roles) => visit.text(&key("role", value)),
        Kind::Offered(Offered::Attributes) => {
            filled.all(&name).iter().map(|one| visit.attribute(one)).collect::<Vec<_>>().join(", ")
        }
        Kind::Selector => {
            let words = filled.words(field);
            format!(
                "{}: {}",
                visit.selector(value),
                words.split_once('\n').map_or("", |(_, rest)| rest).replace('\n', ", ")
            )
        }
        Kind::Lines => filled.all(&name).join(", "),
        _ => value.to_owned(),
    }
}
