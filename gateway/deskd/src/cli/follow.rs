//! A request that follows an earlier case: what is carried over from it, and what has to be said anew.

use desk::FOLLOW_UPS;
use model::{Exit, FollowUp};
use proto::desk as wire;
use serde_json::{Map, Value, json};

use super::session::{Session, case_id};
use crate::failure::Failure;

/// What of the earlier request holds for the one that follows it. Why it is needed, and who validated it, is said anew.
const CARRIED: [&str; 9] = [
    "authority",
    "proceeding",
    "offences",
    "purpose",
    "confidentiality",
    "undertakings",
    "language",
    "urgency",
    "classification",
];

/// The request of `earlier`, as far as it holds on, in `fresh`: facts by reference, the same subjects, the link.
///
/// # Errors
/// [`Exit::NotFound`] where the earlier case has no request that can be read here.
pub(super) async fn carried(
    session: &Session,
    earlier: &str,
    as_what: FollowUp,
    mut fresh: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let (case, request, sent) = request_of(session, earlier).await?;
    let reference = request.get("reference").and_then(Value::as_str).unwrap_or("no file number").to_owned();
    for name in CARRIED {
        if let Some(value) = request.get(name) {
            fresh.insert(name.to_owned(), value.clone());
        }
    }
    let mut facts = request.get("facts").cloned().unwrap_or_default();
    facts["summary"] = format!("As told in our request {reference} of {sent} (case {case}).").into();
    fresh.insert("facts".to_owned(), facts);
    subjects(&mut fresh, &request, as_what);
    fresh.insert("earlier_requests".to_owned(), json!([link(as_what, &case, &reference, &sent)?]));
    Ok(fresh)
}

/// A request that is written already, with the link.
pub(super) async fn linked(
    session: &Session,
    earlier: &str,
    as_what: FollowUp,
    mut written: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let (case, request, sent) = request_of(session, earlier).await?;
    let reference = request.get("reference").and_then(Value::as_str).unwrap_or("no file number").to_owned();
    let mut links = vec![link(as_what, &case, &reference, &sent)?];
    let others = written.get("earlier_requests").and_then(Value::as_array).cloned().unwrap_or_default();
    links.extend(others.into_iter().filter(|one| one["case"] != case.as_str()));
    written.insert("earlier_requests".to_owned(), links.into());
    Ok(written)
}

fn link(as_what: FollowUp, case: &str, reference: &str, sent: &str) -> Result<Value, Failure> {
    let relation = FOLLOW_UPS.iter().find(|(_, one)| *one == as_what).map(|(relation, _)| *relation);
    let relation = relation.ok_or_else(|| Failure::new(Exit::Usage, "a request cannot follow another like that"))?;
    Ok(json!({ "relation": relation, "reference": reference, "case": case, "dated": sent }))
}

/// The subjects and the custodian of the earlier request's first measure, in the one of the new request. The days are named anew, but
/// where what was preserved is asked for: nothing is kept of other days.
fn subjects(fresh: &mut Map<String, Value>, earlier: &Map<String, Value>, as_what: FollowUp) {
    let Some(first) = earlier.get("measures").and_then(|measures| measures.get(0)) else { return };
    let Some(measure) = fresh.get_mut("measures").and_then(|measures| measures.get_mut(0)) else { return };
    let days = (as_what == FollowUp::Production).then_some("window");
    for name in ["subjects", "custodian"].into_iter().chain(days) {
        if let Some(value) = first.get(name) {
            measure[name] = value.clone();
        }
    }
}

/// The case's id, its request, and the day on which it was made.
async fn request_of(session: &Session, earlier: &str) -> Result<(String, Map<String, Value>, String), Failure> {
    let shown: wire::GetCaseResponse = session.show(earlier).await?;
    let case = case_id(shown.summary.as_ref())?.to_string();
    let none = || {
        Failure::new(Exit::NotFound, "the earlier case has no request that can be read here")
            .remedy("Name a case in which a request was made: desk case list.")
    };
    let document = shown.documents.iter().find(|one| one.record_type == "request").ok_or_else(none)?;
    let body = session.document(&document.entry_id, document.index).await?.body;
    let Ok(Value::Object(request)) = serde_json::from_slice(&body) else { return Err(none()) };
    let sent = shown.timeline.iter().find(|one| one.step == "seal_send").map(|one| one.at_ms);
    let at = model::Timestamp(sent.or_else(|| shown.summary.map(|one| one.updated_ms)).unwrap_or_default());
    let day = at.date().ok_or_else(none)?.to_string();
    Ok((case, request, day))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn subjects_are_carried_over_and_days_are_not() {
        let earlier = json!({"measures": [{"subjects": [{"subject_ref": "S1"}], "window": {"from": "2026-01-01"}}]});
        let mut fresh = json!({"measures": [{"id": 1, "subjects": [], "window": {"from": "<YYYY-MM-DD>"}}]});
        subjects(fresh.as_object_mut().unwrap(), earlier.as_object().unwrap(), FollowUp::Supplement);
        assert_eq!(fresh["measures"][0]["subjects"], json!([{"subject_ref": "S1"}]));
        assert_eq!(fresh["measures"][0]["window"]["from"], "<YYYY-MM-DD>");
    }

    #[test]
    fn every_way_to_follow_has_its_relation() {
        for as_what in FollowUp::ALL {
            assert_eq!(link(as_what, "c", "r", "2026-01-01").unwrap()["case"], "c");
        }
    }
}
