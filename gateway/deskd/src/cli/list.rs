//! `desk inbox` and `desk case list`: pages of cases and drafts.

use clap::Args;
use model::Timestamp;
use proto::desk as wire;
use serde_json::json;

use super::{
    Answer, commands,
    session::Session,
    show::{remarks, summary},
};
use crate::{failure::Failure, summary::line as plain};

/// Which page of a list.
#[derive(Debug, Args)]
pub(super) struct Page {
    /// So many on a page.
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u32).range(1..=1000))]
    page: u32,
    /// Where the last page ended, as it said.
    #[arg(long, value_name = "CURSOR", default_value = "")]
    after: String,
}

impl Page {
    /// So many on a page, and where the last one ended.
    pub(super) fn told(&self) -> (u32, String) {
        (self.page, self.after.clone())
    }
}

/// `desk inbox`.
#[derive(Debug, Args)]
pub(super) struct Inbox {
    /// Only the cases in which it is this desk's move.
    #[arg(long, conflicts_with_all = ["theirs", "due"])]
    mine: bool,
    /// The cases in which it is the other side's move.
    #[arg(long, conflicts_with = "due")]
    theirs: bool,
    /// The cases of which a clock calls: one of ours that warns, any that is over, what is preserved and ends soon.
    #[arg(long)]
    due: bool,
    #[command(flatten)]
    page: Page,
}

impl Inbox {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let filter = match self {
            Self { mine: true, .. } => "ours",
            Self { theirs: true, .. } => "theirs",
            Self { due: true, .. } => "due",
            _ => "inbox",
        };
        list(session, filter, &self.page).await
    }
}

/// A page of a list.
pub(super) async fn list(session: &Session, filter: &str, page: &Page) -> Result<Answer, Failure> {
    let (page_size, after) = page.told();
    let request = wire::ListCasesRequest { filter: filter.to_owned(), after, page_size, ..Default::default() };
    let wire::ListCasesResponse { cases, next_after, .. } = session.desk().list_cases(request).await?.into_inner();
    let line = |case: &wire::CaseSummary| {
        format!(
            "{}  {:<10}  {:<12}  {:<6}  {:<16}  {}  {}{}",
            case.case_id.get(..8).unwrap_or(&case.case_id),
            case.state,
            case.counterpart,
            case.r#move,
            commands::of(&case.possible_steps, None).join(","),
            Timestamp(case.updated_ms),
            plain(&case.reference),
            remarks(case).iter().map(|(name, text)| format!("  [{name}: {text}]")).collect::<String>()
        )
    };
    let mut lines: Vec<_> = cases.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines.extend(more(&next_after));
    let values: Vec<_> = cases.iter().map(summary).collect();
    Ok(Answer::new(json!({ "cases": values, "next": next(&next_after) }), lines.join("\n")))
}

/// All cases of a list, page after page.
pub(super) async fn all(session: &Session, filter: &str, states: &[&str]) -> Result<Vec<wire::CaseSummary>, Failure> {
    let states: Vec<_> = states.iter().map(|state| (*state).to_owned()).collect();
    let (mut cases, mut after) = (Vec::new(), String::new());
    loop {
        let request = wire::ListCasesRequest {
            filter: filter.to_owned(),
            after,
            page_size: 1000,
            states: states.clone(),
            ..Default::default()
        };
        let page = session.desk().list_cases(request).await?.into_inner();
        cases.extend(page.cases);
        after = page.next_after;
        if after.is_empty() {
            return Ok(cases);
        }
    }
}

/// That there is more, where there is.
pub(super) fn more(next: &str) -> Option<String> {
    (!next.is_empty()).then(|| format!("more: --after {next}"))
}

/// The same for programs.
pub(super) fn next(next: &str) -> Option<&str> {
    Some(next).filter(|next| !next.is_empty())
}
