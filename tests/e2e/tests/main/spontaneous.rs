//! Information that nobody asked for: given, taken under its conditions, kept under custody, destroyed by certificate; or given back unread.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    bounded, papers,
    programs::Answer,
    stage::{Side, Stage},
    transfer::{Third, sees},
    until,
};

const SECRET: &str = "two firms in Osaka";

/// A case in which Japan gives.
struct Gift {
    stage: Stage,
    case: String,
    folder: PathBuf,
}

impl Gift {
    /// Japan drafts it, a judge validates it, two officers send it.
    async fn sent(stage: Stage) -> Self {
        let gift = Self::drafted(stage).await;
        gift.says(Side::Jp, "request validate CASE --as judicial/officer-1 --role judge").await;
        let once = gift.says(Side::Jp, "request send CASE --as central/officer-1").await;
        assert_eq!(once["signatures_missing"], 1, "one officer gives nothing: {once}");
        gift.says(Side::Jp, "request send CASE --as central/officer-2").await;
        sees(&gift.stage, Side::Fr, &gift.case, "DELIVERED").await;
        gift
    }

    async fn drafted(stage: Stage) -> Self {
        let folder = stage.pair.jp.dir.clone();
        let mut form = papers::request(&papers::any_case());
        let measure = &mut form["measures"][0];
        measure["article"] = "ets-185:26".into();
        measure["request_type"] = "spontaneous".into();
        measure["records"] = json!(["spontaneous_information"]);
        measure.as_object_mut().unwrap().remove("window");
        form["measures"].as_array_mut().unwrap().truncate(1);
        let content = json!({
            "selector": form["measures"][0]["subjects"][0]["selector"],
            "role": "suspect",
            "summary": format!("The account also wrote to {SECRET}."),
            "relevance": "They may have paid.",
            "obtained": "From the mailbox, under an order of the court.",
            "confidential": true,
            "request_expected": true,
        });
        fs::write(folder.join("form.json"), form.to_string()).unwrap();
        fs::write(folder.join("content.json"), content.to_string()).unwrap();
        let mut gift = Self { stage, case: String::new(), folder };
        let words = "request new --to FR:central --type spontaneous --from DIR/form.json";
        // Without a record nothing is given, and preflight says so.
        let empty = gift.says(Side::Jp, words).await;
        let missing = empty["findings"].as_array().unwrap().iter().any(|one| one["field"] == "measures[0].records");
        assert!(missing, "{empty}");
        let record = "--record spontaneous~information=DIR/content.json --condition C01";
        let unknown = gift.says(Side::Jp, &format!("{words} {record} --condition C03")).await;
        assert!(unknown["findings"].as_array().unwrap().iter().any(|one| one["field"] == "conditions"), "{unknown}");
        let drafted = gift.says(Side::Jp, &format!("{words} {record} --condition C04")).await;
        gift.case = drafted["case"].as_str().unwrap().to_owned();
        gift
    }

    async fn desk(&self, side: Side, words: &str) -> Answer {
        let folder = self.folder.display().to_string();
        let word =
            |word: &str| word.replace('_', " ").replace('~', "_").replace("CASE", &self.case).replace("DIR", &folder);
        let line: Vec<String> = words.split(' ').map(word).collect();
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        self.stage.desk(side, &line).await
    }

    async fn says(&self, side: Side, words: &str) -> Value {
        self.desk(side, words).await.done()
    }

    async fn is_refused(&self, side: Side, words: &str, code: &str) {
        let answer = self.desk(side, words).await;
        // 7: who asks did not show who they are.
        assert_eq!(answer.code, if code == "R95" { 7 } else { 5 }, "{}\n{}{}", answer.line, answer.out, answer.err);
        let said = format!("{}{}", answer.out, answer.err);
        assert!(said.contains(code), "{said}");
    }

    /// What lies in a folder, as one text.
    fn written(&self, folder: &str) -> String {
        let files = fs::read_dir(self.folder.join(folder)).unwrap();
        files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }
}

fn documents<'a>(shown: &'a Value, kind: &str) -> Vec<&'a Value> {
    shown["documents"].as_array().unwrap().iter().filter(|one| one["record_type"] == kind).collect()
}

#[tokio::test]
async fn what_nobody_asked_for_is_kept_as_what_was_released_and_its_key_goes_with_the_certificate() {
    bounded(async {
        let gift = Gift::sent(Stage::open().await).await;
        let case = gift.case.as_str();
        // The conditions are on its face, and bind who acknowledges it; the form can be read before.
        let shown = gift.stage.show(Side::Fr, case).await.unwrap();
        assert_eq!(shown["measures"][0]["conditions"], json!(["C01", "C04"]), "{shown}");
        gift.is_refused(
            Side::Fr,
            "case show CASE --documents DIR/early --as central/officer-1 --officer Tessier",
            "R16",
        )
        .await;
        assert!(!gift.written("early").contains(SECRET) && gift.written("early").contains("\"request\""));
        gift.is_refused(Side::Fr, "accept CASE --as central/officer-1", "R94").await;
        gift.says(Side::Fr, "acknowledge CASE --as central/officer-1").await;
        gift.says(Side::Fr, "take-over CASE --as central/officer-1 --reader Tessier").await;
        sees(&gift.stage, Side::Jp, case, "IN_USE").await;
        gift.is_refused(
            Side::Fr,
            "case show CASE --documents DIR/other --as central/officer-1 --officer Dubois",
            "R93",
        )
        .await;
        // A name that somebody types opens nothing: an officer signs who took it into use.
        gift.is_refused(Side::Fr, "case show CASE --documents DIR/typed --officer Tessier", "R95").await;
        gift.is_refused(Side::Fr, "case show CASE --documents DIR/two --as central/officer-2", "R93").await;
        gift.says(Side::Fr, "case show CASE --documents DIR/read --as central/officer-1 --officer Tessier").await;
        assert!(gift.written("read").contains(SECRET));
        gift.says(Side::Fr, "case show CASE --documents DIR/own --as central/officer-1").await;
        let log = gift.says(Side::Fr, "case show CASE --access").await;
        let read: Vec<_> =
            log["openings"].as_array().unwrap().iter().map(|one| [&one["officer"], &one["named_by"]]).collect();
        assert_eq!(json!(read), json!([["Tessier", "officer-1"], ["officer-1", ""]]), "{log}");
        let said = log["openings"][0]["statement"].as_str().unwrap();
        assert!(said.contains("reader Tessier\n") && said.contains(case), "{log}");
        // Who gave it does not destroy what the other keeps.
        gift.is_refused(Side::Jp, "dispose due CASE --as central/officer-1", "R9").await;
        gift.says(Side::Fr, "dispose due CASE --as central/officer-1").await;
        gift.is_refused(Side::Fr, "case show CASE --documents DIR/due --as central/officer-1 --officer Tessier", "R18")
            .await;
        let certify = "dispose certify CASE --as central/officer-1 --officer officer-1 --officer officer-2";
        gift.is_refused(Side::Fr, &format!("{certify} --cause retention~ended"), "R94").await;
        let false_log = "a".repeat(64);
        gift.is_refused(Side::Fr, &format!("{certify} --key-log {false_log}"), "R94").await;
        gift.says(Side::Fr, certify).await;
        gift.says(Side::Fr, "dispose certify CASE --as central/officer-2").await;
        for side in [Side::Jp, Side::Fr] {
            sees(&gift.stage, side, case, "DISPOSED").await;
        }
        let shown = gift.stage.show(Side::Fr, case).await.unwrap();
        let gone = documents(&shown, "spontaneous_information");
        assert!(gone.len() == 1 && gone[0]["destroyed"] == true, "{shown}");
        assert!(documents(&shown, "request").is_empty(), "its form told the same, and went with it: {shown}");
        gift.says(Side::Jp, "case show CASE --documents DIR/certified").await;
        let certificate = gift.written("certified");
        assert!(certificate.contains("key_destroyed") && certificate.contains("not_relevant"), "{certificate}");
        gift.says(Side::Fr, "case show CASE --documents DIR/after --as central/officer-1 --officer Tessier").await;
        assert!(!gift.written("after").contains(SECRET));
        gift.says(Side::Fr, "close CASE --as central/officer-1").await;
        sees(&gift.stage, Side::Jp, case, "CLOSED").await;
    })
    .await;
}

#[tokio::test]
async fn who_cannot_keep_the_conditions_gives_it_back_unread_and_keeps_nothing() {
    bounded(async {
        let gift = Gift::sent(Stage::open().await).await;
        let back = |officer: u8| {
            format!("return CASE --as central/officer-{officer} --cannot-comply --text We_must_tell_the_defence.")
        };
        let once = gift.says(Side::Fr, &back(1)).await;
        assert_eq!(once["signatures_missing"], 1, "what was given is destroyed by two: {once}");
        let shown = sees(&gift.stage, Side::Fr, &gift.case, "DELIVERED").await;
        assert!(documents(&shown, "spontaneous_information").iter().all(|one| one["destroyed"] == false), "{shown}");
        gift.says(Side::Fr, &back(2)).await;
        sees(&gift.stage, Side::Jp, &gift.case, "RETURNED").await;
        let shown = sees(&gift.stage, Side::Fr, &gift.case, "RETURNED").await;
        assert!(documents(&shown, "spontaneous_information").iter().all(|one| one["destroyed"] == true), "{shown}");
        assert!(documents(&shown, "request").is_empty(), "{shown}");
        gift.says(Side::Fr, "case show CASE --documents DIR/kept").await;
        assert!(!gift.written("kept").contains(SECRET));
        gift.says(Side::Fr, "close CASE --as central/officer-1").await;
        sees(&gift.stage, Side::Jp, &gift.case, "CLOSED").await;
    })
    .await;
}

#[tokio::test]
async fn what_is_passed_on_is_destroyed_at_every_desk_and_a_desk_that_leaves_keeps_no_record() {
    bounded(async {
        let gift = Gift::sent(Stage::open().await).await;
        let (stage, case) = (&gift.stage, gift.case.as_str());
        let third = Third::open(stage, "executing").await;
        gift.says(Side::Fr, "forward CASE --as central/officer-1 --to FR:executing --text Yours.").await;
        third.sees(stage, case, "TRANSFERRED").await;
        third.run(stage, &["acknowledge", case, "--as", "executing/officer-1"]).await.done();
        sees(stage, Side::Fr, case, "ACKED").await;
        third.sees(stage, case, "ACKED").await;
        let folder = gift.folder.join("third");
        let into = folder.to_str().unwrap();
        third.run(stage, &["case", "show", case, "--documents", into, "--as", "executing/officer-1"]).await.done();
        assert!(gift.written("third").contains(SECRET), "it came with the transfer");
        let remove = |officer: u8| format!("group remove CASE --authority FR:executing --as central/officer-{officer}");
        for _ in 0..2 {
            let once = gift.says(Side::Fr, &remove(1)).await;
            assert_eq!(once["signatures_missing"], 1, "one officer is one officer: {once}");
        }
        gift.says(Side::Fr, &remove(2)).await;
        let left = until("the third desk has left and keeps no record", 30, async || {
            let shown = third.show(stage, case).await?;
            let gone = documents(&shown, "spontaneous_information").iter().all(|one| one["destroyed"] == true);
            (gone && documents(&shown, "request").is_empty()).then_some(shown)
        })
        .await;
        assert_eq!(documents(&left, "spontaneous_information").len(), 1, "{left}");
        gift.says(Side::Fr, "take-over CASE --as central/officer-1 --reader Tessier").await;
        gift.says(Side::Fr, "dispose due CASE --as central/officer-1").await;
        gift.says(Side::Fr, "dispose certify CASE --as central/officer-1 --officer officer-1 --officer officer-2")
            .await;
        gift.says(Side::Fr, "dispose certify CASE --as central/officer-2").await;
        sees(stage, Side::Fr, case, "DISPOSED").await;
        let shown = stage.show(Side::Fr, case).await.unwrap();
        let transfer = shown["timeline"].as_array().unwrap().iter().find(|one| one["step"] == "forward").unwrap();
        assert_eq!(transfer["text"], "", "the transfer carried it, and went with it: {shown}");
    })
    .await;
}

#[tokio::test]
async fn what_was_given_and_withdrawn_before_it_was_acknowledged_opens_to_nobody_and_is_destroyed() {
    bounded(async {
        let gift = Gift::sent(Stage::open().await).await;
        gift.says(Side::Jp, "withdraw CASE --as central/officer-1 --text It_was_not_ours_to_give.").await;
        // Nobody has to think of it: the desk that keeps it says that it is due.
        sees(&gift.stage, Side::Fr, &gift.case, "DISPOSAL_DUE").await;
        until("it is their move", 20, async || {
            let shown = gift.stage.show(Side::Fr, &gift.case).await?;
            (shown["summary"]["move"] == "ours").then_some(())
        })
        .await;
        let open = "case show CASE --documents DIR/withdrawn --as central/officer-1";
        gift.is_refused(Side::Fr, open, "R16").await;
        assert!(!gift.written("withdrawn").contains(SECRET));
        gift.is_refused(Side::Fr, "close CASE --as central/officer-1", "R94").await;
        let certify =
            "dispose certify CASE --as central/officer-1 --officer officer-1 --officer officer-2 --cause withdrawal";
        gift.says(Side::Fr, certify).await;
        gift.says(Side::Fr, "dispose certify CASE --as central/officer-2").await;
        let shown = sees(&gift.stage, Side::Fr, &gift.case, "DISPOSED").await;
        assert!(documents(&shown, "spontaneous_information").iter().all(|one| one["destroyed"] == true), "{shown}");
        gift.says(Side::Fr, "close CASE --as central/officer-1").await;
        sees(&gift.stage, Side::Jp, &gift.case, "CLOSED").await;
    })
    .await;
}
