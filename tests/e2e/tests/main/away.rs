//! Desks that were away for longer than a leaf lives. A month goes by for everybody: the clocks of all machines are set ahead.

use crate::{
    bounded,
    play::{ACTS, Play},
    renewal::{changes, in_place, renew},
    skew::shim,
    stage::{Side, Stage, Victim},
    transfer::{Third, sitting},
    until,
};

const MONTH_S: i64 = 29 * 24 * 3600;
const ALL: [Victim; 4] = [Victim::JpGateway, Victim::FrGateway, Victim::FrDesk, Victim::JpDesk];

/// Lets a month go by, after which everything stands still.
fn month_goes_by(stage: &mut Stage) {
    ALL.into_iter().for_each(|victim| stage.strike(victim));
    let clock = shim(&stage.pair.jp.dir);
    for side in [Side::Jp, Side::Fr] {
        stage.set_clocks(side, &clock, MONTH_S);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_was_away_past_the_end_of_leaves_comes_back_follows_its_case_and_renews_its_own() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        play.stage.strike(Victim::JpDesk);
        renew(&play.stage, Side::Fr).await;
        in_place(&play, Side::Fr, "FR:central", 1).await;
        month_goes_by(&mut play.stage);
        for victim in ALL {
            play.stage.mend(victim).await;
        }
        // The leaf in that commit has ended since, and so has its own.
        in_place(&play, Side::Jp, "FR:central", 1).await;
        for side in [Side::Jp, Side::Fr] {
            let status = play.stage.desk(side, &["status"]).await.done();
            let told = status["problems"].to_string();
            assert!(told.contains("the certificate for leaf in cases' groups ended at"), "{status}");
            let shown = play.stage.show(side, &play.case).await.unwrap();
            assert_eq!(shown["summary"]["trouble"], "", "{shown}");
        }
        for (side, desk, times) in [(Side::Fr, "FR:central", 2), (Side::Jp, "JP:central", 1)] {
            renew(&play.stage, side).await;
            in_place(&play, side, desk, times).await;
        }
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_for_which_an_invitation_came_too_late_to_be_followed_is_taken_in_anew() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        play.stage.strike(Victim::JpDesk);
        let third = Third::open(&play.stage, "executing").await;
        play.stage.desk(Side::Fr, &["group", "add", &play.case, "--authority", "FR:executing"]).await.done();
        third.sees(&play.stage, &play.case, "ACKED").await;
        // Nobody comes in where a member's leaf has ended.
        for officer in ["central/officer-1", "central/officer-2"] {
            let words = ["group", "remove", &play.case, "--authority", "FR:executing", "--as", officer];
            play.stage.desk(Side::Fr, &words).await.done();
        }
        until("the third desk has left", 30, async || {
            let group = third.run(&play.stage, &["group", "show", &play.case]).await.done();
            (!sitting(&group).contains(&"FR:executing")).then_some(())
        })
        .await;
        drop(third);
        month_goes_by(&mut play.stage);
        for victim in &ALL[..3] {
            play.stage.mend(*victim).await;
        }
        for side in [Side::Fr, Side::Jp] {
            renew(&play.stage, side).await;
        }
        in_place(&play, Side::Fr, "FR:central", 3).await;
        play.stage.mend(Victim::JpDesk).await;
        until("JP's desk is taken in anew", 60, async || {
            let [ours, theirs] =
                [play.stage.show(Side::Jp, &play.case).await?, play.stage.show(Side::Fr, &play.case).await?];
            // FR's commits: its newest leaf, the third desk in and out, and JP's desk anew.
            let taken_in = [&ours, &theirs].iter().all(|shown| changes(shown, "FR:central") == 4);
            let status = play.stage.desk(Side::Jp, &["status"]).await.done();
            let whole = status["cases_without_keys"].as_array()?.is_empty() && ours["summary"]["trouble"] == "";
            (taken_in && whole).then_some(())
        })
        .await;
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
    })
    .await;
}
