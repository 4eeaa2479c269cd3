//! Heads that are signed by two algorithms: promised by the directory, held by the peer, proved to a stranger, and by no other library less.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    bounded,
    evidence::received,
    pair::Pair,
    programs::{gateway, program, run},
    scribe::Scribe,
    stage::{Side, Victim},
    state::State,
    until,
};

/// Lets a state, whose gateway is stopped, sign its heads twice from its next start on.
async fn second_key(state: &State) -> Value {
    gateway(&["ledger", "second-key", "--dir", state.dir.to_str().unwrap()]).await.done()
}

async fn exported(state: &State, log: &str, out: &Path) -> Value {
    let words = ["ledger", "export", "--dir", state.dir.to_str().unwrap(), log, "--out", out.to_str().unwrap()];
    gateway(&words).await.done()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_signed_twice_by_both_and_a_foreign_library_and_the_audit_say_so() {
    bounded(async {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut play = received().await;
        play.stage.stop_gateways().await;
        let (jp, fr) = (play.stage.pair.jp.clone(), play.stage.pair.fr.clone());
        for state in [&jp, &fr] {
            second_key(state).await;
            gateway(&["ledger", "second-key", "--dir", state.dir.to_str().unwrap()]).await.failed(6);
            let sealed = fs::read_to_string(state.gateway_dir().join("ledger.ml-dsa-44.key.pem")).unwrap();
            assert!(sealed.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "at rest it is sealed");
        }
        play.stage.mend(Victim::JpGateway).await;
        play.stage.mend(Victim::FrGateway).await;
        play.act(&crate::play::ACTS[8]).await;
        let out = jp.dir.join("log");
        let head = until("a head is signed twice by both", 20, async || {
            exported(&jp, "FR", &out).await;
            let head = fs::read_to_string(out.join("checkpoint")).unwrap();
            (head.lines().filter(|line| line.starts_with('\u{2014}')).count() == 4).then_some(head)
        })
        .await;
        assert!(head.len() > 6000, "{head}");
        let keys = exported(&jp, "FR", &out).await["verifier_keys"].clone();
        assert_eq!(keys.as_array().unwrap().len(), 4, "{keys}");

        // By a library that has nothing to do with ours.
        let python = here.join("../../target/python/bin/python");
        let script = here.join("python/verify_head.py");
        let mut words = vec![script.to_str().unwrap().to_owned(), out.join("checkpoint").display().to_string()];
        words.extend(keys.as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let verdict = run(&python, &words).await.done();
        assert_eq!(verdict["hold"], serde_json::json!(["Ed25519", "Ed25519", "ML-DSA-44", "ML-DSA-44"]), "{verdict}");
        assert_eq!(verdict["spoilt_and_believed"], 0, "{verdict}");

        let case = play.export(Side::Jp, "twice.zip", &["--reader", "Aoki"]).await;
        let root = format!("JP={}", jp.dir.join("root/root.cert.pem").display());
        let line =
            ["audit", "verify", case.to_str().unwrap(), "--root", &root, "--root", &format!("FR={}", fr.fingerprint)];
        let told = run(&program("gateway"), &line).await;
        assert_eq!(told.code, 0, "{}{}", told.out, told.err);
        for party in ["JP", "FR"] {
            assert!(told.out.contains(&format!("{party} signed that head by both algorithms")), "{}", told.out);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_takes_no_head_without_the_second_signature_that_the_directory_promises() {
    bounded(async {
        let mut pair = Pair::own().await;
        Scribe::at(&pair.fr).await.invite(2).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let mut case = desk.open_case(&pair.fr.authority("central")).await;
        // A head that waits for FR was signed once; the second key comes in between.
        assert!(pair.fr_gateway.stop().await.success());
        let entry = desk.request(&mut case, b"body");
        desk.submit(&entry).await.unwrap();
        assert!(pair.jp_gateway.stop().await.success());
        let before = pair.jp.directory();
        second_key(&pair.jp).await;
        pair.jp_gateway = pair.jp.serve().ready().await;
        pair.fr_gateway = pair.fr.serve().ready().await;
        pair.opened().await;
        let size = until("the ledger is cosigned", 20, async || {
            let channel = pair.jp.channel("FR").await;
            let size = channel["ledger_size"].as_u64().unwrap();
            (channel["queued"] == 0 && size > 1 && channel["ledger_cosigned"] == size).then_some(size)
        })
        .await;
        // JP's gateway is made to forget the second key, and signs as it did before.
        assert!(pair.jp_gateway.stop().await.success());
        let folder = pair.jp.gateway_dir();
        fs::write(folder.join("directory.toml"), &before.toml).unwrap();
        fs::write(folder.join("directory.sig"), &before.signature).unwrap();
        pair.jp_gateway = pair.jp.serve().ready().await;
        pair.opened().await;
        let mut desk = Scribe::at(&pair.jp).await;
        let (_, entry) = desk.opening(&pair.fr.authority("central")).await;
        desk.submit(&entry).await.unwrap();
        until("JP is told why nothing goes on", 20, async || {
            let channel = pair.jp.channel("FR").await;
            channel["last_error"].as_str().unwrap_or_default().contains("second signature").then_some(())
        })
        .await;
        assert_eq!(pair.jp.channel("FR").await["ledger_cosigned"], size);
    })
    .await;
}
