//! A hearing by video link as its documents tell it: the times by the clocks of both sides, and how far it is.

use axum::{
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use model::Digest;
use proto::desk as wire;
use serde_json::Value;

use crate::{desk::entry_text, forms::Clock, problem::Problem, visit::Visit};

pub(crate) const NOTICE: &str = "hearing_notice";
/// Where a document has the text of the minutes.
const PLACES: [&str; 2] = ["minutes", "handover"];
const SIDES: [&str; 2] = ["requesting", "requested"];

/// A hearing of a case.
pub(crate) struct Hearing {
    /// What was said of it, in the order of the case.
    documents: Vec<(wire::DocumentRef, Value)>,
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
                documents.push((one.clone(), value));
            }
        }
        Ok(Some(Self { documents }))
    }

    /// The newest document of an act, as in "propose".
    pub(crate) fn newest(&self, act: &str) -> Option<&Value> {
        self.document(act).map(|(_, document)| document)
    }

    /// Where that document is.
    pub(crate) fn place(&self, act: &str) -> Option<&wire::DocumentRef> {
        self.document(act).map(|(place, _)| place)
    }

    fn document(&self, act: &str) -> Option<&(wire::DocumentRef, Value)> {
        self.documents.iter().rev().find(|(_, one)| one["act"] == act)
    }

    /// What was proposed last.
    pub(crate) fn proposal(&self) -> Option<&Value> {
        self.newest("propose").map(|one| &one["proposal"])
    }

    /// The number of the time that is agreed: an agreement counts until other times are proposed.
    pub(crate) fn taken(&self) -> Option<u64> {
        let place = |act: &str| self.documents.iter().rposition(|(_, one)| one["act"] == act);
        let agreed = place("agree").filter(|at| Some(*at) > place("propose"))?;
        self.documents.get(agreed)?.1["agreement"]["slot"].as_u64()
    }

    /// The digest of the minutes that were drawn up last.
    pub(crate) fn minutes(&self) -> Option<&str> {
        self.newest("minutes")?["minutes"]["hash"].as_str()
    }
}

/// Whether the text of the minutes in a document waits for an officer who signs for its opening.
pub(crate) fn is_withheld(document: &Value) -> bool {
    PLACES.iter().any(|place| document[*place]["file"]["withheld"] == true)
}

/// The minutes that go along in a document. They are a file of somebody else: the browser keeps it, and opens nothing.
pub(crate) fn download(document: &Value, name: &str) -> Option<Response> {
    let minutes = PLACES.iter().map(|place| &document[*place]).find(|one| one["file"]["inline"].is_string())?;
    let bytes = BASE64_STANDARD.decode(minutes["file"]["inline"].as_str()?).ok()?;
    // Minutes that are not those of the digest are none.
    if minutes["hash"].as_str() != Some(&Digest::of(&[&bytes]).to_string()) {
        return None;
    }
    let ending = match minutes["file"]["media_type"].as_str() {
        Some("application/pdf") => "pdf",
        Some("text/plain") => "txt",
        _ => "bin",
    };
    let name = format!("attachment; filename=\"{name}.{ending}\"");
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, name)];
    Some((headers, bytes).into_response())
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
