//! Forms that an officer writes in part, or not at all: what a form can only say in one way is filled in.

use desk::Document;
use model::{AuthorityId, Denial, EntryId, Fault, Header, MeasureId, PostponementCode, RecordType, Step};
use serde_json::{Map, Value, json};
use workflow::State;

use super::{
    Office, after,
    documents::{Said, outcome, plain_words},
    internal,
    matter_forms::{self, Writer},
    view::CaseView,
};
use crate::clock;

/// What is asked where a custodian may not keep a preservation secret, and the officer asks nothing else.
const TIP_OFF: &str = "The custodian may not keep it secret. Is it to be preserved all the same?";

/// Whether the step's form is written in part.
pub(super) fn is_form(step: Step, record_type: &str) -> bool {
    let between = [
        Step::CommentDraft,
        Step::AskInfo,
        Step::GiveInfo,
        Step::AcceptConditions,
        Step::Postpone,
        Step::ReturnRequest,
        Step::CloseMatter,
        Step::OpenReview,
        Step::OpenCallback,
        Step::AnswerCallback,
        Step::Assign,
        Step::Close,
        Step::Recognise,
        Step::OfferConditions,
    ];
    after::is_form(step) || matter_forms::is_form(record_type) || between.contains(&step)
}

impl Office {
    /// The step's form: what the officer gave of it, and the rest.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where what was given is no JSON object; R94 where the whole is not what its schema wants.
    pub(super) fn filled(
        &self,
        record_type: &RecordType,
        view: &CaseView,
        said: &Said<'_>,
        given: Option<&[u8]>,
    ) -> Result<Document, Denial> {
        let given = match given.map(records::read).transpose() {
            Ok(None) => Map::new(),
            Ok(Some(Value::Object(fields))) => fields,
            Ok(Some(_)) => return Err(Denial::failed(Fault::Malformed, "a form is a JSON object")),
            Err(finding) => return Err(Denial::failed(Fault::Malformed, finding.to_string())),
        };
        let title = self.title()?;
        let fields = fields(record_type, view, said, &self.own, &title, given)?;
        let bytes = serde_json::to_vec_pretty(&fields).map_err(internal)?;
        self.accept(record_type, &bytes)?;
        Ok(Document { record_type: record_type.clone(), bytes })
    }

    /// The newest entry of the case to which this step is the answer.
    pub(super) async fn asked_by(&self, view: &CaseView, step: Step) -> Result<Option<EntryId>, Denial> {
        let question = match step {
            Step::GiveInfo => Step::AskInfo,
            Step::AcceptConditions => Step::OfferConditions,
            Step::CommentDraft => Step::ShareDraft,
            _ => return Ok(None),
        };
        let entries = self.store.entries_of(view.id).await?;
        let newest = entries.iter().rev().find(|row| row.step.0 == question && row.seq.is_some());
        Ok(newest.map(|row| row.id.0))
    }

    /// The how-manieth reminder of questions on these measures would be asked now; 0 where they are asked for the first time.
    pub(super) async fn reminder(&self, view: &CaseView, step: Step, concerns: &[MeasureId]) -> Result<u32, Denial> {
        let waiting = |id: &MeasureId| {
            let measure = view.admitted.as_ref().and_then(|case| case.measures.get(id));
            measure.is_some_and(|measure| measure.state == State::InfoWait)
        };
        if step != Step::AskInfo || !concerns.iter().all(waiting) {
            return Ok(0);
        }
        let mut asked = 0;
        for row in self.store.entries_of(view.id).await?.iter().rev().filter(|row| row.seq.is_some()) {
            if !matches!(row.step.0, Step::AskInfo | Step::GiveInfo) {
                continue;
            }
            let header = proto::decode_header(&bytes::Bytes::from(row.header.0.clone()))?;
            if !header.concerns.iter().any(|id| concerns.contains(id)) {
                continue;
            }
            if header.step == Step::GiveInfo {
                break;
            }
            asked += 1;
        }
        Ok(asked)
    }
}

/// Why a header has to say that it is postponed: what its form gives first. Whether all of them agree, the comparison says.
pub(super) fn reason(header: &Header, documents: &[Document]) -> Option<PostponementCode> {
    let document = documents.first().filter(|_| header.step == Step::Postpone)?;
    let value = records::read(&document.bytes).ok()?;
    value["measures"].as_array()?.first()?["code"].as_str()?.parse().ok()
}

fn fields(
    record_type: &RecordType,
    view: &CaseView,
    said: &Said<'_>,
    own: &AuthorityId,
    title: &str,
    mut form: Map<String, Value>,
) -> Result<Value, Denial> {
    let (officer, speaker) = speaking(said, own, title);
    let measures: Vec<u32> = said.concerns.iter().map(|id| id.0).collect();
    let text = (!said.text.trim().is_empty()).then_some(said.text);
    let answers = said.answers.map(|entry| entry.to_string());
    let risky = form.get("tip_off_risk") == Some(&Value::Bool(true));
    let mut fill = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            form.entry(name).or_insert(value);
        }
    };
    fill("record_type", Some(record_type.as_str().into()));
    fill("case", Some(view.id.to_string().into()));
    if after::is_form(said.step) {
        return after::fill(&mut form, view, said, speaker).map(|()| Value::Object(form));
    }
    if let Some(affair) = said.affair.filter(|_| matter_forms::is_form(record_type.as_str())) {
        let writer = Writer { speaker: &speaker, officer: &officer, own: own.to_string(), text };
        return Ok(Value::Object(matter_forms::fill(record_type.as_str(), said, affair, &writer, form)?));
    }
    match said.step {
        Step::AskInfo => {
            fill("asked_at", Some(said.now.to_string().into()));
            fill("officer", Some(speaker));
            fill("measures", Some(measures.into()));
            fill("questions", text.or(risky.then_some(TIP_OFF)).map(numbered));
            fill("reminder", Some(said.reminder.into()));
        }
        Step::GiveInfo => {
            fill("in_reply_to", answers.map(Value::from));
            fill("replied_at", Some(said.now.to_string().into()));
            fill("officer", Some(speaker));
            fill("answers", text.map(numbered));
            fill("scope_grows", Some(false.into()));
        }
        Step::CommentDraft => {
            fill("in_reply_to", answers.map(Value::from));
            fill("commented_at", Some(said.now.to_string().into()));
            fill("officer", Some(speaker));
            fill("text", text.map(Value::from));
        }
        Step::AcceptConditions => {
            fill("in_answer_to", answers.map(Value::from));
            fill("measures", Some(measures.into()));
            fill("given_by", Some(speaker));
            fill("given_at", Some(said.now.to_string().into()));
            fill("conditions", Some(bound(said)));
            fill("binds", Some(json!([title])));
        }
        Step::Postpone => {
            fill("decided_on", Some(clock::day(said.now)?.to_string().into()));
            fill("decider", Some(officer));
            form.entry("measures").and_modify(|given| for_each(given, said.concerns));
        }
        Step::Recognise | Step::OfferConditions => {
            fill("measures", Some(measures.iter().map(|id| outcome(*id, said, text)).collect()));
            fill("decided_on", Some(clock::day(said.now)?.to_string().into()));
            fill("decider", Some(officer));
        }
        _ => noticed(said, measures, text, &mut fill),
    }
    Ok(Value::Object(form))
}

/// The conditions to which an undertaking binds.
fn bound(said: &Said<'_>) -> Value {
    said.conditions.iter().map(|code| json!({ "code": code.as_str() })).collect()
}

/// What a notice says beside what an officer has written of it.
fn noticed(said: &Said<'_>, measures: Vec<u32>, text: Option<&str>, fill: &mut impl FnMut(&str, Option<Value>)) {
    if let Some(affair) = said.affair {
        matter_forms::closing(affair, fill);
    }
    fill("step", Some(said.step.as_str().into()));
    fill("measures", (!measures.is_empty()).then(|| measures.into()));
    fill("text", text.or(wordless(said.step)).map(Value::from));
}

/// What stands where nothing is written.
fn wordless(step: Step) -> Option<&'static str> {
    let plain =
        matches!(step, Step::OpenReview | Step::OpenCallback | Step::AnswerCallback | Step::Assign | Step::Close);
    matter_forms::plain_words(step).or(plain.then(|| plain_words(step)))
}

/// The only question, or answer.
fn numbered(text: &str) -> Value {
    json!([{ "number": 1, "text": text }])
}

/// The officer, and the officer with the authority.
fn speaking(said: &Said<'_>, own: &AuthorityId, title: &str) -> (Value, Value) {
    let mut officer = json!({ "name": title });
    if let Some(role) = said.role {
        officer["title"] = role.as_str().into();
    }
    let speaker = json!({ "party": own.party().to_string(), "authority": own.to_string(), "officer": officer });
    (officer, speaker)
}

/// What is said of no measure by its number is said of each that the step concerns.
fn for_each(given: &mut Value, concerns: &[MeasureId]) {
    let Value::Array(all) = given else { return };
    let [Value::Object(one)] = all.as_slice() else { return };
    if one.contains_key("id") {
        return;
    }
    let with = |id: &MeasureId| {
        let mut one = one.clone();
        one.insert("id".to_owned(), id.0.into());
        Value::Object(one)
    };
    *all = concerns.iter().map(with).collect();
}

#[cfg(test)]
mod table;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use desk::document_of;
    use model::{CaseId, ConditionCode, Digest, Pin, Role, Timestamp};

    use super::*;

    const CONCERNS: &[MeasureId] = &[MeasureId(1), MeasureId(2)];

    fn form(step: Step, text: &str, given: Value) -> Value {
        let own: AuthorityId = "JP:central".parse().unwrap();
        let (home, peer) = ("JP".parse().unwrap(), "FR".parse().unwrap());
        let pin = Pin(Digest::of(&[b"rule"]));
        let view = CaseView::new(CaseId::new([7; 16]), home, peer, pin, &own, &"FR:central".parse().unwrap());
        let said = Said {
            step,
            concerns: CONCERNS,
            ground: None,
            conditions: &[ConditionCode::C01],
            text,
            role: Some(Role::Central),
            callback: None,
            answers: Some(EntryId::new([8; 16])),
            reminder: 0,
            affair: None,
            now: Timestamp(1_790_000_000_000),
        };
        let record_type: RecordType = document_of(step).unwrap().parse().unwrap();
        let Value::Object(given) = given else { unreachable!("an object") };
        fields(&record_type, &view, &said, &own, "Ministry of Justice", given).unwrap()
    }

    /// What the schema of the step's form finds.
    fn findings(step: Step, form: &Value) -> Vec<String> {
        let registry = records::RecordTypes::builtin().unwrap();
        let record_type: RecordType = document_of(step).unwrap().parse().unwrap();
        let found = registry.accept(&record_type, form.to_string().as_bytes()).err().unwrap_or_default();
        found.into_iter().map(|one| format!("{} {}", one.field, one.rule)).collect()
    }

    #[test]
    fn what_an_officer_says_in_words_makes_a_whole_form() {
        for step in [Step::AskInfo, Step::GiveInfo, Step::AcceptConditions, Step::CommentDraft] {
            let form = form(step, "Which account?", json!({}));
            assert_eq!(findings(step, &form), Vec::<String>::new(), "{step}: {form}");
        }
    }

    #[test]
    fn what_an_officer_wrote_stays_and_the_rest_is_filled_in() {
        let form = form(Step::AskInfo, "", json!({"questions": [{"number": 1, "text": "Which?"}], "reminder": 1}));
        assert_eq!((&form["reminder"], &form["measures"]), (&json!(1), &json!([1, 2])));
        assert_eq!(findings(Step::AskInfo, &form), Vec::<String>::new());
        let empty = self::form(Step::AskInfo, "", json!({}));
        assert_eq!(findings(Step::AskInfo, &empty).len(), 1, "a question for information asks something");
    }

    #[test]
    fn what_is_carried_out_names_its_order_and_what_takes_the_place_of_what_was_asked() {
        let given = json!({"domestic_reference": "2026/204", "other_measure": "An order to produce"});
        let whole = form(Step::Assign, "", given);
        assert_eq!(findings(Step::Assign, &whole), Vec::<String>::new());
        assert_eq!((&whole["text"], &whole["measures"]), (&json!("The measure is being carried out."), &json!([1, 2])));
        assert_eq!(findings(Step::Assign, &form(Step::Assign, "", json!({}))), Vec::<String>::new());
    }

    #[test]
    fn one_reason_to_postpone_is_that_of_every_measure_concerned() {
        let said = json!({"code": "P01", "reasons": "A trial is on.", "preserved": true, "review_on": "2026-11-01"});
        let form = form(Step::Postpone, "", json!({"measures": [said]}));
        assert_eq!(findings(Step::Postpone, &form), Vec::<String>::new());
        let ids: Vec<_> = form["measures"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, [json!(1), json!(2)]);
    }

    #[test]
    fn a_return_says_why_and_whose_request_it_is() {
        let whole = form(Step::ReturnRequest, "Not ours.", json!({"addressee": "FR:executing"}));
        assert_eq!(findings(Step::ReturnRequest, &whole), Vec::<String>::new());
        let silent = form(Step::ReturnRequest, "", json!({"addressee": "FR:executing"}));
        assert_eq!(findings(Step::ReturnRequest, &silent).len(), 1);
    }
}
