//! Which treaty comes first where several give the same.

use std::collections::{BTreeMap, BTreeSet};

use model::{ArticleRef, RequestType};

use crate::{
    instrument::{GivesWay, Text},
    rule::{Obstacle, Standing, Table},
};

/// What the fallbacks of a table give way to.
#[derive(Default)]
pub(crate) struct Precedence {
    fallbacks: BTreeMap<String, GivesWay>,
    /// The treaties of mutual legal assistance that are in force for the pair, no fallbacks, sorted.
    assistance: BTreeSet<String>,
    /// What rests on an arrangement of the pair itself, so that a general treaty between the two does not displace it.
    pub(crate) arranged: BTreeSet<(ArticleRef, RequestType)>,
}

impl Precedence {
    pub(crate) fn note(&mut self, text: &Text, standing: &Standing) {
        if text.fallback {
            self.fallbacks.insert(text.id.0.clone(), text.gives_way_to);
        } else if text.mla && standing.obstacles.is_empty() {
            self.assistance.insert(text.id.0.clone());
        }
    }

    /// Closes what a fallback gives where another treaty that is in force for the pair gives the same, or where it gives way to any
    /// treaty of mutual legal assistance and one is in force [UNTOC 18(7)].
    pub(crate) fn give_way(&self, table: &mut Table) {
        if self.fallbacks.is_empty() {
            return;
        }
        let others = self.others(table);
        let [a, b] = table.pair;
        for (article, clause) in &mut table.clauses {
            let Some(gives_way_to) = self.fallbacks.get(article.instrument()) else { continue };
            for (kind, [to_first, to_second]) in &mut clause.provisions {
                let assistance = self.assistance.first().filter(|_| {
                    // No pair of fresh keys is built where nothing is arranged.
                    *gives_way_to == GivesWay::AnyMla
                        && !self.arranged.iter().any(|(other, one)| other == article && one == kind)
                });
                let (reason, remedy) = match (others.get(kind), assistance) {
                    (Some(other), _) => (
                        format!(
                            "{article} serves {kind} only where no other treaty does, and between {a} and {b} {other} does"
                        ),
                        format!("ask under {other}"),
                    ),
                    (None, Some(mla)) => (
                        format!(
                            "{article} serves only where no treaty of mutual legal assistance is in force, and between {a} and \
                             {b} {mla} is"
                        ),
                        format!("ask under {mla} for what it gives; only {a} and {b} can arrange more"),
                    ),
                    (None, None) => continue,
                };
                let obstacle = Obstacle { file: to_first.by.file.clone(), owner: None, reason, remedy };
                to_first.closed.push(obstacle.clone());
                to_second.closed.push(obstacle);
            }
        }
    }

    /// The first article of another treaty in force for each request type.
    fn others(&self, table: &Table) -> BTreeMap<RequestType, ArticleRef> {
        let in_force = |article: &ArticleRef| {
            let standing = table.instruments.get(article.instrument());
            standing.is_some_and(|standing| standing.obstacles.is_empty())
        };
        let counts = |article: &ArticleRef| !self.fallbacks.contains_key(article.instrument()) && in_force(article);
        let mut others: BTreeMap<RequestType, ArticleRef> = BTreeMap::new();
        for (article, clause) in table.clauses.iter().filter(|(article, _)| counts(article)) {
            for kind in clause.provisions.keys() {
                others.entry(kind.clone()).or_insert_with(|| article.clone());
            }
        }
        others
    }
}
