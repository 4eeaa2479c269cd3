use bytes::Bytes;
use model::{
    BodyCommitment, BodySalt, CaseId, Declared, Digest, Entry, EntryId, Handshake, Header, HeaderDigest, MeasureId,
    MeasureScope, Payload, Pin,
    RefusalCode::{R93, R95},
    Sealed, Step, Validation, ValidationStatement, limits,
};

use super::*;
use crate::{Received, Verified, sign_envelope, sign_step, sign_validation};

const STATEMENT: &[u8] = b"the statement, encoded";

fn measure() -> MeasureScope {
    MeasureScope {
        id: MeasureId(1),
        article: "ets-185:31".parse().unwrap(),
        request_type: "stored_data".parse().unwrap(),
        records: vec!["traffic_data".parse().unwrap()],
        subjects: 1,
        selectors: vec![],
        window: None,
        attributes: vec![],
        tags: vec![],
    }
}

/// A request from Japan to France, not yet signed by anyone but the validator.
fn header(japan: &State) -> Header {
    let body = BodyCommitment::of(&BodySalt([3; 32]), b"body");
    let pin = Pin(Digest::of(&[b"rule"]));
    let case = CaseId::new([2; 16]);
    let statement = ValidationStatement { case, pin, measures: vec![measure()], body, validated: NOW };
    let validation = Validation {
        statement,
        statement_bytes: STATEMENT.to_vec(),
        authority: authority("JP:court"),
        role: Role::Judge,
        key: japan.judge.key_id(),
        signature: sign_validation(&japan.judge, STATEMENT),
    };
    Header {
        entry: EntryId::new([1; 16]),
        case,
        home: party("JP"),
        peer: party("FR"),
        sender: authority("JP:central"),
        recipient: authority("FR:central"),
        pin,
        step: Step::SealSend,
        measures: vec![measure()],
        concerns: vec![],
        purpose: None,
        offence: None,
        validation: Some(validation),
        records: vec![],
        ground: None,
        conditions: vec![],
        body: Some(body),
        previous: HeaderDigest::GENESIS,
        created: NOW,
        expires: NOW.plus_ms(DAY_MS),
        declared: Declared::default(),
    }
}

/// Both officers and the desk sign.
fn signed(japan: &State, header: Header) -> Entry {
    let payload = Payload::Sealed(Sealed::from_wire(Bytes::from_static(b"sealed")));
    let header_bytes = Bytes::from_static(b"the header, encoded");
    let desk = model::Signature { key: japan.desk.key_id(), bytes: vec![] };
    let mut entry = Entry { header, header_bytes, payload, officers: vec![], desk };
    entry.officers = japan.officers.iter().map(|key| sign_step(key, Role::Central, entry.header_digest())).collect();
    seal(japan, entry)
}

/// The desk signs, anew.
fn seal(japan: &State, mut entry: Entry) -> Entry {
    entry.desk = sign_envelope(&japan.desk, entry.envelope_digest());
    entry
}

fn verify(store: &TrustStore, entry: Entry) -> Result<Verified<Entry>, Denial> {
    store.verify_entry(Received::new(entry), NOW)
}

#[test]
fn an_entry_that_all_signed_is_verified_on_both_sides() {
    let (japan, france, store) = federation();
    let entry = signed(&japan, header(&japan));
    let received = Received::new(entry.clone());
    assert_eq!(received.claimed().case, CaseId::new([2; 16]));
    let verified = store.verify_entry(received, NOW).unwrap();
    assert_eq!((verified.get(), verified.header.step), (&entry, Step::SealSend));
    assert_eq!(verify(&france.store(&[&japan]), entry.clone()).unwrap().into_inner(), entry);
}

#[test]
fn an_entry_whose_header_or_payload_was_altered_is_refused_r95() {
    let (japan, _, store) = federation();
    let entry = signed(&japan, header(&japan));
    let mut altered = entry.clone();
    altered.header_bytes = Bytes::from_static(b"the header, altered");
    assert_denied(verify(&store, altered.clone()), R95, "did not sign this header");
    assert_denied(verify(&store, seal(&japan, altered)), R95, "officer's signature does not hold");
    let mut altered = entry;
    altered.payload = Payload::Sealed(Sealed::from_wire(Bytes::from_static(b"Sealed")));
    assert_denied(verify(&store, altered.clone()), R95, "did not sign this header");
    verify(&store, seal(&japan, altered)).unwrap();
}

#[test]
fn each_flipped_bit_of_each_signature_is_refused_r95() {
    let (japan, _, store) = federation();
    let entry = signed(&japan, header(&japan));
    for bit in (0..512).step_by(7) {
        let flip = |bytes: &mut Vec<u8>| bytes[bit / 8] ^= 1 << (bit % 8);
        let mut altered = entry.clone();
        flip(&mut altered.desk.bytes);
        assert_denied(verify(&store, altered), R95, "did not sign this header");
        let mut altered = entry.clone();
        flip(&mut altered.officers[1].signature.bytes);
        assert_denied(verify(&store, altered), R95, "officer's signature does not hold");
        let mut altered = entry.clone();
        altered.header.validation.iter_mut().for_each(|validation| flip(&mut validation.signature));
        assert_denied(verify(&store, altered), R95, "officer's signature does not hold");
    }
}

#[test]
fn a_desk_signs_with_its_own_key_only_r95() {
    let (japan, france, store) = federation();
    let mut entry = signed(&japan, header(&japan));
    entry.desk = sign_envelope(&france.desk, entry.envelope_digest());
    assert_denied(verify(&store, entry.clone()), R95, "did not sign this header");
    entry.desk.key = japan.desk.key_id();
    assert_denied(verify(&store, entry.clone()), R95, "did not sign this header");
    entry.desk = japan.desk.signature(crate::Domain::Step, entry.envelope_digest().as_bytes());
    assert_denied(verify(&store, entry), R95, "did not sign this header");
}

#[test]
fn an_officer_of_another_authority_or_party_is_refused_r95() {
    let (japan, france, store) = federation();
    for stranger in [&japan.duty_officer, &france.officers[0], &japan.desk, &SigningKey::generate().unwrap()] {
        let mut entry = signed(&japan, header(&japan));
        entry.officers[1] = sign_step(stranger, Role::Central, entry.header_digest());
        let verdict = verify(&store, entry);
        assert_denied(verdict.clone(), R95, "not an officer's of JP:central");
        let Err(Denial::Refused(refusal)) = verdict else { panic!() };
        assert_eq!(refusal.field.as_deref(), Some("officers[1]"));
    }
}

#[test]
fn a_role_that_the_directory_does_not_grant_is_refused_r93() {
    let (japan, _, store) = federation();
    let mut entry = signed(&japan, header(&japan));
    entry.officers[0] = sign_step(&japan.officers[0], Role::Decider, entry.header_digest());
    assert_denied(verify(&store, entry.clone()), R93, "does not grant the officer the role decider");
    entry.officers[0] = sign_step(&japan.officers[0], Role::Officer, entry.header_digest());
    verify(&store, entry).unwrap();
}

#[test]
fn one_officer_does_not_count_twice_r95() {
    let (japan, _, store) = federation();
    let mut entry = signed(&japan, header(&japan));
    entry.officers[1] = sign_step(&japan.officers[0], Role::Officer, entry.header_digest());
    assert_denied(verify(&store, entry), R95, "signed twice");
}

#[test]
fn a_validation_by_the_wrong_person_is_refused() {
    let (japan, france, store) = federation();
    let with = |alter: &dyn Fn(&mut Validation)| {
        let mut header = header(&japan);
        header.validation.iter_mut().for_each(alter);
        verify(&store, signed(&japan, header))
    };
    assert_denied(with(&|v| v.role = Role::Prosecutor), R93, "does not grant the officer the role prosecutor");
    assert_denied(with(&|v| v.role = Role::Central), R93, "does not validate");
    assert_denied(with(&|v| v.authority = authority("FR:court")), R93, "does not validate a request of JP");
    assert_denied(with(&|v| v.authority = authority("JP:tribunal")), R93, "not in the directory");
    assert_denied(with(&|v| v.authority = authority("JP:central")), R95, "not an officer's of JP:central");
    assert_denied(with(&|v| v.key = france.judge.key_id()), R95, "not an officer's of JP:court");
    assert_denied(with(&|v| v.statement_bytes = b"another".to_vec()), R95, "signature does not hold");
}

#[test]
fn a_request_that_grew_after_its_validation_is_refused_r95() {
    let (japan, _, store) = federation();
    let alterations: [fn(&mut Header); 6] = [
        |header| header.measures[0].subjects = 2,
        |header| header.measures.push(MeasureScope { id: MeasureId(2), ..measure() }),
        |header| header.measures.clear(),
        |header| header.case = CaseId::new([9; 16]),
        |header| header.pin = Pin(Digest::of(&[b"another rule"])),
        |header| header.body = Some(BodyCommitment::of(&BodySalt([3; 32]), b"another body")),
    ];
    for alter in alterations {
        let mut header = header(&japan);
        alter(&mut header);
        assert_denied(verify(&store, signed(&japan, header)), R95, "What was validated is not what is sent");
    }
}

#[test]
fn a_sender_or_recipient_that_is_not_accredited_is_refused_r93() {
    let (japan, _, store) = federation();
    let mut outgoing = header(&japan);
    outgoing.recipient = authority("FR:nobody");
    assert_denied(verify(&store, signed(&japan, outgoing)), R93, "FR:nobody is not in the directory of FR");
    let mut outgoing = header(&japan);
    outgoing.sender = authority("JP:nobody");
    assert_denied(verify(&store, signed(&japan, outgoing)), R93, "JP:nobody is not in the directory of JP");
}

#[test]
fn an_entry_to_an_unknown_party_or_under_an_expired_directory_is_refused_r95() {
    let (japan, _, store) = federation();
    let mut foreign = header(&japan);
    foreign.peer = party("DE");
    foreign.recipient = authority("DE:central");
    assert_denied(verify(&store, signed(&japan, foreign)), R95, "No directory of DE");
    let entry = signed(&japan, header(&japan));
    let late = store.verify_entry(Received::new(entry), NOW.plus_ms(366 * DAY_MS));
    assert_denied(late, R95, "directory of JP has expired");
}

#[test]
fn parties_that_do_not_fit_together_are_malformed() {
    let (japan, _, store) = federation();
    let alterations: [fn(&mut Header); 6] = [
        |header| header.peer = header.home,
        |header| header.recipient = authority("JP:court"),
        |header| header.sender = authority("FR:court"),
        |header| header.home = party("DE"),
        |header| header.step = Step::OpenGroup,
        |header| header.body = None,
    ];
    for alter in alterations {
        let mut header = header(&japan);
        alter(&mut header);
        assert_failed(verify(&store, signed(&japan, header)), Fault::Malformed);
    }
}

#[test]
fn a_handshake_needs_no_officer_and_carries_no_commitment() {
    let (japan, _, store) = federation();
    let part = Bytes::from_static(b"part");
    let handshake = Handshake {
        opening: part.clone(),
        commit: part.clone(),
        group_info: part.clone(),
        welcome: part.clone(),
        key_package: part,
    };
    let header = Header { step: Step::OpenGroup, body: None, validation: None, measures: vec![], ..header(&japan) };
    let mut entry = signed(&japan, header);
    entry.officers.clear();
    entry.payload = Payload::Handshake(handshake);
    let entry = seal(&japan, entry);
    verify(&store, entry.clone()).unwrap();
    let mut altered = entry;
    altered.payload = Payload::Sealed(Sealed::from_wire(Bytes::from_static(b"sealed")));
    assert_failed(verify(&store, seal(&japan, altered)), Fault::Malformed);
}

#[test]
fn what_is_over_a_limit_is_too_large() {
    let (japan, _, store) = federation();
    let alterations: [fn(&mut Entry); 5] = [
        |entry| entry.header_bytes = vec![0; limits::HEADER_BYTES_MAX + 1].into(),
        |entry| entry.payload = Payload::Sealed(Sealed::from_wire(vec![0; limits::SEALED_BYTES_MAX + 1].into())),
        |entry| entry.officers = vec![entry.officers[0].clone(); limits::OFFICER_SIGNATURES_MAX + 1],
        |entry| entry.header.measures = vec![measure(); limits::MEASURES_MAX + 1],
        |entry| {
            entry.header.validation.iter_mut().for_each(|v| v.statement_bytes = vec![0; limits::HEADER_BYTES_MAX + 1]);
        },
    ];
    for alter in alterations {
        let mut entry = signed(&japan, header(&japan));
        alter(&mut entry);
        assert_failed(verify(&store, seal(&japan, entry)), Fault::TooLarge);
    }
}

#[test]
fn a_court_validates_after_the_fact_and_decides_on_remedies_and_stands_for_no_other_step_of_the_central_authority() {
    let (japan, france, store) = federation();
    let by = |step: Step, key: &SigningKey, role: Role| {
        let header =
            Header { step, validation: None, measures: vec![], concerns: vec![MeasureId(1)], ..header(&japan) };
        let mut entry = signed(&japan, header);
        entry.officers = vec![sign_step(key, role, entry.header_digest())];
        verify(&store, entry)
    };
    for step in [Step::Regularise, Step::AnnulDecision, Step::UpholdDecision] {
        by(step, &japan.judge, Role::Judge).unwrap();
    }
    assert_denied(by(Step::Close, &japan.judge, Role::Judge), R95, "not an officer's of JP:central");
    assert_denied(by(Step::Regularise, &japan.judge, Role::Central), R95, "not an officer's of JP:central");
    assert_denied(by(Step::Regularise, &france.judge, Role::Judge), R95, "not an officer's of JP:central");
    assert_denied(by(Step::Regularise, &japan.officers[0], Role::Judge), R93, "does not grant the officer the role");
}

#[test]
fn a_judge_of_a_body_that_is_accredited_as_another_kind_is_no_court() {
    let mut japan = State::new("JP");
    let court = japan.directory.authorities.iter_mut().find(|body| body.id == authority("JP:court"));
    court.unwrap().kind = AuthorityKind::Executing;
    let france = State::new("FR").trusting(&japan.root);
    let japan = japan.trusting(&france.root);
    let store = japan.store(&[&france]);
    let header = Header {
        step: Step::Regularise,
        validation: None,
        measures: vec![],
        concerns: vec![MeasureId(1)],
        ..header(&japan)
    };
    let mut entry = signed(&japan, header);
    entry.officers = vec![sign_step(&japan.judge, Role::Judge, entry.header_digest())];
    assert_denied(verify(&store, entry), R95, "not an officer's of JP:central");
}
