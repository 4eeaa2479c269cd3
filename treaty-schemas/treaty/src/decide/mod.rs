//! The checks of a decision, in their fixed order. Each leaves a step in the trace; each failure is a refusal of its own.
//!
//! For the request: `pair`, `measures`, `languages` (where the query tells them). Where one of the first two fails, no measure is
//! looked at. Then for each measure: `article`, `reserved`, `in_force`, `provisional` (where it is), `request_type`, `closed`,
//! `records`, `selectors`, `subjects`, `window`, `validator`, `sender`, `recipient`, `team` (where a joint team opens it), `purpose`,
//! `offence`, `gravity`, `dual_criminality`, `classification`, `emergency`, `attributes`, `consent`, `tags`, `quota` (these four where
//! the rule or the query has something to say). Where a measure passed them all: `judgement` and `ground`, which are left to humans.

mod human;
mod people;
#[cfg(test)]
mod properties;
mod request;
mod scope;
mod standing;
mod terms;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use model::{ArticleRef, MeasureScope, PartyId, Refusal, RefusalCode, limits::MEASURES_MAX};

use crate::{
    Decision, Input, Outcome, Query, Rule, TraceStep,
    provision::{Basis, Provision},
    rule::Table,
};

/// Steps of a measure without judgements and quotas.
const STEPS: usize = 25;

impl Rule {
    /// Decides on a request: at the sending desk, at both gateways and at the receiving desk alike.
    ///
    /// It collects every failed check. It cannot fail itself: what it does not know it refuses.
    pub fn decide(&self, query: &Query<'_>) -> Decision {
        let count = query.measures.len().min(MEASURES_MAX);
        let decision = Decision {
            requesting: query.requesting,
            requested: query.requested,
            pin: self.pin(),
            on: self.on(),
            refusals: Vec::new(),
            permits: Vec::with_capacity(count),
            trace: Vec::with_capacity(3 + STEPS * count),
            asked: query.measures.len(),
        };
        let mut bench = Bench { table: &self.table, query, decision };
        let direction = bench.parties();
        let countable = bench.countable();
        if let Some(direction) = direction {
            bench.languages(direction);
            if countable {
                for (index, scope) in query.measures.iter().enumerate() {
                    bench.measure(index, scope, direction);
                }
            }
        }
        bench.decision
    }
}

/// Why a check failed.
struct Failure {
    code: RefusalCode,
    field: &'static str,
    reason: String,
    remedy: String,
}

/// Which rule a check is made by.
#[derive(Clone, Copy)]
struct At<'a> {
    /// The measure and its index; `None` for the whole request.
    measure: Option<(usize, &'a MeasureScope)>,
    article: Option<&'a ArticleRef>,
    file: &'a Arc<str>,
    owner: Option<PartyId>,
}

impl<'a> At<'a> {
    /// The same measure under another bound.
    fn by(self, basis: &'a Basis) -> Self {
        let Basis { file, article, owner } = basis;
        Self { article: Some(article), file, owner: *owner, ..self }
    }
}

/// A remedy: what to do now, or who can change the bound.
fn or_change(now: impl std::fmt::Display, by: &Basis) -> String {
    match by.owner {
        Some(party) => format!("{now}; beyond that only {party} can change {}", by.file),
        None => format!("{now}; beyond that both parties must change {}", by.file),
    }
}

struct Bench<'a> {
    table: &'a Table,
    query: &'a Query<'a>,
    decision: Decision,
}

impl<'a> Bench<'a> {
    fn measure(&mut self, index: usize, scope: &'a MeasureScope, direction: usize) {
        let refused_before = self.decision.refusals.len();
        let Some(provision) = self.provision(index, scope, direction) else { return };
        let at = At { measure: Some((index, scope)), article: None, file: &provision.by.file, owner: None };
        let at = at.by(&provision.by);
        self.scope(at, scope, provision);
        self.people(at, scope, provision);
        self.terms(at, scope, provision);
        if self.decision.refusals.len() == refused_before {
            self.human(at, provision);
            let permit = self.permit(scope, provision, direction);
            self.decision.permits.push(permit);
        }
    }

    fn scope(&mut self, at: At<'a>, scope: &'a MeasureScope, provision: &'a Provision) {
        self.records(at, scope, provision);
        self.selectors(at, scope, provision);
        self.subjects(at, scope, provision);
        self.window(at, scope, provision);
    }

    fn people(&mut self, at: At<'a>, scope: &'a MeasureScope, provision: &'a Provision) {
        self.validator(at, scope, provision);
        self.sender(at, provision);
        self.recipient(at, provision);
        self.team(at, provision);
    }

    fn terms(&mut self, at: At<'a>, scope: &'a MeasureScope, provision: &'a Provision) {
        self.purpose(at, provision);
        self.offence(at, provision);
        self.gravity(at, provision);
        self.dual_criminality(at, provision);
        self.classification(at, provision);
        self.emergency(at, provision);
        self.attributes(at, scope, provision);
        self.consent(at, provision);
        self.tags(at, scope, provision);
        self.quotas(at, scope, provision);
    }

    /// Writes the step, and the refusal if there is a failure. Answers whether it passed.
    fn step(&mut self, check: &'static str, at: At<'_>, input: Input, failure: Option<Failure>) -> bool {
        let passed = failure.is_none();
        self.note(check, at, input, if passed { Outcome::Pass } else { Outcome::Fail });
        if let Some(failure) = failure {
            self.refuse(at, failure);
        }
        passed
    }

    fn note(&mut self, check: &'static str, at: At<'_>, input: Input, outcome: Outcome) {
        self.decision.trace.push(TraceStep {
            check,
            measure: at.measure.map(|(_, scope)| scope.id),
            article: at.article.cloned(),
            file: at.file.clone(),
            input,
            outcome,
        });
    }

    #[cold]
    fn refuse(&mut self, at: At<'_>, failure: Failure) {
        // These belong to a measure; all else to the request.
        let own = matches!(
            failure.field,
            "article" | "request_type" | "records" | "selectors" | "subjects" | "window" | "attributes" | "tags"
        );
        let field = match at.measure {
            Some((index, _)) if own => format!("measures[{index}].{}", failure.field),
            _ => failure.field.to_owned(),
        };
        self.decision.refusals.push(Refusal {
            code: failure.code,
            article: at.article.cloned(),
            rule: at.file.to_string(),
            field: Some(field),
            reason: failure.reason,
            remedy: failure.remedy,
            owner: at.owner,
        });
    }
}
