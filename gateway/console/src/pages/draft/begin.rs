//! The beginning of a request: whom, and what of them. Only what is in force today can be chosen. Or an earlier request, taken again.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    http::StatusCode,
    routing::get,
};
use proto::desk as wire;
use serde_json::{Value, json};

use crate::{
    App,
    desk::case_id,
    draft::{Draft, blank, put, stripped, written},
    face::{Page, Section},
    fields::Fields,
    govuk::{Checkboxes, Content, ErrorSummary, Item, Radios},
    problem::{Problem, Told},
    session::once,
    visit::{Answer, Form, Visit, html, html_as, see},
};

/// Measures of one request that pages ask for.
const MEASURES_MAX: usize = 32;

#[derive(Template)]
#[template(path = "pages/draft_begin.html")]
struct BeginPage {
    page: Page,
    title: String,
    /// Where the form goes, and how.
    action: String,
    posts: bool,
    once: String,
    hidden: Vec<(String, String)>,
    summary: Option<ErrorSummary>,
    problem: Option<Told>,
    choice: Option<Radios>,
    tick: Option<Checkboxes>,
    text: String,
    button: String,
    back: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/requests/new", get(show).post(begin))
        .route("/cases/{case}/clone", get(show_clone).post(clone))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Answer {
    let one = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
    match (one("to"), one("draft")) {
        ("", "") => whom(&visit, query.iter().any(|(name, _)| name == "asked")).await,
        (to, draft) => what(&visit, to, draft, &Fields::default(), None).await,
    }
}

/// Asks whom. The form is answered by GET: nothing is begun yet.
async fn whom(visit: &Visit, asked: bool) -> Answer {
    let offers = visit.app.cases.offers("").await?;
    let item = |one: &wire::AuthorityView| Item::new(&one.id, one.title.as_str()).hint(one.id.as_str());
    let items: Vec<_> = offers.counterparts.iter().map(item).collect();
    let missing = asked.then(|| visit.text("begin-whom-missing"));
    let summary = missing.clone().map(|text| ErrorSummary::new(visit.locale, [("to".to_owned(), text)]));
    let nobody = items.is_empty();
    let choice = Radios::new("to", visit.text("begin-whom"), items)
        .hint(visit.text("begin-whom-hint"))
        .error(visit.locale, missing.as_deref());
    html_as(
        if asked { StatusCode::BAD_REQUEST } else { StatusCode::OK },
        &BeginPage {
            page: visit.page(Section::Inbox),
            title: visit.text("begin-title"),
            action: "/requests/new".to_owned(),
            posts: false,
            once: String::new(),
            hidden: vec![("asked".to_owned(), "yes".to_owned())],
            summary,
            problem: None,
            choice: (!nobody).then_some(choice),
            tick: None,
            text: if nobody { visit.text("begin-nobody") } else { String::new() },
            button: if nobody { String::new() } else { visit.text("begin-go-on") },
            back: "/".to_owned(),
        },
    )
}

/// Asks what, of an authority; or what else, for a draft.
async fn what(visit: &Visit, to: &str, draft: &str, fields: &Fields, problem: Option<&Problem>) -> Answer {
    let to = if draft.is_empty() { to.to_owned() } else { Draft::find(visit, draft).await?.recipient() };
    let offers = visit.app.cases.offers(&to).await?;
    let item = |one: &wire::OfferView| {
        let value = format!("{}|{}", one.article, one.request_type);
        let unread = if one.verified { String::new() } else { format!(" {}", visit.text("begin-unread")) };
        let gives = if one.spontaneous { format!(" {}", visit.text("begin-gives")) } else { String::new() };
        let records: Vec<_> = one.records.iter().map(|record| visit.record(&record.record_type)).collect();
        let hint = format!("{}: {}.{gives}{unread}", visit.clause(&one.article), records.join(", "));
        Item::new(&value, visit.request_type(&one.request_type)).hint(hint)
    };
    let items: Vec<_> = offers.offers.iter().map(item).collect();
    let missing = matches!(problem, Some(Problem::Incomplete(_))).then(|| visit.text("begin-what-missing"));
    let titled = offers.counterparts.iter().find(|one| one.id == to).map_or(to.clone(), |one| one.title.clone());
    let legend = visit.locale.with("begin-what", &[("whom", &titled)]);
    let nothing = items.is_empty();
    let page = BeginPage {
        page: visit.page(Section::Inbox),
        title: visit.text("begin-title"),
        action: "/requests/new".to_owned(),
        posts: true,
        once: once()?,
        hidden: vec![("to".to_owned(), to), ("draft".to_owned(), draft.to_owned())],
        summary: missing.clone().map(|text| ErrorSummary::new(visit.locale, [("what".to_owned(), text)])),
        problem: problem.filter(|_| missing.is_none()).map(|problem| problem.told(visit)),
        choice: (!nothing).then(|| {
            let radios = Radios::new("what", legend, items).hint(visit.text("begin-what-hint"));
            radios.error(visit.locale, missing.as_deref()).value(fields.one("what"))
        }),
        tick: None,
        text: if nothing { visit.text("begin-nothing") } else { String::new() },
        button: if nothing { String::new() } else { visit.text("begin-go-on") },
        back: if draft.is_empty() { "/requests/new".to_owned() } else { format!("/drafts/{draft}") },
    };
    html_as(problem.map_or(StatusCode::OK, Problem::status), &page)
}

async fn begin(visit: Visit, Form(fields): Form) -> Answer {
    let (to, draft) = (fields.one("to").to_owned(), fields.one("draft").to_owned());
    if !fields.one("resumed").is_empty() {
        return what(&visit, &to, &draft, &fields, None).await;
    }
    let begun =
        async { if draft.is_empty() { new(&visit, &to, &fields).await } else { more(&visit, &draft, &fields).await } };
    match begun.await {
        Ok(to) => see(&to),
        Err(problem @ (Problem::Denied(_) | Problem::Incomplete(_))) => {
            what(&visit, &to, &draft, &fields, Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// The offer that was chosen, as the treaty has it now.
fn chosen<'a>(offers: &'a wire::ListOffersResponse, fields: &Fields) -> Result<&'a wire::OfferView, Problem> {
    let (article, kind) = fields.one("what").split_once('|').ok_or(Problem::Incomplete("what"))?;
    let found = offers.offers.iter().find(|one| one.article == article && one.request_type == kind);
    found.ok_or(Problem::Incomplete("what"))
}

/// A draft with all that is known already: nobody types what the desk knows.
async fn new(visit: &Visit, to: &str, fields: &Fields) -> Result<String, Problem> {
    let offers = visit.app.cases.offers(to).await?;
    let offer = chosen(&offers, fields)?;
    let form = visit.app.cases.skeleton(to, &offer.request_type).await?;
    let form: Value = serde_json::from_slice(&form).unwrap_or(Value::Null);
    let mut document = stripped(form).unwrap_or_else(|| json!({}));
    let mut known = |pointer: &str, value: &str| {
        if !value.is_empty() && blank(&document, pointer) {
            put(&mut document, pointer, Some(json!(value)));
        }
    };
    let own = offers.own.clone().unwrap_or_default();
    known("/authority/name", &own.title);
    known("/authority/time_zone", &visit.app.zone);
    if let [validator] = offers.validators.as_slice() {
        known("/validation/authority", &validator.id);
    }
    if let [purpose] = offer.purposes.as_slice() {
        known("/purpose/code", purpose);
    }
    put(&mut document, "/measures/0", Some(measure(offer, 1)));
    let id = visit.app.cases.begin(to, written(&document), fields.one("once")).await?;
    Ok(format!("/drafts/{id}"))
}

/// A measure as it begins.
fn measure(offer: &wire::OfferView, id: usize) -> Value {
    let mut measure = json!({
        "id": id,
        "article": offer.article,
        "request_type": offer.request_type,
        "subjects": [{ "subject_ref": "S1" }],
    });
    if let [record] = offer.records.as_slice() {
        measure["records"] = json!([record.record_type]);
    }
    if let [selector] = offer.selectors.as_slice() {
        measure["subjects"][0]["selector"] = json!({ "kind": selector });
    }
    measure
}

/// Another measure in a draft.
async fn more(visit: &Visit, draft: &str, fields: &Fields) -> Result<String, Problem> {
    let mut draft = Draft::find(visit, draft).await?;
    let offers = visit.app.cases.offers(&draft.recipient()).await?;
    let offer = chosen(&offers, fields)?;
    let seen = draft.document.get("measures").and_then(Value::as_array).map_or(0, Vec::len);
    let back = format!("/drafts/{}", draft.id);
    draft
        .save(visit, |document| {
            let measures = document.get("measures").and_then(Value::as_array).cloned().unwrap_or_default();
            if measures.len() >= MEASURES_MAX || measures.len() > seen {
                return Ok(());
            }
            let used = |id: &usize| measures.iter().any(|one| one["id"] == json!(id));
            let id = (1..=MEASURES_MAX).find(|id| !used(id)).unwrap_or(measures.len() + 1);
            put(document, &format!("/measures/{}", measures.len()), Some(measure(offer, id)));
            Ok(())
        })
        .await?;
    Ok(back)
}

async fn show_clone(visit: Visit, Path(case): Path<String>) -> Answer {
    clone_page(&visit, &case, &Fields::default(), None).await
}

async fn clone_page(visit: &Visit, case: &str, fields: &Fields, problem: Option<&Problem>) -> Answer {
    let id = case_id(case)?;
    let summary = visit.app.cases.case(id).await?.summary.unwrap_or_default();
    if summary.side != "requesting" {
        return Err(Problem::NoPage);
    }
    let offers = visit.app.cases.offers("").await?;
    let item = |one: &wire::AuthorityView| Item::new(&one.id, one.title.as_str()).hint(one.id.as_str());
    let to = if fields.one("to").is_empty() { summary.counterpart.as_str() } else { fields.one("to") };
    let keep = Item::new("yes", visit.text("clone-keep")).hint(visit.text("clone-keep-hint"));
    let legend: Content = visit.text("clone-what").into();
    let ticked = fields.all("keep").map(ToOwned::to_owned).collect::<Vec<_>>();
    let page = BeginPage {
        page: visit.page(Section::Inbox),
        title: visit.locale.with("clone-title", &[("case", &visit.called(&summary.reference, &summary.counterpart))]),
        action: format!("/cases/{id}/clone"),
        posts: true,
        once: once()?,
        hidden: Vec::new(),
        summary: None,
        problem: problem.map(|problem| problem.told(visit)),
        choice: Some(
            Radios::new("to", visit.text("begin-whom"), offers.counterparts.iter().map(item).collect()).value(to),
        ),
        tick: Some(Checkboxes::new("keep", legend, vec![keep]).values(ticked)),
        text: visit.text("clone-means"),
        button: visit.text("clone-go"),
        back: format!("/cases/{id}"),
    };
    if problem.is_none() {
        return html(&page);
    }
    html_as(problem.map_or(StatusCode::OK, Problem::status), &page)
}

async fn clone(visit: Visit, Path(case): Path<String>, Form(fields): Form) -> Answer {
    let id = case_id(&case)?;
    if !fields.one("resumed").is_empty() {
        return clone_page(&visit, &case, &fields, None).await;
    }
    let request = wire::CloneDraftRequest {
        case_id: id.to_string(),
        recipient: fields.one("to").to_owned(),
        keep_subjects: !fields.one("keep").is_empty(),
    };
    match visit.app.cases.clone_draft(request, fields.one("once")).await {
        Ok(cloned) => see(&format!("/drafts/{}", cloned.case_id)),
        Err(problem @ Problem::Denied(_)) => clone_page(&visit, &case, &fields, Some(&problem)).await,
        Err(problem) => Err(problem),
    }
}
