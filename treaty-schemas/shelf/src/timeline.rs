//! What one catalogue changes against another, on every day on which it does: a rule that begins next year is a change of today.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::PartyId;
use treaty::{Catalog, Change, Rule, diff};

/// What becomes different on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// From this day on.
    pub from: Date,
    /// What changes in the new rule from the day before to this one; empty on the first day.
    pub steps: Vec<Change>,
    /// How the new rule differs from the old one of the same day, as far as that was not told of the day before, nor among `steps`.
    pub against: Vec<Change>,
    /// The text of the rule changes, although none of its bounds does.
    pub text_only: bool,
}

impl Day {
    /// All of it, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let later = !self.steps.is_empty();
        let told = |change: &Change| format!("{}: {change}", change.effect.as_str());
        let other = |change: &Change| match later {
            true => format!("{} (as the catalogue before has it on that day)", told(change)),
            false => told(change),
        };
        let mut sentences: Vec<String> = self.steps.iter().map(told).chain(self.against.iter().map(other)).collect();
        if self.text_only {
            sentences.push("neutral: the text of the rule changes, and none of its bounds".to_owned());
        }
        sentences
    }

    fn is_idle(&self) -> bool {
        self.steps.is_empty() && self.against.is_empty() && !self.text_only
    }
}

/// The day `from`, and each later one on which the rule of the pair changes in any of the catalogues, ascending. It is finite.
pub fn change_days(catalogs: &[&Catalog], [a, b]: [PartyId; 2], from: Date) -> Vec<Date> {
    let mut days = BTreeSet::from([from]);
    for catalog in catalogs {
        if catalog.timeline(a, b).last().is_some_and(|last| *last > from) {
            days.extend(catalog.pins(a, b, from, Date::MAX).into_iter().map(|(day, _)| day));
        }
    }
    days.into_iter().collect()
}

/// What `new` changes for the pair against `old`, from the day `from` on, by the days on which something does. With `whole`, steps that
/// `old` takes on the same day are told too: who accepts the new rule accepts them.
pub fn changes_by_day(old: &Catalog, new: &Catalog, [a, b]: [PartyId; 2], from: Date, whole: bool) -> Vec<Day> {
    let mut told = Vec::new();
    let mut last: Option<Compared> = None;
    for day in change_days(&[old, new], [a, b], from) {
        let now = Compared::of(old.rule(a, b, day), new.rule(a, b, day));
        let day = now.since(last.as_ref(), day, whole);
        if !day.is_idle() {
            told.push(day);
        }
        last = Some(now);
    }
    told
}

/// The rules of a day.
struct Compared {
    old: Rule,
    new: Rule,
    changes: Vec<Change>,
}

impl Compared {
    fn of(old: Rule, new: Rule) -> Self {
        let changes = diff(&old, &new);
        Self { old, new, changes }
    }

    fn since(&self, last: Option<&Self>, from: Date, whole: bool) -> Day {
        let differs = self.old.pin() != self.new.pin();
        let Some(last) = last else {
            let text_only = differs && self.changes.is_empty();
            return Day { from, steps: Vec::new(), against: self.changes.clone(), text_only };
        };
        let known = if whole { Vec::new() } else { diff(&last.old, &self.old) };
        let all = diff(&last.new, &self.new);
        let silent = all.is_empty() && last.new.pin() != self.new.pin();
        let steps: Vec<Change> = all.into_iter().filter(|change| !known.contains(change)).collect();
        let fresh = |change: &&Change| !last.changes.contains(change) && !steps.contains(change);
        let against = self.changes.iter().filter(fresh).cloned().collect();
        Day { from, against, text_only: silent && (whole || differs), steps }
    }
}
