//! Whether a plan says what follows from its files. A signer asks before it signs, and who applies asks again.

use std::collections::BTreeSet;

use identity::treaty::{AcceptanceStatement, FileStatement};
use jiff::civil::Date;
use model::{Digest, PartyId};

use super::{
    Change, FORMAT, Plan, PlanError, PlannedFile, PlannedNote,
    make::{shared, text_of},
};
use crate::{
    address::{Layer, accepted_pair, layer, signed_file, version_of},
    files::Files,
    shelf::Shelf,
};

impl Plan {
    /// Computes again what the plan says: digests, versions, pins, statements, who signs. It does not tell whether signatures hold, nor
    /// what the files change against another catalogue.
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
        // A national file alone is no catalogue; it is loaded beside the others when it is applied.
        let shelf = if self.national.is_some() { None } else { Some(Shelf::of(self.contents())?) };
        let mut places = BTreeSet::new();
        for note in &self.notes {
            if !places.insert(&note.path) {
                return altered(format!("{} stands there twice", note.path));
            }
            if note.note.as_ref().is_some_and(|signed| text_of(signed) != note.text) {
                return altered(format!("{} carries another text than the one to be signed", note.path));
            }
            match (signed_file(&note.path), accepted_pair(&note.path), &shelf) {
                (Some(path), ..) => self.check_statement(note, path, shelf.as_ref())?,
                (_, Some((pair, None)), Some(shelf)) => self.check_acceptance(note, pair, shelf)?,
                _ => return altered(format!("{} is no place of a note", note.path)),
            }
        }
        for planned in &self.pairs {
            if !self.notes.iter().any(|note| accepted_pair(&note.path) == Some((planned.pair, None))) {
                return altered(format!("{}-{} has nothing to accept", planned.pair[0], planned.pair[1]));
            }
        }
        Ok(())
    }

    /// Computes again what the plan changes against the catalogue that it starts from, and who signs; see [`Plan::check`].
    pub fn check_against(&self, base: &Files) -> Result<(), PlanError> {
        let found = shared(base).digest();
        if found != self.base {
            return Err(PlanError::Stale { base: self.base.to_string(), found: found.to_string() });
        }
        let pairs: Vec<_> = self.pairs.iter().map(|planned| planned.pair).collect();
        let again = Self::of(base, &self.contents(), self.created, self.effective, Some(&pairs))?;
        if again.files != self.files || again.pairs != self.pairs {
            return altered("its changes are not those against this catalogue".to_owned());
        }
        Ok(())
    }

    /// The treaty files that it leads to.
    pub(crate) fn contents(&self) -> Files {
        Files::of(self.files.iter().filter_map(|file| Some((file.path.clone(), file.text.clone()?))))
    }

    fn check_file(&self, file: &PlannedFile) -> Result<(), PlanError> {
        let wrong = match (&file.text, file.change) {
            (None, Change::Removed) => None,
            (None, _) => Some("has no text"),
            (Some(_), Change::Removed) => Some("goes, and has a text"),
            (Some(text), _) if Digest::of(&[text.as_bytes()]) != file.sha256 => Some("has another digest"),
            _ => None,
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

    fn check_statement(&self, note: &PlannedNote, path: &str, shelf: Option<&Shelf>) -> Result<(), PlanError> {
        let Some(file) = self.files.iter().find(|file| file.path == path && file.text.is_some()) else {
            return altered(format!("{} is about a file that is not there", note.path));
        };
        let expected =
            FileStatement { path: path.to_owned(), version: file.version, sha256: file.sha256, signed: self.created };
        let expected = expected.to_text().map_err(|error| PlanError::Altered(error.to_string()))?;
        let may: BTreeSet<PartyId> = match (layer(path), shelf) {
            (Some(Layer::Party(party) | Layer::National(party)), _) => BTreeSet::from([party]),
            (Some(Layer::Overlay(pair)), _) => BTreeSet::from(pair),
            (Some(Layer::Instrument), Some(shelf)) => shelf.users(path),
            _ => BTreeSet::new(),
        };
        if note.text != expected || note.signers.is_empty() || !note.signers.iter().all(|party| may.contains(party)) {
            return altered(format!("{} does not say what {path} is, or is not its signers' to sign", note.path));
        }
        Ok(())
    }

    fn check_acceptance(&self, note: &PlannedNote, pair: [PartyId; 2], shelf: &Shelf) -> Result<(), PlanError> {
        let [a, b] = pair;
        let pins = shelf.catalog().pins(a, b, self.effective, Date::MAX);
        let planned = self.pairs.iter().find(|planned| planned.pair == pair).is_some_and(|one| one.pins == pins);
        let expected = AcceptanceStatement { pair, pins, signed: self.created };
        let expected = expected.to_text().map_err(|error| PlanError::Altered(error.to_string()))?;
        if !planned || note.text != expected || note.signers != pair {
            return altered(format!("the pins between {a} and {b} are not those of the files"));
        }
        Ok(())
    }
}

fn altered<T>(what: String) -> Result<T, PlanError> {
    Err(PlanError::Altered(what))
}
