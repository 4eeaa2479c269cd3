//! The pure core of a desk: what an authority does with a request before it seals one and after it opened one.
//!
//! It drafts ([`skeleton`]), tells beforehand what the gates would say ([`preflight`]), derives the header from the body
//! ([`declare`]), lays the documents out for sealing ([`SealedBody`]), and after opening holds the body against its header
//! (crate `accord`, and [`compare_answer`] for what answers). What may be answered without a human it makes of a register's rows
//! ([`responder`]). It must never do IO, read a clock, hold a key, or repeat a value of a document in a
//! finding, an error or a `Debug` output: bodies are case data. Documents come to it as JSON that crate `records` has read
//! and validated; it does not depend on that crate, so that its closure stays pure.
//!
//! Begin with [`RequestBody`], then [`compare`].

#![expect(
    clippy::result_large_err,
    reason = "a refusal is an answer, not an exception: it is built once and read whole"
)]

mod after;
mod answer;
mod bespoke;
mod body;
mod callback;
mod carried;
mod clone;
mod consultation;
pub mod counterpart;
mod draft;
mod finding;
mod form;
mod hearing;
mod hold;
mod matter;
mod preflight;
pub mod responder;
mod safe_conduct;
mod translated;
pub mod translation;

pub use accord::{
    Attachment, AuthorityInCharge, Classification, Collector, Confidentiality, Contact, Custodian, Declaration,
    EarlierRequest, FOLLOW_UPS, Facts, HolderConsent, Identity, Language, Measure, Name, OffenceCharged, Officer,
    Proceeding, Purpose, Record, RequestBody, Selector, Subject, TranslatedText, Translation, Undertakings, Urgency,
    UrgencyLevel, ValidatingDecision, canonical, compare, compare_given, compare_record, compare_release, declare,
    declare_attached, declare_given, follows, form_code, offence, request_in, scope, subject_binding,
};
pub use after::{
    COST_NOTE, RETURN_CERTIFICATE, compare_custodians, compare_disposal, custodians_in, left_out_of, until_of,
};
pub use answer::{
    CALLBACK, challenge_of, compare_answer, compare_answers, document_of, may_carry, order_of, response_of,
};
pub use bespoke::review_of;
pub use body::{BODY_BYTES_MAX, Body, DOCUMENTS_MAX, Document, SealedBody, signed_message};
pub use callback::unwritten;
pub use carried::Carried;
pub use clone::{CloneFor, LeftOut, clone_request};
pub use consultation::{
    CONSULTATION_MINUTES, ConsultationSignature, MinutesProof, consultation_hash, consultation_signatures,
    consultation_statement,
};
pub use draft::{DraftFor, skeleton};
pub use finding::{Finding, Severity, pointer};
pub use form::form_findings;
pub use hearing::{
    HEARING_NOTICE, Heard, agreement_to, compare_hearing, fill_slots, hearing_act, minutes_hash, slot_agreed, slots_of,
    without_minutes,
};
pub use hold::holds_still;
pub use matter::{end_of, records_named};
pub use preflight::{Preflight, Preflighted, preflight};
pub use safe_conduct::{SAFE_CONDUCT_DAYS_MAX, SafeConduct};
pub use translated::names;

// The same samples on both sides of the crate's edge.
#[cfg(test)]
#[path = "../../accord/src/sample.rs"]
mod sample;
