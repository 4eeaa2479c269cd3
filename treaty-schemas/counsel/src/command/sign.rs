//! `treaty sign`: a party answers for its files, and accepts the pins, of a plan.

use std::{
    fs::{self, File},
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use identity::{Passphrase, treaty::TreatySigner};
use model::Exit;
use serde_json::json;
use shelf::{Files, Plan};

use super::plan::{in_words, plan_failure, progress, read_plan, shelf_failure, to_value};
use crate::{answer::Answer, cli::Session, failure::Failure};

/// Sign a plan with a party's treaty key: its files, and the pins of its pairs. Signing twice changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The plan; the signatures are added to it.
    plan: PathBuf,
    /// The party's treaty key, as `gateway init` writes it to STATE/treaty/treaty.key.pem.
    #[arg(long)]
    key: PathBuf,
    /// Its certificate, as in STATE/treaty/treaty.cert.pem.
    #[arg(long)]
    cert: PathBuf,
    /// A file with the key's passphrase, as in STATE/treaty/passphrase.
    #[arg(long)]
    passphrase_file: PathBuf,
    /// Sign without asking. Nothing is asked either where nobody sits at a terminal.
    #[arg(long)]
    yes: bool,
}

impl Sign {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let mut plan = read_plan(&self.plan)?;
        let read = |path: &Path| fs::read_to_string(path).map_err(|error| Failure::reading(path, &error));
        let secret =
            fs::read(&self.passphrase_file).map_err(|error| Failure::reading(&self.passphrase_file, &error))?;
        let passphrase = Passphrase::new(&secret).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        let certificate = read(&self.cert)?;
        let signer = TreatySigner::open(&read(&self.key)?, &passphrase, &certificate)
            .map_err(|error| Failure::new(Exit::NotAuthorised, told(&error)))?;
        let party = signer.party();
        plan.check().map_err(plan_failure)?;
        let compared = self.compare(session, &plan)?;
        if plan.notes_for(party).next().is_none() {
            return Ok(Answer::new(to_value(&plan), format!("{party} has nothing to sign in this plan.")));
        }
        self.ask(&plan, &signer, compared)?;
        let signed = plan.sign(&signer, &certificate).map_err(plan_failure)?;
        replace(&self.plan, &plan.to_json().map_err(plan_failure)?)?;
        let mut text = format!("{}\n", in_words(&plan));
        for note in &signed {
            text += &format!("  {} {}\n", if note.is_new { "signed" } else { "was signed" }, note.path);
        }
        let open: Vec<_> =
            progress(&plan).into_iter().filter(|(_, [done, all])| done < all).map(|(p, _)| p.to_string()).collect();
        text += &match open.is_empty() {
            true => format!("Next: treaty apply {} --catalogue DIR --roots …", self.plan.display()),
            false => format!("Next: {} signs too.", open.join(", ")),
        };
        if !compared {
            text +=
                "\nThe changes are told as the plan's author computed them; with --catalogue DIR they are compared.";
        }
        let notes: Vec<_> = signed.iter().map(|note| json!({ "path": note.path, "new": note.is_new })).collect();
        Ok(Answer::new(json!({ "party": party, "notes": notes, "compared": compared, "plan": to_value(&plan) }), text))
    }

    /// Computes the plan's changes again, where the catalogue that it starts from is at hand.
    fn compare(&self, session: &Session, plan: &Plan) -> Result<bool, Failure> {
        let (Some(folder), None) = (session.catalogue.as_deref(), plan.national) else { return Ok(false) };
        let base = if folder.exists() { Files::read(folder).map_err(shelf_failure)? } else { Files::default() };
        plan.check_against(&base).map_err(plan_failure)?;
        Ok(true)
    }

    fn ask(&self, plan: &Plan, signer: &TreatySigner, compared: bool) -> Result<(), Failure> {
        if self.yes || !std::io::stdin().is_terminal() {
            return Ok(());
        }
        let mut err = std::io::stderr().lock();
        let by = if compared { "computed here" } else { "as the plan says" };
        let asked = format!("{}\nThe changes are {by}. Sign for {}? [yes/no] ", in_words(plan), signer.party());
        let shown = err.write_all(crate::answer::clean(&asked).as_bytes()).and_then(|()| err.flush());
        shown.map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        if answer.trim() == "yes" { Ok(()) } else { Err(Failure::new(Exit::Failure, "nothing was signed")) }
    }
}

fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

/// A kill leaves the plan before, or the one with the signatures.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| Failure::writing(path, &error))
}
