#![expect(clippy::unwrap_used, reason = "tests")]

use model::{AuthorityKind, Role};
use serde_json::json;
use treaty::{Catalog, Query, Rule};

use super::*;
use crate::{Identity, Name, sample};

const NOW: Timestamp = Timestamp(1_785_888_060_000);
const HOLDER: &str = "n8Qz3bq0Yt1V6cJr2LwXkA";

fn jp_sg() -> Rule {
    let day = jiff::civil::date(2026, 8, 5);
    Catalog::builtin().unwrap().rule("JP".parse().unwrap(), "SG".parse().unwrap(), day)
}

/// Japan and France with the example treaty on criminal records, which both accept to be automatic.
fn fr_jp() -> Rule {
    let agreement =
        include_str!("../../../../treaty-schemas/catalog/examples/instruments/fictitious-records/instrument.toml");
    let agreement = agreement.replace("requires_arrangement = true", "requires_arrangement = false");
    let bond = "\n[[treaty]]\ninstrument = \"fictitious-records\"\nratified = 2025-06-01\nin_force = 2026-01-01\nverified = false\n\
                \n[[declaration]]\narticle = \"fictitious-records:3\"\nrule = \"automatic\"\nverified = false\n";
    let files = Catalog::builtin_files().map(|(path, text)| match path.as_str() {
        "parties/FR.toml" | "parties/JP.toml" => (path, format!("{text}{bond}")),
        _ => (path, text),
    });
    let all = files.chain([("instruments/fictitious-records/instrument.toml".to_owned(), agreement)]);
    Catalog::load(all).unwrap().rule("FR".parse().unwrap(), "JP".parse().unwrap(), jiff::civil::date(2026, 8, 5))
}

/// Singapore asks Japan whether a holder is over twenty.
fn attestation() -> RequestBody {
    let mut body = sample::request();
    body.requesting = "SG".parse().unwrap();
    body.requested = "JP".parse().unwrap();
    body.addressee = "JP:central".parse().unwrap();
    body.authority.id = "SG:central".parse().unwrap();
    body.purpose.code = "age_proof".to_owned();
    body.urgency.level = crate::UrgencyLevel::Routine;
    body.offences.clear();
    body.classification = None;
    body.consent =
        Some(crate::HolderConsent { given_at: "2026-08-05T00:00:00Z".to_owned(), receipt: "receipt".to_owned() });
    body.tag_key = Some("07".repeat(32));
    let measure = &mut body.measures[0];
    measure.article = "jp-sg-didc-2022:2".parse().unwrap();
    measure.request_type = "attest".parse().unwrap();
    measure.records = vec!["identity_attestation".parse().unwrap()];
    measure.window = None;
    measure.attributes = vec!["over_20".parse().unwrap()];
    measure.subjects.truncate(1);
    measure.subjects[0].identity = None;
    measure.subjects[0].selector =
        Selector::Holder { value: HOLDER.to_owned(), verifier: "SG:central".parse().unwrap() };
    body
}

/// France asks Japan for an extract about a person.
fn extract(name: &str, birth_date: &str, sex: &str) -> RequestBody {
    let mut body = sample::request();
    body.requesting = "FR".parse().unwrap();
    body.requested = "JP".parse().unwrap();
    body.addressee = "JP:central".parse().unwrap();
    body.authority.id = "FR:central".parse().unwrap();
    body.purpose.code = "criminal_proceedings".to_owned();
    body.urgency.level = crate::UrgencyLevel::Routine;
    let measure = &mut body.measures[0];
    measure.article = "fictitious-records:3".parse().unwrap();
    measure.request_type = "record_extract".parse().unwrap();
    measure.records = vec!["criminal_record_extract".parse().unwrap()];
    measure.window = None;
    measure.subjects.truncate(1);
    measure.subjects[0].identity = Some(Identity {
        names: vec![Name { script: "Kana".to_owned(), name: "モレル リュシー".to_owned() }],
        sex: Some(sex.to_owned()),
        birth_date: None,
        birth_place: None,
        nationalities: Vec::new(),
        addresses: Vec::new(),
        location: None,
    });
    measure.subjects[0].selector = Selector::Person {
        value: name.to_owned(),
        birth_date: Some(birth_date.to_owned()),
        document: None,
        registration: None,
    };
    body
}

fn person() -> RequestBody {
    extract("MOREL Lucie", "1984-05-17", "female")
}

fn policy(gives: Gives) -> Policy {
    use LinkAttribute::*;
    let link_only_on = match gives {
        Gives::IdentityAttestation => BTreeSet::from([Holder]),
        Gives::CriminalRecordExtract => BTreeSet::from([Name, BirthDate, Sex]),
    };
    let set = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<BTreeSet<Attribute>>();
    Policy {
        gives,
        link_only_on,
        discloses: set(&["over_18", "over_20", "birth_date"]),
        never: set(&["birth_date"]),
        answers_no_record: true,
        register: "Register of the example authority".to_owned(),
        issuer_key: Some(Digest::of(&[b"key"])),
        valid_s: 300,
        script: "Latn".to_owned(),
    }
}

/// Asks at `now`, changed by `change`, and decides on `rows`.
fn told(body: &RequestBody, rule: &Rule, policy: &Policy, now: Timestamp, rows: &[Row]) -> Answer {
    let header = sample::header(body);
    let query = Query {
        at: now,
        validator: Some(Role::Judge),
        ..Query::of(&header, AuthorityKind::Central, AuthorityKind::Central)
    };
    let decision = rule.decide(&query);
    let own = "JP:central".parse().unwrap();
    let asked = Asked { header: &header, body, measure: &body.measures[0], decision: &decision, own: &own, now };
    match question(asked, policy) {
        Ok(question) => answer(asked, policy, &question, rows, false),
        Err(leave) => Answer::Human(leave),
    }
}

fn holder_row() -> Row {
    let receipt = Digest::of(&[b"receipt"]).to_string();
    let fields = [
        ("over_20", json!(true)),
        ("over_18", json!(true)),
        ("family_name", json!("secret")),
        ("assurance_level", json!("high")),
        ("credential_status", json!("valid")),
        ("consent_receipt", json!(receipt)),
        ("consent_withdrawn", json!(false)),
    ];
    Row {
        links: BTreeMap::from([(LinkAttribute::Holder, HOLDER.to_owned())]),
        fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}

fn person_row(name: &str, birth_date: &str, sex: &str) -> Row {
    use LinkAttribute::*;
    let links = [(Name, name), (BirthDate, birth_date), (Sex, sex)];
    Row {
        links: links
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(one, text)| (one, text.to_owned()))
            .collect(),
        fields: BTreeMap::from([("convictions".to_owned(), json!([]))]),
    }
}

fn attest(change: impl FnOnce(&mut RequestBody), rows: &[Row]) -> Answer {
    let mut body = attestation();
    change(&mut body);
    told(&body, &jp_sg(), &policy(Gives::IdentityAttestation), NOW, rows)
}

fn left(answer: Answer) -> Leave {
    match answer {
        Answer::Human(leave) => leave,
        Answer::Record { .. } => unreachable!("it was answered"),
    }
}

#[test]
fn an_attestation_holds_what_was_asked_and_nothing_that_the_register_said_besides() {
    let Answer::Record { content, subject_ref, binding } = attest(|_| (), &[holder_row()]) else { unreachable!() };
    let body = attestation();
    assert_eq!(subject_ref, body.measures[0].subjects[0].subject_ref);
    assert_eq!(
        binding,
        subject_binding(body.case, body.measures[0].id, &body.measures[0].subjects[0].selector).unwrap()
    );
    assert_eq!(content["attributes"], json!({"over_20": true}));
    assert_eq!((&content["holder"], &content["verifier"]), (&json!(HOLDER), &json!("SG:central")));
    assert_eq!(content["expires_at"], "2026-08-05T00:06:00Z");
    assert!(!content.to_string().contains("secret"));
}

#[test]
fn consent_is_looked_at_when_it_is_answered() {
    let body = attestation();
    let policy = policy(Gives::IdentityAttestation);
    let at = |ms: i64| told(&body, &jp_sg(), &policy, Timestamp(1_785_888_000_000 + ms), &[holder_row()]);
    assert!(matches!(at(300_000), Answer::Record { .. }));
    assert_eq!(left(at(300_001)), Leave::ConsentTooOld);
    for (field, value) in
        [("consent_withdrawn", json!(true)), ("consent_withdrawn", json!(null)), ("consent_receipt", json!("00"))]
    {
        let mut row = holder_row();
        row.fields.insert(field.to_owned(), value);
        assert_eq!(left(attest(|_| (), &[row])), Leave::ConsentWithdrawn);
    }
    let mut row = holder_row();
    row.fields.remove("consent_withdrawn");
    assert_eq!(
        left(attest(|_| (), &[row])),
        Leave::ConsentWithdrawn,
        "a register that does not say so does not answer"
    );
}

#[test]
fn what_is_not_allowed_asked_or_disclosed_is_left_to_a_human() {
    let rows = [holder_row()];
    let check = |leave: Leave, change: fn(&mut RequestBody)| assert_eq!(left(attest(change, &rows)), leave);
    check(Leave::AttributeNotDisclosed, |body| body.measures[0].attributes = vec!["given_name".parse().unwrap()]);
    check(Leave::AttributeNotDisclosed, |body| body.measures[0].attributes = vec!["birth_date".parse().unwrap()]);
    check(Leave::NotAllowedNow, |body| body.measures[0].attributes = vec!["my_number".parse().unwrap()]);
    check(Leave::NotAllowedNow, |body| body.purpose.code = "criminal_investigation".to_owned());
    check(Leave::AnotherVerifier, |body| {
        let verifier = "SG:judicial".parse().unwrap();
        body.measures[0].subjects[0].selector = Selector::Holder { value: HOLDER.to_owned(), verifier };
    });
    let mut expired = holder_row();
    expired.fields.insert("credential_status".to_owned(), json!("revoked"));
    assert_eq!(left(attest(|_| (), &[expired])), Leave::NotValid);
    let mut untyped = holder_row();
    untyped.fields.insert("over_20".to_owned(), json!("yes"));
    assert_eq!(left(attest(|_| (), &[untyped])), Leave::BadRow);
    assert_eq!(left(attest(|_| (), &[])), Leave::Nobody);
}

#[test]
fn an_identifier_is_compared_byte_by_byte() {
    let mut row = holder_row();
    row.links.insert(LinkAttribute::Holder, HOLDER.to_lowercase());
    assert_eq!(left(attest(|_| (), &[row])), Leave::Partial);
}

fn looked_up(body: &RequestBody, rows: &[Row]) -> Answer {
    told(body, &fr_jp(), &policy(Gives::CriminalRecordExtract), NOW, rows)
}

#[test]
fn an_extract_is_given_for_the_one_row_that_agrees_in_everything() {
    let rows =
        [person_row("ｍｏｒｅｌ　lucie", "1984-05-17", "Female"), person_row("MOREL Lucie", "1990-01-01", "female")];
    let Answer::Record { content, .. } = looked_up(&person(), &rows) else { unreachable!() };
    assert_eq!(content["answer"], "no_record");
    assert_eq!(content["subject"]["match_evidence"], json!(["name", "birth_date", "sex"]));
    assert_eq!(content["subject"]["identity"]["birth_date"], "1984-05-17");
}

#[test]
fn nobody_in_the_register_is_an_answer_only_where_nothing_comes_near() {
    let Answer::Record { content, .. } = looked_up(&person(), &[]) else { unreachable!() };
    assert_eq!(content["answer"], "no_record");
    assert_eq!(left(looked_up(&person(), &[person_row("MOREL Lucie", "1984-05-18", "female")])), Leave::Partial);
}

#[test]
fn homonyms_are_left_to_a_human() {
    let one = person_row("MOREL Lucie", "1984-05-17", "female");
    assert_eq!(left(looked_up(&person(), &[one.clone(), one])), Leave::Several);
}

#[test]
fn a_request_that_does_not_say_everything_is_left_to_a_human_and_nothing_is_looked_up() {
    let mut no_sex = person();
    no_sex.measures[0].subjects[0].identity = None;
    assert_eq!(left(looked_up(&no_sex, &[])), Leave::Incomplete(LinkAttribute::Sex));
    assert_eq!(left(looked_up(&extract("MOREL Lucie", "1984", "female"), &[])), Leave::Unreadable);
    assert_eq!(left(looked_up(&extract("MOREL\u{200b} Lucie", "1984-05-17", "female"), &[])), Leave::Unreadable);
    let mut two_days = person();
    two_days.measures[0].subjects[0].identity.as_mut().unwrap().birth_date = Some("1984-05-18".to_owned());
    assert_eq!(left(looked_up(&two_days, &[])), Leave::Contradictory(LinkAttribute::BirthDate));
}

/// A stream of numbers that is the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn whatever_rows_a_register_returns_only_one_that_agrees_in_everything_answers() {
    let (names, days, sexes) = (
        ["MOREL Lucie", "morel lucie", "MOREL Luce", "", "ＭＯＲＥＬ　Lucie", "MOREL\u{200b} Lucie"],
        ["1984-05-17", "1984-05-18", "", "1984", "17.05.1984"],
        ["female", "male", "", "unknown"],
    );
    let (rule, mut draw) = (fr_jp(), Draw(7));
    for _ in 0..3000 {
        let rows: Vec<Row> = (0..draw.below(5))
            .map(|_| person_row(names[draw.below(6)], days[draw.below(5)], sexes[draw.below(4)]))
            .collect();
        let agrees = |row: &Row| {
            let is = |one, wanted: &[&str]| row.links.get(&one).is_some_and(|text| wanted.contains(&text.as_str()));
            is(LinkAttribute::Name, &["MOREL Lucie", "morel lucie", "ＭＯＲＥＬ　Lucie"])
                && is(LinkAttribute::BirthDate, &["1984-05-17"])
                && is(LinkAttribute::Sex, &["female"])
        };
        let whole = rows.iter().filter(|row| agrees(row)).count();
        let answer = told(&person(), &rule, &policy(Gives::CriminalRecordExtract), NOW, &rows);
        if let Answer::Record { .. } = answer {
            assert!(whole == 1 || rows.is_empty(), "{whole} of {}", rows.len());
        }
    }
}

#[test]
fn too_many_rows_emergencies_and_rules_without_the_word_are_left_to_humans() {
    let body = person();
    let header = sample::header(&body);
    let own = "JP:central".parse().unwrap();
    let query = Query { at: NOW, ..Query::of(&header, AuthorityKind::Central, AuthorityKind::Central) };
    let decision = fr_jp().decide(&query);
    let asked =
        Asked { header: &header, body: &body, measure: &body.measures[0], decision: &decision, own: &own, now: NOW };
    let policy = policy(Gives::CriminalRecordExtract);
    let found = question(asked, &policy).unwrap();
    let row = [person_row("MOREL Lucie", "1984-05-17", "female")];
    assert_eq!(left(answer(asked, &policy, &found, &row, true)), Leave::TooMany);
    let mut without = decision.clone();
    without.permits[0].automatic = false;
    assert_eq!(question(Asked { decision: &without, ..asked }, &policy).unwrap_err(), Leave::NotAutomatic);
    // A question about somebody else is none that may be answered with these rows.
    let other = extract("TANAKA Hanako", "1990-01-01", "female");
    let other = Asked { body: &other, measure: &other.measures[0], ..asked };
    assert_eq!(left(answer(other, &policy, &found, &row, false)), Leave::NotAllowedNow);
}

#[test]
fn nothing_of_a_case_is_in_what_is_told_of_it() {
    let rows = [holder_row()];
    let shown = format!("{:?} {:?} {:?}", attest(|_| (), &rows), rows[0], Leave::Incomplete(LinkAttribute::Name));
    assert!(!shown.contains(HOLDER) && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_name_alone_links_nobody() {
    use LinkAttribute::*;
    for set in [vec![Name], vec![Name, BirthDate], vec![Holder, Name, BirthDate], vec![], vec![Name, Sex, Address]] {
        assert!(LinkAttribute::enough(&set.into_iter().collect()).is_err());
    }
    for set in [vec![Holder], vec![Name, BirthDate, Sex]] {
        LinkAttribute::enough(&set.into_iter().collect()).unwrap();
    }
}
