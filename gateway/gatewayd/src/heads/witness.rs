//! This gateway as witness of another party's log of heads [C2SP tlog-witness].

use casefile::{Evidence, Unshown};
use ledger::{Origin, Rebuff, SignedCheckpoint, WitnessName, WitnessRequest};
use model::{Denial, Fault, PartyId};
use store::gateway::WitnessedRow;

use crate::{clock, gateway::Gateway, misconduct};

/// Answers `body`, a request of `from`, with the status and the text that the specification gives: on 200 our cosignature, given after the
/// head that we cosigned last is durable.
pub(crate) async fn witness(gateway: &Gateway, from: PartyId, body: &[u8]) -> Result<(u16, String), Denial> {
    let log = Origin::heads(from);
    let Ok(request) = WitnessRequest::decode(body) else { return Ok(answer(Rebuff::Malformed)) };
    let key = gateway.trust.snapshot().store.head_key(from);
    let Some(key) = key else { return Ok(answer(Rebuff::UnknownOrigin)) };
    let last = last(gateway, log).await?;
    let head = match request.judge(log, &key, last.as_ref().map(SignedCheckpoint::checkpoint)) {
        Ok(head) => head,
        Err(rebuff) => {
            if let (Rebuff::Inconsistent, Some(last)) = (rebuff, last) {
                telemetry::say!(Error, "a log of heads contradicts what was cosigned before", party = from);
                accuse(gateway, &request, &SignedCheckpoint::verify(&request.note, log, &key)?, &last).await?;
            }
            return Ok(answer(rebuff));
        }
    };
    let now = clock::now();
    let before = last.map(|last| number(last.checkpoint().size)).transpose()?;
    let row = WitnessedRow {
        log: log.to_string(),
        size: number(head.checkpoint().size)?,
        note: head.note().to_vec().into(),
        at: now.0,
    };
    if before != Some(row.size) && !gateway.store.witness(&row, before).await? {
        // Another call was faster: it is told what we cosigned since.
        let size = self::last(gateway, log).await?.map_or(0, |last| last.checkpoint().size);
        return Ok(answer(Rebuff::Size(size)));
    }
    let cosignature = head.cosign(WitnessName(gateway.own()), &gateway.signs_heads(), now)?;
    Ok((200, String::from_utf8_lossy(cosignature.line()).into_owned()))
}

/// Keeps the two heads that contradict each other, or that their home does not show how to reconcile. Once for the head that was cosigned: what
/// an operator let pass is the past that was shown instead, whatever is written behind it.
async fn accuse(
    gateway: &Gateway,
    request: &WitnessRequest,
    shown: &SignedCheckpoint,
    last: &SignedCheckpoint,
) -> Result<(), Denial> {
    let log = shown.checkpoint().origin;
    if !misconduct::signed_under_its_root(gateway, last).await? || misconduct::is_kept(gateway, last).await? {
        return Ok(());
    }
    let evidence = match request.expose(shown, last) {
        Some(fork) => Evidence::Fork(log, fork),
        None => Evidence::Unreconciled(log, Unshown { held: last.note().to_vec(), shown: shown.note().to_vec() }),
    };
    misconduct::report(gateway, vec![evidence]).await
}

/// The head that we cosigned last.
async fn last(gateway: &Gateway, log: Origin) -> Result<Option<SignedCheckpoint>, Denial> {
    let row = gateway.store.witnessed(&log.to_string()).await?;
    row.map(|row| SignedCheckpoint::kept(&row.note.0, log)).transpose()
}

fn answer(rebuff: Rebuff) -> (u16, String) {
    (rebuff.status(), rebuff.body())
}

fn number(size: u64) -> Result<i64, Denial> {
    i64::try_from(size).map_err(|_| Denial::failed(Fault::Malformed, "a size that no log can have"))
}
