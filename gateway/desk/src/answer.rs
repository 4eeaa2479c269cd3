use std::collections::BTreeSet;

use accord::{contradiction, equal, moment};
use jiff::civil::Date;
use model::{
    AuthorityId, CaseId, Challenge, ConditionCode, Digest, Header, MeasureId, RecordType, Refusal, RefusalCode, Step,
    Timestamp,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    after::{COST_NOTE, RETURN_CERTIFICATE, compare_costs},
    bespoke,
    consultation::CONSULTATION_MINUTES,
    matter,
};

/// The record type of a call-back.
pub const CALLBACK: &str = "emergency_callback";

/// The day of the order or notice that the document of a step names.
pub fn order_of(document: &Value) -> Option<Date> {
    document["order"]["made_on"].as_str()?.parse().ok()
}

/// The commitment of a challenge that a notice of a call-back says.
pub fn challenge_of(document: &Value) -> Option<Digest> {
    document["challenge_hash"].as_str()?.parse().ok()
}

/// The challenge that a notice gives back.
pub fn response_of(document: &Value) -> Option<Challenge> {
    document["challenge"].as_str()?.parse().ok()
}

/// Which record type the first document of a step's body has; see [`may_carry`] for those that may stand in for it. `None` for a
/// step that carries records, and for handshakes, which have no body.
pub fn document_of(step: Step) -> Option<&'static str> {
    match step {
        Step::SealSend => Some("request"),
        Step::Acknowledge => Some("ack"),
        Step::Recognise | Step::Refuse | Step::OfferConditions => Some("decision"),
        Step::Confirm => Some("receipt_confirmation"),
        Step::Violation => Some("violation"),
        Step::ConsultDone => Some(CONSULTATION_MINUTES),
        Step::AskInfo => Some("info_request"),
        Step::GiveInfo => Some("info_reply"),
        Step::AcceptConditions => Some("undertaking"),
        Step::Postpone => Some("postponement"),
        Step::ShareDraft => Some("shared_draft"),
        Step::CommentDraft => Some("draft_comment"),
        Step::RequestUse
        | Step::RequestOnward
        | Step::NotifyExculpatory
        | Step::GrantConsent
        | Step::DenyConsent
        | Step::NotifyBreach
        | Step::ConfirmBreach
        | Step::Recall
        | Step::CertifyShredding
        | Step::ProposeHearing
        | Step::ProposeSlots
        | Step::AgreeSlot
        | Step::RecordConsent
        | Step::TestLink
        | Step::OpenHearing
        | Step::DraftMinutes
        | Step::SignMinutes
        | Step::TransmitMinutes
        | Step::CancelHearing => matter::document_of(step),
        Step::FinalReport => Some("execution_report"),
        Step::TakeOver => Some("custody_note"),
        Step::CertifyDisposal => Some("destruction_certificate"),
        Step::LodgeRemedy | Step::AnnulDecision | Step::UpholdDecision => Some("remedy"),
        Step::Regularise => Some("expost_validation"),
        Step::TellStatus => Some("status"),
        Step::Consult
        | Step::OpenReview
        | Step::Assign
        | Step::Collected
        | Step::PartCollected
        | Step::MoreToCome
        | Step::DeclineConditions
        | Step::Resume
        | Step::Reject
        | Step::ReturnRequest
        | Step::Close
        | Step::Withdraw
        | Step::Forward
        | Step::DisposalDue
        | Step::Extend
        | Step::Prolong
        | Step::GiveUp
        | Step::NotifySubject
        | Step::DeferSubject
        | Step::ReportError
        | Step::Triage
        | Step::CloseMatter
        | Step::OpenCallback
        | Step::AnswerCallback => Some("notice"),
        Step::Release | Step::Answer | Step::Reissue | Step::OpenGroup | Step::ChangeGroup | Step::AskRejoin => None,
    }
}

/// Whether the document of a step may be of a record type. Where no minutes were signed a notice may stand in for those of
/// [`Step::ConsultDone`]; a consent is to another use or to another reader.
pub fn may_carry(step: Step, record_type: &str) -> bool {
    let notice = step == Step::ConsultDone && record_type == "notice";
    let returned = step == Step::CertifyDisposal && record_type == RETURN_CERTIFICATE;
    let chosen = matter::choices(step).is_some_and(|all| all.contains(&record_type));
    notice || returned || chosen || document_of(step) == Some(record_type)
}

/// Holds the document of a step other than [`Step::SealSend`] and [`Step::Release`] against its header: type, case, measures,
/// ground and conditions. The gateways moved the case by the header; the people read the document.
///
/// # Errors
/// R94 with the field, without values.
pub fn compare_answer(header: &Header, record_type: &RecordType, document: &Value) -> Result<(), Refusal> {
    let expected = may_carry(header.step, record_type.as_str());
    equal(expected, "record_type", "the document is not the one that the step calls for")?;
    let answer = Answer::deserialize(document)
        .map_err(|_| contradiction("", "the document has not the form of its record type"))?;
    equal(answer.record_type == *record_type, "record_type", "the document says it is of another record type")?;
    equal(answer.case == header.case, "case", "header and body name different cases")?;
    equal(answer.step.is_none_or(|step| step == header.step), "step", "header and body name different steps")?;
    let order = answer.order.as_ref().map(|order| order.made_on);
    equal(order == header.declared.order, "order.made_on", "header and body name orders of different days")?;
    let (challenge, response) = (challenge_of(document), response_of(document));
    equal(challenge == header.declared.challenge, "challenge_hash", "header and body commit to different challenges")?;
    equal(response == header.declared.response, "challenge", "header and body give back different challenges")?;
    if record_type.as_str() == "violation" {
        return equal(answer.code == header.ground, "code", "header and body give different grounds");
    }
    if let Some(measures) = &answer.measures {
        let named: BTreeSet<MeasureId> = measures.iter().map(Named::id).collect();
        let unique = named.len() == measures.len();
        equal(
            unique && named == header.concerns.iter().copied().collect(),
            "measures",
            "header and body concern different measures",
        )?;
        decided(header, measures)?;
    }
    matter::compare(header, record_type, document)?;
    bespoke::compare(header, document)
}

/// Holds all documents of such a step against its header: the one that [`compare_answer`] takes, and with it the record of the
/// call-back where the header declares one, the note of costs of a report, both certificates of a disposal.
///
/// # Errors
/// R94 with the field, without values.
pub fn compare_answers(header: &Header, documents: &[(RecordType, Value)]) -> Result<(), Refusal> {
    match (documents, header.declared.callback) {
        ([(record_type, document)], None) if header.step != Step::FinalReport => {
            compare_answer(header, record_type, document)
        }
        ([(record_type, document), (second, call)], Some(at)) if second.as_str() == CALLBACK => {
            compare_answer(header, record_type, document)?;
            called(header, call, at)
        }
        ([(record_type, report), rest @ ..], None) if header.step == Step::FinalReport => {
            let note = match rest {
                [] => None,
                [(second, note)] if second.as_str() == COST_NOTE => Some(note),
                _ => return Err(contradiction("documents", "a report carries at most the note of its costs")),
            };
            compare_answer(header, record_type, report)?;
            compare_costs(header, report, note)
        }
        ([(first, destroyed), (second, returned)], None) if header.step == Step::CertifyDisposal && first != second => {
            compare_answer(header, first, destroyed)?;
            compare_answer(header, second, returned)
        }
        (_, Some(_)) => Err(contradiction("documents", "a call-back is declared, and its record is not inside")),
        (_, None) => Err(contradiction("documents", "the step carries exactly one document")),
    }
}

/// The call that a header declares: by the requested party to the requesting one, at that moment, and both agreed.
fn called(header: &Header, call: &Value, at: Timestamp) -> Result<(), Refusal> {
    let call = Call::deserialize(call)
        .map_err(|_| contradiction("", "the record of the call has not the form of its record type"))?;
    equal(call.case == header.case, "case", "header and record of the call name different cases")?;
    equal(moment(&call.at) == Some(at), "at", "the header declares another moment of the call")?;
    equal(call.agreed, "agreed", "challenge and response of the call did not agree")?;
    let parties = call.caller.authority.party() == header.peer && call.callee.authority.party() == header.home;
    equal(parties, "caller", "the requested authority calls the requesting one, not otherwise")
}

/// What a decision says of each measure must be what its step and header say.
fn decided(header: &Header, measures: &[Named]) -> Result<(), Refusal> {
    let mut conditions = BTreeSet::new();
    for measure in measures {
        let Named::Decided { outcome, code, conditions: imposed, .. } = measure else { continue };
        let expected = match header.step {
            Step::Refuse => Outcome::Refuse,
            Step::OfferConditions => Outcome::Offer,
            _ => Outcome::Accept,
        };
        equal(*outcome == expected, "measures.outcome", "the step and the decision say different things")?;
        equal(*code == header.ground, "measures.code", "header and body give different grounds")?;
        conditions.extend(imposed.iter().copied());
    }
    let decision = measures.iter().any(|measure| matches!(measure, Named::Decided { .. }));
    let same = !decision || conditions == header.conditions.iter().copied().collect();
    equal(same, "measures.conditions", "header and body impose different conditions")
}

/// What a record of a call tells of it; its schema says the rest.
#[derive(Deserialize)]
struct Call {
    case: CaseId,
    at: String,
    agreed: bool,
    caller: Caller,
    callee: Caller,
}

#[derive(Deserialize)]
struct Caller {
    authority: AuthorityId,
}

/// What the workflow documents have in common; their schemas say the rest.
#[derive(Deserialize)]
struct Answer {
    record_type: RecordType,
    case: CaseId,
    step: Option<Step>,
    code: Option<RefusalCode>,
    measures: Option<Vec<Named>>,
    order: Option<Order>,
}

/// The order or notice that a step rests on; its schema says the rest.
#[derive(Deserialize)]
struct Order {
    made_on: Date,
}

/// A measure, named alone in a notice, with its outcome in a decision.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Plain(MeasureId),
    Postponed {
        id: MeasureId,
        #[serde(rename = "review_on")]
        _review_on: String,
    },
    Decided {
        id: MeasureId,
        outcome: Outcome,
        code: Option<RefusalCode>,
        #[serde(default)]
        conditions: Vec<ConditionCode>,
    },
    Standing {
        id: MeasureId,
        #[serde(rename = "state")]
        _state: String,
    },
}

impl Named {
    fn id(&self) -> MeasureId {
        match self {
            Self::Plain(id) | Self::Postponed { id, .. } | Self::Decided { id, .. } | Self::Standing { id, .. } => *id,
        }
    }
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Accept,
    Refuse,
    Offer,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::sample;

    fn header(step: Step) -> Header {
        Header { step, records: Vec::new(), conditions: Vec::new(), ..sample::release_header() }
    }

    fn verdict(header: &Header, name: &str, document: &Value) -> Option<String> {
        let refusal = compare_answer(header, &name.parse().unwrap(), document).err()?;
        assert_eq!(refusal.code, RefusalCode::R94);
        refusal.field
    }

    fn decision(measure: Value) -> Value {
        json!({"record_type": "decision", "case": sample::request().case, "measures": [measure]})
    }

    #[test]
    fn a_refusal_gives_the_ground_of_its_header() {
        let refuse = Header { ground: Some(RefusalCode::R08), ..header(Step::Refuse) };
        let of = |code: &str| decision(json!({"id": 1, "outcome": "refuse", "code": code, "reasons": "…"}));
        assert_eq!(verdict(&refuse, "decision", &of("R08")), None);
        assert_eq!(verdict(&refuse, "decision", &of("R02")).unwrap(), "measures.code");
        let accept = decision(json!({"id": 1, "outcome": "accept"}));
        assert_eq!(verdict(&refuse, "decision", &accept).unwrap(), "measures.outcome");
    }

    #[test]
    fn an_acceptance_imposes_the_conditions_of_its_header_on_its_measures() {
        let recognise = Header { conditions: vec![ConditionCode::C01], ..header(Step::Recognise) };
        let of =
            |id: u32, conditions: Value| decision(json!({"id": id, "outcome": "accept", "conditions": conditions}));
        assert_eq!(verdict(&recognise, "decision", &of(1, json!(["C01"]))), None);
        assert_eq!(verdict(&recognise, "decision", &of(1, json!(["C01", "C04"]))).unwrap(), "measures.conditions");
        assert_eq!(verdict(&recognise, "decision", &of(1, json!([]))).unwrap(), "measures.conditions");
        assert_eq!(verdict(&recognise, "decision", &of(2, json!(["C01"]))).unwrap(), "measures");
        let offer = Header { step: Step::OfferConditions, ..recognise };
        assert_eq!(verdict(&offer, "decision", &of(1, json!(["C01"]))).unwrap(), "measures.outcome");
        let offered = |code: &str| decision(json!({"id": 1, "outcome": "offer", "conditions": [code]}));
        assert_eq!(verdict(&offer, "decision", &offered("C01")), None);
        assert_eq!(verdict(&offer, "decision", &offered("C04")).unwrap(), "measures.conditions");
    }

    #[test]
    fn the_order_of_a_court_is_of_the_day_that_the_header_declares() {
        let day = Date::constant(2026, 8, 5);
        let mut recognise = header(Step::Recognise);
        recognise.declared.order = Some(day);
        let mut granted = decision(json!({"id": 1, "outcome": "accept"}));
        assert_eq!(verdict(&recognise, "decision", &granted).unwrap(), "order.made_on", "none is inside");
        granted["order"] = json!({"authority": "Tribunal judiciaire", "number": "26/113", "made_on": "2026-08-05"});
        assert_eq!(verdict(&recognise, "decision", &granted), None);
        assert_eq!(order_of(&granted), Some(day));
        granted["order"]["made_on"] = json!("2026-08-06");
        assert_eq!(verdict(&recognise, "decision", &granted).unwrap(), "order.made_on");
        recognise.declared.order = None;
        assert_eq!(verdict(&recognise, "decision", &granted).unwrap(), "order.made_on", "the header hides it");
    }

    #[test]
    fn every_step_with_a_body_takes_its_own_document_only() {
        let case = sample::request().case;
        let steps = Step::ALL
            .into_iter()
            .filter(|step| !bespoke::is_for(*step) && !matter::is_for(*step))
            .filter(|step| !matches!(step, Step::SealSend | Step::Recognise | Step::Refuse | Step::OfferConditions));
        for step in steps {
            let header = header(step);
            for name in ["ack", "receipt_confirmation", "violation", "notice", "consultation_minutes"] {
                let mut document = json!({"record_type": name, "case": case});
                assert_eq!(
                    verdict(&header, name, &document).is_none(),
                    document_of(step) == Some(name),
                    "{step} {name}"
                );
                document["case"] = json!("6b9d1c6e-2f1d-4c6a-9d36-000000000000");
                assert!(verdict(&header, name, &document).is_some());
            }
        }
    }

    #[test]
    fn a_call_back_that_is_declared_is_proven_inside() {
        let case = sample::request().case;
        let mut recognise = header(Step::Recognise);
        recognise.declared.callback = moment("2026-08-06T01:12:00Z");
        let answer = ("decision".parse().unwrap(), decision(json!({"id": 1, "outcome": "accept"})));
        let call = |at: &str, agreed: bool, caller: &str, callee: &str| {
            let call = json!({"record_type": "emergency_callback", "case": case, "at": at, "agreed": agreed,
                "caller": {"authority": caller}, "callee": {"authority": callee}});
            (CALLBACK.parse::<RecordType>().unwrap(), call)
        };
        let verdict = |second: Option<(RecordType, Value)>| {
            let documents: Vec<_> = std::iter::once(answer.clone()).chain(second).collect();
            compare_answers(&recognise, &documents).err().and_then(|refusal| refusal.field)
        };
        let at = "2026-08-06T03:12:00+02:00";
        assert_eq!(verdict(Some(call(at, true, "FR:central", "JP:central"))), None);
        assert_eq!(verdict(None).unwrap(), "documents");
        assert_eq!(verdict(Some(call("2026-08-06T03:12:01+02:00", true, "FR:central", "JP:central"))).unwrap(), "at");
        assert_eq!(verdict(Some(call(at, false, "FR:central", "JP:central"))).unwrap(), "agreed");
        assert_eq!(verdict(Some(call(at, true, "JP:central", "FR:central"))).unwrap(), "caller");
        let silent = Header { declared: model::Declared::default(), ..recognise.clone() };
        let both = [answer.clone(), call(at, true, "FR:central", "JP:central")];
        assert_eq!(compare_answers(&silent, &both).unwrap_err().field.unwrap(), "documents");
        assert_eq!(compare_answers(&silent, &both[..1]), Ok(()));
    }

    #[test]
    fn a_notice_of_a_call_back_says_what_its_header_says() {
        let case = sample::request().case;
        let challenge: Challenge = "7Q2F-0M9X-R4TB-W8CN".parse().unwrap();
        let notice = |step: &str, text: &str, field: &str, value: String| json!({"record_type": "notice", "case": case, "step": step, "measures": [1], "text": text, field: value});
        let commitment = |of: Challenge| of.commitment(case, model::EntryId::new([3; 16]));
        let opening = |of: Challenge| notice("open_callback", "We call.", "challenge_hash", commitment(of).to_string());
        let mut open = header(Step::OpenCallback);
        assert_eq!(verdict(&open, "notice", &opening(challenge)).unwrap(), "challenge_hash");
        open.declared.challenge = Some(commitment(challenge));
        assert_eq!(verdict(&open, "notice", &opening(challenge)), None);
        assert_eq!(verdict(&open, "notice", &opening(Challenge::new([1; 10]))).unwrap(), "challenge_hash");
        let mut answer = header(Step::AnswerCallback);
        answer.declared.response = Some(challenge);
        let given = |of: Challenge| notice("answer_callback", "This was read out.", "challenge", of.to_string());
        assert_eq!(verdict(&answer, "notice", &given(challenge)), None);
        assert_eq!(verdict(&answer, "notice", &given(Challenge::new([1; 10]))).unwrap(), "challenge");
    }

    #[test]
    fn a_notice_of_another_step_or_measure_and_a_violation_of_another_ground_are_refused() {
        let case = sample::request().case;
        let notice = |step: &str, id: u32| json!({"record_type": "notice", "case": case, "step": step, "measures": [id], "text": "…"});
        let withdraw = header(Step::Withdraw);
        assert_eq!(verdict(&withdraw, "notice", &notice("withdraw", 1)), None);
        assert_eq!(verdict(&withdraw, "notice", &notice("close", 1)).unwrap(), "step");
        assert_eq!(verdict(&withdraw, "notice", &notice("withdraw", 2)).unwrap(), "measures");
        let violation = Header { ground: Some(RefusalCode::R94), ..header(Step::Violation) };
        let document = json!({"record_type": "violation", "case": case, "code": "R90"});
        assert_eq!(verdict(&violation, "violation", &document).unwrap(), "code");
    }
}
