//! Databases whose cases an earlier program folded: gateway and desk fold them anew at their start, and keep what cannot be folded.

use std::path::Path;

use serde_json::Value;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::run,
    stage::{Side, Stage, Victim},
    transfer::sees,
    until,
};

/// Reads the cases of a gateway that is stopped; with a third argument it first makes each one that an earlier program folded, with that
/// field of the case gone wrong.
const GATEWAY: &str = "
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = db.execute('SELECT id, body, fold FROM case_file').fetchall()
if len(sys.argv) > 2:
    for id, body, fold in rows:
        case = json.loads(bytes(body))
        case['fold'] = 0
        if sys.argv[2] == 'admitted':
            case['admitted']['stated'] = 0
        else:
            case['head'] = '00' * 32
        db.execute('UPDATE case_file SET body = ?, fold = 0 WHERE id = ?', (json.dumps(case).encode(), id))
    db.commit()
    rows = db.execute('SELECT id, body, fold FROM case_file').fetchall()
print(json.dumps([[json.loads(bytes(body)), fold] for id, body, fold in rows]))
";

/// The folds of a desk's cases; with a third argument they are set to that first.
const DESK: &str = "
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
if len(sys.argv) > 2:
    db.execute('UPDATE desk_case SET fold = ?', (int(sys.argv[2]),))
    db.commit()
print(json.dumps([fold for (fold,) in db.execute('SELECT fold FROM desk_case').fetchall()]))
";

async fn python(script: &str, arguments: &[&str]) -> Value {
    run(Path::new("python3"), &[&["-c", script], arguments].concat()).await.done()
}

#[tokio::test]
async fn cases_of_an_earlier_program_are_folded_anew_at_the_start_and_what_cannot_be_stays_as_it_is() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let jp = play.stage.pair.jp.clone();
        let (gateway, desk) = (jp.gateway_dir().join("gateway.db"), jp.desk_dir("central").join("desk.db"));
        let (gateway, desk) = (gateway.to_str().unwrap(), desk.to_str().unwrap());

        for victim in [Victim::JpDesk, Victim::JpGateway] {
            play.stage.strike(victim);
        }
        let before = python(GATEWAY, &[gateway]).await;
        let spoilt = python(GATEWAY, &[gateway, "admitted"]).await;
        assert_eq!((&spoilt[0][1], &spoilt[0][0]["admitted"]["stated"]), (&0.into(), &0.into()), "{spoilt}");
        let folds = python(DESK, &[desk, "0"]).await;
        assert_eq!(folds, serde_json::json!([0]));
        for victim in [Victim::JpGateway, Victim::JpDesk] {
            play.stage.mend(victim).await;
        }
        until("the desk has folded its case anew", 40, async || {
            let folds = python(DESK, &[desk]).await;
            (folds[0] == before[0][1]).then_some(())
        })
        .await;
        play.stage.strike(Victim::JpGateway);
        let anew = python(GATEWAY, &[gateway]).await;
        assert_eq!(anew, before, "the same fold of the same entries");
        play.stage.mend(Victim::JpGateway).await;
        sees(&play.stage, Side::Jp, &play.case, "ACKED").await;
        play.act(&ACTS[4]).await;

        // Of another chain than its entries: nobody knows what it was folded from.
        play.stage.strike(Victim::JpGateway);
        let spoilt = python(GATEWAY, &[gateway, "head"]).await;
        play.stage.mend(Victim::JpGateway).await;
        let told = "cases of an earlier program cannot be folded anew";
        assert!(play.stage.pair.jp_gateway.log().contains(told), "{}", play.stage.pair.jp_gateway.log());
        play.stage.strike(Victim::JpGateway);
        assert_eq!(python(GATEWAY, &[gateway]).await, spoilt, "it stays as it was");
    })
    .await;
}
