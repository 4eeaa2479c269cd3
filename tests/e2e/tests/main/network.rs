//! With whom a state has channels, nobody learns from it but its own desks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use identity::{ChannelConsent, Directory, Fingerprint, RootOpening, certificate_to_pem};
use prost::Message;
use proto::peer::GreetRequest;

use crate::{
    bounded,
    evidence::received_on,
    pair::two_states,
    programs::gateway,
    stage::{Side, Stage},
    state::State,
    until, wire,
};

/// What gives a state away: each line of its root in PEM but the first, which any root may have, and its names.
fn traces(state: &State) -> Vec<Vec<u8>> {
    let pem = certificate_to_pem(&state.root_der()).unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with("-----")).skip(1).map(|line| line.as_bytes().to_vec());
    let der = state.root_der();
    let code = state.party.to_string();
    let names = [format!("root {code}"), format!("{code}:central"), format!("{}.rogatory", code.to_lowercase())];
    let print = state.fingerprint.clone();
    let short = print.replace(' ', "");
    let texts = names.into_iter().chain([print, short]).map(String::into_bytes);
    lines.chain([der[der.len() / 2..].to_vec()]).chain(texts).collect()
}

fn holds(bytes: &[u8], trace: &[u8]) -> bool {
    bytes.windows(trace.len()).any(|window| window == trace)
}

fn files(below: &Path) -> Vec<PathBuf> {
    let inside = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    fs::read_dir(below).unwrap().flat_map(|entry| inside(entry.unwrap().path())).collect()
}

/// Nothing in a folder, name or content, bears a trace of `state`.
fn assert_no_trace(state: &State, folder: &Path) {
    let traces = traces(state);
    let found = files(folder);
    assert!(!found.is_empty());
    for path in found.iter().filter(|path| path.is_file()) {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
        let code = state.party.to_string();
        let named =
            name.split('/').any(|part| part == code.to_lowercase() || part.split(['-', '.']).any(|word| word == code));
        assert!(!named, "{name}");
        let bytes = fs::read(path).unwrap();
        for trace in &traces {
            assert!(!holds(&bytes, trace), "{name} tells of {code}: {}", String::from_utf8_lossy(trace));
        }
    }
}

/// What the gateway of `state` says to the one of `peer` that greets it.
async fn greeted(state: &State, peer: &State) -> proto::peer::GreetResponse {
    let own = peer.directory();
    let request = GreetRequest {
        directory: Some(proto::convert::send_directory(&own.opened_to(state.party, &own.openings))),
        ..GreetRequest::default()
    };
    wire::as_peer(state, &peer.tls(&peer.gateway_dir())).greet(request).await.unwrap().into_inner()
}

async fn opened(state: &State, other: &State) {
    until("the third state's channel is open", 20, async || {
        (state.channel(other.party.as_str()).await["state"] == "OPEN").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_peer_no_case_file_and_no_published_log_tells_with_whom_else_a_state_has_channels() {
    bounded(async {
        let (stage, other) = (Stage::open().await, tempfile::tempdir().unwrap());
        let de = State::make("DE", other.path()).await;
        let running = de.serve().ready().await;
        let jp = stage.pair.jp.clone();
        jp.add_peer(&de, de.peer_listen).await;
        de.add_peer(&jp, jp.peer_listen).await;
        opened(&jp, &de).await;
        let play = received_on(stage).await;
        let fr = &play.stage.pair.fr;

        // The own desk knows, and so does the own gateway.
        let known = fs::read_to_string(jp.desk_dir("central").join("directories.json")).unwrap();
        assert!(known.contains("DE:central") || known.contains("\"openings\":[["), "{known}");
        assert!(files(&jp.gateway_dir().join("trusted")).len() == 2);

        // What FR is told, and all that it kept of what it was told.
        let told = greeted(&jp, fr).await;
        let directory = told.directory.clone().unwrap();
        let newest = Directory::from_toml(&directory.toml).unwrap();
        assert_eq!(newest.version, 3, "the directory that trusts DE");
        let [opening] = directory.openings.as_slice() else { panic!("{} openings", directory.openings.len()) };
        assert_eq!(RootOpening::from_bytes(opening).unwrap().root().der(), fr.root_der());
        let bytes = told.encode_to_vec();
        assert!(traces(&de).iter().all(|trace| !holds(&bytes, trace)));
        assert!(traces(&jp).iter().any(|trace| holds(&bytes, trace)), "the search finds what is there");
        assert_no_trace(&de, &fr.dir);

        let published = tempfile::tempdir().unwrap();
        let exported = play.export(Side::Jp, "jp.zip", &["--as", "central/officer-1"]).await;
        fs::copy(exported, published.path().join("jp.zip")).unwrap();
        let exported = play.export(Side::Fr, "fr.zip", &[]).await;
        fs::copy(exported, published.path().join("fr.zip")).unwrap();
        for log in ["rogatory.internal/jp/fr", "jp.rogatory.internal/heads"] {
            let out = published.path().join(log.replace('/', "_"));
            let line = ["ledger", "export", "--dir", jp.dir.to_str().unwrap(), log, "--out", out.to_str().unwrap()];
            gateway(&line).await.done();
        }
        assert_no_trace(&de, published.path());
        drop(running);
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_does_not_show_its_trust_in_us_gets_no_open_channel_r95() {
    bounded(async {
        let (_folder, jp, fr) = two_states().await;
        let _gateway = jp.serve().ready().await;
        jp.add_peer(&fr, fr.peer_listen).await;
        // FR's gateway says yes, under a directory in which its root trusts nobody.
        let print = |state: &State| Fingerprint::of_root(&state.root_der()).unwrap();
        let consent = ChannelConsent {
            from: fr.party,
            to: jp.party,
            own_root: print(&fr),
            their_root: print(&jp),
            at: crate::now(),
        };
        let consent = consent.sign(&fr.key("gateway", "ledger.key.pem"));
        let request = GreetRequest {
            directory: Some(proto::convert::send_directory(&fr.directory())),
            consent: Some(proto::peer::ChannelConsent {
                statement: consent.consent.to_bytes().into(),
                signature: consent.signature.into(),
            }),
            ..GreetRequest::default()
        };
        let refused = wire::as_peer(&jp, &fr.tls(&fr.gateway_dir())).greet(request).await.unwrap_err();
        let told = wire::error_info(&refused);
        assert_eq!(told.reason, "R95");
        assert!(refused.message().contains("does not show that it trusts the root of JP"), "{refused:?}");
        let shown = jp.channel("FR").await;
        assert_eq!((&shown["state"], &shown["their_consent"]), (&"KEYS_VERIFIED".into(), &false.into()));
    })
    .await;
}
