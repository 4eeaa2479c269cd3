//! A case with everything that can be made before the clock starts: documents, headers, officers' signatures, KeyPackage.

use std::sync::Arc;

use aws_lc_rs::rand;
use bytes::Bytes;
use desk::{Body, Document, RequestBody, SealedBody, canonical, declare, subject_binding};
use identity::{Domain, sign_step, sign_validation};
use model::{
    BodySalt, CaseId, ConditionCode, Declared, Digest, EntryId, Header, HeaderDigest, MeasureId, OfficerSignature,
    PartyId, Pin, Role, Step, Timestamp, Validation, ValidationStatement,
};
use seal::PreparedKeyPackage;
use serde_json::{Value, json};
use uuid::Builder;
use zeroize::Zeroizing;

use crate::{
    desks::{Desk, Desks},
    failure::Failure,
};

macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../treaty-schemas/catalog/records/", $path))
    };
}

const REQUEST: &str = example!("request/examples/valid-stored-data.json");
const ACK: &str = example!("ack/examples/valid-named-officer.json");
const DECISION: &str = example!("decision/examples/valid-accept-one-refuse-one.json");
const NOTICE: &str = example!("notice/examples/valid-withdrawal.json");
const CONFIRMATION: &str = example!("receipt_confirmation/examples/valid-whole.json");
const REPORT: &str = example!("execution_report/examples/valid-all-done.json");
const CUSTODY: &str = example!("custody_note/examples/valid-two-readers.json");
const DESTRUCTION: &str = example!("destruction_certificate/examples/valid-after-judgment.json");
const RECORDS: [&str; 2] =
    [example!("subscriber_info/examples/valid-mailbox.json"), example!("traffic_data/examples/valid-log.json")];

const HOUR_MS: i64 = 3_600_000;

/// The whole life of a case: what is done, on which side, in which role, by how many officers.
const LIFE: [(Step, usize, Role, usize); 14] = [
    (Step::OpenGroup, 0, Role::Central, 0),
    (Step::SealSend, 0, Role::Central, 2),
    (Step::Acknowledge, 1, Role::Central, 1),
    (Step::OpenReview, 1, Role::Decider, 1),
    (Step::Recognise, 1, Role::Decider, 1),
    (Step::Assign, 1, Role::Central, 1),
    (Step::Collected, 1, Role::Central, 1),
    (Step::Release, 1, Role::Central, 2),
    (Step::Confirm, 0, Role::Custodian, 1),
    (Step::FinalReport, 1, Role::Central, 1),
    (Step::TakeOver, 0, Role::Officer, 1),
    (Step::DisposalDue, 0, Role::Custodian, 0),
    (Step::CertifyDisposal, 0, Role::Custodian, 2),
    (Step::Close, 0, Role::Central, 1),
];

/// Entries of a case.
pub(crate) const ENTRIES: usize = LIFE.len();

/// How many signatures of officers and validators the entries of a case bear, in the mean.
pub(crate) fn officers_per_entry() -> f64 {
    let officers: usize = LIFE.iter().map(|(.., signers)| signers).sum();
    // One validation in each case.
    (officers + 1) as f64 / ENTRIES as f64
}

/// A case that waits for its clock.
pub(crate) struct Case {
    pub(crate) id: CaseId,
    pub(crate) home: PartyId,
    pub(crate) peer: PartyId,
    pub(crate) pin: Pin,
    pub(crate) key_package: Bytes,
    pub(crate) private: Zeroizing<Vec<u8>>,
    pub(crate) entries: Vec<Prepared>,
    /// What is asked, as the receiving desk will hold the release against it.
    pub(crate) asked: Arc<RequestBody>,
}

/// An entry but for its payload and the desk's signature.
pub(crate) struct Prepared {
    pub(crate) header: Header,
    pub(crate) bytes: Bytes,
    pub(crate) digest: HeaderDigest,
    pub(crate) officers: Vec<OfficerSignature>,
    /// What is sealed; empty on a handshake.
    pub(crate) plain: Vec<u8>,
    /// 0 for the requesting side, 1 for the requested.
    pub(crate) side: usize,
}

impl Case {
    pub(crate) fn prepare(
        desks: &Desks,
        pin: Pin,
        (key_package, package): (Bytes, PreparedKeyPackage),
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let id = CaseId::new(Builder::from_random_bytes(draw()?).into_uuid().into_bytes());
        let [home, peer] = &desks.both;
        let (request, records) = request_and_records(id, home, peer)?;
        let asked = RequestBody::from_document(request.clone())?;
        let mut entries: Vec<Prepared> = Vec::with_capacity(ENTRIES);
        for (index, (step, side, role, signers)) in LIFE.into_iter().enumerate() {
            let (from, to) = if side == 0 { (home, peer) } else { (peer, home) };
            let at = now.plus_ms(i64::try_from(index)?);
            let mut header = Header {
                entry: EntryId::new(
                    Builder::from_unix_timestamp_millis(u64::try_from(at.0)?, &draw()?).into_uuid().into_bytes(),
                ),
                case: id,
                home: home.id.party(),
                peer: peer.id.party(),
                sender: from.id.clone(),
                recipient: to.id.clone(),
                pin,
                step,
                measures: Vec::new(),
                concerns: Vec::new(),
                purpose: None,
                offence: None,
                validation: None,
                records: Vec::new(),
                ground: None,
                conditions: Vec::new(),
                body: None,
                previous: entries.last().map_or(HeaderDigest::GENESIS, |last| last.digest),
                created: at,
                expires: at.plus_ms(24 * HOUR_MS),
                declared: Declared::default(),
            };
            let documents = documents(step, id, &request, &records)?;
            let plain = if step.is_handshake() { Vec::new() } else { fill(&mut header, from, documents)?.encode()? };
            if step == Step::SealSend {
                send(&mut header, &asked, &home.judge)?;
            }
            let bytes = proto::encode_header(&header);
            let digest = HeaderDigest::of(&bytes);
            let officers = from.officers.iter().take(signers).map(|key| sign_step(key, role, digest)).collect();
            entries.push(Prepared { header, bytes, digest, officers, plain, side });
        }
        Ok(Self {
            id,
            home: home.id.party(),
            peer: peer.id.party(),
            pin,
            key_package,
            private: package.private,
            entries,
            asked: Arc::new(asked),
        })
    }
}

/// What the body adds to the header of every step.
fn fill(header: &mut Header, from: &Desk, documents: Vec<Value>) -> Result<SealedBody, Failure> {
    header.concerns = if header.step == Step::SealSend { Vec::new() } else { vec![MeasureId(1)] };
    match header.step {
        Step::Recognise => header.conditions = vec![ConditionCode::C01, ConditionCode::C06],
        Step::Release => {
            header.conditions = vec![ConditionCode::C01, ConditionCode::C06];
            header.records = vec!["subscriber_info".parse()?, "traffic_data".parse()?];
        }
        _ => {}
    }
    let documents = documents.into_iter().map(|document| {
        let record_type = document["record_type"].as_str().unwrap_or_default().parse()?;
        Ok(Document { record_type, bytes: serde_json::to_vec(&document)? })
    });
    let documents = documents.collect::<Result<_, Failure>>()?;
    let bytes = Body { step: header.step, documents }.encode()?;
    let signature = from.key.signature(Domain::Record, Digest::of(&[&bytes]).as_bytes());
    let body = SealedBody { salt: BodySalt(draw()?), bytes, signatures: vec![signature] };
    header.body = Some(body.commitment());
    Ok(body)
}

/// What a request adds to its header: its scope, and the judge's word on it.
fn send(
    header: &mut Header,
    asked: &RequestBody,
    (authority, key): &(model::AuthorityId, identity::SigningKey),
) -> Result<(), Failure> {
    let declared = declare(asked)?;
    header.measures.clone_from(&declared.measures);
    header.purpose = Some(declared.purpose);
    header.offence = declared.offence;
    let body = header.body.ok_or_else(|| Failure::new("a request without a body"))?;
    let statement = ValidationStatement {
        case: header.case,
        pin: header.pin,
        measures: declared.measures,
        body,
        validated: header.created,
    };
    let statement_bytes = proto::encode_statement(&statement);
    header.validation = Some(Validation {
        signature: sign_validation(key, &statement_bytes),
        statement,
        statement_bytes,
        authority: authority.clone(),
        role: Role::Judge,
        key: key.key_id(),
    });
    Ok(())
}

fn request_and_records(id: CaseId, home: &Desk, peer: &Desk) -> Result<(Value, Vec<Value>), Failure> {
    let mut request: Value = serde_json::from_str(REQUEST)?;
    request["case"] = json!(id.to_string());
    request["requesting"] = json!(home.id.party().to_string());
    request["requested"] = json!(peer.id.party().to_string());
    request["addressee"] = json!(peer.id.to_string());
    request["authority"]["id"] = json!(home.id.to_string());
    request["validation"]["authority"] = json!(home.judge.0.to_string());
    let asked = RequestBody::from_document(request.clone())?;
    let subject = asked.measures.first().and_then(|measure| measure.subjects.first());
    let subject = subject.ok_or_else(|| Failure::new("the example asks for nothing"))?;
    let binding = subject_binding(id, MeasureId(1), &subject.selector)?;
    let mut records = Vec::new();
    for text in RECORDS {
        let mut record: Value = serde_json::from_str(text)?;
        record["case"] = json!(id.to_string());
        record["subject_binding"] = json!(binding.to_string());
        record["hash"] = json!(Digest::of(&[&canonical(&record["content"])?]).to_string());
        record["collector"]["authority"] = json!(peer.id.to_string());
        records.push(record);
    }
    Ok((request, records))
}

/// The documents of a step, from the catalogue's valid examples.
fn documents(step: Step, id: CaseId, request: &Value, records: &[Value]) -> Result<Vec<Value>, Failure> {
    let of_case = |text: &str| -> Result<Value, Failure> {
        let mut document: Value = serde_json::from_str(text)?;
        document["case"] = json!(id.to_string());
        Ok(document)
    };
    Ok(match step {
        Step::SealSend => vec![request.clone()],
        Step::Acknowledge => vec![of_case(ACK)?],
        Step::Recognise => {
            let mut decision = of_case(DECISION)?;
            let mut accepted = decision["measures"][0].clone();
            accepted["conditions"] = json!(["C01", "C06"]);
            decision["measures"] = json!([accepted]);
            vec![decision]
        }
        Step::Release => records.to_vec(),
        Step::Confirm => {
            let mut confirmation = of_case(CONFIRMATION)?;
            let whole =
                |record: &Value| json!({ "record_id": record["record_id"], "hash": record["hash"], "whole": true });
            confirmation["records"] = records.iter().map(whole).collect();
            vec![confirmation]
        }
        Step::FinalReport => vec![of_case(REPORT)?],
        Step::TakeOver => vec![of_case(CUSTODY)?],
        Step::CertifyDisposal => {
            let mut certificate = of_case(DESTRUCTION)?;
            let gone =
                |record: &Value| json!({ "record_id": record["record_id"], "hash": record["hash"], "copies": 1 });
            certificate["records"] = records.iter().map(gone).collect();
            vec![certificate]
        }
        Step::OpenGroup => Vec::new(),
        step => {
            let mut notice = of_case(NOTICE)?;
            notice["step"] = json!(step.as_str());
            vec![notice]
        }
    })
}

fn draw<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Failure::new("the system gives no randomness"))?;
    Ok(bytes)
}
