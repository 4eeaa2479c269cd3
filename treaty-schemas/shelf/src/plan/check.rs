//! Whether a plan says what follows from its files. A signer asks before it signs, and who applies asks again.

use std::collections::BTreeSet;

use identity::treaty::FileStatement;
use model::{Digest, PartyId};

use super::{
    Change, FORMAT, Plan, PlanError, PlannedFile, PlannedNote,
    fit::expect_fit,
    make::{acceptance, planned_pair, private, removal_text, shared, text_of},
};
use crate::{
    address::{Layer, acceptance_path, accepted_pair, layer, removal_path, removed_file, signed_file, version_of},
    files::Files,
    index::Index,
    shelf::Shelf,
};

impl Plan {
    /// Computes again what the plan says: digests, versions, changes, pins, statements, who signs. It does not tell whether signatures
    /// hold, nor whether the plan starts from the reader's own catalogue: see [`Plan::check_against`].
    pub fn check(&self) -> Result<(), PlanError> {
        if self.format_version != FORMAT {
            return altered(format!("its format_version is {}", self.format_version));
        }
        let mut paths = BTreeSet::new();
        for file in &self.files {
            self.check_file(file)?;
            if !paths.insert(&file.path) {
                return altered(format!("{} stands there twice", file.path));
            }
        }
        if self.origin().digest() != self.base {
            return altered("it does not start from the files that it says it starts from".to_owned());
        }
        // A national file alone is no catalogue; it is loaded beside the others when it is applied.
        let shelves = match self.national {
            Some(_) => None,
            None => Some(Both { before: Shelf::of(self.origin())?, after: Shelf::of(self.contents())? }),
        };
        let mut places = BTreeSet::new();
        for note in &self.notes {
            if !places.insert(&note.path) {
                return altered(format!("{} stands there twice", note.path));
            }
            if note.note.as_ref().is_some_and(|signed| text_of(signed) != note.text) {
                return altered(format!("{} carries another text than the one to be signed", note.path));
            }
            self.check_note(note, shelves.as_ref())?;
        }
        for planned in &self.pairs {
            let [a, b] = planned.pair;
            if !places.contains(&acceptance_path(planned.pair, None)) {
                return altered(format!("{a}-{b} has nothing to accept"));
            }
            let again =
                shelves.as_ref().map(|both| planned_pair(&both.before, &both.after, planned.pair, self.effective));
            if again.as_ref() != Some(planned) {
                return altered(format!("what it says to change between {a} and {b} does not follow from its files"));
            }
        }
        for file in self.files.iter().filter(|file| file.change == Change::Removed) {
            if self.national.is_some() && !places.contains(&removal_path(&file.path)) {
                return altered(format!("{} goes, and nobody signs for it", file.path));
            }
        }
        Ok(())
    }

    /// Whether it starts from this catalogue, and may be written over it; and what [`Plan::check`] tells. What the plan says to change is
    /// then what changes here.
    pub fn check_against(&self, base: &Files) -> Result<(), PlanError> {
        let found = self.start(base).digest();
        if found != self.base {
            return Err(PlanError::Stale { base: self.base.to_string(), found: found.to_string() });
        }
        self.check()?;
        let beside = if self.national.is_some() { shared(base) } else { Files::default() };
        let after = Shelf::of(Files(beside.0.into_iter().chain(self.contents().0).collect()))?;
        expect_fit(&self.files, after.catalog(), self.created, Index::of(base).has_notes())
    }

    /// Whether a catalogue holds already what the plan leads to: it was applied, perhaps before all had signed.
    pub fn is_applied_to(&self, base: &Files) -> bool {
        self.start(base).digest() == self.contents().digest() && self.accepts_the_same(base)
    }

    /// Whether no pair of the plan has accepted anything else.
    fn accepts_the_same(&self, base: &Files) -> bool {
        let acceptances = self.notes.iter().filter(|note| accepted_pair(&note.path).is_some());
        let mut there = acceptances.filter_map(|note| Some((note, base.text(&note.path)?)));
        there.all(|(note, before)| text_of(before) == note.text)
    }

    /// The files of a catalogue that the plan is about.
    fn start(&self, base: &Files) -> Files {
        match self.national {
            None => shared(base),
            Some(party) => private(base, party),
        }
    }

    /// The treaty files that it leads to.
    pub(crate) fn contents(&self) -> Files {
        Files::of(self.files.iter().filter_map(|file| Some((file.path.clone(), file.text.clone()?))))
    }

    /// The treaty files that it starts from.
    fn origin(&self) -> Files {
        let before = |file: &PlannedFile| match file.change {
            Change::New => None,
            Change::Kept => file.text.clone(),
            Change::Changed | Change::Removed => file.before.clone(),
        };
        Files::of(self.files.iter().filter_map(|file| Some((file.path.clone(), before(file)?))))
    }

    fn check_note(&self, note: &PlannedNote, shelves: Option<&Both>) -> Result<(), PlanError> {
        if let Some(path) = signed_file(&note.path) {
            return self.check_statement(note, path, shelves);
        }
        if let Some(path) = removed_file(&note.path) {
            return self.check_removal(note, path, shelves);
        }
        match (accepted_pair(&note.path), shelves) {
            (Some((pair, None)), Some(_)) => self.check_acceptance(note, pair),
            _ => altered(format!("{} is no place of a note", note.path)),
        }
    }

    fn check_file(&self, file: &PlannedFile) -> Result<(), PlanError> {
        let wrong = match (&file.text, file.change) {
            (None, Change::Removed) => None,
            (None, _) => Some("has no text"),
            (Some(_), Change::Removed) => Some("goes, and has a text"),
            (Some(text), _) if Digest::of(&[text.as_bytes()]) != file.sha256 => Some("has another digest"),
            (Some(text), Change::Changed) if file.before.as_ref() == Some(text) => Some("does not change"),
            _ => None,
        };
        let gone = || file.before.as_ref().map(|text| Digest::of(&[text.as_bytes()]));
        let wrong = match (&file.before, file.change) {
            (Some(_), Change::New | Change::Kept) => Some("was not another text before"),
            (None, Change::Changed | Change::Removed) => Some("was something before that is not told"),
            (Some(_), Change::Removed) if gone() != Some(file.sha256) => Some("goes, and was another text"),
            _ => wrong,
        };
        let national = match layer(&file.path) {
            Some(Layer::National(party)) => Some(party),
            Some(_) => None,
            None => return altered(format!("{} is no path of a treaty file", file.path)),
        };
        if let Some(wrong) = wrong {
            return altered(format!("{} {wrong}", file.path));
        }
        if national != self.national || file.version != version_of(&file.path) {
            return altered(format!("{} does not belong there", file.path));
        }
        Ok(())
    }

    fn check_statement(&self, note: &PlannedNote, path: &str, shelves: Option<&Both>) -> Result<(), PlanError> {
        let Some(file) = self.files.iter().find(|file| file.path == path && file.text.is_some()) else {
            return altered(format!("{} is about a file that is not there", note.path));
        };
        let expected =
            FileStatement { path: path.to_owned(), version: file.version, sha256: file.sha256, signed: self.created };
        let expected = expected.to_text().map_err(|error| PlanError::Altered(error.to_string()))?;
        let may = answering(path, shelves.map(|both| &both.after));
        if note.text != expected || note.signers.is_empty() || !note.signers.iter().all(|party| may.contains(party)) {
            return altered(format!("{} does not say what {path} is, or is not its signers' to sign", note.path));
        }
        Ok(())
    }

    fn check_removal(&self, note: &PlannedNote, path: &str, shelves: Option<&Both>) -> Result<(), PlanError> {
        let removed = |file: &&PlannedFile| file.path == path && file.change == Change::Removed;
        let Some(file) = self.files.iter().find(removed) else {
            return altered(format!("{} is about a file that does not go", note.path));
        };
        let may = answering(path, shelves.map(|both| &both.before));
        let theirs = !note.signers.is_empty() && note.signers.iter().all(|party| may.contains(party));
        if note.text != removal_text(file, self.created)? || !theirs {
            return altered(format!("{} does not say that {path} goes, or is not its signers' to sign", note.path));
        }
        Ok(())
    }

    fn check_acceptance(&self, note: &PlannedNote, pair: [PartyId; 2]) -> Result<(), PlanError> {
        let [a, b] = pair;
        // That the pins are those of the files is asked of each pair.
        let planned = self.pairs.iter().find(|planned| planned.pair == pair);
        let text = planned.map(|planned| acceptance(pair, &planned.pins, self.created)).transpose()?;
        if text.is_none_or(|expected| note.text != expected.text) || note.signers != pair {
            return altered(format!("the pins between {a} and {b} are not those of the files"));
        }
        Ok(())
    }
}

/// The catalogue that a plan starts from, and the one that it leads to.
struct Both {
    before: Shelf,
    after: Shelf,
}

/// Who may answer for a file.
fn answering(path: &str, shelf: Option<&Shelf>) -> BTreeSet<PartyId> {
    match (layer(path), shelf) {
        (Some(Layer::Party(party) | Layer::National(party)), _) => BTreeSet::from([party]),
        (Some(Layer::Overlay(pair)), _) => BTreeSet::from(pair),
        (Some(Layer::Instrument), Some(shelf)) => shelf.users(path),
        _ => BTreeSet::new(),
    }
}

fn altered<T>(what: String) -> Result<T, PlanError> {
    Err(PlanError::Altered(what))
}
