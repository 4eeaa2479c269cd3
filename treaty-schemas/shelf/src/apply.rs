//! Putting a plan into force: the new catalogue is written whole beside the old one, and then both change places in one step of
//! the file system. A kill at any moment leaves the old or the new catalogue, never a mixture.

mod write;

use std::{collections::BTreeSet, fmt, path::Path};

use jiff::civil::Date;
use model::{Digest, PartyId, Timestamp};

use crate::{
    address::{Layer, acceptance_path, accepted_pair, key_path, layer, removal_path, removed_file, signed_file},
    error::ShelfError,
    files::Files,
    index::Index,
    keys::Roots,
    plan::{Change, Pause, Plan, PlanError, removal_signers, shared, text_of},
    shelf::Shelf,
    standing::{Need, State, Subject},
};

/// A signature that a plan, or a pair after it, lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Whom it concerns, as in `FR-JP`; `None`: the own party alone.
    pub pair: Option<[PartyId; 2]>,
    /// What is missing.
    pub need: Need,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pair {
            Some([a, b]) => write!(f, "{a}-{b}: {}", self.need),
            None => write!(f, "{}", self.need),
        }
    }
}

/// What was, or would be, done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The digest of the shared treaty files afterwards.
    pub catalogue: Digest,
    /// Paths that are written anew or changed.
    pub written: Vec<String>,
    /// Paths that go.
    pub removed: Vec<String>,
    /// What is still missing, where the plan was applied in part: these pairs refuse until it is there.
    pub missing: Vec<Missing>,
    /// The pairs that would be refused today although everything is signed.
    pub pauses: Vec<Pause>,
}

/// Applies a plan to the catalogue in `folder` (which need not exist when the plan is the first). Signatures are verified under
/// `roots`. With `partly`, what is not signed yet is left out, and its pairs go on refusing; what does not hold is refused always.
pub fn apply(
    plan: &Plan,
    folder: &Path,
    roots: &dyn Roots,
    now: Timestamp,
    partly: bool,
) -> Result<Applied, PlanError> {
    let _lock = write::lock(folder)?;
    let base = write::settle(folder)?;
    let (new, applied) = prepare(plan, &base, roots, now, partly)?;
    write::replace(folder, &base, &new)?;
    Ok(applied)
}

/// Tells what [`apply`] would do, and does nothing.
pub fn rehearse(
    plan: &Plan,
    folder: &Path,
    roots: &dyn Roots,
    now: Timestamp,
    partly: bool,
) -> Result<Applied, PlanError> {
    let base = match Files::read(folder) {
        Err(ShelfError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Files::default(),
        Err(ShelfError::NoCatalogue(_)) => Files::default(),
        read => read?,
    };
    prepare(plan, &base, roots, now, partly).map(|(_, applied)| applied)
}

fn prepare(
    plan: &Plan,
    base: &Files,
    roots: &dyn Roots,
    now: Timestamp,
    partly: bool,
) -> Result<(Files, Applied), PlanError> {
    // A plan that was applied in part is applied again when more have signed.
    match plan.check_against(base) {
        Err(PlanError::Stale { .. }) if plan.is_applied_to(base) => plan.check()?,
        checked => checked?,
    }
    let new = assemble(plan, base);
    let shelf = Shelf::of(new.clone())?;
    let missing = missing(plan, base, &shelf, roots, now);
    let (bad, unsigned): (Vec<_>, Vec<_>) =
        missing.into_iter().partition(|one| matches!(one.need.state, State::Bad(_)));
    if !bad.is_empty() {
        return Err(PlanError::Bad(bad));
    }
    // What goes without its owner's word cannot be told from what somebody took away.
    let goes = |one: &Missing| matches!(one.need.what, Subject::Removal(_));
    if (!partly && !unsigned.is_empty()) || unsigned.iter().any(goes) {
        return Err(PlanError::Unsigned(unsigned));
    }
    let written = new.0.iter().filter(|(path, text)| base.text(path) != Some(text)).map(|(path, _)| path.clone());
    let removed = base.0.keys().filter(|path| new.text(path).is_none()).cloned();
    let catalogue = shared(&new).digest();
    let pauses = plan.pauses(base, now.date().unwrap_or(Date::MAX))?;
    let applied =
        Applied { catalogue, written: written.collect(), removed: removed.collect(), missing: unsigned, pauses };
    Ok((new, applied))
}

/// Everything that the folder will hold.
fn assemble(plan: &Plan, base: &Files) -> Files {
    let mut new = Files::default();
    let outside = |path: &str| match (layer(path), plan.national) {
        (Some(Layer::National(party)), Some(own)) => party != own,
        (Some(Layer::National(_)), None) => true,
        (_, Some(_)) => true,
        (_, None) => false,
    };
    new.0.extend(base.treaty().filter(|(path, _)| outside(path)).map(owned));
    new.0.extend(plan.contents().0);
    for (path, text) in base.evidence() {
        // A note about another text of its file, or about a file that goes, has nothing to say any more.
        let speaks = signed_file(path).is_none_or(|file| new.text(file) == base.text(file));
        // A file that is there again was not taken out.
        if speaks && removed_file(path).is_none_or(|file| new.text(file).is_none()) {
            new.0.insert(path.to_owned(), text.to_owned());
        }
    }
    for note in &plan.notes {
        let Some(signed) = &note.note else { continue };
        let before = new.0.remove(&note.path);
        if let Some(before) = before.as_ref().filter(|before| text_of(before) == note.text) {
            // The same statement: the note that more have signed.
            let fuller = if before.lines().count() > signed.lines().count() { before } else { signed };
            new.0.insert(note.path.clone(), fuller.clone());
            continue;
        }
        if let (Some((pair, None)), Some(before)) = (accepted_pair(&note.path), before) {
            // It goes on holding for the days before the new one begins.
            let numbers = new.0.keys().filter_map(|path| accepted_pair(path).filter(|(of, _)| *of == pair)?.1);
            let next = numbers.max().unwrap_or(0) + 1;
            new.0.insert(acceptance_path(pair, Some(next)), before);
        }
        new.0.insert(note.path.clone(), signed.clone());
    }
    for (party, pem) in plan.keys.iter().flat_map(|(party, pems)| pems.iter().map(move |pem| (*party, pem))) {
        let known = (1..).map(|number| key_path(party, number)).take_while(|path| new.text(path).is_some()).count();
        let there =
            (1..=known).any(|number| new.text(&key_path(party, number)).is_some_and(|one| one.trim() == pem.trim()));
        if !there {
            new.0.insert(key_path(party, known + 1), pem.clone());
        }
    }
    new
}

fn owned((path, text): (&str, &str)) -> (String, String) {
    (path.to_owned(), text.to_owned())
}

/// What a gateway that requires signatures would miss after the plan, on its first day.
fn missing(plan: &Plan, base: &Files, shelf: &Shelf, roots: &dyn Roots, now: Timestamp) -> Vec<Missing> {
    let mut missing = Vec::new();
    let today = now.date().unwrap_or(Date::MAX);
    for [a, b] in plan.pairs.iter().map(|planned| planned.pair) {
        let standing = shelf.standing((a, b), plan.effective.max(today), None, roots, now);
        missing.extend(standing.unmet().map(|need| Missing { pair: Some([a, b]), need: need.clone() }));
    }
    // Files that pairs sign whose pins stay as they were.
    for note in &plan.notes {
        let Some(path) = signed_file(&note.path) else { continue };
        for by in &note.signers {
            let need = shelf.file_need(path, *by, roots, now);
            if !need.is_met() && missing.iter().all(|one| one.need != need) {
                missing.push(Missing { pair: None, need });
            }
        }
    }
    // Who answered for a file that goes is asked here, whatever the plan says.
    let index = Index::of(base);
    for file in plan.files.iter().filter(|file| file.change == Change::Removed) {
        let there = base.text(&file.path).is_some();
        let mut signers = if there { removal_signers(base, &index, &file.path, file.sha256) } else { BTreeSet::new() };
        signers
            .extend(plan.notes.iter().filter(|n| n.path == removal_path(&file.path)).flat_map(|n| n.signers.clone()));
        for by in signers {
            let need = shelf.removal_need(&file.path, file.sha256, by, roots, now);
            if !need.is_met() {
                missing.push(Missing { pair: None, need });
            }
        }
    }
    missing
}
