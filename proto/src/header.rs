//! Header and validation statement, between bytes and vocabulary.

use bytes::Bytes;
use model::{
    Attached, BodyCommitment, CaseId, Classification, Consent, Declared, Denial, Digest, EntryId, Fault, Follows,
    Header, HeaderDigest, KeyId, LeftOut, Malformed, MatterId, MeasureId, MeasureScope, Offence, Pin, SelectorKind,
    Step, SubjectTag, Timestamp, Validation, ValidationStatement, Window, limits,
};
use prost::Message;

use crate::types as wire;

/// Decodes a header from the bytes that were received.
///
/// # Errors
/// [`Fault::TooLarge`] over [`limits::HEADER_BYTES_MAX`]; [`Fault::Malformed`] where the bytes are not the one canonical form of a header
/// (a field twice, out of order or unknown), or a field is not what it should be.
pub fn decode_header(bytes: &Bytes) -> Result<Header, Denial> {
    if bytes.len() > limits::HEADER_BYTES_MAX {
        let detail = format!("the header has {} bytes, at most {} are allowed", bytes.len(), limits::HEADER_BYTES_MAX);
        return Err(Denial::failed(Fault::TooLarge, detail));
    }
    let decoded: wire::Header = canonical(bytes, "header")?;
    header_from_wire(decoded).map_err(|error| Denial::failed(Fault::Malformed, format!("in the header: {error}")))
}

/// Encodes a header in its one canonical form.
pub fn encode_header(header: &Header) -> Bytes {
    header_to_wire(header).encode_to_vec().into()
}

/// Encodes what a validator signs.
pub fn encode_statement(statement: &ValidationStatement) -> Vec<u8> {
    wire::ValidationStatement {
        case_id: copy(statement.case.as_bytes()),
        treaty_pin: copy(statement.pin.as_bytes()),
        measures: statement.measures.iter().map(scope_to_wire).collect(),
        body_commitment: copy(statement.body.as_bytes()),
        validated_ms: statement.validated.0,
    }
    .encode_to_vec()
}

/// Decodes `bytes` and refuses any other encoding of the same message than the canonical one.
pub(crate) fn canonical<M: Message + Default>(bytes: &[u8], what: &str) -> Result<M, Denial> {
    let message = M::decode(bytes).map_err(|error| Denial::failed(Fault::Malformed, format!("the {what}: {error}")))?;
    if message.encode_to_vec() == bytes {
        Ok(message)
    } else {
        let detail = format!(
            "the {what} is not in canonical form: a field is unknown, repeated, out of order or a spelled-out default"
        );
        Err(Denial::failed(Fault::Malformed, detail))
    }
}

pub(crate) fn copy(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

pub(crate) fn parse_all<T, E>(texts: &[String]) -> Result<Vec<T>, Malformed>
where
    T: std::str::FromStr<Err = E>,
    Malformed: From<E>,
{
    if texts.len() > limits::SCOPE_ITEMS_MAX {
        return Err(Malformed::new("a list of at most 16 items", &format!("{} items", texts.len())));
    }
    texts.iter().map(|text| text.parse().map_err(Malformed::from)).collect()
}

fn header_to_wire(header: &Header) -> wire::Header {
    let declared = &header.declared;
    wire::Header {
        entry_id: copy(header.entry.as_bytes()),
        case_id: copy(header.case.as_bytes()),
        home_party: header.home.to_string(),
        peer_party: header.peer.to_string(),
        sender: header.sender.to_string(),
        recipient: header.recipient.to_string(),
        treaty_pin: copy(header.pin.as_bytes()),
        step: step_to_wire(header.step).into(),
        measures: header.measures.iter().map(scope_to_wire).collect(),
        concerns: header.concerns.iter().map(|id| id.0).collect(),
        purpose: header.purpose.clone().unwrap_or_default(),
        offence: header.offence.map(|offence| wire::Offence {
            max_penalty_months: offence.max_penalty_months,
            dual_criminality: offence.dual_criminality,
            listed: offence.listed,
        }),
        validation: header.validation.as_ref().map(validation_to_wire),
        records: header.records.iter().map(ToString::to_string).collect(),
        ground: header.ground.map(|code| code.to_string()).unwrap_or_default(),
        conditions: header.conditions.iter().map(ToString::to_string).collect(),
        body_commitment: header.body.map(|body| copy(body.as_bytes())).unwrap_or_default(),
        previous: copy(header.previous.as_bytes()),
        created_ms: header.created.0,
        expires_ms: header.expires.0,
        classification: declared.classification.map(|mark| classification_to_wire(mark).into()).unwrap_or_default(),
        emergency: declared.emergency,
        callback_ms: declared.callback.map(|at| at.0).unwrap_or_default(),
        consent: declared
            .consent
            .map(|consent| wire::Consent { given_ms: consent.given.0, receipt: copy(consent.receipt.as_bytes()) }),
        tag_key: declared.tag_key.map(|key| copy(key.as_bytes())).unwrap_or_default(),
        postponement: declared.postponement.map(|code| code.to_string()).unwrap_or_default(),
        until_ms: declared.until.map(|until| until.0).unwrap_or_default(),
        follows: declared.follows.map(|follows| wire::Follows {
            case_id: copy(follows.case.as_bytes()),
            as_what: follows.as_what.as_str().to_owned(),
        }),
        matter: declared.matter.map(|matter| matter.0).unwrap_or_default(),
        about_entry_id: declared.about.map(|entry| copy(entry.as_bytes())).unwrap_or_default(),
        flaw: declared.flaw.map(|flaw| flaw.as_str().to_owned()).unwrap_or_default(),
        training: declared.training,
        minutes: declared.minutes.map(|minutes| copy(minutes.as_bytes())).unwrap_or_default(),
        procedure: declared.procedure.unwrap_or_default(),
        left_out: declared.left_out.iter().map(left_out_to_wire).collect(),
        order_day: declared.order.map(|day| day.to_string()).unwrap_or_default(),
        widens: declared.widens,
        attached: declared.attached.iter().map(attached_to_wire).collect(),
        challenge: declared.challenge.map(|challenge| copy(challenge.as_bytes())).unwrap_or_default(),
        response: declared.response.map(|response| response.to_string()).unwrap_or_default(),
    }
}

fn header_from_wire(header: wire::Header) -> Result<Header, Malformed> {
    if header.measures.len() > limits::MEASURES_MAX || header.concerns.len() > limits::MEASURES_MAX {
        return Err(Malformed::new("a case of at most 32 measures", "more"));
    }
    let step = step_from_wire(header.step())?;
    let declared = declared_from_wire(&header)?;
    Ok(Header {
        declared,
        entry: EntryId::try_from(&*header.entry_id)?,
        case: CaseId::try_from(&*header.case_id)?,
        home: header.home_party.parse()?,
        peer: header.peer_party.parse()?,
        sender: header.sender.parse()?,
        recipient: header.recipient.parse()?,
        pin: Pin::try_from(&*header.treaty_pin)?,
        step,
        measures: header.measures.iter().map(scope_from_wire).collect::<Result<_, _>>()?,
        concerns: header.concerns.into_iter().map(MeasureId).collect(),
        purpose: purpose_from_wire(header.purpose)?,
        offence: header.offence.map(|offence| Offence {
            max_penalty_months: offence.max_penalty_months,
            dual_criminality: offence.dual_criminality,
            listed: offence.listed,
        }),
        validation: header.validation.map(validation_from_wire).transpose()?,
        records: parse_all(&header.records)?,
        ground: optional(&header.ground)?,
        conditions: parse_all(&header.conditions)?,
        body: if header.body_commitment.is_empty() {
            None
        } else {
            Some(BodyCommitment::try_from(&*header.body_commitment)?)
        },
        previous: HeaderDigest::try_from(&*header.previous)?,
        created: Timestamp(header.created_ms),
        expires: Timestamp(header.expires_ms),
    })
}

fn declared_from_wire(header: &wire::Header) -> Result<Declared, Malformed> {
    let classification = match header.classification {
        0 => None,
        number => Some(classification_from_wire(wire::Classification::try_from(number).unwrap_or_default())?),
    };
    let consent = header.consent.as_ref().map(|consent| {
        Ok(Consent { given: Timestamp(consent.given_ms), receipt: Digest::try_from(&*consent.receipt)? })
    });
    let follows = header
        .follows
        .as_ref()
        .map(|follows| Ok(Follows { case: CaseId::try_from(&*follows.case_id)?, as_what: follows.as_what.parse()? }));
    let about = &header.about_entry_id;
    Ok(Declared {
        classification,
        emergency: header.emergency,
        callback: (header.callback_ms != 0).then_some(Timestamp(header.callback_ms)),
        consent: consent.transpose()?,
        tag_key: if header.tag_key.is_empty() { None } else { Some(Digest::try_from(&*header.tag_key)?) },
        postponement: optional(&header.postponement)?,
        until: (header.until_ms != 0).then_some(Timestamp(header.until_ms)),
        follows: follows.transpose()?,
        matter: (header.matter != 0).then_some(MatterId(header.matter)),
        about: if about.is_empty() { None } else { Some(EntryId::try_from(&**about)?) },
        flaw: optional(&header.flaw)?,
        training: header.training,
        minutes: if header.minutes.is_empty() { None } else { Some(Digest::try_from(&*header.minutes)?) },
        procedure: (header.procedure != 0).then_some(header.procedure),
        left_out: left_out_from_wire(&header.left_out)?,
        order: if header.order_day.is_empty() { None } else { Some(day_from_wire(&header.order_day)?) },
        widens: header.widens,
        attached: attached_from_wire(&header.attached)?,
        challenge: if header.challenge.is_empty() { None } else { Some(Digest::try_from(&*header.challenge)?) },
        response: optional(&header.response)?,
    })
}

fn attached_to_wire(one: &Attached) -> wire::Attached {
    wire::Attached { digest: copy(one.digest.as_bytes()), bytes_count: one.bytes }
}

fn attached_from_wire(all: &[wire::Attached]) -> Result<Vec<Attached>, Malformed> {
    if all.len() > limits::ATTACHED_MAX {
        return Err(Malformed::new("an entry with at most 64 files", "more"));
    }
    all.iter().map(|one| Ok(Attached { digest: Digest::try_from(&*one.digest)?, bytes: one.bytes_count })).collect()
}

fn left_out_to_wire(one: &LeftOut) -> wire::LeftOut {
    wire::LeftOut { measure: one.measure.0, record: one.record.to_string(), why: one.why.as_str().to_owned() }
}

fn left_out_from_wire(all: &[wire::LeftOut]) -> Result<Vec<LeftOut>, Malformed> {
    if all.len() > limits::LEFT_OUT_MAX {
        return Err(Malformed::new("a report that leaves out at most 512 record types", "more"));
    }
    let one = |one: &wire::LeftOut| {
        Ok(LeftOut { measure: MeasureId(one.measure), record: one.record.parse()?, why: one.why.parse()? })
    };
    all.iter().map(one).collect()
}

fn purpose_from_wire(purpose: String) -> Result<Option<String>, Malformed> {
    let slug =
        purpose.len() <= 48 && purpose.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    match purpose.as_str() {
        "" => Ok(None),
        _ if slug => Ok(Some(purpose)),
        _ => Err(Malformed::new("a purpose (as in criminal_investigation)", &purpose)),
    }
}

/// An empty text is an absent value.
pub(crate) fn optional<T: std::str::FromStr<Err = Malformed>>(text: &str) -> Result<Option<T>, Malformed> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

fn scope_to_wire(scope: &MeasureScope) -> wire::MeasureScope {
    wire::MeasureScope {
        id: scope.id.0,
        article: scope.article.to_string(),
        request_type: scope.request_type.to_string(),
        records: scope.records.iter().map(ToString::to_string).collect(),
        subjects: scope.subjects,
        selectors: scope.selectors.iter().map(|kind| selector_to_wire(*kind).into()).collect(),
        window: scope
            .window
            .map(|window| wire::Window { from_day: window.from.to_string(), to_day: window.to.to_string() }),
        attributes: scope.attributes.iter().map(ToString::to_string).collect(),
        tags: scope.tags.iter().map(|tag| copy(tag.as_bytes())).collect(),
    }
}

fn scope_from_wire(scope: &wire::MeasureScope) -> Result<MeasureScope, Malformed> {
    if scope.selectors.len() > limits::SCOPE_ITEMS_MAX {
        return Err(Malformed::new("a measure with at most 16 kinds of selectors", "more"));
    }
    if scope.tags.len() > limits::TAGS_MAX {
        return Err(Malformed::new("a measure with at most 256 subject tags", "more"));
    }
    Ok(MeasureScope {
        id: MeasureId(scope.id),
        article: scope.article.parse()?,
        request_type: scope.request_type.parse()?,
        records: parse_all(&scope.records)?,
        subjects: scope.subjects,
        // Not by the generated accessor: it leaves out what it does not know.
        selectors: scope.selectors.iter().map(|kind| selector_from_number(*kind)).collect::<Result<_, _>>()?,
        window: scope.window.as_ref().map(window_from_wire).transpose()?,
        attributes: parse_all(&scope.attributes)?,
        tags: scope.tags.iter().map(|tag| SubjectTag::try_from(&**tag)).collect::<Result<_, _>>()?,
    })
}

fn selector_from_number(kind: i32) -> Result<SelectorKind, Malformed> {
    selector_from_wire(wire::SelectorKind::try_from(kind).unwrap_or_default())
}

fn window_from_wire(window: &wire::Window) -> Result<Window, Malformed> {
    Ok(Window { from: day_from_wire(&window.from_day)?, to: day_from_wire(&window.to_day)? })
}

fn day_from_wire(text: &str) -> Result<jiff::civil::Date, Malformed> {
    let parsed: Option<jiff::civil::Date> = text.parse().ok();
    // jiff also reads dates with a time behind them; only the plain day is the canonical form.
    parsed.filter(|date| date.to_string() == text).ok_or_else(|| Malformed::new("a day (YYYY-MM-DD)", text))
}

fn validation_to_wire(validation: &Validation) -> wire::Validation {
    wire::Validation {
        statement: copy(&validation.statement_bytes),
        authority: validation.authority.to_string(),
        role: validation.role.as_str().to_owned(),
        signature: Some(wire::Signature {
            key_id: copy(validation.key.0.as_bytes()),
            signature: copy(&validation.signature),
        }),
    }
}

fn validation_from_wire(validation: wire::Validation) -> Result<Validation, Malformed> {
    let signature = validation.signature.ok_or_else(|| Malformed::new("a signed validation", "no signature"))?;
    let statement: wire::ValidationStatement = canonical(&validation.statement, "validation statement")
        .map_err(|_| Malformed::new("a validation statement in canonical form", "other bytes"))?;
    Ok(Validation {
        statement: ValidationStatement {
            case: CaseId::try_from(&*statement.case_id)?,
            pin: Pin::try_from(&*statement.treaty_pin)?,
            measures: statement.measures.iter().map(scope_from_wire).collect::<Result<_, _>>()?,
            body: BodyCommitment::try_from(&*statement.body_commitment)?,
            validated: Timestamp(statement.validated_ms),
        },
        statement_bytes: validation.statement.to_vec(),
        authority: validation.authority.parse()?,
        role: validation.role.parse()?,
        key: KeyId(Digest::try_from(&*signature.key_id)?),
        signature: signature.signature.to_vec(),
    })
}

macro_rules! enum_pair {
    ($to:ident, $from:ident, $ours:ident, $wire:ident, $expected:literal, { $($variant:ident),+ }) => {
        pub(crate) fn $to(value: $ours) -> wire::$wire {
            match value { $($ours::$variant => wire::$wire::$variant,)+ }
        }

        pub(crate) fn $from(value: wire::$wire) -> Result<$ours, Malformed> {
            match value {
                $(wire::$wire::$variant => Ok($ours::$variant),)+
                wire::$wire::Unspecified => Err(Malformed::new($expected, "an unknown number")),
            }
        }
    };
}
pub(crate) use enum_pair;

enum_pair!(step_to_wire, step_from_wire, Step, Step, "a step", {
    OpenGroup, ChangeGroup, SealSend, Acknowledge, OpenReview, Recognise, Refuse, Assign, Collected, Release, Confirm, Close,
    Withdraw, Violation, Consult, ConsultDone, AskInfo, GiveInfo, OfferConditions, AcceptConditions, DeclineConditions, Postpone, Resume,
    PartCollected, MoreToCome, Reject, ReturnRequest,
    Forward, AskRejoin, LodgeRemedy, AnnulDecision, UpholdDecision, FinalReport, TakeOver, DisposalDue, Extend,
    CertifyDisposal, ShareDraft, CommentDraft, Answer, Prolong, GiveUp, Regularise, TellStatus, RequestUse,
    RequestOnward, NotifyExculpatory, GrantConsent, DenyConsent, NotifyBreach, ConfirmBreach, Recall, CertifyShredding,
    NotifySubject, DeferSubject, ReportError, Triage, Reissue, ProposeHearing, AgreeSlot, RecordConsent, TestLink,
    OpenHearing, DraftMinutes, SignMinutes, TransmitMinutes, CancelHearing, CloseMatter, ProposeSlots,
    OpenCallback, AnswerCallback
});

enum_pair!(selector_to_wire, selector_from_wire, SelectorKind, SelectorKind, "a kind of selector", {
    Person, Account, Device, IpAtTime, Domain, BankAccount, Holder
});

enum_pair!(classification_to_wire, classification_from_wire, Classification, Classification, "a classification", {
    Official, Restricted, Confidential, Secret
});
