//! A request and its translation side by side: each text beside its translation, with the figures, dates and names that stand in one of both
//! only. A draft's is written here; of a case it is read.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, http::StatusCode, routing::get};
use model::Digest;
use proto::desk as wire;
use serde_json::{Value, json};

use crate::{
    App,
    desk::case_id,
    draft::{Draft, put, text_at},
    face::{Page, Section},
    fields::Fields,
    problem::{Problem, Told},
    visit::{Answer, Form, Visit, html, html_as, key, see},
};

const TEXTS: &str = "/language/translation/texts";

#[derive(Template)]
#[template(path = "pages/translation.html")]
struct TranslationPage {
    page: Page,
    id: String,
    called: String,
    back: String,
    /// The languages, as tags; empty where none is chosen yet.
    from: String,
    to: String,
    /// Whether it is written here.
    writes: bool,
    texts: Vec<Pair>,
    seen: String,
    /// Why nothing is compared.
    uncompared: String,
    problem: Option<Told>,
    is_conflict: bool,
}

/// A text and its translation.
struct Pair {
    name: String,
    label: String,
    original: String,
    translation: String,
    /// What another officer has saved there.
    theirs: Option<String>,
    /// "agree", "differ", "nothing_found" or nothing.
    outcome: String,
    differences: Vec<Differs>,
}

struct Differs {
    where_: String,
    kind: String,
    value: String,
    doubtful: bool,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/drafts/{id}/translation", get(show).post(save)).route("/cases/{case}/translation", get(read))
}

/// The texts that a translator translates, those that say something: pointer and label.
fn originals(document: &Value, visit: &Visit) -> Vec<(String, String)> {
    let fixed = [
        ("/proceeding/subject", "field-file-proceeding-subject"),
        ("/facts/summary", "field-facts-summary"),
        ("/facts/relevance", "field-facts-relevance"),
        ("/purpose/description", "field-purpose-purpose-description"),
        ("/necessity", "field-purpose-necessity"),
        ("/proportionality", "field-purpose-proportionality"),
        ("/urgency/reason", "field-urgency-reason"),
        ("/confidentiality/reason", "field-confidentiality-reason"),
        ("/undertakings/remarks", "field-undertakings-remarks"),
    ];
    let mut all: Vec<_> = fixed.map(|(pointer, label)| (pointer.to_owned(), visit.text(label))).into();
    let items = |list: &str| document.get(list).and_then(Value::as_array).map_or(0, Vec::len);
    for index in 0..items("offences") {
        for (name, label) in [("title", "field-offence-title"), ("text", "field-offence-text")] {
            all.push((format!("/offences/{index}/{name}"), visit.text(label)));
        }
    }
    for index in 0..items("measures") {
        for (name, label) in [("data_sought", "field-measure-data-sought"), ("procedure", "field-measure-procedure")] {
            all.push((format!("/measures/{index}/{name}"), visit.text(label)));
        }
        let subjects = document.pointer(&format!("/measures/{index}/subjects")).and_then(Value::as_array);
        for at in 0..subjects.map_or(0, Vec::len) {
            let pointer = format!("/measures/{index}/subjects/{at}/basis_of_suspicion");
            all.push((pointer, visit.text("field-subject-basis-of-suspicion")));
        }
    }
    all.retain(|(pointer, _)| !text_at(document, pointer).is_empty());
    all
}

/// The translation of a text, as the document has it.
fn translation_of(document: &Value, pointer: &str) -> String {
    let texts = document.pointer(TEXTS).and_then(Value::as_array);
    let one = texts.into_iter().flatten().find(|one| one["field"] == pointer);
    one.and_then(|one| one["text"].as_str()).unwrap_or_default().to_owned()
}

fn digest(document: &Value) -> String {
    Digest::of(&[document.pointer(TEXTS).unwrap_or(&Value::Null).to_string().as_bytes()]).to_string()
}

/// The name of a field in the form.
fn name_of(pointer: &str) -> String {
    format!("text{}", pointer.replace(['/', '_'], "-"))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let draft = Draft::find(&visit, &id).await?;
    draft_page(&visit, &draft, None, None).await
}

async fn save(visit: Visit, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let mut draft = Draft::find(&visit, &id).await?;
    if !fields.one("resumed").is_empty() {
        return draft_page(&visit, &draft, Some(&fields), None).await;
    }
    let seen = fields.one("seen").to_owned();
    let saved = draft.save(&visit, |document| write(document, &fields, &seen, &visit)).await;
    match saved {
        Ok(()) => see(&format!("/drafts/{}/translation", draft.id)),
        Err(problem @ (Problem::Denied(_) | Problem::Stale)) => {
            let draft = Draft::find(&visit, &id).await?;
            draft_page(&visit, &draft, Some(&fields), Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// Writes what was entered, where nobody has written something else since it was shown.
fn write(document: &mut Value, fields: &Fields, seen: &str, visit: &Visit) -> Result<(), Problem> {
    let before = digest(document);
    // Translations of texts that are not shown, or not there any more, stay until their field is written.
    let shown = originals(document, visit);
    let texts = document.pointer(TEXTS).and_then(Value::as_array).cloned().unwrap_or_default();
    let is_shown = |one: &Value| shown.iter().any(|(pointer, _)| one["field"] == **pointer);
    let mut texts: Vec<Value> = texts.into_iter().filter(|one| !is_shown(one)).collect();
    for (pointer, _) in &shown {
        let text = fields.one(&name_of(pointer)).replace("\r\n", "\n");
        if !text.trim().is_empty() {
            texts.push(json!({ "field": pointer, "text": text.trim_end() }));
        }
    }
    put(document, TEXTS, (!texts.is_empty()).then_some(Value::Array(texts)));
    if before != seen && before != digest(document) {
        return Err(Problem::Stale);
    }
    Ok(())
}

async fn draft_page(visit: &Visit, draft: &Draft, fields: Option<&Fields>, problem: Option<&Problem>) -> Answer {
    let summary = draft.summary();
    let mut page = TranslationPage::of(&draft.document, fields, visit);
    page.id = draft.id.to_string();
    page.called = visit.called(&summary.reference, &summary.counterpart);
    page.back = format!("/drafts/{}", draft.id);
    page.is_conflict = matches!(problem, Some(Problem::Stale));
    page.problem = problem.filter(|problem| !matches!(problem, Problem::Stale)).map(|problem| problem.told(visit));
    page.writes = true;
    if !page.is_conflict {
        page.texts.iter_mut().for_each(|one| one.theirs = None);
    }
    page.compare(visit, &draft.id.to_string()).await;
    html_as(problem.map_or(StatusCode::OK, Problem::status), &page)
}

/// The translation that came with a request, or went with it.
async fn read(visit: Visit, Path(case): Path<String>) -> Answer {
    let id = case_id(&case)?;
    let shown = visit.app.cases.case(id).await?;
    let reference = shown.documents.iter().find(|one| one.record_type == "request" && one.index == 0);
    let reference = reference.ok_or(Problem::NoPage)?;
    let asked =
        wire::GetDocumentRequest { entry_id: reference.entry_id.clone(), ..wire::GetDocumentRequest::default() };
    let body = visit.app.cases.document(asked).await?.body;
    let document: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let summary = shown.summary.unwrap_or_default();
    let mut page = TranslationPage::of(&document, None, &visit);
    page.id = id.to_string();
    page.called = visit.called(&summary.reference, &summary.counterpart);
    page.back = format!("/cases/{id}");
    page.compare(&visit, &id.to_string()).await;
    html(&page)
}

impl TranslationPage {
    fn of(document: &Value, fields: Option<&Fields>, visit: &Visit) -> Self {
        let pair = |(pointer, label): (String, String)| {
            let (name, stored) = (name_of(&pointer), translation_of(document, &pointer));
            let translation = fields.map_or(stored.clone(), |fields| fields.one(&name).replace("\r\n", "\n"));
            let original = text_at(document, &pointer);
            let theirs = (translation.trim_end() != stored).then_some(stored);
            Pair { name, label, original, translation, theirs, outcome: String::new(), differences: Vec::new() }
        };
        Self {
            page: visit.page(Section::Inbox),
            id: String::new(),
            called: String::new(),
            back: String::new(),
            from: text_at(document, "/language/original"),
            to: text_at(document, "/language/translation/language"),
            writes: false,
            texts: originals(document, visit).into_iter().map(pair).collect(),
            seen: digest(document),
            uncompared: String::new(),
            problem: None,
            is_conflict: false,
        }
    }

    /// Holds each translation that is there against its original.
    async fn compare(&mut self, visit: &Visit, case: &str) {
        let translated: Vec<usize> =
            (0..self.texts.len()).filter(|at| !self.texts[*at].translation.trim().is_empty()).collect();
        if translated.is_empty() || self.from.is_empty() || self.to.is_empty() {
            return;
        }
        let pair = |at: &usize| wire::TextPair {
            original: self.texts[*at].original.clone(),
            translation: self.texts[*at].translation.clone(),
        };
        let request = wire::CompareTextsRequest {
            case_id: case.to_owned(),
            from: self.from.clone(),
            to: self.to.clone(),
            pairs: translated.iter().map(pair).collect(),
        };
        match visit.app.cases.compare(request).await {
            Ok(compared) => {
                for (at, compared) in translated.into_iter().zip(compared) {
                    self.texts[at].outcome = compared.outcome;
                    self.texts[at].differences =
                        compared.differences.iter().map(|one| Differs::of(one, visit)).collect();
                }
            }
            Err(problem) => self.uncompared = problem.told(visit).what,
        }
    }
}

impl Differs {
    fn of(one: &wire::TextDifference, visit: &Visit) -> Self {
        Self {
            where_: visit.text(&key("differs-only", &one.stands_in)),
            kind: visit.text(&key("differs-kind", &one.kind)),
            value: one.value.clone(),
            doubtful: one.doubtful,
        }
    }
}
