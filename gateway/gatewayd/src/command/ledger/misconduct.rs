//! `gateway ledger misconduct`: what other gateways signed and contradicted.

use std::{fs, io::Read, path::PathBuf};

use casefile::{CannotProve, MISCONDUCT_BYTES_MAX, Proved, check_misconduct};
use clap::{Args, Subcommand};
use model::{Exit, Timestamp};
use proto::operator::{ListMisconductRequest, Misconduct as Kept};
use serde_json::{Value, json};

use crate::{
    command::{Where, ask, audit, operator},
    failure::Failure,
};

/// Of `gateway ledger misconduct`.
#[derive(Debug, Subcommand)]
pub(crate) enum Misconduct {
    /// List what is kept, oldest first.
    List {
        #[command(flatten)]
        at: Where,
    },
    /// Show one piece with what was signed.
    Show(Named),
    /// Write one piece as a file for third parties. It names the accused, and holds nothing of a case but, for a receipt, the header of
    /// its entry.
    Export {
        #[command(flatten)]
        named: Named,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Tell what such a file proves, with the accused's root alone. Exit codes: 0 proved, 9 it proves nothing, 1 no such file or altered,
    /// 2 the root is missing.
    Check {
        /// The file.
        file: PathBuf,
        /// The root of the accused, that you have from its state itself: JP=FILE.pem, or JP=FINGERPRINT.
        #[arg(long = "root", value_name = "PARTY=PEM|FINGERPRINT")]
        roots: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    #[command(flatten)]
    at: Where,
    /// Its id, or so much of it that it is the only one.
    id: String,
}

impl Misconduct {
    pub(super) async fn run(&self) -> Result<(Value, String), Failure> {
        match self {
            Self::List { at } => list(at).await,
            Self::Show(named) => {
                let one = named.find().await?;
                let signed = casefile::shown(&one.file);
                let text = format!("{}\n{}", line(&one), signed.join("\n"));
                Ok((json!({ "misconduct": to_json(&one), "signed": signed }), text))
            }
            Self::Export { named, out } => {
                let one = named.find().await?;
                keyring::write_public(out, &one.file)?;
                let out = out.display();
                let text = format!(
                    "{}\n  verify it anywhere: gateway ledger misconduct check {out} --root {}=ROOT.pem",
                    line(&one),
                    one.party
                );
                Ok((json!({ "misconduct": to_json(&one), "out": out.to_string() }), text))
            }
            Self::Check { file, roots } => check(file, roots),
        }
    }
}

async fn list(at: &Where) -> Result<(Value, String), Failure> {
    let (_, mut client) = operator(at)?;
    let kept = ask(at, client.list_misconduct(ListMisconductRequest::default())).await?.misconduct;
    let text = match kept.as_slice() {
        [] => "nothing: no other gateway has contradicted what it signed".to_owned(),
        kept => kept.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    Ok((json!({ "misconduct": kept.iter().map(to_json).collect::<Vec<_>>() }), text))
}

impl Named {
    async fn find(&self) -> Result<Kept, Failure> {
        let (_, mut client) = operator(&self.at)?;
        let request = ListMisconductRequest { id: self.id.to_ascii_lowercase() };
        let mut found = ask(&self.at, client.list_misconduct(request)).await?.misconduct;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) if !self.id.is_empty() => Ok(one),
            (None, _) => Err(Failure::new(Exit::NotFound, format!("nothing is kept under {}", self.id))
                .remedy("gateway ledger misconduct list")),
            _ => Err(Failure::new(Exit::Usage, format!("{} is the beginning of more than one id", self.id))
                .remedy("gateway ledger misconduct list")),
        }
    }
}

fn check(file: &PathBuf, roots: &[String]) -> Result<(Value, String), Failure> {
    let roots = roots.iter().map(|one| audit::pin(one)).collect::<Result<Vec<_>, _>>()?;
    let failed = |error: std::io::Error| Failure::reading(file, &error);
    let mut bytes = Vec::new();
    let limit = MISCONDUCT_BYTES_MAX as u64 + 1;
    fs::File::open(file).map_err(failed)?.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    let proved = check_misconduct(&bytes, &roots).map_err(|error| {
        let exit = match &error {
            CannotProve::Unreadable(_) => Exit::Failure,
            CannotProve::RootMissing(_) => Exit::Usage,
            CannotProve::Nothing(_) => Exit::Integrity,
        };
        Failure::new(exit, format!("{}: {error}", file.display()))
    })?;
    Ok((json!({ "report": proved }), proved_text(&proved)))
}

/// What a file of misconduct proves, for people.
pub(crate) fn proved_text(proved: &Proved) -> String {
    let mut lines = vec![format!("proved: misconduct of the gateway of {} ({})", proved.accused, proved.kind)];
    lines.extend(proved.proved.iter().map(|what| format!("  {what}")));
    lines.push("not proved:".to_owned());
    lines.extend(proved.not_proved.iter().map(|what| format!("  {what}")));
    lines.join("\n")
}

fn line(one: &Kept) -> String {
    let proof = if one.convicts { "a proof" } else { "no proof by itself" };
    let settled = match one.settled_at_ms {
        0 => String::new(),
        at => format!("; an operator let the channel go on at {}", Timestamp(at)),
    };
    let id = one.id.get(..16).unwrap_or(&one.id);
    format!("{id}  {}  {:12}  {}\n    {} ({proof}{settled})", one.party, one.kind, Timestamp(one.at_ms), one.told)
}

fn to_json(one: &Kept) -> Value {
    json!({
        "id": one.id, "party": one.party, "kind": one.kind, "log": one.log, "told": one.told, "convicts": one.convicts,
        "at": Timestamp(one.at_ms).to_string(),
        "settled_at": (one.settled_at_ms != 0).then(|| Timestamp(one.settled_at_ms).to_string()),
    })
}
