//! Proofs over all that rules allow: exhaustive, since a rule is a finite table, and each step confirmed by the decision itself.
//!
//! A decision is a conjunction of bounds. So it is enough to ask, for each provision, one request that keeps every bound (which must
//! pass) and for each way to break the claim the same request with that one thing changed (which must not). Provisions with equal
//! canonical terms decide alike and are asked once.

mod claim;
mod wider;
mod witness;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::{ArticleRef, PartyId, RequestType};
use serde::Serialize;

pub use claim::{Claim, Earlier};
use witness::Witness;

use crate::{
    Catalog, Change, Decision, Rule,
    canonical::terms,
    change::{directions, open, places},
    provision::Provision,
};

/// What came of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The claim, as a sentence.
    pub claim: String,
    /// Whether it holds.
    pub holds: bool,
    /// How many rules were looked at.
    pub rules: usize,
    /// How many provisions, in each direction by itself.
    pub checked: usize,
    /// How many of these differ in their terms.
    pub distinct: usize,
    /// How many decisions were made.
    pub decisions: usize,
    /// The first request that breaks the claim. Present exactly when it does not hold.
    pub counterexample: Option<Box<Counterexample>>,
}

/// A request that breaks a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counterexample {
    /// Who asks.
    pub requesting: PartyId,
    /// Who is asked.
    pub requested: PartyId,
    /// The clause.
    pub article: ArticleRef,
    /// The request type.
    pub request_type: RequestType,
    /// What is wrong, in one sentence.
    pub reason: String,
    /// The request, in words.
    pub query: String,
    /// What the rule decides on it, in words.
    pub decision: String,
    /// What the earlier rule decided, for [`Claim::NeverWider`].
    pub before: Option<String>,
    /// The bound that is wider, for [`Claim::NeverWider`].
    pub change: Option<Change>,
    /// Whether the decision confirms it. Where it does not, the table and the decision contradict each other: the claim is not proved
    /// then, whoever of the two is right.
    pub confirmed: bool,
}

/// Proves `claim` over every pair of the catalogue on the day `on`.
pub fn prove(catalog: &Catalog, claim: &Claim, on: Date) -> Proof {
    let parties: Vec<PartyId> = catalog.parties().map(|(party, _)| party).collect();
    let mut prover = Prover::new(claim);
    for (i, a) in parties.iter().enumerate() {
        for b in &parties[i + 1..] {
            if prover.found.is_none() {
                prover.rule(&catalog.rule(*a, *b, on));
            }
        }
    }
    prover.finish()
}

/// Proves `claim` over these rules.
pub fn prove_rules(rules: &[Rule], claim: &Claim) -> Proof {
    let mut prover = Prover::new(claim);
    for rule in rules {
        if prover.found.is_none() {
            prover.rule(rule);
        }
    }
    prover.finish()
}

/// One provision of a rule in one direction.
#[derive(Clone, Copy)]
struct Place<'a> {
    rule: &'a Rule,
    direction: [PartyId; 2],
    article: &'a ArticleRef,
    kind: &'a RequestType,
    provision: &'a Provision,
}

struct Prover<'c> {
    claim: &'c Claim,
    known: BTreeSet<String>,
    rules: usize,
    checked: usize,
    decisions: usize,
    found: Option<Box<Counterexample>>,
}

impl<'c> Prover<'c> {
    fn new(claim: &'c Claim) -> Self {
        Self { claim, known: BTreeSet::new(), rules: 0, checked: 0, decisions: 0, found: None }
    }

    fn finish(self) -> Proof {
        Proof {
            claim: self.claim.to_string(),
            holds: self.found.is_none(),
            rules: self.rules,
            checked: self.checked,
            distinct: self.known.len(),
            decisions: self.decisions,
            counterexample: self.found,
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.rules += 1;
        let [a, b] = rule.parties();
        if let Claim::NeverWider { than } = self.claim {
            if let Some(old) = than.rule(a, b) {
                self.never_wider(&old, rule);
            }
            return;
        }
        for (article, kind) in places(rule, rule) {
            for direction in directions(rule, rule) {
                let Ok(provision) = open(&rule.table, article, kind, direction) else { continue };
                self.checked += 1;
                if self.found.is_none() && self.is_new(format!("{article}\n{kind}\n{}", terms(provision))) {
                    self.found = self.holds(Place { rule, direction, article, kind, provision }).err();
                }
            }
        }
    }

    fn is_new(&mut self, terms: String) -> bool {
        self.known.insert(terms)
    }

    fn holds(&mut self, place: Place<'_>) -> Result<(), Box<Counterexample>> {
        let Some(base) = Witness::of(place) else { return Ok(()) };
        let decision = self.decide(&base, place.rule);
        if !decision.allowed() {
            return Err(unconfirmed(place, &base, &decision, "a request within every bound is refused"));
        }
        for probe in self.claim.probes(place, &base) {
            let decision = self.decide(&probe.witness, place.rule);
            if (probe.breaks)(&decision) {
                return Err(counterexample(place, &probe.witness, &decision, probe.reason));
            }
        }
        Ok(())
    }

    fn decide(&mut self, witness: &Witness, rule: &Rule) -> Decision {
        self.decisions += 1;
        witness.decide(rule)
    }
}

fn counterexample(place: Place<'_>, witness: &Witness, decision: &Decision, reason: String) -> Box<Counterexample> {
    let [requesting, requested] = place.direction;
    Box::new(Counterexample {
        requesting,
        requested,
        article: place.article.clone(),
        request_type: place.kind.clone(),
        reason,
        query: witness.to_string(),
        decision: in_words(decision),
        before: None,
        change: None,
        confirmed: true,
    })
}

fn unconfirmed(place: Place<'_>, witness: &Witness, decision: &Decision, reason: &str) -> Box<Counterexample> {
    Box::new(Counterexample { confirmed: false, ..*counterexample(place, witness, decision, reason.to_owned()) })
}

fn in_words(decision: &Decision) -> String {
    if decision.allowed() {
        return "allowed".to_owned();
    }
    let refusals: Vec<_> = decision.refusals.iter().map(ToString::to_string).collect();
    format!("refused: {}", refusals.join("; "))
}
