//! A simulated authority: what it would do next in a case. It decides from what it is shown and from its persona alone, without clock and
//! chance, so that what it did can be played again.
//!
//! [`decide`] is its mind: training, the demo and the simulator ask the same one. [`next`] gives it the voice that it has in training:
//! nothing that it says there may be taken for real, so each text begins with the banner of [`training_banner`], and each record is made of
//! the catalogue's examples and says in its source that it is none. Begin with [`decide`].

use model::{ConditionCode, Language, MeasureId, RecordType, RefusalCode, Step};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Measure, RequestBody, Subject};

mod texts;

pub use texts::training_banner;

/// How a simulated authority behaves. Read from TOML; each field may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Persona {
    /// How it is called in its own terminal.
    pub name: String,
    /// Whether it asks for information before it decides.
    pub asks_first: bool,
    /// What it asks; a question of the persona's own when absent.
    pub question: Option<String>,
    /// How it decides.
    pub decides: Decides,
    /// The ground of a refusal; where the treaty does not know it, its first one.
    pub ground: RefusalCode,
    /// The conditions that it offers.
    pub conditions: Vec<ConditionCode>,
    /// In how many parts it produces, from 1 to 8.
    pub parts: u8,
    /// How many seconds it waits before each act, up to an hour.
    pub delay_s: u32,
}

/// How a persona decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decides {
    /// It recognises and produces.
    Produce,
    /// It refuses, after a consultation where the treaty wants one.
    Refuse,
    /// It offers conditions, and produces when they are taken.
    Conditions,
    /// One of these, by the number that the caller gives.
    Varied,
}

impl Default for Persona {
    fn default() -> Self {
        Self {
            name: "a helpful authority".to_owned(),
            asks_first: true,
            question: None,
            decides: Decides::Produce,
            ground: RefusalCode::R07,
            conditions: vec![ConditionCode::C01],
            parts: 1,
            delay_s: 0,
        }
    }
}

impl Persona {
    /// What is wrong with it, in one sentence.
    ///
    /// # Errors
    /// When a number is out of its range, a ground is no human one, or conditions are to be offered and there are none.
    pub fn check(&self) -> Result<(), &'static str> {
        if !(1..=8).contains(&self.parts) {
            return Err("`parts` is from 1 to 8");
        }
        if self.delay_s > 3600 {
            return Err("`delay_s` is at most 3600");
        }
        if !self.ground.is_human() {
            return Err("`ground` is one of R01 to R20");
        }
        if self.conditions.is_empty() && matches!(self.decides, Decides::Conditions | Decides::Varied) {
            return Err("`conditions` names at least one");
        }
        Ok(())
    }
}

/// A measure as the simulated authority sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub id: MeasureId,
    /// Its state, as in `REVIEW`.
    pub state: String,
    /// Whether the treaty wants a consultation before a refusal, and none was held yet.
    pub consult_first: bool,
    /// On which grounds the treaty lets it be refused.
    pub grounds: Vec<RefusalCode>,
    /// Whether it is reviewed only after a ministry was told.
    pub ministry_notice: bool,
    /// Whether it is granted only by the order of a court.
    pub court_order: bool,
}

/// A case as the simulated authority sees it.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Whether the next act is this side's.
    pub ours: bool,
    /// Which steps the procedure lets this side take now.
    pub possible: &'a [Step],
    /// Which steps this side has taken in the case, oldest first.
    pub taken: &'a [Step],
    /// The measures.
    pub measures: &'a [Standing],
}

/// What was asked, which only who speaks has to know.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The request.
    pub request: &'a RequestBody,
    /// The language of the case.
    pub language: Language,
}

/// What the simulated authority has decided to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The step.
    pub step: Step,
    /// The ground of a refusal.
    pub ground: Option<RefusalCode>,
    /// The conditions that it offers.
    pub conditions: Vec<ConditionCode>,
}

/// What it does in training, with what it says.
#[derive(Clone, PartialEq)]
pub struct Act {
    /// The step.
    pub step: Step,
    /// What it writes, with the banner; empty where the step has no place for words.
    pub text: String,
    /// The ground of a refusal.
    pub ground: Option<RefusalCode>,
    /// The conditions that it offers.
    pub conditions: Vec<ConditionCode>,
    /// Where its law wants the order of a court or the notice to a ministry: the form that names one. What it names bears the banner.
    pub order: Option<&'static str>,
    /// The records that it releases, each as a record of which the desk fills in the rest.
    pub records: Vec<(RecordType, Value)>,
}

/// What comes next in a case; `None` where it is for the other side, or nothing is left to do. `choice` stands for chance: the same number
/// decides the same. Whoever asks says it in words of its own.
pub fn decide(persona: &Persona, case: &Situation<'_>, choice: u64) -> Option<Decision> {
    if !case.ours {
        return None;
    }
    let step = persona.step(case, choice)?;
    Some(Decision {
        step,
        ground: (step == Step::Refuse).then(|| persona.ground(case)),
        conditions: if step == Step::OfferConditions { persona.conditions.clone() } else { Vec::new() },
    })
}

/// The next act of an exercise: what [`decide`] says, with words and records that nobody can take for real. `examples` gives a valid record
/// of a type.
pub fn next(
    persona: &Persona,
    case: &Situation<'_>,
    asked: &Asked<'_>,
    choice: u64,
    examples: &dyn Fn(&RecordType) -> Option<Value>,
) -> Option<Act> {
    let Decision { step, ground, conditions } = decide(persona, case, choice)?;
    let wordless = matches!(step, Step::Release | Step::Confirm);
    let text =
        if wordless { String::new() } else { texts::of(step, asked.language, persona.question.as_deref(), choice) };
    let records = if step == Step::Release { persona.records(case, asked, examples) } else { Vec::new() };
    if step == Step::Release && records.is_empty() {
        return None;
    }
    Some(Act { step, text, ground, conditions, order: order(step, case), records })
}

fn order(step: Step, case: &Situation<'_>) -> Option<&'static str> {
    let wants = |wanted: fn(&Standing) -> bool| case.measures.iter().any(wanted);
    match step {
        Step::OpenReview if wants(|one| one.ministry_notice) => Some("notice"),
        Step::Recognise | Step::OfferConditions if wants(|one| one.court_order) => Some("decision"),
        _ => None,
    }
}

impl Persona {
    fn step(&self, case: &Situation<'_>, choice: u64) -> Option<Step> {
        let can = |step: Step| case.possible.contains(&step);
        let times = |step: Step| case.taken.iter().filter(|one| **one == step).count();
        let first = |steps: &[Step]| steps.iter().copied().find(|step| can(*step));
        if can(Step::Acknowledge) {
            return Some(Step::Acknowledge);
        }
        if self.asks_first && can(Step::AskInfo) && times(Step::AskInfo) == 0 {
            return Some(Step::AskInfo);
        }
        if can(Step::OpenReview) {
            return Some(Step::OpenReview);
        }
        match self.decided(choice) {
            Decides::Refuse if can(Step::Refuse) || can(Step::Consult) => {
                return refusal(case, &can, times(Step::Consult));
            }
            Decides::Conditions if can(Step::OfferConditions) && times(Step::OfferConditions) == 0 => {
                return Some(Step::OfferConditions);
            }
            _ => {}
        }
        if let Some(step) = first(&[Step::Recognise, Step::Release, Step::MoreToCome, Step::Assign]) {
            return Some(step);
        }
        let more = times(Step::Release) + 1 < usize::from(self.parts);
        first(if more { &[Step::PartCollected, Step::Collected] } else { &[Step::Collected] })
    }

    fn decided(&self, choice: u64) -> Decides {
        match (self.decides, choice % 3) {
            (Decides::Varied, 0) => Decides::Produce,
            (Decides::Varied, 1) => Decides::Conditions,
            (Decides::Varied, _) => Decides::Refuse,
            (decides, _) => decides,
        }
    }

    fn ground(&self, case: &Situation<'_>) -> RefusalCode {
        let known =
            |code: &RefusalCode| case.measures.iter().all(|one| one.grounds.is_empty() || one.grounds.contains(code));
        let first = case.measures.iter().flat_map(|one| one.grounds.iter().copied()).find(|code| known(code));
        if known(&self.ground) { self.ground } else { first.unwrap_or(self.ground) }
    }

    /// The records of this part: all that are left in the last, one in each part before.
    fn records(
        &self,
        case: &Situation<'_>,
        asked: &Asked<'_>,
        examples: &dyn Fn(&RecordType) -> Option<Value>,
    ) -> Vec<(RecordType, Value)> {
        let released = case.taken.iter().filter(|step| **step == Step::Release).count();
        let banner = training_banner(asked.language);
        let mut made = Vec::new();
        for measure in &asked.request.measures {
            let ready = case.measures.iter().any(|one| one.id == measure.id && RELEASES.contains(&one.state.as_str()));
            if !ready {
                continue;
            }
            let last = released + 1 >= usize::from(self.parts) || released + 1 >= measure.records.len();
            let types = measure.records.iter().skip(released.min(measure.records.len().saturating_sub(1)));
            for record_type in types.take(if last { usize::MAX } else { 1 }) {
                let Some(example) = examples(record_type) else { continue };
                let of = |subject| (record_type.clone(), synthetic(&example, measure, subject, banner));
                made.extend(measure.subjects.iter().map(of));
            }
        }
        made.truncate(crate::DOCUMENTS_MAX);
        made
    }
}

/// The states from which records are released.
const RELEASES: [&str; 2] = ["READY", "PARTIAL"];

/// Where the treaty wants a consultation, it is opened, and the requesting party says when it was held.
fn refusal(case: &Situation<'_>, can: &dyn Fn(Step) -> bool, consulted: usize) -> Option<Step> {
    let consult = case.measures.iter().any(|one| one.consult_first);
    if !consult {
        return can(Step::Refuse).then_some(Step::Refuse);
    }
    (consulted == 0 && can(Step::Consult)).then_some(Step::Consult)
}

/// A record on `subject` made of the catalogue's example: what a content repeats of the request is the request's own, and its source says
/// what it is.
fn synthetic(example: &Value, measure: &Measure, subject: &Subject, banner: &str) -> Value {
    let mut content = example.get("content").cloned().unwrap_or_else(|| example.clone());
    if let Some(fields) = content.as_object_mut() {
        if fields.contains_key("selector")
            && let Ok(selector) = serde_json::to_value(&subject.selector)
        {
            fields.insert("selector".to_owned(), selector);
        }
        if let (true, Some(window)) = (fields.contains_key("window"), measure.window) {
            fields.insert("window".to_owned(), json!({ "from": window.from, "to": window.to }));
        }
    }
    json!({
        "measure": measure.id.0,
        "subject_ref": subject.subject_ref,
        "source_system": banner,
        "legal_basis": banner,
        "content": content,
    })
}

#[cfg(test)]
mod tests;
