//! The rest of a request's life at real desks: remedies, and requests that follow earlier ones.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded, papers,
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

/// Runs a command; `CASE` is filled in.
pub(crate) async fn does(stage: &Stage, side: Side, case: &str, words: &str) -> Value {
    let words: Vec<String> = words.split(' ').map(|word| word.replace("CASE", case).replace('_', " ")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    stage.desk(side, &words).await.done()
}

pub(crate) async fn refused(stage: &Stage, side: Side, case: &str, words: &str, told: &str) {
    let words: Vec<String> = words.split(' ').map(|word| word.replace("CASE", case).replace('_', " ")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answer = stage.desk(side, &words).await;
    assert_eq!(answer.code, 5, "{}\n{}{}", answer.line, answer.out, answer.err);
    assert!(answer.err.contains(told), "{told}: {}", answer.err);
}

/// Waits until both desks show the case there.
pub(crate) async fn comes_to(stage: &Stage, case: &str, state: &str) -> [Value; 2] {
    let at = async |side| {
        crate::until(state, 20, async || {
            let shown = stage.show(side, case).await?;
            (shown["summary"]["state"] == state).then_some(shown)
        })
        .await
    };
    [at(Side::Jp).await, at(Side::Fr).await]
}

/// Saves a request that follows `earlier`, lets it be validated and sent by both officers. Gives its case.
pub(crate) async fn sent(play: &Play, request: &Value, follows: &[&str]) -> String {
    let case = drafted(play, request, follows).await;
    let stage = &play.stage;
    does(stage, Side::Jp, &case, "request validate CASE --as judicial/officer-1 --role judge").await;
    does(stage, Side::Jp, &case, "request send CASE --as central/officer-1").await;
    does(stage, Side::Jp, &case, "request send CASE --as central/officer-2").await;
    case
}

async fn drafted(play: &Play, request: &Value, follows: &[&str]) -> String {
    let file = play.stage.pair.jp.dir.join("follows.json");
    fs::write(&file, request.to_string()).unwrap();
    let kind = request["measures"][0]["request_type"].as_str().unwrap();
    let new = ["request", "new", "--to", "FR:central", "--type", kind, "--from", file.to_str().unwrap()];
    let saved = play.stage.desk(Side::Jp, &[&new, follows].concat()).await.done();
    saved["case"].as_str().unwrap().to_owned()
}

pub(crate) fn links(shown: &Value) -> Vec<[String; 3]> {
    let links = shown["links"].as_array().unwrap().iter();
    links
        .map(|one| {
            [one["case"].to_string(), one["how"].to_string(), one["follows"].to_string()].map(|t| t.replace('"', ""))
        })
        .collect()
}

#[tokio::test]
async fn the_desk_says_by_itself_that_records_have_to_be_destroyed_when_their_time_is_over() {
    bounded(async {
        let play = after(10).await;
        let (stage, case) = (&play.stage, play.case.as_str());
        comes_to(stage, case, "IN_USE").await;
        let listed = does(stage, Side::Jp, case, "dispose list").await;
        let clock = &listed["clocks"][0];
        assert_eq!((&clock["kind"], &clock["acting"]), (&json!("retention"), &json!("own")), "{listed}");
        does(stage, Side::Jp, case, "dispose due CASE --as central/officer-1").await;
        comes_to(stage, case, "DISPOSAL_DUE").await;
        let until = crate::now().plus_ms(8_000);
        for officer in [1, 2] {
            let extend = format!("dispose extend CASE --as central/officer-{officer} --until {until}");
            let said = does(stage, Side::Fr, case, &extend).await;
            assert_eq!(said["signatures_missing"], 2 - officer, "one officer lets nothing be kept for longer: {said}");
        }
        let shown = crate::until("the desk says it", 40, async || {
            let shown = stage.show(Side::Fr, case).await?;
            let steps = shown["timeline"].as_array().unwrap().iter().filter(|one| one["step"] == "disposal_due");
            (steps.count() == 2 && shown["summary"]["state"] == "DISPOSAL_DUE").then_some(shown)
        });
        assert_eq!(shown.await["summary"]["state"], "DISPOSAL_DUE");
        let listed = does(stage, Side::Jp, case, "dispose list").await;
        assert_eq!(listed["due"], json!([case]), "{listed}");
        let certify = "dispose certify CASE --as central/officer-1 --officer officer-1 --officer officer-2";
        does(stage, Side::Jp, case, certify).await;
        does(stage, Side::Jp, case, "dispose certify CASE --as central/officer-2").await;
        comes_to(stage, case, "DISPOSED").await;
    })
    .await;
}

#[tokio::test]
async fn a_remedy_suspends_what_was_decided_until_the_court_upholds_or_annuls_it() {
    bounded(async {
        let play = after(4).await;
        let (stage, case) = (&play.stage, play.case.as_str());
        for officer in ["1", "2"] {
            let refuse = format!("refuse CASE --as central/officer-{officer} --ground R02 --text no");
            does(stage, Side::Fr, case, &refuse).await;
        }
        comes_to(stage, case, "REFUSED").await;
        let lodge = "remedy lodge CASE --as central/officer-1 --court Paris --reference 26/1204 --text disproportionate";
        does(stage, Side::Jp, case, lodge).await;
        comes_to(stage, case, "APPEAL").await;
        refused(stage, Side::Jp, case, "close CASE --as central/officer-1", "R94").await;
        let uphold = |officer: u8| {
            format!("remedy uphold CASE --as judicial/officer-{officer} --role judge --court Paris --reference 26/1204 --text proportionate")
        };
        // Who refused does not decide on the remedy.
        let own = "remedy annul CASE --as central/officer-1 --court Paris --text no";
        refused(stage, Side::Fr, case, own, "R93").await;
        let first = does(stage, Side::Fr, case, &uphold(1)).await;
        assert_eq!(first["signatures_missing"], 1, "a refusal is upheld by two: {first}");
        does(stage, Side::Fr, case, &uphold(2)).await;
        comes_to(stage, case, "REFUSED").await;
        does(stage, Side::Jp, case, lodge).await;
        comes_to(stage, case, "APPEAL").await;
        does(stage, Side::Fr, case, "remedy annul CASE --as judicial/officer-1 --role judge --court Paris --text narrower_ground").await;
        let [_, shown] = comes_to(stage, case, "REVIEW").await;
        let remedies = shown["documents"].as_array().unwrap().iter().filter(|one| one["record_type"] == "remedy");
        assert_eq!(remedies.count(), 4, "{shown}");
        does(stage, Side::Fr, case, "tell-status CASE --as central/officer-1 --text under_review").await;
        does(stage, Side::Fr, case, "accept CASE --as central/officer-1").await;
        comes_to(stage, case, "ACCEPTED").await;
    })
    .await;
}

#[tokio::test]
async fn a_supplement_follows_its_case_at_both_desks_and_an_unknown_case_is_followed_by_nothing() {
    bounded(async {
        let play = after(4).await;
        let request = papers::request(&papers::any_case());
        let case = sent(&play, &request, &["--follows", &play.case, "--as", "supplement"]).await;
        let shown = comes_to(&play.stage, &case, "DELIVERED").await;
        for shown in &shown {
            assert_eq!(links(shown), [[play.case.clone(), "supplement".to_owned(), "true".to_owned()]]);
        }
        for shown in comes_to(&play.stage, &play.case, "ACKED").await {
            assert_eq!(links(&shown), [[case.clone(), "supplement".to_owned(), "false".to_owned()]]);
        }
        // Nothing is preserved in it.
        let request = papers::request(&papers::any_case());
        let other = drafted(&play, &request, &["--follows", &play.case, "--as", "production"]).await;
        let stage = &play.stage;
        does(stage, Side::Jp, &other, "request validate CASE --as judicial/officer-1 --role judge").await;
        does(stage, Side::Jp, &other, "request send CASE --as central/officer-1").await;
        refused(stage, Side::Jp, &other, "request send CASE --as central/officer-2", "R94").await;
        let mut unknown = papers::request(&papers::any_case());
        let nowhere = papers::any_case();
        unknown["earlier_requests"] = json!([{"relation": "supplements", "reference": "lost", "case": nowhere}]);
        let other = drafted(&play, &unknown, &[]).await;
        does(stage, Side::Jp, &other, "request validate CASE --as judicial/officer-1 --role judge").await;
        does(stage, Side::Jp, &other, "request send CASE --as central/officer-1").await;
        refused(stage, Side::Jp, &other, "request send CASE --as central/officer-2", "declared.follows").await;
    })
    .await;
}

/// A preservation that was confirmed and prolonged: FR says until when its provider keeps the data. Gives its case.
pub(crate) async fn preserved(play: &Play) -> String {
    preserved_with(play, &[("tip_off_risk", false), ("partial_traffic_found", false)]).await
}

/// The same, where the confirmation says this besides.
async fn preserved_with(play: &Play, says: &[(&str, bool)]) -> String {
    let stage = &play.stage;
    let mut preserve = papers::request(&papers::any_case());
    preserve["measures"][0]["article"] = json!("ets-185:29");
    preserve["measures"][0]["request_type"] = json!("preservation");
    preserve["measures"][0]["records"] = json!(["preservation_confirmation"]);
    preserve["intends_mla"] = json!(true);
    let kept = sent(play, &preserve, &[]).await;
    comes_to(stage, &kept, "DELIVERED").await;
    let confirmation =
        include_str!("../../../../treaty-schemas/catalog/records/preservation_confirmation/examples/valid-hold.json");
    let mut content = serde_json::from_str::<Value>(confirmation).unwrap()["content"].clone();
    says.iter().for_each(|(field, said)| content[*field] = (*said).into());
    content["selector"] = preserve["measures"][0]["subjects"][0]["selector"].clone();
    let file = stage.pair.jp.dir.join("preservation_confirmation.json");
    let mut confirms = |until: &str| {
        content["until"] = until.into();
        fs::write(&file, content.to_string()).unwrap();
    };
    does(stage, Side::Fr, &kept, "acknowledge CASE --as central/officer-1").await;
    does(stage, Side::Fr, &kept, "accept CASE --as central/officer-1").await;
    confirms("2020-01-01");
    let record = format!("preservation_confirmation={}", file.display());
    let over = stage.desk(Side::Fr, &["produce", &kept, "--as", "central/officer-1", "--record", &record]).await;
    let refused = over.failed(5);
    assert!(refused.contains("nobody keeps the data any more") && refused.contains("29(7)"), "{refused}");
    comes_to(stage, &kept, "ACCEPTED").await;
    confirms("2031-01-01");
    // A hold of no sixty days is none that the article knows.
    content["from"] = "2030-12-01".into();
    fs::write(&file, content.to_string()).unwrap();
    let short = stage.desk(Side::Fr, &["produce", &kept, "--as", "central/officer-1", "--record", &record]).await;
    let refused = short.failed(5);
    assert!(refused.contains("for less than 60 days"), "{refused}");
    content["from"] = "2026-08-05".into();
    fs::write(&file, content.to_string()).unwrap();
    for officer in ["1", "2"] {
        let record = format!("preservation_confirmation={}", file.display());
        let words = ["produce", &kept, "--as", &format!("central/officer-{officer}"), "--record", &record];
        stage.desk(Side::Fr, &words).await.done();
    }
    comes_to(stage, &kept, "PRODUCED").await;
    does(stage, Side::Jp, &kept, "confirm CASE --as central/officer-1").await;
    comes_to(stage, &kept, "RECEIVED").await;
    does(stage, Side::Fr, &kept, "preservation prolong CASE --as central/officer-1 --until 2031-01-01T00:00:00Z").await;
    kept
}

#[tokio::test]
async fn a_custodian_who_may_not_keep_it_secret_calls_who_asked_until_the_preservation_is_given_up() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let stage = &play.stage;
        let quiet = preserved(&play).await;
        let kept = preserved_with(&play, &[("tip_off_risk", true), ("partial_traffic_found", true)]).await;
        let calls = async |case: &str| {
            let inbox = stage.desk(Side::Jp, &["inbox"]).await.done();
            inbox["cases"].as_array().unwrap().iter().any(|one| one["case"] == case)
        };
        assert!(calls(&kept).await, "it is the other side's move, and the risk calls");
        assert!(!calls(&quiet).await, "nothing is to be done there");
        let shown = stage.show(Side::Jp, &kept).await.unwrap();
        let told = &shown["summary"]["preservation"];
        assert_eq!((&told["tip_off_risk"], &told["partial_traffic"]), (&json!(true), &json!(true)), "{shown}");
        assert_eq!(
            told["held_until"], "2031-01-01",
            "what the custodian promised is shown beside the treaty's clock: {shown}"
        );
        does(stage, Side::Jp, &kept, "preservation give-up CASE --as central/officer-1").await;
        crate::until("given up", 20, async || (!calls(&kept).await).then_some(())).await;
    })
    .await;
}

#[tokio::test]
async fn a_custodian_who_would_tell_is_reported_before_the_preservation_is_accepted_and_who_asked_decides() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let stage = &play.stage;
        let mut preserve = papers::request(&papers::any_case());
        preserve["measures"][0]["article"] = json!("ets-185:29");
        preserve["measures"][0]["request_type"] = json!("preservation");
        preserve["measures"][0]["records"] = json!(["preservation_confirmation"]);
        preserve["intends_mla"] = json!(true);
        let kept = sent(&play, &preserve, &[]).await;
        let other = sent(&play, &papers::request(&papers::any_case()), &[]).await;
        for case in [&kept, &other] {
            comes_to(stage, case, "DELIVERED").await;
            does(stage, Side::Fr, case, "acknowledge CASE --as central/officer-1").await;
            does(stage, Side::Fr, case, "review CASE --as central/officer-1").await;
        }
        let warn = "ask-info CASE --as central/officer-1 --tip-off-risk";
        refused(stage, Side::Fr, &other, warn, "preserves nothing").await;
        does(stage, Side::Fr, &kept, warn).await;
        for shown in comes_to(stage, &kept, "INFO_WAIT").await {
            let told = shown["timeline"].as_array().unwrap().iter().find(|one| one["step"] == "ask_info").unwrap();
            assert!(told["text"].as_str().unwrap().starts_with("THE CUSTODIAN MAY NOT KEEP IT SECRET"), "{told}");
        }
        does(stage, Side::Jp, &kept, "give-info CASE --as central/officer-1 --text Preserve_it_all_the_same.").await;
        comes_to(stage, &kept, "REVIEW").await;
        does(stage, Side::Fr, &kept, "accept CASE --as central/officer-1").await;
        comes_to(stage, &kept, "ACCEPTED").await;
    })
    .await;
}

#[tokio::test]
async fn traffic_that_shows_another_provider_is_asked_for_after_the_preservation_and_given() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let stage = &play.stage;
        let kept = preserved_with(&play, &[("tip_off_risk", false), ("partial_traffic_found", true)]).await;
        let mut request = papers::request(&papers::any_case());
        request["measures"][0]["article"] = json!("ets-185:30");
        request["measures"][0]["request_type"] = json!("traffic_partial");
        request["measures"][0]["records"] = json!(["traffic_data"]);
        let case = sent(&play, &request, &["--follows", &kept, "--as", "production"]).await;
        for shown in comes_to(stage, &case, "DELIVERED").await {
            assert_eq!(links(&shown), [[kept.clone(), "production".to_owned(), "true".to_owned()]]);
            assert_eq!(shown["measures"][0]["article"], "ets-185:30");
        }
        for shown in comes_to(stage, &kept, "RECEIVED").await {
            assert_eq!(shown["summary"]["preservation"]["standing"], "linked", "{shown}");
        }
        // The article leaves two grounds, and nobody may refuse for another one [ETS 185 art. 30(2)].
        does(stage, Side::Fr, &case, "acknowledge CASE --as central/officer-1").await;
        refused(stage, Side::Fr, &case, "refuse CASE --as central/officer-1 --ground R07 --text no", "R94").await;
        does(stage, Side::Fr, &case, "accept CASE --as central/officer-1").await;
        let file = stage.pair.jp.dir.join("traffic.json");
        fs::write(&file, papers::answers(&case)[1].1["content"].to_string()).unwrap();
        let record = format!("traffic_data={}", file.display());
        for officer in ["central/officer-1", "central/officer-2"] {
            stage.desk(Side::Fr, &["produce", &case, "--as", officer, "--record", &record]).await.done();
        }
        comes_to(stage, &case, "PRODUCED").await;
        does(stage, Side::Jp, &case, "confirm CASE --as central/officer-1").await;
        comes_to(stage, &case, "RECEIVED").await;
    })
    .await;
}

#[tokio::test]
async fn what_is_preserved_is_kept_until_the_request_for_it_is_decided() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let stage = &play.stage;
        let kept = preserved(&play).await;
        let request = papers::request(&papers::any_case());
        let case = sent(&play, &request, &["--follows", &kept, "--as", "production"]).await;
        comes_to(stage, &case, "DELIVERED").await;
        let standing = |shown: &Value| shown["summary"]["preservation"]["standing"].clone();
        for shown in comes_to(stage, &kept, "RECEIVED").await {
            assert_eq!(standing(&shown), "linked", "{shown}");
            assert_eq!(links(&shown)[0][1], "production");
        }
        does(stage, Side::Jp, &case, "withdraw CASE --as central/officer-1").await;
        comes_to(stage, &case, "WITHDRAWN").await;
        for shown in comes_to(stage, &kept, "RECEIVED").await {
            assert_ne!(standing(&shown), "linked", "{shown}");
        }
        does(stage, Side::Jp, &kept, "preservation give-up CASE --as central/officer-1").await;
        does(stage, Side::Fr, &kept, "report CASE --as central/officer-1").await;
        comes_to(stage, &kept, "EXECUTED").await;
        does(stage, Side::Jp, &kept, "close CASE --as central/officer-1").await;
        comes_to(stage, &kept, "CLOSED").await;
    })
    .await;
}
