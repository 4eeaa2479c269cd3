//! The ledger: one head that both gateways signed, and every leaf of the case opened under it.

use std::{
    collections::{BTreeMap, BTreeSet},
    str,
};

use identity::Domain;
use ledger::{Cosignature, LedgerKey, Origin, SignedCheckpoint, Statement, StatementKind, WitnessName};
use model::{Denial, EntryId, Fault, PartyId, Timestamp};

use super::{
    Check, Findings, SKEW_MS,
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
    /// The leaves that stand under the head, by index, whatever they say.
    pub(crate) leaves: BTreeMap<u64, LeafProof>,
    /// The leaf of each entry.
    pub(crate) entries: BTreeMap<EntryId, u64>,
    /// The receipts that have a leaf of their own, by their files.
    pub(crate) receipts: BTreeSet<String>,
    /// Whether the entries stand in it in another order than in the case.
    pub(crate) disordered: bool,
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

impl Head {
    /// When the peer cosigned it, by its own word.
    fn cosigned_at(&self) -> Timestamp {
        seconds(self.cosigned_s)
    }
}

fn seconds(since_1970: u64) -> Timestamp {
    Timestamp(i64::try_from(since_1970).unwrap_or(i64::MAX / 1000).saturating_mul(1000))
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
            Err(denial) => findings.contradict(names::HEAD, Check::Ledger, denial.to_string()),
        }
    }
    let by_id: BTreeMap<EntryId, &Item> = items.iter().map(|item| (item.entry.header.entry, item)).collect();
    for (name, text) in sheaf.folder("ledger/leaf-") {
        match leaf(name, text, log.head.as_ref(), &by_id) {
            Ok((proof, item)) => log.note(name, proof, item, manifest, findings),
            Err(denial) => findings.contradict(name, Check::Ledger, denial.to_string()),
        }
    }
    log.ordered(items, manifest, findings);
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
    let at = seconds(cosigned_s);
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

/// A leaf that stands under the head, with the entry of the file that it is on. What it says of that entry is the home's word; that it is
/// here, and under this head, the exporter's.
fn leaf<'i>(
    name: &str,
    text: &[u8],
    head: Option<&Head>,
    items: &BTreeMap<EntryId, &'i Item>,
) -> Result<(LeafProof, &'i Item), Denial> {
    let wrong = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let head = head.ok_or_else(|| wrong("there is no head that both signed"))?;
    let proof = LeafProof::parse(text, &head.note, head.size)?;
    if names::leaf(proof.inclusion.index) != name {
        return Err(wrong("another leaf than its name says"));
    }
    proof.inclusion.verify(proof.statement.leaf(&proof.salt), head.root)?;
    let item = items.get(&proof.statement.entry).ok_or_else(|| wrong("a leaf of an entry that is not in the file"))?;
    Ok((proof, item))
}

impl Log {
    /// Takes a leaf for what it opens to. Where that is nothing of the case, the home stands for it, and the rest is judged without it.
    fn note(&mut self, name: &str, proof: LeafProof, item: &Item, manifest: &Manifest, findings: &mut Findings) {
        let (index, one) = (proof.inclusion.index, proof.statement);
        match one.kind {
            StatementKind::Entry => {
                let (header, envelope) = (item.entry.header_digest(), item.entry.envelope_digest());
                if (one.header, one.envelope) != (header, envelope) {
                    let what =
                        "the leaf is on another header or payload than the entry of this id that its desk signed";
                    findings.misstate(&other_entry(item, manifest), name, what);
                } else if let Some(first) = self.entries.get(&one.entry) {
                    let what = format!("its entry has a leaf already, {first}: it was logged twice");
                    findings.misstate(&[manifest.home], name, what);
                } else {
                    self.entries.insert(one.entry, index);
                }
            }
            StatementKind::Receipt(_) => {
                let opens =
                    |stated: &&Stated| one == Statement::of_receipt(&stated.signed.receipt, &stated.signed.bytes);
                match item.receipts.iter().find(opens) {
                    Some(stated) => drop(self.receipts.insert(stated.file.clone())),
                    None => unopened(name, item, manifest, findings),
                }
            }
        }
        self.leaves.insert(index, proof);
    }

    /// The leaves that entries of the case stand by, in the order of the ledger.
    pub(crate) fn entered(&self) -> impl Iterator<Item = (u64, &Statement)> {
        let by_entry = |one: &Statement, index: &u64| {
            one.kind == StatementKind::Entry && self.entries.get(&one.entry) == Some(index)
        };
        let all = self.leaves.iter().map(|(index, proof)| (*index, &proof.statement));
        all.filter(move |(index, one)| by_entry(one, index))
    }

    /// Whether the ledger holds what a receipt says: by a leaf of its own, or, where the home says that it took an entry, by the entry's.
    pub(crate) fn holds(&self, item: &Item, one: &Stated) -> bool {
        let entry = self.entries.get(&item.entry.header.entry);
        self.receipts.contains(&one.file)
            || (one.takes() && one.signed.receipt.leaf.is_some() && one.signed.receipt.leaf.as_ref() == entry)
    }

    /// The order of the case, which its desks signed, is the order in which the home logged it. Where the file has another order than the
    /// case, that is the exporter's doing, and the chain tells it.
    fn ordered(&mut self, items: &[Item], manifest: &Manifest, findings: &mut Findings) {
        let part: Vec<&Item> = items.iter().filter(|item| item.accepted().is_some()).collect();
        let chained =
            part.windows(2).take_while(|pair| pair[1].entry.header.previous == pair[0].entry.header_digest()).count();
        let chain = part.into_iter().take(chained + 1);
        let placed: Vec<_> =
            chain.filter_map(|item| Some((item, *self.entries.get(&item.entry.header.entry)?))).collect();
        for pair in placed.windows(2).filter(|pair| pair[0].1 >= pair[1].1) {
            let what = format!(
                "the leaf of entry {} stands before that of the entry before it, {}",
                pair[1].0.number, pair[0].1
            );
            findings.misstate(&[manifest.home], &names::leaf(pair[1].1), what);
            self.disordered = true;
        }
    }

    /// The home's leaves are dated in their order, and before they were cosigned. A clock that is put right steps back once; a leaf alone does
    /// not. What the other gateway stated has its own clock, and is judged beside its entry.
    fn in_time(&self, clocks: &Clocks, manifest: &Manifest, findings: &mut Findings) {
        let (mut before, mut newest): (Option<(u64, &Statement)>, i64) = (None, i64::MIN);
        for (index, one) in self.entered() {
            if let Some((of, last)) = before.filter(|(_, last)| one.at.plus_ms(SKEW_MS) < last.at) {
                let alone = clocks.is_alone(one.entry) || clocks.is_alone(last.entry);
                if alone || !clocks::may_be_a_clock(newest.saturating_sub(one.at.0)) {
                    let what = format!("back-dated: of {}, behind a leaf of {}", one.at, last.at);
                    findings.misstate(&[manifest.home], &names::leaf(index), what);
                    continue;
                }
                let [from, until] = [of, index].map(names::leaf);
                findings.clocks.push(clocks::put_back(manifest.home, (&from, last.at), (&until, one.at)));
            }
            newest = newest.max(one.at.0);
            before = Some((index, one));
        }
        if let Some((_, last)) = before {
            self.cosigned_in_time(last, clocks, manifest, findings);
        }
        self.cosigned_by_now(manifest, findings);
    }

    /// The head was cosigned before it was exported, by the exporting desk's clock. Who cosigns on a day that has not come would never be
    /// caught going back behind it.
    fn cosigned_by_now(&self, manifest: &Manifest, findings: &mut Findings) {
        let (Some(head), made) = (&self.head, manifest.made()) else { return };
        let (cosigned, peer, exporter) = (head.cosigned_at(), manifest.peer, manifest.exporter.party());
        let early = cosigned.0.saturating_sub(made.0);
        if early <= SKEW_MS {
            return;
        }
        let what = format!("{peer} cosigned the head at {cosigned}, and it was exported before that, at {made}");
        if clocks::may_be_a_clock(early) {
            let about = clocks::about(early);
            let what = format!("{what}: the clock of {peer} was about {about} ahead, or that of {exporter} behind");
            findings.clocks.push(WrongClock { of: peer, ahead_ms: early, from: made, until: cosigned, what });
        } else {
            findings.misstate(&[peer, exporter], names::HEAD, what);
        }
    }

    /// What stands before a clock was put back is told of already: the newest leaf tells the rest.
    fn cosigned_in_time(&self, last: &Statement, clocks: &Clocks, manifest: &Manifest, findings: &mut Findings) {
        let Some(cosigned) = self.head.as_ref().map(Head::cosigned_at) else { return };
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
            let entered = self.entries.get(&item.entry.header.entry);
            let of_home = item.receipts.iter().filter(|one| one.signed.receipt.by == manifest.home);
            for one in of_home {
                let Some(said) = one.signed.receipt.leaf else { continue };
                if entered == Some(&said) {
                    self.of_one_moment(said, one, manifest, findings);
                } else if said < size {
                    self.not_there(said, entered, one, manifest, findings);
                }
            }
        }
    }

    fn of_one_moment(&self, leaf: u64, one: &Stated, manifest: &Manifest, findings: &mut Findings) {
        let (at, Some(proof)) = (one.signed.receipt.at, self.leaves.get(&leaf)) else { return };
        if one.takes() && one.timed && apart(proof.statement.at, at) > SKEW_MS {
            let what = format!("its leaf is of {}, the receipt of {at}", proof.statement.at);
            findings.misstate(&[manifest.home], &one.file, what);
        }
    }

    /// The home named a leaf under the head, and the file has none of the entry there.
    fn not_there(&self, said: u64, entered: Option<&u64>, one: &Stated, manifest: &Manifest, findings: &mut Findings) {
        let exporter = manifest.exporter.party();
        if let Some(other) = entered {
            let what = format!("it names leaf {said}, and the leaf of its entry is {other}");
            findings.misstate(&[manifest.home], &one.file, what);
        } else if self.leaves.contains_key(&said) {
            let what = format!("it names leaf {said}, which is not of its entry");
            findings.misstate(&[manifest.home], &one.file, what);
        } else if exporter == manifest.home {
            let what = format!("its leaf {said} is under the head, and its proof is not in the file");
            findings.contradict(&one.file, Check::Ledger, what);
        } else {
            // The exporter's gateway signed that it holds no such leaf, the home that there is one.
            let what =
                format!("it names leaf {said}, which is under the head, and {exporter} holds no such leaf of the case");
            findings.misstate(&[manifest.home, exporter], &one.file, what);
        }
    }
}

/// Whose word it is that a leaf is on another entry than the one of its id: the home's alone, where it took this one, or sent it. Else the
/// sender may have signed two.
fn other_entry(item: &Item, manifest: &Manifest) -> Vec<PartyId> {
    let took = item.receipts.iter().any(|one| one.counts && one.takes() && one.signed.receipt.by == manifest.home);
    let sender = (!took).then(|| item.entry.header.sender.party());
    std::iter::once(manifest.home).chain(sender).collect()
}

/// A leaf on a receipt that the file has not. The home holds every receipt that it logs; the other gateway may not have been told of it yet.
fn unopened(name: &str, item: &Item, manifest: &Manifest, findings: &mut Findings) {
    let exporter = manifest.exporter.party();
    if exporter == manifest.home {
        let what = "it opens to a receipt that is not in the file, and whoever logs one has it";
        findings.contradict(name, Check::Ledger, what);
    } else {
        findings.unproved(format!(
            "What {} logged of entry {} in {name}: the receipt is not in the file. {exporter} may not have been told of it yet; {} can show it.",
            manifest.home, item.number, manifest.home
        ));
    }
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
        findings.contradict(names::EXTENT_SIGNATURE, Check::Signature, format!("not signed by the gateway of {by}"));
        return None;
    }
    let at = match Extent::moment_in(text) {
        Ok(at) => at,
        Err(denial) => {
            findings.contradict(names::EXTENT, Check::Format, denial.to_string());
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
        findings.contradict(names::EXTENT, Check::Extent, what);
    }
    Some(at)
}
