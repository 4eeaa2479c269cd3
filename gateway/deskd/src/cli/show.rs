//! Looking at the desk and its cases.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path};

use identity::TRAINING_MARK;
use model::{Denial, EntryId, Exit, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};

use super::{
    Answer,
    access::{self, Opens},
    agenda, commands, matters, receipts,
    request::write_new,
    session::Session,
};
use crate::{failure::Failure, summary::line as plain};

/// `desk status`.
pub(super) async fn status(session: &Session) -> Result<Answer, Failure> {
    let status = session.desk().get_desk_status(wire::GetDeskStatusRequest {}).await?.into_inner();
    let reach = if status.gateway_reachable { "reachable".to_owned() } else { format!("away: {}", status.detail) };
    let text = format!(
        "desk          {}\ngateway       {} ({reach})\nparties       {}\nKeyPackages   {}\ncursor        {}\ntreaty files  {}\ncalendars     {}",
        status.authority,
        status.gateway,
        status.parties.join(", "),
        status.key_packages_available,
        status.last_cursor,
        status.treaty_files,
        plain(&status.calendars)
    );
    let webhooks = match status.webhooks {
        0 => String::new(),
        count => format!("\nwebhooks      {count}"),
    };
    let troubles: String = status.webhook_troubles.iter().map(|one| format!("\n  {}", plain(one))).collect();
    let text = match status.console.as_str() {
        "" => text,
        console => format!("{text}\nconsole       {}", plain(console)),
    };
    let mut text = if status.training { format!("{TRAINING_MARK}\n{text}") } else { text };
    if !status.cases_without_keys.is_empty() {
        let cases = status.cases_without_keys.join(", ");
        text.push_str(&format!("\nwithout keys  {cases} (restored from a backup; asks to be taken in anew)"));
    }
    status.parked.iter().for_each(|one| text.push_str(&format!("\nwaits         {}", plain(one))));
    let [tls, leaf] = [status.tls_until_ms, status.leaf_until_ms].map(Timestamp);
    text.push_str(&format!("\ncertificates  TLS until {tls}, leaf until {leaf}"));
    if status.leaf_waits > 0 {
        text.push_str(&format!("\nnew leaf      to be put in place in {} cases", status.leaf_waits));
    }
    status.problems.iter().for_each(|one| text.push_str(&format!("\nPROBLEM       {}", plain(one))));
    let value = json!({
        "authority": status.authority,
        "gateway": status.gateway,
        "gateway_reachable": status.gateway_reachable,
        "detail": status.detail,
        "key_packages_available": status.key_packages_available,
        "parties": status.parties,
        "last_cursor": status.last_cursor,
        "treaty_files": status.treaty_files,
        "calendars": status.calendars,
        "newest_event": status.newest_event,
        "webhooks": status.webhooks,
        "webhook_troubles": status.webhook_troubles,
        "training": status.training,
        "cases_without_keys": status.cases_without_keys,
        "parked": status.parked,
        "console": status.console,
        "tls_until": tls.to_string(),
        "leaf_until": leaf.to_string(),
        "leaf_waits": status.leaf_waits,
        "problems": status.problems,
    });
    Ok(Answer::new(value, text + &webhooks + &troubles))
}

/// `desk case show`.
pub(super) async fn case(
    session: &Session,
    case: &str,
    documents: Option<&Path>,
    opens: &Opens,
    access: bool,
) -> Result<Answer, Failure> {
    let shown = session.traced(case).await?;
    if access {
        return access::log(&shown);
    }
    let (files, refused) = match documents {
        Some(folder) => write_documents(session, &shown, folder, opens).await?,
        None => (Vec::new(), Vec::new()),
    };
    let mut value = json!({
        "summary": shown.summary.as_ref().map(summary),
        "treaty_pin": shown.treaty_pin,
        "readers": shown.readers,
        "measures": shown.measures.iter().map(measure).collect::<Vec<_>>(),
        "timeline": shown.timeline.iter().map(event).collect::<Vec<_>>(),
        "documents": shown.documents.iter().map(document).collect::<Vec<_>>(),
        "matters": shown.matters.iter().map(matters::value).collect::<Vec<_>>(),
        "matter_openings": shown.matter_openings,
        "clocks": shown.clocks.iter().map(agenda::value).collect::<Vec<_>>(),
        "openings": shown.openings.iter().map(access::value).collect::<Vec<_>>(),
        "links": shown.links.iter().map(link).collect::<Vec<_>>(),
        "untraced": shown.untraced,
        "sent_back": shown.sent_back.iter().map(sent_back).collect::<Vec<_>>(),
    });
    if documents.is_some() {
        value["files"] = files.clone().into();
        let why = |(name, failure): &(String, Failure)| json!({ "document": name, "why": failure.to_json()["error"] });
        value["refused"] = refused.iter().map(why).collect();
    }
    refused.iter().for_each(|(name, failure)| session.tell_failure(name, failure));
    let exit = refused.first().map_or(Exit::Ok, |(_, failure)| failure.exit());
    Ok(Answer { exit, ..Answer::new(value, text(&shown, &files)) })
}

/// The measures that do not stand where the case stands: it was carried out, refused or postponed in part.
fn otherwise(shown: &wire::GetCaseResponse, state: &str) -> String {
    let apart = shown.measures.iter().filter(|one| one.state != state);
    let apart: Vec<_> = apart.map(|one| format!("M{} {}", one.id, one.state)).collect();
    if apart.is_empty() { String::new() } else { format!("; otherwise {}", apart.join(", ")) }
}

fn text(shown: &wire::GetCaseResponse, files: &[String]) -> String {
    let mut lines = Vec::new();
    if let Some(case) = &shown.summary {
        lines.extend(banners(case));
        lines.push(format!("case       {}", case.case_id));
        lines.push(format!("reference  {}", plain(&case.reference)));
        let otherwise = otherwise(shown, &case.state);
        lines.push(format!("state      {} ({}; move: {}){otherwise}", case.state, case.side, case.r#move));
        lines.push(format!("with       {}", case.counterpart));
        lines.push(format!("next       {}", commands::of(&case.possible_steps, None).join(", ")));
        lines.extend(remarks(case).iter().map(|(name, text)| format!("{name:<10} {text}")));
    }
    for one in &shown.sent_back {
        let at = Timestamp(one.at_ms);
        lines.push(format!("sent back  by {} ({}, {}) at {at}", plain(&one.by), one.role, one.authority));
        lines.extend(one.reasons.lines().map(|line| format!("    “{}”", plain(line))));
    }
    lines.push(format!("rule       {}", shown.treaty_pin.get(..8).unwrap_or_default()));
    lines.push(format!("readers    {}", shown.readers.join(", ")));
    lines.extend(shown.measures.iter().flat_map(of_measure));
    lines.extend(matters::lines(shown));
    let (over, open): (Vec<_>, Vec<_>) =
        shown.clocks.iter().partition(|clock| matches!(clock.state.as_str(), "stopped" | "dropped"));
    lines.extend(open.into_iter().map(|clock| format!("clock      {}", agenda::line(clock))));
    if !over.is_empty() {
        lines.push(format!("clocks     {} stopped; --output json lists them", over.len()));
    }
    for event in &shown.timeline {
        lines.push(format!(
            "{}  {:<12} {:<12} {} {}",
            Timestamp(event.at_ms),
            event.step,
            event.sender,
            event.verdict,
            event.ground
        ));
        lines.extend(said(event));
        lines.extend(receipts::standing(event, shown));
        for receipt in &event.receipts {
            let leaf = receipt.leaf.map_or_else(String::new, |leaf| format!(", leaf {leaf}"));
            let reason =
                if receipt.reason.is_empty() { String::new() } else { format!(": {}", plain(&receipt.reason)) };
            lines.push(format!(
                "    {} by {} at {}{leaf}{reason}",
                receipt.kind,
                receipt.by_party,
                Timestamp(receipt.at_ms)
            ));
        }
    }
    for one in &shown.documents {
        lines.push(format!(
            "document   {} {} bytes, sha256 {}{}",
            one.record_type,
            one.bytes_count,
            one.sha256.get(..16).unwrap_or_default(),
            fate(one)
        ));
    }
    for one in &shown.links {
        let way = if one.follows { "follows" } else { "followed by" };
        let state = if one.state.is_empty() { "not at this desk" } else { &one.state };
        lines.push(format!("link       {way} {} as its {}: {state}", one.case_id, one.how));
    }
    for one in &shown.openings {
        lines.push(format!("opened     {}", access::line(one)));
    }
    lines.extend(files.iter().map(|file| format!("written    {file}")));
    lines.join("\n")
}

fn of_measure(measure: &wire::MeasureView) -> Vec<String> {
    let window = if measure.window.is_empty() { "no window" } else { &measure.window };
    let mut lines = vec![format!(
        "measure    M{} [{}] {} ({}), {} subject(s), {window}: {}",
        measure.id,
        measure.article,
        measure.request_type,
        measure.records.join(", "),
        measure.subjects,
        measure.state
    )];
    if !measure.conditions.is_empty() {
        lines.push(format!("    under {}", measure.conditions.join(", ")));
    }
    lines.extend(measure.preservation.iter().map(|one| format!("    preserved {}", kept(one))));
    lines
}

async fn write_documents(
    session: &Session,
    shown: &wire::GetCaseResponse,
    folder: &Path,
    opens: &Opens,
) -> Result<(Vec<String>, Vec<(String, Failure)>), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Failure::writing(folder, &error))?;
    let (mut files, mut refused) = (Vec::new(), Vec::new());
    let opener = opens.opener(session, shown)?;
    for (number, one) in shown.documents.iter().enumerate().filter(|(_, one)| !one.destroyed) {
        let request = opener.request(one)?;
        let name = format!("{:02}-{}.json", number + 1, one.record_type);
        // One that is refused keeps no other from being shown.
        let document = match session.open_document(request).await {
            Ok(document) => document,
            Err(failure) if failure.denial().is_some_and(|denial| matches!(denial, Denial::Refused(_))) => {
                refused.push((name, failure));
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let path = folder.join(name);
        // The same document again replaces its file.
        if path.exists() {
            std::fs::remove_file(&path).map_err(|error| Failure::writing(&path, &error))?;
        }
        write_new(&path, &document.body)?;
        files.push(path.display().to_string());
    }
    Ok((files, refused))
}

/// What stands over a case.
fn banners(case: &wire::CaseSummary) -> Vec<String> {
    let training = case.training.then(|| format!("*** {TRAINING_MARK}: nothing in this case is real ***"));
    let draft = (!case.banner.is_empty()).then(|| format!("*** {} ***", plain(&case.banner)));
    training.into_iter().chain(draft).collect()
}

/// What became of a record.
fn fate(one: &wire::DocumentRef) -> &'static str {
    match one {
        one if one.destroyed && one.superseded => ", DESTROYED and replaced",
        one if one.destroyed => ", DESTROYED",
        one if one.superseded => ", superseded: kept as evidence of the error",
        one if one.rejected => ", not taken",
        _ => "",
    }
}

/// What an officer must not overlook: why the case stands still, and whose signature it waits for.
pub(super) fn remarks(case: &wire::CaseSummary) -> Vec<(&'static str, String)> {
    let trouble = (!case.trouble.is_empty()).then(|| ("trouble", plain(&case.trouble)));
    let waits = (!case.awaiting_signature.is_empty())
        .then(|| ("waits", format!("{} for its second signature", case.awaiting_signature)));
    let draft = (!case.banner.is_empty()).then(|| ("draft", plain(&case.banner)));
    let training = case.training.then(|| ("training", TRAINING_MARK.to_owned()));
    let urgent = case.emergency.then(|| ("EMERGENCY", "a life may depend on it".to_owned()));
    let kept = case.preservation.as_ref().map(|one| ("preserved", kept(one)));
    let clock = case.clock.as_ref().map(|clock| ("clock", agenda::line(clock)));
    let matters = case.matters.iter().map(|one| ("matter", matters::call(one)));
    training
        .into_iter()
        .chain(urgent)
        .chain(draft)
        .chain(trouble)
        .chain(waits)
        .chain(matters)
        .chain(kept)
        .chain(clock)
        .collect()
}

/// A preservation in words: until when, by which clause, and what is to be watched.
fn kept(one: &wire::Preservation) -> String {
    let by = if one.clause.is_empty() { "policy".to_owned() } else { format!("[{}]", one.clause) };
    let told = match one.standing.as_str() {
        "linked" => format!("since {}, kept until the request that follows is decided ({by})", one.since),
        "lapsed" => format!("LAPSED on {} ({by})", one.until),
        "warning" => format!("ENDS in {} day(s), on {} ({by})", one.days_left, one.until),
        _ => format!("until {}, {} days more ({by})", one.until, one.days_left),
    };
    let risk =
        "; THE CUSTODIAN MAY NOT KEEP IT SECRET: go on (request new --follows), or give it up (preservation give-up)";
    let partial = "; another provider took part: ask which, and for its traffic data";
    let risk = if one.tip_off_risk { risk } else { "" };
    let held = match one.held_until.as_str() {
        "" => String::new(),
        last => format!("; the custodian holds until {last}"),
    };
    format!("{told}{held}{risk}{}", if one.partial_traffic { partial } else { "" })
}

fn preservation(one: &wire::Preservation) -> Value {
    json!({
        "since": one.since,
        "until": one.until,
        "clause": one.clause,
        "legal": !one.clause.is_empty(),
        "standing": one.standing,
        "days_left": one.days_left,
        "tip_off_risk": one.tip_off_risk,
        "partial_traffic": one.partial_traffic,
        "held_until": (!one.held_until.is_empty()).then_some(&one.held_until),
    })
}

fn sent_back(one: &wire::SentBack) -> Value {
    json!({ "by": one.by, "authority": one.authority, "role": one.role, "at_ms": one.at_ms, "reasons": one.reasons })
}

fn link(one: &wire::CaseLink) -> Value {
    json!({ "case": one.case_id, "how": one.how, "follows": one.follows, "state": one.state })
}

pub(super) fn summary(case: &wire::CaseSummary) -> Value {
    json!({
        "case": case.case_id,
        "side": case.side,
        "counterpart": case.counterpart,
        "state": case.state,
        "move": case.r#move,
        "possible_steps": case.possible_steps,
        "updated_ms": case.updated_ms,
        "reference": case.reference,
        "trouble": case.trouble,
        "awaiting_signature": case.awaiting_signature,
        "banner": case.banner,
        "training": case.training,
        "emergency": case.emergency,
        "preservation": case.preservation.as_ref().map(preservation),
        "clock": case.clock.as_ref().map(agenda::value),
        "matters": case.matters.iter().map(matters::value).collect::<Vec<_>>(),
    })
}

fn measure(measure: &wire::MeasureView) -> Value {
    json!({
        "id": measure.id,
        "article": measure.article,
        "request_type": measure.request_type,
        "records": measure.records,
        "subjects": measure.subjects,
        "state": measure.state,
        "window": measure.window,
        "conditions": measure.conditions,
        "consult_first": measure.consult_first,
        "grounds": measure.grounds,
        "preservation": measure.preservation.as_ref().map(preservation),
    })
}

pub(super) fn receipt(one: &wire::ReceiptView) -> Value {
    json!({ "kind": one.kind, "by": one.by_party, "at_ms": one.at_ms, "leaf": one.leaf, "reason": one.reason })
}

/// What stands behind the word that a consultation was held.
fn minutes(event: &wire::TimelineEvent) -> Option<&'static str> {
    Some(match event.minutes.as_str() {
        "both" => "minutes signed by both",
        "one_side" => "minutes signed by a key of one side only; the other signed by hand",
        "no_key" => "minutes not proved by a key: both signed by hand",
        "without" => "consultation without minutes",
        _ => return None,
    })
}

/// What was written with a step, and what stands behind it.
fn said(event: &wire::TimelineEvent) -> Vec<String> {
    let written = event.text.lines().map(|line| format!("    “{line}”"));
    written.chain(minutes(event).map(|words| format!("    {words}"))).collect()
}

fn event(event: &wire::TimelineEvent) -> Value {
    json!({
        "entry": id(&event.entry_id),
        "step": event.step,
        "sender": event.sender,
        "at_ms": event.at_ms,
        "verdict": event.verdict,
        "ground": event.ground,
        "text": event.text,
        "receipts": event.receipts.iter().map(receipt).collect::<Vec<_>>(),
        "waits": event.waits,
        "again": event.again,
        "minutes": event.minutes,
    })
}

fn document(one: &wire::DocumentRef) -> Value {
    json!({
        "entry": id(&one.entry_id),
        "index": one.index,
        "record_type": one.record_type,
        "bytes": one.bytes_count,
        "sha256": one.sha256,
        "rejected": one.rejected,
        "destroyed": one.destroyed,
        "superseded": one.superseded,
    })
}

pub(super) fn id(bytes: &[u8]) -> String {
    EntryId::try_from(bytes).map(|id| id.to_string()).unwrap_or_default()
}
