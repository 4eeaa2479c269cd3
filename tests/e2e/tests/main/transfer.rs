//! Who is in a case's group: another authority of the requested party comes in, acts, and goes out again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::{Answer, program, run},
    running::Running,
    stage::{Side, Stage, Victim},
    until,
};

/// A third desk of the case, that of another authority of FR.
pub(crate) struct Third {
    _desk: Running,
    name: &'static str,
}

impl Third {
    pub(crate) async fn open(stage: &Stage, name: &'static str) -> Self {
        let third = Self { _desk: stage.pair.fr.serve_desk(name).ready().await, name };
        until("the third desk knows the others", 20, async || {
            let status = third.run(stage, &["status"]).await.done();
            let knows = status["parties"].as_array().unwrap().iter().any(|party| party == "JP");
            (knows && status["key_packages_available"] != 0).then_some(())
        })
        .await;
        third
    }

    pub(crate) async fn run(&self, stage: &Stage, arguments: &[&str]) -> Answer {
        let dir = stage.pair.fr.desk_dir(self.name);
        run(&program("desk"), &[&["--dir", dir.to_str().unwrap(), "--output", "json"], arguments].concat()).await
    }

    pub(crate) async fn show(&self, stage: &Stage, case: &str) -> Option<Value> {
        let answer = self.run(stage, &["case", "show", case]).await;
        (answer.code == 0).then(|| answer.done())
    }

    /// Waits until the case stands somewhere at this desk.
    pub(crate) async fn sees(&self, stage: &Stage, case: &str, state: &str) -> Value {
        until(&format!("the third desk sees {state}"), 30, async || {
            self.show(stage, case).await.filter(|shown| shown["summary"]["state"] == state)
        })
        .await
    }
}

/// Waits until the case stands somewhere at the central desk of a side.
pub(crate) async fn sees(stage: &Stage, side: Side, case: &str, state: &str) -> Value {
    until(&format!("{side:?} sees {state}"), 30, async || {
        stage.show(side, case).await.filter(|shown| shown["summary"]["state"] == state)
    })
    .await
}

/// The authorities that sit, by the desk's own record.
pub(crate) fn sitting(group: &Value) -> Vec<&str> {
    let seats = group["seats"].as_array().unwrap().iter();
    seats.filter(|seat| seat["sits"] == true).map(|seat| seat["authority"].as_str().unwrap()).collect()
}

fn account(case: &Value) -> Vec<[String; 3]> {
    let entries = case["timeline"].as_array().unwrap().iter();
    entries.map(|entry| ["entry", "step", "verdict"].map(|key| entry[key].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn a_desk_that_comes_in_acts_and_one_that_has_left_reads_nothing_more() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let (stage, case) = (&play.stage, play.case.as_str());
        let third = Third::open(stage, "executing").await;
        stage.desk(Side::Fr, &["group", "add", case, "--authority", "FR:executing"]).await.done();
        // The new desk folds the same case from the same entries, although it cannot read what was sealed before.
        let shown = third.sees(stage, case, "DELIVERED").await;
        let central = sees(stage, Side::Fr, case, "DELIVERED").await;
        assert_eq!(account(&shown), account(&central));
        assert_eq!(shown["documents"].as_array().unwrap().len(), 0, "the request was sealed before");
        // It acts; its word goes to the requesting desk, and to the central desk of its own party.
        let words = ["acknowledge", case, "--as", "executing/officer-1", "--text", "we handle it"];
        third.run(stage, &words).await.done();
        for side in [Side::Jp, Side::Fr] {
            let shown = sees(stage, side, case, "ACKED").await;
            let acknowledged = shown["timeline"].as_array().unwrap().last().unwrap().clone();
            assert_eq!(
                (&acknowledged["sender"], &acknowledged["text"]),
                (&"FR:executing".into(), &"we handle it".into())
            );
        }
        play.act(&ACTS[4]).await;
        third.sees(stage, case, "ACCEPTED").await;
        for (side, who) in [(Side::Jp, "JP"), (Side::Fr, "FR")] {
            let group = stage.desk(side, &["group", "show", case]).await.done();
            assert_eq!(sitting(&group), ["JP:central", "FR:central", "FR:executing"], "{who}");
        }
        assert_eq!(third.run(stage, &["group", "show", case]).await.done()["seats"].as_array().unwrap().len(), 3);

        for officer in ["central/officer-1", "central/officer-2"] {
            let words = ["group", "remove", case, "--authority", "FR:executing", "--as", officer];
            stage.desk(Side::Fr, &words).await.done();
        }
        until("the third desk knows that it has left", 30, async || {
            let group = third.run(stage, &["group", "show", case]).await.done();
            (sitting(&group) == ["JP:central", "FR:central"]).then_some(())
        })
        .await;
        play.act(&ACTS[5]).await;
        play.act(&ACTS[6]).await;
        play.act(&ACTS[7]).await;
        // What came after is not there, and what it would do is refused.
        let left = third.show(stage, case).await.unwrap();
        assert_eq!(left["summary"]["state"], "ACCEPTED");
        let steps: Vec<_> = account(&left).into_iter().map(|[_, step, _]| step).collect();
        assert_eq!(steps.last().unwrap(), "change_group");
        let refused = third.run(stage, &["part-collected", case, "--as", "executing/officer-1"]).await;
        assert_eq!(refused.code, 5, "{}{}", refused.out, refused.err);
        let group = stage.desk(Side::Jp, &["group", "show", case]).await.done();
        let gone = group["seats"].as_array().unwrap().iter().find(|seat| seat["authority"] == "FR:executing").unwrap();
        assert_eq!((&gone["first_epoch"], &gone["last_epoch"]), (&2.into(), &2.into()), "{group}");
        for side in [Side::Jp, Side::Fr] {
            let renewed = stage.desk(side, &["group", "renew", case]).await.done();
            assert_eq!(renewed["readers"], serde_json::json!(["JP:central", "FR:central"]));
        }
        play.act(&ACTS[8]).await;
        // Whoever gets the case file reads who could read what, and from when on.
        for (side, name) in [(Side::Jp, "jp.zip"), (Side::Fr, "fr.zip")] {
            let told = play.readers(side, name).await;
            let of = |epoch: usize| told.iter().find(|line| line.starts_with(&format!("epoch {epoch} "))).unwrap();
            assert!(
                of(2).contains("JP:central, FR:central, FR:executing (certified by FR and JP), since 20"),
                "{told:?}"
            );
            assert!(of(2).contains("FR:executing came in; FR:central renewed its leaf"), "{told:?}");
            assert!(of(3).contains(": JP:central, FR:central (certified by FR and JP)"), "{told:?}");
            assert!(of(3).contains("FR:executing was taken out"), "{told:?}");
            assert!(of(4).ends_with(": JP:central renewed its leaf, and with it the secrets of all"), "{told:?}");
            assert!(of(5).ends_with(": FR:central renewed its leaf, and with it the secrets of all"), "{told:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_changes_of_one_epoch_both_happen_one_after_the_other() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let (stage, case) = (&play.stage, play.case.as_str());
        let _third = Third::open(stage, "executing").await;
        let judicial = stage.pair.jp.serve_desk("judicial").ready().await;
        until("the court's desk has laid its invitations ready", 20, async || {
            let dir = stage.pair.jp.desk_dir("judicial");
            let line = ["--dir", dir.to_str().unwrap(), "--output", "json", "status"];
            (run(&program("desk"), &line).await.done()["key_packages_available"] != 0).then_some(())
        })
        .await;
        let [of_jp, of_fr] =
            ["JP:judicial", "FR:executing"].map(|authority| ["group", "add", case, "--authority", authority]);
        let (jp, fr) = tokio::join!(stage.desk(Side::Jp, &of_jp), stage.desk(Side::Fr, &of_fr));
        assert!([0, 8].contains(&jp.code) && [0, 8].contains(&fr.code), "{}{}", jp.err, fr.err);
        for side in [Side::Jp, Side::Fr] {
            until("all four sit", 30, async || {
                let group = stage.desk(side, &["group", "show", case]).await.done();
                let mut sit = sitting(&group);
                sit.sort_unstable();
                (sit == ["FR:central", "FR:executing", "JP:central", "JP:judicial"]).then_some(())
            })
            .await;
        }
        play.act(&ACTS[3]).await;
        drop(judicial);
    })
    .await;
}

#[tokio::test]
async fn a_request_is_passed_to_the_competent_authority_although_its_desk_is_killed_meanwhile() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let case = play.case.clone();
        let third = Third::open(&play.stage, "executing").await;
        let words = ["forward", &case, "--to", "FR:executing", "--as", "central/officer-1", "--text", "It is theirs."];
        let stage = &mut play.stage;
        let dir = stage.pair.fr.desk_dir("central");
        let line = [&["--dir", dir.to_str().unwrap(), "--output", "json"], words.as_slice()].concat();
        let desk = program("desk");
        let strike = async {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            stage.strike(Victim::FrDesk);
            stage.mend(Victim::FrDesk).await;
        };
        let (first, ()) = tokio::join!(run(&desk, &line), strike);
        assert!([0, 6, 8].contains(&first.code), "{}{}", first.out, first.err);
        let stage = &play.stage;
        until("the request is transferred", 30, async || {
            let shown = stage.show(Side::Fr, &case).await?;
            if shown["summary"]["state"] != "TRANSFERRED" {
                stage.desk(Side::Fr, &words).await;
                return None;
            }
            Some(())
        })
        .await;
        let shown = sees(stage, Side::Jp, &case, "TRANSFERRED").await;
        let told = shown["timeline"].as_array().unwrap().last().unwrap();
        assert_eq!(told["text"], "FR:executing is the competent authority. It is theirs.");
        // The new desk reads the request that was sealed before it came: it came with the transfer, and proved itself.
        let shown = third.sees(stage, &case, "TRANSFERRED").await;
        let request = shown["documents"].as_array().unwrap().iter().find(|one| one["record_type"] == "request");
        let sent = stage.show(Side::Jp, &case).await.unwrap();
        let original =
            sent["documents"].as_array().unwrap().iter().find(|one| one["record_type"] == "request").unwrap();
        assert_eq!(request.unwrap_or_else(|| panic!("{shown}"))["sha256"], original["sha256"]);
        third.run(stage, &["acknowledge", &case, "--as", "executing/officer-1", "--text", "noted"]).await.done();
        sees(stage, Side::Fr, &case, "ACKED").await;
        for act in &ACTS[4..] {
            play.act(act).await;
        }
        third.sees(&play.stage, &case, "CLOSED").await;
    })
    .await;
}

/// The files of a desk's database.
pub(crate) fn database(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("desk.db")).collect()
}

#[tokio::test]
async fn a_desk_that_restores_an_old_backup_throws_its_keys_away_and_is_taken_in_anew() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let dir = play.stage.pair.fr.desk_dir("central");
        let backup = tempfile::tempdir().unwrap();
        play.stage.strike(Victim::FrDesk);
        for file in database(&dir) {
            fs::copy(&file, backup.path().join(file.file_name().unwrap())).unwrap();
        }
        play.stage.mend(Victim::FrDesk).await;
        play.act(&ACTS[4]).await;
        play.stage.strike(Victim::FrDesk);
        database(&dir).iter().for_each(|file| fs::remove_file(file).unwrap());
        for file in database(backup.path()) {
            fs::copy(&file, dir.join(file.file_name().unwrap())).unwrap();
        }
        play.stage.mend(Victim::FrDesk).await;
        let case = play.case.clone();
        let anew = ["JP:central", "FR:central", "FR:central"];
        for side in [Side::Fr, Side::Jp] {
            until("the desk is taken in anew", 40, async || {
                let answer = play.stage.desk(side, &["group", "show", &case]).await;
                let group = (answer.code == 0).then(|| answer.done())?;
                let seats: Vec<_> =
                    group["seats"].as_array().unwrap().iter().map(|one| one["authority"].clone()).collect();
                (seats == anew && sitting(&group).len() == 2).then_some(())
            })
            .await;
        }
        // What was lost is there, and said to be unreadable; nobody's seals were refused as used twice.
        let shown = sees(&play.stage, Side::Fr, &case, "ACCEPTED").await;
        let lost: Vec<_> = shown["timeline"].as_array().unwrap().iter().filter(|one| unread(one)).collect();
        assert!(lost.iter().any(|one| one["step"] == "recognise"), "{shown}");
        until("nothing is told to be without keys", 20, async || {
            let status = play.stage.desk(Side::Fr, &["status"]).await.done();
            (status["cases_without_keys"] == serde_json::json!([])).then_some(())
        })
        .await;
        for act in &ACTS[5..] {
            play.act(act).await;
        }
        let shown = sees(&play.stage, Side::Jp, &case, "CLOSED").await;
        let strange = |one: &&Value| unread(one) || one["text"].as_str().unwrap_or_default().contains("contradicts");
        assert_eq!(shown["timeline"].as_array().unwrap().iter().find(strange), None, "{shown}");
    })
    .await;
}

fn unread(entry: &Value) -> bool {
    entry["text"].as_str().unwrap_or_default().starts_with("cannot be read here")
}
