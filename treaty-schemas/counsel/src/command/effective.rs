//! `treaty effective`: all that two parties may ask of each other on a day.

use clap::Args;
use jiff::civil::Date;
use model::PartyId;
use serde_json::json;
use treaty::{Catalog, InstrumentInfo, Offer, Rule};

use super::explain::pair;
use crate::{
    answer::Answer,
    cli::Session,
    failure::Failure,
    table,
    terms::{any, count},
};

/// Show all that two parties may ask of each other on a day, and the pin of their rule.
#[derive(Debug, Args)]
pub(crate) struct Effective {
    /// One party, as in JP.
    a: PartyId,
    /// The other one.
    b: PartyId,
    /// On which day, as in 2026-04-01 [default: today].
    #[arg(long, value_parser = crate::clock::date)]
    on: Option<Date>,
    /// Print the canonical text instead: its SHA-256 is the pin.
    #[arg(long)]
    canonical: bool,
    /// Show the days on which the rule changes instead, each with its pin.
    #[arg(long, conflicts_with_all = ["canonical", "on"])]
    timeline: bool,
}

impl Effective {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let catalog = session.catalog()?;
        pair(&catalog, self.a, self.b)?;
        if self.timeline {
            return Ok(self.changes(&catalog));
        }
        let on = self.on.unwrap_or_else(|| session.today());
        let rule = catalog.rule(self.a, self.b, on);
        let offers: Vec<_> = rule.offers().collect();
        let value = json!({
            "parties": rule.parties(),
            "on": on.to_string(),
            "pin": rule.pin().to_string(),
            "offers": offers,
            "hypothetical": made_up(&catalog, &offers),
            "barred": rule.barred().collect::<Vec<_>>(),
            "canonical": rule.canonical(),
        });
        if self.canonical {
            return Ok(Answer::new(value, rule.canonical()));
        }
        Ok(Answer::new(value, self.text(&rule, &offers, &made_up(&catalog, &offers))))
    }

    /// The days on which the pin changes, the first one from the beginning of what is known.
    fn changes(&self, catalog: &Catalog) -> Answer {
        let days = catalog.timeline(self.a, self.b);
        let pins = match (days.first(), days.last()) {
            (Some(first), Some(last)) => catalog.pins(self.a, self.b, *first, *last),
            _ => Vec::new(),
        };
        let mut text = format!("{} and {}: the days on which their rule changes\n\n", self.a, self.b);
        let mut value = Vec::new();
        let mut rows = Vec::new();
        for (day, pin) in pins {
            let rule = catalog.rule(self.a, self.b, day);
            let may = |from| rule.offers().filter(|offer| offer.requesting == from).count();
            value.push(
                json!({ "from": day.to_string(), "pin": pin.to_string(), "requests": [may(self.a), may(self.b)] }),
            );
            rows.push(vec![
                vec![day.to_string()],
                vec![pin.to_string()],
                vec![may(self.a).to_string()],
                vec![may(self.b).to_string()],
            ]);
        }
        let (a, b) = (format!("{} may ask", self.a), format!("{} may ask", self.b));
        text += &table::plain(&["from", "pin", &a, &b], &rows);
        Answer::new(json!({ "parties": [self.a, self.b], "changes": value }), text)
    }

    fn text(&self, rule: &Rule, offers: &[Offer], made_up: &[String]) -> String {
        let mut text = format!("{} and {} on {}: rule {}\n", self.a, self.b, rule.on(), rule.pin());
        made_up.iter().for_each(|title| text += &format!("HYPOTHETICAL: no such treaty exists: {title}\n"));
        for (from, to) in [(self.a, self.b), (self.b, self.a)] {
            let ours: Vec<_> = offers.iter().filter(|offer| offer.requesting == from).map(line).collect();
            text += &match ours.is_empty() {
                true => format!("\n{from} may ask {to} for nothing.\n"),
                false => format!("\n{from} may ask {to}:\n{}", table::plain(&HEAD, &ours)),
            };
        }
        let mut reasons: Vec<_> = rule.barred().flat_map(|barred| barred.reasons).map(|r| (r.reason, r.rule)).collect();
        reasons.sort();
        reasons.dedup();
        if !reasons.is_empty() {
            text += "\nNot allowed, because:\n";
            reasons.iter().for_each(|(reason, file)| text += &format!("  {reason} ({file})\n"));
        }
        text
    }
}

/// The treaties that do not exist, and give something here.
fn made_up(catalog: &Catalog, offers: &[Offer]) -> Vec<String> {
    let used = |file: &InstrumentInfo| offers.iter().any(|offer| *offer.file == *file.path);
    let infos = catalog.instrument_infos().into_iter().filter(|file| file.hypothetical && used(file));
    infos.map(|file| format!("{} ({})", file.title, file.path)).collect()
}

const HEAD: [&str; 7] = ["article", "request", "records (who validates)", "at most", "sent by", "sent to", "verified"];

fn line(offer: &Offer) -> Vec<Vec<String>> {
    let records = offer.records.iter().map(|(record, roles)| match roles.value.is_empty() {
        true => record.to_string(),
        false => format!("{record} ({})", any(roles.value.iter().map(|role| role.as_str()))),
    });
    let kinds = |kinds: &[model::AuthorityKind]| any(kinds.iter().map(|kind| kind.as_str()));
    let to = if offer.recipients.value.is_empty() { "no authority".to_owned() } else { kinds(&offer.recipients.value) };
    let days = offer.max_window_days.as_ref().map(|days| count(days.value, "day"));
    let caps = [Some(count(offer.max_subjects.value, "subject")), days];
    vec![
        vec![offer.article.to_string()],
        vec![offer.request_type.to_string()],
        records.collect(),
        caps.into_iter().flatten().collect(),
        vec![kinds(&offer.senders.value)],
        vec![to],
        vec![if offer.verified { "yes" } else { "no" }.to_owned()],
    ]
}
