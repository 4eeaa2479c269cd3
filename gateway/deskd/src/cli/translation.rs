//! `desk translation check`: figures, dates and names of two texts beside each other.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use desk::translation::{Comparison, Difference, Outcome, Stands, TEXT_BYTES_MAX, compare, language_of};
use model::{Exit, Language};
use serde_json::{Value, json};

use super::{
    Answer,
    session::{Session, case_id},
};
use crate::{failure::Failure, signing::request_body};

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Translation {
    /// Hold the numbers, dates, identifiers and names of a translation against its original (exit 3: they differ, 4: there is nothing
    /// to compare).
    Check(Check),
}

/// `desk translation check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The original, a text file.
    original: PathBuf,
    /// Its translation, a text file.
    translation: PathBuf,
    /// The language of the original: en, fr, it, ja or zh-Hans.
    #[arg(long, value_parser = language)]
    from: Language,
    /// The language of the translation.
    #[arg(long, value_parser = language)]
    to: Language,
    /// The case or draft whose subjects' names are looked for, too.
    #[arg(long)]
    case: Option<String>,
}

fn language(tag: &str) -> Result<Language, String> {
    language_of(tag).ok_or_else(|| "figures are read in en, fr, it, ja and zh-Hans".to_owned())
}

impl Translation {
    /// Runs without a desk, unless a case is named.
    pub(super) async fn run(&self, dir: &Path, json_output: bool) -> Result<Answer, Failure> {
        let Self::Check(check) = self;
        let names = match &check.case {
            Some(case) => names_of(&Session::open(dir, json_output)?, case).await?,
            None => Vec::new(),
        };
        let (original, translation) = (read(&check.original)?, read(&check.translation)?);
        let compared = compare((&original, check.from), (&translation, check.to), &names);
        Ok(answer(&compared, &names))
    }
}

async fn names_of(session: &Session, case: &str) -> Result<Vec<Vec<String>>, Failure> {
    let shown = session.show(case).await?;
    let reference = shown.documents.iter().find(|one| one.record_type == "request");
    let body = match reference {
        Some(one) => session.document(&one.entry_id, one.index).await?.body.to_vec(),
        None => session.draft_body(case_id(shown.summary.as_ref())?).await?,
    };
    Ok(desk::names(&request_body(&body)?))
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| Failure::reading(path, &error))?;
    let limit = TEXT_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| Failure::reading(path, &error))?;
    if bytes.len() > TEXT_BYTES_MAX {
        let what = format!("{} has more than {TEXT_BYTES_MAX} bytes", path.display());
        return Err(Failure::new(Exit::Usage, what).remedy("Compare it in parts."));
    }
    String::from_utf8(bytes).map_err(|_| {
        Failure::new(Exit::Usage, format!("{} is not UTF-8 text", path.display()))
            .remedy("Save it as plain text in UTF-8.")
    })
}

fn answer(compared: &Comparison, names: &[Vec<String>]) -> Answer {
    let unseen: Vec<&str> =
        compared.unseen.iter().filter_map(|place| names.get(*place)?.first().map(String::as_str)).collect();
    let outcome = if unseen.is_empty() { compared.outcome() } else { Outcome::Differ };
    let mut lines: Vec<String> = compared.differences.iter().map(line).collect();
    lines.extend(
        unseen.iter().map(|name| format!("neither text        name        {name}\n  a subject of the request")),
    );
    lines.push(match outcome {
        Outcome::NothingFound => {
            "No number, date, identifier or listed name was found in either text: nothing was compared.".to_owned()
        }
        Outcome::Agree => format!(
            "{} values of the original stand in the translation, and no others. The words were not compared.",
            compared.agreed
        ),
        Outcome::Differ => format!(
            "They differ: {} values of the original, {} of the translation, {} in both.",
            compared.original, compared.translation, compared.agreed
        ),
    });
    let value = json!({
        "outcome": outcome.as_str(),
        "original": compared.original,
        "translation": compared.translation,
        "agreed": compared.agreed,
        "differences": compared.differences.iter().map(value).collect::<Vec<_>>(),
        "names_in_neither": unseen,
    });
    let exit = match outcome {
        Outcome::Agree => Exit::Ok,
        Outcome::Differ => Exit::Findings,
        Outcome::NothingFound => Exit::NotFound,
    };
    Answer { value, text: lines.join("\n"), exit }
}

fn line(one: &Difference) -> String {
    let only = match one.stands {
        Stands::InOriginal => "original only",
        Stands::InTranslation => "translation only",
    };
    let doubt = if one.doubtful { "  (perhaps a name; no difference by itself)" } else { "" };
    format!(
        "{only:<18}  {:<10}  {}  at line {}, column {}{doubt}\n  … {} …",
        one.kind.as_str(),
        one.value,
        one.line,
        one.column,
        one.context
    )
}

fn value(one: &Difference) -> Value {
    json!({
        "stands_in": one.stands.as_str(),
        "kind": one.kind.as_str(),
        "value": one.value,
        "line": one.line,
        "column": one.column,
        "context": one.context,
        "doubtful": one.doubtful,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(original: &str, translation: &str, names: &[Vec<String>]) -> Exit {
        let compared = compare((original, Language::Japanese), (translation, Language::English), names);
        answer(&compared, names).exit
    }

    #[test]
    fn the_exit_code_tells_agreement_difference_and_that_nothing_was_compared() {
        assert_eq!(exit("2,700のサービス", "2,700 services", &[]), Exit::Ok);
        assert_eq!(exit("2,700のサービス", "2 services", &[]), Exit::Findings);
        assert_eq!(exit("否認している。", "He denies it.", &[]), Exit::NotFound);
        let names = [vec!["Tanaka Ichiro".to_owned()]];
        assert_eq!(exit("2,700のサービス", "2,700 services", &names), Exit::Findings, "a subject whom no text names");
    }
}
