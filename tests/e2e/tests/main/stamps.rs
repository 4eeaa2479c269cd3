//! The time-stamp of the day: an authority that is away, or lies, stops nothing, is shown to the operator, and is asked again until it is
//! right. What it says dates the entries of a case for whoever believes it.

use std::fs;

use serde_json::Value;

use crate::{
    altered::Forged,
    auditor, bounded,
    evidence::received,
    programs::{gateway, program, run},
    stage::{Side, Victim},
    state::State,
    tsa::{Manner, Tsa, openssl},
    until,
};

async fn heads(state: &State) -> Value {
    gateway(&["ledger", "heads", "--dir", state.dir.to_str().unwrap()]).await.done()
}

/// Waits until the operator reads this of the time-stamping.
async fn trouble(state: &State, says: &str) {
    until(&format!("the operator is told: {says}"), 20, async || {
        let told = state.status().await["time_stamping"]["trouble"].as_str().unwrap_or_default().to_owned();
        told.contains(says).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_and_every_lie_of_the_authority_are_shown_stop_nothing_and_end_by_themselves() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let jp = State::make("JP", folder.path()).await;
        let mut tsa = Tsa::make(folder.path());
        tsa.configure(&jp);
        let mut running = jp.serve().ready().await;
        trouble(&jp, "cannot be reached").await;
        let lies = [
            (Manner::OtherNonce, "answers another request"),
            (Manner::OtherImprint, "stamps something else"),
            (Manner::Foreign, "none of the authorities"),
            (Manner::Failing, "answers 503"),
            (Manner::Endless, "longer than 65536 bytes"),
            (Manner::Silent, "no answer within 2 s"),
        ];
        tsa.serve().await;
        for (manner, says) in lies {
            tsa.behave(manner);
            // A restart does not wait for the next attempt, and has forgotten nothing that it needs.
            assert!(running.stop().await.success(), "{}", running.log());
            running = jp.serve().ready().await;
            trouble(&jp, says).await;
        }
        let told = heads(&jp).await;
        assert_eq!(told["stamps"], serde_json::json!([]), "no lie is kept");
        let before = told["ticks"].as_array().unwrap().len();
        until("the log of heads grows all the same", 20, async || {
            (heads(&jp).await["ticks"].as_array().unwrap().len() > before).then_some(())
        })
        .await;
        let (dir, out) = (jp.dir.to_str().unwrap(), folder.path().join("out"));
        let words = ["ledger", "stamp", "--dir", dir, "--out", out.to_str().unwrap()];
        assert!(gateway(&words).await.failed(4).contains("time-stamped"));

        tsa.behave(Manner::Honest);
        let status = until("a head is time-stamped, with no restart", 30, async || {
            let status = jp.status().await["time_stamping"].clone();
            (status["size"] != 0).then_some(status)
        })
        .await;
        assert_eq!((status["trouble"].as_str(), &status["trouble_since"]), (Some(""), &Value::Null), "{status}");
        let written = gateway(&words).await.done();
        let (head, token) = (written["head"].as_str().unwrap(), written["token"].as_str().unwrap());
        let ca = tsa.root();
        openssl(folder.path(), &format!("ts -verify -token_in -in {token} -data {head} -CAfile {}", ca.display()));
        assert!(fs::read_to_string(head).unwrap().starts_with("jp.rogatory.internal/heads\n"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_stamp_dates_a_case_for_who_believes_the_authority_and_for_nobody_else() {
    bounded(async {
        let mut play = received().await;
        let jp = play.stage.pair.jp.clone();
        let mut tsa = Tsa::make(&jp.dir);
        tsa.serve().await;
        tsa.configure(&jp);
        // A head is stamped once a day: not the one of before the case.
        tsa.behave(Manner::Failing);
        let before = heads(&jp).await["ticks"].as_array().unwrap().len();
        assert!(play.stage.pair.jp_gateway.stop().await.success());
        play.stage.mend(Victim::JpGateway).await;
        until("the log of heads has the case", 20, async || {
            (heads(&jp).await["ticks"].as_array().unwrap().len() > before).then_some(())
        })
        .await;
        tsa.behave(Manner::Honest);
        until("a head is time-stamped", 30, async || (jp.status().await["time_stamping"]["size"] != 0).then_some(()))
            .await;
        let case = play.export(Side::Jp, "stamped.zip", &["--reader", "Aoki"]).await;
        let (jp_root, fr) = (jp.dir.join("root/root.cert.pem"), &play.stage.pair.fr);
        let roots = [format!("JP={}", jp_root.display()), format!("FR={}", fr.fingerprint)];
        let check = async |with: &str, more: &[&str]| {
            let line = ["audit", "verify", case.to_str().unwrap(), "--root", &roots[0], "--root", &roots[1]];
            run(&program(with), &[&line[..], more].concat()).await
        };
        let (root, own, foreign) = (tsa.root(), tsa.certificate(), tsa.foreign());
        for (with, trusted) in [("gateway", &root), ("desk", &root), ("gateway", &own)] {
            let told = check(with, &["--tsa", trusted.to_str().unwrap()]).await;
            assert_eq!(told.code, 0, "{}{}", told.out, told.err);
            let (proved, _) = told.out.split_once("NOT PROVED").unwrap();
            assert!(proved.contains("existed before") && proved.contains("CN=Clock-of-the-test"), "{}", told.out);
        }
        for (more, says) in [(vec![], "was not checked"), (vec!["--tsa", foreign.to_str().unwrap()], "none of those")] {
            let told = check("gateway", &more).await;
            assert_eq!(told.code, 0, "{}{}", told.out, told.err);
            let (proved, limits) = told.out.split_once("NOT PROVED").unwrap();
            assert!(!proved.contains("existed before") && limits.contains(says), "{}", told.out);
        }
        check("gateway", &["--tsa", jp.gateway_dir().join("gateway.toml").to_str().unwrap()]).await.failed(2);

        let fr_root = fr.dir.join("root/root.cert.pem");
        let done = auditor::follow(&jp.dir.join("audit"), &case, [&jp_root, &fr_root], Some(&root));
        let said = auditor::said(&done);
        assert!(done.status.success(), "{said}");
        assert!(said.contains("7: the first "), "{said}");
        // By the exporting desk, which signs whatever it likes.
        for (part, says) in [(".token", "DOES NOT HOLD: stamps/"), (".timed", "7: DOES NOT HOLD")] {
            let folder = jp.dir.join(format!("altered{part}"));
            let forged = Forged::unpack(&case, &folder, &jp);
            forged.flip(&forged.named("stamps", part));
            forged.sign();
            let done = auditor::follow(&folder.join("audit"), &forged.pack(), [&jp_root, &fr_root], Some(&root));
            let said = auditor::said(&done);
            assert!(!done.status.success() && said.contains(says) && said.contains("7: DOES NOT HOLD"), "{said}");
        }
        let wrong = auditor::follow(&jp.dir.join("audit-of-another"), &case, [&jp_root, &fr_root], Some(&foreign));
        assert!(!wrong.status.success(), "with another authority it fails");
    })
    .await;
}
