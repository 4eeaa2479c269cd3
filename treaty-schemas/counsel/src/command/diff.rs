//! `treaty diff`: what one catalogue changes against another, in the language of law.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use jiff::civil::Date;
use model::{Exit, PartyId};
use serde_json::json;
use treaty::Catalog;

use super::plan::pairs_of;
use crate::{answer::Answer, catalogue::Sources, cli::Session, failure::Failure};

/// Tell what changes between two catalogues, for one pair or for all. Ends with 3 where something does.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The catalogue before.
    old: PathBuf,
    /// The catalogue after.
    new: PathBuf,
    /// For this pair only, as in --pair JP FR.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pair: Vec<PartyId>,
    /// On which day, as in 2026-04-01 [default: today].
    #[arg(long)]
    on: Option<Date>,
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
        let (mut text, mut value, mut count) = (String::new(), Vec::new(), 0);
        for [a, b] in pairs {
            let changes = treaty::diff(&old.rule(a, b, on), &new.rule(a, b, on));
            if changes.is_empty() {
                continue;
            }
            count += changes.len();
            text += &format!("{a} and {b}, on {on}:\n");
            for change in &changes {
                text += &format!("  {}: {change}\n", change.effect.as_str());
            }
            let told: Vec<_> =
                changes.iter().map(|one| json!({ "sentence": one.to_string(), "change": one })).collect();
            value.push(json!({ "pair": [a, b], "changes": told }));
        }
        let value = json!({ "on": on.to_string(), "pairs": value });
        Ok(match count {
            0 => Answer::new(value, format!("nothing changes on {on}")),
            _ => Answer::new(value, text).ending(Exit::Findings),
        })
    }
}

fn all_pairs(old: &Catalog, new: &Catalog) -> Vec<[PartyId; 2]> {
    let parties: BTreeSet<PartyId> = [old, new].iter().flat_map(|one| one.parties().map(|(party, _)| party)).collect();
    parties.iter().flat_map(|a| parties.range(a..).skip(1).map(move |b| [*a, *b])).collect()
}
