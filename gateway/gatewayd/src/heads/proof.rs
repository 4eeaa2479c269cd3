//! What the log of heads proves of one channel.

use ledger::{Checkpoint, Cosignature, InclusionProof, LeafSalt, Muster, Origin, SignedCheckpoint, TimedHead};
use model::{Denial, Digest, Fault, PartyId, Refusal, RefusalCode, Timestamp};
use proto::peer::{ProveHeadRequest, peer_service_client::PeerServiceClient};
use store::gateway::{GatewayStore, MusterRow};

use crate::{gateway::Gateway, published};

/// The head of `log`, and that a witness cosigned the log of heads of `own` over it: the first such head of at least `size` leaves, or the
/// newest where `size` is 0. `Unknown` where there is none yet.
pub(crate) async fn timed_head(
    store: &GatewayStore,
    own: PartyId,
    log: Origin,
    size: u64,
) -> Result<TimedHead, Denial> {
    let none = || {
        let what = format!("no witness has cosigned the log of heads of {own} over such a head of {log} yet");
        Denial::failed(Fault::Unknown, what)
    };
    let heads = Origin::heads(own);
    let name = heads.to_string();
    let newest = store.cosigned_checkpoint(&name).await?.ok_or_else(none)?.size;
    let index = match size {
        0 => newest - 1,
        size => first_with(store, own, log, size, newest).await?,
    };
    let row = store.cosigned_over(&name, index).await?.ok_or_else(none)?;
    let note = row.cosigned.ok_or_else(none)?.0;
    let timed = opened(store, own, log, index, note).await?.ok_or_else(none)?;
    if timed.place.head.size < size { Err(none()) } else { Ok(timed) }
}

/// The place of `log` in the leaf at `index` of the log of heads, under the head in `note`. `None` where there is none.
pub(super) async fn opened(
    store: &GatewayStore,
    own: PartyId,
    log: Origin,
    index: i64,
    note: Vec<u8>,
) -> Result<Option<TimedHead>, Denial> {
    let heads = Origin::heads(own);
    let name = heads.to_string();
    let Some(row) = store.muster(index).await? else { return Ok(None) };
    let muster = muster(own, row)?;
    let salt = store.leaves(&name, index, 1).await?.into_iter().next().and_then(|leaf| leaf.salt);
    let (Some(leaf), true) = (salt, muster.head(log).is_some()) else { return Ok(None) };
    let (covered, index) = (SignedCheckpoint::kept(&note, heads)?.checkpoint().size, index.unsigned_abs());
    let rows = published::rows(store, &name, InclusionProof::indexes_needed(covered, index)?).await?;
    Ok(Some(TimedHead {
        place: muster.open(log)?,
        tick: muster.tick()?,
        salt: LeafSalt(*leaf.0.as_bytes()),
        inclusion: InclusionProof::prove(covered, index, &rows)?,
        note,
    }))
}

/// The first leaf whose head of `log` has at least `size` leaves: heads only grow.
async fn first_with(store: &GatewayStore, own: PartyId, log: Origin, size: u64, end: i64) -> Result<i64, Denial> {
    let (mut low, mut high) = (0, end - 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let there = match store.muster(middle).await? {
            Some(row) => muster(own, row)?.head(log).is_some_and(|head| head.size >= size),
            None => false,
        };
        if there { high = middle } else { low = middle + 1 }
    }
    Ok(low)
}

pub(super) fn muster(own: PartyId, row: MusterRow) -> Result<Muster, Denial> {
    let secret: Digest = row.secret.0;
    Muster::new(own, Timestamp(row.at), LeafSalt(*secret.as_bytes()), Muster::parse_heads(&row.heads)?)
}

/// The same, where `by` keeps the log of heads: asked of its gateway, and held against what is known here. With it the keys by which
/// others verify it: of the log, and of each witness that is known here and did cosign.
pub(crate) async fn proved(
    gateway: &Gateway,
    by: PartyId,
    log: Origin,
    size: u64,
) -> Result<(TimedHead, Vec<String>), Denial> {
    let timed = match by == gateway.own() {
        true => timed_head(&gateway.store, by, log, size).await?,
        false => fetch(gateway, by, log, size).await?,
    };
    let trust = gateway.trust.snapshot();
    let key = |party: PartyId| trust.store.head_key(party);
    let unknown = |what: String| Denial::failed(Fault::Unknown, what);
    let home = key(by).ok_or_else(|| unknown(format!("the directory of {by} is not known")))?;
    let mut keys = vec![home.to_vkey(Origin::heads(by), false)];
    for (witness, _) in Cosignature::named_in(&timed.note)? {
        if let Some(key) = key(witness.0) {
            timed.verify(&home, witness, &key)?;
            keys.push(key.to_vkey(witness, true));
        }
    }
    match keys.len() {
        1 => Err(unknown("no witness that cosigned it has a channel to us: its key is not known here".to_owned())),
        _ => Ok((timed, keys)),
    }
}

async fn fetch(gateway: &Gateway, by: PartyId, log: Origin, size: u64) -> Result<TimedHead, Denial> {
    gateway.trust.snapshot().require_open(by)?;
    let channel = gateway.trust.connection(by);
    let channel = channel.ok_or_else(|| Denial::failed(Fault::ChannelNotOpen, format!("no connection to {by}")))?;
    let request = ProveHeadRequest { log: log.to_string(), size };
    let answer = PeerServiceClient::new(channel).prove_head(request).await;
    let answer = answer.map_err(|status| proto::status::to_denial(&status))?.into_inner();
    let timed = TimedHead::decode(&answer.timed_head)?;
    let shown = timed.place.head;
    if timed.log()? != Origin::heads(by) || shown.origin != log || shown.size < size {
        return Err(Denial::failed(Fault::Malformed, "it proves another head than the one that was asked for"));
    }
    compare(&gateway.store, by, &shown).await?;
    Ok(timed)
}

/// Holds a head that `by` shows against the own copy of that log.
async fn compare(store: &GatewayStore, by: PartyId, shown: &Checkpoint) -> Result<(), Denial> {
    let log = shown.origin;
    let own = store.checkpoint(&log.to_string()).await?;
    let own = own.map(|row| SignedCheckpoint::kept(&row.note.0, log)).transpose()?;
    let size = own.map_or(0, |own| own.checkpoint().size);
    if shown.size > size {
        let what =
            format!("{by} shows {} leaves of {log}, of which {size} are here: ask again when the rest is", shown.size);
        return Err(Denial::failed(Fault::Unknown, what));
    }
    let number =
        i64::try_from(shown.size).map_err(|_| Denial::failed(Fault::Malformed, "a size that no log can have"))?;
    let root = super::load(store, log, number).await?.head(log).root;
    if root == shown.root {
        return Ok(());
    }
    telemetry::say!(Error, "a log of heads has another head of a channel than its two parties", party = by);
    let reason = format!(
        "The log of heads of {by} has {log} at {} leaves with the root {}, and our copy has {root}.",
        shown.size, shown.root
    );
    let remedy = "Keep both: two heads of one size with two roots are a proof of misconduct. Freeze the channel and ask the other operator.";
    Err(Refusal::new(RefusalCode::R95, "ledger", reason, remedy).into())
}
