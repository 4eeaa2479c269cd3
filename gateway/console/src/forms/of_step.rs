//! Which form a step has beside its words, and which of its fields a person fills in: the rest the desk fills in.

use model::Step;

use super::schema::{Field, Kind, fields_of};

/// A form of the catalogue, as far as a person fills it in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) record_type: String,
    /// The beginning of the names of its fields on the page.
    pub(crate) prefix: String,
    pub(crate) fields: Vec<Field>,
    /// Whether it may be left out as a whole.
    pub(crate) is_optional: bool,
}

/// What of which form.
struct Cut {
    record_type: &'static str,
    /// These fields, in this order; empty: all but what every form has.
    only: &'static [&'static str],
    /// Those without which it says nothing.
    needed: &'static [&'static str],
    is_optional: bool,
}

const INCIDENT: &[&str] = &[
    "kind",
    "noticed_at",
    "risk",
    "persons_affected",
    "measures_taken",
    "subjects_notified",
    "deferral_reason",
    "contact",
    "next_notice_by",
];

impl Form {
    /// Whether it is the order of a court, or the notice to a ministry, on which a step rests.
    pub(crate) fn is_order(&self) -> bool {
        matches!(self.fields.as_slice(), [one] if one.name == "order")
    }

    /// Does not show a field that the page shows in another way.
    pub(crate) fn leave_out(&mut self, name: &str) {
        for field in &mut self.fields {
            if let Kind::Group(fields) = &mut field.kind {
                fields.retain(|one| one.name != name);
            }
        }
    }
}

/// The forms of a step of a matter of this kind (as the desk names it; empty outside of one).
pub(crate) fn of_step(step: Step, matter_kind: &str) -> Vec<Form> {
    if step == Step::OpenCallback {
        return vec![of_drawn()];
    }
    let cuts = match step {
        Step::RequestUse | Step::NotifyExculpatory => {
            vec![cut("use_consent", &["legal_basis", "proceeding", "recipient"], &["legal_basis"])]
        }
        Step::RequestOnward => {
            let only = &["recipient", "legal_basis", "proceeding"];
            vec![cut("onward_consent", only, &["recipient", "legal_basis"])]
        }
        Step::NotifyBreach => vec![cut("breach_notice", INCIDENT, &["kind"])],
        Step::ConfirmBreach => vec![optional(cut("breach_notice", INCIDENT, &[]))],
        Step::Recall if matter_kind == "correction" => {
            let only = &["compared", "root_cause", "reissue_expected_by"];
            vec![cut("wrong_subject_recall", only, &["compared", "root_cause"])]
        }
        Step::CloseMatter if matter_kind == "correction" => vec![optional(cut("notice", &["told"], &[]))],
        Step::ProposeHearing | Step::ProposeSlots => vec![cut("hearing_notice", &["proposal"], &["proposal"])],
        Step::AgreeSlot => vec![cut("hearing_notice", &["agreement"], &["agreement"])],
        Step::RecordConsent => vec![cut("hearing_notice", &["consent"], &["consent"])],
        Step::TestLink => vec![cut("hearing_notice", &["test"], &["test"])],
        Step::OpenHearing => vec![cut("hearing_notice", &["opening"], &["opening"])],
        Step::DraftMinutes => vec![cut("hearing_notice", &["minutes"], &["minutes"])],
        Step::SignMinutes => vec![cut("hearing_notice", &["signature"], &["signature"])],
        Step::TransmitMinutes => vec![cut("hearing_notice", &["handover"], &["handover"])],
        Step::AskInfo => vec![optional(cut("info_request", &["questions", "answer_by", "tip_off_risk"], &[]))],
        Step::GiveInfo => vec![optional(cut("info_reply", &["answers", "scope_grows", "validation"], &[]))],
        Step::AnswerCallback => vec![cut("notice", &["challenge"], &["challenge"])],
        Step::Close => vec![cut("notice", &["alternative_channel"], &[])],
        Step::Assign => vec![cut("notice", &["domestic_reference", "other_measure"], &[])],
        Step::OpenReview => vec![optional(cut("notice", &["order"], &[]))],
        Step::Recognise | Step::OfferConditions => vec![optional(cut("decision", &["order"], &[]))],
        Step::AcceptConditions => vec![optional(cut("undertaking", &["conditions", "binds"], &[]))],
        Step::ConsultDone => vec![optional(cut("consultation_minutes", &[], &[]))],
        Step::FinalReport => {
            vec![
                optional(cut("execution_report", &["left_out", "domestic_reference"], &[])),
                optional(cut("cost_note", &[], &[])),
            ]
        }
        _ => Vec::new(),
    };
    cuts.iter().enumerate().map(|(at, cut)| cut.form(&format!("f{at}"))).collect()
}

/// What a page draws to be read out when somebody calls back; the notice says its commitment alone.
pub(crate) const DRAWN: &str = "drawn";

fn of_drawn() -> Form {
    let field = Field { name: DRAWN.to_owned(), hint: String::new(), is_needed: true, kind: Kind::Drawn };
    Form { record_type: "notice".to_owned(), prefix: "f0".to_owned(), fields: vec![field], is_optional: false }
}

/// The record of a call-back.
pub(crate) const CALLBACK: &str = "emergency_callback";

/// The record of a call-back, on the answer to an emergency.
///
/// Where no treaty wants a challenge to be given back (`is_proved`), that both agreed is the word of who called.
pub(crate) fn of_callback(is_proved: bool) -> Form {
    let only: &[&str] = &["at", "channel", "reached_by", "duration_s", "agreed", "caller", "callee"];
    let mut form = optional(cut(CALLBACK, only, &[])).form("call");
    form.fields.retain(|one| !is_proved || one.name != "agreed");
    form
}

/// Whether a step has a form of fields.
pub(crate) fn is_offered(step: Step) -> bool {
    ["", "correction"].iter().any(|kind| !of_step(step, kind).is_empty())
}

/// A record that is released: its content, and of its wrapper what the desk cannot find out where there are several of them.
pub(crate) fn of_record(record_type: &str, prefix: &str) -> Form {
    let mut fields = fields_of(record_type);
    fields.retain(|one| matches!(one.name.as_str(), "measure" | "subject_ref" | "content"));
    fields.sort_by_key(|one| one.name == "content");
    for field in fields.iter_mut().filter(|one| one.name != "content") {
        field.is_needed = false;
    }
    Form { record_type: record_type.to_owned(), prefix: prefix.to_owned(), fields, is_optional: false }
}

fn cut(record_type: &'static str, only: &'static [&'static str], needed: &'static [&'static str]) -> Cut {
    Cut { record_type, only, needed, is_optional: false }
}

fn optional(cut: Cut) -> Cut {
    Cut { is_optional: true, ..cut }
}

/// What every form has, and the desk fills in.
const OF_EVERY: [&str; 9] =
    ["record_type", "case", "at", "issued_by", "issued_on", "act", "in_answer_to", "officer", "text"];
/// What nobody has to fill in of a part of a form: the local times of a slot, the time of the slot that is taken, who spoke for which authority.
const OF_PARTS: [(&str, &[&str]); 6] = [
    ("caller", &["party", "authority"]),
    ("callee", &["party", "authority"]),
    ("slots", &["number", "requesting", "requested"]),
    ("agreement", &["starts_at", "minutes"]),
    ("questions", &["number"]),
    ("answers", &["number"]),
];

impl Cut {
    fn form(&self, prefix: &str) -> Form {
        let mut fields = fields_of(self.record_type);
        if self.only.is_empty() {
            fields.retain(|one| !OF_EVERY.contains(&one.name.as_str()));
        } else {
            fields.retain(|one| self.only.contains(&one.name.as_str()));
            fields.sort_by_key(|one| self.only.iter().position(|name| *name == one.name));
            for field in &mut fields {
                field.is_needed = self.needed.contains(&field.name.as_str());
            }
        }
        fields.iter_mut().for_each(without_parts);
        let (record_type, prefix) = (self.record_type.to_owned(), prefix.to_owned());
        Form { record_type, prefix, fields, is_optional: self.is_optional }
    }
}

fn without_parts(field: &mut Field) {
    let parts = OF_PARTS.iter().find(|(name, _)| *name == field.name).map_or(&[][..], |(_, parts)| *parts);
    let inner = match &mut field.kind {
        Kind::Group(fields) => fields,
        Kind::Many { item, .. } => match item.as_mut() {
            Kind::Group(fields) => fields,
            _ => return,
        },
        _ => return,
    };
    inner.retain(|one| !parts.contains(&one.name.as_str()));
    inner.iter_mut().for_each(without_parts);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_a_step_asks_for_what_only_a_person_knows() {
        for step in Step::ALL {
            for form in ["", "correction"].iter().flat_map(|kind| of_step(step, kind)) {
                assert!(!form.fields.is_empty(), "{step}: {} has no such fields", form.record_type);
                let names: Vec<_> = form.fields.iter().map(|one| one.name.as_str()).collect();
                assert!(!names.contains(&"record_type") && !names.contains(&"case"), "{step}: {names:?}");
            }
        }
        assert!(of_step(Step::Recall, "breach").is_empty(), "what was lost is recalled by a notice");
        let content = of_record("subscriber_info", "r1");
        assert_eq!(content.fields.last().map(|one| one.name.as_str()), Some("content"));
    }
}
