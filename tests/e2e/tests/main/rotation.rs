//! A gateway's ledger key is exchanged while a case runs.

use std::{fs, path::Path};

use identity::{ChannelConsent, Fingerprint};
use ledger::{Origin, SignedCheckpoint};
use proto::peer::{self as peer_wire, GreetRequest, LedgerGrowth, RelayRequest};
use serde_json::Value;

use crate::{
    auditor, bounded,
    play::{ACTS, Play},
    programs::{gateway, program, run},
    stage::{Side, Stage, Victim},
    state::State,
    until, wire,
};

const LOG: &str = "rogatory.internal/jp/fr";

async fn key(state: &State, words: &[&str]) -> Value {
    gateway(&[&["key"], words, &["--dir", state.dir.to_str().unwrap()]].concat()).await.done()
}

async fn stands(state: &State, other: &str, wanted: &str) {
    let what = format!("{} shows the channel to {other} as {wanted}", state.party);
    until(&what, 25, async || (state.channel(other).await["state"] == wanted).then_some(())).await;
}

/// The newest head of the log of JP, as it is published.
async fn head(jp: &State) -> Vec<u8> {
    until("the whole log is cosigned", 20, async || {
        let channel = jp.channel("FR").await;
        (channel["ledger_size"] != 0 && channel["ledger_size"] == channel["ledger_cosigned"]).then_some(())
    })
    .await;
    let out = jp.dir.join("published");
    let line = ["ledger", "export", "--dir", jp.dir.to_str().unwrap(), LOG, "--out", out.to_str().unwrap()];
    gateway(&line).await.done();
    fs::read(out.join("checkpoint")).unwrap()
}

/// Greets FR as the gateway of JP does that has a new key.
async fn greet(jp: &State, fr: &State) {
    let print = |state: &State| Fingerprint::of_root(&state.root_der()).unwrap();
    let (own_root, their_root) = (print(jp), print(fr));
    let consent = ChannelConsent { from: jp.party, to: fr.party, own_root, their_root, at: crate::now() };
    let consent = consent.sign(&jp.key("gateway", "ledger.key.pem"));
    let directory = jp.directory();
    let request = GreetRequest {
        directory: Some(proto::convert::send_directory(&directory.opened_to(fr.party, &directory.openings))),
        consent: Some(peer_wire::ChannelConsent {
            statement: consent.consent.to_bytes().into(),
            signature: consent.signature.into(),
        }),
        ..GreetRequest::default()
    };
    wire::as_peer(fr, &jp.tls(&jp.gateway_dir())).greet(request).await.unwrap();
}

/// Shows a head of JP's log to FR; whether FR cosigns it.
async fn shown(jp: &State, fr: &State, note: &[u8], version: u64) -> Result<bool, tonic::Status> {
    let origin: Origin = LOG.parse().unwrap();
    let size = SignedCheckpoint::kept(note, origin).unwrap().checkpoint().size;
    let checkpoint = String::from_utf8(note.to_vec()).unwrap();
    let growth = Some(LedgerGrowth { first_leaf: size, leaves: Vec::new(), checkpoint });
    let request = RelayRequest { directory_version: version, growth, ..RelayRequest::default() };
    let answer = wire::as_peer(fr, &jp.tls(&jp.gateway_dir())).relay(request).await?;
    Ok(!answer.into_inner().cosignature.is_empty())
}

/// What the auditor's page says of a file.
fn audited(jp: &State, fr: &State, folder: &str, file: &Path) -> String {
    let [jp_root, fr_root] = [jp, fr].map(|state| state.dir.join("root/root.cert.pem"));
    let done = auditor::follow(&jp.dir.join(folder), file, [&jp_root, &fr_root], None);
    let said = auditor::said(&done);
    assert!(done.status.success(), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_on_over_the_exchange_of_a_ledger_key_and_is_proved_by_the_keys_of_each_day() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let (jp, fr) = (play.stage.pair.jp.clone(), play.stage.pair.fr.clone());
        let old = head(&jp).await;
        // A power cut, and a new key; the other side is away.
        play.stage.strike(Victim::JpGateway);
        play.stage.strike(Victim::Link);
        let told = key(&jp, &["rotate", "ledger"]).await;
        let version = told["directory_version"].as_u64().unwrap();
        play.stage.mend(Victim::JpGateway).await;
        stands(&jp, "FR", "ROTATING").await;
        stands(&fr, "JP", "OPEN").await;
        // What is exported now stands under a head that both signed before the exchange.
        let between = play.export(Side::Jp, "between.zip", &["--as", "central/officer-1"]).await;
        let said = audited(&jp, &fr, "audit-between", &between);
        assert!(said.contains("6: OLDER KEY: that of rogatory.internal/jp/fr"), "{said}");
        assert!(said.contains("leaves stand under the head"), "{said}");

        // FR learns of it, and believes no head any more that the old key signed, one that it has cosigned before among them.
        assert!(shown(&jp, &fr, &old, 1).await.unwrap(), "before it learns of it");
        greet(&jp, &fr).await;
        stands(&fr, "JP", "ROTATING").await;
        assert!(shown(&jp, &fr, &old, version).await.is_err());
        let same = *SignedCheckpoint::kept(&old, LOG.parse().unwrap()).unwrap().checkpoint();
        let new = same.sign(&jp.key("gateway", "ledger.key.pem")).unwrap();
        assert!(shown(&jp, &fr, new.note(), version).await.unwrap());
        stands(&fr, "JP", "OPEN").await;

        play.stage.mend(Victim::Link).await;
        stands(&jp, "FR", "OPEN").await;
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
        let listed = key(&jp, &["list"]).await;
        assert_eq!(listed["ledger"][0]["fingerprint"], told["fingerprint"]);
        assert_eq!((&listed["ledger"][1]["until"], &listed["ledger"][0]["since"]), (&told["until"], &told["until"]));

        head(&jp).await;
        let roots =
            [&jp, &fr].map(|state| format!("{}={}", state.party, state.dir.join("root/root.cert.pem").display()));
        for (side, file) in [(Side::Jp, "jp.zip"), (Side::Fr, "fr.zip")] {
            let more: &[&str] = if side == Side::Jp { &["--as", "central/officer-1"] } else { &[] };
            let file = play.export(side, file, more).await;
            let line = ["--output", "json", "audit", "verify", file.to_str().unwrap()];
            let line = [&line[..], &["--root", &roots[0], "--root", &roots[1]]].concat();
            let report = run(&program("gateway"), &line).await.done();
            let text = serde_json::to_string_pretty(&report["report"]).unwrap();
            assert!(report["report"]["holds"] == true, "{text}");
            assert!(text.contains("FR cosigned it") && !text.contains("(signed, and not so)"), "{text}");
            let said = audited(&jp, &fr, &format!("audit-of-{:?}", side), &file);
            assert!(
                !said.contains("OLDER KEY") && !said.contains("hold, by the ledger keys of their states; 0 of"),
                "{said}"
            );
        }
    })
    .await;
}
