//! Files → table: instrument ∩ party ∩ party, at a date.

use std::collections::BTreeMap;

use jiff::{Span, civil::Date};
use model::{ArticleRef, AuthorityKind, PartyId};

use crate::{
    Ground, Onward,
    catalog::{Files, covers},
    instrument::{DualCriminality, Entry, InstrumentFile, Request, Side, Text},
    party::{Bond, Demand, PartyFile},
    provision::{Basis, Bound, OffenceRule, Provision, UsageRule},
    rule::{Clause, Obstacle, Standing, Table},
};

pub(crate) fn compile(files: &Files, a: PartyId, b: PartyId, on: Date) -> Table {
    let pair = if a <= b { [a, b] } else { [b, a] };
    let mut instruments = BTreeMap::new();
    let mut clauses: BTreeMap<ArticleRef, Clause> = BTreeMap::new();
    for (file, text) in files.texts() {
        let obstacles = obstacles(files, file, text, pair, on);
        instruments.insert(text.id.0.clone(), Standing { file: file.path.clone(), obstacles, provisional_until: None });
    }
    for file in &files.instruments {
        for (kind, request) in &file.requests {
            for article in &request.articles {
                let clause = clauses.entry(article.clone()).or_default();
                let towards = pair.map(|requested| provision(files, file, request, article, pair, requested));
                clause.provisions.insert(kind.clone(), towards);
            }
        }
    }
    for (article, clause) in &mut clauses {
        clause.reservations = reservations(files, article, pair);
    }
    Table {
        pair,
        on,
        protocol: "treaty".into(),
        instruments,
        clauses,
        languages: pair.map(|party| languages(files.parties.get(&party))),
        files: pair.map(|party| format!("parties/{party}.toml").into()),
    }
}

fn languages(party: Option<&PartyFile>) -> BTreeMap<AuthorityKind, Vec<String>> {
    let Some(party) = party else { return BTreeMap::new() };
    party.authorities.iter().map(|authority| (authority.kind, party.languages(authority.kind))).collect()
}

/// Reservations are reciprocal: what one has excepted neither may ask [VCLT 21].
fn reservations(files: &Files, article: &ArticleRef, pair: [PartyId; 2]) -> Vec<Obstacle> {
    let parties = pair.iter().filter_map(|party| files.parties.get(party));
    let reserved = parties.flat_map(|party| party.reservations.iter().map(move |reservation| (party, reservation)));
    reserved
        .filter(|(_, reservation)| covers(&reservation.article, article))
        .map(|(party, reservation)| Obstacle {
            file: party.path.clone(),
            owner: Some(party.id),
            reason: format!("{} has reserved {}", party.id, reservation.article),
            remedy: format!("ask under another article; only {} can withdraw its reservation", party.id),
        })
        .collect()
}

/// Why `text` is not in force between the two on `on`; empty when it is.
fn obstacles(files: &Files, file: &InstrumentFile, text: &Text, pair: [PartyId; 2], on: Date) -> Vec<Obstacle> {
    let mut obstacles = match &text.sides {
        Some(sides) => bilateral(files, file, text, sides, pair, on),
        None => multilateral(files, file, text, pair, on),
    };
    // `contradictions` admits a parent only before its protocol, so that this ends.
    if let Some(parent) = text.parent.as_ref().and_then(|id| file.text(&id.0)) {
        obstacles.extend(self::obstacles(files, file, parent, pair, on));
    }
    obstacles
}

fn bilateral(
    files: &Files,
    file: &InstrumentFile,
    text: &Text,
    sides: &[Side; 2],
    [a, b]: [PartyId; 2],
    on: Date,
) -> Vec<Obstacle> {
    let id = &text.id.0;
    let [first, second] = sides;
    let member = |side: &Side, party| side.members.get(&party).copied();
    let joined = match (member(first, a), member(second, b), member(first, b), member(second, a)) {
        (Some(x), Some(y), _, _) => [(a, x), (b, y)],
        (_, _, Some(y), Some(x)) => [(a, x), (b, y)],
        _ => {
            let reason =
                format!("{id} is a treaty between {} and {}, not between {a} and {b}", first.name, second.name);
            return vec![by_treaty(file, reason)];
        }
    };
    let mut obstacles = Vec::new();
    match text.in_force {
        Some(date) if date <= on => {}
        Some(date) => obstacles.push(by_treaty(file, format!("{id} is not in force before {date}"))),
        None => obstacles.push(by_treaty(file, format!("{id} has no date of entry into force"))),
    }
    for (party, since) in joined {
        if let Some(since) = since.filter(|since| *since > on) {
            obstacles.push(by_treaty(file, format!("{id} does not bind {party} before {since}")));
        }
        // Without its file nobody knows what a state has reserved.
        if !files.parties.contains_key(&party) {
            obstacles.push(by_party(party, format!("{party} has no file, so nobody can tell what it has reserved")));
        }
    }
    obstacles
}

fn multilateral(files: &Files, file: &InstrumentFile, text: &Text, pair: [PartyId; 2], on: Date) -> Vec<Obstacle> {
    let id = &text.id.0;
    let bonds = pair.map(|party| (party, files.parties.get(&party).and_then(|p| p.bond(id))));
    let ratified = |bond: Option<&Bond>| bond.and_then(|bond| bond.ratified).is_some_and(|date| date <= on);
    let begin = beginning(files, text);
    let begun = begin.is_some_and(|begin| begin <= on);
    let mut obstacles = Vec::new();
    if !begun {
        obstacles.push(by_treaty(file, not_begun(files, text, &bonds, begin, on)));
    }
    for (party, bond) in bonds {
        let signed = bond.and_then(|bond| bond.signed).is_some_and(|date| date <= on);
        if !ratified(bond) {
            let reason = if signed {
                format!("{party} has signed {id}, but not ratified it")
            } else {
                format!("{party} is not a party to {id}")
            };
            obstacles.push(by_party(party, reason));
        } else if begun {
            let entry =
                bond.and_then(|bond| bond.in_force.or_else(|| entry_of(text.entry.as_ref()?, bond.ratified?, begin)));
            match entry {
                Some(entry) if entry <= on => {}
                Some(entry) => {
                    obstacles.push(by_party(party, format!("{id} is not in force for {party} before {entry}")))
                }
                None => obstacles.push(by_party(party, format!("{party} has no date of entry into force of {id}"))),
            }
        }
    }
    obstacles
}

/// "cets-224 is signed and ratified by JP, not in force: 3 of 5 ratifications".
fn not_begun(
    files: &Files,
    text: &Text,
    bonds: &[(PartyId, Option<&Bond>); 2],
    begin: Option<Date>,
    on: Date,
) -> String {
    let by = |date: Option<Date>| date.is_some_and(|date| date <= on);
    let ratified: Vec<_> = bonds
        .iter()
        .filter_map(|(party, bond)| bond.filter(|bond| by(bond.ratified)).map(|bond| (party, bond)))
        .collect();
    let verb = if ratified.iter().all(|(_, bond)| by(bond.signed)) { "signed and ratified" } else { "ratified" };
    let names: Vec<_> = ratified.iter().map(|(party, _)| party.to_string()).collect();
    let is = if names.is_empty() { "is".to_owned() } else { format!("is {verb} by {},", names.join(" and ")) };
    let count = ratifications(files, text).iter().filter(|date| **date <= on).count();
    let why = match (&text.entry, begin) {
        (_, Some(begin)) => format!("it begins on {begin}"),
        (Some(entry), None) => format!("{count} of {} ratifications", entry.ratifications),
        (None, None) => "it has no date of entry into force".to_owned(),
    };
    format!("{} {is} not in force: {why}", text.id.0)
}

/// The dates of all ratifications that are recorded, sorted.
fn ratifications(files: &Files, text: &Text) -> Vec<Date> {
    let bonds = files.parties.values().filter_map(|party| party.bond(&text.id.0));
    let mut dates: Vec<_> = bonds.filter_map(|bond| bond.ratified).collect();
    dates.sort();
    dates
}

/// The day on which a convention begins; `None` while ratifications are missing.
fn beginning(files: &Files, text: &Text) -> Option<Date> {
    text.in_force.or_else(|| {
        let entry = text.entry.as_ref()?;
        let last = usize::try_from(entry.ratifications).ok()?.checked_sub(1)?;
        first_after(*ratifications(files, text).get(last)?, entry.then_months)
    })
}

/// The day on which it binds a state that ratified on `ratified`: not before it begins at all.
fn entry_of(entry: &Entry, ratified: Date, begin: Option<Date>) -> Option<Date> {
    Some(first_after(ratified, entry.then_months)?.max(begin?))
}

/// The first day of the month that follows `months` after `date` [Budapest 36(3)].
fn first_after(date: Date, months: u32) -> Option<Date> {
    let expired = date.checked_add(Span::new().try_months(months).ok()?).ok()?;
    expired.first_of_month().checked_add(Span::new().months(1)).ok()
}

fn by_treaty(file: &InstrumentFile, reason: String) -> Obstacle {
    let remedy = "use another treaty or channel; a treaty that is not in force is never applied".to_owned();
    Obstacle { file: file.path.clone(), owner: None, reason, remedy }
}

fn by_party(party: PartyId, reason: String) -> Obstacle {
    let remedy = format!("use another treaty or channel; only {party} can become a party and file its instrument");
    Obstacle { file: format!("parties/{party}.toml").into(), owner: Some(party), reason, remedy }
}

fn provision(
    files: &Files,
    file: &InstrumentFile,
    request: &Request,
    article: &ArticleRef,
    pair: [PartyId; 2],
    requested: PartyId,
) -> Provision {
    let bond_verified = |party: &PartyId| {
        let party = files.parties.get(party);
        party.is_some_and(|p| p.bond(article.instrument()).is_none_or(|bond| bond.verified))
    };
    let text_verified = file.text(article.instrument()).is_some_and(|text| text.verified);
    let demands_verified = pair.iter().filter_map(|party| files.parties.get(party)).all(|party| {
        let mut touching = party.declarations.iter().filter(|d| touches(file, request, article, &d.article, d.demand));
        touching.all(|declaration| declaration.verified)
    });
    let by = Basis { file: file.path.clone(), article: article.clone(), owner: None };
    let towards = towards(file, request, article, files.parties.get(&requested));
    let mut recipients = request.recipients.clone();
    recipients.sort();
    Provision {
        verified: request.verified && text_verified && demands_verified && pair.iter().all(bond_verified),
        closed: Vec::new(),
        records: request.records.iter().map(|(record, roles)| (record.clone(), by.sets(roles.clone()))).collect(),
        compulsory: true,
        selectors: by.sets(sorted(request.selectors.clone())),
        max_subjects: by.sets(request.max_subjects),
        max_window_days: request.max_window_days.map(|days| by.sets(days)),
        max_bytes: None,
        quotas: Vec::new(),
        purposes: by.sets(sorted(request.purposes.iter().map(|purpose| purpose.0.clone()).collect())),
        offence: by.sets(OffenceRule {
            declared: request.offence.declared,
            min_max_penalty_months: request.offence.min_max_penalty_months,
        }),
        dual_criminality: towards.dual_criminality,
        senders: towards.senders,
        recipients: by.sets(recipients),
        classification_max: None,
        attributes: None,
        never: Vec::new(),
        consent: None,
        emergency: None,
        timers: request.timers.clone(),
        grounds: sorted(request.grounds.clone()).into_iter().map(|code| Ground { code, mandatory: false }).collect(),
        judgements: Vec::new(),
        postponements: Vec::new(),
        conditions: Vec::new(),
        consult: request.consult,
        usage: UsageRule {
            specialty: request.specialty,
            onward: by.sets(Onward::PriorAuthorisation),
            readers: by.sets(vec![AuthorityKind::Central, AuthorityKind::Judicial, AuthorityKind::Executing]),
            retention_days: None,
        },
        by,
    }
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

/// What `requested` adds to a request that is addressed to it.
struct Towards {
    senders: Bound<Vec<AuthorityKind>>,
    dual_criminality: Option<Bound<crate::provision::DualCriminality>>,
}

fn towards(file: &InstrumentFile, request: &Request, article: &ArticleRef, requested: Option<&PartyFile>) -> Towards {
    let by_treaty = Basis { file: file.path.clone(), article: article.clone(), owner: None };
    let declared = |demand| {
        let party = requested?;
        let mut declarations = party.declarations.iter().filter(|d| d.demand == demand);
        let declaration = declarations.find(|d| touches(file, request, article, &d.article, demand))?;
        Some(Basis { file: party.path.clone(), article: declaration.article.clone(), owner: Some(party.id) })
    };
    let central = declared(Demand::CentralAuthorityOnly);
    let mut senders = request.senders.clone();
    if central.is_some() {
        senders.retain(|kind| *kind == AuthorityKind::Central);
    }
    let always = request.dual_criminality == DualCriminality::Always;
    let dual = if always { Some(by_treaty.clone()) } else { declared(Demand::DualCriminality) };
    Towards {
        senders: central.unwrap_or(by_treaty).sets(sorted(senders)),
        dual_criminality: dual.map(|by| by.sets(crate::provision::DualCriminality { except_listed_months: None })),
    }
}

/// Whether a declaration on `declared` concerns a request under `article`: it names the article, a paragraph of it, or the
/// clause on dual criminality in general.
fn touches(
    file: &InstrumentFile,
    request: &Request,
    article: &ArticleRef,
    declared: &ArticleRef,
    demand: Demand,
) -> bool {
    let general = demand == Demand::DualCriminality
        && request.dual_criminality == DualCriminality::IfRequiredByRequested
        && file.dual_criminality_clause.as_ref() == Some(declared);
    general || covers(declared, article) || covers(article, declared)
}
