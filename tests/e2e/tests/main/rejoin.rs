//! Desks that were restored from old backups: both of one case at once, one from before its case began, and one that was taken out meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::{Answer, program, run},
    stage::{Side, Stage, Victim},
    transfer::{Third, database, sees, sitting},
    until,
};

const BOTH: [Victim; 2] = [Victim::JpDesk, Victim::FrDesk];

fn folders(stage: &Stage) -> [PathBuf; 2] {
    [&stage.pair.jp, &stage.pair.fr].map(|state| state.desk_dir("central"))
}

fn copied(from: &Path, to: &Path) {
    for file in database(from) {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

fn put_back(backup: &Path, dir: &Path) {
    database(dir).iter().for_each(|file| fs::remove_file(file).unwrap());
    copied(backup, dir);
}

/// Backups of both central desks, made while they stand still.
async fn backed_up(stage: &mut Stage) -> [TempDir; 2] {
    BOTH.into_iter().for_each(|desk| stage.strike(desk));
    let backups = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (dir, backup) in folders(stage).iter().zip(&backups) {
        copied(dir, backup.path());
    }
    for desk in BOTH {
        stage.mend(desk).await;
    }
    backups
}

/// Puts both backups back.
async fn restored(stage: &mut Stage, backups: &[TempDir; 2]) {
    BOTH.into_iter().for_each(|desk| stage.strike(desk));
    for (dir, backup) in folders(stage).iter().zip(backups) {
        put_back(backup.path(), dir);
    }
    for desk in BOTH {
        stage.mend(desk).await;
    }
}

#[tokio::test]
async fn where_every_desk_of_a_case_lost_its_keys_the_case_ends_says_so_and_another_follows_it() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let backups = backed_up(&mut play.stage).await;
        play.act(&ACTS[4]).await;
        restored(&mut play.stage, &backups).await;
        let case = play.case.clone();
        for side in [Side::Jp, Side::Fr] {
            let shown = until("the desk says that nobody holds the keys", 40, async || {
                let shown = play.stage.show(side, &case).await?;
                let trouble = shown["summary"]["trouble"].as_str()?;
                trouble.contains("every desk of the case has lost its keys").then_some(shown)
            })
            .await;
            // Nothing that was done is lost: it is told from the entries, which both gateways hold.
            assert!(shown["timeline"].as_array().unwrap().iter().any(|one| one["step"] == "recognise"), "{shown}");
        }
        let refused = play.stage.desk(Side::Jp, &["withdraw", &case, "--as", "central/officer-1"]).await.failed(5);
        assert!(refused.contains("in a new case that follows it"), "{refused}");
        // They stop asking: there is nobody to ask.
        let quiet = || async {
            let shown = play.stage.show(Side::Jp, &case).await.unwrap();
            shown["timeline"].as_array().unwrap().len()
        };
        let before = quiet().await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert_eq!(quiet().await, before);
    })
    .await;
}

#[tokio::test]
async fn a_case_that_was_opened_after_the_backup_comes_back_and_goes_on() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        let (dir, backup) = (play.stage.pair.jp.desk_dir("central"), tempfile::tempdir().unwrap());
        play.stage.strike(Victim::JpDesk);
        copied(&dir, backup.path());
        play.stage.mend(Victim::JpDesk).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        play.stage.strike(Victim::JpDesk);
        put_back(backup.path(), &dir);
        play.stage.mend(Victim::JpDesk).await;
        let case = play.case.clone();
        until("the desk has the case, and is taken in anew", 40, async || {
            let answer = play.stage.desk(Side::Jp, &["group", "show", &case]).await;
            let group = (answer.code == 0).then(|| answer.done())?;
            let seats = group["seats"].as_array().unwrap().iter().filter(|one| one["authority"] == "JP:central");
            (seats.count() == 2 && sitting(&group).len() == 2).then_some(())
        })
        .await;
        let shown = play.stage.show(Side::Jp, &case).await.unwrap();
        assert_eq!(shown["summary"]["state"], "DELIVERED", "{shown}");
        let steps: Vec<_> = shown["timeline"].as_array().unwrap().iter().map(|one| one["step"].clone()).collect();
        assert_eq!(steps[..2], ["open_group", "seal_send"], "{shown}");
        // It cannot read the request that it sent, so that it cannot take what came into use. All else it can.
        for act in &ACTS[3..9] {
            play.act(act).await;
        }
    })
    .await;
}

async fn at_the_court(stage: &Stage, arguments: &[&str]) -> Answer {
    let dir = stage.pair.jp.desk_dir("judicial");
    run(&program("desk"), &[&["--dir", dir.to_str().unwrap(), "--output", "json"], arguments].concat()).await
}

/// What the court's desk shows of the case, once it is so.
async fn the_court_sees(stage: &Stage, case: &str, what: &str, so: impl Fn(&Value) -> bool) -> Value {
    until(what, 40, async || {
        let answer = at_the_court(stage, &["case", "show", case]).await;
        (answer.code == 0).then(|| answer.done()).filter(|shown| so(shown))
    })
    .await
}

fn records(shown: &Value) -> Vec<&Value> {
    let all = shown["documents"].as_array().unwrap().iter();
    all.filter(|one| one["record_type"] == "subscriber_info" || one["destroyed"] == true).collect()
}

#[tokio::test]
async fn a_desk_that_is_taken_out_while_it_has_no_keys_destroys_what_its_backup_brought_back() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let (stage, case) = (&play.stage, play.case.as_str());
        let serve = async || stage.pair.jp.serve_desk("judicial").ready().await;
        let mut court = serve().await;
        until("the court's desk has laid its invitations ready", 20, async || {
            let status = at_the_court(stage, &["status"]).await.done();
            (status["key_packages_available"] != 0).then_some(())
        })
        .await;
        stage.desk(Side::Jp, &["group", "add", case, "--authority", "JP:judicial"]).await.done();
        for act in &ACTS[3..7] {
            play.act(act).await;
        }
        let state = |wanted: &'static str| move |shown: &Value| shown["summary"]["state"] == wanted;
        let shown = the_court_sees(stage, case, "the court has the records", state("PRODUCED")).await;
        assert!(records(&shown).iter().any(|one| one["destroyed"] != true), "{shown}");

        let (dir, backup) = (stage.pair.jp.desk_dir("judicial"), tempfile::tempdir().unwrap());
        court.kill();
        copied(&dir, backup.path());
        court = serve().await;
        play.act(&ACTS[7]).await;
        play.act(&ACTS[8]).await;
        the_court_sees(stage, case, "the court is as new as the others", state("EXECUTED")).await;
        court.kill();
        put_back(backup.path(), &dir);
        for officer in ["central/officer-1", "central/officer-2"] {
            let words = ["group", "remove", case, "--authority", "JP:judicial", "--as", officer];
            stage.desk(Side::Jp, &words).await.done();
        }
        let court = serve().await;
        let gone = |shown: &Value| {
            let records = records(shown);
            !records.is_empty() && records.iter().all(|one| one["destroyed"] == true)
        };
        the_court_sees(stage, case, "the records that came back are destroyed", gone).await;
        let status = at_the_court(stage, &["status"]).await.done();
        assert_eq!(status["cases_without_keys"], json!([]), "it asks no more: {status}");
        drop(court);
    })
    .await;
}

#[tokio::test]
async fn a_sibling_desk_takes_a_restored_one_in_anew_where_the_addressed_desk_does_not_answer() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let case = play.case.clone();
        let third = Third::open(&play.stage, "executing").await;
        play.stage.desk(Side::Fr, &["group", "add", &case, "--authority", "FR:executing"]).await.done();
        third.sees(&play.stage, &case, "DELIVERED").await;
        sees(&play.stage, Side::Jp, &case, "DELIVERED").await;
        let dir = play.stage.pair.fr.desk_dir("central");
        let backup = tempfile::tempdir().unwrap();
        play.stage.strike(Victim::FrDesk);
        copied(&dir, backup.path());
        play.stage.mend(Victim::FrDesk).await;
        play.act(&ACTS[3]).await;
        third.sees(&play.stage, &case, "ACKED").await;

        // The desk that FR's asks is away for longer than its sibling waits.
        play.stage.strike(Victim::JpDesk);
        play.stage.strike(Victim::FrDesk);
        database(&dir).iter().for_each(|file| fs::remove_file(file).unwrap());
        copied(backup.path(), &dir);
        play.stage.mend(Victim::FrDesk).await;
        let group = until("its sibling takes the restored desk in anew", 80, async || {
            let answer = play.stage.desk(Side::Fr, &["group", "show", &case]).await;
            let group = (answer.code == 0).then(|| answer.done())?;
            let seats = group["seats"].as_array().unwrap().iter().filter(|seat| seat["authority"] == "FR:central");
            (seats.count() == 2 && sitting(&group).contains(&"FR:central")).then_some(group)
        })
        .await;
        assert_eq!(sitting(&group).len(), 3, "{group}");
        let shown = third.show(&play.stage, &case).await.unwrap();
        let entries = shown["timeline"].as_array().unwrap();
        let by = |step: &str| -> Vec<Value> {
            entries.iter().filter(|one| one["step"] == step).map(|one| one["sender"].clone()).collect()
        };
        assert_eq!(by("ask_rejoin"), ["FR:central"], "{shown}");
        assert_eq!(by("change_group").last().unwrap(), "FR:executing", "{shown}");

        // The one that was away follows, and the case goes on.
        play.stage.mend(Victim::JpDesk).await;
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
        third.sees(&play.stage, &case, "RECEIVED").await;
    })
    .await;
}
