//! Hearings by video link as their documents tell them: the times by the clocks of both sides, and how far each is.

use model::{AuthorityId, EntryId, Exit, MatterId, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};
use workflow::{Calendars, Slot, zone_named};

use super::{commands, session::Session};
use crate::{calendars, failure::Failure, summary};

/// The two sides of a case by their words, the own one among them.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    pub(super) requesting: AuthorityId,
    pub(super) requested: AuthorityId,
    pub(super) own: &'static str,
    pub(super) calendars: Calendars,
}

impl Sides {
    pub(super) fn of(session: &Session, shown: &wire::GetCaseResponse) -> Result<Self, Failure> {
        let summary = shown.summary.as_ref();
        let other = summary.and_then(|summary| summary.counterpart.parse().ok());
        let (own, other) = (session.config.authority.clone(), other.ok_or_else(unsaid)?);
        let calendars = calendars::open(&session.folder, &session.config)?;
        Ok(if summary.is_some_and(|summary| summary.side == "requesting") {
            Self { requesting: own, requested: other, own: "requesting", calendars }
        } else {
            Self { requesting: other, requested: own, own: "requested", calendars }
        })
    }

    pub(super) fn both(&self) -> [(&'static str, &AuthorityId); 2] {
        [("requesting", &self.requesting), ("requested", &self.requested)]
    }
}

/// A hearing with its documents, in their order.
pub(super) struct Hearing {
    matter: wire::MatterView,
    sides: Sides,
    documents: Vec<(wire::DocumentRef, Value)>,
}

impl Hearing {
    /// The hearings of a case, in the order in which they were proposed.
    pub(super) async fn all(session: &Session, shown: &wire::GetCaseResponse) -> Result<Vec<Self>, Failure> {
        let sides = Sides::of(session, shown)?;
        let admitted =
            |entry: &[u8]| shown.timeline.iter().any(|one| one.entry_id == entry && one.verdict == "admitted");
        let mut notices = Vec::new();
        for one in shown.documents.iter().filter(|one| one.record_type == desk::HEARING_NOTICE) {
            if !admitted(&one.entry_id) {
                continue;
            }
            let body = session.document(&one.entry_id, one.index).await?.body;
            let value: Value = serde_json::from_slice(&body).map_err(|_| unsaid())?;
            notices.push((one.clone(), value));
        }
        let of = |matter: &wire::MatterView| {
            let opened_by = EntryId::try_from(&*matter.opened_by_entry_id).map(|entry| entry.to_string());
            let opened_by = opened_by.unwrap_or_default();
            let belongs = |(place, value): &&(wire::DocumentRef, Value)| {
                place.entry_id == matter.opened_by_entry_id || value["in_answer_to"] == opened_by.as_str()
            };
            notices.iter().filter(belongs).cloned().collect()
        };
        let hearings = shown.matters.iter().filter(|matter| matter.kind == "hearing");
        Ok(hearings
            .map(|matter| Self { matter: matter.clone(), sides: sides.clone(), documents: of(matter) })
            .collect())
    }

    /// The one that is meant: by its number, or the only one that is not over.
    pub(super) async fn one(session: &Session, case: &str, id: Option<MatterId>) -> Result<Self, Failure> {
        let shown = session.show(case).await?;
        let mut all = Self::all(session, &shown).await?;
        all.retain(|one| match id {
            Some(id) => one.matter.id == id.0,
            None => !matches!(one.matter.state.as_str(), "CLOSED" | "CANCELLED"),
        });
        let found = all.len();
        match (all.pop(), found) {
            (Some(one), 1) => Ok(one),
            (None, _) => Err(Failure::new(Exit::NotFound, "the case has no such hearing")
                .remedy("Look at its hearings: desk hearing show; propose one: desk hearing propose.")),
            _ => Err(Failure::new(Exit::Usage, "the case has more than one hearing that is not over")
                .remedy("Name one of them: --matter X1.")),
        }
    }

    /// The number of the slot that is agreed.
    fn taken(&self) -> Option<u64> {
        self.newest("agree")?["agreement"]["slot"].as_u64()
    }

    /// Whose clocks its times are shown by.
    pub(super) fn sides(&self) -> &Sides {
        &self.sides
    }

    pub(super) fn id(&self) -> MatterId {
        MatterId(self.matter.id)
    }

    /// The newest document of an act.
    pub(super) fn newest(&self, act: &str) -> Option<&Value> {
        self.document(act).map(|(_, document)| document)
    }

    /// Where that document is.
    pub(super) fn place(&self, act: &str) -> Option<&wire::DocumentRef> {
        self.document(act).map(|(place, _)| place)
    }

    fn document(&self, act: &str) -> Option<&(wire::DocumentRef, Value)> {
        self.documents.iter().rev().find(|(_, one)| one["act"] == act)
    }

    /// For programs.
    pub(super) fn value(&self, now: Timestamp) -> Value {
        // A file that goes along is saved by a command of its own.
        let part = |act: &str, name: &str| {
            let mut part = self.newest(act)?[name].clone();
            if let Some(Value::Object(file)) = part.get_mut("file") {
                file.remove("inline");
            }
            Some(part)
        };
        let slots = self.newest("propose").map(|one| shown_slots(&one["proposal"], &self.sides, now));
        json!({
            "matter": format!("X{}", self.matter.id),
            "state": self.matter.state,
            "opener": self.matter.opener,
            "waits": self.matter.waits,
            "possible_steps": self.matter.possible_steps,
            "possible_elsewhere": self.matter.possible_elsewhere,
            "signed": self.matter.signed,
            "proposal": part("propose", "proposal"),
            "slots": slots,
            "agreement": part("agree", "agreement"),
            "consent": part("consent", "consent"),
            "test": part("test", "test"),
            "opening": part("open", "opening"),
            "minutes": part("minutes", "minutes"),
            "handover": part("transmit", "handover"),
        })
    }

    /// For people.
    pub(super) fn lines(&self, now: Timestamp) -> Vec<String> {
        let matter = &self.matter;
        let move_of = if matter.waits { "; move: ours" } else { "" };
        let mut lines = vec![format!("hearing    X{} by {}: {}{move_of}", matter.id, matter.opener, matter.state)];
        for (_, document) in &self.documents {
            let said = summary::of_hearing(document);
            let proposal = document.get("proposal");
            // The slots are shown below, with what is to be known of them.
            lines.extend(said.into_iter().filter(|line| proposal.is_none() || !line.starts_with("slot ")));
            lines.extend(proposal.into_iter().flat_map(|one| slot_lines(one, &self.sides, now, self.taken())));
            let text = document["text"].as_str();
            lines.extend(text.map(|text| format!("           “{}”", summary::line(text))));
        }
        if !matter.signed.is_empty() {
            lines.push(format!("signed     by {}", matter.signed.join(" and ")));
        }
        let steps = [("next", &matter.possible_steps), ("theirs", &matter.possible_elsewhere)];
        let steps = steps.into_iter().filter(|(_, steps)| !steps.is_empty());
        lines.extend(
            steps.map(|(name, steps)| format!("{name:<10} {}", commands::of(steps, Some(&matter.kind)).join(", "))),
        );
        lines
    }
}

/// The slots of a proposal side by side, each with what is to be known of it; only the one that is taken, where one is.
pub(super) fn slot_lines(proposal: &Value, sides: &Sides, now: Timestamp, taken: Option<u64>) -> Vec<String> {
    let mut lines = Vec::new();
    let all = slots(proposal, sides, now).into_iter();
    for (number, slot, told) in all.filter(|(number, ..)| taken.is_none_or(|taken| taken == *number)) {
        let clocks = told.iter().map(|one| format!("{} {} ({})", one.local, one.zone, one.party));
        let clocks: Vec<_> = clocks.collect();
        lines.push(format!("slot {number}     {} | {}, {} minutes", clocks.join(" | "), slot.starts, slot.minutes));
        lines.extend(told.iter().flat_map(|one| &one.warnings).map(|warning| format!("           ! {warning}")));
    }
    lines
}

fn shown_slots(proposal: &Value, sides: &Sides, now: Timestamp) -> Vec<Value> {
    let one = |(number, slot, told): (u64, Slot, [Told; 2])| {
        let [requesting, requested] =
            told.map(|one| json!({ "zone": one.zone, "local": one.local, "warnings": one.warnings }));
        json!({ "number": number, "starts_at": slot.starts.to_string(), "minutes": slot.minutes,
            "requesting": requesting, "requested": requested })
    };
    slots(proposal, sides, now).into_iter().map(one).collect()
}

/// A slot as one side has it.
struct Told {
    party: String,
    zone: String,
    local: String,
    warnings: Vec<String>,
}

fn slots(proposal: &Value, sides: &Sides, now: Timestamp) -> Vec<(u64, Slot, [Told; 2])> {
    let told = |slot: Slot| {
        sides.both().map(|(side, authority)| {
            let name = proposal["time_zones"][side].as_str().unwrap_or_default();
            let zone = zone_named(name);
            let local = zone.as_ref().and_then(|zone| slot.local(zone)).unwrap_or_else(|| "?".to_owned());
            let calendar = sides.calendars.of(authority.party());
            let warnings = zone.map(|zone| slot.warnings(&calendar, &zone, now)).unwrap_or_default();
            Told {
                party: authority.party().to_string(),
                zone: name.to_owned(),
                local,
                warnings: warnings.iter().map(ToString::to_string).collect(),
            }
        })
    };
    let whole = json!({ "proposal": proposal });
    desk::slots_of(&whole).into_iter().map(|(number, slot)| (number, slot, told(slot))).collect()
}

fn unsaid() -> Failure {
    Failure::new(Exit::Integrity, "the desk told a hearing in a form that nobody knows")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn slots_stand_side_by_side_with_what_is_to_be_known_of_each() {
        let sides = Sides {
            requesting: "JP:central".parse().unwrap(),
            requested: "FR:central".parse().unwrap(),
            own: "requesting",
            calendars: Calendars::builtin().unwrap(),
        };
        let mut proposal = json!({
            "time_zones": { "requesting": "Asia/Tokyo", "requested": "Europe/Paris" },
            "slots": [{ "starts_at": "2026-12-10T19:00:00+09:00", "minutes": 90 }],
        });
        desk::fill_slots(proposal.as_object_mut().unwrap());
        let now = Timestamp(1_796_000_000_000);
        assert!(slot_lines(&proposal, &sides, now, Some(2)).is_empty());
        let lines = slot_lines(&proposal, &sides, now, None);
        assert_eq!(
            lines,
            [
                "slot 1     2026-12-10T19:00:00+09:00 Asia/Tokyo (JP) | 2026-12-10T11:00:00+01:00 Europe/Paris (FR) | \
                 2026-12-10T10:00:00.000Z, 90 minutes",
                "           ! outside the office hours of JP",
            ]
        );
        let value = &shown_slots(&proposal, &sides, now)[0];
        assert_eq!(value["requested"]["local"], "2026-12-10T11:00:00+01:00");
        assert_eq!(value["requesting"]["warnings"], json!(["outside the office hours of JP"]));
    }
}
