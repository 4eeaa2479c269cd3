//! The clocks of a case at real desks: what the agenda shows after each act, and what a calendar program reads of it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    bounded,
    papers::SECRETS,
    play::{ACTS, Play},
    programs::run,
    stage::{Side, Stage, Victim},
};

impl Play {
    /// The clocks on the agenda of a side.
    async fn agenda(&self, side: Side, more: &[&str]) -> Vec<Value> {
        let agenda = self.stage.desk(side, &[&["agenda", "--days", "365"], more].concat()).await.done();
        agenda["clocks"].as_array().unwrap().clone()
    }

    /// A clock of the case, as the desk of a side shows it.
    async fn clock(&self, side: Side, kind: &str) -> Option<Value> {
        let shown = self.stage.show(side, &self.case).await.unwrap();
        shown["clocks"].as_array().unwrap().iter().find(|clock| clock["kind"] == kind).cloned()
    }
}

fn of<'a>(clocks: &'a [Value], kind: &str) -> Option<&'a Value> {
    clocks.iter().find(|clock| clock["kind"] == kind)
}

#[tokio::test]
async fn the_agenda_follows_the_case_alike_on_both_sides_and_survives_a_desk() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let ack = play.clock(Side::Fr, "ack").await.unwrap();
        assert_eq!((&ack["state"], &ack["acting"]), (&"running".into(), &"own".into()), "{ack}");
        assert!(of(&play.agenda(Side::Fr, &["--acting", "own"]).await, "ack").is_some());
        assert!(of(&play.agenda(Side::Fr, &["--acting", "other"]).await, "ack").is_none());
        assert_eq!(play.clock(Side::Fr, "decision").await, None, "it begins with the acknowledgement");

        play.act(&ACTS[3]).await;
        let decision = play.agenda(Side::Fr, &[]).await;
        assert_eq!(of(&decision, "ack"), None, "what is done is on no agenda");
        let decision = of(&decision, "decision").unwrap().clone();
        assert_eq!(decision["state"], "running");
        let stops = decision["stopped_by"].as_array().unwrap();
        assert!(stops.contains(&"recognise".into()) && stops.contains(&"refuse".into()), "{decision}");
        assert!(decision["due_local"].as_str().unwrap().ends_with("Europe/Paris"), "{decision}");
        // The texts between the two set no time for it: the treaty file does.
        assert_eq!((&decision["legal"], &decision["clause"]), (&false.into(), &"".into()), "{decision}");
        let there = play.agenda(Side::Jp, &["--acting", "other"]).await;
        let there = of(&there, "decision").unwrap();
        assert_eq!((&there["due_ms"], &there["clause"]), (&decision["due_ms"], &decision["clause"]));
        assert!(there["due_local"].as_str().unwrap().ends_with("Asia/Tokyo"), "{there}");
        let inbox = play.stage.desk(Side::Fr, &["inbox"]).await.done();
        assert!(!inbox["cases"][0]["clock"]["kind"].is_null(), "{inbox}");

        play.stage.strike(Victim::FrDesk);
        play.stage.mend(Victim::FrDesk).await;
        assert_eq!(of(&play.agenda(Side::Fr, &[]).await, "decision"), Some(&decision), "it is durable");

        for act in &ACTS[4..7] {
            play.act(act).await;
        }
        for side in [Side::Fr, Side::Jp] {
            assert_eq!(play.clock(side, "decision").await.unwrap()["state"], "stopped");
            assert_eq!(of(&play.agenda(side, &[]).await, "decision"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn a_calendar_program_reads_the_agenda_and_finds_references_only() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let file = play.stage.pair.jp.dir.join("agenda.ics");
        let path = file.to_str().unwrap();
        let clocks = play.agenda(Side::Fr, &["--ics", path]).await;
        // A later export replaces the first.
        assert_eq!(play.agenda(Side::Fr, &["--ics", path]).await, clocks);
        let text = fs::read_to_string(&file).unwrap();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is in the calendar");
        }
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = here.join("../../target/python/bin/python");
        let make = "python3 -m venv target/python && target/python/bin/pip install icalendar";
        assert!(python.exists(), "there is no {}: run {make}", python.display());
        let script = here.join("python/read_agenda.py");
        let read = run(&python, &[script.to_str().unwrap(), path]).await.done();
        let read = read.as_array().unwrap();
        assert_eq!(read.len(), clocks.len());
        let short = &play.case[..8];
        let event = read.iter().find(|event| event["summary"].as_str().unwrap().starts_with("decision of M1"));
        let event = event.unwrap_or_else(|| panic!("{read:?}"));
        assert!(event["summary"].as_str().unwrap().contains(short), "{event}");
        assert!(!event["alarms"].as_array().unwrap().is_empty(), "{event}");
    })
    .await;
}
