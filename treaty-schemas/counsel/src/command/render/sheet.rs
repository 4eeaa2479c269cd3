//! From a catalogue to its pages.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::{Exit, PartyId};
use treaty::{BondInfo, Catalog, Offer, PartyInfo, TextInfo};

use super::{
    html,
    page::{Authority, Bond, Clause, Direction, Index, Pair, Partner, Party, Reason, Statement, Text, Titles},
};
use crate::{failure::Failure, terms::list};

/// The name of the file of a pair.
pub(super) fn pair_name(a: PartyId, b: PartyId) -> String {
    format!("pair-{}-{}.html", a.min(b), a.max(b))
}

fn name_of(catalog: &Catalog, party: PartyId) -> String {
    let found = catalog.parties().find(|(id, _)| *id == party).map(|(_, name)| name.to_owned());
    found.unwrap_or_else(|| party.to_string())
}

pub(super) fn pair(
    catalog: &Catalog,
    titles: &Titles,
    a: PartyId,
    b: PartyId,
    on: Date,
    linked: bool,
) -> Result<String, Failure> {
    let rule = catalog.rule(a, b, on);
    let offers: Vec<_> = rule.offers().collect();
    let directions = [(a, b), (b, a)].map(|(from, to)| Direction {
        from: name_of(catalog, from),
        to: name_of(catalog, to),
        clauses: offers
            .iter()
            .filter(|offer| offer.requesting == from)
            .map(|offer| Clause::of(offer, titles))
            .collect(),
    });
    // Most reasons hold in both directions: each is told once.
    let barred: BTreeSet<_> = rule
        .barred()
        .flat_map(|one| {
            let (article, kind) = (one.article.to_string(), one.request_type.to_string());
            one.reasons.iter().map(|refusal| Reason::of(&article, &kind, refusal)).collect::<Vec<_>>()
        })
        .collect();
    let (a_name, b_name) = (name_of(catalog, a), name_of(catalog, b));
    html(&Pair {
        title: format!("{a_name} and {b_name}"),
        on: on.to_string(),
        linked,
        pin: rule.pin().to_string(),
        a,
        b,
        a_name,
        b_name,
        directions: directions.into(),
        barred: barred.into_iter().collect(),
    })
}

pub(super) fn party(
    catalog: &Catalog,
    titles: &Titles,
    party: PartyId,
    on: Date,
    linked: bool,
) -> Result<String, Failure> {
    let gone = || Failure::new(Exit::NotFound, format!("there is no file parties/{party}.toml"));
    let info = catalog.party(party).ok_or_else(gone)?;
    let bonds = info.bonds.iter().map(|bond| {
        let text = catalog.text(&bond.instrument);
        Bond {
            id: bond.instrument.clone(),
            title: titles.title(&bond.instrument).to_owned(),
            hypothetical: titles.hypothetical(&bond.instrument),
            verified: bond.verified,
            status: status(bond, text.as_ref(), on),
            signed: day(bond.signed),
            ratified: day(bond.ratified),
            in_force: day(bond.in_force),
        }
    });
    let authorities = info.authorities.iter().map(|one| Authority {
        kind: one.kind.as_str(),
        name: one.name.clone(),
        languages: list(&one.languages),
    });
    let others = catalog.parties().filter(|(id, _)| *id != party);
    html(&Party {
        title: format!("{} ({party})", info.name),
        on: on.to_string(),
        linked,
        name: info.name.clone(),
        file: info.path.clone(),
        version: info.version,
        bonds: bonds.collect(),
        statements: statements(&info, on),
        authorities: authorities.collect(),
        partners: others.map(|(other, name)| partner(catalog, (party, other), name, on, linked)).collect(),
    })
}

fn day(date: Option<Date>) -> String {
    date.map_or_else(|| "–".to_owned(), |date| date.to_string())
}

/// Where a state stands on the day `on`, in words.
fn status(bond: &BondInfo, text: Option<&TextInfo>, on: Date) -> String {
    let over = |date: Option<Date>| date.filter(|date| *date <= on);
    if let Some(end) = text.and_then(|text| over(text.terminated)) {
        return format!("terminated on {end}");
    }
    if let Some(end) = over(bond.ends) {
        return format!("no longer bound since {end}");
    }
    let suspended = bond.suspended.iter().find(|(from, until, _)| *from <= on && until.is_none_or(|until| on <= until));
    let mut words = match (bond.in_force, bond.ratified, bond.signed) {
        (Some(since), ..) if since <= on => format!("in force since {since}"),
        (Some(from), ..) => format!("ratified, in force from {from}"),
        (None, Some(_), _) => "ratified, not in force".to_owned(),
        (None, None, Some(_)) => "signed, not ratified".to_owned(),
        (None, None, None) if bond.provisional => return "applied provisionally".to_owned(),
        (None, None, None) => "not signed".to_owned(),
    };
    if bond.provisional && bond.in_force.is_none_or(|since| since > on) {
        words += ", applied provisionally";
    }
    if let Some((from, _, towards)) = suspended {
        let whom = if towards.is_empty() { String::new() } else { format!(" towards {}", list(towards)) };
        words += &format!(", suspended since {from}{whom}");
    }
    if let Some(notice) = bond.denounced {
        words += &format!(", denounced on {notice}");
    }
    words
}

fn statements(info: &PartyInfo, on: Date) -> Vec<Statement> {
    let until = |date: Option<Date>| match date {
        Some(date) if date <= on => format!("withdrawn on {date}"),
        Some(date) => format!("withdrawn from {date}"),
        None => "–".to_owned(),
    };
    let reservations = info.reservations.iter().map(|one| Statement {
        article: one.article.to_string(),
        kind: "reservation",
        what: if one.towards.is_empty() {
            "excepted".to_owned()
        } else {
            format!("excepted towards {}", list(&one.towards))
        },
        until: until(one.withdrawn),
        verified: one.verified,
    });
    let declarations = info.declarations.iter().map(|one| Statement {
        article: one.article.to_string(),
        kind: "declaration",
        what: one.rule.replace('_', " "),
        until: until(one.withdrawn),
        verified: one.verified,
    });
    let objections = info.objections.iter().map(|one| Statement {
        article: one.article.to_string(),
        kind: "objection",
        what: format!("to {}{}", one.to, if one.bars { ": the text is not in force between the two" } else { "" }),
        until: until(one.withdrawn),
        verified: one.verified,
    });
    reservations.chain(declarations).chain(objections).collect()
}

fn partner(catalog: &Catalog, (own, other): (PartyId, PartyId), name: &str, on: Date, linked: bool) -> Partner {
    let rule = catalog.rule(own, other, on);
    let offers: Vec<_> = rule.offers().collect();
    let texts: BTreeSet<_> = offers.iter().map(|offer| offer.article.instrument().to_owned()).collect();
    let asks = |from: PartyId| {
        let kinds: BTreeSet<_> =
            offers.iter().filter(|o: &&Offer| o.requesting == from).map(|o| &o.request_type).collect();
        if kinds.is_empty() { "nothing".to_owned() } else { list(kinds) }
    };
    Partner {
        href: if linked && !offers.is_empty() { pair_name(own, other) } else { String::new() },
        name: format!("{name} ({other})"),
        texts: if texts.is_empty() { "none".to_owned() } else { list(&texts) },
        may_ask: asks(own),
        may_be_asked: asks(other),
        pin: rule.pin().short(),
    }
}

pub(super) fn index(catalog: &Catalog, on: Date) -> Result<String, Failure> {
    let parties = catalog.parties().map(|(id, name)| (format!("party-{id}.html"), format!("{name} ({id})")));
    let texts = catalog.instrument_infos().into_iter().flat_map(|file| {
        let of_text = |text: &TextInfo| {
            let ours =
                file.requests.iter().filter(|request| request.articles.iter().any(|a| a.instrument() == text.id));
            list(ours.map(|request| &request.kind))
        };
        let view = |text: &TextInfo| Text {
            id: text.id.clone(),
            title: text.title.clone(),
            kind: kind(file.kind),
            hypothetical: file.hypothetical,
            verified: text.verified,
            standing: standing(text, on),
            requests: of_text(text),
            review: day(file.review),
        };
        file.texts.iter().map(view).collect::<Vec<_>>()
    });
    html(&Index {
        title: "Treaties and parties".to_owned(),
        on: on.to_string(),
        parties: parties.collect(),
        texts: texts.collect(),
    })
}

fn kind(kind: treaty::InstrumentKind) -> &'static str {
    match kind {
        treaty::InstrumentKind::Convention => "convention",
        treaty::InstrumentKind::Bilateral => "bilateral treaty",
        treaty::InstrumentKind::UnionLaw => "law of a union",
        treaty::InstrumentKind::Memorandum => "memorandum, compels nobody",
    }
}

fn standing(text: &TextInfo, on: Date) -> String {
    match (text.terminated.filter(|end| *end <= on), text.in_force, text.ratifications_needed) {
        (Some(end), ..) => format!("terminated on {end}"),
        (None, Some(since), _) if since <= on => format!("in force since {since}"),
        (None, Some(from), _) => format!("in force from {from}"),
        (None, None, Some(needed)) => {
            format!("not in force: {} of {needed} ratifications in this catalogue", text.ratifications)
        }
        (None, None, None) => "not in force".to_owned(),
    }
}
