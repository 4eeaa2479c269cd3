//! What a judge or prosecutor is going to sign, held against the very body that it commits to.

use desk::{Body, RequestBody};
use model::{BodyCommitment, CaseId, Denial, Exit, Pin, Step};
use prost::Message;
use proto::{desk as wire, types};

use super::{inside, request};
use crate::failure::Failure;

/// Whether the statement is on this case, on the very body that the validator is shown, and on its scope.
///
/// # Errors
/// [`Exit::Integrity`] with what differs. Nothing is signed then.
pub(crate) fn check_validation(
    prepared: &wire::PrepareValidationResponse,
    case: CaseId,
) -> Result<(Pin, Body, RequestBody), Failure> {
    let statement = &*prepared.statement;
    let wrong = |what: &str| {
        Failure::new(
            Exit::Integrity,
            format!("the desk prepared another statement than asked for: {what}; nothing was signed"),
        )
    };
    let said = types::ValidationStatement::decode(statement).map_err(|_| wrong("it cannot be read"))?;
    let pin = Pin::try_from(&*said.treaty_pin).map_err(|_| wrong("`treaty_pin` is none"))?;
    let commitment = BodyCommitment::try_from(&*said.body_commitment).map_err(|_| wrong("`body` is none"))?;
    let inside = inside(Some(commitment), Step::SealSend, &prepared.body, &prepared.body_salt)?;
    let body = request(&inside)?;
    if said.case_id != case.as_bytes().as_slice() || body.case != case {
        return Err(wrong("`case` differs"));
    }
    let declared = desk::declare(&body).map_err(Denial::from)?;
    let same = proto::encode_statement(&model::ValidationStatement {
        case,
        pin,
        measures: declared.measures,
        body: commitment,
        validated: model::Timestamp(said.validated_ms),
    });
    if same == statement { Ok((pin, inside, body)) } else { Err(wrong("`measures` differ")) }
}
