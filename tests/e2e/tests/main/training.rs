//! States for training: what they are is in their roots, they meet no real state, and a simulated authority answers by itself.

use std::{fs, path::Path, process::Command, time::Duration};

use serde_json::{Value, json};

use crate::{
    bounded,
    ended::treaties,
    pair::{Pair, two_states},
    papers,
    programs::{gateway, program, run},
    running::Running,
    stage::{Side, Stage},
    state::State,
    until,
};

/// Pins the root of `other`, as its operator does.
async fn adds(own: &State, other: &State) -> crate::programs::Answer {
    let (dir, root) = (own.dir.to_str().unwrap(), other.dir.join("root/root.cert.pem"));
    let (endpoint, root) = (other.peer_listen.to_string(), root.to_str().unwrap());
    let add = ["peer", "add", "--dir", dir, other.party.as_str(), "--endpoint", &endpoint];
    gateway(&[&add[..], &["--root", root, "--fingerprint", &other.fingerprint]].concat()).await
}

#[tokio::test]
async fn a_real_state_and_one_for_training_open_no_channel_r93() {
    bounded(async {
        let (folder, jp, _) = two_states().await;
        let fr = State::make_training("FR", &folder.path().join("training")).await;
        let (jp_gateway, fr_gateway) = (jp.serve(), fr.serve());
        let (_jp_gateway, _fr_gateway) = (jp_gateway.ready().await, fr_gateway.ready().await);
        for (own, other) in [(&jp, &fr), (&fr, &jp)] {
            let refused = adds(own, other).await.failed(5);
            assert!(refused.contains("R93") && refused.contains("gateway init --training"), "{refused}");
            assert_eq!(own.channel(other.party.as_str()).await, Value::Null);
        }
        // Whoever says it to the gateway itself is told the same: a directory that trusts both kinds proves nothing.
        let mut directory = jp.directory().verify(&jp.root_der(), crate::now()).unwrap();
        directory.version += 1;
        let root = identity::RootCertificate::parse(&fr.root_der()).unwrap();
        let openings = [identity::RootOpening::draw(root).unwrap()];
        directory.trusted = identity::Commitments::to(&openings).unwrap();
        assert!(jp.root().sign_directory(&directory, &openings).is_err());
    })
    .await;
}

/// Sends the story's request from JP; the case.
async fn sent(stage: &Stage) -> String {
    let file = stage.pair.jp.dir.join("request.json");
    let from = file.to_str().unwrap();
    fs::write(&file, papers::request(&papers::any_case()).to_string()).unwrap();
    let new = ["request", "new", "--to", "FR:central", "--from", from];
    let case = stage.desk(Side::Jp, &new).await.done()["case"].as_str().unwrap().to_owned();
    stage.desk(Side::Jp, &["request", "validate", &case, "--as", "judicial/officer-1", "--role", "judge"]).await.done();
    for officer in ["central/officer-1", "central/officer-2"] {
        stage.desk(Side::Jp, &["request", "send", &case, "--as", officer]).await.done();
    }
    is_at(stage, Side::Fr, &case, "DELIVERED").await;
    case
}

async fn is_at(stage: &Stage, side: Side, case: &str, state: &str) -> Value {
    until(&format!("{side:?} sees {state}"), 25, async || {
        let shown = stage.show(side, case).await?;
        (shown["summary"]["state"] == state).then_some(shown)
    })
    .await
}

/// Lets the authority of FR play a persona until nothing is left to do; the steps that it took.
async fn plays(stage: &Stage, persona: &str) -> Vec<String> {
    let file = stage.pair.fr.dir.join("persona.toml");
    fs::write(&file, persona).unwrap();
    let played = stage.desk(Side::Fr, &["train", "--once", "--persona", file.to_str().unwrap()]).await.done();
    assert_eq!(played["training"], true);
    played["acts"].as_array().unwrap().iter().map(|act| act["step"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_simulated_authority_acknowledges_asks_and_produces() {
    bounded(async {
        let stage = Stage::open_training(|_, _| {}).await;
        let case = sent(&stage).await;
        let steps = plays(&stage, "asks_first = true\nquestion = \"Which mailbox?\"").await;
        assert_eq!(
            (steps[0].as_str(), steps.last().map(String::as_str)),
            ("acknowledge", Some("ask_info")),
            "{steps:?}"
        );
        let asked = is_at(&stage, Side::Jp, &case, "INFO_WAIT").await;
        assert_eq!((&asked["training"], &asked["summary"]["training"]), (&json!(true), &json!(true)));
        let give = ["give-info", &case, "--as", "central/officer-1", "--text", "The one that is named."];
        stage.desk(Side::Jp, &give).await.done();
        until("the answer is there", 25, async || {
            let shown = stage.show(Side::Fr, &case).await?;
            (shown["summary"]["state"] != "INFO_WAIT").then_some(())
        })
        .await;
        let steps = plays(&stage, "decides = \"produce\"").await;
        assert!(
            steps.iter().any(|step| step == "recognise") && steps.iter().any(|step| step == "release"),
            "{steps:?}"
        );
        is_at(&stage, Side::Jp, &case, "PRODUCED").await;
        let folder = stage.pair.jp.dir.join("opened");
        let to = folder.to_str().unwrap();
        stage.desk(Side::Jp, &["case", "show", &case, "--documents", to, "--as", "central/officer-1"]).await.done();
        let files = fs::read_dir(&folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        let records: Vec<Value> = files.map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect();
        let given: Vec<_> = records.iter().filter(|record| record["source_system"].is_string()).collect();
        assert_eq!(given.len(), 2);
        let banner = desk::counterpart::training_banner(model::Language::Japanese);
        assert!(given.iter().all(|record| record["source_system"] == banner), "in the language of the case: {given:?}");

        // An exercise is counted as one, and in no statistics of the law.
        for side in [Side::Jp, Side::Fr] {
            assert_eq!(stage.desk(side, &["statistics"]).await.done()["tallies"], json!([]));
            let counted = stage.desk(side, &["statistics", "--training"]).await.done();
            assert_eq!((&counted["training"], &counted["tallies"][0]["cases"]), (&json!(true), &json!(1)), "{counted}");
        }
        // Every answer of the desk's program bears the mark, for people and for programs.
        let dir = stage.state(Side::Jp).desk_dir("central");
        for words in [vec!["inbox"], vec!["agenda"], vec!["status"], vec!["case", "list"], vec!["case", "show", &case]]
        {
            assert_eq!(stage.desk(Side::Jp, &words).await.done()["training"], true, "{words:?}");
            let told = run(&program("desk"), &[&["--dir", dir.to_str().unwrap()], &words[..]].concat()).await;
            assert!(told.err.contains("*** TRAINING"), "{words:?}: {}", told.err);
        }
    })
    .await;
}

/// What the law of France wants in this test, of what the story asks.
const STRICT: &str = "\n[[declaration]]\narticle = \"ets-185:31\"\nrule = \"ministry_notice\"\nverified = false\n\
                      \n[[declaration]]\narticle = \"ets-185:31\"\nrule = \"court_order\"\nverified = false\n";

fn strict(folder: &Path, states: [&State; 2]) {
    let files = treaty::Catalog::builtin_files();
    treaties(
        folder,
        states,
        files.map(|(path, text)| if path == "parties/FR.toml" { (path, text + STRICT) } else { (path, text) }),
    );
}

#[tokio::test]
async fn where_the_law_wants_a_notice_and_an_order_a_step_without_one_is_refused_and_a_simulated_authority_names_one_that_nobody_made()
 {
    bounded(async {
        let stage = Stage::open_training(strict).await;
        let case = sent(&stage).await;
        let plain = ["--as", "central/officer-1", "--text", "as asked"];
        stage.desk(Side::Fr, &[&["acknowledge", &case], &plain[..]].concat()).await.done();
        is_at(&stage, Side::Jp, &case, "ACKED").await;
        let refused = stage.desk(Side::Fr, &[&["review", &case], &plain[..]].concat()).await.failed(5);
        assert!(refused.contains("R94") && refused.contains("only after the notice to its ministry"), "{refused}");
        let steps = plays(&stage, "asks_first = false\ndecides = \"produce\"").await;
        assert_eq!(steps.first().map(String::as_str), Some("open_review"), "{steps:?}");
        is_at(&stage, Side::Jp, &case, "PRODUCED").await;
        let folder = stage.pair.jp.dir.join("opened");
        let show = ["case", "show", &case, "--documents", folder.to_str().unwrap(), "--as", "central/officer-1"];
        stage.desk(Side::Jp, &show).await.done();
        let files = fs::read_dir(&folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        let documents = files.map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        let orders: Vec<_> = documents.filter_map(|one| one.get("order").cloned()).collect();
        let banner = desk::counterpart::training_banner(model::Language::Japanese);
        assert_eq!(orders.len(), 2, "the notice and the order: {orders:?}");
        assert!(orders.iter().all(|one| one["authority"] == banner && one["number"] == banner), "{orders:?}");
    })
    .await;
}

#[tokio::test]
async fn a_simulated_authority_refuses_and_offers_conditions() {
    bounded(async {
        let stage = Stage::open_training(|_, _| {}).await;
        let refused = sent(&stage).await;
        let mut steps = plays(&stage, "asks_first = false\ndecides = \"refuse\"\nground = \"R02\"").await;
        let shown = stage.show(Side::Fr, &refused).await.unwrap();
        if shown["summary"]["state"] != "REFUSED" {
            // The treaty wants the other side to be heard first.
            assert_eq!(steps.last().map(String::as_str), Some("consult"), "{shown}");
            is_at(&stage, Side::Jp, &refused, "CONSULT").await;
            let said = ["consulted", &refused, "--as", "central/officer-1", "--text", "We keep the request."];
            stage.desk(Side::Jp, &said).await.done();
            steps = until("it refuses", 25, async || {
                let steps = plays(&stage, "asks_first = false\ndecides = \"refuse\"\nground = \"R02\"").await;
                (!steps.is_empty()).then_some(steps)
            })
            .await;
        }
        assert_eq!(steps.last().map(String::as_str), Some("refuse"), "{steps:?}");
        let shown = is_at(&stage, Side::Jp, &refused, "REFUSED").await;
        assert!(shown.to_string().contains("R02"), "{shown}");

        let offered = sent(&stage).await;
        let steps = plays(&stage, "asks_first = false\ndecides = \"conditions\"\nconditions = [\"C01\"]").await;
        assert_eq!(steps.last().map(String::as_str), Some("offer_conditions"), "{steps:?}");
        is_at(&stage, Side::Jp, &offered, "COND_OFFER").await;
    })
    .await;
}

#[tokio::test]
async fn a_real_authority_is_played_by_nobody() {
    bounded(async {
        let pair = Pair::shared().await;
        let desk = pair.jp.serve_desk("executing").ready().await;
        let dir = pair.jp.desk_dir("executing");
        let played = run(&program("desk"), &["--dir", dir.to_str().unwrap(), "train", "--once"]).await;
        assert!(played.failed(5).contains("gateway init --training"));
        drop(desk);
    })
    .await;
}

/// What the person who learns sees when the counterpart has asked back; `None` where it does not in time.
async fn asked_back(world: &Path) -> Option<Value> {
    let dir = world.join("JP/desks/central");
    let desk = async |words: &[&str]| {
        run(&program("desk"), &[&["--dir", dir.to_str().unwrap(), "--output", "json"], words].concat()).await
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(50);
    let patient = async |words: &[&str], good: fn(&Value) -> bool| -> Option<Value> {
        while tokio::time::Instant::now() < deadline {
            let said = desk(words).await;
            if let Some(value) = (said.code == 0).then(|| said.done()).filter(good) {
                return Some(value);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        None
    };
    patient(&["status"], |status| {
        let knows = status["parties"].as_array().is_some_and(|parties| parties.iter().any(|party| party == "FR"));
        knows && status["training"] == true
    })
    .await?;
    let file = world.join("request.json");
    fs::write(&file, papers::request(&papers::any_case()).to_string()).ok()?;
    let new = ["request", "new", "--to", "FR:central", "--from", file.to_str()?];
    let case = patient(&new, |made| made["case"].is_string()).await?["case"].as_str()?.to_owned();
    let any = |_: &Value| true;
    patient(&["request", "validate", &case, "--as", "judicial/officer-1", "--role", "judge"], any).await?;
    for officer in ["central/officer-1", "central/officer-2"] {
        patient(&["request", "send", &case, "--as", officer], any).await?;
    }
    patient(&["case", "show", &case], |shown| shown["summary"]["state"] == "INFO_WAIT").await
}

#[tokio::test]
async fn one_command_makes_two_states_of_which_one_answers_by_itself_and_leaves_nothing_behind() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let world = folder.path().join("world");
        let mut command = Command::new(program("federation"));
        // Whoever runs the tests has built the programs: it need not build them in the middle.
        command.env_remove("CARGO").args(["train", "--output", "json", "--dir"]).arg(&world);
        let mut federation = Running::start(command, "federation", folder.path());
        let shown = asked_back(&world).await;
        // It ends what it started, and only then anything is asserted.
        let ended = federation.stop().await;
        assert!(ended.success(), "{}{}", federation.out(), federation.log());
        let shown = shown.unwrap_or_else(|| panic!("nobody asked back\n{}", federation.out()));
        assert_eq!((&shown["training"], &shown["summary"]["training"]), (&json!(true), &json!(true)));
        assert!(!world.exists(), "it left its folder behind");
    })
    .await;
}
