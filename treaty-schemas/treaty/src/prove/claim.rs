use std::{collections::BTreeSet, fmt};

use jiff::{Span, civil::Date};
use model::{RecordType, Role, SelectorKind, Window};

use super::{Place, Witness};
use crate::{Catalog, Decision, Permit, Rule, phrase::List};

/// What can be proved of rules.
#[derive(Debug, Clone)]
pub enum Claim {
    /// These classes of data are never given without a judge's validation: see [`Claim::no_content_without_judge`].
    NoContentWithoutJudge {
        /// Which record types.
        classes: BTreeSet<RecordType>,
    },
    /// No request about more subjects than this.
    MaxSubjects(u32),
    /// No request about more days than this.
    MaxWindowDays(u32),
    /// Nothing that the earlier rule of the pair refused, and nothing of what it allowed under milder terms.
    NeverWider {
        /// The earlier rules. A pair that has none is not looked at.
        than: Earlier,
    },
    /// Whatever may be asked for can be answered: its record types are known.
    EveryTypeAnswerable {
        /// The record types that have a schema.
        known: BTreeSet<RecordType>,
    },
    /// Each request names its subjects, each by one thing; nothing else is let through.
    SpecificSelectorsOnly,
    /// Nothing that rests on these instruments compels anybody: memoranda of understanding.
    NoCompulsionUnder {
        /// By id, as in `eu-jp-mla`.
        instruments: BTreeSet<String>,
    },
    /// An emergency is granted only after a call over another channel, and nothing is an emergency that is not declared one.
    EmergencyNeedsCallback,
}

/// The rules to compare with.
#[derive(Debug, Clone)]
pub enum Earlier {
    /// Those of a catalogue on a day.
    Catalog(Catalog, Date),
    /// These.
    Rules(Vec<Rule>),
}

impl Claim {
    /// [`Claim::NoContentWithoutJudge`] for what was said or written: `content_data`.
    pub fn no_content_without_judge() -> Self {
        Self::NoContentWithoutJudge { classes: "content_data".parse().into_iter().collect() }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoContentWithoutJudge { classes } => write!(f, "nobody gets {} without a judge", List(classes)),
            Self::MaxSubjects(most) => write!(f, "no request is about more than {most} subjects"),
            Self::MaxWindowDays(most) => write!(f, "no request is about more than {most} days"),
            Self::NeverWider { .. } => f.write_str("nothing is allowed that was refused before"),
            Self::EveryTypeAnswerable { .. } => f.write_str("all that may be asked for can be answered"),
            Self::SpecificSelectorsOnly => f.write_str("each request names its subjects"),
            Self::NoCompulsionUnder { instruments } => write!(f, "nothing under {} compels anybody", List(instruments)),
            Self::EmergencyNeedsCallback => f.write_str("no emergency is granted without a call back"),
        }
    }
}

/// A request, and when the decision on it breaks the claim.
pub(super) struct Probe {
    pub(super) witness: Witness,
    pub(super) reason: String,
    pub(super) breaks: Box<dyn Fn(&Decision) -> bool>,
}

/// It must not pass.
fn refused(witness: Witness, reason: impl Into<String>) -> Probe {
    Probe { witness, reason: reason.into(), breaks: Box::new(Decision::allowed) }
}

/// What it permits must not be this.
fn never(witness: &Witness, reason: impl Into<String>, breaks: impl Fn(&Permit) -> bool + 'static) -> Probe {
    let breaks = Box::new(move |decision: &Decision| decision.permits.iter().any(&breaks));
    Probe { witness: witness.clone(), reason: reason.into(), breaks }
}

impl Claim {
    /// Everything that could break the claim at `place`, where `base` keeps every bound.
    pub(super) fn probes(&self, place: Place<'_>, base: &Witness) -> Vec<Probe> {
        match self {
            Self::NoContentWithoutJudge { classes } => without_judge(classes, place, base),
            Self::MaxSubjects(most) => max_subjects(*most, base),
            Self::MaxWindowDays(most) => max_days(*most, place, base),
            Self::EveryTypeAnswerable { known } => unknown_records(known, place, base),
            Self::SpecificSelectorsOnly => unspecific(place, base),
            Self::NoCompulsionUnder { instruments } => {
                let under = instruments.contains(place.article.instrument());
                let probe = never(base, "it compels somebody", |permit| permit.compulsory);
                under.then_some(probe).into_iter().collect()
            }
            Self::EmergencyNeedsCallback => emergencies(place, base),
            // Two rules are compared elsewhere.
            Self::NeverWider { .. } => Vec::new(),
        }
    }
}

impl Claim {
    /// What in the bounds of `place` breaks the claim, where no request can reach them.
    pub(super) fn broken_by(&self, place: Place<'_>) -> Option<String> {
        let p = place.provision;
        match self {
            Self::NoContentWithoutJudge { classes } => {
                let mut given = p.records.iter().filter(|(record, _)| classes.contains(*record));
                let (record, _) = given.find(|(_, roles)| roles.value != [Role::Judge])?;
                Some(format!("{record} is given when another than a judge validates"))
            }
            Self::MaxSubjects(most) => {
                (p.max_subjects.value > *most).then(|| format!("more than {most} subjects are permitted"))
            }
            Self::MaxWindowDays(most) => {
                let more = p.max_window_days.as_ref().is_some_and(|days| days.value > *most);
                more.then(|| format!("more than {most} days are permitted"))
            }
            Self::EveryTypeAnswerable { known } => {
                let record = p.records.keys().find(|record| !known.contains(*record))?;
                Some(format!("no record type {record} is known"))
            }
            Self::NoCompulsionUnder { instruments } => {
                let compels = p.compulsory && instruments.contains(place.article.instrument());
                compels.then(|| "it compels somebody".to_owned())
            }
            Self::EmergencyNeedsCallback => {
                let silent = p.emergency.as_ref().is_some_and(|rule| !rule.value.callback);
                silent.then(|| "an emergency is granted without a call back".to_owned())
            }
            // No bound can say "whatever it is named by": a list of selectors names some. Two rules are compared elsewhere.
            Self::SpecificSelectorsOnly | Self::NeverWider { .. } => None,
        }
    }
}

fn without_judge(classes: &BTreeSet<RecordType>, place: Place<'_>, base: &Witness) -> Vec<Probe> {
    let mut probes = Vec::new();
    for record in place.provision.records.keys().filter(|record| classes.contains(*record)) {
        let others = Role::ALL.into_iter().filter(|role| *role != Role::Judge).map(Some);
        for validator in others.chain([None]) {
            let mut witness = base.clone();
            witness.scope.records = vec![record.clone()];
            witness.validator = validator;
            let who = validator.map_or_else(|| "nobody".to_owned(), |role| format!("a {}", role.as_str()));
            probes.push(refused(witness, format!("{record} is given when {who} validates")));
        }
    }
    probes
}

fn max_subjects(most: u32, base: &Witness) -> Vec<Probe> {
    let reason = format!("more than {most} subjects are permitted");
    let mut probes = vec![never(base, reason.clone(), move |permit| permit.max_subjects > most)];
    for subjects in most.checked_add(1).into_iter().chain((most < u32::MAX).then_some(u32::MAX)) {
        probes.push(refused(base.clone().about(subjects), reason.clone()));
    }
    probes
}

fn max_days(most: u32, place: Place<'_>, base: &Witness) -> Vec<Probe> {
    let reason = format!("more than {most} days are permitted");
    let more = move |permit: &Permit| permit.max_window_days.is_some_and(|days| days > most);
    let mut probes = vec![never(base, reason.clone(), more)];
    let beyond = days(place.rule.on(), most.saturating_add(1));
    probes.extend(beyond.map(|window| {
        let mut witness = base.clone();
        witness.scope.window = Some(window);
        refused(witness, reason)
    }));
    probes
}

fn unknown_records(known: &BTreeSet<RecordType>, place: Place<'_>, base: &Witness) -> Vec<Probe> {
    let unknown = place.provision.records.iter().filter(|(record, _)| !known.contains(*record));
    let probe = |(record, roles): (&RecordType, &crate::provision::Bound<Vec<Role>>)| {
        let mut witness = base.clone();
        witness.scope.records = vec![record.clone()];
        witness.validator = roles.value.first().copied();
        refused(witness, format!("no record type {record} is known"))
    };
    unknown.map(probe).collect()
}

fn unspecific(place: Place<'_>, base: &Witness) -> Vec<Probe> {
    let may = &place.provision.selectors.value;
    let denied: Vec<_> = SelectorKind::ALL.into_iter().filter(|kind| !may.contains(kind)).collect();
    let named = |selectors: Vec<SelectorKind>| {
        let mut witness = base.clone();
        witness.scope.selectors = selectors;
        witness
    };
    let mut probes = vec![
        refused(named(Vec::new()), "a request without any selector passes"),
        refused(base.clone().about(0), "a request about no subject passes"),
    ];
    probes.extend(denied.into_iter().map(|kind| {
        refused(named(vec![kind]), format!("subjects are named by {}, which is not listed", kind.as_str()))
    }));
    probes
}

fn emergencies(place: Place<'_>, base: &Witness) -> Vec<Probe> {
    let mut other = base.clone();
    other.emergency = !base.emergency;
    if place.provision.emergency.is_some() {
        let silent = never(base, "an emergency is granted without a call back", |permit| !permit.callback);
        vec![silent, refused(other, "the way for emergencies is open to what is none")]
    } else {
        vec![refused(other, "an emergency passes where no rule binds it")]
    }
}

/// So many days, the last one `until`. `None` where the calendar does not hold them.
pub(super) fn days(until: Date, count: u32) -> Option<Window> {
    let span = Span::new().try_days(i64::from(count.checked_sub(1)?)).ok()?;
    Some(Window { from: until.checked_sub(span).ok()?, to: until })
}
