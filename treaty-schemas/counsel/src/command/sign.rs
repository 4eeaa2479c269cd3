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
use shelf::{Files, Plan, PlanError};

use super::plan::{in_words, plan_failure, progress, read_plan, shelf_failure, to_value};
use crate::{answer::Answer, cli::Session, failure::Failure};

/// Sign a plan with a party's treaty key: its files, and the pins of its pairs. Signing twice changes nothing.
///
/// --catalogue names the party's own catalogue, from which the plan must start (it need not exist when the plan is the first).
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
    /// Sign although there is no catalogue to hold the plan against. What is not checked then is said.
    #[arg(long)]
    without_catalogue: bool,
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
        if let Some(unchecked) = compared.unchecked() {
            text += &format!("\n{unchecked}");
        }
        let notes: Vec<_> = signed.iter().map(|note| json!({ "path": note.path, "new": note.is_new })).collect();
        Ok(Answer::new(
            json!({ "party": party, "notes": notes, "compared": compared == Compared::Own,
            "not_checked": compared.unchecked(), "plan": to_value(&plan) }),
            text,
        ))
    }

    /// Computes again what the plan says, and holds what it starts from against the party's own catalogue.
    fn compare(&self, session: &Session, plan: &Plan) -> Result<Compared, Failure> {
        if self.without_catalogue {
            plan.check().map_err(plan_failure)?;
            return Ok(Compared::Nothing);
        }
        let Some(folder) = session.catalogue.as_deref() else {
            return Err(Failure::new(Exit::Usage, "a plan is signed against the own catalogue, and none is named").remedy(
                "Name it: --catalogue DIR (it need not exist when the plan is the first). Without one: --without-catalogue.",
            ));
        };
        let base = if folder.exists() { Files::read(folder).map_err(shelf_failure)? } else { Files::default() };
        match plan.check_against(&base) {
            Err(PlanError::Stale { .. }) if plan.is_applied_to(&base) => {
                plan.check().map_err(plan_failure)?;
                Ok(Compared::Applied)
            }
            checked => checked.map(|()| Compared::Own).map_err(plan_failure),
        }
    }

    fn ask(&self, plan: &Plan, signer: &TreatySigner, compared: Compared) -> Result<(), Failure> {
        if self.yes || !std::io::stdin().is_terminal() {
            return Ok(());
        }
        let mut err = std::io::stderr().lock();
        let by = compared.unchecked().unwrap_or("The changes are computed against your own catalogue.");
        let asked = format!("{}\n{by}\nSign for {}? [yes/no] ", in_words(plan), signer.party());
        let shown = err.write_all(crate::answer::clean(&asked).as_bytes()).and_then(|()| err.flush());
        shown.map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        if answer.trim() == "yes" { Ok(()) } else { Err(Failure::new(Exit::Failure, "nothing was signed")) }
    }
}

/// What a plan was held against before it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    /// The party's own catalogue, from which it starts.
    Own,
    /// The party's own catalogue, which holds already what it leads to.
    Applied,
    /// Itself.
    Nothing,
}

impl Compared {
    /// What was not checked.
    fn unchecked(self) -> Option<&'static str> {
        match self {
            Self::Own => None,
            Self::Applied => Some(
                "Your catalogue holds these files already. NOT CHECKED: WHAT STOOD THERE BEFORE. THE CHANGES ARE THOSE AGAINST THE FILES \
                 THAT THE PLAN SAYS IT STARTS FROM.",
            ),
            Self::Nothing => Some(
                "NOT CHECKED: WHETHER THIS PLAN STARTS FROM YOUR CATALOGUE. WHAT IT CALLS KEPT, AND THE BOUNDS THAT IT SAYS HELD BEFORE, ARE \
                 THE WORD OF WHO MADE IT.",
            ),
        }
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
