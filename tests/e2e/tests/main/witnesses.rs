//! A third state as witness: it learns that time passes, and its word proves the time of another channel's head.

use std::{fs, path::PathBuf};

use identity::SigningKey;
use ledger::{
    ConsistencyProof, Cosignature, LeafHash, LedgerKey, Log, Origin, Row, SignedCheckpoint, StoredHashes, WitnessName,
    WitnessRequest,
};
use link::Channel;
use model::Digest;
use proto::peer::{self as wire, ProveHeadRequest, ReadLedgerRequest, peer_service_client::PeerServiceClient};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    bounded,
    crooked::{Crooked, tiles},
    misconduct::{convicts, frozen, kept},
    pair::{Pair, two_states},
    programs::{Answer, gateway, program, run},
    running::Running,
    scribe::Scribe,
    state::State,
    three::Three,
    until,
    wire::{as_peer, error_info},
};

const LOG: &str = "rogatory.internal/jp/fr";

/// Strikes each second, witnessed by SG.
fn configure(state: &State) {
    let path = state.gateway_dir().join("gateway.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[ledger]\ntick_s = 1\nwitnesses = [\"SG\"]\n")).unwrap();
}

/// JP, FR and SG, each with a channel to each; the log of heads of JP is witnessed by SG.
pub(crate) async fn three() -> (Pair, State, Running) {
    let (folder, jp, fr): (TempDir, State, State) = two_states().await;
    let sg = State::make("SG", folder.path()).await;
    configure(&jp);
    let (jp_endpoint, fr_endpoint) = (jp.peer_listen, fr.peer_listen);
    let pair = Pair::open(folder, jp, fr, jp_endpoint, fr_endpoint).await;
    let running = sg.serve().ready().await;
    for state in [&pair.jp, &pair.fr] {
        state.add_peer(&sg, sg.peer_listen).await;
        sg.add_peer(state, state.peer_listen).await;
    }
    (pair, sg, running)
}

async fn heads(state: &State) -> Value {
    gateway(&["ledger", "heads", "--dir", state.dir.to_str().unwrap()]).await.done()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_states_word_on_time_is_proved_to_a_court_by_either_side() {
    bounded(async {
        let (pair, sg, _running) = three().await;
        Scribe::at(&pair.fr).await.invite(2).await;
        Scribe::at(&pair.jp).await.open_case(&pair.fr.authority("central")).await;
        let witnessed = until("SG has witnessed a head of JP", 30, async || {
            let told = heads(&pair.jp).await;
            let ticks = told["ticks"].as_array().unwrap();
            ticks.iter().find(|tick| tick["witnessed"][0]["party"] == "SG").cloned()
        })
        .await;
        assert!(witnessed["at"].is_string());

        for (state, log, by) in [(&pair.jp, "FR", "JP"), (&pair.fr, LOG, "JP")] {
            let out: PathBuf = state.dir.join("timed");
            let (dir, file) = (state.dir.to_str().unwrap(), out.to_str().unwrap());
            let proved = until("the channel's head is proved", 30, async || {
                let words = ["ledger", "prove", "--dir", dir, log, "--by", by, "--size", "1", "--out", file];
                let answer = gateway(&words).await;
                (answer.code == 0).then(|| answer.done())
            })
            .await;
            let keys: Vec<&str> =
                proved["verifier_keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
            // Whose keys these are is the word of who proves: it proves nothing before who checks says to have them from the states.
            let by_keys = ["ledger", "check", file, "--key", keys[0], "--witness", keys[1]];
            let text = run(&program("gateway"), &by_keys).await;
            assert!(text.code == 9 && text.err.contains("NOT PROVED"), "{}{}", text.out, text.err);
            assert!(!text.out.contains("not later than"), "{}", text.out);
            let by_own_keys = [&by_keys[..], &["--pinned"]].concat();
            let checked = gateway(&by_own_keys).await.done();
            assert_eq!((checked["log"].as_str(), checked["witness"].as_str()), (Some(LOG), Some("SG")));
            assert_eq!(checked["pinned"], "keys");
            let text = run(&program("gateway"), &by_own_keys).await;
            assert!(text.out.contains("not later than") && text.out.contains("no root was asked"), "{}", text.out);
            let directories: Vec<&str> =
                proved["directories"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
            let pinned = by_roots(file, &directories, &[&pair.jp, &sg]).await.done();
            assert_eq!((pinned["pinned"].as_str(), pinned["log"].as_str()), (Some("roots"), Some(LOG)));
            assert!(pinned["directories"]["JP"].is_u64() && pinned["directories"]["SG"].is_u64(), "{pinned}");
            // Who proves can name any key, and any directory: only a root that somebody else told vouches for it.
            let anew = State::anew("JP", &state.dir).await;
            by_roots(file, &directories, &[&anew, &sg]).await.failed(9);
            let own = anew.gateway_dir().join("directory.toml");
            let of_sg = directories[1];
            by_roots(file, &[own.to_str().unwrap(), of_sg], &[&pair.jp, &sg]).await.failed(9);
            by_roots(file, &[own.to_str().unwrap(), of_sg], &[&anew, &sg]).await.failed(9);
            by_roots(file, &directories, &[&pair.jp]).await.failed(2);
            by_roots(file, &directories[..1], &[&pair.jp, &sg]).await.failed(2);
            let size = proved["size"].as_u64().unwrap();
            let forged =
                fs::read_to_string(&out).unwrap().replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
            fs::write(&out, forged).unwrap();
            gateway(&by_own_keys).await.failed(9);
        }
    })
    .await;
}

/// `gateway ledger check` by directories, and the roots of these states.
async fn by_roots(file: &str, directories: &[&str], states: &[&State]) -> Answer {
    let roots: Vec<String> = states
        .iter()
        .map(|state| format!("{}={}", state.party, state.dir.join("root/root.cert.pem").display()))
        .collect();
    let mut line = vec!["ledger", "check", file];
    line.extend(directories.iter().flat_map(|path| ["--directory", path]));
    line.extend(roots.iter().flat_map(|root| ["--root", root.as_str()]));
    gateway(&line).await
}

fn leaves(past: &[u8], size: u32) -> Vec<LeafHash> {
    (0..size).map(|n| LeafHash(Digest::of(&[past, &n.to_be_bytes()]))).collect()
}

/// A log with all its rows.
fn log(past: &[u8], size: u32) -> (Log, StoredHashes) {
    let (log, rows): (Log, Vec<Row>) = Log::default().append(&leaves(past, size)).unwrap();
    (log, rows.into_iter().collect())
}

fn request(liar: &SigningKey, origin: Origin, past: &[u8], old_size: u64, size: u32) -> (SignedCheckpoint, Vec<u8>) {
    let (log, rows) = log(past, size);
    let head = log.head(origin).sign(liar).unwrap();
    let path = ConsistencyProof::prove(old_size, log.size(), &rows).unwrap().path;
    let body = WitnessRequest { old_size, path, note: head.note().to_vec() }.encode();
    (head, body)
}

async fn ask(client: &mut PeerServiceClient<Channel>, body: Vec<u8>) -> (u32, String) {
    let answer = client.witness(wire::WitnessRequest { body: body.into() }).await.unwrap().into_inner();
    (answer.status, answer.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_refuses_a_rollback_and_a_log_that_is_not_the_callers() {
    bounded(async {
        let pair = Pair::shared().await;
        let liar = pair.jp.key("gateway", "ledger.key.pem");
        let mut client = as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
        let own = Origin::heads(pair.jp.party);
        let (head, body) = request(&liar, own, b"past", 0, 5);
        let (status, line) = ask(&mut client, body).await;
        assert_eq!(status, 200);
        let fr = LedgerKey::new(pair.fr.key("gateway", "ledger.key.pem").public_key());
        Cosignature::verify(line.as_bytes(), head.checkpoint(), WitnessName(pair.fr.party), &fr).unwrap();

        let mut refused =
            async |origin, past: &[u8], old, size| ask(&mut client, request(&liar, origin, past, old, size).1).await;
        assert_eq!(refused(own, b"past", 0, 3).await, (409, "5\n".to_owned()), "a rollback");
        assert_eq!(refused(Origin::heads(pair.fr.party), b"past", 0, 5).await.0, 404, "a log of another");
        assert_eq!(refused(LOG.parse().unwrap(), b"past", 0, 5).await.0, 404, "a log that is not of heads");
        let forger = SigningKey::generate().unwrap();
        assert_eq!(ask(&mut client, request(&forger, own, b"past", 5, 9).1).await.0, 403);
        assert_eq!(ask(&mut client, b"old 5\n".to_vec()).await.0, 400);
        let (status, _) = ask(&mut client, request(&liar, own, b"past", 5, 9).1).await;
        assert_eq!(status, 200, "what follows is cosigned as before");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_heads_with_two_pasts_convicts_its_home_before_strangers_and_stops_its_channel_once() {
    bounded(async {
        let three = Three::open("FR").await;
        let pair = &three.pair;
        let liar = pair.jp.key("gateway", "ledger.key.pem");
        let own = Origin::heads(pair.jp.party);
        let mut client = as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
        assert_eq!(ask(&mut client, request(&liar, own, b"past", 0, 5).1).await.0, 200);
        assert_eq!(ask(&mut client, request(&liar, own, b"other", 5, 9).1).await, (422, String::new()), "a fork");
        assert!(frozen(&pair.fr, &pair.jp).await.contains("two heads of jp.rogatory.internal/heads"));
        convicts(&pair.fr, &pair.jp, "fork").await;
        let refused = client.witness(wire::WitnessRequest { body: request(&liar, own, b"past", 5, 9).1.into() }).await;
        assert_eq!(refused.unwrap_err().code(), tonic::Code::PermissionDenied, "no channel is open any more");
        three.others_go_on(&pair.fr).await;

        // People have talked. What is written behind the other past is not cosigned, and no new reason to stop.
        pair.fr.freeze("JP", false).await;
        let mut client = as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
        for (past, size) in [(&b"other"[..], 12), (&b"a third"[..], 7), (&b"other"[..], 5)] {
            assert_eq!(ask(&mut client, request(&liar, own, past, 5, size).1).await, (422, String::new()));
        }
        assert_eq!(kept(&pair.fr).await.len(), 1);
        assert_eq!(pair.fr.channel("JP").await["state"], "OPEN");
        assert_eq!(ask(&mut client, request(&liar, own, b"past", 5, 9).1).await.0, 200, "what follows is cosigned");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_hides_how_the_heads_of_its_log_of_heads_follow_is_convicted_by_its_own_tiles() {
    bounded(async {
        let (folder, jp, fr) = two_states().await;
        let front = Crooked::before(&jp, &fr).await;
        let (to_jp, to_fr) = (front.address(), fr.peer_listen);
        let three = Three::around(Pair::open(folder, jp, fr, to_jp, to_fr).await, "FR").await;
        let pair = &three.pair;
        let liar = pair.jp.key("gateway", "ledger.key.pem");
        let own = Origin::heads(pair.jp.party);
        let mut client = as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
        // A proof from a tree of four leaves out its root.
        assert_eq!(ask(&mut client, request(&liar, own, b"past", 0, 4).1).await.0, 200);
        front.publish(tiles(own, &leaves(b"other", 9)));
        assert_eq!(ask(&mut client, request(&liar, own, b"other", 4, 9).1).await, (422, String::new()));
        frozen(&pair.fr, &pair.jp).await;
        until("FR has read the tiles", 20, async || {
            kept(&pair.fr).await.iter().any(|one| one["kind"] == "fork").then_some(())
        })
        .await;
        convicts(&pair.fr, &pair.jp, "fork").await;
        three.others_go_on(&pair.fr).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_state_reads_the_log_of_heads_and_no_channels_log() {
    bounded(async {
        let (pair, sg, _running) = three().await;
        let mut client = as_peer(&pair.jp, &sg.tls(&sg.gateway_dir()));
        let mut read = async |log: &str, path: &str| {
            client.read_ledger(ReadLedgerRequest { log: log.to_owned(), path: path.to_owned() }).await
        };
        until("JP lets SG read its log of heads", 20, async || {
            read("jp.rogatory.internal/heads", "checkpoint").await.ok()
        })
        .await;
        for path in ["checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"] {
            let refused = read(LOG, path).await.unwrap_err();
            assert_eq!(error_info(&refused).reason, "UNKNOWN");
        }
        let asked = ProveHeadRequest { log: LOG.to_owned(), size: 0 };
        let refused = client.prove_head(asked).await.unwrap_err();
        assert_eq!(error_info(&refused).reason, "UNKNOWN");
    })
    .await;
}
