//! Where a state stands with a treaty, and two states with a joint team. Nobody moves these: they follow from what the files say, on any
//! day.

use jiff::civil::Date;
use model::{AuthorityId, PartyId};
use serde::Serialize;

use super::Catalog;
use crate::{
    force::View,
    instrument::{InstrumentFile, Reach, Text},
    overlay::{OverlayFile, OverlayKind},
    party::{Bond, PartyFile},
    version::{Series, Versioned},
};

macro_rules! words {
    ($(#[$outer:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident => $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $enum { $($(#[$doc])* $name,)+ }

        impl $enum {
            /// The name in files and on screens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

words! {
    /// Where a state stands with a treaty.
    TreatyLife {
        /// Signed, not ratified.
        Signed => "SIGNED",
        /// Ratified, and not in force for it.
        Ratified => "RATIFIED",
        /// Applied before its entry into force [VCLT 25].
        Provisional => "PROVISIONAL",
        /// In force for it.
        InForce => "IN_FORCE",
        /// In force, as amended [VCLT 40].
        Amended => "AMENDED",
        /// Not applied for a time [VCLT 57].
        Suspended => "SUSPENDED",
        /// Denounced; the notice runs.
        DenounceNotice => "DENOUNCE_NOTICE",
        /// No longer bound; requests made before and limits of use go on [ASEAN MLAT 31(4)].
        Residual => "RESIDUAL",
        /// The treaty itself is over.
        Ended => "ENDED",
    }
}

words! {
    /// Where a joint investigation team stands.
    TeamLife {
        /// Not signed by both. The files cannot tell: it is said by who keeps the signatures.
        Proposed => "PROPOSED",
        /// Agreed, not begun.
        Agreed => "AGREED",
        /// At work.
        Active => "ACTIVE",
        /// At work beyond its first end.
        Extended => "EXTENDED",
        /// Over.
        Ended => "ENDED",
    }
}

/// A state and a text, on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreatyStanding {
    /// As in `ets-185`.
    pub text: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub life: TreatyLife,
    /// The first day of that.
    pub since: Option<Date>,
    /// What follows, and from when, as far as it is known.
    pub next: Option<(Date, TreatyLife)>,
}

/// A joint team, on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TeamStanding {
    /// As in `fictitious-jit`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The two states.
    pub parties: [PartyId; 2],
    /// What it is for.
    pub purpose: String,
    /// Who is in it.
    pub members: Vec<AuthorityId>,
    /// Where it stands.
    pub life: TeamLife,
    /// Its first day.
    pub from: Option<Date>,
    /// Its last day.
    pub until: Option<Date>,
    /// The files that say so, one for each version.
    pub files: Vec<String>,
}

impl Catalog {
    /// Where `party` stands on `on` with each text that it has signed, ratified or is bound by, in the order of their names.
    pub fn standings(&self, party: PartyId, on: Date) -> Vec<TreatyStanding> {
        let view = View::of(&self.0, None);
        let file = view.party(party);
        let newest = self.0.instruments.values().filter_map(Series::newest);
        let texts = newest.flat_map(|file| file.texts.iter().map(move |text| (file, text)));
        let mut all: Vec<_> = texts.filter_map(|(home, text)| standing(&view, home, text, (party, file), on)).collect();
        all.sort_by(|a, b| a.text.cmp(&b.text));
        all
    }

    /// The joint teams of `party` on `on`, in the order of their files.
    pub fn teams(&self, party: PartyId, on: Date) -> Vec<TeamStanding> {
        let series =
            self.0.overlays.iter().filter(|(pair, _)| pair.contains(&party)).flat_map(|(_, shelf)| shelf.values());
        series.filter_map(|series| team(series, on)).collect()
    }
}

fn standing(
    view: &View<'_>,
    home: &InstrumentFile,
    text: &Text,
    (party, file): (PartyId, Option<&PartyFile>),
    on: Date,
) -> Option<TreatyStanding> {
    let bond = file.and_then(|file| file.bond(&text.id.0));
    let mut days: Vec<Date> = match bond {
        Some(bond) => bond_days(view, text, bond),
        None => Vec::new(),
    };
    days.extend(text.in_force);
    days.extend(text.terminated);
    days.extend(text.provisional.iter().flat_map(|(from, until)| [Some(*from), until.tomorrow().ok()]).flatten());
    days.extend(membership(text, party).into_iter().flat_map(|member| [member.joined, member.left]).flatten());
    days.sort_unstable();
    days.dedup();
    let at = |day: Date| life(view, home, text, (party, bond), day);
    let life = at(on)?;
    let begun = days.iter().rev().filter(|day| **day <= on).take_while(|day| at(**day) == Some(life)).last().copied();
    let next =
        days.iter().filter(|day| **day > on).find_map(|day| Some((*day, at(*day).filter(|next| *next != life)?)));
    Some(TreatyStanding { text: text.id.0.to_string(), title: text.title.clone(), life, since: begun, next })
}

fn bond_days(view: &View<'_>, text: &Text, bond: &Bond) -> Vec<Date> {
    let suspensions = bond.suspensions.iter().filter(|one| one.towards.is_empty());
    let suspended = suspensions.flat_map(|one| [Some(one.from), one.until.and_then(|last| last.tomorrow().ok())]);
    let dates = [bond.signed, bond.ratified, view.entry(text, bond), bond.denounced, bond.end(text)];
    dates.into_iter().chain(suspended).flatten().chain(bond.amendments.values().copied()).collect()
}

/// The days on which a party joined and left the group that a text binds; `None` where it is of no such group.
fn membership(text: &Text, party: PartyId) -> Option<Membership> {
    let groups = match &text.reach {
        Reach::Open => return None,
        Reach::Sides(sides) => sides.iter().collect(),
        Reach::Union { group, except } if !except.contains(&party) => vec![group],
        Reach::Union { .. } => return None,
    };
    let member = groups.iter().find_map(|group| group.members.get(&party))?;
    Some(Membership { joined: member.joined, left: member.left })
}

/// Since when, and until when, a state is of a group.
struct Membership {
    joined: Option<Date>,
    left: Option<Date>,
}

/// `None` where the party has nothing to do with the text on that day.
fn life(
    view: &View<'_>,
    home: &InstrumentFile,
    text: &Text,
    (party, bond): (PartyId, Option<&Bond>),
    on: Date,
) -> Option<TreatyLife> {
    let by = |date: Option<Date>| date.is_some_and(|date| date <= on);
    let member = membership(text, party);
    if bond.is_none() && member.is_none() {
        return None;
    }
    if by(text.terminated) {
        return Some(TreatyLife::Ended);
    }
    let left = member.as_ref().and_then(|member| member.left);
    if by(left) || bond.is_some_and(|bond| by(bond.end(text))) {
        return Some(TreatyLife::Residual);
    }
    let in_force = match &text.reach {
        Reach::Open => bond.is_some_and(|bond| by(bond.ratified) && by(view.entry(text, bond))),
        _ => by(text.in_force) && member.is_some_and(|member| member.joined.is_none_or(|joined| joined <= on)),
    };
    if !in_force {
        let applied = |(from, until): (Date, Date)| from <= on && on <= until;
        let bond = bond?;
        let provisional = bond.provisional && text.provisional.is_some_and(applied);
        return match (provisional, by(bond.ratified), by(bond.signed)) {
            (true, ..) => Some(TreatyLife::Provisional),
            (_, true, _) => Some(TreatyLife::Ratified),
            (_, _, true) => Some(TreatyLife::Signed),
            _ => None,
        };
    }
    let Some(bond) = bond else { return Some(TreatyLife::InForce) };
    let holds = |from: Date, until: Option<Date>| from <= on && until.is_none_or(|last| on <= last);
    let suspended =
        |bond: &Bond| bond.suspensions.iter().any(|one| one.towards.is_empty() && holds(one.from, one.until));
    let amended = bond.amendments.iter().any(|(version, date)| *date <= on && *version <= home.head.version);
    Some(if suspended(bond) {
        TreatyLife::Suspended
    } else if by(bond.denounced) {
        TreatyLife::DenounceNotice
    } else if amended {
        TreatyLife::Amended
    } else {
        TreatyLife::InForce
    })
}

fn team(series: &Series<OverlayFile>, on: Date) -> Option<TeamStanding> {
    let newest = series.newest().filter(|file| file.kind == OverlayKind::Jit)?;
    let first = series.iter().map(|file| file.head().valid_to).min().flatten();
    let from = series.iter().filter_map(|file| file.head().valid_from).min();
    let until = newest.head().valid_to;
    let life = if from.is_some_and(|from| on < from) {
        TeamLife::Agreed
    } else if until.is_some_and(|last| last < on) {
        TeamLife::Ended
    } else if first.is_some_and(|last| last < on) {
        TeamLife::Extended
    } else {
        TeamLife::Active
    };
    // An extension may take in others: until it begins, they are not in it.
    let now = series.select(on, None, |_| true)?;
    Some(TeamStanding {
        id: newest.id.0.clone(),
        title: newest.title.clone(),
        parties: newest.pair,
        purpose: now.file().purpose.clone(),
        members: now.file().members.clone(),
        life,
        from,
        until,
        files: series.iter().map(|file| file.head().path.to_string()).collect(),
    })
}
