//! The vocabulary. Every other crate speaks these words, and this one depends on none of them.
//!
//! It knows what a party, an authority, a case, an entry, a step and a refusal *are*. It must never know how they are
//! stored, sent, signed or decided: no IO, no clock, no randomness.
//!
//! Begin with [`Header`]: it is all that a gateway may learn of an entry.

mod authority;
mod challenge;
mod code;
mod declared;
mod denial;
mod digest;
mod entry;
mod exit;
mod fault;
mod header;
mod id;
mod language;
pub mod limits;
mod party;
mod receipt;
mod refusal;
mod scope;
mod step;
mod tag;
mod time;

pub use authority::{AuthorityId, AuthorityKind, Role};
pub use challenge::Challenge;
pub use code::{ConditionCode, PostponementCode, RefusalCode};
pub use declared::{
    Absence, Attached, Classification, Consent, Declared, Flaw, FollowUp, Follows, LeftOut, SubjectTag,
};
pub use denial::Denial;
pub use digest::{BodyCommitment, BodySalt, Digest, EnvelopeDigest, HeaderDigest, Pin};
pub use entry::{Entry, Handshake, OfficerSignature, Payload, Sealed, Signature};
pub use exit::{Exit, printed};
pub use fault::{Blame, Fault};
pub use header::{Header, Validation, ValidationStatement};
pub use id::{CaseId, EntryId, FileId, KeyId, MatterId, MeasureId};
pub use language::Language;
pub use party::PartyId;
pub use receipt::{EpochCertificate, Receipt, ReceiptKind, SignedReceipt, UNOPENED, Verdict};
pub use refusal::{ERROR_DOMAIN, ErrorInfo, Refusal, Refuser};
pub use scope::{ArticleRef, Attribute, MeasureScope, Offence, RecordType, RequestType, SelectorKind, Window};
pub use step::Step;
pub use tag::TagKey;
pub use time::Timestamp;

/// A text that is not the name, number or code it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct Malformed {
    /// What was expected, with an example.
    pub expected: &'static str,
    /// What was found, cut to 80 characters.
    pub found: String,
}

impl Malformed {
    /// Says that `found` is not `expected`.
    pub fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.chars().take(80).collect() }
    }
}
