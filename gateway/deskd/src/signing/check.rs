//! What is checked before an officer signs, by the command line and by who serves the console: that the header is the one that the officer
//! asked for, and that the body it commits to is what the officer gave. The desk shows a summary, but only the bytes are signed.

use std::collections::BTreeSet;

use desk::{Body, Document, Record, RequestBody, compare_answers, declare, declare_attached};
use model::{
    AuthorityId, BodyCommitment, BodySalt, CaseId, ConditionCode, Denial, Digest, Exit, Header, MeasureId,
    PostponementCode, RefusalCode, Step, Timestamp,
};
use proto::desk as wire;

use crate::{failure::Failure, office::Beside, summary};

/// How long an entry that an officer signs may live at most: 30 days.
const LIFETIME_MS_MAX: i64 = model::limits::ENTRY_LIFETIME_MS_MAX;

/// What the officer asked for. What was left open is not checked.
pub(crate) struct Wanted<'a> {
    pub(crate) case: CaseId,
    pub(crate) step: Step,
    pub(crate) own: &'a AuthorityId,
    /// Whether the own state is one for training, by the root that lies with the officer.
    pub(crate) training: bool,
    pub(crate) concerns: &'a [MeasureId],
    pub(crate) ground: Option<RefusalCode>,
    pub(crate) conditions: &'a [ConditionCode],
    pub(crate) callback: Option<Timestamp>,
    pub(crate) postponement: Option<PostponementCode>,
    pub(crate) beside: &'a Beside,
    pub(crate) text: &'a str,
    pub(crate) documents: &'a [Document],
}

/// Decodes header and body, and holds both against each other and against what was asked for.
///
/// # Errors
/// [`Exit::Integrity`] with the field that differs; [`Exit::Conflict`] where another officer signed for something else than this one
/// gave. Nothing is signed then.
pub(crate) fn check(
    prepared: &wire::PrepareStepResponse,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<(Header, Body), Failure> {
    let header = proto::decode_header(&prepared.header)?;
    let mut body = inside(header.body, header.step, &prepared.body, &prepared.body_salt)?;
    // What a transfer carries is proved by the headers of earlier entries: the receiving desk holds it against them.
    body.take_carried()?;
    let mut fields = vec![
        ("case", header.case == wanted.case),
        ("step", header.step == wanted.step),
        ("sender", header.sender == *wanted.own),
        ("ground", wanted.ground == header.ground),
        ("declared.callback", wanted.callback == header.declared.callback),
        ("declared.postponement", wanted.postponement == header.declared.postponement),
        ("expires", header.expires > now && header.expires <= now.plus_ms(LIFETIME_MS_MAX)),
        ("concerns", wanted.concerns.is_empty() || wanted.concerns == header.concerns),
        ("conditions", wanted.conditions.is_empty() || wanted.conditions == header.conditions),
    ];
    match header.step {
        Step::SealSend => fields.extend(sent(&header, &body, wanted.training)?),
        step if step.carries_records() => {
            fields.push(("records", header.measures.is_empty() && released(&header, &body)))
        }
        _ => fields.push(("document", header.measures.is_empty() && answered(&header, &body))),
    }
    let other = fields.into_iter().find(|(_, holds)| !holds).map(|(field, _)| field);
    if let Some(field) = other.or_else(|| wanted.beside.differs(&header)) {
        return Err(differs(field));
    }
    if let Some(what) = summary::difference(&body, wanted.text, wanted.documents) {
        let what = format!("what is prepared is not what was given: {what}; nothing was signed");
        let remedy = "Give the same, or nothing and read what is shown; --replace drops what another officer signed.";
        return Err(Failure::new(Exit::Conflict, what).remedy(remedy));
    }
    Ok((header, body))
}

/// A step that is taken anew.
pub(crate) struct Anew<'a> {
    pub(crate) case: CaseId,
    pub(crate) step: &'a str,
    pub(crate) own: &'a AuthorityId,
    /// What the desk shows of the entry that did not become part of the case.
    pub(crate) documents: Vec<&'a wire::DocumentRef>,
}

/// Decodes header and body of a step that is prepared again, and holds both against each other and against the entry that was refused:
/// the same step, and the same documents.
///
/// # Errors
/// [`Exit::Integrity`] with the field that differs. Nothing is signed then.
pub(crate) fn check_anew(
    prepared: &wire::PrepareStepResponse,
    anew: &Anew<'_>,
    now: Timestamp,
) -> Result<(Header, Body), Failure> {
    let header = proto::decode_header(&prepared.header)?;
    let mut body = inside(header.body, header.step, &prepared.body, &prepared.body_salt)?;
    body.take_carried()?;
    let of = |one: &Document| (one.record_type.to_string(), Digest::of(&[&one.bytes]).to_string());
    let given: Vec<_> = body.documents.iter().map(of).collect();
    let before = anew.documents.iter().map(|one| (one.record_type.clone(), one.sha256.clone()));
    let says = if header.step.carries_records() { released(&header, &body) } else { answered(&header, &body) };
    let fields = [
        ("case", header.case == anew.case),
        ("step", header.step.as_str() == anew.step && header.step != Step::SealSend),
        ("sender", header.sender == *anew.own),
        ("expires", header.expires > now && header.expires <= now.plus_ms(LIFETIME_MS_MAX)),
        ("document", header.measures.is_empty() && says),
        ("documents", before.collect::<Vec<_>>() == given),
    ];
    match fields.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => Err(differs(field)),
        None => Ok((header, body)),
    }
}

/// The body that a commitment is of.
///
/// # Errors
/// [`Exit::Integrity`] when it is of another one.
pub(crate) fn inside(
    commitment: Option<BodyCommitment>,
    step: Step,
    bytes: &[u8],
    salt: &[u8],
) -> Result<Body, Failure> {
    let salt = salt.try_into().map(BodySalt).map_err(|_| differs("body_salt"))?;
    if commitment != Some(BodyCommitment::of(&salt, bytes)) {
        return Err(differs("body"));
    }
    let body = Body::decode(bytes)?;
    if body.step == step { Ok(body) } else { Err(differs("body.step")) }
}

/// The request in a body; behind it stands what it gives.
pub(crate) fn request(body: &Body) -> Result<RequestBody, Failure> {
    match body.documents.split_first() {
        Some((one, _)) if one.record_type.as_str() == "request" => request_body(&one.bytes),
        _ => Err(differs("documents")),
    }
}

/// A request as its document says it.
///
/// # Errors
/// A usage error where it is no JSON; R94 where it has no form.
pub(crate) fn request_body(bytes: &[u8]) -> Result<RequestBody, Failure> {
    let document =
        records::read(bytes).map_err(|finding| Failure::new(Exit::Usage, format!("the request {finding}")))?;
    Ok(RequestBody::from_document(document).map_err(Denial::from)?)
}

fn sent(header: &Header, body: &Body, training: bool) -> Result<Vec<(&'static str, bool)>, Failure> {
    let request = request(body)?;
    let mut declared = declare(&request).map_err(Denial::from)?;
    let given = records_inside(header, body);
    declared.declared.classification = declared.declared.classification.max(given.as_deref().and_then(Record::mark_of));
    declared.declared.attached = declare_attached(given.as_deref().unwrap_or_default());
    declared.declared.training = training;
    let validated = |one: &model::Validation| {
        one.statement.case == header.case
            && Some(one.statement.body) == header.body
            && one.statement.measures == header.measures
    };
    Ok(vec![
        ("records", given.is_some_and(|given| names(header, &given))),
        ("measures", declared.measures == header.measures),
        ("purpose", Some(&declared.purpose) == header.purpose.as_ref()),
        ("offence", declared.offence == header.offence),
        ("declared", declared.declared == header.declared),
        ("recipient", request.addressee == header.recipient && request.case == header.case),
        ("validation", header.validation.as_ref().is_some_and(validated)),
    ])
}

/// Whether the records inside are those that the header names, for its measures, under its conditions, and whole.
fn released(header: &Header, body: &Body) -> bool {
    let Some(inside) = records_inside(header, body) else { return false };
    let measures: BTreeSet<_> = inside.iter().map(|one| one.measure).collect();
    names(header, &inside)
        && header.declared.classification == Record::mark_of(&inside)
        && header.declared.attached == declare_attached(&inside)
        && measures == header.concerns.iter().copied().collect()
}

/// The records of a body; `None` where one is not whole, of another case, or of another type than its document.
fn records_inside(header: &Header, body: &Body) -> Option<Vec<Record>> {
    let read = |(_, one): (u32, &Document)| {
        let record = Record::from_document(records::read(&one.bytes).ok()?).ok()?;
        let whole = record.content_hash().ok()? == record.hash;
        (whole && record.record_type == one.record_type && record.case == header.case).then_some(record)
    };
    body.records().map(read).collect()
}

/// Whether a header names the types and the conditions of these records, and no others.
fn names(header: &Header, inside: &[Record]) -> bool {
    let types: BTreeSet<_> = inside.iter().map(|one| &one.record_type).collect();
    let conditions: BTreeSet<_> = inside.iter().flat_map(|one| one.conditions.iter().copied()).collect();
    types == header.records.iter().collect() && conditions == header.conditions.iter().copied().collect()
}

/// Whether the documents inside say what the header says.
fn answered(header: &Header, body: &Body) -> bool {
    let read = |one: &Document| Some((one.record_type.clone(), records::read(&one.bytes).ok()?));
    let read = body.documents.iter().map(read).collect::<Option<Vec<_>>>();
    header.records.is_empty() && read.is_some_and(|read| compare_answers(header, &read).is_ok())
}

fn differs(field: &str) -> Failure {
    let what = format!("the desk prepared another step than asked for: `{field}` differs; nothing was signed");
    Failure::new(Exit::Integrity, what)
        .remedy("Look at the case; if nothing explains it, the desk is not to be trusted.")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{Declared, Digest, EntryId, HeaderDigest, Pin};

    use super::*;

    const SALT: BodySalt = BodySalt([7; 32]);
    const REFUSAL: &str = r#"{"record_type": "decision", "case": "02020202-0202-0202-0202-020202020202",
        "measures": [{"id": 1, "outcome": "refuse", "code": "R07", "reasons": "not here"}]}"#;

    fn body(step: Step, record_type: &str, text: &str) -> Vec<u8> {
        let document = Document { record_type: record_type.parse().unwrap(), bytes: text.as_bytes().to_vec() };
        Body { step, documents: vec![document] }.encode().unwrap()
    }

    fn header(body: &[u8]) -> Header {
        Header {
            entry: EntryId::new([1; 16]),
            case: CaseId::new([2; 16]),
            home: "JP".parse().unwrap(),
            peer: "FR".parse().unwrap(),
            sender: "FR:central".parse().unwrap(),
            recipient: "JP:central".parse().unwrap(),
            pin: Pin(Digest::of(&[b"rule"])),
            step: Step::Refuse,
            measures: Vec::new(),
            concerns: vec![MeasureId(1)],
            purpose: None,
            offence: None,
            validation: None,
            records: Vec::new(),
            ground: Some(RefusalCode::R07),
            conditions: Vec::new(),
            body: Some(BodyCommitment::of(&SALT, body)),
            previous: HeaderDigest(Digest::of(&[b"before"])),
            created: Timestamp(1_000_000),
            expires: Timestamp(2_000_000),
            declared: Declared::default(),
        }
    }

    fn prepared(header: &Header, body: &[u8]) -> wire::PrepareStepResponse {
        wire::PrepareStepResponse {
            header: proto::encode_header(header),
            body: body.to_vec().into(),
            body_salt: SALT.0.to_vec().into(),
            ..wire::PrepareStepResponse::default()
        }
    }

    fn checked(header: &Header, body: &[u8], text: &str) -> Result<Header, Failure> {
        let own = "FR:central".parse().unwrap();
        let wanted = Wanted {
            case: CaseId::new([2; 16]),
            step: Step::Refuse,
            own: &own,
            training: false,
            concerns: &[MeasureId(1)],
            ground: Some(RefusalCode::R07),
            conditions: &[],
            callback: None,
            postponement: None,
            beside: &Beside::default(),
            text,
            documents: &[],
        };
        check(&prepared(header, body), &wanted, Timestamp(1_500_000)).map(|(header, _)| header)
    }

    #[test]
    fn the_header_that_was_asked_for_is_signed() {
        let body = body(Step::Refuse, "decision", REFUSAL);
        assert_eq!(checked(&header(&body), &body, "").unwrap(), header(&body));
        assert_eq!(checked(&header(&body), &body, "not here").unwrap(), header(&body));
    }

    #[test]
    fn another_step_case_measure_ground_sender_or_time_is_not_signed() {
        let change: [fn(&mut Header); 7] = [
            |h| h.step = Step::Withdraw,
            |h| h.case = CaseId::new([3; 16]),
            |h| h.concerns = vec![MeasureId(1), MeasureId(2)],
            |h| h.ground = Some(RefusalCode::R02),
            |h| h.sender = "FR:executing".parse().unwrap(),
            |h| h.expires = Timestamp(1_400_000),
            |h| h.expires = Timestamp(i64::MAX),
        ];
        let body = body(Step::Refuse, "decision", REFUSAL);
        for change in change {
            let mut header = header(&body);
            change(&mut header);
            assert_eq!(checked(&header, &body, "").unwrap_err().exit(), Exit::Integrity);
        }
    }

    #[test]
    fn a_body_that_the_header_does_not_commit_to_or_that_says_something_else_is_not_signed() {
        let whole = body(Step::Refuse, "decision", REFUSAL);
        let other = body(Step::Refuse, "decision", &REFUSAL.replace("not here", "not now"));
        assert_eq!(checked(&header(&whole), &other, "").unwrap_err().exit(), Exit::Integrity);
        let accepts = body(Step::Refuse, "decision", &REFUSAL.replace("\"refuse\"", "\"accept\""));
        assert_eq!(checked(&header(&accepts), &accepts, "").unwrap_err().exit(), Exit::Integrity);
    }

    #[test]
    fn a_text_that_another_officer_signed_is_not_signed_by_who_gave_another() {
        let body = body(Step::Refuse, "decision", REFUSAL);
        assert_eq!(checked(&header(&body), &body, "elsewhere").unwrap_err().exit(), Exit::Conflict);
    }

    #[test]
    fn a_scope_that_is_not_that_of_the_request_is_not_signed() {
        let text = include_str!("../../../../treaty-schemas/catalog/records/request/examples/valid-stored-data.json");
        let request = RequestBody::from_document(serde_json::from_str(text).unwrap()).unwrap();
        let declared = declare(&request).unwrap();
        let body = body(Step::SealSend, "request", text);
        let mut sent = header(&body);
        let statement = model::ValidationStatement {
            case: request.case,
            pin: sent.pin,
            measures: declared.measures.clone(),
            body: BodyCommitment::of(&SALT, &body),
            validated: Timestamp(1_000_000),
        };
        sent.validation = Some(model::Validation {
            statement_bytes: proto::encode_statement(&statement),
            statement,
            authority: request.validation.authority.clone(),
            role: request.validation.role,
            key: model::KeyId::of(b"key"),
            signature: vec![9; 64],
        });
        let own = "JP:central".parse().unwrap();
        (sent.step, sent.ground, sent.case) = (Step::SealSend, None, request.case);
        (sent.sender, sent.recipient) = ("JP:central".parse().unwrap(), "FR:central".parse().unwrap());
        (sent.concerns, sent.measures) = (Vec::new(), declared.measures);
        sent.declared = declared.declared;
        (sent.purpose, sent.offence) = (Some(declared.purpose), declared.offence);
        let check_it = |header: &Header| {
            let wanted = Wanted {
                case: request.case,
                step: Step::SealSend,
                own: &own,
                training: false,
                concerns: &[],
                ground: None,
                conditions: &[],
                callback: None,
                postponement: None,
                beside: &Beside::default(),
                text: "",
                documents: &[],
            };
            check(&prepared(header, &body), &wanted, Timestamp(1_500_000))
        };
        check_it(&sent).unwrap();
        // A real case is no exercise, whatever the desk says.
        sent.declared.training = true;
        assert_eq!(check_it(&sent).unwrap_err().exit(), Exit::Integrity);
        sent.declared.training = false;
        sent.measures[0].subjects += 1;
        assert_eq!(check_it(&sent).unwrap_err().exit(), Exit::Integrity);
    }
}
