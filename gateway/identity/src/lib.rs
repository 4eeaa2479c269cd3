//! Who is who: roots of states, certificates, the signed directory, signatures of officers, desks and gateways, and keys
//! at rest. It turns a [`Received`] entry into a [`Verified`] one, and nothing else does.
//!
//! It must never know of cases, open a file, read a clock or speak over a network: moments are arguments, keys and
//! certificates come as text or bytes. Randomness is drawn from aws-lc-rs where keys, serial numbers, salts and nonces are made.
//!
//! Begin with [`Subject`] (what a certificate says), then [`Directory`] (what a party says of its authorities), then
//! [`TrustStore`] (what we believe of all parties). Treaty files are signed apart from all that, in [`treaty`].

#![expect(
    clippy::result_large_err,
    reason = "a refusal is an answer, not an exception: it is built once and read whole"
)]

mod at_rest;
mod authority_ca;
mod certificate;
mod consent;
mod directory;
mod keys;
mod names;
mod refuse;
mod request;
mod root;
mod second;
mod stamp;
mod storage;
pub mod treaty;
mod trust;
mod verified;

#[cfg(test)]
mod tests;

pub use at_rest::{KeyError, Passphrase, open_pkcs8, seal_pkcs8};
pub use authority_ca::{
    IssueError, LEAF_LIFETIME_MAX, Root, TLS_LIFETIME_MAX, TREATY_LIFETIME, TREATY_LIFETIME_MAX, TlsIdentity,
};
pub use certificate::{
    LEAF_KEY_USAGE_OID, TREATY_KEY_USAGE_OID, certificate_expiry, certificate_to_pem, certificates_from_pem,
};
pub use consent::{ChannelConsent, SignedConsent};
pub use directory::{
    Authority, Commitments, Directory, FormerKey, Officer, RootOpening, SignedDirectory, TRAINING_MARK, limits,
};
pub use keys::{BadSignature, Domain, SigningKey, VerifyingKey};
pub use names::{Subject, ZONE, desk_name, gateway_name, party_zone, treaty_name};
pub use request::{CertificateRequest, Purpose};
pub use root::{Fingerprint, RootCertificate};
pub use second::{HeadSigner, SecondSigningKey};
pub use stamp::{STAMP_BYTES_MAX, StampRequest, StampRoots, StampToken};
pub use storage::{StorageError, StorageKey};
pub use trust::TrustStore;
pub use verified::{ProvenBatches, Received, Verified, sign_envelope, sign_receipts, sign_step, sign_validation};
