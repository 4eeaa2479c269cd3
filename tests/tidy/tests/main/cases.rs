//! What a gateway may see, and what it may say.

use std::collections::BTreeSet;

use tidy::{Complaint, Source, functions, report, words};

use crate::tree;

fn source(path: &str) -> Result<&'static Source, Complaint> {
    tree()?
        .sources
        .iter()
        .find(|source| source.path == path)
        .ok_or_else(|| format!("{path} is gone: mend this rule").into())
}

#[test]
fn a_seal_has_no_way_in() -> Result<(), Complaint> {
    let entry = source("treaty-schemas/model/src/entry.rs")?;
    let mut findings = Vec::new();
    if words(&entry.code, "pub struct Sealed(Bytes);").len() != 1 {
        findings.push("entry.rs: Sealed is not a private Bytes".to_owned());
    }
    let start = *words(&entry.code, "impl Sealed {").first().ok_or("entry.rs: no impl Sealed")?;
    let body =
        &entry.code[start..start + entry.code[start..].find("\n}").ok_or("entry.rs: impl Sealed does not end")?];
    let known = ["from_wire", "wire", "len", "is_empty"];
    let strangers = functions(body).into_iter().filter(|function| !known.contains(&function.name.as_str()));
    findings.extend(strangers.map(|function| format!("Sealed::{}", function.name)));
    for source in tree()?.src().filter(|source| source.path.starts_with("treaty-schemas/model/")) {
        let code = source.production();
        let more = words(&code, "impl Sealed").len().saturating_sub(usize::from(source.path == entry.path));
        findings.extend((0..more).map(|_| format!("{}: another impl Sealed", source.path)));
        let traits = words(&code, "for Sealed").into_iter().filter(|at| !code[..*at].ends_with("impl fmt::Debug "));
        findings.extend(traits.map(|at| source.finding(at, "a trait for Sealed").to_string()));
    }
    report(
        "Sealed shows its length and its wire bytes, nothing else: a gateway cannot look into a body",
        "what reads a body belongs in seal",
        &findings,
    )
}

/// The gateways' own codes, as the model lists them.
fn gateway_codes() -> Result<Vec<String>, Complaint> {
    let codes = source("treaty-schemas/model/src/code.rs")?;
    let names = codes.code.lines().filter_map(|line| line.trim().split_once(" =>")).map(|(name, _)| name.to_owned());
    let codes: Vec<String> = names.filter(|name| name.starts_with("R9") && name.len() == 3).collect();
    if codes.len() < 6 { Err(format!("code.rs: R90–R95 are not all there: {codes:?}").into()) } else { Ok(codes) }
}

#[test]
fn every_refusal_that_a_gateway_can_give_is_provoked_by_a_test() -> Result<(), Complaint> {
    let emitters = tree()?
        .src()
        .filter(|source| !source.path.starts_with("treaty-schemas/model/") && !source.path.starts_with("tests/"));
    let emitted: Vec<String> = emitters.map(Source::production).collect();
    let tests = tree()?.sources.iter().filter(|source| !source.path.starts_with("tests/tidy/"));
    let tests: Vec<String> = tests.map(Source::test_text).collect();
    let mut unproved = BTreeSet::new();
    for code in gateway_codes()? {
        let path = format!("RefusalCode::{code}");
        let suffix = format!("_{}", code.to_ascii_lowercase());
        let is_emitted = emitted.iter().any(|code| !words(code, &path).is_empty());
        let is_named = tests.iter().any(|text| !words(text, &code).is_empty() || text.contains(&suffix));
        if is_emitted && !is_named {
            unproved.insert(code);
        }
    }
    report(
        "every refusal code that a gateway can give has a test that provokes it",
        "write `…_is_refused_r9x` in the crate that gives it",
        &unproved.into_iter().collect::<Vec<_>>(),
    )
}
