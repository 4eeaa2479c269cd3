//! What comes of silence at real desks: questions that nobody answers, a consultation of which nobody speaks, a refusal against which nobody lodges a
//! remedy, the day to which a request was put off, and one that did not get out in time. The clocks of all machines are set ahead; nothing else is told that the time is over.

use serde_json::Value;

use crate::{
    bounded,
    browser::Browser,
    life::{comes_to, does, refused},
    play::{ACTS, Play},
    renewal::{in_place, renew},
    skew::shim,
    stage::{Side, Stage, Victim},
    until,
};

const DAY_S: i64 = 24 * 3600;
const ALL: [Victim; 4] = [Victim::JpGateway, Victim::FrGateway, Victim::JpDesk, Victim::FrDesk];

/// A case that FR has acknowledged.
async fn acknowledged() -> Play {
    let play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..4] {
        play.act(act).await;
    }
    play
}

/// Lets so many days go by for everybody.
async fn days_go_by(stage: &mut Stage, days: i64) {
    let clock = shim(&stage.pair.jp.dir);
    ALL.into_iter().for_each(|victim| stage.strike(victim));
    for side in [Side::Jp, Side::Fr] {
        stage.set_clocks(side, &clock, days * DAY_S);
    }
    for victim in ALL {
        stage.mend(victim).await;
    }
}

/// A clock of the case at both desks, whose policy is the same.
async fn clock(stage: &Stage, case: &str, kind: &str) -> Value {
    let mut found = Vec::new();
    for side in [Side::Jp, Side::Fr] {
        let one = until(kind, 20, async || {
            let shown = stage.show(side, case).await?;
            shown["clocks"].as_array().unwrap().iter().find(|clock| clock["kind"] == kind).cloned()
        });
        found.push(one.await);
    }
    assert_eq!(found[0]["due_ms"], found[1]["due_ms"], "{found:?}");
    assert_eq!((&found[0]["legal"], &found[0]["state"]), (&false.into(), &"running".into()), "{found:?}");
    found.remove(0)
}

fn may(shown: &Value, step: &str) -> bool {
    shown["summary"]["possible_steps"].as_array().unwrap().iter().any(|one| one == step)
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_nobody_answers_are_reminded_of_and_the_request_goes_back_after_thirty_days() {
    bounded(async {
        let mut play = acknowledged().await;
        let case = play.case.clone();
        does(&play.stage, Side::Fr, &case, "ask-info CASE --as central/officer-1 --text Which_account?").await;
        comes_to(&play.stage, &case, "INFO_WAIT").await;
        let open = clock(&play.stage, &case, "clarification").await;
        assert_eq!(open["acting"], "own", "JP owes the answer: {open}");
        does(&play.stage, Side::Fr, &case, "ask-info CASE --as central/officer-1 --text Once_more:_which?").await;
        let folder = play.stage.pair.jp.dir.join("asked");
        let asked = ["case", "show", &case, "--documents", folder.to_str().unwrap()];
        let reminders = until("the reminder is there", 20, async || {
            play.stage.desk(Side::Jp, &asked).await.done();
            let files = std::fs::read_dir(&folder).unwrap();
            let read = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
            let documents: Vec<Value> = read.map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect();
            let mut told: Vec<_> = documents.iter().filter_map(|one| one["reminder"].as_u64()).collect();
            told.sort_unstable();
            (told.len() == 2).then_some(told)
        });
        assert_eq!(reminders.await, [0, 1]);
        assert_eq!(clock(&play.stage, &case, "clarification").await["due_ms"], open["due_ms"]);
        let back = "return CASE --as central/officer-1 --unanswered --text Nobody_answered.";
        refused(&play.stage, Side::Fr, &case, back, "have not been open for 30 days").await;
        let shown = play.stage.show(Side::Fr, &case).await.unwrap();
        assert!(may(&shown, "ask_info") && !may(&shown, "return_request"), "{shown}");

        days_go_by(&mut play.stage, 31).await;
        for (side, desk) in [(Side::Fr, "FR:central"), (Side::Jp, "JP:central")] {
            renew(&play.stage, side).await;
            in_place(&play, side, desk, 1).await;
        }
        // Meanwhile the desk told by itself how it stands: nobody asked it to.
        until("the desk tells the status", 60, async || {
            let shown = play.stage.show(Side::Jp, &case).await?;
            shown["timeline"].as_array().unwrap().iter().find(|one| one["step"] == "tell_status").cloned()
        })
        .await;
        let shown = play.stage.show(Side::Fr, &case).await.unwrap();
        assert!(may(&shown, "ask_info") && !may(&shown, "return_request"), "one reminder is none: {shown}");
        refused(&play.stage, Side::Fr, &case, back, "reminded 1 times").await;
        does(&play.stage, Side::Fr, &case, "ask-info CASE --as central/officer-1 --text Please_answer.").await;
        let shown = play.stage.show(Side::Fr, &case).await.unwrap();
        assert!(may(&shown, "return_request"), "{shown}");
        does(&play.stage, Side::Fr, &case, back).await;
        for shown in comes_to(&play.stage, &case, "RETURNED").await {
            let last = shown["timeline"].as_array().unwrap().iter().rfind(|one| one["step"] == "return_request");
            assert_eq!(last.unwrap()["ground"], "R01", "{shown}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consultation_of_which_nobody_speaks_is_ended_by_who_asked_for_it_after_ten_days_and_no_remedy_is_waited_for_thirty()
 {
    bounded(async {
        let mut play = acknowledged().await;
        let case = play.case.clone();
        does(&play.stage, Side::Fr, &case, "consult CASE --as central/officer-1").await;
        let shown = comes_to(&play.stage, &case, "CONSULT").await;
        assert!(may(&shown[0], "consult_done") && !may(&shown[1], "consult_done"), "{shown:?}");
        assert_eq!(clock(&play.stage, &case, "consultation").await["acting"], "own", "JP owes a word");
        days_go_by(&mut play.stage, 11).await;
        let shown = play.stage.show(Side::Fr, &case).await.unwrap();
        assert!(may(&shown, "consult_done"), "{shown}");
        does(&play.stage, Side::Fr, &case, "consulted CASE --as central/officer-1").await;
        comes_to(&play.stage, &case, "REVIEW").await;
        for officer in ["1", "2"] {
            let refuse = format!("refuse CASE --as central/officer-{officer} --ground R02 --text no");
            does(&play.stage, Side::Fr, &case, &refuse).await;
        }
        let shown = comes_to(&play.stage, &case, "REFUSED").await;
        assert!(may(&shown[0], "close") && !may(&shown[1], "close"), "{shown:?}");
        assert_eq!(clock(&play.stage, &case, "remedy").await["acting"], "own", "a remedy is JP's");
        assert!(!asks_for_another_channel(&play, Side::Jp).await, "it was heard, and refused");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_postponed_until_a_day_is_taken_up_by_the_desk_when_that_day_is_over() {
    bounded(async {
        let mut play = acknowledged().await;
        let case = play.case.clone();
        let later = crate::now().plus_ms(5 * DAY_S * 1000);
        let day = later.date().unwrap();
        let postpone =
            format!("postpone CASE --as central/officer-1 --reason P01 --review-on {day} --text A_trial_is_on.");
        does(&play.stage, Side::Fr, &case, &postpone).await;
        comes_to(&play.stage, &case, "POSTPONED").await;
        let review = clock(&play.stage, &case, "review").await;
        let end = (later.0 / (DAY_S * 1000) + 1) * DAY_S * 1000;
        assert_eq!((review["due_ms"].as_i64(), &review["acting"]), (Some(end), &"other".into()), "{review}");
        days_go_by(&mut play.stage, 7).await;
        for shown in comes_to(&play.stage, &case, "REVIEW").await {
            let last = shown["timeline"].as_array().unwrap().last().unwrap().clone();
            assert_eq!((&last["step"], &last["sender"]), (&"resume".into(), &"FR:central".into()), "{shown}");
        }
    })
    .await;
}

/// A request that both officers sent, and that did not get out before its time was over.
async fn lapsed() -> Play {
    let mut play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..2] {
        play.act(act).await;
    }
    play.stage.strike(Victim::JpGateway);
    let case = play.case.clone();
    does(&play.stage, Side::Jp, &case, "request send CASE --as central/officer-2").await;
    assert_eq!(play.stage.show(Side::Jp, &case).await.unwrap()["summary"]["state"], "SENT");
    days_go_by(&mut play.stage, 8).await;
    let shown = until("it has lapsed", 60, async || {
        let shown = play.stage.show(Side::Jp, &case).await?;
        (shown["summary"]["state"] == "LAPSED").then_some(shown)
    });
    let shown = shown.await;
    assert!(may(&shown, "seal_send") && may(&shown, "close"), "{shown}");
    play
}

/// Whether the page of the console that closes the case does.
async fn asks_for_another_channel(play: &Play, side: Side) -> bool {
    let mut browser = Browser::signed_in(&play.stage, side, "officer-1").await;
    let page = browser.get(&format!("/cases/{}/steps/close", play.case)).await;
    assert!(page.status == 200 && page.text().contains("Close the case"), "{}", page.text());
    page.body.contains("alternative_channel")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_lapsed_is_shown_so_until_it_is_sent_anew() {
    bounded(async {
        let play = lapsed().await;
        for officer in ["1", "2"] {
            let send = format!("request send CASE --as central/officer-{officer}");
            does(&play.stage, Side::Jp, &play.case, &send).await;
        }
        comes_to(&play.stage, &play.case, "DELIVERED").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closes_a_request_that_lapsed_says_by_which_other_channel_it_goes() {
    bounded(async {
        let play = lapsed().await;
        assert!(asks_for_another_channel(&play, Side::Jp).await);
        let close = "close CASE --as central/officer-1 --alternative-channel by_courier";
        does(&play.stage, Side::Jp, &play.case, close).await;
        comes_to(&play.stage, &play.case, "CLOSED").await;
        let folder = play.stage.pair.jp.dir.join("closed");
        let show = ["case", "show", &play.case, "--documents", folder.to_str().unwrap()];
        play.stage.desk(Side::Fr, &show).await.done();
        let mut files = std::fs::read_dir(&folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let said =
            |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).unwrap()["alternative_channel"] == "by courier";
        assert!(files.any(said), "FR is told by which channel it comes");
    })
    .await;
}
