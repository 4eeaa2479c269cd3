use model::{MeasureScope, RefusalCode};

use super::{At, Bench, Failure};
use crate::{Input, phrase::List, provision::Provision, rule::Obstacle};

impl<'a> Bench<'a> {
    /// What the article allows to this request type, after telling everything that stands against using the article at all.
    pub(super) fn provision(
        &mut self,
        index: usize,
        scope: &'a MeasureScope,
        direction: usize,
    ) -> Option<&'a Provision> {
        let article = &scope.article;
        let table = self.table;
        let standing = table.instruments.get(article.instrument());
        let file = standing.map_or(&table.protocol, |standing| &standing.file);
        let at = At { measure: Some((index, scope)), article: Some(article), file, owner: None };
        let clause = table.clauses.get(article);
        let unknown = match (standing, clause) {
            (Some(_), Some(_)) => None,
            (None, _) => Some(format!("no instrument `{}` is in the catalogue", article.instrument())),
            (Some(_), None) => Some(format!("no request may rest on {article}")),
        };
        let failure = unknown.map(|reason| Failure {
            code: RefusalCode::R92,
            field: "article",
            reason,
            remedy: "name an article that the treaty file lists".to_owned(),
        });
        self.step("article", at, Input::Article(article.clone()), failure);
        let [a, b] = table.pair;
        if let Some(clause) = clause {
            self.obstacles("reserved", at, Input::Pair(a, b), "article", &clause.reservations);
        }
        let standing = standing?;
        self.obstacles("in_force", at, Input::Pair(a, b), "article", &standing.obstacles);
        if let Some(last) = standing.provisional_until {
            self.step("provisional", at, Input::Until(last), None);
        }
        let clause = clause?;
        let provision = clause.provisions.get(&scope.request_type).and_then(|towards| towards.get(direction));
        let failure = provision.is_none().then(|| Failure {
            code: RefusalCode::R94,
            field: "request_type",
            reason: format!("{article} is no ground for {}", scope.request_type),
            remedy: format!("{article} allows: {}", List(clause.provisions.keys())),
        });
        self.step("request_type", at, Input::RequestType(scope.request_type.clone()), failure);
        let provision = provision?;
        let input = Input::Direction(self.query.requesting, self.query.requested);
        self.obstacles("closed", at.by(&provision.by), input, "request_type", &provision.closed);
        Some(provision)
    }

    fn obstacles(
        &mut self,
        check: &'static str,
        at: At<'a>,
        input: Input,
        field: &'static str,
        obstacles: &'a [Obstacle],
    ) {
        let [others @ .., last] = obstacles else {
            self.step(check, at, input, None);
            return;
        };
        let failure = |obstacle: &Obstacle| Failure {
            code: RefusalCode::R92,
            field,
            reason: obstacle.reason.clone(),
            remedy: obstacle.remedy.clone(),
        };
        for obstacle in others {
            let at = At { file: &obstacle.file, owner: obstacle.owner, ..at };
            self.step(check, at, input.clone(), Some(failure(obstacle)));
        }
        self.step(check, At { file: &last.file, owner: last.owner, ..at }, input, Some(failure(last)));
    }
}
