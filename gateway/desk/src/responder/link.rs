use model::Refusal;

use super::{
    Leave, Question, Row,
    normal::{day, normal},
};
use crate::{Selector, Subject};

/// An attribute by which a row of a register may be linked to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkAttribute {
    /// The identifier of a holder that only this verifier knows. It is compared byte by byte.
    Holder,
    /// The whole name.
    Name,
    /// The name in kana.
    Kana,
    /// The name in Latin script.
    Transliteration,
    /// The day of birth.
    BirthDate,
    /// The place of birth.
    BirthPlace,
    /// The sex.
    Sex,
    /// The nationality; where several are asked, there is none to link by.
    Nationality,
    /// The address; where several are asked, there is none to link by.
    Address,
    /// The number of an identity document.
    Document,
}

impl LinkAttribute {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Holder,
        Self::Name,
        Self::Kana,
        Self::Transliteration,
        Self::BirthDate,
        Self::BirthPlace,
        Self::Sex,
        Self::Nationality,
        Self::Address,
        Self::Document,
    ];

    /// Its name: in configurations, as a placeholder, and in `match_evidence`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Name => "name",
            Self::Kana => "kana",
            Self::Transliteration => "transliteration",
            Self::BirthDate => "birth_date",
            Self::BirthPlace => "birth_place",
            Self::Sex => "sex",
            Self::Nationality => "nationality",
            Self::Address => "address",
            Self::Document => "document",
        }
    }

    /// The text to compare by; `None` where it is compared with nothing.
    pub fn normal(self, text: &str) -> Option<String> {
        match self {
            Self::Holder => normal(text).map(|_| text.to_owned()),
            Self::BirthDate => day(text),
            Self::Sex => normal(text).filter(|sex| sex != "unknown"),
            _ => normal(text),
        }
    }

    /// What the request says of it.
    pub(super) fn of(self, subject: &Subject) -> Result<String, Leave> {
        let said = self.said(subject);
        let mut normals = Vec::new();
        for text in &said {
            normals.push(self.normal(text).ok_or(Leave::Unreadable)?);
        }
        let first = said.into_iter().next().ok_or(Leave::Incomplete(self))?;
        normals.dedup();
        if normals.len() > 1 {
            return Err(Leave::Contradictory(self));
        }
        Ok(first)
    }

    /// Everything that the request says of it.
    fn said(self, subject: &Subject) -> Vec<String> {
        let identity = subject.identity.as_ref();
        let in_script = |scripts: &[&str]| -> Vec<String> {
            let names = identity.map(|identity| &identity.names[..]).unwrap_or_default();
            names.iter().filter(|name| scripts.contains(&name.script.as_str())).map(|name| name.name.clone()).collect()
        };
        let of = |one: Option<&String>| one.cloned().into_iter().collect::<Vec<_>>();
        match (self, &subject.selector) {
            (Self::Holder, Selector::Holder { value, .. }) | (Self::Name, Selector::Person { value, .. }) => {
                vec![value.clone()]
            }
            (Self::Document, Selector::Person { document, .. }) => of(document.as_ref()),
            (Self::BirthDate, Selector::Person { birth_date, .. }) => {
                let also = identity.and_then(|identity| identity.birth_date.as_ref());
                birth_date.iter().chain(also).cloned().collect()
            }
            (Self::Kana, Selector::Person { .. }) => in_script(&["Kana", "Hira", "Hrkt"]),
            (Self::Transliteration, Selector::Person { .. }) => in_script(&["Latn"]),
            (Self::BirthPlace, Selector::Person { .. }) => of(identity.and_then(|one| one.birth_place.as_ref())),
            (Self::Sex, Selector::Person { .. }) => of(identity.and_then(|one| one.sex.as_ref())),
            (Self::Address, Selector::Person { .. }) => identity.map(|one| one.addresses.clone()).unwrap_or_default(),
            (Self::Nationality, Selector::Person { .. }) => {
                identity.map(|one| one.nationalities.iter().map(ToString::to_string).collect()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

impl std::str::FromStr for LinkAttribute {
    type Err = model::Malformed;

    fn from_str(text: &str) -> Result<Self, model::Malformed> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| model::Malformed::new("an attribute that links", text))
    }
}

/// The rows that agree in every attribute that links.
///
/// # Errors
/// [`Leave::Partial`] where a row contradicts nothing and yet lacks an attribute, so that nobody can tell who it is.
pub(super) fn matching<'a>(question: &Question, rows: &'a [Row]) -> Result<Vec<&'a Row>, Leave> {
    let mut whole = Vec::new();
    for row in rows {
        let agrees = question.links.iter().map(|(attribute, asked)| {
            let has = row.links.get(attribute).filter(|has| !has.trim().is_empty())?;
            let (asked, has) = (attribute.normal(asked), attribute.normal(has));
            // What cannot be compared is as good as missing.
            Some(asked? == has?)
        });
        let agrees: Vec<Option<bool>> = agrees.collect();
        if agrees.contains(&Some(false)) {
            continue;
        }
        if agrees.contains(&None) {
            return Err(Leave::Partial);
        }
        whole.push(row);
    }
    Ok(whole)
}

/// The subject's selector must be one that the attributes can describe: a check for configurations.
impl LinkAttribute {
    /// Whether these attributes are enough to link one person: the identifier of a holder alone, or name, day of birth and a third one.
    ///
    /// # Errors
    /// R94 with what is missing.
    pub fn enough(all: &std::collections::BTreeSet<Self>) -> Result<(), Refusal> {
        let holder = all.contains(&Self::Holder);
        let person = all.contains(&Self::Name) && all.contains(&Self::BirthDate) && all.len() >= 3;
        if (holder && all.len() == 1) || (!holder && person) {
            return Ok(());
        }
        let reason = "these attributes do not tell one person from another";
        let remedy = "Link on [\"holder\"] alone, or on \"name\", \"birth_date\" and one more at least, as in \"sex\" or \"document\".";
        Err(Refusal::new(model::RefusalCode::R94, "responder", reason, remedy).at("link_only_on"))
    }
}
