//! Carrying out a request at real desks: when the order goes out and when its answer comes back are two times, and nothing is told of records that
//! would be refused.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded,
    ended::treaties,
    life::{comes_to, does},
    play::{ACTS, Play},
    stage::{Side, Stage},
};

/// The built-in files, where the request that is played has a time for its service and one for its return.
fn timed() -> impl Iterator<Item = (String, String)> {
    const WITHOUT: &str = "[request.stored_data]\n";
    const TIMES: &str = "timers = [{ timer = \"serve\", days = 45 }, { timer = \"return\", days = 20 }]\n";
    treaty::Catalog::builtin_files().map(|(path, text)| {
        let there = path == "instruments/budapest/instrument.toml";
        assert!(!there || text.contains(WITHOUT), "{path} has another form");
        let text = if there { text.replace(WITHOUT, &format!("{WITHOUT}{TIMES}")) } else { text };
        (path, text)
    })
}

fn clock<'a>(shown: &'a Value, kind: &str) -> Option<&'a Value> {
    shown["clocks"].as_array().unwrap().iter().find(|clock| clock["kind"] == kind)
}

#[tokio::test]
async fn the_service_ends_with_the_order_and_the_return_with_the_release_and_a_bad_record_moves_nothing() {
    bounded(async {
        let prepare =
            async |folder: &std::path::Path, states: [&crate::state::State; 2]| treaties(folder, states, timed());
        let play = Play::draft(Stage::open_prepared(prepare).await).await;
        for act in &ACTS[..5] {
            play.act(act).await;
        }
        let (stage, case) = (&play.stage, play.case.as_str());
        let shown = stage.show(Side::Fr, case).await.unwrap();
        assert_eq!(clock(&shown, "serve").map(|clock| &clock["state"]), Some(&json!("running")), "{shown}");
        assert_eq!(clock(&shown, "return"), None, "no order went out");

        // A record that is none stops before the other side hears anything.
        let bad = stage.pair.jp.dir.join("bad.json");
        fs::write(&bad, json!({ "content": { "account": "nobody" } }).to_string()).unwrap();
        let record = format!("subscriber_info={}", bad.display());
        let words = ["produce", case, "--as", "central/officer-1", "--record", &record];
        let told = stage.desk(Side::Fr, &words).await.failed(5);
        assert!(told.contains("R94") || told.contains("R90"), "{told}");
        for side in [Side::Jp, Side::Fr] {
            let shown = stage.show(side, case).await.unwrap();
            assert_eq!(shown["summary"]["state"], "ACCEPTED", "{shown}");
        }

        let assign =
            "assign CASE --as central/officer-1 --domestic-reference 2026/204 --other-measure an_order_to_produce";
        does(stage, Side::Fr, case, assign).await;
        let [_, shown] = comes_to(stage, case, "EXECUTING").await;
        let (served, returned) = (clock(&shown, "serve").unwrap(), clock(&shown, "return").unwrap());
        assert_eq!((&served["state"], &returned["state"]), (&json!("stopped"), &json!("running")), "{shown}");
        let folder = stage.pair.jp.dir.join("told");
        stage.desk(Side::Jp, &["case", "show", case, "--documents", folder.to_str().unwrap()]).await.done();
        let files = fs::read_dir(&folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        let notice = files.filter(|text| text.contains("2026/204")).collect::<Vec<_>>();
        assert!(notice.len() == 1 && notice[0].contains("an order to produce"), "JP is told: {notice:?}");

        does(stage, Side::Fr, case, "collected CASE --as central/officer-1").await;
        let [_, shown] = comes_to(stage, case, "READY").await;
        assert_eq!(clock(&shown, "return").unwrap()["state"], "running", "{shown}");
        for act in &ACTS[5..7] {
            play.act(act).await;
        }
        let [_, shown] = comes_to(stage, case, "PRODUCED").await;
        assert_eq!(clock(&shown, "return").unwrap()["state"], "stopped", "{shown}");
        for step in ["assign", "collected"] {
            let times = shown["timeline"].as_array().unwrap().iter().filter(|one| one["step"] == step).count();
            assert_eq!(times, 1, "{step}: {shown}");
        }
    })
    .await;
}
