//! Entries as desks make them, signed with real keys, good and bad.

use bytes::Bytes;
use identity::{sign_envelope, sign_step, sign_validation};
use jiff::civil::Date;
use model::{
    AuthorityId, BodyCommitment, BodySalt, CaseId, ConditionCode, Declared, Entry, EntryId, EnvelopeDigest, Handshake,
    Header, HeaderDigest, MeasureId, MeasureScope, Offence, OfficerSignature, Payload, PostponementCode, RefusalCode,
    Role, Sealed, SelectorKind, Step, Timestamp, Validation, ValidationStatement, Window,
};
use workflow::{Actor, Side, TRANSITIONS, Trigger};

use super::{
    keys::{Cast, State},
    op::Flaw,
};
use crate::failure::Failure;

const HOUR_MS: i64 = 3_600_000;
/// Both measures of a request.
const MEASURES: [MeasureId; 2] = [MeasureId(1), MeasureId(2)];

/// What an entry is to say.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) case: CaseId,
    pub(super) number: u32,
    pub(super) step: Step,
    pub(super) side: Side,
    pub(super) concerns: Vec<MeasureId>,
    pub(super) previous: HeaderDigest,
    pub(super) now: Timestamp,
    pub(super) flaw: Flaw,
}

/// An entry, and who is in the group after it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) entry: Entry,
    pub(super) members: Vec<AuthorityId>,
}

impl Draft {
    /// Signs it as its flaw lets it.
    pub(super) fn made(&self, cast: &Cast) -> Result<Made, Failure> {
        let [home, peer] = &cast.both;
        let (from, to) = if self.side == Side::Home { (home, peer) } else { (peer, home) };
        let header = self.header(cast, (from, to))?;
        let bytes = proto::encode_header(&header);
        let digest = HeaderDigest::of(&bytes);
        let payload = payload(self.step, b"sealed");
        let signed = if self.flaw == Flaw::Forged { self::payload(self.step, b"other") } else { payload.clone() };
        let entry = Entry {
            officers: self.officers(from, digest),
            desk: sign_envelope(&from.desk, EnvelopeDigest::of(digest, &signed)),
            header,
            header_bytes: bytes,
            payload,
        };
        Ok(Made { entry, members: vec![home.desk_id.clone(), peer.desk_id.clone()] })
    }

    fn header(&self, cast: &Cast, (from, to): (&State, &State)) -> Result<Header, Failure> {
        let [home, peer] = &cast.both;
        let step = self.step;
        let mut id = [0; 16];
        id[..4].copy_from_slice(&self.number.to_be_bytes());
        let body = BodyCommitment::of(&BodySalt([1; 32]), b"body");
        let created = if self.flaw == Flaw::Future { self.now.plus_ms(30 * HOUR_MS) } else { self.now };
        let mut header = Header {
            entry: EntryId::new(id),
            case: self.case,
            home: home.desk_id.party(),
            peer: peer.desk_id.party(),
            sender: from.desk_id.clone(),
            recipient: to.desk_id.clone(),
            pin: cast.rule.pin(),
            step,
            measures: Vec::new(),
            concerns: if step.is_handshake() || step == Step::SealSend { Vec::new() } else { self.concerns.clone() },
            purpose: None,
            offence: None,
            validation: None,
            records: Vec::new(),
            ground: None,
            conditions: Vec::new(),
            body: (!step.is_handshake()).then_some(body),
            previous: self.previous,
            created,
            expires: created.plus_ms(48 * HOUR_MS),
            declared: Declared::default(),
        };
        match step {
            Step::SealSend => self.request(&mut header, home, body)?,
            Step::Release => header.records = vec!["traffic_data".parse()?],
            Step::Refuse => header.ground = Some(RefusalCode::R01),
            Step::Violation => header.ground = Some(RefusalCode::R90),
            Step::ReturnRequest => header.ground = Some(RefusalCode::R93),
            Step::OfferConditions | Step::AcceptConditions => header.conditions = vec![ConditionCode::C01],
            Step::Postpone => header.declared.postponement = Some(PostponementCode::P01),
            Step::Reject => header.declared.flaw = Some(model::Flaw::WrongValue),
            Step::Extend | Step::Prolong => header.declared.until = Some(self.now.plus_ms(720 * HOUR_MS)),
            _ => {}
        }
        Ok(header)
    }

    fn request(&self, header: &mut Header, home: &State, body: BodyCommitment) -> Result<(), Failure> {
        let scope = |id: MeasureId| -> Result<MeasureScope, Failure> {
            Ok(MeasureScope {
                id,
                article: "ets-185:31".parse()?,
                request_type: "stored_data".parse()?,
                records: vec!["traffic_data".parse()?],
                subjects: if self.flaw == Flaw::Bulk { 5000 } else { 1 },
                selectors: vec![SelectorKind::Account],
                window: Some(Window { from: Date::constant(2026, 10, 1), to: Date::constant(2026, 10, 31) }),
                attributes: Vec::new(),
                tags: Vec::new(),
            })
        };
        header.measures = MEASURES.into_iter().map(scope).collect::<Result<_, _>>()?;
        header.purpose = Some("criminal_investigation".to_owned());
        header.offence = Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false });
        let statement = ValidationStatement {
            case: header.case,
            pin: header.pin,
            measures: header.measures.clone(),
            body,
            validated: header.created,
        };
        let statement_bytes = proto::encode_statement(&statement);
        header.validation = Some(Validation {
            signature: sign_validation(&home.judge, &statement_bytes),
            statement,
            statement_bytes,
            authority: home.court.clone(),
            role: Role::Judge,
            key: home.judge.key_id(),
        });
        Ok(())
    }

    /// As many officers as the procedure wants, or one less.
    fn officers(&self, from: &State, digest: HeaderDigest) -> Vec<OfficerSignature> {
        let row = |side: bool| {
            TRANSITIONS
                .iter()
                .find(|row| row.trigger == Trigger::Step(self.step) && (!side || row.sides.contains(&self.side)))
        };
        let (count, roles): (u8, &[Role]) = match row(true).or_else(|| row(false)).map(|row| row.actor) {
            Some(Actor::Officers(count, roles)) => (count, roles),
            Some(_) => (0, &[]),
            None => (1, &[Role::Central]),
        };
        let count = if self.flaw == Flaw::OneSigner { count.saturating_sub(1) } else { count };
        match roles.iter().find(|role| !matches!(role, Role::Judge | Role::Prosecutor | Role::DutyOfficer)) {
            Some(role) => {
                // Who decided does not decide on the remedy.
                let first = if matches!(self.step, Step::AnnulDecision | Step::UpholdDecision) { 2 } else { 0 };
                let officers = from.officers.iter().skip(first).take(usize::from(count));
                officers.map(|key| sign_step(key, *role, digest)).collect()
            }
            None => (0..count.min(1)).map(|_| sign_step(&from.judge, Role::Judge, digest)).collect(),
        }
    }
}

fn payload(step: Step, bytes: &'static [u8]) -> Payload {
    let part = Bytes::from_static(bytes);
    match step {
        Step::AskRejoin => Payload::Handshake(Handshake { key_package: part, ..Handshake::default() }),
        step if step.is_handshake() => {
            Payload::Handshake(Handshake { commit: part.clone(), group_info: part, ..Handshake::default() })
        }
        _ => Payload::Sealed(Sealed::from_wire(part)),
    }
}
