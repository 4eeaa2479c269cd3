//! Rules over the text of the crates.

use std::fs;

use tidy::{Complaint, Finding, Ratchet, Source, attributes, over_limit, report, words, workspace_root};

use crate::{PURE, tree};

/// Where time may be read: the shells and the tests.
const CLOCKS: [&str; 6] =
    ["gateway/gatewayd/", "gateway/deskd/", "gateway/link/", "gateway/telemetry/", "treaty-schemas/counsel/", "tests/"];

/// Every place in `code` (a view of `source`) where one of `needles` stands.
fn find(source: &Source, code: &str, needles: &[&str]) -> Vec<Finding> {
    let found = needles.iter().flat_map(|needle| words(code, needle).into_iter().map(move |at| (at, *needle)));
    found.map(|(at, needle)| source.finding(at, needle)).collect()
}

#[test]
fn functions_and_files_are_short() -> Result<(), Complaint> {
    let path = workspace_root().join("tests/tidy/ratchet.txt");
    let list = fs::read_to_string(&path).map_err(|error| format!("ratchet.txt: {error}"))?;
    let findings = Ratchet::parse(&list)?.compare(&over_limit(tree()?.src()));
    report(
        "functions have at most 70 lines, files 500",
        "divide it by what it knows; tests/tidy/ratchet.txt may only shrink",
        &findings,
    )
}

#[test]
fn every_expected_lint_has_a_reason_and_none_is_allowed() -> Result<(), Complaint> {
    let mut findings = Vec::new();
    for source in &tree()?.sources {
        for attribute in attributes(&source.code) {
            let expects = !words(&attribute.text, "expect(").is_empty();
            if !words(&attribute.text, "allow(").is_empty() {
                findings.push(source.finding(attribute.start, "allow"));
            } else if expects && words(&attribute.text, "reason").is_empty() {
                findings.push(source.finding(attribute.start, "expect without a reason"));
            }
        }
    }
    report("#[expect(lint, reason = \"…\")], never #[allow]", "give the reason, or mend what the lint says", &findings)
}

#[test]
fn nothing_is_left_to_do() -> Result<(), Complaint> {
    let needles = ["todo!", "unimplemented!", "dbg!"];
    let findings: Vec<_> = tree()?.sources.iter().flat_map(|source| find(source, &source.code, &needles)).collect();
    report("no todo!, unimplemented! or dbg!", "write it, or leave it out and say so", &findings)
}

#[test]
fn nothing_panics_outside_tests() -> Result<(), Complaint> {
    let needles = [".unwrap()", ".expect(", "panic!", "unreachable!"];
    let findings: Vec<_> = tree()?.src().flat_map(|source| find(source, &source.production(), &needles)).collect();
    report(
        "no unwrap, expect, panic! or unreachable! outside tests",
        "return an error of the crate; where it cannot happen, restructure so that the type says so",
        &findings,
    )
}

#[test]
fn time_comes_from_outside() -> Result<(), Complaint> {
    let needles = ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
    let mut findings = Vec::new();
    for source in &tree()?.sources {
        let pure = PURE.iter().any(|(_, folder)| source.path.starts_with(folder));
        if pure {
            findings.extend(find(source, &source.code, &needles));
        } else if !CLOCKS.iter().any(|folder| source.path.starts_with(folder)) {
            findings.extend(find(source, &source.production(), &needles));
        }
    }
    report(
        "only gatewayd, deskd, counsel, link, telemetry and tests read a clock; the pure crates not even in tests",
        "take the time as an argument",
        &findings,
    )
}

#[test]
fn pure_crates_do_no_io_and_draw_nothing() -> Result<(), Complaint> {
    let needles = [
        "std::fs",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "std::env",
        "std::process",
        "std::thread",
        "std::os",
        "File::",
        "aws_lc_rs::rand",
        "SystemRandom",
        "Uuid::new_v4",
        "Uuid::now_v7",
        "RandomState",
        "HashMap",
        "HashSet",
    ];
    let mut findings = Vec::new();
    for (_, folder) in PURE {
        let is_program = |source: &Source| source.path.ends_with("/main.rs") || source.path.contains("/bin/");
        for source in tree()?.src().filter(|source| source.path.starts_with(folder) && !is_program(source)) {
            findings.extend(find(source, &source.production(), &needles));
            let grouped = words(&source.production(), "use std::{").into_iter().filter_map(|at| {
                let list = source.code[at..].split(';').next()?;
                let parts = ["fs", "env", "process", "thread", "os"];
                let part = parts.into_iter().find(|part| !words(list, part).is_empty())?;
                Some(source.finding(at, format!("std::{part}")))
            });
            findings.extend(grouped);
        }
    }
    report(
        "model, treaty, workflow, relay and desk do no IO, draw nothing at random and iterate in order",
        "take bytes, time and random values as arguments; use BTreeMap",
        &findings,
    )
}

#[test]
fn logs_go_through_telemetry() -> Result<(), Complaint> {
    let needles = [
        "info!",
        "warn!",
        "error!",
        "debug!",
        "trace!",
        "event!",
        "info_span!",
        "error_span!",
        "debug_span!",
        "trace_span!",
    ];
    let mut findings = Vec::new();
    for source in tree()?.src().filter(|source| !source.path.starts_with("gateway/telemetry/")) {
        findings.extend(find(source, &source.production(), &needles));
        let instruments = attributes(&source.code).into_iter().filter(|a| !words(&a.text, "instrument").is_empty());
        findings
            .extend(instruments.map(|attribute| source.finding(attribute.start, "#[instrument] records arguments")));
    }
    report(
        "only telemetry speaks to tracing: it bounds what may be recorded by type, so that no case data is",
        "use telemetry::say! or telemetry::span!",
        &findings,
    )
}
