//! Files → table: instrument ∩ party ∩ party ∩ overlays, at a date.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use model::{ArticleRef, AuthorityId, PartyId, RequestType};

use crate::{
    catalog::covers,
    force::{Relation, View},
    given::Given,
    instrument::{DualCriminality, InstrumentFile, Request},
    party::{Declaration, Demand, PartyFile},
    precedence::Precedence,
    provision::{Basis, Bound, Provision},
    restrict::Restriction,
    rule::{Clause, Obstacle, Table},
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
        languages: pact.parties.map(|party| party.map_or_else(Arc::default, |party| party.languages(on))),
        files: pair.map(|party| view.path(party)),
    };
    let mut precedence = Precedence::default();
    for series in view.files.instruments.values() {
        let Some(selected) = view.instrument(series, pair, on) else { continue };
        let relation = Relation { view, selected: &selected, pair, on };
        let file = selected.file();
        for text in &file.texts {
            let standing = relation.standing(text);
            precedence.note(text, &standing);
            table.instruments.insert(text.id.0.clone(), standing);
        }
        let bonds = pact.bonds(file);
        for given in file.given() {
            let Some(request) = file.requests.get(&given.kind) else { continue };
            let read = bonds.iter().any(|(id, read)| *read && *id == given.article.instrument());
            if request.requires_arrangement {
                precedence.arranged.insert((given.article.clone(), given.kind.clone()));
            }
            let clause = table.clauses.entry(given.article.clone()).or_insert_with(|| pact.clause(&given.article));
            clause.provisions.insert(given.kind.clone(), pact.provisions(file, request, given, read));
        }
    }
    precedence.give_way(&mut table);
    pact.overlay(&mut table);
    table
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

    /// Each text of the file, with whether the bonds of both to it were read.
    fn bonds<'f>(&self, file: &'f InstrumentFile) -> Vec<(&'f str, bool)> {
        let read = |id: &str| {
            let by = |party: &PartyFile| party.bond(id).is_none_or(|bond| bond.verified);
            self.parties.iter().all(|party| party.is_some_and(by))
        };
        file.texts.iter().map(|text| (text.id.0.as_str(), read(&text.id.0))).collect()
    }

    /// What is asked of each of the two. `read` tells whether their bonds to the text were.
    fn provisions(&self, file: &InstrumentFile, request: &Request, given: &Given, read: bool) -> [Provision; 2] {
        let (kind, article) = (&given.kind, &given.article);
        let touching = self.touching(file, request, article);
        let consult = touching.iter().any(|(.., declaration)| declaration.demand == Demand::Consult);
        let verified = given.provision.verified && read && touching.iter().all(|(.., one)| one.verified);
        let mut closed = Vec::new();
        if request.both_must_declare {
            closed.extend(self.undeclared(kind, article));
        }
        let mut teams = Vec::new();
        if request.requires_arrangement {
            match self.arranged(file, kind, article) {
                Ok(open_to) => teams = open_to,
                Err(obstacle) => closed.push(obstacle),
            }
        }
        let silent = if request.automatic { self.silent(Demand::Automatic, article).next() } else { None };
        self.parties.map(|requested| {
            // Most bind only those who ask the state that made them.
            let own = touching.iter().filter(|(party, _, declaration)| {
                let other_kind = matches!(declaration.demand, Demand::Consult | Demand::Allows | Demand::Automatic);
                !other_kind && requested.is_some_and(|requested| requested.id == party.id)
            });
            let own = own.map(|(_, place, _)| *place).collect();
            let mut provision = given.declared(file, requested, own, consult);
            if let Some(party) = silent.filter(|_| provision.automatic.value) {
                let by = Basis { file: self.view.path(party), article: article.clone(), owner: Some(party) };
                provision.automatic = by.sets(false);
            }
            if !teams.is_empty() {
                provision.teams.clone_from(&teams);
            }
            provision.verified = verified;
            provision.closed.extend(closed.iter().cloned());
            provision
        })
    }

    /// The declarations of both that concern a request under `article`, each with its place in its file: they name the article, a
    /// paragraph of it, or the clause on dual criminality in general.
    fn touching(
        &self,
        file: &InstrumentFile,
        request: &Request,
        article: &ArticleRef,
    ) -> Vec<(&'a PartyFile, usize, &'a Declaration)> {
        let declarations = self.parties.into_iter().flatten().flat_map(|party| {
            party.declarations.iter().enumerate().map(move |(place, declaration)| (party, place, declaration))
        });
        let touching = declarations.filter(|(.., declaration)| {
            let general = declaration.demand == Demand::DualCriminality
                && request.dual_criminality == DualCriminality::IfRequiredByRequested
                && file.common.dual_criminality_clause.as_ref() == Some(&declaration.article);
            declaration.validity.holds(self.on) && (general || declaration.names(article))
        });
        touching.collect()
    }

    /// That one of the two has not declared that it allows an article that both must allow.
    fn undeclared(&self, kind: &RequestType, article: &ArticleRef) -> impl Iterator<Item = Obstacle> {
        self.silent(Demand::Allows, article).map(move |party| Obstacle {
            file: self.view.path(party),
            owner: Some(party),
            reason: format!(
                "{kind} needs that both parties allow {article}, and {party} has not declared that it does"
            ),
            remedy: format!("ask under another article; only {party} can declare that it allows {article}"),
        })
    }

    /// Who of the two has not declared `demand` for the whole of an article.
    fn silent(&self, demand: Demand, article: &ArticleRef) -> impl Iterator<Item = PartyId> {
        let silent = self.pair.into_iter().zip(self.parties).filter(move |(_, party)| {
            let mut declarations = party.iter().flat_map(|party| &party.declarations);
            !declarations
                .any(|one| one.demand == demand && one.validity.holds(self.on) && covers(&one.article, article))
        });
        silent.map(|(party, _)| party)
    }

    /// The members of each joint team that opens what the treaty leaves to an arrangement; none where an arrangement opens it to all.
    /// Else that the two have not arranged it.
    fn arranged(
        &self,
        file: &InstrumentFile,
        kind: &RequestType,
        article: &ArticleRef,
    ) -> Result<Vec<Bound<Vec<AuthorityId>>>, Obstacle> {
        let [a, b] = self.pair;
        let (mut over, mut teams) = (None, Vec::new());
        for series in self.view.files.overlays.get(&self.pair).into_iter().flat_map(BTreeMap::values) {
            let Some(selected) = series.select(self.on, self.view.known, |_| true) else { continue };
            let overlay = selected.file();
            let arranges = overlay.arranges.iter().any(|one| one.value == *kind);
            match selected.valid() {
                Some(team) if arranges && team.is_team() => {
                    let by = Basis { file: team.head.path.clone(), article: article.clone(), owner: None };
                    teams.push(by.sets(team.members.clone()));
                }
                Some(_) if arranges => return Ok(Vec::new()),
                None if arranges => over = Some(overlay),
                _ => {}
            }
        }
        if !teams.is_empty() {
            return Ok(teams);
        }
        let why = match over.map(Versioned::head) {
            Some(head) if head.valid_to.is_some_and(|to| to < self.on) => {
                let last = head.valid_to.map(|day| day.to_string()).unwrap_or_default();
                format!("{} was valid until {last}", head.path)
            }
            Some(head) => format!("{} is not valid yet", head.path),
            None => "there is none".to_owned(),
        };
        Err(Obstacle {
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
    let quotas: Vec<_> = restrictions.iter().map(|restriction| restriction.quota(&table.clauses)).collect();
    for clause in table.clauses.values_mut() {
        for (kind, [to_a, to_b]) in &mut clause.provisions {
            for (provision, parties) in [(to_a, (b, a)), (to_b, (a, b))] {
                for (restriction, quota) in restrictions.iter().zip(&quotas) {
                    if restriction.apply(kind, provision, parties, file, quota.as_ref()) {
                        provision.verified &= verified.unwrap_or(true);
                    }
                }
            }
        }
    }
}
