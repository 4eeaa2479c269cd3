//! What a plan follows from: the catalogue before, the catalogue after, a day.

use std::collections::{BTreeMap, BTreeSet};

use identity::{
    party_zone,
    treaty::{AcceptanceStatement, FileStatement, RemovalStatement},
};
use jiff::civil::Date;
use model::{Digest, PartyId, Pin};

use super::{Change, FORMAT, Plan, PlanError, PlannedDay, PlannedFile, PlannedNote, PlannedPair, fit::expect_fit};
use crate::{
    address::{Layer, acceptance_path, layer, ordered, removal_path, signature_path, version_of},
    files::Files,
    index::Index,
    shelf::Shelf,
    timeline::changes_by_day,
};

impl Plan {
    /// The plan that leads from `base` to `new`: both as read from their folders, `base` empty for a first catalogue. Statements are of
    /// the day `created`, pins are accepted from `effective` on. `pairs` limits the pairs that sign to those named; by default it is
    /// every pair that has, or had, something to ask of each other.
    pub fn of(
        base: &Files,
        new: &Files,
        created: Date,
        effective: Date,
        pairs: Option<&[[PartyId; 2]]>,
    ) -> Result<Self, PlanError> {
        let (before, after) = (Shelf::of(shared(base))?, Shelf::of(shared(new))?);
        let files = planned(before.files(), after.files());
        let index = Index::of(base);
        expect_fit(&files, after.catalog(), created, index.has_notes())?;
        let wanted = wanted(&before, &after, effective, pairs)?;
        let mut notes = file_notes(base, &index, &after, &wanted, created)?;
        notes.extend(removal_notes(base, &index, &files, created)?);
        let mut planned_pairs = Vec::new();
        for pair in wanted {
            let planned = planned_pair(&before, &after, pair, effective);
            if !is_accepted(base, pair, &planned.pins) {
                notes.push(acceptance(pair, &planned.pins, created)?);
                planned_pairs.push(planned);
            }
        }
        let plan = Self {
            format_version: FORMAT,
            created,
            effective,
            national: None,
            base: before.files().digest(),
            files,
            pairs: planned_pairs,
            notes,
            keys: BTreeMap::new(),
        };
        plan.unless_nothing()
    }

    /// The same for the national layer of `party` alone, which nobody else sees.
    pub fn of_national(base: &Files, new: &Files, created: Date, party: PartyId) -> Result<Self, PlanError> {
        let (before, after) = (private(base, party), private(new, party));
        // Whether it only restricts can be told beside the files that it restricts.
        let whole = Files(shared(base).0.into_iter().chain(after.0.clone()).collect());
        let index = Index::of(base);
        let files = planned(&before, &after);
        expect_fit(&files, Shelf::of(whole)?.catalog(), created, index.has_notes())?;
        let mut notes = removal_notes(base, &index, &files, created)?;
        for (path, text) in after.treaty() {
            let signed = claimed(base, &index, path, Digest::of(&[text.as_bytes()]));
            if !signed.contains(&party) {
                notes.push(file_note(base, path, text, vec![party], created)?);
            }
        }
        let plan = Self {
            format_version: FORMAT,
            created,
            effective: created,
            national: Some(party),
            base: before.digest(),
            files,
            pairs: Vec::new(),
            notes,
            keys: BTreeMap::new(),
        };
        plan.unless_nothing()
    }

    fn unless_nothing(self) -> Result<Self, PlanError> {
        let idle = self.notes.is_empty() && self.files.iter().all(|file| file.change == Change::Kept);
        if idle { Err(PlanError::Nothing) } else { Ok(self) }
    }
}

/// The treaty files that states share.
pub(crate) fn shared(files: &Files) -> Files {
    select(files, |layer| !matches!(layer, Layer::National(_)))
}

/// The national files of a party.
pub(crate) fn private(files: &Files, party: PartyId) -> Files {
    select(files, |layer| layer == Layer::National(party))
}

fn select(files: &Files, wanted: impl Fn(Layer) -> bool) -> Files {
    // What has no layer is no treaty file; the library says so when it loads the rest.
    let kept = files.treaty().filter(|(path, _)| layer(path).is_none_or(&wanted));
    Files::of(kept.map(|(path, text)| (path.to_owned(), text.to_owned())))
}

fn planned(before: &Files, after: &Files) -> Vec<PlannedFile> {
    let digest = |text: &str| Digest::of(&[text.as_bytes()]);
    let file = |path: &str, change, text: &str, kept: bool| PlannedFile {
        path: path.to_owned(),
        change,
        version: version_of(path),
        sha256: digest(text),
        text: kept.then(|| text.to_owned()),
        before: before.text(path).filter(|_| change != Change::Kept).map(str::to_owned),
    };
    let mut files: Vec<_> = after
        .treaty()
        .map(|(path, text)| {
            let change = match before.text(path) {
                None => Change::New,
                Some(old) if old == text => Change::Kept,
                Some(_) => Change::Changed,
            };
            file(path, change, text, true)
        })
        .collect();
    let gone = before.treaty().filter(|(path, _)| after.text(path).is_none());
    files.extend(gone.map(|(path, text)| file(path, Change::Removed, text, false)));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The pairs that have to agree.
fn wanted(
    before: &Shelf,
    after: &Shelf,
    effective: Date,
    pairs: Option<&[[PartyId; 2]]>,
) -> Result<Vec<[PartyId; 2]>, PlanError> {
    let parties: BTreeSet<PartyId> =
        [before, after].iter().flat_map(|shelf| shelf.catalog().parties().map(|(party, _)| party)).collect();
    if let Some(pairs) = pairs {
        if let Some(unknown) = pairs.iter().flatten().find(|party| !parties.contains(party)) {
            return Err(PlanError::Unknown(format!("{unknown} has no file parties/{unknown}.toml")));
        }
        return Ok(pairs.iter().map(|[a, b]| ordered(*a, *b)).collect::<BTreeSet<_>>().into_iter().collect());
    }
    let asks = |shelf: &Shelf, [a, b]: [PartyId; 2]| {
        if !shelf.shares_an_instrument([a, b]) {
            return false;
        }
        let days = shelf.catalog().timeline(a, b).into_iter().filter(|day| *day > effective);
        std::iter::once(effective).chain(days).any(|day| !shelf.catalog().rule(a, b, day).is_empty())
    };
    let all = parties.iter().flat_map(|a| parties.range(a..).skip(1).map(move |b| [*a, *b]));
    Ok(all.filter(|pair| asks(after, *pair) || asks(before, *pair)).collect())
}

/// A note for each file that one who must sign it has not signed yet.
fn file_notes(
    base: &Files,
    index: &Index,
    after: &Shelf,
    pairs: &[[PartyId; 2]],
    created: Date,
) -> Result<Vec<PlannedNote>, PlanError> {
    let mut notes = Vec::new();
    let pairs: BTreeSet<_> = pairs.iter().copied().collect();
    for (path, text) in after.files().treaty() {
        let signed = claimed(base, index, path, Digest::of(&[text.as_bytes()]));
        let signers = after.signers_among(path, &pairs);
        let missing: Vec<_> = signers.difference(&signed).copied().collect();
        if !missing.is_empty() {
            notes.push(file_note(base, path, text, missing, created)?);
        }
    }
    Ok(notes)
}

/// A note for each file that goes.
fn removal_notes(
    base: &Files,
    index: &Index,
    files: &[PlannedFile],
    created: Date,
) -> Result<Vec<PlannedNote>, PlanError> {
    let mut notes = Vec::new();
    for file in files.iter().filter(|file| file.change == Change::Removed) {
        let signers = removal_signers(base, index, &file.path, file.sha256);
        if !signers.is_empty() {
            let signers = signers.into_iter().collect();
            notes.push(PlannedNote {
                path: removal_path(&file.path),
                text: removal_text(file, created)?,
                signers,
                note: None,
            });
        }
    }
    Ok(notes)
}

/// What is signed of a file that goes.
pub(super) fn removal_text(file: &PlannedFile, created: Date) -> Result<String, PlanError> {
    let PlannedFile { path, version, sha256, .. } = file;
    let statement = RemovalStatement { path: path.clone(), version: *version, sha256: *sha256, signed: created };
    statement.to_text().map_err(|error| PlanError::Altered(error.to_string()))
}

/// Who must sign that a file goes: who has answered for it, and a national layer's own state always.
pub(crate) fn removal_signers(base: &Files, index: &Index, path: &str, sha256: Digest) -> BTreeSet<PartyId> {
    let mut signers = claimed(base, index, path, sha256);
    if let Some(Layer::National(party)) = layer(path) {
        signers.insert(party);
    }
    signers
}

/// What changes for a pair from a day on, and what it accepts.
pub(super) fn planned_pair(before: &Shelf, after: &Shelf, pair: [PartyId; 2], effective: Date) -> PlannedPair {
    let [a, b] = pair;
    let days = changes_by_day(before.catalog(), after.catalog(), pair, effective, true);
    let changes = days.iter().map(|day| PlannedDay { from: day.from, sentences: day.sentences() }).collect();
    let pins = after.catalog().pins(a, b, effective, Date::MAX);
    PlannedPair { pair, changes, before: before.catalog().rule(a, b, effective).pin(), pins }
}

fn file_note(
    base: &Files,
    path: &str,
    text: &str,
    signers: Vec<PartyId>,
    created: Date,
) -> Result<PlannedNote, PlanError> {
    let sha256 = Digest::of(&[text.as_bytes()]);
    let statement = FileStatement { path: path.to_owned(), version: version_of(path), sha256, signed: created };
    let statement = statement.to_text().map_err(|error| PlanError::Altered(error.to_string()))?;
    // Notes of another text of the file go when the plan is applied.
    let taken = |number: &usize| {
        let note = base.text(&signature_path(path, *number));
        note.is_some_and(|note| statement_of(note).is_some_and(|found| found.sha256 == sha256))
    };
    let number = (1..).find(|number| !taken(number)).unwrap_or(1);
    Ok(PlannedNote { path: signature_path(path, number), text: statement, signers, note: None })
}

pub(super) fn acceptance(pair: [PartyId; 2], pins: &[(Date, Pin)], created: Date) -> Result<PlannedNote, PlanError> {
    let statement = AcceptanceStatement { pair, pins: pins.to_vec(), signed: created };
    let text = statement.to_text().map_err(|error| PlanError::Altered(error.to_string()))?;
    Ok(PlannedNote { path: acceptance_path(pair, None), text, signers: pair.to_vec(), note: None })
}

/// Who has a line below a statement on this text of the file. Whether the lines hold is asked when a plan is applied.
fn claimed(base: &Files, index: &Index, path: &str, sha256: Digest) -> BTreeSet<PartyId> {
    let notes = index.signed(path).iter().filter_map(|name| base.text(name));
    let of_this = |note: &&str| statement_of(note).is_some_and(|found| found.path == path && found.sha256 == sha256);
    notes.filter(of_this).flat_map(lines).collect()
}

/// Whether both have a line below an acceptance of exactly these pins, from the first day on.
fn is_accepted(base: &Files, pair: [PartyId; 2], pins: &[(Date, Pin)]) -> bool {
    let Some(note) = base.text(&acceptance_path(pair, None)) else { return false };
    let Ok(statement) = text_of(note).parse::<AcceptanceStatement>() else { return false };
    let Some((from, _)) = pins.first() else { return false };
    let first = statement.pins.iter().rposition(|(day, _)| day <= from);
    let accepted = first.and_then(|first| statement.pins.get(first..)).unwrap_or_default();
    let same = accepted.len() == pins.len()
        && accepted.iter().zip(pins).enumerate().all(|(i, (a, b))| a.1 == b.1 && (i == 0 || a.0 == b.0));
    let signed = lines(note);
    same && statement.pair == pair && pair.iter().all(|party| signed.contains(party))
}

pub(crate) fn statement_of(note: &str) -> Option<FileStatement> {
    text_of(note).parse().ok()
}

/// What stands above the signatures. A statement has no empty line.
pub(crate) fn text_of(note: &str) -> &str {
    note.find("\n\n").and_then(|end| note.get(..=end)).unwrap_or(note)
}

pub(super) fn lines(note: &str) -> BTreeSet<PartyId> {
    let names = note.lines().filter_map(|line| line.strip_prefix("\u{2014} ")?.split_once("/treaty ").map(|(n, _)| n));
    let party = |name: &str| {
        let party: PartyId = name.get(..2)?.to_ascii_uppercase().parse().ok()?;
        (party_zone(party) == name).then_some(party)
    };
    names.filter_map(party).collect()
}
