//! A home that lies to who sends entries of its cases: it takes one and names no leaf, or states what its ledger does not.

use model::{Receipt, ReceiptKind};
use proto::peer::{RelayResponse, relay_verdict::Outcome};
use serde_json::Value;

use crate::{
    bounded,
    crooked::{Crooked, forged},
    misconduct::configure,
    play::{ACTS, Play},
    stage::{Side, Stage},
    state::State,
    until,
};

/// FR has had JP's request and says that it came, through a home that alters what it answers.
async fn acknowledged(stage: Stage, front: &Crooked, change: impl Fn(&mut Receipt) + Send + 'static) -> Play {
    let play = Play::draft(stage).await;
    for act in &ACTS[..3] {
        play.act(act).await;
    }
    let (jp, fr) = (play.stage.pair.jp.clone(), play.stage.pair.fr.party);
    front.turn(move |answer| alter(&jp, fr, answer, &change));
    let words = ["acknowledge", &*play.case, "--as", "central/officer-1", "--text", "noted"];
    play.stage.desk(Side::Fr, &words).await;
    play
}

fn alter(jp: &State, fr: model::PartyId, answer: &mut RelayResponse, change: &impl Fn(&mut Receipt)) {
    for verdict in &mut answer.verdicts {
        if let Some(Outcome::Receipt(signed)) = &mut verdict.outcome
            && proto::decode_receipt(signed).unwrap().receipt.kind == ReceiptKind::RelayAcceptance
        {
            *signed = forged(jp, fr, signed, change);
        }
    }
}

/// Where the case stands at FR's desk.
async fn stands(play: &Play) -> Value {
    play.stage.show(Side::Fr, &play.case).await.map(|shown| shown["state"].clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_not_taken_by_a_home_that_names_no_leaf_of_it() {
    bounded(async {
        let (stage, front) = Stage::open_fronted(|_| {}).await;
        let play = acknowledged(stage, &front, |receipt| receipt.leaf = None).await;
        until("FR says why the entry waits", 20, async || {
            let waiting = play.stage.pair.fr.channel("JP").await["waiting"].to_string();
            waiting.contains("names its leaf").then_some(())
        })
        .await;
        assert_ne!(stands(&play).await, "ACKED");
        front.repent();
        play.act(&ACTS[3]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_whose_ledger_lacks_an_entry_that_it_says_to_have_logged_is_not_cosigned_and_brings_nothing_new() {
    bounded(async {
        let (stage, front) = Stage::open_fronted(|[_, fr]| configure(fr, "receipt_leaf_s = 3")).await;
        // What it signs is not what its leaf states: the ledger has the entry at another moment.
        let play = acknowledged(stage, &front, |receipt| receipt.at = receipt.at.plus_ms(-1)).await;
        front.repent();
        let fr = &play.stage.pair.fr;
        until("FR tells it without being called", 40, async || {
            let trouble = fr.channel("JP").await["last_error"].to_string();
            trouble.contains("our entries that were taken").then_some(())
        })
        .await;
        let words = ["withdraw", &*play.case, "--as", "central/officer-1", "--text", "settled"];
        play.stage.desk(Side::Jp, &words).await;
        let why = until("JP says why its entry waits", 20, async || {
            let channel = play.stage.pair.jp.channel("FR").await;
            channel["waiting"].to_string().contains("has no leaf there").then_some(channel)
        })
        .await;
        assert_ne!(why["ledger_cosigned"], why["ledger_size"], "nothing is cosigned any more");
        let kept = play.stage.show(Side::Fr, &play.case).await.unwrap()["timeline"].to_string();
        assert!(!kept.contains("withdraw"), "{kept}");
    })
    .await;
}
