//! Incidents, and handing on, at real desks.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded,
    custody::{OPEN, released},
    now,
    play::Play,
    stage::Side,
    transfer::sees,
};

/// A consent to hand on to a court in Italy what was released.
async fn hand_on(play: &Play) {
    let ask = "onward request CASE --as central/officer-1 --purpose criminal~investigation --to-party IT --to-body court \
               --to-name Tribunale --proceeding RG_17 --basis article_28 --text The_same_mailbox_is_tried_there.";
    play.says(Side::Jp, ask).await;
    play.matter(Side::Fr, "REQUESTED").await;
    let day = now().plus_ms(10 * 24 * 3_600_000).date().unwrap();
    for officer in [1, 2] {
        play.says(Side::Fr, &format!("onward grant CASE --as central/officer-{officer} --until {day}")).await;
    }
    play.matter(Side::Jp, "GRANTED").await;
}

/// Waits until the second matter stands there at a desk.
async fn second(play: &Play, side: Side, state: &str) -> Value {
    crate::until(state, 20, async || {
        let shown = play.stage.show(side, &play.case).await?;
        (shown["matters"][1]["state"] == state).then_some(shown)
    })
    .await
}

/// An error that both sides look at, of this kind.
async fn triaged(play: &Play, flaw: &str) {
    play.says(Side::Jp, "correct report CASE --as central/officer-1 --text Something_is_wrong.").await;
    second(play, Side::Fr, "REPORTED").await;
    let triage = format!("correct triage CASE --as central/officer-1 --flaw {flaw} --text Indeed.");
    play.says(Side::Fr, &triage).await;
    second(play, Side::Jp, "TRIAGED").await;
}

/// The newest document of a type that a desk shows.
async fn written(play: &Play, side: Side, record_type: &str) -> Value {
    let folder = play.stage.pair.jp.dir.join(format!("{record_type}-{side:?}"));
    let to = folder.display().to_string();
    // Records that were recalled are not shown, and everything else is.
    play.stage.desk(side, &["case", "show", &play.case, "--documents", &to, "--as", "central/officer-1"]).await;
    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let mut named: Vec<_> =
        files.filter(|path| path.to_string_lossy().ends_with(&format!("-{record_type}.json"))).collect();
    named.sort();
    serde_json::from_slice(&fs::read(named.last().unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_recall_names_whom_the_records_were_handed_on_to_and_its_root_cause_is_counted() {
    bounded(async {
        let play = released().await;
        hand_on(&play).await;
        triaged(&play, "wrong~subject").await;
        for officer in [1, 2] {
            let recall = format!(
                "correct recall CASE --as central/officer-{officer} --compared name --compared birth~date --root-cause partial~match"
            );
            play.says(Side::Fr, &recall).await;
        }
        second(&play, Side::Jp, "RECALLED").await;
        for side in [Side::Fr, Side::Jp] {
            let recall = written(&play, side, "wrong_subject_recall").await;
            assert_eq!(recall["recipients"], json!(["JP:central", "IT court: Tribunale"]), "{side:?}");
            let counted = play.says(side, "statistics").await;
            let tallies = counted["tallies"].as_array().unwrap().iter();
            let causes: Vec<_> = tallies.filter(|one| one["by"] == "root_cause").collect();
            assert_eq!(causes.len(), 1, "{counted}");
            assert_eq!((&causes[0]["value"], &causes[0]["cases"]), (&json!("partial_match"), &json!(1)), "{counted}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_value_is_replaced_the_old_record_is_kept_as_evidence_and_everybody_is_told_before_it_is_closed() {
    bounded(async {
        let play = released().await;
        hand_on(&play).await;
        triaged(&play, "wrong~value").await;
        let file = play.stage.pair.jp.dir.join("subscriber_info.json");
        let whole: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        fs::write(&file, whole["content"].to_string()).unwrap();
        for officer in [1, 2] {
            let reissue = format!(
                "correct reissue CASE --as central/officer-{officer} --record subscriber~info=DIR/subscriber~info.json"
            );
            let given = play.says(Side::Fr, &reissue).await;
            assert_eq!(given["signatures_missing"], 2 - officer, "one officer replaces nothing: {given}");
        }
        let shown = second(&play, Side::Jp, "REISSUED").await;
        let count = |fate: &str| shown["documents"].as_array().unwrap().iter().filter(|one| one[fate] == true).count();
        assert_eq!((count("superseded"), count("destroyed")), (1, 0), "{shown}");
        let close = "correct close CASE --as central/officer-1 --matter X2";
        play.is_refused(Side::Jp, &format!("{close} --told JP:central"), "R94", "told").await;
        play.says(Side::Jp, close).await;
        for side in [Side::Jp, Side::Fr] {
            second(&play, side, "CLOSED").await;
            let notice = written(&play, side, "notice").await;
            assert_eq!(notice["told"], json!(["JP:central", "IT court: Tribunale"]), "{side:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn records_are_opened_for_a_third_state_while_the_consent_to_hand_them_on_holds_and_never_else() {
    bounded(async {
        let play = released().await;
        let court = format!("{OPEN} --officer Tribunale --for-proceeding RG_17");
        play.is_refused(Side::Jp, &court, "R16", "proceeding").await;
        let ask = "onward request CASE --as central/officer-1 --purpose criminal~investigation --to-party IT --to-body court \
                   --to-name Tribunale --proceeding RG_17 --basis article_28 --text The_same_mailbox_is_tried_there.";
        play.says(Side::Jp, ask).await;
        play.matter(Side::Fr, "REQUESTED").await;
        // Who agrees to another use does not by mistake agree that it goes to a third state.
        for words in ["", " --matter X1"] {
            let grant = format!("use grant CASE --as central/officer-1 --until 2027-01-01{words}");
            let why = if words.is_empty() { "fits no matter" } else { "of the kind onward, not use" };
            play.is_refused(Side::Fr, &grant, "R94", why).await;
        }
        play.is_refused(Side::Jp, &court, "R16", "proceeding").await;
        let day = now().plus_ms(10 * 24 * 3_600_000).date().unwrap();
        for officer in [1, 2] {
            let grant = format!("onward grant CASE --as central/officer-{officer} --until {day}");
            let granted = play.says(Side::Fr, &grant).await;
            assert_eq!(granted["signatures_missing"], 2 - officer, "one officer grants nothing: {granted}");
        }
        play.matter(Side::Jp, "GRANTED").await;
        play.says(Side::Jp, &court).await;
        let other = format!("{OPEN} --for-proceeding RG_17");
        play.is_refused(Side::Jp, &other, "R16", "proceeding").await;
        let profiling = format!("{court} --for-purpose profiling");
        play.is_refused(Side::Jp, &profiling, "R16", "purpose").await;
        play.says(Side::Fr, "onward close CASE --as central/officer-1").await;
        play.matter(Side::Jp, "CLOSED").await;
        play.is_refused(Side::Jp, &court, "R16", "proceeding").await;
    })
    .await;
}

#[tokio::test]
async fn another_use_is_denied_with_reasons_and_what_exculpates_is_told_without_being_asked_for() {
    bounded(async {
        let play = released().await;
        let other = format!("{OPEN} --for-proceeding RG_17");
        let about = "--purpose criminal~investigation --proceeding RG_17";
        let ask =
            format!("use request CASE --as central/officer-1 {about} --basis article_28 --text They_are_tried_there.");
        play.says(Side::Jp, &ask).await;
        play.matter(Side::Fr, "REQUESTED").await;
        let deny = "use deny CASE --as central/officer-1 --text It_would_harm_a_case_of_ours.";
        play.is_refused(Side::Jp, deny, "R9", "").await;
        play.says(Side::Fr, deny).await;
        let shown = play.matter(Side::Jp, "DENIED").await;
        let said = shown["timeline"].as_array().unwrap().iter().find(|one| one["step"] == "deny_consent").unwrap();
        assert_eq!((&said["sender"], &shown["matters"][0]["grants"]), (&json!("FR:central"), &json!(false)), "{shown}");
        assert_eq!(written(&play, Side::Jp, "use_consent").await["reasons"], "It would harm a case of ours.");
        play.is_refused(Side::Jp, &other, "R16", "proceeding").await;
        play.is_refused(Side::Fr, "use grant CASE --as central/officer-1 --until 2099-01-01", "R94", "").await;

        let tell = format!(
            "use notify-exculpatory CASE --as central/officer-1 {about} --basis article_18(19) --text It_clears_him."
        );
        play.is_refused(Side::Fr, &tell, "R9", "").await;
        play.says(Side::Jp, &tell).await;
        let shown = second(&play, Side::Fr, "NOTIFIED").await;
        assert_eq!(
            (&shown["matters"][1]["kind"], &shown["matters"][1]["grants"]),
            (&json!("use"), &json!(false)),
            "{shown}"
        );
        let notice = written(&play, Side::Fr, "use_consent").await;
        assert_eq!((&notice["act"], &notice["reasons"]), (&json!("exculpatory_notice"), &json!("It clears him.")));
        // Who was told needs to grant nothing, and either side ends it.
        play.is_refused(Side::Fr, "use grant CASE --as central/officer-1 --matter X2 --until 2099-01-01", "R94", "")
            .await;
        play.says(Side::Fr, "use close CASE --as central/officer-1 --matter X2").await;
        second(&play, Side::Jp, "CLOSED").await;
    })
    .await;
}

#[tokio::test]
async fn an_incident_is_told_confirmed_recalled_by_two_shredded_by_two_and_closed() {
    bounded(async {
        let play = released().await;
        play.says(Side::Jp, OPEN).await;
        play.says(Side::Jp, "breach found CASE").await;
        let notify =
            "breach notify CASE --as central/officer-1 --kind disclosure --text A_printout_was_left_in_a_train.";
        play.says(Side::Jp, notify).await;
        let shown = play.matter(Side::Fr, "PEER_NOTIFIED").await;
        assert_eq!(shown["matters"][0]["kind"], "breach", "{shown}");
        let inbox = play.says(Side::Fr, "inbox").await;
        let told = &inbox["cases"][0]["matters"][0];
        assert_eq!((&told["kind"], &told["waits"]), (&"breach".into(), &false.into()), "who gave them hears: {inbox}");
        play.says(Side::Jp, "breach confirm CASE --as central/officer-1").await;
        play.matter(Side::Fr, "CONFIRMED").await;
        play.says(Side::Jp, OPEN).await;
        for officer in [1, 2] {
            let recall = format!("breach recall CASE --as central/officer-{officer} --text We_take_it_back.");
            let recalled = play.says(Side::Fr, &recall).await;
            assert_eq!(recalled["signatures_missing"], 2 - officer, "one officer recalls nothing: {recalled}");
        }
        play.matter(Side::Jp, "RECALLED").await;
        play.is_refused(Side::Jp, OPEN, "R18", "recalled").await;
        for officer in [1, 2] {
            let certify = format!(
                "breach certify CASE --as central/officer-{officer} --custodian officer-1 --custodian officer-2"
            );
            play.says(Side::Jp, &certify).await;
        }
        play.matter(Side::Fr, "SHREDDED").await;
        play.says(Side::Fr, "breach defer-subject CASE --as central/officer-1 --text It_would_warn_them.").await;
        play.matter(Side::Jp, "DEFERRED").await;
        play.says(Side::Fr, "breach tell-subject CASE --as central/officer-1").await;
        play.matter(Side::Jp, "SUBJECT_NOTIFIED").await;
        play.says(Side::Jp, "breach close CASE --as central/officer-1").await;
        let shown = play.matter(Side::Fr, "CLOSED").await;
        assert_eq!(shown["matters"][0]["recalled"], true, "what was recalled stays so: {shown}");
        assert_eq!(shown["summary"]["matters"], json!([]), "{shown}");
        // Of nothing no custodian certifies anything: who kept the records closes the case, and nobody else.
        play.is_refused(Side::Fr, "close CASE --as central/officer-1", "R94", "").await;
        play.says(Side::Jp, "close CASE --as central/officer-1").await;
        sees(&play.stage, Side::Fr, &play.case, "CLOSED").await;
    })
    .await;
}
