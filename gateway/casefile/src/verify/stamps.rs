//! Time-stamps: by the word of an authority outside of both states, when the leaves of the case were there at the latest.

use std::collections::BTreeSet;

use identity::{StampRoots, StampToken};
use ledger::{Origin, Statement};
use model::{Denial, Digest, Fault};

use super::{
    Check, Findings, SKEW_MS,
    clocks::{self, Clocks},
    items::Item,
    log::{Log, first},
    parties::Parties,
    sheaf::Sheaf,
};
use crate::{Manifest, Section, StampProof, WrongClock, names};

const FOLDER: &str = "stamps/";

/// A head of the ledger with the token over it.
struct Dated {
    /// Leaves of the ledger that it covers.
    size: u64,
    token: StampToken,
}

/// Checks all time-stamps of the file. Says what those prove that `trusted` made; the others, and all where nobody is trusted, are listed as
/// not checked.
pub(super) fn read(
    sheaf: &mut Sheaf<'_>,
    manifest: &Manifest,
    parties: &Parties,
    (items, clocks, log): (&[Item], &Clocks, &Log),
    trusted: Option<&StampRoots>,
    findings: &mut Findings,
) -> Option<Section> {
    let mut dated = Vec::new();
    for name in sheaf.listed(FOLDER) {
        let Some(stem) = name.strip_suffix(".timed") else { continue };
        match one(sheaf, stem, manifest, parties, log) {
            Ok(one) => dated.push((name, one)),
            Err(denial) => findings.contradict(name, Check::TimeStamp, denial.to_string()),
        }
    }
    dated.sort_by_key(|(_, one)| (one.size, one.token.at()));
    let (mut lines, mut told) = (Vec::new(), BTreeSet::new());
    for (name, one) in &dated {
        if let Err(what) = believed(trusted, &one.token) {
            findings.unproved(format!(
                "That {} leaves of the ledger existed before {}: {} says so ({name}), {what}.",
                one.size,
                one.token.not_later_than(),
                one.token.signer()
            ));
            continue;
        }
        in_time(one, log, clocks, manifest, findings);
        lines.extend(line(one, items, log, &mut told));
    }
    let title = "When it was there at the latest, by the word of a time-stamping authority";
    (!lines.is_empty()).then(|| Section { title: title.to_owned(), lines })
}

/// The home's leaves under a stamped head were made before it was stamped. What it logged of the other gateway's word has that one's clock.
fn in_time(one: &Dated, log: &Log, clocks: &Clocks, manifest: &Manifest, findings: &mut Findings) {
    let (at, signer) = (one.token.at(), one.token.signer());
    let ahead = |leaf: &Statement| leaf.at.0.saturating_sub(at.0);
    let late = log.entered().take_while(|(index, _)| *index < one.size).filter(|(_, leaf)| ahead(leaf) > SKEW_MS);
    let (clock, stated): (Vec<_>, Vec<_>) =
        late.partition(|(_, leaf)| clocks::may_be_a_clock(ahead(leaf)) && !clocks.is_alone(leaf.entry));
    if let Some((index, leaf)) = stated.first() {
        let what = format!("{signer} stamped it at {at}, and it says {}", leaf.at);
        findings.misstate(&[manifest.home], &names::leaf(*index), what);
    }
    if let Some((index, leaf)) = clock.iter().max_by_key(|(_, leaf)| leaf.at) {
        let (of, ahead_ms) = (manifest.home, ahead(leaf));
        let what = format!(
            "{signer} stamped {} at {at}, about {} before {of} dated it, {}: the clock of {of} was ahead, or that of {signer} behind",
            names::leaf(*index),
            clocks::about(ahead_ms),
            leaf.at
        );
        findings.clocks.push(WrongClock { of, ahead_ms, from: at, until: leaf.at, what });
    }
}

/// One time-stamp, as far as it proves itself: the gateway of the exporter signed the head, the head of the ledger is in it, and leads to the
/// one that both signed.
fn one(sheaf: &mut Sheaf<'_>, stem: &str, manifest: &Manifest, parties: &Parties, log: &Log) -> Result<Dated, Denial> {
    let wrong = |detail: &str| Denial::failed(Fault::Malformed, detail);
    let mut part = |end: &str| sheaf.take(&format!("{stem}.{end}")).ok_or_else(|| wrong("it lacks a part"));
    let proof = StampProof::read(part("timed")?, part("consistency")?, part("token")?)?;
    if part("head")? != proof.timed.note || names::stamp(proof.size(), "timed") != format!("{stem}.timed") {
        return Err(wrong("another head than its name, or the one for reading, says"));
    }
    let by = manifest.exporter.party();
    if proof.timed.log()? != Origin::heads(by) {
        return Err(wrong("not of the log of heads of the exporter's party"));
    }
    let signed = first(&parties.head_keys(by, proof.timed.tick.at), |key| proof.timed.verify_signed(key))?;
    let (then, head) = (proof.timed.head()?, log.head.as_ref());
    let head = head.filter(|head| head.origin == then.origin).ok_or_else(|| wrong("over the head of another log"))?;
    if (proof.consistency.old_size, proof.consistency.new_size) != (then.size, head.size) {
        return Err(wrong("it leads from or to another head"));
    }
    proof.consistency.verify(then.root, head.root)?;
    let token = StampToken::read(&proof.token, Digest::of(&[signed.note()]))?;
    Ok(Dated { size: then.size, token })
}

fn believed(trusted: Option<&StampRoots>, token: &StampToken) -> Result<(), String> {
    let trusted =
        trusted.ok_or_else(|| "and was not checked: no certificate of it was given (--tsa FILE.pem)".to_owned())?;
    trusted
        .believe(token)
        .map_err(|_| "which is none of those that were given by --tsa, or was not valid then".to_owned())
}

/// What a token says of the entries that no earlier one told of.
fn line(one: &Dated, items: &[Item], log: &Log, told: &mut BTreeSet<usize>) -> Option<String> {
    let entry = |item: &&Item| log.entries.get(&item.entry.header.entry).is_some_and(|leaf| *leaf < one.size);
    let fresh: Vec<usize> =
        items.iter().filter(entry).map(|item| item.number).filter(|number| told.insert(*number)).collect();
    let (first, last) = (fresh.first()?, fresh.last()?);
    let which = match fresh.len() {
        1 => format!("Entry {first}"),
        count if count == last - first + 1 => format!("Entries {first} to {last}"),
        _ => format!("Entries {}", fresh.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    Some(format!("{which} existed before {} according to {}.", one.token.not_later_than(), one.token.signer()))
}
