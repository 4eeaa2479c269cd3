//! What `lint` has to say of a place in a file, beside what the library calls an error.

use std::{fmt, ops::Range};

use serde_json::{Value, json};
use treaty::{Diagnostic, Severity};

/// How grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gravity {
    /// The catalogue cannot be used.
    Error,
    /// The catalogue can be used; somebody should look.
    Warning,
    /// Good to know.
    Note,
}

impl Gravity {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing to say of a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) gravity: Gravity,
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// As people read it, with the line and a caret.
    shown: String,
}

impl Finding {
    /// Of a file as a whole.
    pub(crate) fn of_file(file: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let shown = format!("error: {message}\n --> {file}");
        Self { gravity: Gravity::Error, file: file.to_owned(), line: 1, column: 1, message, help: None, shown }
    }

    /// Points at `span` (byte offsets) of `source`.
    pub(crate) fn at(
        gravity: Gravity,
        (file, source): (&str, &str),
        span: &Range<usize>,
        message: impl Into<String>,
        help: Option<&str>,
    ) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = source.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let lead = source.get(line_start..span.start).unwrap_or_default();
        let end = span.end.min(line_start + line.len());
        let width = source.get(span.start..end).map_or(1, |text| text.chars().count().max(1));
        let mut finding = Self {
            gravity,
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: lead.chars().count() + 1,
            message: message.into(),
            help: help.map(str::to_owned),
            shown: String::new(),
        };
        let number = finding.line.to_string();
        let gutter = " ".repeat(number.len());
        let indent: String = lead.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        finding.shown = format!(
            "{}: {}\n{gutter}--> {file}:{}:{}\n{gutter} |\n{number} | {line}\n{gutter} | {indent}{}",
            gravity.as_str(),
            finding.message,
            finding.line,
            finding.column,
            "^".repeat(width)
        );
        if let Some(help) = help {
            finding.shown += &format!("\n{gutter} = help: {help}");
        }
        finding
    }

    /// The same for machines.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "level": self.gravity.as_str(),
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "help": self.help,
        })
    }
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            gravity: match diagnostic.severity {
                Severity::Error => Gravity::Error,
                Severity::Warning => Gravity::Warning,
                Severity::Note => Gravity::Note,
            },
            file: diagnostic.file.clone(),
            line: diagnostic.line,
            column: diagnostic.column,
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            shown: diagnostic.to_string(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
