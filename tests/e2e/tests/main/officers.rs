//! Two officers of one desk on one case: whose decision is signed first is the case's next step, and nobody is two.

use std::fs;

use identity::{SigningKey, sign_step};
use link::Channel;
use model::{HeaderDigest, Role};
use proto::desk::{
    PrepareStepRequest, PrepareStepResponse, SignStepRequest, SignStepResponse, case_service_client::CaseServiceClient,
};
use serde_json::Value;
use tonic::{Code, Status};

use crate::{
    bounded,
    play::{ACTS, Play},
    scribe::Scribe,
    stage::{Side, Stage},
    wire,
};

/// An officer of FR's central authority, with a program of the officer's own.
struct Officer {
    key: SigningKey,
    desk: CaseServiceClient<Channel>,
}

impl Officer {
    fn of(play: &Play, number: u8) -> Self {
        let state = play.stage.state(Side::Fr);
        let key = state.key(&format!("officers/central/officer-{number}"), "key.pem");
        let socket = state.desk_dir("central").join("desk.sock");
        Self { key, desk: CaseServiceClient::new(link::connect_local(&socket)) }
    }

    async fn prepare(&mut self, play: &Play, step: &str, text: &str) -> Result<PrepareStepResponse, Status> {
        let (case_id, step) = (play.case.clone(), step.to_owned());
        let ground = if step == "refuse" { "R07" } else { "" }.to_owned();
        let request = PrepareStepRequest { case_id, step, ground, text: text.to_owned(), ..Default::default() };
        Ok(self.desk.prepare_step(request).await?.into_inner())
    }

    async fn sign(&mut self, prepared: &PrepareStepResponse, role: Role) -> Result<SignStepResponse, Status> {
        let word = sign_step(&self.key, role, HeaderDigest::of(&prepared.header));
        let request = SignStepRequest {
            entry_id: prepared.entry_id.clone(),
            role: role.as_str().to_owned(),
            key_id: word.signature.key.0.as_bytes().to_vec().into(),
            signature: word.signature.bytes.into(),
        };
        Ok(self.desk.sign_step(request).await?.into_inner())
    }

    async fn take(&mut self, play: &Play, step: &str, text: &str, role: Role) {
        let prepared = self.prepare(play, step, text).await.unwrap();
        assert_eq!(self.sign(&prepared, role).await.unwrap().signatures_missing, 0);
    }
}

impl Play {
    async fn stands_in(&self, side: Side, state: &str) -> Value {
        crate::until(state, 30, async || {
            let shown = self.stage.show(side, &self.case).await?;
            (shown["summary"]["state"] == state).then_some(shown)
        })
        .await
    }
}

fn steps(shown: &Value) -> Vec<&str> {
    shown["timeline"].as_array().unwrap().iter().filter_map(|one| one["step"].as_str()).collect()
}

/// A case under review at FR.
async fn under_review() -> Play {
    let play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..4] {
        play.act(act).await;
    }
    Officer::of(&play, 1).take(&play, "open_review", "", Role::Decider).await;
    play.stands_in(Side::Fr, "REVIEW").await;
    play
}

#[tokio::test]
async fn of_two_officers_who_decide_at_once_one_wins_and_the_other_is_told_what_came_first() {
    bounded(async {
        let play = under_review().await;
        let [mut one, mut two] = [1, 2].map(|number| Officer::of(&play, number));
        // Both look at the same case, and both are about to sign.
        let granted = one.prepare(&play, "recognise", "granted").await.unwrap();
        let asked = two.prepare(&play, "ask_info", "which account?").await.unwrap();
        assert_ne!(granted.entry_id, asked.entry_id);
        assert_eq!(two.sign(&asked, Role::Central).await.unwrap().signatures_missing, 0);
        let told = one.sign(&granted, Role::Decider).await.unwrap_err();
        assert_eq!(told.code(), Code::Aborted, "{told:?}");
        let info = wire::error_info(&told);
        let detail = &info.metadata["detail"];
        assert_eq!(info.reason, "STALE_CASE");
        for part in ["the case has moved", "ask_info came first", "nothing of recognise was sent", "officer-2"] {
            assert!(detail.contains(part), "{part}: {detail}");
        }
        for side in [Side::Jp, Side::Fr] {
            let shown = play.stands_in(side, "INFO_WAIT").await;
            let taken = steps(&shown);
            assert_eq!(taken.iter().filter(|step| **step == "ask_info").count(), 1, "{taken:?}");
            assert!(!taken.contains(&"recognise"), "{taken:?}");
        }
        // Nothing is lost: when the answer is there, the same words go again.
        let give = ["give-info", &play.case, "--as", "central/officer-1", "--text", "that one"];
        play.stage.desk(Side::Jp, &give).await.done();
        play.stands_in(Side::Fr, "REVIEW").await;
        one.take(&play, "recognise", "granted", Role::Decider).await;
        play.stands_in(Side::Jp, "ACCEPTED").await;
    })
    .await;
}

#[tokio::test]
async fn two_commands_at_the_same_moment_are_one_decision_on_both_sides() {
    bounded(async {
        let play = under_review().await;
        let [one, two] = ["central/officer-1", "central/officer-2"];
        let grant = ["accept", &play.case, "--as", one, "--text", "granted"];
        let ask = ["ask-info", &play.case, "--as", two, "--text", "which account?"];
        let (granted, asked) = tokio::join!(play.stage.desk(Side::Fr, &grant), play.stage.desk(Side::Fr, &ask));
        let won: Vec<_> = [&granted, &asked].into_iter().map(|answer| answer.code == 0).collect();
        // Who comes second is told so, unless the first decision still left room for it.
        let (winner, state, loser) =
            if won[0] { ("recognise", "ACCEPTED", &asked) } else { ("ask_info", "INFO_WAIT", &granted) };
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{granted:?}\n{asked:?}");
        // The first may not be answered yet: then there is nothing to tell of it but that it is on its way.
        let told = ["STALE_CASE", "R94"].iter().any(|code| loser.err.contains(code))
            && (loser.err.contains(winner) || loser.err.contains(state));
        assert!(told || loser.err.contains("on its way"), "{}", loser.err);
        for side in [Side::Jp, Side::Fr] {
            let shown = play.stands_in(side, state).await;
            let taken = steps(&shown);
            assert_eq!(taken.iter().filter(|step| ["recognise", "ask_info"].contains(step)).count(), 1, "{taken:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_step_that_waits_for_its_second_signature_is_not_overtaken_in_silence() {
    bounded(async {
        let play = under_review().await;
        let [mut one, mut two] = [1, 2].map(|number| Officer::of(&play, number));
        let granted = one.prepare(&play, "recognise", "granted").await.unwrap();
        let refused = two.prepare(&play, "refuse", "not here").await.unwrap();
        assert_eq!(two.sign(&refused, Role::Decider).await.unwrap().signatures_missing, 1);
        let told = one.sign(&granted, Role::Decider).await.unwrap_err();
        let detail = &wire::error_info(&told).metadata["detail"];
        assert!(detail.contains("refuse waits for its second signature"), "{detail}");
        assert!(detail.contains("--replace"), "{detail}");
        let told = one.prepare(&play, "recognise", "granted").await.unwrap_err();
        assert!(wire::error_info(&told).metadata["detail"].contains("refuse waits"), "{told:?}");
        // The second officer agrees instead.
        assert_eq!(one.sign(&refused, Role::Decider).await.unwrap().signatures_missing, 0);
        play.stands_in(Side::Jp, "REFUSED").await;
    })
    .await;
}

#[tokio::test]
async fn the_second_signer_is_not_the_first_under_another_name_or_in_another_role() {
    bounded(async {
        let play = under_review().await;
        let mut one = Officer::of(&play, 1);
        let refused = one.prepare(&play, "refuse", "not here").await.unwrap();
        assert_eq!(one.sign(&refused, Role::Decider).await.unwrap().signatures_missing, 1);
        // Again, as after an answer that was lost: it still counts once.
        assert_eq!(one.sign(&refused, Role::Decider).await.unwrap().signatures_missing, 1);
        let told = one.sign(&refused, Role::Central).await.unwrap_err();
        assert_eq!(wire::error_info(&told).reason, "R93");
        // The same key in the folder of somebody else.
        let officers = play.stage.state(Side::Fr).dir.join("officers/central");
        fs::create_dir(officers.join("somebody-else")).unwrap();
        for file in fs::read_dir(officers.join("officer-1")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), officers.join("somebody-else").join(file.file_name())).unwrap();
        }
        let words = ["refuse", &play.case, "--as", "central/somebody-else", "--ground", "R07", "--text", "not here"];
        let answer = play.stage.desk(Side::Fr, &words).await.done();
        assert_eq!((&answer["signatures_given"], &answer["signatures_missing"]), (&1.into(), &1.into()), "{answer}");
        let shown = play.stands_in(Side::Fr, "REVIEW").await;
        assert!(!steps(&shown).contains(&"refuse"), "{shown}");
        let mut two = Officer::of(&play, 2);
        assert_eq!(two.sign(&refused, Role::Decider).await.unwrap().signatures_missing, 0);
        play.stands_in(Side::Jp, "REFUSED").await;
    })
    .await;
}

#[tokio::test]
async fn a_request_that_one_officer_signed_as_two_is_refused_by_the_gateway_with_the_reason() {
    bounded(async {
        let pair = crate::pair::Pair::shared().await;
        let (mut desk, mut case) = crate::form::with_case(&pair).await;
        desk.sign_as_two(&pair.jp);
        let entry = desk.request(&mut case, b"body");
        let told = desk.submit(&entry).await.unwrap_err();
        let info = wire::error_info(&told);
        assert_eq!((info.reason.as_str(), info.metadata["field"].as_str()), ("R95", "officers[1]"), "{info:?}");
        assert_eq!(info.metadata["text"], "One officer signed twice.");
        let mut honest = Scribe::at(&pair.jp).await;
        case.head = entry.header.previous;
        let entry = honest.request(&mut case, b"body");
        honest.submit(&entry).await.unwrap();
    })
    .await;
}
