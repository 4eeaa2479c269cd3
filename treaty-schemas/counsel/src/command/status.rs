//! `treaty status`: where a state stands with each treaty, and its joint teams.

use clap::Args;
use jiff::civil::Date;
use model::PartyId;
use serde_json::json;

use crate::{answer::Answer, cli::Session, failure::Failure, table};

/// Show where a state stands with each treaty on a day, what follows, and its joint investigation teams.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The party, as in JP.
    party: PartyId,
    /// On which day, as in 2026-04-01 [default: today].
    #[arg(long, value_parser = crate::clock::date)]
    on: Option<Date>,
}

impl Status {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let catalog = session.catalog()?;
        let (party, on) = (self.party, self.on.unwrap_or_else(|| session.today()));
        super::explain::known(&catalog, party)?;
        let (treaties, teams) = (catalog.standings(party, on), catalog.teams(party, on));
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
            let rows: Vec<_> = teams
                .iter()
                .map(|team| {
                    let [a, b] = team.parties;
                    let life = vec![team.life.as_str().to_owned()];
                    vec![vec![team.id.clone()], vec![format!("{a}, {b}")], life, day(team.from), day(team.until)]
                })
                .collect();
            text += "\nJoint teams\n\n";
            text += &table::plain(&["team", "parties", "standing", "from", "to"], &rows);
        }
        Ok(Answer::new(value, text))
    }
}
