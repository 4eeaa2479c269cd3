//! Pairs whose rule of today nobody will have accepted once a plan is applied.

use std::{collections::BTreeSet, fmt};

use identity::treaty::AcceptanceStatement;
use jiff::civil::Date;
use model::{PartyId, Pin};

use super::{
    Plan,
    make::{lines, shared, text_of},
};
use crate::{error::ShelfError, files::Files, index::Index, shelf::Shelf};

/// A pair that would be refused once a plan is applied, although its plan is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// In the order of their codes.
    pub pair: [PartyId; 2],
    /// Until the pin of the plan is accepted; `None`: the plan has none for the pair.
    pub until: Option<Date>,
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.pair;
        match self.until {
            Some(until) => write!(
                f,
                "{a} and {b} begin nothing new from the day on which this is applied until {until}: the files change the rule \
                 of today too, and what both accept begins only then"
            ),
            None => write!(
                f,
                "{a} and {b} begin nothing new once this is applied: the files change their rule, and nothing in it is for them \
                 to accept"
            ),
        }
    }
}

impl Plan {
    /// The pairs that would be refused on the day `today` if the plan were applied to `base`, although everything in it is signed.
    pub fn pauses(&self, base: &Files, today: Date) -> Result<Vec<Pause>, ShelfError> {
        if self.national.is_some() {
            return Ok(Vec::new());
        }
        let (before, after) = (Shelf::of(shared(base))?, Shelf::of(self.contents())?);
        let index = Index::of(base);
        let planned: BTreeSet<_> = self.pairs.iter().map(|planned| planned.pair).collect();
        let mut pauses = Vec::new();
        for pair @ [a, b] in index.accepting().chain(planned.iter().copied()).collect::<BTreeSet<_>>() {
            let rule = after.catalog().rule(a, b, today);
            let held = accepted(&index, base, pair, today);
            let mine = self.pairs.iter().find(|one| one.pair == pair && self.effective <= today);
            let holds = match mine {
                Some(planned) => planned.pins.iter().rev().find(|(from, _)| *from <= today).map(|(_, pin)| *pin),
                None => held,
            };
            // Where nothing may be asked there is nothing to refuse.
            if rule.is_empty() || holds == Some(rule.pin()) {
                continue;
            }
            let was_in_force = || held == Some(before.catalog().rule(a, b, today).pin());
            match planned.contains(&pair) {
                true => pauses.push(Pause { pair, until: Some(self.effective) }),
                false if was_in_force() => pauses.push(Pause { pair, until: None }),
                false => {}
            }
        }
        Ok(pauses)
    }
}

/// The pin of the newest acceptance that bears lines of both and has begun.
fn accepted(index: &Index, base: &Files, pair: [PartyId; 2], today: Date) -> Option<Pin> {
    let read = |(number, path): &(Option<usize>, String)| {
        let note = base.text(path)?;
        let statement: AcceptanceStatement = text_of(note).parse().ok()?;
        let signed = lines(note);
        let whole = statement.pair == pair && pair.iter().all(|party| signed.contains(party));
        let begun = statement.pins.first().is_some_and(|(from, _)| *from <= today);
        (whole && begun).then_some((statement.signed, number.unwrap_or(usize::MAX), statement.pins))
    };
    let newest = index.accepted(pair).iter().filter_map(read).max_by_key(|(signed, rank, _)| (*signed, *rank))?;
    newest.2.iter().rev().find(|(from, _)| *from <= today).map(|(_, pin)| *pin)
}
