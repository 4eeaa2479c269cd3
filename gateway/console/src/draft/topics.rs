//! Which topics a request has, and what is asked of each: the form of `records/request/1` in the order in which people think of it.

use proto::desk as wire;
use serde_json::Value;

use Kind::{Day, Flag, Language, Line, Lines, Number, Offered as From, One, Selector, Text, YesNo};

/// A question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its place below the topic's own; from the root of the document where it begins with a slash.
    at: &'static str,
    pub(crate) kind: Kind,
    /// Whether the request cannot do without.
    pub(crate) required: bool,
    /// Whether a help stands below its label.
    pub(crate) hint: bool,
    when: When,
}

/// How it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line of text.
    Line,
    /// Several lines, so many high.
    Text(u8),
    /// A whole number.
    Number,
    /// A day.
    Day,
    /// A list, one item in each line.
    Lines,
    /// Yes or no.
    YesNo,
    /// A tick.
    Flag,
    /// A language.
    Language,
    /// One of these, and the key of its text.
    One(&'static str, &'static [&'static str]),
    /// What the treaty and the directory offer.
    Offered(Offered),
    /// How a subject is named.
    Selector,
}

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    Records,
    Purposes,
    Validators,
    Roles,
    Attributes,
}

/// On which offers a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    Window,
    List,
    Attributes,
    Marked,
    Preservation,
}

/// A page of questions.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    /// Where its fields are; `#` stands for a place in a list.
    base: &'static str,
    fields: &'static [Field],
}

/// A topic of one draft.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) topic: &'static Topic,
    /// From 0.
    pub(crate) indexes: Vec<usize>,
}

const fn must(at: &'static str, kind: Kind) -> Field {
    Field { at, kind, required: true, hint: false, when: When::Always }
}

const fn may(at: &'static str, kind: Kind) -> Field {
    Field { required: false, ..must(at, kind) }
}

const fn hinted(field: Field) -> Field {
    Field { hint: true, ..field }
}

const fn only(when: When, field: Field) -> Field {
    Field { when, ..field }
}

const CONTACTS: &[&str] = &["phone", "email", "duty_point", "fax", "post"];

const FILE: Topic = Topic {
    name: "file",
    base: "",
    fields: &[
        hinted(must("reference", Line)),
        hinted(must("proceeding/reference", Line)),
        must("proceeding/nature", One("nature-{}", &["investigation", "prosecution", "trial", "confiscation"])),
        must("proceeding/subject", Line),
        may("proceeding/court", Line),
        only(
            When::Marked,
            may("classification", One("classification-{}", &["official", "restricted", "confidential", "secret"])),
        ),
    ],
};

const AUTHORITY: Topic = Topic {
    name: "authority",
    base: "/authority",
    fields: &[
        must("name", Line),
        must("in_charge/name", Line),
        may("in_charge/title", Line),
        must("contacts/0/kind", One("contact-{}", CONTACTS)),
        must("contacts/0/value", Line),
        hinted(may("contacts/0/hours", Line)),
        may("contacts/1/kind", One("contact-{}", CONTACTS)),
        may("contacts/1/value", Line),
        hinted(must("time_zone", Line)),
        hinted(must("languages", Lines)),
    ],
};

const FACTS: Topic = Topic {
    name: "facts",
    base: "/facts",
    fields: &[
        hinted(must("summary", Text(10))),
        hinted(must("relevance", Text(6))),
        may("place", Line),
        may("period/from", Day),
        may("period/to", Day),
    ],
};

const OFFENCE: Topic = Topic {
    name: "offence",
    base: "/offences/#",
    fields: &[
        must("title", Line),
        hinted(must("provision", Line)),
        must("text", Text(6)),
        hinted(must("max_penalty_months", Number)),
        hinted(must("dual_criminality", YesNo)),
        may("death_or_life", YesNo),
        only(When::List, hinted(may("listed", YesNo))),
    ],
};

const PURPOSE: Topic = Topic {
    name: "purpose",
    base: "",
    fields: &[
        must("purpose/code", From(Offered::Purposes)),
        must("purpose/description", Text(3)),
        hinted(must("necessity", Text(6))),
        hinted(must("proportionality", Text(6))),
    ],
};

const MEASURE: Topic = Topic {
    name: "measure",
    base: "/measures/#",
    fields: &[
        must("records", From(Offered::Records)),
        only(When::Attributes, must("attributes", From(Offered::Attributes))),
        only(When::Window, hinted(must("window/from", Day))),
        only(When::Window, must("window/to", Day)),
        hinted(may("data_sought", Text(4))),
        hinted(may("custodian/name", Line)),
        may("custodian/address", Line),
        may("custodian/system_location", Line),
        hinted(must("procedure", Text(4))),
        only(When::Preservation, hinted(must("/intends_mla", YesNo))),
    ],
};

const SCRIPTS: &[&str] = &["Latn", "Jpan", "Hans", "Hant", "Kore", "Arab", "Hebr", "Cyrl", "Grek", "Thai"];

const SUBJECT: Topic = Topic {
    name: "subject",
    base: "/measures/#/subjects/#",
    fields: &[
        must("selector", Selector),
        must("role", One("subject-role-{}", &["suspect", "accused", "victim", "witness", "third_party", "unknown"])),
        may("identity/names/0/name", Line),
        may("identity/names/0/script", One("script-{}", SCRIPTS)),
        hinted(may("identity/birth_date", Line)),
        hinted(may("identity/nationalities", Lines)),
        may("identity/location", Line),
        hinted(may("basis_of_suspicion", Text(4))),
    ],
};

const URGENCY: Topic = Topic {
    name: "urgency",
    base: "/urgency",
    fields: &[
        must("level", One("urgency-{}", &["routine", "urgent", "emergency"])),
        hinted(may("reason", Text(4))),
        may("deadline", Day),
    ],
};

const CONFIDENTIALITY: Topic = Topic {
    name: "confidentiality",
    base: "/confidentiality",
    fields: &[must("requested", YesNo), may("reason", Text(4)), hinted(may("not_to_be_told", Lines))],
};

const UNDERTAKINGS: Topic = Topic {
    name: "undertakings",
    base: "/undertakings",
    fields: &[
        must("use_limitation", Flag),
        must("return_or_destruction", Flag),
        must("reciprocity", Flag),
        may("onward_with_consent_only", Flag),
        may("no_death_penalty", Flag),
        may("remarks", Text(4)),
    ],
};

const LANGUAGE: Topic = Topic {
    name: "language",
    base: "/language",
    fields: &[
        must("original", Language),
        hinted(may("translation/language", Language)),
        may("translation/translator", Line),
        may("translation/certified", YesNo),
        may("translation/certified_on", Day),
    ],
};

const CONSENT: Topic =
    Topic { name: "consent", base: "/consent", fields: &[hinted(must("given_at", Line)), must("receipt", Text(6))] };

const VALIDATION: Topic = Topic {
    name: "validation",
    base: "/validation",
    fields: &[
        must("authority", From(Offered::Validators)),
        must("role", From(Offered::Roles)),
        must("decision_reference", Line),
        must("decided_on", Day),
        must("legal_basis", Line),
        may("validator/name", Line),
        may("validator/title", Line),
    ],
};

/// The sections of the task list, each with its topics.
pub(crate) const SECTIONS: [(&str, &[&Topic]); 4] = [
    ("what", &[&MEASURE, &SUBJECT]),
    ("why", &[&FILE, &FACTS, &OFFENCE, &PURPOSE]),
    ("how", &[&AUTHORITY, &URGENCY, &CONFIDENTIALITY, &UNDERTAKINGS, &LANGUAGE, &CONSENT]),
    ("who", &[&VALIDATION]),
];

/// How a subject can be named, each with what is told beside its value.
pub(crate) const SELECTORS: [(&str, &[&str]); 7] = [
    ("person", &["birth_date"]),
    ("account", &["provider"]),
    ("device", &["numbering"]),
    ("ip_at_time", &["at", "port"]),
    ("domain", &[]),
    ("bank_account", &["institution"]),
    ("holder", &["verifier"]),
];

/// The key of the text of one choice: `nature-trial` of `nature-{}` and `trial`.
pub(crate) fn text_of(group: &str, value: &str) -> String {
    group.replace("{}", &value.to_ascii_lowercase().replace('_', "-"))
}

impl Field {
    /// Its name in a form, and the end of the keys of its texts.
    pub(crate) fn name(&self) -> String {
        self.at.trim_start_matches('/').replace(['/', '_'], "-")
    }
}

impl Place {
    /// `subject-1-2` is the second subject of the first measure.
    pub(crate) fn read(slug: &str) -> Option<Self> {
        let mut parts = slug.split('-');
        let name = parts.next()?;
        let topic = SECTIONS.iter().flat_map(|(_, topics)| topics.iter()).find(|topic| topic.name == name)?;
        let indexes = parts.map(|part| part.parse::<usize>().ok().filter(|n| (1..=64).contains(n)).map(|n| n - 1));
        let indexes = indexes.collect::<Option<Vec<_>>>()?;
        (indexes.len() == topic.base.matches('#').count()).then_some(Self { topic, indexes })
    }

    /// As it stands in an address.
    pub(crate) fn slug(&self) -> String {
        let numbers = self.indexes.iter().map(|index| format!("-{}", index + 1));
        format!("{}{}", self.topic.name, numbers.collect::<String>())
    }

    /// Where it is in the document.
    pub(crate) fn base(&self) -> String {
        let mut base = self.topic.base.to_owned();
        for index in &self.indexes {
            base = base.replacen('#', &index.to_string(), 1);
        }
        base
    }

    /// Where a field of it is.
    pub(crate) fn pointer(&self, field: &Field) -> String {
        if field.at.starts_with('/') { field.at.to_owned() } else { format!("{}/{}", self.base(), field.at) }
    }

    /// The place of its measure, where it is of one.
    pub(crate) fn measure(&self) -> usize {
        self.indexes.first().copied().filter(|_| self.topic.base.starts_with("/measures")).unwrap_or(0)
    }

    /// What is asked on it, of who asks for this.
    pub(crate) fn fields(&self, offer: &wire::OfferView) -> Vec<&'static Field> {
        let asked = |field: &&Field| match field.when {
            When::Always => true,
            When::Window => offer.max_window_days > 0,
            When::List => offer.has_list,
            When::Attributes => !offer.attributes.is_empty(),
            When::Marked => !offer.classification_max.is_empty(),
            When::Preservation => offer.request_type == "preservation",
        };
        self.topic.fields.iter().filter(asked).collect()
    }
}

/// The topics of a section in a document, one for each item of a list; at least one, so that there is where to begin.
pub(crate) fn places(document: &Value, topics: &[&'static Topic], consent: bool) -> Vec<Place> {
    let length = |pointer: &str| document.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len).max(1);
    let mut places = Vec::new();
    for topic in topics.iter().filter(|topic| consent || topic.name != CONSENT.name) {
        let mut put = |indexes: Vec<usize>| places.push(Place { topic, indexes });
        match topic.base {
            "/offences/#" => (0..length("/offences")).for_each(|one| put(vec![one])),
            "/measures/#" => (0..length("/measures")).for_each(|one| put(vec![one])),
            "/measures/#/subjects/#" => {
                for measure in 0..length("/measures") {
                    (0..length(&format!("/measures/{measure}/subjects"))).for_each(|one| put(vec![measure, one]));
                }
            }
            _ => put(Vec::new()),
        }
    }
    places
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::locale::Locale;

    fn all() -> impl Iterator<Item = &'static Topic> {
        SECTIONS.iter().flat_map(|(_, topics)| topics.iter().copied())
    }

    #[test]
    fn an_address_of_a_topic_is_read_as_it_is_written_and_nothing_else_is() {
        let document = json!({ "measures": [{ "subjects": [{}, {}] }, {}], "offences": [] });
        let topics: Vec<_> = all().collect();
        let places = places(&document, &topics, true);
        let slugs: BTreeSet<_> = places.iter().map(Place::slug).collect();
        assert_eq!(slugs.len(), places.len());
        assert!(slugs.contains("subject-1-2") && slugs.contains("subject-2-1") && slugs.contains("offence-1"));
        for place in &places {
            let again = Place::read(&place.slug()).unwrap();
            assert_eq!((again.base(), again.slug()), (place.base(), place.slug()));
        }
        for wrong in
            ["", "facts-1", "subject-1", "subject-0-1", "subject-1-65", "nothing", "measure-x", "subject-1-2-3"]
        {
            assert!(Place::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn every_question_has_its_words() {
        for topic in all() {
            assert_ne!(Locale::En.text(&format!("topic-{}", topic.name)), format!("topic-{}", topic.name));
            for field in topic.fields {
                let key = format!("field-{}-{}", topic.name, field.name());
                assert_ne!(Locale::En.text(&key), key);
                let hint = format!("hint-{}-{}", topic.name, field.name());
                assert_eq!(Locale::En.with(&hint, &[("days", "2")]) != hint, field.hint, "{hint}");
                if let One(group, values) = field.kind {
                    for value in values {
                        let key = text_of(group, value);
                        assert_ne!(Locale::En.text(&key), key);
                    }
                }
            }
        }
        for (kind, beside) in SELECTORS {
            for name in beside.iter().copied().chain(["value"]) {
                let key = format!("selector-{}-{}", kind.replace('_', "-"), name.replace('_', "-"));
                assert_ne!(Locale::En.text(&key), key);
            }
        }
    }
}
