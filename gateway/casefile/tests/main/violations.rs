//! A notice that a body contradicts its header, held against both by somebody who has the roots and nothing else.

use accord::RequestBody;
use casefile::{CannotVerify, Material, Report, verify_violation, violation_in};
use identity::Received;
use model::{Digest, EntryId, Header, HeaderDigest, MeasureId, RefusalCode, Role, Step};
use serde_json::{Value, json};

use crate::{
    tampering::bit,
    world::{REQUEST, Story, desk, now, party},
};

const RECORD: &str =
    include_str!("../../../../treaty-schemas/catalog/records/subscriber_info/examples/valid-mailbox.json");

/// A case in which JP's desk asked, and FR's desk gave notice.
struct Noticed {
    story: Story,
    material: Material,
    lied: EntryId,
}

/// JP asks by a header that `lie` makes of the one that fits; FR gives the notice that `say` makes of the true one.
fn noticed(lie: fn(&mut Header), say: fn(&mut Value)) -> Noticed {
    let mut story = Story::new();
    story.open();
    story.asks(|_| {}, lie);
    notice(&mut story, say);
    let lied = story.entries[1].id;
    Noticed { material: story.material(), story, lied }
}

fn notice(story: &mut Story, say: fn(&mut Value)) {
    let (lied, digest) = claimed(&story.entries[1].wire);
    let mut document = json!({
        "record_type": "violation",
        "case": story.case.to_string(),
        "entry": lied.entry.to_string(),
        "header_digest": digest.to_string(),
        "commitment": lied.body.unwrap().to_string(),
        "code": "R90",
        "field": "measures[0].subjects",
        "reason": "header says 0 subjects, body has 1",
        "noticed_at": lied.created.to_string(),
    });
    say(&mut document);
    let mut header = story.header(Step::Violation);
    header.ground = Some(if document["code"] == "R90" { RefusalCode::R90 } else { RefusalCode::R94 });
    let body = story.sealed(&header, "violation", &document);
    header.body = Some(body.commitment());
    story.seal(&header, &body, &[]);
}

fn claimed(wire: &[u8]) -> (Header, HeaderDigest) {
    let entry = proto::convert::entry_from_bytes(bytes::Bytes::copy_from_slice(wire)).unwrap();
    let received: Received<model::Entry> = proto::convert::receive_entry(entry).unwrap();
    (received.claimed().clone(), received.digests().0)
}

/// The header says that nobody is asked about, the body asks about one.
fn fewer(header: &mut Header) {
    header.measures[0].subjects = 0;
}

impl Noticed {
    fn file(&self) -> Vec<u8> {
        violation_in(&self.story.export(&self.material), self.lied).unwrap()
    }

    fn report(&self) -> Report {
        verify_violation(&self.file(), &self.story.pins(), now()).unwrap()
    }
}

fn refused(report: &Report, rule: &str, what: &str) {
    assert!(!report.holds && report.proved.is_empty(), "{}", report.to_text());
    let told = report.contradicted.iter().any(|one| one.rule.as_str() == rule && one.what.contains(what));
    assert!(told, "{rule}: {what}\n{}", report.to_text());
}

#[test]
fn a_body_that_contradicts_its_header_is_proved_with_nothing_but_the_two_roots() {
    let report = noticed(fewer, |_| {}).report();
    let text = report.to_text();
    assert!(report.holds, "{text}");
    for said in [
        "R90",
        "at measures[0].subjects: header says 0 subjects, body has 1",
        "JP:central sent the header",
        "signed by its desk and officer-1, officer-2",
        "FR:central in entry",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    for secret in ["harbour", "mail.example", "Aoki", "Marseille"] {
        assert!(!text.contains(secret), "the report repeats what the body says: {secret}");
    }
}

#[test]
fn a_notice_of_a_body_that_fits_its_header_is_refused() {
    refused(&noticed(|_| {}, |_| {}).report(), "notice", "there is no contradiction");
}

#[test]
fn a_notice_that_gives_another_ground_or_field_than_is_found_is_refused() {
    refused(&noticed(fewer, |said| said["code"] = "R94".into()).report(), "notice", "what is found is R90");
    refused(&noticed(fewer, |said| said["field"] = "purpose".into()).report(), "notice", "what is found is R90");
}

#[test]
fn a_notice_that_names_another_header_or_commitment_is_refused() {
    let lies: [fn(&mut Value); 2] =
        [|said| said["commitment"] = "1".repeat(64).into(), |said| said["header_digest"] = "1".repeat(64).into()];
    for say in lies {
        refused(&noticed(fewer, say).report(), "notice", "it names another entry, header, commitment");
    }
}

#[test]
fn a_body_that_does_not_open_the_commitment_is_refused() {
    let mut noticed = noticed(fewer, |_| {});
    let body = noticed.material.entries[1].body.as_mut().unwrap();
    body.salt[0] ^= 1;
    refused(&noticed.report(), "body", "not the body that the header of its entry committed to");
}

#[test]
fn a_notice_that_a_foreign_key_signed_is_refused() {
    let mut noticed = noticed(fewer, |_| {});
    let wire = &mut noticed.material.entries[2].wire;
    let last = wire.len() - 1;
    wire[last] ^= 1;
    refused(&noticed.report(), "signature", "");
}

#[test]
fn an_entry_that_its_sender_did_not_sign_is_no_lie_of_it() {
    let mut noticed = noticed(fewer, |_| {});
    let wire = &mut noticed.material.entries[1].wire;
    let last = wire.len() - 1;
    wire[last] ^= 1;
    refused(&noticed.report(), "signature", "");
}

#[test]
fn a_notice_is_checked_against_pinned_roots_only() {
    let (noticed, other) = (noticed(fewer, |_| {}), Story::new());
    let file = noticed.file();
    let only_jp = &noticed.story.pins()[..1];
    assert_eq!(verify_violation(&file, only_jp, now()), Err(CannotVerify::RootsMissing(vec![party("FR")])));
    assert!(!verify_violation(&file, &other.pins(), now()).unwrap().holds);
}

#[test]
fn every_flipped_byte_of_a_notice_is_found() {
    const STRIDE: usize = 13;
    let noticed = noticed(fewer, |_| {});
    let (file, pins, now) = (noticed.file(), noticed.story.pins(), now());
    let mut changed = file.clone();
    for at in (0..file.len()).step_by(STRIDE) {
        changed[at] ^= 1 << bit(at);
        let holds = verify_violation(&changed, &pins, now).is_ok_and(|report| report.holds);
        assert!(!holds, "byte {at} of {} changed, and nobody noticed", file.len());
        changed[at] = file[at];
    }
}

#[test]
fn a_case_without_a_notice_or_its_body_gives_none() {
    let story = Story::small();
    let whole = story.export(&story.material());
    let without = violation_in(&whole, story.entries[1].id).unwrap_err();
    assert!(without.to_string().contains("no notice"), "{without}");
    let mut noticed = noticed(fewer, |_| {});
    noticed.material.entries[1].body = None;
    let withheld = violation_in(&noticed.story.export(&noticed.material), noticed.lied).unwrap_err();
    assert!(withheld.to_string().contains("may not open it"), "{withheld}");
}

/// FR's desk gives a record under these conditions, which `lie` makes of the one that was asked for.
pub(crate) fn release(story: &mut Story, conditions: &[&str], lie: impl FnOnce(&mut Value)) {
    let mut record: Value = serde_json::from_str(RECORD).unwrap();
    let mut request: Value = serde_json::from_str(REQUEST).unwrap();
    request["case"] = story.case.to_string().into();
    let asked = RequestBody::from_document(request).unwrap();
    let selector = &asked.measures[0].subjects[0].selector;
    record["case"] = story.case.to_string().into();
    record["conditions"] = json!(conditions);
    record["subject_binding"] = accord::subject_binding(story.case, MeasureId(1), selector).unwrap().to_string().into();
    lie(&mut record);
    let mut header = story.header(Step::Release);
    header.records = vec!["subscriber_info".parse().unwrap()];
    header.conditions = conditions.iter().map(|code| code.parse().unwrap()).collect();
    header.declared.classification = accord::Record::mark_of(&[accord::Record::from_document(record.clone()).unwrap()]);
    let body = story.sealed(&header, "subscriber_info", &record);
    header.body = Some(body.commitment());
    story.seal(&header, &body, &[(false, 0, Role::Central), (false, 1, Role::Central)]);
}

/// JP asked, FR answered with a record that `lie` makes of the one that was asked for, and JP gave notice of it.
fn noticed_record(lie: fn(&mut Value), said: (&str, &str)) -> Noticed {
    let mut story = Story::new();
    story.open();
    story.asks(|_| {}, |_| {});
    release(&mut story, &["C01", "C06"], lie);
    let (lied, digest) = claimed(&story.entries[2].wire);
    let (code, field) = said;
    let document = json!({
        "record_type": "violation",
        "case": story.case.to_string(),
        "entry": lied.entry.to_string(),
        "header_digest": digest.to_string(),
        "commitment": lied.body.unwrap().to_string(),
        "code": code,
        "field": field,
        "reason": "it is not what was asked",
        "noticed_at": lied.created.to_string(),
    });
    let mut header = story.header(Step::Violation);
    (header.sender, header.recipient) = (desk("JP:central"), desk("FR:central"));
    header.ground = Some(if code == "R90" { RefusalCode::R90 } else { RefusalCode::R94 });
    let body = story.sealed(&header, "violation", &document);
    header.body = Some(body.commitment());
    story.seal(&header, &body, &[]);
    let lied = story.entries[2].id;
    Noticed { material: story.material(), story, lied }
}

/// The record is bound to somebody else than the one who was asked about.
fn of_another(record: &mut Value) {
    record["subject_binding"] = Digest::of(&[b"another subject"]).to_string().into();
}

const OF_ANOTHER: (&str, &str) = ("R94", "records[0].subject_binding");

#[test]
fn records_that_contradict_their_header_or_the_request_are_proved_with_nothing_but_the_two_roots() {
    let report = noticed_record(of_another, OF_ANOTHER).report();
    let text = report.to_text();
    assert!(report.holds, "{text}");
    for said in [
        "at records[0].subject_binding: the record is bound to another subject",
        "FR:central sent the header",
        "JP:central asked in entry",
        "the gateway of FR took it at",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    for secret in ["harbour", "mail.example", "H. Trader", "192.0.2.17"] {
        assert!(!text.contains(secret), "the report repeats what the body says: {secret}");
    }
    let surplus = noticed_record(|record| record["subject_ref"] = "S9".into(), ("R90", "records[0].subject_ref"));
    assert!(surplus.report().holds, "{}", surplus.report().to_text());
}

#[test]
fn a_notice_of_records_that_are_what_was_asked_is_refused_so_that_who_sent_them_can_clear_themselves() {
    refused(&noticed_record(|_| {}, OF_ANOTHER).report(), "notice", "there is no contradiction");
}

#[test]
fn nobody_is_held_to_a_request_that_its_gateway_never_took() {
    let noticed = noticed_record(of_another, OF_ANOTHER);
    let mut material = noticed.material.clone();
    material.entries[1].receipts.retain(|(kind, ..)| *kind != model::ReceiptKind::RelayAcceptance);
    let without = violation_in(&noticed.story.export(&material), noticed.lied).unwrap_err();
    assert!(without.to_string().contains("did not take the request"), "{without}");
    // The receipt of another entry stands in its place.
    let mut material = noticed.material.clone();
    let other = material.entries[0].receipts[1].clone();
    material.entries[1].receipts[1] = other;
    let file = violation_in(&noticed.story.export(&material), noticed.lied).unwrap();
    let report = verify_violation(&file, &noticed.story.pins(), now()).unwrap();
    refused(&report, "receipts", "not the word of the other gateway that it took the request");
}

#[test]
fn who_destroyed_the_records_is_told_that_their_sender_can_show_them() {
    let mut noticed = noticed_record(of_another, OF_ANOTHER);
    noticed.material.entries[2].body = None;
    let withheld = violation_in(&noticed.story.export(&noticed.material), noticed.lied).unwrap_err();
    assert!(withheld.to_string().contains("the desk that sent them can show them"), "{withheld}");
}
