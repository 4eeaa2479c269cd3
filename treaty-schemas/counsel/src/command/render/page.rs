//! What stands on the pages, as the templates in `templates/` take it.

use askama::Template;
use model::{PartyId, Refusal};
use treaty::{Catalog, Offer};

use crate::terms::{Row, any, count, rows};

/// A provision on a page.
pub(crate) struct Clause {
    pub(crate) anchor: String,
    pub(crate) article: String,
    pub(crate) request_type: String,
    pub(crate) title: String,
    pub(crate) hypothetical: bool,
    pub(crate) verified: bool,
    pub(crate) records: Vec<String>,
    pub(crate) caps: String,
    pub(crate) senders: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) file: String,
}

/// Why something cannot be asked.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reason {
    pub(crate) article: String,
    pub(crate) request_type: String,
    pub(crate) reason: String,
    pub(crate) remedy: String,
    pub(crate) whose: String,
    pub(crate) file: String,
}

/// What one party may ask of the other.
pub(crate) struct Direction {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) clauses: Vec<Clause>,
}

#[derive(Template)]
#[template(path = "pair.html")]
pub(crate) struct Pair {
    pub(crate) title: String,
    pub(crate) on: String,
    pub(crate) linked: bool,
    pub(crate) pin: String,
    pub(crate) a: PartyId,
    pub(crate) b: PartyId,
    pub(crate) a_name: String,
    pub(crate) b_name: String,
    pub(crate) directions: Vec<Direction>,
    pub(crate) barred: Vec<Reason>,
}

/// Where a party stands towards a text.
pub(crate) struct Bond {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) hypothetical: bool,
    pub(crate) verified: bool,
    pub(crate) status: String,
    pub(crate) signed: String,
    pub(crate) ratified: String,
    pub(crate) in_force: String,
}

/// A reservation, declaration or objection.
pub(crate) struct Statement {
    pub(crate) article: String,
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    pub(crate) until: String,
    pub(crate) verified: bool,
}

pub(crate) struct Authority {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) languages: String,
}

/// Another party, and what is in force with it.
pub(crate) struct Partner {
    /// Empty where there is no page.
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) texts: String,
    pub(crate) may_ask: String,
    pub(crate) may_be_asked: String,
    pub(crate) pin: String,
}

#[derive(Template)]
#[template(path = "party.html")]
pub(crate) struct Party {
    pub(crate) title: String,
    pub(crate) on: String,
    pub(crate) linked: bool,
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) version: u32,
    pub(crate) bonds: Vec<Bond>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) authorities: Vec<Authority>,
    pub(crate) partners: Vec<Partner>,
}

/// A text of the catalogue.
pub(crate) struct Text {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) hypothetical: bool,
    pub(crate) verified: bool,
    pub(crate) standing: String,
    pub(crate) requests: String,
    pub(crate) review: String,
}

#[derive(Template)]
#[template(path = "index.html")]
pub(crate) struct Index {
    pub(crate) title: String,
    pub(crate) on: String,
    pub(crate) parties: Vec<(String, String)>,
    pub(crate) texts: Vec<Text>,
}

/// A provision with the decision on it.
pub(crate) struct Answered {
    pub(crate) clause: Clause,
    pub(crate) assumed: String,
    pub(crate) reasons: Vec<Reason>,
}

#[derive(Template)]
#[template(path = "explanation.html")]
pub(crate) struct Explanation {
    pub(crate) title: String,
    pub(crate) on: String,
    pub(crate) allowed: bool,
    pub(crate) answer: String,
    pub(crate) pin: String,
    pub(crate) offers: Vec<Answered>,
    pub(crate) barred: Vec<Reason>,
}

/// The texts of a catalogue: their titles, and whether they were made up.
pub(crate) struct Titles(Vec<(String, String, bool)>);

impl Titles {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let files = catalog.instrument_infos();
        let texts = files.into_iter().flat_map(|file| {
            let hypothetical = file.hypothetical;
            file.texts.into_iter().map(move |text| (text.id, text.title, hypothetical))
        });
        Self(texts.collect())
    }

    pub(crate) fn title<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.iter().find(|(known, ..)| known == id).map_or(id, |(_, title, _)| title)
    }

    pub(crate) fn hypothetical(&self, id: &str) -> bool {
        self.0.iter().any(|(known, _, hypothetical)| known == id && *hypothetical)
    }
}

impl Clause {
    pub(crate) fn of(offer: &Offer, titles: &Titles) -> Self {
        let records = offer.records.iter().map(|(record, roles)| match roles.value.is_empty() {
            true => format!("{record} (nobody)"),
            false => format!("{record} ({})", any(roles.value.iter().map(|role| role.as_str()))),
        });
        let days = offer.max_window_days.as_ref().map(|days| format!(", {}", count(days.value, "day")));
        let senders = any(offer.senders.value.iter().map(|kind| kind.as_str()));
        let instrument = offer.article.instrument();
        Self {
            anchor: anchor(offer),
            article: offer.article.to_string(),
            request_type: offer.request_type.to_string(),
            title: titles.title(instrument).to_owned(),
            hypothetical: titles.hypothetical(instrument),
            verified: offer.verified,
            records: records.collect(),
            caps: format!("{}{}", count(offer.max_subjects.value, "subject"), days.unwrap_or_default()),
            senders,
            rows: rows(offer),
            file: offer.file.to_string(),
        }
    }
}

/// An id within the page: letters, digits, hyphens.
fn anchor(offer: &Offer) -> String {
    let text = format!("{}-{}-{}", offer.requesting, offer.article, offer.request_type);
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

impl Reason {
    pub(crate) fn of(article: &str, request_type: &str, refusal: &Refusal) -> Self {
        Self {
            article: article.to_owned(),
            request_type: request_type.to_owned(),
            reason: refusal.reason.clone(),
            remedy: refusal.remedy.clone(),
            whose: refusal.owner.map_or_else(|| "of both".to_owned(), |owner| format!("of {owner}")),
            file: refusal.rule.clone(),
        }
    }
}
