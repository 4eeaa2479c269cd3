//! A safe-conduct that the record of a person's consent to come promises: its time runs at the desk of the party that gave it [UNTOC 18(27)].

use std::collections::BTreeMap;

use desk::Body;
use model::{MeasureId, Timestamp};
use workflow::{Act, Moment, Signal, State};

const CONSENT: &str = "appearance_consent";

/// The moments that begin the time of each safe-conduct that is promised in a body.
pub(in crate::office) fn promised_in(at: Timestamp, body: &Body) -> Vec<Moment> {
    let consents = body.documents.iter().filter(|one| one.record_type.as_str() == CONSENT);
    let of = |bytes: &[u8]| {
        let record = records::read(bytes).ok()?;
        let measure = MeasureId(record["measure"].as_u64()?.try_into().ok()?);
        let until = record["content"]["safe_conduct"]["until"].as_str()?.parse::<jiff::Timestamp>().ok()?;
        Some((measure, Timestamp(until.as_millisecond())))
    };
    // Of several persons in one measure the one who is safe the longest.
    let mut until = BTreeMap::new();
    for (measure, end) in consents.filter_map(|one| of(&one.bytes)) {
        until.entry(measure).and_modify(|last: &mut Timestamp| *last = end.max(*last)).or_insert(end);
    }
    let signal = Signal::Act(Act::PromiseSafeConduct);
    let moment = |(measure, until)| Moment { measure, signal, state: State::Produced, at, until: Some(until) };
    until.into_iter().map(moment).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use desk::Document;
    use model::Step;

    use super::*;

    #[test]
    fn the_promise_is_until_the_moment_of_the_record_that_says_so() {
        let example = include_bytes!(
            "../../../../../treaty-schemas/catalog/records/appearance_consent/examples/valid-witness-travels.json"
        );
        let document = |record_type: &str, bytes: &[u8]| Document {
            record_type: record_type.parse().unwrap(),
            bytes: bytes.to_vec(),
        };
        let later =
            String::from_utf8(example.to_vec()).unwrap().replace("2026-11-21T23:59:59+09:00", "2026-12-01T00:00:00Z");
        let documents =
            vec![document(CONSENT, example), document(CONSENT, later.as_bytes()), document("traffic_data", example)];
        let all = promised_in(Timestamp(7), &Body { step: Step::Release, documents });
        let told: Vec<_> = all.iter().map(|one| (one.measure, one.at.0, one.until.unwrap().to_string())).collect();
        assert_eq!(told, [(MeasureId(1), 7, "2026-12-01T00:00:00.000Z".to_owned())]);
    }
}
