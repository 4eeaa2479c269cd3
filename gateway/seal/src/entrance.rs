//! How a desk comes into a group: by opening it, or by a Welcome.

use std::collections::BTreeMap;

use model::{AuthorityId, Denial, Digest, EpochCertificate, Fault, Timestamp, limits};
use openmls::prelude::{
    Member as Leaf, MlsGroup, MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn, PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
    SenderRatchetConfiguration, StagedWelcome,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use roster::{
    Accreditation, CIPHERSUITE, CaseBinding, Policy, capabilities, confirmation_digest, context_extensions,
    credential_digest,
};
use tls_codec::Deserialize;

use crate::{
    LeafIdentity, Member,
    failure::{defect, refuse},
    key_package::{lifetime, unpack},
    member::{check_context, not_certified},
    rows::take,
};

/// Epochs whose bodies can still be opened: a commit may overtake a body, or two.
const PAST_EPOCHS: usize = 2;
/// How far behind, and how far ahead, a body may come of its sender's newest.
const OUT_OF_ORDER: u32 = 32;
const FORWARD: u32 = 1000;
/// Bodies are padded to a multiple of this many bytes.
const PADDING: usize = 256;

impl Member {
    /// Opens the group of a case, with this desk alone in it. The desk must be accredited, and of the home party.
    pub fn create(
        identity: &LeafIdentity,
        binding: &CaseBinding,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let policy = Policy { binding, accreditation, now };
        let lifetime = lifetime(now);
        let authority = policy.check_leaf(identity.credential(), identity.public_key(), Some(&lifetime), "leaf")?;
        if authority.party() != binding.home {
            let remedy = "Let the desk that sends the request open the group.";
            return Err(refuse("leaf", "a case's group is opened by a desk of the requesting party", remedy));
        }
        let provider = OpenMlsRustCrypto::default();
        let group = MlsGroup::builder()
            .ciphersuite(CIPHERSUITE)
            .with_capabilities(capabilities())
            .with_group_context_extensions(context_extensions(binding)?)
            .with_wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
            .padding_size(PADDING)
            .lifetime(lifetime)
            .build(&provider, identity, identity.credential_with_key())
            .map_err(|_| defect("a group cannot be opened"))?;
        let known = BTreeMap::from([(credential_digest(identity.credential()), authority)]);
        Ok(Self::with(provider, group, binding, identity, known))
    }

    /// Joins a case's group by a Welcome (an encoded MLSMessage), with the private part of the KeyPackage it is for.
    ///
    /// A committer could welcome a desk into another group than the gateways saw. So before anything is kept, the group must be
    /// bound to `binding`, be in the epoch of the gateways' `certificate`, and have only members whom the policy admits.
    /// `identities` are the leaf identities that the desk has, old and new: the one whose KeyPackage it is is used.
    pub fn join(
        identities: &[LeafIdentity],
        private: &[u8],
        welcome: &[u8],
        binding: &CaseBinding,
        certificate: &EpochCertificate,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let field = "welcome";
        let unopenable =
            || refuse(field, "the Welcome cannot be opened", "Ask for a new one, with another KeyPackage.");
        if welcome.len() > limits::HANDSHAKE_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the Welcome is larger than an entry may carry"));
        }
        let message = MlsMessageIn::tls_deserialize_exact(welcome).map(MlsMessageIn::extract);
        let Ok(MlsMessageBodyIn::Welcome(welcome)) = message else {
            return Err(Denial::failed(Fault::Malformed, "welcome is not a Welcome"));
        };
        let provider = OpenMlsRustCrypto::default();
        let package_rows = unpack(&provider, private)?;
        let staged = StagedWelcome::build_from_welcome(&provider, &join_config(), welcome)
            .map_err(|_| unopenable())?
            // Others' leaves may be older than 28 days; their certificates are checked below, and renewed by each commit.
            .skip_lifetime_validation()
            .build()
            .map_err(|_| unopenable())?;
        binding.check_context(staged.group_context())?;
        check_context(staged.group_context(), certificate)?;
        let members: Vec<Leaf> = staged.members().collect();
        let seats = Policy { binding, accreditation, now }.check_members(members.into_iter(), "welcome.members")?;
        let key = staged.own_leaf_node().map(|leaf| leaf.signature_key().as_slice().to_vec());
        let identity = identities.iter().find(|identity| key.as_deref() == Some(identity.public_key()));
        let other = || Denial::failed(Fault::Unknown, "the Welcome is for a KeyPackage of another key");
        let identity = identity.ok_or_else(other)?;
        let group = staged.into_group(&provider).map_err(|_| unopenable())?;
        if confirmation_digest(group.confirmation_tag())? != certificate.confirmation {
            return Err(not_certified("the epoch certificate is of another group or epoch"));
        }
        // openmls keeps a last resort in its storage; here it belongs to the desk, not to the case.
        package_rows.iter().for_each(|key| take(provider.storage(), key));
        Ok(Self::with(provider, group, binding, identity, seats.known()))
    }

    fn with(
        provider: OpenMlsRustCrypto,
        group: MlsGroup,
        binding: &CaseBinding,
        identity: &LeafIdentity,
        known: BTreeMap<Digest, AuthorityId>,
    ) -> Self {
        Self {
            provider,
            group,
            binding: binding.clone(),
            identities: vec![identity.clone()],
            known,
            pending: None,
            saved: BTreeMap::new(),
        }
    }
}

fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .max_past_epochs(PAST_EPOCHS)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
        .padding_size(PADDING)
        .build()
}
