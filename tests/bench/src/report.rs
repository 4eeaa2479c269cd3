//! What was measured, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    evidence::SHARE_MAX,
    exchange::{Closed, Measured},
    failure::Failure,
    floors::{HOPS, SIGNED, verified},
    sample::Sample,
};

/// What one entry costs, in microseconds, and what of it is unavoidable.
struct Split {
    tls: f64,
    signatures: f64,
    commits: f64,
    /// Unavoidable but for MLS.
    floor: f64,
    floor_rate: f64,
    /// With MLS and the reading of documents at the desks.
    floor_with_desks: f64,
    floor_with_desks_rate: f64,
    /// The share of the processors' time that is unavoidable: TLS, signatures, MLS, documents. What else runs on the machine slows
    /// the exchange, but hardly changes this.
    worth: f64,
    database: f64,
    /// Of both gateways, in which neither TLS nor signatures nor the database are.
    rest_gateways: f64,
    /// Of the desks, in the same way.
    rest_desks: f64,
    all: f64,
    /// The share of that which is evidence's.
    evidence: f64,
    /// The share of all cores that was used.
    busy: f64,
}

impl Split {
    fn of(measured: &Measured) -> Self {
        let Measured { cores, closed, floors, .. } = measured;
        let (tls, signatures, commits) = (floors.tls(), floors.signatures(), floors.commits(closed.group));
        let floor = tls + signatures + commits;
        let floor_with_desks = floor + closed.mls + closed.documents;
        let [home, peer, desks] = &closed.cpu;
        let all = home.all + peer.all + desks.all;
        let database = home.database + peer.database;
        // A third of each echo's ends is a desk's: of three hops with two ends, gateways have four.
        let gateway_signatures = (signatures - closed.signatures).max(0.0);
        let second = *cores as f64 * 1e6;
        Self {
            tls,
            signatures,
            commits,
            floor,
            floor_rate: second / floor,
            floor_with_desks,
            floor_with_desks_rate: second / floor_with_desks,
            worth: (tls + signatures + closed.mls + closed.documents) / all,
            database,
            rest_gateways: home.all + peer.all - database - gateway_signatures - tls * 4.0 / 6.0,
            rest_desks: desks.all - closed.mls - closed.documents - closed.signatures - tls * 2.0 / 6.0,
            all,
            evidence: measured.evidence.all(floors) / all,
            busy: all * closed.entries as f64 / closed.seconds / second,
        }
    }
}

/// Fails where evidence costs more than was promised.
pub(crate) fn require_limits(measured: &Measured) -> Result<(), Failure> {
    let share = Split::of(measured).evidence;
    if share < SHARE_MAX {
        return Ok(());
    }
    Err(Failure::new(format!("evidence costs {:.1} % of the rate; limit {:.0} %", 100.0 * share, 100.0 * SHARE_MAX)))
}

/// For people.
pub(crate) fn text(measured: &Measured) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_text(&mut out, measured);
    out
}

fn write_text(out: &mut String, measured: &Measured) -> std::fmt::Result {
    let Measured { cores, closed, open, floors, inner, .. } = measured;
    let split = Split::of(measured);
    writeln!(
        out,
        "closed loop: {} entries in {:.1} s on {cores} cores, {:.0} % of them busy",
        closed.entries,
        closed.seconds,
        100.0 * split.busy
    )?;
    writeln!(
        out,
        "  achieved          {:8.0} entries/s desk to desk    latency {}",
        closed.rate,
        latency(&closed.latency)
    )?;
    writeln!(
        out,
        "  floor             {:8.0} entries/s                 achieved / floor {:.2}",
        split.floor_rate,
        closed.rate / split.floor_rate
    )?;
    writeln!(
        out,
        "  floor with desks  {:8.0} entries/s                 achieved / floor {:.2}",
        split.floor_with_desks_rate,
        closed.rate / split.floor_with_desks_rate
    )?;
    writeln!(out, "  an entry has {} bytes; a gateway admits {:.1} in a commit", closed.bytes, closed.group)?;
    if let Some(open) = open {
        writeln!(out, "open loop: {} entries at {}/s: {}", open.entries, open.rate, latency(&open.latency))?;
    }
    writeln!(out, "floors, µs per entry: {:.0}", split.floor)?;
    writeln!(
        out,
        "  TLS         {:7.0}   {HOPS} hops of {:.1} (echo of this size: {:.0}/s)",
        split.tls, floors.echo, floors.echo_rate
    )?;
    writeln!(
        out,
        "  signatures  {:7.0}   {SIGNED} made at {:.1}, {:.1} verified at {:.1}",
        split.signatures,
        floors.sign,
        verified(),
        floors.verify
    )?;
    writeln!(
        out,
        "  commits     {:7.0}   2 of {:.0} (4 KiB, fdatasync), each shared by {:.1}",
        split.commits, floors.append, closed.group
    )?;
    writeln!(out, "  beside it: MLS {:.0}, documents {:.0} at the desks", closed.mls, closed.documents)?;
    write_split(out, closed, &split)?;
    write_evidence(out, measured, &split)?;
    writeln!(out, "alone, on one thread, µs:")?;
    writeln!(
        out,
        "  decode {:.1}   verify an entry (with decode) {:.1}   check_sealed {:.2}   admit {:.1}   check a handshake {:.0}",
        inner.decode, inner.verify_entry, inner.check_sealed, inner.admit, inner.check_handshake
    )?;
    writeln!(
        out,
        "  Rule::decide p50 {:.0} ns, p99 {:.0} ns   MLS seal {:.0}, open {:.0}",
        inner.decide_p50_ns, inner.decide_p99_ns, inner.seal, inner.open
    )
}

fn write_split(out: &mut String, closed: &Closed, split: &Split) -> std::fmt::Result {
    let [home, peer, desks] = &closed.cpu;
    writeln!(
        out,
        "where the processors' time goes, µs per entry: {:.0}; unavoidable is {:.2} of it",
        split.all, split.worth
    )?;
    writeln!(out, "  gateway, requesting {:7.0}   of it database {:.0}", home.all, home.database)?;
    writeln!(out, "  gateway, requested  {:7.0}   of it database {:.0}", peer.all, peer.database)?;
    writeln!(
        out,
        "  both desks          {:7.0}   of it MLS {:.0}, signatures {:.0}, documents {:.0}",
        desks.all, closed.mls, closed.signatures, closed.documents
    )?;
    writeln!(
        out,
        "  TLS {:.0} | signatures {:.0} | MLS {:.0} | documents {:.0} | database {:.0} | rest of the gateways {:.0} | rest of the desks {:.0}",
        split.tls,
        split.signatures,
        closed.mls,
        closed.documents,
        split.database,
        split.rest_gateways,
        split.rest_desks
    )
}

fn write_evidence(out: &mut String, measured: &Measured, split: &Split) -> std::fmt::Result {
    let Measured { closed, evidence, floors, .. } = measured;
    writeln!(
        out,
        "evidence, µs per entry: {:.0}, which is {:.1} % of the processors' time (limit {:.0} %); without it {:.0} entries/s",
        evidence.all(floors),
        100.0 * split.evidence,
        100.0 * SHARE_MAX,
        closed.rate / (1.0 - split.evidence)
    )?;
    writeln!(
        out,
        "  gateways: rows {:.0} | ledger {:.0} | receipts made {:.0}, verified {:.0} | wire {:.0} | desks {:.0}",
        evidence.written,
        evidence.ledger,
        evidence.stated,
        evidence.verified,
        evidence.wire(floors),
        evidence.at_desks(floors)
    )?;
    writeln!(
        out,
        "  an entry has {:.1} receipts, {:.1} leaves, {:.1} tree hashes, {:.2} heads in both databases; {:.2} of {:.2} turns wrote nothing else",
        evidence.receipts, evidence.leaves, evidence.tree_hashes, evidence.heads, evidence.turns_alone, evidence.turns
    )?;
    writeln!(
        out,
        "  {:.0} bytes and {:.2} calls on the wire; the desks verify {:.1} receipts and sign {:.2} acknowledgements",
        evidence.bytes, evidence.calls, evidence.desk_receipts, evidence.acknowledgements
    )?;
    writeln!(
        out,
        "  rows: the loop's turns written again, with evidence less without; ledger, receipts: done again over what it left;\n  \
         wire: by the echo's bytes and calls; desks: their receipts verified again, each batch once, and each acknowledgement signed and verified at the floor.\n  \
         Held against the loop: of rows SQLite's threads took {:.0} here, and for everything {:.0} there",
        evidence.database, split.database
    )
}

fn latency(sample: &Sample) -> String {
    let ms = |us: f64| us / 1e3;
    format!(
        "p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        ms(sample.quantile(0.5)),
        ms(sample.quantile(0.99)),
        ms(sample.max())
    )
}

/// For programs. Times are in microseconds where the name does not say otherwise.
pub(crate) fn json(measured: &Measured) -> Value {
    let Measured { cores, closed, evidence, open, floors, inner } = measured;
    let split = Split::of(measured);
    let quantiles = |sample: &Sample| json!({ "entries": sample.len(), "p50": sample.quantile(0.5), "p99": sample.quantile(0.99), "max": sample.max() });
    let [home, peer, desks] = &closed.cpu;
    json!({
        "schema_version": 1,
        "cores": cores,
        "closed_loop": {
            "entries": closed.entries, "seconds": closed.seconds, "entries_per_second": closed.rate, "busy": split.busy,
            "latency": quantiles(&closed.latency), "entries_per_commit": closed.group, "entry_bytes": closed.bytes,
        },
        "unavoidable_share_of_cpu": split.worth,
        "floor": {
            "entries_per_second": split.floor_rate, "achieved": closed.rate / split.floor_rate,
            "with_desks_entries_per_second": split.floor_with_desks_rate,
            "with_desks_achieved": closed.rate / split.floor_with_desks_rate,
            "tls": split.tls, "signatures": split.signatures, "commits": split.commits, "all": split.floor,
            "with_desks": split.floor_with_desks,
            "echo": floors.echo, "echo_per_second": floors.echo_rate, "sign": floors.sign, "verify": floors.verify,
            "append": floors.append,
        },
        "evidence": {
            "share": split.evidence, "share_max": SHARE_MAX, "all": evidence.all(floors),
            "entries_per_second_without": closed.rate / (1.0 - split.evidence),
            "rows": evidence.written, "database_threads": evidence.database,
            "ledger": evidence.ledger,
            "receipts_made": evidence.stated, "receipts_verified": evidence.verified,
            "wire": evidence.wire(floors), "wire_bytes": evidence.bytes, "wire_calls": evidence.calls,
            "desks": evidence.at_desks(floors), "desk_receipts": evidence.desk_receipts, "acknowledgements": evidence.acknowledgements,
            "receipts": evidence.receipts, "leaves": evidence.leaves, "tree_hashes": evidence.tree_hashes,
            "heads": evidence.heads, "turns": evidence.turns, "turns_alone": evidence.turns_alone,
        },
        "open_loop": open.as_ref().map(|open| json!({ "rate": open.rate, "latency": quantiles(&open.latency) })),
        "cpu": {
            "all": split.all, "home_gateway": home.all, "peer_gateway": peer.all, "desks": desks.all,
            "database": split.database, "desk_mls": closed.mls, "desk_signatures": closed.signatures,
            "desk_documents": closed.documents, "rest_gateways": split.rest_gateways, "rest_desks": split.rest_desks,
        },
        "alone": {
            "decode": inner.decode, "verify_entry": inner.verify_entry, "check_sealed": inner.check_sealed,
            "admit": inner.admit, "check_handshake": inner.check_handshake, "decide_p50_ns": inner.decide_p50_ns,
            "decide_p99_ns": inner.decide_p99_ns, "mls_seal": inner.seal, "mls_open": inner.open,
        },
    })
}
