//! A clock that was wrong, told from a word that is not so. Two gateways' clocks that are apart are apart over all that they stated then: an
//! offset, which pins nothing on anybody. What one gateway states out of its own neighbours is no clock.
//!
//! Nothing rests on the difference: a moment that does not fit counts for nothing either way, and what rests on elapsed time is replayed from
//! the same moments whatever is found here.

use std::collections::BTreeMap;

use model::{EntryId, PartyId, ReceiptKind, Timestamp, limits::CLOCK_APART_MS_MAX};

use super::{Findings, SKEW_MS, items::Item};
use crate::{Manifest, WrongClock};

/// A moment that is too late beside another one, as far as two clocks of honest gateways may be apart.
pub(super) struct Apart {
    /// The place of the entry in the file.
    pub(super) number: usize,
    pub(super) file: String,
    /// Whose gateway stated the later one, and beside whose clock it is late: its own party's, where its own desk says so.
    pub(super) ahead: PartyId,
    pub(super) beside: PartyId,
    /// By how much.
    pub(super) ms: i64,
    /// When it was, by the other clock.
    pub(super) seen: Timestamp,
    /// Who is wrong, and what is not so, where it was no clock.
    pub(super) by: Vec<PartyId>,
    pub(super) what: String,
}

/// How far two moments may be apart before no clock excuses it.
pub(super) fn may_be_a_clock(ms: i64) -> bool {
    ms <= CLOCK_APART_MS_MAX.saturating_add(SKEW_MS)
}

/// How the clocks of the two gateways stood to each other, entry by entry.
#[derive(Default)]
pub(crate) struct Clocks {
    /// In the order of the file.
    seen: Vec<Seen>,
    places: BTreeMap<EntryId, usize>,
    /// The same, by the numbers of the entries.
    numbers: BTreeMap<usize, usize>,
}

/// When each gateway first stated something of an entry, by its own clock.
struct Seen {
    home: Timestamp,
    peer: Timestamp,
}

impl Seen {
    /// How far the home's clock is ahead of the peer's; what the entry took on its way is in it.
    fn offset(&self) -> i64 {
        self.home.0.saturating_sub(self.peer.0)
    }

    /// Whether one clock was set between the two, or one gateway does not say what its clock said: by the other clock not so much time went
    /// by that an entry could have been on its way so long.
    fn steps_to(&self, other: &Self) -> bool {
        let passed = |a: Timestamp, b: Timestamp| a.0.saturating_sub(b.0).saturating_abs();
        let least = passed(self.home, other.home).min(passed(self.peer, other.peer));
        self.offset().saturating_sub(other.offset()).saturating_abs() > least.saturating_add(SKEW_MS)
    }
}

impl Clocks {
    pub(super) fn of(items: &[Item], manifest: &Manifest) -> Self {
        let mut clocks = Self::default();
        for item in items {
            let of = |party: PartyId| {
                let stated = item.receipts.iter().filter(|one| one.counts && (one.timed || one.apart));
                let stated = stated.map(|one| &one.signed.receipt).filter(|one| one.by == party);
                stated.filter(|one| one.kind != ReceiptKind::RelayFailure).map(|one| one.at).min()
            };
            if let (Some(home), Some(peer)) = (of(manifest.home), of(manifest.peer)) {
                clocks.places.insert(item.entry.header.entry, clocks.seen.len());
                clocks.numbers.insert(item.number, clocks.seen.len());
                clocks.seen.push(Seen { home, peer });
            }
        }
        clocks
    }

    /// Whether what was stated of an entry stands alone between neighbours that both agree with the true clocks, and not with it.
    pub(super) fn is_alone(&self, entry: EntryId) -> bool {
        self.places.get(&entry).is_some_and(|place| self.alone(*place))
    }

    fn alone(&self, place: usize) -> bool {
        let steps = |other: Option<usize>| {
            let pair = other.and_then(|other| self.seen.get(other)).zip(self.seen.get(place));
            pair.is_some_and(|(other, one)| one.steps_to(other))
        };
        steps(place.checked_sub(1)) && steps(place.checked_add(1))
    }

    /// For each place where the run of entries begins over which both clocks went alike.
    fn runs(&self) -> Vec<usize> {
        let steps = self.seen.windows(2).map(|pair| pair[0].steps_to(&pair[1]));
        let begin = |(run, place): (usize, usize), steps: bool| (if steps { place } else { run }, place + 1);
        let later = steps.scan((0, 1), |state, steps| {
            *state = begin(*state, steps);
            Some(state.0)
        });
        std::iter::once(0).chain(later).collect()
    }

    /// Tells each of `apart` as a clock that was wrong, or pins it on who stated it.
    pub(super) fn settle(&self, apart: Vec<Apart>, findings: &mut Findings) {
        let mut runs: BTreeMap<(usize, PartyId, PartyId), Vec<Apart>> = BTreeMap::new();
        let begins = self.runs();
        for one in apart {
            match self.numbers.get(&one.number).copied() {
                Some(place) if self.alone(place) => {
                    let what = format!("{}; those beside it were stated by right clocks", one.what);
                    findings.misstate(&one.by, &one.file, what);
                }
                place => {
                    let run = place.and_then(|place| begins.get(place).copied()).unwrap_or(usize::MAX);
                    runs.entry((run, one.ahead, one.beside)).or_default().push(one);
                }
            }
        }
        runs.into_iter().for_each(|((_, ahead, beside), found)| findings.clocks.extend(told(ahead, beside, &found)));
    }
}

fn told(ahead: PartyId, beside: PartyId, found: &[Apart]) -> Option<WrongClock> {
    let ahead_ms = found.iter().map(|one| one.ms).max()?;
    let from = found.iter().map(|one| one.seen).min()?;
    let until = found.iter().map(|one| one.seen).max()?;
    let other = if ahead == beside { "that of its own desk".to_owned() } else { format!("that of {beside}") };
    let when = if from == until { format!("at {from}") } else { format!("between {from} and {until}") };
    let receipts = if found.len() == 1 { "1 receipt".to_owned() } else { format!("{} receipts", found.len()) };
    let what = format!(
        "the clock of {ahead} was about {} ahead of {other} {when} ({receipts}, first {}); which of the two was wrong they do not tell",
        about(ahead_ms),
        found.first().map_or("", |one| one.file.as_str()),
    );
    Some(WrongClock { of: ahead, ahead_ms, from, until, what })
}

/// A clock that was put back between two leaves of the home's log.
pub(super) fn put_back(
    of: PartyId,
    (from, before): (&str, Timestamp),
    (until, after): (&str, Timestamp),
) -> WrongClock {
    let ahead_ms = before.0.saturating_sub(after.0);
    let what = format!(
        "the clock of {of} was put back by about {} between {from} ({before}) and {until} ({after}): it was ahead until then, or behind \
         from then on",
        about(ahead_ms)
    );
    WrongClock { of, ahead_ms, from: after, until: before, what }
}

/// In hours and minutes, for people.
pub(super) fn about(ms: i64) -> String {
    let minutes = ms.saturating_add(30_000) / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
