//! Registers that answer without a human: France asks Japan under made-up agreements that let a machine answer. The service, and the
//! database, are the tests' own.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use model::Digest;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::{
    bounded, now, papers,
    programs::run,
    stage::{Side, Stage, Victim},
    state::State,
    until,
};

const AGREEMENT: &str =
    include_str!("../../../../treaty-schemas/catalog/examples/instruments/fictitious-records/instrument.toml");
const ARRANGEMENT: &str =
    include_str!("../../../../treaty-schemas/catalog/examples/overlays/FR-JP/fictitious-records.toml");
const CREDENTIALS: &str =
    include_str!("../../../../treaty-schemas/catalog/instruments/jp-sg-didc-2022/instrument.toml");
const BOND: &str = "\n[[treaty]]\ninstrument = \"NAME\"\nratified = 2025-06-01\nin_force = 2026-01-01\nverified = false\n\
                    \n[[declaration]]\narticle = \"NAME:ARTICLE\"\nrule = \"automatic\"\nverified = false\n";
const HOMONYM: &str = "MARTIN Jean";
const RECEIPT: &str = "receipt of the holder";

fn bond(name: &str, article: &str) -> String {
    BOND.replace("NAME", name).replace("ARTICLE", article)
}

/// A catalogue with both agreements in force, for both states, and a responder's file in Japan's desk.
pub(crate) fn prepare(base: &Path, states: [&State; 2], responder: &str, more: &str) {
    let catalogue = base.join("catalogue");
    let write = |path: &str, text: &str| {
        let path = catalogue.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let bonds = bond("fictitious-records", "3") + &bond("fictitious-credentials", "2");
    for (path, text) in treaty::Catalog::builtin_files() {
        let bound = path == "parties/FR.toml" || path == "parties/JP.toml";
        write(&path, &if bound { format!("{text}{bonds}") } else { text });
    }
    let credentials = CREDENTIALS
        .replace("jp-sg-didc-2022", "fictitious-credentials")
        .replace("parties = [\"JP\", \"SG\"]", "parties = [\"FR\", \"JP\"]")
        .replace("provisional = { from = 2026-01-01, until = 2027-12-31 }", "in_force = 2026-01-01")
        .replace("max_age_seconds = 300", "max_age_seconds = 3600");
    write("instruments/fictitious-credentials/instrument.toml", &credentials);
    write("instruments/fictitious-records/instrument.toml", AGREEMENT);
    write("overlays/FR-JP/fictitious-records.toml", ARRANGEMENT);
    for state in states {
        let head = format!("catalog = \"{}\"\ntreaty_signatures = \"none\"\n", catalogue.display());
        let desks = fs::read_dir(state.dir.join("desks")).unwrap().map(|one| one.unwrap().path().join("desk.toml"));
        for file in desks.chain([state.gateway_dir().join("gateway.toml")]) {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, head.clone() + &text).unwrap();
        }
    }
    let folder = states[0].desk_dir("central").join("responder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("records.toml"), format!("{responder}{more}")).unwrap();
}

pub(crate) const EXTRACTS: &str = "format = \"responder/1\"\ngives = \"criminal_record_extract\"\narticles = [\"fictitious-records:3\"]\n\
                        link_only_on = [\"name\", \"birth_date\", \"sex\"]\nregister = \"Criminal register (test)\"\n\
                        legal_basis = \"Agreement, art. 3\"\nconditions = [\"C01\"]\nquota = { per_day = 10, per_counterpart = 10 }\n";

fn attestations() -> String {
    let key = Digest::of(&[b"key of the issuer"]);
    format!(
        "format = \"responder/1\"\ngives = \"identity_attestation\"\narticles = [\"fictitious-credentials:2\"]\n\
         link_only_on = [\"holder\"]\nattributes = [\"over_20\"]\nissuer_key = \"{key}\"\nregister = \"Wallets (test)\"\n\
         legal_basis = \"Arrangement, no. 2\"\nconditions = [\"C01\"]\nquota = {{ per_day = 10, per_counterpart = 10 }}\n"
    )
}

/// A service of the test's own. It knows everybody once, and some twice.
#[derive(Clone)]
struct Register {
    address: SocketAddr,
    /// How often it was asked.
    asked: Arc<AtomicUsize>,
    /// Whether it lets those wait who ask.
    holds: Arc<AtomicBool>,
    goes_on: Arc<Notify>,
    /// After so many questions the holder has withdrawn the consent.
    withdrawn_after: Arc<AtomicUsize>,
    subjects: Arc<Mutex<Vec<String>>>,
}

impl Register {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let register = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            holds: Arc::default(),
            goes_on: Arc::default(),
            withdrawn_after: Arc::new(AtomicUsize::new(usize::MAX)),
            subjects: Arc::default(),
        };
        let serving = register.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream));
            }
        });
        register
    }

    /// The adapter's part of a responder's file.
    fn http(&self) -> String {
        format!("[http]\nurl = \"http://{}/answer\"\n", self.address)
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut buffer = Vec::new();
        let asked: Value = loop {
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
            let text = String::from_utf8_lossy(&buffer).into_owned();
            let body = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
            if let Some(body) = body {
                break body;
            }
        };
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        if self.holds.load(Ordering::SeqCst) {
            self.goes_on.notified().await;
        }
        let said = |name: &str| asked["links"][name].clone();
        let rows = if asked["gives"] == "identity_attestation" {
            let fields = json!({
                "over_20": true,
                "assurance_level": "high",
                "credential_status": "valid",
                "consent_receipt": Digest::of(&[RECEIPT.as_bytes()]).to_string(),
                "consent_withdrawn": number > self.withdrawn_after.load(Ordering::SeqCst),
            });
            vec![json!({ "links": { "holder": said("holder") }, "fields": fields })]
        } else {
            self.subjects.lock().unwrap().push(said("name").as_str().unwrap().to_owned());
            let links = ["name", "birth_date", "sex"].map(|name| (name.to_owned(), said(name)));
            let links: serde_json::Map<_, _> = links.into_iter().collect();
            let row = json!({ "links": links, "fields": { "convictions": [] } });
            if said("name") == HOMONYM { vec![row.clone(), row] } else { vec![row] }
        };
        let body = json!({ "rows": rows }).to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ";
        let _ = stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).await;
    }
}

/// What France asks, up to its measure.
fn request(case: &str, article: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut request = papers::request(case);
    request["requesting"] = "FR".into();
    request["requested"] = "JP".into();
    request["addressee"] = "JP:central".into();
    request["authority"]["id"] = "FR:central".into();
    request["validation"]["authority"] = "FR:judicial".into();
    request["urgency"] = json!({ "level": "routine" });
    request["language"] = json!({ "original": "en" });
    request["measures"][0]["article"] = article.into();
    for field in ["window", "custodian", "data_sought"] {
        request["measures"][0].as_object_mut().unwrap().remove(field);
    }
    change(&mut request);
    request
}

pub(crate) fn extract(case: &str, name: &str) -> Value {
    request(case, "fictitious-records:3", |request| {
        request["purpose"]["code"] = "criminal_proceedings".into();
        let measure = &mut request["measures"][0];
        measure["request_type"] = "record_extract".into();
        measure["records"] = json!(["criminal_record_extract"]);
        measure["subjects"] = json!([{
            "subject_ref": "S1",
            "role": "accused",
            "selector": { "kind": "person", "value": name, "birth_date": "1984-05-17" },
            "identity": { "sex": "female" },
        }]);
    })
}

fn attestation(case: &str, holder: &str) -> Value {
    request(case, "fictitious-credentials:2", |request| {
        request["purpose"]["code"] = "age_proof".into();
        request["consent"] = json!({ "given_at": now().plus_ms(-60_000).to_string(), "receipt": RECEIPT });
        let measure = &mut request["measures"][0];
        measure["request_type"] = "attest".into();
        measure["records"] = json!(["identity_attestation"]);
        measure["attributes"] = json!(["over_20"]);
        measure["subjects"] = json!([{
            "subject_ref": "S1",
            "role": "third_party",
            "selector": { "kind": "holder", "value": holder, "verifier": "FR:central" },
        }]);
    })
}

/// Sends a request; the case.
pub(crate) async fn sent(stage: &Stage, request: impl Fn(&str) -> Value) -> String {
    let file = stage.pair.fr.dir.join("request.json");
    let from = file.to_str().unwrap();
    fs::write(&file, request(&papers::any_case()).to_string()).unwrap();
    let drafted = stage.desk(Side::Fr, &["request", "new", "--to", "JP:central", "--from", from]).await.done();
    let case = drafted["case"].as_str().unwrap().to_owned();
    stage.desk(Side::Fr, &["request", "validate", &case, "--as", "judicial/officer-1", "--role", "judge"]).await.done();
    for officer in ["central/officer-1", "central/officer-2"] {
        stage.desk(Side::Fr, &["request", "send", &case, "--as", officer]).await.done();
    }
    case
}

pub(crate) async fn is_at(stage: &Stage, side: Side, case: &str, state: &str) {
    until(&format!("{side:?} sees {state}"), 25, async || {
        let shown = stage.show(side, case).await?;
        (shown["summary"]["state"] == state).then_some(())
    })
    .await;
}

/// The steps of a case that are part of it, as a side shows them.
async fn steps(stage: &Stage, side: Side, case: &str) -> Vec<String> {
    let shown = stage.show(side, case).await.unwrap();
    let timeline = shown["timeline"].as_array().unwrap().iter();
    let admitted = timeline.filter(|entry| entry["verdict"] == "admitted");
    admitted.map(|entry| entry["step"].as_str().unwrap().to_owned()).collect()
}

/// The one record that France was given in a case.
pub(crate) async fn given(stage: &Stage, case: &str) -> Value {
    let folder = stage.pair.fr.dir.join(format!("given-{case}"));
    let to = folder.to_str().unwrap();
    stage.desk(Side::Fr, &["case", "show", case, "--documents", to, "--as", "central/officer-1"]).await.done();
    let files = fs::read_dir(&folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    let mut records = files.map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
    records.find(|record| record["subject_binding"].is_string()).unwrap()
}

pub(crate) async fn responder(stage: &Stage) -> Value {
    stage.desk(Side::Jp, &["responder", "list"]).await.done()["responders"][0].clone()
}

pub(crate) async fn authorise(stage: &Stage, officer: &str) -> Value {
    stage.desk(Side::Jp, &["responder", "authorise", "records", "--as", officer]).await.done()
}

pub(crate) async fn counts(stage: &Stage, outcome: &str, count: u64) {
    until(&format!("{count} {outcome}"), 25, async || {
        (responder(stage).await["today"][outcome] == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_register_answers_for_whom_two_officers_stand_and_homonyms_and_changed_files_are_left_to_humans() {
    bounded(async {
        let register = Register::open().await;
        let stage = Stage::open_prepared(async |base, states| prepare(base, states, EXTRACTS, &register.http())).await;
        stage.desk(Side::Jp, &["responder", "check"]).await.done();
        let first = sent(&stage, |case| extract(case, "MOREL Lucie') OR ('1'='1")).await;
        is_at(&stage, Side::Jp, &first, "DELIVERED").await;
        assert_eq!(authorise(&stage, "central/officer-1").await["signatures_missing"], 1);
        assert_eq!(authorise(&stage, "central/officer-1").await["signatures_missing"], 1, "the same officer again");
        assert_eq!(responder(&stage).await["standing"], "waiting_for_signature");
        assert_eq!(register.asked.load(Ordering::SeqCst), 0);
        assert_eq!(authorise(&stage, "central/officer-2").await["standing"], "answering");

        is_at(&stage, Side::Fr, &first, "PRODUCED").await;
        assert_eq!(steps(&stage, Side::Fr, &first).await, ["open_group", "seal_send", "answer"]);
        assert_eq!(steps(&stage, Side::Jp, &first).await, ["open_group", "seal_send", "answer"]);
        assert_eq!(responder(&stage).await["today"]["answered"], 1);

        let twice = sent(&stage, |case| extract(case, HOMONYM)).await;
        counts(&stage, "several_matches", 1).await;
        is_at(&stage, Side::Jp, &twice, "DELIVERED").await;

        let file = stage.pair.jp.desk_dir("central").join("responder/records.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("per_day = 10", "per_day = 1000")).unwrap();
        assert_eq!(responder(&stage).await["standing"], "changed");
        let third = sent(&stage, |case| extract(case, "MOREL Lucie")).await;
        is_at(&stage, Side::Jp, &third, "DELIVERED").await;
        let stop = ["responder", "stop", "records", "--as", "central/officer-2"];
        assert_eq!(stage.desk(Side::Jp, &stop).await.done()["standing"], "stopped");
        fs::write(&file, text).unwrap();
        let standing = responder(&stage).await;
        assert_eq!(standing["standing"], "stopped", "the old text does not bring the old signatures back");
        assert_eq!(standing["today"]["answered"], 1);
        is_at(&stage, Side::Jp, &third, "DELIVERED").await;
        let asked = register.subjects.lock().unwrap().clone();
        assert_eq!(asked, ["MOREL Lucie') OR ('1'='1", HOMONYM], "nobody else was looked up");
    })
    .await;
}

#[tokio::test]
async fn a_desk_that_is_killed_between_look_up_and_answer_gives_one_answer() {
    bounded(async {
        let register = Register::open().await;
        let mut stage =
            Stage::open_prepared(async |base, states| prepare(base, states, EXTRACTS, &register.http())).await;
        authorise(&stage, "central/officer-1").await;
        authorise(&stage, "central/officer-2").await;
        register.holds.store(true, Ordering::SeqCst);
        let case = sent(&stage, |case| extract(case, "MOREL Lucie")).await;
        let asked = async |count: usize| {
            until("the register is asked", 25, async || (register.asked.load(Ordering::SeqCst) >= count).then_some(()))
                .await;
        };
        for kill in 1..=2 {
            asked(kill).await;
            stage.strike(Victim::JpDesk);
            stage.mend(Victim::JpDesk).await;
        }
        asked(3).await;
        register.holds.store(false, Ordering::SeqCst);
        register.goes_on.notify_waiters();
        is_at(&stage, Side::Fr, &case, "PRODUCED").await;
        // What was looked up for a desk that was gone answers nobody.
        stage.strike(Victim::JpDesk);
        stage.mend(Victim::JpDesk).await;
        for side in [Side::Jp, Side::Fr] {
            assert_eq!(steps(&stage, side, &case).await, ["open_group", "seal_send", "answer"]);
        }
        assert_eq!(responder(&stage).await["today"], json!({ "answered": 1 }), "one subject, looked up three times");
    })
    .await;
}

#[tokio::test]
async fn a_consent_that_is_withdrawn_after_the_answer_was_sealed_holds_it_back() {
    bounded(async {
        let register = Register::open().await;
        let stage =
            Stage::open_prepared(async |base, states| prepare(base, states, &attestations(), &register.http())).await;
        authorise(&stage, "central/officer-1").await;
        authorise(&stage, "central/officer-2").await;
        let stands = sent(&stage, |case| attestation(case, "n8Qz3bq0Yt1V6cJr2LwXkA")).await;
        is_at(&stage, Side::Fr, &stands, "PRODUCED").await;
        assert_eq!(given(&stage, &stands).await["content"]["attributes"], json!({ "over_20": true }));
        let looks = register.asked.load(Ordering::SeqCst);
        assert_eq!(looks, 2, "once before it is sealed, once before it is sent");

        // The next look finds the consent, and the one before sending finds it withdrawn.
        register.withdrawn_after.store(looks + 1, Ordering::SeqCst);
        let withdrawn = sent(&stage, |case| attestation(case, "k2Pw8rT5sU9vX1yZ3aB4cD")).await;
        counts(&stage, "consent_withdrawn", 1).await;
        assert_eq!(register.asked.load(Ordering::SeqCst), looks + 2);
        for side in [Side::Jp, Side::Fr] {
            is_at(&stage, side, &withdrawn, "DELIVERED").await;
            assert_eq!(steps(&stage, side, &withdrawn).await, ["open_group", "seal_send"]);
        }
        let shown = stage.show(Side::Jp, &withdrawn).await.unwrap();
        assert!(shown.to_string().contains("held back before it was sent"), "{shown}");

        // And where the first look finds it withdrawn, nothing is sealed at all.
        let before = sent(&stage, |case| attestation(case, "m7Rt4wQ2eY6uI9oP1aS3dF")).await;
        counts(&stage, "consent_withdrawn", 2).await;
        assert_eq!(register.asked.load(Ordering::SeqCst), looks + 3);
        let shown = stage.show(Side::Jp, &before).await.unwrap();
        assert!(!shown.to_string().contains("held back"), "{shown}");
        // Officers can still answer, after an answer was taken out.
        stage.desk(Side::Jp, &["acknowledge", &withdrawn, "--as", "central/officer-1"]).await.done();
        is_at(&stage, Side::Fr, &withdrawn, "ACKED").await;
    })
    .await;
}

/// A register in which all are born on one day, so that every question finds everybody.
const PEOPLE: &str = "
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute('CREATE TABLE person (name TEXT, born TEXT, sex TEXT, convictions TEXT)')
for name, sex in json.loads(sys.argv[2]):
    mark = {'convicting_state': 'JP', 'court': 'Court', 'file_number': 'mark of ' + name, 'decided_on': '2020-01-01',
            'final_on': '2020-02-01', 'sanctions': [],
            'offences': [{'code': '0301 00', 'completion': 'C', 'participation': 'M', 'text': 'Theft'}]}
    db.execute('INSERT INTO person VALUES (?, ?, ?, ?)', (name, '1984-05-17', sex, json.dumps([mark])))
db.commit()
print('{}')
";

#[tokio::test]
async fn a_database_answers_each_request_for_its_own_subject_and_nobody_on_a_partial_match() {
    bounded(async {
        let sql = "[sql]\ndatabase = \"sqlite:register.db\"\nlinks = { name = \"name\", birth_date = \"born\", sex = \"sex\" }\n\
                   fields = { convictions = { column = \"convictions\", as = \"json\" } }\n\
                   statement = \"SELECT name, born, sex, convictions FROM person WHERE born = :birth_date\"\n";
        let own = EXTRACTS.replace("per_day = 10", "per_day = 5");
        let stage = Stage::open_prepared(async |base, states| prepare(base, states, &own, sql)).await;
        let people = ["MOREL Lucie", "MOREL Lucia", "MORELL Lucie"];
        let unknown = "MOREL Luc";
        let rows: Vec<_> = people.iter().map(|name| json!([name, "female"])).chain([json!([unknown, null])]).collect();
        let database = stage.pair.jp.desk_dir("central").join("register.db");
        let arguments = ["-c", PEOPLE, database.to_str().unwrap(), &Value::from(rows).to_string()];
        run(Path::new("python3"), &arguments).await.done();
        let mut cases = Vec::new();
        for name in people {
            cases.push((name, sent(&stage, |case| extract(case, name)).await));
        }
        let partial = sent(&stage, |case| extract(case, unknown)).await;
        let nobody = sent(&stage, |case| extract(case, "DURAND Anne")).await;
        // All of them wait, and are answered at once.
        authorise(&stage, "central/officer-1").await;
        authorise(&stage, "central/officer-2").await;
        let mut bindings = BTreeSet::new();
        for (name, case) in &cases {
            is_at(&stage, Side::Fr, case, "PRODUCED").await;
            let record = given(&stage, case).await;
            assert_eq!(record["content"]["convictions"][0]["file_number"], format!("mark of {name}"), "{record}");
            assert_eq!(record["content"]["subject"]["identity"]["names"][0]["name"], *name);
            assert_eq!(&record["case"], case);
            bindings.insert(record["subject_binding"].as_str().unwrap().to_owned());
        }
        assert_eq!(bindings.len(), people.len());
        // Rows that agree in part are nobody. One more look is too many in a day, although only three were answered.
        counts(&stage, "partial_match", 2).await;
        let over = sent(&stage, |case| extract(case, "DURAND Marie")).await;
        counts(&stage, "quota", 1).await;
        assert_eq!(responder(&stage).await["today"], json!({ "answered": 3, "partial_match": 2, "quota": 1 }));
        for case in [&partial, &nobody, &over] {
            is_at(&stage, Side::Jp, case, "DELIVERED").await;
        }
        // What a register holds may change; who asks it, and what, may not.
        assert_eq!(responder(&stage).await["standing"], "answering");
        let file = stage.pair.jp.desk_dir("central").join("responder/records.toml");
        let text = fs::read_to_string(&file).unwrap();
        for (from, to) in [("register.db", "other.db"), ("WHERE born", "WHERE name <> '' AND born")] {
            fs::write(&file, text.replace(from, to)).unwrap();
            assert_eq!(responder(&stage).await["standing"], "changed");
        }
        fs::write(&file, text).unwrap();
        assert_eq!(responder(&stage).await["standing"], "answering");
    })
    .await;
}
