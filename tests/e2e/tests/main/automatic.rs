//! A register that answers without a human: France asks Japan for extracts under a made-up agreement that lets a machine answer. A service
//! of the test's own is the register.

use std::{fs, net::SocketAddr, path::Path};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    bounded, papers,
    stage::{Side, Stage},
    state::State,
    until,
};

const AGREEMENT: &str =
    include_str!("../../../../treaty-schemas/catalog/examples/instruments/fictitious-records/instrument.toml");
const ARRANGEMENT: &str =
    include_str!("../../../../treaty-schemas/catalog/examples/overlays/FR-JP/fictitious-records.toml");
const BOND: &str = "\n[[treaty]]\ninstrument = \"fictitious-records\"\nratified = 2025-06-01\nin_force = 2026-01-01\nverified = false\n\
                    \n[[declaration]]\narticle = \"fictitious-records:3\"\nrule = \"automatic\"\nverified = false\n";
const HOMONYM: &str = "MARTIN Jean";

/// A catalogue with the agreement in force, for both states, and the responder's file in Japan's desk.
fn prepare(base: &Path, states: [&State; 2], register: SocketAddr) {
    let catalogue = base.join("catalogue");
    let write = |path: &str, text: &str| {
        let path = catalogue.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (path, text) in treaty::Catalog::builtin_files() {
        let bound = path == "parties/FR.toml" || path == "parties/JP.toml";
        write(&path, &if bound { format!("{text}{BOND}") } else { text });
    }
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
    let file = format!(
        "format = \"responder/1\"\ngives = \"criminal_record_extract\"\narticles = [\"fictitious-records:3\"]\n\
         link_only_on = [\"name\", \"birth_date\", \"sex\"]\nregister = \"Criminal register (test)\"\n\
         legal_basis = \"Agreement, art. 3\"\nquota = {{ per_day = 10, per_counterpart = 10 }}\nconditions = [\"C01\"]\n\
         [http]\nurl = \"http://{register}/extract\"\n"
    );
    fs::write(folder.join("records.toml"), file).unwrap();
}

/// A register that knows everybody once, and some twice.
async fn register() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = Vec::new();
            let asked: Value = loop {
                if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                    break Value::Null;
                }
                let text = String::from_utf8_lossy(&buffer).into_owned();
                let body = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
                if let Some(body) = body {
                    break body;
                }
            };
            let links = ["name", "birth_date", "sex"].map(|name| (name.to_owned(), asked["links"][name].clone()));
            let links: serde_json::Map<_, _> = links.into_iter().collect();
            let row = json!({ "links": links, "fields": { "convictions": [] } });
            let rows = if asked["links"]["name"] == HOMONYM { vec![row.clone(), row] } else { vec![row] };
            let body = json!({ "rows": rows }).to_string();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ";
            let _ = stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).await;
        }
    });
    address
}

fn request(case: &str, name: &str) -> Value {
    let mut request = papers::request(case);
    request["requesting"] = "FR".into();
    request["requested"] = "JP".into();
    request["addressee"] = "JP:central".into();
    request["authority"]["id"] = "FR:central".into();
    request["validation"]["authority"] = "FR:judicial".into();
    request["purpose"]["code"] = "criminal_proceedings".into();
    request["urgency"] = json!({ "level": "routine" });
    request["language"] = json!({ "original": "en" });
    let measure = &mut request["measures"][0];
    measure["article"] = "fictitious-records:3".into();
    measure["request_type"] = "record_extract".into();
    measure["records"] = json!(["criminal_record_extract"]);
    measure["subjects"] = json!([{
        "subject_ref": "S1",
        "role": "accused",
        "selector": { "kind": "person", "value": name, "birth_date": "1984-05-17" },
        "identity": { "sex": "female" },
    }]);
    for field in ["window", "custodian", "data_sought"] {
        measure.as_object_mut().unwrap().remove(field);
    }
    request
}

/// Sends a request about somebody; the case.
async fn sent(stage: &Stage, name: &str) -> String {
    let file = stage.pair.fr.dir.join("request.json");
    let from = file.to_str().unwrap();
    fs::write(&file, request(&papers::any_case(), name).to_string()).unwrap();
    let drafted = stage.desk(Side::Fr, &["request", "new", "--to", "JP:central", "--from", from]).await.done();
    let case = drafted["case"].as_str().unwrap().to_owned();
    fs::write(&file, request(&case, name).to_string()).unwrap();
    stage.desk(Side::Fr, &["request", "edit", &case, "--from", from]).await.done();
    stage.desk(Side::Fr, &["request", "validate", &case, "--as", "judicial/officer-1", "--role", "judge"]).await.done();
    for officer in ["central/officer-1", "central/officer-2"] {
        stage.desk(Side::Fr, &["request", "send", &case, "--as", officer]).await.done();
    }
    case
}

async fn is_at(stage: &Stage, side: Side, case: &str, state: &str) {
    until(&format!("{side:?} sees {state}"), 25, async || {
        let shown = stage.show(side, case).await?;
        (shown["summary"]["state"] == state).then_some(())
    })
    .await;
}

async fn responder(stage: &Stage) -> Value {
    stage.desk(Side::Jp, &["responder", "list"]).await.done()["responders"][0].clone()
}

async fn authorise(stage: &Stage, officer: &str) -> Value {
    stage.desk(Side::Jp, &["responder", "authorise", "records", "--as", officer]).await.done()
}

#[tokio::test]
async fn a_register_answers_for_whom_two_officers_stand_and_homonyms_and_changed_files_are_left_to_humans() {
    bounded(async {
        let address = register().await;
        let stage = Stage::open_prepared(async |base, states| prepare(base, states, address)).await;
        stage.desk(Side::Jp, &["responder", "check"]).await.done();
        let first = sent(&stage, "MOREL Lucie'); DROP TABLE person;--").await;
        is_at(&stage, Side::Jp, &first, "DELIVERED").await;
        assert_eq!(authorise(&stage, "central/officer-1").await["signatures_missing"], 1);
        assert_eq!(authorise(&stage, "central/officer-1").await["signatures_missing"], 1, "the same officer again");
        assert_eq!(responder(&stage).await["standing"], "waiting_for_signature");
        assert_eq!(authorise(&stage, "central/officer-2").await["standing"], "answering");

        is_at(&stage, Side::Fr, &first, "PRODUCED").await;
        let shown = stage.show(Side::Fr, &first).await.unwrap();
        let steps: Vec<&str> =
            shown["timeline"].as_array().unwrap().iter().map(|entry| entry["step"].as_str().unwrap()).collect();
        assert_eq!(steps, ["open_group", "seal_send", "answer"]);
        assert_eq!(responder(&stage).await["today"]["answered"], 1);

        let twice = sent(&stage, HOMONYM).await;
        until("the homonym is left to officers", 25, async || {
            (responder(&stage).await["today"]["several_matches"] == 1).then_some(())
        })
        .await;
        is_at(&stage, Side::Jp, &twice, "DELIVERED").await;

        let file = stage.pair.jp.desk_dir("central").join("responder/records.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("per_day = 10", "per_day = 1000")).unwrap();
        assert_eq!(responder(&stage).await["standing"], "changed");
        let third = sent(&stage, "MOREL Lucie").await;
        is_at(&stage, Side::Jp, &third, "DELIVERED").await;
        let stop = ["responder", "stop", "records", "--as", "central/officer-2"];
        assert_eq!(stage.desk(Side::Jp, &stop).await.done()["standing"], "stopped");
        fs::write(&file, text).unwrap();
        assert_eq!(
            responder(&stage).await["standing"],
            "stopped",
            "the old text does not bring the old signatures back"
        );
        assert_eq!(responder(&stage).await["today"]["answered"], 1);
        is_at(&stage, Side::Jp, &third, "DELIVERED").await;
    })
    .await;
}
