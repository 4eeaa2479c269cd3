//! Rules over the text of the schemas, and what follows from them for documents.

use records::{RecordTypes, read};
use serde_json::{Map, Value, json};

use crate::shelf::{examples, schemas, walk};

/// Whether the schema at this pointer only narrows another one: what stands under if, then, else and not.
fn narrows(at: &str) -> bool {
    at.split('/').any(|part| ["if", "then", "else", "not"].contains(&part))
}

/// Whether the object at this pointer is a map of names to schemas.
fn is_map(at: &str) -> bool {
    ["/properties", "/$defs"].iter().any(|end| at.ends_with(end))
}

/// Every schema within the schemas, with its place: those that describe a value, not those that narrow one.
fn parts(visit: &mut dyn FnMut(&Map<String, Value>, &str)) {
    for schema in schemas() {
        walk(&schema.value, "", &mut |object, at| {
            let annotation = ["/dependentRequired", "/enum", "/const"].iter().any(|end| at.ends_with(end));
            if !is_map(at) && !narrows(at) && !annotation {
                visit(object, &format!("{}{at}", schema.name));
            }
        });
    }
}

fn is(part: &Map<String, Value>, kind: &str) -> bool {
    part.get("type").and_then(Value::as_str) == Some(kind)
}

#[test]
fn every_object_is_closed() {
    parts(&mut |part, at| {
        // A record closes what it takes from the wrapper there; `content` is opened by each record type for itself.
        let wrapped = part.get("$ref").is_some_and(|target| target == "urn:rogatory:records:common:1#/$defs/record");
        let content = at == "common/1/$defs/record/properties/content";
        if (is(part, "object") || part.contains_key("properties")) && !wrapped && !content {
            assert_eq!(part.get("additionalProperties"), Some(&Value::Bool(false)), "{at} is open");
        }
        if wrapped {
            assert!(part["properties"]["content"]["additionalProperties"] == json!(false), "{at} has an open content");
        }
    });
}

#[test]
fn every_text_list_and_number_has_a_limit() {
    parts(&mut |part, at| {
        let has = |key: &str| part.contains_key(key);
        if is(part, "string") {
            assert!(has("maxLength") || has("const"), "{at} has no maxLength");
        }
        if is(part, "array") {
            assert!(has("maxItems") && has("items"), "{at} has no maxItems");
        }
        if is(part, "integer") {
            assert!(has("minimum") && has("maximum"), "{at} has no range");
        }
        assert!(!is(part, "number"), "{at}: amounts are text, floats have no canonical form here");
    });
}

#[test]
fn every_value_is_of_one_type_or_one_of_a_list() {
    for schema in schemas() {
        walk(&schema.value, "", &mut |names, at| {
            if !at.ends_with("/properties") || narrows(at) {
                return;
            }
            for (name, part) in names {
                // `true` stands where another part of the same schema says what the value is; a selector's kind says which.
                let selector = at.starts_with("/$defs/selector") && schema.name == "common/1";
                let told = ["type", "$ref", "enum", "const"].iter().any(|word| part.get(word).is_some());
                assert!(told || selector, "{}{at}/{name} may be anything", schema.name);
            }
        });
    }
}

#[test]
fn a_field_that_nobody_declared_is_refused_wherever_it_stands() {
    let types = RecordTypes::builtin().unwrap();
    for (record_type, name, bytes) in examples("valid-") {
        let document = read(&bytes).unwrap();
        let mut places = Vec::new();
        walk(&document, "", &mut |_, at| places.push(at.to_owned()));
        for at in places {
            let mut more = document.clone();
            more.pointer_mut(&at).and_then(Value::as_object_mut).unwrap().insert("undeclared".to_owned(), json!(1));
            assert!(
                types.validate(&record_type, &more).is_err(),
                "{record_type}/{name}: {at} takes what it does not know"
            );
        }
    }
}

#[test]
fn no_schema_refers_outside_the_catalogue() {
    for schema in schemas() {
        walk(&schema.value, "", &mut |object, at| {
            for keyword in ["$ref", "$dynamicRef"] {
                let Some(target) = object.get(keyword).and_then(Value::as_str) else { continue };
                let inside = target.starts_with("#/") || target.starts_with("urn:rogatory:records:common:1#/");
                assert!(inside, "{}{at} refers to {target}", schema.name);
            }
        });
    }
}

/// Words that no field's name may have. A number of a person joins what must stay apart; genetic data have no place at all (R94).
const FORBIDDEN: [&str; 21] = [
    "my_number",
    "individual_number",
    "national_number",
    "national_id",
    "personal_number",
    "resident_number",
    "citizen_number",
    "nric",
    "fin",
    "ssn",
    "social_security",
    "insurance",
    "health",
    "tax",
    "tin",
    "aadhaar",
    "pension",
    "dna",
    "genetic",
    "genome",
    "biometric",
];

#[test]
fn no_field_is_named_like_a_national_number_or_genetic_data() {
    for schema in schemas() {
        walk(&schema.value, "", &mut |names, at| {
            if !at.ends_with("/properties") {
                return;
            }
            for name in names.keys() {
                let padded = format!("_{name}_");
                let bad = FORBIDDEN.iter().find(|word| padded.contains(&format!("_{word}")));
                let bad = bad.filter(|word| word.len() > 4 || padded.contains(&format!("_{word}_")));
                assert_eq!(bad, None, "{}{at}/{name}", schema.name);
            }
        });
    }
}

#[test]
fn a_number_of_a_person_is_refused_as_the_number_of_a_document() {
    let types = RecordTypes::builtin().unwrap();
    let record_type = "criminal_record_extract".parse().unwrap();
    let (.., bytes) = examples("valid-no-record").remove(0);
    let with = |kind: &str, number: &str| {
        let mut record = read(&bytes).unwrap();
        record["content"]["subject"]["identity"]["id_docs"] = json!([{"type": kind, "number": number, "issuer": "JP"}]);
        types.validate(&record_type, &record)
    };
    for number in ["123456789012", "S1234567D", "G7654321K", "11010119900307001X", "900101-1234567"] {
        let findings = with("identity_card", number).unwrap_err();
        assert!(findings[0].message.contains("Not the form of"), "{}", findings[0]);
    }
    assert_eq!(with("identity_card", "AB12345678CD"), Ok(()), "a residence card's own number");
    assert_eq!(with("driving_licence", "305012345670"), Ok(()), "twelve digits, but of a licence");
}

#[test]
fn a_holder_is_named_by_what_only_one_verifier_knows() {
    let types = RecordTypes::builtin().unwrap();
    let record_type = "request".parse().unwrap();
    let (.., bytes) = examples("valid-stored-data").remove(0);
    let with = |selector: Value| {
        let mut request = read(&bytes).unwrap();
        request["measures"][0]["subjects"][0]["selector"] = selector;
        types.validate(&record_type, &request)
    };
    let holder = json!({"kind": "holder", "value": "n8Qz3bq0Yt1V6cJr2LwXkA", "verifier": "SG:central"});
    assert_eq!(with(holder), Ok(()));
    for number in ["123456789012", "S1234567D"] {
        let findings = with(json!({"kind": "holder", "value": number, "verifier": "SG:central"})).unwrap_err();
        assert!(findings[0].message.contains("only this verifier knows"), "{}", findings[0]);
    }
}
