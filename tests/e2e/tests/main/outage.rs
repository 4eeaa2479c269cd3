//! The other gateway, or the own one, is away: nothing is lost, and the sender is told.

use std::time::Duration;

use model::{Header, ReceiptKind};

use crate::{
    bounded, now,
    pair::Pair,
    play::{ACTS, Play},
    scribe::Scribe,
    stage::{Side, Stage, Victim},
};

/// A program that was told no word is not one that failed.
const SHORT_MS: i64 = 4_000;

#[tokio::test]
async fn what_both_gateways_acknowledged_survives_kill_9_and_arrives_once() {
    bounded(async {
        let mut pair = Pair::own().await;
        Scribe::at(&pair.fr).await.invite(1).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let (mut case, opening) = desk.opening(&pair.fr.authority("central")).await;
        // Each time at once after the answer: what was acknowledged must be on the disk.
        desk.submit(&opening).await.unwrap();
        pair.jp_gateway.kill();
        pair.jp_gateway = pair.jp.serve().ready().await;
        let mut desk = Scribe::at(&pair.jp).await;
        let verdict = desk.verdict(opening.header.entry).await;
        case.group.merge(verdict.receipt.epoch.as_ref().unwrap()).unwrap();
        pair.fr_gateway.kill();
        let request = desk.request(&mut case, b"body");
        let receipt = desk.submit(&request).await.unwrap();
        pair.jp_gateway.kill();
        pair.fr_gateway = pair.fr.serve().ready().await;
        pair.jp_gateway = pair.jp.serve().ready().await;
        let mut desk = Scribe::at(&pair.jp).await;
        assert_eq!(desk.verdict(request.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
        assert_eq!(desk.submit(&request).await.unwrap(), receipt, "the first receipt is the receipt");
        let arrived = Scribe::at(&pair.fr).await.arrivals(3).await;
        assert_eq!(arrived, [opening.header.entry, request.header.entry]);
    })
    .await;
}

#[tokio::test]
async fn an_entry_whose_time_ends_while_the_peer_is_away_lapses_and_its_desk_is_told() {
    bounded(async {
        let mut pair = Pair::own().await;
        Scribe::at(&pair.fr).await.invite(1).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let mut case = desk.open_case(&pair.fr.authority("central")).await;
        pair.fr_gateway.kill();
        let soon = |header: &mut Header| header.expires = now().plus_ms(SHORT_MS);
        let request = desk.request_with(&mut case, b"body", soon);
        desk.submit(&request).await.unwrap();
        let lapsed = tokio::time::timeout(Duration::from_secs(40), desk.lapse(request.header.entry)).await.unwrap();
        assert_eq!(lapsed.receipt.by, pair.jp.party);
        assert_eq!(lapsed.receipt.envelope, request.envelope_digest());
        assert_eq!(pair.jp.status().await["cases_by_state"], serde_json::json!({ "LAPSED": 1 }));
        // Back again, the peer gets the question whether it took it, and refuses what is too old: nothing arrives late.
        pair.fr_gateway = pair.fr.serve().ready().await;
        assert_eq!(Scribe::at(&pair.fr).await.arrivals(2).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_request_to_a_gateway_that_is_away_waits_and_goes_when_it_is_back() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        let case = play.case.clone();
        let (before, sending) = ACTS.split_at(1);
        play.act(&before[0]).await;
        play.stage.strike(Victim::FrGateway);
        let told = play.stage.desk(Side::Jp, &["request", "send", &case, "--as", "central/officer-1"]).await.failed(8);
        assert!(told.contains("remedy") && told.contains("PEER_UNREACHABLE"), "{told}");
        play.stage.mend(Victim::FrGateway).await;
        play.act(&sending[0]).await;

        // The group is open; now the request itself has to wait.
        play.stage.strike(Victim::FrGateway);
        let send = ["request", "send", &case, "--as", "central/officer-2", "--wait", "1"];
        let waiting = play.stage.desk(Side::Jp, &send).await.done();
        assert_eq!(waiting["progress"], "submitted", "{waiting}");
        let shown = play.stage.show(Side::Jp, &case).await.unwrap();
        assert_eq!(shown["timeline"][1]["verdict"], "pending", "{shown}");
        play.stage.mend(Victim::FrGateway).await;
        crate::until("the request arrives", 30, async || {
            let shown = play.stage.show(Side::Fr, &case).await?;
            (shown["summary"]["state"] == "DELIVERED").then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_request_is_withdrawn_while_it_is_on_its_way_and_the_withdrawal_follows_it() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        let case = play.case.clone();
        for act in &ACTS[..2] {
            play.act(act).await;
        }
        play.stage.strike(Victim::FrGateway);
        let send = ["request", "send", &case, "--as", "central/officer-2", "--wait", "1"];
        assert_eq!(play.stage.desk(Side::Jp, &send).await.done()["progress"], "submitted");
        let shown = play.stage.show(Side::Jp, &case).await.unwrap();
        assert_eq!(shown["summary"]["state"], "SENT");
        assert!(shown["summary"]["possible_steps"].as_array().unwrap().contains(&"withdraw".into()), "{shown}");
        let withdraw = ["withdraw", &case, "--as", "central/officer-1", "--text", "It was solved here.", "--wait", "1"];
        let waiting = play.stage.desk(Side::Jp, &withdraw).await.done();
        assert_eq!(waiting["progress"], "waiting_for_peer", "{waiting}");
        let shown = play.stage.show(Side::Jp, &case).await.unwrap();
        assert_eq!(shown["summary"]["state"], "WITHDRAWN", "{shown}");
        let verdict = |shown: &serde_json::Value, step: &str| {
            let all = shown["timeline"].as_array().unwrap().iter();
            all.filter(|one| one["step"] == step).map(|one| one["verdict"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(verdict(&shown, "withdraw"), ["pending"]);
        play.stage.desk(Side::Jp, &withdraw).await.failed(8);
        play.stage.mend(Victim::FrGateway).await;
        for side in [Side::Fr, Side::Jp] {
            let shown = crate::until("the withdrawal arrives", 30, async || {
                let shown = play.stage.show(side, &case).await?;
                (shown["summary"]["state"] == "WITHDRAWN" && verdict(&shown, "withdraw") == ["admitted"])
                    .then_some(shown)
            })
            .await;
            assert_eq!(verdict(&shown, "seal_send"), ["admitted"]);
        }
        play.stage.desk(Side::Jp, &["close", &case, "--as", "central/officer-1"]).await.done();
    })
    .await;
}

#[tokio::test]
async fn a_desk_works_while_its_own_gateway_is_away() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let case = play.case.clone();
        play.stage.strike(Victim::FrGateway);
        let words = ["acknowledge", &case, "--as", "central/officer-1", "--text", "noted", "--wait", "1"];
        let waiting = play.stage.desk(Side::Fr, &words).await.done();
        assert_eq!(waiting["progress"], "waiting_for_peer", "{waiting}");
        let status = play.stage.desk(Side::Fr, &["status"]).await.done();
        assert_eq!(status["gateway_reachable"], false);
        play.stage.mend(Victim::FrGateway).await;
        crate::until("the acknowledgement arrives", 30, async || {
            let shown = play.stage.show(Side::Jp, &case).await?;
            (shown["summary"]["state"] == "ACKED").then_some(())
        })
        .await;
    })
    .await;
}
