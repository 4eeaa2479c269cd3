//! What a record form asks for, from its JSON schema.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Schemas that refer to each other go no deeper than this.
const DEPTH_MAX: usize = 10;
/// A text that may be longer than this has a field of several lines.
const LINE_CHARS_MAX: u64 = 600;
const ITEMS_MAX: u64 = 64;
/// The largest whole number that a document may hold.
const WHOLE_MAX: i64 = 1 << 53;

/// What most forms refer to.
static COMMON: LazyLock<Option<Value>> = LazyLock::new(|| loaded("common"));

/// A field of a form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// Its name in the document.
    pub(crate) name: String,
    /// What the schema says of it, in English; empty where it says nothing.
    pub(crate) hint: String,
    pub(crate) is_needed: bool,
    pub(crate) kind: Kind,
}

/// What is filled in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// A whole number.
    Whole {
        min: i64,
        max: i64,
    },
    /// One of these.
    Choice(Vec<String>),
    /// Any of these.
    Ticks(Vec<String>),
    /// Yes or no; or a yes without which the document is none.
    Tick {
        must: bool,
    },
    Day,
    /// A day and a time by the clock of the desk.
    Moment,
    /// One in each line of the field.
    Lines,
    /// One after the other, each with fields of its own.
    Many {
        item: Box<Kind>,
        min: usize,
        max: usize,
    },
    /// Fields that belong together.
    Group(Vec<Field>),
    /// A file: its name, length and digest, and itself where it is small.
    File,
    /// Only this.
    Fixed(Value),
    /// What the page itself has filled in: it is shown, and not changed.
    Drawn,
    /// What no field fits: JSON as it stands.
    Raw,
}

/// The fields of a record type, in the order in which its schema wants them. Empty for one that nobody knows.
pub(crate) fn fields_of(record_type: &str) -> Vec<Field> {
    let Some(schema) = loaded(record_type) else { return Vec::new() };
    match kind(&schema, 0) {
        Kind::Group(fields) => fields,
        _ => Vec::new(),
    }
}

/// A schema whose references lead from anywhere.
fn loaded(name: &str) -> Option<Value> {
    let mut schema: Value = serde_json::from_str(records::RecordTypes::schema(name)?).ok()?;
    absolute(&mut schema, name);
    Some(schema)
}

fn absolute(value: &mut Value, name: &str) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match value.as_str().and_then(|text| text.strip_prefix('#')).filter(|_| key == "$ref") {
                    Some(place) => *value = format!("{URN}{name}:1#{place}").into(),
                    None => absolute(value, name),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| absolute(one, name)),
        _ => {}
    }
}

const URN: &str = "urn:rogatory:records:";

/// What a reference leads to.
fn referred(to: &str) -> Option<Value> {
    let (name, place) = to.strip_prefix(URN)?.split_once('#')?;
    match name.split(':').next()? {
        "common" => COMMON.as_ref()?.pointer(place).cloned(),
        name => loaded(name)?.pointer(place).cloned(),
    }
}

/// The schema with what it refers to; what it says itself goes before.
fn whole(schema: &Value, depth: usize) -> Map<String, Value> {
    let Value::Object(own) = schema else { return Map::new() };
    let Some(to) = own.get("$ref").and_then(Value::as_str).filter(|_| depth < DEPTH_MAX) else { return own.clone() };
    let mut found = whole(&referred(to).unwrap_or_default(), depth + 1);
    for (key, value) in own.iter().filter(|(key, _)| *key != "$ref") {
        match (found.get_mut(key), value) {
            (Some(Value::Object(theirs)), Value::Object(ours)) if key == "properties" => theirs.extend(ours.clone()),
            _ => drop(found.insert(key.clone(), value.clone())),
        }
    }
    found
}

fn kind(schema: &Value, depth: usize) -> Kind {
    if depth > DEPTH_MAX {
        return Kind::Raw;
    }
    let schema = whole(schema, depth);
    let text = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| schema.get(name).and_then(Value::as_i64);
    match schema.get("const") {
        Some(Value::Bool(true)) => return Kind::Tick { must: true },
        Some(value) => return Kind::Fixed(value.clone()),
        None => {}
    }
    if let Some(choices) = choices(&schema) {
        return Kind::Choice(choices);
    }
    match text("type") {
        "boolean" => Kind::Tick { must: false },
        "integer" => Kind::Whole { min: number("minimum").unwrap_or(0), max: number("maximum").unwrap_or(WHOLE_MAX) },
        "array" => many(&schema, depth),
        "object" => group(&schema, depth),
        "string" => match text("format") {
            "date" => Kind::Day,
            "date-time" => Kind::Moment,
            _ if number("maxLength").is_some_and(|max| max.unsigned_abs() > LINE_CHARS_MAX) => Kind::Text,
            _ => Kind::Line,
        },
        // A property that only other parts of the schema describe.
        "" if !schema.contains_key("properties") => Kind::Line,
        "" => group(&schema, depth),
        _ => Kind::Raw,
    }
}

fn choices(schema: &Map<String, Value>) -> Option<Vec<String>> {
    schema.get("enum")?.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

fn many(schema: &Map<String, Value>, depth: usize) -> Kind {
    let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
    let within = |n: u64| usize::try_from(n.min(ITEMS_MAX)).unwrap_or(1);
    let (min, max) = (within(limit("minItems").unwrap_or(0)), within(limit("maxItems").unwrap_or(ITEMS_MAX)));
    match schema.get("items").map(|items| kind(items, depth + 1)) {
        Some(Kind::Choice(choices)) => Kind::Ticks(choices),
        Some(Kind::Line) => Kind::Lines,
        Some(item) => Kind::Many { item: Box::new(item), min, max },
        None => Kind::Raw,
    }
}

fn group(schema: &Map<String, Value>, depth: usize) -> Kind {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Kind::Raw };
    if properties.contains_key("inline") && properties.contains_key("media_type") {
        return Kind::File;
    }
    let needed = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let needed: Vec<&str> = needed.filter(|name| properties.contains_key(*name)).collect();
    let rest = properties.keys().map(String::as_str).filter(|name| !needed.contains(name));
    let field = |name: &str| {
        let schema = properties.get(name)?;
        let told = whole(schema, depth);
        let own = schema.get("description").or_else(|| told.get("description"));
        Some(Field {
            name: name.to_owned(),
            hint: own.and_then(Value::as_str).unwrap_or_default().to_owned(),
            is_needed: needed.contains(&name),
            kind: kind(schema, depth + 1),
        })
    };
    Kind::Group(needed.iter().copied().chain(rest).filter_map(field).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn field<'a>(fields: &'a [Field], path: &str) -> &'a Field {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let found = fields.iter().find(|one| one.name == first).unwrap();
        match (rest, &found.kind) {
            (None, _) => found,
            (Some(rest), Kind::Group(fields)) => field(fields, rest),
            (Some(rest), Kind::Many { item, .. }) => match item.as_ref() {
                Kind::Group(fields) => field(fields, rest),
                other => unreachable!("{other:?}"),
            },
            (_, other) => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_schema_becomes_the_fields_that_a_person_fills_in() {
        let hearing = fields_of("hearing_notice");
        assert_eq!(field(&hearing, "proposal.slots.starts_at").kind, Kind::Moment);
        assert_eq!(field(&hearing, "proposal.slots.minutes").kind, Kind::Whole { min: 15, max: 600 });
        assert_eq!(field(&hearing, "proposal.recorded").kind, Kind::Tick { must: false });
        assert_eq!(field(&hearing, "consent.voluntary").kind, Kind::Tick { must: true });
        assert_eq!(field(&hearing, "opening.present").kind, Kind::Lines);
        assert_eq!(field(&hearing, "minutes.file").kind, Kind::File);
        let person = field(&hearing, "proposal.person");
        assert!(person.is_needed && person.hint.contains("no name"), "{person:?}");
        assert!(!field(&hearing, "proposal.interpreter").is_needed);
        let breach = fields_of("breach_notice");
        assert!(matches!(&field(&breach, "measures_taken").kind, Kind::Ticks(all) if all.len() == 8));
        assert_eq!(
            field(&fields_of("record_correction"), "kind").kind,
            Kind::Choice(vec!["wrong_value".into(), "stale".into()])
        );
        assert!(fields_of("nothing_of_the_kind").is_empty());
    }

    /// A form that has one would want JSON of an officer.
    #[test]
    fn no_record_type_of_the_catalogue_wants_json() {
        fn raw(path: &str, kind: &Kind) -> Vec<String> {
            match kind {
                Kind::Raw => vec![path.to_owned()],
                Kind::Group(fields) => {
                    fields.iter().flat_map(|one| raw(&format!("{path}.{}", one.name), &one.kind)).collect()
                }
                Kind::Many { item, .. } => raw(path, item),
                _ => Vec::new(),
            }
        }
        let types = records::RecordTypes::builtin().unwrap();
        let raws: Vec<_> =
            types.names().flat_map(|one| raw(one.as_str(), &Kind::Group(fields_of(one.as_str())))).collect();
        assert_eq!(raws, Vec::<String>::new());
        assert!(types.names().all(|one| !fields_of(one.as_str()).is_empty()));
    }
}
