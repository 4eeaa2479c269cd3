//! What a treaty says of answers, at real desks: consultation before a refusal, and use for what records were given only.

use serde_json::Value;

use crate::{
    bounded,
    play::{ACTS, Play},
    stage::{Side, Stage},
};

/// A case after so many acts.
async fn after(acts: usize) -> Play {
    let play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..acts] {
        play.act(act).await;
    }
    play
}

impl Play {
    async fn fails(&self, side: Side, arguments: &[&str], code: &str) {
        let answer = self.stage.desk(side, arguments).await;
        assert_eq!(answer.code, 5, "{}\n{}{}", answer.line, answer.out, answer.err);
        assert!(answer.err.contains(code), "{}", answer.err);
    }

    /// Waits until the case is in a state at a desk.
    async fn comes_to(&self, side: Side, state: &str) -> Value {
        crate::until(state, 20, async || {
            let shown = self.stage.show(side, &self.case).await?;
            (shown["summary"]["state"] == state).then_some(shown)
        })
        .await
    }
}

#[tokio::test]
async fn records_are_opened_for_the_named_proceeding_only_and_each_opening_is_on_record() {
    bounded(async {
        let play = after(7).await;
        let folder = play.stage.pair.jp.dir.join("used");
        let show = ["case", "show", &play.case, "--documents", folder.to_str().unwrap(), "--officer", "Officer 1"];
        let with =
            |more: &[&'static str]| -> Vec<String> { show.iter().chain(more).map(|word| (*word).to_owned()).collect() };
        for more in [["--for-proceeding", "another file"], ["--for-purpose", "profiling"]] {
            let words = with(&more);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            play.fails(Side::Jp, &words, "R16").await;
        }
        let shown = play.stage.show(Side::Jp, &play.case).await.unwrap();
        assert_eq!(shown["openings"], serde_json::json!([]));
        play.stage.desk(Side::Jp, &show).await.done();
        let shown = play.stage.show(Side::Jp, &play.case).await.unwrap();
        let openings = shown["openings"].as_array().unwrap();
        assert_eq!(openings.len(), 2, "{shown}");
        assert!(openings.iter().all(|one| one["officer"] == "Officer 1" && one["purpose"] == "criminal_investigation"));
    })
    .await;
}

#[tokio::test]
async fn a_consultation_is_opened_and_held_before_a_refusal_and_a_gateways_code_is_no_ground() {
    bounded(async {
        let play = after(4).await;
        let case = play.case.clone();
        let officer = |number: u8| format!("central/officer-{number}");
        let (one, two) = (officer(1), officer(2));
        play.fails(Side::Fr, &["refuse", &case, "--as", &one, "--ground", "R92"], "R94").await;
        play.comes_to(Side::Fr, "ACKED").await;
        play.stage.desk(Side::Fr, &["consult", &case, "--as", &one, "--text", "May we narrow it?"]).await.done();
        play.comes_to(Side::Jp, "CONSULT").await;
        play.stage.desk(Side::Jp, &["consulted", &case, "--as", &one, "--text", "Held by video."]).await.done();
        play.comes_to(Side::Fr, "REVIEW").await;
        let refuse = |officer: &str| -> Vec<String> {
            ["refuse", &case, "--as", officer, "--ground", "R02", "--text", "no"].map(ToOwned::to_owned).to_vec()
        };
        for officer in [&one, &two] {
            let words = refuse(officer);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            play.stage.desk(Side::Fr, &words).await.done();
        }
        let shown = play.comes_to(Side::Jp, "REFUSED").await;
        let steps: Vec<_> = shown["timeline"].as_array().unwrap().iter().map(|one| one["step"].clone()).collect();
        assert!(steps.contains(&"consult".into()) && steps.contains(&"consult_done".into()), "{steps:?}");
    })
    .await;
}
