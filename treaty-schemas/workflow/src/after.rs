//! What comes after a decision: what must be destroyed, kept for longer, validated after the fact.

use model::{Refusal, RefusalCode, Timestamp};

use crate::{
    Case, Command, Guard, Measure, Side, State, answer,
    decide::until,
    event::{counted, waited},
};

const RULE: &str = "workflow";

/// Holds a guard of a row on what becomes of an answer against the measure. R94.
pub(crate) fn held(
    guard: Guard,
    case: &Case,
    command: &Command<'_>,
    now: Timestamp,
    measure: &Measure,
) -> Result<(), Refusal> {
    let id = measure.scope.id;
    let preserves = measure.terms.as_ref().is_some_and(|terms| terms.preservation.is_some());
    let (reason, remedy) = match guard {
        Guard::Unreported if measure.outstanding && measure.state == State::InUse => (
            format!(
                "{} took over what came of {id} without the rest, which counts as not produced",
                case.party(Side::Home)
            ),
            "What is found later is asked for, or offered, in a case that follows this one.".to_owned(),
        ),
        Guard::Unreported if measure.outstanding => (
            format!("a part of {id} is outstanding"),
            "Go on with it (more_to_come), and report when all of it has arrived.".to_owned(),
        ),
        Guard::Unreported if measure.reported => (
            format!("what came of {id} was reported already"),
            "Correct what was released, where it was wrong (report_error).".to_owned(),
        ),
        Guard::LodgedIn(_) | Guard::Others => {
            let keys: Vec<_> = command.signers.iter().map(|(key, _)| *key).collect();
            return answer::by_others(case, measure, command.step, &keys);
        }
        Guard::Unreported => return accounted(case, command, measure),
        Guard::Shredded if measure.is_shredded() && case.side_of(command.sender) != Some(measure.keeper()) => (
            format!("what was released for {id} was with {}, and was destroyed there", case.party(measure.keeper())),
            "Leave the step to who kept the records.".to_owned(),
        ),
        Guard::Shredded if measure.is_shredded() => return Ok(()),
        Guard::NothingKept | Guard::RemedyOver | Guard::Shredded if guard == Guard::Shredded || measure.keeps() => (
            format!("what was released for {id} has to be destroyed or returned before the case is closed"),
            format!(
                "{} takes it into use (take_over), or says that it is due (disposal_due), and two custodians certify it.",
                case.party(measure.keeper())
            ),
        ),
        Guard::RemedyOver => return answer::remedy_over(case, measure, waited(now, command.taken)),
        Guard::Kept if !measure.keeps() => (
            format!("nothing was released for {id} that has to be destroyed or returned"),
            "Close the case.".to_owned(),
        ),
        Guard::Kept if case.side_of(command.sender) != Some(measure.keeper()) => (
            format!("what was released for {id} is with {}", case.party(measure.keeper())),
            "Leave the step to who keeps the records.".to_owned(),
        ),
        Guard::Emergency => return regularisable(counted(Some(case), now, command.taken), measure),
        Guard::Prolonged | Guard::Preserved if !preserves || measure.given_up => {
            (format!("no data is preserved for {id}"), "Ask for preservation in a request of its own.".to_owned())
        }
        Guard::Prolonged => return until(command, now),
        _ => return Ok(()),
    };
    Err(cited(measure, "concerns", reason, remedy))
}

/// A report leaves nothing out in silence: what was granted and not released, it names; and nothing else. R94.
fn accounted(case: &Case, command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    let id = measure.scope.id;
    let peer = case.party(Side::Peer);
    let named: Vec<_> =
        command.declared.left_out.iter().filter(|one| one.measure == id).map(|one| &one.record).collect();
    let missing: Vec<_> = measure.missing().collect();
    let silent: Vec<_> =
        missing.iter().filter(|record| !named.contains(record)).map(|record| record.as_str()).collect();
    let (reason, remedy) = if !silent.is_empty() {
        (
            format!("{id} asks for {} too, and the report does not say what became of it", silent.join(", ")),
            format!(
                "Say that it does not exist or could not be obtained. What {peer} has, it releases, or two of its deciders refuse it, before \
                 all is said to be collected; what was collected too early is asked for in a case that follows this one."
            ),
        )
    } else if named.len() != missing.len() {
        let reason = format!("the report leaves out something of {id} twice, or that was released or never asked for");
        (reason, "Name what is missing, each type once.".to_owned())
    } else if let Some(one) = command.declared.left_out.iter().find(|one| !command.concerns.contains(&one.measure)) {
        let reason = format!("the report leaves out something of {}, which it is not about", one.measure);
        (reason, "Name what is missing in the measures of the report.".to_owned())
    } else {
        return Ok(());
    };
    Err(cited(measure, "declared.left_out", reason, remedy))
}

/// The giver must know in time: what comes to its gateway later, was not said in time.
fn regularisable(heard: Timestamp, measure: &Measure) -> Result<(), Refusal> {
    let id = measure.scope.id;
    match measure.regularise_by() {
        Some(end) if heard <= end => Ok(()),
        Some(_) => {
            let reason = format!("the time in which {id} could be validated after the fact is over");
            let remedy = "Destroy what was received (disposal_due), and ask for it anew in the ordinary way.";
            Err(cited(measure, "concerns", reason, remedy.to_owned()))
        }
        None => {
            let reason = format!("{id} needs no validation after the fact");
            Err(cited(measure, "concerns", reason, "Take one of the other steps.".to_owned()))
        }
    }
}

/// Only where the treaty says so is a measure answered without a human. R94.
pub(crate) fn automatic(measure: &Measure) -> Result<(), Refusal> {
    if measure.terms.as_ref().is_some_and(|terms| terms.automatic) {
        return Ok(());
    }
    let reason = format!("the treaty does not let {} be answered without a human", measure.scope.id);
    let remedy =
        "Let officers review, accept and release it; the parties to the treaty alone can declare the type automatic.";
    Err(cited(measure, "step", reason, remedy.to_owned()))
}

fn cited(measure: &Measure, field: &str, reason: String, remedy: String) -> Refusal {
    Refusal::new(RefusalCode::R94, RULE, reason, remedy).at(field).under(measure.scope.article.clone())
}
