//! `gateway status`: how the gateway is, in one look.

use clap::Args;
use model::Timestamp;
use proto::operator::{GetStatusRequest, GetStatusResponse, JointTeam, TimeStamping};
use serde_json::{Value, json};

use super::{
    Where, ask, operator,
    peer::{channel_to_json, frozen, queued},
};
use crate::failure::Failure;

/// Show how the running gateway is: addresses, certificate, channels, cases, refusals.
#[derive(Debug, Args)]
pub(crate) struct ShowStatus {
    #[command(flatten)]
    at: Where,
}

impl ShowStatus {
    pub(crate) async fn run(&self) -> Result<(Value, String), Failure> {
        let (_, mut client) = operator(&self.at)?;
        let status = ask(&self.at, client.get_status(GetStatusRequest {})).await?;
        Ok((to_json(&status), to_text(&status)))
    }
}

fn to_json(status: &GetStatusResponse) -> Value {
    json!({
        "party": status.party,
        "software": status.software,
        "release": status.release,
        "release_since": Timestamp(status.release_since_ms).to_string(),
        "release_before": status.release_before,
        "peer_address": status.peer_address,
        "desk_address": status.desk_address,
        "fingerprint": status.fingerprint,
        "certificate_expires": Timestamp(status.certificate_expires_ms).to_string(),
        "directory_version": status.directory_version,
        "channels": status.channels.iter().map(channel_to_json).collect::<Vec<_>>(),
        "cases_by_state": status.cases_by_state,
        "refusals_by_code": status.refusals_by_code,
        "problems": status.problems,
        "treaty_files": status.treaty_files,
        "time_stamping": status.time_stamping.as_ref().map(stamping_to_json),
    })
}

/// Since when a program runs, and that it is another one than before.
fn since(since_ms: i64, before: &str) -> String {
    match (since_ms, before) {
        (0, _) => String::new(),
        (_, "") => format!(", since {}", Timestamp(since_ms)),
        _ => format!(", since {}; CHANGED from {before}", Timestamp(since_ms)),
    }
}

fn stamping_to_json(stamping: &TimeStamping) -> Value {
    let moment = |ms: i64| (ms != 0).then(|| Timestamp(ms).to_string());
    json!({
        "authority": stamping.authority,
        "size": stamping.size,
        "at": moment(stamping.at_ms),
        "trouble": stamping.trouble,
        "trouble_since": moment(stamping.trouble_since_ms),
    })
}

fn stamping_to_text(stamping: &TimeStamping) -> Vec<String> {
    let newest = match stamping.size {
        0 => "none yet".to_owned(),
        size => format!("of {size} leaves at {}", Timestamp(stamping.at_ms)),
    };
    let mut lines = vec![format!("  time-stamp     {newest}, by {}", stamping.authority)];
    if !stamping.trouble.is_empty() {
        let since = Timestamp(stamping.trouble_since_ms);
        lines.push(format!("  PROBLEM        no time-stamp, since {since}: {}", stamping.trouble));
    }
    lines
}

fn to_text(status: &GetStatusResponse) -> String {
    let mut lines = vec![
        format!("gateway of {} ({})", status.party, status.software),
        format!(
            "  program        SHA-256 {}{}",
            status.release,
            since(status.release_since_ms, &status.release_before)
        ),
        format!("  peers call     {}", status.peer_address),
        format!("  desks call     {}", status.desk_address),
        format!("  fingerprint    {}", status.fingerprint),
        format!("  certificate    until {}", Timestamp(status.certificate_expires_ms)),
        format!("  directory      version {}", status.directory_version),
    ];
    lines.push(format!("  treaty files   {}", status.treaty_files));
    for channel in &status.channels {
        lines.push(format!(
            "  channel {}     {}, {} queued, ledger {} leaves, {} cosigned",
            channel.party, channel.state, channel.queued, channel.ledger_size, channel.ledger_cosigned
        ));
        let signed = match channel.treaty_signed_by.as_slice() {
            [] => String::new(),
            parties => format!(", signed by {}", parties.join(" and ")),
        };
        lines.push(format!("                 treaty pin {}{signed}", channel.treaty_pin));
        lines.extend(channel.treaty_missing.iter().map(|missing| format!("                 NOT IN FORCE: {missing}")));
        for team in &channel.teams {
            let JointTeam { id, standing, from, until, purpose, .. } = team;
            let (from, members) = (if from.is_empty() { "always" } else { from.as_str() }, team.members.join(", "));
            lines.push(format!(
                "                 joint team {id}: {standing}, {from} to {until}, of {members}, for: {purpose}"
            ));
            lines.extend(team.missing.iter().map(|missing| format!("                 NOT AGREED: {missing}")));
        }
        lines.extend(frozen(channel).map(|why| format!("                 {why}")));
        if !channel.peer_release.is_empty() {
            let since = since(channel.peer_release_since_ms, &channel.peer_release_before);
            lines.push(format!("                 runs {}{since}", channel.peer_release));
        }
        if !channel.last_error.is_empty() {
            lines.push(format!("                 last call failed: {}", channel.last_error));
        }
        lines.extend(channel.waiting.iter().map(|one| format!("                 {}", queued(one))));
    }
    let mut counts: Vec<_> = status.cases_by_state.iter().map(|(state, count)| format!("{count} {state}")).collect();
    counts.sort();
    lines.push(format!("  cases          {}", if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }));
    let mut counts: Vec<_> = status.refusals_by_code.iter().map(|(code, count)| format!("{count} × {code}")).collect();
    counts.sort();
    lines.push(format!("  refused        {}", if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }));
    lines.extend(status.time_stamping.iter().flat_map(stamping_to_text));
    lines.extend(status.problems.iter().map(|problem| format!("  PROBLEM        {problem}")));
    lines.join("\n")
}
