//! A hearing by video link as its documents tell it: the times by the clocks of both sides, and how far it is.

use jiff::Timestamp;
use proto::desk as wire;
use serde_json::Value;

use crate::{desk::entry_text, forms::Clock, problem::Problem, visit::Visit};

const NOTICE: &str = "hearing_notice";
const SIDES: [&str; 2] = ["requesting", "requested"];

/// A hearing of a case.
pub(crate) struct Hearing {
    /// What was said of it, in the order of the case.
    pub(crate) documents: Vec<Value>,
}

/// A time as both sides have it.
pub(crate) struct SlotShown {
    pub(crate) number: u64,
    pub(crate) minutes: u64,
    pub(crate) sides: Vec<SideShown>,
}

/// What one side's clock shows.
pub(crate) struct SideShown {
    pub(crate) zone: String,
    pub(crate) at: String,
    /// Whether people usually work then.
    pub(crate) is_office_time: bool,
}

impl Hearing {
    /// The hearing with this number, as far as it can be read here.
    pub(crate) async fn find(visit: &Visit, shown: &wire::GetCaseResponse, id: u32) -> Result<Option<Self>, Problem> {
        let Some(matter) = shown.matters.iter().find(|one| one.id == id && one.kind == "hearing") else {
            return Ok(None);
        };
        let opened_by = entry_text(&matter.opened_by_entry_id);
        let counts = |entry: &[u8]| shown.timeline.iter().any(|one| one.entry_id == entry && one.verdict == "admitted");
        let mut documents = Vec::new();
        for one in shown.documents.iter().filter(|one| one.record_type == NOTICE && counts(&one.entry_id)) {
            let value = visit.app.cases.plain(one).await?;
            if one.entry_id == matter.opened_by_entry_id || value["in_answer_to"] == opened_by.as_str() {
                documents.push(value);
            }
        }
        Ok(Some(Self { documents }))
    }

    /// The newest document of an act, as in "propose".
    pub(crate) fn newest(&self, act: &str) -> Option<&Value> {
        self.documents.iter().rev().find(|one| one["act"] == act)
    }

    /// What was proposed last.
    pub(crate) fn proposal(&self) -> Option<&Value> {
        self.newest("propose").map(|one| &one["proposal"])
    }

    /// The number of the time that is agreed: an agreement counts until other times are proposed.
    pub(crate) fn taken(&self) -> Option<u64> {
        let place = |act: &str| self.documents.iter().rposition(|one| one["act"] == act);
        let agreed = place("agree").filter(|at| Some(*at) > place("propose"))?;
        self.documents.get(agreed)?["agreement"]["slot"].as_u64()
    }

    /// The digest of the minutes that were drawn up last.
    pub(crate) fn minutes(&self) -> Option<&str> {
        self.newest("minutes")?["minutes"]["hash"].as_str()
    }
}

/// The times of a proposal side by side.
pub(crate) fn slots(proposal: &Value, visit: &Visit) -> Vec<SlotShown> {
    let slot = |one: &Value| {
        let starts: Timestamp = one["starts_at"].as_str()?.parse().ok()?;
        let side = |side: &&str| {
            let zone = proposal["time_zones"][*side].as_str().unwrap_or_default();
            SideShown {
                at: visit.locale.moment(starts.as_millisecond(), zone),
                is_office_time: Clock::of(zone).is_office_time(starts),
                zone: zone.to_owned(),
            }
        };
        let sides = SIDES.iter().map(side).collect();
        Some(SlotShown { number: one["number"].as_u64()?, minutes: one["minutes"].as_u64()?, sides })
    };
    proposal["slots"].as_array().into_iter().flatten().filter_map(slot).collect()
}

impl SlotShown {
    /// In one line: both clocks.
    pub(crate) fn line(&self, visit: &Visit) -> String {
        let sides: Vec<_> = self.sides.iter().map(|one| format!("{} ({})", one.at, one.zone)).collect();
        visit.locale.with("hearing-slot-line", &[("times", &sides.join(" = ")), ("minutes", &self.minutes.to_string())])
    }
}
