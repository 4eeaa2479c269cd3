use serde::{Deserialize, Serialize};

use crate::{
    AuthorityId, BodyCommitment, CaseId, ConditionCode, Declared, EntryId, HeaderDigest, KeyId, MeasureId,
    MeasureScope, Offence, PartyId, Pin, RecordType, RefusalCode, Role, Step, Timestamp,
};

/// All that a gateway may learn of an entry, in clear: the minimum that the rules need. Names, identifiers and facts
/// are in the sealed body only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The entry, and its idempotency key.
    pub entry: EntryId,
    /// The case.
    pub case: CaseId,
    /// The requesting party, whose gateway orders the entries of the case.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// Whose desk sends.
    pub sender: AuthorityId,
    /// Whose desk is addressed.
    pub recipient: AuthorityId,
    /// The effective rule under which the case runs. Fixed when the case opens.
    pub pin: Pin,
    /// What the entry does.
    pub step: Step,
    /// The measures it concerns. On [`Step::SealSend`] their whole scope, on every other step empty: see `concerns`.
    pub measures: Vec<MeasureScope>,
    /// The measures that the step moves. Empty on handshakes and on [`Step::SealSend`], which moves all.
    pub concerns: Vec<MeasureId>,
    /// The purpose of the request, by its name in the treaty. On [`Step::SealSend`].
    pub purpose: Option<String>,
    /// The offence, as declared. On [`Step::SealSend`].
    pub offence: Option<Offence>,
    /// Who validated the request. On [`Step::SealSend`].
    pub validation: Option<Validation>,
    /// Which records are inside. On [`Step::Release`].
    pub records: Vec<RecordType>,
    /// The ground. On [`Step::Refuse`] and [`Step::Violation`].
    pub ground: Option<RefusalCode>,
    /// The conditions. On [`Step::Recognise`] and [`Step::Release`].
    pub conditions: Vec<ConditionCode>,
    /// What the sealed body is, salted. Absent on handshakes.
    pub body: Option<BodyCommitment>,
    /// The header of the case's last admitted entry that the sender knew; [`HeaderDigest::GENESIS`] on the first.
    pub previous: HeaderDigest,
    /// What else the rule or the step asks to be declared.
    pub declared: Declared,
    /// When the sender made it.
    pub created: Timestamp,
    /// After this moment nobody may take it any more.
    pub expires: Timestamp,
}

impl Header {
    /// The other party of the case, seen from `party`.
    pub fn counterpart(&self, party: PartyId) -> PartyId {
        if party == self.home { self.peer } else { self.home }
    }

    /// Whether records are inside: under a step that carries them, or given with a request that gives [UNTOC 18(4)].
    pub fn carries_records(&self) -> bool {
        self.step.carries_records() || (self.step == Step::SealSend && !self.records.is_empty())
    }

    /// The measures that it is about: those that it concerns, or those that a request lists.
    pub fn about(&self) -> Vec<MeasureId> {
        match self.step {
            Step::SealSend => self.measures.iter().map(|scope| scope.id).collect(),
            _ => self.concerns.clone(),
        }
    }
}

/// What a validator signed, so that the request cannot grow between validation and sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationStatement {
    /// The case.
    pub case: CaseId,
    /// The rule it was held against.
    pub pin: Pin,
    /// The scope, which must equal the header's.
    pub measures: Vec<MeasureScope>,
    /// The body, which must equal the header's.
    pub body: BodyCommitment,
    /// When.
    pub validated: Timestamp,
}

/// A validator's certificate over a request [Reg. 2023/1543 art. 4].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// The statement, decoded from `statement_bytes`.
    pub statement: ValidationStatement,
    /// The bytes that were signed.
    pub statement_bytes: Vec<u8>,
    /// The judicial authority that the validator belongs to.
    pub authority: AuthorityId,
    /// In which role: [`Role::Judge`] or [`Role::Prosecutor`].
    pub role: Role,
    /// The validator's key, as in the party's directory.
    pub key: KeyId,
    /// Ed25519 over `rogatory validation v1` ‖ `statement_bytes`.
    pub signature: Vec<u8>,
}
