//! `treaty status`: where a state stands with each treaty, and its joint teams.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use model::PartyId;
use serde_json::json;
use shelf::{Shelf, Signatures, Team};

use super::{
    apply::read_roots,
    plan::{shelf_failure, target},
};
use crate::{answer::Answer, cli::Session, failure::Failure, table, terms::list};

/// Show where a state stands with each treaty on a day, what follows, and its joint investigation teams.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The party, as in JP.
    party: PartyId,
    /// On which day, as in 2026-04-01 [default: today].
    #[arg(long, value_parser = crate::clock::date)]
    on: Option<Date>,
    /// The roots of the parties, as in STATE/root/root.cert.pem, files or folders: then a team that not both have signed is PROPOSED.
    #[arg(long, num_args = 1.., value_name = "FILES|DIR")]
    roots: Vec<PathBuf>,
}

impl Status {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let catalog = session.catalog()?;
        let (party, on) = (self.party, self.on.unwrap_or_else(|| session.today()));
        super::explain::known(&catalog, party)?;
        let (treaties, teams) = (catalog.standings(party, on), self.teams(session, on)?);
        let value = json!({ "party": party, "on": on.to_string(), "treaties": treaties, "teams": teams });
        let day = |date: Option<Date>| vec![date.map(|date| date.to_string()).unwrap_or_default()];
        let rows: Vec<_> = treaties
            .iter()
            .map(|one| {
                let next = one.next.map(|(day, life)| format!("{} from {day}", life.as_str())).unwrap_or_default();
                vec![vec![one.text.clone()], vec![one.life.as_str().to_owned()], day(one.since), vec![next]]
            })
            .collect();
        let mut text = format!("{party} on {on}\n\n");
        text += &match rows.is_empty() {
            true => format!("{party} has signed none of the treaties in this catalogue, and none binds it.\n"),
            false => table::plain(&["treaty", "standing", "since", "then"], &rows),
        };
        if !teams.is_empty() {
            text += "\nJoint teams\n";
            teams.iter().for_each(|team| text += &in_words(team));
        }
        Ok(Answer::new(value, text))
    }

    /// The joint teams: as far as they are signed, where the roots are given that tell.
    fn teams(&self, session: &Session, on: Date) -> Result<Vec<Team>, Failure> {
        if self.roots.is_empty() {
            let unsigned = |standing| Team { standing, signed_by: None, missing: Vec::new() };
            return Ok(session.catalog()?.teams(self.party, on).into_iter().map(unsigned).collect());
        }
        let shelf = Shelf::open(target(session)?, Signatures::Required).map_err(shelf_failure)?;
        Ok(shelf.teams(self.party, on, &read_roots(&self.roots)?, session.now))
    }
}

fn in_words(team: &Team) -> String {
    let one = &team.standing;
    let day = |date: Option<Date>| date.map_or_else(|| "always".to_owned(), |date| date.to_string());
    let signed = match (&team.signed_by, &team.missing[..]) {
        (None, _) => vec!["signatures were not looked at: --roots".to_owned()],
        (Some(by), []) => vec![format!("by {}", list(by))],
        (Some(_), missing) => missing.to_vec(),
    };
    let mut text = format!("\n  {}: {}\n", one.id, one.title);
    let lines = [
        ("standing", vec![one.life.as_str().to_owned()]),
        ("days", vec![format!("{} to {}", day(one.from), day(one.until))]),
        ("purpose", vec![one.purpose.clone()]),
        ("members", vec![list(&one.members)]),
        ("signed", signed),
    ];
    for (label, lines) in lines {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        lines.iter().zip(labels).for_each(|(line, label)| text += &format!("    {label:<9} {line}\n"));
    }
    text
}
