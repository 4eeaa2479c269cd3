//! What the forms say of what comes after an answer: the report, custody, disposal, remedies, what lasts longer.

use std::collections::{BTreeMap, BTreeSet};

use accord::{contradiction, equal, moment};
use model::{Absence, AuthorityId, CaseId, Digest, Header, LeftOut, MeasureId, RecordType, Refusal, Step, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::Record;

/// The note of costs that may go with an execution report.
pub const COST_NOTE: &str = "cost_note";
/// What certifies that originals went back.
pub const RETURN_CERTIFICATE: &str = "return_certificate";

/// Whether a step has a form whose contents are held against its header here.
#[cfg(test)]
pub(crate) fn is_for(step: Step) -> bool {
    matches!(step, Step::FinalReport | Step::TakeOver | Step::Regularise | Step::Extend | Step::Prolong)
}

/// Holds such a form against its header.
///
/// # Errors
/// R94 with the field, without values.
pub(crate) fn compare(header: &Header, document: &Value) -> Result<(), Refusal> {
    match header.step {
        Step::FinalReport => {
            let report: Report = read(document)?;
            let said: BTreeSet<_> = report.left_out.iter().map(Absent::said).collect();
            let once =
                said.len() == report.left_out.len() && said == header.declared.left_out.iter().cloned().collect();
            equal(once, "left_out", "header and body leave out different things")?;
            speaks(header, &report.reported_by, "reported_by")
        }
        Step::TakeOver => speaks(header, &read::<Custody>(document)?.keeper, "keeper"),
        Step::Regularise => speaks(header, &read::<Validated>(document)?.validator, "validator"),
        Step::Extend | Step::Prolong => {
            let said = moment(&read::<Lasting>(document)?.until);
            equal(said.is_some() && said == header.declared.until, "until", "header and body name different ends")
        }
        _ => Ok(()),
    }
}

/// What a report says that is not handed over; nothing where it is none, or has not the form of one.
pub fn left_out_of(document: &Value) -> Vec<LeftOut> {
    Report::deserialize(document).map(|report| report.left_out.iter().map(Absent::said).collect()).unwrap_or_default()
}

/// Until when a form says that something lasts; `None` where it does not say it.
pub fn until_of(document: &Value) -> Option<Timestamp> {
    moment(document.get("until")?.as_str()?)
}

/// Holds the report and the note of its costs against each other and the header: a report that speaks of costs has the note beside it, and no
/// other has. R94.
pub(crate) fn compare_costs(header: &Header, report: &Value, note: Option<&Value>) -> Result<(), Refusal> {
    let claimed = read::<Report>(report)?.costs;
    equal(claimed == note.is_some(), "costs", "the report speaks of costs exactly where their note is inside")?;
    let Some(note) = note else { return Ok(()) };
    let note: Costs = read(note)?;
    equal(note.case == header.case, "case", "header and note of costs name different cases")?;
    speaks(header, &note.issued_by, "issued_by")?;
    let concerned = note.lines.iter().all(|line| header.concerns.contains(&line.measure));
    equal(concerned, "lines", "the note names costs of a measure that is not concerned")
}

/// Holds the certificates of a disposal against what was kept: every record is destroyed or returned, each once, by its hash; and nothing
/// else is. For a side that knows which records these are.
///
/// # Errors
/// R94 with the field, without values.
pub fn compare_disposal(certificates: &[(RecordType, Value)], kept: &[Record]) -> Result<(), Refusal> {
    let known: BTreeMap<&str, Digest> = kept.iter().map(|one| (one.record_id.as_str(), one.hash)).collect();
    let mut gone = BTreeSet::new();
    for (_, certificate) in certificates {
        let certificate: Certificate = read(certificate)?;
        for one in certificate.records.into_iter().chain(certificate.items) {
            let Some(id) = one.record_id else { continue };
            let hash = known.get(id.as_str());
            equal(hash.is_some(), "records", "a record is certified that was not given, or is not concerned")?;
            equal(one.hash.is_none_or(|said| hash == Some(&said)), "records", "a record is certified by another hash")?;
            equal(gone.insert(id), "records", "a record is certified twice")?;
        }
    }
    equal(gone.len() == known.len(), "records", "a record that was given is in no certificate")
}

/// Whom certificates name as those who certify, each set by itself.
pub fn custodians_in<'d>(certificates: impl IntoIterator<Item = &'d Value>) -> Vec<BTreeSet<&'d str>> {
    let names = |certificate: &'d Value| {
        let all = certificate.get("certified_by").and_then(Value::as_array);
        all.map(|all| all.iter().filter_map(|one| one.get("name")?.as_str()).collect())
    };
    certificates.into_iter().filter_map(names).collect()
}

/// Holds certificates of a disposal against who signed their entry, by the names of the directory: each names exactly the two who sign.
///
/// # Errors
/// R94 at `certified_by`, without names.
pub fn compare_custodians<'d>(
    certificates: impl IntoIterator<Item = &'d Value>,
    signers: &BTreeSet<&str>,
) -> Result<(), Refusal> {
    let named = custodians_in(certificates);
    let same = signers.len() == 2 && !named.is_empty() && named.iter().all(|names| names == signers);
    equal(same, "certified_by", "a certificate names others as its custodians than the two who sign it")
}

/// Who speaks in the document is of the party that sends it.
fn speaks(header: &Header, speaker: &Speaker, field: &str) -> Result<(), Refusal> {
    let own = speaker.authority.party() == header.sender.party();
    equal(own, &format!("{field}.authority"), "the document speaks for another party than the one that sends it")
}

fn read<'d, T: Deserialize<'d>>(document: &'d Value) -> Result<T, Refusal> {
    T::deserialize(document).map_err(|_| contradiction("", "the document has not the form of its record type"))
}

#[derive(Deserialize)]
struct Speaker {
    authority: AuthorityId,
}

#[derive(Deserialize)]
struct Report {
    reported_by: Speaker,
    #[serde(default)]
    costs: bool,
    #[serde(default)]
    left_out: Vec<Absent>,
}

/// What does not exist or could not be obtained, with words that stay in the body.
#[derive(Deserialize)]
struct Absent {
    measure: MeasureId,
    record: RecordType,
    why: Absence,
}

impl Absent {
    fn said(&self) -> LeftOut {
        LeftOut { measure: self.measure, record: self.record.clone(), why: self.why }
    }
}

#[derive(Deserialize)]
struct Costs {
    case: CaseId,
    issued_by: Speaker,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    measure: MeasureId,
}

#[derive(Deserialize)]
struct Custody {
    keeper: Speaker,
}

#[derive(Deserialize)]
struct Validated {
    validator: Speaker,
}

#[derive(Deserialize)]
struct Lasting {
    until: String,
}

#[derive(Deserialize)]
struct Certificate {
    #[serde(default)]
    records: Vec<Gone>,
    #[serde(default)]
    items: Vec<Gone>,
}

#[derive(Deserialize)]
struct Gone {
    record_id: Option<String>,
    hash: Option<Digest>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::{compare_answers, sample};

    fn header(step: Step, by_home: bool) -> Header {
        let release = sample::release_header();
        let (sender, recipient) = (release.sender.clone(), release.recipient.clone());
        let (sender, recipient) = if by_home { (recipient, sender) } else { (sender, recipient) };
        Header { step, sender, recipient, records: Vec::new(), conditions: Vec::new(), ..release }
    }

    fn verdict(header: &Header, documents: &[(&str, Value)]) -> Option<String> {
        let documents: Vec<_> = documents
            .iter()
            .map(|(name, document)| {
                let mut document = document.clone();
                document["record_type"] = (*name).into();
                document["case"] = header.case.to_string().into();
                (name.parse::<RecordType>().unwrap(), document)
            })
            .collect();
        compare_answers(header, &documents).err().and_then(|refusal| refusal.field)
    }

    #[test]
    fn a_report_speaks_of_costs_exactly_where_their_note_is_inside() {
        let report = header(Step::FinalReport, false);
        let of = |costs: bool| json!({"measures": [1], "reported_by": {"authority": "FR:central"}, "costs": costs});
        let note = |measure: u32| json!({"issued_by": {"authority": "FR:central"}, "lines": [{"measure": measure}]});
        assert_eq!(verdict(&report, &[("execution_report", of(false))]), None);
        assert_eq!(verdict(&report, &[("execution_report", of(true))]).unwrap(), "costs");
        assert_eq!(verdict(&report, &[("execution_report", of(true)), ("cost_note", note(1))]), None);
        assert_eq!(verdict(&report, &[("execution_report", of(false)), ("cost_note", note(1))]).unwrap(), "costs");
        assert_eq!(verdict(&report, &[("execution_report", of(true)), ("cost_note", note(2))]).unwrap(), "lines");
        let foreign = json!({"measures": [1], "reported_by": {"authority": "JP:central"}});
        assert_eq!(verdict(&report, &[("execution_report", foreign)]).unwrap(), "reported_by.authority");
    }

    #[test]
    fn a_report_leaves_out_what_its_header_leaves_out_and_nothing_else() {
        let mut report = header(Step::FinalReport, false);
        let of = |left_out: Value| json!({"measures": [1], "reported_by": {"authority": "FR:central"}, "left_out": left_out});
        let absent =
            |why: &str| json!({"measure": 1, "record": "traffic_data", "why": why, "remarks": "older than a year"});
        let said = left_out_of(&of(json!([absent("not_existing")])));
        assert_eq!(said.iter().map(|one| one.record.as_str()).collect::<Vec<_>>(), ["traffic_data"]);
        let named = |report: &Header, left_out: Value| verdict(report, &[("execution_report", of(left_out))]);
        assert_eq!(named(&report, json!([absent("not_existing")])).unwrap(), "left_out");
        report.declared.left_out = said;
        assert_eq!(named(&report, json!([absent("not_existing")])), None);
        assert_eq!(named(&report, json!([])).unwrap(), "left_out");
        assert_eq!(named(&report, json!([absent("not_obtained")])).unwrap(), "left_out");
        assert_eq!(named(&report, json!([absent("not_existing"), absent("not_existing")])).unwrap(), "left_out");
    }

    #[test]
    fn a_certificate_names_exactly_the_two_who_sign_it() {
        let by = |names: &[&str]| json!({"certified_by": names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()});
        let two = BTreeSet::from(["officer-1", "officer-2"]);
        let held = |certificates: &[Value], signers: &BTreeSet<&str>| {
            compare_custodians(certificates, signers).map_err(|refusal| refusal.field.unwrap())
        };
        assert_eq!(held(&[by(&["officer-2", "officer-1"])], &two), Ok(()));
        assert_eq!(held(&[by(&["officer-1", "officer-2"]), by(&["officer-2", "officer-1"])], &two), Ok(()));
        let others: [&[&str]; 4] =
            [&["Aoki", "Mori"], &["officer-1", "officer-3"], &["officer-1"], &["officer-1", "officer-2", "officer-3"]];
        for names in others {
            assert_eq!(held(&[by(names)], &two), Err("certified_by".to_owned()), "{names:?}");
            assert!(
                held(&[by(&["officer-1", "officer-2"]), by(names)], &two).is_err(),
                "{names:?} beside the right one"
            );
        }
        assert!(held(&[by(&["officer-1"])], &BTreeSet::from(["officer-1"])).is_err(), "one alone");
        assert!(held(&[json!({})], &two).is_err(), "nobody");
    }

    #[test]
    fn an_extension_lasts_as_long_as_its_header_says() {
        let mut extend = header(Step::Extend, false);
        extend.declared.until = moment("2028-01-01T00:00:00Z");
        let notice = |until: &str| json!({"step": "extend", "measures": [1], "text": "…", "until": until});
        assert_eq!(verdict(&extend, &[("notice", notice("2028-01-01T01:00:00+01:00"))]), None);
        assert_eq!(verdict(&extend, &[("notice", notice("2029-01-01T00:00:00Z"))]).unwrap(), "until");
        extend.declared.until = None;
        assert_eq!(verdict(&extend, &[("notice", notice("2029-01-01T00:00:00Z"))]).unwrap(), "until");
    }

    #[test]
    fn a_disposal_is_certified_by_a_certificate_of_either_kind_or_both_and_by_nothing_else() {
        let certify = header(Step::CertifyDisposal, true);
        let (destroyed, returned) =
            (("destruction_certificate", json!({ "cause": "retention_ended" })), ("return_certificate", json!({})));
        assert_eq!(verdict(&certify, std::slice::from_ref(&destroyed)), None);
        assert_eq!(verdict(&certify, std::slice::from_ref(&returned)), None);
        assert_eq!(verdict(&certify, &[destroyed.clone(), returned]), None);
        assert_eq!(verdict(&certify, &[destroyed.clone(), destroyed]).unwrap(), "documents");
        assert_eq!(verdict(&certify, &[("notice", json!({}))]).unwrap(), "record_type");
    }

    #[test]
    fn every_record_that_was_given_is_destroyed_or_returned_once_by_its_hash() {
        let record = sample::record();
        let of = |id: &str, hash: Digest| {
            let destroyed = json!({"records": [{"record_id": id, "hash": hash.to_string(), "copies": 1}]});
            ("destruction_certificate".parse::<RecordType>().unwrap(), destroyed)
        };
        let kept = [record.clone()];
        assert_eq!(compare_disposal(&[of(&record.record_id, record.hash)], &kept), Ok(()));
        let returned = json!({"items": [{"record_id": record.record_id}, {"exhibit": "3"}]});
        let returned = ("return_certificate".parse::<RecordType>().unwrap(), returned);
        assert_eq!(compare_disposal(std::slice::from_ref(&returned), &kept), Ok(()));
        for wrong in [
            vec![of(&record.record_id, Digest::of(&[b"other"]))],
            vec![of("50f56a4b-8bfd-4af6-bc1e-ba6cc4a948b2", record.hash)],
            vec![of(&record.record_id, record.hash), returned],
            vec![],
        ] {
            assert_eq!(compare_disposal(&wrong, &kept).unwrap_err().field.unwrap(), "records");
        }
    }
}
