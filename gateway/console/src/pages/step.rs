//! A step of a case: a form, what is going to be signed in words, and the signature. The officer fills in, checks and signs; nothing is kept
//! between the three but in the form itself, so that the back button, a second submit and the end of a session do no harm.

mod accept;
mod ask;
mod form;
mod prefill;
mod sign;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    http::StatusCode,
    routing::get,
};
use model::{CaseId, ConditionCode, PostponementCode, RefusalCode, Role, Step};
use proto::desk as wire;

use super::inbox;
use crate::{
    App,
    desk::{case_id, entry_text},
    face::{Page, Section},
    fields::Fields,
    forms::{self, Form, FormShown, Unfit, Wrong, rearranged},
    hearing::SlotShown,
    problem::{Problem, Told},
    session::once,
    visit::{self, Answer, Visit, html_as, key, see},
};
use form::{Kind, Missing, Parts, RECORDS_MAX};

/// The form of a step.
#[derive(Template)]
#[template(path = "pages/step.html")]
struct StepPage {
    page: Page,
    case: String,
    reference: String,
    step: String,
    title: String,
    once: String,
    matter: String,
    /// The entry whose step is taken anew, unchanged; empty else.
    again: String,
    /// Whether another officer has signed it: it is shown, and signed as it is.
    waiting: bool,
    parts: Parts,
    measures: Vec<Choice>,
    grounds: Vec<Choice>,
    conditions: Vec<Choice>,
    postponements: Vec<Choice>,
    flaws: Vec<Choice>,
    /// In which the officer may sign, where there are several.
    roles: Vec<Choice>,
    /// Texts to begin with.
    templates: Vec<(String, String)>,
    records: Vec<RecordField>,
    record_types: Vec<String>,
    consult_first: bool,
    /// Whether questions wait for an answer.
    asked: bool,
    /// Which step waits for its second signature, where it is another one: this one would drop it.
    other_waits: String,
    values: Fields,
    problem: Option<Told>,
    /// What is to be mended: where, and how.
    missing: Vec<Wrong>,
    /// The forms of the catalogue that go with it.
    forms: Vec<FormShown>,
    /// The kind of the matter that it moves, as the desk names it.
    matter_kind: String,
    /// The entries whose records it can be about.
    abouts: Vec<Choice>,
    /// The times among which one is taken.
    times: Vec<Choice>,
    /// The times that are proposed, by both clocks.
    preview: Vec<SlotShown>,
    /// Who is on the other side.
    counterpart: String,
}

/// What can be ticked.
struct Choice {
    value: String,
    text: String,
    hint: String,
    checked: bool,
}

/// Room for a record.
struct RecordField {
    number: usize,
    record_type: String,
    text: String,
    /// Its fields, where its type is known.
    form: Option<FormShown>,
}

/// Where a step is taken.
struct Place {
    case: CaseId,
    step: Step,
    shown: wire::GetCaseResponse,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/cases/{case}/steps/{step}", get(show).post(post))
        .route("/cases/{case}/steps/{step}/check/{key}", get(sign::checked))
}

impl Place {
    async fn find(visit: &Visit, case: &str, step: &str) -> Result<Self, Problem> {
        let case = case_id(case)?;
        let step: Step = step.parse().map_err(|_| Problem::NoPage)?;
        if step.is_handshake() {
            return Err(Problem::NoPage);
        }
        Ok(Self { case, step, shown: visit.app.cases.case(case).await? })
    }

    fn summary(&self) -> wire::CaseSummary {
        self.shown.summary.clone().unwrap_or_default()
    }

    /// Whether the desk offers the step now.
    fn is_offered(&self, matter: &str) -> bool {
        let summary = self.summary();
        let of_matter = self.shown.matters.iter().filter(|one| one.id.to_string() == matter);
        let offered = summary.possible_steps.iter().chain(&self.shown.matter_openings);
        let mut offered = offered.chain(of_matter.flat_map(|one| &one.possible_steps));
        // To accept is one act, though the review is opened by it.
        let accepts = self.step == Step::Recognise && summary.possible_steps.iter().any(|name| name == "open_review");
        // The desk lists what moves a case; showing a draft moves none.
        let shares = self.step == Step::ShareDraft && inbox::is_draft(&summary) && summary.state == "DRAFT";
        accepts
            || shares
            || offered.any(|name| name == self.step.as_str())
            || summary.awaiting_signature == self.step.as_str()
    }

    /// Whether the entry is one whose step can be taken anew, unchanged.
    fn can_again(&self, entry: &str) -> bool {
        let mut all = self.shown.timeline.iter().filter(|one| one.again && one.step == self.step.as_str());
        all.any(|one| entry_text(&one.entry_id) == entry)
    }

    /// Where its form is.
    fn path(&self) -> String {
        format!("/cases/{}/steps/{}", self.case, self.step.as_str())
    }

    fn is_waiting(&self) -> bool {
        self.summary().awaiting_signature == self.step.as_str()
    }
}

async fn show(
    visit: Visit,
    Path((case, step)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let place = Place::find(&visit, &case, &step).await?;
    let one = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
    if place.can_again(one("again")) {
        return step_page(&visit, &place, &Fields::of(&[("again", one("again"))]), None).await;
    }
    if !place.is_offered(one("matter")) {
        return Err(Problem::NotOffered);
    }
    if let Some(text) = ask::text(one("template"), one("lang")).filter(|_| place.step == Step::AskInfo) {
        let fields = Fields::of(&[("matter", one("matter")), ("text", &text)]);
        return step_page(&visit, &place, &fields, None).await;
    }
    // What was entered and not signed stands there still, however the officer came back.
    let officer = visit.officer()?.officer.key;
    let kept = visit.app.kept.newest(officer, &place.path(), visit.now);
    if let Some(kept) = kept.filter(|kept| is_same(kept, one("matter")) && !place.is_waiting()) {
        return step_page(&visit, &place, &kept, None).await;
    }
    let fields = Fields::of(&[("matter", one("matter"))]);
    let fields = prefill::filled(&visit, &place.shown, place.step, fields).await?;
    step_page(&visit, &place, &fields, None).await
}

/// Whether a form that was kept is the one that is asked for.
fn is_same(kept: &Fields, matter: &str) -> bool {
    kept.one("matter") == matter && kept.one("again").is_empty()
}

async fn post(
    visit: Visit,
    Path((case, step)): Path<(String, String)>,
    visit::Form(mut fields): visit::Form,
) -> Answer {
    let place = Place::find(&visit, &case, &step).await?;
    let resumed = !fields.one("resumed").is_empty();
    let passphrase = fields.take_passphrase().unwrap_or_default();
    let done = match (fields.one("act"), resumed) {
        ("sign", false) => sign::sign(&visit, &place, &fields, passphrase).await,
        ("sign", true) | ("check", false) => sign::check(&visit, &place, &fields).await,
        ("change", false) => see(&place.path()),
        _ => return step_page(&visit, &place, &rearranged(fields), None).await,
    };
    match done {
        // What a rule, the desk or the form itself says is said over the form, which is as it was filled in.
        Err(problem @ (Problem::Denied(_) | Problem::Incomplete(_) | Problem::Unfit(_))) => {
            step_page(&visit, &place, &fields, Some(&problem)).await
        }
        done => done,
    }
}

async fn step_page(visit: &Visit, place: &Place, fields: &Fields, problem: Option<&Problem>) -> Answer {
    let (step, shown) = (place.step, &place.shown);
    let waits = place.summary().awaiting_signature;
    let other_waits = Some(waits).filter(|waits| !waits.is_empty() && !place.is_waiting());
    let mut record_types: Vec<String> = shown.measures.iter().flat_map(|one| one.records.iter().cloned()).collect();
    record_types.sort();
    record_types.dedup();
    let matter_kind = prefill::matter_kind(shown, fields);
    let forms = Forms { visit, fields, problem };
    let missing = forms.missing(step, &matter_kind);
    let roles: Vec<_> = visit.officer()?.officer.roles.iter().copied().collect();
    let choices = Choices { visit, shown, fields };
    let page = StepPage {
        page: visit.page(Section::Inbox),
        case: place.case.to_string(),
        reference: place.summary().reference,
        step: step.as_str().to_owned(),
        title: visit.text(&key("step", step.as_str())),
        once: once()?,
        matter: fields.one("matter").to_owned(),
        waiting: place.is_waiting() && fields.one("again").is_empty(),
        again: fields.one("again").to_owned(),
        measures: choices.measures(),
        grounds: choices.grounds(),
        conditions: choices.conditions(),
        postponements: choices.postponements(),
        flaws: choices.flaws(),
        roles: if roles.len() > 1 { role_choices(&roles, fields, visit) } else { Vec::new() },
        templates: if step == Step::AskInfo { ask::templates(&place.path(), visit) } else { Vec::new() },
        records: (1..=RECORDS_MAX).map(|number| forms.record(number)).collect(),
        record_types,
        asked: shown.measures.iter().any(|one| one.state == "INFO_WAIT"),
        consult_first: step == Step::Refuse && shown.measures.iter().any(|one| one.consult_first),
        other_waits: other_waits.map(|waits| visit.text(&key("step", &waits))).unwrap_or_default(),
        values: fields.clone(),
        problem: problem.filter(|_| missing.is_empty()).map(|problem| problem.told(visit)),
        missing,
        parts: Parts::of(step),
        forms: forms.of_step(step, &matter_kind, shown),
        matter_kind,
        abouts: prefill::abouts(shown, fields, visit),
        times: prefill::times(visit, shown, step, fields).await?,
        preview: prefill::preview(step, fields, visit),
        counterpart: place.summary().counterpart,
    };
    html_as(problem.map_or(StatusCode::OK, Problem::status), &page)
}

/// What can be ticked on the form of a step, as far as it was ticked before.
struct Choices<'a> {
    visit: &'a Visit,
    shown: &'a wire::GetCaseResponse,
    fields: &'a Fields,
}

impl Choices<'_> {
    fn choice(&self, name: &str, value: &str, text: String, hint: String) -> Choice {
        Choice { checked: self.fields.all(name).any(|one| one == value), value: value.to_owned(), text, hint }
    }

    fn measures(&self) -> Vec<Choice> {
        let measure = |one: &wire::MeasureView| {
            let (clause, kind) = (self.visit.clause(&one.article), self.visit.request_type(&one.request_type));
            let text = format!("{}. {kind} ({clause}): {}", one.id, self.visit.records(&one.records));
            self.choice("measure", &one.id.to_string(), text, self.visit.text(&key("state", &one.state)))
        };
        self.shown.measures.iter().map(measure).collect()
    }

    /// The grounds that the treaty knows for one of the measures; all of them where this desk does not hold the rule.
    fn grounds(&self) -> Vec<Choice> {
        let language = self.visit.language();
        let known = |code: &&RefusalCode| {
            let names = |one: &wire::MeasureView| one.grounds.iter().any(|ground| ground == code.as_str());
            code.is_human() && self.shown.measures.iter().any(|one| one.grounds.is_empty() || names(one))
        };
        let ground = |code: &RefusalCode| {
            let text = format!("{code} {}", code.text_in(language));
            self.choice("ground", code.as_str(), text, code.explanation_in(language).to_owned())
        };
        RefusalCode::ALL.iter().filter(known).map(ground).collect()
    }

    fn conditions(&self) -> Vec<Choice> {
        let text = |code: &ConditionCode| format!("{code} {}", code.text_in(self.visit.language()));
        let choice = |code: &ConditionCode| self.choice("condition", code.as_str(), text(code), String::new());
        ConditionCode::ALL.iter().map(choice).collect()
    }

    fn postponements(&self) -> Vec<Choice> {
        let text = |code: &PostponementCode| format!("{code} {}", code.text_in(self.visit.language()));
        let choice = |code: &PostponementCode| self.choice("postponement", code.as_str(), text(code), String::new());
        PostponementCode::ALL.iter().map(choice).collect()
    }

    fn flaws(&self) -> Vec<Choice> {
        let choice = |flaw| self.choice("flaw", flaw, self.visit.text(&key("flaw", flaw)), String::new());
        ["wrong_subject", "wrong_value", "stale"].into_iter().map(choice).collect()
    }
}

fn role_choices(roles: &[Role], fields: &Fields, visit: &Visit) -> Vec<Choice> {
    let chosen = fields.one("role");
    let choice = |role: &Role| Choice {
        value: role.as_str().to_owned(),
        text: visit.text(&key("role", role.as_str())),
        hint: String::new(),
        checked: role.as_str() == chosen,
    };
    roles.iter().map(choice).collect()
}

/// The forms of the catalogue on the page of a step, and what is wrong with them.
struct Forms<'a> {
    visit: &'a Visit,
    fields: &'a Fields,
    problem: Option<&'a Problem>,
}

impl Forms<'_> {
    fn unfit(&self) -> &[Unfit] {
        if let Some(Problem::Unfit(unfit)) = self.problem { unfit } else { &[] }
    }

    fn shown(&self, form: &Form) -> FormShown {
        let name = if form.is_order() { "order" } else { &form.record_type };
        let title = if form.is_optional { self.visit.text(&key("form-title", name)) } else { String::new() };
        FormShown::of(form, title, self.fields, self.unfit(), self.visit)
    }

    fn of_step(&self, step: Step, matter_kind: &str, shown: &wire::GetCaseResponse) -> Vec<FormShown> {
        let mut all = forms::of_step(step, matter_kind);
        // What the own law does not want, nobody is asked for.
        let rests =
            |one: &wire::MeasureView| if step == Step::OpenReview { one.ministry_notice } else { one.court_order };
        if !shown.measures.iter().any(rests) {
            all.retain(|form| !form.is_order());
        }
        // What goes by another way is what did not get there.
        let astray = shown.timeline.iter().any(|one| one.step == "return_request" && one.ground == "R93");
        let got_there = |one: &wire::MeasureView| !(one.state == "LAPSED" || astray && one.state == "RETURNED");
        if step == Step::Close && shown.measures.iter().any(got_there) {
            all.clear();
        }
        let urgent = shown.measures.iter().any(|one| one.request_type.contains("emergency"));
        if urgent && matches!(step, Step::Recognise | Step::OfferConditions) {
            all.push(forms::of_callback(form::is_given_back(shown)));
        }
        // The times among which one is taken stand above, by both clocks.
        all.iter_mut().filter(|_| step == Step::AgreeSlot).for_each(|form| form.leave_out("slot"));
        all.iter().map(|form| self.shown(form)).collect()
    }

    fn record_form(&self, number: usize) -> Option<Form> {
        let record_type = self.fields.one(&format!("record{number}_type")).trim();
        let wanted = self.fields.one("act") == format!("fields:{number}");
        let name = format!("record{number}");
        let form = forms::of_record(record_type, &name);
        let is_shown = wanted || self.fields.starts_with(&format!("{name}."));
        Some(form).filter(|form| is_shown && !form.fields.is_empty())
    }

    fn record(&self, number: usize) -> RecordField {
        let field = |part: &str| self.fields.one(&format!("record{number}_{part}")).to_owned();
        let file = field("file");
        RecordField {
            number,
            record_type: field("type"),
            text: if file.trim().is_empty() { field("text") } else { file },
            form: self.record_form(number).map(|form| self.shown(&form)),
        }
    }

    /// What is to be mended, in the order of the page.
    fn missing(&self, step: Step, matter_kind: &str) -> Vec<Wrong> {
        match self.problem {
            Some(Problem::Incomplete(name)) => {
                vec![Wrong { anchor: format!("step-{name}"), text: Missing(name).told(self.visit) }]
            }
            Some(Problem::Unfit(unfit)) => {
                let records = (1..=RECORDS_MAX).filter_map(|number| self.record_form(number));
                let all =
                    forms::of_step(step, matter_kind).into_iter().chain([forms::of_callback(false)]).chain(records);
                all.flat_map(|form| Wrong::of(&form, unfit, self.visit)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl StepPage {
    /// What a field of the form says.
    fn value(&self, name: &str) -> &str {
        self.values.one(name)
    }

    /// Whether times are proposed, which the page shows by both clocks.
    fn is_proposal(&self) -> bool {
        matches!(self.step.as_str(), "propose_hearing" | "propose_slots")
    }

    /// What a part of a day says.
    fn part(&self, name: &str, part: &str) -> &str {
        self.values.one(&format!("{name}-{part}"))
    }

    fn is(&self, kind: &str) -> bool {
        let own = match self.parts.kind {
            Kind::Plain => "plain",
            Kind::Records => "records",
            Kind::Postpone => "postpone",
            Kind::Return => "return",
            Kind::Custody => "custody",
            Kind::Disposal => "disposal",
            Kind::Remedy => "remedy",
            Kind::Emergency => "emergency",
            Kind::Until => "until",
            Kind::Form => "form",
        };
        own == kind
    }
}
