//! What the command line checks before it signs: that the header is the one that the officer asked for. The desk shows a summary,
//! but only the bytes are signed.

use bytes::Bytes;
use desk::RequestBody;
use model::{AuthorityId, CaseId, ConditionCode, Exit, Header, MeasureId, RecordType, RefusalCode, Step, Timestamp};

use crate::failure::Failure;

/// How long an entry that an officer signs may live at most: 30 days.
const LIFETIME_MS_MAX: i64 = model::limits::ENTRY_LIFETIME_MS_MAX;

/// What the officer asked for. What was left open is not checked.
pub(super) struct Wanted<'a> {
    pub(super) case: CaseId,
    pub(super) step: Step,
    pub(super) own: &'a AuthorityId,
    pub(super) concerns: &'a [MeasureId],
    pub(super) ground: Option<RefusalCode>,
    pub(super) conditions: &'a [ConditionCode],
    pub(super) records: Vec<RecordType>,
    /// The request that is sent, on [`Step::SealSend`].
    pub(super) request: Option<&'a RequestBody>,
}

/// Decodes the header and holds it against what was asked for.
///
/// # Errors
/// [`Exit::Integrity`] with the field that differs: nothing is signed then.
pub(super) fn check(header_bytes: &Bytes, wanted: &Wanted<'_>, now: Timestamp) -> Result<Header, Failure> {
    let header = proto::decode_header(header_bytes)?;
    let mut fields = vec![
        ("case", header.case == wanted.case),
        ("step", header.step == wanted.step),
        ("sender", header.sender == *wanted.own),
        ("ground", wanted.ground == header.ground),
        ("expires", header.expires > now && header.expires <= now.plus_ms(LIFETIME_MS_MAX)),
        ("concerns", wanted.concerns.is_empty() || wanted.concerns == header.concerns),
        ("conditions", wanted.conditions.is_empty() || wanted.conditions == header.conditions),
        ("records", wanted.records.is_empty() || same(&wanted.records, &header.records)),
        ("body", header.body.is_some()),
    ];
    if let Some(request) = wanted.request {
        let declared = desk::declare(request).map_err(model::Denial::from)?;
        fields.push(("measures", declared.measures == header.measures));
        fields.push(("purpose", Some(&declared.purpose) == header.purpose.as_ref()));
        fields.push(("offence", declared.offence == header.offence));
        fields.push(("recipient", request.addressee == header.recipient && request.case == header.case));
    } else {
        fields.push(("measures", header.measures.is_empty()));
    }
    match fields.into_iter().find(|(_, holds)| !holds) {
        None => Ok(header),
        Some((field, _)) => Err(Failure::new(
            Exit::Integrity,
            format!("the desk prepared another step than asked for: `{field}` differs; nothing was signed"),
        )
        .remedy("Look at the case; if nothing explains it, the desk is not to be trusted.")),
    }
}

fn same(wanted: &[RecordType], found: &[RecordType]) -> bool {
    let sorted = |list: &[RecordType]| {
        let mut list = list.to_vec();
        list.sort();
        list.dedup();
        list
    };
    sorted(wanted) == sorted(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{BodyCommitment, Digest, EntryId, HeaderDigest, Pin};

    use super::*;

    fn header() -> Header {
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
            body: Some(BodyCommitment(Digest::of(&[b"body"]))),
            previous: HeaderDigest(Digest::of(&[b"before"])),
            created: Timestamp(1_000_000),
            expires: Timestamp(2_000_000),
        }
    }

    fn checked(header: &Header) -> Result<Header, Failure> {
        let own = "FR:central".parse().unwrap();
        let wanted = Wanted {
            case: CaseId::new([2; 16]),
            step: Step::Refuse,
            own: &own,
            concerns: &[MeasureId(1)],
            ground: Some(RefusalCode::R07),
            conditions: &[],
            records: Vec::new(),
            request: None,
        };
        check(&proto::encode_header(header), &wanted, Timestamp(1_500_000))
    }

    #[test]
    fn the_header_that_was_asked_for_is_signed() {
        assert_eq!(checked(&header()).unwrap(), header());
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
        for change in change {
            let mut header = header();
            change(&mut header);
            assert_eq!(checked(&header).unwrap_err().exit(), Exit::Integrity);
        }
    }

    #[test]
    fn a_scope_that_is_not_that_of_the_request_is_not_signed() {
        let text = include_str!("../../../../treaty-schemas/catalog/records/request/examples/valid-stored-data.json");
        let request = RequestBody::from_document(serde_json::from_str(text).unwrap()).unwrap();
        let declared = desk::declare(&request).unwrap();
        let own = "JP:central".parse().unwrap();
        let mut sent = header();
        (sent.step, sent.ground, sent.case) = (Step::SealSend, None, request.case);
        (sent.sender, sent.recipient) = ("JP:central".parse().unwrap(), "FR:central".parse().unwrap());
        (sent.concerns, sent.measures) = (Vec::new(), declared.measures);
        (sent.purpose, sent.offence) = (Some(declared.purpose), declared.offence);
        let check_it = |header: &Header| {
            let wanted = Wanted {
                case: request.case,
                step: Step::SealSend,
                own: &own,
                concerns: &[],
                ground: None,
                conditions: &[],
                records: Vec::new(),
                request: Some(&request),
            };
            check(&proto::encode_header(header), &wanted, Timestamp(1_500_000))
        };
        check_it(&sent).unwrap();
        sent.measures[0].subjects += 1;
        assert_eq!(check_it(&sent).unwrap_err().exit(), Exit::Integrity);
    }
}
