use std::{ops::Range, sync::Arc};

use jiff::civil::Date;
use model::{ArticleRef, AuthorityKind, PartyId};

use crate::{
    Diagnostic,
    source::{Read, Report, Section, Slug, Value, word},
};

/// `parties/XX.toml`: what one state has ratified, reserved and declared.
#[derive(Debug)]
pub(crate) struct PartyFile {
    pub(crate) path: Arc<str>,
    pub(crate) id: PartyId,
    pub(crate) name: String,
    pub(crate) treaties: Vec<Bond>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) authorities: Vec<Authority>,
}

/// Where a state stands towards one instrument.
#[derive(Debug)]
pub(crate) struct Bond {
    pub(crate) instrument: Slug,
    pub(crate) signed: Option<Date>,
    pub(crate) ratified: Option<Date>,
    /// Where absent it follows from the instrument's entry clause.
    pub(crate) in_force: Option<Date>,
    pub(crate) verified: bool,
    pub(crate) place: Diagnostic,
}

/// An article that the state excepted. Reciprocal [VCLT 21].
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) article: ArticleRef,
    pub(crate) place: Diagnostic,
}

/// What the state asks of those who send to it.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) article: ArticleRef,
    pub(crate) demand: Demand,
    pub(crate) verified: bool,
    pub(crate) place: Diagnostic,
}

/// The declarations that change a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Requests under the article come from a central authority.
    CentralAuthorityOnly,
    /// Requests under the article declare dual criminality.
    DualCriminality,
}

impl Demand {
    const ALL: [Self; 2] = [Self::CentralAuthorityOnly, Self::DualCriminality];

    fn as_str(self) -> &'static str {
        match self {
            Self::CentralAuthorityOnly => "central_authority_only",
            Self::DualCriminality => "dual_criminality",
        }
    }
}

impl Read for Demand {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &Self::ALL, Self::as_str)
    }
}

/// A kind of authority and the languages it accepts.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) kind: AuthorityKind,
    pub(crate) languages: Vec<Slug>,
}

impl PartyFile {
    /// Reads the file at `path`, whose name must be its party's.
    pub(crate) fn read(path: &str, source: &str) -> Result<Self, Vec<Diagnostic>> {
        Report::read(path, source, |report, root| {
            let format = root.must::<String>(report, "format");
            let id = root.must::<PartyId>(report, "id");
            let span = root.value("id").map_or(0..0, |value| value.span());
            let name = root.must(report, "name");
            let treaties = root.tables(report, "treaty").into_iter().map(|s| bond(report, s)).collect::<Vec<_>>();
            let reservations = root.tables(report, "reservation");
            let reservations = reservations.into_iter().map(|s| reservation(report, s)).collect::<Vec<_>>();
            let declarations = root.tables(report, "declaration");
            let declarations = declarations.into_iter().map(|s| declaration(report, s)).collect::<Vec<_>>();
            let authorities = root.tables(report, "authority");
            let authorities = authorities.into_iter().map(|s| authority(report, s)).collect::<Vec<_>>();
            expect_format(report, root, format?.as_str(), "party/1");
            let id = id?;
            if path != format!("parties/{id}.toml") {
                report.wrong(span, format!("the file of {id} must be parties/{id}.toml"));
            }
            Some(Self {
                path: path.into(),
                id,
                name: name?,
                treaties: treaties.into_iter().collect::<Option<_>>()?,
                reservations: reservations.into_iter().collect::<Option<_>>()?,
                declarations: declarations.into_iter().collect::<Option<_>>()?,
                authorities: authorities.into_iter().collect::<Option<_>>()?,
            })
        })
    }

    pub(crate) fn bond(&self, instrument: &str) -> Option<&Bond> {
        self.treaties.iter().find(|bond| bond.instrument.0 == instrument)
    }

    /// The languages that authorities of `kind` accept, sorted.
    pub(crate) fn languages(&self, kind: AuthorityKind) -> Vec<String> {
        let of_kind = self.authorities.iter().filter(|authority| authority.kind == kind);
        let mut languages: Vec<_> = of_kind.flat_map(|a| a.languages.iter().map(|l| l.0.clone())).collect();
        languages.sort();
        languages.dedup();
        languages
    }
}

/// Reports a `format` that this code does not read.
pub(crate) fn expect_format(report: &mut Report<'_>, root: &mut Section<'_, '_>, found: &str, expected: &str) {
    if found != expected {
        let span = root.value("format").map_or(0..0, |value| value.span());
        let message = format!("this file has the format {:?}", found.chars().take(80).collect::<String>());
        report.wrong_with_help(span, message, format!("write format = \"{expected}\""));
    }
}

fn bond<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Bond> {
    let instrument = section.must(report, "instrument");
    let place = place_of(report, &mut section, "instrument");
    let signed: Option<Date> = section.may(report, "signed");
    let ratified: Option<Date> = section.may(report, "ratified");
    let in_force: Option<Date> = section.may(report, "in_force");
    let verified = section.must(report, "verified");
    if section.value("signed").or(section.value("ratified")).is_none() {
        report.wrong(section.span.clone(), "[[treaty]] has neither `signed` nor `ratified`");
    }
    for (earlier, later, name) in [(signed, ratified, "ratified"), (ratified, in_force, "in_force")] {
        if earlier.is_some_and(|earlier| later.is_some_and(|later| later < earlier)) {
            report.wrong(span_of(&mut section, name), format!("`{name}` is earlier than what must come before it"));
        }
    }
    if in_force.is_some() && ratified.is_none() {
        report.wrong(span_of(&mut section, "in_force"), "in force without `ratified`");
    }
    section.end(report);
    Some(Bond { instrument: instrument?, signed, ratified, in_force, verified: verified?, place })
}

fn reservation<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Reservation> {
    let article = section.must(report, "article");
    let place = place_of(report, &mut section, "article");
    // A refusal does not become weaker when its ground was not read, so the flag is for readers of the file only.
    let verified = section.must::<bool>(report, "verified");
    section.end(report);
    verified?;
    Some(Reservation { article: article?, place })
}

fn declaration<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Declaration> {
    let article = section.must(report, "article");
    let place = place_of(report, &mut section, "article");
    let demand = section.must(report, "rule");
    let verified = section.must(report, "verified");
    section.end(report);
    Some(Declaration { article: article?, demand: demand?, verified: verified?, place })
}

fn authority<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Authority> {
    let kind = section.must(report, "kind");
    let name = section.must::<String>(report, "name");
    let languages = section.must(report, "languages");
    section.end(report);
    name?;
    Some(Authority { kind: kind?, languages: languages? })
}

fn span_of(section: &mut Section<'_, '_>, key: &'static str) -> Range<usize> {
    section.value(key).map_or(section.span.clone(), |value| value.span())
}

/// Where the value of `key` stands, for what can only be checked against other files.
fn place_of(report: &Report<'_>, section: &mut Section<'_, '_>, key: &'static str) -> Diagnostic {
    report.diagnostic(span_of(section, key), "")
}
