//! The minutes of a consultation: signed by an officer of each side, and sent with the word that it was held.

use std::path::PathBuf;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::Args;
use desk::{CONSULTATION_MINUTES, consultation_hash, consultation_statement};
use identity::Domain;
use model::{AuthorityId, Exit, Step};
use serde_json::{Value, json};

use super::{Answer, Ask, Common, Session, Signer, Taken, Words, document};
use crate::{cli::request::write_new, clock, failure::Failure};

/// `desk consulted`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Consulted {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The minutes that both sides signed (consultation_minutes, see sign-consultation); without them a notice says that it was held.
    #[arg(long, value_name = "FILE")]
    minutes: Option<PathBuf>,
}

/// `desk sign-consultation`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SignConsultation {
    /// The case, or a unique beginning of its id.
    case: String,
    #[command(flatten)]
    signer: Signer,
    /// The minutes (consultation_minutes), as they are or as the other side signed them; record type, case and hash are filled in.
    #[arg(long, value_name = "FILE")]
    minutes: PathBuf,
    /// The name of who signs. It is signed with the minutes, as are title and moment.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The title of who signs, as in "Deputy Director".
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// The new file for the signed minutes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Consulted {
    pub(in crate::cli) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let minutes = document(CONSULTATION_MINUTES, self.minutes.as_deref())?;
        let ask = Ask { documents: &minutes, ..Ask::new(Step::ConsultDone, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}

impl SignConsultation {
    pub(in crate::cli) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let shown = session.show(&self.case).await?;
        let summary = shown.summary.unwrap_or_default();
        let bytes = std::fs::read(&self.minutes).map_err(|error| Failure::reading(&self.minutes, &error))?;
        let read = serde_json::from_slice(&bytes).ok().filter(Value::is_object);
        let mut minutes: Value = read.ok_or_else(|| {
            Failure::new(Exit::Usage, "the minutes are no JSON object")
                .remedy("Write them as the example in the catalogue: records/consultation_minutes.")
        })?;
        minutes["record_type"] = CONSULTATION_MINUTES.into();
        minutes["case"] = summary.case_id.clone().into();
        let hash = consultation_hash(&minutes).map_err(model::Denial::from)?;
        if minutes["signatures"].is_object() && minutes["text_hash"] != hash.to_string() {
            let what = "the minutes were changed after somebody signed them; nothing was signed";
            return Err(Failure::new(Exit::Conflict, what)
                .remedy("Agree on one text; take the field `signatures` out, and let both sides sign it."));
        }
        let officer = self.signer.open(session)?;
        let own = &session.config.authority;
        let named = officer.authority.as_ref().map(|name| format!("{}:{name}", own.party()).parse::<AuthorityId>());
        let authority = named.transpose().map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        minutes["text_hash"] = hash.to_string().into();
        let mut signature = json!({
            "party": own.party().to_string(),
            "authority": authority.as_ref().unwrap_or(own).to_string(),
            "signatory": { "name": self.name },
            "signed_at": clock::now().to_string(),
            "manner": "electronic",
            "key": officer.key.key_id().to_string(),
        });
        if let Some(title) = &self.title {
            signature["signatory"]["title"] = title.as_str().into();
        }
        let statement = consultation_statement(&minutes, &signature).map_err(model::Denial::from)?;
        let signed = officer.key.sign(Domain::Minutes, statement.as_bytes());
        signature["value"] = BASE64_STANDARD.encode(signed).into();
        minutes["signatures"][summary.side.as_str()] = signature;
        let text =
            serde_json::to_vec_pretty(&minutes).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        write_new(&self.out, &text)?;
        let missing: Vec<_> =
            ["requesting", "requested"].into_iter().filter(|side| minutes["signatures"][side].is_null()).collect();
        let next = match missing.first() {
            Some(side) => format!("The {side} side signs them next; then: desk consulted --minutes."),
            None => "Both sides have signed; next: desk consulted --minutes.".to_owned(),
        };
        let value = json!({ "hash": hash.to_string(), "file": self.out.display().to_string(), "missing": missing });
        Ok(Answer::new(value, format!("{} is signed for the {} side. {next}", self.out.display(), summary.side)))
    }
}
