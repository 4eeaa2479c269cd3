//! One topic of a draft: its questions, saved with each press, and what preflight says of the answers. Two officers who change the same topic
//! see both texts, and one of them decides.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    http::StatusCode,
    routing::get,
};
use proto::desk as wire;

use super::{control::Control, offer_of, title_of};
use crate::{
    App,
    draft::{Draft, Field, Filled, Found, Place, found},
    face::{Page, Section},
    govuk::{ErrorSummary, Markup},
    problem::{Problem, Told},
    visit::{Answer, Form, Visit, html_as, see},
};

#[derive(Template)]
#[template(path = "pages/draft_topic.html")]
struct TopicPage {
    page: Page,
    id: String,
    slug: String,
    called: String,
    title: String,
    /// Under which clause the measure is asked for, on its own page.
    clause: String,
    /// What somebody else has saved meanwhile is shown beside what was entered.
    is_conflict: bool,
    /// Whether it is saved, and something is to be mended.
    is_saved: bool,
    summary: Option<ErrorSummary>,
    problem: Option<Told>,
    questions: Vec<Question>,
    /// What stood in the fields when they were shown.
    seen: String,
    /// Whether this item of a list can be taken away.
    can_drop: bool,
    /// Articles and remedies of what was found.
    remedies: Vec<Remedy>,
}

struct Question {
    field: Markup,
    /// What another officer has saved there.
    theirs: Option<String>,
}

struct Remedy {
    place: String,
    code: String,
    article: String,
    message: String,
    remedy: String,
}

/// A topic, and all that its page needs.
struct Shown {
    draft: Draft,
    place: Place,
    offers: wire::ListOffersResponse,
    offer: wire::OfferView,
    fields: Vec<&'static Field>,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/drafts/{id}/topics/{slug}", get(show).post(save))
}

impl Shown {
    async fn find(visit: &Visit, id: &str, slug: &str) -> Result<Self, Problem> {
        let draft = Draft::find(visit, id).await?;
        let place = Place::read(slug).ok_or(Problem::NoPage)?;
        let base = place.base();
        // An item beyond the end of its list is no page; the first one is where a list begins.
        if place.indexes.iter().any(|index| *index > 0) && draft.document.pointer(&base).is_none() {
            return Err(Problem::NoPage);
        }
        let offers = visit.app.cases.offers(&draft.recipient()).await.unwrap_or_default();
        let offer = offer_of(&offers.offers, &draft.document, place.measure());
        let fields = place.fields(&offer);
        Ok(Self { draft, place, offers, offer, fields })
    }

    fn stored(&self) -> Filled {
        Filled::of_document(&self.draft.document, &self.place, &self.fields)
    }
}

async fn show(
    visit: Visit,
    Path((id, slug)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let shown = Shown::find(&visit, &id, &slug).await?;
    let is_saved = query.iter().any(|(name, _)| name == "saved");
    let findings = match is_saved {
        true => visit.app.cases.preflight(shown.draft.id).await?.findings,
        false => Vec::new(),
    };
    let stored = shown.stored();
    page(&visit, &shown, &stored, &As { findings: &findings, is_saved, ..As::default() })
}

async fn save(visit: Visit, Path((id, slug)): Path<(String, String)>, Form(form): Form) -> Answer {
    let mut shown = Shown::find(&visit, &id, &slug).await?;
    let entered = Filled::of_form(&form, &shown.fields);
    if !form.one("resumed").is_empty() {
        return page(&visit, &shown, &entered, &As { seen: form.one("seen"), ..As::default() });
    }
    let (place, fields, seen) = (shown.place.clone(), shown.fields.clone(), form.one("seen").to_owned());
    let mut theirs = None;
    let saved = shown
        .draft
        .save(&visit, |document| {
            let stored = Filled::of_document(document, &place, &fields);
            let (now, wanted) = (stored.digest(&fields), entered.digest(&fields));
            if now != seen && now != wanted {
                theirs = Some(stored);
                return Err(Problem::Stale);
            }
            entered.write(document, &place, &fields);
            Ok(())
        })
        .await;
    match (saved, theirs) {
        (Err(Problem::Stale), Some(theirs)) => {
            let seen = theirs.digest(&fields);
            page(&visit, &shown, &entered, &As { seen: &seen, theirs: Some(&theirs), ..As::default() })
        }
        (Err(problem @ Problem::Denied(_)), _) => {
            page(&visit, &shown, &entered, &As { seen: &seen, problem: Some(&problem), ..As::default() })
        }
        (Err(problem), _) => Err(problem),
        (Ok(()), _) => next(&visit, &id, &slug, form.one("act")).await,
    }
}

/// Where it goes on: back to the list, or to the same page where something is to be mended in what was filled in.
async fn next(visit: &Visit, id: &str, slug: &str, act: &str) -> Answer {
    if act == "later" {
        return see(&format!("/drafts/{id}"));
    }
    let shown = Shown::find(visit, id, slug).await?;
    let findings = visit.app.cases.preflight(shown.draft.id).await?.findings;
    let wrong = found(&shown.draft.document, &shown.place, &shown.fields, &findings);
    if wrong.is_empty() { see(&format!("/drafts/{id}")) } else { see(&format!("/drafts/{id}/topics/{slug}?saved=yes")) }
}

/// How the page is shown.
#[derive(Default)]
struct As<'a> {
    findings: &'a [wire::Finding],
    is_saved: bool,
    /// What stood in the fields when they were first shown, where that is another page's knowledge.
    seen: &'a str,
    theirs: Option<&'a Filled>,
    problem: Option<&'a Problem>,
}

fn page(visit: &Visit, shown: &Shown, filled: &Filled, how: &As<'_>) -> Answer {
    let Shown { draft, place, offers, offer, fields } = shown;
    let control = Control { visit, place, offer, validators: &offers.validators, filled };
    let wrong = match how.is_saved {
        true => found(&draft.document, place, fields, how.findings),
        false => Vec::new(),
    };
    let told = |one: &Found<'_>| match (one.field, one.finding) {
        (Some(field), None) => visit.locale.with("draft-fill-in", &[("label", &control.label(field))]),
        (Some(field), Some(finding)) => format!("{}: {}", control.label(field), finding.message),
        (None, finding) => finding.map(|finding| finding.message.clone()).unwrap_or_default(),
    };
    let of = |field: &Field| wrong.iter().find(|one| one.field.is_some_and(|other| other.name() == field.name()));
    let question = |field: &&'static Field| Question {
        field: control.markup(field, of(field).map(told).as_deref()),
        theirs: how.theirs.filter(|theirs| !theirs.same(filled, field)).map(|theirs| theirs.words(field)),
    };
    let anchor = |one: &Found<'_>| one.field.map(|field| anchor(field, visit)).unwrap_or_default();
    let summary = draft.summary();
    let errors: Vec<_> = wrong.iter().map(|one| (anchor(one), told(one))).collect();
    let list =
        place.base().rsplit_once('/').and_then(|(list, _)| draft.document.pointer(list)?.as_array().map(Vec::len));
    let shown = TopicPage {
        page: visit.page(Section::Inbox),
        id: draft.id.to_string(),
        slug: place.slug(),
        called: visit.called(&summary.reference, &summary.counterpart),
        title: title_of(place, &draft.document, visit),
        clause: match place.topic.name {
            "measure" => format!("{}: {}", visit.request_type(&offer.request_type), visit.clause(&offer.article)),
            _ => String::new(),
        },
        is_conflict: how.theirs.is_some(),
        is_saved: how.is_saved && !wrong.is_empty(),
        summary: (!errors.is_empty()).then(|| ErrorSummary::new(visit.locale, errors)),
        problem: how.problem.map(|problem| problem.told(visit)),
        questions: fields.iter().map(question).collect(),
        seen: if how.seen.is_empty() { shown.stored().digest(fields) } else { how.seen.to_owned() },
        can_drop: !place.indexes.is_empty() && list.is_some_and(|length| length > 1),
        remedies: wrong.iter().filter_map(|one| remedy(one, &control)).collect(),
    };
    let status = match (how.theirs, how.problem) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, Some(problem)) => problem.status(),
        (None, None) => StatusCode::OK,
    };
    html_as(status, &shown)
}

fn remedy(one: &Found<'_>, control: &Control<'_>) -> Option<Remedy> {
    let finding = one.finding?;
    Some(Remedy {
        place: one.field.map(|field| control.label(field)).unwrap_or_default(),
        code: finding.code.clone(),
        article: if finding.article.is_empty() { String::new() } else { control.visit.clause(&finding.article) },
        message: finding.message.clone(),
        remedy: finding.remedy.clone(),
    })
}

/// The id of the first thing that can be filled in.
fn anchor(field: &Field, visit: &Visit) -> String {
    use crate::{draft::Kind, locale::Locale};
    match field.kind {
        Kind::Day if matches!(visit.locale, Locale::Ja | Locale::ZhHans) => format!("{}-year", field.name()),
        Kind::Day => format!("{}-day", field.name()),
        _ => field.name(),
    }
}
