//! What cannot be taken yet waits with its case, and every other case goes on; what was signed once is held against the directories of then.

use std::{fs, path::Path};

use identity::SigningKey;

use crate::{
    bounded, papers,
    play::{ACTS, Play},
    programs::run,
    stage::{Side, Stage, Victim},
    transfer::{Third, sees},
    until,
};

/// Turns one bit of the newest entry of a case in a gateway's database; turned twice it is as it was.
const SPOIL: &str = "
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20)
case = sys.argv[2].replace('-', '').upper()
found = db.execute('SELECT id, wire FROM entry WHERE hex(case_id) = ? AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1', (case,)).fetchone()
wire = bytearray(found[1])
wire[-1] ^= 1
db.execute('UPDATE entry SET wire = ? WHERE id = ?', (bytes(wire), found[0]))
db.commit()
print('{}')
";

/// The newest directory of JP that a gateway keeps.
const NEWEST: &str = "
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20)
print(json.dumps({'version': db.execute(\"SELECT max(version) FROM directory WHERE party = 'JP'\").fetchone()[0]}))
";

async fn spoil(stage: &Stage, case: &str) {
    let database = stage.pair.fr.gateway_dir().join("gateway.db");
    run(Path::new("python3"), &["-c", SPOIL, database.to_str().unwrap(), case]).await.done();
}

/// Another request of JP, sent.
async fn another(stage: &Stage) -> String {
    let file = stage.pair.jp.dir.join("another.json");
    fs::write(&file, papers::request(&papers::any_case()).to_string()).unwrap();
    let from = file.to_str().unwrap();
    let new = ["request", "new", "--to", "FR:central", "--type", "stored_data", "--from", from];
    let case = stage.desk(Side::Jp, &new).await.done()["case"].as_str().unwrap().to_owned();
    fs::write(&file, papers::request(&case).to_string()).unwrap();
    stage.desk(Side::Jp, &["request", "edit", &case, "--from", from]).await.done();
    sent(stage, &case).await;
    case
}

async fn sent(stage: &Stage, case: &str) {
    let validate = ["request", "validate", case, "--as", "judicial/officer-1", "--role", "judge"];
    stage.desk(Side::Jp, &validate).await.done();
    for officer in ["central/officer-1", "central/officer-2"] {
        stage.desk(Side::Jp, &["request", "send", case, "--as", officer]).await.done();
    }
}

#[tokio::test]
async fn an_entry_that_does_not_verify_waits_with_its_case_and_every_other_case_goes_on() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        play.stage.strike(Victim::FrDesk);
        let first = play.case.clone();
        sent(&play.stage, &first).await;
        spoil(&play.stage, &first).await;
        let second = another(&play.stage).await;
        play.stage.mend(Victim::FrDesk).await;

        sees(&play.stage, Side::Fr, &second, "DELIVERED").await;
        let shown = play.stage.show(Side::Fr, &first).await.unwrap();
        assert_ne!(shown["summary"]["state"], "DELIVERED", "{shown}");
        let why = shown["summary"]["trouble"].as_str().unwrap();
        assert!(why.contains("wait since") && why.contains("R95"), "{why}");
        let status = play.stage.desk(Side::Fr, &["status"]).await.done();
        assert!(status["parked"][0].as_str().unwrap().starts_with(&first), "{status}");
        assert_eq!(status["gateway_reachable"], true, "the stream itself goes on: {status}");
        // It waits across a restart, too, and is taken when it is mended.
        play.stage.strike(Victim::FrDesk);
        play.stage.mend(Victim::FrDesk).await;
        let third = another(&play.stage).await;
        sees(&play.stage, Side::Fr, &third, "DELIVERED").await;
        spoil(&play.stage, &first).await;
        sees(&play.stage, Side::Fr, &first, "DELIVERED").await;
        play.act(&ACTS[3]).await;
        let status = play.stage.desk(Side::Fr, &["status"]).await.done();
        assert_eq!(status["parked"], serde_json::json!([]), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_desk_that_comes_in_later_holds_old_entries_against_the_directories_of_their_day() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let case = play.case.clone();
        // One of the officers who signed the request leaves JP's central authority; its signature stands.
        play.stage.strike(Victim::JpGateway);
        play.stage.pair.jp.publish(|directory| {
            let central = directory.authorities.iter_mut().find(|one| one.id.name() == "central").unwrap();
            central.officers.retain(|officer| !officer.pseudonym.ends_with('2'));
            assert_eq!(central.officers.len(), 1, "{:?}", central.officers);
        });
        play.stage.mend(Victim::JpGateway).await;
        let stage = &play.stage;
        let third = Third::open(stage, "executing").await;
        until("FR knows JP's new directory", 20, async || {
            let kept = fs::read_to_string(stage.pair.fr.desk_dir("executing").join("directories.json")).ok()?;
            kept.contains("version = 3").then_some(())
        })
        .await;
        stage.desk(Side::Fr, &["group", "add", &case, "--authority", "FR:executing"]).await.done();
        let shown = third.sees(stage, &case, "DELIVERED").await;
        assert_eq!(shown["timeline"].as_array().unwrap().len(), 3, "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_body_is_held_against_the_key_that_its_desk_had_when_it_was_sent() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        play.stage.strike(Victim::FrDesk);
        let case = play.case.clone();
        sent(&play.stage, &case).await;
        // While it lies ready, the desk that sent it gets another key.
        play.stage.strike(Victim::JpGateway);
        play.stage.pair.jp.publish(|directory| {
            let central = directory.authorities.iter_mut().find(|one| one.id.name() == "central").unwrap();
            central.desk_key = SigningKey::generate().unwrap().verifying_key();
        });
        play.stage.mend(Victim::JpGateway).await;
        let stage = &mut play.stage;
        until("FR's gateway knows JP's new directory", 20, async || {
            let database = stage.pair.fr.gateway_dir().join("gateway.db");
            let told = run(Path::new("python3"), &["-c", NEWEST, database.to_str().unwrap()]).await.done();
            (told["version"] == 3).then_some(())
        })
        .await;
        stage.mend(Victim::FrDesk).await;
        sees(stage, Side::Fr, &case, "DELIVERED").await;
        let shown = stage.show(Side::Fr, &case).await.unwrap();
        assert_eq!(shown["summary"]["trouble"], "", "{shown}");
        assert!(shown["timeline"].as_array().unwrap().iter().all(|one| one["step"] != "violation"), "{shown}");
    })
    .await;
}
