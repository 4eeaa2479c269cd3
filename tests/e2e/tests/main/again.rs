//! Entries that come twice, late, or in the wrong order: nothing happens twice, and everybody is told what came of it.

use std::path::Path;

use model::{Entry, Payload};
use proto::{
    peer::{LedgerGrowth, LedgerLeaf, RelayItem, RelayRequest, RelayVerdict, relay_verdict::Outcome},
    types,
};
use serde_json::Value;

use crate::{
    bounded, now,
    pair::{Pair, two_states},
    play::{ACTS, Play},
    programs::run,
    proxy::Proxy,
    scribe::Scribe,
    stage::{Side, Stage, Victim},
    stated::LEAVES,
    until, wire,
};

/// The log of a gateway that follows nobody's, as its database holds it.
const LOG: &str = "
import json, sqlite3, sys
db = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)
held = [(hash.hex(), salt.hex(), statement.hex()) for _, _, hash, salt, statement in leaves(db)]
(note,) = db.execute('SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1').fetchone()
print(json.dumps({'leaves': held, 'note': bytes(note).decode()}))
";

/// Gateways of JP and FR, and the way to FR's, which can be cut.
async fn linked() -> (Pair, Proxy) {
    let (folder, jp, fr) = two_states().await;
    let link = Proxy::to(fr.peer_listen).await;
    let (to_jp, to_fr) = (jp.peer_listen, link.address());
    (Pair::open(folder, jp, fr, to_jp, to_fr).await, link)
}

/// What JP's gateway would send: the entries as it took them, and its log.
pub(crate) async fn recorded(pair: &Pair, entries: &[(Entry, types::SignedReceipt)]) -> RelayRequest {
    let database = pair.jp.gateway_dir().join("gateway.db");
    let log = run(Path::new("python3"), &["-c", &[LEAVES, LOG].concat(), database.to_str().unwrap()]).await.done();
    let bytes = |hex: &Value| -> Vec<u8> {
        let hex = hex.as_str().unwrap();
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let leaf = |leaf: &Value| LedgerLeaf {
        hash: bytes(&leaf[0]).into(),
        salt: bytes(&leaf[1]).into(),
        statement: bytes(&leaf[2]).into(),
    };
    let leaves = log["leaves"].as_array().unwrap().iter().map(leaf).collect();
    let item = |(entry, receipt): &(Entry, types::SignedReceipt)| RelayItem {
        entry: Some(proto::convert::send_entry(entry)),
        submission: Some(receipt.clone()),
        traceparent: String::new(),
        failure: None,
    };
    RelayRequest {
        items: entries.iter().map(item).collect(),
        growth: Some(LedgerGrowth { first_leaf: 0, leaves, checkpoint: log["note"].as_str().unwrap().to_owned() }),
        ..RelayRequest::default()
    }
}

/// The call with its entries in another order.
fn ordered(call: &RelayRequest, order: &[usize]) -> RelayRequest {
    RelayRequest { items: order.iter().map(|at| call.items[*at].clone()).collect(), ..call.clone() }
}

async fn relayed(pair: &Pair, call: &RelayRequest) -> Vec<RelayVerdict> {
    let mut as_jp = wire::as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
    as_jp.relay(call.clone()).await.unwrap().into_inner().verdicts
}

fn receipt(verdict: &RelayVerdict) -> model::SignedReceipt {
    match verdict.outcome.as_ref().unwrap() {
        Outcome::Receipt(receipt) => proto::decode_receipt(receipt).unwrap(),
        Outcome::TryAgain(again) => panic!("{again:?}"),
    }
}

impl Pair {
    /// Waits until nothing is on its way from JP.
    async fn settled(&self) {
        until("everything has gone", 40, async || {
            let channel = self.jp.channel("FR").await;
            (channel["queued"] == 0 && channel["ledger_size"] == channel["ledger_cosigned"]).then_some(())
        })
        .await;
    }
}

/// That the verdict is the last word, and a no because another entry came first.
fn assert_overtaken(signed: &model::SignedReceipt) {
    assert_eq!(signed.receipt.kind, model::ReceiptKind::RelayRejection);
    let refusal = signed.receipt.refusal.clone().unwrap();
    assert!(refusal.rule.ends_with("STALE_CASE") && refusal.reason.contains("came first"), "{refusal:?}");
    assert!(!refusal.remedy.is_empty());
}

#[tokio::test]
async fn what_comes_twice_is_taken_once_and_what_lost_its_place_is_refused_for_good() {
    bounded(async {
        let (pair, link) = linked().await;
        let mut there = Scribe::at(&pair.fr).await;
        there.invite(1).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let mut case = desk.open_case(&pair.fr.authority("central")).await;
        let opened = there.arrivals(1).await;

        link.cut();
        let mut sent = Vec::new();
        for body in [&b"a draft"[..], b"another", b"the last"] {
            let entry = desk.draft(&mut case, body);
            let receipt = desk.submit_raw(&entry).await;
            sent.push((entry, receipt));
        }
        let call = recorded(&pair, &sent).await;
        let ids: Vec<_> = sent.iter().map(|(entry, _)| entry.header.entry).collect();

        // What follows comes first: it does not fit, and is refused, never reordered. What fits is taken, once.
        let verdicts = relayed(&pair, &ordered(&call, &[2, 1, 0, 0])).await;
        let [last, another, first] = [0, 1, 2].map(|at| receipt(&verdicts[at]));
        assert_overtaken(&last);
        assert_overtaken(&another);
        assert_eq!((first.receipt.kind, first.receipt.entry), (model::ReceiptKind::RelayAcceptance, ids[0]));
        assert_eq!(receipt(&verdicts[3]), first);
        // Now one of them would fit. The word stays, whatever the order, and to the letter.
        let whole = ordered(&call, &[0, 1, 1, 2]);
        let verdicts = relayed(&pair, &whole).await;
        let told: Vec<_> = verdicts.iter().map(receipt).collect();
        assert_eq!(told, [first.clone(), another.clone(), another.clone(), last]);
        assert_eq!(relayed(&pair, &whole).await, verdicts);

        // JP's gateway knows nothing of that: it sends all again when the link is back, and its desk hears what there is to hear.
        link.mend();
        assert_eq!(desk.verdict(ids[0]).await, first);
        assert_eq!(desk.verdict(ids[1]).await, another);
        let fallen = desk.lapse(ids[2]).await;
        assert_eq!(fallen.receipt.by, pair.jp.party, "our own gateway says that it is out with the one before");
        assert!(fallen.receipt.refusal.unwrap().rule.ends_with("STALE_CASE"));
        pair.settled().await;
        // The case goes on behind what it holds.
        case.head = sent[0].0.header_digest();
        let anew = desk.draft(&mut case, b"another");
        desk.submit(&anew).await.unwrap();
        assert_eq!(desk.verdict(anew.header.entry).await.receipt.kind, model::ReceiptKind::RelayAcceptance);
        let expected = [opened[0], ids[0], anew.header.entry];
        assert_eq!(there.arrivals(expected.len() + 1).await, expected, "each once, in the order of the case");
    })
    .await;
}

#[tokio::test]
async fn an_officer_is_told_why_a_step_waits_and_takes_it_anew_in_one_command_when_it_lost_its_place() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let case = play.case.clone();
        // The gateway has stated that the request lies ready and was opened, and the desk that opened it shows it.
        let request = until("the whole life of the request is told where it came", 20, async || {
            let told = play.stage.desk(Side::Fr, &["receipts", &case]).await.done();
            let request = told["entries"].as_array()?.iter().find(|one| one["step"] == "seal_send")?.clone();
            request["awaited"].is_null().then_some(request)
        })
        .await;
        let kinds: Vec<_> = request["receipts"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
        assert_eq!(kinds, ["SubmissionAcceptance", "RelayAcceptance", "Delivery", "Retrieval"], "{request}");

        // Both sides act while the link is cut. The home orders the case.
        play.stage.strike(Victim::Link);
        let dir = play.stage.pair.jp.desk_dir("central");
        let line = ["--dir", dir.to_str().unwrap(), "--output", "json", "group", "renew", &case];
        let words = ["acknowledge", &case, "--as", "central/officer-1", "--text", "noted", "--wait", "1"];
        let desk = crate::programs::program("desk");
        let renewing = run(&desk, &line);
        let acknowledging = async {
            let waiting = play.stage.desk(Side::Fr, &words).await.done();
            assert_eq!(waiting["progress"], "submitted", "{waiting}");
            let shown = until("the officer is told why it waits", 15, async || {
                let shown = play.stage.show(Side::Fr, &case).await?;
                let last = shown["timeline"].as_array()?.last()?.clone();
                last["waits"].as_str().is_some_and(|why| why.contains("PEER_UNREACHABLE")).then_some(last)
            })
            .await;
            assert_eq!((&shown["step"], &shown["verdict"]), (&"acknowledge".into(), &"pending".into()), "{shown}");
            until("JP's gateway has the renewal", 15, async || {
                (play.stage.pair.jp.channel("FR").await["queued"] == 1).then_some(())
            })
            .await;
            let queued = play.stage.pair.jp.channel("FR").await["waiting"][0].clone();
            assert_eq!(queued["step"], "change_group", "{queued}");
        };
        let ((), _) = tokio::join!(acknowledging, renewing);
        play.stage.mend(Victim::Link).await;
        let lost = until("the acknowledgement has lost its place", 30, async || {
            let shown = play.stage.show(Side::Fr, &case).await?;
            shown["timeline"].as_array()?.iter().find(|one| one["again"] == true).cloned()
        })
        .await;
        assert_eq!((&lost["step"], &lost["verdict"]), (&"acknowledge".into(), &"rejected".into()), "{lost}");
        assert!(lost["text"].as_str().unwrap().contains("STALE_CASE"), "{lost}");
        let again = play.stage.desk(Side::Fr, &["again", &case, "--as", "central/officer-1"]).await.done();
        assert_eq!((&again["step"], &again["progress"]), (&"acknowledge".into(), &"admitted".into()), "{again}");
        crate::transfer::sees(&play.stage, Side::Jp, &case, "ACKED").await;
        let nothing = play.stage.desk(Side::Fr, &["again", &case, "--as", "central/officer-1"]).await.failed(4);
        assert!(nothing.contains("no step of the case"), "{nothing}");
    })
    .await;
}

#[tokio::test]
async fn what_comes_after_its_time_is_refused_for_good_and_both_sides_say_so() {
    bounded(async {
        let (pair, link) = linked().await;
        let mut there = Scribe::at(&pair.fr).await;
        there.invite(1).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let mut case = desk.open_case(&pair.fr.authority("central")).await;
        let opened = there.arrivals(1).await;
        link.cut();
        let entry = desk.request_with(&mut case, b"body", |header| header.expires = now().plus_ms(2500));
        let submitted = desk.submit_raw(&entry).await;
        let call = recorded(&pair, &[(entry.clone(), submitted)]).await;
        tokio::time::sleep(std::time::Duration::from_millis(3000)).await;
        let late = relayed(&pair, &call).await;
        let late = receipt(&late[0]);
        assert_eq!(late.receipt.kind, model::ReceiptKind::RelayRejection);
        let refusal = late.receipt.refusal.clone().unwrap();
        assert!(refusal.reason.contains("time is over"), "{refusal}");
        assert!(!refusal.remedy.is_empty());
        assert_eq!(receipt(&relayed(&pair, &call).await[0]), late, "and the same when it is asked again");
        link.mend();
        let told = desk.verdict(entry.header.entry).await;
        assert_eq!(told, late, "its desk hears the same word");
        assert_eq!(there.arrivals(2).await, opened, "nobody was shown it");
        let Payload::Sealed(_) = entry.payload else { panic!("a request is sealed") };
    })
    .await;
}
