//! What an officer's signature needs wherever it is made, by the command line or by who serves the console: the key, the check of what is
//! signed against what was asked for, and the officers' folder.

mod check;
mod folder;
mod validation;

use desk::{Body, Document};
use model::{AuthorityId, Header, Malformed, MeasureId, PostponementCode, Step, Timestamp};
use proto::desk as wire;

use crate::{failure::Failure, office::Beside};

pub(crate) use check::{Anew, check_anew, inside, request, request_body};
pub(crate) use folder::{Name, OfficersFolder};
pub(crate) use validation::check_validation;

/// Holds what the desk prepared against the call that asked for it.
///
/// # Errors
/// As [`check::check`]; the usage error of a call that cannot be read.
pub(crate) fn check_asked(
    asked: &wire::PrepareStepRequest,
    prepared: &wire::PrepareStepResponse,
    own: &AuthorityId,
    training: bool,
    now: Timestamp,
) -> Result<(Header, Body), Failure> {
    let step: Step = asked.step.parse().map_err(malformed)?;
    let concerns: Vec<_> = asked.concerns.iter().copied().map(MeasureId).collect();
    let conditions = asked.conditions.iter().map(|code| code.parse()).collect::<Result<Vec<_>, _>>();
    let documents = asked.documents.iter().map(document).collect::<Result<Vec<_>, _>>().map_err(malformed)?;
    let ground = (!asked.ground.is_empty()).then(|| asked.ground.parse()).transpose();
    let wanted = check::Wanted {
        case: asked.case_id.parse().map_err(malformed)?,
        step,
        own,
        training,
        concerns: &concerns,
        ground: ground.map_err(malformed)?,
        conditions: &conditions.map_err(malformed)?,
        callback: (asked.callback_ms != 0).then_some(Timestamp(asked.callback_ms)),
        postponement: postponement(step, &documents),
        beside: &Beside::of(asked).map_err(malformed)?,
        text: &asked.text,
        documents: &documents,
    };
    check::check(prepared, &wanted, now)
}

/// The reason to postpone that stands in the form.
fn postponement(step: Step, documents: &[Document]) -> Option<PostponementCode> {
    let form = documents.first().filter(|_| step == Step::Postpone)?;
    records::read(&form.bytes).ok()?["measures"].as_array()?.first()?["code"].as_str()?.parse().ok()
}

fn document(one: &wire::Document) -> Result<Document, Malformed> {
    Ok(Document { record_type: one.record_type.parse()?, bytes: one.body.to_vec() })
}

fn malformed(error: Malformed) -> Failure {
    Failure::new(model::Exit::Usage, error.to_string())
}
