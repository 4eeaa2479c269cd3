//! What is destroyed stays destroyed: records that were not taken, and records that a restored database would bring back.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    bounded,
    papers::SECRETS,
    play::{ACTS, Play},
    stage::{Side, Stage, Victim},
    transfer::{database, sees},
    until,
};

/// A case of which so many acts were done.
async fn after(acts: usize) -> Play {
    let play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..acts] {
        play.act(act).await;
    }
    play
}

/// Whether each of the records is shown, and shown as destroyed.
fn destroyed(shown: &Value) -> bool {
    let named = |one: &&Value| one["record_type"] == "subscriber_info" || one["record_type"] == "traffic_data";
    let records: Vec<_> = shown["documents"].as_array().unwrap().iter().filter(named).collect();
    !records.is_empty() && records.iter().all(|one| one["destroyed"] == true)
}

/// Whether a file in the folder holds what only the records told.
fn told(folder: &Path) -> bool {
    let files = fs::read_dir(folder).into_iter().flatten();
    files.into_iter().any(|file| fs::read_to_string(file.unwrap().path()).unwrap().contains(SECRETS[3]))
}

#[tokio::test]
async fn records_that_are_rejected_are_destroyed_with_the_rejection_and_the_case_goes_on() {
    bounded(async {
        let play = after(7).await;
        let (stage, case) = (&play.stage, play.case.as_str());
        for officer in 1..=2 {
            let officer = format!("central/officer-{officer}");
            let words =
                ["reject", case, "--as", &officer, "--flaw", "wrong_subject", "--text", "This is somebody else."];
            sees(stage, Side::Jp, case, "PRODUCED").await;
            stage.desk(Side::Jp, &words).await.done();
        }
        sees(stage, Side::Fr, case, "READY").await;
        let shown = sees(stage, Side::Jp, case, "READY").await;
        assert!(destroyed(&shown), "{shown}");
        let folder = stage.pair.jp.dir.join("rejected");
        let into = folder.to_str().unwrap();
        stage.desk(Side::Jp, &["case", "show", case, "--documents", into, "--as", "central/officer-1"]).await.done();
        assert!(!told(&folder));
        // Who made them has them still, and makes the release anew.
        for act in &ACTS[5..] {
            play.act(act).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_database_from_before_a_certificate_opens_nothing_that_the_certificate_says_is_gone() {
    bounded(async {
        let mut play = after(10).await;
        let dir = play.stage.pair.jp.desk_dir("central");
        let backup = tempfile::tempdir().unwrap();
        play.stage.strike(Victim::JpDesk);
        for file in database(&dir) {
            fs::copy(&file, backup.path().join(file.file_name().unwrap())).unwrap();
        }
        play.stage.mend(Victim::JpDesk).await;
        for act in &ACTS[10..13] {
            play.act(act).await;
        }
        play.stage.strike(Victim::JpDesk);
        database(&dir).iter().for_each(|file| fs::remove_file(file).unwrap());
        for file in database(backup.path()) {
            fs::copy(&file, dir.join(file.file_name().unwrap())).unwrap();
        }
        play.stage.mend(Victim::JpDesk).await;
        let case = play.case.clone();
        let folder = play.stage.pair.jp.dir.join("restored");
        let show = ["case", "show", &case, "--documents", folder.to_str().unwrap(), "--as", "central/officer-1"];
        until("the desk has destroyed anew what came back with the backup", 40, async || {
            // From the first moment on it opens no record.
            play.stage.desk(Side::Jp, &show).await;
            assert!(!told(&folder), "a record was opened that two custodians had certified to be gone");
            play.stage.show(Side::Jp, &case).await.filter(destroyed)
        })
        .await;
        play.stage.desk(Side::Jp, &show).await.done();
        assert!(!told(&folder));
    })
    .await;
}
