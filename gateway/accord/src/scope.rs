use std::collections::BTreeSet;

use model::{
    Consent, Declared, Digest, FollowUp, Follows, MeasureScope, Offence, Refusal, RefusalCode, SubjectTag, TagKey,
    Timestamp,
};

use crate::{Measure, RequestBody, UrgencyLevel};

/// What the header of a request declares: all that a gateway learns of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The scope of each measure.
    pub measures: Vec<MeasureScope>,
    /// The purpose, by its name in the treaty.
    pub purpose: String,
    /// The offence.
    pub offence: Option<Offence>,
    /// What else the header declares.
    pub declared: Declared,
}

/// Derives what the header must declare from the body, so that the two cannot differ by mistake.
pub fn declare(body: &RequestBody) -> Result<Declaration, Refusal> {
    let declared = Declared {
        classification: body.classification,
        emergency: body.urgency.level == UrgencyLevel::Emergency,
        consent: consent(body)?,
        tag_key: tag_key(body)?.map(|key| key.digest()),
        follows: follows(body)?,
        ..Declared::default()
    };
    Ok(Declaration { measures: scope(body)?, purpose: body.purpose.code.clone(), offence: offence(body), declared })
}

/// The earlier case that a request follows: the one that the body names by its id, and how. A body that names none follows a paper, or
/// nothing; one that only mentions another request (`follows_request`) follows nothing either.
///
/// # Errors
/// R94 where it follows more than one.
pub fn follows(body: &RequestBody) -> Result<Option<Follows>, Refusal> {
    let named = body.earlier_requests.iter().filter_map(|one| {
        let as_what = FOLLOW_UPS.iter().find(|(relation, _)| *relation == one.relation)?.1;
        Some(Follows { case: one.case?, as_what })
    });
    let mut named = named.fuse();
    match (named.next(), named.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => {
            let reason = "a request follows one earlier case, and this one names several";
            let remedy = "Keep the one that it follows; mention the others as follows_request.";
            Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("earlier_requests"))
        }
    }
}

/// How the body calls each way to follow.
pub const FOLLOW_UPS: [(&str, FollowUp); 4] = [
    ("supplements", FollowUp::Supplement),
    ("follows_preservation", FollowUp::Production),
    ("regularises", FollowUp::Regularisation),
    ("resubmits", FollowUp::Resubmission),
];

fn consent(body: &RequestBody) -> Result<Option<Consent>, Refusal> {
    let Some(consent) = &body.consent else { return Ok(None) };
    let given = moment(&consent.given_at).ok_or_else(|| {
        let remedy = "Write the moment with its offset, as in 2026-03-01T10:15:00+09:00.";
        Refusal::new(RefusalCode::R94, "desk", "the moment of the consent is none", remedy).at("consent.given_at")
    })?;
    Ok(Some(Consent { given, receipt: Digest::of(&[consent.receipt.as_bytes()]) }))
}

/// A moment of RFC 3339, to the millisecond.
pub fn moment(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|moment| Timestamp(moment.as_millisecond()))
}

/// The scope of each measure, in the order of the body. Subjects are counted by distinct selectors; records and selector
/// kinds are sorted, each once.
pub fn scope(body: &RequestBody) -> Result<Vec<MeasureScope>, Refusal> {
    let key = tag_key(body)?;
    body.measures.iter().map(|measure| of_measure(measure, key.as_ref())).collect()
}

fn tag_key(body: &RequestBody) -> Result<Option<TagKey>, Refusal> {
    let read = |hex: &String| {
        let remedy = "Leave the field out; the desk fills it in where the treaty counts subjects.";
        TagKey::from_hex(hex)
            .map_err(|_| Refusal::new(RefusalCode::R94, "desk", "the tag key is none", remedy).at("tag_key"))
    };
    body.tag_key.as_ref().map(read).transpose()
}

/// The offence as the header declares it: the mildest maximum penalty; dual criminality and the treaty's list only where it is so for all. A request rests on all
/// its offences, so each of them must reach a threshold by itself.
pub fn offence(body: &RequestBody) -> Option<Offence> {
    let max_penalty_months = body.offences.iter().map(|offence| offence.max_penalty_months).min()?;
    let dual_criminality = body.offences.iter().all(|offence| offence.dual_criminality);
    let listed = body.offences.iter().all(|offence| offence.listed == Some(true));
    Some(Offence { max_penalty_months, dual_criminality, listed })
}

fn of_measure(measure: &Measure, key: Option<&TagKey>) -> Result<MeasureScope, Refusal> {
    let selectors = measure.subjects.iter().map(|subject| subject.selector.canonical());
    let selectors = selectors.collect::<Result<BTreeSet<_>, _>>()?;
    Ok(MeasureScope {
        id: measure.id,
        article: measure.article.clone(),
        request_type: measure.request_type.clone(),
        records: measure.records.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
        subjects: u32::try_from(selectors.len()).unwrap_or(u32::MAX),
        selectors: measure.subjects.iter().map(|s| s.selector.kind()).collect::<BTreeSet<_>>().into_iter().collect(),
        window: measure.window,
        attributes: measure.attributes.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
        // In the order of the tags, not of the subjects: it tells nothing.
        tags: key.map(|key| tags(key, &selectors)).unwrap_or_default(),
    })
}

fn tags(key: &TagKey, selectors: &BTreeSet<Vec<u8>>) -> Vec<SubjectTag> {
    selectors.iter().map(|selector| key.tag(selector)).collect::<BTreeSet<_>>().into_iter().collect()
}
