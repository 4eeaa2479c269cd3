//! What a request gives that nobody asked for [ETS 185 art. 26, UNTOC 18(4)-(5)]: its records lie in the draft, and are sealed with it.

use std::fmt;

use desk::{Document, Finding, RequestBody, compare, compare_given, declare_given};
use model::{
    AuthorityId, ConditionCode, Denial, EntryId, Fault, Header, MeasureId, RecordType, Refusal, RefusalCode, Step,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use treaty::{Decision, Permit};
use workflow::{Case, Measure, Moment, Signal, State};

use super::{
    Office,
    documents::record_of,
    draft::Written,
    internal,
    view::{CaseView, DraftView},
};
use crate::random;

/// The records of a draft, in bytes together.
const ENCLOSED_BYTES_MAX: usize = 6 * 1024 * 1024;

/// A record that goes with a draft. What its wrapper says of the moment and of itself is settled when it is enclosed, so that who
/// validates and who signs see the same bytes. Its `Debug` tells the type only.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Enclosed {
    record_type: RecordType,
    /// The record as JSON, as far as it was written.
    text: String,
}

impl fmt::Debug for Enclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Enclosed({}, …)", self.record_type)
    }
}

/// What goes with the draft that an officer has written: the records that are handed in now, or those that went with it.
pub(super) fn enclosed(
    written: &Written<'_>,
    old: Option<&DraftView>,
    now: Timestamp,
) -> Result<Vec<Enclosed>, Denial> {
    if written.records.is_empty() {
        return Ok(old.map(|old| old.enclosed.clone()).unwrap_or_default());
    }
    if written.records.iter().map(|one| one.bytes.len()).sum::<usize>() > ENCLOSED_BYTES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "the records of a draft have more than 6 MiB together"));
    }
    if written.records.len() >= desk::DOCUMENTS_MAX {
        return Err(Denial::failed(Fault::TooLarge, "a draft has too many records"));
    }
    let one = |document: &Document| {
        let value =
            records::read(&document.bytes).map_err(|found| Denial::failed(Fault::Malformed, found.to_string()))?;
        let mut record = record_of(value)?;
        let id: Value = random::record_id()?.into();
        record.entry("record_id").or_insert(id);
        record.entry("collected_at").or_insert(now.to_string().into());
        record.entry("conditions").or_insert(written.conditions.iter().map(|code| code.as_str()).collect());
        Ok(Enclosed { record_type: document.record_type.clone(), text: Value::Object(record).to_string() })
    };
    written.records.iter().map(one).collect()
}

impl Office {
    /// The records of a draft, whole: what they can only say in one way is filled in from the request.
    ///
    /// # Errors
    /// R90 or R94 of the first that is not what its schema wants, or about nobody that the request names.
    pub(super) fn given(&self, request: &RequestBody, draft: &DraftView) -> Result<Vec<Document>, Denial> {
        let one = |enclosed: &Enclosed| {
            let value = records::read(enclosed.text.as_bytes());
            let record = record_of(value.map_err(|found| Denial::failed(Fault::Malformed, found.to_string()))?)?;
            let kind = &enclosed.record_type;
            let only = request.measures.iter().find(|one| one.records.contains(kind)).map(|one| one.id);
            let none = |_| Vec::<ConditionCode>::new();
            let whole = self.wrapped(request, kind, record, only, &none, Timestamp(0))?;
            let bytes = serde_json::to_vec_pretty(&whole).map_err(internal)?;
            self.accept(kind, &bytes)?;
            Ok(Document { record_type: kind.clone(), bytes })
        };
        draft.enclosed.iter().map(one).collect()
    }

    /// Puts what a draft gives into its header, and holds both against each other.
    pub(super) fn compare_sent(
        &self,
        header: &mut Header,
        request: &RequestBody,
        draft: &DraftView,
    ) -> Result<(), Denial> {
        if draft.enclosed.is_empty() {
            return Ok(compare(header, request)?);
        }
        let records = self.records_in(&self.given(request, draft)?)?;
        declare_given(header, &records);
        Ok(compare_given(header, request, &records)?)
    }

    /// What stands in the way of giving, before anybody validates it: a request that asks has no records, one that gives has each that it
    /// names, under conditions that the treaty knows. A draft that the other side has shared shows no records, and is not held to them.
    pub(super) fn given_findings(
        &self,
        request: &RequestBody,
        draft: &DraftView,
        sender: &AuthorityId,
        decision: Option<&Decision>,
    ) -> Vec<Finding> {
        let permits = decision.map(|decision| decision.permits.as_slice()).unwrap_or_default();
        if *sender != self.own || permits.is_empty() {
            return Vec::new();
        }
        if !permits.iter().any(|permit| permit.spontaneous) {
            let asks = || {
                let remedy = "Take a request type that gives (`desk treaty` tells which), or leave the records out.";
                wrong("records", "the request asks, and records go with it".to_owned(), remedy)
            };
            return (!draft.enclosed.is_empty()).then(asks).into_iter().collect();
        }
        if let Err(denial) = self.given(request, draft) {
            let Denial::Refused(refusal) = denial else {
                return vec![wrong("records", "a record cannot be read".to_owned(), "Enclose it anew: --record.")];
            };
            return vec![(*refusal).into()];
        }
        let mut findings = Vec::new();
        for permit in permits {
            findings.extend(incomplete(request, draft, permit));
            findings.extend(self.unknown_condition(request, draft, permit));
        }
        findings
    }

    fn unknown_condition(&self, request: &RequestBody, draft: &DraftView, permit: &Permit) -> Option<Finding> {
        let records = self.records_in(&self.given(request, draft).ok()?).ok()?;
        let mut imposed = records.iter().filter(|one| one.measure == permit.measure).flat_map(|one| &one.conditions);
        let code = imposed.find(|code| !permit.conditions.is_empty() && !permit.conditions.contains(code))?;
        let known: Vec<_> = permit.conditions.iter().map(|code| code.as_str()).collect();
        let reason = format!("{code} is no condition that the treaty knows for what is given");
        let remedy = format!("Impose one of {}: --condition.", known.join(", "));
        Some(wrong("conditions", reason, &remedy))
    }

    /// Whether what was given may be opened: who acknowledged it took it under its conditions [ETS 185 art. 26(2), UNTOC 18(5)], and its
    /// giver has not taken it back. That it was acknowledged is an event of the case; where it stands now does not tell.
    ///
    /// # Errors
    /// R18 where its giver withdrew it, R16 where nobody acknowledged it.
    pub(super) fn taken_under_conditions(
        &self,
        view: &CaseView,
        case: &Case,
        entry: EntryId,
        measure: &Measure,
    ) -> Result<(), Denial> {
        if measure.is_taken_back() {
            let reason = format!("what entry {entry} gives was withdrawn by its giver");
            let remedy = "Destroy it: desk dispose due, then two custodians: desk dispose certify.";
            let mut refusal = Refusal::new(RefusalCode::R18, "desk", reason, remedy).at("record");
            refusal.article = Some(measure.scope.article.clone());
            refusal.owner = Some(case.party(measure.keeper()));
            return Err(refusal.into());
        }
        if !measure.gives() || is_acknowledged(&view.moments, measure.scope.id) {
            return Ok(());
        }
        let codes: Vec<_> = measure.conditions.iter().map(|code| format!("{code} {}", code.text())).collect();
        let under = if codes.is_empty() { "without conditions".to_owned() } else { codes.join("; ") };
        let reason = format!("what entry {entry} gives is not acknowledged yet; it is given under: {under}");
        let remedy = match measure.state {
            State::Sent | State::Delivered | State::Transferred => {
                "Acknowledge it, and be bound by its conditions; or give it back unread: desk return --cannot-comply."
            }
            _ => "It can be acknowledged no more: two custodians certify that it is destroyed (desk dispose certify).",
        };
        let mut refusal = Refusal::new(RefusalCode::R16, "desk", reason, remedy).at("record");
        refusal.article = Some(measure.scope.article.clone());
        refusal.owner = Some(case.party(measure.keeper()));
        Err(refusal.into())
    }

    /// Whether this desk cannot hold an answer against the request: it never had it, or the request was destroyed with what it gave.
    pub(super) fn lacks_request(&self, view: &CaseView) -> bool {
        view.request.is_none_or(|entry| view.destroyed.iter().any(|one| one.entry == entry))
    }
}

/// Whether the case tells that the measure was acknowledged.
fn is_acknowledged(moments: &[Moment], id: MeasureId) -> bool {
    moments.iter().any(|one| one.measure == id && one.signal == Signal::Step(Step::Acknowledge))
}

/// A record type that a measure names and that is not enclosed.
fn incomplete(request: &RequestBody, draft: &DraftView, permit: &Permit) -> Option<Finding> {
    let index = request.measures.iter().position(|measure| measure.id == permit.measure)?;
    let named = |kind: &&RecordType| draft.enclosed.iter().all(|one| one.record_type != **kind);
    let missing = request.measures[index].records.iter().find(named)?;
    let reason = format!("a {missing} is named, and none goes with it");
    let remedy = format!("Enclose it (desk request edit --record {missing}=FILE), or name only what is given.");
    Some(wrong(&format!("measures[{index}].records"), reason, &remedy))
}

fn wrong(field: &str, reason: String, remedy: &str) -> Finding {
    Refusal::new(RefusalCode::R94, "desk", reason, remedy).at(field).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_acknowledgement_of_the_very_measure_says_that_it_was_taken() {
        let moment = |measure: u32, step: Step, state: State| Moment {
            measure: MeasureId(measure),
            signal: Signal::Step(step),
            state,
            at: Timestamp(1),
            until: None,
            from: None,
        };
        let withdrawn = [moment(1, Step::SealSend, State::Delivered), moment(1, Step::Withdraw, State::Withdrawn)];
        assert!(!is_acknowledged(&withdrawn, MeasureId(1)));
        let kept = [moment(1, Step::DisposalDue, State::DisposalDue), moment(1, Step::Extend, State::InUse)];
        assert!(!is_acknowledged(&kept, MeasureId(1)), "that it stands in use does not say that it was taken");
        let other = [moment(2, Step::Acknowledge, State::Acked)];
        assert!(!is_acknowledged(&other, MeasureId(1)) && is_acknowledged(&other, MeasureId(2)));
    }
}
