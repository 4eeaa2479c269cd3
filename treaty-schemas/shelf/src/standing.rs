//! What a pair of states has signed, and what is missing before its rule may be used.

use std::{collections::BTreeMap, fmt};

use identity::{
    party_zone,
    treaty::{AcceptanceStatement, FileStatement, RemovalStatement, TreatyVerifier, verify_note},
};
use jiff::civil::Date;
use model::{Digest, PartyId, Pin, Refusal, RefusalCode, Timestamp};

use crate::{
    address::{Layer, acceptance_path, layer, ordered, version_of},
    keys::{Keys, Roots},
    shelf::Shelf,
};

/// What has to be signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A file of the catalogue.
    File(String),
    /// That a file was taken out of the catalogue.
    Removal(String),
    /// The pin of the pair's rule on the day.
    Pin(Date, Pin),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Removal(path) => write!(f, "the removal of {path}"),
            Self::Pin(on, pin) => write!(f, "pin {} of {on}", pin.short()),
        }
    }
}

/// Whether it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// On this day.
    Signed(Date),
    /// Nobody has signed that; the reason where there is more to say.
    Missing(Option<String>),
    /// What is there does not hold.
    Bad(String),
}

/// One signature that a pair's rule needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What has to be signed.
    pub what: Subject,
    /// By whom.
    pub by: PartyId,
    /// Whether it is.
    pub state: State,
}

impl Need {
    /// Whether the signature is there and holds.
    pub fn is_met(&self) -> bool {
        matches!(self.state, State::Signed(_))
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.what {
            Subject::File(_) | Subject::Removal(_) => "signed",
            Subject::Pin(..) => "accepted",
        };
        match &self.state {
            State::Signed(on) => write!(f, "{} is {verb} by {} ({on})", self.what, self.by),
            State::Missing(None) => write!(f, "{} is not {verb} by {}", self.what, self.by),
            State::Missing(Some(why)) => write!(f, "{} is not {verb} by {}: {why}", self.what, self.by),
            State::Bad(why) => write!(f, "{} has a signature of {} that does not hold: {why}", self.what, self.by),
        }
    }
}

/// What a pair has signed of the rule that its files give on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The two, in the order of their codes.
    pub pair: [PartyId; 2],
    /// The day of the rule.
    pub on: Date,
    /// The pin of the rule of that day.
    pub pin: Pin,
    /// Every signature that it needs: files by path, then the pin.
    pub needs: Vec<Need>,
}

impl Standing {
    /// Whether the rule may be used.
    pub fn holds(&self) -> bool {
        self.needs.iter().all(Need::is_met)
    }

    /// What is missing or does not hold.
    pub fn unmet(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(|need| !need.is_met())
    }

    /// What does not hold.
    pub fn bad(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(|need| matches!(need.state, State::Bad(_)))
    }

    /// Who has signed everything that is asked of them.
    pub fn signed_by(&self) -> Vec<PartyId> {
        let complete = |party: &PartyId| self.needs.iter().filter(|need| need.by == *party).all(Need::is_met);
        self.pair.into_iter().filter(complete).collect()
    }

    /// The refusal R92 that says what is missing, by whom, and what to do; `None` where nothing is.
    pub fn refusal(&self) -> Option<Refusal> {
        let [a, b] = self.pair;
        // What does not hold is graver than what is not there yet.
        let first = self.bad().next().or_else(|| self.unmet().next())?;
        let more = match self.unmet().count() {
            1 => String::new(),
            count => format!(" ({} more: treaty verify)", count - 1),
        };
        let file = match &first.what {
            Subject::File(path) | Subject::Removal(path) => path.clone(),
            Subject::Pin(..) => acceptance_path(self.pair, None),
        };
        let reason = format!("No rule between {a} and {b} is in force here: {first}{more}.");
        let remedy = match first.state {
            State::Bad(_) => format!("Put the file back as {} has signed it, or let it be signed again.", first.by),
            _ => format!(
                "{} signs it (treaty sign PLAN --catalogue DIR --key treaty.key.pem --cert treaty.cert.pem), then: treaty apply PLAN.",
                first.by
            ),
        };
        let owner = Some(first.by);
        Some(Refusal { owner, ..Refusal::new(RefusalCode::R92, &file, reason, remedy).at("pin") })
    }
}

impl Shelf {
    /// What the two have signed of the rule between them on the day `on`, as far as their keys hold under the reader's roots.
    /// `own` is the reader's party, whose national file counts too.
    pub fn standing(
        &self,
        (a, b): (PartyId, PartyId),
        on: Date,
        own: Option<PartyId>,
        roots: &dyn Roots,
        now: Timestamp,
    ) -> Standing {
        let pair = ordered(a, b);
        let keys = pair.map(|party| (party, Keys::of(party, self, roots, now)));
        let evidence = Evidence { shelf: self, keys: BTreeMap::from(keys), now };
        let mut needs = Vec::new();
        for (path, signers) in self.foundations(pair, own) {
            let digest = Digest::of(&[self.files().text(path).unwrap_or_default().as_bytes()]);
            needs.extend(signers.into_iter().map(|by| {
                let state = evidence.of_file(path, Some(digest), by);
                Need { what: Subject::File(path.to_owned()), by, state }
            }));
        }
        needs.extend(evidence.of_the_vanished(pair, own));
        needs.extend(evidence.of_the_removed(pair, own));
        let pin = self.catalog().rule(a, b, on).pin();
        let accepted = evidence.of_pin(pair, on, pin);
        needs.extend(accepted.into_iter().map(|(by, state)| Need { what: Subject::Pin(on, pin), by, state }));
        Standing { pair, on, pin, needs }
    }
}

impl Shelf {
    /// Whether `by` has signed the file at `path` as it is here.
    pub fn file_need(&self, path: &str, by: PartyId, roots: &dyn Roots, now: Timestamp) -> Need {
        let keys = BTreeMap::from([(by, Keys::of(by, self, roots, now))]);
        let digest = self.files().text(path).map(|text| Digest::of(&[text.as_bytes()]));
        let state = Evidence { shelf: self, keys, now }.of_file(path, digest, by);
        Need { what: Subject::File(path.to_owned()), by, state }
    }

    /// Whether `by` has signed that the file with this digest is taken out.
    pub fn removal_need(&self, path: &str, sha256: Digest, by: PartyId, roots: &dyn Roots, now: Timestamp) -> Need {
        let keys = BTreeMap::from([(by, Keys::of(by, self, roots, now))]);
        let state = match (Evidence { shelf: self, keys, now }).removal(path, by) {
            Ok(Some(statement)) if statement.sha256 == sha256 => State::Signed(statement.signed),
            Ok(Some(statement)) => State::Bad(format!("what {by} took out on {} is another text", statement.signed)),
            Ok(None) => State::Missing(None),
            Err(why) => State::Bad(why),
        };
        Need { what: Subject::Removal(path.to_owned()), by, state }
    }
}

/// The notes of a folder, and the keys of two states.
struct Evidence<'a> {
    shelf: &'a Shelf,
    keys: BTreeMap<PartyId, Keys>,
    now: Timestamp,
}

/// What a note says for one party.
enum Word {
    /// It has no line of the party.
    Silent,
    /// Its line holds.
    Given(String, Date),
    /// There is a line, and it cannot be believed.
    Doubtful(String),
}

impl<'a> Evidence<'a> {
    /// The notes for which a file is signed.
    fn notes(&self, path: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let shelf = self.shelf;
        shelf.index().signed(path).iter().filter_map(|name| Some((name.as_str(), shelf.files().text(name)?)))
    }

    fn verifiers(&self, party: PartyId) -> &[TreatyVerifier] {
        self.keys.get(&party).map(|keys| keys.verifiers.as_slice()).unwrap_or_default()
    }

    fn word(&self, note: &str, party: PartyId) -> Word {
        if !has_line_of(note, party) {
            return Word::Silent;
        }
        match verify_note(note, self.verifiers(party), self.now) {
            Ok(verified) => Word::Given(verified.text().to_owned(), verified.signed()),
            Err(denial) => {
                let trouble = self.keys.get(&party).map(|keys| keys.trouble.join("; ")).unwrap_or_default();
                let more = if trouble.is_empty() { String::new() } else { format!(" ({trouble})") };
                Word::Doubtful(format!("{denial}{more}"))
            }
        }
    }

    /// What `by` has signed of a file; `digest` is `None` where the file is gone.
    fn of_file(&self, path: &str, digest: Option<Digest>, by: PartyId) -> State {
        let mut doubt = None;
        for (name, note) in self.notes(path) {
            match self.word(note, by) {
                Word::Silent => {}
                Word::Doubtful(why) => doubt = Some(format!("{name}: {why}")),
                Word::Given(text, signed) => match text.parse::<FileStatement>() {
                    Ok(statement) if statement.path != path || statement.version != version_of(path) => {
                        let of = format!("{} in version {}", statement.path, statement.version);
                        doubt = Some(format!("{name} is about {of}"));
                    }
                    Ok(statement) if Some(statement.sha256) == digest => return State::Signed(signed),
                    Ok(_) => doubt = Some(format!("the file was altered after it was signed on {signed}")),
                    Err(error) => doubt = Some(format!("{name}: {error}")),
                },
            }
        }
        doubt.map_or(State::Missing(None), State::Bad)
    }

    /// Files that one of the pair has signed and that are not there any more: somebody took them away.
    fn of_the_vanished(&self, pair: [PartyId; 2], own: Option<PartyId>) -> Vec<Need> {
        let mut needs: Vec<Need> = Vec::new();
        for path in self.shelf.index().vanished() {
            for by in self.shelf.signers_within(path, pair, own) {
                // A line that does not hold proves nothing about a file that is not there.
                if !self.is_missed(path, by) {
                    continue;
                }
                let state = State::Bad("the file is signed, and it is not there".to_owned());
                needs.push(Need { what: Subject::File(path.to_owned()), by, state });
            }
        }
        needs
    }

    /// Whether `by` has signed the file that is gone, and has not taken out this text of it since.
    fn is_missed(&self, path: &str, by: PartyId) -> bool {
        let removal = self.removal(path, by).ok().flatten();
        self.notes(path).any(|(_, note)| match self.word(note, by) {
            Word::Given(text, signed) => {
                let sha256 = text.parse::<FileStatement>().ok().map(|statement| statement.sha256);
                !removal.as_ref().is_some_and(|out| Some(out.sha256) == sha256 && out.signed >= signed)
            }
            _ => false,
        })
    }

    /// Files that one of the pair has taken out, as it has signed. What does not hold proves nothing, and is not told.
    fn of_the_removed(&self, pair: [PartyId; 2], own: Option<PartyId>) -> Vec<Need> {
        let mut needs = Vec::new();
        for path in self.shelf.index().removed().filter(|path| self.shelf.files().text(path).is_none()) {
            let who = match layer(path) {
                Some(Layer::Party(party)) if pair.contains(&party) => vec![party],
                Some(Layer::National(party)) if own == Some(party) => vec![party],
                Some(Layer::Overlay(parties)) if parties == pair => pair.to_vec(),
                Some(Layer::Instrument) => pair.to_vec(),
                _ => Vec::new(),
            };
            needs.extend(who.into_iter().filter_map(|by| {
                let state = State::Signed(self.removal(path, by).ok()??.signed);
                Some(Need { what: Subject::Removal(path.to_owned()), by, state })
            }));
        }
        needs
    }

    /// What `by` has signed of the removal of a file; why where its line cannot be believed.
    fn removal(&self, path: &str, by: PartyId) -> Result<Option<RemovalStatement>, String> {
        let note = self.shelf.index().removal(path).and_then(|name| Some((name, self.shelf.files().text(name)?)));
        let Some((name, note)) = note else { return Ok(None) };
        match self.word(note, by) {
            Word::Silent => Ok(None),
            Word::Doubtful(why) => Err(format!("{name}: {why}")),
            Word::Given(text, _) => match text.parse::<RemovalStatement>() {
                Ok(statement) if statement.path == path && statement.version == version_of(path) => Ok(Some(statement)),
                Ok(statement) => Err(format!("{name} is about {} in version {}", statement.path, statement.version)),
                Err(error) => Err(format!("{name}: {error}")),
            },
        }
    }

    /// Whether both have accepted the pin for the day. Of the acceptances that both have signed and that have begun by that day
    /// the newest counts alone: an older one must not bring back what was replaced.
    fn of_pin(&self, pair: [PartyId; 2], on: Date, pin: Pin) -> Vec<(PartyId, State)> {
        let notes: Vec<Acceptance> = self.acceptances(pair);
        let begun = |one: &&Acceptance| one.first() <= Some(on);
        let newest = notes.iter().filter(|one| one.is_whole()).filter(begun).max_by_key(|one| (one.signed, one.rank));
        if let Some(newest) = newest {
            let state = match newest.pin(on) {
                Some(accepted) if accepted == pin => State::Signed(newest.signed),
                accepted => State::Missing(Some(format!(
                    "both accepted {} on {}, the files here give another rule",
                    accepted.map_or_else(|| "no pin".to_owned(), |pin| format!("pin {}", pin.short())),
                    newest.signed
                ))),
            };
            // One that is being signed may bring the pin.
            let half = notes.iter().find(|one| one.pin(on) == Some(pin) && !one.is_whole());
            if let (State::Missing(_), Some(half)) = (&state, half) {
                return pair.map(|party| (party, half.state(party))).to_vec();
            }
            return pair.map(|party| (party, state.clone())).to_vec();
        }
        let half = notes.iter().filter(|one| one.pin(on) == Some(pin)).max_by_key(|one| one.given.len());
        let any = half.or_else(|| notes.iter().find(|one| !one.doubtful.is_empty()));
        pair.map(|party| (party, any.map_or(State::Missing(None), |one| one.state(party)))).to_vec()
    }

    fn acceptances(&self, pair: [PartyId; 2]) -> Vec<Acceptance> {
        let mut found = Vec::new();
        for (number, name) in self.shelf.index().accepted(pair) {
            let note = self.shelf.files().text(name).unwrap_or_default();
            // The newest has no number.
            let mut acceptance = Acceptance { rank: number.unwrap_or(usize::MAX), ..Acceptance::default() };
            for party in pair {
                match self.word(note, party) {
                    Word::Silent => {}
                    Word::Doubtful(why) => drop(acceptance.doubtful.insert(party, format!("{name}: {why}"))),
                    Word::Given(text, signed) => match text.parse::<AcceptanceStatement>() {
                        Ok(statement) if statement.pair == pair => {
                            acceptance.pins = statement.pins;
                            acceptance.signed = signed;
                            acceptance.given.push(party);
                        }
                        Ok(_) => drop(acceptance.doubtful.insert(party, format!("{name} is about another pair"))),
                        Err(error) => drop(acceptance.doubtful.insert(party, format!("{name}: {error}"))),
                    },
                }
            }
            found.push(acceptance);
        }
        found
    }
}

#[derive(Default)]
struct Acceptance {
    rank: usize,
    pins: Vec<(Date, Pin)>,
    signed: Date,
    given: Vec<PartyId>,
    doubtful: BTreeMap<PartyId, String>,
}

impl Acceptance {
    /// Whether both have signed it, and nothing in it is doubtful.
    fn is_whole(&self) -> bool {
        self.given.len() == 2
    }

    fn first(&self) -> Option<Date> {
        self.pins.first().map(|(from, _)| *from)
    }

    /// The pin that holds on a day.
    fn pin(&self, on: Date) -> Option<Pin> {
        self.pins.iter().rev().find(|(from, _)| *from <= on).map(|(_, pin)| *pin)
    }

    fn state(&self, party: PartyId) -> State {
        match self.doubtful.get(&party) {
            Some(why) => State::Bad(why.clone()),
            None if self.given.contains(&party) => State::Signed(self.signed),
            None => State::Missing(None),
        }
    }
}

/// Whether a note has a line in the name of the party's treaty key. It proves nothing.
fn has_line_of(note: &str, party: PartyId) -> bool {
    let name = format!("\u{2014} {}/treaty ", party_zone(party));
    note.lines().any(|line| line.starts_with(&name))
}
