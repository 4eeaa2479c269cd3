//! What those who look after a program learn over its ops port and by the health protocol of gRPC: that it is ready, what it lacks, what it counted.

use std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration};

use link::connect_local;
use model::ReceiptKind;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{
    bounded,
    pair::Pair,
    programs::{program, run},
    running::Running,
    scribe::Scribe,
    skew::shim,
    state::State,
    until,
};

const SECRET: &str = "SUSPECT-NAMED-ONLY-IN-THE-BODY";
const DAY_S: i64 = 24 * 3600;

/// A program that serves, and its ops port.
struct Looked {
    program: Running,
    ops: SocketAddr,
}

impl Looked {
    /// Starts a program of `state` on the folder `dir`, after `change`.
    async fn start(which: &str, dir: &Path, state: &State, change: impl FnOnce(&mut Command)) -> Self {
        // SIGXFSZ is ignored, so that a write beyond a limit fails instead of the program; what is ignored stays so over exec.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(program(which));
        command.args(["serve", "--output", "json", "--ops-listen", "127.0.0.1:0", "--dir"]).arg(dir);
        change(&mut command);
        let program = Running::start(command, &format!("looked-at-{which}"), &state.logs()).ready().await;
        let lines = program.out();
        let mut told = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let ready = told.find(|line| line["event"] == "ready").unwrap();
        Self { program, ops: ready["ops_listen"].as_str().unwrap().parse().unwrap() }
    }

    /// Status and body of what is answered at `path`.
    async fn get(&self, path: &str, accept: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.ops).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: ops\r\nAccept: {accept}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Waits until `/readyz` says so, and gives what it says as JSON.
    async fn says(&self, ready: bool) -> Value {
        let status = if ready { 200 } else { 503 };
        let what = format!("/readyz answers {status}");
        let body = until(&what, 20, async || {
            let (found, body) = self.get("/readyz", "application/json").await;
            (found == status).then_some(body)
        })
        .await;
        let report: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(report["ready"], ready);
        report
    }
}

/// The checks that failed.
fn failed(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.filter(|one| one["ok"] == false).map(|one| one["check"].as_str().unwrap()).collect()
}

/// How `health` of a program ends.
async fn health(which: &str, dir: &Path) -> i32 {
    run(&program(which), &["health", "--dir", dir.to_str().unwrap()]).await.code
}

#[tokio::test]
async fn both_programs_tell_that_they_are_ready_and_a_gateway_what_it_counted_and_nothing_of_a_case() {
    bounded(async {
        let mut pair = Pair::own().await;
        pair.jp_gateway.stop().await;
        let gateway = Looked::start("gateway", &pair.jp.dir, &pair.jp, |_| {}).await;
        let dir = pair.jp.desk_dir("judicial");
        let desk = Looked::start("desk", &dir, &pair.jp, |_| {}).await;
        for (looked, checks) in [(&gateway, 5), (&desk, 5)] {
            let report = looked.says(true).await;
            assert_eq!(report["checks"].as_array().unwrap().len(), checks, "{report}");
            assert_eq!(looked.get("/livez", "*/*").await.0, 200);
            let (_, text) = looked.get("/readyz?verbose", "*/*").await;
            assert!(text.contains("[+] database: ok\n") && text.ends_with("\nready\n"), "{text}");
        }
        // They tell over gRPC what they found last.
        for (which, dir) in [("gateway", &pair.jp.dir), ("desk", &dir)] {
            until("health says ready", 20, async || (health(which, dir).await == 0).then_some(())).await;
        }

        Scribe::at(&pair.fr).await.invite(1).await;
        let mut scribe = Scribe::at(&pair.jp).await;
        let mut case = scribe.open_case(&pair.fr.authority("central")).await;
        let entry = scribe.request(&mut case, SECRET.as_bytes());
        scribe.submit(&entry).await.unwrap();
        assert_eq!(scribe.verdict(entry.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);

        let metrics = until("the channel is told as open", 40, async || {
            let (_, metrics) = gateway.get("/metrics", "*/*").await;
            metrics.contains(r#"rogatory_channel_open{rogatory_party="FR"} 1"#).then_some(metrics)
        })
        .await;
        for line in [
            r#"rogatory_entries_admitted_total{rogatory_party="FR",rogatory_step="seal_send"} 1"#,
            r#"rogatory_channel_frozen{rogatory_party="FR"} 0"#,
            "rogatory_ready 1",
        ] {
            assert!(metrics.lines().any(|told| told == line), "no line {line} in\n{metrics}");
        }
        assert!(metrics.contains("rogatory_commit_duration_seconds_bucket{"), "{metrics}");
        nothing_of_a_case(&metrics, &case.id.to_string());
        let (_, metrics) = desk.get("/metrics", "*/*").await;
        assert!(metrics.contains(r#"rogatory_certificate_expires_seconds{rogatory_certificate="leaf"}"#), "{metrics}");
    })
    .await;
}

/// Every label is one of those that are known, and neither case nor body is named.
fn nothing_of_a_case(metrics: &str, case: &str) {
    assert!(!metrics.contains(SECRET) && !metrics.contains(case), "{metrics}");
    let known = ["le", "rogatory_party", "rogatory_step", "rogatory_code", "rogatory_reason", "rogatory_certificate"];
    let of_target = ["service_name", "service_version", "rogatory_party"];
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, rest)) = line.split_once('{') else { continue };
        let allowed = if name == "target_info" { of_target.as_slice() } else { &known };
        for label in rest.split_once('}').unwrap().0.split(',').filter(|label| !label.is_empty()) {
            let key = label.split_once('=').unwrap().0;
            assert!(allowed.contains(&key), "{key} in {line}");
        }
    }
}

#[tokio::test]
async fn a_program_whose_disk_is_full_lives_and_is_not_ready_and_is_again_with_room() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let state = State::make("JP", folder.path()).await;
        let gateway = Looked::start("gateway", &state.dir, &state, |_| {}).await;
        let dir = state.desk_dir("central");
        let desk = Looked::start("desk", &dir, &state, |_| {}).await;
        for (which, looked, dir) in [("gateway", &gateway, &state.dir), ("desk", &desk, &dir)] {
            looked.says(true).await;
            looked.program.room("1");
            let report = looked.says(false).await;
            assert_eq!(failed(&report), ["database"], "{report}");
            // As long as there is no room, and not only at the first look.
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(1100)).await;
                looked.says(false).await;
            }
            assert_eq!(looked.get("/livez", "*/*").await.0, 200);
            until("health says not ready", 20, async || (health(which, dir).await == 8).then_some(())).await;
            looked.program.room("unlimited");
            looked.says(true).await;
            until("health says ready", 20, async || (health(which, dir).await == 0).then_some(())).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_gateway_whose_certificate_or_directory_has_ended_is_not_ready_and_names_it() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let state = State::make("JP", folder.path()).await;
        let library = shim(folder.path());
        let gateway = Looked::start("gateway", &state.dir, &state, |command| {
            command.env("LD_PRELOAD", &library).env("CLOCK_AHEAD_S", (91 * DAY_S).to_string());
        })
        .await;
        let report = gateway.says(false).await;
        assert_eq!(failed(&report), ["tls_certificate"], "{report}");
    })
    .await;
}

#[tokio::test]
async fn who_watches_a_gateway_that_is_told_to_stop_hears_that_it_does_not_serve() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let state = State::make("JP", folder.path()).await;
        let mut gateway = Looked::start("gateway", &state.dir, &state, |_| {}).await;
        let socket = state.gateway_dir().join("operator.sock");
        let mut watching = HealthClient::new(connect_local(&socket));
        let mut told = watching.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
        let mut heard = Vec::new();
        while heard.last() != Some(&ServingStatus::Serving) {
            heard.push(told.message().await.unwrap().unwrap().status());
        }
        assert!(gateway.program.stop().await.success());
        assert_eq!(told.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
        assert_eq!(health("gateway", &state.dir).await, 8, "there is none any more");
    })
    .await;
}

#[tokio::test]
async fn without_a_port_in_the_configuration_nobody_is_answered_and_with_one_that_is_taken_nothing_starts() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let state = State::make("JP", folder.path()).await;
        let gateway = state.serve().ready().await;
        let ready: Value = serde_json::from_str(gateway.out().lines().next().unwrap()).unwrap();
        assert_eq!(ready["ops_listen"], Value::Null, "{ready}");
        drop(gateway);

        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let file = state.gateway_dir().join("gateway.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("ops_listen = \"{}\"\n{text}", taken.local_addr().unwrap())).unwrap();
        let refused = run(&program("gateway"), &["serve", "--dir", state.dir.to_str().unwrap()]).await.failed(11);
        assert!(refused.contains("cannot listen on 127.0.0.1:"), "{refused}");
    })
    .await;
}
