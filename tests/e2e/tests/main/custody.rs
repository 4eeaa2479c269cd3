//! Key custody at real desks: a key is released for what was granted only, and what two custodians certify is gone.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded, now,
    play::{ACTS, Play},
    stage::{Side, Stage, Victim},
    transfer::sees,
    until,
};

/// A case whose records were released.
pub(crate) async fn released() -> Play {
    let play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..7] {
        play.act(act).await;
    }
    play
}

impl Play {
    /// Words of a command; `CASE` is filled in, and `_` stands for a blank.
    fn line(&self, words: &str) -> Vec<String> {
        let folder = self.stage.pair.jp.dir.display().to_string();
        let word = |word: &str| {
            let word = word.replace('_', " ").replace('~', "_");
            word.replace("CASE", &self.case).replace("DIR", &folder)
        };
        words.split(' ').map(word).collect()
    }

    pub(crate) async fn says(&self, side: Side, words: &str) -> Value {
        let line = self.line(words);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        self.stage.desk(side, &line).await.done()
    }

    pub(crate) async fn is_refused(&self, side: Side, words: &str, code: &str, why: &str) {
        let line = self.line(words);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let answer = self.stage.desk(side, &line).await;
        assert_eq!(answer.code, 5, "{}\n{}{}", answer.line, answer.out, answer.err);
        assert!(answer.err.contains(code) && answer.err.contains(why), "{}", answer.err);
    }

    /// Waits until the first matter stands there at a desk.
    pub(crate) async fn matter(&self, side: Side, state: &str) -> Value {
        until(state, 20, async || {
            let shown = self.stage.show(side, &self.case).await?;
            (shown["matters"][0]["state"] == state).then_some(shown)
        })
        .await
    }

    /// The same once both gateways have all that brought it there: what is signed counts at once for its own desk, and destroys then.
    pub(crate) async fn settled_matter(&self, side: Side, state: &str) -> Value {
        until(state, 30, async || {
            let shown = self.stage.show(side, &self.case).await?;
            let mut entries = shown["timeline"].as_array()?.iter();
            let settled = entries.all(|entry| entry["verdict"] != "pending");
            (settled && shown["matters"][0]["state"] == state).then_some(shown)
        })
        .await
    }
}

pub(crate) const OPEN: &str = "case show CASE --documents DIR/opened --as central/officer-1";

#[tokio::test]
async fn a_key_for_another_proceeding_is_released_after_a_consent_and_not_before_nor_after_its_end() {
    bounded(async {
        let play = released().await;
        let other = format!("{OPEN} --for-proceeding another_file");
        play.is_refused(Side::Jp, &other, "R16", "proceeding").await;
        let ask = "use request CASE --as central/officer-1 --purpose criminal~investigation --proceeding another_file \
                   --basis article_28 --text The_same_persons_are_tried_elsewhere.";
        play.says(Side::Jp, ask).await;
        let shown = play.matter(Side::Fr, "REQUESTED").await;
        assert_eq!(shown["summary"]["matters"][0]["matter"], "X1", "{shown}");
        play.is_refused(Side::Jp, &other, "R16", "proceeding").await;
        let day = now().plus_ms(10 * 24 * 3_600_000).date().unwrap();
        let grant =
            |officer: u8| format!("use grant CASE --as central/officer-{officer} --until {day} --condition C04");
        let once = play.says(Side::Fr, &grant(1)).await;
        assert_eq!(once["signatures_missing"], 1, "{once}");
        let again = play.says(Side::Fr, &grant(1)).await;
        assert_eq!(again["signatures_missing"], 1, "one officer is one officer: {again}");
        play.says(Side::Fr, &grant(2)).await;
        let shown = play.matter(Side::Jp, "GRANTED").await;
        assert_eq!(shown["matters"][0]["grants"], true, "{shown}");
        play.says(Side::Jp, &other).await;
        play.is_refused(Side::Jp, &format!("{OPEN} --for-proceeding a_third_file"), "R16", "proceeding").await;
        play.is_refused(Side::Jp, &format!("{OPEN} --for-purpose profiling"), "R16", "purpose").await;
        play.says(Side::Fr, "use close CASE --as central/officer-1").await;
        play.matter(Side::Jp, "CLOSED").await;
        play.is_refused(Side::Jp, &other, "R16", "proceeding").await;
        let shown = play.stage.show(Side::Jp, &play.case).await.unwrap();
        let openings = shown["openings"].as_array().unwrap();
        assert!(!openings.is_empty() && openings.iter().all(|one| one["proceeding"] == "another file"), "{shown}");

        // Another purpose in another proceeding is not that purpose in the proceeding of the request.
        let ask = "use request CASE --as central/officer-1 --purpose prevention --proceeding a_third_file \
                   --basis article_28 --text Others_have_to_be_warned.";
        play.says(Side::Jp, ask).await;
        until("FR has the second question", 20, async || {
            let shown = play.stage.show(Side::Fr, &play.case).await?;
            (shown["matters"].as_array()?.iter().any(|one| one["state"] == "REQUESTED")).then_some(())
        })
        .await;
        for officer in [1, 2] {
            play.says(Side::Fr, &format!("{} --matter X2", grant(officer))).await;
        }
        until("JP has the second consent", 20, async || {
            let shown = play.stage.show(Side::Jp, &play.case).await?;
            (shown["matters"].as_array()?.iter().any(|one| one["grants"] == true)).then_some(())
        })
        .await;
        play.is_refused(Side::Jp, &format!("{OPEN} --for-purpose prevention"), "R16", "purpose").await;
        play.says(Side::Jp, &format!("{OPEN} --for-purpose prevention --for-proceeding a_third_file")).await;
    })
    .await;
}

#[tokio::test]
async fn records_of_somebody_else_are_recalled_destroyed_by_two_custodians_and_given_anew() {
    bounded(async {
        let mut play = released().await;
        play.says(Side::Jp, OPEN).await;
        play.says(Side::Jp, "correct report CASE --as central/officer-1 --text This_is_a_homonym.").await;
        play.matter(Side::Fr, "REPORTED").await;
        let inbox = play.says(Side::Jp, "inbox").await;
        let doubted = &inbox["cases"][0]["matters"][0];
        assert_eq!((&doubted["state"], &doubted["waits"]), (&json!("REPORTED"), &json!(false)), "{inbox}");
        let triage = "correct triage CASE --as central/officer-1 --flaw wrong~subject --text A_homonym_indeed.";
        play.says(Side::Fr, triage).await;
        for officer in [1, 2] {
            let recall = format!(
                "correct recall CASE --as central/officer-{officer} --compared name --compared birth~date \
                 --root-cause partial~match"
            );
            let recalled = play.says(Side::Fr, &recall).await;
            assert_eq!(recalled["signatures_missing"], 2 - officer, "one officer cannot recall alone: {recalled}");
        }
        play.matter(Side::Jp, "RECALLED").await;
        play.is_refused(Side::Jp, OPEN, "R18", "recalled").await;
        let certify = |officer: u8| {
            format!("correct certify CASE --as central/officer-{officer} --custodian officer-1 --custodian officer-2")
        };
        for _ in 0..2 {
            let once = play.says(Side::Jp, &certify(1)).await;
            assert_eq!(once["signatures_missing"], 1, "one custodian cannot certify alone: {once}");
        }
        play.matter(Side::Jp, "RECALLED").await;
        play.says(Side::Jp, &certify(2)).await;
        // Whatever it was doing: certificate and destruction are one.
        play.stage.strike(Victim::JpDesk);
        play.stage.mend(Victim::JpDesk).await;
        let shown = play.settled_matter(Side::Jp, "SHREDDED").await;
        let destroyed = |shown: &Value| -> usize {
            shown["documents"].as_array().unwrap().iter().filter(|one| one["destroyed"] == true).count()
        };
        assert_eq!(destroyed(&shown), 2, "{shown}");
        let folder = play.stage.pair.jp.dir.join("after");
        play.says(Side::Jp, "case show CASE --documents DIR/after --as central/officer-1").await;
        for file in fs::read_dir(&folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains("subscriber_info") && !name.contains("traffic_data"), "{name}");
        }
        play.matter(Side::Fr, "SHREDDED").await;
        let reissue = |officer: u8| {
            format!(
                "correct reissue CASE --as central/officer-{officer} --record subscriber_info=DIR/subscriber_info.json"
            )
            .replace("subscriber_info", "subscriber~info")
        };
        let file = play.stage.pair.jp.dir.join("subscriber_info.json");
        let whole: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        fs::write(&file, whole["content"].to_string()).unwrap();
        play.says(Side::Fr, &reissue(1)).await;
        play.says(Side::Fr, &reissue(2)).await;
        let shown = play.matter(Side::Jp, "REISSUED").await;
        let replaced = shown["documents"].as_array().unwrap().iter().filter(|one| one["superseded"] == true).count();
        assert_eq!((destroyed(&shown), replaced), (2, 1), "{shown}");
        play.says(Side::Jp, "case show CASE --documents DIR/anew --as central/officer-1").await;
        play.says(Side::Jp, "correct close CASE --as central/officer-1").await;
        play.matter(Side::Fr, "CLOSED").await;
    })
    .await;
}

#[tokio::test]
async fn what_is_released_after_a_recall_outlives_its_certificate_and_the_case_comes_to_its_end() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..5] {
            play.act(act).await;
        }
        let produce = async |part: &str, name: &str| {
            for officer in [1, 2] {
                let record = format!("--record {name}=DIR/{name}.json");
                play.says(Side::Fr, format!("produce CASE --as central/officer-{officer} {part}{record}").trim()).await;
            }
            sees(&play.stage, Side::Jp, &play.case, "PRODUCED").await;
        };
        produce("--part ", "subscriber~info").await;
        play.says(Side::Jp, "confirm CASE --as central/officer-1").await;
        sees(&play.stage, Side::Fr, &play.case, "RECEIVED").await;
        play.says(Side::Jp, "breach notify CASE --as central/officer-1 --kind loss --text A_disk_is_lost.").await;
        play.matter(Side::Fr, "PEER_NOTIFIED").await;
        for officer in [1, 2] {
            let recall = format!("breach recall CASE --as central/officer-{officer} --text We_take_it_back.");
            play.says(Side::Fr, &recall).await;
        }
        play.matter(Side::Jp, "RECALLED").await;
        play.says(Side::Fr, "more-to-come CASE --as central/officer-1").await;
        sees(&play.stage, Side::Fr, &play.case, "EXECUTING").await;
        produce("", "traffic~data").await;
        for officer in [1, 2] {
            let certify = format!(
                "breach certify CASE --as central/officer-{officer} --custodian officer-1 --custodian officer-2"
            );
            play.says(Side::Jp, &certify).await;
        }
        let shown = play.settled_matter(Side::Jp, "SHREDDED").await;
        let destroyed = |kind: &str| {
            let all = shown["documents"].as_array().unwrap().iter();
            all.filter(|one| one["record_type"] == kind).all(|one| one["destroyed"] == true)
        };
        assert!(destroyed("subscriber_info") && !destroyed("traffic_data"), "{shown}");
        play.says(Side::Jp, OPEN).await;
        play.says(Side::Jp, "confirm CASE --as central/officer-1").await;
        sees(&play.stage, Side::Fr, &play.case, "RECEIVED").await;
        play.says(Side::Fr, "report CASE --as central/officer-1 --text done").await;
        sees(&play.stage, Side::Jp, &play.case, "EXECUTED").await;
        for act in &ACTS[9..] {
            play.act(act).await;
        }
    })
    .await;
}
