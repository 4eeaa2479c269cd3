//! Whether the files of a plan may be written over a catalogue that states have signed: it is only ever added to.

use std::collections::BTreeMap;

use jiff::civil::Date;
use treaty::Catalog;

use super::{Change, PlanError, PlannedFile};
use crate::address::{series, version_of, version_path};

/// A file that is signed is never changed in place, a new one says the day on which it is taken into the catalogue, and no file says a
/// day to come: else nobody could tell afterwards what was known when. While nobody has signed anything, all may be rewritten.
pub(super) fn expect_fit(
    files: &[PlannedFile],
    catalog: &Catalog,
    created: Date,
    is_signed: bool,
) -> Result<(), PlanError> {
    let recorded: BTreeMap<String, Option<Date>> = catalog.files().map(|file| (file.path, file.recorded)).collect();
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| matches!(file.change, Change::New | Change::Changed)) {
        let path = &file.path;
        let on = recorded.get(path).copied().flatten();
        if file.change == Change::Changed && is_signed {
            let of =
                files.iter().filter(|other| series(&other.path) == series(path)).map(|other| version_of(&other.path));
            let next = of.max().unwrap_or(1) + 1;
            let name = version_path(series(path), next);
            wrong.push(format!(
                "{path} is changed in place, and others rely on its text: put it back, and write the new text as version {next}, \
                 {name} (with `version = {next}` and `recorded = {created}`)"
            ));
        } else if let Some(on) = on.filter(|on| *on > created) {
            wrong.push(format!("{path} says `recorded = {on}`, which is after the day of the plan, {created}"));
        } else if is_signed && on != Some(created) {
            wrong
                .push(format!("{path} is taken into the catalogue with this plan: write in it `recorded = {created}`"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(PlanError::Unfit(wrong)) }
}
