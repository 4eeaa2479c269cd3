//! Who is in a case's group, and changing it. That a desk leaves needs two officers: without a signature the statement is offered.

use model::{CaseId, Denial};
use proto::desk as wire;
use tonic::Status;

use super::{key, malformed, status, wish};
use crate::office::{Office, RemovalWord, Removing};

/// What a call for a change comes to.
pub(super) async fn change(
    office: &Office,
    case: CaseId,
    request: wire::ChangeGroupRequest,
) -> Result<wire::ChangeGroupResponse, Status> {
    let wanted = wish(&request.change, &request.authority)?;
    if let Some((statement, missing)) = removal(office, case, &request).await? {
        return Ok(wire::ChangeGroupResponse {
            case_id: case.to_string(),
            statement: statement.into(),
            signatures_missing: u32::try_from(missing).unwrap_or(u32::MAX),
            ..wire::ChangeGroupResponse::default()
        });
    }
    let admitted = office.change_group(case, wanted).await.map_err(status)?;
    let readers = office.show(case, false).await.map_err(status)?.readers;
    let case_id = case.to_string();
    Ok(wire::ChangeGroupResponse { case_id, admitted, readers, ..wire::ChangeGroupResponse::default() })
}

/// What is to be signed still before a desk is taken out; `None` where nothing is, or nobody is taken out.
async fn removal(
    office: &Office,
    case: CaseId,
    request: &wire::ChangeGroupRequest,
) -> Result<Option<(Vec<u8>, usize)>, Status> {
    if request.change != "remove" {
        return Ok(None);
    }
    let removing = Removing {
        case,
        authority: request.authority.parse().map_err(malformed)?,
        accept_last_copy: request.accept_last_copy,
    };
    let offered = office.prepare_removal(&removing).await.map_err(status)?;
    let (Some((statement, _)), false) = (&offered, request.signature.is_empty()) else { return Ok(offered) };
    let word = RemovalWord {
        statement: request.statement.to_vec(),
        role: request.role.parse().map_err(malformed)?,
        key: key(&request.key_id)?,
        signature: request.signature.to_vec(),
    };
    let missing = office.sign_removal(&removing, word).await.map_err(|denial: Denial| status(denial))?;
    Ok((missing > 0).then(|| (statement.clone(), missing)))
}
