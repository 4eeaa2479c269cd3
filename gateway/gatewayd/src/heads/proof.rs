//! What the log of heads proves of one channel, and of the program that ran.

use std::collections::BTreeSet;

use identity::{Directory, SignedDirectory};
use ledger::{
    Checkpoint, Cosignature, InclusionProof, LeafSalt, LedgerKey, Muster, Origin, SignedCheckpoint, TimedHead,
};
use model::{Denial, Digest, Fault, PartyId, Refusal, RefusalCode, Timestamp};
use proto::peer::{ProveHeadRequest, peer_service_client::PeerServiceClient};
use store::gateway::{GatewayStore, MusterRow};

use crate::{directories, gateway::Gateway, published};

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
    let timed = opened(store, own, Some(log), index, note).await?.ok_or_else(none)?;
    if timed.head()?.size < size { Err(none()) } else { Ok(timed) }
}

/// Which program ran when a witness cosigned the newest head of the own log of heads, and the keys by which others verify that.
pub(crate) async fn release(gateway: &Gateway) -> Result<(TimedHead, Vec<String>), Denial> {
    let (store, own) = (&gateway.store, gateway.own());
    let none = || {
        let what = format!("no witness has cosigned the log of heads of {own} since it tells which program runs");
        Denial::failed(Fault::Unknown, what)
    };
    let newest = store.cosigned_checkpoint(&Origin::heads(own).to_string()).await?.ok_or_else(none)?;
    let note = newest.cosigned.ok_or_else(none)?.0;
    let timed = opened(store, own, None, newest.size - 1, note).await?.ok_or_else(none)?;
    keyed(gateway, own, timed)
}

/// The place of `log`, or that of the program, in the leaf at `index` of the log of heads, under the head in `note`. `None` where there is
/// none.
pub(super) async fn opened(
    store: &GatewayStore,
    own: PartyId,
    log: Option<Origin>,
    index: i64,
    note: Vec<u8>,
) -> Result<Option<TimedHead>, Denial> {
    let heads = Origin::heads(own);
    let name = heads.to_string();
    let Some(row) = store.muster(index).await? else { return Ok(None) };
    let muster = muster(own, row)?;
    let salt = store.leaves(&name, index, 1).await?.into_iter().next().and_then(|leaf| leaf.salt);
    let place = match log {
        Some(log) => muster.open(log),
        None => muster.open_release(),
    };
    let (Some(leaf), Ok(place)) = (salt, place) else { return Ok(None) };
    let (covered, index) = (SignedCheckpoint::kept(&note, heads)?.checkpoint().size, index.unsigned_abs());
    let rows = published::rows(store, &name, InclusionProof::indexes_needed(covered, index)?).await?;
    Ok(Some(TimedHead {
        place,
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
    Muster::read(own, Timestamp(row.at), LeafSalt(*secret.as_bytes()), &row.heads)
}

/// The same, where `by` keeps the log of heads: asked of its gateway, and held against what is known here. With it the keys by which
/// others verify it: of the log, and of each witness that is known here and did cosign; behind them those of their second signatures.
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
    keyed(gateway, by, timed)
}

fn keyed(gateway: &Gateway, by: PartyId, timed: TimedHead) -> Result<(TimedHead, Vec<String>), Denial> {
    let trust = gateway.trust.snapshot();
    // Before the newest directory was issued, nobody may have promised a second signature yet.
    let key = |party: PartyId| {
        let directory = trust.store.directory(party)?;
        let key = directory.head_key();
        Some(if timed.tick.at < directory.issued { LedgerKey::new(*key.as_bytes()) } else { key })
    };
    let unknown = |what: String| Denial::failed(Fault::Unknown, what);
    let home = key(by).ok_or_else(|| unknown(format!("the directory of {by} is not known")))?;
    let heads = Origin::heads(by);
    let mut keys = vec![home.to_vkey(heads, false)];
    let mut more: Vec<String> = home.second().map(|second| second.to_vkey(heads)).into_iter().collect();
    for (witness, _) in Cosignature::named_in(&timed.note)? {
        if let Some(key) = key(witness.0) {
            timed.verify(&home, witness, &key)?;
            keys.push(key.to_vkey(witness, true));
            more.extend(key.second().map(|second| second.to_vkey(witness)));
        }
    }
    match keys.len() {
        1 => Err(unknown("no witness that cosigned it has a channel to us: its key is not known here".to_owned())),
        _ => Ok((timed, [keys, more].concat())),
    }
}

/// The directories that name the keys of a proof, as they were when its witnesses signed: of its home, and of each that is known here. One for each
/// key, and without what they open to us.
pub(crate) async fn naming(gateway: &Gateway, timed: &TimedHead) -> Result<Vec<SignedDirectory>, Denial> {
    let cosigned = Cosignature::named_in(&timed.note)?;
    let latest = cosigned.iter().filter_map(|(_, time_s)| i64::try_from(*time_s).ok()).max().unwrap_or_default();
    let mut parties: BTreeSet<PartyId> = cosigned.into_iter().map(|(name, _)| name.0).collect();
    parties.insert(timed.log()?.home());
    let (mut named, mut naming) = (Vec::new(), Vec::new());
    for signed in directories::of_the_day(gateway, Timestamp(latest.saturating_mul(1000))).await? {
        let Ok(directory) = Directory::from_toml(&signed.toml) else { continue };
        let key = (directory.party, directory.head_key());
        if parties.contains(&directory.party) && !named.contains(&key) {
            named.push(key);
            naming.push(SignedDirectory { openings: Vec::new(), ..signed });
        }
    }
    Ok(naming)
}

async fn fetch(gateway: &Gateway, by: PartyId, log: Origin, size: u64) -> Result<TimedHead, Denial> {
    gateway.trust.snapshot().require_open(by)?;
    let channel = gateway.trust.connection(by);
    let channel = channel.ok_or_else(|| Denial::failed(Fault::ChannelNotOpen, format!("no connection to {by}")))?;
    let request = ProveHeadRequest { log: log.to_string(), size };
    let answer = PeerServiceClient::new(channel).prove_head(request).await;
    let answer = answer.map_err(|status| proto::status::to_denial(&status))?.into_inner();
    let timed = TimedHead::decode(&answer.timed_head)?;
    let shown = timed.head()?;
    if timed.log()? != Origin::heads(by) || shown.origin != log || shown.size < size {
        return Err(Denial::failed(Fault::Malformed, "it proves another head than the one that was asked for"));
    }
    compare(&gateway.store, gateway.own(), by, &shown).await?;
    Ok(timed)
}

/// Holds a head that `by` shows against the own copy of that log.
async fn compare(store: &GatewayStore, own: PartyId, by: PartyId, shown: &Checkpoint) -> Result<(), Denial> {
    let log = shown.origin;
    let held = store.checkpoint(&log.to_string()).await?;
    let held = held.map(|row| SignedCheckpoint::kept(&row.note.0, log)).transpose()?;
    let size = held.map_or(0, |held| held.checkpoint().size);
    let what = if shown.size > size && log.home() != own {
        let what = format!("{by} shows {} leaves of {log}, and {size} are here: ask again later", shown.size);
        return Err(Denial::failed(Fault::Unknown, what));
    } else if shown.size > size {
        format!("with {} leaves, and our copy has {size}: nobody else writes it", shown.size)
    } else {
        let size =
            i64::try_from(shown.size).map_err(|_| Denial::failed(Fault::Malformed, "a size that no log can have"))?;
        let root = super::load(store, log, size).await?.head(log).root;
        if root == shown.root {
            return Ok(());
        }
        format!("of {} leaves with the root {}, and our copy has {root}", shown.size, shown.root)
    };
    telemetry::say!(Error, "a log of heads has another head of a channel than its two parties", party = by);
    let reason = format!("The log of heads of {by} has {log} {what}.");
    let remedy = "Keep both heads: one of the two gateways was restored, or lies. Freeze the channel and ask the other operator.";
    Err(Refusal::new(RefusalCode::R95, "ledger", reason, remedy).into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use ledger::{LeafHash, Log, Row};
    use store::{
        DatabaseUrl, Settings,
        gateway::{Batch, CheckpointRow, LeafRow, TreeHashRow},
    };

    use super::*;

    const LOG: &str = "rogatory.internal/jp/fr";

    fn leaf(n: u8) -> LeafHash {
        LeafHash(Digest::of(&[&[n]]))
    }

    fn grown(log: &Log, from: u8, to: u8) -> (Log, Vec<Row>) {
        log.append(&(from..to).map(leaf).collect::<Vec<_>>()).unwrap()
    }

    /// A copy of nine leaves, and the heads that it had.
    async fn kept(folder: &tempfile::TempDir) -> (GatewayStore, [Checkpoint; 2]) {
        let origin: Origin = LOG.parse().unwrap();
        let url = DatabaseUrl::file(folder.path().join("gateway.db"));
        let store = GatewayStore::open(&url, &Settings::default()).await.unwrap();
        let (five, mut rows) = grown(&Log::default(), 0, 5);
        let (nine, more) = grown(&five, 5, 9);
        rows.extend(more);
        let hash = |row: &Row| TreeHashRow {
            channel: LOG.to_owned(),
            idx: i64::try_from(row.index).unwrap(),
            hash: row.hash.into(),
        };
        let key = identity::SigningKey::generate().unwrap();
        let note = nine.head(origin).sign(&key).unwrap().note().to_vec().into();
        let checkpoints = vec![CheckpointRow { channel: LOG.to_owned(), size: 9, note, cosigned: None }];
        let leaf = |n: u8| LeafRow {
            channel: LOG.to_owned(),
            idx: n.into(),
            hash: leaf(n).0.into(),
            salt: None,
            entry_id: None,
            statement: Vec::new().into(),
        };
        let (leaves, tree_hashes) = ((0..9).map(leaf).collect(), rows.iter().map(hash).collect());
        store.commit(&Batch { checkpoints, leaves, tree_hashes, ..Batch::default() }).await.unwrap();
        (store, [five.head(origin), nine.head(origin)])
    }

    #[tokio::test]
    async fn a_head_that_another_shows_is_one_that_our_copy_had_or_is_refused_r95() {
        let folder = tempfile::tempdir().unwrap();
        let (store, heads) = kept(&folder).await;
        let (own, by) = ("SG".parse().unwrap(), "JP".parse().unwrap());
        for head in heads {
            compare(&store, own, by, &head).await.unwrap();
            let other = Checkpoint { root: Digest::of(&[b"another past"]), ..head };
            let denial = compare(&store, own, by, &other).await.unwrap_err();
            assert!(denial.to_string().contains("our copy has"), "{denial}");
            assert_eq!(denial.reason(), "R95");
        }
        let longer = Checkpoint { size: 10, ..heads[1] };
        assert_eq!(compare(&store, own, by, &longer).await.unwrap_err().reason(), "UNKNOWN", "not replicated yet");
        let ours = compare(&store, by, own, &longer).await.unwrap_err();
        assert_eq!(ours.reason(), "R95", "nobody has more of our log than we wrote");
    }
}
