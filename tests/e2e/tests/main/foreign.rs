//! A client of foreign make understands what the gateway says: Python's gRPC and TLS, stubs from the wire contract.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{bounded, pair::Pair, programs::run, scribe::Scribe};

#[tokio::test]
async fn a_python_client_learns_reason_and_remedy_of_each_bad_entry() {
    bounded(async {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let venv = here.join("../../target/python");
        let python = venv.join("bin/python");
        let packages = "grpcio grpcio-tools grpcio-status";
        let make = format!("python3 -m venv {0} && {0}/bin/pip install {packages}", venv.display());
        assert!(python.exists(), "there is no {}: run {make}", python.display());
        let pair = Pair::own().await;
        Scribe::at(&pair.fr).await.invite(1).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let mut case = desk.open_case(&pair.fr.authority("central")).await;
        let entry = desk.request(&mut case, b"body");
        let file = pair.jp.dir.join("entry.bin");
        fs::write(&file, proto::convert::entry_to_bytes(&entry)).unwrap();

        let folder = pair.jp.desk_dir("central");
        let inside = |name: &str| folder.join(name).display().to_string();
        let answer = run(
            &python,
            &[
                here.join("python/submit_bad_entry.py").to_str().unwrap(),
                here.join("../../proto").to_str().unwrap(),
                file.to_str().unwrap(),
                &pair.jp.desk_listen.to_string(),
                "gw.jp.rogatory.internal",
                &inside("root.cert.pem"),
                &inside("tls.cert.pem"),
                &inside("tls.key.pem"),
                &inside("passphrase"),
            ],
        )
        .await;
        let told = answer.done();
        for (what, code, reason) in [
            ("forged_desk_signature", "PERMISSION_DENIED", "R95"),
            ("forged_officer_signature", "PERMISSION_DENIED", "R95"),
            ("changed_after_signing", "PERMISSION_DENIED", "R95"),
            ("unknown_field_in_header", "INVALID_ARGUMENT", "MALFORMED"),
            ("sender_of_another_state", "INVALID_ARGUMENT", "MALFORMED"),
            ("wildcard_selector", "INVALID_ARGUMENT", "MALFORMED"),
            ("empty", "INVALID_ARGUMENT", "MALFORMED"),
            ("sealed_body_too_large", "RESOURCE_EXHAUSTED", "TOO_LARGE"),
        ] {
            explained(what, &told[what], code, reason);
        }
        assert_eq!(told["forged_desk_signature"]["info"]["metadata"]["field"], "desk");
        assert_eq!(told["forged_desk_signature"]["info"]["metadata"]["owner"], "JP");
        assert_eq!(told["as_it_was_signed"]["code"], "OK", "{told}");
        assert_eq!(told["directories"], 1);
        desk.verdict(entry.header.entry).await;
    })
    .await;
}

/// The canonical code, and the structured error behind it with a remedy.
fn explained(what: &str, told: &Value, code: &str, reason: &str) {
    assert_eq!(told["code"], code, "{what}: {told}");
    let info = &told["info"];
    assert_eq!((&info["reason"], &info["domain"]), (&reason.into(), &"rogatory.internal".into()), "{what}: {told}");
    let remedy = info["metadata"]["remedy"].as_str().unwrap_or_default();
    assert!(!remedy.is_empty(), "{what} has no remedy: {told}");
    assert!(told["message"].as_str().unwrap().contains(remedy), "{what}: {told}");
}
