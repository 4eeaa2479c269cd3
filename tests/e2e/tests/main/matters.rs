//! Incidents, and handing on, at real desks.

use serde_json::json;

use crate::{
    bounded,
    custody::{OPEN, released},
    now,
    stage::Side,
};

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
        assert_eq!(shown["summary"]["matters_waiting"], json!([]), "{shown}");
    })
    .await;
}
