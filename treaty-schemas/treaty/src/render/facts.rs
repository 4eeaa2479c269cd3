use model::Language;

use super::Label;
use crate::{
    Bytes, Consult, Ground, Onward, Permit,
    phrase::{AnyOf, List},
};

/// One thing that a permit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub label: Label,
    /// What it says: names of the treaty file, numbers, and grounds in the reader's language. Empty where the label says all.
    pub value: String,
}

impl Permit {
    /// What is allowed, piece by piece in a fixed order: basis, caps, clocks of the treaty and of policy apart, what humans may and must
    /// refuse, what they judge, and how the records may be used. What the rule does not say is left out.
    pub fn explain(&self, language: Language) -> Vec<Fact> {
        let mut facts = Facts(Vec::new());
        facts.say(Label::Basis, format!("{} {} ({})", self.article, self.request_type, self.file));
        facts.when(Label::Voluntary, !self.compulsory);
        facts.when(Label::Unverified, !self.verified);
        facts.list(Label::Records, &self.records);
        facts.any(Label::Validators, self.validators.iter().map(|role| role.as_str()));
        facts.say(Label::Subjects, self.max_subjects.to_string());
        facts.some(Label::Days, self.max_window_days);
        facts.some(Label::Bytes, self.max_bytes.map(Bytes));
        facts.list(Label::Attributes, &self.attributes);
        facts.some(Label::Classification, self.classification_max.map(|mark| mark.as_str()));
        facts.list(Label::Quotas, &self.quotas);
        facts.when(Label::DualCriminality, self.dual_criminality);
        facts.when(Label::Automatic, self.automatic);
        facts.when(Label::Spontaneous, self.spontaneous);
        facts.list(Label::LegalClocks, self.timers.iter().filter(|timer| timer.is_legal()));
        facts.list(Label::PolicyClocks, self.timers.iter().filter(|timer| !timer.is_legal()));
        self.humans(&mut facts, language);
        self.usage_facts(&mut facts);
        facts.list(Label::Languages, &self.languages);
        facts.0
    }

    fn humans(&self, facts: &mut Facts, language: Language) {
        let ground = |ground: &Ground| format!("{} {}", ground.code, ground.code.text_in(language));
        let grounds = |mandatory| self.grounds.iter().filter(move |ground| ground.mandatory == mandatory).map(ground);
        facts.lines(Label::MustRefuse, grounds(true));
        facts.lines(Label::MayRefuse, grounds(false));
        facts.list(Label::Judgements, &self.judgements);
        facts.lines(
            Label::Postponements,
            self.postponements.iter().map(|code| format!("{code} {}", code.text_in(language))),
        );
        facts.lines(Label::Conditions, self.conditions.iter().map(|code| format!("{code} {}", code.text_in(language))));
        if self.consult != Consult::No {
            facts.say(Label::Consult, self.consult.as_str().replace('_', " "));
        }
        facts.when(Label::MinistryNotice, self.ministry_notice);
        facts.when(Label::CourtOrder, self.court_order);
        facts.when(Label::Callback, self.callback);
        facts.some(Label::ExPost, self.expost_hours);
    }

    fn usage_facts(&self, facts: &mut Facts) {
        facts.list(Label::Purposes, &self.purposes);
        facts.when(Label::Specialty, self.specialty);
        if self.onward != Onward::Free {
            facts.say(Label::Onward, self.onward.as_str().replace('_', " "));
        }
        facts.any(Label::Readers, self.readers.iter().map(|kind| kind.as_str()));
        facts.some(Label::Retention, self.retention_days);
    }
}

struct Facts(Vec<Fact>);

impl Facts {
    fn say(&mut self, label: Label, value: String) {
        self.0.push(Fact { label, value });
    }

    fn when(&mut self, label: Label, is: bool) {
        if is {
            self.say(label, String::new());
        }
    }

    fn some(&mut self, label: Label, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.say(label, value.to_string());
        }
    }

    fn list(&mut self, label: Label, items: impl IntoIterator<Item: ToString>) {
        let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
        if !items.is_empty() {
            self.say(label, List(items).to_string());
        }
    }

    fn any(&mut self, label: Label, items: impl IntoIterator<Item = &'static str>) {
        let items: Vec<_> = items.into_iter().collect();
        if !items.is_empty() {
            self.say(label, AnyOf(items).to_string());
        }
    }

    /// Texts with commas of their own: a fact each.
    fn lines(&mut self, label: Label, items: impl IntoIterator<Item = String>) {
        for item in items {
            self.say(label, item);
        }
    }
}
