//! When an entry gets from one gateway to another.

use crate::{
    chance::Chance,
    scenario::{Fault, FaultKind, Scenario},
};

/// An entry that nothing holds is admitted by the other gateway after so long.
pub(crate) const LATENCY_MS: i64 = 2000;
/// After a cut the sending gateway tries again within so long (its longest pause).
pub(crate) const RETRY_MS: u64 = 300_000;
/// A line that flaps is looked at so many times.
const LOOKS_MAX: usize = 100_000;

/// The lines between all gateways.
#[derive(Debug)]
pub(crate) struct Network<'s> {
    faults: Vec<(usize, &'s Fault)>,
}

/// How an entry travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    /// When the other gateway has it.
    pub(crate) at: i64,
    /// The fault that held it first, by place in the scenario.
    pub(crate) held_by: Option<usize>,
}

impl<'s> Network<'s> {
    pub(crate) fn new(scenario: &'s Scenario) -> Self {
        let faults = scenario.faults.iter().enumerate();
        Self { faults: faults.filter(|(_, fault)| !matches!(fault.kind, FaultKind::Shortage { .. })).collect() }
    }

    /// When what leaves `from` at `now` is with `to`. A call needs both directions: what arrives and is not answered is asked again, and is
    /// part of the case only when the answer is back.
    pub(crate) fn passage(&self, (from, to): (usize, usize), now: i64, chance: &mut Chance) -> Passage {
        let mut at = now;
        let mut held_by = None;
        for _ in 0..LOOKS_MAX {
            let Some((place, until)) =
                self.faults.iter().find_map(|(place, fault)| Some((*place, closed(fault, (from, to), at)?)))
            else {
                break;
            };
            held_by = held_by.or(Some(place));
            at = until;
        }
        if held_by.is_some() {
            at += i64::try_from(chance.below(RETRY_MS)).unwrap_or_default();
        }
        Passage { at: at + LATENCY_MS, held_by }
    }
}

/// Until when a fault keeps two gateways apart, where it does at `at`.
fn closed(fault: &Fault, (from, to): (usize, usize), at: i64) -> Option<i64> {
    if !(fault.from..fault.to).contains(&at) {
        return None;
    }
    let hit = |party: usize| fault.parties.contains(&party);
    match &fault.kind {
        FaultKind::Shortage { .. } => None,
        FaultKind::Outage => (hit(from) || hit(to)).then_some(fault.to),
        FaultKind::Partition { others, flapping, .. } => {
            let across = (hit(from) && others.contains(&to)) || (hit(to) && others.contains(&from));
            match (across, flapping) {
                (false, _) => None,
                (true, None) => Some(fault.to),
                (true, Some((down, up))) => {
                    let phase = (at - fault.from) % (down + up);
                    (phase < *down).then(|| (at + down - phase).min(fault.to))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Lot;

    fn fault(kind: FaultKind) -> Fault {
        Fault { title: String::new(), from: 1000, to: 9000, parties: vec![0], kind }
    }

    fn passage(fault: &Fault, pair: (usize, usize), now: i64) -> Passage {
        let network = Network { faults: vec![(0, fault)] };
        network.passage(pair, now, &mut Lot::of(1, "line").at(0))
    }

    #[test]
    fn a_partition_holds_what_crosses_it_until_it_is_over() {
        let cut = fault(FaultKind::Partition { others: vec![1], one_way: false, flapping: None });
        assert_eq!(passage(&cut, (0, 1), 500), Passage { at: 500 + LATENCY_MS, held_by: None });
        let held = passage(&cut, (1, 0), 5000);
        assert!(held.held_by == Some(0) && held.at >= 9000 + LATENCY_MS, "{held:?}");
        assert_eq!(passage(&cut, (0, 2), 5000).held_by, None, "others are not touched");
    }

    #[test]
    fn a_line_that_flaps_lets_through_while_it_is_up() {
        let flapping = fault(FaultKind::Partition { others: vec![1], one_way: false, flapping: Some((1000, 500)) });
        assert!(passage(&flapping, (0, 1), 1200).at >= 2000);
        assert_eq!(passage(&flapping, (0, 1), 2100), Passage { at: 2100 + LATENCY_MS, held_by: None });
    }
}
