//! `treaty diff`: what one catalogue changes against another, in the language of law.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use jiff::civil::Date;
use model::{Exit, PartyId};
use serde_json::json;
use shelf::{Day, changes_by_day};
use treaty::Catalog;

use super::plan::pairs_of;
use crate::{answer::Answer, catalogue::Sources, cli::Session, failure::Failure};

/// Tell what changes between two catalogues, day by day, for one pair or for all. Ends with 3 where something does.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The catalogue before.
    old: PathBuf,
    /// The catalogue after.
    new: PathBuf,
    /// For this pair only, as in --pair JP FR.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pair: Vec<PartyId>,
    /// From which day on, as in 2026-04-01 [default: today]. Every later day on which a rule changes is looked at too.
    #[arg(long)]
    on: Option<Date>,
    /// Look at this one day only.
    #[arg(long)]
    only: bool,
}

impl Diff {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let old = Sources::of(Some(&self.old))?.catalog()?;
        let new = Sources::of(Some(&self.new))?.catalog()?;
        let on = self.on.unwrap_or_else(|| session.today());
        let pairs = match pairs_of(&self.pair)? {
            Some(pairs) => pairs,
            None => all_pairs(&old, &new),
        };
        let (mut text, mut value) = (String::new(), Vec::new());
        for [a, b] in pairs {
            let mut days = changes_by_day(&old, &new, [a, b], on, false);
            days.retain(|day| !self.only || day.from == on);
            if days.is_empty() {
                continue;
            }
            let mut told = Vec::new();
            for day in &days {
                text += &format!("{a} and {b}, {} {}:\n", if self.only { "on" } else { "from" }, day.from);
                day.sentences().iter().for_each(|sentence| text += &format!("  {sentence}\n"));
                told.extend(to_values(day));
            }
            value.push(json!({ "pair": [a, b], "changes": told }));
        }
        let none = value.is_empty();
        let value = json!({ "on": on.to_string(), "only": self.only, "pairs": value });
        Ok(match (none, self.only) {
            (true, true) => Answer::new(value, format!("nothing changes on {on}")),
            (true, false) => Answer::new(value, format!("nothing changes on {on} or any later day")),
            _ => Answer::new(value, text).ending(Exit::Findings),
        })
    }
}

/// Each change with its day.
fn to_values(day: &Day) -> Vec<serde_json::Value> {
    let on = day.from.to_string();
    let changes = day.steps.iter().map(|one| (one, "day_before")).chain(day.against.iter().map(|one| (one, "old")));
    let mut values: Vec<_> = changes
        .map(|(one, against)| json!({ "on": on, "against": against, "sentence": one.to_string(), "change": one }))
        .collect();
    if day.text_only {
        values.push(
            json!({ "on": on, "sentence": "the text of the rule changes, and none of its bounds", "change": null }),
        );
    }
    values
}

fn all_pairs(old: &Catalog, new: &Catalog) -> Vec<[PartyId; 2]> {
    let parties: BTreeSet<PartyId> = [old, new].iter().flat_map(|one| one.parties().map(|(party, _)| party)).collect();
    parties.iter().flat_map(|a| parties.range(a..).skip(1).map(move |b| [*a, *b])).collect()
}
