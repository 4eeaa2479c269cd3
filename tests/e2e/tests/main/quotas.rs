//! Quotas, counted by the gateways without knowing whom: an overlay allows three requests and two subjects in a year, of two request
//! types together.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    bounded, papers,
    programs::Answer,
    stage::{Side, Stage, Victim},
    state::State,
};

const OVERLAY: &str = r#"
format = "overlay/1"
id = "quota"
title = "A quota for a test"
parties = ["FR", "JP"]
kind = "arrangement"
verified = false

[[restrict]]
requests = ["preservation", "stored_data"]
quota = { per = "year", max_requests = 3, max_subjects = 2, together = true }
because = "A test"
"#;

/// The built-in files and the overlay, for each state, and its programs told to use them.
fn prepare(folder: &Path, states: [&State; 2]) {
    let catalogue = folder.join("treaties");
    let overlay = ("overlays/FR-JP/quota.toml".to_owned(), OVERLAY.to_owned());
    for (path, text) in treaty::Catalog::builtin_files().chain([overlay]) {
        let path = catalogue.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    for state in states {
        let desks = fs::read_dir(state.dir.join("desks")).unwrap().map(|one| one.unwrap().path().join("desk.toml"));
        for file in desks.chain([state.gateway_dir().join("gateway.toml")]) {
            let text = fs::read_to_string(&file).unwrap();
            let lines = format!("catalog = {:?}\ntreaty_signatures = \"none\"\n", catalogue.to_str().unwrap());
            fs::write(&file, lines + &text).unwrap();
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    StoredData,
    Preservation,
}

/// JP's desk drafts a request about these accounts, has it validated, and two officers send it. The last command's answer.
async fn ask(stage: &Stage, kind: Kind, accounts: &[&str]) -> Answer {
    let mut request = papers::request(&papers::any_case());
    if kind == Kind::Preservation {
        let measure = &mut request["measures"][0];
        measure["article"] = Value::from("ets-185:29");
        measure["request_type"] = Value::from("preservation");
        measure["records"] = serde_json::json!(["preservation_confirmation"]);
    }
    let subjects = request["measures"][0]["subjects"].as_array_mut().unwrap();
    let one = subjects[0].clone();
    *subjects = accounts
        .iter()
        .map(|account| {
            let mut subject = one.clone();
            subject["subject_ref"] = Value::from(*account);
            subject["selector"]["value"] = Value::from(format!("{account}@mail.example"));
            subject
        })
        .collect();
    let file = stage.pair.jp.dir.join("quota.json");
    fs::write(&file, request.to_string()).unwrap();
    let from = file.to_str().unwrap();
    let drafted = stage.desk(Side::Jp, &["request", "new", "--to", "FR:central", "--from", from]).await.done();
    let case = drafted["case"].as_str().unwrap();
    stage.desk(Side::Jp, &["request", "validate", case, "--as", "judicial/officer-1", "--role", "judge"]).await.done();
    stage.desk(Side::Jp, &["request", "send", case, "--as", "central/officer-1"]).await.done();
    stage.desk(Side::Jp, &["request", "send", case, "--as", "central/officer-2"]).await
}

#[tokio::test]
async fn distinct_subjects_and_requests_of_two_types_beyond_their_quota_are_refused_r91_by_gateways_that_know_no_subject()
 {
    bounded(async {
        let mut stage = Stage::open_prepared(async |folder, states| prepare(folder, states)).await;
        ask(&stage, Kind::StoredData, &["S1"]).await.done();
        // The same subject again is no second one, whatever is asked of it.
        ask(&stage, Kind::Preservation, &["S1"]).await.done();
        let refused = ask(&stage, Kind::StoredData, &["S2", "S3"]).await.failed(5);
        assert!(refused.contains("R91") && refused.contains("overlays/FR-JP/quota.toml"), "{refused}");
        // What was refused does not count, and a restart forgets nothing.
        stage.strike(Victim::JpGateway);
        stage.mend(Victim::JpGateway).await;
        ask(&stage, Kind::StoredData, &["S2"]).await.done();
        // Another request type is no way around either cap.
        let refused = ask(&stage, Kind::Preservation, &["S1"]).await.failed(5);
        assert!(refused.contains("R91") && refused.contains("preservation, stored_data together"), "{refused}");
        for state in [&stage.pair.jp, &stage.pair.fr] {
            let status = state.status().await;
            let refused = &status["refusals_by_code"]["R91"];
            assert_eq!(refused.is_number(), state.party == "JP".parse().unwrap(), "{status}");
        }
        stage.pair.assert_not_written(b"S2@mail.example");
    })
    .await;
}
