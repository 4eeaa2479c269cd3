//! A draft that is shown to the other side before it is sent, and what comes back.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded,
    papers::SECRETS,
    play::{ACTS, Play},
    stage::{Side, Stage},
    until,
};

const BANNER: &str = "DRAFT – no legal effect, no clock runs";

fn steps(shown: &Value) -> Vec<&str> {
    let admitted = shown["timeline"].as_array().unwrap().iter().filter(|entry| entry["verdict"] == "admitted");
    admitted.map(|entry| entry["step"].as_str().unwrap()).collect()
}

/// Waits until a side shows this step as part of the case.
async fn has(play: &Play, side: Side, step: &str) -> Value {
    until(step, 25, async || {
        let shown = play.stage.show(side, &play.case).await?;
        steps(&shown).contains(&step).then_some(shown)
    })
    .await
}

/// The documents of a type that a side opens.
async fn documents(play: &Play, side: Side, record_type: &str) -> Vec<Value> {
    let folder = play.stage.state(side).dir.join("drafts");
    let to = folder.to_str().unwrap();
    play.stage.desk(side, &["case", "show", &play.case, "--documents", to]).await.done();
    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let named = files.filter(|path| path.to_str().unwrap().ends_with(&format!("-{record_type}.json")));
    named.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

/// A draft is no request: no state of it, no clock, nothing that is counted, and nothing that can be answered.
async fn has_no_effect(play: &Play) {
    for side in [Side::Jp, Side::Fr] {
        let shown = play.stage.show(side, &play.case).await.unwrap();
        assert_eq!((&shown["summary"]["banner"], &shown["clocks"]), (&json!(BANNER), &json!([])), "{shown}");
        assert_eq!(play.stage.desk(side, &["agenda", "--days", "365"]).await.done()["clocks"], json!([]));
        assert_eq!(play.stage.desk(side, &["statistics"]).await.done()["tallies"], json!([]));
    }
    assert_eq!(play.stage.show(Side::Fr, &play.case).await.unwrap()["summary"]["state"], "DRAFT");
    for words in [vec!["acknowledge"], vec!["accept"], vec!["refuse", "--ground", "R02"]] {
        let (step, more) = words.split_first().unwrap();
        let line = [&[*step, &play.case, "--as", "central/officer-1", "--text", "no"], more].concat();
        let refused = play.stage.desk(Side::Fr, &line).await;
        assert!([4, 5].contains(&refused.code), "{}\n{}{}", refused.line, refused.out, refused.err);
    }
}

#[tokio::test]
async fn a_shared_draft_has_no_effect_and_is_commented_and_then_sent_as_if_nothing_had_been() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let share = ["share", &play.case, "--as", "central/officer-1", "--text", "Is the period right?"];
        play.stage.desk(Side::Jp, &share).await.done();
        let there = has(&play, Side::Fr, "share_draft").await;
        assert_eq!(steps(&there), ["open_group", "share_draft"]);
        has_no_effect(&play).await;
        let inbox = play.stage.desk(Side::Fr, &["inbox"]).await.done();
        assert_eq!(inbox["cases"][0]["case"], play.case, "who was asked for a word finds it: {inbox}");
        let drafts = documents(&play, Side::Fr, "shared_draft").await;
        assert_eq!((drafts.len(), &drafts[0]["legal_effect"]), (1, &json!("none")));
        let draft: Value = serde_json::from_str(drafts[0]["draft"].as_str().unwrap()).unwrap();
        assert_eq!(draft["measures"][0]["article"], "ets-185:31");
        assert!(draft.get("tag_key").is_none(), "the key of the pseudonyms went with the draft");

        let text = "The period is longer than the logs are kept.";
        let comment = ["comment", &play.case, "--as", "central/officer-1", "--findings", "--text", text];
        play.stage.desk(Side::Fr, &comment).await.done();
        has(&play, Side::Jp, "comment_draft").await;
        let comments = documents(&play, Side::Jp, "draft_comment").await;
        assert!(comments.len() == 1 && comments[0].to_string().contains(text), "{comments:?}");
        has_no_effect(&play).await;

        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let sent = play.stage.show(Side::Fr, &play.case).await.unwrap();
        assert_eq!(steps(&sent), ["open_group", "share_draft", "comment_draft", "seal_send", "acknowledge"]);
        assert_eq!((&sent["summary"]["banner"], sent["clocks"].as_array().unwrap().is_empty()), (&json!(""), false));
        for secret in SECRETS {
            play.stage.pair.assert_not_written(secret.as_bytes());
        }
    })
    .await;
}
