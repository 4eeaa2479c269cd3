//! The documents of the matters of a case: which record type each step has, and what it must say beside what all have in common.

use std::collections::BTreeSet;

use accord::{contradiction, equal};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use model::{AuthorityId, ConditionCode, Digest, Header, RecordType, Refusal, Step, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::hearing::{self, HEARING_NOTICE, hearing_act};

/// The record types that the document of a step may have, the ordinary one first. `None` for a step that has only one or none.
pub(crate) fn choices(step: Step) -> Option<&'static [&'static str]> {
    match step {
        Step::GrantConsent | Step::DenyConsent => Some(&["use_consent", "onward_consent"]),
        // What was breached is recalled in words; what is about somebody else by the form for it.
        Step::Recall => Some(&["wrong_subject_recall", "notice"]),
        _ => None,
    }
}

/// The ordinary record type of a step on a matter, or on what becomes of records.
pub(crate) fn document_of(step: Step) -> Option<&'static str> {
    match step {
        Step::RequestUse | Step::NotifyExculpatory => Some("use_consent"),
        Step::RequestOnward => Some("onward_consent"),
        Step::NotifyBreach | Step::ConfirmBreach => Some("breach_notice"),
        Step::CertifyShredding => Some("destruction_certificate"),
        step if hearing_act(step).is_some() => Some(HEARING_NOTICE),
        _ => choices(step).and_then(|all| all.first().copied()),
    }
}

/// Whether a step has a form of its own here.
#[cfg(test)]
pub(crate) fn is_for(step: Step) -> bool {
    document_of(step).is_some()
}

/// Holds the form of such a step against its header.
///
/// # Errors
/// R94 with the field, without values.
pub(crate) fn compare(header: &Header, record_type: &RecordType, document: &Value) -> Result<(), Refusal> {
    match record_type.as_str() {
        "use_consent" | "onward_consent" => consent(header, &read(document)?),
        HEARING_NOTICE => hearing::compare(header, document),
        "breach_notice" => {
            let wanted = if header.step == Step::NotifyBreach { "suspected" } else { "confirmed" };
            equal(read::<Breach>(document)?.stage == wanted, "stage", "the step and the notice say different things")
        }
        "wrong_subject_recall" => {
            let own = read::<Recall>(document)?.officer.authority.party() == header.sender.party();
            equal(own, "officer.authority", "the document speaks for another party than the one that sends it")
        }
        "destruction_certificate" => {
            let recalled = read::<Certificate>(document)?.cause == "recall";
            equal(
                recalled == (header.step == Step::CertifyShredding),
                "cause",
                "the certificate gives another cause than its step has",
            )
        }
        _ => Ok(()),
    }
}

fn consent(header: &Header, consent: &Consent) -> Result<(), Refusal> {
    let act = match header.step {
        Step::GrantConsent => "grant",
        Step::DenyConsent => "deny",
        Step::NotifyExculpatory => "exculpatory_notice",
        _ => "ask",
    };
    equal(consent.act == act, "act", "the step and the consent say different things")?;
    let own = consent.officer.authority.party() == header.sender.party();
    equal(own, "officer.authority", "the document speaks for another party than the one that sends it")?;
    let asks = matches!(act, "ask" | "exculpatory_notice");
    let purpose = !asks || (consent.purpose.is_some() && consent.purpose == header.purpose);
    equal(purpose, "purpose", "header and body name different purposes")?;
    let imposed: BTreeSet<_> = consent.conditions.iter().copied().collect();
    let same = imposed == header.conditions.iter().copied().collect();
    equal(same, "conditions", "header and body impose different conditions")?;
    let last =
        consent.expires_on.as_deref().map(|day| end_of(day).ok_or_else(|| contradiction("expires_on", "is no day")));
    let last = last.transpose()?;
    equal(act != "grant" || last == header.declared.until, "expires_on", "header and body name different ends")
}

/// The first moment after a day, in UTC: what a header declares where a document names the last day.
pub fn end_of(day: &str) -> Option<Timestamp> {
    let next = day.parse::<Date>().ok()?.checked_add(1.day()).ok()?;
    Some(Timestamp(next.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

/// What a form names of records: each by its id and the hash of its content.
///
/// # Errors
/// R94 where a name is none.
pub fn records_named(document: &Value) -> Result<Vec<(String, Digest)>, Refusal> {
    let Some(all) = document.get("records") else { return Ok(Vec::new()) };
    let all = Vec::<RecordNamed>::deserialize(all)
        .map_err(|_| contradiction("records", "the document names no records by id and hash"))?;
    Ok(all.into_iter().map(|one| (one.record_id, one.hash)).collect())
}

fn read<'d, T: Deserialize<'d>>(document: &'d Value) -> Result<T, Refusal> {
    T::deserialize(document).map_err(|_| contradiction("", "the document has not the form of its record type"))
}

#[derive(Deserialize)]
struct RecordNamed {
    record_id: String,
    hash: Digest,
}

#[derive(Deserialize)]
struct Speaker {
    authority: AuthorityId,
}

#[derive(Deserialize)]
struct Consent {
    act: String,
    officer: Speaker,
    purpose: Option<String>,
    #[serde(default)]
    conditions: Vec<ConditionCode>,
    expires_on: Option<String>,
}

#[derive(Deserialize)]
struct Breach {
    stage: String,
}

#[derive(Deserialize)]
struct Recall {
    officer: Speaker,
}

#[derive(Deserialize)]
struct Certificate {
    cause: String,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::{compare_answer, sample};

    fn header(step: Step) -> Header {
        Header { step, records: Vec::new(), conditions: Vec::new(), ..sample::release_header() }
    }

    fn verdict(header: &Header, name: &str, mut document: Value) -> Option<String> {
        document["record_type"] = name.into();
        document["case"] = header.case.to_string().into();
        compare_answer(header, &name.parse().unwrap(), &document).err()?.field
    }

    fn by(header: &Header) -> Value {
        json!({ "authority": header.sender.to_string() })
    }

    #[test]
    fn a_consent_is_for_the_purpose_the_conditions_and_the_time_of_its_header() {
        let mut ask = header(Step::RequestUse);
        ask.purpose = Some("tax".to_owned());
        let asks = |purpose: &str| json!({"act": "ask", "officer": by(&ask), "purpose": purpose});
        assert_eq!(verdict(&ask, "use_consent", asks("tax")), None);
        assert_eq!(verdict(&ask, "use_consent", asks("asylum")).unwrap(), "purpose");
        assert_eq!(verdict(&ask, "onward_consent", asks("tax")).unwrap(), "record_type");
        let mut grant = header(Step::GrantConsent);
        grant.conditions = vec![ConditionCode::C04];
        grant.declared.until = end_of("2027-03-31");
        let grants = |act: &str, code: &str, day: &str| json!({"act": act, "officer": by(&grant), "conditions": [code], "expires_on": day});
        for name in ["use_consent", "onward_consent"] {
            assert_eq!(verdict(&grant, name, grants("grant", "C04", "2027-03-31")), None);
            assert_eq!(verdict(&grant, name, grants("grant", "C04", "2027-04-01")).unwrap(), "expires_on");
            assert_eq!(verdict(&grant, name, grants("grant", "C01", "2027-03-31")).unwrap(), "conditions");
            assert_eq!(verdict(&grant, name, grants("deny", "C04", "2027-03-31")).unwrap(), "act");
        }
        let mut foreign = grants("grant", "C04", "2027-03-31");
        foreign["officer"] = json!({"authority": "IT:central"});
        assert_eq!(verdict(&grant, "use_consent", foreign).unwrap(), "officer.authority");
    }

    #[test]
    fn a_notice_of_an_incident_says_how_far_it_is_and_a_certificate_why() {
        let (notify, confirm) = (header(Step::NotifyBreach), header(Step::ConfirmBreach));
        assert_eq!(verdict(&notify, "breach_notice", json!({"stage": "suspected"})), None);
        assert_eq!(verdict(&confirm, "breach_notice", json!({"stage": "suspected"})).unwrap(), "stage");
        let shred = header(Step::CertifyShredding);
        assert_eq!(verdict(&shred, "destruction_certificate", json!({"cause": "recall"})), None);
        assert_eq!(verdict(&shred, "destruction_certificate", json!({"cause": "not_relevant"})).unwrap(), "cause");
    }

    #[test]
    fn a_recall_is_by_the_form_or_in_words_and_names_records() {
        let recall = header(Step::Recall);
        assert_eq!(verdict(&recall, "wrong_subject_recall", json!({"officer": by(&recall)})), None);
        assert_eq!(verdict(&recall, "notice", json!({"step": "recall"})), None);
        let foreign = json!({"officer": {"authority": "IT:central"}});
        assert_eq!(verdict(&recall, "wrong_subject_recall", foreign).unwrap(), "officer.authority");
        let hash = Digest::of(&[b"x"]);
        let named = records_named(&json!({"records": [{"record_id": "a", "hash": hash, "copies": 3}]})).unwrap();
        assert_eq!(named, [("a".to_owned(), hash)]);
        assert!(records_named(&json!({"records": [{"record_id": "a"}]})).is_err());
        assert_eq!(records_named(&json!({})).unwrap(), []);
    }

    #[test]
    fn the_end_of_a_day_is_the_first_moment_after_it() {
        assert_eq!(end_of("2027-03-31").unwrap().to_string(), "2027-04-01T00:00:00.000Z");
        assert_eq!(end_of("2027-02-30"), None);
    }
}
