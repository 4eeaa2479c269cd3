use model::{
    AuthorityId, CaseId, ConditionCode, Declared, EntryId, Header, KeyId, MeasureId, MeasureScope, PartyId, Pin,
    RecordType, RefusalCode, Role, Step, Timestamp,
};

use crate::{DraftStep, State, Terms};

/// What somebody wants to do to a case. Nothing in it is believed but the signers' keys and roles, which `identity` verified.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// Of which case.
    pub case: CaseId,
    /// The entry that states it.
    pub entry: EntryId,
    /// What.
    pub step: Step,
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// The rule of the case.
    pub pin: Pin,
    /// Whose desk acts.
    pub sender: &'a AuthorityId,
    /// Who signed, and in which role.
    pub signers: &'a [(KeyId, Role)],
    /// The measures that the step moves; empty where it moves all or none.
    pub concerns: &'a [MeasureId],
    /// The whole scope, on [`Step::SealSend`].
    pub measures: &'a [MeasureScope],
    /// What is inside, on a step that carries records, and on the [`Step::SealSend`] of a request that gives.
    pub records: &'a [RecordType],
    /// What for, on [`Step::SealSend`], [`Step::RequestUse`], [`Step::RequestOnward`] and [`Step::NotifyExculpatory`].
    pub purpose: Option<&'a str>,
    /// Why, on [`Step::Refuse`], [`Step::Violation`] and [`Step::ReturnRequest`].
    pub ground: Option<RefusalCode>,
    /// Under which conditions, on [`Step::Recognise`], [`Step::Release`], [`Step::OfferConditions`] [`Step::AcceptConditions`],
    /// [`Step::Answer`], [`Step::Reissue`] and [`Step::GrantConsent`].
    pub conditions: &'a [ConditionCode],
    /// What else the header declares.
    pub declared: &'a Declared,
    /// What the treaty says of the answer to each measure, on [`Step::SealSend`]. Not from the header: each gateway takes it from its
    /// own copy of the shared rule. Empty where nobody knows the rule; then nothing of it is checked, and gateways never ask so.
    pub terms: &'a [(MeasureId, Terms)],
    /// The bytes of the sealed body and of the files that go with it, on a step that carries records; without those of a body that is not
    /// sealed yet.
    pub bytes: u64,
    /// When the gateway of the party that did not send it took it, by that gateway's clock; `None` where it has not, or nobody knows.
    pub taken: Option<Timestamp>,
}

impl<'a> Command<'a> {
    /// The command that a header states, with those who signed it.
    pub fn of(header: &'a Header, signers: &'a [(KeyId, Role)]) -> Self {
        Self {
            case: header.case,
            entry: header.entry,
            step: header.step,
            home: header.home,
            peer: header.peer,
            pin: header.pin,
            sender: &header.sender,
            signers,
            concerns: &header.concerns,
            measures: &header.measures,
            records: &header.records,
            purpose: header.purpose.as_deref(),
            ground: header.ground,
            conditions: &header.conditions,
            declared: &header.declared,
            terms: &[],
            bytes: header.declared.attached_bytes(),
            taken: None,
        }
    }

    /// The same with the terms of the shared rule.
    #[must_use]
    pub fn under(self, terms: &'a [(MeasureId, Terms)]) -> Self {
        Self { terms, ..self }
    }

    /// The same with so many bytes of sealed body.
    #[must_use]
    pub fn carrying(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX)), ..self }
    }

    /// The same, taken by the other party's gateway at this moment: as its RelayAcceptance says.
    #[must_use]
    pub fn taken(self, at: Timestamp) -> Self {
        Self { taken: Some(at), ..self }
    }
}

/// A step of drafting, at the requesting desk alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftCommand {
    /// What.
    pub step: DraftStep,
    /// Where the draft stands.
    pub state: State,
    /// In which role the officer acts.
    pub role: Role,
}
