//! What a step's form asks for, and what it becomes: the call that prepares the step.

use model::{AuthorityId, Challenge, ConditionCode, EntryId, PostponementCode, RefusalCode, Role, Step};
use proto::desk as wire;
use serde_json::{Value, json};

use super::Place;
use crate::{
    fields::Fields,
    forms,
    problem::Problem,
    visit::{Visit, key},
};

/// Records of one release that the page has room for; more come with a national system's own program.
pub(super) const RECORDS_MAX: usize = 6;

/// The form behind the words of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing behind them.
    Plain,
    /// The records that are released.
    Records,
    /// Why it is postponed, and until when.
    Postpone,
    /// Whose request it is.
    Return,
    /// Who reads what was received, and for what.
    Custody,
    /// Who certifies that it was destroyed.
    Disposal,
    /// The court and its file number.
    Remedy,
    /// What the emergency was.
    Emergency,
    /// Until when.
    Until,
    /// Forms of the catalogue, as fields.
    Form,
}

/// Which parts of the page a step has.
pub(super) struct Parts {
    pub(super) kind: Kind,
    pub(super) measures: bool,
    pub(super) text: bool,
    /// Whether the other side must be told why.
    pub(super) needs_text: bool,
    pub(super) ground: bool,
    pub(super) conditions: bool,
    pub(super) purpose: bool,
    pub(super) flaw: bool,
    /// Whether it opens a matter about records.
    pub(super) about: bool,
}

impl Parts {
    pub(super) fn of(step: Step) -> Self {
        use Step::*;
        let kind = match step {
            Release | Reissue => Kind::Records,
            Postpone => Kind::Postpone,
            ReturnRequest => Kind::Return,
            TakeOver => Kind::Custody,
            CertifyDisposal | CertifyShredding => Kind::Disposal,
            LodgeRemedy | AnnulDecision | UpholdDecision => Kind::Remedy,
            Regularise => Kind::Emergency,
            Prolong | Extend | GrantConsent => Kind::Until,
            step if forms::is_offered(step) => Kind::Form,
            _ => Kind::Plain,
        };
        let whole = matches!(step, SealSend | ShareDraft | CommentDraft);
        let wordless = step.carries_records()
            || matches!(step, SealSend | Confirm | AcceptConditions | TakeOver | CertifyDisposal | Regularise);
        let needs_text = matches!(step, Refuse | Postpone | ReturnRequest | Reject | CommentDraft)
            || matches!(step, ReportError | RequestUse | RequestOnward | NotifyBreach | DenyConsent | CancelHearing);
        Self {
            kind,
            measures: !whole,
            text: !wordless,
            needs_text,
            ground: step == Refuse,
            conditions: matches!(step, Recognise | OfferConditions | Release | GrantConsent),
            purpose: matches!(step, RequestUse | RequestOnward | NotifyExculpatory),
            flaw: matches!(step, Triage | Reject),
            about: matches!(step, ReportError | RequestUse | RequestOnward | NotifyExculpatory | NotifyBreach),
        }
    }
}

/// The call that a form asks for.
///
/// # Errors
/// [`Missing`] where something is not filled in, by the name of its field.
pub(super) fn asked(place: &Place, fields: &Fields, visit: &Visit) -> Result<wire::PrepareStepRequest, Problem> {
    let (case, step) = (place.case, place.step);
    let parts = Parts::of(step);
    let measures = fields.all("measure").map(str::parse);
    let mut request = wire::PrepareStepRequest {
        case_id: case.to_string(),
        step: step.as_str().to_owned(),
        concerns: measures.collect::<Result<_, _>>().map_err(|_| Missing("measure"))?,
        text: if parts.text { text(fields.one("text")) } else { String::new() },
        role: fields.one("role").to_owned(),
        matter: whole(fields.one("matter")).ok_or(Missing("matter"))?,
        replace: !fields.one("replace").is_empty(),
        ..wire::PrepareStepRequest::default()
    };
    if !request.role.is_empty() {
        request.role.parse::<Role>().map_err(|_| Missing("role"))?;
    }
    if !fields.one("again").is_empty() {
        let entry: EntryId = fields.one("again").parse().map_err(|_| Missing("matter"))?;
        let (case_id, step, role, replace) = (request.case_id, request.step, request.role, request.replace);
        let again_entry_id = entry.as_bytes().to_vec().into();
        return Ok(wire::PrepareStepRequest { case_id, step, role, replace, again_entry_id, ..Default::default() });
    }
    // Another officer has signed it: what is left open is as they signed it.
    if !fields.one("waiting").is_empty() {
        return Ok(request);
    }
    if parts.needs_text && request.text.trim().is_empty() {
        return Err(Missing("text").into());
    }
    if parts.ground {
        let ground = fields.one("ground").parse::<RefusalCode>().ok().filter(|ground| ground.is_human());
        request.ground = ground.ok_or(Missing("ground"))?.to_string();
    }
    if parts.conditions {
        let codes = fields.all("condition").map(|code| code.parse::<ConditionCode>().map(|code| code.to_string()));
        request.conditions = codes.collect::<Result<_, _>>().map_err(|_| Missing("condition"))?;
    }
    if parts.purpose {
        request.purpose = wanted(fields, "purpose")?;
    }
    if parts.flaw {
        request.flaw = wanted(fields, "flaw")?;
    }
    if parts.about && !fields.one("about").is_empty() {
        let entry: EntryId = fields.one("about").parse().map_err(|_| Missing("about"))?;
        request.about_entry_id = entry.as_bytes().to_vec().into();
    }
    form(parts.kind, place, fields, visit, &mut request)?;
    Ok(request)
}

/// A field that a form needs and does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing(pub(super) &'static str);

impl Missing {
    /// What is to be filled in, in words.
    pub(super) fn told(self, visit: &Visit) -> String {
        visit.text(&key("step-missing", self.0))
    }
}

fn form(
    kind: Kind,
    place: &Place,
    fields: &Fields,
    visit: &Visit,
    request: &mut wire::PrepareStepRequest,
) -> Result<(), Problem> {
    let step = place.step;
    let some = |name: &str| Some(fields.one(name).trim()).filter(|text| !text.is_empty());
    match kind {
        Kind::Plain => {}
        Kind::Records => {
            request.documents = released(fields, visit)?;
        }
        Kind::Postpone => {
            let code: PostponementCode = fields.one("postponement").parse().map_err(|_| Missing("postponement"))?;
            let day = day(fields, "review")?;
            let preserved = !fields.one("preserved").is_empty();
            let one =
                json!({ "code": code.as_str(), "reasons": request.text, "preserved": preserved, "review_on": day });
            request.documents = vec![written("postponement", &json!({ "measures": [one] }))];
        }
        Kind::Return => {
            returned(fields, request)?;
        }
        Kind::Custody => {
            let names: Vec<_> = names(fields, "readers");
            if names.is_empty() {
                return Err(Missing("readers").into());
            }
            let mut note = json!({ "readers": names });
            for name in ["purpose", "proceeding", "place"] {
                some(name).into_iter().for_each(|value| note[name] = value.into());
            }
            request.documents = vec![written("custody_note", &note)];
        }
        Kind::Disposal => {
            let names: Vec<_> = names(fields, "certifiers");
            if names.len() < 2 {
                return Err(Missing("certifiers").into());
            }
            let mut certificate = json!({ "certified_by": names });
            some("remaining").into_iter().for_each(|value| certificate["remaining"] = value.into());
            request.documents = vec![written("destruction_certificate", &certificate)];
        }
        Kind::Remedy => {
            let mut remedy = json!({ "court": wanted(fields, "court")? });
            some("reference").into_iter().for_each(|value| remedy["reference"] = value.into());
            request.documents = vec![written("remedy", &remedy)];
        }
        Kind::Emergency => {
            let order = json!({ "emergency": wanted(fields, "emergency")?, "necessity": wanted(fields, "necessity")? });
            request.documents = vec![written("expost_validation", &order)];
        }
        Kind::Until => until(step, fields, visit, request)?,
        Kind::Form => {
            request.documents = said(&forms::of_step(step, fields.one("matter_kind")), fields, visit)?;
            if matches!(step, Step::OpenCallback | Step::AnswerCallback) {
                request.documents = vec![call(place, fields)?];
            }
            // What an officer says in words is one question, or one answer.
            let asks = matches!(step, Step::AskInfo | Step::GiveInfo);
            if asks && request.documents.is_empty() && request.text.trim().is_empty() {
                return Err(Missing("text").into());
            }
        }
    }
    called_back(place, fields, visit, request)
}

/// Whose request it is; or that nobody answered the questions on it, so that it goes back as it is.
fn returned(fields: &Fields, request: &mut wire::PrepareStepRequest) -> Result<(), Missing> {
    let (unanswered, addressee) = (!fields.one("unanswered").is_empty(), fields.one("addressee").trim());
    let notice = match addressee {
        "" if unanswered => json!({}),
        _ if unanswered => return Err(Missing("addressee")),
        addressee => {
            let addressee: AuthorityId = addressee.parse().map_err(|_| Missing("addressee"))?;
            json!({ "addressee": addressee.to_string() })
        }
    };
    request.ground = if unanswered { RefusalCode::R01 } else { RefusalCode::R93 }.to_string();
    request.documents = vec![written("notice", &notice)];
    Ok(())
}

/// The notice of a call-back: who calls says the commitment of what is read out, who is called gives it back as it was heard.
fn call(place: &Place, fields: &Fields) -> Result<wire::Document, Problem> {
    let read = |name: &str| {
        let path = format!("f0.{name}");
        let challenge: Option<Challenge> = fields.one(&path).parse().ok();
        challenge.ok_or_else(|| Problem::Unfit(vec![forms::Unfit { path, why: "challenge" }]))
    };
    if place.step == Step::AnswerCallback {
        return Ok(written("notice", &json!({ "challenge": read("challenge")?.to_string() })));
    }
    let request = place.shown.request_entry().ok_or(Problem::NotOffered)?;
    let commitment = read(forms::DRAWN)?.commitment(place.case, request);
    Ok(written("notice", &json!({ "challenge_hash": commitment.to_string() })))
}

/// The documents that forms of the catalogue say.
fn said(all: &[forms::Form], fields: &Fields, visit: &Visit) -> Result<Vec<wire::Document>, Problem> {
    let clock = forms::Clock::of(&visit.app.zone);
    let (mut documents, mut wrong) = (Vec::new(), Vec::new());
    for form in all {
        match forms::document(form, fields, &clock) {
            Ok(said) => documents.extend(said.map(|value| written(&form.record_type, &value))),
            Err(unfit) => wrong.extend(unfit),
        }
    }
    if wrong.is_empty() { Ok(documents) } else { Err(Problem::Unfit(wrong)) }
}

/// Whether the other side has given the challenge of a call-back back.
pub(super) fn is_given_back(shown: &wire::GetCaseResponse) -> bool {
    shown.timeline.iter().any(|one| one.step == Step::AnswerCallback.as_str() && one.verdict == "admitted")
}

/// The record of a call-back, on the answer to an emergency.
fn called_back(
    place: &Place,
    fields: &Fields,
    visit: &Visit,
    request: &mut wire::PrepareStepRequest,
) -> Result<(), Problem> {
    if !matches!(place.step, Step::Recognise | Step::OfferConditions) {
        return Ok(());
    }
    let calls = said(&[forms::of_callback(is_given_back(&place.shown))], fields, visit)?;
    if let Some(call) = calls.first() {
        let value: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let at = value["at"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let path = "call.at".to_owned();
        let at = at.ok_or_else(|| Problem::Unfit(vec![forms::Unfit { path, why: "moment" }]))?;
        request.callback_ms = at.as_millisecond();
        request.documents.push(written(forms::CALLBACK, &between(value, visit.app.desk.to_string(), fields)));
    }
    Ok(())
}

/// A call of this desk to the other side.
fn between(mut call: Value, own: String, fields: &Fields) -> Value {
    for (side, authority) in [("caller", own), ("callee", fields.one("counterpart").to_owned())] {
        call[side]["party"] = authority.split(':').next().unwrap_or_default().into();
        call[side]["authority"] = authority.into();
    }
    call
}

/// The first moment after the last day, where this desk lies: in UTC, as the notices of the procedure have it.
fn until(step: Step, fields: &Fields, _: &Visit, request: &mut wire::PrepareStepRequest) -> Result<(), Missing> {
    let last: jiff::civil::Date = day(fields, "until")?.parse().map_err(|_| Missing("until"))?;
    let end = last.tomorrow().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC)).map_err(|_| Missing("until"))?;
    let end = end.timestamp();
    if step == Step::GrantConsent {
        request.until_ms = end.as_millisecond();
    } else {
        let moment = model::Timestamp(end.as_millisecond()).to_string();
        request.documents = vec![written("notice", &json!({ "until": moment }))];
    }
    Ok(())
}

/// The records that are released: each by the fields of its type, or as a file.
fn released(fields: &Fields, visit: &Visit) -> Result<Vec<wire::Document>, Problem> {
    let (mut documents, mut by_fields) = (Vec::new(), Vec::new());
    for number in 1..=RECORDS_MAX {
        let name = format!("record{number}");
        if let Some((record_type, bytes)) = json_of(fields, &name)? {
            documents.push(wire::Document { record_type, body: bytes.into() });
        } else if fields.starts_with(&format!("{name}.")) {
            by_fields.push(forms::of_record(fields.one(&format!("{name}_type")).trim(), &name));
        }
    }
    documents.append(&mut said(&by_fields, fields, visit)?);
    if documents.is_empty() { Err(Missing("record").into()) } else { Ok(documents) }
}

/// A document of a form: its type, and its JSON as a file or, where none was chosen, as it was typed.
fn json_of(fields: &Fields, name: &str) -> Result<Option<(String, Vec<u8>)>, Missing> {
    let field = |part: &str| fields.one(&format!("{name}_{part}"));
    let written = if field("file").trim().is_empty() { field("text") } else { field("file") };
    if written.trim().is_empty() {
        return Ok(None);
    }
    let kind = field("type").trim();
    if kind.is_empty() {
        return Err(Missing("record-type"));
    }
    serde_json::from_str::<Value>(written).map_err(|_| Missing("record-json"))?;
    Ok(Some((kind.to_owned(), written.as_bytes().to_vec())))
}

/// A day in the three fields of a date input.
fn day(fields: &Fields, name: &str) -> Result<String, Missing> {
    let missing = Missing(if name == "review" { "review" } else { "until" });
    let part = |part: &str| fields.one(&format!("{name}-{part}")).trim().parse::<i16>();
    let (Ok(year), Ok(month), Ok(day)) = (part("year"), part("month"), part("day")) else { return Err(missing) };
    let (month, day) = (i8::try_from(month).map_err(|_| missing)?, i8::try_from(day).map_err(|_| missing)?);
    jiff::civil::Date::new(year, month, day).map(|day| day.to_string()).map_err(|_| missing)
}

fn names(fields: &Fields, name: &str) -> Vec<Value> {
    let lines = fields.one(name).lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| json!({ "name": line })).collect()
}

fn wanted(fields: &Fields, name: &'static str) -> Result<String, Missing> {
    match fields.one(name).trim() {
        "" => Err(Missing(name)),
        text => Ok(self::text(text)),
    }
}

fn written(record_type: &str, value: &Value) -> wire::Document {
    wire::Document { record_type: record_type.to_owned(), body: value.to_string().into_bytes().into() }
}

fn whole(text: &str) -> Option<u32> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

/// Forms send each end of a line as two characters.
fn text(text: &str) -> String {
    text.replace("\r\n", "\n")
}

impl From<Missing> for Problem {
    fn from(missing: Missing) -> Self {
        Self::Incomplete(missing.0)
    }
}
