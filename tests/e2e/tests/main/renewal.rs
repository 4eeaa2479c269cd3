//! Certificates are renewed while gateways and desks run.

use std::{fs, path::Path, process::Stdio};

use serde_json::Value;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::{gateway, program, run},
    stage::{Side, Stage, Victim},
    state::State,
    until,
};

const SIDES: [Side; 2] = [Side::Jp, Side::Fr];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The certificate that the gateway shows to whom calls, PEM, as OpenSSL sees it.
async fn shown(state: &State) -> String {
    let address = state.status().await["peer_address"].as_str().unwrap().to_owned();
    let mut command = tokio::process::Command::new("openssl");
    command.args(["s_client", "-connect", &address, "-alpn", "h2", "-servername", "gw"]);
    let told = command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let begin = told.find("-----BEGIN CERTIFICATE-----").unwrap_or_else(|| panic!("no certificate: {told}"));
    let end = told.find("-----END CERTIFICATE-----").unwrap();
    told[begin..end].to_owned()
}

/// Renews the certificates of a state's gateway and of its central authority's desk: the desk asks, the root answers, the desk installs.
pub(crate) async fn renew(stage: &Stage, side: Side) -> [std::path::PathBuf; 2] {
    let state = stage.state(side);
    let dir = text(&state.dir);
    let renewed = state.gateway(&["certificate", "renew", "--dir", dir]).await.done();
    assert_eq!(renewed["installed"][0]["for"], "TLS");
    let (asked, answered) = (state.dir.join("asked.pem"), state.dir.join("answered.pem"));
    let requested = stage.desk(side, &["certificate", "request", "--out", text(&asked)]).await.done();
    let root = state.dir.join("root");
    let keys: Vec<String> =
        requested["asked"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect();
    let [first, second] = keys.as_slice() else { panic!("two keys: {requested}") };
    let line =
        ["certificate", "issue", text(&asked), "--own-root", text(&root), "--out", text(&answered), "--key", first];
    let unknown = state.gateway(&line).await.failed(7);
    assert!(unknown.contains(second.as_str()), "a key that nobody wrote down: {unknown}");
    let issued = state.gateway(&[&line[..], &["--key", second]].concat()).await.done();
    assert_eq!(
        requested["asked"], issued["asked"],
        "what is asked is what is answered, by the fingerprints of the keys"
    );
    let installed = stage.desk(side, &["certificate", "install", text(&answered)]).await.done();
    assert_eq!(installed["installed"].as_array().unwrap().len(), 2);
    [asked, answered]
}

/// Waits until a desk stands with its newest leaf in the group of the case, after `times` changes of the group in all.
pub(crate) async fn in_place(play: &Play, side: Side, desk: &str, times: usize) {
    until("the new leaf stands in the group of the case", 60, async || {
        let case = play.stage.show(side, &play.case).await?;
        let status = play.stage.desk(side, &["status"]).await.done();
        (changes(&case, desk) == times && status["leaf_waits"] == 0).then_some(())
    })
    .await;
}

/// How often a desk changed the group of the case.
pub(crate) fn changes(case: &Value, desk: &str) -> usize {
    let entries = case["timeline"].as_array().unwrap().iter();
    let admitted = entries.filter(|entry| entry["step"] == "change_group" && entry["verdict"] == "admitted");
    admitted.filter(|entry| entry["sender"] == desk).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_gateways_and_desks_are_renewed_while_a_case_runs_and_only_the_new_ones_carry_it_on() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..5] {
            play.act(act).await;
        }
        let mut files = Vec::new();
        for side in SIDES {
            let state = play.stage.state(side).clone();
            let (certificate, leaf) = (
                fs::read(state.gateway_dir().join("tls.cert.pem")).unwrap(),
                state.desk_dir("central").join("leaf.cert.pem"),
            );
            let before = fs::read(&leaf).unwrap();
            files.extend(renew(&play.stage, side).await);
            assert_ne!(fs::read(state.gateway_dir().join("tls.cert.pem")).unwrap(), certificate);
            assert_ne!(fs::read(&leaf).unwrap(), before);
            let now = fs::read_to_string(state.gateway_dir().join("tls.cert.pem")).unwrap();
            until("the running gateway shows its new certificate", 20, async || {
                now.starts_with(&shown(&state).await).then_some(())
            })
            .await;
        }
        for (side, desk) in [(Side::Jp, "JP:central"), (Side::Fr, "FR:central")] {
            in_place(&play, side, desk, 1).await;
        }
        // Once more, of both at once, and neither hears of the other before its own is on its way.
        play.stage.strike(Victim::Link);
        for side in SIDES {
            renew(&play.stage, side).await;
            until("the commit is on its way", 20, async || {
                let case = play.stage.show(side, &play.case).await?;
                case["timeline"].as_array()?.iter().any(|entry| entry["verdict"] == "pending").then_some(())
            })
            .await;
        }
        play.stage.mend(Victim::Link).await;
        for (side, desk) in [(Side::Jp, "JP:central"), (Side::Fr, "FR:central")] {
            in_place(&play, side, desk, 2).await;
        }

        // What another asked for, or another root answers, is taken by nobody.
        let [_, jp_answered, fr_asked, _] = files.as_slice() else { panic!("four files") };
        play.stage.desk(Side::Fr, &["certificate", "install", text(jp_answered)]).await.failed(4);
        let root = play.stage.pair.jp.dir.join("root");
        let asked = play.stage.desk(Side::Fr, &["certificate", "request"]).await.done();
        let keys = asked["asked"].as_array().unwrap().iter().flat_map(|one| ["--key", one["key"].as_str().unwrap()]);
        fs::write(fr_asked, asked["request"].as_str().unwrap()).unwrap();
        let line = ["certificate", "issue", text(fr_asked), "--own-root", text(&root)];
        let foreign = gateway(&line.into_iter().chain(keys).collect::<Vec<_>>()).await.failed(7);
        assert!(foreign.contains("root of JP does not issue for"), "{foreign}");

        // From here on without the keys of before, and with connections made anew.
        for side in SIDES {
            let former = play.stage.state(side).desk_dir("central").join("former-leaves");
            assert_eq!(fs::read_dir(&former).unwrap().count(), 4);
            fs::remove_dir_all(former).unwrap();
        }
        for victim in [Victim::JpDesk, Victim::FrDesk, Victim::JpGateway, Victim::FrGateway] {
            play.stage.strike(victim);
            play.stage.mend(victim).await;
        }
        for act in &ACTS[5..] {
            play.act(act).await;
        }
        let roots = [&play.stage.pair.jp, &play.stage.pair.fr]
            .map(|state| format!("{}={}", state.party, text(&state.dir.join("root/root.cert.pem"))));
        let file = play.export(Side::Fr, "fr.zip", &[]).await;
        let line = ["--output", "json", "audit", "verify", text(&file), "--root", &roots[0], "--root", &roots[1]];
        let report = run(&program("gateway"), &line).await.done();
        assert!(report["report"]["holds"] == true, "{report}");
    })
    .await;
}
