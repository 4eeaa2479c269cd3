//! Why and how records are destroyed, as a certificate says it: derived from the case where the custodians leave it open, and held against
//! the case where they do not. Both sides hold it so.

use desk::Record;
use model::{ConditionCode, Denial, Digest, EntryId, Header, RecordType, Refusal, RefusalCode, Step, Timestamp};
use serde_json::{Map, Value};
use workflow::{Measure, Signal};

use super::{Office, documents::Said, matters::key_log, view::CaseView};

/// A record that is kept, and the entry that gave it.
pub(super) type Kept = (EntryId, Record);

/// The key of each body is destroyed in the transaction that takes the certificate into the case, and its ciphertext is overwritten with it.
const METHOD: &str = "key_destroyed";
const DAY_MS: i64 = 24 * 3600 * 1000;

impl Office {
    /// Fills in what a certificate of destruction leaves open.
    ///
    /// # Errors
    /// R94 where the measures that it is about go for different reasons.
    pub(super) fn say_how(
        &self,
        view: &CaseView,
        said: &Said<'_>,
        kept: &[Kept],
        certificate: &mut Map<String, Value>,
    ) -> Result<(), Denial> {
        if !certificate.contains_key("cause") {
            let measures = view.admitted.iter().flat_map(|case| &case.measures);
            let concerned = measures.filter(|(id, _)| said.concerns.contains(id)).map(|(_, measure)| measure);
            let mut causes: Vec<_> = concerned.map(|measure| cause(view, measure, said.now)).collect();
            causes.dedup();
            let [(cause, condition)] = causes.as_slice() else {
                let remedy = "Certify the measures one by one (--measure), or say the cause (--cause).";
                let reason = "the measures go for different reasons, and a certificate names one";
                return Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("cause").into());
            };
            certificate.insert("cause".to_owned(), (*cause).into());
            if let Some(code) = condition {
                certificate.entry("condition").or_insert(code.as_str().into());
            }
        }
        certificate.entry("method").or_insert(METHOD.into());
        let log = key_log(view, kept.iter().map(|(entry, _)| *entry));
        certificate.entry("key_log_hash").or_insert(log.to_string().into());
        Ok(())
    }

    /// Holds what certificates say of why and how against the case. R94 with the field, without values.
    pub(super) fn hold_how(
        &self,
        view: &CaseView,
        header: &Header,
        kept: &[Kept],
        certificates: &[(RecordType, Value)],
    ) -> Result<(), Denial> {
        let wrong = |field: &str, reason: &str, remedy: &str| -> Result<(), Denial> {
            Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at(field).into())
        };
        let log = key_log(view, kept.iter().map(|(entry, _)| *entry));
        let destroyed = certificates.iter().filter(|(name, _)| name.as_str() == "destruction_certificate");
        for (_, certificate) in destroyed {
            let said = certificate["key_log_hash"].as_str().map(|hash| hash.parse::<Digest>());
            if said.is_some_and(|said| said != Ok(log)) {
                let remedy = "Leave --key-log out: the desk says it by its own log of keys.";
                return wrong("key_log_hash", "the hash is not that of the log of keys for these records", remedy);
            }
            let (cause, condition) = (certificate["cause"].as_str().unwrap_or_default(), &certificate["condition"]);
            let measures = view.admitted.iter().flat_map(|case| &case.measures);
            for (_, measure) in measures.filter(|(id, _)| header.concerns.contains(id)) {
                if !fits(view, measure, cause, condition.as_str().unwrap_or_default(), header.created) {
                    let remedy = "Leave --cause out: the desk derives it from the case.";
                    return wrong("cause", "the case does not bear out the cause that the certificate names", remedy);
                }
            }
        }
        Ok(())
    }
}

/// Why the records of a measure go, with the condition that wants it.
fn cause(view: &CaseView, measure: &Measure, now: Timestamp) -> (&'static str, Option<ConditionCode>) {
    use ConditionCode::{C05, C06};
    let condition = [C06, C05].into_iter().find(|code| measure.conditions.contains(code));
    if unregularised(measure, now) {
        ("not_regularised", None)
    } else if withdrawn(view, measure) {
        ("withdrawal", None)
    } else if retention_over(view, measure, now) {
        ("retention_ended", None)
    } else if condition.is_some() {
        ("condition", condition)
    } else {
        ("not_relevant", None)
    }
}

/// Whether a cause can be true of a measure. That something is not relevant any more, or was objected to late, only humans know; a recall has
/// a certificate of its own.
fn fits(view: &CaseView, measure: &Measure, cause: &str, condition: &str, now: Timestamp) -> bool {
    match cause {
        "not_regularised" => unregularised(measure, now),
        "withdrawal" => withdrawn(view, measure),
        "retention_ended" => retention_over(view, measure, now),
        "condition" => measure.conditions.iter().any(|code| code.as_str() == condition),
        "recall" => false,
        _ => true,
    }
}

fn unregularised(measure: &Measure, now: Timestamp) -> bool {
    measure.regularise_by().is_some_and(|end| end < now)
}

fn withdrawn(view: &CaseView, measure: &Measure) -> bool {
    let own = |moment: &&workflow::Moment| moment.measure == measure.scope.id;
    view.moments.iter().filter(own).any(|moment| moment.signal == Signal::Step(Step::Withdraw))
}

/// Whether the time is over for which the records may be kept: that of their giver, or that of the treaty from the day on which they came.
/// A day is left to either side: the days of a clock are those of an authority's own calendar.
fn retention_over(view: &CaseView, measure: &Measure, now: Timestamp) -> bool {
    if let Some(until) = measure.kept_until {
        return until.0 - DAY_MS <= now.0;
    }
    let days = measure.terms.as_ref().and_then(|terms| terms.retention_days).map(i64::from);
    let came = |moment: &&workflow::Moment| {
        let gave = matches!(moment.signal, Signal::Step(Step::Release | Step::Answer | Step::TakeOver));
        gave && moment.measure == measure.scope.id
    };
    let newest = view.moments.iter().filter(came).map(|moment| moment.at.0).max();
    days.zip(newest).is_some_and(|(days, came)| came + (days - 1) * DAY_MS <= now.0)
}
