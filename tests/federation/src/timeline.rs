//! What happens, told as it happens: for people, or one JSON object per line.

use std::{
    collections::BTreeSet,
    env,
    io::{IsTerminal, stdout},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Exit;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{attempt::Attempt, clock, failure::Failure, print, told::Told};

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// A receipt as the timeline tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReceiptLine {
    pub(crate) kind: String,
    pub(crate) by: String,
    pub(crate) entry: String,
    pub(crate) leaf: Option<u64>,
}

/// The teller.
#[derive(Debug)]
pub(crate) struct Timeline {
    output: Output,
    colour: bool,
    begun: Instant,
    bar: ProgressBar,
    /// The receipts that were told: both sides show each.
    receipts: Mutex<BTreeSet<ReceiptLine>>,
}

/// Longest reason in text; JSON has the whole.
const REASON_CHARACTERS_MAX: usize = 110;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const CYAN: &str = "36";

impl Timeline {
    pub(crate) fn new(output: Output) -> Self {
        // Hidden by itself where stderr is no terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        let colour =
            output == Output::Text && stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self { output, colour, begun: Instant::now(), bar, receipts: Mutex::default() }
    }

    /// Since the beginning, in milliseconds.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A chapter begins.
    pub(crate) fn chapter(&self, title: &str) {
        self.bar.set_message(title.to_owned());
        match self.output {
            Output::Text => self.line(&format!("\n{}", self.paint(BOLD, title))),
            Output::Json => self.object("chapter", json!({ "title": title })),
        }
    }

    /// Somebody did something.
    pub(crate) fn event(&self, who: &str, what: &str, facts: Value) {
        self.bar.set_message(format!("{who} {what}"));
        match self.output {
            Output::Text => {
                let stamp = self.paint(DIM, &self.stamp());
                self.line(&format!("{stamp}  {}  {what}", self.paint(CYAN, &format!("{who:<14}"))));
            }
            Output::Json => self.object("event", json!({ "who": who, "what": what, "facts": facts })),
        }
    }

    /// A receipt came to light.
    pub(crate) fn receipt(&self, line: &ReceiptLine) {
        if !self.receipts.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
            return;
        }
        match self.output {
            Output::Text => {
                let leaf = line.leaf.map(|leaf| format!(", leaf {leaf} of the ledger")).unwrap_or_default();
                let text = format!("{} {} by {}{leaf}", line.entry, line.kind, line.by);
                self.line(&format!("{:32}{}", "", self.paint(DIM, &text)));
            }
            Output::Json => self
                .object("receipt", json!({ "kind": line.kind, "by": line.by, "entry": line.entry, "leaf": line.leaf })),
        }
    }

    /// Something that must not be was tried.
    pub(crate) fn attempt(&self, attempt: &Attempt) {
        match self.output {
            Output::Text => {
                let stamp = self.paint(DIM, &self.stamp());
                let (mark, verdict) = match &attempt.told {
                    Some(told) if attempt.held => (self.paint(GREEN, "refused"), in_short(told)),
                    Some(told) => (self.paint(RED, "not as expected"), in_short(told)),
                    None => (self.paint(RED, "NOT REFUSED"), attempt.otherwise.clone()),
                };
                self.line(&format!(
                    "{stamp}  {}  {}",
                    self.paint(CYAN, &format!("{:<14}", attempt.actor)),
                    attempt.what
                ));
                self.line(&format!("{:32}{mark} by {}: {verdict}", "", attempt.by));
            }
            Output::Json => self.object("attempt", attempt.to_json()),
        }
    }

    /// A line of the summary.
    pub(crate) fn summary(&self, text: &str) {
        if self.output == Output::Text {
            self.line(text);
        }
    }

    /// The end, well or ill. `facts` is the final object of the JSON output.
    pub(crate) fn end(&self, failure: Option<&Failure>, facts: Value) {
        self.bar.finish_and_clear();
        let seconds = self.begun.elapsed().as_secs_f64();
        match (self.output, failure) {
            (Output::Text, None) => {
                self.line(&format!("\n{} in {seconds:.1} s.", self.paint(GREEN, "Every step went as it should")));
            }
            (Output::Text, Some(failure)) => eprintln!("\n{} {failure}", self.paint(RED, "failed:")),
            (Output::Json, _) => {
                let error = failure.map(Failure::to_json);
                self.object("end", json!({ "ok": failure.is_none(), "error": error, "facts": facts }));
            }
        }
    }

    fn object(&self, event: &str, mut facts: Value) {
        if let Some(fields) = facts.as_object_mut() {
            fields.insert("schema_version".to_owned(), json!(1));
            fields.insert("event".to_owned(), json!(event));
            fields.insert("at".to_owned(), json!(clock::now().to_string()));
            fields.insert("elapsed_ms".to_owned(), json!(self.elapsed_ms()));
        }
        self.line(&facts.to_string());
    }

    fn line(&self, text: &str) {
        self.bar.suspend(|| print::line(text, Exit::Ok));
    }

    fn stamp(&self) -> String {
        let now = clock::now().to_string();
        format!("{} {:6.2} s", now.get(11..19).unwrap_or(&now), self.begun.elapsed().as_secs_f64())
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A refusal in one line: code, article, reason, field.
pub(crate) fn in_short(told: &Told) -> String {
    let article = told.article.as_ref().map(|article| format!("[{article}] ")).unwrap_or_default();
    let field = told.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{} {article}{}{field}", told.code, cut(&told.reason))
}

/// The beginning of a reason.
pub(crate) fn cut(reason: &str) -> String {
    match reason.char_indices().nth(REASON_CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", reason.get(..at).unwrap_or(reason)),
        None => reason.to_owned(),
    }
}
