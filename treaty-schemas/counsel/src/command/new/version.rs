//! `treaty new version`: the next version of a file, as a whole copy of the newest one.

use std::{fs, ops::Range, path::PathBuf};

use clap::Args;
use jiff::civil::Date;
use model::Exit;
use serde_json::json;
use toml::de::DeTable;

use super::create;
use crate::{answer::Answer, catalogue::home_of, cli::Session, failure::Failure};

/// What stands in the head of the copy anew: a copy is no correction before its author says so.
const HEAD: [&str; 4] = ["version", "recorded", "valid_from", "corrects"];

#[derive(Debug, Args)]
pub(crate) struct NewVersion {
    /// The newest version of the file, in its catalogue, as in treaties/parties/JP.toml.
    file: PathBuf,
    /// The first day on which the new version is the law, as in 2027-04-01. A party file has none: its statements have their own days.
    #[arg(long, value_name = "DATE")]
    valid_from: Option<Date>,
}

impl NewVersion {
    pub(super) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let (root, name) = home_of(&self.file)?;
        let (stem, version) = parts(&name);
        let path = |version| if version == 1 { format!("{stem}.toml") } else { format!("{stem}.{version}.toml") };
        let number = version.saturating_add(1);
        let (newest, next) = (path(version), path(number));
        if root.join(&next).exists() {
            let what = format!("{newest} is not the newest version: {next} is there");
            return Err(Failure::new(Exit::Conflict, what).remedy("Name the newest one, or go on writing in it."));
        }
        let text = fs::read_to_string(&self.file).map_err(|error| Failure::reading(&self.file, &error))?;
        let from = match (name.starts_with("parties/"), self.valid_from) {
            (true, Some(_)) => {
                return Err(Failure::new(Exit::Usage, "a party file has no valid_from")
                    .remedy("Leave --valid-from out: ratified, withdrawn, denounced and ends have their own days."));
            }
            (true, None) => String::new(),
            (false, Some(day)) => format!("valid_from = {day}\n"),
            (false, None) => "valid_from = 9999-12-31 # FILL IN: the first day on which it is the law\n".to_owned(),
        };
        let head = format!("version = {number}\nrecorded = {}\n{from}", session.today());
        let copied = copy(&text, &head).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("{newest} cannot be read as a treaty file, so nothing was copied"))
                .remedy(format!("Mend it first: treaty lint {}", self.file.display()))
        })?;
        let written = root.join(&next);
        create(&written, &copied)?;
        let shown = self.file.with_file_name(written.file_name().unwrap_or_default());
        let text = format!(
            "{}\nIt is a whole copy of {newest} and takes its place: what you delete from it no longer holds.\n\
             next: change it, then: treaty lint {}",
            shown.display(),
            shown.display()
        );
        Ok(Answer::new(json!({ "written": [shown.display().to_string()], "of": newest, "version": number }), text))
    }
}

/// `parties/JP.2.toml`: what stands before the version, and the version.
pub(crate) fn parts(name: &str) -> (&str, u32) {
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    let numbered = stem.rsplit_once('.').and_then(|(stem, number)| Some((stem, number.parse().ok()?)));
    numbered.unwrap_or((stem, 1))
}

/// `text` with `head` behind its first line of `format`, in the place of what it said of its version. `None` where it is no TOML.
fn copy(text: &str, head: &str) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let line = |span: Range<usize>| {
        let start = text.get(..span.start)?.rfind('\n').map_or(0, |end| end + 1);
        let end = text.get(span.end..)?.find('\n').map_or(text.len(), |end| span.end + end + 1);
        Some(start..end)
    };
    let lines = |wanted: &str| {
        let (key, value) = root.get_ref().iter().find(|(key, _)| key.get_ref().as_ref() == wanted)?;
        line(key.span().start..value.span().end)
    };
    let after = lines("format")?.end;
    let (mut copied, mut at) = (String::new(), 0);
    let mut steps: Vec<(Range<usize>, &str)> = HEAD.iter().filter_map(|key| Some((lines(key)?, ""))).collect();
    steps.push((after..after, head));
    steps.sort_by_key(|(range, text)| (range.start, text.is_empty()));
    for (range, inserted) in steps {
        copied += text.get(at..range.start)?;
        if !inserted.is_empty() && !copied.ends_with('\n') {
            copied.push('\n');
        }
        copied += inserted;
        at = range.end;
    }
    copied += text.get(at..)?;
    Some(copied)
}
