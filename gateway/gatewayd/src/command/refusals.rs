//! `gateway refusals`: what this gateway refused, and what another one refused that concerns it. No case data: who, which entry of which case, what step, under which rule.

use clap::{Args, Subcommand};
use model::{CaseId, EntryId, Timestamp};
use proto::operator::{ListRefusalsRequest, Refused};
use serde_json::{Value, json};

use super::{Where, ask, operator};
use crate::failure::Failure;

/// What was refused: here, and by other gateways of what this one sent or in cases that both have.
#[derive(Debug, Subcommand)]
pub(crate) enum Refusals {
    /// The newest first.
    List(List),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    /// How many, 1000 at most.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

impl Refusals {
    pub(crate) async fn run(&self) -> Result<(Value, String), Failure> {
        let Self::List(list) = self;
        let (_, mut client) = operator(&list.at)?;
        let found = ask(&list.at, client.list_refusals(ListRefusalsRequest { limit: list.limit })).await?.refusals;
        let text = match found.as_slice() {
            [] => "nothing was refused yet".to_owned(),
            found => found.iter().map(line).collect::<Vec<_>>().join("\n"),
        };
        Ok((json!({ "refusals": found.iter().map(value).collect::<Vec<_>>() }), text))
    }
}

fn entry(one: &Refused) -> String {
    EntryId::try_from(&*one.entry_id).map(|id| id.to_string()).unwrap_or_default()
}

fn case(one: &Refused) -> String {
    CaseId::try_from(&*one.case_id).map(|id| id.to_string()).unwrap_or_default()
}

fn line(one: &Refused) -> String {
    let known = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    format!(
        "{}  {:<3} {:<12} {:<14} rule {:<12} case {}  entry {}  by {} as {}",
        Timestamp(one.at_ms),
        one.party,
        one.code,
        known(&one.step),
        known(&one.rule),
        known(&case(one)),
        known(&entry(one)),
        known(&one.refused_by),
        one.refused_as
    )
}

fn value(one: &Refused) -> Value {
    json!({
        "at": Timestamp(one.at_ms).to_string(), "party": one.party, "code": one.code, "step": one.step,
        "rule": one.rule, "field": one.field, "case": case(one), "entry": entry(one), "refused_as": one.refused_as,
        "refused_by": one.refused_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_one_line_and_what_is_not_known_is_a_dash() {
        let one = Refused {
            at_ms: 1_767_193_200_000,
            party: "FR".to_owned(),
            code: "R94".to_owned(),
            step: "change_group".to_owned(),
            refused_as: "own_gateway".to_owned(),
            ..Refused::default()
        };
        let told = line(&one);
        assert!(told.starts_with("2025-12-31T15:00:00.000Z  FR  R94"), "{told}");
        assert!(told.contains("change_group") && told.contains("case –") && told.ends_with("as own_gateway"), "{told}");
        assert_eq!(value(&one)["code"], "R94");
    }
}
