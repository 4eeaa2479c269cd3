use std::{fmt, ops::Range};

/// How much of a line is shown on either side of the caret, in characters.
const SHOWN: usize = 100;

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, and somebody should look at it.
    Warning,
    /// For who reads the file.
    Note,
}

impl Severity {
    /// The word on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What is wrong in a treaty file, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// The file, as in `parties/JP.toml`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do, where we can tell.
    pub help: Option<String>,
    text: String,
    /// Where the caret stands in `text`, in characters from 0.
    caret: usize,
    width: usize,
}

impl Diagnostic {
    /// Points at `span` (byte offsets) of `source`. A span beyond the source points at its end.
    pub fn at(file: &str, source: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = floor(source, span.start);
        let line_start = source[..start].rfind('\n').map_or(0, |i| i + 1);
        let line = source[line_start..].lines().next().unwrap_or_default();
        let end = floor(source, span.end).clamp(start, (line_start + line.len()).max(start));
        let column = source[line_start..start].chars().count();
        let width = source[start..end].chars().count().clamp(1, SHOWN);
        let (text, caret) = excerpt(line, column);
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: source[..start].matches('\n').count() + 1,
            column: column + 1,
            message: message.into(),
            help: None,
            text,
            caret,
            width,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another gravity.
    #[must_use]
    pub(crate) fn graded(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// What is shown of a line, and where the character at `column` stands in it. Characters that are not seen, or move what is
/// seen, are shown as �: a file must not be able to disguise itself in its own diagnostics.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let skipped = column.saturating_sub(SHOWN);
    let mut shown: String = line.chars().skip(skipped).take(2 * SHOWN).map(visible).collect();
    if line.chars().nth(skipped + 2 * SHOWN).is_some() {
        shown.push('…');
    }
    if skipped == 0 { (shown, column) } else { (format!("…{shown}"), column - skipped + 1) }
}

fn visible(c: char) -> char {
    let hidden = (c.is_control() && c != '\t') || crate::source::is_invisible(c);
    if hidden { char::REPLACEMENT_CHARACTER } else { c }
}

/// The nearest character boundary at or before `offset`.
fn floor(source: &str, offset: usize) -> usize {
    let mut offset = offset.min(source.len());
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // A tab keeps its width in the line of the caret.
        let lead: String = self.text.chars().take(self.caret).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{}: {}", self.severity.as_str(), self.message)?;
        writeln!(f, "{gutter}--> {}:{}:{}", self.file, self.line, self.column)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.text)?;
        write!(f, "{gutter} | {lead}{}", "^".repeat(self.width))?;
        match &self.help {
            Some(help) => write!(f, "\n{gutter} = help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}
