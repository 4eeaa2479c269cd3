use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use model::{ArticleRef, AuthorityKind, PartyId, RecordType, RefusalCode, RequestType, Role, SelectorKind};

use crate::{
    Consult, Diagnostic, Timer, TimerKind, Unit,
    party::expect_format,
    source::{Read, Report, Section, Slug, Value, named, word},
};

/// `instruments/<id>/instrument.toml`: one or more texts and the requests that rest on them.
#[derive(Debug)]
pub(crate) struct InstrumentFile {
    pub(crate) path: Arc<str>,
    pub(crate) texts: Vec<Text>,
    pub(crate) requests: BTreeMap<RequestType, Request>,
    /// The clause under which a party declares that it asks for dual criminality in general.
    pub(crate) dual_criminality_clause: Option<ArticleRef>,
}

/// One treaty text.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) id: Slug,
    pub(crate) title: String,
    /// The text that this one is a protocol to: it binds only where that one does.
    pub(crate) parent: Option<Slug>,
    pub(crate) in_force: Option<Date>,
    pub(crate) entry: Option<Entry>,
    /// The two sides of a bilateral treaty; `None` for an open convention.
    pub(crate) sides: Option<[Side; 2]>,
    pub(crate) verified: bool,
    pub(crate) place: Diagnostic,
}

/// When a convention enters into force.
#[derive(Debug)]
pub(crate) struct Entry {
    /// So many ratifications are needed …
    pub(crate) ratifications: u32,
    /// … then so many months pass, and it begins on the first day of the month that follows.
    pub(crate) then_months: u32,
}

/// One side of a bilateral treaty: its name in the file, and since when each state belongs to it.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) name: String,
    pub(crate) members: BTreeMap<PartyId, Option<Date>>,
}

/// What one request type allows. The same for each of its articles.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) articles: Vec<ArticleRef>,
    /// What may be answered, and who may validate it; an empty list where nobody needs to.
    pub(crate) records: BTreeMap<RecordType, Vec<Role>>,
    pub(crate) senders: Vec<AuthorityKind>,
    pub(crate) recipients: Vec<AuthorityKind>,
    pub(crate) selectors: Vec<SelectorKind>,
    pub(crate) max_subjects: u32,
    pub(crate) max_window_days: Option<u32>,
    pub(crate) purposes: Vec<Slug>,
    pub(crate) offence: OffenceRule,
    pub(crate) dual_criminality: DualCriminality,
    pub(crate) timers: Vec<Timer>,
    pub(crate) grounds: Vec<RefusalCode>,
    pub(crate) consult: Consult,
    pub(crate) specialty: bool,
    pub(crate) verified: bool,
    pub(crate) place: Diagnostic,
}

/// What must be declared of the offence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OffenceRule {
    pub(crate) declared: bool,
    pub(crate) min_max_penalty_months: u32,
}

/// Whether dual criminality must be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DualCriminality {
    Always,
    IfRequiredByRequested,
    Never,
}

impl DualCriminality {
    const ALL: [Self; 3] = [Self::Always, Self::IfRequiredByRequested, Self::Never];

    fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::IfRequiredByRequested => "if_required_by_requested",
            Self::Never => "never",
        }
    }
}

impl Read for DualCriminality {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &Self::ALL, Self::as_str)
    }
}

/// What holds for every request of a file that does not say otherwise.
struct Defaults {
    purposes: Vec<Slug>,
    offence: OffenceRule,
    dual_criminality: DualCriminality,
    validators: BTreeMap<RecordType, Vec<Role>>,
    timers: Vec<Timer>,
    grounds: Vec<RefusalCode>,
    consult: Consult,
    specialty: bool,
}

impl InstrumentFile {
    /// Reads the file at `path`, whose folder must have the name of its `id`.
    pub(crate) fn read(path: &str, source: &str) -> Result<Self, Vec<Diagnostic>> {
        Report::read(path, source, |report, root| {
            let format = root.must::<String>(report, "format");
            let id = root.must::<Slug>(report, "id");
            let title = root.must::<String>(report, "title");
            let groups = root.table(report, "group");
            let groups = named(report, groups, |report, name: &Upper, _, value| group(report, name, value));
            let texts = root.tables(report, "instrument");
            let texts: Vec<_> = texts.into_iter().map(|section| text(report, section, &groups)).collect();
            let (defaults, clause) = defaults(report, root);
            let requests = root.table(report, "request");
            if requests.is_none() {
                report.wrong(0..0, "no [request.…]: a treaty file says what may be asked");
            }
            let requests = named(report, requests, |report, kind: &RequestType, _, value| {
                let section = Section::of(report, format!("[request.{kind}]"), value)?;
                request(report, section, defaults.as_ref()?)
            });
            expect_format(report, root, &format?, "treaty/1");
            let id = id?;
            if path != format!("instruments/{}/instrument.toml", id.0) {
                let span = root.value("id").map_or(0..0, |value| value.span());
                report.wrong(span, format!("the file of {} must be instruments/{}/instrument.toml", id.0, id.0));
            }
            title?;
            let texts = texts.into_iter().collect::<Option<Vec<_>>>()?;
            Some(Self { path: path.into(), texts, requests, dual_criminality_clause: clause })
        })
    }

    pub(crate) fn text(&self, id: &str) -> Option<&Text> {
        self.texts.iter().find(|text| text.id.0 == id)
    }
}

/// The name of a group of states, as in `EU`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Upper(String);

impl std::str::FromStr for Upper {
    type Err = model::Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(model::Malformed::new("the name of a group of states (as in EU)", text))
        }
    }
}

fn group<'s>(report: &mut Report<'s>, name: &Upper, value: &Value<'s>) -> Option<BTreeMap<PartyId, Option<Date>>> {
    let mut section = Section::of(report, format!("[group.{}]", name.0), value)?;
    let members = section.must::<Vec<PartyId>>(report, "members");
    let joined = section.table(report, "joined");
    let joined = named(report, joined, |report, _: &PartyId, _, value| Date::read(report, value));
    section.end(report);
    let mut members: BTreeMap<_, _> = members?.into_iter().map(|party| (party, None)).collect();
    members.extend(joined.into_iter().map(|(party, date)| (party, Some(date))));
    Some(members)
}

fn text<'s>(
    report: &mut Report<'s>,
    mut section: Section<'_, 's>,
    groups: &BTreeMap<Upper, BTreeMap<PartyId, Option<Date>>>,
) -> Option<Text> {
    let id = section.must(report, "id");
    let span = section.value("id").map_or(section.span.clone(), |value| value.span());
    let place = report.diagnostic(span, "");
    let title = section.must(report, "title");
    let parent = section.may(report, "parent");
    let in_force = section.may(report, "in_force");
    let verified = section.must(report, "verified");
    let entry = section.table(report, "entry").and_then(|mut entry| {
        let ratifications = entry.must(report, "ratifications");
        let then_months = entry.must(report, "then_months");
        entry.end(report);
        Some(Entry { ratifications: ratifications?, then_months: then_months? })
    });
    let sides = match section.value("parties") {
        Some(value) => Some(both_sides(report, value, groups)?),
        None => None,
    };
    if in_force.is_none() && entry.is_none() {
        report.wrong_with_help(
            section.span.clone(),
            "[[instrument]] does not say when it enters into force",
            "write `in_force = <date>`, or `entry = { ratifications = …, then_months = … }`",
        );
    }
    section.end(report);
    Some(Text { id: id?, title: title?, parent, in_force, entry, sides, verified: verified?, place })
}

/// `["JP", "EU:*"]`.
fn both_sides(
    report: &mut Report<'_>,
    value: &Value<'_>,
    groups: &BTreeMap<Upper, BTreeMap<PartyId, Option<Date>>>,
) -> Option<[Side; 2]> {
    let names = Vec::<String>::read(report, value)?;
    let side = |name: &String| match name.strip_suffix(":*") {
        Some(group) => {
            let members = groups.get(&Upper(group.to_owned()))?.clone();
            Some(Side { name: group.to_owned(), members })
        }
        None => Some(Side { name: name.clone(), members: BTreeMap::from([(name.parse().ok()?, None)]) }),
    };
    let sides: Option<Vec<_>> = names.iter().map(side).collect();
    let sides = sides.and_then(|sides| <[Side; 2]>::try_from(sides).ok());
    if sides.is_none() {
        report.wrong_with_help(
            value.span(),
            "these are not two sides of a treaty",
            "write two states, or a group with its [group.NAME], as in [\"JP\", \"EU:*\"]",
        );
    }
    sides
}

fn defaults<'s>(report: &mut Report<'s>, root: &mut Section<'_, 's>) -> (Option<Defaults>, Option<ArticleRef>) {
    let purposes = root.must(report, "purposes");
    let offence = root.table(report, "offence").map(|section| offence(report, section));
    let mut clause = None;
    let dual = root.table(report, "dual_criminality").and_then(|mut section| {
        let default = section.must(report, "default");
        clause = section.may(report, "clause");
        section.end(report);
        default
    });
    let validators = root.table(report, "validators");
    let validators = named(report, validators, |report, _: &RecordType, _, value| Vec::<Role>::read(report, value));
    let timers = timers(report, root);
    let refusal = root.table(report, "refusal").and_then(|mut section| {
        let grounds = section.must::<Vec<RefusalCode>>(report, "grounds");
        let consult = section.must::<Consult>(report, "consult_before");
        section.end(report);
        Some((grounds?, consult?))
    });
    let specialty = root.table(report, "safeguards").and_then(|mut section| {
        let specialty = section.must::<bool>(report, "specialty");
        section.end(report);
        specialty
    });
    for (present, key) in [
        (offence.is_some(), "offence"),
        (dual.is_some(), "dual_criminality"),
        (refusal.is_some(), "refusal"),
        (specialty.is_some(), "safeguards"),
    ] {
        if !present && root.value(key).is_none() {
            report.wrong(0..0, format!("the file has no [{key}]"));
        }
    }
    let whole = || {
        let (grounds, consult) = refusal?;
        let (offence, dual_criminality) = (offence??, dual?);
        Some(Defaults {
            purposes: purposes?,
            offence,
            dual_criminality,
            validators,
            timers: timers?,
            grounds,
            consult,
            specialty: specialty?,
        })
    };
    (whole(), clause)
}

fn offence<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<OffenceRule> {
    let declared = section.must(report, "declared");
    let months = section.may::<u32>(report, "min_max_penalty_months");
    if declared == Some(false) && months.is_some() {
        report.wrong(section.span.clone(), "a threshold of penalty needs that the offence is declared");
    }
    section.end(report);
    Some(OffenceRule { declared: declared?, min_max_penalty_months: months.unwrap_or(0) })
}

fn timers<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>) -> Option<Vec<Timer>> {
    let read = section.tables(report, "timers").into_iter().map(|mut section| {
        let kind = section.must::<TimerKind>(report, "timer");
        let record = section.may(report, "record");
        let days = section.must(report, "days");
        let clause = section.may(report, "clause");
        section.end(report);
        Some(Timer { kind: kind?, record, emergency: false, length: days?, unit: Unit::Days, clause })
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

fn request<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>, defaults: &Defaults) -> Option<Request> {
    let place = report.diagnostic(section.span.clone(), "");
    let articles = filled(report, &mut section, "articles");
    let records = filled::<RecordType>(report, &mut section, "records");
    let via = section.may::<Vec<AuthorityKind>>(report, "via").unwrap_or_else(|| vec![AuthorityKind::Central]);
    let to = section.may(report, "to").unwrap_or_else(|| via.clone());
    let selectors = filled(report, &mut section, "selectors");
    let max_subjects = section.must(report, "max_subjects");
    let max_window_days = section.may(report, "max_window_days");
    let purposes = section.may(report, "purposes").unwrap_or_else(|| defaults.purposes.clone());
    let offence = section.table(report, "offence").map_or(Some(defaults.offence), |section| offence(report, section));
    let dual_criminality = section.may(report, "dual_criminality").unwrap_or(defaults.dual_criminality);
    let grounds = section.may(report, "grounds").unwrap_or_else(|| defaults.grounds.clone());
    let validators = section.may::<Vec<Role>>(report, "validators");
    let own_timers = timers(report, &mut section);
    let verified = section.must(report, "verified");
    let records = validated(report, &mut section, records?, validators.as_ref(), &defaults.validators);
    section.end(report);
    Some(Request {
        articles: articles?,
        records: records?,
        senders: via,
        recipients: to,
        selectors: selectors?,
        max_subjects: max_subjects?,
        max_window_days,
        purposes,
        offence: offence?,
        dual_criminality,
        timers: merged(&defaults.timers, own_timers?),
        grounds,
        consult: defaults.consult,
        specialty: defaults.specialty,
        verified: verified?,
        place,
    })
}

/// A list that says something.
fn filled<'s, T: Read + PartialEq>(
    report: &mut Report<'s>,
    section: &mut Section<'_, 's>,
    key: &'static str,
) -> Option<Vec<T>> {
    let list = section.must::<Vec<T>>(report, key)?;
    if list.is_empty() {
        let span = section.value(key).map_or(section.span.clone(), |value| value.span());
        report.wrong(span, format!("`{key}` is empty"));
        return None;
    }
    Some(list)
}

/// Finds who validates each record type. Silence does not mean nobody.
fn validated(
    report: &mut Report<'_>,
    section: &mut Section<'_, '_>,
    records: Vec<RecordType>,
    own: Option<&Vec<Role>>,
    common: &BTreeMap<RecordType, Vec<Role>>,
) -> Option<BTreeMap<RecordType, Vec<Role>>> {
    let span = section.value("records").map_or(section.span.clone(), |value| value.span());
    let mut whole = Some(BTreeMap::new());
    for record in records {
        match (own.or_else(|| common.get(&record)), &mut whole) {
            (Some(roles), Some(map)) => {
                let mut roles = roles.clone();
                roles.sort();
                map.insert(record, roles);
            }
            (Some(_), None) => {}
            (None, _) => {
                report.wrong_with_help(
                    span.clone(),
                    format!("[validators] does not say who validates `{record}`"),
                    format!("write `{record} = [\"judge\"]`, or `{record} = []` where nobody needs to"),
                );
                whole = None;
            }
        }
    }
    whole
}

/// The request's own timers, and those of the file for what it does not set itself.
fn merged(common: &[Timer], own: Vec<Timer>) -> Vec<Timer> {
    let kept = common.iter().filter(|timer| !own.iter().any(|o| o.kind == timer.kind)).cloned();
    let mut timers: Vec<_> = kept.chain(own.iter().cloned()).collect();
    timers.sort();
    timers
}
