//! What other gateways signed and contradicted. The committer keeps it in the transaction that found it; then the channel is frozen,
//! and anybody can be shown it as a file (`casefile`'s `misconduct`).

mod tiles;

use std::{str, sync::Arc};

use casefile::{Contradicted, Evidence, Opposed, RootPin, check_misconduct};
use identity::{Directory, RootCertificate, SignedDirectory};
use ledger::{LedgerKey, Origin, SignedCheckpoint};
use model::{Denial, Digest, Fault, PartyId, ReceiptKind, SignedReceipt, Timestamp};
use proto::operator::Misconduct;
use store::gateway::MisconductRow;
use tokio::sync::oneshot;

use crate::{
    channels,
    committer::{Conclude, Work, fault_of},
    gateway::Gateway,
    receipts,
};

/// The row that keeps it.
pub(crate) fn row(evidence: &Evidence, now: Timestamp) -> MisconductRow {
    let text = evidence.to_text();
    MisconductRow {
        digest: Digest::of(&[text.as_bytes()]).into(),
        party: evidence.accused().into(),
        told: evidence.told(),
        stops: i64::from(evidence.stops()),
        at: now.0,
        settled: None,
        evidence: text,
    }
}

/// A receipt beside the entry that it is on, which this gateway keeps. `None` where it keeps no such entry.
pub(crate) async fn contradicted(gateway: &Gateway, signed: SignedReceipt) -> Result<Option<Evidence>, Denial> {
    let rows = gateway.store.entries(&[signed.receipt.entry]).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let received = proto::convert::receive_entry(proto::convert::entry_from_bytes(row.wire.0)?)?;
    let (header, payload) = received.parts();
    Ok(Some(Evidence::Receipt(Box::new(Contradicted { signed, header: header.to_vec(), payload }))))
}

/// A receipt beside one of the same gateway that is kept, where they cannot both be true.
pub(crate) async fn opposed(gateway: &Gateway, signed: &SignedReceipt) -> Result<Option<Evidence>, Denial> {
    for kept in gateway.store.receipts_by_kind(&[signed.receipt.entry], &ReceiptKind::ALL).await? {
        let kept = proto::decode_receipt(&receipts::from_bytes(&kept.bytes.0)?)?;
        if let Some(two) = Opposed::of(&kept, signed) {
            return Ok(Some(Evidence::Verdicts(Box::new(two))));
        }
    }
    Ok(None)
}

/// Hands evidence to the committer, which keeps it.
pub(crate) async fn report(gateway: &Gateway, evidence: Vec<Evidence>) -> Result<(), Denial> {
    let Some(channel) = evidence.first().map(Evidence::accused) else { return Ok(()) };
    let (answer, kept) = oneshot::channel();
    let conclude = Conclude { channel, answers: Vec::new(), done: Vec::new(), cosigned: None, evidence, answer };
    let gone = || Denial::failed(Fault::Internal, "the committer is gone");
    gateway.work.send(Work::Conclude(conclude)).await.map_err(|_| gone())?;
    kept.await.map_err(|_| gone())?
}

/// Reports receipts of another gateway that do not fit the entries they are on.
pub(crate) async fn doubt(gateway: Arc<Gateway>, receipts: Vec<SignedReceipt>) {
    for signed in receipts {
        let party = signed.receipt.by;
        let found = match opposed(&gateway, &signed).await {
            Ok(None) => contradicted(&gateway, signed).await,
            found => found,
        };
        let reported = match found {
            Ok(evidence) => report(&gateway, evidence.into_iter().collect()).await,
            Err(denial) => Err(denial),
        };
        if reported.is_err() {
            telemetry::say!(Error, "a receipt that does not fit its entry was not kept", party = party);
        }
    }
}

/// Freezes a channel after evidence was kept, and looks for what is missing of a proof. The next start freezes it where this fails.
pub(crate) async fn freeze(gateway: Arc<Gateway>, party: PartyId, told: String) {
    if channels::freeze_for(&gateway, party, &told).await.is_err() {
        telemetry::say!(Error, "a channel is frozen, and the storage does not take it", party = party);
    }
    if let Err(denial) = tiles::prove(&gateway, party).await {
        telemetry::say!(
            Warn,
            "two heads are not reconciled, and no tiles prove how they contradict each other",
            party = party,
            fault = fault_of(&denial)
        );
    }
}

/// Whether the root of today vouches for the key by which the home of a log signed `head`. A party that began anew under another root
/// contradicts nothing.
pub(crate) async fn signed_under_its_root(gateway: &Gateway, head: &SignedCheckpoint) -> Result<bool, Denial> {
    let log = head.checkpoint().origin;
    let snapshot = gateway.trust.snapshot();
    let Some(root) = snapshot.store.root(log.home()) else { return Ok(false) };
    let versions = gateway.store.directories_of(log.home()).await?;
    let directories = versions.iter().filter_map(|row| Directory::from_toml(str::from_utf8(&row.toml.0).ok()?).ok());
    let mut keys = directories.filter(|directory| directory.root == root.der()).map(|directory| directory.head_key());
    Ok(keys.any(|key| SignedCheckpoint::verify(head.note(), log, &key).is_ok()))
}

/// Whether something is kept that contradicts this head.
pub(crate) async fn is_kept(gateway: &Gateway, head: &SignedCheckpoint) -> Result<bool, Denial> {
    let log = head.checkpoint().origin;
    let kept = gateway.store.misconduct_of(log.home()).await?;
    Ok(kept.iter().filter_map(|row| Evidence::parse(&row.evidence).ok()).any(|evidence| match evidence {
        Evidence::Fork(of, fork) => of == log && fork.smaller == head.note(),
        Evidence::Unreconciled(of, heads) => of == log && heads.held == head.note(),
        _ => false,
    }))
}

/// Why the channel to a party has to be frozen: what it contradicted and no operator has settled.
pub(crate) async fn unsettled(gateway: &Gateway, party: PartyId) -> Result<Option<String>, Denial> {
    let kept = gateway.store.misconduct_of(party).await?;
    Ok(kept.into_iter().rfind(|row| row.stops != 0 && row.settled.is_none()).map(|row| row.told))
}

/// Whether an operator let the channel to `party` go on after it went back from `size` leaves of our log.
pub(crate) async fn retreat_settled(gateway: &Gateway, party: PartyId, size: u64) -> Result<bool, Denial> {
    let kept = gateway.store.misconduct_of(party).await?;
    let settled = kept.iter().filter(|row| row.settled.is_some());
    Ok(settled.filter_map(|row| Evidence::parse(&row.evidence).ok()).any(|evidence| match evidence {
        Evidence::Retreat(log, retreat) => {
            let first = SignedCheckpoint::kept(&retreat.first, log);
            first.is_ok_and(|first| first.checkpoint().size == size)
        }
        _ => false,
    }))
}

/// The heads of a log with leaves that were dated back, which operators were shown and let pass.
pub(crate) async fn let_pass(gateway: &Gateway, log: Origin) -> Result<Vec<SignedCheckpoint>, Denial> {
    let kept = gateway.store.misconduct_of(log.home()).await?;
    let settled = kept.iter().filter(|row| row.settled.is_some());
    let shown = settled.filter_map(|row| match Evidence::parse(&row.evidence) {
        Ok(Evidence::Backdated(of, heads)) if of == log => SignedCheckpoint::kept(&heads.shown, log).ok(),
        _ => None,
    });
    Ok(shown.collect())
}

/// What is kept, oldest first: all without files, or those whose id begins so with theirs.
pub(crate) async fn told(gateway: &Gateway, id: &str) -> Result<Vec<Misconduct>, Denial> {
    let mut told = Vec::new();
    for row in gateway.store.misconduct().await? {
        let digest = row.digest.to_string();
        if !digest.starts_with(id) {
            continue;
        }
        let evidence = Evidence::parse(&row.evidence)?;
        // A proof is what a stranger finds to be one.
        let (file, convicts) = match file(gateway, &evidence).await {
            Ok((file, pin)) => (file.clone(), check_misconduct(file.as_bytes(), &[pin]).is_ok()),
            Err(_) if id.is_empty() => (String::new(), false),
            Err(denial) => return Err(denial),
        };
        let file = if id.is_empty() { String::new() } else { file };
        told.push(Misconduct {
            id: digest,
            party: row.party.to_string(),
            kind: evidence.kind().to_owned(),
            log: evidence.log().map(|log| log.to_string()).unwrap_or_default(),
            told: row.told,
            convicts,
            at_ms: row.at,
            settled_at_ms: row.settled.unwrap_or_default(),
            file: file.into_bytes().into(),
        });
    }
    Ok(told)
}

/// The file for third parties, with the root under which it convicts: the one that is pinned here, or else one that was before; and one
/// directory for each key, and each promise of a second one, that the accused ever had under that root.
async fn file(gateway: &Gateway, evidence: &Evidence) -> Result<(String, RootPin), Denial> {
    let party = evidence.accused();
    let mut kept = Vec::new();
    for row in gateway.store.directories_of(party).await?.into_iter().rev() {
        let signed = SignedDirectory {
            toml: String::from_utf8_lossy(&row.toml.0).into_owned(),
            signature: row.signature.0,
            openings: Vec::new(),
        };
        kept.extend(Directory::from_toml(&signed.toml).ok().map(|directory| (directory, signed)));
    }
    let pinned = gateway.store.channel(party).await?.map(|channel| channel.root.0);
    let mut roots: Vec<Vec<u8>> = pinned.into_iter().collect();
    for (directory, _) in &kept {
        if !roots.contains(&directory.root) {
            roots.push(directory.root.clone());
        }
    }
    let mut first = None;
    for root in roots {
        let (file, pin) = under(&root, evidence, &kept)?;
        if check_misconduct(file.as_bytes(), std::slice::from_ref(&pin)).is_ok() {
            return Ok((file, pin));
        }
        first = first.or(Some((file, pin)));
    }
    first.ok_or_else(|| Denial::failed(Fault::Unknown, "no root of that party is known here any more"))
}

/// The file under one root of the accused.
fn under(root: &[u8], evidence: &Evidence, kept: &[(Directory, SignedDirectory)]) -> Result<(String, RootPin), Denial> {
    let mut keys: Vec<LedgerKey> = Vec::new();
    let mut directories = Vec::new();
    for (directory, signed) in kept.iter().filter(|(directory, _)| directory.root == root) {
        let key = directory.head_key();
        if !keys.contains(&key) {
            keys.push(key);
            directories.push(signed.clone());
        }
    }
    let pinned = RootCertificate::parse(root);
    let pinned = pinned.map_err(|error| Denial::failed(Fault::Internal, error.to_string()))?;
    Ok((evidence.to_file(root, &directories), RootPin::Certificate(Box::new(pinned))))
}
