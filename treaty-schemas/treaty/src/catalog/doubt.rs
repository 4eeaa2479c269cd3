//! What can be used and somebody should look at, whatever the day; and what claims to be known before its time.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::Digest;

use super::{Catalog, Files};
use crate::{
    Diagnostic, Severity,
    party::PartyFile,
    version::{Head, Series, Versioned},
};

impl Catalog {
    /// Warnings of what is valid and hardly meant: a declaration that leaves nobody who may ask, a first version that counts as
    /// always known beside others that say when they were recorded, and a statement that a newer party file adds for all days.
    pub fn doubts(&self) -> Vec<Diagnostic> {
        let mut told: Vec<_> =
            self.0.parties.values().filter_map(Series::newest).flat_map(|p| self.0.deserting(p)).collect();
        told.extend(self.0.unrecorded());
        told.extend(self.0.parties.values().flat_map(backdated));
        told.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        told
    }

    /// Errors: files that say they were `recorded` after `today`. [`Catalog::rule`] uses them all the same, while
    /// [`Catalog::rule_as_known`] will not find them on the day of the decision, so that it could never be replayed. Who has a clock
    /// must ask before it puts a catalogue into use.
    pub fn from_the_future(&self, today: Date) -> Vec<Diagnostic> {
        let early = self.0.heads().filter_map(|head| Some((head, head.recorded.filter(|day| *day > today)?)));
        let mut told: Vec<_> = early.map(|(head, day)| {
            let help = "write the day on which it is taken into the catalogue; `valid_from` or `from` says since when it is the law";
            head.recorded_place.says(format!("it was recorded on {day}, says the file, and today is {today}")).with_help(help)
        }).collect();
        told.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        told
    }
}

impl Files {
    /// The declarations of a party that have nobody in common with what they concern.
    fn deserting(&self, party: &PartyFile) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        for declaration in &party.declarations {
            for file in self.instruments.values().filter_map(Series::newest) {
                for given in file.given().iter().filter(|given| declaration.names(&given.article)) {
                    let reasons = given.deserted(file, party, declaration);
                    told.extend(reasons.into_iter().map(|reason| declaration.place.says(reason)));
                }
            }
        }
        let help = "correct one of the two where this is not meant";
        told.into_iter().map(|one| one.with_help(help).graded(Severity::Warning)).collect()
    }

    /// First versions without `recorded` where other first versions have it (a later version always has). What this program was built
    /// with is known from the beginning.
    fn unrecorded(&self) -> Vec<Diagnostic> {
        let (silent, recorded): (Vec<_>, Vec<_>) =
            self.heads().filter(|head| head.version == 1).partition(|head| head.recorded.is_none());
        if recorded.is_empty() {
            return Vec::new();
        }
        let builtin: BTreeSet<_> =
            Catalog::builtin_files().map(|(path, text)| (path, Digest::of(&[text.as_bytes()]))).collect();
        let known = |head: &&&Head| !builtin.contains(&(head.path.to_string(), head.digest));
        let says = |head: &Head| {
            let message = "the file does not say when it was recorded, so it counts as always known, also in a replay of what was \
                           decided before it came; others of this catalogue say it";
            let help = "write `recorded = <date>`, the day on which it was taken into the catalogue";
            head.source.whole().says(message).with_help(help).graded(Severity::Warning)
        };
        silent.iter().filter(known).map(|head| says(head)).collect()
    }
}

/// What the newest version of a party file states for all days, though its first version did not state it.
fn backdated(series: &Series<PartyFile>) -> Vec<Diagnostic> {
    let Some(newest) = series.newest() else { return Vec::new() };
    let mut told = Vec::new();
    for (statement, validity, place) in newest.statements() {
        let has = |file: &&PartyFile| file.statements().any(|(other, ..)| other == statement);
        let Some(head) = series.iter().find(has).map(Versioned::head) else { continue };
        if validity.from.is_none() && head.version > 1 && !head.corrects {
            let message = format!("version {} adds {statement} for all days, those of the past included", head.version);
            let help =
                "write `from = <date>`, the first day on which it holds, or `corrects = true` where it always did";
            told.push(place.says(message).with_help(help).graded(Severity::Warning));
        }
    }
    told
}
