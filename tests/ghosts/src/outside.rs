//! Somebody outside who was given the GroupInfo of a case's group, and commits itself in [RFC 9420 §12.4.3.2].

use bytes::Bytes;
use model::Handshake;
use openmls::prelude::{
    CredentialWithKey, LeafNodeParameters, MlsGroup, MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut,
    PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use roster::{capabilities, x509_credential};
use seal::LeafIdentity;
use tls_codec::{Deserialize, Serialize};

use crate::Unmade;

/// The assisted commit by which the owner of `leaf` comes in.
pub(crate) fn commit(group_info: &[u8], leaf: &LeafIdentity, chain: &[Vec<u8>]) -> Result<Handshake, Unmade> {
    let message = MlsMessageIn::tls_deserialize_exact(group_info).map(MlsMessageIn::extract).map_err(failed)?;
    let MlsMessageBodyIn::GroupInfo(info) = message else { return Err(failed("no GroupInfo")) };
    let credential = CredentialWithKey { credential: x509_credential(chain)?, signature_key: leaf.public_key().into() };
    let config = MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .build();
    let parameters = LeafNodeParameters::builder().with_capabilities(capabilities()).build();
    let provider = OpenMlsRustCrypto::default();
    let (_, bundle) = MlsGroup::external_commit_builder()
        .with_config(config)
        .build_group(&provider, info, credential)
        .map_err(failed)?
        .leaf_node_parameters(parameters)
        .load_psks(provider.storage())
        .map_err(failed)?
        .create_group_info(true)
        .use_ratchet_tree_extension(true)
        .build(provider.rand(), provider.crypto(), leaf, |_| true)
        .map_err(failed)?
        .finalize(&provider)
        .map_err(failed)?;
    let (commit, _, group_info) = bundle.into_messages();
    let group_info = group_info.ok_or_else(|| failed("no GroupInfo"))?;
    Ok(Handshake { commit: encode(&commit)?, group_info: encode(&group_info)?, ..Handshake::default() })
}

fn encode(message: &MlsMessageOut) -> Result<Bytes, Unmade> {
    message.tls_serialize_detached().map(Bytes::from).map_err(failed)
}

fn failed(error: impl std::fmt::Debug) -> Unmade {
    Unmade(format!("somebody outside cannot make an external commit: {error:?}"))
}
