//! What the forms of single steps must say beside what all have in common.

use std::collections::BTreeSet;

use accord::{contradiction, equal};
use jiff::{civil::Date, tz::TimeZone};
use model::{AuthorityId, ConditionCode, Header, PostponementCode, Refusal, RefusalCode, Step, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    after,
    consultation::{self, CONSULTATION_MINUTES},
};

/// Within so many days what is postponed is looked at again.
const REVIEW_DAYS_MAX: i32 = 90;

/// Holds a document against the header of a step that has a form of its own.
///
/// # Errors
/// R94 with the field, without values.
pub(crate) fn compare(header: &Header, document: &Value) -> Result<(), Refusal> {
    match header.step {
        Step::AskInfo => spoken(&read::<Asked>(document)?.officer, "officer", header),
        Step::CommentDraft => spoken(&read::<Asked>(document)?.officer, "officer", header),
        Step::GiveInfo => replied(header, &read(document)?),
        Step::AcceptConditions => undertaken(header, &read(document)?),
        Step::Postpone => postponed(header, &read(document)?),
        Step::ReturnRequest => returned(header, &read(document)?),
        // A notice may stand in for them.
        Step::ConsultDone if document["record_type"] == CONSULTATION_MINUTES => consultation::compare(header, document),
        _ => after::compare(header, document),
    }
}

/// Whether a step has such a form.
#[cfg(test)]
pub(crate) fn is_for(step: Step) -> bool {
    after::is_for(step)
        || matches!(
            step,
            Step::CommentDraft
                | Step::AskInfo
                | Step::GiveInfo
                | Step::AcceptConditions
                | Step::Postpone
                | Step::ReturnRequest
                | Step::ConsultDone
        )
}

fn read<'d, T: Deserialize<'d>>(document: &'d Value) -> Result<T, Refusal> {
    T::deserialize(document).map_err(|_| contradiction("", "the document has not the form of its record type"))
}

/// Who speaks in the document is of the party that sends it.
fn spoken(speaker: &Speaker, field: &str, header: &Header) -> Result<(), Refusal> {
    let own = speaker.authority.party() == header.sender.party();
    equal(own, &format!("{field}.authority"), "the document speaks for another party than the one that sends it")
}

/// Whether more is asked than was validated, the gateways see in the header, and who reads in the document.
fn replied(header: &Header, reply: &Reply) -> Result<(), Refusal> {
    spoken(&reply.officer, "officer", header)?;
    equal(
        reply.scope_grows == header.declared.widens,
        "scope_grows",
        "header and body differ on whether more is asked",
    )?;
    reply.validation.as_ref().map_or(Ok(()), |by| spoken(by, "validation", header))
}

fn undertaken(header: &Header, undertaking: &Undertaking) -> Result<(), Refusal> {
    spoken(&undertaking.given_by, "given_by", header)?;
    let bound: BTreeSet<_> = undertaking.conditions.iter().map(|one| one.code).collect();
    let same = bound == header.conditions.iter().copied().collect();
    equal(same, "conditions", "header and undertaking name different conditions")
}

fn postponed(header: &Header, postponement: &Postponement) -> Result<(), Refusal> {
    let created = header.created.date().ok_or_else(|| contradiction("created", "the header has no day"))?;
    for measure in &postponement.measures {
        let same = Some(measure.code) == header.declared.postponement;
        equal(same, "measures.code", "header and body give different reasons")?;
        let review = measure.review_on.parse::<Date>().ok();
        let days = review.and_then(|day| created.until(day).ok()).map(|span| span.get_days());
        // Whoever postpones may be a day ahead of the day in UTC.
        let soon = days.is_some_and(|days| (1..=REVIEW_DAYS_MAX + 1).contains(&days));
        equal(soon, "measures.review_on", "it is looked at again after today and within 90 days")?;
        let end = end_of_day(&measure.review_on);
        let same = end.is_some() && end == header.declared.until;
        equal(same, "measures.review_on", "header and body name different days of review")?;
    }
    Ok(())
}

/// The first moment after the day on which a postponement says that it is looked at again, in UTC; `None` where it does not say it.
pub fn review_of(document: &Value) -> Option<Timestamp> {
    end_of_day(document.get("measures")?.get(0)?.get("review_on")?.as_str()?)
}

fn end_of_day(day: &str) -> Option<Timestamp> {
    let next = day.parse::<Date>().ok()?.tomorrow().ok()?;
    Some(Timestamp(next.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

fn returned(header: &Header, notice: &Returned) -> Result<(), Refusal> {
    let addressee = notice.addressee.as_ref();
    // What was given under conditions that cannot be kept goes back to who gave it [ETS 185 art. 26(2)]. Questions without an answer say nothing of
    // another authority.
    match header.ground {
        Some(RefusalCode::R01) => {
            let why =
                "who returns a request because its questions were left without an answer names no other authority";
            return equal(addressee.is_none(), "addressee", why);
        }
        Some(RefusalCode::R93 | RefusalCode::R16) => {}
        _ => return equal(false, "ground", "a request is returned on R93 or R01, and what was given on R16"),
    }
    let other = addressee.is_some_and(|addressee| *addressee != header.sender);
    equal(other, "addressee", "the notice names no other authority that is the right one")
}

#[derive(Deserialize)]
struct Speaker {
    authority: AuthorityId,
}

#[derive(Deserialize)]
struct Asked {
    officer: Speaker,
}

#[derive(Deserialize)]
struct Reply {
    officer: Speaker,
    #[serde(default)]
    scope_grows: bool,
    validation: Option<Speaker>,
}

#[derive(Deserialize)]
struct Undertaking {
    given_by: Speaker,
    conditions: Vec<Bound>,
}

#[derive(Deserialize)]
struct Bound {
    code: ConditionCode,
}

#[derive(Deserialize)]
struct Postponement {
    measures: Vec<Later>,
}

#[derive(Deserialize)]
struct Later {
    code: PostponementCode,
    review_on: String,
}

#[derive(Deserialize)]
struct Returned {
    addressee: Option<AuthorityId>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::{compare_answer, sample};

    fn header(step: Step, by_home: bool) -> Header {
        let release = sample::release_header();
        let (sender, recipient) = (release.sender.clone(), release.recipient.clone());
        let (sender, recipient) = if by_home { (recipient, sender) } else { (sender, recipient) };
        Header { step, sender, recipient, records: Vec::new(), conditions: Vec::new(), ..release }
    }

    fn verdict(header: &Header, name: &str, mut document: Value) -> Option<String> {
        document["record_type"] = name.into();
        document["case"] = header.case.to_string().into();
        let refusal = compare_answer(header, &name.parse().unwrap(), &document).err()?;
        assert_eq!(refusal.code, RefusalCode::R94);
        refusal.field
    }

    #[test]
    fn questions_and_answers_are_those_of_the_party_that_sends_them() {
        let (ask, give) = (header(Step::AskInfo, false), header(Step::GiveInfo, true));
        let by = |authority: &str| json!({"officer": {"authority": authority}});
        assert_eq!(verdict(&ask, "info_request", by("FR:executing")), None);
        assert_eq!(verdict(&ask, "info_request", by("JP:central")).unwrap(), "officer.authority");
        assert_eq!(verdict(&give, "info_reply", by("JP:central")), None);
        assert_eq!(verdict(&give, "info_reply", by("FR:central")).unwrap(), "officer.authority");
        let mut elsewhere = by("FR:central");
        elsewhere["measures"] = json!([2]);
        assert_eq!(verdict(&ask, "info_request", elsewhere).unwrap(), "measures");
        assert_eq!(verdict(&ask, "notice", json!({})).unwrap(), "record_type");
    }

    #[test]
    fn an_answer_asks_for_more_exactly_where_its_header_says_so() {
        let mut give = header(Step::GiveInfo, true);
        let of = |grows: bool, by: &str| json!({"officer": {"authority": "JP:central"}, "scope_grows": grows, "validation": {"authority": by}});
        assert_eq!(verdict(&give, "info_reply", of(true, "JP:judicial")).unwrap(), "scope_grows");
        give.declared.widens = true;
        assert_eq!(verdict(&give, "info_reply", of(true, "JP:judicial")), None);
        assert_eq!(verdict(&give, "info_reply", of(false, "JP:judicial")).unwrap(), "scope_grows");
        assert_eq!(verdict(&give, "info_reply", of(true, "FR:judicial")).unwrap(), "validation.authority");
    }

    #[test]
    fn an_undertaking_binds_to_the_conditions_of_its_header() {
        let accept = Header { conditions: vec![ConditionCode::C01], ..header(Step::AcceptConditions, true) };
        let of = |codes: &[&str]| {
            let conditions: Vec<_> = codes.iter().map(|code| json!({"code": code})).collect();
            json!({"measures": [1], "given_by": {"authority": "JP:central"}, "conditions": conditions})
        };
        assert_eq!(verdict(&accept, "undertaking", of(&["C01"])), None);
        assert_eq!(verdict(&accept, "undertaking", of(&["C01", "C04"])).unwrap(), "conditions");
        assert_eq!(verdict(&accept, "undertaking", of(&[])).unwrap(), "conditions");
    }

    #[test]
    fn a_postponement_gives_the_reason_of_its_header_and_a_day_within_90() {
        let mut postpone = header(Step::Postpone, false);
        postpone.declared.postponement = Some(PostponementCode::P01);
        let created = postpone.created.date().unwrap();
        let of = |code: &str, days: i32| {
            let day = created.checked_add(jiff::Span::new().days(days)).unwrap().to_string();
            json!({"measures": [{"id": 1, "code": code, "review_on": day}]})
        };
        postpone.declared.until = review_of(&of("P01", 90));
        assert_eq!(verdict(&postpone, "postponement", of("P01", 90)), None);
        assert_eq!(
            verdict(&postpone, "postponement", of("P01", 89)).unwrap(),
            "measures.review_on",
            "not of the header"
        );
        assert_eq!(verdict(&postpone, "postponement", of("P02", 30)).unwrap(), "measures.code");
        for days in [0, -1, 92] {
            assert_eq!(verdict(&postpone, "postponement", of("P01", days)).unwrap(), "measures.review_on");
        }
    }

    #[test]
    fn a_return_names_the_right_addressee() {
        let mut back = header(Step::ReturnRequest, false);
        back.ground = Some(RefusalCode::R93);
        assert_eq!(verdict(&back, "notice", json!({"addressee": "FR:executing"})), None);
        assert_eq!(verdict(&back, "notice", json!({"addressee": back.sender.to_string()})).unwrap(), "addressee");
        assert_eq!(verdict(&back, "notice", json!({})).unwrap(), "addressee");
        back.ground = Some(RefusalCode::R02);
        assert_eq!(verdict(&back, "notice", json!({"addressee": "FR:executing"})).unwrap(), "ground");
    }

    #[test]
    fn a_return_of_what_nobody_explained_names_no_addressee() {
        let mut back = header(Step::ReturnRequest, false);
        back.ground = Some(RefusalCode::R01);
        assert_eq!(verdict(&back, "notice", json!({})), None);
        assert_eq!(verdict(&back, "notice", json!({"addressee": "FR:executing"})).unwrap(), "addressee");
    }
}
