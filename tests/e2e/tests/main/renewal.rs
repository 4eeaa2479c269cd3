//! Certificates are renewed while gateways and desks run.

use std::{fs, path::Path, process::Stdio};

use serde_json::Value;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::{gateway, program, run},
    skew::shim,
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

/// A case whose requesting desk has installed a new leaf while its gateway is away, so that the group does not know it yet.
async fn installed_only() -> Play {
    let mut play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..4] {
        play.act(act).await;
    }
    play.stage.strike(Victim::JpGateway);
    renew(&play.stage, Side::Jp).await;
    until("the desk has taken the new leaf", 20, async || {
        let status = play.stage.desk(Side::Jp, &["status"]).await.done();
        (status["leaf_waits"] == 1).then_some(())
    })
    .await;
    play.stage.strike(Victim::JpDesk);
    play
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_is_killed_between_the_installation_of_a_leaf_and_its_commit_puts_it_in_place_afterwards() {
    bounded(async {
        let mut play = installed_only().await;
        for victim in [Victim::JpDesk, Victim::JpGateway] {
            play.stage.mend(victim).await;
        }
        in_place(&play, Side::Jp, "JP:central", 1).await;
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_has_lost_the_key_of_a_former_leaf_is_taken_in_anew() {
    bounded(async {
        let mut play = installed_only().await;
        fs::remove_dir_all(play.stage.state(Side::Jp).desk_dir("central").join("former-leaves")).unwrap();
        for victim in [Victim::JpDesk, Victim::JpGateway] {
            play.stage.mend(victim).await;
        }
        until("JP's desk is taken in anew", 90, async || {
            let group = play.stage.desk(Side::Jp, &["group", "show", &play.case]).await.done();
            let seats = group["seats"].as_array()?.iter().filter(|seat| seat["authority"] == "JP:central").count();
            let status = play.stage.desk(Side::Jp, &["status"]).await.done();
            let whole = status["cases_without_keys"].as_array().is_none_or(Vec::is_empty) && status["leaf_waits"] == 0;
            (seats == 2 && whole).then_some(())
        })
        .await;
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_waits_for_a_peer_that_is_away_keeps_no_officer_from_acting() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        play.stage.strike(Victim::JpGateway);
        // Its own gateway has noticed: the desk is told with the directories.
        play.stage.strike(Victim::FrGateway);
        play.stage.mend(Victim::FrGateway).await;
        until("FR's gateway says that JP's is away", 20, async || {
            let channel = play.stage.pair.fr.channel("JP").await;
            (!channel["last_error"].as_str()?.is_empty()).then_some(())
        })
        .await;
        renew(&play.stage, Side::Fr).await;
        until("the renewal waits", 20, async || {
            let status = play.stage.desk(Side::Fr, &["status"]).await.done();
            (status["leaf_waits"] == 1).then_some(())
        })
        .await;
        // What an officer does now is on its way at once, and the renewal comes behind it.
        let words = ["accept", &play.case, "--as", "central/officer-1", "--text", "granted", "--condition", "C01"];
        play.stage.desk(Side::Fr, &[&words[..], &["--condition", "C06"]].concat()).await;
        let shown = play.stage.show(Side::Fr, &play.case).await.unwrap();
        let newest = shown["timeline"].as_array().unwrap().last().unwrap().clone();
        // Accepting begins with the review.
        assert_eq!((&newest["step"], &newest["verdict"]), (&"open_review".into(), &"pending".into()), "{shown}");
        play.stage.mend(Victim::JpGateway).await;
        in_place(&play, Side::Fr, "FR:central", 1).await;
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_whose_clock_is_an_hour_off_either_way_renews_its_leaf_at_once_or_when_it_is_put_right() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        // A day later, so that nothing was made within the hour that the clock is behind.
        let (clock, day) = (shim(&play.stage.pair.jp.dir), 24 * 3600);
        let all = [Victim::JpGateway, Victim::FrGateway, Victim::FrDesk, Victim::JpDesk];
        all.into_iter().for_each(|victim| play.stage.strike(victim));
        for side in SIDES {
            play.stage.set_clocks(side, &clock, day);
        }
        for victim in all {
            play.stage.mend(victim).await;
        }
        play.stage.jp_desk_ahead(&clock, day - 3600).await;
        renew(&play.stage, Side::Jp).await;
        in_place(&play, Side::Jp, "JP:central", 1).await;
        // What is made in the future is taken by nobody, and is made again.
        play.stage.jp_desk_ahead(&clock, day + 3600).await;
        renew(&play.stage, Side::Jp).await;
        until("the desk wants to put its new leaf in place", 20, async || {
            let status = play.stage.desk(Side::Jp, &["status"]).await.done();
            (status["leaf_waits"] == 1).then_some(())
        })
        .await;
        play.stage.jp_desk_ahead(&clock, day).await;
        in_place(&play, Side::Jp, "JP:central", 2).await;
        for act in &ACTS[4..8] {
            play.act(act).await;
        }
    })
    .await;
}
