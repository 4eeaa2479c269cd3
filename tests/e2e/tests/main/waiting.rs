//! A desk that is killed again and again while hundreds of entries wait for it, and clocks end meanwhile.

use std::{path::Path, time::Duration};

use tokio::task::JoinSet;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::run,
    scribe::Scribe,
    stage::{Side, Stage, Victim},
    until,
};

const CASES: usize = 10;
/// Entries of each: its opening, and drafts that are shown.
const EACH: usize = 50;

/// Lets the decision clock have ended a second ago; or tells how often each entry and each alarm was told.
const LOOK: &str = "
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
told = db.execute('SELECT count(*), count(DISTINCT entry_id) FROM event WHERE kind = 7').fetchone()
kept = db.execute('SELECT count(*) FROM entry WHERE direction = (SELECT direction FROM entry JOIN event ON entry.id = event.entry_id WHERE kind = 7 LIMIT 1)').fetchone()
alarms = db.execute('SELECT kind, count(*) FROM event WHERE kind >= 14 AND kind <= 16 GROUP BY kind ORDER BY kind').fetchall()
cursors = [cursor for (cursor,) in db.execute('SELECT cursor FROM event ORDER BY cursor')]
print(json.dumps({'told': told, 'kept': kept[0], 'alarms': alarms, 'grows': cursors == sorted(set(cursors))}))
";

#[tokio::test]
async fn a_desk_that_is_killed_while_500_entries_wait_tells_each_of_them_and_each_clock_once() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let database = play.stage.state(Side::Fr).desk_dir("central").join("desk.db");
        let look = async |what| run(Path::new("python3"), &["-c", LOOK, database.to_str().unwrap(), what]).await.done();
        // The scribe has the place of JP's desk, which would take up cases that it does not know as after a backup.
        play.stage.strike(Victim::JpDesk);
        // FR's desk has laid KeyPackages ready; then it is gone.
        let mut desk = Scribe::at(&play.stage.pair.jp).await;
        let mut cases = Vec::new();
        for _ in 0..CASES {
            cases.push(desk.open_case(&play.stage.pair.fr.authority("central")).await);
        }
        play.stage.strike(Victim::FrDesk);
        let before = look("age").await;
        assert_eq!(before["alarms"], serde_json::json!([]));

        let mut sending = JoinSet::new();
        for case in &mut cases {
            let entries: Vec<_> = (1..EACH).map(|_| desk.draft(case, b"a draft")).collect();
            let client = desk.client.clone();
            sending.spawn(async move {
                for entry in &entries {
                    let entry = Some(proto::convert::send_entry(entry));
                    client.clone().submit(proto::desk::SubmitRequest { entry, sealed_count: 0 }).await.unwrap();
                }
            });
        }
        while let Some(sent) = sending.join_next().await {
            sent.unwrap();
        }
        // It is killed in the middle of it, twice.
        for ms in [150, 400] {
            play.stage.mend(Victim::FrDesk).await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            play.stage.strike(Victim::FrDesk);
        }
        play.stage.mend(Victim::FrDesk).await;
        // The request of the played case is there besides; its opening and the ten others came before the first kill, or after.
        let wanted = CASES * EACH + 2;
        let seen = until("each entry is told", 40, async || {
            let seen = look("count").await;
            (seen["told"][1] == wanted).then_some(seen)
        })
        .await;
        assert_eq!((&seen["told"][0], &seen["kept"]), (&wanted.into(), &wanted.into()), "once each: {seen}");
        assert_eq!(seen["grows"], true, "{seen}");
        // 20, 7 and 1 days before, and the end itself.
        assert_eq!(seen["alarms"], serde_json::json!([[14, 3], [15, 1]]), "once each: {seen}");
        play.stage.strike(Victim::FrDesk);
        play.stage.mend(Victim::FrDesk).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(look("count").await, seen, "and not again after another start");
    })
    .await;
}
