use model::{AuthorityId, Denial, Digest, Fault, Refusal, RefusalCode, Timestamp, limits};
use openmls::prelude::{ExtensionType, MlsMessageBodyIn, ProtocolVersion};
use openmls_rust_crypto::RustCrypto;

use crate::{
    Accreditation, CIPHERSUITE, EXTENSION, RULE,
    assisted::{read, welcome_references},
    policy::{accredit, check_lifetime, lifetime_of},
};

/// A KeyPackage that may be handed out, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedKeyPackage {
    /// The authority that its leaf is accredited for.
    pub authority: AuthorityId,
    /// How a Welcome names it [RFC 9420 §5.2].
    pub reference: Digest,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether it may be handed out more than once, when no other is left.
    pub last_resort: bool,
}

/// Checks a KeyPackage (an encoded MLSMessage) before a gateway keeps it for others or a desk adds it: our suite, a leaf that
/// supports the binding, accredited, of at most 28 days. R95 for the leaf, R94 for the form.
pub fn check_key_package(
    bytes: &[u8],
    accreditation: &dyn Accreditation,
    now: Timestamp,
) -> Result<AdmittedKeyPackage, Denial> {
    let field = "key_package";
    if bytes.len() > limits::KEY_PACKAGE_BYTES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "the KeyPackage is larger than 16 KiB"));
    }
    let MlsMessageBodyIn::KeyPackage(found) = read(bytes, field)? else {
        return Err(Denial::failed(Fault::Malformed, "key_package is not a KeyPackage"));
    };
    let refuse = |code, reason: &str| {
        Refusal::new(code, RULE, reason, "Make a new KeyPackage with this program, of at most 28 days.").at(field)
    };
    let crypto = RustCrypto::default();
    let package = found
        .validate(&crypto, ProtocolVersion::Mls10)
        .map_err(|_| refuse(RefusalCode::R95, "the KeyPackage does not verify, or its time is over"))?;
    let leaf = package.leaf_node();
    let supports = leaf.capabilities().extensions().contains(&ExtensionType::Unknown(EXTENSION));
    if package.ciphersuite() != CIPHERSUITE || !supports {
        return Err(refuse(RefusalCode::R94, "the KeyPackage is not for a case's group").into());
    }
    let authority = accredit(accreditation, leaf.credential(), leaf.signature_key().as_slice(), now, field)?;
    let lifetime = lifetime_of(leaf).ok_or_else(|| refuse(RefusalCode::R94, "the KeyPackage has no lifetime"))?;
    check_lifetime(lifetime, now, field)?;
    let reference = package.hash_ref(&crypto).ok().and_then(|reference| Digest::try_from(reference.as_slice()).ok());
    Ok(AdmittedKeyPackage {
        authority,
        reference: reference.ok_or_else(|| Denial::failed(Fault::Internal, "a KeyPackage cannot be named"))?,
        expires: Timestamp(i64::try_from(lifetime.not_after().saturating_mul(1000)).unwrap_or(i64::MAX)),
        last_resort: package.last_resort(),
    })
}

/// The references of the KeyPackages that a Welcome (an encoded MLSMessage) is for: by these a desk finds its private part.
pub fn welcomed(welcome: &[u8]) -> Result<Vec<Digest>, Denial> {
    if welcome.len() > limits::HANDSHAKE_BYTES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "the Welcome is larger than an entry may carry"));
    }
    let digest = |reference: Vec<u8>| {
        Digest::try_from(reference.as_slice())
            .map_err(|_| Denial::failed(Fault::Malformed, "the Welcome names a KeyPackage of another suite"))
    };
    welcome_references(welcome)?.into_iter().map(digest).collect()
}
