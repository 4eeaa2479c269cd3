//! Gateways that fork, drop, reorder, delay, replay, date back and restore old databases, against honest ones: each is caught at the next
//! contact, what it signed is kept and convicts it before strangers, its channel is frozen, and the others go on.

use std::{fs, path::PathBuf};

use ledger::Statement;
use model::{Entry, Receipt, ReceiptKind};
use proto::peer::{RelayItem, RelayRequest, RelayResponse, relay_verdict::Outcome};
use serde_json::Value;
use tonic::Status;

use crate::{
    again::recorded,
    bounded,
    crooked::{Crooked, Forger, stated},
    now,
    pair::{Pair, two_states},
    programs::{Answer, gateway},
    scribe::{Case, Scribe},
    state::State,
    three::Three,
    until, wire,
};

pub(crate) const DAY_MS: i64 = 24 * 3600 * 1000;

/// `gateway ledger misconduct …` at a state.
async fn misconduct(state: &State, words: &[&str]) -> Answer {
    gateway(&[&["ledger", "misconduct"], words, &["--dir", state.dir.to_str().unwrap()]].concat()).await
}

pub(crate) async fn kept(state: &State) -> Vec<Value> {
    misconduct(state, &["list"]).await.done()["misconduct"].as_array().unwrap().clone()
}

/// Waits until `state` has frozen the channel to `other` for what it signed; the reason.
pub(crate) async fn frozen(state: &State, other: &State) -> String {
    let what = format!("{} freezes the channel to {}", state.party, other.party);
    until(&what, 25, async || {
        let channel = state.channel(other.party.as_str()).await;
        let by_ledger = channel["state"] == "FROZEN" && channel["frozen_by"] == "ledger";
        by_ledger.then(|| channel["frozen_reason"].as_str().unwrap().to_owned())
    })
    .await
}

/// That the newest evidence at `state` is of that kind, against `accused`, and convicts it to who has its root alone.
pub(crate) async fn convicts(state: &State, accused: &State, kind: &str) {
    let evidence = kept(state).await.pop().unwrap();
    assert_eq!((evidence["kind"].as_str(), evidence["convicts"].as_bool()), (Some(kind), Some(true)), "{evidence}");
    let out: PathBuf = state.dir.join("misconduct");
    let (id, file) = (evidence["id"].as_str().unwrap(), out.to_str().unwrap());
    misconduct(state, &["export", id, "--out", file]).await.done();
    let shown = misconduct(state, &["show", &id[..12]]).await.done();
    assert!(!shown["signed"].as_array().unwrap().is_empty(), "{shown}");
    let check = async |root: &str| gateway(&["ledger", "misconduct", "check", file, "--root", root]).await;
    let pem = accused.dir.join("root/root.cert.pem");
    for root in [pem.to_str().unwrap(), &accused.fingerprint] {
        let proved = check(&format!("{}={root}", accused.party)).await.done();
        assert_eq!((&proved["report"]["accused"], &proved["report"]["kind"]), (&evidence["party"], &kind.into()));
    }
    let own = state.dir.join("root/root.cert.pem");
    check(&format!("{}={}", state.party, own.display())).await.failed(2);
    let altered = fs::read_to_string(&out).unwrap().replacen("kind ", "kinds ", 1);
    fs::write(&out, altered).unwrap();
    check(&format!("{}={}", accused.party, pem.display())).await.failed(1);
}

/// A case that both gateways have admitted, all of it cosigned, and the log as JP's gateway wrote it.
pub(crate) async fn with_case(pair: &Pair) -> (Scribe, Case, RelayRequest) {
    Scribe::at(&pair.fr).await.invite(4).await;
    let mut desk = Scribe::at(&pair.jp).await;
    let case = desk.open_case(&pair.fr.authority("central")).await;
    cosigned(pair).await;
    let log = recorded(pair, &[]).await;
    (desk, case, log)
}

pub(crate) async fn cosigned(pair: &Pair) {
    until("the whole log is cosigned", 20, async || {
        let channel = pair.jp.channel("FR").await;
        (channel["ledger_size"] != 0 && channel["ledger_cosigned"] == channel["ledger_size"]).then_some(())
    })
    .await;
}

/// JP's gateway is ended; somebody has its keys and calls FR's.
pub(crate) async fn call_as_jp(pair: &Pair, request: RelayRequest) -> Result<RelayResponse, Status> {
    let mut client = wire::as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
    client.relay(request).await.map(tonic::Response::into_inner)
}

pub(crate) fn forger(pair: &Pair, log: &RelayRequest) -> Forger {
    Forger::going_on(&pair.jp, &pair.fr, log.growth.as_ref().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_shows_two_heads_convicts_itself_and_only_its_channel_stops() {
    bounded(async {
        let mut three = Three::open("FR").await;
        let (_, _, log) = with_case(&three.pair).await;
        three.pair.jp_gateway.stop().await;
        let pair = &three.pair;
        let mut liar = forger(pair, &log);
        liar.leaves.pop();
        liar.write_anything(now());
        let refused = call_as_jp(pair, liar.growth(liar.leaves.len())).await.unwrap_err();
        assert_eq!(wire::error_info(&refused).reason, "R95");
        let reason = frozen(&pair.fr, &pair.jp).await;
        assert!(reason.contains("two heads of rogatory.internal/jp/fr"), "{reason}");
        let status = gateway(&["status", "--dir", pair.fr.dir.to_str().unwrap()]).await;
        assert!(status.done().to_string().contains("cannot both be true"));
        convicts(&pair.fr, &pair.jp, "fork").await;
        assert!(call_as_jp(pair, log.clone()).await.is_err(), "nothing more is taken from it");
        three.others_go_on(&three.pair.fr).await;

        // It is durable: whoever starts the gateway again finds the channel frozen.
        three.pair.fr_gateway.kill();
        three.pair.fr_gateway = three.pair.fr.serve().ready().await;
        frozen(&three.pair.fr, &three.pair.jp).await;
        assert_eq!(kept(&three.pair.fr).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_drops_a_leaf_and_writes_on_is_exposed_by_the_leaves_it_sends() {
    bounded(async {
        let mut three = Three::open("FR").await;
        let (_, _, log) = with_case(&three.pair).await;
        three.pair.jp_gateway.stop().await;
        let pair = &three.pair;
        let mut liar = forger(pair, &log);
        liar.leaves.remove(1);
        (0..3).for_each(|_| liar.write_anything(now()));
        assert!(call_as_jp(pair, liar.growth(0)).await.is_err());
        frozen(&pair.fr, &pair.jp).await;
        convicts(&pair.fr, &pair.jp, "fork").await;
        three.others_go_on(&pair.fr).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_reorders_its_leaves_convicts_itself_and_one_that_hides_how_is_stopped_too() {
    bounded(async {
        let mut three = Three::open("FR").await;
        let (_, _, log) = with_case(&three.pair).await;
        three.pair.jp_gateway.stop().await;
        let pair = &three.pair;
        let mut liar = forger(pair, &log);
        let held = liar.leaves.len();
        liar.leaves.swap(0, 1);
        liar.write_anything(now());
        // Only the new leaf is shown: it does not lead to the head, and nobody can say why.
        assert!(call_as_jp(pair, liar.growth(held)).await.is_err());
        frozen(&pair.fr, &pair.jp).await;
        let evidence = kept(&pair.fr).await.pop().unwrap();
        assert_eq!((evidence["kind"].as_str(), evidence["convicts"].as_bool()), (Some("unreconciled"), Some(false)));
        let out = pair.fr.dir.join("unreconciled");
        misconduct(&pair.fr, &["export", evidence["id"].as_str().unwrap(), "--out", out.to_str().unwrap()])
            .await
            .done();
        let root = format!("JP={}", pair.jp.fingerprint);
        gateway(&["ledger", "misconduct", "check", out.to_str().unwrap(), "--root", &root]).await.failed(9);

        pair.fr.freeze("JP", false).await;
        assert!(call_as_jp(pair, liar.growth(0)).await.is_err());
        frozen(&pair.fr, &pair.jp).await;
        assert!(kept(&pair.fr).await.iter().any(|one| one["kind"] == "fork"), "its own leaves show how");
        three.others_go_on(&pair.fr).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_shows_new_leaves_only_under_a_head_with_another_past_is_convicted_by_its_own_tiles() {
    bounded(async {
        let (folder, jp, fr) = two_states().await;
        let front = Crooked::before(&jp, &fr).await;
        let (to_jp, to_fr) = (front.address(), fr.peer_listen);
        let mut three = Three::around(Pair::open(folder, jp, fr, to_jp, to_fr).await, "FR").await;
        let (_, _, log) = with_case(&three.pair).await;
        three.pair.jp_gateway.stop().await;
        let pair = &three.pair;
        let mut liar = forger(pair, &log);
        let held = liar.leaves.len();
        liar.leaves.swap(0, 1);
        liar.write_anything(now());
        front.publish(liar.tiles());
        assert!(call_as_jp(pair, liar.growth(held)).await.is_err());
        frozen(&pair.fr, &pair.jp).await;
        until("FR has read the tiles", 20, async || {
            kept(&pair.fr).await.iter().any(|one| one["kind"] == "fork").then_some(())
        })
        .await;
        convicts(&pair.fr, &pair.jp, "fork").await;
        assert_eq!(kept(&pair.fr).await[0]["kind"], "unreconciled", "it was stopped before the tiles were asked for");
        three.others_go_on(&pair.fr).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_dates_a_leaf_back_is_stopped_until_an_operator_lets_that_head_pass_and_no_other() {
    bounded(async {
        let mut three = Three::open("FR").await;
        let (_, _, log) = with_case(&three.pair).await;
        three.pair.jp_gateway.stop().await;
        let pair = &three.pair;
        let mut liar = forger(pair, &log);
        let held = liar.leaves.len();
        liar.write_anything(now().plus_ms(-DAY_MS));
        assert!(call_as_jp(pair, liar.growth(held)).await.is_err());
        assert!(frozen(&pair.fr, &pair.jp).await.contains("dates leaves"));
        assert_eq!(kept(&pair.fr).await.pop().unwrap()["kind"], "backdated");
        three.others_go_on(&pair.fr).await;
        pair.fr.freeze("JP", false).await;
        let answer = call_as_jp(pair, liar.growth(held)).await.unwrap();
        assert!(!answer.cosignature.is_empty(), "{answer:?}");

        // What the operator was not shown is no more forgiven than before, and is kept as the first was.
        liar.write_anything(now().plus_ms(-DAY_MS));
        assert!(call_as_jp(pair, liar.growth(held + 1)).await.is_err());
        frozen(&pair.fr, &pair.jp).await;
        assert_eq!(kept(&pair.fr).await.len(), 2);
        pair.fr.freeze("JP", false).await;
        // Its log has grown meanwhile: the head that was shown is a part of it.
        liar.write_anything(now());
        let answer = call_as_jp(pair, liar.growth(held + 1)).await.unwrap();
        assert!(!answer.cosignature.is_empty(), "{answer:?}");

        liar.write_anything(now().plus_ms(DAY_MS));
        let refused = call_as_jp(pair, liar.growth(held + 3)).await.unwrap_err();
        assert!(wire::error_info(&refused).metadata["detail"].contains("future"), "{refused:?}");
        assert_eq!(pair.fr.channel("JP").await["state"], "OPEN", "time mends that");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_call_that_is_replayed_gets_no_second_cosignature_and_stops_nothing() {
    bounded(async {
        let three = Three::open("FR").await;
        let pair = &three.pair;
        let (mut desk, mut case, log) = with_case(pair).await;
        let entry = desk.request(&mut case, b"body");
        desk.submit(&entry).await.unwrap();
        desk.verdict(entry.header.entry).await;
        cosigned(pair).await;
        let answer = call_as_jp(pair, log.clone()).await.unwrap();
        let held = pair.jp.channel("FR").await["ledger_size"].as_u64().unwrap();
        assert!(answer.cosignature.is_empty() && answer.cosignature_withheld.contains("one of"), "{answer:?}");
        assert_eq!(answer.leaves_held, held);
        assert!(kept(&pair.fr).await.is_empty());
        let next = desk.draft(&mut case, b"after that");
        drop(desk.submit(&next).await);
        cosigned(pair).await;
        three.others_go_on(&pair.fr).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_keeps_the_peers_receipts_out_of_its_log_is_not_cosigned_until_they_are_in() {
    bounded(async {
        let (folder, jp, fr) = two_states().await;
        configure(&fr, "receipt_leaf_s = 5");
        let (to_jp, to_fr) = (jp.peer_listen, fr.peer_listen);
        let mut three = Three::around(Pair::open(folder, jp, fr, to_jp, to_fr).await, "FR").await;
        let (mut liar, entry, taken) = written(&three.pair).await;
        let item = brought(&three.pair, &entry, taken);
        let call = RelayRequest { items: vec![item.clone()], ..liar.growth(0) };
        let answer = call_as_jp(&three.pair, call).await.unwrap();
        // What it waits for is not written before it is late: who ends in between finds it in what is.
        three.pair.fr_gateway.kill();
        three.pair.fr_gateway = three.pair.fr.serve().ready().await;
        let pair = &three.pair;
        assert!(!answer.cosignature.is_empty());
        let Some(Outcome::Receipt(verdict)) = &answer.verdicts[0].outcome else { panic!("{answer:?}") };
        let receipts = [verdict, answer.verdicts[0].delivery.as_ref().unwrap()];

        let late = std::time::Duration::from_millis(5200);
        tokio::time::sleep(late).await;
        liar.write_anything(now());
        let owing = call_as_jp(pair, liar.growth(1)).await.unwrap();
        assert!(owing.cosignature.is_empty() && owing.cosignature_withheld.contains("no leaf there"), "{owing:?}");
        assert_eq!(owing.leaves_held, 2, "what it sent is held all the same");
        let trouble = pair.fr.channel("JP").await["last_error"].as_str().unwrap().to_owned();
        assert!(trouble.contains("has no leaf there: our receipts"), "{trouble}");

        // It may not have heard the answer, and asks again: an answer that is lost three times stops nobody. Whoever goes on asking is told,
        // and gains nothing by it.
        let again = |liar: &Forger| RelayRequest { items: vec![item.clone()], ..liar.growth(2) };
        for _ in 0..3 {
            let told = call_as_jp(pair, again(&liar)).await.unwrap();
            assert_eq!(told.verdicts, answer.verdicts);
            let heard = call_as_jp(pair, liar.growth(2)).await.unwrap();
            assert!(!heard.cosignature.is_empty(), "{heard:?}");
            tokio::time::sleep(late).await;
        }
        call_as_jp(pair, again(&liar)).await.unwrap();
        let owing = call_as_jp(pair, liar.growth(2)).await.unwrap();
        assert!(owing.cosignature.is_empty() && owing.cosignature_withheld.contains("no leaf there"), "{owing:?}");
        three.others_go_on(&pair.fr).await;

        for signed in receipts {
            let signed = proto::decode_receipt(signed).unwrap();
            liar.write(&Statement::of_receipt(&signed.receipt, &signed.bytes));
        }
        call_as_jp(pair, liar.growth(2)).await.unwrap();
        let paid = call_as_jp(pair, liar.growth(4)).await.unwrap();
        assert!(!paid.cosignature.is_empty(), "{paid:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_certifies_an_epoch_to_which_its_handshake_does_not_lead_is_not_believed_and_its_word_is_kept() {
    bounded(async {
        let pair = Pair::own().await;
        let (liar, entry, taken) = written(&pair).await;
        let mut false_word = taken.clone();
        false_word.epoch.as_mut().unwrap().tree_hash[0] ^= 1;
        for word in [false_word, Receipt { epoch: None, ..taken.clone() }] {
            let call = RelayRequest { items: vec![brought(&pair, &entry, word)], ..liar.growth(0) };
            let answer = call_as_jp(&pair, call).await.unwrap();
            let Some(Outcome::TryAgain(why)) = &answer.verdicts[0].outcome else { panic!("{answer:?}") };
            assert!(why.detail.contains("another epoch"), "{why:?}");
        }
        let evidence = kept(&pair.fr).await;
        assert_eq!(evidence.len(), 2, "{evidence:?}");
        assert!(evidence.iter().all(|one| one["kind"] == "receipt"), "{evidence:?}");
        // The true word is taken, so that the file of either state holds one epoch.
        let call = RelayRequest { items: vec![brought(&pair, &entry, taken)], ..liar.growth(0) };
        let answer = call_as_jp(&pair, call).await.unwrap();
        let Some(Outcome::Receipt(verdict)) = &answer.verdicts[0].outcome else { panic!("{answer:?}") };
        assert_eq!(proto::decode_receipt(verdict).unwrap().receipt.kind, ReceiptKind::RelayAcceptance);
        assert_eq!(pair.fr.channel("JP").await["state"], "OPEN");
    })
    .await;
}

/// An entry of JP's desk that opens a case, which somebody who has the keys of JP's gateway writes into a log of their own: the log, and what
/// JP's gateway would state of the entry.
async fn written(pair: &Pair) -> (Forger, Entry, Receipt) {
    Scribe::at(&pair.fr).await.invite(1).await;
    let mut desk = Scribe::at(&pair.jp).await;
    let (_, entry) = desk.opening(&pair.fr.authority("central")).await;
    let mut liar = Forger::of(&pair.jp, &pair.fr);
    let taken = Receipt { leaf: Some(0), epoch: Some(desk.epoch(&entry)), ..taken(pair, &entry) };
    liar.write(&Statement::of_entry(taken.entry, taken.header, taken.envelope, taken.at));
    (liar, entry, taken)
}

/// That JP's gateway took an entry.
pub(crate) fn taken(pair: &Pair, entry: &Entry) -> Receipt {
    Receipt {
        kind: ReceiptKind::SubmissionAcceptance,
        by: pair.jp.party,
        entry: entry.header.entry,
        case: entry.header.case,
        header: entry.header_digest(),
        envelope: entry.envelope_digest(),
        at: now(),
        leaf: None,
        refusal: None,
        epoch: None,
        authenticator: None,
    }
}

/// The entry with that receipt, as JP's gateway brings it.
pub(crate) fn brought(pair: &Pair, entry: &Entry, taken: Receipt) -> RelayItem {
    RelayItem {
        entry: Some(proto::convert::send_entry(entry)),
        submission: Some(stated(&pair.jp, pair.fr.party, taken)),
        ..RelayItem::default()
    }
}

/// Adds a line to the table `[ledger]` of a gateway that does not run yet.
pub(crate) fn configure(state: &State, line: &str) {
    let path = state.gateway_dir().join("gateway.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[ledger]\n{line}\n")).unwrap();
}

/// A copy of a gateway's database while it is not served.
fn backup(state: &State) -> Vec<u8> {
    fs::read(state.gateway_dir().join("gateway.db")).unwrap()
}

fn restore(state: &State, database: &[u8]) {
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(state.gateway_dir().join(format!("gateway.db{ending}")));
    }
    fs::write(state.gateway_dir().join("gateway.db"), database).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_restored_from_a_backup_signs_nothing_until_its_operator_lets_it_and_convicts_itself_then() {
    bounded(async {
        let mut three = Three::open("FR").await;
        let pair = &mut three.pair;
        let (_, mut case, _) = with_case(pair).await;
        assert!(pair.jp_gateway.stop().await.success());
        let old = backup(&pair.jp);
        pair.jp_gateway = pair.jp.serve().ready().await;
        let mut desk = Scribe::at(&pair.jp).await;
        desk.open_case(&pair.fr.authority("central")).await;
        cosigned(pair).await;
        assert!(pair.jp_gateway.stop().await.success());
        restore(&pair.jp, &old);
        pair.jp_gateway = pair.jp.serve().ready().await;
        let reason = frozen(&pair.jp, &pair.fr).await;
        assert!(reason.contains("restored from a backup"), "{reason}");
        let mut desk = Scribe::at(&pair.jp).await;
        let draft = desk.draft(&mut case, b"a draft");
        assert!(desk.submit(&draft).await.is_err(), "whatever it signed now would convict it");
        assert!(kept(&pair.fr).await.is_empty(), "what it signed does not contradict anything");

        pair.jp.freeze("FR", false).await;
        let (_, entry) = desk.opening(&pair.fr.authority("central")).await;
        desk.submit(&entry).await.unwrap();
        frozen(&pair.fr, &pair.jp).await;
        convicts(&pair.fr, &pair.jp, "fork").await;
        three.others_go_on(&three.pair.fr).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_was_restored_from_a_backup_convicts_itself_at_the_next_contact() {
    bounded(async {
        let mut three = Three::open("JP").await;
        let (mut desk, _, _) = with_case(&three.pair).await;
        assert!(three.pair.fr_gateway.stop().await.success());
        let old = backup(&three.pair.fr);
        three.pair.fr_gateway = three.pair.fr.serve().ready().await;
        for _ in 0..2 {
            desk.open_case(&three.pair.fr.authority("central")).await;
            cosigned(&three.pair).await;
        }
        // A cosignature tells whole seconds.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert!(three.pair.fr_gateway.stop().await.success());
        restore(&three.pair.fr, &old);
        three.pair.fr_gateway = three.pair.fr.serve().ready().await;
        let reason = frozen(&three.pair.jp, &three.pair.fr).await;
        assert!(reason.contains("cosigned less"), "{reason}");
        convicts(&three.pair.jp, &three.pair.fr, "retreat").await;
        three.others_go_on(&three.pair.jp).await;

        // People have talked: it goes on from where FR is, and is not accused of the same again.
        three.pair.jp.freeze("FR", false).await;
        cosigned(&three.pair).await;
        let channel = three.pair.jp.channel("FR").await;
        assert_eq!((channel["state"].as_str(), channel["frozen_reason"].as_str()), (Some("OPEN"), Some("")));
    })
    .await;
}
