//! The clocks of a case at real desks: what the agenda shows after each act, and what a calendar program reads of it.

use std::{fs, path::Path, time::Duration};

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
async fn a_request_that_has_not_arrived_is_on_the_agenda_of_who_sent_it_and_then_its_acknowledgement_is() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..2] {
            play.act(act).await;
        }
        play.stage.strike(Victim::FrGateway);
        play.stage.desk(Side::Jp, &["request", "send", &play.case, "--as", "central/officer-2"]).await.done();
        let shown = play.stage.show(Side::Jp, &play.case).await.unwrap();
        assert_eq!(shown["summary"]["state"], "SENT", "{shown}");
        let ours = play.agenda(Side::Jp, &["--acting", "own"]).await;
        let delivery = of(&ours, "delivery").unwrap_or_else(|| panic!("{ours:?}"));
        assert_eq!((&delivery["case"], &delivery["legal"]), (&play.case.as_str().into(), &false.into()), "{delivery}");
        let due = delivery["due_ms"].as_i64().unwrap() - delivery["started_ms"].as_i64().unwrap();
        assert_eq!((due, &delivery["state"]), (24 * 3_600_000, &"running".into()), "{delivery}");
        play.stage.mend(Victim::FrGateway).await;
        play.act(&ACTS[2]).await;
        let after = crate::until("it has arrived", 20, async || {
            let agenda = play.agenda(Side::Jp, &[]).await;
            of(&agenda, "ack").is_some().then_some(agenda)
        })
        .await;
        assert_eq!((of(&after, "delivery"), &of(&after, "ack").unwrap()["acting"]), (None, &"other".into()));
    })
    .await;
}

/// Lets the decision clock in a desk's database have ended a second ago, as if the desk had been away for so long; prints how many
/// alarms of each kind it has told.
const AGE: &str = "
import json, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
if sys.argv[2] == 'age':
    (course,) = db.execute(\"SELECT course FROM clock WHERE kind = 'decision'\").fetchone()
    course = json.loads(course)
    back = course['due'] - int(time.time() * 1000) + 1000
    course['started'] -= back
    course['due'] -= back
    db.execute(\"UPDATE clock SET course = ?, next_at = ? WHERE kind = 'decision'\", (json.dumps(course), course['started']))
    db.commit()
print(json.dumps(db.execute('SELECT kind, count(*) FROM event WHERE kind >= 14 GROUP BY kind ORDER BY kind').fetchall()))
";

#[tokio::test]
async fn a_desk_that_was_away_tells_what_ended_meanwhile_when_it_starts_and_tells_it_once() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let database = play.stage.state(Side::Fr).desk_dir("central").join("desk.db");
        let counted = async |what| {
            run(Path::new("python3"), &["-c", AGE, database.to_str().unwrap(), what]).await.done().to_string()
        };
        play.stage.strike(Victim::FrDesk);
        assert_eq!(counted("age").await, "[]");
        play.stage.mend(Victim::FrDesk).await;
        let told = crate::until("the alarms are told", 20, async || {
            let inbox = play.stage.desk(Side::Fr, &["inbox"]).await.done();
            let clock = inbox["cases"][0]["clock"].clone();
            (clock["told"] == "expired").then_some(clock)
        });
        let told = told.await;
        assert_eq!((&told["kind"], &told["level"]), (&"decision".into(), &"due".into()), "{told}");
        // 20, 7 and 1 days before, and the end itself.
        let once = "[[14,3],[15,1]]";
        assert_eq!(counted("count").await, once);
        play.stage.strike(Victim::FrDesk);
        play.stage.mend(Victim::FrDesk).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(counted("count").await, once);
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
