//! What a command prints. Data goes to standard output, talk to standard error; the JSON is stable, the text may change.

use std::io::Write;

use clap::ValueEnum;
use model::Exit;
use serde_json::{Value, json};

use crate::failure::Failure;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs: one object with a `schema_version`.
    Json,
    /// For browsers, where a command can.
    Html,
}

/// What a command prints, and how it ends.
#[derive(Debug)]
pub(crate) struct Answer {
    value: Value,
    text: String,
    html: Option<String>,
    exit: Exit,
}

impl Answer {
    /// `value` is an object.
    pub(crate) fn new(value: Value, text: impl Into<String>) -> Self {
        Self { value, text: text.into(), html: None, exit: Exit::Ok }
    }

    /// Adds the same for browsers.
    pub(crate) fn with_html(self, html: String) -> Self {
        Self { html: Some(html), ..self }
    }

    /// Says how the program ends.
    pub(crate) fn ending(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    pub(crate) fn print(self, output: Output) -> Result<Exit, Failure> {
        let mut out = std::io::stdout().lock();
        let written = match (output, self.html) {
            (Output::Text, _) => writeln!(out, "{}", clean(self.text.trim_end())),
            (Output::Json, _) => {
                let mut value = self.value;
                if let Value::Object(fields) = &mut value {
                    fields.insert("schema_version".to_owned(), json!(1));
                }
                writeln!(out, "{value}")
            }
            (Output::Html, Some(html)) => write!(out, "{}", clean(&html)),
            (Output::Html, None) => {
                let failure = Failure::new(Exit::Usage, "this command does not answer in HTML");
                return Err(failure.remedy("Use --output text or --output json; fact sheets: treaty render."));
            }
        };
        match model::printed(written) {
            Err(error) => Err(Failure::new(Exit::Failure, error.to_string())),
            Ok(()) => Ok(self.exit),
        }
    }
}

/// `text` without what would steer a terminal or turn the order of its letters: a treaty file may come from anybody.
pub(crate) fn clean(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c\r\n\td"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}\n\td");
    }
}
