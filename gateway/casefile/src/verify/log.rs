//! The ledger: one head that both gateways signed, and every leaf of the case opened under it.

use std::{
    collections::{BTreeMap, BTreeSet},
    str,
};

use identity::Domain;
use ledger::{Cosignature, LedgerKey, Origin, SignedCheckpoint, Statement, StatementKind, WitnessName};
use model::{Denial, EntryId, Fault, PartyId, ReceiptKind, Timestamp};

use super::{
    Findings, SKEW_MS,
    clocks::{self, Clocks},
    items::{Item, Stated},
    parties::Parties,
    sheaf::Sheaf,
};
use crate::{Extent, LeafProof, Manifest, Pile, WrongClock, names};

/// What the ledger says of the case.
#[derive(Default)]
pub(crate) struct Log {
    /// The head that both signed; `None` where the file has none.
    pub(crate) head: Option<Head>,
    /// The leaves that hold, by index.
    pub(crate) leaves: BTreeMap<u64, LeafProof>,
    /// The leaf of each entry.
    pub(crate) entries: BTreeMap<EntryId, u64>,
    /// The receipts that have a leaf of their own, by their files.
    pub(crate) receipts: BTreeSet<String>,
}

/// A head that the home signed and the peer cosigned.
pub(crate) struct Head {
    pub(crate) origin: Origin,
    pub(crate) size: u64,
    pub(crate) root: model::Digest,
    note: String,
    /// When the peer cosigned it, in seconds since 1970-01-01 UTC.
    pub(crate) cosigned_s: u64,
    /// Who signed it by both algorithms, Ed25519 and ML-DSA-44.
    pub(crate) twice: Vec<PartyId>,
}

pub(super) fn read(
    sheaf: &mut Sheaf<'_>,
    manifest: &Manifest,
    parties: &Parties,
    (items, clocks): (&[Item], &Clocks),
    findings: &mut Findings,
) -> Log {
    let mut log = Log::default();
    if let Some(note) = sheaf.take(names::HEAD) {
        match head(note, manifest, parties) {
            Ok(head) => log.head = Some(head),
            Err(denial) => findings.contradict(names::HEAD, "ledger", denial.to_string()),
        }
    }
    let by_id: BTreeMap<EntryId, &Item> = items.iter().map(|item| (item.entry.header.entry, item)).collect();
    for (name, text) in sheaf.folder("ledger/leaf-") {
        match leaf(name, text, log.head.as_ref(), &by_id) {
            Ok((proof, receipt)) => log.note(proof, receipt),
            Err(denial) => findings.contradict(name, "ledger", denial.to_string()),
        }
    }
    log.ordered(items, findings);
    log.in_time(clocks, manifest, findings);
    log.complete(items, manifest, findings);
    log
}

/// The note, by whichever of their keys the two parties signed it then.
fn head(note: &[u8], manifest: &Manifest, parties: &Parties) -> Result<Head, Denial> {
    let malformed = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let origin = Origin::new(manifest.home, manifest.peer).map_err(|error| malformed(&error.to_string()))?;
    let text = str::from_utf8(note).map_err(|_| malformed("not a note"))?;
    let checkpoint = *SignedCheckpoint::kept(note, origin)?.checkpoint();
    let (_, lines) = text.split_once("\n\n").ok_or_else(|| malformed("a note without signatures"))?;
    let witness = WitnessName(manifest.peer);
    let named = format!("\u{2014} {witness} ");
    if !lines.lines().any(|line| line.starts_with(&named)) {
        return Err(malformed("the other party has not signed the head"));
    }
    // When it was signed, the other party says; what each had promised by then follows.
    let by_any = |key: &LedgerKey| Cosignature::find(note, &checkpoint, witness, key);
    let cosigned_s = first(&parties.ledger_keys(manifest.peer), by_any)?.time_s();
    let at = Timestamp(i64::try_from(cosigned_s).unwrap_or(i64::MAX / 1000).saturating_mul(1000));
    let by_home = |key: &LedgerKey| SignedCheckpoint::verify(note, origin, key).map(|_| key.second().is_some());
    let by_peer = |key: &LedgerKey| by_any(key).map(|_| key.second().is_some());
    let home = first(&parties.head_keys(manifest.home, at), by_home)?;
    let peer = first(&parties.head_keys(manifest.peer, at), by_peer)?;
    let twice = [(manifest.home, home), (manifest.peer, peer)];
    let twice = twice.into_iter().filter_map(|(party, second)| second.then_some(party)).collect();
    let (size, root) = (checkpoint.size, checkpoint.root);
    Ok(Head { origin, size, root, note: text.to_owned(), cosigned_s, twice })
}

pub(super) fn first<T>(keys: &[LedgerKey], check: impl Fn(&LedgerKey) -> Result<T, Denial>) -> Result<T, Denial> {
    let mut refused = None;
    for key in keys {
        match check(key) {
            Ok(value) => return Ok(value),
            Err(denial) => drop(refused.get_or_insert(denial)),
        }
    }
    Err(refused.unwrap_or_else(|| Denial::failed(Fault::Unknown, "no directory names a ledger key")))
}

/// A leaf that stands under the head, and opens to an entry of the file or to a receipt on one, which is named by its file.
fn leaf(
    name: &str,
    text: &[u8],
    head: Option<&Head>,
    items: &BTreeMap<EntryId, &Item>,
) -> Result<(LeafProof, Option<String>), Denial> {
    let wrong = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let head = head.ok_or_else(|| wrong("there is no head that both signed"))?;
    let proof = LeafProof::parse(text, &head.note, head.size)?;
    if names::leaf(proof.inclusion.index) != name {
        return Err(wrong("another leaf than its name says"));
    }
    proof.inclusion.verify(proof.statement.leaf(&proof.salt), head.root)?;
    let item = items.get(&proof.statement.entry).ok_or_else(|| wrong("a leaf of an entry that is not in the file"))?;
    let stated = item.receipts.iter().find(|one| {
        let statement = Statement::of_receipt(&one.signed.receipt, &one.signed.bytes);
        statement == proof.statement
    });
    let opens = match proof.statement.kind {
        StatementKind::Entry => {
            let (header, envelope) = (item.entry.header_digest(), item.entry.envelope_digest());
            (proof.statement.header, proof.statement.envelope) == (header, envelope)
        }
        StatementKind::Receipt(_) => stated.is_some(),
    };
    if !opens {
        return Err(wrong("it opens to another entry or receipt than the file holds"));
    }
    Ok((proof, stated.map(|one| one.file.clone())))
}

impl Log {
    fn note(&mut self, proof: LeafProof, receipt: Option<String>) {
        let index = proof.inclusion.index;
        if proof.statement.kind == StatementKind::Entry {
            self.entries.insert(proof.statement.entry, index);
        }
        self.receipts.extend(receipt);
        self.leaves.insert(index, proof);
    }

    /// Whether the ledger holds what a receipt says: by a leaf of its own, or, where the home says that it took an entry, by the entry's.
    pub(crate) fn holds(&self, item: &Item, one: &Stated) -> bool {
        let entry = self.entries.get(&item.entry.header.entry);
        self.receipts.contains(&one.file)
            || (takes(one) && one.signed.receipt.leaf.is_some() && one.signed.receipt.leaf.as_ref() == entry)
    }

    /// The order of the case is the order of the ledger.
    fn ordered(&self, items: &[Item], findings: &mut Findings) {
        let part = items.iter().filter(|item| item.accepted().is_some());
        let placed: Vec<_> =
            part.filter_map(|item| Some((item, *self.entries.get(&item.entry.header.entry)?))).collect();
        for pair in placed.windows(2) {
            if pair[0].1 >= pair[1].1 {
                let what = format!("its leaf {} stands before that of the entry before it, {}", pair[1].1, pair[0].1);
                findings.contradict(&pair[1].0.file, "ledger", what);
            }
        }
    }

    /// The home's leaves are dated in their order, and before they were cosigned. A clock that is put right steps back once; a leaf alone does
    /// not. What the other gateway stated has its own clock, and is judged beside its entry.
    fn in_time(&self, clocks: &Clocks, manifest: &Manifest, findings: &mut Findings) {
        let entered = self.leaves.iter().filter(|(_, proof)| proof.statement.kind == StatementKind::Entry);
        let (mut before, mut newest): (Option<(u64, &Statement)>, i64) = (None, i64::MIN);
        for (index, proof) in entered {
            let one = &proof.statement;
            if let Some((of, last)) = before.filter(|(_, last)| one.at.plus_ms(SKEW_MS) < last.at) {
                let alone = clocks.is_alone(one.entry) || clocks.is_alone(last.entry);
                if alone || !clocks::may_be_a_clock(newest.saturating_sub(one.at.0)) {
                    let what = format!("back-dated: of {}, behind a leaf of {}", one.at, last.at);
                    findings.misstate(&[manifest.home], &names::leaf(*index), what);
                    continue;
                }
                let [from, until] = [of, *index].map(names::leaf);
                findings.clocks.push(clocks::put_back(manifest.home, (&from, last.at), (&until, one.at)));
            }
            newest = newest.max(one.at.0);
            before = Some((*index, one));
        }
        if let Some((_, last)) = before {
            self.cosigned_in_time(last, clocks, manifest, findings);
        }
    }

    /// What stands before a clock was put back is told of already: the newest leaf tells the rest.
    fn cosigned_in_time(&self, last: &Statement, clocks: &Clocks, manifest: &Manifest, findings: &mut Findings) {
        let cosigned = self.head.as_ref().and_then(|head| i64::try_from(head.cosigned_s).ok());
        let Some(cosigned) = cosigned.map(|second| Timestamp(second.saturating_mul(1000))) else { return };
        let late = last.at.0.saturating_sub(cosigned.0);
        if late <= SKEW_MS {
            return;
        }
        if !clocks::may_be_a_clock(late) || clocks.is_alone(last.entry) {
            let what = "cosigned before the newest of its leaves was made";
            findings.misstate(&[manifest.home, manifest.peer], names::HEAD, what);
            return;
        }
        let what = format!(
            "{} cosigned the head at {cosigned}, about {} before the last leaf that {} dated in it: the clock of {} was ahead, or that of {} \
             behind",
            manifest.peer,
            clocks::about(late),
            manifest.home,
            manifest.home,
            manifest.peer
        );
        let (from, until) = (cosigned, last.at);
        findings.clocks.push(WrongClock { of: manifest.home, ahead_ms: late, from, until, what });
    }

    /// What the home said to be in the ledger under the head is proved, at the moment that it stated.
    fn complete(&self, items: &[Item], manifest: &Manifest, findings: &mut Findings) {
        let size = self.head.as_ref().map_or(0, |head| head.size);
        for item in items {
            let of_home = item.receipts.iter().filter(|one| one.signed.receipt.by == manifest.home);
            for one in of_home {
                let Some(said) = one.signed.receipt.leaf else { continue };
                let found = self.leaves.get(&said).filter(|proof| {
                    proof.statement.kind == StatementKind::Entry && proof.statement.entry == item.entry.header.entry
                });
                match found {
                    Some(proof)
                        if takes(one) && one.timed && apart(proof.statement.at, one.signed.receipt.at) > SKEW_MS =>
                    {
                        let what =
                            format!("its leaf is of {}, the receipt of {}", proof.statement.at, one.signed.receipt.at);
                        findings.misstate(&[manifest.home], &one.file, what);
                    }
                    None if said < size => {
                        let what = format!("its leaf {said} is under the head, and its proof is not in the file");
                        findings.contradict(&one.file, "ledger", what);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Whether a receipt says that the entry was taken: what becomes of it later is of a later moment than its leaf.
fn takes(one: &Stated) -> bool {
    matches!(one.signed.receipt.kind, ReceiptKind::SubmissionAcceptance | ReceiptKind::RelayAcceptance)
}

fn apart(a: Timestamp, b: Timestamp) -> i64 {
    a.0.saturating_sub(b.0).saturating_abs()
}

/// Holds what the exporting desk's own gateway says that it holds against what is in the file.
pub(super) fn extent(
    sheaf: &mut Sheaf<'_>,
    manifest: &Manifest,
    parties: &Parties,
    items: &[Item],
    log: &Log,
    findings: &mut Findings,
) -> Option<Timestamp> {
    let text = sheaf.take(names::EXTENT).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
    let signature = sheaf.take(names::EXTENT_SIGNATURE).unwrap_or_default();
    let by = manifest.exporter.party();
    let keys = parties.ledger_keys(by);
    let mut keys = keys.iter().map(|key| identity::VerifyingKey::new(*key.as_bytes()));
    if !keys.any(|key| key.verify(Domain::CaseExtent, text.as_bytes(), signature).is_ok()) {
        findings.contradict(names::EXTENT_SIGNATURE, "signature", format!("not signed by the gateway of {by}"));
        return None;
    }
    let at = match Extent::moment_in(text) {
        Ok(at) => at,
        Err(denial) => {
            findings.contradict(names::EXTENT, "format", denial.to_string());
            return None;
        }
    };
    let mut found = Extent {
        case: manifest.case,
        by,
        at,
        entries: Pile::default(),
        receipts: Pile::default(),
        leaves: Pile::default(),
    };
    for item in items {
        found.entries.add(&item.bytes);
        item.receipts.iter().for_each(|one| found.receipts.add(&one.bytes));
    }
    log.leaves.values().for_each(|proof| found.leaves.add(&proof.to_piled()));
    let differing = found.differing(text);
    if !differing.is_empty() {
        let what = format!("the gateway of {by} holds other {} of the case than the file", differing.join(" and "));
        findings.contradict(names::EXTENT, "extent", what);
    }
    Some(at)
}
