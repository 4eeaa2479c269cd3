//! `[[instrument]]`: the texts of a treaty file, and whom they bind.

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use jiff::civil::Date;
use model::{ArticleRef, Malformed, PartyId};

use super::InstrumentKind;
use crate::{
    Diagnostic,
    source::{Count, Place, Read, Report, Section, Slug, Spot, Value, named, suggestion, word},
};

/// One treaty text.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) id: Slug,
    pub(crate) title: String,
    pub(crate) depositary: Option<String>,
    /// The text that this one is a protocol to: it binds only where that one does.
    pub(crate) parent: Option<Spot<Slug>>,
    pub(crate) in_force: Option<Date>,
    pub(crate) entry: Option<Entry>,
    pub(crate) reach: Reach,
    /// How long after its notice a denunciation takes effect.
    pub(crate) denunciation_months: u32,
    /// Whether no reservation is allowed but to what is `reservable` [VCLT 19].
    pub(crate) closed_reservations: bool,
    pub(crate) reservable: Vec<Spot<ArticleRef>>,
    /// The first and last day of provisional application [VCLT 25].
    pub(crate) provisional: Option<(Date, Date)>,
    pub(crate) terminated: Option<Date>,
    /// Whether it gives way to any other treaty that gives the same [UNTOC 18(7)].
    pub(crate) fallback: bool,
    /// What it gives way to, where it is a fallback.
    pub(crate) gives_way_to: GivesWay,
    /// Whether it is a treaty of mutual legal assistance, of which others may ask whether there is one.
    pub(crate) mla: bool,
    pub(crate) verified: bool,
    pub(crate) place: Place,
}

/// Before what a fallback gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivesWay {
    /// Before another treaty that gives the same request type.
    SameRequest,
    /// Besides, before any treaty of mutual legal assistance that is in force for the two [UNTOC 18(7)].
    AnyMla,
}

impl Read for GivesWay {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &[Self::SameRequest, Self::AnyMla], |word| match word {
            Self::SameRequest => "same_request",
            Self::AnyMla => "any_mla",
        })
    }
}

/// When a convention enters into force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// So many ratifications are needed …
    pub(crate) ratifications: u32,
    /// … and then passes
    pub(crate) then: Delay,
}

/// What passes between a ratification and the entry into force.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Delay {
    /// So many months; it is in force on the first day of the month that follows [Budapest 36(3)].
    Months(u32),
    /// So many days; it is in force on the last of them [UNTOC 38(1)].
    Days(u32),
}

/// Whom a text can bind.
#[derive(Debug)]
pub(crate) enum Reach {
    /// Whoever ratifies it.
    Open,
    /// Each member of one side with each member of the other.
    Sides([Arc<Group>; 2]),
    /// The members of a union between each other.
    Union { group: Arc<Group>, except: Vec<PartyId> },
}

/// A group of states, or one state.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) members: BTreeMap<PartyId, Membership>,
    /// Whether it is one state.
    single: bool,
}

/// From when, and until when, a state belongs to a group.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Membership {
    pub(crate) joined: Option<Date>,
    /// From this day on it does not.
    pub(crate) left: Option<Date>,
}

impl Text {
    /// The states on its two sides, where both are single states.
    pub(crate) fn states(&self) -> Vec<PartyId> {
        match &self.reach {
            Reach::Sides(sides) if sides.iter().all(|side| side.single) => {
                sides.iter().flat_map(|side| side.members.keys().copied()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The name of a group of states, as in `EU`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Upper(String);

impl FromStr for Upper {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed::new("the name of a group of states (as in EU)", text))
        }
    }
}

type Groups = BTreeMap<Upper, Arc<Group>>;

/// `[group.EU]`.
pub(super) fn group<'s>(report: &mut Report<'s>, name: &Upper, value: &Value<'s>) -> Option<Arc<Group>> {
    let mut section = Section::of(report, format!("[group.{}]", name.0), value)?;
    let listed = section.must::<Vec<PartyId>>(report, "members");
    let joined = section.table(report, "joined");
    let joined =
        named(report, joined, |report, _: &PartyId, _, value| Some((Date::read(report, value)?, value.span())));
    let left = section.table(report, "left");
    let left = named(report, left, |report, _: &PartyId, _, value| Some((Date::read(report, value)?, value.span())));
    section.end(report);
    let mut members: BTreeMap<_, Membership> =
        listed?.into_iter().map(|party| (party, Membership::default())).collect();
    for (party, (date, _)) in joined {
        members.entry(party).or_default().joined = Some(date);
    }
    for (party, (date, span)) in left {
        let member = members.entry(party).or_default();
        if member.joined.is_some_and(|joined| date <= joined) {
            let help = "one of the two dates is wrong";
            report.wrong_with_help(span, format!("{party} cannot leave before it has joined"), help);
        }
        member.left = Some(date);
    }
    Some(Arc::new(Group { name: name.0.clone(), members, single: false }))
}

/// `[[instrument]]`.
pub(super) fn read<'s>(
    report: &mut Report<'s>,
    mut section: Section<'_, 's>,
    kind: Option<InstrumentKind>,
    groups: &Groups,
) -> Option<Text> {
    let id = section.must(report, "id");
    let place = report.place(section.span_of("id"));
    let title = section.must(report, "title");
    let depositary = section.may(report, "depositary");
    let parent = section.may(report, "parent");
    let in_force: Option<Date> = section.may(report, "in_force");
    let verified = section.must(report, "verified");
    let entry = section.table(report, "entry").and_then(|section| entry(report, section));
    let reach = reach(report, &mut section, kind, groups);
    let denunciation_months = section.may(report, "denunciation_months").map_or(0, |Count(months)| months);
    let closed_reservations = section.flag(report, "closed_reservations");
    let reservable = section.list(report, "reservable");
    if !reservable.is_empty() && !closed_reservations {
        let help = "write `closed_reservations = true`, or leave `reservable` out";
        report.wrong_with_help(section.span_of("reservable"), "every reservation is allowed here already", help);
    }
    let provisional = section.table(report, "provisional").and_then(|section| provisional(report, section));
    let terminated: Option<Date> = section.may(report, "terminated");
    let fallback = section.flag(report, "fallback");
    let gives_way_to = section.may(report, "gives_way_to").unwrap_or(GivesWay::SameRequest);
    let mla = section.flag(report, "mla");
    if section.has("gives_way_to") && !fallback {
        let help = "write `fallback = true`, or leave `gives_way_to` out";
        report.wrong_with_help(section.span_of("gives_way_to"), "only a fallback gives way", help);
    }
    if ["in_force", "entry", "provisional"].iter().all(|key| !section.has(key)) {
        report.wrong_with_help(
            section.span.clone(),
            "[[instrument]] does not say when it enters into force",
            "write `in_force = <date>`, or `entry = { ratifications = …, then_months = … }`",
        );
    }
    if terminated.zip(in_force).is_some_and(|(end, begin)| end < begin) {
        let help = "one of the two dates is wrong";
        report.wrong_with_help(section.span_of("terminated"), "`terminated` is earlier than `in_force`", help);
    }
    section.end(report);
    let id: Slug = id?;
    for article in reservable.iter().filter(|article: &&Spot<ArticleRef>| article.value.instrument() != id.0) {
        report.found(article.place.says(format!("{} is no article of {}", article.value, id.0)));
    }
    Some(Text {
        id,
        title: title?,
        depositary,
        parent,
        in_force,
        entry,
        reach: reach?,
        denunciation_months,
        closed_reservations,
        reservable,
        provisional,
        terminated,
        fallback,
        gives_way_to,
        mla,
        verified: verified?,
        place,
    })
}

fn entry<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Entry> {
    let ratifications = section.must(report, "ratifications");
    let months = section.may(report, "then_months").map(|Count(months)| Delay::Months(months));
    let days = section.may(report, "then_days").map(|Count(days)| Delay::Days(days));
    if section.has("then_months") == section.has("then_days") {
        let help = "write one of `then_months = …` and `then_days = …`";
        report.wrong_with_help(section.span.clone(), "`entry` does not say how long it takes then", help);
    }
    section.end(report);
    Some(Entry { ratifications: ratifications?, then: months.or(days)? })
}

fn provisional<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<(Date, Date)> {
    let from: Option<Date> = section.must(report, "from");
    let until: Option<Date> = section.must(report, "until");
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        let help = "`from` is the first day and `until` the last one";
        report.wrong_with_help(section.span_of("until"), "`until` is earlier than `from`", help);
    }
    section.end(report);
    from.zip(until)
}

/// Whom the text can bind, as its kind wants it said.
fn reach<'s>(
    report: &mut Report<'s>,
    section: &mut Section<'_, 's>,
    kind: Option<InstrumentKind>,
    groups: &Groups,
) -> Option<Reach> {
    let (parties, members) = (section.value("parties"), section.value("members"));
    let except: Vec<Spot<PartyId>> = section.list(report, "except");
    let (wanted, example) = match kind? {
        InstrumentKind::Convention => (None, ""),
        InstrumentKind::Bilateral | InstrumentKind::Memorandum => (Some("parties"), "[\"JP\", \"SG\"]"),
        InstrumentKind::UnionLaw => (Some("members"), "\"EU\""),
    };
    for key in ["parties", "members", "except"] {
        let fits = Some(key) == wanted || (key == "except" && wanted == Some("members"));
        if section.has(key) && !fits {
            let message = format!("a text of kind {} has no `{key}`", kind?.as_str());
            let help = "`parties` belongs to a bilateral treaty or memorandum, `members` and `except` to union law";
            report.wrong_with_help(section.span_of(key), message, help);
        }
    }
    if let Some(wanted) = wanted.filter(|wanted| !section.has(wanted)) {
        let message = format!("a text of kind {} has no `{wanted}`", kind?.as_str());
        report.wrong_with_help(section.span.clone(), message, format!("write, for example, `{wanted} = {example}`"));
        return None;
    }
    match (wanted, parties, members) {
        (Some("parties"), Some(value), _) => both_sides(report, value, groups).map(Reach::Sides),
        (Some("members"), _, Some(value)) => {
            let name = String::read(report, value)?;
            let group = known_group(report, value, &name, groups)?;
            for party in except.iter().filter(|party| !group.members.contains_key(&party.value)) {
                let message = format!("{} is no member of {name}, so it needs no exception", party.value);
                report.found(party.place.says(message).with_help("leave it out"));
            }
            Some(Reach::Union { group, except: except.into_iter().map(|party| party.value).collect() })
        }
        _ => Some(Reach::Open),
    }
}

/// `["JP", "EU:*"]`.
fn both_sides(report: &mut Report<'_>, value: &Value<'_>, groups: &Groups) -> Option<[Arc<Group>; 2]> {
    let names = Vec::<String>::read(report, value)?;
    let mut sides = Vec::new();
    for name in &names {
        sides.push(match name.strip_suffix(":*") {
            Some(group) => Some(known_group(report, value, group, groups)?),
            None => name.parse().ok().map(|party| {
                let members = BTreeMap::from([(party, Membership::default())]);
                Arc::new(Group { name: name.clone(), members, single: true })
            }),
        });
    }
    let sides: Option<Vec<_>> = sides.into_iter().collect();
    let sides = sides.and_then(|sides| <[Arc<Group>; 2]>::try_from(sides).ok());
    if sides.is_none() {
        report.wrong_with_help(
            value.span(),
            "these are not two sides of a treaty",
            "write two states, or a group with its [group.NAME], as in [\"JP\", \"EU:*\"]",
        );
    }
    sides
}

fn known_group(report: &mut Report<'_>, value: &Value<'_>, name: &str, groups: &Groups) -> Option<Arc<Group>> {
    let found = groups.iter().find(|(known, _)| known.0 == name).map(|(_, group)| group.clone());
    if found.is_none() {
        let known: Vec<_> = groups.keys().map(|known| known.0.as_str()).collect();
        let help = if known.is_empty() {
            "write a [group.…] with its `members`".to_owned()
        } else {
            suggestion(name, &known)
        };
        let message = format!("there is no [group.{}] in this file", crate::source::clipped(name));
        report.wrong_with_help(value.span(), message, help);
    }
    found
}

/// What is wrong with the ids and parents of the texts of a file.
pub(super) fn lineage(texts: &[Text]) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let before = texts.get(..index).unwrap_or_default();
        if before.iter().any(|other| other.id == text.id) {
            let message = format!("{} is described in this file already", text.id.0);
            wrong.push(text.place.says(message).with_help("give each text an id of its own"));
            continue;
        }
        let Some(parent) = &text.parent else { continue };
        let mut line = vec![text.id.0.as_str()];
        let mut next = Some(&parent.value);
        while let Some(id) = next {
            line.push(&id.0);
            if *id == text.id {
                let message = format!("a text cannot be its own convention: {}", line.join(" → "));
                wrong.push(parent.place.says(message).with_help("name the convention that this is a protocol to"));
                break;
            }
            // A circle that this text leads into, but does not stand in, is told at its own members.
            if line.len() > texts.len() + 1 {
                break;
            }
            next = texts.iter().find(|other| other.id == *id).and_then(|other| Some(&other.parent.as_ref()?.value));
        }
        if texts.iter().all(|other| other.id != parent.value) {
            let known: Vec<_> = texts.iter().map(|other| other.id.0.as_str()).filter(|id| *id != text.id.0).collect();
            let help = if known.is_empty() {
                "a protocol stands in the file of its convention".to_owned()
            } else {
                suggestion(&parent.value.0, &known)
            };
            let message = format!("there is no text {} in this file", parent.value.0);
            wrong.push(parent.place.says(message).with_help(help));
        }
    }
    wrong
}
