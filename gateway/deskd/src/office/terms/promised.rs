//! A safe-conduct that the record of a person's consent to come promises: its time runs at the desk of the party that gave it [UNTOC 18(27)].

use std::collections::BTreeMap;

use desk::{Body, Document, Record, SafeConduct};
use model::{Denial, MeasureId, Timestamp};
use treaty::TimerKind;
use workflow::{Act, Case, Moment, Signal, State};

/// The moments that begin the time of each safe-conduct that is promised in a body.
pub(in crate::office) fn promised_in(at: Timestamp, body: &Body) -> Vec<Moment> {
    let of = |one: &Document| {
        let record = records::read(&one.bytes).ok()?;
        let measure = MeasureId(record["measure"].as_u64()?.try_into().ok()?);
        Some((measure, SafeConduct::of(one.record_type.as_str(), &record["content"])?))
    };
    // Of several persons in one measure the one who is safe the longest.
    let mut ends: BTreeMap<MeasureId, (Timestamp, Timestamp)> = BTreeMap::new();
    for (measure, promised) in body.documents.iter().filter_map(of) {
        let (left, until) = ends.entry(measure).or_insert((promised.left, promised.until));
        (*left, *until) = (promised.left.max(*left), promised.until.max(*until));
    }
    let (signal, state) = (Signal::Act(Act::PromiseSafeConduct), State::Produced);
    let moment =
        |(measure, (left, until))| Moment { measure, signal, state, at, until: Some(until), from: Some(at.max(left)) };
    ends.into_iter().map(moment).collect()
}

/// Holds what records promise against what the treaty wants for their measures.
///
/// # Errors
/// R94 with the article and the field.
pub(in crate::office) fn hold_promises(case: Option<&Case>, records: &[Record]) -> Result<(), Denial> {
    for (index, record) in records.iter().enumerate() {
        let promised = SafeConduct::of(record.record_type.as_str(), &record.content);
        let measure = case.and_then(|case| case.measures.get(&record.measure));
        let Some((promised, measure)) = promised.zip(measure) else { continue };
        let timers = measure.terms.iter().flat_map(|terms| &terms.timers);
        let least = timers.filter(|timer| timer.kind == TimerKind::SafeConduct).max_by_key(|timer| timer.length);
        promised.hold(least, &measure.scope.article).map_err(|refusal| {
            let field = refusal.field.clone().unwrap_or_default();
            refusal.at(format!("documents[{index}].{field}"))
        })?;
    }
    Ok(())
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
        let documents = vec![
            document("appearance_consent", example),
            document("appearance_consent", later.as_bytes()),
            document("traffic_data", example),
        ];
        let all = promised_in(Timestamp(7), &Body { step: Step::Release, documents });
        let told: Vec<_> = all.iter().map(|one| (one.measure, one.at.0, one.until.unwrap().to_string())).collect();
        assert_eq!(told, [(MeasureId(1), 7, "2026-12-01T00:00:00.000Z".to_owned())]);
        assert_eq!(all[0].from.unwrap().to_string(), "2026-11-07T00:00:00.000Z", "the later end of an appearance");
    }
}
