//! `desk preflight`: what the gates would say, and what the other side would miss, by field and by weight.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use model::{AuthorityId, Exit};
use proto::desk as wire;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Answer, request::read, session::Session};
use crate::{failure::Failure, summary};

/// How often a watched file is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// `desk preflight`.
#[derive(Debug, Args)]
pub(super) struct Preflight {
    /// The draft, or a unique beginning of its id.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    case: Option<String>,
    /// A request that is not saved at the desk, or - for standard input.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Who is asked, as in FR:central; whom the file names when absent.
    #[arg(long, requires = "file", conflicts_with = "case")]
    to: Option<AuthorityId>,
    /// Check the file again each time it is saved, until Ctrl-C.
    #[arg(long, requires = "file", conflicts_with = "case")]
    watch: bool,
    /// Tell each check of the rule, not only what it found.
    #[arg(long)]
    trace: bool,
}

impl Preflight {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let Some(file) = &self.file else {
            return of_draft(session, self.case.as_deref().unwrap_or_default(), self.trace).await;
        };
        if self.watch {
            return self.watch(session, file).await;
        }
        self.check(session, read(file)?).await
    }

    async fn check(&self, session: &Session, body: Vec<u8>) -> Result<Answer, Failure> {
        let recipient = self.to.as_ref().map(ToString::to_string).unwrap_or_default();
        asked(session, wire::PreflightRequest { body: body.into(), recipient, ..Default::default() }, self.trace).await
    }

    /// Runs until the process is stopped, or nobody reads what it says.
    async fn watch(&self, session: &Session, file: &Path) -> Result<Answer, Failure> {
        if file.as_os_str() == "-" {
            return Err(Failure::new(Exit::Usage, "standard input cannot be watched").remedy("Name a file."));
        }
        let mut last = None;
        loop {
            // An editor that replaces the file takes it away for a moment.
            let body = read(file).ok();
            if let Some(body) = body.filter(|body| last.as_ref() != Some(body)) {
                let told = match self.check(session, body.clone()).await {
                    Ok(answer) => screen(&answer, session.json_output),
                    Err(failure) if session.json_output => failure.to_json().to_string(),
                    Err(failure) => format!("{failure}"),
                };
                last = Some(body);
                let mut out = std::io::stdout().lock();
                if let Err(error) = writeln!(out, "{told}").and_then(|()| out.flush()) {
                    model::printed(Err(error)).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
                    return Ok(Answer::new(json!({}), ""));
                }
            }
            sleep(LOOK).await;
        }
    }
}

/// One look at the file: on a terminal the newest stands alone, for programs there is one object on each line.
fn screen(answer: &Answer, json_output: bool) -> String {
    if json_output {
        let mut value = answer.value.clone();
        value["schema_version"] = 1.into();
        return value.to_string();
    }
    format!("\u{1b}[2J\u{1b}[H{}\n(watching; Ctrl-C ends)", summary::clean(answer.text.trim_end()))
}

/// Preflight of a draft.
pub(super) async fn of_draft(session: &Session, case: &str, trace: bool) -> Result<Answer, Failure> {
    asked(session, wire::PreflightRequest { case_id: case.to_owned(), ..Default::default() }, trace).await
}

async fn asked(session: &Session, request: wire::PreflightRequest, trace: bool) -> Result<Answer, Failure> {
    let checked = session.desk().preflight(request).await?.into_inner();
    let mut text = report(&checked.findings);
    if trace && !checked.trace.is_empty() {
        text.push_str(&format!("\n{}\n\n", checked.trace.join("\n")));
    }
    let missing = checked.findings.iter().any(|finding| finding.severity == "missing");
    text.push_str(if checked.would_pass && missing {
        "No gate would refuse it, but it is not complete: mend what is missing, then let it be validated."
    } else if checked.would_pass {
        "The gates would let it pass, once validated and signed."
    } else {
        "The gates would refuse it."
    });
    let value = json!({
        "findings": findings(&checked.findings),
        "would_pass": checked.would_pass,
        "treaty_pin": checked.treaty_pin,
        "trace": checked.trace,
        "decision": serde_json::from_str::<Value>(&checked.decision).unwrap_or(Value::Null),
    });
    Ok(Answer { value, text, exit: if open(&checked.findings) > 0 { Exit::Findings } else { Exit::Ok } })
}

/// How many findings have to be mended.
pub(super) fn open(findings: &[wire::Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity != "advice").count()
}

/// The findings for people: field by field, the field with the heaviest finding first.
pub(super) fn report(findings: &[wire::Finding]) -> String {
    let mut fields: BTreeMap<(u8, &str), Vec<&wire::Finding>> = BTreeMap::new();
    for finding in findings {
        let heaviest = findings.iter().filter(|one| one.field == finding.field).map(|one| weight(&one.severity)).min();
        fields.entry((heaviest.unwrap_or(u8::MAX), &finding.field)).or_default().push(finding);
    }
    let mut text = String::new();
    for ((_, field), mut found) in fields {
        found.sort_by_key(|finding| weight(&finding.severity));
        text.push_str(&format!("{}\n", place(field)));
        for finding in found {
            let article = if finding.article.is_empty() { String::new() } else { format!(" [{}]", finding.article) };
            let code = if finding.code.is_empty() { String::new() } else { format!(" {}", finding.code) };
            text.push_str(&format!(
                "  {}{code}{article}: {}\n    do: {}\n",
                word(&finding.severity),
                finding.message,
                finding.remedy
            ));
        }
    }
    let (open, all) = (open(findings), findings.len());
    match (open, all - open) {
        (0, 0) => {}
        (open, advice) => text.push_str(&format!("{open} to mend, {advice} to consider.\n")),
    }
    text
}

fn weight(severity: &str) -> u8 {
    match severity {
        "refusal" => 0,
        "missing" => 1,
        _ => 2,
    }
}

fn word(severity: &str) -> &'static str {
    match severity {
        "refusal" => "REFUSED",
        "missing" => "MISSING",
        _ => "consider",
    }
}

/// A field in words and as JSON pointer: `measure 1 › subject 2 › selector  (/measures/0/subjects/1/selector)`.
fn place(field: &str) -> String {
    if field.is_empty() {
        return "the request as a whole".to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    for segment in field.split('.') {
        let (name, index) = segment.split_once('[').unwrap_or((segment, ""));
        let name = name.replace('_', " ");
        words.push(match index.trim_end_matches(']').parse::<usize>() {
            Ok(index) => format!("{} {}", name.strip_suffix('s').unwrap_or(&name), index + 1),
            Err(_) => name,
        });
    }
    format!("{}  ({})", words.join(" › "), desk::pointer(field))
}

/// The findings for programs.
pub(super) fn findings(findings: &[wire::Finding]) -> Value {
    let one = |finding: &wire::Finding| {
        json!({
            "severity": finding.severity,
            "code": finding.code,
            "article": finding.article,
            "field": finding.field,
            "pointer": desk::pointer(&finding.field),
            "message": finding.message,
            "remedy": finding.remedy,
        })
    };
    findings.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: &str, field: &str) -> wire::Finding {
        let (severity, field) = (severity.to_owned(), field.to_owned());
        wire::Finding {
            severity,
            field,
            message: "is empty".to_owned(),
            remedy: "Fill it in.".to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn findings_stand_together_by_field_and_the_heaviest_first() {
        let told = report(&[
            finding("advice", "facts.summary"),
            finding("missing", "measures[0].subjects[1].selector"),
            finding("refusal", "facts.summary"),
            finding("advice", ""),
        ]);
        let lines: Vec<_> = told.lines().filter(|line| !line.starts_with("    do")).collect();
        assert_eq!(
            lines,
            [
                "facts › summary  (/facts/summary)",
                "  REFUSED: is empty",
                "  consider: is empty",
                "measure 1 › subject 2 › selector  (/measures/0/subjects/1/selector)",
                "  MISSING: is empty",
                "the request as a whole",
                "  consider: is empty",
                "2 to mend, 2 to consider.",
            ]
        );
        assert_eq!(report(&[]), "");
    }
}
