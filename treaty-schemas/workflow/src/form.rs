use model::{Declared, Refusal, Step};

use crate::{Command, decide::sequence, given, matter};

/// A field that the step has no use for must be empty: what nobody checks, nobody may rely on.
pub(crate) fn form(command: &Command<'_>) -> Result<(), Refusal> {
    let step = command.step;
    let only = |empty: bool, field: &str, allowed: bool| match empty || allowed {
        true => Ok(()),
        false => {
            let reason = format!("{step} carries no {field}");
            Err(sequence(reason, "Leave the field empty for this step.").at(field))
        }
    };
    only(command.measures.is_empty(), "measures", step == Step::SealSend)?;
    only(command.concerns.is_empty(), "concerns", step != Step::SealSend && !step.is_handshake())?;
    let gives = step == Step::SealSend && given::gives(command);
    only(command.records.is_empty(), "records", step.carries_records() || gives)?;
    only(command.ground.is_none(), "ground", matches!(step, Step::Refuse | Step::Violation | Step::ReturnRequest))?;
    let imposed = matches!(step, Step::Recognise | Step::OfferConditions | Step::AcceptConditions | Step::GrantConsent);
    only(command.conditions.is_empty(), "conditions", imposed || step.carries_records() || gives)?;
    only(command.declared.attached.is_empty(), "declared.attached", step.carries_records() || gives)?;
    declared(command, only)
}

fn declared(command: &Command<'_>, only: impl Fn(bool, &str, bool) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let step = command.step;
    let Declared { classification, emergency, callback, consent, tag_key, postponement, .. } = command.declared;
    let Declared {
        until, follows, matter: of, about, flaw, training, minutes, procedure, left_out, order, widens, ..
    } = command.declared;
    let Declared { challenge, response, .. } = command.declared;
    let sent = step == Step::SealSend;
    let asks = matches!(step, Step::RequestUse | Step::RequestOnward | Step::NotifyExculpatory);
    only(command.purpose.is_none(), "purpose", sent || asks)?;
    only(
        until.is_none(),
        "declared.until",
        matches!(step, Step::Extend | Step::Prolong | Step::GrantConsent | Step::Postpone),
    )?;
    only(follows.is_none(), "declared.follows", sent)?;
    only(of.is_none(), "declared.matter", matter::moves_matter(step))?;
    only(about.is_none(), "declared.about", matter::opens_matter(step))?;
    only(flaw.is_none(), "declared.flaw", matches!(step, Step::Triage | Step::Reject))?;
    let rests = matches!(step, Step::OpenReview | Step::Recognise | Step::OfferConditions);
    only(order.is_none(), "declared.order", rests)?;
    only(!widens, "declared.widens", step == Step::GiveInfo)?;
    only(minutes.is_none(), "declared.minutes", matter::tells_minutes(step))?;
    only(left_out.is_empty(), "declared.left_out", step == Step::FinalReport)?;
    only(procedure.is_none(), "declared.procedure", step == Step::OpenGroup)?;
    only(classification.is_none(), "declared.classification", sent || step.carries_records())?;
    only(!emergency, "declared.emergency", sent)?;
    only(!training, "declared.training", sent)?;
    only(callback.is_none(), "declared.callback", matches!(step, Step::Recognise | Step::OfferConditions))?;
    only(challenge.is_none(), "declared.challenge", step == Step::OpenCallback)?;
    only(response.is_none(), "declared.response", step == Step::AnswerCallback)?;
    only(postponement.is_none(), "declared.postponement", step == Step::Postpone)?;
    only(consent.is_none(), "declared.consent", sent)?;
    only(tag_key.is_none(), "declared.tag_key", sent)
}
