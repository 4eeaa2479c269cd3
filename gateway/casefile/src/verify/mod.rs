//! The check of a whole case file, in the order in which one thing rests on another: container and manifest, roots and directories, entries
//! and receipts, the ledger, the rule, the case as it went, the bodies.

mod bodies;
mod clocks;
mod compared;
mod group;
mod items;
mod judged;
mod law;
mod log;
mod parties;
mod pinned;
mod replay;
mod roots;
mod sheaf;
mod stamps;
mod tell;
mod violation;

use identity::StampRoots;
use model::{PartyId, Timestamp, limits::CLOCK_AHEAD_MS_MAX};

use crate::{
    Check, Contradiction, Manifest, Misstatement, Report, Signer, Unreadable, WrongClock, container, names,
    readme::README,
};
use parties::Parties;
use sheaf::Sheaf;

pub use law::treaty_files;
pub use roots::RootPin;
pub use violation::verify_violation;

/// How far the clocks of two gateways may be apart before it is told.
pub(crate) const SKEW_MS: i64 = CLOCK_AHEAD_MS_MAX;

/// Why a case file could not be checked at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotVerify {
    /// It is no case file, or was altered after it was exported.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// A root of a party is not pinned by who checks.
    #[error("no root of {} was given (--root {}=…): the file cannot vouch for itself", named(.0), .0.first().map_or("XX", |party| party.as_str()))]
    RootsMissing(Vec<PartyId>),
}

fn named(parties: &[PartyId]) -> String {
    parties.iter().map(PartyId::as_str).collect::<Vec<_>>().join(" and ")
}

/// What contradicts, and what cannot be told, as it is found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) contradicted: Vec<Contradiction>,
    pub(crate) misstated: Vec<Misstatement>,
    pub(crate) clocks: Vec<WrongClock>,
    pub(crate) not_proved: Vec<String>,
}

impl Findings {
    pub(crate) fn contradict(&mut self, file: &str, rule: Check, what: impl Into<String>) {
        self.contradicted.push(Contradiction { file: file.to_owned(), rule, what: what.into() });
    }

    /// Something that the gateway of one of these parties signed, and that is not so.
    pub(crate) fn misstate(&mut self, by: &[PartyId], file: &str, what: impl Into<String>) {
        let mut by = by.to_vec();
        by.sort_unstable();
        by.dedup();
        self.misstated.push(Misstatement { signer: Signer::Gateway, by, file: file.to_owned(), what: what.into() });
    }

    /// A body that is not what the header says that its desk signed.
    pub(crate) fn belied(&mut self, by: PartyId, file: &str, what: impl Into<String>) {
        self.misstated.push(Misstatement {
            signer: Signer::Desk,
            by: vec![by],
            file: file.to_owned(),
            what: what.into(),
        });
    }

    pub(crate) fn unproved(&mut self, what: impl Into<String>) {
        self.not_proved.push(what.into());
    }
}

/// Whom who checks a case file believes.
#[derive(Debug, Clone, Copy)]
pub struct Trusted<'t> {
    /// The roots of the parties.
    pub roots: &'t [RootPin],
    /// Who stamps time; without any, time-stamps are listed as not checked.
    pub stamps: Option<&'t StampRoots>,
}

impl<'t, R: AsRef<[RootPin]> + ?Sized> From<&'t R> for Trusted<'t> {
    fn from(roots: &'t R) -> Self {
        Self { roots: roots.as_ref(), stamps: None }
    }
}

/// Checks a case file offline, with nothing but the pinned roots of its two parties, and time-stamping authorities where there are any. `now` is the reader's clock: it tells whether a root
/// is still valid, and nothing of the case.
///
/// # Errors
/// Where it cannot be checked at all. What contradicts is in the report.
pub fn verify<'t>(file: &[u8], trusted: impl Into<Trusted<'t>>, now: Timestamp) -> Result<Report, CannotVerify> {
    let trusted = trusted.into();
    let mut sheaf = Sheaf::new(container::read(file)?);
    let manifest_bytes = sheaf.take(names::MANIFEST).unwrap_or_default();
    let manifest = Manifest::decode(manifest_bytes)?;
    let mut findings = Findings::default();
    sums(&sheaf, &manifest, &mut findings);
    let pair = [manifest.home, manifest.peer];
    let roots = roots::settle(&mut sheaf, pair, trusted.roots, &mut findings)?;
    if !findings.contradicted.is_empty() {
        return Ok(tell::report(&manifest, Vec::new(), findings));
    }
    let mut parties = Parties::read(&mut sheaf, pair, &roots, &mut findings);
    let pinned = pinned::read(&mut sheaf, pair, &parties, &roots, &mut findings);
    exporter(&mut sheaf, &manifest, manifest_bytes, &mut parties, now, &mut findings);
    let (items, clocks) = items::read(&mut sheaf, &manifest, &mut parties, &mut findings);
    let log = log::read(&mut sheaf, &manifest, &parties, (&items, &clocks), &mut findings);
    let counted = log::extent(&mut sheaf, &manifest, &parties, &items, &log, &mut findings);
    let stamped = stamps::read(&mut sheaf, &manifest, &parties, (&items, &clocks, &log), trusted.stamps, &mut findings);
    let law = law::Law::read(&mut sheaf, &manifest, &roots, &mut findings);
    let outcome = replay::replay(&manifest, &items, &mut parties, &law, &mut findings);
    let bodies = bodies::read(&mut sheaf, &items, &mut findings);
    for name in sheaf.left() {
        findings.contradict(name, Check::Format, "no case file has such a file");
    }
    let told = tell::Told {
        manifest: &manifest,
        items: &items,
        log: &log,
        counted,
        law: &law,
        outcome: &outcome,
        bodies: &bodies,
    };
    let mut sections = told.sections(&roots, now, &mut findings);
    sections.push(pinned);
    sections.extend(stamped);
    Ok(tell::report(&manifest, sections, findings))
}

/// Every file is the one that the manifest names, and no other is there.
fn sums(sheaf: &Sheaf<'_>, manifest: &Manifest, findings: &mut Findings) {
    for (name, sum) in &manifest.files {
        match sheaf.peek(name) {
            Some(bytes) if model::Digest::of(&[bytes]) == *sum => {}
            Some(_) => findings.contradict(name, Check::Manifest, "its SHA-256 is not the one in the manifest"),
            None => findings.contradict(name, Check::Manifest, "the manifest names it, and it is not there"),
        }
    }
    for name in sheaf.names().filter(|name| ![names::MANIFEST, names::MANIFEST_SIGNATURE].contains(name)) {
        if !manifest.files.contains_key(name) {
            findings.contradict(name, Check::Manifest, "the manifest does not name it");
        }
    }
}

/// The desk that the manifest names signed it, and the text for people is the one that every case file has.
fn exporter(
    sheaf: &mut Sheaf<'_>,
    manifest: &Manifest,
    bytes: &[u8],
    parties: &mut Parties,
    now: Timestamp,
    findings: &mut Findings,
) {
    if sheaf.take(names::README) != Some(README.as_bytes()) {
        findings.contradict(names::README, Check::Format, "not the text that a case file begins with");
    }
    let signature = sheaf.take(names::MANIFEST_SIGNATURE).unwrap_or_default();
    let keys = parties.desk_keys(&manifest.exporter);
    if !keys.iter().any(|key| key.verify(identity::Domain::CaseFile, bytes, signature).is_ok()) {
        let what = format!("not signed by the desk of {}, as the directories of its party know it", manifest.exporter);
        findings.contradict(names::MANIFEST_SIGNATURE, Check::Signature, what);
    }
    let newest = parties.newest_desk_key(&manifest.exporter);
    if newest.is_none_or(|key| key.verify(identity::Domain::CaseFile, bytes, signature).is_err()) {
        findings.unproved(format!(
            "That {} may still export: the newest directory of its party in the file does not give the key of its desk any more.",
            manifest.exporter
        ));
    }
    if ![manifest.home, manifest.peer].contains(&manifest.exporter.party()) {
        findings.contradict(names::MANIFEST, Check::Format, "exported by a desk of neither party");
    }
    let early = manifest.made().0.saturating_sub(now.0);
    if early > SKEW_MS && clocks::may_be_a_clock(early) {
        findings.unproved(format!(
            "When it was exported: {} says at {}, which has not come by your clock. One of the two is about {} off.",
            manifest.exporter,
            manifest.made(),
            clocks::about(early)
        ));
    } else if early > SKEW_MS {
        let what = "exported at a moment that has not come, by the clock of who checks";
        findings.contradict(names::MANIFEST, Check::Format, what);
    }
}
