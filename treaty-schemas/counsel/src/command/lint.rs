//! `treaty lint`: what is wrong in treaty files, where, and what to write instead.

mod law;
mod succession;

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use model::Exit;
use serde_json::json;
use treaty::Catalog;

use crate::{
    answer::Answer,
    catalogue::{Sources, home_of},
    cli::Session,
    failure::Failure,
    finding::{Finding, Gravity},
};

/// Check treaty files: every mistake with its file, its line and what to write instead.
#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// A catalogue's folder, or files of a catalogue. By default the whole catalogue.
    #[arg(value_name = "FILES|DIR")]
    paths: Vec<PathBuf>,
    /// Also show notes: each statement that nobody has read in the text of the treaty (`verified = false`), each record type that
    /// nobody needs to validate, and each file that has ended and took nothing away.
    #[arg(long)]
    unverified: bool,
}

impl Lint {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let (sources, wanted) = self.chosen(session)?;
        let count = wanted.as_ref().map_or(sources.files.len() + sources.unreadable.len(), BTreeSet::len);
        let is_wanted = |file: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(file));
        let mut findings = sources.unreadable.clone();
        for (file, source) in sources.files.iter().filter(|(file, _)| is_wanted(file)) {
            findings.extend(law::findings((file, source), session.today()));
        }
        findings.extend(succession::findings(&sources.files));
        match Catalog::load(sources.files) {
            Ok(catalog) => {
                findings.extend(catalog.overdue(session.today()).iter().map(Finding::from));
                findings.extend(catalog.from_the_future(session.today()).iter().map(Finding::from));
                findings.extend(catalog.doubts().iter().map(Finding::from));
                findings.extend(catalog.unverified().iter().map(Finding::from));
            }
            Err(diagnostics) => findings.extend(diagnostics.iter().map(Finding::from)),
        }
        let elsewhere = findings.iter().filter(|one| !is_wanted(&one.file) && one.gravity == Gravity::Error).count();
        findings.retain(|one| is_wanted(&one.file) && (self.unverified || one.gravity != Gravity::Note));
        findings.sort_by(|a, b| (&a.file, a.line, a.column, a.gravity).cmp(&(&b.file, b.line, b.column, b.gravity)));
        Ok(answer(&findings, count, elsewhere))
    }

    /// The catalogue to be read, and the files of it that were asked for; `None` for all.
    fn chosen(&self, session: &Session) -> Result<(Sources, Option<BTreeSet<String>>), Failure> {
        match self.paths.as_slice() {
            [] => Ok((session.sources()?, None)),
            [folder] if folder.is_dir() => Ok((Sources::of(Some(folder))?, None)),
            files => {
                let mut homes = BTreeSet::new();
                let mut names = BTreeSet::new();
                for file in files {
                    let (home, name) = home_of(file)?;
                    homes.insert(home);
                    names.insert(name);
                }
                match homes.pop_first() {
                    Some(home) if homes.is_empty() => Ok((Sources::of(Some(&home))?, Some(names))),
                    _ => Err(Failure::new(Exit::Usage, "the files lie in more than one catalogue")
                        .remedy("Check one catalogue at a time.")),
                }
            }
        }
    }
}

fn answer(findings: &[Finding], files: usize, elsewhere: usize) -> Answer {
    let count = |gravity| findings.iter().filter(|one| one.gravity == gravity).count();
    let (errors, warnings, notes) = (count(Gravity::Error), count(Gravity::Warning), count(Gravity::Note));
    let mut summary = format!(
        "{}: {}, {}{}",
        plural(files, "file"),
        plural(errors, "error"),
        plural(warnings, "warning"),
        if notes > 0 { format!(", {}", plural(notes, "note")) } else { String::new() }
    );
    if elsewhere > 0 {
        summary += &format!("; {} in other files of the catalogue", plural(elsewhere, "error"));
    }
    let text = findings.iter().map(|one| format!("{one}\n\n")).collect::<String>() + &summary;
    let value = json!({
        "files": files,
        "errors": errors,
        "warnings": warnings,
        "notes": notes,
        "errors_elsewhere": elsewhere,
        "findings": findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
    });
    let exit = if errors + warnings + elsewhere > 0 { Exit::Findings } else { Exit::Ok };
    Answer::new(value, text).ending(exit)
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
