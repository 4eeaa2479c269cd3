//! What the law wants of a step, at real desks: reasons of who sends a draft back, a validator for what is asked beyond the request, the
//! order of a court, and a correction for records that are not taken.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded,
    life::comes_to,
    play::{ACTS, Play},
    stage::{Side, Stage},
};

async fn after(acts: usize) -> Play {
    let play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..acts] {
        play.act(act).await;
    }
    play
}

impl Play {
    /// Runs a command; `CASE` and `DIR` are filled in, and `~` is a blank.
    async fn runs(&self, side: Side, words: &str) -> crate::programs::Answer {
        let folder = self.stage.pair.jp.dir.display().to_string();
        let fill = |word: &str| word.replace("CASE", &self.case).replace("DIR", &folder).replace('~', " ");
        let words: Vec<String> = words.split(' ').map(fill).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.stage.desk(side, &words).await
    }

    async fn done(&self, side: Side, words: &str) -> Value {
        self.runs(side, words).await.done()
    }

    async fn refused(&self, side: Side, words: &str, told: &str) {
        let answer = self.runs(side, words).await;
        assert_ne!(answer.code, 0, "{}\n{}", answer.line, answer.out);
        assert!(answer.err.contains(told), "{told}: {}", answer.err);
    }
}

#[tokio::test]
async fn a_draft_that_is_sent_back_keeps_by_whom_and_why_and_is_validated_anew() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let back = "request send-back CASE --as judicial/officer-1 --role judge --reasons";
        play.refused(Side::Jp, &format!("{back} ~"), "why").await;
        play.refused(Side::Jp, "request send-back CASE --as central/officer-1 --role judge --reasons x", "R93").await;
        play.done(Side::Jp, &format!("{back} Narrow~the~window.")).await;
        let shown = play.done(Side::Jp, "case show CASE").await;
        assert_eq!(shown["summary"]["state"], "DRAFT");
        let why = |shown: &Value| -> Vec<String> {
            shown["sent_back"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["reasons"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(why(&shown), ["Narrow the window."]);
        assert_eq!(
            (&shown["sent_back"][0]["role"], &shown["sent_back"][0]["authority"]),
            (&json!("judge"), &json!("JP:judicial"))
        );
        let listed = play.done(Side::Jp, "request list").await;
        assert_eq!(listed["drafts"][0]["sent_back_ms"], shown["sent_back"][0]["at_ms"]);
        // What was validated is sent back by an officer, and is validated no more.
        play.done(Side::Jp, "request validate CASE --as judicial/officer-1 --role judge").await;
        play.refused(Side::Jp, &format!("{back} no"), "R93").await;
        play.done(Side::Jp, "request send-back CASE --as central/officer-1 --role officer --reasons Facts~changed.")
            .await;
        play.refused(Side::Jp, "request send CASE --as central/officer-1", "R94").await;
        play.done(Side::Jp, "request edit CASE --from DIR/request.json").await;
        let shown = play.done(Side::Jp, "case show CASE").await;
        assert_eq!(why(&shown), ["Narrow the window.", "Facts changed."], "an edit keeps them");
        play.done(Side::Jp, "request validate CASE --as judicial/officer-1 --role judge").await;
        play.done(Side::Jp, "request send CASE --as central/officer-1").await;
        play.done(Side::Jp, "request send CASE --as central/officer-2").await;
        comes_to(&play.stage, &play.case, "DELIVERED").await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_asks_for_more_waits_for_a_judge_and_a_grant_names_the_order_of_a_court() {
    bounded(async {
        let play = after(4).await;
        let (stage, case) = (&play.stage, &play.case);
        play.done(Side::Fr, "review CASE --as central/officer-1").await;
        comes_to(stage, case, "REVIEW").await;
        play.done(Side::Fr, "ask-info CASE --as central/officer-1 --text which?").await;
        comes_to(stage, case, "INFO_WAIT").await;
        let more = json!({
            "answers": [{ "number": 1, "text": "The second mailbox, too." }],
            "scope_grows": true,
            "validation": { "authority": "JP:judicial", "role": "judge", "decision_reference": "R8-(wa)-12", "decided_on": "2026-11-20" },
        });
        fs::write(stage.pair.jp.dir.join("more.json"), more.to_string()).unwrap();
        let answer = "give-info CASE --as central/officer-1 --answers DIR/more.json";
        let one = play.done(Side::Jp, answer).await;
        assert_eq!(one["signatures_missing"], 1, "{one}");
        play.refused(Side::Jp, "give-info CASE --as central/officer-2", "R93").await;
        play.done(Side::Jp, "give-info CASE --as judicial/officer-1 --role judge").await;
        comes_to(stage, case, "REVIEW").await;
        let order = "--order-authority Tribunal~judiciaire~de~Paris --order-number 26/113 --order-day 2026-11-21";
        play.done(Side::Fr, &format!("accept CASE --as central/officer-1 --text granted {order}")).await;
        comes_to(stage, case, "ACCEPTED").await;
        let folder = stage.pair.jp.dir.join("opened");
        let show = ["case", "show", case, "--documents", folder.to_str().unwrap()];
        stage.desk(Side::Jp, &show).await.done();
        let decision = fs::read_dir(&folder).unwrap().filter_map(Result::ok);
        let decision = decision.map(|one| one.path()).find(|path| path.to_string_lossy().ends_with("decision.json"));
        let decision: Value = serde_json::from_slice(&fs::read(decision.unwrap()).unwrap()).unwrap();
        assert_eq!(decision["order"]["number"], "26/113");
    })
    .await;
}

#[tokio::test]
async fn records_that_are_not_taken_are_a_correction_on_the_list_of_both_sides() {
    bounded(async {
        let play = after(7).await;
        let (stage, case) = (&play.stage, &play.case);
        let reject = "--flaw wrong_value --text The~hash~differs.";
        play.done(Side::Jp, &format!("reject CASE --as central/officer-1 {reject}")).await;
        play.done(Side::Jp, &format!("reject CASE --as central/officer-2 {reject}")).await;
        for shown in comes_to(stage, case, "READY").await {
            let matter = &shown["matters"][0];
            assert_eq!((&matter["kind"], &matter["state"]), (&json!("correction"), &json!("REPORTED")), "{shown}");
        }
        play.done(Side::Fr, "correct triage CASE --as central/officer-1 --flaw wrong_value --text A~typing~error.")
            .await;
        let closed = |shown: &Value| shown["matters"][0]["state"] == "TRIAGED";
        crate::until("triaged", 20, async || stage.show(Side::Jp, case).await.filter(closed)).await;
        for act in &ACTS[5..8] {
            play.act(act).await;
        }
        play.done(Side::Jp, "correct close CASE --as central/officer-1 --text The~right~ones~arrived.").await;
        crate::until("closed", 20, async || {
            stage.show(Side::Fr, case).await.filter(|shown| shown["matters"][0]["state"] == "CLOSED")
        })
        .await;
    })
    .await;
}
