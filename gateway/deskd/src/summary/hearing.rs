//! What the document of a hearing says, in words.

use serde_json::{Map, Value};

/// A document of a hearing for the eyes of who signs or reads it.
pub(super) fn lines(fields: &Map<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(proposal) = fields.get("proposal") {
        lines.extend(proposed(proposal));
    }
    if let Some(agreed) = fields.get("agreement") {
        let (number, starts, minutes) = (&agreed["slot"], word(agreed, "starts_at"), &agreed["minutes"]);
        lines.push(format!("takes      slot {number}: {starts}, {minutes} minutes"));
    }
    if let Some(consent) = fields.get("consent") {
        let counsel = if consent["lawyer_consulted"] == true { "" } else { "not " };
        lines.push(format!(
            "consent    voluntary and unequivocal, verified by {} at {}; explained in {}; counsel was {counsel}consulted",
            word(&consent["verified_by"], "name"),
            word(consent, "verified_at"),
            word(consent, "informed_in"),
        ));
    }
    if let Some(Value::Object(test)) = fields.get("test") {
        let works: Vec<_> = test.iter().filter(|(_, value)| **value == true).map(|(name, _)| name.as_str()).collect();
        lines.push(format!("tested     {}: {}", word(&fields["test"], "tested_at"), works.join(", ")));
    }
    if let Some(opening) = fields.get("opening") {
        let identity = &opening["identity"];
        let (by, against) = (word(&identity["by"], "name"), word(identity, "against"));
        lines.push(format!("begins     {}; identity checked by {by} against {against}", word(opening, "started_at")));
        lines.push(format!("present    {}", words(&opening["present"])));
    }
    if let Some(minutes) = fields.get("minutes") {
        let (from, to) = (word(minutes, "started_at"), word(minutes, "ended_at"));
        let read = if minutes["read_over"] == true { "read over" } else { "not read over" };
        let (pages, language) = (&minutes["pages"], word(minutes, "language"));
        lines.push(format!("held       {from} to {to}; {pages} pages in {language}, {read}"));
    }
    let by = fields.get("officer").map_or("?", |officer| word(officer, "party"));
    for (place, verb) in [("minutes", "draws up"), ("signature", "signs"), ("handover", "hands over")] {
        let minutes = fields.get(place);
        lines.extend(minutes.map(|one| format!("minutes    {by} {verb} sha256 {}", word(one, "hash"))));
    }
    lines
}

fn proposed(proposal: &Value) -> Vec<String> {
    let (person, zones) = (&proposal["person"], &proposal["time_zones"]);
    let mut lines = vec![format!(
        "hears      {} as {}, in {}",
        word(person, "subject_ref"),
        word(person, "capacity"),
        word(proposal, "language")
    )];
    for slot in proposal["slots"].as_array().into_iter().flatten() {
        lines.push(format!(
            "slot {}     {} {} | {} {} | {}, {} minutes",
            slot["number"],
            word(slot, "requesting"),
            word(zones, "requesting"),
            word(slot, "requested"),
            word(zones, "requested"),
            word(slot, "starts_at"),
            slot["minutes"],
        ));
    }
    if let Some(interpreter) = proposal.get("interpreter") {
        let (languages, by) = (words(&interpreter["languages"]), word(interpreter, "by"));
        lines.push(format!("interprets {languages}, brought by the {by} side"));
    }
    let recorded = if proposal["recorded"] == true { "recorded" } else { "not recorded" };
    let oath = match word(proposal, "oath_by") {
        "none" => "no oath".to_owned(),
        side => format!("oath taken by the {side} side"),
    };
    let (link, law) = (word(proposal, "link"), word(proposal, "law_of"));
    lines.push(format!("link       {link}; law of the {law} side; {oath}; {recorded}"));
    lines
}

fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or("?")
}

fn words(value: &Value) -> String {
    let all: Vec<_> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn told(document: Value) -> String {
        lines(document.as_object().unwrap()).join("\n")
    }

    #[test]
    fn a_proposal_is_told_by_both_clocks() {
        let slot = json!({"number": 1, "starts_at": "2026-12-10T08:00:00.000Z", "minutes": 90,
            "requesting": "2026-12-10T17:00:00+09:00", "requested": "2026-12-10T09:00:00+01:00"});
        let zones = json!({"requesting": "Asia/Tokyo", "requested": "Europe/Paris"});
        let proposal = json!({"person": {"subject_ref": "S1", "capacity": "witness"}, "time_zones": zones,
            "slots": [slot], "language": "fr", "link": "H.323", "oath_by": "none", "law_of": "requested"});
        let told = told(json!({ "proposal": proposal }));
        assert!(told.contains("hears      S1 as witness, in fr"), "{told}");
        let both = "2026-12-10T17:00:00+09:00 Asia/Tokyo | 2026-12-10T09:00:00+01:00 Europe/Paris | 2026-12-10T08:00:00.000Z, 90";
        assert!(told.contains(both) && told.contains("no oath; not recorded"), "{told}");
    }

    #[test]
    fn a_consent_says_who_verified_it_and_minutes_which_they_are() {
        let consent = told(json!({"consent": {"verified_by": {"name": "Durand"}, "lawyer_consulted": false}}));
        assert!(consent.contains("verified by Durand") && consent.contains("not consulted"), "{consent}");
        let signed = json!({"officer": {"party": "FR"}, "signature": {"hash": "ab"}});
        assert_eq!(told(signed), "minutes    FR signs sha256 ab");
    }
}
