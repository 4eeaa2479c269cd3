//! When the rule of a pair changes.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::{PartyId, Pin};

use super::Catalog;
use crate::{
    Rule,
    compile::compile,
    force::View,
    instrument::{Reach, Text},
    party::{Bond, PartyFile},
    version::{Head, Series, Versioned},
};

impl Catalog {
    /// The days on which the rule between `a` and `b` may change, ascending: a version begins or has ended, a text enters into force
    /// or ends, a party joins, denounces, suspends, declares or withdraws. Days between them have equal rules.
    pub fn timeline(&self, a: PartyId, b: PartyId) -> Vec<Date> {
        let view = View::of(&self.0, None);
        let mut days = BTreeSet::new();
        for file in self.0.instrument_files() {
            span(&file.head, &mut days);
            for text in &file.texts {
                text_days(&view, text, [a, b], &mut days);
            }
        }
        for party in [a, b].into_iter().filter_map(|party| view.party(party)) {
            party_days(party, &mut days);
        }
        let mut pair = [a, b];
        pair.sort();
        let overlays = self.0.overlays.get(&pair).into_iter().flat_map(|shelf| shelf.values());
        overlays.flat_map(Series::iter).for_each(|overlay| span(overlay.head(), &mut days));
        days.into_iter().collect()
    }

    /// The pin of the pair on the day `from`, and each other that follows until `to`, with the day on which it begins.
    pub fn pins(&self, a: PartyId, b: PartyId, from: Date, to: Date) -> Vec<(Date, Pin)> {
        let view = View::of(&self.0, None);
        let days = self.timeline(a, b).into_iter().filter(|day| (from..=to).contains(day) && *day != from);
        let mut pins: Vec<(Date, Pin)> = Vec::new();
        for day in std::iter::once(from).chain(days) {
            let pin = Rule::new(compile(&view, [a, b], day), None).pin();
            if pins.last().is_none_or(|(_, last)| *last != pin) {
                pins.push((day, pin));
            }
        }
        pins
    }
}

type Days = BTreeSet<Date>;

fn span(head: &Head, days: &mut Days) {
    days.extend(head.valid_from);
    after(head.valid_to, days);
}

/// The day after a last day.
fn after(last: Option<Date>, days: &mut Days) {
    days.extend(last.and_then(|last| last.tomorrow().ok()));
}

fn text_days(view: &View<'_>, text: &Text, pair: [PartyId; 2], days: &mut Days) {
    days.extend(view.beginning(text));
    days.extend(text.terminated);
    if let Some((from, until)) = text.provisional {
        days.insert(from);
        after(Some(until), days);
    }
    let groups = match &text.reach {
        Reach::Open => Vec::new(),
        Reach::Sides(sides) => sides.iter().collect(),
        Reach::Union { group, .. } => vec![group],
    };
    for member in groups.iter().flat_map(|group| pair.iter().filter_map(|party| group.members.get(party))) {
        days.extend(member.joined.into_iter().chain(member.left));
    }
    for bond in pair.iter().filter_map(|party| view.party(*party)?.bond(&text.id.0)) {
        days.extend(view.entry(text, bond).into_iter().chain(bond.end(text)));
        bond_days(bond, days);
    }
}

fn bond_days(bond: &Bond, days: &mut Days) {
    days.extend(bond.signed.into_iter().chain(bond.ratified));
    days.extend(bond.amendments.values());
    for suspension in &bond.suspensions {
        days.insert(suspension.from);
        after(suspension.until, days);
    }
}

fn party_days(party: &PartyFile, days: &mut Days) {
    days.extend(party.statements().flat_map(|(_, validity, _)| validity.days()));
}
