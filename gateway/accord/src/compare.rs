use std::collections::BTreeSet;

use model::{Classification, Declared, Header, MeasureScope, Refusal, RefusalCode, Step, Window};

use crate::{RequestBody, declare, specific::unspecific};

/// Holds a request against its header: what the gateways decided on must be what was sealed. Run by the receiving desk
/// after opening, and by the sending desk before it seals.
///
/// # Errors
/// The first contradiction: R90 when the body reaches further than the header says or a selector names many, R94 when it
/// contradicts it otherwise. The reason names fields and counts, never values: it goes into a violation notice.
pub fn compare(header: &Header, body: &RequestBody) -> Result<(), Refusal> {
    let gives = header.records.is_empty() && header.conditions.is_empty();
    equal(gives, "records", "the header names records or conditions, and the request gives nothing")?;
    compare_form(header, body, None)
}

/// The same for the form of a request that gives, whose records are marked `mark` at most.
pub(crate) fn compare_form(header: &Header, body: &RequestBody, mark: Option<Classification>) -> Result<(), Refusal> {
    equal(header.step == Step::SealSend, "step", "a request is sealed under the step seal_send")?;
    equal(header.case == body.case, "case", "header and body name different cases")?;
    parties(header, body)?;
    if let Some(refusal) = unspecific(body).into_iter().next() {
        return Err(refusal);
    }
    distinct(body)?;
    let mut declared = declare(body)?;
    declared.declared.classification = declared.declared.classification.max(mark);
    let (said, found) = (header.measures.len(), declared.measures.len());
    if said != found {
        return Err(reach(
            found > said,
            "measures",
            format!("header says {}, body has {found}", count(said, "measure")),
        ));
    }
    for (index, found) in declared.measures.iter().enumerate() {
        let field = format!("measures[{index}]");
        let Some(said) = header.measures.iter().find(|said| said.id == found.id) else {
            return Err(contradiction(format!("{field}.id"), "the header has no measure of this number"));
        };
        measure(said, found, &field)?;
    }
    equal(header.purpose.as_ref() == Some(&declared.purpose), "purpose", "header and body name different purposes")?;
    equal(header.offence == declared.offence, "offence", "header and body declare different offences")?;
    declarations(&header.declared, &declared.declared)?;
    validation(header, body)
}

fn parties(header: &Header, body: &RequestBody) -> Result<(), Refusal> {
    let parties = header.home == body.requesting && header.peer == body.requested;
    equal(parties, "requesting", "header and body name different parties")?;
    let own = body.authority.id.party() == header.home && header.sender.party() == header.home;
    equal(own, "authority.id", "the authority in charge is not one of the requesting party")?;
    equal(header.recipient == body.addressee, "addressee", "header and body are addressed to different authorities")
}

/// What else the header declares is what the body says.
fn declarations(said: &Declared, found: &Declared) -> Result<(), Refusal> {
    let keys = said.tag_key == found.tag_key;
    equal(keys, "declared.tag_key", "header and body name different keys of the subjects' tags")?;
    let marks = said.classification == found.classification;
    equal(marks, "declared.classification", "header and body are marked differently")?;
    let emergency = said.emergency == found.emergency;
    equal(emergency, "declared.emergency", "header and body do not both declare an emergency")?;
    equal(said.consent == found.consent, "declared.consent", "header and body tell of different consents")?;
    equal(said.follows == found.follows, "declared.follows", "header and body follow different cases")?;
    equal(said.callback.is_none(), "declared.callback", "a request declares no call-back")
}

/// Numbers of measures and names of subjects must be unique: records refer to them.
pub fn distinct(body: &RequestBody) -> Result<(), Refusal> {
    let mut ids = BTreeSet::new();
    for (m, measure) in body.measures.iter().enumerate() {
        equal(ids.insert(measure.id), &format!("measures[{m}].id"), "two measures have the same number")?;
        let mut names = BTreeSet::new();
        for (s, subject) in measure.subjects.iter().enumerate() {
            let field = format!("measures[{m}].subjects[{s}].subject_ref");
            equal(names.insert(&subject.subject_ref), &field, "two subjects of a measure have the same reference")?;
        }
    }
    Ok(())
}

fn measure(said: &MeasureScope, found: &MeasureScope, field: &str) -> Result<(), Refusal> {
    let at = |name: &str| format!("{field}.{name}");
    equal(said.article == found.article, &at("article"), "header and body rest on different articles")?;
    equal(said.request_type == found.request_type, &at("request_type"), "header and body ask for different things")?;
    if said.subjects != found.subjects {
        let said_subjects = count(said.subjects as usize, "subject");
        let reason = format!("header says {said_subjects}, body has {}", found.subjects);
        return Err(reach(found.subjects > said.subjects, &at("subjects"), reason));
    }
    set(&said.records, &found.records, &at("records"), "record type")?;
    set(&said.selectors, &found.selectors, &at("selectors"), "kind of selector")?;
    set(&said.attributes, &found.attributes, &at("attributes"), "attribute")?;
    equal(said.tags == found.tags, &at("tags"), "header and body count different subjects")?;
    if said.window != found.window {
        let days = |window: &Option<Window>| {
            window.map_or_else(|| "no window".to_owned(), |w| count(w.days() as usize, "day"))
        };
        let (said_days, found_days) = (days(&said.window), days(&found.window));
        let reason = if said_days == found_days {
            format!("header and body both say {said_days}, but not the same")
        } else {
            format!("header says {said_days}, body has {found_days}")
        };
        return Err(reach(!within(found.window, said.window), &at("window"), reason));
    }
    Ok(())
}

/// Whether `inner` asks about no day that `outer` does not; no window is all days.
pub(crate) fn within(inner: Option<Window>, outer: Option<Window>) -> bool {
    match (inner, outer) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => outer.from <= inner.from && inner.to <= outer.to,
    }
}

fn set<T: Ord>(said: &[T], found: &[T], field: &str, noun: &str) -> Result<(), Refusal> {
    let unique: BTreeSet<&T> = said.iter().collect();
    let wanted: BTreeSet<&T> = found.iter().collect();
    if unique == wanted && unique.len() == said.len() {
        return Ok(());
    }
    let reason =
        format!("header says {}, body has {}, and they are not the same", count(said.len(), noun), found.len());
    Err(reach(!wanted.is_subset(&unique), field, reason))
}

/// What the validator signed must be what is sent [Reg. 2023/1543 art. 4].
fn validation(header: &Header, body: &RequestBody) -> Result<(), Refusal> {
    let Some(validation) = &header.validation else { return Ok(()) };
    let statement = &validation.statement;
    let same = validation.authority == body.validation.authority && validation.role == body.validation.role;
    equal(same, "validation", "header and body name different validators")?;
    let covers = statement.case == header.case && statement.pin == header.pin && statement.measures == header.measures;
    equal(covers, "validation", "the validator signed another case, rule or scope")?;
    equal(Some(statement.body) == header.body, "validation", "the validator signed another body")
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Refuses (R94) where something does not hold, at `field`.
pub fn equal(holds: bool, field: &str, reason: &str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(contradiction(field, reason)) }
}

/// A contradiction between a header and its body, at `field`: R94. `reason` names fields and counts, never values.
pub fn contradiction(field: impl Into<String>, reason: impl Into<String>) -> Refusal {
    let remedy = "The sending desk derives the header from the body and sends anew.";
    Refusal::new(RefusalCode::R94, "desk", reason, remedy).at(field)
}

/// A difference in extent: R90 where the body reaches further than was declared, else R94.
fn reach(further: bool, field: &str, reason: String) -> Refusal {
    let refusal = contradiction(field, reason);
    if further { Refusal { code: RefusalCode::R90, ..refusal } } else { refusal }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{RefusalCode::*, SelectorKind};

    use super::*;
    use crate::{Selector, Subject, sample};

    fn another(subject: &Subject, name: &str) -> Subject {
        let selector = Selector::Account { value: format!("{name}@mail.example"), provider: "Example Mail".to_owned() };
        Subject { subject_ref: name.to_owned(), selector, ..subject.clone() }
    }

    fn refused(header: &Header, body: &RequestBody) -> (RefusalCode, String, String) {
        let refusal = compare(header, body).unwrap_err();
        for secret in ["mail.example", "harbour", "Aoki", "Yokohama"] {
            assert!(!refusal.to_string().contains(secret) && !refusal.remedy.contains(secret), "{refusal}");
        }
        (refusal.code, refusal.field.unwrap_or_default(), refusal.reason)
    }

    #[test]
    fn a_body_that_is_what_its_header_says_passes() {
        let body = sample::request();
        assert_eq!(compare(&sample::header(&body), &body), Ok(()));
        let mut reordered = sample::header(&body);
        reordered.measures[0].records.reverse();
        assert_eq!(compare(&reordered, &body), Ok(()));
    }

    #[test]
    fn header_says_1_subject_body_has_2_is_refused_r90() {
        let mut body = sample::request();
        let header = sample::header(&body);
        let second = another(&body.measures[0].subjects[0], "second");
        body.measures[0].subjects.push(second);
        let (code, field, reason) = refused(&header, &body);
        assert_eq!((code, field.as_str()), (R90, "measures[0].subjects"));
        assert_eq!(reason, "header says 1 subject, body has 2");
    }

    #[test]
    fn tags_of_other_subjects_or_under_another_key_are_refused() {
        let mut body = sample::request();
        let untagged = sample::header(&body);
        body.tag_key = Some("07".repeat(32));
        let header = sample::header(&body);
        assert_eq!(header.measures[0].tags.len(), 1);
        assert_eq!(compare(&header, &body), Ok(()));
        assert_eq!(refused(&untagged, &body).1, "measures[0].tags");
        let mut elsewhere = body.clone();
        elsewhere.tag_key = Some("08".repeat(32));
        assert_eq!(refused(&sample::header(&elsewhere), &body).1, "measures[0].tags");
        let mut unnamed = header;
        unnamed.declared.tag_key = None;
        assert_eq!(refused(&unnamed, &body).1, "declared.tag_key");
    }

    #[test]
    fn a_mark_an_emergency_a_consent_an_attribute_or_a_listed_offence_that_the_body_does_not_show_is_refused() {
        let mut body = sample::request();
        body.classification = Some(Classification::Restricted);
        let receipt = "receipt".to_owned();
        body.consent = Some(crate::HolderConsent { given_at: "2026-08-05T09:00:00+09:00".to_owned(), receipt });
        body.measures[0].attributes = vec!["over_18".parse().unwrap()];
        body.offences.iter_mut().for_each(|offence| offence.listed = Some(true));
        let header = sample::header(&body);
        assert_eq!(compare(&header, &body), Ok(()));
        assert_eq!(header.declared.consent.unwrap().given.to_string(), "2026-08-05T00:00:00.000Z");
        type Lie = (&'static str, fn(&mut Header));
        let lies: [Lie; 7] = [
            ("declared.classification", |h| h.declared.classification = None),
            ("declared.emergency", |h| h.declared.emergency = true),
            ("declared.consent", |h| h.declared.consent = None),
            ("declared.consent", |h| h.declared.consent.as_mut().unwrap().given.0 += 1),
            ("declared.callback", |h| h.declared.callback = Some(h.created)),
            ("measures[0].attributes", |h| h.measures[0].attributes.clear()),
            ("offence", |h| h.offence.as_mut().unwrap().listed = false),
        ];
        for (field, lie) in lies {
            let mut lied = header.clone();
            lie(&mut lied);
            assert_eq!(refused(&lied, &body).1, field);
        }
    }

    #[test]
    fn header_says_20_subjects_body_has_21_is_refused_r90() {
        let mut body = sample::request();
        let first = body.measures[0].subjects[0].clone();
        body.measures[0].subjects = (0..20).map(|i| another(&first, &format!("s{i}"))).collect();
        let header = sample::header(&body);
        assert_eq!(compare(&header, &body), Ok(()));
        body.measures[0].subjects.push(first);
        assert_eq!(refused(&header, &body).2, "header says 20 subjects, body has 21");
    }

    #[test]
    fn header_says_2_subjects_body_has_1_is_refused_r94() {
        let body = sample::request();
        let mut header = sample::header(&body);
        header.measures[0].subjects = 2;
        assert_eq!(refused(&header, &body).0, R94);
    }

    #[test]
    fn the_same_subject_twice_counts_once_but_needs_a_name_of_its_own() {
        let mut body = sample::request();
        let header = sample::header(&body);
        let mut twin = body.measures[0].subjects[0].clone();
        body.measures[0].subjects.push(twin.clone());
        assert_eq!(refused(&header, &body).0, R94, "two subjects may not share a reference");
        twin.subject_ref = "S2".to_owned();
        body.measures[0].subjects[1] = twin;
        assert_eq!(compare(&header, &body), Ok(()));
    }

    #[test]
    fn a_wildcard_in_the_body_is_refused_r90_although_the_counts_agree() {
        let mut body = sample::request();
        body.measures[0].subjects[0].selector =
            Selector::Account { value: "*@mail.example".to_owned(), provider: "Example Mail".to_owned() };
        let (code, field, _) = refused(&sample::header(&body), &body);
        assert_eq!((code, field.as_str()), (R90, "measures[0].subjects[0].selector.value"));
    }

    #[test]
    fn a_window_that_reaches_further_is_refused_r90_and_a_narrower_one_r94() {
        let mut body = sample::request();
        let header = sample::header(&body);
        let window = body.measures[0].window.unwrap();
        body.measures[0].window = Some(Window { to: window.to.tomorrow().unwrap(), ..window });
        let (code, _, reason) = refused(&header, &body);
        assert_eq!((code, reason.as_str()), (R90, "header says 101 days, body has 102 days"));
        body.measures[0].window = Some(Window { to: window.to.yesterday().unwrap(), ..window });
        assert_eq!(refused(&header, &body).0, R94);
        let shifted = Window { from: window.from.tomorrow().unwrap(), to: window.to.tomorrow().unwrap() };
        body.measures[0].window = Some(shifted);
        assert_eq!(refused(&header, &body).0, R90);
        body.measures[0].window = None;
        assert_eq!(refused(&header, &body).0, R90);
    }

    #[test]
    fn a_record_type_or_kind_of_selector_that_the_header_hides_is_refused_r90() {
        let mut body = sample::request();
        let header = sample::header(&body);
        body.measures[0].records.push("content_data".parse().unwrap());
        assert_eq!(refused(&header, &body).0, R90);
        let body = sample::request();
        let mut header = sample::header(&body);
        header.measures[0].selectors = vec![SelectorKind::Person];
        assert_eq!(refused(&header, &body).0, R90);
    }

    #[test]
    fn a_measure_that_the_header_does_not_name_is_refused_r90() {
        let mut body = sample::request();
        let header = sample::header(&body);
        let mut second = body.measures[0].clone();
        second.id = model::MeasureId(2);
        body.measures.push(second);
        assert_eq!(refused(&header, &body).2, "header says 1 measure, body has 2");
        body.measures.remove(0);
        assert_eq!(refused(&header, &body).0, R94, "same count, another number");
    }

    #[test]
    fn another_case_party_addressee_article_purpose_or_offence_is_refused_r94() {
        let body = sample::request();
        let change: [fn(&mut Header); 8] = [
            |h| h.case = model::CaseId::new([7; 16]),
            |h| h.home = "IT".parse().unwrap(),
            |h| h.recipient = "FR:other".parse().unwrap(),
            |h| h.sender = "FR:central".parse().unwrap(),
            |h| h.measures[0].article = "ets-185:30".parse().unwrap(),
            |h| h.measures[0].request_type = "preservation".parse().unwrap(),
            |h| h.purpose = Some("profiling".to_owned()),
            |h| h.offence = None,
        ];
        for change in change {
            let mut header = sample::header(&body);
            change(&mut header);
            assert_eq!(refused(&header, &body).0, R94);
        }
    }

    #[test]
    fn a_header_follows_the_case_that_the_body_follows_and_one_only() {
        let case = model::CaseId::new([5; 16]);
        let mut body = sample::request();
        let link = |relation: &str| crate::EarlierRequest {
            relation: relation.to_owned(),
            reference: "MRS-2026-441".to_owned(),
            case: Some(case),
            dated: None,
        };
        body.earlier_requests = vec![link("follows_request"), link("follows_preservation")];
        let mut header = sample::header(&body);
        let follows = model::Follows { case, as_what: model::FollowUp::Production };
        assert_eq!(header.declared.follows, Some(follows));
        assert_eq!(compare(&header, &body), Ok(()));
        for other in [None, Some(model::Follows { as_what: model::FollowUp::Supplement, ..follows })] {
            header.declared.follows = other;
            assert_eq!((refused(&header, &body).0, refused(&header, &body).1), (R94, "declared.follows".to_owned()));
        }
        body.earlier_requests.push(link("supplements"));
        assert_eq!(declare(&body).unwrap_err().code, R94);
        body.earlier_requests = vec![crate::EarlierRequest { case: None, ..link("supplements") }];
        assert_eq!(declare(&body).unwrap().declared.follows, None, "a paper is followed by no header");
    }

    #[test]
    fn a_validation_of_another_scope_or_body_is_refused_r94() {
        let body = sample::request();
        let mut header = sample::header(&body);
        let statement = model::ValidationStatement {
            case: header.case,
            pin: header.pin,
            measures: header.measures.clone(),
            body: header.body.unwrap(),
            validated: header.created,
        };
        let validation = model::Validation {
            statement,
            statement_bytes: Vec::new(),
            authority: body.validation.authority.clone(),
            role: body.validation.role,
            key: model::KeyId::of(b"judge"),
            signature: Vec::new(),
        };
        header.validation = Some(validation.clone());
        assert_eq!(compare(&header, &body), Ok(()));
        let change: [fn(&mut model::Validation); 4] = [
            |v| v.statement.measures[0].subjects = 3,
            |v| v.statement.body = model::BodyCommitment(model::Digest::of(&[b"another"])),
            |v| v.role = model::Role::Prosecutor,
            |v| v.authority = "JP:other".parse().unwrap(),
        ];
        for change in change {
            let mut changed = validation.clone();
            change(&mut changed);
            header.validation = Some(changed);
            assert_eq!(refused(&header, &body).0, R94);
        }
    }

    #[test]
    fn a_debug_output_tells_no_case_data() {
        let text = format!("{:?} {:?}", sample::request(), sample::record());
        assert_eq!(text, "RequestBody(…) Record(traffic_data, …)");
    }
}
