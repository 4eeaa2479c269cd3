//! Whole cases as officers type them on both sides: one that is carried out in part and refused in part, a preservation that becomes a
//! production, and one that begins as a copy of an earlier one. The recall of records on the wrong person is in `custody`. And what an officer
//! is told before all that.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded, ended,
    life::{comes_to, does, links, preserved, refused, sent},
    papers,
    play::Play,
    stage::{Side, Stage},
};

/// Waits until both desks show the measures there, in their order.
async fn measures_come_to(stage: &Stage, case: &str, states: &[&str]) -> [Value; 2] {
    let at = async |side| {
        crate::until(&format!("{states:?}"), 20, async || {
            let shown = stage.show(side, case).await?;
            let there = shown["measures"].as_array()?.iter().map(|one| one["state"].as_str().unwrap_or_default());
            there.eq(states.iter().copied()).then_some(shown)
        })
        .await
    };
    [at(Side::Jp).await, at(Side::Fr).await]
}

/// A command of FR that two officers have to sign: one who signs twice is one.
async fn by_two(stage: &Stage, line: &[&str]) {
    for (officer, missing) in [("1", 1), ("1", 1), ("2", 0)] {
        let officer = format!("central/officer-{officer}");
        let signed = stage.desk(Side::Fr, &[line, &["--as", &officer]].concat()).await.done();
        assert_eq!(signed["signatures_missing"], missing, "{line:?} by {officer}: {signed}");
    }
}

/// FR releases what it was asked for, for one measure.
async fn produced(play: &Play, case: &str, measure: &str) {
    let mut line: Vec<String> = ["produce", case, "--measure", measure].map(str::to_owned).into();
    for (record_type, record) in papers::answers(case) {
        let file = play.stage.pair.jp.dir.join(format!("{case}-{record_type}.json"));
        fs::write(&file, record.to_string()).unwrap();
        line.extend(["--record".to_owned(), format!("{record_type}={}", file.display())]);
    }
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    by_two(&play.stage, &line).await;
}

/// From what arrived to the end: received, reported, used, destroyed by two custodians, closed. `others` are the states of the measures
/// that ended before.
async fn used_and_closed(stage: &Stage, case: &str, others: &[&str]) {
    for (side, words, state) in [
        (Side::Jp, "confirm CASE --as central/officer-1", "RECEIVED"),
        (Side::Fr, "report CASE --as central/officer-1 --text done", "EXECUTED"),
        (Side::Jp, "take-over CASE --as central/officer-1 --reader Aoki", "IN_USE"),
        (Side::Jp, "dispose due CASE --as central/officer-1", "DISPOSAL_DUE"),
    ] {
        does(stage, side, case, words).await;
        measures_come_to(stage, case, &[&[state], others].concat()).await;
    }
    does(stage, Side::Jp, case, "dispose certify CASE --as central/officer-1 --officer officer-1 --officer officer-2")
        .await;
    does(stage, Side::Jp, case, "dispose certify CASE --as central/officer-2").await;
    measures_come_to(stage, case, &[&["DISPOSED"], others].concat()).await;
    does(stage, Side::Jp, case, "close CASE --as central/officer-1").await;
    comes_to(stage, case, "CLOSED").await;
}

/// The built-in files, by which JP and FR consult before they refuse.
fn consult_first(text: (String, String)) -> (String, String) {
    let (path, text) = text;
    if path != "instruments/budapest/instrument.toml" {
        return (path, text);
    }
    let (before, after) = ("consult_before = \"where_appropriate\"", "consult_before = \"required\"");
    assert!(text.contains(before), "{path} says otherwise how it is consulted");
    (path, text.replace(before, after))
}

#[tokio::test]
async fn of_two_measures_one_is_carried_out_and_one_refused_by_two_after_the_consultation_that_the_treaty_wants() {
    bounded(async {
        let prepare = async |folder: &std::path::Path, states: [&crate::state::State; 2]| {
            ended::treaties(folder, states, treaty::Catalog::builtin_files().map(consult_first));
        };
        let play = Play::draft(Stage::open_prepared(prepare).await).await;
        let stage = &play.stage;
        let mut request = papers::request(&papers::any_case());
        let mut second = request["measures"][0].clone();
        second["id"] = json!(2);
        second["records"] = json!(["subscriber_info"]);
        second["subjects"][0]["subject_ref"] = json!("S2");
        second["subjects"][0]["selector"]["value"] = json!("harbour.partner@mail.example");
        request["measures"].as_array_mut().unwrap().push(second);
        let case = sent(&play, &request, &[]).await;
        let case = case.as_str();
        measures_come_to(stage, case, &["DELIVERED", "DELIVERED"]).await;
        does(stage, Side::Fr, case, "acknowledge CASE --as central/officer-1").await;
        does(
            stage,
            Side::Fr,
            case,
            "accept CASE --as central/officer-1 --measure 1 --text granted --condition C01 --condition C06",
        )
        .await;
        measures_come_to(stage, case, &["ACCEPTED", "ACKED"]).await;

        let refuse = "refuse CASE --as central/officer-1 --measure 2 --ground R02 --text no";
        refused(stage, Side::Fr, case, refuse, "only after a consultation").await;
        does(stage, Side::Fr, case, "consult CASE --as central/officer-1 --measure 2 --text May_we_narrow_it?").await;
        measures_come_to(stage, case, &["ACCEPTED", "CONSULT"]).await;
        refused(stage, Side::Fr, case, refuse, "R94").await;
        // Who wants to refuse does not say alone that it was heard.
        let alone = "consulted CASE --as central/officer-1 --text held";
        refused(stage, Side::Fr, case, alone, "JP has not said that the consultation on M2 was held").await;
        does(stage, Side::Jp, case, "consulted CASE --as central/officer-1 --text Held_by_video.").await;
        measures_come_to(stage, case, &["ACCEPTED", "REVIEW"]).await;
        by_two(stage, &["refuse", case, "--measure", "2", "--ground", "R02", "--text", "no"]).await;
        measures_come_to(stage, case, &["ACCEPTED", "REFUSED"]).await;

        produced(&play, case, "1").await;
        for shown in measures_come_to(stage, case, &["PRODUCED", "REFUSED"]).await {
            let refusals = shown["timeline"].as_array().unwrap().iter().filter(|one| one["ground"] == "R02").count();
            assert_eq!((refusals, &shown["summary"]["state"]), (1, &json!("PRODUCED")), "{shown}");
        }
        used_and_closed(stage, case, &["REFUSED"]).await;
        for side in [Side::Jp, Side::Fr] {
            let counted = stage.desk(side, &["statistics"]).await.done();
            let text = counted["tallies"].to_string();
            assert!(text.contains("refused") && text.contains("R02"), "a part that was refused is counted: {counted}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_preserved_is_produced_under_the_request_that_follows_and_both_cases_come_to_their_end() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let stage = &play.stage;
        let kept = preserved(&play).await;
        let kept = kept.as_str();
        let request = papers::request(&papers::any_case());
        let case = sent(&play, &request, &["--follows", kept, "--as", "production"]).await;
        let case = case.as_str();
        let standing = |shown: &Value| shown["summary"]["preservation"]["standing"].clone();
        for shown in comes_to(stage, case, "DELIVERED").await {
            assert_eq!(links(&shown), [[kept.to_owned(), "production".to_owned(), "true".to_owned()]]);
        }
        does(stage, Side::Fr, case, "acknowledge CASE --as central/officer-1").await;
        for shown in comes_to(stage, kept, "RECEIVED").await {
            assert_eq!(standing(&shown), "linked", "it is held until the request is decided: {shown}");
        }
        does(stage, Side::Fr, case, "accept CASE --as central/officer-1 --condition C01 --condition C06").await;
        comes_to(stage, case, "ACCEPTED").await;
        produced(&play, case, "1").await;
        comes_to(stage, case, "PRODUCED").await;
        used_and_closed(stage, case, &[]).await;
        // What was kept was given: nobody needs it to be kept any more.
        does(stage, Side::Jp, kept, "preservation give-up CASE --as central/officer-1").await;
        does(stage, Side::Fr, kept, "report CASE --as central/officer-1").await;
        comes_to(stage, kept, "EXECUTED").await;
        does(stage, Side::Jp, kept, "close CASE --as central/officer-1").await;
        for shown in comes_to(stage, kept, "CLOSED").await {
            assert_ne!(standing(&shown), "linked", "{shown}");
            assert_eq!(links(&shown), [[case.to_owned(), "production".to_owned(), "false".to_owned()]]);
        }
    })
    .await;
}

/// What a copy leaves to be thought of anew, as JSON pointers.
const ANEW: [&str; 7] = [
    "/reference",
    "/validation/decision_reference",
    "/validation/decided_on",
    "/validation/validator",
    "/measures/0/window",
    "/measures/0/subjects",
    "/language/translation/certified",
];

#[tokio::test]
async fn a_copy_of_an_earlier_request_is_shown_to_the_other_side_held_against_its_translation_and_sent() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        let stage = &play.stage;
        let cloned = does(stage, Side::Jp, &play.case, "request clone CASE").await;
        let case = cloned["case"].as_str().unwrap().to_owned();
        let left: Vec<_> = cloned["left_out"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
        for field in ["reference", "measures[0].subjects", "measures[0].window", "validation.decided_on"] {
            assert!(left.contains(&json!(field)), "{field} of {left:?}");
        }
        assert_ne!(cloned["findings"], json!([]), "what was left out has to be filled in");

        let mut draft = does(stage, Side::Jp, &case, "request show CASE").await["request"].clone();
        let filled = papers::request(&case);
        for pointer in ANEW {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let value = filled.pointer(pointer).unwrap().clone();
            draft.pointer_mut(parent).unwrap()[name] = value;
        }
        draft["language"]["translation"]["certified_on"] = filled["language"]["translation"]["certified_on"].clone();
        draft["reference"] = json!("MOJ-IA-0501");
        let file = stage.pair.jp.dir.join("copy.json");
        fs::write(&file, draft.to_string()).unwrap();
        stage.desk(Side::Jp, &["request", "edit", &case, "--from", file.to_str().unwrap()]).await.done();
        let checked = stage.desk(Side::Jp, &["preflight", &case]).await;
        assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);

        does(stage, Side::Jp, &case, "share CASE --as central/officer-1 --text Is_the_period_right?").await;
        let seen = crate::until("the draft is there", 20, async || stage.show(Side::Fr, &case).await).await;
        assert_eq!((&seen["summary"]["state"], &seen["clocks"]), (&json!("DRAFT"), &json!([])), "{seen}");
        compared(stage, &case).await;
        for words in [
            "request validate CASE --as judicial/officer-1 --role judge",
            "request send CASE --as central/officer-1",
            "request send CASE --as central/officer-2",
        ] {
            does(stage, Side::Jp, &case, words).await;
        }
        for shown in comes_to(stage, &case, "DELIVERED").await {
            let steps: Vec<_> =
                shown["timeline"].as_array().unwrap().iter().map(|one| one["step"].as_str().unwrap()).collect();
            assert_eq!(steps, ["open_group", "share_draft", "seal_send"]);
        }
        let received = does(stage, Side::Fr, &case, "request show CASE").await;
        assert_eq!(received["request"]["reference"], "MOJ-IA-0501", "the copy, not what it was made of");
        assert_eq!(stage.show(Side::Fr, &play.case).await, None, "what it was made of is still a draft of JP's own");
    })
    .await;
}

/// Figures, dates and the subject's name of the original are looked for in the translation.
async fn compared(stage: &Stage, case: &str) {
    let folder = &stage.pair.jp.dir;
    let [original, translation] = ["original.txt", "translation.txt"].map(|name| folder.join(name));
    fs::write(&original, "2026年3月5日、Harbour Traderは4,200,000円を受け取った。").unwrap();
    let check = async |text: &str| {
        fs::write(&translation, text).unwrap();
        let [original, translation] = [&original, &translation].map(|path| path.to_str().unwrap());
        let line = ["translation", "check", original, translation, "--from", "ja", "--to", "fr", "--case", case];
        let answer = stage.desk(Side::Jp, &line).await;
        let value: Value = serde_json::from_str(&answer.out).unwrap();
        (answer.code, value["outcome"].as_str().unwrap().to_owned(), value.to_string())
    };
    for (wrong, what) in [
        ("Le 5 mars 2026, Harbour Trader a reçu 4 020 000 yens.", "4200000"),
        ("Le 3 mai 2026, Harbour Trader a reçu 4 200 000 yens.", "2026-03-05"),
        ("Le 5 mars 2026, Harbor Trade a reçu 4 200 000 yens.", "Harbour Trader"),
    ] {
        let (code, outcome, told) = check(wrong).await;
        assert_eq!((code, outcome.as_str()), (3, "differ"), "{wrong}: {told}");
        assert!(told.contains(what), "{what}: {told}");
    }
    let (code, outcome, told) = check("Le 5 mars 2026, Harbour Trader a reçu 4 200 000 yens.").await;
    assert_eq!((code, outcome.as_str()), (0, "agree"), "{told}");
}

/// The fields of which preflight tells something that has to be mended.
async fn to_mend(stage: &Stage, request: &Value) -> Vec<String> {
    let file = stage.pair.jp.dir.join("spoilt.json");
    fs::write(&file, request.to_string()).unwrap();
    let answer = stage.desk(Side::Jp, &["preflight", "--file", file.to_str().unwrap()]).await;
    assert_eq!(answer.code, 3, "{}{}", answer.out, answer.err);
    let told: Value = serde_json::from_str(&answer.out).unwrap();
    let findings = told["findings"].as_array().unwrap().iter().filter(|one| one["severity"] != "advice");
    findings.map(|one| one["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn preflight_names_everything_in_one_round_though_who_asks_and_who_is_asked_are_named_wrongly() {
    bounded(async {
        let stage = Stage::open().await;
        let mut request = papers::request(&papers::any_case());
        request["requesting"] = json!("IT");
        request["addressee"] = json!("FR:nobody");
        request["facts"]["summary"] = json!(" ");
        request["measures"][0]["window"]["from"] = json!("2020-01-01");
        request["urgency"]["deadline"] = json!("2020-01-01");
        let fields = to_mend(&stage, &request).await;
        for field in ["requesting", "addressee", "facts.summary", "measures[0].window", "urgency.deadline"] {
            assert!(fields.iter().any(|one| one == field), "{field} of {fields:?}");
        }
        // With a state that signed nothing there is no rule, and everything else is told.
        request["requested"] = json!("XK");
        request["addressee"] = json!("XK:central");
        let fields = to_mend(&stage, &request).await;
        for field in ["requesting", "facts.summary", "urgency.deadline"] {
            assert!(fields.iter().any(|one| one == field), "{field} of {fields:?}");
        }
    })
    .await;
}
