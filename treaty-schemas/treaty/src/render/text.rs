use std::fmt::{self, Write};

use model::{Language, Refusal};

use super::Label;
use crate::{Decision, Outcome, TraceStep};

pub(super) fn decision(decision: &Decision, language: Language) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, decision, language);
    text
}

fn write(out: &mut String, decision: &Decision, language: Language) -> fmt::Result {
    let word = if decision.allowed() { Label::Allowed } else { Label::Refused };
    let Decision { requesting, requested, on, pin, .. } = decision;
    writeln!(out, "{requesting} → {requested}, {on}: {}", word.text(language))?;
    writeln!(out, "{} {pin}", Label::Rule.text(language))?;
    for refusal in &decision.refusals {
        refused(out, refusal, language)?;
    }
    for permit in &decision.permits {
        writeln!(out, "\n{}: {}", permit.measure, Label::Allowed.text(language))?;
        for fact in permit.explain(language) {
            let label = fact.label.text(language);
            if fact.value.is_empty() {
                writeln!(out, "  {label}")?
            } else {
                writeln!(out, "  {label}: {}", fact.value)?
            }
        }
    }
    writeln!(out, "\n{}", Label::Trace.text(language))?;
    decision.trace.iter().try_for_each(|step| traced(out, step, language))
}

fn refused(out: &mut String, refusal: &Refusal, language: Language) -> fmt::Result {
    let Refusal { code, article, rule, field, reason, remedy, owner } = refusal;
    writeln!(out, "\n{code} {}", code.text_in(language))?;
    writeln!(out, "  {reason}")?;
    writeln!(out, "  {}: {remedy}", Label::Remedy.text(language))?;
    if let Some(article) = article {
        writeln!(out, "  {}: {article}", Label::Basis.text(language))?;
    }
    match owner {
        Some(party) => {
            writeln!(out, "  {}: {rule}, {} {party}", Label::Rule.text(language), Label::Owner.text(language))?
        }
        None => writeln!(out, "  {}: {rule}", Label::Rule.text(language))?,
    }
    field.iter().try_for_each(|field| writeln!(out, "  {}: {field}", Label::Field.text(language)))
}

fn traced(out: &mut String, step: &TraceStep, language: Language) -> fmt::Result {
    write!(out, "  {} ", outcome(step.outcome).text(language))?;
    if let Some(measure) = step.measure {
        write!(out, "{measure} ")?;
    }
    write!(out, "{}: {}", step.check, step.input)?;
    if let Some(article) = &step.article {
        write!(out, " [{article}]")?;
    }
    writeln!(out, " ({})", step.file)
}

pub(super) fn outcome(outcome: Outcome) -> Label {
    match outcome {
        Outcome::Pass => Label::Pass,
        Outcome::Fail => Label::Fail,
        Outcome::Human => Label::Human,
    }
}
