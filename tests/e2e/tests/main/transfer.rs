//! Who is in a case's group: another authority of the requested party comes in, acts, and goes out again.

use serde_json::Value;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::{Answer, program, run},
    running::Running,
    stage::{Side, Stage},
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

        stage.desk(Side::Fr, &["group", "remove", case, "--authority", "FR:executing"]).await.done();
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
