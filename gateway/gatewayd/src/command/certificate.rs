//! `gateway certificate`: renewing the certificate of the gateway, and answering the requests of desks where the root is.

use std::{fs, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use identity::{CertificateRequest, Root, RootCertificate, Subject, certificate_to_pem};
use keyring::{Slot, Taking};
use model::{Digest, Exit, Timestamp};
use serde_json::{Value, json};

use super::{
    Where,
    init::{key_failure, read_passphrase},
};
use crate::{
    config::{Config, Folder},
    failure::Failure,
    keys,
};

const DAY_S: u64 = 24 * 3600;

/// Renew certificates. A running gateway or desk takes the new ones by itself, without a restart.
#[derive(Debug, Subcommand)]
pub(crate) enum Certificate {
    /// When the gateway's certificate ends.
    List(List),
    /// Draw the gateway's next TLS key, and ask the root for its certificate. The key stays where it is.
    Request(Request),
    /// Where the root is: issue what a gateway or desk of this state asks for. Compare the fingerprints with who asks.
    Issue(Issue),
    /// Put what the root issued into use.
    Install(Install),
    /// All three at once, where the root is at hand.
    Renew(Renew),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    #[command(flatten)]
    at: Where,
    /// Where to write the request; by default it is printed.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Issue {
    /// What was asked: the file that `gateway certificate request` or `desk certificate request` wrote.
    request: PathBuf,
    /// The folder of our own root.
    #[arg(long)]
    own_root: PathBuf,
    /// The fingerprint of each key that is asked for, as who drew it wrote it down. Nothing is issued over another key.
    #[arg(long = "key", required = true, value_name = "SHA-256")]
    keys: Vec<Digest>,
    /// Valid for so many days, in place of the most there is: 90 for TLS, 28 for a leaf.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=90))]
    days: Option<u64>,
    /// Where to write the certificates; by default they are printed.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Install {
    #[command(flatten)]
    at: Where,
    /// What `gateway certificate issue` wrote.
    answer: PathBuf,
    /// Also where it ends sooner than the one in use.
    #[arg(long)]
    ends_sooner: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    at: Where,
    /// The folder of our own root. By default `root` beside the gateway's folder.
    #[arg(long)]
    own_root: Option<PathBuf>,
}

impl Certificate {
    pub(crate) fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        match self {
            Self::List(list) => list.run(now),
            Self::Request(request) => request.run(),
            Self::Issue(issue) => issue.run(now),
            Self::Install(install) => install.run(now),
            Self::Renew(renew) => renew.run(now),
        }
    }
}

impl List {
    fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        let place = Place::open(&self.at)?;
        let until = place.slot.until()?;
        let days = (until.0 - now.0).div_euclid(1000 * DAY_S as i64);
        let told = if until <= now { "has ended".to_owned() } else { format!("{days} days left") };
        Ok((json!({ "tls": { "until": until.to_string(), "days_left": days } }), format!("TLS  until {until}, {told}")))
    }
}

impl Request {
    fn run(&self) -> Result<(Value, String), Failure> {
        let pem = Place::open(&self.at)?.request()?;
        let asked = read_requests(&pem)?;
        let told: Vec<String> = asked.iter().map(told).collect();
        let value = json!({ "request": pem, "asked": asked.iter().map(to_json).collect::<Vec<_>>(), "out": self.out });
        Ok((value, written(self.out.as_deref(), &pem, &told)?))
    }
}

impl Issue {
    fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        let pem = fs::read_to_string(&self.request).map_err(|error| Failure::reading(&self.request, &error))?;
        let root = open_root(&self.own_root)?;
        let asked = read_requests(&pem)?;
        if let Some(other) = asked.iter().find(|one| !self.keys.contains(&one.fingerprint())) {
            let what = format!("nobody has written this key down: {}", told(other));
            return Err(Failure::new(Exit::NotAuthorised, what)
                .remedy("Compare it with who asked, by voice; nothing was issued."));
        }
        let issued = issue(&root, &asked, self.days, now)?;
        let told: Vec<String> = asked.iter().map(told).collect();
        let value =
            json!({ "certificates": issued, "asked": asked.iter().map(to_json).collect::<Vec<_>>(), "out": self.out });
        Ok((value, written(self.out.as_deref(), &issued, &told)?))
    }
}

impl Install {
    fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        let pem = fs::read_to_string(&self.answer).map_err(|error| Failure::reading(&self.answer, &error))?;
        Place::open(&self.at)?.install(&pem, self.ends_sooner, now)
    }
}

impl Renew {
    fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        let place = Place::open(&self.at)?;
        let own = self.own_root.clone().unwrap_or_else(|| place.folder.0.join("../root"));
        let root = open_root(&own)?;
        let asked = read_requests(&place.request()?)?;
        place.install(&issue(&root, &asked, None, now)?, false, now)
    }
}

/// A gateway's folder, and its pair for TLS.
struct Place {
    folder: Folder,
    config: Config,
    slot: Slot,
    /// One exchange at a time.
    _lock: fs::File,
}

impl Place {
    fn open(at: &Where) -> Result<Self, Failure> {
        let folder = Folder::find(&at.dir)?;
        let lock = keyring::lock(&folder.0.join("certificates.lock"))?;
        Ok(Self { config: folder.config()?, slot: Slot::tls(&folder.0), folder, _lock: lock })
    }

    fn subject(&self) -> Subject {
        Subject::Gateway(self.config.party)
    }

    fn request(&self) -> Result<String, Failure> {
        let passphrase = read_passphrase(&self.folder.resolve(&self.config.passphrase_file))?;
        Ok(keyring::requests(std::slice::from_ref(&self.slot), &self.subject(), &passphrase)?)
    }

    fn install(&self, pem: &str, sooner: bool, now: Timestamp) -> Result<(Value, String), Failure> {
        let passphrase = read_passphrase(&self.folder.resolve(&self.config.passphrase_file))?;
        let root = RootCertificate::parse(&keys::certificate(&self.folder.root_certificate())?).map_err(key_failure)?;
        let slots = std::slice::from_ref(&self.slot);
        let subject = self.subject();
        let by = Taking { root: &root, subject: &subject, passphrase: &passphrase, now, sooner };
        let taken = keyring::install(slots, pem, &by)?;
        let value =
            taken.iter().map(|(purpose, until)| json!({ "for": purpose.to_string(), "until": until.to_string() }));
        let lines: Vec<_> = taken.iter().map(|(purpose, until)| format!("{purpose}  until {until}")).collect();
        let text = format!("{}\n  a running gateway takes it within seconds", lines.join("\n"));
        Ok((json!({ "installed": value.collect::<Vec<_>>() }), text))
    }
}

fn read_requests(pem: &str) -> Result<Vec<CertificateRequest>, Failure> {
    CertificateRequest::all_from_pem(pem).map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .remedy("Ask with `gateway certificate request` or `desk certificate request`.")
    })
}

fn issue(root: &Root, asked: &[CertificateRequest], days: Option<u64>, now: Timestamp) -> Result<String, Failure> {
    let mut answer = String::new();
    for one in asked {
        let most = one.purpose().lifetime_max();
        let lifetime = days.map_or(most, |days| Duration::from_secs(days * DAY_S).min(most));
        let certificate = root.issue_requested(one, now, lifetime).map_err(|error| {
            Failure::new(Exit::NotAuthorised, error.to_string())
                .remedy("A root issues for the gateway and the desks of its own state.")
        })?;
        answer.push_str(&certificate_to_pem(&certificate).map_err(key_failure)?);
    }
    Ok(answer)
}

fn open_root(folder: &std::path::Path) -> Result<Root, Failure> {
    let certificate = keys::certificate(&folder.join("root.cert.pem"))?;
    let pem = keys::text(&folder.join("root.key.pem"))?;
    Root::open(&certificate, &pem, &read_passphrase(&folder.join("passphrase"))?).map_err(key_failure)
}

fn told(one: &CertificateRequest) -> String {
    format!("{}  for {}  key {}", one.subject(), one.purpose(), one.fingerprint())
}

fn to_json(one: &CertificateRequest) -> Value {
    json!({ "subject": one.subject().to_string(), "for": one.purpose().to_string(), "key": one.fingerprint().to_string() })
}

/// Writes `pem` where it belongs, and says what it is; without a file it is the answer itself.
fn written(out: Option<&std::path::Path>, pem: &str, told: &[String]) -> Result<String, Failure> {
    match out {
        Some(out) => {
            keyring::write_public(out, pem.as_bytes())?;
            Ok(format!("{}\n  written to {}", told.join("\n"), out.display()))
        }
        None => Ok(pem.trim_end().to_owned()),
    }
}
