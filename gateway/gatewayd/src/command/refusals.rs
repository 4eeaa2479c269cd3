//! `gateway refusals`: what this gateway refused, and what another one refused that concerns it. No case data: who, which entry of which case, what step, under which rule.

use std::{fs, io::Read, path::PathBuf};

use casefile::{
    CannotProve, ProvedRefusal, REFUSALS_BYTES_MAX, ReceiptText, RefusalOnRecord, check_refusals, refusals_to_file,
};
use clap::{Args, Subcommand};
use model::{CaseId, EntryId, Exit, Timestamp};
use proto::operator::{ListRefusalsRequest, ListRefusalsResponse, Refused};
use serde_json::{Value, json};

use super::{Where, ask, audit, operator};
use crate::failure::Failure;

/// So many are told at once, and looked through for those of a case.
const REFUSALS_MAX: u32 = 1000;

/// What was refused: here, and by other gateways of what this one sent or in cases that both have.
#[derive(Debug, Subcommand)]
pub(crate) enum Refusals {
    /// The newest first.
    List(List),
    /// Tell what a file of `list --out` proves, with nothing but the roots of the states whose gateways refused. Exit codes: 0 all that was
    /// signed holds, 9 something is not so, 1 no such file, 2 a root is missing.
    Check {
        /// The file.
        file: PathBuf,
        /// A root that you have from its state itself: JP=FILE.pem, or JP=FINGERPRINT. One for each state whose gateway refused.
        #[arg(long = "root", value_name = "PARTY=PEM|FINGERPRINT")]
        roots: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    /// How many, 1000 at most.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Those of one case, by its id or the beginning of it, among the newest 1000.
    #[arg(long)]
    case: Option<String>,
    /// Also write them as a file for third parties, JSON: with what each gateway signed. Without --case it tells of every channel.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Refusals {
    pub(crate) async fn run(&self) -> Result<(Value, String), Failure> {
        match self {
            Self::List(list) => list.run().await,
            Self::Check { file, roots } => check(file, roots),
        }
    }
}

impl List {
    async fn run(&self) -> Result<(Value, String), Failure> {
        let (folder, mut client) = operator(&self.at)?;
        let limit = if self.case.is_some() { REFUSALS_MAX } else { self.limit };
        let request = ListRefusalsRequest { limit, with_receipts: self.out.is_some() };
        let ListRefusalsResponse { mut refusals, directories } = ask(&self.at, client.list_refusals(request)).await?;
        if let Some(wanted) = &self.case {
            refusals.retain(|one| case(one).starts_with(&wanted.to_ascii_lowercase()));
            refusals.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        }
        let mut lines: Vec<String> = refusals.iter().map(line).collect();
        if lines.is_empty() {
            lines.push("nothing was refused yet".to_owned());
        }
        let value = json!({ "refusals": refusals.iter().map(value).collect::<Vec<_>>(), "out": self.out });
        if let Some(out) = &self.out {
            let record = refusals.iter().map(on_record).collect::<Result<Vec<_>, _>>()?;
            let received = directories.into_iter().map(proto::convert::receive_directory);
            let file = refusals_to_file(folder.config()?.party, record, &received.collect::<Result<Vec<_>, _>>()?)?;
            keyring::write_public(out, file.as_bytes())?;
            lines.push(format!("verify it anywhere: gateway refusals check {} --root PARTY=ROOT.pem …", out.display()));
        }
        Ok((value, lines.join("\n")))
    }
}

fn check(file: &PathBuf, roots: &[String]) -> Result<(Value, String), Failure> {
    let roots = roots.iter().map(|one| audit::pin(one)).collect::<Result<Vec<_>, _>>()?;
    let failed = |error: std::io::Error| Failure::reading(file, &error);
    let mut bytes = Vec::new();
    let limit = REFUSALS_BYTES_MAX as u64 + 1;
    fs::File::open(file).map_err(failed)?.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    let told = check_refusals(&bytes, &roots).map_err(|error| {
        let exit = if matches!(error, CannotProve::RootMissing(_)) { Exit::Usage } else { Exit::Failure };
        Failure::new(exit, format!("{}: {error}", file.display()))
    })?;
    if !told.contradicted.is_empty() {
        let what = told.contradicted.join("\n  ");
        return Err(Failure::new(Exit::Integrity, format!("{}: what is not so:\n  {what}", file.display()))
            .remedy("Ask for it anew; what remains is the word of who handed it out."));
    }
    let mut lines = vec![format!("proved: {} refusals, each signed by the gateway that refused", told.proved.len())];
    lines.extend(told.proved.iter().map(proved_line));
    lines.push("not proved:".to_owned());
    lines.extend(told.not_proved.iter().map(|what| format!("  {what}")));
    Ok((json!({ "report": told }), lines.join("\n")))
}

fn proved_line(one: &ProvedRefusal) -> String {
    let field = if one.field.is_empty() { String::new() } else { format!(" at {}", plain(&one.field)) };
    format!(
        "  {}  {} refused entry {} of case {} ({}): {} of {}{field}\n    {}",
        one.at,
        one.by,
        one.entry,
        one.case,
        one.stage,
        one.code,
        plain(&one.rule),
        plain(&one.reason),
    )
}

/// `text` without what would steer a terminal: another state wrote it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// As it stands in a file that is handed out.
fn on_record(one: &Refused) -> Result<RefusalOnRecord, Failure> {
    let signed = one.receipt.as_ref().map(proto::decode_receipt).transpose()?;
    Ok(RefusalOnRecord {
        at: Timestamp(one.at_ms).to_string(),
        party: one.party.clone(),
        code: one.code.clone(),
        step: one.step.clone(),
        rule: one.rule.clone(),
        field: one.field.clone(),
        case: case(one),
        entry: entry(one),
        refused_as: one.refused_as.clone(),
        refused_by: one.refused_by.clone(),
        signed: signed.as_ref().map(ReceiptText::of),
    })
}

fn entry(one: &Refused) -> String {
    EntryId::try_from(&*one.entry_id).map(|id| id.to_string()).unwrap_or_default()
}

fn case(one: &Refused) -> String {
    CaseId::try_from(&*one.case_id).map(|id| id.to_string()).unwrap_or_default()
}

fn line(one: &Refused) -> String {
    let known = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    format!(
        "{}  {:<3} {:<12} {:<14} rule {:<12} case {}  entry {}  by {} as {}",
        Timestamp(one.at_ms),
        one.party,
        one.code,
        known(&one.step),
        known(&one.rule),
        known(&case(one)),
        known(&entry(one)),
        known(&one.refused_by),
        one.refused_as
    )
}

fn value(one: &Refused) -> Value {
    json!({
        "at": Timestamp(one.at_ms).to_string(), "party": one.party, "code": one.code, "step": one.step,
        "rule": one.rule, "field": one.field, "case": case(one), "entry": entry(one), "refused_as": one.refused_as,
        "refused_by": one.refused_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_one_line_and_what_is_not_known_is_a_dash() {
        let one = Refused {
            at_ms: 1_767_193_200_000,
            party: "FR".to_owned(),
            code: "R94".to_owned(),
            step: "change_group".to_owned(),
            refused_as: "own_gateway".to_owned(),
            ..Refused::default()
        };
        let told = line(&one);
        assert!(told.starts_with("2025-12-31T15:00:00.000Z  FR  R94"), "{told}");
        assert!(told.contains("change_group") && told.contains("case –") && told.ends_with("as own_gateway"), "{told}");
        assert_eq!(value(&one)["code"], "R94");
    }
}
