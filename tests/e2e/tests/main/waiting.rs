//! A desk that is killed again and again while hundreds of entries wait for it, and clocks end meanwhile; and what it says of them to its gateway.

use std::{fs, path::Path, time::Duration};

use model::{Entry, ReceiptKind};
use tokio::task::JoinSet;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::run,
    scribe::Scribe,
    stage::{Side, Stage, Victim},
    stated::Record,
    storage, until,
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

/// Entries that wait for their desk at once.
const WAITING: usize = 12;

/// How many acknowledgements a gateway has taken, each kept with the newest of what it is of; and how many words wait at a desk for it.
const SAID: &str = "
import json, sqlite3, sys
gateway, desk = map(sqlite3.connect, sys.argv[1:])
(calls,) = gateway.execute('SELECT count(*) FROM delivery WHERE ack IS NOT NULL').fetchone()
(words,) = desk.execute('SELECT count(*) FROM outbox WHERE kind = 1').fetchone()
print(json.dumps([calls, words]))
";

/// That each entry has one word of each stage, the same at both gateways.
async fn each_is_told_once(stage: &Stage, entries: &[Entry]) {
    let whole = [
        ReceiptKind::SubmissionAcceptance,
        ReceiptKind::RelayAcceptance,
        ReceiptKind::Delivery,
        // A draft with no form in it is opened, and contradicts its header.
        ReceiptKind::NonRetrieval,
    ];
    until("both gateways hold every word", 30, async || {
        let records = [Record::of(&stage.pair.jp).await, Record::of(&stage.pair.fr).await];
        let holds = |entry: &Entry| records.iter().all(|one| one.kinds(&entry.header.entry.to_string()) == whole);
        entries.iter().all(holds).then_some(())
    })
    .await;
}

#[tokio::test]
async fn entries_that_wait_to_be_acknowledged_go_in_one_call_and_a_kill_loses_and_doubles_none() {
    bounded(async {
        let mut stage = Stage::open().await;
        let folder = stage.pair.fr.desk_dir("central");
        let paths = [stage.pair.fr.gateway_dir().join("gateway.db"), folder.join("desk.db")];
        let paths = paths.map(|path| path.to_str().unwrap().to_owned());
        let said = async || -> [usize; 2] {
            let told = run(Path::new("python3"), &["-c", SAID, &paths[0], &paths[1]]).await.done();
            serde_json::from_value(told).unwrap()
        };
        stage.strike(Victim::JpDesk);
        let mut desk = Scribe::at(&stage.pair.jp).await;
        let mut case = desk.open_case(&stage.pair.fr.authority("central")).await;
        until("one that comes alone is acknowledged alone", 20, async || (said().await == [1, 0]).then_some(())).await;
        stage.strike(Victim::FrDesk);
        let entries: Vec<_> = (0..WAITING).map(|_| desk.draft(&mut case, b"a draft")).collect();
        for entry in &entries {
            desk.submit(entry).await.unwrap();
        }
        for entry in &entries {
            assert_eq!(desk.verdict(entry.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
        }
        // FR's gateway gives what it has, and can write nothing: the desk has opened all, and is not heard.
        stage.strike(Victim::FrGateway);
        stage.pair.fr_gateway = storage::serve_with_room(&stage.pair.fr).ready().await;
        stage.pair.fr_gateway.room("1");
        stage.mend(Victim::FrDesk).await;
        until("all are durable at the desk", 30, async || (said().await == [1, WAITING]).then_some(())).await;
        stage.strike(Victim::FrDesk);
        let files = ["desk.db", "desk.db-wal", "desk.db-shm"];
        let then: Vec<_> = files.iter().map(|name| fs::read(folder.join(name)).ok()).collect();
        stage.pair.fr_gateway.room("unlimited");
        stage.mend(Victim::FrDesk).await;
        until("all are acknowledged", 30, async || (said().await[1] == 0).then_some(())).await;
        assert_eq!(said().await, [2, 0], "{WAITING} words in one call");
        each_is_told_once(&stage, &entries).await;

        // Killed when the gateway had taken them, and before the desk knew: it says them again.
        stage.strike(Victim::FrDesk);
        for (name, bytes) in files.iter().zip(then) {
            let file = folder.join(name);
            bytes.map_or_else(|| drop(fs::remove_file(&file)), |bytes| fs::write(&file, bytes).unwrap());
        }
        assert_eq!(said().await, [2, WAITING]);
        stage.strike(Victim::FrGateway);
        stage.mend(Victim::FrGateway).await;
        stage.mend(Victim::FrDesk).await;
        until("they are said again", 30, async || (said().await[1] == 0).then_some(())).await;
        assert_eq!(said().await, [2, 0]);
        each_is_told_once(&stage, &entries).await;
    })
    .await;
}
