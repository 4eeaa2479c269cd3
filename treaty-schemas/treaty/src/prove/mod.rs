//! Proofs over all that rules allow: exhaustive, since a rule is a finite table, and each step confirmed by the decision itself.
//!
//! A decision is a conjunction of bounds. So it is enough to ask, for each provision, one request that keeps every bound (which must
//! pass) and for each way to break the claim the same request with that one thing changed (which must not). Provisions with equal
//! canonical terms decide alike and are asked once.
//!
//! Some provisions are within reach of no request, because orders under them go to providers and not through a gateway. They bind
//! all the same: their bounds are judged as they stand in the table, and counted apart.

mod claim;
mod wider;
mod witness;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;
use model::{ArticleRef, PartyId, RequestType};
use serde::Serialize;

pub use claim::{Claim, Earlier};
use witness::{Witness, reachable};

use crate::{
    Catalog, Change, Decision, Rule,
    change::directions,
    provision::{Provision, Shared},
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
    /// How many provisions a decision was asked about, in each direction by itself.
    pub checked: usize,
    /// How many more there are that no request can reach, in each direction by itself: their bounds were judged as they stand.
    pub unreachable: usize,
    /// How many of all these differ in their terms.
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
    /// The request, in words; or that none can reach the bound.
    pub query: String,
    /// What the rule decides on it, in words; or that it decides nothing.
    pub decision: String,
    /// What the earlier rule decided, for [`Claim::NeverWider`].
    pub before: Option<String>,
    /// The bound that is wider, for [`Claim::NeverWider`].
    pub change: Option<Change>,
    /// Whether the decision confirms it. Where it does not, the table and the decision contradict each other: the claim is not proved
    /// then, whoever of the two is right. A bound that no request can reach has no decision to contradict it.
    pub confirmed: bool,
}

/// Proves `claim` over every pair of the catalogue on the day `on`.
pub fn prove(catalog: &Catalog, claim: &Claim, on: Date) -> Proof {
    let parties: Vec<PartyId> = catalog.parties().map(|(party, _)| party).collect();
    let mut prover = Prover::new(claim);
    for (i, a) in parties.iter().enumerate() {
        for b in &parties[i + 1..] {
            if prover.found.is_none() {
                prover.rule(&catalog.unpinned(*a, *b, on));
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
    /// The earlier rules that are given one by one, by their pair.
    earlier: BTreeMap<[PartyId; 2], &'c Rule>,
    known: Known,
    rules: usize,
    checked: usize,
    unreachable: usize,
    decisions: usize,
    found: Option<Box<Counterexample>>,
}

impl<'c> Prover<'c> {
    fn new(claim: &'c Claim) -> Self {
        let mut earlier = BTreeMap::new();
        if let Claim::NeverWider { than: Earlier::Rules(rules) } = claim {
            for rule in rules {
                earlier.entry(rule.parties()).or_insert(rule);
            }
        }
        Self {
            claim,
            earlier,
            known: Known::default(),
            rules: 0,
            checked: 0,
            unreachable: 0,
            decisions: 0,
            found: None,
        }
    }

    fn finish(self) -> Proof {
        Proof {
            claim: self.claim.to_string(),
            holds: self.found.is_none(),
            rules: self.rules,
            checked: self.checked,
            unreachable: self.unreachable,
            distinct: self.known.terms.len(),
            decisions: self.decisions,
            counterexample: self.found,
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.rules += 1;
        let [a, b] = rule.parties();
        if let Claim::NeverWider { than } = self.claim {
            match than {
                Earlier::Catalog(catalog, on) => self.never_wider(&catalog.unpinned(a, b, *on), rule),
                Earlier::Rules(_) => {
                    self.earlier.get(&[a, b]).copied().into_iter().for_each(|old| self.never_wider(old, rule))
                }
            }
            return;
        }
        let directions = directions(rule, rule);
        for (article, kind, towards) in rule.table.effective() {
            for direction in &directions {
                let provision = rule.table.place(direction[1]).and_then(|place| towards.get(place));
                let Some(provision) = provision.filter(|one| one.closed.is_empty()) else { continue };
                if self.looks_at(provision) && self.known.insert(Some((article, kind)), provision, None) {
                    self.found = self.holds(Place { rule, direction: *direction, article, kind, provision }).err();
                }
            }
        }
    }

    /// Counts a provision that is judged next. Once a counterexample was found, none is.
    fn looks_at(&mut self, provision: &Provision) -> bool {
        if self.found.is_some() {
            return false;
        }
        let count = if reachable(provision) { &mut self.checked } else { &mut self.unreachable };
        *count += 1;
        true
    }

    fn holds(&mut self, place: Place<'_>) -> Result<(), Box<Counterexample>> {
        let Some(base) = Witness::of(place) else {
            return self.claim.broken_by(place).map_or(Ok(()), |reason| Err(beyond_reach(place, reason)));
        };
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

/// What has been asked about.
#[derive(Default)]
struct Known {
    terms: BTreeSet<Terms>,
    /// The same by where their bounds lie, so that most texts need not be compared. They are kept, so that nothing else comes to lie
    /// there.
    places: BTreeMap<[Address; 2], [Option<Arc<Shared>>; 2]>,
}

/// What is asked about, unless only the bounds matter; its canonical text; and that of the old rule.
type Terms = (Option<(ArticleRef, RequestType)>, Arc<str>, Arc<str>);
/// Where bounds lie; 0 where there are none. Bounds of one place have one article, but may serve several request types.
type Address = (usize, Option<RequestType>);

impl Known {
    /// Answers whether nothing with these terms was there. Where two rules are compared, `was` are the bounds of the old one.
    fn insert(
        &mut self,
        of: Option<(&ArticleRef, &RequestType)>,
        provision: &Provision,
        was: Option<&Provision>,
    ) -> bool {
        let shared = [Some(provision), was].map(|one| one.map(Provision::shared));
        let addresses = shared.map(|shared| {
            let address = shared.map_or(0, |shared| Arc::as_ptr(shared).addr());
            (address, of.map(|(_, kind)| kind.clone()))
        });
        if self.places.contains_key(&addresses) {
            return false;
        }
        self.places.insert(addresses, shared.map(Option::<&Arc<Shared>>::cloned));
        let was = was.map_or_else(|| Arc::from(""), |was| was.text().clone());
        let of = of.map(|(article, kind)| (article.clone(), kind.clone()));
        self.terms.insert((of, provision.text().clone(), was))
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

/// A bound that breaks the claim where no request can show it.
fn beyond_reach(place: Place<'_>, reason: String) -> Box<Counterexample> {
    let [requesting, requested] = place.direction;
    let query = if place.provision.recipients.value.is_empty() {
        "none through a gateway: it is addressed to no authority"
    } else {
        "none: another bound admits nothing"
    };
    Box::new(Counterexample {
        requesting,
        requested,
        article: place.article.clone(),
        request_type: place.kind.clone(),
        reason,
        query: query.to_owned(),
        decision: "none: the bound was read in the table".to_owned(),
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
