//! Which program a gateway runs: shown to both sides of a channel, in its log of heads, and told with its moment when it changes.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use model::Digest;
use serde_json::Value;

use crate::{
    bounded, now,
    programs::{gateway, program},
    running::Running,
    state::State,
    until,
    witnesses::three,
};

fn sha256(program: &Path) -> String {
    Digest::of(&[&fs::read(program).unwrap()]).to_string()
}

/// What a state's log of heads proves, by a witness, of the program that ran at a moment after `after`.
async fn logged(state: &State, release: &str) -> Value {
    let out = state.dir.join("release.proof");
    until("the witness has cosigned which program runs", 40, async || {
        let words = ["ledger", "prove-release", "--dir", state.dir.to_str().unwrap(), "--out", out.to_str().unwrap()];
        let answer = gateway(&words).await;
        (answer.code == 0).then(|| answer.done()).filter(|proved| proved["release"] == release)
    })
    .await
}

/// Waits until `state` knows that the gateway of `other` runs that program; its channel.
async fn seen(state: &State, other: &str, release: &str) -> Value {
    until("the other side sees the program", 40, async || {
        let channel = state.channel(other).await;
        channel["release"].as_str().is_some_and(|told| told.contains(release)).then_some(channel)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_shown_to_both_sides_and_logged_and_a_changed_one_is_told_with_its_moment() {
    bounded(async {
        let (mut pair, _sg, _running) = three().await;
        let first = sha256(&program("gateway"));
        let status = pair.jp.status().await;
        assert_eq!((&status["release"], &status["release_before"]), (&first.clone().into(), &"".into()));
        for (state, other) in [(&pair.jp, "FR"), (&pair.fr, "JP")] {
            let channel = seen(state, other, &first).await;
            assert_eq!(channel["release_before"], "", "{channel}");
        }
        assert_eq!(logged(&pair.jp, &first).await["release"], first.as_str());

        // Another program: the same with a byte behind its end.
        let other = pair.jp.dir.join("gateway-anew");
        let bytes = [fs::read(program("gateway")).unwrap(), vec![0]].concat();
        fs::write(&other, bytes).unwrap();
        fs::set_permissions(&other, fs::Permissions::from_mode(0o700)).unwrap();
        let second = sha256(&other);
        pair.jp_gateway.stop().await;
        let changed = now();
        let mut command = Command::new(&other);
        command.args(["serve", "--output", "json", "--dir"]).arg(&pair.jp.dir);
        pair.jp_gateway = Running::start(command, "gateway-anew", &pair.jp.logs()).ready().await;

        let status = pair.jp.status().await;
        assert_eq!(status["release"], second.as_str());
        assert!(status["release_before"].as_str().unwrap().contains(&first), "{status}");
        assert!(status["release_since"].as_str().unwrap() >= changed.to_string().as_str(), "{status}");
        let channel = seen(&pair.fr, "JP", &second).await;
        assert!(channel["release_before"].as_str().unwrap().contains(&first), "{channel}");
        assert!(channel["release_since_ms"].as_i64().unwrap() >= changed.0, "{channel}");
        let shown =
            crate::programs::run(&program("gateway"), &["status", "--dir", pair.fr.dir.to_str().unwrap()]).await;
        assert!(shown.out.contains("CHANGED from"), "{}", shown.out);
        logged(&pair.jp, &second).await;
    })
    .await;
}
