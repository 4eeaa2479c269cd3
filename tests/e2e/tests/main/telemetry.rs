//! What the programs tell a collector: one trace from desk to desk, counts of what they did, and nothing of a case.

use std::collections::BTreeSet;

use model::CaseId;
use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{Metric, NumberDataPoint, metric::Data, number_data_point::Value},
    trace::v1::{Span, span::SpanKind},
};

use crate::{
    bounded,
    collector::{Collector, Told, points, text},
    pair::Pair,
    papers::SECRETS,
    play::{ACTS, Play},
    scribe::Scribe,
    stage::{Side, Stage},
    until, wire,
};

const SUBMIT: &str = "rogatory.desk.v1.SubmissionService/Submit";
/// How long the programs may keep to themselves what a test waits for: they send every five seconds.
const TOLD_MAX_S: u64 = 30;
/// A purpose and a body of a request that is refused: what is refused is what tempts a program to tell it.
const REFUSED: [&str; 2] = ["purpose_that_no_treaty_knows", "NAMED-ONLY-IN-THE-REFUSED-BODY"];

#[tokio::test]
async fn a_trace_follows_a_request_from_desk_to_desk_through_both_gateways() {
    bounded(async {
        let (collector, address) = Collector::start();
        let play = Play::draft(Stage::open_observed(address).await).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        until("the whole trace of the request arrives", TOLD_MAX_S, async || journey(&collector.spans())).await;
    })
    .await;
}

/// Looks for the request's way, each part the child of the one before: what the desk of JP calls, what its gateway serves and
/// admits, what the gateway of FR admits, what the desk of FR takes; and the verdict that comes back to the desk of JP.
fn journey(spans: &[Told<Span>]) -> Option<()> {
    let child = |program: &str, name: &str, parent: &Span| {
        let mut of_program = spans.iter().filter(|told| told.program == program).map(|told| &told.what);
        of_program
            .find(|span| span.name == name && span.trace_id == parent.trace_id && span.parent_span_id == parent.span_id)
    };
    let calls = spans.iter().filter(|told| told.program == "desk JP" && told.what.name == SUBMIT);
    calls.map(|told| &told.what).find_map(|call| {
        let served = child("gateway JP", SUBMIT, call)?;
        let admitted = child("gateway JP", "admit", served)?;
        let admitted_there = child("gateway FR", "admit", admitted)?;
        child("desk FR", "take", admitted_there)?;
        child("desk JP", "take", admitted)?;
        assert_eq!((call.kind, served.kind), (SpanKind::Client as i32, SpanKind::Server as i32));
        let request = [admitted, admitted_there].iter().all(|span| text(&span.attributes, "step") == Some("seal_send"));
        request.then_some(())
    })
}

#[tokio::test]
async fn a_collector_learns_counts_and_codes_and_nothing_of_a_case() {
    bounded(async {
        let (collector, address) = Collector::start();
        let mut play = Play::draft(Stage::open_observed(address).await).await;
        for act in &ACTS[..7] {
            play.act(act).await;
        }
        let shown = play.stage.show(Side::Jp, &play.case).await.unwrap();
        // From here on the desk's keys are the test's; and what ends sends what it still has.
        play.stage.stop_desks().await;
        let (refused, code) = refuse(&play.stage.pair).await;
        play.stage.stop_gateways().await;

        let entries: Vec<&str> =
            shown["timeline"].as_array().unwrap().iter().map(|entry| entry["entry"].as_str().unwrap()).collect();
        assert!(entries.len() >= 7, "{entries:?}");
        for told in ["entry admitted", "entry refused", &entries[1][28..]] {
            assert!(collector.holds(told.as_bytes()), "{told:?} was not told: nothing was looked at");
        }
        for secret in SECRETS.iter().chain(&REFUSED).chain(&entries) {
            assert!(!collector.holds(secret.as_bytes()), "{secret:?} was told");
        }
        for case in [play.case.parse().unwrap(), refused] {
            let written = case.to_string();
            let forms = [written.replace('-', "").into_bytes(), written.into_bytes(), case.as_bytes().to_vec()];
            assert!(!forms.iter().any(|form| collector.holds(form)), "a case was named");
        }
        programs_are_named(&collector);
        spans_and_logs_are_clean(&collector);
        metrics_are_clean(&collector);
        counted(&collector, &code);
    })
    .await;
}

/// Hands over a request whose header and body name what must not be told, and is refused: its case, and the code.
async fn refuse(pair: &Pair) -> (CaseId, String) {
    Scribe::at(&pair.fr).await.invite(1).await;
    let mut desk = Scribe::at(&pair.jp).await;
    let mut case = desk.open_case(&pair.fr.authority("central")).await;
    let [purpose, body] = REFUSED;
    let entry = desk.request_with(&mut case, body.as_bytes(), |header| header.purpose = Some(purpose.to_owned()));
    let denied = desk.submit(&entry).await.unwrap_err();
    (case.id, wire::error_info(&denied).reason)
}

fn programs_are_named(collector: &Collector) {
    for resource in collector.resources() {
        let allowed = ["service.name", "service.version", "rogatory.party", "rogatory.authority"];
        subset(&resource.attributes, &allowed);
    }
    let programs: BTreeSet<String> = collector.spans().into_iter().map(|told| told.program).collect();
    assert_eq!(programs, ["desk FR", "desk JP", "gateway FR", "gateway JP"].map(str::to_owned).into());
}

fn spans_and_logs_are_clean(collector: &Collector) {
    for Told { what: span, .. } in collector.spans() {
        subset(&span.attributes, &["step"]);
        let known = ["admit", "take"].contains(&span.name.as_str()) || span.name.starts_with("rogatory.");
        assert!(known && span.events.is_empty() && span.links.is_empty() && span.trace_state.is_empty(), "{span:?}");
    }
    for Told { what: record, .. } in collector.logs() {
        let of_work = ["party", "authority", "step", "entry", "code", "fault", "reason", "pause", "permanent"];
        let of_doors = ["claimed", "address"];
        subset(&record.attributes, &[of_work.as_slice(), &of_doors].concat());
    }
}

fn metrics_are_clean(collector: &Collector) {
    for Told { what: metric, .. } in collector.metrics() {
        let attributes: Vec<&[KeyValue]> = match metric.data.as_ref().unwrap() {
            Data::Histogram(histogram) => histogram.data_points.iter().map(|one| one.attributes.as_slice()).collect(),
            _ => points(&metric).iter().map(|one| one.attributes.as_slice()).collect(),
        };
        assert!(!attributes.is_empty(), "{metric:?}");
        for attributes in attributes {
            let allowed =
                ["rogatory.party", "rogatory.step", "rogatory.code", "rogatory.reason", "rogatory.certificate"];
            subset(attributes, &allowed);
        }
    }
}

fn counted(collector: &Collector, code: &str) {
    let metrics = collector.metrics();
    let values = |program: &str, name: &str, peer: &str, also: Option<(&str, &str)>| {
        let of_name = metrics.iter().filter(|told| told.program == program && told.what.name == name);
        of_name.flat_map(|told| values(&told.what, peer, also)).collect::<Vec<i64>>()
    };
    for (program, peer) in [("gateway JP", "FR"), ("gateway FR", "JP")] {
        let step = Some(("rogatory.step", "seal_send"));
        let admitted = values(program, "rogatory.entries.admitted", peer, step);
        assert_eq!(admitted.last(), Some(&1), "{program}: {metrics:?}");
        // JP's desk has opened two groups and sent a request; FR's has acknowledged, accepted and produced.
        let relayed = values(program, "rogatory.entries.relayed", peer, None);
        assert!(relayed.last() >= Some(&3), "{program}: {relayed:?}");
        // At the end nothing waits any more.
        let queued = values(program, "rogatory.entries.queued", peer, None);
        assert_eq!(queued.last(), Some(&0), "{program}: {queued:?}");
    }
    let refused = values("gateway JP", "rogatory.entries.refused", "FR", Some(("rogatory.code", code)));
    assert_eq!(refused.last(), Some(&1), "{code}: {metrics:?}");
    assert!(values("gateway FR", "rogatory.entries.refused", "JP", None).is_empty(), "{metrics:?}");
}

/// What a counter or a gauge says for this peer, and for that attribute.
fn values(metric: &Metric, peer: &str, also: Option<(&str, &str)>) -> Vec<i64> {
    let fits = |point: &&NumberDataPoint, key, value| text(&point.attributes, key) == Some(value);
    let of_peer = points(metric).iter().filter(|point| fits(point, "rogatory.party", peer));
    let fitting = of_peer.filter(|point| also.is_none_or(|(key, value)| fits(point, key, value)));
    fitting.map(|point| if let Some(Value::AsInt(count)) = point.value { count } else { -1 }).collect()
}

fn subset(attributes: &[KeyValue], allowed: &[&str]) {
    let beyond = attributes.iter().find(|attribute| !allowed.contains(&attribute.key.as_str()));
    assert!(beyond.is_none(), "{beyond:?} beyond {allowed:?}");
}
