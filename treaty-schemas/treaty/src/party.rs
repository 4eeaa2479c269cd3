use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, OnceLock},
};

use jiff::civil::Date;
use model::{ArticleRef, AuthorityKind, PartyId};

use crate::{
    catalog::covers,
    rule::Languages,
    source::{Place, Read, Report, Section, Slug, Source, Spot, Value, word},
    version::{Address, Head, Versioned},
};

/// `parties/XX.toml`: what one state has ratified, reserved and declared.
#[derive(Debug)]
pub(crate) struct PartyFile {
    pub(crate) head: Head,
    pub(crate) id: PartyId,
    pub(crate) name: String,
    /// By text.
    pub(crate) treaties: BTreeMap<String, Bond>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) objections: Vec<Objection>,
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) authorities: Vec<Authority>,
    /// What its authorities accept from each of these days on, ascending.
    languages: OnceLock<Vec<(Date, Arc<Languages>)>>,
}

/// The days on which a statement of a state holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    /// The first day; `None`: from the beginning.
    pub(crate) from: Option<Date>,
    /// From this day on it does not hold; `None`: without end.
    pub(crate) withdrawn: Option<Date>,
}

/// Where a state stands towards one instrument.
#[derive(Debug)]
pub(crate) struct Bond {
    pub(crate) instrument: Slug,
    pub(crate) signed: Option<Date>,
    pub(crate) ratified: Option<Date>,
    /// Where absent it follows from the instrument's entry clause.
    pub(crate) in_force: Option<Date>,
    /// Whether it applies the text before its entry into force, where the text knows that [VCLT 25].
    pub(crate) provisional: bool,
    /// The day of its notice.
    pub(crate) denounced: Option<Date>,
    /// From this day on it is no longer bound. Where absent it follows from the notice.
    pub(crate) ends: Option<Date>,
    pub(crate) ends_place: Place,
    pub(crate) suspensions: Vec<Suspension>,
    /// The versions of the instrument file that it has accepted, and since when [VCLT 40].
    pub(crate) amendments: BTreeMap<u32, Date>,
    pub(crate) verified: bool,
    pub(crate) place: Place,
}

/// Days on which a state does not apply a treaty [VCLT 57].
#[derive(Debug)]
pub(crate) struct Suspension {
    pub(crate) from: Date,
    /// The last day; `None`: without end.
    pub(crate) until: Option<Date>,
    /// Towards whom; empty: towards everybody.
    pub(crate) towards: Vec<PartyId>,
}

/// An article that the state excepted. Reciprocal [VCLT 21].
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) article: ArticleRef,
    pub(crate) validity: Validity,
    /// Towards whom; empty: towards everybody.
    pub(crate) towards: Vec<PartyId>,
    pub(crate) verified: bool,
    pub(crate) place: Place,
}

/// What the state answered to a reservation of another [VCLT 20(4)(b)].
#[derive(Debug)]
pub(crate) struct Objection {
    pub(crate) to: PartyId,
    pub(crate) article: ArticleRef,
    /// Whether the instrument is not in force between the two.
    pub(crate) bars: bool,
    pub(crate) validity: Validity,
    pub(crate) verified: bool,
    pub(crate) place: Place,
}

/// What the state declared of an article.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) article: ArticleRef,
    pub(crate) demand: Demand,
    pub(crate) validity: Validity,
    pub(crate) verified: bool,
    pub(crate) place: Place,
}

/// The declarations that change a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Demand {
    /// Requests to it under the article come from a central authority.
    CentralAuthorityOnly,
    /// Requests to it under the article declare dual criminality.
    DualCriminality,
    /// Requests to it under the article are validated by a judge.
    JudgeValidates,
    /// Under the article nothing is refused or postponed without consultation, in either direction.
    Consult,
    /// It allows the article, where both must.
    Allows,
    /// What it gives under the article goes no further.
    NoOnward,
    /// It accepts that requests under the article are answered without a human, where both must.
    Automatic,
    /// What is asked of it under the article is granted only by the order of a court.
    CourtOrder,
    /// What is asked of it under the article is reviewed only after its ministry was told.
    MinistryNotice,
}

impl Demand {
    const ALL: [Self; 9] = [
        Self::CentralAuthorityOnly,
        Self::DualCriminality,
        Self::JudgeValidates,
        Self::Consult,
        Self::Allows,
        Self::NoOnward,
        Self::Automatic,
        Self::CourtOrder,
        Self::MinistryNotice,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CentralAuthorityOnly => "central_authority_only",
            Self::DualCriminality => "dual_criminality",
            Self::JudgeValidates => "judge_validates",
            Self::Consult => "consult",
            Self::Allows => "allows",
            Self::NoOnward => "no_onward",
            Self::Automatic => "automatic",
            Self::CourtOrder => "court_order",
            Self::MinistryNotice => "ministry_notice",
        }
    }
}

impl Read for Demand {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &Self::ALL, Self::as_str)
    }
}

/// A body and the languages it accepts.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) kind: AuthorityKind,
    pub(crate) name: String,
    pub(crate) languages: Vec<Slug>,
    pub(crate) validity: Validity,
    pub(crate) place: Place,
}

impl Versioned for PartyFile {
    fn head(&self) -> &Head {
        &self.head
    }
}

impl PartyFile {
    /// Reads a file, whose name must be its party's.
    pub(crate) fn read(source: &Arc<Source>) -> Result<Self, Vec<crate::Diagnostic>> {
        Report::read(source, |report, root| {
            let head = Head::read(report, root, "party/1", false)?;
            let id = root.must::<PartyId>(report, "id");
            let name = root.must(report, "name");
            let treaties = bonds(report, root);
            let reservations = each(report, root, "reservation", reservation);
            let objections = each(report, root, "objection", objection);
            let declarations = each(report, root, "declaration", declaration);
            let authorities = each(report, root, "authority", authority);
            let id = id?;
            head.expect_path(report, root.span_of("id"), &Address::Party(id));
            for objection in objections.iter().flatten().filter(|objection| objection.to == id) {
                report.found(
                    objection
                        .place
                        .says("a state does not object to its own reservation")
                        .with_help("`to` names the state that made it"),
                );
            }
            Some(Self {
                head,
                id,
                name: name?,
                treaties: treaties?,
                reservations: reservations?,
                objections: objections?,
                declarations: declarations?,
                authorities: authorities?,
                languages: OnceLock::new(),
            })
        })
    }

    pub(crate) fn bond(&self, instrument: &str) -> Option<&Bond> {
        self.treaties.get(instrument)
    }

    /// The languages that its authorities accept on a day, by kind, sorted.
    pub(crate) fn languages(&self, on: Date) -> Arc<Languages> {
        let steps = self.languages.get_or_init(|| {
            let mut days = BTreeSet::from([Date::MIN]);
            days.extend(self.authorities.iter().flat_map(|authority| authority.validity.days()));
            days.into_iter().map(|day| (day, Arc::new(self.languages_of(day)))).collect()
        });
        let begun = steps.iter().rev().find(|(day, _)| *day <= on);
        begun.map(|(_, languages)| languages.clone()).unwrap_or_default()
    }

    fn languages_of(&self, on: Date) -> Languages {
        let mut by_kind: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for authority in self.authorities.iter().filter(|authority| authority.validity.holds(on)) {
            let languages = authority.languages.iter().map(|language| language.0.clone());
            by_kind.entry(authority.kind).or_default().extend(languages);
        }
        by_kind.into_iter().map(|(kind, languages)| (kind, languages.into_iter().collect())).collect()
    }

    /// What it states of itself, each with its days and its place.
    pub(crate) fn statements(&self) -> impl Iterator<Item = (Statement<'_>, Validity, &Place)> {
        let reservations = self.reservations.iter();
        let reservations =
            reservations.map(|one| (Statement::Reservation(&one.article, &one.towards), one.validity, &one.place));
        let objections = self.objections.iter();
        let objections =
            objections.map(|one| (Statement::Objection(one.to, &one.article, one.bars), one.validity, &one.place));
        let declarations = self.declarations.iter();
        let declarations =
            declarations.map(|one| (Statement::Declaration(&one.article, one.demand), one.validity, &one.place));
        let authorities = self.authorities.iter();
        let authorities = authorities
            .map(|one| (Statement::Authority(one.kind, &one.name, &one.languages), one.validity, &one.place));
        reservations.chain(objections).chain(declarations).chain(authorities)
    }
}

/// What one statement says, whatever its days: to find it again in another version of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Statement<'a> {
    Reservation(&'a ArticleRef, &'a [PartyId]),
    Objection(PartyId, &'a ArticleRef, bool),
    Declaration(&'a ArticleRef, Demand),
    Authority(AuthorityKind, &'a str, &'a [Slug]),
}

impl fmt::Display for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reservation(article, _) => write!(f, "a reservation to {article}"),
            Self::Objection(to, article, _) => write!(f, "an objection to the reservation of {to} to {article}"),
            Self::Declaration(article, demand) => write!(f, "the declaration {} on {article}", demand.as_str()),
            Self::Authority(kind, ..) => write!(f, "an authority of kind {}", kind.as_str()),
        }
    }
}

impl Validity {
    pub(crate) fn holds(self, on: Date) -> bool {
        self.from.is_none_or(|day| day <= on) && self.withdrawn.is_none_or(|day| on < day)
    }

    /// The days on which something changes by it.
    pub(crate) fn days(self) -> impl Iterator<Item = Date> {
        self.from.into_iter().chain(self.withdrawn)
    }

    fn read<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>) -> Self {
        let from: Option<Date> = section.may(report, "from");
        let withdrawn: Option<Date> = section.may(report, "withdrawn");
        if from.zip(withdrawn).is_some_and(|(from, withdrawn)| withdrawn < from) {
            let help = "`from` is the first day on which it holds, `withdrawn` the first one on which it does not";
            report.wrong_with_help(section.span_of("withdrawn"), "`withdrawn` is earlier than `from`", help);
        }
        Self { from, withdrawn }
    }
}

impl Declaration {
    /// Whether it concerns `article`: it names it, a paragraph of it, or what it is a paragraph of.
    pub(crate) fn names(&self, article: &ArticleRef) -> bool {
        covers(&self.article, article) || covers(article, &self.article)
    }
}

impl Reservation {
    /// Whether it holds on `on` towards `other`.
    pub(crate) fn holds(&self, on: Date, other: PartyId) -> bool {
        self.validity.holds(on) && (self.towards.is_empty() || self.towards.contains(&other))
    }
}

/// The tables called `key`, whole.
fn each<'s, T>(
    report: &mut Report<'s>,
    root: &mut Section<'_, 's>,
    key: &'static str,
    read: impl Fn(&mut Report<'s>, Section<'_, 's>) -> Option<T>,
) -> Option<Vec<T>> {
    let read: Vec<_> = root.tables(report, key).into_iter().map(|section| read(report, section)).collect();
    read.into_iter().collect()
}

fn bonds<'s>(report: &mut Report<'s>, root: &mut Section<'_, 's>) -> Option<BTreeMap<String, Bond>> {
    let mut bonds = BTreeMap::new();
    for bond in each(report, root, "treaty", bond)? {
        let (id, place) = (bond.instrument.0.clone(), bond.place.clone());
        if bonds.insert(id.clone(), bond).is_some() {
            let message = format!("{id} has a [[treaty]] already");
            report.found(place.says(message).with_help("write all that concerns it into one"));
        }
    }
    Some(bonds)
}

fn bond<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Bond> {
    let instrument = section.must(report, "instrument");
    let place = report.place(section.span_of("instrument"));
    let signed: Option<Date> = section.may(report, "signed");
    let ratified: Option<Date> = section.may(report, "ratified");
    let in_force: Option<Date> = section.may(report, "in_force");
    let provisional = section.flag(report, "provisional");
    let denounced: Option<Date> = section.may(report, "denounced");
    let ends: Option<Date> = section.may(report, "ends");
    let ends_place = report.place(section.span_of("ends"));
    let suspensions = each(report, &mut section, "suspended", suspension);
    let amendments = amendments(report, &mut section);
    let verified = section.must(report, "verified");
    if ["signed", "ratified", "provisional", "denounced", "ends", "suspended"].iter().all(|key| !section.has(key)) {
        let help = "write `signed = <date>`, `ratified = <date>`, or both";
        report.wrong_with_help(section.span.clone(), "[[treaty]] has neither `signed` nor `ratified`", help);
    }
    for (before, earlier, name, later) in [
        ("signed", signed, "ratified", ratified),
        ("ratified", ratified, "in_force", in_force),
        ("ratified", ratified, "denounced", denounced),
        ("signed", signed, "denounced", denounced),
        ("ratified", ratified, "ends", ends),
        ("denounced", denounced, "ends", ends),
    ] {
        if let Some((earlier, later)) = earlier.zip(later).filter(|(earlier, later)| later < earlier) {
            let message = format!("`{name}` ({later}) is earlier than `{before}` ({earlier})");
            let help = format!("one of the two is wrong: {name} comes after {before}");
            report.wrong_with_help(section.span_of(name), message, help);
        }
    }
    if in_force.is_some() && ratified.is_none() && !section.has("ratified") {
        let help = "write `ratified = <date>`: only who has ratified is bound";
        report.wrong_with_help(section.span_of("in_force"), "`in_force` without `ratified`", help);
    }
    section.end(report);
    Some(Bond {
        instrument: instrument?,
        signed,
        ratified,
        in_force,
        provisional,
        denounced,
        ends,
        ends_place,
        suspensions: suspensions?,
        amendments: amendments?,
        verified: verified?,
        place,
    })
}

fn suspension<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Suspension> {
    let from: Option<Date> = section.must(report, "from");
    let until: Option<Date> = section.may(report, "until");
    let towards = section.list(report, "towards");
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        let help = "`from` is the first day and `until` the last one";
        report.wrong_with_help(section.span_of("until"), "`until` is earlier than `from`", help);
    }
    section.end(report);
    Some(Suspension { from: from?, until, towards })
}

fn amendments<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>) -> Option<BTreeMap<u32, Date>> {
    let accepted = each(report, section, "amendments", |report, mut section| {
        let version: Option<Spot<u32>> = section.must(report, "version");
        let accepted = section.must::<Date>(report, "accepted");
        section.end(report);
        Some((version?, accepted?))
    })?;
    let mut amendments = BTreeMap::new();
    for (version, date) in accepted {
        if amendments.insert(version.value, date).is_some() {
            report.found(version.place.says(format!("version {} is accepted already", version.value)));
        }
    }
    Some(amendments)
}

fn reservation<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Reservation> {
    let article: Option<Spot<ArticleRef>> = section.must(report, "article");
    let validity = Validity::read(report, &mut section);
    let towards = section.list(report, "towards");
    // A refusal does not become weaker when its ground was not read, so the flag is for readers of the file only.
    let verified = section.must(report, "verified");
    section.end(report);
    let Spot { value: article, place } = article?;
    Some(Reservation { article, validity, towards, verified: verified?, place })
}

fn objection<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Objection> {
    let to = section.must(report, "to");
    let article: Option<Spot<ArticleRef>> = section.must(report, "article");
    let bars = section.must(report, "bars");
    let validity = Validity::read(report, &mut section);
    let verified = section.must(report, "verified");
    section.end(report);
    let Spot { value: article, place } = article?;
    Some(Objection { to: to?, article, bars: bars?, validity, verified: verified?, place })
}

fn declaration<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Declaration> {
    let article: Option<Spot<ArticleRef>> = section.must(report, "article");
    let demand = section.must(report, "rule");
    let validity = Validity::read(report, &mut section);
    let verified = section.must(report, "verified");
    section.end(report);
    let Spot { value: article, place } = article?;
    Some(Declaration { article, demand: demand?, validity, verified: verified?, place })
}

fn authority<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Authority> {
    let kind = section.must(report, "kind");
    let name = section.must(report, "name");
    let languages = section.must(report, "languages");
    let validity = Validity::read(report, &mut section);
    let place = report.place(section.span_of("kind"));
    section.end(report);
    Some(Authority { kind: kind?, name: name?, languages: languages?, validity, place })
}
