//! A step of a case: a form, what is going to be signed in words, and the signature. The officer fills in, checks and signs; nothing is kept
//! between the three but in the form itself, so that the back button, a second submit and the end of a session do no harm.

mod form;

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
use zeroize::Zeroizing;

use super::taken;
use crate::{
    App,
    desk::{case_id, key_of},
    face::{Page, Section},
    fields::Fields,
    problem::{Problem, Told},
    session::once,
    shown::{DocumentShown, Row},
    signing::{self, Prepared},
    visit::{Answer, Form, Visit, html_as, key, see},
};
use form::{Kind, Missing, Parts, RECORDS_MAX, asked};

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
    records: Vec<RecordField>,
    record_types: Vec<String>,
    consult_first: bool,
    /// Which step waits for its second signature, where it is another one: this one would drop it.
    other_waits: String,
    values: Fields,
    problem: Option<Told>,
    missing: Option<(String, String)>,
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
}

/// What is going to be signed.
#[derive(Template)]
#[template(path = "pages/check.html")]
struct CheckPage {
    page: Page,
    case: String,
    reference: String,
    step: String,
    title: String,
    once: String,
    digest: String,
    header: Vec<Row>,
    inside: Vec<DocumentShown>,
    needed: u32,
    given: u32,
    /// In which role it is signed, in words.
    role: String,
    /// Whether the officer can sign it in no role.
    is_not_for: bool,
    officer: String,
    /// What the form said, for the signature and for the way back.
    carried: Vec<(String, String)>,
    problem: Option<Told>,
}

/// Where a step is taken.
struct Place {
    case: CaseId,
    step: Step,
    shown: wire::GetCaseResponse,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/steps/{step}", get(show).post(post))
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
        offered.any(|name| name == self.step.as_str()) || summary.awaiting_signature == self.step.as_str()
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
    let matter = query.into_iter().find(|(name, _)| name == "matter").map(|(_, value)| value).unwrap_or_default();
    if !place.is_offered(&matter) {
        return Err(Problem::NotOffered);
    }
    let fields = Fields::of(&[("matter", &matter)]);
    step_page(&visit, &place, &fields, None)
}

async fn post(visit: Visit, Path((case, step)): Path<(String, String)>, Form(mut fields): Form) -> Answer {
    let place = Place::find(&visit, &case, &step).await?;
    let resumed = !fields.one("resumed").is_empty();
    let passphrase = fields.take_passphrase().unwrap_or_default();
    let done = match (fields.one("act"), resumed) {
        ("sign", false) => sign(&visit, &place, &fields, passphrase).await,
        ("sign", true) | ("check", false) => check(&visit, &place, &fields, None).await,
        _ => return step_page(&visit, &place, &fields, None),
    };
    match done {
        // What a rule, the desk or the form itself says is said over the form, which is as it was filled in.
        Err(problem @ (Problem::Denied(_) | Problem::Incomplete(_))) => {
            step_page(&visit, &place, &fields, Some(&problem))
        }
        done => done,
    }
}

/// Prepares, and shows what is going to be signed.
async fn check(visit: &Visit, place: &Place, fields: &Fields, problem: Option<&Problem>) -> Answer {
    let mut acts = visit.officer()?.session.acts.lock().await;
    let asked = asked(place.case, place.step, fields, visit)?;
    let key = key_of(fields.one("once"), &asked);
    let prepared = Arc::new(signing::prepare(visit, asked, fields.one("once")).await?);
    acts.show(key, prepared.clone());
    check_page(visit, place, fields, &prepared, problem)
}

/// Signs what was shown. Once it was signed, the same form shows what came of it.
async fn sign(visit: &Visit, place: &Place, fields: &Fields, passphrase: Zeroizing<String>) -> Answer {
    let once = fields.one("once");
    let asked = asked(place.case, place.step, fields, visit)?;
    let done = key_of(once, &asked);
    let case = place.case.to_string();
    let mut acts = visit.officer()?.session.acts.lock().await;
    if acts.find(&done).is_some() {
        return see(&taken::address(&case, &done));
    }
    let prepared = match acts.shown(&done) {
        Some(prepared) => prepared,
        None => Arc::new(signing::prepare(visit, asked, once).await?),
    };
    if prepared.digest() != fields.one("digest") {
        acts.show(done, prepared.clone());
        return check_page(visit, place, fields, &prepared, Some(&signing::is_another()));
    }
    let role = fields.one("role").parse::<Role>().ok();
    match signing::sign(visit, &prepared, role, passphrase, once).await {
        Ok(taken) => {
            acts.note(done.clone(), taken);
            see(&taken::address(&case, &done))
        }
        Err(problem @ (Problem::Wrong | Problem::Wait(_))) => {
            let page = check_page(visit, place, fields, &prepared, Some(&problem))?;
            problem.over(page)
        }
        Err(problem) => Err(problem),
    }
}

fn check_page(visit: &Visit, place: &Place, fields: &Fields, prepared: &Prepared, problem: Option<&Problem>) -> Answer {
    let officer = &visit.officer()?.officer;
    let roles = prepared.roles(visit)?;
    let chosen = fields.one("role").parse::<Role>().ok().filter(|role| roles.contains(role));
    let role = chosen.or(roles.first().copied());
    let of_page = ["act", "digest", "once", "resumed"];
    let page = CheckPage {
        page: visit.page(Section::Inbox),
        case: place.case.to_string(),
        reference: place.summary().reference,
        step: place.step.as_str().to_owned(),
        title: visit.text(&key("step", place.step.as_str())),
        once: fields.one("once").to_owned(),
        digest: prepared.digest(),
        header: prepared.rows(visit),
        inside: prepared.inside().to_vec(),
        needed: prepared.needed(),
        given: prepared.given(),
        is_not_for: roles.is_empty(),
        role: role.map(|role| visit.text(&key("role", role.as_str()))).unwrap_or_default(),
        officer: officer.name.clone(),
        carried: fields.carried().into_iter().filter(|(name, _)| !of_page.contains(&name.as_str())).collect(),
        problem: problem.map(|problem| problem.told(visit)),
    };
    html_as(problem.map_or(StatusCode::OK, Problem::status), &page)
}

fn step_page(visit: &Visit, place: &Place, fields: &Fields, problem: Option<&Problem>) -> Answer {
    let (step, shown) = (place.step, &place.shown);
    let waits = place.summary().awaiting_signature;
    let other_waits = Some(waits).filter(|waits| !waits.is_empty() && !place.is_waiting());
    let mut record_types: Vec<String> = shown.measures.iter().flat_map(|one| one.records.iter().cloned()).collect();
    record_types.sort();
    record_types.dedup();
    let missing = match problem {
        Some(Problem::Incomplete(name)) => Some((format!("step-{name}"), Missing(name).told(visit))),
        _ => None,
    };
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
        waiting: place.is_waiting(),
        measures: choices.measures(),
        grounds: choices.grounds(),
        conditions: choices.conditions(),
        postponements: choices.postponements(),
        flaws: choices.flaws(),
        roles: if roles.len() > 1 { role_choices(&roles, fields, visit) } else { Vec::new() },
        records: (1..=RECORDS_MAX).map(|number| RecordField::of(number, fields)).collect(),
        record_types,
        consult_first: step == Step::Refuse && shown.measures.iter().any(|one| one.consult_first),
        other_waits: other_waits.map(|waits| visit.text(&key("step", &waits))).unwrap_or_default(),
        values: fields.clone(),
        problem: problem.filter(|_| missing.is_none()).map(|problem| problem.told(visit)),
        missing,
        parts: Parts::of(step),
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
            let text = format!("M{} [{}] {}: {}", one.id, one.article, one.request_type, one.records.join(", "));
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

impl RecordField {
    fn of(number: usize, fields: &Fields) -> Self {
        let field = |part: &str| fields.one(&format!("record{number}_{part}")).to_owned();
        let file = field("file");
        Self { number, record_type: field("type"), text: if file.trim().is_empty() { field("text") } else { file } }
    }
}

impl StepPage {
    /// What a field of the form says.
    fn value(&self, name: &str) -> &str {
        self.values.one(name)
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
            Kind::Written => "written",
        };
        own == kind
    }
}
