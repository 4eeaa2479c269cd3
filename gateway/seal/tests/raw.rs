//! A member who does not keep the rules: openmls without our policy.

use bytes::Bytes;
use model::Handshake;
use openmls::prelude::{
    CommitBuilder, Initial, KeyPackage, KeyPackageIn, LeafNodeParameters, Lifetime, LoadedPsks, MlsGroup,
    MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, NewSignerBundle,
    PURE_PLAINTEXT_WIRE_FORMAT_POLICY, ProtocolVersion, WireFormatPolicy,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use roster::{CIPHERSUITE, CaseBinding, Follower, capabilities, context_extensions};
use tls_codec::{Deserialize, Serialize};

use crate::world::{Leaf, World};

pub(crate) struct Raw {
    pub(crate) provider: OpenMlsRustCrypto,
    pub(crate) group: MlsGroup,
    pub(crate) leaf: Leaf,
}

type Builder<'a> = CommitBuilder<'a, Initial, &'a mut MlsGroup>;

impl Raw {
    /// A group of the case, opened by FR's desk.
    pub(crate) fn new(world: &World) -> Self {
        Self::open(&world.leaf("FR:central"), &world.binding, PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
    }

    pub(crate) fn open(leaf: &Leaf, binding: &CaseBinding, policy: WireFormatPolicy) -> Self {
        let provider = OpenMlsRustCrypto::default();
        let group = MlsGroup::builder()
            .ciphersuite(CIPHERSUITE)
            .with_capabilities(capabilities())
            .with_group_context_extensions(context_extensions(binding).unwrap())
            .with_wire_format_policy(policy)
            .use_ratchet_tree_extension(true)
            .lifetime(Lifetime::new(24 * 3600))
            .build(&provider, &leaf.identity, leaf.credential())
            .unwrap();
        Self { provider, group, leaf: leaf.clone() }
    }

    /// The GroupInfo of the current epoch.
    pub(crate) fn opening(&self) -> Bytes {
        encode(&self.group.export_group_info(self.provider.crypto(), &self.leaf.identity, true).unwrap())
    }

    /// A gateway that follows the group from its epoch 0.
    pub(crate) fn follower(&self, world: &World) -> Follower {
        Follower::open(&self.opening(), &world.binding, &world.de, world.now).unwrap()
    }

    /// A well-formed assisted commit of whatever `change` asks for.
    pub(crate) fn assisted(&mut self, change: impl for<'a> FnOnce(Builder<'a>) -> Builder<'a>) -> Handshake {
        let leaf = self.leaf.clone();
        self.build(change, |builder, provider| {
            builder.build(provider.rand(), provider.crypto(), &leaf.identity, |_| true).unwrap()
        })
    }

    /// A commit that gives the committer's leaf another certificate and key.
    pub(crate) fn renewed_as(&mut self, next: &Leaf) -> Handshake {
        let leaf = self.leaf.clone();
        self.build(
            |builder| builder.force_self_update(true),
            |builder, provider| {
                let bundle = NewSignerBundle { signer: &next.identity, credential_with_key: next.credential() };
                let (rand, crypto) = (provider.rand(), provider.crypto());
                builder.build_with_new_signer(rand, crypto, &leaf.identity, bundle, |_| true).unwrap()
            },
        )
    }

    /// Adds `leaf` and takes it into effect, whatever a gateway says.
    pub(crate) fn add(&mut self, package: KeyPackage) -> Handshake {
        self.assisted(|builder| builder.force_self_update(true).propose_adds([package]))
    }

    /// Somebody outside commits itself in, with the GroupInfo of the current epoch.
    pub(crate) fn external_commit(&self, outsider: &Leaf) -> (Handshake, Self) {
        let MlsMessageBodyIn::GroupInfo(info) = body(&self.opening()) else { unreachable!("a GroupInfo") };
        let provider = OpenMlsRustCrypto::default();
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .build();
        let parameters = LeafNodeParameters::builder().with_capabilities(capabilities()).build();
        let (group, bundle) = MlsGroup::external_commit_builder()
            .with_config(config)
            .build_group(&provider, info, outsider.credential())
            .unwrap()
            .leaf_node_parameters(parameters)
            .load_psks(provider.storage())
            .unwrap()
            .create_group_info(true)
            .use_ratchet_tree_extension(true)
            .build(provider.rand(), provider.crypto(), &outsider.identity, |_| true)
            .unwrap()
            .finalize(&provider)
            .unwrap();
        let (commit, _, group_info) = bundle.into_messages();
        let group_info = group_info.as_ref().map(encode).unwrap_or_default();
        let handshake =
            Handshake { opening: Bytes::new(), commit: encode(&commit), group_info, ..Handshake::default() };
        (handshake, Self { provider, group, leaf: outsider.clone() })
    }

    pub(crate) fn merge(&mut self) {
        self.group.merge_pending_commit(&self.provider).unwrap();
    }

    fn build<'p>(
        &'p mut self,
        change: impl for<'a> FnOnce(Builder<'a>) -> Builder<'a>,
        finish: impl FnOnce(
            CommitBuilder<'p, LoadedPsks, &'p mut MlsGroup>,
            &'p OpenMlsRustCrypto,
        ) -> CommitBuilder<'p, openmls::prelude::Complete, &'p mut MlsGroup>,
    ) -> Handshake {
        let opening = if self.group.epoch().as_u64() == 0 { self.opening() } else { Bytes::new() };
        let Self { provider, group, .. } = self;
        let provider: &'p OpenMlsRustCrypto = provider;
        let builder = change(group.commit_builder()).load_psks(provider.storage()).unwrap();
        let builder = builder.create_group_info(true).use_ratchet_tree_extension(true);
        let (commit, welcome, group_info) = finish(builder, provider).stage_commit(provider).unwrap().into_messages();
        Handshake {
            opening,
            commit: encode(&commit),
            group_info: encode(&group_info.unwrap()),
            welcome: welcome.as_ref().map(encode).unwrap_or_default(),
            ..Handshake::default()
        }
    }
}

pub(crate) fn encode(message: &MlsMessageOut) -> Bytes {
    Bytes::from(message.tls_serialize_detached().unwrap())
}

pub(crate) fn body(bytes: &[u8]) -> MlsMessageBodyIn {
    MlsMessageIn::tls_deserialize_exact(bytes).unwrap().extract()
}

/// A KeyPackage, checked as openmls checks it and no further.
pub(crate) fn key_package(bytes: &[u8]) -> KeyPackage {
    let MlsMessageBodyIn::KeyPackage(package) = body(bytes) else { unreachable!("a KeyPackage") };
    KeyPackageIn::validate(package, OpenMlsRustCrypto::default().crypto(), ProtocolVersion::Mls10).unwrap()
}
