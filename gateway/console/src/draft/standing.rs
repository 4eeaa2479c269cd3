//! Where a topic stands, and what preflight finds in it: the same findings as on the command line, each at its field.

use proto::desk as wire;
use serde_json::Value;

use super::{
    document::{blank, pointer_of},
    topics::{Field, Kind, Place},
};

/// Where a topic stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    NotStarted,
    InProgress,
    /// All is filled in, and something is missing or wrong.
    Missing,
    /// A gate would refuse it.
    Refused,
    Done,
}

impl Standing {
    /// The key of its text, and the colour of its tag; done has none.
    pub(crate) fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::NotStarted => ("standing-not-started", "blue"),
            Self::InProgress => ("standing-in-progress", "turquoise"),
            Self::Missing => ("standing-missing", "yellow"),
            Self::Refused => ("standing-refused", "red"),
            Self::Done => ("standing-done", ""),
        }
    }
}

/// What was found at a field of a topic.
pub(crate) struct Found<'a> {
    /// None where it is of the topic as a whole.
    pub(crate) field: Option<&'static Field>,
    /// None where the field is only not filled in yet.
    pub(crate) finding: Option<&'a wire::Finding>,
}

/// What must be mended in a topic: what is not filled in, and what preflight found. Advice is left out.
pub(crate) fn found<'a>(
    document: &Value,
    place: &Place,
    fields: &[&'static Field],
    findings: &'a [wire::Finding],
) -> Vec<Found<'a>> {
    let is_blank = |field: &Field| is_blank(document, place, field);
    let blanks = fields.iter().filter(|field| field.required && is_blank(field));
    let mut all: Vec<Found<'_>> = blanks.map(|field| Found { field: Some(field), finding: None }).collect();
    for finding in findings.iter().filter(|one| one.severity != "advice") {
        let pointer = pointer_of(&finding.field);
        let at = fields.iter().copied().find(|field| meets(&place.pointer(field), &pointer));
        match at {
            // It is told as not filled in already.
            Some(field) if field.required && is_blank(field) => {}
            Some(field) => all.push(Found { field: Some(field), finding: Some(finding) }),
            None if is_of(place, &pointer) => all.push(Found { field: None, finding: Some(finding) }),
            None => {}
        }
    }
    all
}

/// Where a topic stands.
pub(crate) fn standing(
    document: &Value,
    place: &Place,
    fields: &[&'static Field],
    findings: &[wire::Finding],
) -> Standing {
    let found = found(document, place, fields, findings);
    let is_typed = |field: &&&Field| !matches!(field.kind, Kind::Flag | Kind::YesNo | Kind::One(..) | Kind::Selector);
    let is_begun = fields.iter().filter(is_typed).any(|field| !is_blank(document, place, field));
    if found.iter().any(|one| one.finding.is_none()) {
        return if is_begun { Standing::InProgress } else { Standing::NotStarted };
    }
    match found
        .iter()
        .filter_map(|one| one.finding)
        .map(|one| one.severity.as_str())
        .min_by_key(|one| *one != "refusal")
    {
        Some("refusal") => Standing::Refused,
        Some(_) => Standing::Missing,
        None => Standing::Done,
    }
}

fn is_blank(document: &Value, place: &Place, field: &Field) -> bool {
    let pointer = place.pointer(field);
    if field.kind == Kind::Selector { blank(document, &format!("{pointer}/value")) } else { blank(document, &pointer) }
}

/// Whether one is the other, or lies within it.
fn meets(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(one, other) || within(other, one)
}

/// Whether a finding without a field is of this topic: it stands at the topic's own place in the document, or below.
fn is_of(place: &Place, pointer: &str) -> bool {
    let base = place.base();
    let of_subject =
        place.topic.name == "measure" && pointer.strip_prefix(&base).is_some_and(|rest| rest.starts_with("/subjects/"));
    !base.is_empty() && !of_subject && meets(&base, pointer) && pointer.len() >= base.len()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn stands(document: Value, slug: &str, findings: &[(&str, &str)]) -> Standing {
        let place = Place::read(slug).unwrap();
        let fields = place.fields(&wire::OfferView::default());
        let finding = |(severity, field): &(&str, &str)| wire::Finding {
            severity: (*severity).to_owned(),
            field: (*field).to_owned(),
            ..wire::Finding::default()
        };
        let findings: Vec<_> = findings.iter().map(finding).collect();
        standing(&document, &place, &fields, &findings)
    }

    #[test]
    fn a_topic_stands_where_its_fields_and_preflight_say() {
        let facts = json!({ "facts": { "summary": "a", "relevance": "b" } });
        assert_eq!(stands(json!({}), "facts", &[("refusal", "facts")]), Standing::NotStarted);
        assert_eq!(stands(json!({ "facts": { "summary": "a" } }), "facts", &[]), Standing::InProgress);
        assert_eq!(stands(facts.clone(), "facts", &[("missing", "facts.period")]), Standing::Missing);
        assert_eq!(
            stands(facts.clone(), "facts", &[("missing", "facts.summary"), ("refusal", "facts.summary")]),
            Standing::Refused
        );
        assert_eq!(
            stands(facts, "facts", &[("advice", "facts.summary"), ("refusal", "offences[0].text")]),
            Standing::Done
        );
    }

    #[test]
    fn a_finding_is_told_at_the_nearest_topic() {
        let place = Place::read("measure-1").unwrap();
        assert!(is_of(&place, "/measures/0/article") && !is_of(&place, "/measures/0/subjects/0/selector"));
        assert!(!is_of(&place, "/measures/1/article") && !is_of(&place, "/measures"));
        assert!(is_of(&Place::read("subject-1-1").unwrap(), "/measures/0/subjects/0"));
    }
}
