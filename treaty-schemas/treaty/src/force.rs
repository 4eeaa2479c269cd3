//! Whether a text is in force between two parties on a day, and if not, why.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use jiff::{Span, civil::Date};
use model::PartyId;

use crate::{
    catalog::Files,
    instrument::{Delay, Entry, Group, InstrumentFile, Reach, Text},
    party::{Bond, PartyFile},
    rule::{Obstacle, Standing},
    version::{Selected, Series, Versioned},
};

/// The dates of all ratifications of each text, sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ratifications(BTreeMap<String, Vec<Date>>);

impl Ratifications {
    /// As the files know them that were recorded by `known`.
    pub(crate) fn of(files: &Files, known: Option<Date>) -> Self {
        let mut dates: BTreeMap<String, Vec<Date>> = BTreeMap::new();
        for party in files.parties.values().filter_map(|series| series.newest_known(known)) {
            for (id, bond) in &party.treaties {
                dates.entry(id.clone()).or_default().extend(bond.ratified);
            }
        }
        dates.values_mut().for_each(|dates| dates.sort());
        Self(dates)
    }

    fn to(&self, text: &Text) -> &[Date] {
        self.0.get(&text.id.0).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The files as they were known on a day.
pub(crate) struct View<'a> {
    pub(crate) files: &'a Files,
    /// `None`: all that is known.
    pub(crate) known: Option<Date>,
    ratifications: Cow<'a, Ratifications>,
}

impl<'a> View<'a> {
    pub(crate) fn of(files: &'a Files, known: Option<Date>) -> Self {
        let ratifications = match known {
            None => Cow::Borrowed(files.ratifications()),
            Some(_) => Cow::Owned(Ratifications::of(files, known)),
        };
        Self { files, known, ratifications }
    }

    pub(crate) fn party(&self, id: PartyId) -> Option<&'a PartyFile> {
        self.files.parties.get(&id)?.newest_known(self.known)
    }

    /// The file of a party, or where it would be.
    pub(crate) fn path(&self, id: PartyId) -> Arc<str> {
        self.party(id).map_or_else(|| format!("parties/{id}.toml").into(), |party| party.head.path.clone())
    }

    /// The version of an instrument that holds between the two: the newest that binds all, or that both have accepted.
    pub(crate) fn instrument(
        &self,
        series: &'a Series<InstrumentFile>,
        pair: [PartyId; 2],
        on: Date,
    ) -> Option<Selected<'a, InstrumentFile>> {
        let parties = pair.map(|party| self.party(party));
        series.select(on, self.known, |file| {
            !file.accepting_only || parties.iter().all(|party| party.is_some_and(|party| accepted(party, file, on)))
        })
    }

    /// The day on which a convention begins; `None` while ratifications are missing.
    pub(crate) fn beginning(&self, text: &Text) -> Option<Date> {
        text.in_force.or_else(|| {
            let entry = text.entry.as_ref()?;
            let last = usize::try_from(entry.ratifications).ok()?.checked_sub(1)?;
            entry.after(*self.ratifications.to(text).get(last)?)
        })
    }

    /// How many ratifications are recorded.
    pub(crate) fn ratified(&self, text: &Text) -> usize {
        self.ratifications.to(text).len()
    }

    /// The day on which it binds a state: not before it begins at all.
    pub(crate) fn entry(&self, text: &Text, bond: &Bond) -> Option<Date> {
        bond.in_force.or_else(|| Some(text.entry.as_ref()?.after(bond.ratified?)?.max(self.beginning(text)?)))
    }
}

/// Whether `party` has accepted this version of the file [VCLT 40].
fn accepted(party: &PartyFile, file: &InstrumentFile, on: Date) -> bool {
    let bonds = file.texts.iter().filter_map(|text| party.bond(&text.id.0));
    let mut dates = bonds.filter_map(|bond| bond.amendments.get(&file.head.version));
    dates.any(|date| *date <= on)
}

impl Entry {
    /// The day of entry into force for a ratification on `date`.
    fn after(&self, date: Date) -> Option<Date> {
        match self.then {
            Delay::Months(months) => {
                let expired = date.checked_add(Span::new().try_months(months).ok()?).ok()?;
                expired.first_of_month().checked_add(Span::new().months(1)).ok()
            }
            Delay::Days(days) => date.checked_add(Span::new().try_days(days).ok()?).ok(),
        }
    }
}

impl Bond {
    /// From this day on the state is no longer bound.
    pub(crate) fn end(&self, text: &Text) -> Option<Date> {
        self.ends.or_else(|| self.due(text))
    }

    /// The day on which its notice has run.
    pub(crate) fn due(&self, text: &Text) -> Option<Date> {
        let months = Span::new().try_months(text.denunciation_months).ok()?;
        self.denounced?.checked_add(months).ok()
    }
}

/// One text between two parties on a day.
pub(crate) struct Relation<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) selected: &'a Selected<'a, InstrumentFile>,
    pub(crate) pair: [PartyId; 2],
    pub(crate) on: Date,
}

impl Relation<'_> {
    pub(crate) fn standing(&self, text: &Text) -> Standing {
        let (obstacles, provisional_until) = self.obstacles(text, 0);
        Standing { file: self.file().head.path.clone(), obstacles, provisional_until }
    }

    fn file(&self) -> &InstrumentFile {
        self.selected.file()
    }

    /// Why not, and until when it is applied provisionally. `depth` is how many protocols it is the convention of.
    fn obstacles(&self, text: &Text, depth: usize) -> (Vec<Obstacle>, Option<Date>) {
        let mut obstacles = Vec::new();
        let mut provisional_until = None;
        let head = self.file().head();
        match self.selected {
            Selected::Valid(_) => {}
            Selected::Ended(_) => {
                let last = head.valid_to.map(|day| day.to_string()).unwrap_or_default();
                let reason = format!("{} was valid until {last}, and no newer version follows it", head.path);
                obstacles.push(self.by_treaty(reason));
            }
            Selected::NotYet(_) => {
                let first = head.valid_from.map(|day| day.to_string()).unwrap_or_default();
                obstacles.push(self.by_treaty(format!("{} is not valid before {first}", head.path)));
            }
        }
        if let Some(day) = text.terminated.filter(|day| *day <= self.on) {
            obstacles.push(self.by_treaty(format!("{} was terminated on {day}", text.id.0)));
        }
        let regular = match &text.reach {
            Reach::Open => self.multilateral(text),
            Reach::Sides(sides) => self.bilateral(text, sides),
            Reach::Union { group, except } => self.union(text, group, except),
        };
        match self.provisional(text).filter(|_| !regular.is_empty()) {
            Some(until) if self.on <= until => provisional_until = Some(until),
            over => {
                obstacles.extend(regular);
                obstacles.extend(over.map(|until| {
                    self.by_treaty(format!(
                        "{} was applied provisionally until {until}, and is not in force",
                        text.id.0
                    ))
                }));
            }
        }
        obstacles.extend(self.endings(text));
        // `lineage` has refused circles; the depth is a belt to those braces.
        let parent = text.parent.as_ref().and_then(|id| self.file().text(&id.value.0));
        if let Some(parent) = parent.filter(|_| depth < self.file().texts.len()) {
            let (above, until) = self.obstacles(parent, depth + 1);
            obstacles.extend(above);
            provisional_until = provisional_until.into_iter().chain(until).min();
        }
        (obstacles, provisional_until)
    }

    fn bonds(&self, text: &Text) -> [(PartyId, Option<&Bond>); 2] {
        self.pair.map(|party| (party, self.view.party(party).and_then(|p| p.bond(&text.id.0))))
    }

    /// The last day of provisional application, where it has begun and both have agreed to it [VCLT 25].
    fn provisional(&self, text: &Text) -> Option<Date> {
        let (from, until) = text.provisional?;
        let agreed = |bond: Option<&Bond>| {
            bond.is_some_and(|bond| bond.provisional && bond.signed.is_none_or(|signed| signed <= self.on))
        };
        let both = self.pair[0] != self.pair[1] && self.bonds(text).iter().all(|(_, bond)| agreed(*bond));
        (from <= self.on && both).then_some(until)
    }

    fn bilateral(&self, text: &Text, sides: &[Arc<Group>; 2]) -> Vec<Obstacle> {
        let id = &text.id.0;
        let ([a, b], [first, second]) = (self.pair, sides);
        let has = |side: &Group, party| side.members.contains_key(&party);
        let between = match (has(first, a) && has(second, b), has(first, b) && has(second, a)) {
            (true, _) => [(a, first), (b, second)],
            (_, true) => [(a, second), (b, first)],
            _ => {
                let (first, second) = (&first.name, &second.name);
                let reason = format!("{id} is a treaty between {first} and {second}, not between {a} and {b}");
                return vec![self.by_treaty(reason)];
            }
        };
        let mut obstacles: Vec<_> = self.begun(text).into_iter().collect();
        for (party, side) in between {
            obstacles.extend(self.member(text, party, side));
        }
        obstacles
    }

    fn union(&self, text: &Text, group: &Group, except: &[PartyId]) -> Vec<Obstacle> {
        let id = &text.id.0;
        let mut obstacles: Vec<_> = self.begun(text).into_iter().collect();
        for party in self.pair {
            if except.contains(&party) {
                let reason = format!("{id} does not bind {party}, which is excepted from it");
                obstacles.push(self.by_treaty(reason));
            } else if group.members.contains_key(&party) {
                obstacles.extend(self.member(text, party, group));
            } else {
                let reason = format!("{id} binds the members of {}, and {party} is none", group.name);
                obstacles.push(self.by_treaty(reason));
            }
        }
        obstacles
    }

    /// Why a text that nobody ratifies has not begun.
    fn begun(&self, text: &Text) -> Option<Obstacle> {
        let id = &text.id.0;
        match text.in_force {
            Some(date) if date <= self.on => None,
            Some(date) => Some(self.by_treaty(format!("{id} is not in force before {date}"))),
            None => Some(self.by_treaty(format!("{id} has no date of entry into force"))),
        }
    }

    /// Why a member of a group is not bound through it.
    fn member(&self, text: &Text, party: PartyId, group: &Group) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        let (id, name) = (&text.id.0, &group.name);
        let member = group.members.get(&party).copied().unwrap_or_default();
        if let Some(since) = member.joined.filter(|since| *since > self.on) {
            obstacles.push(self.by_treaty(format!("{id} does not bind {party} before {since}")));
        }
        if let Some(left) = member.left.filter(|left| *left <= self.on) {
            obstacles.push(self.by_treaty(format!("{party} left {name} on {left}, and {id} has not bound it since")));
        }
        // Without its file nobody knows what a state has reserved.
        if self.view.party(party).is_none() {
            obstacles
                .push(self.by_party(party, format!("{party} has no file, so nobody can tell what it has reserved")));
        }
        obstacles
    }

    fn multilateral(&self, text: &Text) -> Vec<Obstacle> {
        let (id, on) = (&text.id.0, self.on);
        let bonds = self.bonds(text);
        let begun = self.view.beginning(text).is_some_and(|begin| begin <= on);
        let mut obstacles = Vec::new();
        if !begun {
            obstacles.push(self.by_treaty(self.not_begun(text, &bonds)));
        }
        for (party, bond) in bonds {
            let by = |date: Option<Date>| date.is_some_and(|date| date <= on);
            match bond {
                Some(bond) if by(bond.ratified) => {
                    if begun && let Some(reason) = self.late(text, party, bond) {
                        obstacles.push(self.by_party(party, reason));
                    }
                }
                Some(bond) if by(bond.signed) => {
                    obstacles.push(self.by_party(party, format!("{party} has signed {id}, but not ratified it")));
                }
                _ => obstacles.push(self.by_party(party, format!("{party} is not a party to {id}"))),
            }
        }
        obstacles
    }

    /// Why a convention that has begun does not bind a state that has ratified it yet.
    fn late(&self, text: &Text, party: PartyId, bond: &Bond) -> Option<String> {
        let id = &text.id.0;
        match self.view.entry(text, bond) {
            Some(entry) if entry <= self.on => None,
            Some(entry) => Some(format!("{id} is not in force for {party} before {entry}")),
            None => Some(format!("{party} has no date of entry into force of {id}")),
        }
    }

    /// "cets-224 is signed and ratified by JP, not in force: 3 of 5 ratifications".
    fn not_begun(&self, text: &Text, bonds: &[(PartyId, Option<&Bond>); 2]) -> String {
        let by = |date: Option<Date>| date.is_some_and(|date| date <= self.on);
        let ratified = bonds.iter().filter_map(|(party, bond)| Some((party, bond.filter(|bond| by(bond.ratified))?)));
        let ratified: Vec<_> = ratified.collect();
        let verb = if ratified.iter().all(|(_, bond)| by(bond.signed)) { "signed and ratified" } else { "ratified" };
        let names: Vec<_> = ratified.iter().map(|(party, _)| party.to_string()).collect();
        let is = if names.is_empty() { "is".to_owned() } else { format!("is {verb} by {},", names.join(" and ")) };
        let count = self.view.ratifications.to(text).iter().filter(|date| **date <= self.on).count();
        let why = match (&text.entry, self.view.beginning(text)) {
            (_, Some(begin)) => format!("it begins on {begin}"),
            (Some(entry), None) => format!("{count} of {} ratifications", entry.ratifications),
            (None, None) => "it has no date of entry into force".to_owned(),
        };
        format!("{} {is} not in force: {why}", text.id.0)
    }

    /// What one of the two has undone: denunciation, suspension, an objection that bars.
    fn endings(&self, text: &Text) -> Vec<Obstacle> {
        let (id, on) = (&text.id.0, self.on);
        let mut obstacles = Vec::new();
        for (party, bond) in self.bonds(text) {
            let Some(bond) = bond else { continue };
            if let Some(end) = bond.end(text).filter(|end| *end <= on) {
                let reason = match bond.denounced {
                    Some(notice) => format!("{party} denounced {id} on {notice}, and is not bound by it since {end}"),
                    None => format!("{party} is not bound by {id} since {end}"),
                };
                obstacles.push(self.undone(party, reason));
            }
            let other = self.pair.iter().find(|other| **other != party).unwrap_or(&party);
            let suspended = bond.suspensions.iter().find(|one| {
                let during = one.from <= on && one.until.is_none_or(|until| on <= until);
                during && (one.towards.is_empty() || one.towards.contains(other))
            });
            if let Some(suspension) = suspended {
                let towards = if suspension.towards.is_empty() { String::new() } else { format!(" towards {other}") };
                let until = suspension.until.map(|until| format!(" until {until}")).unwrap_or_default();
                let reason = format!("{party} has suspended {id}{towards} from {} on{until}", suspension.from);
                obstacles.push(self.undone(party, reason));
            }
        }
        obstacles.extend(self.barred(text));
        obstacles
    }

    /// An objection that keeps the whole text from entering into force between the two [VCLT 20(4)(b)], as long as the
    /// reservation stands that it was made against.
    fn barred(&self, text: &Text) -> Vec<Obstacle> {
        let [a, b] = self.pair;
        let mut obstacles = Vec::new();
        for (party, other) in [(a, b), (b, a)] {
            let (Some(file), Some(reserving)) = (self.view.party(party), self.view.party(other)) else { continue };
            let live = file.objections.iter().filter(|objection| {
                let stands = objection.validity.holds(self.on);
                let article = &objection.article;
                objection.bars && stands && objection.to == other && article.instrument() == text.id.0
            });
            for objection in live {
                let article = &objection.article;
                let mut reservations = reserving.reservations.iter();
                let reserved = reservations.any(|one| {
                    let meant =
                        crate::catalog::covers(&one.article, article) || crate::catalog::covers(article, &one.article);
                    meant && one.holds(self.on, party)
                });
                if reserved {
                    let id = &text.id.0;
                    let reason = format!(
                        "{party} has objected to the reservation of {other} to {article}, and {id} is not in force between them"
                    );
                    obstacles.push(self.undone(party, reason));
                }
            }
        }
        obstacles
    }

    fn by_party(&self, party: PartyId, reason: String) -> Obstacle {
        let remedy = format!("use another treaty or channel; only {party} can become a party and file its instrument");
        Obstacle { file: self.view.path(party), owner: Some(party), reason, remedy }
    }

    /// What a party that is bound has taken back.
    fn undone(&self, party: PartyId, reason: String) -> Obstacle {
        let remedy = format!("use another treaty or channel; only {party} can take this back");
        Obstacle { file: self.view.path(party), owner: Some(party), reason, remedy }
    }

    fn by_treaty(&self, reason: String) -> Obstacle {
        let remedy = "use another treaty or channel; a treaty that is not in force is never applied".to_owned();
        Obstacle { file: self.file().head.path.clone(), owner: None, reason, remedy }
    }
}
