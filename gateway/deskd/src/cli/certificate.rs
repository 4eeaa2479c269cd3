//! `desk certificate`: renewing the desk's certificates. The keys are drawn here and stay here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use identity::{CertificateRequest, RootCertificate, Subject};
use keyring::{Slot, Taking};
use model::{Exit, Timestamp};
use serde_json::{Value, json};

use super::Answer;
use crate::{
    clock,
    config::{Config, Folder},
    failure::Failure,
    keys,
};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Renew the desk's certificates. A running desk takes the new ones by itself, without a restart, and puts its new leaf in place in each case.
#[derive(Debug, Subcommand)]
pub(super) enum Certificate {
    /// When they end.
    List,
    /// Draw the next keys, and ask the root for their certificates. The keys stay where they are.
    Request {
        /// Where to write the requests; by default they are printed.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Put what the root issued into use: the file that `gateway certificate issue` wrote.
    Install {
        /// The certificates, PEM.
        answer: PathBuf,
        /// Also where they end sooner than those in use.
        #[arg(long)]
        ends_sooner: bool,
    },
}

impl Certificate {
    pub(super) fn run(&self, dir: &Path) -> Result<Answer, Failure> {
        let folder = Folder::find(dir)?;
        // One exchange at a time.
        let _lock = keyring::lock(&folder.file("certificates.lock"))?;
        let place = Place { slots: [Slot::tls(&folder.0), Slot::leaf(&folder.0)], config: folder.config()?, folder };
        match self {
            Self::List => place.list(clock::now()),
            Self::Request { out } => place.request(out.as_deref()),
            Self::Install { answer, ends_sooner } => place.install(answer, *ends_sooner, clock::now()),
        }
    }
}

/// A desk's folder, and its pairs.
struct Place {
    folder: Folder,
    config: Config,
    slots: [Slot; 2],
}

impl Place {
    fn list(&self, now: Timestamp) -> Result<Answer, Failure> {
        let (mut lines, mut listed) = (Vec::new(), Vec::new());
        for slot in &self.slots {
            let (purpose, until) = (slot.purpose(), slot.until()?);
            let days = (until.0 - now.0).div_euclid(DAY_MS);
            let told = if until <= now { "has ended".to_owned() } else { format!("{days} days left") };
            lines.push(format!("{purpose}  until {until}, {told}"));
            listed.push(json!({ "for": purpose.to_string(), "until": until.to_string(), "days_left": days }));
        }
        Ok(Answer::new(json!({ "certificates": listed }), lines.join("\n")))
    }

    fn request(&self, out: Option<&Path>) -> Result<Answer, Failure> {
        let pem = keyring::requests(&self.slots, &self.subject(), &self.passphrase()?)?;
        let asked = CertificateRequest::all_from_pem(&pem);
        let asked = asked.map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        let listed = asked.iter().map(|one| {
            json!({ "subject": one.subject().to_string(), "for": one.purpose().to_string(), "key": one.fingerprint().to_string() })
        });
        let listed: Vec<Value> = listed.collect();
        let text = match out {
            Some(out) => {
                keyring::write_public(out, pem.as_bytes())?;
                let told = asked
                    .iter()
                    .map(|one| format!("{}  for {}  key {}", one.subject(), one.purpose(), one.fingerprint()));
                let told: Vec<String> = told.collect();
                format!("{}\n  written to {}", told.join("\n"), out.display())
            }
            None => pem.trim_end().to_owned(),
        };
        Ok(Answer::new(json!({ "request": pem, "asked": listed, "out": out }), text))
    }

    fn install(&self, answer: &Path, sooner: bool, now: Timestamp) -> Result<Answer, Failure> {
        let pem = fs::read_to_string(answer).map_err(|error| Failure::reading(answer, &error))?;
        let root = RootCertificate::parse(&keys::root(&self.folder)?)
            .map_err(|error| Failure::new(Exit::NotAuthorised, error.to_string()))?;
        let (subject, passphrase) = (self.subject(), self.passphrase()?);
        let by = Taking { root: &root, subject: &subject, passphrase: &passphrase, now, sooner };
        let taken = keyring::install(&self.slots, &pem, &by)?;
        let listed =
            taken.iter().map(|(purpose, until)| json!({ "for": purpose.to_string(), "until": until.to_string() }));
        let lines: Vec<_> = taken.iter().map(|(purpose, until)| format!("{purpose}  until {until}")).collect();
        let value = json!({ "installed": listed.collect::<Vec<_>>() });
        Ok(Answer::new(value, format!("{}\n  a running desk takes it within seconds", lines.join("\n"))))
    }

    fn subject(&self) -> Subject {
        Subject::Desk(self.config.authority.clone())
    }

    fn passphrase(&self) -> Result<identity::Passphrase, Failure> {
        keys::read_passphrase(&self.folder.resolve(&self.config.passphrase_file))
    }
}
