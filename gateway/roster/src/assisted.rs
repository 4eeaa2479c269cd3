//! What comes with a commit so that it can be checked without a key: a commit's signature does not cover its confirmation tag
//! [RFC 9420 §6.1], and a gateway cannot compute it. The GroupInfo of the next epoch is signed over that tag, so a
//! commit and a GroupInfo that agree were made by one member, and every gateway derives the same epoch from them.

use model::{Denial, Digest, EpochCertificate, Fault};
use openmls::prelude::{
    ConfirmationTag, KeyPackageRef, LeafNodeIndex, MlsMessageBodyIn, MlsMessageIn, OpenMlsCrypto,
    OpenMlsSignaturePublicKey, PublicGroup, RatchetTreeIn, Verifiable, group_info::VerifiableGroupInfo,
};
use tls_codec::Deserialize;

use crate::policy::refuse_form;

/// Reads one MLSMessage that fills `bytes`.
pub(crate) fn read(bytes: &[u8], field: &str) -> Result<MlsMessageBodyIn, Denial> {
    MlsMessageIn::tls_deserialize_exact(bytes)
        .map(MlsMessageIn::extract)
        .map_err(|_| Denial::failed(Fault::Malformed, format!("{field} is not an MLSMessage")))
}

/// Reads a GroupInfo.
pub(crate) fn read_group_info(bytes: &[u8], field: &str) -> Result<VerifiableGroupInfo, Denial> {
    match read(bytes, field)? {
        MlsMessageBodyIn::GroupInfo(info) => Ok(info),
        _ => Err(Denial::failed(Fault::Malformed, format!("{field} is not a GroupInfo"))),
    }
}

/// Holds the GroupInfo that came with a commit against the epoch which the commit led to: the same context, tree and
/// confirmation tag, signed by the committer.
pub(crate) fn check_group_info(
    crypto: &impl OpenMlsCrypto,
    bytes: &[u8],
    next: &PublicGroup,
    committer: LeafNodeIndex,
) -> Result<(), Denial> {
    let field = "group_info";
    if bytes.is_empty() {
        return Err(refuse_form(field, "the GroupInfo of the next epoch is withheld").into());
    }
    let found = read_group_info(bytes, field)?;
    if found.group_context() != next.group_context() {
        return Err(refuse_form(field, "the GroupInfo is of another epoch than the commit leads to").into());
    }
    let tree = RatchetTreeIn::from(next.export_ratchet_tree());
    if found.extensions().ratchet_tree().is_none_or(|extension| *extension.ratchet_tree() != tree) {
        return Err(refuse_form(field, "the GroupInfo's tree is not the tree that the commit leads to").into());
    }
    let leaf = next.leaf(committer).ok_or_else(|| refuse_form(field, "the committer left with its own commit"))?;
    let scheme = next.ciphersuite().signature_algorithm();
    let key = OpenMlsSignaturePublicKey::from_signature_key(leaf.signature_key().clone(), scheme);
    let signed = found
        .clone()
        .verify(crypto, &key)
        .map_err(|_| refuse_form(field, "the GroupInfo is not signed by the committer"))?;
    // There is no way to ask a GroupInfo for its tag or signer: rebuild it with the commit's, and compare.
    let expected = VerifiableGroupInfo::new(
        next.group_context().clone(),
        found.extensions().clone(),
        next.confirmation_tag().clone(),
        committer,
        signed.signature().clone(),
    );
    if expected != found {
        return Err(refuse_form(field, "the GroupInfo confirms another commit").into());
    }
    Ok(())
}

/// A Welcome is there if and only if somebody is added, and for exactly those.
pub(crate) fn check_welcome(bytes: &[u8], added: &[KeyPackageRef]) -> Result<(), Denial> {
    let field = "welcome";
    if added.is_empty() {
        return match bytes {
            [] => Ok(()),
            _ => Err(refuse_form(field, "there is a Welcome, but nobody is added").into()),
        };
    }
    if bytes.is_empty() {
        return Err(refuse_form(field, "the Welcome for the added desks is withheld").into());
    }
    let mut welcomed = welcome_references(bytes)?;
    let mut added: Vec<Vec<u8>> = added.iter().map(|reference| reference.as_slice().to_vec()).collect();
    welcomed.sort();
    added.sort();
    if welcomed == added { Ok(()) } else { Err(refuse_form(field, "the Welcome is for others than are added").into()) }
}

/// The KeyPackage references that a Welcome is for.
pub(crate) fn welcome_references(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Denial> {
    match read(bytes, "welcome")? {
        MlsMessageBodyIn::Welcome(welcome) => {
            Ok(welcome.secrets().iter().map(|secret| secret.new_member().as_slice().to_vec()).collect())
        }
        _ => Err(Denial::failed(Fault::Malformed, "welcome is not a Welcome")),
    }
}

/// States the epoch that `commit` led to.
pub(crate) fn certify(next: &PublicGroup, commit: &[u8]) -> Result<EpochCertificate, Denial> {
    let context = next.group_context();
    Ok(EpochCertificate {
        group: context.group_id().to_vec(),
        epoch: context.epoch().as_u64(),
        commit: Digest::of(&[commit]),
        tree_hash: context.tree_hash().to_vec(),
        transcript_hash: context.confirmed_transcript_hash().to_vec(),
        confirmation: confirmation_digest(next.confirmation_tag())?,
    })
}

/// SHA-256 of a confirmation tag's bytes.
pub fn confirmation_digest(tag: &ConfirmationTag) -> Result<Digest, Denial> {
    let encoded = tls_codec::Serialize::tls_serialize_detached(tag);
    let raw = encoded.ok().and_then(|bytes| tls_codec::VLBytes::tls_deserialize_exact(bytes).ok());
    raw.map(|tag| Digest::of(&[tag.as_slice()]))
        .ok_or_else(|| Denial::failed(Fault::Internal, "a confirmation tag cannot be encoded"))
}

/// SHA-256 over a certificate's framed parts: what desks acknowledge together with their epoch authenticator.
pub fn certificate_digest(certificate: &EpochCertificate) -> Digest {
    let part = |bytes: &[u8]| *Digest::of(&[bytes]).as_bytes();
    Digest::of(&[
        b"rogatory epoch certificate v1\0",
        &part(&certificate.group),
        &certificate.epoch.to_be_bytes(),
        certificate.commit.as_bytes(),
        &part(&certificate.tree_hash),
        &part(&certificate.transcript_hash),
        certificate.confirmation.as_bytes(),
    ])
}
