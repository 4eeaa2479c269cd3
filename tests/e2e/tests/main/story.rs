//! A whole case by the officers' command line, undisturbed; and with a power cut or a cut link in every gap and in the middle of
//! every act.

use std::time::Duration;

use crate::{
    bounded,
    papers::SECRETS,
    play::{ACTS, Play},
    stage::{Stage, Victim},
};

#[tokio::test]
async fn japan_asks_france_and_gets_what_it_asked_for() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS {
            play.act(act).await;
        }
        play.assert_whole().await;
        for secret in SECRETS {
            play.stage.pair.assert_not_written(secret.as_bytes());
        }
    })
    .await;
}

/// Plays the case and strikes once in every gap, beginning with this victim: five runs strike every victim in every gap.
async fn struck_in_every_gap(first: usize) {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        let links = play.stage.connections();
        for (gap, act) in ACTS.iter().enumerate() {
            let victim = Victim::ALL[(first + gap) % Victim::ALL.len()];
            play.stage.strike(victim);
            play.stage.mend(victim).await;
            play.act(act).await;
        }
        assert!(play.stage.connections() > links, "no connection was made anew");
        play.assert_whole().await;
    })
    .await;
}

#[tokio::test]
async fn a_case_survives_a_failure_in_every_gap_in_turn_from_the_gateway_of_jp_on() {
    struck_in_every_gap(0).await;
}

#[tokio::test]
async fn a_case_survives_a_failure_in_every_gap_in_turn_from_the_gateway_of_fr_on() {
    struck_in_every_gap(1).await;
}

#[tokio::test]
async fn a_case_survives_a_failure_in_every_gap_in_turn_from_the_desk_of_jp_on() {
    struck_in_every_gap(2).await;
}

#[tokio::test]
async fn a_case_survives_a_failure_in_every_gap_in_turn_from_the_desk_of_fr_on() {
    struck_in_every_gap(3).await;
}

#[tokio::test]
async fn a_case_survives_a_failure_in_every_gap_in_turn_from_the_link_on() {
    struck_in_every_gap(4).await;
}

/// Plays the case and strikes in the middle of every act, at moments that the seed chooses.
async fn struck_in_every_act(seed: u64) {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        let mut chance = seed;
        for act in &ACTS {
            // Knuth's MMIX generator: the same moments in every run of the tests.
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let victim = Victim::ALL[usize::try_from(chance >> 33).unwrap() % Victim::ALL.len()];
            let after = Duration::from_millis((chance >> 13) % 600);
            play.act_struck(act, victim, after).await;
        }
        play.assert_whole().await;
    })
    .await;
}

#[tokio::test]
async fn a_case_survives_failures_in_the_middle_of_every_act_seed_1() {
    struck_in_every_act(1).await;
}

#[tokio::test]
async fn a_case_survives_failures_in_the_middle_of_every_act_seed_2() {
    struck_in_every_act(2).await;
}

#[tokio::test]
async fn a_case_survives_failures_in_the_middle_of_every_act_seed_3() {
    struck_in_every_act(3).await;
}

/// For a night: `E2E_SEEDS=100..200 cargo test -p rogatory-e2e --test main -- --ignored many_seeds`.
#[tokio::test]
#[ignore = "it takes half a minute for each seed"]
async fn a_case_survives_failures_in_the_middle_of_every_act_for_many_seeds() {
    let seeds = std::env::var("E2E_SEEDS").expect("E2E_SEEDS, as in 100..200");
    let (from, to) = seeds.split_once("..").unwrap();
    for seed in from.parse().unwrap()..to.parse().unwrap() {
        println!("seed {seed}");
        struck_in_every_act(seed).await;
    }
}
