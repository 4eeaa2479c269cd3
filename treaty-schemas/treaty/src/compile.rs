//! Files → table: instrument ∩ party ∩ party ∩ overlays, at a date.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use model::{ArticleRef, AuthorityKind, PartyId, RequestType, Role};

use crate::{
    Consult, Onward,
    catalog::covers,
    force::{Relation, View},
    instrument::{DualCriminality, InstrumentFile, Request},
    party::{Declaration, Demand, PartyFile},
    provision::{self, Basis, Provision, UsageRule},
    restrict::{Common, Restriction},
    rule::{Clause, Obstacle, Standing, Table},
    version::Versioned,
};

pub(crate) fn compile(view: &View<'_>, pair: [PartyId; 2], on: Date) -> Table {
    let mut pair = pair;
    pair.sort();
    let pact = Pact { view, pair, on, parties: pair.map(|party| view.party(party)) };
    let mut table = Table {
        pair,
        on,
        protocol: "treaty".into(),
        instruments: BTreeMap::new(),
        clauses: BTreeMap::new(),
        languages: pact.parties.map(languages),
        files: pair.map(|party| view.path(party)),
    };
    let mut fallbacks = Vec::new();
    for series in view.files.instruments.values() {
        let Some(selected) = view.instrument(series, pair, on) else { continue };
        let relation = Relation { view, selected: &selected, pair, on };
        let file = selected.file();
        for text in &file.texts {
            table.instruments.insert(text.id.0.clone(), relation.standing(text));
            if text.fallback {
                fallbacks.push(text.id.0.clone());
            }
        }
        for Common { article, kind, provision } in common(file) {
            let Some(request) = file.requests.get(kind) else { continue };
            let clause = table.clauses.entry(article.clone()).or_insert_with(|| pact.clause(article));
            let both = [provision.clone(), provision];
            clause.provisions.insert(kind.clone(), pact.provisions(file, request, kind, both));
        }
    }
    give_way(&mut table, &fallbacks);
    pact.overlay(&mut table);
    table
}

/// What an instrument gives by itself: each article with each of its request types, whoever the parties are.
pub(crate) fn common(file: &InstrumentFile) -> impl Iterator<Item = Common<'_>> {
    file.requests.iter().flat_map(move |(kind, request)| {
        let articles = request.articles.iter().map(|article| &article.value);
        articles.map(move |article| Common { article, kind, provision: plain(file, kind, request, article) })
    })
}

fn plain(file: &InstrumentFile, kind: &RequestType, request: &Request, article: &ArticleRef) -> Provision {
    let by = Basis { file: file.head.path.clone(), article: article.clone(), owner: None };
    let dual = provision::DualCriminality { except_listed_months: file.common.except_listed_months };
    let counts =
        |kinds: &[crate::source::Spot<RequestType>]| kinds.is_empty() || kinds.iter().any(|one| one.value == *kind);
    let common_quotas = file.common.quotas.iter().filter(|(kinds, _)| counts(kinds)).map(|(_, quota)| *quota);
    Provision {
        verified: request.verified && file.text(article.instrument()).is_some_and(|text| text.verified),
        closed: Vec::new(),
        records: request.records.iter().map(|(record, roles)| (record.clone(), by.sets(roles.clone()))).collect(),
        compulsory: request.compulsory,
        selectors: by.sets(request.selectors.clone()),
        max_subjects: by.sets(request.max_subjects),
        max_window_days: request.max_window_days.map(|days| by.sets(days)),
        max_bytes: request.max_bytes.map(|bytes| by.sets(bytes)),
        quotas: common_quotas.chain(request.quota).map(|quota| by.sets(quota)).collect(),
        purposes: by.sets(request.purposes.iter().map(|purpose| purpose.0.clone()).collect()),
        offence: by.sets(request.offence),
        dual_criminality: (request.dual_criminality == DualCriminality::Always).then(|| by.sets(dual)),
        senders: by.sets(request.senders.clone()),
        recipients: by.sets(request.recipients.clone()),
        classification_max: request.classification_max.map(|mark| by.sets(mark)),
        attributes: request.attributes.as_ref().map(|list| by.sets(list.clone())),
        never: request.never.clone(),
        consent: request.consent.map(|consent| by.sets(consent)),
        emergency: request.emergency.map(|emergency| by.sets(emergency)),
        timers: request.timers.clone(),
        grounds: request.grounds.clone(),
        judgements: request.judgements.clone(),
        postponements: request.postponements.clone(),
        conditions: request.conditions.clone(),
        consult: request.consult,
        usage: UsageRule {
            specialty: file.common.safeguards.specialty,
            onward: by.sets(request.onward),
            readers: by.sets(request.readers.clone()),
            retention_days: request.retention_days.map(|days| by.sets(days)),
        },
        by,
    }
}

fn languages(party: Option<&PartyFile>) -> BTreeMap<AuthorityKind, Vec<String>> {
    let Some(party) = party else { return BTreeMap::new() };
    party.authorities.iter().map(|authority| (authority.kind, party.languages(authority.kind))).collect()
}

/// The two parties on the day.
struct Pact<'a> {
    view: &'a View<'a>,
    /// Sorted.
    pair: [PartyId; 2],
    on: Date,
    parties: [Option<&'a PartyFile>; 2],
}

impl<'a> Pact<'a> {
    fn other(&self, party: PartyId) -> PartyId {
        let [a, b] = self.pair;
        if party == a { b } else { a }
    }

    /// Reservations are reciprocal: what one has excepted neither may ask [VCLT 21].
    fn clause(&self, article: &ArticleRef) -> Clause {
        let reserved = self.parties.iter().flatten().flat_map(|party| {
            let reservations = party.reservations.iter().filter(|reservation| {
                covers(&reservation.article, article) && reservation.holds(self.on, self.other(party.id))
            });
            reservations.map(|reservation| Obstacle {
                file: party.head.path.clone(),
                owner: Some(party.id),
                reason: format!("{} has reserved {}", party.id, reservation.article),
                remedy: format!("ask under another article; only {} can withdraw its reservation", party.id),
            })
        });
        Clause { reservations: reserved.collect(), provisions: BTreeMap::new() }
    }

    /// What is asked of each of the two.
    fn provisions(
        &self,
        file: &InstrumentFile,
        request: &Request,
        kind: &RequestType,
        both: [Provision; 2],
    ) -> [Provision; 2] {
        let [to_first, to_second] = both;
        let [first, second] = self.parties;
        [(to_first, first), (to_second, second)].map(|(mut provision, requested)| {
            let article = provision.by.article.clone();
            let touching: Vec<_> = self.touching(file, request, &article).collect();
            let bonds = self.parties.iter().all(|party| {
                party.is_some_and(|party| party.bond(article.instrument()).is_none_or(|bond| bond.verified))
            });
            provision.verified &= bonds && touching.iter().all(|(_, declaration)| declaration.verified);
            for (party, declaration) in touching {
                let by = Basis {
                    file: party.head.path.clone(),
                    article: declaration.article.clone(),
                    owner: Some(party.id),
                };
                let own = requested.is_some_and(|requested| requested.id == party.id);
                declared(&mut provision, file, declaration.demand, own, &by);
            }
            if request.both_must_declare {
                provision.closed.extend(self.undeclared(kind, &article));
            }
            if request.requires_arrangement {
                provision.closed.extend(self.unarranged(file, kind, &article));
            }
            provision
        })
    }

    /// The declarations of both that concern a request under `article`: they name the article, a paragraph of it, or the
    /// clause on dual criminality in general.
    fn touching(
        &self,
        file: &'a InstrumentFile,
        request: &'a Request,
        article: &'a ArticleRef,
    ) -> impl Iterator<Item = (&'a PartyFile, &'a Declaration)> {
        let on = self.on;
        let declarations =
            self.parties.into_iter().flatten().flat_map(|party| party.declarations.iter().map(move |one| (party, one)));
        declarations.filter(move |(_, declaration)| {
            let general = declaration.demand == Demand::DualCriminality
                && request.dual_criminality == DualCriminality::IfRequiredByRequested
                && file.common.dual_criminality_clause.as_ref() == Some(&declaration.article);
            let named = covers(&declaration.article, article) || covers(article, &declaration.article);
            declaration.holds(on) && (general || named)
        })
    }

    /// That one of the two has not declared that it allows an article that both must allow.
    fn undeclared(&self, kind: &RequestType, article: &ArticleRef) -> impl Iterator<Item = Obstacle> {
        let silent = self.pair.into_iter().zip(self.parties).filter(|(_, party)| {
            let mut declarations = party.iter().flat_map(|party| &party.declarations);
            !declarations.any(|one| one.demand == Demand::Allows && one.holds(self.on) && covers(&one.article, article))
        });
        silent.map(move |(party, _)| Obstacle {
            file: self.view.path(party),
            owner: Some(party),
            reason: format!(
                "{kind} needs that both parties allow {article}, and {party} has not declared that it does"
            ),
            remedy: format!("ask under another article; only {party} can declare that it allows {article}"),
        })
    }

    /// That the two have not arranged what the treaty leaves to an arrangement.
    fn unarranged(&self, file: &InstrumentFile, kind: &RequestType, article: &ArticleRef) -> Option<Obstacle> {
        let [a, b] = self.pair;
        let mut over = None;
        for series in self.view.files.overlays.get(&self.pair).into_iter().flat_map(BTreeMap::values) {
            let Some(selected) = series.select(self.on, self.view.known, |_| true) else { continue };
            let overlay = selected.file();
            let arranges = overlay.arranges.iter().any(|one| one.value == *kind);
            match selected.valid() {
                Some(_) if arranges => return None,
                None if arranges => over = Some(overlay),
                _ => {}
            }
        }
        let why = match over.map(Versioned::head) {
            Some(head) if head.valid_to.is_some_and(|to| to < self.on) => {
                let last = head.valid_to.map(|day| day.to_string()).unwrap_or_default();
                format!("{} was valid until {last}", head.path)
            }
            Some(head) => format!("{} is not valid yet", head.path),
            None => "there is none".to_owned(),
        };
        Some(Obstacle {
            file: over.map_or_else(|| file.head.path.clone(), |overlay| overlay.head.path.clone()),
            owner: None,
            reason: format!("{article} leaves {kind} to an arrangement between {a} and {b}: {why}"),
            remedy: format!("ask under another article; {a} and {b} can sign an arrangement in overlays/{a}-{b}/"),
        })
    }

    /// What the arrangements of the two take away.
    fn overlay(&self, table: &mut Table) {
        for series in self.view.files.overlays.get(&self.pair).into_iter().flat_map(BTreeMap::values) {
            let selected = series.select(self.on, self.view.known, |_| true);
            if let Some(overlay) = selected.and_then(crate::version::Selected::valid) {
                restrict(table, &overlay.restrictions, &overlay.head.path, Some(overlay.verified));
            }
        }
    }
}

/// Applies a later layer. A rule that rests on something unverified is unverified.
pub(crate) fn restrict(table: &mut Table, restrictions: &[Restriction], file: &Arc<str>, verified: Option<bool>) {
    let [a, b] = table.pair;
    for clause in table.clauses.values_mut() {
        for (kind, [to_a, to_b]) in &mut clause.provisions {
            for (provision, parties) in [(to_a, (b, a)), (to_b, (a, b))] {
                for restriction in restrictions {
                    if restriction.apply(kind, provision, parties, file) {
                        provision.verified &= verified.unwrap_or(true);
                    }
                }
            }
        }
    }
}

/// What a declaration changes. Most bind only those who ask the state that made it: then `own` is true.
fn declared(provision: &mut Provision, file: &InstrumentFile, demand: Demand, own: bool, by: &Basis) {
    match demand {
        Demand::CentralAuthorityOnly if own => provision.senders = by.sets(vec![AuthorityKind::Central]),
        Demand::DualCriminality if own && provision.dual_criminality.is_none() => {
            let except_listed_months = file.common.except_listed_months;
            provision.dual_criminality = Some(by.sets(provision::DualCriminality { except_listed_months }));
        }
        Demand::JudgeValidates if own => {
            for roles in provision.records.values_mut().filter(|roles| roles.value != [Role::Judge]) {
                *roles = by.sets(vec![Role::Judge]);
            }
        }
        Demand::NoOnward if own && provision.usage.onward.value != Onward::Never => {
            provision.usage.onward = by.sets(Onward::Never);
        }
        Demand::Consult => provision.consult = Consult::Required,
        _ => {}
    }
}

/// Closes what a fallback gives where another treaty that is in force for the pair gives the same [UNTOC 18(7)].
fn give_way(table: &mut Table, fallbacks: &[String]) {
    if fallbacks.is_empty() {
        return;
    }
    let falls_back = |article: &ArticleRef| fallbacks.iter().any(|id| id == article.instrument());
    let in_force = |article: &ArticleRef| {
        table.instruments.get(article.instrument()).is_some_and(|standing: &Standing| standing.obstacles.is_empty())
    };
    let mut others: BTreeMap<RequestType, ArticleRef> = BTreeMap::new();
    for (article, clause) in table.clauses.iter().filter(|(article, _)| !falls_back(article) && in_force(article)) {
        for kind in clause.provisions.keys() {
            others.entry(kind.clone()).or_insert_with(|| article.clone());
        }
    }
    let [a, b] = table.pair;
    for (article, clause) in table.clauses.iter_mut().filter(|(article, _)| falls_back(article)) {
        for (kind, provisions) in &mut clause.provisions {
            let Some(other) = others.get(kind) else { continue };
            for provision in provisions {
                provision.closed.push(Obstacle {
                    file: provision.by.file.clone(),
                    owner: None,
                    reason: format!(
                        "{article} serves {kind} only where no other treaty does, and between {a} and {b} {other} does"
                    ),
                    remedy: format!("ask under {other}"),
                });
            }
        }
    }
}
