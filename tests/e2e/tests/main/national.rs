//! A national case-management system beside a desk: the example client in Python, against real desks that are killed meanwhile; and
//! what the law wants to be counted.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use link::WebTarget;
use serde_json::{Value, json};

use crate::{
    bounded,
    papers::{self, SECRETS},
    play::{ACTS, Play},
    programs::{Answer, program, run},
    running::Running,
    stage::{Side, Stage, Victim},
    state::{State, free_port},
};

/// The client, and what it keeps.
struct System {
    python: PathBuf,
    client: PathBuf,
    socket: PathBuf,
    folder: PathBuf,
}

impl System {
    fn beside(state: &State) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let system = Self {
            python: here.join("../../target/python/bin/python"),
            client: here.join("../../proto/examples/python/national_system.py"),
            socket: state.desk_dir("central").join("desk.sock"),
            folder: state.dir.join("system"),
        };
        let packages = "grpcio grpcio-tools grpcio-status standardwebhooks";
        let make = format!("python3 -m venv target/python && target/python/bin/pip install {packages}");
        assert!(system.python.exists(), "there is no {}: run {make}", system.python.display());
        fs::create_dir_all(&system.folder).unwrap();
        system
    }

    /// Before the command: which desk, and where what is generated is kept.
    fn common(&self) -> [String; 5] {
        let words = [self.client.as_path(), Path::new("--desk"), &self.socket, Path::new("--stubs"), &self.folder];
        words.map(|word| word.display().to_string())
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    async fn run(&self, arguments: &[&str]) -> Answer {
        let common = self.common();
        let common: Vec<&str> = common.iter().map(String::as_str).collect();
        run(&self.python, &[&common, arguments].concat()).await
    }

    fn start(&self, name: &str, arguments: &[&str]) -> Running {
        let mut command = Command::new(&self.python);
        command.args(self.common()).args(arguments);
        Running::start(command, name, &self.folder)
    }

    /// What a statement finds in one of its files, as JSON.
    async fn found(&self, database: &str, sql: &str) -> Value {
        const READ: &str = "import json, sqlite3, sys\n\
                            print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))";
        run(&self.python, &["-c", READ, &self.file(database), sql]).await.done()
    }

    /// All cursors of the desk, as a client that begins anew sees them.
    async fn all_cursors(&self) -> Vec<i64> {
        let told = self.run(&["watch", "--into", &self.file("all.db"), "--once"]).await;
        assert_eq!(told.code, 0, "{}", told.err);
        cursors(&self.found("all.db", "SELECT cursor FROM event ORDER BY cursor").await)
    }
}

fn cursors(rows: &Value) -> Vec<i64> {
    rows.as_array().unwrap().iter().map(|row| row[0].as_i64().unwrap()).collect()
}

/// The error that the client told.
fn refusal(answer: Answer) -> Value {
    serde_json::from_str(answer.failed(1).trim()).unwrap()
}

#[tokio::test]
async fn a_call_under_a_key_is_done_once_though_the_desk_is_killed_in_between() {
    bounded(async {
        // A desk drafts without its gateway.
        let folder = tempfile::tempdir().unwrap();
        let jp = State::make("JP", folder.path()).await;
        let mut desk = jp.serve_desk("central").ready().await;
        let system = System::beside(&jp);
        let dir = jp.desk_dir("central");
        let officer = async |words: &[&str]| {
            let common = ["--dir", dir.to_str().unwrap(), "--output", "json"];
            run(&program("desk"), &[common.as_slice(), words].concat()).await.done()
        };
        let request = system.file("request.json");
        fs::write(&request, papers::request(&papers::any_case()).to_string()).unwrap();
        let save = ["save", &request, "--to", "FR:central", "--key", "file-17/draft"];
        let first = system.run(&save).await.done();
        assert_eq!(first["replayed"], false, "{first}");
        let case = first["case"].as_str().unwrap();
        let again = system.run(&save).await.done();
        assert_eq!((&again["case"], &again["replayed"]), (&first["case"], &json!(true)));
        desk.kill();
        let _desk = jp.serve_desk("central").ready().await;
        let again = system.run(&save).await.done();
        assert_eq!((&again["case"], &again["replayed"]), (&first["case"], &json!(true)));
        let listed = officer(&["case", "list"]).await;
        assert_eq!(listed["cases"].as_array().unwrap().len(), 1, "{listed}");

        let checked = system.run(&["preflight", case]).await.done();
        assert_eq!(checked["would_pass"], true, "{checked}");
        let other = refusal(system.run(&["save", &request, "--case", case, "--key", "file-17/draft"]).await);
        assert_eq!(
            (&other["code"], &other["reason"]),
            (&json!("FAILED_PRECONDITION"), &json!("IDEMPOTENCY_KEY_REUSED"))
        );
        assert!(!other["remedy"].as_str().unwrap().is_empty(), "{other}");
        let bad = refusal(system.run(&["save", &request, "--to", "FR:central", "--key", "two words"]).await);
        assert_eq!(bad["reason"], "MALFORMED", "{bad}");
        // A call that was refused left nothing: under its key the mended one goes.
        fs::write(&request, "{}").unwrap();
        let empty = ["save", &request, "--key", "file-18/draft"];
        assert_eq!(refusal(system.run(&empty).await)["reason"], "MALFORMED");
        fs::write(&request, papers::request(&papers::any_case()).to_string()).unwrap();
        assert_eq!(system.run(&empty).await.done()["replayed"], false);

        let told = officer(&["events"]).await;
        assert!(told["events"].as_array().unwrap().iter().any(|one| one["case"] == case), "{told}");
        let cursor = told["cursor"].to_string();
        let rest = officer(&["events", "--after", &cursor]).await;
        assert_eq!((&rest["events"], &rest["cursor"]), (&json!([]), &told["cursor"]));
        let ahead = ["watch", "--into", &system.file("ahead.db"), "--after", "999999", "--once"];
        let ahead = refusal(system.run(&ahead).await);
        assert_eq!((&ahead["code"], &ahead["reason"]), (&json!("OUT_OF_RANGE"), &json!("CURSOR_UNKNOWN")), "{ahead}");
    })
    .await;
}

#[tokio::test]
async fn a_system_that_watches_and_is_told_by_webhook_loses_and_doubles_nothing_when_either_is_killed() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        let system = System::beside(play.stage.state(Side::Jp));
        let (secret, database) = (system.file("secret.txt"), system.file("system.db"));
        let address = free_port();
        let url = format!("http://{address}/rogatory");
        let add = ["webhook", "add", &url, "--after", "0", "--secret-file", &secret];
        let added = play.stage.desk(Side::Jp, &add).await.done();
        let id = added["id"].as_str().unwrap().to_owned();
        assert!(added["secret"].is_null() && fs::read_to_string(&secret).unwrap().starts_with("whsec_"), "{added}");
        let hook = async |stage: &Stage| stage.desk(Side::Jp, &["webhook", "list"]).await.done()["webhooks"][0].clone();
        // Nobody listens yet: what waits is told, and why.
        let failing = crate::until("the webhook fails", 20, async || {
            let hook = hook(&play.stage).await;
            (hook["state"] == "failing").then_some(hook)
        });
        assert!(failing.await["waiting"].as_u64().unwrap() >= 2);
        let status = play.stage.desk(Side::Jp, &["status"]).await.done();
        assert!(status["webhook_troubles"][0].as_str().unwrap().starts_with(&id), "{status}");

        let port = address.port().to_string();
        let receive = ["receive", "--into", &database, "--secret", &secret, "--port", &port];
        let mut receiver = system.start("receive", &receive).ready().await;
        let watch = ["watch", "--into", &database];
        let mut watcher = system.start("watch", &watch);
        play.act(&ACTS[0]).await;
        play.stage.strike(Victim::JpDesk);
        watcher.kill();
        play.stage.mend(Victim::JpDesk).await;
        let mut watcher = system.start("watch", &watch);
        play.act(&ACTS[1]).await;
        receiver.kill();
        play.act(&ACTS[2]).await;
        play.stage.strike(Victim::JpDesk);
        let mut receiver = system.start("receive", &receive).ready().await;
        play.stage.mend(Victim::JpDesk).await;
        play.act(&ACTS[3]).await;
        play.stage.desk(Side::Jp, &["webhook", "enable", &id]).await.done();

        let (watched, delivered) =
            ("SELECT cursor FROM event ORDER BY cursor", "SELECT cursor FROM delivery ORDER BY cursor");
        crate::until("all is told both ways", 30, async || {
            let _ = fs::remove_file(system.file("all.db"));
            let all = system.all_cursors().await;
            let told = [system.found("system.db", watched).await, system.found("system.db", delivered).await];
            told.iter().all(|rows| cursors(rows) == all).then_some(())
        })
        .await;
        watcher.kill();
        assert!(!watcher.log().contains("IntegrityError"), "an event came twice: {}", watcher.log());
        a_tampered_delivery_is_refused(&system, &url).await;
        assert!(receiver.out().contains("refused"));
        receiver.kill();

        for secret in SECRETS {
            let held = fs::read(&database).unwrap().windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!held, "{secret} was told");
        }
        play.stage.desk(Side::Jp, &["webhook", "remove", &id]).await.done();
        play.stage.desk(Side::Jp, &["webhook", "test", &id]).await.failed(4);
        assert_eq!(play.stage.desk(Side::Jp, &["webhook", "list"]).await.done()["webhooks"], json!([]));
    })
    .await;
}

/// Posts a delivery again as it was, and with one word changed.
async fn a_tampered_delivery_is_refused(system: &System, url: &str) {
    let rows = system.found("system.db", "SELECT body, headers FROM delivery ORDER BY cursor DESC LIMIT 1").await;
    let (body, headers) = (rows[0][0].as_str().unwrap(), rows[0][1].as_str().unwrap());
    let told: Value = serde_json::from_str(headers).unwrap();
    let headers: HeaderMap = told
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.to_ascii_lowercase().starts_with("webhook-"))
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.as_str().unwrap().parse().unwrap()))
        .collect();
    assert_eq!(headers.len(), 3);
    let event: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&event["specversion"], &event["source"]),
        (&json!("1.0"), &json!("//central.jp.rogatory.internal/desk"))
    );
    let names: Vec<_> = event["data"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["case_id", "cursor", "entry_id", "kind"], "ids only");
    let target: WebTarget = url.parse().unwrap();
    let count = system.found("system.db", "SELECT count(*) FROM delivery").await;
    let tampered = body.replace("\"case_id\":\"", "\"case_id\":\"0");
    for (body, code) in [(tampered.as_str(), StatusCode::UNAUTHORIZED), (body, StatusCode::NO_CONTENT)] {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let said = target.post(None, headers.clone(), body, Duration::from_secs(10)).await.unwrap();
        assert_eq!(said, code);
    }
    assert_eq!(
        system.found("system.db", "SELECT count(*) FROM delivery").await,
        count,
        "kept twice, or though it was forged"
    );
}

#[tokio::test]
async fn both_sides_count_a_case_alike_from_its_entries_and_tell_nothing_of_it() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..8] {
            play.act(act).await;
        }
        for (side, name, counterpart) in [(Side::Jp, "requesting", "FR"), (Side::Fr, "requested", "JP")] {
            let dir = play.stage.state(side).desk_dir("central");
            let here = Path::new(env!("CARGO_MANIFEST_DIR"));
            let (json, csv) = (dir.join("counts.json"), dir.join("counts.csv"));
            let counted = play.stage.desk(side, &["statistics"]).await;
            fs::write(&json, &counted.out).unwrap();
            counted.done();
            let table = ["statistics", "--format", "csv", "--dir", dir.to_str().unwrap()];
            let table = run(&program("desk"), &table).await;
            assert_eq!(table.code, 0, "{}", table.err);
            fs::write(&csv, &table.out).unwrap();
            let tallies = run(
                &here.join("../../target/python/bin/python"),
                &[
                    here.join("python/check_statistics.py").to_str().unwrap(),
                    here.join("../../proto/examples/statistics.schema.json").to_str().unwrap(),
                    json.to_str().unwrap(),
                    csv.to_str().unwrap(),
                ],
            )
            .await
            .done()["tallies"]
                .clone();
            let tally = |by: &str, value: &str| -> Value {
                let found = tallies.as_array().unwrap().iter().find(|one| one["by"] == by && one["value"] == value);
                found.unwrap_or_else(|| panic!("{by} {value} is not in {tallies}")).clone()
            };
            for one in [tally("all", ""), tally("counterpart", counterpart), tally("emergency", "no")] {
                assert_eq!(
                    (&one["side"], &one["cases"], &one["issued"]),
                    (&json!(name), &json!(1), &json!(1)),
                    "{one}"
                );
                assert_eq!((&one["fulfilled"], &one["pending"]), (&json!(1), &json!(0)), "{one}");
                assert!(one["production_days_median"].is_number() && one["refusal_days_median"].is_null(), "{one}");
            }
            assert_eq!(tally("record_type", "traffic_data")["fulfilled"], 1);
            let text = fs::read_to_string(&json).unwrap() + &table.out;
            assert!(SECRETS.iter().all(|secret| !text.contains(secret)) && !text.contains(&play.case), "{text}");
        }
        let before = play.stage.desk(Side::Jp, &["statistics", "--year", "2001"]).await.done();
        assert_eq!(before["tallies"], json!([]));
    })
    .await;
}
