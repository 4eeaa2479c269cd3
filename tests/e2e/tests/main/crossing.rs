//! Records of one person never go into the case of another: the sending desk holds each against the request before it seals, and many
//! cases at once stay apart.

use std::{collections::BTreeSet, fs};

use desk::{Selector, subject_binding};
use model::MeasureId;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    bounded, form, now,
    pair::Pair,
    play::{ACTS, Play},
    scribe::Scribe,
    stage::{Side, Stage},
    until,
};

/// Cases in flight at once, of which the gateways see the headers only; through real desks, where bodies are opened, see `deliveries`.
const CASES: usize = 60;

#[tokio::test]
async fn the_record_of_somebody_else_is_refused_by_the_desk_that_was_to_send_it() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..5] {
            play.act(act).await;
        }
        let file = play.stage.pair.jp.dir.join("traffic_data.json");
        let right = fs::read_to_string(&file).unwrap();
        let mut wrong: Value = serde_json::from_str(&right).unwrap();
        let other = Selector::Account { value: "somebody.else".to_owned(), provider: "Example Mail".to_owned() };
        let binding = subject_binding(play.case.parse().unwrap(), MeasureId(1), &other).unwrap();
        wrong["subject_binding"] = json!(binding.to_string());
        fs::write(&file, wrong.to_string()).unwrap();
        let record = format!("traffic_data={}", file.display());
        let produce = ["produce", &play.case, "--as", "central/officer-1", "--record", &record];
        let told = play.stage.desk(Side::Fr, &produce).await.failed(5);
        assert!(told.contains("R94") && told.contains("bound to another subject"), "{told}");
        assert!(!told.contains("somebody.else"), "a refusal names nobody: {told}");
        fs::write(&file, right).unwrap();
        for act in &ACTS[5..8] {
            play.act(act).await;
        }
        let shown = play.stage.show(Side::Jp, &play.case).await.unwrap();
        let released = shown["timeline"].as_array().unwrap().iter().filter(|one| one["step"] == "release").count();
        assert_eq!(released, 1, "{shown}");
    })
    .await;
}

#[tokio::test]
async fn many_cases_in_flight_at_once_reach_their_own_case_and_no_other() {
    bounded(async {
        let pair = Pair::own().await;
        let mut there = Scribe::at(&pair.fr).await;
        there.invite(CASES).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let (mut openings, mut cases) = (Vec::new(), Vec::new());
        for _ in 0..CASES {
            let (case, opening) = desk.opening(&pair.fr.authority("central")).await;
            openings.push(opening);
            cases.push(case);
        }
        all_at_once(&desk, openings.clone()).await;
        for (case, opening) in cases.iter_mut().zip(&openings) {
            let verdict = desk.verdict(opening.header.entry).await;
            assert_eq!((verdict.receipt.case, verdict.receipt.entry), (case.id, opening.header.entry));
            case.group.merge(verdict.receipt.epoch.as_ref().unwrap()).unwrap();
        }
        let requests: Vec<_> =
            cases.iter_mut().map(|case| desk.request(case, format!("about {}", case.id).as_bytes())).collect();
        all_at_once(&desk, requests.clone()).await;
        // A body that was sealed in one case is not taken in another.
        let crossed = desk.signed_anew(&requests[0], |header| {
            header.case = requests[1].header.case;
            header.entry = model::EntryId::new(crate::scribe::random_id(7));
            header.previous = requests[1].header_digest();
            header.created = now();
        });
        let denied = desk.submit(&crossed).await.unwrap_err();
        let reason = form::reason(&denied, denied.code());
        assert!(["R94", "R95", "R93", "STALE_CASE"].contains(&reason.as_str()), "{denied:?}");

        let wanted: BTreeSet<_> =
            openings.iter().chain(&requests).map(|entry| (entry.header.case, entry.header.entry)).collect();
        let got = there.arrivals_with_cases(wanted.len()).await;
        assert_eq!(got.len(), wanted.len(), "each once");
        assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), wanted, "each in its own case");
        until("everything has gone", 30, async || (pair.jp.channel("FR").await["queued"] == 0).then_some(())).await;
    })
    .await;
}

async fn all_at_once(desk: &Scribe, entries: Vec<model::Entry>) {
    let mut sending = JoinSet::new();
    for entry in entries {
        let mut client = desk.client.clone();
        sending.spawn(async move {
            let entry = Some(proto::convert::send_entry(&entry));
            client.submit(proto::desk::SubmitRequest { entry, sealed_count: 0 }).await.map(|_| ())
        });
    }
    while let Some(sent) = sending.join_next().await {
        sent.unwrap().unwrap();
    }
}
