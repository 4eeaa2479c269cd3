//! `desk responder`: registers that answer without a human, where a treaty lets them.

use clap::{Args, Subcommand};
use identity::Domain;
use model::{Exit, Role, Timestamp};
use proto::desk::{self as wire, responder_service_client::ResponderServiceClient};
use serde_json::{Value, json};

use super::{Answer, officer::Signer, session::Session};
use crate::{failure::Failure, responder::Folder};

/// Registers that answer without a human.
#[derive(Debug, Subcommand)]
pub(super) enum Responder {
    /// Look at the files in the desk's folder responder/: what is wrong, and what each gives.
    Check,
    /// All responders: how each stands, what it did today, and its last failure.
    List,
    /// Stand for the file of a responder (two officers, central or decider): it answers from then on, until the file changes.
    Authorise(Word),
    /// Stop a responder (any one officer).
    Stop(Word),
}

#[derive(Debug, Args)]
pub(super) struct Word {
    /// The responder, by the name of its file.
    name: String,
    #[command(flatten)]
    signer: Signer,
    /// In which role.
    #[arg(long, default_value = "central", value_parser = |text: &str| text.parse::<Role>().map_err(|error| error.to_string()))]
    role: Role,
}

impl Responder {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::Check => check(session),
            Self::List => list(session).await,
            Self::Authorise(word) => word.sign(session, "authorise").await,
            Self::Stop(word) => word.sign(session, "stop").await,
        }
    }
}

fn check(session: &Session) -> Result<Answer, Failure> {
    let folder = Folder::of(&session.folder.0, &session.config.passphrase_file);
    let (mut values, mut lines, mut wrong) = (Vec::new(), Vec::new(), false);
    for name in folder.names() {
        match folder.load(&name) {
            Ok(loaded) => {
                let (gives, digest) = (loaded.policy.gives.as_str(), loaded.digest.to_string());
                let links: Vec<_> = loaded.policy.link_only_on.iter().map(|one| one.as_str()).collect();
                lines.push(format!("{name}  good  gives {gives}, links on {}, text {digest}", links.join(", ")));
                values.push(
                    json!({ "name": name, "good": true, "gives": gives, "link_only_on": links, "digest": digest }),
                );
            }
            Err(failure) => {
                wrong = true;
                lines.push(format!("{name}  faulty\n{failure}"));
                values.push(json!({ "name": name, "good": false, "detail": failure.to_string() }));
            }
        }
    }
    if lines.is_empty() {
        lines.push("there is no responder/NAME.toml in the desk's folder".to_owned());
    }
    let exit = if wrong { Exit::Usage } else { Exit::Ok };
    Ok(Answer { value: json!({ "responders": values }), text: lines.join("\n"), exit })
}

async fn list(session: &Session) -> Result<Answer, Failure> {
    let listed = client(session).list_responders(wire::ListRespondersRequest {}).await?.into_inner();
    let mut lines: Vec<String> = listed.responders.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("none".to_owned());
    }
    let values: Vec<Value> = listed.responders.iter().map(value).collect();
    Ok(Answer::new(json!({ "responders": values }), lines.join("\n")))
}

fn line(one: &wire::ResponderView) -> String {
    let today: Vec<String> = one.today.iter().map(|count| format!("{} {}", count.count, count.outcome)).collect();
    let today = if today.is_empty() { "nothing today".to_owned() } else { format!("today: {}", today.join(", ")) };
    let error = match one.last_error.as_str() {
        "" => String::new(),
        class => format!("; last failure: {class} at {}", Timestamp(one.last_error_ms)),
    };
    let detail = if one.detail.is_empty() { String::new() } else { format!("\n{}", one.detail) };
    format!("{}  {}  {} of at most {} a day; {today}{error}{detail}", one.name, one.standing, one.gives, one.per_day)
}

fn value(one: &wire::ResponderView) -> Value {
    let today = one.today.iter().map(|count| (count.outcome.clone(), count.count.into()));
    json!({
        "name": one.name,
        "standing": one.standing,
        "detail": one.detail,
        "gives": one.gives,
        "articles": one.articles,
        "digest": one.digest,
        "signed_by": one.signed_by,
        "today": today.collect::<serde_json::Map<String, Value>>(),
        "last_error": one.last_error,
        "last_error_ms": one.last_error_ms,
        "per_day": one.per_day,
        "per_counterpart": one.per_counterpart,
    })
}

impl Word {
    async fn sign(&self, session: &Session, act: &str) -> Result<Answer, Failure> {
        let officer = self.signer.open(session)?;
        let request = wire::PrepareResponderRequest { name: self.name.clone(), act: act.to_owned() };
        let offered = client(session).prepare_responder(request).await?.into_inner();
        self.is_ours(session, act, &offered)?;
        if act == "authorise" {
            session.tell(&offered.text);
        }
        let request = wire::SignResponderRequest {
            name: self.name.clone(),
            act: act.to_owned(),
            role: self.role.as_str().to_owned(),
            key_id: officer.key.key_id().0.as_bytes().to_vec().into(),
            signature: officer.key.sign(Domain::Responder, &offered.statement).into(),
            statement: offered.statement,
        };
        let signed = client(session).sign_responder(request).await?.into_inner();
        let value =
            json!({ "name": self.name, "standing": signed.standing, "signatures_missing": signed.signatures_missing });
        let text = match signed.signatures_missing {
            0 => format!("{} is {}.", self.name, signed.standing),
            1 => format!("{}: one more officer must sign the same text.", self.name),
            more => format!("{}: {more} more officers must sign the same text.", self.name),
        };
        Ok(Answer::new(value, text))
    }

    /// What is signed is about this desk, this responder, and the text that lies in this folder.
    fn is_ours(&self, session: &Session, act: &str, offered: &wire::PrepareResponderResponse) -> Result<(), Failure> {
        let statement = String::from_utf8_lossy(&offered.statement).into_owned();
        let mut begins = format!("act {act}\ndesk {}\nresponder {}\n", session.config.authority, self.name);
        let mut good = statement.starts_with(&begins);
        if act == "authorise" {
            let folder = Folder::of(&session.folder.0, &session.config.passphrase_file);
            begins = format!("\ntext {}\n", folder.load(&self.name)?.digest);
            good &= statement.ends_with(&begins);
        }
        if good {
            return Ok(());
        }
        Err(Failure::new(Exit::Integrity, "the desk offers something else to sign than what lies in its folder")
            .remedy("Compare the desk's folder with the one that the daemon runs in; sign nothing."))
    }
}

fn client(session: &Session) -> ResponderServiceClient<link::Channel> {
    ResponderServiceClient::new(link::connect_local(&session.folder.socket()))
}
