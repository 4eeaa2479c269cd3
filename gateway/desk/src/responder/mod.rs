//! Answers without a human, for request types that a treaty declares automatic.
//!
//! Two functions, with a register asked between them: [`question`] says whom a request is about and what of it may be looked up at all,
//! [`answer`] makes of the register's rows either the content of one record, or nothing and why. Neither guesses: whatever is missing,
//! ambiguous, too old or not exactly one is left to a human ([`Leave`]). No row is believed to be the right one because a register
//! returned it: every attribute that links is compared here again. One number that was joined to the wrong person is worse than a
//! thousand requests that a human reads.
//!
//! Begin with [`question`]; how two attributes are compared is in `normal.rs`, what a record says in `content.rs`.

mod content;
mod leave;
mod link;
mod normal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp as Instant};
use model::{Attribute, AuthorityId, Digest, Header, Refusal, Timestamp};
use serde_json::Value;
use treaty::Decision;

pub use self::{leave::Leave, link::LinkAttribute, normal::normal};
use crate::{Measure, RequestBody, Selector, Subject, subject_binding};

/// What a responder gives, by whose word, and by which attributes it may link a row of its register to a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it gives.
    pub gives: Gives,
    /// All of these must be asked about, be in the row, and agree.
    pub link_only_on: BTreeSet<LinkAttribute>,
    /// Which attributes it discloses at most, for [`Gives::IdentityAttestation`].
    pub discloses: BTreeSet<Attribute>,
    /// What it never discloses, whatever a treaty or [`discloses`](Self::discloses) says.
    pub never: BTreeSet<Attribute>,
    /// Whether "there is no such person in the register" is an answer; else a human looks.
    pub answers_no_record: bool,
    /// The name of the register, as the record gives it.
    pub register: String,
    /// The key that signs credentials, by the SHA-256 of its bytes, for [`Gives::IdentityAttestation`].
    pub issuer_key: Option<Digest>,
    /// How long an attestation is good for, in seconds.
    pub valid_s: u32,
    /// In which script the register writes names (ISO 15924).
    pub script: String,
}

/// The record types that can be given without a human.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gives {
    /// `identity_attestation`.
    IdentityAttestation,
    /// `criminal_record_extract`.
    CriminalRecordExtract,
}

impl Gives {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::IdentityAttestation, Self::CriminalRecordExtract];

    /// The record type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdentityAttestation => "identity_attestation",
            Self::CriminalRecordExtract => "criminal_record_extract",
        }
    }
}

/// A request that was opened and agrees with its header ([`crate::compare`]).
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its header.
    pub header: &'a Header,
    /// Its body.
    pub body: &'a RequestBody,
    /// The measure that is to be answered.
    pub measure: &'a Measure,
    /// What the requested party's own rule says of it at this moment: [`treaty::Query::at`] is now, so that a consent that has grown
    /// old since the request was sent is found here.
    pub decision: &'a Decision,
    /// The authority that answers.
    pub own: &'a AuthorityId,
    /// This moment.
    pub now: Timestamp,
}

/// What is to be looked up: whom, and which attributes. Its `Debug` tells no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Question {
    /// Each attribute that links, as it was asked.
    pub links: BTreeMap<LinkAttribute, String>,
    /// Which attributes are to be disclosed.
    pub attributes: BTreeSet<Attribute>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Question({} links, {} attributes)", self.links.len(), self.attributes.len())
    }
}

/// What a register says of one person. Its `Debug` tells no value.
#[derive(Clone, PartialEq, Default)]
pub struct Row {
    /// By what it can be linked.
    pub links: BTreeMap<LinkAttribute, String>,
    /// What else it says, by the name of the field of the record that it is for.
    pub fields: BTreeMap<String, Value>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({} links, {} fields)", self.links.len(), self.fields.len())
    }
}

/// What the desk does next.
#[derive(Clone, PartialEq)]
pub enum Answer {
    /// Release a record with this content, bound to this subject.
    Record {
        /// The content.
        content: Value,
        /// The subject, as the request calls it.
        subject_ref: String,
        /// [`subject_binding`] of the request's selector.
        binding: Digest,
    },
    /// Leave it to a human.
    Human(Leave),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Record { .. } => f.write_str("Record(…)"),
            Self::Human(leave) => write!(f, "Human({leave})"),
        }
    }
}

/// Whom the measure is about, in the attributes by which `policy` links.
///
/// # Errors
/// Why a human answers. Nothing was looked up then.
pub fn question(asked: Asked<'_>, policy: &Policy) -> Result<Question, Leave> {
    let subject = only_subject(asked, policy)?;
    if let Selector::Holder { verifier, .. } = &subject.selector
        && *verifier != asked.header.sender
    {
        return Err(Leave::AnotherVerifier);
    }
    let mut links = BTreeMap::new();
    for attribute in &policy.link_only_on {
        links.insert(*attribute, attribute.of(subject)?);
    }
    if links.is_empty() {
        return Err(Leave::NotConfigured);
    }
    Ok(Question { links, attributes: disclosed(asked, policy)? })
}

/// The one subject of a measure that this responder may answer at all.
fn only_subject<'a>(asked: Asked<'a>, policy: &Policy) -> Result<&'a Subject, Leave> {
    let Asked { header, body, measure, decision, .. } = asked;
    // Consent, purpose, attributes and bounds, by the rule of now.
    if !decision.refusals.is_empty() {
        let stale = decision.refusals.iter().all(|one| one.field.as_deref() == Some("declared.consent"));
        return Err(if stale { Leave::ConsentTooOld } else { Leave::NotAllowedNow });
    }
    let permit = decision.permits.iter().find(|permit| permit.measure == measure.id);
    let permit =
        permit.filter(|permit| permit.request_type == measure.request_type && permit.article == measure.article);
    if !permit.is_some_and(|permit| permit.automatic) {
        return Err(Leave::NotAutomatic);
    }
    if header.case != body.case {
        return Err(Leave::NotAllowedNow);
    }
    if header.declared.emergency || body.urgency.level == crate::UrgencyLevel::Emergency {
        return Err(Leave::Emergency);
    }
    if !matches!(&measure.records[..], [one] if one.as_str() == policy.gives.as_str()) {
        return Err(Leave::AnotherRecord);
    }
    if policy.gives == Gives::IdentityAttestation && (header.declared.consent.is_none() || body.consent.is_none()) {
        return Err(Leave::ConsentMissing);
    }
    match &measure.subjects[..] {
        [one] => Ok(one),
        _ => Err(Leave::SeveralSubjects),
    }
}

/// Asked ∩ allowed: all that is asked must be disclosed, or a human decides what to do.
fn disclosed(asked: Asked<'_>, policy: &Policy) -> Result<BTreeSet<Attribute>, Leave> {
    let wanted: BTreeSet<_> = asked.measure.attributes.iter().cloned().collect();
    if policy.gives != Gives::IdentityAttestation {
        return if wanted.is_empty() { Ok(wanted) } else { Err(Leave::AttributeNotDisclosed) };
    }
    let permit = asked.decision.permits.iter().find(|permit| permit.measure == asked.measure.id);
    let allowed = |one: &Attribute| {
        permit.is_some_and(|permit| permit.attributes.contains(one))
            && policy.discloses.contains(one)
            && !policy.never.contains(one)
    };
    if wanted.is_empty() || !wanted.iter().all(allowed) {
        return Err(Leave::AttributeNotDisclosed);
    }
    Ok(wanted)
}

/// What the register's rows come to. `truncated` says that there were more of them than were read.
///
/// A record is given for exactly one row that agrees in every attribute that links, where no other row could be the same person. None is
/// given where rows agree in part only, where several agree, and where a row says nothing of an attribute.
pub fn answer(asked: Asked<'_>, policy: &Policy, question: &Question, rows: &[Row], truncated: bool) -> Answer {
    match found(asked, policy, question, rows, truncated) {
        Ok(answer) => answer,
        Err(leave) => Answer::Human(leave),
    }
}

fn found(
    asked: Asked<'_>,
    policy: &Policy,
    question: &Question,
    rows: &[Row],
    truncated: bool,
) -> Result<Answer, Leave> {
    // The request is looked at again: what was asked of the register must be what is answered.
    if self::question(asked, policy)? != *question {
        return Err(Leave::NotAllowedNow);
    }
    let subject = only_subject(asked, policy)?;
    if truncated {
        return Err(Leave::TooMany);
    }
    let row = match &link::matching(question, rows)?[..] {
        [one] => Some(*one),
        [] if !rows.is_empty() => return Err(Leave::Partial),
        [] if policy.answers_no_record && policy.gives == Gives::CriminalRecordExtract => None,
        [] => return Err(Leave::Nobody),
        _ => return Err(Leave::Several),
    };
    let content = match policy.gives {
        Gives::IdentityAttestation => {
            content::attestation(asked, policy, question, subject, row.ok_or(Leave::Nobody)?)?
        }
        Gives::CriminalRecordExtract => content::extract(asked, policy, question, subject, row)?,
    };
    let binding = binding(asked, subject)?;
    Ok(Answer::Record { content, subject_ref: subject.subject_ref.clone(), binding })
}

fn binding(asked: Asked<'_>, subject: &Subject) -> Result<Digest, Leave> {
    let binding: Result<Digest, Refusal> = subject_binding(asked.body.case, asked.measure.id, &subject.selector);
    binding.map_err(|_| Leave::Unreadable)
}

/// `moment` and so many seconds, RFC 3339.
fn later(moment: Timestamp, seconds: u32) -> Result<String, Leave> {
    let begins = Instant::from_millisecond(moment.0).map_err(|_| Leave::Unreadable)?;
    let ends = begins.checked_add(SignedDuration::from_secs(i64::from(seconds)));
    ends.map(|ends| ends.to_string()).map_err(|_| Leave::Unreadable)
}
