//! The documents of a step: made from what the officer says, or handed in by the officer and held against their schema.

use desk::{
    CALLBACK, Document, Record, RequestBody, compare_answers, document_of, holds_still, may_carry, subject_binding,
};
use model::{
    AuthorityId, ConditionCode, Denial, Digest, EntryId, Fault, Header, MeasureId, RecordType, Refusal, RefusalCode,
    Role, Step, Timestamp,
};
use serde_json::{Map, Value, json};
use workflow::{Case, State};

use super::{Office, forms::is_form, internal, matter_forms, view::CaseView};
use crate::{clock, random};

/// What the officer wants to say with a step.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    pub(crate) step: Step,
    pub(crate) concerns: &'a [MeasureId],
    pub(crate) ground: Option<RefusalCode>,
    pub(crate) conditions: &'a [ConditionCode],
    pub(crate) text: &'a str,
    pub(crate) role: Option<Role>,
    pub(crate) callback: Option<Timestamp>,
    /// The entry to which it is the answer.
    pub(crate) answers: Option<EntryId>,
    /// The how-manieth reminder it is, where it asks again.
    pub(crate) reminder: u32,
    /// What it is about, on a matter.
    pub(crate) affair: Option<&'a super::matters::Affair>,
    pub(crate) now: Timestamp,
}

impl Office {
    /// The documents of a step that releases nothing: the one in `given`, or one made from what the officer says; with it the record
    /// of a call-back, where one is declared.
    pub(super) fn step_documents(
        &self,
        view: &CaseView,
        said: &Said<'_>,
        given: &[Document],
        received: &[Record],
    ) -> Result<Vec<Document>, Denial> {
        let (calls, given): (Vec<_>, Vec<_>) = given.iter().partition(|one| one.record_type.as_str() == CALLBACK);
        let mut documents = vec![self.step_document(view, said, &given, received)?];
        match (said.callback, calls.as_slice()) {
            (None, []) => {}
            (Some(at), [one]) => documents.push(self.call(view, said.concerns, at, one)?),
            (Some(_), _) => {
                return Err(Denial::failed(Fault::Malformed, "a call-back carries exactly one record of it"));
            }
            (None, _) => {
                let detail = "the record of a call-back is given, and not when it was: --callback-at";
                return Err(Denial::failed(Fault::Malformed, detail));
            }
        }
        Ok(documents)
    }

    fn step_document(
        &self,
        view: &CaseView,
        said: &Said<'_>,
        given: &[&Document],
        received: &[Record],
    ) -> Result<Document, Denial> {
        let form = document_of(said.step).ok_or_else(|| internal("the step carries records, or no document"))?;
        let form = said.affair.and_then(|affair| affair.form(said.step)).unwrap_or(form);
        // What may stand in for the ordinary form is taken whole.
        let form = match given {
            [one] if said.affair.is_none_or(|affair| affair.form(said.step).is_none()) => {
                Some(one.record_type.as_str()).filter(|name| may_carry(said.step, name)).unwrap_or(form)
            }
            _ => form,
        };
        if let (true, [] | [_]) = (is_form(said.step, form), given)
            && given.first().is_none_or(|one| one.record_type.as_str() == form)
        {
            let record_type: RecordType = form.parse().map_err(internal)?;
            return self.filled(&record_type, view, said, given.first().map(|one| one.bytes.as_slice()));
        }
        if let [one] = given
            && one.record_type.as_str() == form
        {
            self.accept(&one.record_type, &one.bytes)?;
            return Ok((*one).clone());
        }
        if !given.is_empty() {
            return Err(Denial::failed(Fault::Malformed, format!("{} carries one document: {form}", said.step)));
        }
        // Minutes are signed by both sides; a desk alone can only give notice that the consultation was held.
        let form = if said.step == Step::ConsultDone { "notice" } else { form };
        let record_type: RecordType = form.parse().map_err(internal)?;
        let bytes = serde_json::to_vec_pretty(&plain(form, view, said, received, (&self.own, &self.title()?))?)
            .map_err(internal)?;
        self.accept(&record_type, &bytes)?;
        Ok(Document { record_type, bytes })
    }

    /// The record of a call-back. What it can only say in one way is filled in.
    fn call(
        &self,
        view: &CaseView,
        concerns: &[MeasureId],
        at: Timestamp,
        given: &Document,
    ) -> Result<Document, Denial> {
        let value = records::read(&given.bytes).map_err(|f| Denial::failed(Fault::Malformed, f.to_string()))?;
        let Value::Object(mut call) = value else {
            return Err(Denial::failed(Fault::Malformed, "the record of a call-back is a JSON object"));
        };
        let mut fill = |name: &str, value: Value| {
            call.entry(name).or_insert(value);
        };
        fill("record_type", CALLBACK.into());
        fill("case", view.id.to_string().into());
        fill("at", at.to_string().into());
        // That both agreed, the entries of both sides say; where no challenge was given back, who called says it himself, or nobody.
        let given_back = |id: &MeasureId| {
            let call = view.admitted.as_ref().and_then(|case| case.measures.get(id)?.call);
            call.is_some_and(|call| call.answered.is_some())
        };
        let wanted = |id: &MeasureId| {
            view.admitted.as_ref().and_then(|case| case.measures.get(id)).is_some_and(workflow::Measure::wants_call)
        };
        if !concerns.is_empty() && concerns.iter().all(given_back) {
            fill("agreed", true.into());
        } else if concerns.iter().any(|id| wanted(id) && !given_back(id)) {
            let reason = "nobody of the other side has given back the challenge of a call-back";
            let remedy = "Call them back over another channel (desk call-back open), and grant it when they have entered what you read out.";
            return Err(Refusal::new(RefusalCode::R95, "workflow", reason, remedy).at("declared.callback").into());
        }
        let request = view.request.map(|entry| entry.to_string());
        request.into_iter().for_each(|entry| fill("request_entry", entry.into()));
        let bytes = serde_json::to_vec_pretty(&Value::Object(call)).map_err(internal)?;
        self.accept(&given.record_type, &bytes)?;
        Ok(Document { record_type: given.record_type.clone(), bytes })
    }

    /// How the register calls this authority.
    pub(super) fn title(&self) -> Result<String, Denial> {
        let trust = self.trust.store()?;
        Ok(trust.authority(&self.own).map_or_else(|| self.own.to_string(), |one| one.title.clone()))
    }

    /// The records of a release. What the wrapper of a record can only say in one way is filled in.
    pub(super) fn release_documents(
        &self,
        asked: &RequestBody,
        case: &Case,
        said: &Said<'_>,
        given: &[Document],
    ) -> Result<Vec<Document>, Denial> {
        let mut documents = Vec::new();
        for document in given {
            let value = records::read(&document.bytes).map_err(|f| Denial::failed(Fault::Malformed, f.to_string()))?;
            let completed = self.completed(asked, case, said, &document.record_type, value)?;
            still_held(case, said, &completed)?;
            let bytes = serde_json::to_vec_pretty(&completed).map_err(internal)?;
            self.accept(&document.record_type, &bytes)?;
            documents.push(Document { record_type: document.record_type.clone(), bytes });
        }
        Ok(documents)
    }

    fn completed(
        &self,
        asked: &RequestBody,
        case: &Case,
        said: &Said<'_>,
        record_type: &RecordType,
        value: Value,
    ) -> Result<Value, Denial> {
        let mut record = record_of(value)?;
        let id: Value = random::record_id()?.into();
        record.entry("record_id").or_insert(id);
        let fits = |one: &&desk::Measure| {
            let concerned = said.concerns.is_empty() || said.concerns.contains(&one.id);
            let standing = case
                .measures
                .get(&one.id)
                .is_some_and(|m| matches!(m.state, State::Ready | State::Partial | State::Executing));
            let standing = standing || said.step == Step::Reissue;
            concerned && standing && one.records.contains(record_type)
        };
        let only = asked.measures.iter().find(fits).map(|one| one.id);
        if let Some(old) = only
            .filter(|_| said.step == Step::Reissue)
            .and_then(|measure| said.affair?.replaced(record_type, measure).map(str::to_owned))
        {
            record.entry("supersedes").or_insert(old.into());
        }
        let imposed = |id: MeasureId| match said.conditions {
            [] => {
                let bound = |one: &workflow::Measure| match said.step {
                    Step::Reissue => one.conditions.clone(),
                    _ => one.granted.clone(),
                };
                case.measures.get(&id).map(bound).unwrap_or_default()
            }
            named => named.to_vec(),
        };
        self.wrapped(asked, record_type, record, only, &imposed, said.now)
    }

    /// A record with what its wrapper can only say in one way: for the measure `only` where it names none, under the conditions that are
    /// imposed on its measure.
    pub(super) fn wrapped(
        &self,
        asked: &RequestBody,
        record_type: &RecordType,
        mut record: Map<String, Value>,
        only: Option<MeasureId>,
        imposed: &dyn Fn(MeasureId) -> Vec<ConditionCode>,
        now: Timestamp,
    ) -> Result<Value, Denial> {
        let mut fill = |name: &str, value: Value| record.entry(name).or_insert(value).clone();
        fill("record_type", record_type.as_str().into());
        fill("case", asked.case.to_string().into());
        let number = fill("measure", only.map_or(Value::Null, |id| id.0.into())).as_u64().unwrap_or(0);
        let measure = asked.measures.iter().find(|one| u64::from(one.id.0) == number);
        let measure =
            measure.ok_or_else(|| incomplete("measure", "names no measure of the request that waits for it"))?;
        let first = measure.subjects.first().filter(|_| measure.subjects.len() == 1);
        let name = fill("subject_ref", first.map_or(Value::Null, |one| one.subject_ref.as_str().into()));
        let subject = measure.subjects.iter().find(|one| Some(one.subject_ref.as_str()) == name.as_str());
        let subject = subject.ok_or_else(|| incomplete("subject_ref", "names no subject of the measure"))?;
        let binding = subject_binding(asked.case, measure.id, &subject.selector)?;
        fill("subject_binding", binding.to_string().into());
        let custodian = measure.custodian.as_ref().map_or("not stated", |one| one.name.as_str());
        fill("source_system", custodian.into());
        fill("collected_at", now.to_string().into());
        fill("collector", json!({ "authority": self.own.to_string() }));
        fill("classification", "restricted".into());
        fill("conditions", imposed(measure.id).iter().map(|code| code.as_str()).collect());
        fill("legal_basis", measure.article.to_string().into());
        let content = record.get("content").cloned().unwrap_or_default();
        let hash = Digest::of(&[&desk::canonical(&content)?]);
        record.entry("hash").or_insert_with(|| hash.to_string().into());
        Ok(Value::Object(record))
    }

    /// Holds a document against its schema.
    ///
    /// # Errors
    /// R90 or R94 with the first finding, without values.
    pub(super) fn accept(&self, record_type: &RecordType, bytes: &[u8]) -> Result<Value, Denial> {
        self.records.accept(record_type, bytes).map_err(|findings| {
            let first = findings.into_iter().next();
            let (field, place, message) = first.map_or_else(Default::default, |one| (one.field, one.rule, one.message));
            let code = desk::form_code(&place);
            let remedy = "Fill the document in as its schema wants it: each selector names one thing.";
            let reason = format!("the {record_type}: {message}");
            Refusal::new(code, &format!("records/{record_type}"), reason, remedy).at(field).into()
        })
    }

    /// Holds the documents of a step that releases nothing against their schemas and its header, in both directions.
    pub(super) fn compare_form(&self, header: &Header, documents: &[Document]) -> Result<(), Denial> {
        let read = |one: &Document| Ok((one.record_type.clone(), self.accept(&one.record_type, &one.bytes)?));
        let read = documents.iter().map(read).collect::<Result<Vec<_>, Denial>>()?;
        Ok(compare_answers(header, &read)?)
    }
}

/// A form of which nothing is given.
pub(super) fn plain(
    name: &str,
    view: &CaseView,
    said: &Said<'_>,
    received: &[Record],
    (own, title): (&AuthorityId, &str),
) -> Result<Value, Denial> {
    let officer = match said.role {
        Some(role) => json!({ "name": title, "title": role.as_str() }),
        None => json!({ "name": title }),
    };
    let measures: Vec<u32> = said.concerns.iter().map(|id| id.0).collect();
    let moment = said.now.to_string();
    let text = (!said.text.trim().is_empty()).then_some(said.text);
    let mut form = json!({ "record_type": name, "case": view.id.to_string() });
    let fields = form.as_object_mut().ok_or_else(|| internal("a form is no object"))?;
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    match said.step {
        Step::Acknowledge => {
            put("received_at", moment.into());
            put("officer", officer);
            put("contact", json!({ "kind": "duty_point", "value": own.to_string() }));
            let id = view.id.to_string();
            put("reference", format!("{} {}", own, id.get(..8).unwrap_or(&id)).into());
            text.map(|text| put("remarks", text.into()));
        }
        Step::Refuse => {
            put("decided_on", clock::day(said.now)?.to_string().into());
            put("decider", officer);
            put("measures", measures.iter().map(|id| outcome(*id, said, text)).collect());
        }
        Step::Confirm => {
            let whole = |record: &Record| json!({ "record_id": record.record_id, "hash": record.hash, "whole": record.content_hash() == Ok(record.hash) });
            put("received_at", moment.into());
            put("custodian", officer);
            put("records", received.iter().map(whole).collect());
        }
        step => {
            put("step", step.as_str().into());
            if !measures.is_empty() {
                put("measures", measures.into());
            }
            put("text", text.or(matter_forms::plain_words(step)).unwrap_or_else(|| plain_words(step)).into());
        }
    }
    Ok(form)
}

/// A confirmation that is given first says that the data are held still, and long enough; one that replaces another tells what was.
fn still_held(case: &Case, said: &Said<'_>, record: &Value) -> Result<(), Denial> {
    if !matches!(said.step, Step::Release | Step::Answer) {
        return Ok(());
    }
    let measure = record.get("measure").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    let measure = measure.and_then(|id| case.measures.get(&MeasureId(id)));
    let terms = measure.and_then(|measure| measure.terms.as_ref()?.preservation.as_ref());
    let (days, clause) = (terms.map(|terms| terms.days), terms.and_then(|terms| terms.clause.as_ref()));
    Ok(holds_still(record, clock::day(said.now)?, days, clause)?)
}

/// The fields of a record: a file may hold a whole record, or its content alone.
pub(super) fn record_of(value: Value) -> Result<Map<String, Value>, Denial> {
    match value {
        Value::Object(fields) if fields.contains_key("content") => Ok(fields),
        Value::Object(fields) => Ok(Map::from_iter([("content".to_owned(), Value::Object(fields))])),
        _ => Err(Denial::failed(Fault::Malformed, "a record is a JSON object")),
    }
}

pub(super) fn outcome(id: u32, said: &Said<'_>, text: Option<&str>) -> Value {
    let mut outcome = json!({ "id": id });
    if said.step == Step::Refuse {
        outcome["outcome"] = "refuse".into();
        outcome["code"] = said.ground.map(|code| code.as_str()).into();
        match text {
            Some(text) => outcome["reasons"] = text.into(),
            None => outcome["reasons_withheld"] = true.into(),
        }
    } else {
        outcome["outcome"] = if said.step == Step::OfferConditions { "offer" } else { "accept" }.into();
        if let Some(text) = text {
            outcome["reasons"] = text.into();
        }
        if !said.conditions.is_empty() {
            outcome["conditions"] = said.conditions.iter().map(|code| code.as_str()).collect();
        }
    }
    outcome
}

pub(super) fn plain_words(step: Step) -> &'static str {
    match step {
        Step::OpenReview => "The review on the merits is open.",
        Step::OpenCallback => {
            "We call you back over another channel and read a challenge out. Enter only what you hear there."
        }
        Step::AnswerCallback => "We were called, and this was read out.",
        Step::Consult => "Before a decision we wish to consult.",
        Step::ConsultDone => "The consultation was held.",
        Step::Assign => "The measure is being carried out.",
        Step::Collected => "All that was asked for is collected.",
        Step::PartCollected => "A part is collected; the rest is outstanding.",
        Step::MoreToCome => "We go on with what is outstanding.",
        Step::DeclineConditions => "The conditions are declined.",
        Step::Resume => "The review is taken up again.",
        Step::Withdraw => "The request is withdrawn.",
        Step::DisposalDue => "What was received has to be destroyed or returned now.",
        Step::GiveUp => "What is preserved is needed no more.",
        _ => "The case is closed.",
    }
}

fn incomplete(field: &str, reason: &str) -> Denial {
    let value = if field == "measure" { "1" } else { "\"S1\"" };
    let remedy =
        format!("Say it in the file of the record, beside its content: {{\"{field}\": {value}, \"content\": …}}");
    Refusal::new(RefusalCode::R94, "records/common", format!("the record {reason}"), remedy).at(field).into()
}
