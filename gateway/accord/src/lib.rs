//! What a request and a record say, and whether a sealed body accords with the header that both gateways decided on ([`compare`],
//! [`compare_given`], [`compare_release`]).
//!
//! The receiving desk asks it after it opened a body, the sending desk before it seals one, and whoever is shown a desk's notice of a
//! violation, a gateway or a stranger, long after. It must never do IO, read a clock, hold a key, or repeat a value of a document in a
//! refusal or a `Debug` output: bodies are case data. Documents come to it as JSON that crate `records` has read and validated.
//!
//! Begin with [`RequestBody`], then [`compare`].

#![expect(
    clippy::result_large_err,
    reason = "a refusal is an answer, not an exception: it is built once and read whole"
)]

mod attachment;
mod canonical;
mod compare;
mod given;
mod record;
mod release;
mod request;
mod scope;
mod selector;
mod sent;
mod specific;

pub use attachment::{Attachment, declare_attached};
pub use canonical::canonical;
pub use compare::{compare, contradiction, distinct, equal};
pub use given::{compare_given, declare_given};
pub use record::{Classification, Collector, Record};
pub use release::{compare_record, compare_release};
pub use request::{
    AuthorityInCharge, Confidentiality, Contact, Custodian, EarlierRequest, Facts, HolderConsent, Identity, Language,
    Measure, Name, OffenceCharged, Officer, Proceeding, Purpose, RequestBody, Subject, TranslatedText, Translation,
    Undertakings, Urgency, UrgencyLevel, ValidatingDecision,
};
pub use scope::{Declaration, FOLLOW_UPS, declare, follows, moment, offence, scope};
pub use selector::{Selector, subject_binding};
pub use sent::{form_code, request_in};
pub use specific::unspecific;

#[cfg(test)]
mod crossing;
#[cfg(test)]
mod sample;
