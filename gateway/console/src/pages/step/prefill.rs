//! What a form says before a person has filled it in: what the case knows already.

use jiff::Timestamp;
use model::{Challenge, Denial, Fault, Step};
use proto::desk as wire;
use serde_json::Value;

use super::Choice;
use crate::{
    desk::entry_text,
    fields::Fields,
    forms::{self, Clock},
    hearing::{Hearing, slots},
    problem::Problem,
    visit::Visit,
};

/// The kind of the matter that a step moves; empty outside of one.
pub(super) fn matter_kind(shown: &wire::GetCaseResponse, fields: &Fields) -> String {
    let wanted = fields.one("matter");
    let found = shown.matters.iter().find(|one| one.id.to_string() == wanted);
    found.map(|one| one.kind.clone()).unwrap_or_default()
}

/// The fields as a form that was just opened has them.
pub(super) async fn filled(
    visit: &Visit,
    shown: &wire::GetCaseResponse,
    step: Step,
    fields: Fields,
) -> Result<Fields, Problem> {
    let hearing = match fields.one("matter").parse() {
        Ok(id) => Hearing::find(visit, shown, id).await?,
        Err(_) => None,
    };
    let clock = Clock::of(&visit.app.zone);
    let now = |fields: Fields, path: &str| {
        let (day, time) = clock.shows(Timestamp::from_millisecond(visit.now.0).unwrap_or_default());
        fields.put(&format!("{path}-day"), &day).put(&format!("{path}-time"), &time)
    };
    Ok(match step {
        Step::ProposeHearing => zones(visit, shown, fields),
        Step::ProposeSlots => match hearing.as_ref().and_then(|one| one.newest("propose")) {
            Some(newest) => forms::of_step(step, "hearing")
                .iter()
                .fold(fields, |fields, form| forms::filled(form, newest, fields, &clock)),
            None => zones(visit, shown, fields),
        },
        Step::RecordConsent => now(fields, "f0.consent.verified_at"),
        Step::TestLink => now(fields, "f0.test.tested_at"),
        Step::OpenHearing => now(fields, "f0.opening.started_at"),
        Step::DraftMinutes => drawn_up(hearing.as_ref(), now(fields, "f0.minutes.ended_at"), &clock),
        Step::SignMinutes => digest(hearing.as_ref(), fields, "f0.signature.hash"),
        Step::TransmitMinutes => digest(hearing.as_ref(), fields, "f0.handover.hash"),
        Step::OpenCallback => fields.put(&format!("f0.{}", forms::DRAWN), &challenge()?),
        Step::GiveInfo => questions(visit, shown, fields).await?,
        Step::NotifyBreach => now(fields, "f0.noticed_at"),
        _ => fields,
    })
}

/// What is to be read out, drawn anew for each call.
fn challenge() -> Result<String, Problem> {
    let mut bytes = [0; 10];
    let none = |_| Denial::failed(Fault::Internal, "the system gives no randomness");
    aws_lc_rs::rand::fill(&mut bytes).map_err(none)?;
    Ok(Challenge::new(bytes).to_string())
}

/// The zones of both sides, and room for three times.
fn zones(visit: &Visit, shown: &wire::GetCaseResponse, fields: Fields) -> Fields {
    let own = shown.summary.as_ref().is_some_and(|one| one.side == "requesting");
    let (ours, theirs) = if own { ("requesting", "requested") } else { ("requested", "requesting") };
    let path = "f0.proposal";
    fields
        .put(&format!("{path}.time_zones.{ours}"), &visit.app.zone)
        .put(&format!("{path}.time_zones.{theirs}"), &shown.counterpart_zone)
        .put(&format!("{path}.slots-rows"), "3")
}

fn drawn_up(hearing: Option<&Hearing>, mut fields: Fields, clock: &Clock) -> Fields {
    let opened = hearing.and_then(|one| one.newest("open")?["opening"]["started_at"].as_str()?.parse().ok());
    if let Some(started) = opened {
        let (day, time) = clock.shows(started);
        fields = fields.put("f0.minutes.started_at-day", &day).put("f0.minutes.started_at-time", &time);
    }
    match hearing.and_then(|one| one.proposal()?["language"].as_str()) {
        Some(language) => fields.put("f0.minutes.language", language),
        None => fields,
    }
}

fn digest(hearing: Option<&Hearing>, fields: Fields, path: &str) -> Fields {
    match hearing.and_then(Hearing::minutes) {
        Some(hash) => fields.put(path, hash),
        None => fields,
    }
}

/// A row for each question that was asked last.
async fn questions(visit: &Visit, shown: &wire::GetCaseResponse, mut fields: Fields) -> Result<Fields, Problem> {
    let Some(asked) = shown.documents.iter().rfind(|one| one.record_type == "info_request") else { return Ok(fields) };
    let asked = visit.app.cases.plain(asked).await?;
    for (at, question) in asked["questions"].as_array().into_iter().flatten().enumerate() {
        let number = question["number"].as_u64().unwrap_or_default().to_string();
        fields = fields.put(&format!("f0.answers.{at}.number"), &number);
        fields = fields.put(&format!("f0.answers.{at}.question"), question["text"].as_str().unwrap_or_default());
    }
    Ok(fields)
}

/// The times among which one is taken, by both clocks.
pub(super) async fn times(
    visit: &Visit,
    shown: &wire::GetCaseResponse,
    step: Step,
    fields: &Fields,
) -> Result<Vec<Choice>, Problem> {
    let id = fields.one("matter").parse().ok().filter(|_| step == Step::AgreeSlot);
    let hearing = match id {
        Some(id) => Hearing::find(visit, shown, id).await?,
        None => None,
    };
    let proposal = hearing.as_ref().and_then(Hearing::proposal);
    let chosen = fields.one("f0.agreement.slot");
    let choice = |one: crate::hearing::SlotShown| Choice {
        value: one.number.to_string(),
        text: one.line(visit),
        hint: String::new(),
        checked: one.number.to_string() == chosen,
    };
    Ok(proposal.map(|proposal| slots(proposal, visit).into_iter().map(choice).collect()).unwrap_or_default())
}

/// The times that a proposal names on the page, by both clocks, as far as they can be read.
pub(super) fn preview(step: Step, fields: &Fields, visit: &Visit) -> Vec<crate::hearing::SlotShown> {
    if !matches!(step, Step::ProposeHearing | Step::ProposeSlots) {
        return Vec::new();
    }
    let clock = Clock::of(&visit.app.zone);
    let path = "f0.proposal";
    let slot = |at: usize| {
        let part = |name: &str| fields.one(&format!("{path}.slots.{at}.{name}"));
        let starts = clock.moment(part("starts_at-day"), part("starts_at-time"))?;
        let minutes: u64 = part("minutes").parse().unwrap_or_default();
        Some(serde_json::json!({ "number": at + 1, "starts_at": starts.to_string(), "minutes": minutes }))
    };
    let all: Vec<Value> = (0..fields.count_under(&format!("{path}.slots"))).filter_map(slot).collect();
    let zone = |side: &str| fields.one(&format!("{path}.time_zones.{side}")).to_owned();
    let zones = serde_json::json!({ "requesting": zone("requesting"), "requested": zone("requested") });
    slots(&serde_json::json!({ "time_zones": zones, "slots": all }), visit)
}

/// The entries whose records a matter can be about.
pub(super) fn abouts(shown: &wire::GetCaseResponse, fields: &Fields, visit: &Visit) -> Vec<Choice> {
    let gave = |one: &&wire::TimelineEvent| {
        let carries = one.step.parse::<Step>().is_ok_and(Step::carries_records);
        carries && one.verdict == "admitted"
    };
    let choice = |one: &wire::TimelineEvent| {
        let entry = entry_text(&one.entry_id);
        let records =
            shown.documents.iter().filter(|document| document.entry_id == one.entry_id && !document.destroyed);
        let names: Vec<_> = records.map(|document| document.record_type.as_str()).collect();
        let at = visit.moment(one.at_ms);
        (!names.is_empty()).then(|| Choice {
            checked: fields.one("about") == entry,
            text: format!("{} ({at})", names.join(", ")),
            hint: one.sender.clone(),
            value: entry,
        })
    };
    shown.timeline.iter().filter(gave).filter_map(choice).collect()
}
