//! `desk webhook …`: where the desk tells national systems of its events.

use std::{fs, path::PathBuf};

use clap::Subcommand;
use link::Channel;
use model::{Exit, Timestamp};
use proto::desk::{self as wire, webhook_service_client::WebhookServiceClient};
use serde_json::{Value, json};

use super::{Answer, request::write_new, session::Session};
use crate::{failure::Failure, summary::line as plain};

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    /// Add a place; its secret is told here, and never again.
    Add {
        /// https, or http to this machine itself.
        url: String,
        /// PEM: the certificate authorities that vouch for it, in place of those of this machine.
        #[arg(long, value_name = "FILE")]
        authorities: Option<PathBuf>,
        /// Tell it what happened after this event too; as it is, what happens from now on.
        #[arg(long, value_name = "CURSOR")]
        after: Option<u64>,
        /// Write the secret into this new file, in place of the terminal.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
    },
    /// All places, and how deliveries to them go.
    List,
    /// Remove a place.
    Remove {
        /// As in wh_0123456789abcdef.
        id: String,
    },
    /// Let deliveries go on that were given up, from where they stopped.
    Enable {
        /// As in wh_0123456789abcdef.
        id: String,
    },
    /// Send an event of the kind "test" now (exit 8 where it is not taken).
    Test {
        /// As in wh_0123456789abcdef.
        id: String,
    },
}

impl Webhook {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let mut desk = WebhookServiceClient::new(link::connect_local(&session.folder.socket()));
        match self {
            Self::Add { url, authorities, after, secret_file } => {
                let read = |path: &PathBuf| fs::read_to_string(path).map_err(|error| Failure::reading(path, &error));
                let authorities = authorities.as_ref().map(read).transpose()?.unwrap_or_default();
                if let Some(path) = secret_file.as_ref().filter(|path| path.exists()) {
                    return Err(Failure::new(Exit::Usage, format!("{} is there already", path.display())));
                }
                let request = wire::AddWebhookRequest { url: url.clone(), authorities, after: *after };
                let added = desk.add_webhook(request).await?.into_inner();
                added_answer(&added, secret_file.as_ref())
            }
            Self::List => list(&mut desk).await,
            Self::Remove { id } => {
                desk.remove_webhook(wire::RemoveWebhookRequest { id: id.clone() }).await?;
                Ok(Answer::new(json!({ "id": id, "removed": true }), format!("{} is removed", plain(id))))
            }
            Self::Enable { id } => {
                let request = wire::EnableWebhookRequest { id: id.clone() };
                let enabled = desk.enable_webhook(request).await?.into_inner().webhook.unwrap_or_default();
                Ok(Answer::new(value(&enabled), line(&enabled)))
            }
            Self::Test { id } => {
                let said = desk.test_webhook(wire::TestWebhookRequest { id: id.clone() }).await?.into_inner();
                let value = json!({ "id": id, "delivered": said.delivered, "answer": said.answer });
                let taken = if said.delivered { "taken" } else { "not taken" };
                let exit = if said.delivered { Exit::Ok } else { Exit::Unreachable };
                Ok(Answer { value, text: format!("{taken}: {}", plain(&said.answer)), exit })
            }
        }
    }
}

fn added_answer(added: &wire::AddWebhookResponse, secret_file: Option<&PathBuf>) -> Result<Answer, Failure> {
    let webhook = added.webhook.clone().unwrap_or_default();
    let mut shown = value(&webhook);
    let secret = match secret_file {
        Some(path) => {
            write_new(path, format!("{}\n", added.secret).as_bytes())?;
            shown["secret_file"] = path.display().to_string().into();
            format!("in {}", path.display())
        }
        None => {
            shown["secret"] = added.secret.clone().into();
            added.secret.clone()
        }
    };
    let text =
        format!("{}\nsecret  {secret}\nIt is not told again. Next: desk webhook test {}", line(&webhook), webhook.id);
    Ok(Answer::new(shown, text))
}

async fn list(desk: &mut WebhookServiceClient<Channel>) -> Result<Answer, Failure> {
    let webhooks = desk.list_webhooks(wire::ListWebhooksRequest {}).await?.into_inner().webhooks;
    let mut lines: Vec<_> = webhooks.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    Ok(Answer::new(json!({ "webhooks": webhooks.iter().map(value).collect::<Vec<_>>() }), lines.join("\n")))
}

fn line(webhook: &wire::Webhook) -> String {
    let trouble = match webhook.state.as_str() {
        "disabled" => format!(", given up at {}: {}", Timestamp(webhook.disabled_ms), plain(&webhook.answer)),
        "failing" => format!(
            ", takes nothing since {}: {}; next attempt at {}",
            Timestamp(webhook.failing_since_ms),
            plain(&webhook.answer),
            Timestamp(webhook.next_attempt_ms)
        ),
        _ => String::new(),
    };
    let (id, url, state) = (&webhook.id, plain(&webhook.url), &webhook.state);
    format!("{id}  {url}  {state}, at {}, {} waiting{trouble}", webhook.cursor, webhook.waiting)
}

fn value(webhook: &wire::Webhook) -> Value {
    json!({
        "id": webhook.id,
        "url": webhook.url,
        "state": webhook.state,
        "cursor": webhook.cursor,
        "waiting": webhook.waiting,
        "created_ms": webhook.created_ms,
        "delivered_ms": webhook.delivered_ms,
        "failing_since_ms": webhook.failing_since_ms,
        "next_attempt_ms": webhook.next_attempt_ms,
        "disabled_ms": webhook.disabled_ms,
        "answer": webhook.answer,
    })
}
