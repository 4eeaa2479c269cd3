//! `treaty explain`: may one party ask another for something, under which article, within which bounds; and if not, why not.

mod question;
mod shown;

use clap::Args;
use jiff::civil::Date;
use model::{ArticleRef, Exit, PartyId};
use serde_json::json;
use treaty::{Barred, Catalog, Decision, Offer, Rule};

use super::render::{html, page::Titles};
use crate::{answer::Answer, cli::Session, failure::Failure, words::suggestion};
use question::Facts;

/// Explain what one party may ask of another, by which article and within which bounds; or why not, and who could change it.
///
/// Without facts of a request it explains the whole provision. With some, it decides on that request as a gateway would; whatever is
/// not said is assumed to be as the treaty wants it, and the assumptions are shown.
#[derive(Debug, Args)]
#[command(after_help = "Ends with 0 when it is allowed, 5 when it is refused.")]
pub(crate) struct Explain {
    /// Who asks, as in JP.
    requesting: PartyId,
    /// Who is asked, as in FR.
    requested: PartyId,
    /// What is asked, as in stored_data.
    request_type: String,
    /// Under this article only, as in ets-185:31.
    #[arg(long)]
    article: Option<ArticleRef>,
    /// On which day, as in 2026-04-01 [default: today].
    #[arg(long, value_parser = crate::clock::date)]
    on: Option<Date>,
    /// As the catalogue knew it on this day: files that were recorded later are left out, with --as in the national layer too.
    #[arg(long, value_name = "DATE")]
    known: Option<Date>,
    /// As this party sees it, with what its own national file adds.
    #[arg(long = "as", value_name = "XX")]
    as_party: Option<PartyId>,
    #[command(flatten)]
    facts: Facts,
}

/// What there is to say.
struct Explanation {
    requesting: PartyId,
    requested: PartyId,
    request_type: String,
    rule: Rule,
    /// What may be asked under each article, with the decision on the facts, where there are any.
    offers: Vec<(Offer, Option<Verdict>)>,
    barred: Vec<Barred>,
}

/// A decision on the facts, and what was assumed beside them.
struct Verdict {
    decision: Decision,
    assumed: Vec<String>,
}

impl Explanation {
    fn allowed(&self) -> bool {
        let holds = |verdict: &Option<Verdict>| verdict.as_ref().is_none_or(|verdict| verdict.decision.allowed());
        self.offers.iter().any(|(_, verdict)| holds(verdict))
    }
}

impl Explain {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let catalog = session.catalog()?;
        pair(&catalog, self.requesting, self.requested)?;
        let on = self.on.unwrap_or_else(|| session.today());
        let rule = self.rule(&catalog, on)?;
        let explanation = self.explanation(rule)?;
        let value = json!({
            "requesting": explanation.requesting,
            "requested": explanation.requested,
            "request_type": explanation.request_type,
            "on": on.to_string(),
            "known": self.known.map(|day| day.to_string()),
            "as": self.as_party,
            "pin": explanation.rule.pin().to_string(),
            "allowed": explanation.allowed(),
            "offers": explanation.offers.iter().map(|(offer, verdict)| json!({
                "offer": offer,
                "decision": verdict.as_ref().map(|verdict| &verdict.decision),
                "assumed": verdict.as_ref().map(|verdict| &verdict.assumed),
            })).collect::<Vec<_>>(),
            "barred": explanation.barred,
        });
        let exit = if explanation.allowed() { Exit::Ok } else { Exit::Refused };
        let titles = Titles::of(&catalog);
        let page = html(&shown::page(&explanation, &titles))?;
        Ok(Answer::new(value, shown::text(&explanation, &titles)).with_html(page).ending(exit))
    }

    fn rule(&self, catalog: &Catalog, on: Date) -> Result<Rule, Failure> {
        let (from, to) = (self.requesting, self.requested);
        if let Some(other) = self.as_party.filter(|own| *own != from && *own != to) {
            return Err(Failure::new(Exit::Usage, format!("{other} is neither {from} nor {to}"))
                .remedy("A national file binds its own state only: --as one of the two."));
        }
        Ok(match (self.known, self.as_party) {
            (Some(known), Some(own)) => catalog.local_rule_as_known(own, from, to, on, known),
            (Some(known), None) => catalog.rule_as_known(from, to, on, known),
            (None, Some(own)) => catalog.local_rule(own, from, to, on),
            (None, None) => catalog.rule(from, to, on),
        })
    }

    fn explanation(&self, rule: Rule) -> Result<Explanation, Failure> {
        let ours = |requesting, article: &ArticleRef| {
            requesting == self.requesting && self.article.as_ref().is_none_or(|wanted| wanted == article)
        };
        let of_pair: Vec<_> = rule.offers().filter(|offer| ours(offer.requesting, &offer.article)).collect();
        let barred: Vec<_> = rule.barred().filter(|one| ours(one.requesting, &one.article)).collect();
        let known =
            || of_pair.iter().map(|o| o.request_type.as_str()).chain(barred.iter().map(|b| b.request_type.as_str()));
        if !known().any(|kind| kind == self.request_type) {
            return Err(self.unknown(&known().collect::<Vec<_>>(), &of_pair, &rule));
        }
        let mut offers = Vec::new();
        for offer in of_pair.into_iter().filter(|offer| offer.request_type.as_str() == self.request_type) {
            let verdict = self.facts.any().then(|| self.facts.decide(&rule, &offer)).transpose()?;
            offers.push((offer, verdict));
        }
        let barred = barred.into_iter().filter(|one| one.request_type.as_str() == self.request_type).collect();
        let request_type = self.request_type.clone();
        Ok(Explanation { requesting: self.requesting, requested: self.requested, request_type, rule, offers, barred })
    }

    /// The request type is not known, at least not under the article.
    fn unknown(&self, known: &[&str], offers: &[Offer], rule: &Rule) -> Failure {
        let mut known = known.to_vec();
        known.sort_unstable();
        known.dedup();
        let under = self.article.as_ref().map_or_else(String::new, |article| format!(" under {article}"));
        let wrong = format!("there is no request type `{}`{under}", self.request_type);
        let elsewhere: Vec<_> = rule.offers().filter(|o| o.request_type.as_str() == self.request_type).collect();
        let remedy = match (known.as_slice(), elsewhere.first()) {
            (_, Some(offer)) if self.article.is_some() => {
                format!("`{}` rests on {}.", self.request_type, offer.article)
            }
            ([], _) => "Look what the two have: treaty effective".to_owned(),
            (known, _) => {
                let mut open: Vec<_> = offers.iter().map(|offer| offer.request_type.as_str()).collect();
                open.sort_unstable();
                open.dedup();
                let have = match open.as_slice() {
                    [] => "nothing is in force between them now".to_owned(),
                    open => format!("{} may ask {} for: {}", self.requesting, self.requested, open.join(", ")),
                };
                let meant = suggestion(&self.request_type, known);
                let stop = if meant.ends_with('?') { "" } else { "." };
                format!("{meant}{stop} {have}.")
            }
        };
        Failure::new(Exit::NotFound, wrong).remedy(remedy)
    }
}

/// Whether two parties are two, and known.
pub(crate) fn pair(catalog: &Catalog, a: PartyId, b: PartyId) -> Result<(), Failure> {
    if a == b {
        return Err(Failure::new(Exit::Usage, format!("{a} and {b} are one party")).remedy("Name two parties."));
    }
    known(catalog, a)?;
    known(catalog, b)
}

/// Whether a party has a file.
pub(crate) fn known(catalog: &Catalog, party: PartyId) -> Result<(), Failure> {
    let all: Vec<_> = catalog.parties().map(|(id, name)| format!("{id} {name}")).collect();
    if catalog.parties().any(|(id, _)| id == party) {
        return Ok(());
    }
    let what = format!("there is no file parties/{party}.toml: nobody can tell what {party} has ratified or reserved");
    let remedy = format!("Parties of this catalogue: {}. A new one: treaty new party {party} DIR", all.join(", "));
    Err(Failure::new(Exit::NotFound, what).remedy(remedy))
}
