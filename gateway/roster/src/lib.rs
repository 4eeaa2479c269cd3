//! Who may be in a case's MLS group [RFC 9420].
//!
//! openmls checks MLS and never looks into a credential, so the rules about *who* stand here, once, for both sides: the gateway
//! holds a handshake against them from outside ([`Follower`]), the desk before it joins or merges ([`Policy`]). No ghost
//! member, no back door: who is not an accredited authority of one of the case's two parties is refused before it is a member.
//!
//! This crate must never hold a private key, and never see a plaintext.
//!
//! Begin with [`Follower::check`]: it is what a gateway does with a handshake.

#![expect(
    clippy::result_large_err,
    reason = "a refusal is explained in full where it arises, and is no hot path: `Denial` boxes it on its way out"
)]

mod accreditation;
mod assisted;
mod binding;
mod blob;
mod certified;
mod follower;
mod frame;
mod key_package;
mod policy;
mod seats;
mod state;
mod tree;

pub use accreditation::{Accreditation, decode_chain, encode_chain, x509_credential};
pub use assisted::{certificate_digest, confirmation_digest};
pub use binding::{CIPHERSUITE, CaseBinding, EXTENSION, capabilities, context_extensions, policy_digest};
pub use certified::CertifiedEpoch;
pub use follower::{Approved, Follower, Grace, outlived, too_early};
pub use frame::Frame;
pub use key_package::{AdmittedKeyPackage, check_key_package, welcomed};
pub use policy::{Change, Policy};
pub use seats::{Seat, Seats, credential_digest};

/// The rule that refusals of this crate name.
const RULE: &str = "roster";
