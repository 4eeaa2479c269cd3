//! `treaty prove`: claims over all that a catalogue allows, each by enumeration.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use clap::Args;
use jiff::civil::Date;
use model::{Exit, PartyId};
use records::RecordTypes;
use serde_json::json;
use shelf::change_days;
use treaty::{Catalog, Claim, Counterexample, Earlier, Proof, Rule};

use super::plan::pairs_of;
use crate::{answer::Answer, catalogue::Sources, cli::Session, failure::Failure, words::suggestion};

/// Each claim with what it says; `=` where it needs a value.
const CLAIMS: [(&str, &str); 8] = [
    ("no-content-without-judge", "what was said or written is never given without a judge's validation"),
    ("max-subjects=N", "no request is about more than N subjects"),
    ("max-days=N", "no request is about more than N days"),
    ("never-wider", "nothing is allowed that the catalogue of --against refuses"),
    ("every-type-answerable", "each record type that may be asked for has a schema"),
    ("specific-selectors-only", "each request names its subjects"),
    ("no-compulsion-under=ID,ID", "nothing that rests on these files compels anybody"),
    ("emergency-needs-callback", "no emergency is granted without a call back"),
];

/// Prove claims over everything that a catalogue allows between all its parties. Ends with 3 at a counterexample.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// Which claims; see --list.
    #[arg(value_name = "CLAIM", required_unless_present = "list")]
    claims: Vec<String>,
    /// List the claims.
    #[arg(long)]
    list: bool,
    /// From which day on [default: today]. Every later day on which a rule changes is looked at too.
    #[arg(long)]
    on: Option<Date>,
    /// Look at this one day only.
    #[arg(long)]
    only: bool,
    /// Only this pair, as in --pair JP FR.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pair: Vec<PartyId>,
    /// The catalogue before, for never-wider.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
}

impl Prove {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        if self.list {
            let text: String = CLAIMS.iter().map(|(name, says)| format!("{name:28} {says}\n")).collect();
            let value: Vec<_> = CLAIMS.iter().map(|(name, says)| json!({ "claim": name, "says": says })).collect();
            return Ok(Answer::new(json!({ "claims": value }), text));
        }
        let on = self.on.unwrap_or_else(|| session.today());
        let before = self.against.as_deref().map(|folder| Sources::of(Some(folder))?.catalog()).transpose()?;
        let catalog = session.catalog()?;
        let days = self.days(&catalog, before.as_ref(), on)?;
        let mut proofs = Vec::new();
        for name in &self.claims {
            proofs.push(Held::of(&days, |day, rules| {
                let claim = claim(name, before.as_ref(), day)?;
                Ok(match rules {
                    None => treaty::prove(&catalog, &claim, day),
                    Some(rules) => treaty::prove_rules(rules, &claim),
                })
            })?);
        }
        let text: String = proofs.iter().map(in_words).collect();
        let exit = if proofs.iter().all(|held| held.proof.holds) { Exit::Ok } else { Exit::Findings };
        let value: Vec<_> = proofs.iter().map(to_value).collect();
        Ok(Answer::new(json!({ "on": on.to_string(), "only": self.only, "proofs": value }), text).ending(exit))
    }

    /// What is looked at: on the first day all rules, then those that change, on the day on which they do.
    fn days(&self, catalog: &Catalog, before: Option<&Catalog>, on: Date) -> Result<Days, Failure> {
        let named = pairs_of(&self.pair)?;
        let parties: BTreeSet<PartyId> = catalog.parties().map(|(party, _)| party).collect();
        let all = parties.iter().flat_map(|a| parties.range(a..).skip(1).map(move |b| [*a, *b]));
        let pairs = named.clone().unwrap_or_else(|| all.collect());
        let mut days = Days::from([(on, named.map(|pairs| rules(catalog, &pairs, on)))]);
        if self.only {
            return Ok(days);
        }
        let catalogs: Vec<&Catalog> = std::iter::once(catalog).chain(before).collect();
        let mut later: BTreeMap<Date, Vec<[PartyId; 2]>> = BTreeMap::new();
        for pair in pairs {
            for day in change_days(&catalogs, pair, on).into_iter().filter(|day| *day > on) {
                later.entry(day).or_default().push(pair);
            }
        }
        days.extend(later.into_iter().map(|(day, pairs)| (day, Some(rules(catalog, &pairs, day)))));
        Ok(days)
    }
}

/// The rules to be looked at on each day; `None`: all that there are.
type Days = BTreeMap<Date, Option<Vec<Rule>>>;

fn rules(catalog: &Catalog, pairs: &[[PartyId; 2]], on: Date) -> Vec<Rule> {
    pairs.iter().map(|[a, b]| catalog.rule(*a, *b, on)).collect()
}

/// A claim over several days.
struct Held {
    /// Its counts are those of all days.
    proof: Proof,
    /// The days that were looked at. Where the claim does not hold, the last one is the day on which it does not.
    days: Vec<Date>,
}

impl Held {
    /// Looks at each day until one breaks the claim.
    fn of(days: &Days, prove: impl Fn(Date, Option<&[Rule]>) -> Result<Proof, Failure>) -> Result<Self, Failure> {
        let mut held: Option<Self> = None;
        for (day, rules) in days {
            let proof = prove(*day, rules.as_deref())?;
            let mut now = Self { proof, days: vec![*day] };
            if let Some(before) = held {
                now.proof.rules += before.proof.rules;
                now.proof.checked += before.proof.checked;
                now.proof.decisions += before.proof.decisions;
                now.days = [before.days, now.days].concat();
            }
            if !now.proof.holds {
                return Ok(now);
            }
            held = Some(now);
        }
        held.ok_or_else(|| Failure::new(Exit::Usage, "there is no day to look at"))
    }
}

/// The claim of a day.
fn claim(text: &str, before: Option<&Catalog>, on: Date) -> Result<Claim, Failure> {
    let (name, given) = text.split_once('=').map_or((text, None), |(name, given)| (name, Some(given)));
    let number = || {
        given.and_then(|given| given.parse().ok()).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("{name} needs a number")).remedy(format!("Write, as in {name}=20"))
        })
    };
    let claim = match name {
        "no-content-without-judge" => Claim::no_content_without_judge(),
        "max-subjects" => Claim::MaxSubjects(number()?),
        "max-days" => Claim::MaxWindowDays(number()?),
        "never-wider" => Claim::NeverWider { than: Earlier::Catalog(before.ok_or_else(nothing_before)?.clone(), on) },
        "every-type-answerable" => {
            let types = RecordTypes::builtin().map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
            Claim::EveryTypeAnswerable { known: types.names().cloned().collect() }
        }
        "specific-selectors-only" => Claim::SpecificSelectorsOnly,
        "no-compulsion-under" => match given.filter(|given| !given.is_empty()) {
            Some(given) => Claim::NoCompulsionUnder { instruments: given.split(',').map(str::to_owned).collect() },
            None => {
                return Err(Failure::new(Exit::Usage, "no-compulsion-under needs the ids of texts")
                    .remedy("Write, as in no-compulsion-under=jp-sg-memorandum"));
            }
        },
        "emergency-needs-callback" => Claim::EmergencyNeedsCallback,
        _ => {
            let known: Vec<&str> = CLAIMS.iter().map(|(name, _)| name.split('=').next().unwrap_or(name)).collect();
            let what = format!("there is no claim {name:?}: {}", suggestion(name, &known));
            return Err(Failure::new(Exit::Usage, what).remedy("List them: treaty prove --list"));
        }
    };
    if given.is_some() && !matches!(name, "max-subjects" | "max-days" | "no-compulsion-under") {
        return Err(Failure::new(Exit::Usage, format!("{name} takes no value")));
    }
    Ok(claim)
}

fn nothing_before() -> Failure {
    Failure::new(Exit::Usage, "never-wider needs the catalogue before").remedy("Name its folder: --against DIR")
}

fn in_words(held: &Held) -> String {
    let Held { proof, days } = held;
    let last = days.last().map(Date::to_string).unwrap_or_default();
    let listed: Vec<_> = days.iter().map(Date::to_string).collect();
    let listed = listed.join(", ");
    let mut looked = format!("{} rules, {} provisions, {} decisions", proof.rules, proof.checked, proof.decisions);
    if proof.unreachable > 0 {
        looked += &format!("; {} provisions that no request reaches, by their bounds", proof.unreachable);
    }
    let Some(found) = &proof.counterexample else {
        return format!("holds: {} ({looked})\n  on {listed}\n", proof.claim);
    };
    let mut text = format!("DOES NOT HOLD on {last}: {} ({looked})\n", proof.claim);
    text += &format!(
        "  {} to {}, {} {}: {}\n",
        found.requesting, found.requested, found.article, found.request_type, found.reason
    );
    text += &format!("  request:  {}\n  decision: {}\n", indent(&found.query), indent(&found.decision));
    if let Some(before) = &found.before {
        text += &format!("  before:   {}\n", indent(before));
    }
    if let Some(change) = &found.change {
        text += &format!("  change:   {change}\n");
    }
    if !found.confirmed {
        text += "  the decision does not confirm what the table says: this is a defect of the program\n";
    }
    text
}

fn indent(text: &str) -> String {
    text.trim_end().replace('\n', "\n            ")
}

fn to_value(held: &Held) -> serde_json::Value {
    let Held { proof, days } = held;
    let days: Vec<_> = days.iter().map(Date::to_string).collect();
    let found = proof.counterexample.as_deref().map(|found: &Counterexample| {
        json!({
            "requesting": found.requesting,
            "requested": found.requested,
            "article": found.article,
            "request_type": found.request_type,
            "reason": found.reason,
            "query": found.query,
            "decision": found.decision,
            "before": found.before,
            "change": found.change,
            "confirmed": found.confirmed,
        })
    });
    json!({
        "claim": proof.claim,
        "holds": proof.holds,
        "days": days,
        "broken_on": days.last().filter(|_| !proof.holds),
        "rules": proof.rules,
        "checked": proof.checked,
        "unreachable": proof.unreachable,
        "decisions": proof.decisions,
        "counterexample": found,
    })
}
