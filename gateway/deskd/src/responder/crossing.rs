//! Ten thousand questions at once, through both adapters: no answer is of anybody but whom it was asked about.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use desk::{
    Identity, RequestBody, Selector, declare,
    responder::{Answer, Asked, answer, question},
};
use model::{
    AuthorityId, AuthorityKind, BodyCommitment, CaseId, Digest, Header, HeaderDigest, Pin, Role, Step, Timestamp,
};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use treaty::{Catalog, Query, Rule};

use super::{Folder, Loaded};

const SUBJECTS: usize = 10_000;
/// Sockets that a test opens at once.
const SOCKETS: usize = 200;
const NOW: Timestamp = Timestamp(1_785_888_060_000);
const FILE: &str = "format = \"responder/1\"\ngives = \"criminal_record_extract\"\narticles = [\"fictitious-records:3\"]\n\
                    link_only_on = [\"name\", \"birth_date\", \"sex\"]\nregister = \"Register\"\nlegal_basis = \"Act, s. 1\"\n\
                    quota = { per_day = 100000, per_counterpart = 100000 }\n";
const AGREEMENT: &str =
    include_str!("../../../../treaty-schemas/catalog/examples/instruments/fictitious-records/instrument.toml");
const REQUEST: &str =
    include_str!("../../../../treaty-schemas/catalog/records/request/examples/valid-stored-data.json");
const BOND: &str = "\n[[treaty]]\ninstrument = \"fictitious-records\"\nratified = 2025-06-01\nin_force = 2026-01-01\nverified = false\n\
                    \n[[declaration]]\narticle = \"fictitious-records:3\"\nrule = \"automatic\"\nverified = false\n";

/// Whose marks nobody makes but the registers.
struct Marks(hmac::Key);

impl Marks {
    fn of(&self, name: &str, born: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{name}\n{born}").as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What a register holds of a person.
    fn row(&self, name: &str, born: &str) -> Value {
        json!([{ "file_number": self.of(name, born) }])
    }
}

/// Names and days of birth that are like each other.
fn person(number: usize) -> (String, String) {
    (format!("MOREL Lucie {}", number / 28), format!("1984-02-{:02}", number % 28 + 1))
}

/// The neighbours in the register: of the same name, or born on the same day.
fn neighbours(number: usize) -> impl Iterator<Item = usize> {
    [number, number + 1, number + 28].into_iter().chain(number.checked_sub(1))
}

fn rule() -> Rule {
    let agreement = AGREEMENT.replace("requires_arrangement = true", "requires_arrangement = false");
    let files = Catalog::builtin_files().map(|(path, text)| match path.as_str() {
        "parties/FR.toml" | "parties/JP.toml" => (path, format!("{text}{BOND}")),
        _ => (path, text),
    });
    let all = files.chain([("instruments/fictitious-records/instrument.toml".to_owned(), agreement)]);
    Catalog::load(all).unwrap().rule("FR".parse().unwrap(), "JP".parse().unwrap(), jiff::civil::date(2026, 8, 5))
}

fn request(number: usize) -> RequestBody {
    let (name, born) = person(number);
    let mut body = RequestBody::from_document(serde_json::from_str(REQUEST).unwrap()).unwrap();
    body.case = CaseId::new(std::array::from_fn(|at| if at < 8 { number.to_be_bytes()[at] } else { 7 }));
    body.requesting = "FR".parse().unwrap();
    body.requested = "JP".parse().unwrap();
    body.addressee = "JP:central".parse().unwrap();
    body.authority.id = "FR:central".parse().unwrap();
    body.purpose.code = "criminal_proceedings".to_owned();
    body.urgency.level = desk::UrgencyLevel::Routine;
    let measure = &mut body.measures[0];
    measure.article = "fictitious-records:3".parse().unwrap();
    measure.request_type = "record_extract".parse().unwrap();
    measure.records = vec!["criminal_record_extract".parse().unwrap()];
    measure.window = None;
    measure.subjects.truncate(1);
    measure.subjects[0].identity = Some(Identity {
        names: Vec::new(),
        sex: Some("female".to_owned()),
        birth_date: None,
        birth_place: None,
        nationalities: Vec::new(),
        addresses: Vec::new(),
        location: None,
    });
    measure.subjects[0].selector =
        Selector::Person { value: name, birth_date: Some(born), document: None, registration: None };
    body
}

fn header(body: &RequestBody) -> Header {
    let declared = declare(body).unwrap();
    Header {
        entry: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        case: body.case,
        home: body.requesting,
        peer: body.requested,
        sender: body.authority.id.clone(),
        recipient: body.addressee.clone(),
        pin: Pin(Digest::of(&[b"rule"])),
        step: Step::SealSend,
        measures: declared.measures,
        concerns: Vec::new(),
        purpose: Some(declared.purpose),
        offence: declared.offence,
        validation: None,
        records: Vec::new(),
        ground: None,
        conditions: Vec::new(),
        body: Some(BodyCommitment(Digest::of(&[b"body"]))),
        previous: HeaderDigest::GENESIS,
        created: NOW,
        expires: NOW.plus_ms(86_400_000),
        declared: declared.declared,
    }
}

/// Answers with the one who was asked about and the neighbours, now late and now early.
async fn serve(mut stream: TcpStream, marks: Arc<Marks>) {
    let mut buffer = Vec::new();
    let asked: Value = loop {
        if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return;
        }
        let body = buffer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| &buffer[at + 4..]);
        if let Some(Ok(body)) = body.map(serde_json::from_slice) {
            break body;
        }
    };
    let (name, born) = (asked["links"]["name"].as_str().unwrap(), asked["links"]["birth_date"].as_str().unwrap());
    let number: usize = name.rsplit(' ').next().unwrap().parse().unwrap();
    let number = number * 28 + born[8..].parse::<usize>().unwrap() - 1;
    tokio::time::sleep(Duration::from_millis(number as u64 * 7919 % 23)).await;
    let rows = neighbours(number).map(|one| {
        let (name, born) = person(one);
        let convictions = marks.row(&name, &born);
        json!({
            "links": { "name": name, "birth_date": born, "sex": "female" },
            "fields": { "convictions": convictions },
        })
    });
    let body = json!({ "rows": rows.collect::<Vec<_>>() }).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ";
    let _ = stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).await;
}

async fn service(marks: Arc<Marks>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("[http]\nurl = \"http://{}/answer\"\ntimeout_ms = 60000\n", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, marks.clone()));
        }
    });
    url
}

async fn database(folder: &std::path::Path, marks: &Marks) -> String {
    let url = format!("sqlite:{}?mode=rwc", folder.join("register.db").display());
    let connection = Database::connect(url).await.unwrap();
    let made = "CREATE TABLE person (name TEXT, born TEXT, sex TEXT, convictions TEXT); \
                CREATE INDEX person_by_name ON person (name); CREATE INDEX person_by_born ON person (born);";
    connection.execute_unprepared(made).await.unwrap();
    let all: Vec<usize> = (0..SUBJECTS).collect();
    for some in all.chunks(500) {
        let values = some.iter().map(|number| {
            let (name, born) = person(*number);
            format!("('{name}', '{born}', 'female', '{}')", marks.row(&name, &born))
        });
        let values = values.collect::<Vec<_>>().join(", ");
        connection.execute_unprepared(&format!("INSERT INTO person VALUES {values}")).await.unwrap();
    }
    connection.close().await.unwrap();
    // All of one name come, of whom one was born on that day.
    "[sql]\ndatabase = \"sqlite:register.db\"\nrows_max = 50\ntimeout_ms = 60000\n\
     links = { name = \"name\", birth_date = \"born\", sex = \"sex\" }\n\
     fields = { convictions = { column = \"convictions\", as = \"json\" } }\n\
     statement = \"SELECT name, born, sex, convictions FROM person WHERE name = :name\"\n"
        .to_owned()
}

/// Asks for one subject, and decides on what comes. The mark of whom the answer is.
async fn answered(number: usize, loaded: &Loaded, rule: &Rule) -> String {
    let body = request(number);
    let header = header(&body);
    let query = Query {
        at: NOW,
        validator: Some(Role::Judge),
        ..Query::of(&header, AuthorityKind::Central, AuthorityKind::Central)
    };
    let decision = rule.decide(&query);
    let own: AuthorityId = "JP:central".parse().unwrap();
    let asked =
        Asked { header: &header, body: &body, measure: &body.measures[0], decision: &decision, own: &own, now: NOW };
    let wanted = question(asked, &loaded.policy).unwrap();
    let found = loaded.adapter.ask(&wanted, &loaded.policy).await.unwrap();
    assert!(found.rows.len() > 1, "the register finds others too");
    let Answer::Record { content, binding, .. } = answer(asked, &loaded.policy, &wanted, &found.rows, found.truncated)
    else {
        unreachable!("{number} was left to humans")
    };
    let own_binding = desk::subject_binding(body.case, body.measures[0].id, &body.measures[0].subjects[0].selector);
    assert_eq!(binding, own_binding.unwrap());
    let convictions = content["convictions"].as_array().unwrap();
    assert_eq!(convictions.len(), 1);
    convictions[0]["file_number"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_thousand_questions_at_once_each_is_answered_for_its_own_subject() {
    let marks = Arc::new(Marks(hmac::Key::new(hmac::HMAC_SHA256, b"the registers' own")));
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("responder")).unwrap();
    let adapters = [service(marks.clone()).await, database(dir.path(), &marks).await];
    for (name, adapter) in ["service", "database"].iter().zip(&adapters) {
        fs::write(dir.path().join(format!("responder/{name}.toml")), format!("{FILE}{adapter}")).unwrap();
    }
    let folder = Folder::of(dir.path(), std::path::Path::new("passphrase"));
    let responders = ["service", "database"].map(|name| Arc::new(folder.load(name).unwrap()));
    let (rule, sockets) = (Arc::new(rule()), Arc::new(Semaphore::new(SOCKETS)));
    let mut asking = JoinSet::new();
    for number in 0..SUBJECTS {
        let (loaded, rule, sockets) = (responders[number % 2].clone(), rule.clone(), sockets.clone());
        asking.spawn(async move {
            let _socket = sockets.acquire().await.unwrap();
            (number, answered(number, &loaded, &rule).await)
        });
    }
    let mut answers = 0;
    while let Some(ended) = asking.join_next().await {
        let (number, mark) = ended.unwrap();
        let (name, born) = person(number);
        assert_eq!(mark, marks.of(&name, &born), "the answer of {number} is somebody else's");
        answers += 1;
    }
    assert_eq!(answers, SUBJECTS);
}
