//! The matters of a case, as they are shown.

use model::{EntryId, Timestamp};
use proto::desk::{GetCaseResponse, MatterView};
use serde_json::{Value, json};

use super::commands;
use crate::summary::line as plain;

/// A matter for programs.
pub(super) fn value(one: &MatterView) -> Value {
    let about = EntryId::try_from(&*one.about_entry_id).map(|id| id.to_string());
    json!({
        "matter": format!("X{}", one.id),
        "kind": one.kind,
        "state": one.state,
        "opener": one.opener,
        "opened_ms": one.opened_ms,
        "since_ms": one.since_ms,
        "concerns": one.concerns,
        "about": about.ok(),
        "purpose": one.purpose,
        "flaw": one.flaw,
        "until_ms": (one.until_ms != 0).then_some(one.until_ms),
        "conditions": one.conditions,
        "recalled": one.recalled,
        "grants": one.grants,
        "possible_steps": one.possible_steps,
        "possible_elsewhere": one.possible_elsewhere,
        "waits": one.waits,
        "signed": one.signed,
    })
}

/// Why a matter calls: what to do on it, or that records here are said to be wrong.
pub(super) fn call(one: &MatterView) -> String {
    let (id, kind, state) = (one.id, &one.kind, &one.state);
    let ours = commands::of(&one.possible_steps, Some(kind)).join(", ");
    if !one.waits && kind == "breach" {
        return format!(
            "X{id} {kind} {state}: {} TELLS OF AN INCIDENT WITH RECORDS OF THIS CASE (ours: {ours})",
            one.opener
        );
    }
    if !one.waits {
        let theirs = commands::of(&one.possible_elsewhere, Some(kind)).join(", ");
        return format!(
            "X{id} {kind}: {} SAYS THAT RECORDS HERE ARE WRONG; rely on none of them before that is settled (they: {theirs})",
            one.opener
        );
    }
    // Without a step that may be taken now, something is on its way.
    if ours.is_empty() { format!("X{id} {kind} {state}: ours") } else { format!("X{id} {kind} {state}: ours: {ours}") }
}

/// The matters of a case for people, and which may be opened.
pub(super) fn lines(shown: &GetCaseResponse) -> Vec<String> {
    let mut lines: Vec<_> = shown.matters.iter().flat_map(told).collect();
    if !shown.matter_openings.is_empty() {
        lines.push(format!("may open   {}", commands::of(&shown.matter_openings, None).join(", ")));
    }
    lines
}

/// A matter for people: where it stands, what it is about, and what is possible next.
fn told(one: &MatterView) -> Vec<String> {
    let concerns: Vec<_> = one.concerns.iter().map(|id| format!("M{id}")).collect();
    let mut facts = vec![concerns.join(", ")];
    facts.extend((!one.purpose.is_empty()).then(|| format!("for {}", plain(&one.purpose))));
    facts.extend((!one.flaw.is_empty()).then(|| one.flaw.clone()));
    facts.extend((one.until_ms != 0).then(|| format!("until {}", Timestamp(one.until_ms))));
    facts.extend((!one.conditions.is_empty()).then(|| format!("under {}", one.conditions.join(", "))));
    facts.extend(one.recalled.then(|| "RECALLED".to_owned()));
    let move_of = if one.waits { "; move: ours" } else { "" };
    let (id, kind, state, opener) = (one.id, &one.kind, &one.state, &one.opener);
    let since = Timestamp(one.since_ms);
    let mut lines = vec![
        format!("matter     X{id} {kind} by {opener}: {state} since {since}{move_of}"),
        format!("    {}", facts.join("; ")),
    ];
    if kind == "hearing" {
        lines.push("    times and documents: desk hearing show".to_owned());
    }
    let steps = [("next", &one.possible_steps), ("theirs", &one.possible_elsewhere)];
    let steps = steps.into_iter().filter(|(_, steps)| !steps.is_empty());
    lines.extend(steps.map(|(name, steps)| format!("    {name}: {}", commands::of(steps, Some(kind)).join(", "))));
    lines
}
