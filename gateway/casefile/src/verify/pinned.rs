//! That each of the two states had pinned the other's root, and the one that the reader has: by openings of commitments in its directories.

use std::collections::BTreeMap;

use identity::{RootCertificate, RootOpening};
use model::{Digest, PartyId};

use super::{Check, Findings, parties::Parties, sheaf::Sheaf};
use crate::{Section, names};

pub(super) fn read(
    sheaf: &mut Sheaf<'_>,
    [home, peer]: [PartyId; 2],
    parties: &Parties,
    roots: &BTreeMap<PartyId, RootCertificate>,
    findings: &mut Findings,
) -> Section {
    let files = sheaf.folder(names::OPENINGS);
    let mut lines = BTreeMap::new();
    for (name, bytes) in files {
        let pairs = [(home, peer), (peer, home)];
        let pair = pairs.into_iter().find(|(by, _)| names::opening(*by, Digest::of(&[bytes])) == name);
        let told = match (pair, RootOpening::from_bytes(bytes)) {
            (Some((by, other)), Ok(opening)) => told(by, other, &opening, parties, roots).map(|line| (by, line)),
            (None, _) => Err("its name is not the SHA-256 of what is in it".to_owned()),
            (_, Err(error)) => Err(error.to_string()),
        };
        match told {
            Ok((by, line)) => drop(lines.insert(by, line)),
            Err(what) => findings.contradict(name, Check::Opening, what),
        }
    }
    for (by, other) in [(home, peer), (peer, home)].into_iter().filter(|(by, _)| !lines.contains_key(by)) {
        findings.unproved(format!(
            "That {by} had pinned the root of {other}: the file opens no commitment in a directory of {by}."
        ));
    }
    Section {
        title: "That each state had pinned the root of the other".to_owned(),
        lines: lines.into_values().collect(),
    }
}

/// What an opening shows, or why it is none.
fn told(
    by: PartyId,
    other: PartyId,
    opening: &RootOpening,
    parties: &Parties,
    roots: &BTreeMap<PartyId, RootCertificate>,
) -> Result<String, String> {
    if opening.party() != other || roots.get(&other) != Some(opening.root()) {
        return Err(format!("it opens another root than the one of {other} that was given"));
    }
    match parties.committing(by, opening) {
        (count, Some(first), of) => Ok(format!(
            "{by} had pinned the root of {other} given here: {count} of the {of} versions of its directory commit to it, from version {first} on."
        )),
        (_, None, _) => Err(format!("no directory of {by} in the file commits to it")),
    }
}
