//! What the confirmation of a preservation tells who asked for it: until when the data are held, and what its desk calls people for, who
//! go on or give the preservation up.

use std::collections::BTreeMap;

use desk::Body;
use jiff::civil::Date;
use model::MeasureId;
use serde::{Deserialize, Serialize};

const CONFIRMATION: &str = "preservation_confirmation";

/// What a confirmation says beside the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Warned {
    /// The custodian may not keep it secret: who asked is told, and decides whether it is carried out all the same [Budapest 29(6)].
    pub(crate) tip_off_risk: bool,
    /// Another provider took part in the transmission: what of its traffic data shows which is disclosed before [Budapest 30].
    pub(crate) partial_traffic: bool,
    /// The last day of the hold, as the custodian promised it. The treaty's own clock may end before.
    #[serde(default)]
    pub(crate) held_until: Option<Date>,
}

/// What the confirmations in a body say, by their measures.
pub(in crate::office) fn warned_in(body: &Body) -> BTreeMap<MeasureId, Warned> {
    let confirmations = body.documents.iter().filter(|one| one.record_type.as_str() == CONFIRMATION);
    let of = |bytes: &[u8]| {
        let record = records::read(bytes).ok()?;
        let measure = MeasureId(record["measure"].as_u64()?.try_into().ok()?);
        let says = |field: &str| record["content"][field] == true;
        let day = |field: &str| record["content"][field].as_str()?.parse().ok();
        let warned = Warned {
            tip_off_risk: says("tip_off_risk"),
            partial_traffic: says("partial_traffic_found"),
            held_until: day("until").max(day("extended_until")),
        };
        Some((measure, warned))
    };
    confirmations.filter_map(|one| of(&one.bytes)).collect()
}
