//! What a treaty says of answers, at real desks: consultation before a refusal, and use for what records were given only.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded, now,
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
        // Whose key did not sign is no matter of a rule.
        let exit = if code == "R95" { 7 } else { 5 };
        assert_eq!(answer.code, exit, "{}\n{}{}", answer.line, answer.out, answer.err);
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
        let show = ["case", "show", &play.case, "--documents", folder.to_str().unwrap(), "--as", "central/officer-1"];
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
        assert!(openings.iter().all(|one| one["officer"] == "officer-1" && one["purpose"] == "criminal_investigation"));
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
        assert_eq!(minutes_of(&shown), ["without"], "nobody signed any");
        let text = play.stage.desk(Side::Fr, &["case", "show", &case]).await.done();
        assert_eq!(minutes_of(&text), ["without"]);
    })
    .await;
}

/// Of each consultation that was held, what stands behind its minutes.
fn minutes_of(shown: &Value) -> Vec<&str> {
    let held = shown["timeline"].as_array().unwrap().iter().filter(|one| one["step"] == "consult_done");
    held.map(|one| one["minutes"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn minutes_of_a_consultation_are_taken_when_an_officer_of_each_side_signed_them_and_no_others() {
    bounded(async {
        let play = after(4).await;
        let case = play.case.clone();
        let officer = "central/officer-1";
        play.comes_to(Side::Fr, "ACKED").await;
        play.stage.desk(Side::Fr, &["consult", &case, "--as", officer, "--text", "May we narrow it?"]).await.done();
        play.comes_to(Side::Jp, "CONSULT").await;
        let path = |name: &str| play.stage.pair.jp.dir.join(name).display().to_string();
        let by = |party: &str| json!({"party": party, "authority": format!("{party}:central"), "officer": {"name": party}});
        let said = json!({
            "held_at": now().plus_ms(-3_600_000).to_string(),
            "channel": "video",
            "participants": [by("JP"), by("FR")],
            "measures": [1],
            "topics": [{"subject": "Window", "position_requesting": "A year.", "position_requested": "A month.", "result": "agreed", "agreed": "Two months."}],
        });
        fs::write(path("said.json"), said.to_string()).unwrap();
        for (side, from, to) in [(Side::Fr, "said.json", "by-fr.json"), (Side::Jp, "by-fr.json", "both.json")] {
            let words = ["sign-consultation", &case, "--as", officer, "--minutes", &path(from), "--name", "N", "--title", "T", "--out", &path(to)];
            play.stage.desk(side, &words).await.done();
        }
        // Who signs is no decider and of no central authority, by the directory.
        let by_court = ["sign-consultation", &case, "--as", "judicial/officer-1", "--minutes", &path("both.json"), "--name", "N", "--out", &path("court.json")];
        play.stage.desk(Side::Fr, &by_court).await.done();
        let court = path("court.json");
        let answer = play.stage.desk(Side::Jp, &["consulted", &case, "--as", officer, "--minutes", &court]).await;
        assert!(answer.code == 7 && answer.err.contains("was not decider"), "{}", answer.err);
        let both: Value = serde_json::from_slice(&fs::read(path("both.json")).unwrap()).unwrap();
        let forged = |pointer: &str, value: Value| {
            let mut forged = both.clone();
            *forged.pointer_mut(pointer).unwrap() = value;
            fs::write(path("forged.json"), forged.to_string()).unwrap();
        };
        let forged_path = path("forged.json");
        let consulted = ["consulted", &case, "--as", officer, "--minutes", &forged_path];
        // An officer of the own side signs in place of the other one.
        forged("/signatures/requested/key", both["signatures"]["requesting"]["key"].clone());
        play.fails(Side::Jp, &consulted, "R95").await;
        forged("/signatures/requested/value", both["signatures"]["requesting"]["value"].clone());
        play.fails(Side::Jp, &consulted, "R95").await;
        // Another one's name, title and day stand over what an officer did sign.
        for (field, word) in [("signatory/name", "Minister"), ("signatory/title", "Minister"), ("signed_at", &*now().to_string())] {
            forged(&format!("/signatures/requested/{field}"), word.into());
            play.fails(Side::Jp, &consulted, "R95").await;
        }
        forged("/topics/0/agreed", json!("A year."));
        play.fails(Side::Jp, &consulted, "text_hash").await;
        let changed = ["sign-consultation", &case, "--as", officer, "--minutes", &forged_path, "--name", "N", "--out", &path("never.json")];
        let changed = play.stage.desk(Side::Jp, &changed).await;
        assert_eq!(changed.code, 6, "{}", changed.err);
        fs::copy(path("by-fr.json"), &forged_path).unwrap();
        play.fails(Side::Jp, &consulted, "R94").await;
        paper_is_taken_and_told_from_what_a_key_signed(&play, &both).await;
    })
    .await;
}

/// Minutes of which a side, or both, signed by hand are taken like those that both signed by a key; each desk says which they are.
async fn paper_is_taken_and_told_from_what_a_key_signed(play: &Play, both: &Value) {
    let (case, officer) = (&play.case, "central/officer-1");
    let path = |name: &str| play.stage.pair.jp.dir.join(name).display().to_string();
    let mut paper = both.clone();
    for (side, file) in [("requested", "one.json"), ("requesting", "none.json")] {
        let signature = paper["signatures"][side].as_object_mut().unwrap();
        signature.retain(|name, _| name != "key" && name != "value");
        signature.insert("manner".to_owned(), "handwritten".into());
        signature.insert("scan_hash".to_owned(), "ab".repeat(32).into());
        fs::write(path(file), paper.to_string()).unwrap();
    }
    let told = ["both", "one_side", "no_key"];
    for (index, file) in ["both.json", "one.json", "none.json"].into_iter().enumerate() {
        if index > 0 {
            play.stage.desk(Side::Fr, &["consult", case, "--as", officer, "--text", "Once more."]).await.done();
            play.comes_to(Side::Jp, "CONSULT").await;
        }
        play.stage.desk(Side::Jp, &["consulted", case, "--as", officer, "--minutes", &path(file)]).await.done();
        for side in [Side::Jp, Side::Fr] {
            assert_eq!(minutes_of(&play.comes_to(side, "REVIEW").await), told[..=index]);
        }
    }
}

/// Nobody says that all is collected while the other type is missing.
async fn falls_short(play: &Play, words: &[String]) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = play.stage.desk(Side::Fr, &words).await.failed(2);
    assert!(told.contains("M1 asks for traffic_data too") && told.contains("--part"), "{told}");
}

#[tokio::test]
async fn a_case_is_asked_about_postponed_offered_answered_in_parts_and_a_part_is_sent_back() {
    bounded(async {
        let play = after(4).await;
        let case = play.case.clone();
        let says = |words: &str| -> Vec<String> {
            let folder = play.stage.pair.jp.dir.display();
            let words = words.split(' ').map(|word| word.replace("CASE", &case).replace("DIR", &folder.to_string()));
            words.collect()
        };
        let run = async |side: Side, words: &str, state: &str| {
            let words = says(words);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            play.stage.desk(side, &words).await.done();
            for side in [Side::Jp, Side::Fr].iter().filter(|_| !state.is_empty()) {
                play.comes_to(*side, state).await;
            }
        };
        let day = now().plus_ms(30 * 24 * 3_600_000).date().unwrap();
        run(
            Side::Fr,
            "postpone CASE --as central/officer-1 --reason P01 --text trial --preserved --review-on DAY"
                .replace("DAY", &day.to_string())
                .as_str(),
            "POSTPONED",
        )
        .await;
        run(Side::Fr, "resume CASE --as central/officer-1", "REVIEW").await;
        run(Side::Fr, "ask-info CASE --as central/officer-1 --text which?", "INFO_WAIT").await;
        let back = says("return CASE --as central/officer-1 --addressee FR:central --text elsewhere");
        let back: Vec<&str> = back.iter().map(String::as_str).collect();
        play.fails(Side::Fr, &back, "R94").await;
        run(Side::Jp, "give-info CASE --as central/officer-1 --text that-one", "REVIEW").await;
        run(Side::Fr, "offer-conditions CASE --as central/officer-1 --condition C01", "COND_OFFER").await;
        run(Side::Jp, "decline-conditions CASE --as central/officer-1", "REVIEW").await;
        run(Side::Fr, "offer-conditions CASE --as central/officer-1 --condition C01 --condition C06", "COND_OFFER")
            .await;
        run(Side::Jp, "accept-conditions CASE --as central/officer-1", "ACCEPTED").await;
        let produce = |more: &str, name: &str, officer: u8| {
            format!("produce CASE --as central/officer-{officer} {more} --record {name}=DIR/{name}.json")
        };
        run(Side::Fr, "part-collected CASE --as central/officer-1", "PARTIAL").await;
        falls_short(&play, &says(&produce("", "subscriber_info", 1).replace("  ", " "))).await;
        let first = [produce("--part", "subscriber_info", 1), produce("--part", "subscriber_info", 2)];
        run(Side::Fr, first[0].replace("  ", " ").as_str(), "").await;
        run(Side::Fr, first[1].as_str(), "PRODUCED").await;
        run(Side::Jp, "confirm CASE --as central/officer-1", "RECEIVED").await;
        run(Side::Fr, "more-to-come CASE --as central/officer-1", "EXECUTING").await;
        let rest =
            [produce("", "traffic_data", 1).replace("  ", " "), produce("", "traffic_data", 2).replace("  ", " ")];
        run(Side::Fr, &rest[0], "").await;
        run(Side::Fr, &rest[1], "PRODUCED").await;
        run(Side::Jp, "reject CASE --as central/officer-1 --flaw wrong_subject --text another-person", "").await;
        run(Side::Jp, "reject CASE --as central/officer-2 --flaw wrong_subject --text another-person", "READY").await;
        run(Side::Fr, &rest[0], "").await;
        run(Side::Fr, &rest[1], "PRODUCED").await;
        run(Side::Jp, "confirm CASE --as central/officer-1", "RECEIVED").await;
        run(Side::Fr, "report CASE --as central/officer-1 --text done", "EXECUTED").await;
        play.fails(Side::Jp, &["close", &case, "--as", "central/officer-1"], "take_over").await;
        run(Side::Jp, "take-over CASE --as central/officer-1 --reader Aoki", "IN_USE").await;
        run(Side::Jp, "dispose due CASE --as central/officer-1", "DISPOSAL_DUE").await;
        run(Side::Fr, "dispose extend CASE --as central/officer-1 --until 2031-01-01T00:00:00Z", "").await;
        run(Side::Fr, "dispose extend CASE --as central/officer-2 --until 2031-01-01T00:00:00Z", "IN_USE").await;
        run(Side::Jp, "dispose due CASE --as central/officer-1", "DISPOSAL_DUE").await;
        let certify = "dispose certify CASE --as central/officer-1 --officer officer-1 --officer officer-2 --copies 2";
        run(Side::Jp, certify, "").await;
        run(Side::Jp, "dispose certify CASE --as central/officer-2", "DISPOSED").await;
        run(Side::Jp, "close CASE --as central/officer-1", "CLOSED").await;
        tells_its_end(&play, &case).await;
    })
    .await;
}

/// What both desks show of such a case at its end.
async fn tells_its_end(play: &Play, case: &str) {
    for side in [Side::Jp, Side::Fr] {
        let shown = play.comes_to(side, "CLOSED").await;
        let count = |mark: &str| shown["documents"].as_array().unwrap().iter().filter(|one| one[mark] == true).count();
        // Who kept the records has destroyed them, and the one that it did not take before all others.
        let expected = if side == Side::Jp { (1, 3) } else { (1, 0) };
        assert_eq!((count("rejected"), count("destroyed")), expected, "{shown}");
    }
    let shown = play.stage.show(Side::Fr, case).await.unwrap();
    let steps: Vec<_> = shown["timeline"].as_array().unwrap().iter().filter_map(|one| one["step"].as_str()).collect();
    assert_eq!(steps.iter().filter(|step| **step == "release").count(), 3, "{steps:?}");
    for step in ["postpone", "give_info", "decline_conditions", "accept_conditions", "more_to_come", "reject"] {
        assert!(steps.contains(&step), "{step} of {steps:?}");
    }
}

#[tokio::test]
async fn a_request_for_another_authority_is_returned_with_its_name_and_closed() {
    bounded(async {
        let play = after(3).await;
        let case = play.case.clone();
        play.comes_to(Side::Fr, "DELIVERED").await;
        let back = ["return", &case, "--as", "central/officer-1", "--addressee", "FR:executing", "--text", "not ours"];
        play.stage.desk(Side::Fr, &back).await.done();
        let shown = play.comes_to(Side::Jp, "RETURNED").await;
        let timeline = shown["timeline"].as_array().unwrap();
        assert!(timeline.iter().any(|one| one["step"] == "return_request" && one["ground"] == "R93"), "{shown}");
        play.stage.desk(Side::Jp, &["close", &case, "--as", "central/officer-1"]).await.done();
        play.comes_to(Side::Fr, "CLOSED").await;
    })
    .await;
}
