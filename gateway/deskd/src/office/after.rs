//! The forms of what comes after an answer: report, custody, disposal, remedies, and what lasts longer. What a form can only say in one
//! way is filled in.

mod consultation;
mod custodians;
mod report;

pub(super) use consultation::proof_of;

use std::collections::BTreeSet;

use desk::{CONSULTATION_MINUTES, COST_NOTE, Document, RETURN_CERTIFICATE, Record, compare_disposal, document_of};
use model::{Denial, Fault, Header, MeasureId, RecordType, Refusal, RefusalCode, Step};
use serde_json::{Map, Value, json};
use workflow::{Case, MatterKind, Measure, Side, State};

use super::{Office, disposal::Kept, documents::Said, internal, unknown, view::CaseView};
use crate::clock;

/// Whether the form of a step is filled in here.
pub(super) fn is_form(step: Step) -> bool {
    matches!(
        step,
        Step::FinalReport
            | Step::TakeOver
            | Step::CertifyDisposal
            | Step::Extend
            | Step::Prolong
            | Step::LodgeRemedy
            | Step::AnnulDecision
            | Step::UpholdDecision
            | Step::Regularise
            | Step::TellStatus
    )
}

/// What a form gives where the officer left it open.
pub(super) fn fill(
    form: &mut Map<String, Value>,
    view: &CaseView,
    said: &Said<'_>,
    speaker: Value,
) -> Result<(), Denial> {
    let measures: Vec<u32> = said.concerns.iter().map(|id| id.0).collect();
    let text = (!said.text.trim().is_empty()).then_some(said.text);
    let moment = Value::from(said.now.to_string());
    let mut fill = |name: &str, value: Value| {
        form.entry(name).or_insert(value);
    };
    if !matches!(said.step, Step::CertifyDisposal | Step::TellStatus) {
        fill("measures", measures.into());
    }
    match said.step {
        Step::FinalReport => {
            fill("reported_at", moment);
            fill("reported_by", speaker);
            report::left_out(view, said, form)?;
            let plain = if form.contains_key("left_out") { report::REST } else { report::ALL };
            form.entry("results").or_insert(text.unwrap_or(plain).into());
        }
        Step::TakeOver => {
            fill("taken_over_at", moment);
            fill("keeper", speaker);
        }
        Step::LodgeRemedy | Step::AnnulDecision | Step::UpholdDecision => {
            fill("step", said.step.as_str().into());
            fill("on", clock::day(said.now)?.to_string().into());
            text.into_iter().for_each(|text| fill("text", text.into()));
        }
        Step::Regularise => {
            fill("validated_at", moment);
            fill("validator", speaker);
            said.role.into_iter().for_each(|role| fill("role", role.as_str().into()));
        }
        Step::TellStatus => {
            fill("as_of", moment);
            fill("measures", standings(view, said));
        }
        Step::Extend | Step::Prolong => {
            fill("step", said.step.as_str().into());
            let plain =
                if said.step == Step::Extend { "It may be kept for longer." } else { "It is preserved for longer." };
            fill("text", text.unwrap_or(plain).into());
        }
        _ => fill("destroyed_at", moment),
    }
    Ok(())
}

/// Where the measures stand, as a status tells it.
pub(super) fn standings(view: &CaseView, said: &Said<'_>) -> Value {
    let case = view.admitted.as_ref();
    let one = |id: &MeasureId| {
        let state = case.and_then(|case| case.measures.get(id)).map_or(State::Delivered, |measure| measure.state);
        let mut one = json!({ "id": id.0, "state": state.as_str().to_lowercase() });
        if !said.text.trim().is_empty() {
            one["remarks"] = said.text.into();
        }
        one
    };
    said.concerns.iter().map(one).collect()
}

/// What a header says because its form says it: until when something lasts, what a report leaves out, on
/// which order it rests, and whether more is asked.
pub(super) fn declare(header: &mut Header, documents: &[Document]) {
    let read = |one: &Document| records::read(&one.bytes).ok();
    let Some(form) = documents.first().and_then(read) else { return };
    match header.step {
        Step::Extend | Step::Prolong => header.declared.until = desk::until_of(&form).or(header.declared.until),
        Step::Postpone => header.declared.until = desk::review_of(&form),
        Step::FinalReport => header.declared.left_out = desk::left_out_of(&form),
        Step::OpenReview | Step::Recognise | Step::OfferConditions => header.declared.order = desk::order_of(&form),
        Step::GiveInfo => header.declared.widens = form["scope_grows"] == true,
        Step::OpenCallback => header.declared.challenge = desk::challenge_of(&form),
        Step::AnswerCallback => header.declared.response = desk::response_of(&form),
        _ => {}
    }
}

impl Office {
    /// The documents of a step that releases nothing, with what they need of the case.
    pub(super) async fn form_documents(
        &self,
        view: &CaseView,
        said: &Said<'_>,
        given: &[Document],
    ) -> Result<Vec<Document>, Denial> {
        match said.step {
            Step::CertifyDisposal => {
                let kept = self.kept(view, said.concerns).await?;
                let kept = kept.ok_or_else(|| unknown("the records of the case are not all at this desk"))?;
                self.certificates(view, said, given, &kept)
            }
            Step::TakeOver => {
                let asked = self.request(view).await?;
                let mut note = given.first().map_or(Ok(Map::new()), |one| fields(&one.bytes))?;
                note.entry("purpose").or_insert(asked.purpose.code.into());
                note.entry("proceeding").or_insert(asked.proceeding.reference.into());
                self.step_documents(view, said, &[document("custody_note", note)?], &[])
            }
            Step::FinalReport => self.report(view, said, given),
            Step::Confirm => self.step_documents(view, said, given, &self.received(view).await?),
            _ => self.step_documents(view, said, given, &[]),
        }
    }

    /// A report, and the note of its costs where one is given.
    fn report(&self, view: &CaseView, said: &Said<'_>, given: &[Document]) -> Result<Vec<Document>, Denial> {
        let (notes, rest): (Vec<_>, Vec<_>) = given.iter().partition(|one| one.record_type.as_str() == COST_NOTE);
        let mut report = rest.first().map_or(Ok(Map::new()), |one| fields(&one.bytes))?;
        let [note] = notes.as_slice() else {
            let one = if rest.is_empty() { Vec::new() } else { vec![document("execution_report", report)?] };
            return match notes.is_empty() {
                true => self.step_documents(view, said, &one, &[]),
                false => Err(Denial::failed(Fault::Malformed, "a report carries one note of its costs at most")),
            };
        };
        report.insert("costs".to_owned(), true.into());
        let mut documents = self.step_documents(view, said, &[document("execution_report", report)?], &[])?;
        let mut note = fields(&note.bytes)?;
        let speaker = json!({ "party": self.own.party().to_string(), "authority": self.own.to_string(), "officer": { "name": self.title()? } });
        note.entry("issued_on").or_insert(clock::day(said.now)?.to_string().into());
        note.entry("issued_by").or_insert(speaker);
        documents.push(self.whole(view, COST_NOTE.parse().map_err(internal)?, note)?);
        Ok(documents)
    }

    /// Holds what only who knows the case can hold: a disposal against the records that were given, since both sides have them, and what is
    /// taken into use against what it was given for. A desk that was seated later holds nothing of before against it.
    pub(super) async fn hold_after(
        &self,
        view: &CaseView,
        header: &Header,
        documents: &[Document],
    ) -> Result<(), Denial> {
        let read = |one: &Document| Ok((one.record_type.clone(), self.accept(&one.record_type, &one.bytes)?));
        self.hold_custodians(header, documents)?;
        match header.step {
            Step::CertifyDisposal => {
                let read = documents.iter().map(read).collect::<Result<Vec<_>, Denial>>()?;
                let kept = self.kept(view, &header.concerns).await?;
                if let Some(kept) = kept {
                    let records: Vec<_> = kept.iter().map(|(_, record)| record.clone()).collect();
                    compare_disposal(&read, &records)?;
                    self.hold_how(view, header, &kept, &read)?;
                }
                Ok(())
            }
            Step::ConsultDone => match documents.iter().find(|one| one.record_type.as_str() == CONSULTATION_MINUTES) {
                Some(minutes) => self.hold_consultation(header, &read(minutes)?.1).await,
                None => Ok(()),
            },
            Step::AskInfo => tipped_off(view, header, documents),
            Step::Close => another_way(view, header, documents),
            Step::TakeOver if view.request.is_some() => {
                let asked = self.request(view).await?.purpose.code;
                let note = documents.first().map(read).transpose()?.map(|(_, note)| note).unwrap_or_default();
                purposeful(view.admitted.as_ref(), header, &note, &asked)
            }
            _ => Ok(()),
        }
    }

    /// The certificates of a disposal, from what the officer gave of them. Without a word on what went back everything was destroyed.
    pub(super) fn certificates(
        &self,
        view: &CaseView,
        said: &Said<'_>,
        given: &[Document],
        kept: &[Kept],
    ) -> Result<Vec<Document>, Denial> {
        let returned = given.iter().find(|one| one.record_type.as_str() == RETURN_CERTIFICATE);
        let form = document_of(Step::CertifyDisposal).unwrap_or_default();
        let destroyed = given.iter().find(|one| one.record_type.as_str() == form);
        if given.len() != usize::from(returned.is_some()) + usize::from(destroyed.is_some()) {
            return Err(Denial::failed(Fault::Malformed, "a disposal carries one certificate of a kind at most"));
        }
        let mut certificates = Vec::new();
        let mut gone = BTreeSet::new();
        if let Some(one) = returned {
            let mut certificate = fields(&one.bytes)?;
            self.name_custodians(&mut certificate)?;
            let document = self.whole(view, one.record_type.clone(), certificate)?;
            let value = records::read(&document.bytes).map_err(|f| Denial::failed(Fault::Malformed, f.to_string()))?;
            let items = value["items"].as_array().into_iter().flatten();
            gone.extend(items.filter_map(|item| Some(item["record_id"].as_str()?.to_owned())));
            certificates.push(document);
        }
        let records = kept.iter().map(|(_, record)| record);
        let rest: Vec<_> = records.filter(|one| !gone.contains(&one.record_id)).collect();
        if destroyed.is_some() || !rest.is_empty() {
            let mut certificate = destroyed.map_or(Ok(Map::new()), |one| fields(&one.bytes))?;
            let copies = match certificate.get("records").and_then(Value::as_array).map(Vec::as_slice) {
                Some([one]) if one.get("record_id").is_none() => one["copies"].as_u64(),
                _ => None,
            };
            if copies.is_some() || !certificate.contains_key("records") {
                let one = |record: &&Record| json!({ "record_id": record.record_id, "hash": record.hash, "copies": copies.unwrap_or(1) });
                certificate.insert("records".to_owned(), rest.iter().map(one).collect());
            }
            fill(&mut certificate, view, said, Value::Null)?;
            self.name_custodians(&mut certificate)?;
            self.say_how(view, said, kept, &mut certificate)?;
            certificates.push(self.whole(view, form.parse().map_err(internal)?, certificate)?);
        }
        Ok(certificates)
    }

    fn whole(
        &self,
        view: &CaseView,
        record_type: RecordType,
        mut form: Map<String, Value>,
    ) -> Result<Document, Denial> {
        form.entry("record_type").or_insert(record_type.as_str().into());
        form.entry("case").or_insert(view.id.to_string().into());
        let bytes = serde_json::to_vec_pretty(&Value::Object(form)).map_err(internal)?;
        self.accept(&record_type, &bytes)?;
        Ok(Document { record_type, bytes })
    }

    /// The records that were given for these measures and taken; `None` where this desk cannot read all of them.
    pub(super) async fn kept(&self, view: &CaseView, concerns: &[MeasureId]) -> Result<Option<Vec<Kept>>, Denial> {
        let (_, rejected) = self.released(view).await?;
        let mut kept = Vec::new();
        for row in self.certified(view, None, concerns).await? {
            let discarded = |one: &super::custody::Destroyed| {
                one.entry == row.id.0 && matches!(one.by, Step::Reject | Step::ReturnRequest | Step::Violation)
            };
            if view.findings.contains_key(&row.id.0) || view.destroyed.iter().any(discarded) {
                continue;
            }
            let Some(body) = self.body(row.id.0).await? else { return Ok(None) };
            for (index, record) in self.records_of_body(&body)? {
                // What other measures were given is none of this; what was recalled with a part of the entry goes with it.
                if concerns.contains(&record.measure) && !rejected.contains(&(row.id.0, index)) {
                    kept.push((row.id.0, record));
                }
            }
        }
        Ok(Some(kept))
    }
}

/// What was received is taken into use for what it was given only, or for what its giver consented to. R16.
fn purposeful(case: Option<&Case>, header: &Header, note: &Value, asked: &str) -> Result<(), Denial> {
    let purpose = note["purpose"].as_str().unwrap_or_default();
    let granted = case.into_iter().flat_map(|case| case.matters.values()).any(|matter| {
        let wanted = matter.kind == MatterKind::Use && matter.purpose.as_deref() == Some(purpose);
        wanted && matter.grants(header.created)
    });
    if purpose == asked || granted {
        return Ok(());
    }
    let reason = "what was received is taken into use for another purpose than it was given for";
    let remedy = "Take it over for the purpose of the request; ask the other party for its consent to another one.";
    Err(Refusal::new(RefusalCode::R16, "desk", reason, remedy).at("purpose").into())
}

/// That a custodian may not keep it secret is said of what is preserved, and of nothing else [Budapest 29(6)]. R94.
fn tipped_off(view: &CaseView, header: &Header, documents: &[Document]) -> Result<(), Denial> {
    let read = |one: &Document| records::read(&one.bytes).ok();
    if !documents.iter().filter_map(read).any(|form| form["tip_off_risk"] == true) {
        return Ok(());
    }
    let of = |id: &MeasureId| view.admitted.as_ref()?.measures.get(id)?.terms.as_ref();
    match header.concerns.iter().find(|id| of(id).is_some_and(|terms| terms.preservation.is_none())) {
        None => Ok(()),
        Some(id) => {
            let reason = format!("{id} preserves nothing, so that no custodian could tell of it");
            let remedy = "Ask in words, or name the measures that preserve (--measure).";
            Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("tip_off_risk").into())
        }
    }
}

/// What goes by another channel did not get there in time, or came back because it was not for who got it. R94.
fn another_way(view: &CaseView, header: &Header, documents: &[Document]) -> Result<(), Denial> {
    let read = |one: &Document| records::read(&one.bytes).ok();
    if !documents.iter().filter_map(read).any(|form| form.get("alternative_channel").is_some()) {
        return Ok(());
    }
    let undelivered = |measure: &Measure| match measure.state {
        State::Lapsed => true,
        State::Returned => measure.ground == Some(RefusalCode::R93),
        _ => false,
    };
    let measures = view.admitted.as_ref().map(|case| &case.measures).filter(|measures| !measures.is_empty());
    let fits = match measures {
        Some(measures) => header.concerns.iter().filter_map(|id| measures.get(id)).all(undelivered),
        // Nothing of it has arrived: whether it was sent, only its own desk knows.
        None => view.side() == Side::Peer || view.state() == State::Lapsed,
    };
    if fits {
        return Ok(());
    }
    let reason = "a request that lapsed, or was returned as another authority's, goes by another channel, and this one did neither";
    let remedy = "Close the case without naming another channel.";
    Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("alternative_channel").into())
}

fn document(record_type: &str, form: Map<String, Value>) -> Result<Document, Denial> {
    let bytes = serde_json::to_vec(&Value::Object(form)).map_err(internal)?;
    Ok(Document { record_type: record_type.parse().map_err(internal)?, bytes })
}

fn fields(bytes: &[u8]) -> Result<Map<String, Value>, Denial> {
    match records::read(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Denial::failed(Fault::Malformed, "a form is a JSON object")),
        Err(finding) => Err(Denial::failed(Fault::Malformed, finding.to_string())),
    }
}
