//! A desk and a gateway on mls-rs, with the settings that a case's group asks for. Chains are validated by mls-rs's own X.509 code
//! under the states' roots; who is accredited, it is not told.

use std::time::Duration;

use bytes::Bytes;
use mls_rs::{
    CipherSuite, Client, Extension, ExtensionList, Group, MlsMessage,
    client_builder::{ClientBuilder, MlsConfig},
    crypto::SignatureSecretKey,
    error::MlsError,
    extension::built_in::RequiredCapabilitiesExt,
    external_client::{ExternalClient, ExternalGroup, builder::MlsConfig as ExternalConfig},
    group::{CommitBuilder, CommitOutput, GroupContext, ReceivedMessage},
    identity::{
        CredentialType, SigningIdentity,
        x509::{
            CertificateChain, DerCertificate, SubjectAltName, SubjectIdentityExtractor, X509CertificateReader,
            X509IdentityProvider,
        },
    },
    mls_rules::{CommitOptions, DefaultMlsRules, EncryptionOptions},
    time::MlsTime,
};
use mls_rs_crypto_rustcrypto::{
    RustCryptoProvider,
    x509::{X509Reader, X509Validator},
};
use model::{Digest, EpochCertificate, Handshake, HeaderDigest, Sealed, Timestamp};
use roster::certificate_digest;

use crate::world::{Leaf, World};

/// The extension with the case's binding.
const BINDING: u16 = 0xF0C1;
/// mls-rs's own default is a year, which the roster refuses.
pub(crate) const LIFETIME: Duration = Duration::from_secs(28 * 24 * 3600);
const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;

/// What a case's group asks of a commit: the committer's leaf renewed, and the next epoch's GroupInfo beside it, with the tree. In
/// mls-rs such a GroupInfo is one for external commits; the roster refuses those all the same.
pub(crate) fn assisted() -> CommitOptions {
    CommitOptions::new().with_path_required(true).with_ratchet_tree_extension(true).with_allow_external_commit(true)
}

/// A desk that is in no group yet.
pub(crate) struct Applicant<C> {
    client: Client<C>,
    now: MlsTime,
}

/// A desk in a case's group.
pub(crate) struct ForeignDesk<C: MlsConfig> {
    group: Group<C>,
    now: MlsTime,
}

/// Why a desk does not take a body.
#[derive(Debug)]
pub(crate) enum NotTaken {
    OtherHeader,
    Mls(MlsError),
}

/// A desk with the settings of a case's group.
pub(crate) fn applicant(world: &World, leaf: &Leaf) -> Applicant<impl MlsConfig + use<>> {
    applicant_with(world, leaf, LIFETIME, assisted(), EncryptionOptions::default())
}

/// A desk with settings of its own choice.
pub(crate) fn applicant_with(
    world: &World,
    leaf: &Leaf,
    lifetime: Duration,
    commits: CommitOptions,
    encryption: EncryptionOptions,
) -> Applicant<impl MlsConfig + use<>> {
    let rules = DefaultMlsRules::new().with_commit_options(commits).with_encryption_options(encryption);
    let client = ClientBuilder::new()
        .crypto_provider(RustCryptoProvider::new())
        .identity_provider(certificates(world))
        .extension_type(BINDING.into())
        .key_package_lifetime(lifetime)
        .mls_rules(rules)
        .signing_identity(signing_identity(leaf), secret(leaf), SUITE)
        .build();
    Applicant { client, now: moment(world.now) }
}

impl<C: MlsConfig> Applicant<C> {
    /// A KeyPackage, as MLSMessage.
    pub(crate) fn key_package(&self) -> Vec<u8> {
        let none = ExtensionList::default;
        let message = self.client.generate_key_package_message(none(), none(), Some(self.now));
        message.unwrap().to_bytes().unwrap()
    }

    pub(crate) fn join(self, welcome: &[u8]) -> Result<ForeignDesk<C>, MlsError> {
        let (group, _) = self.client.join_group(None, &MlsMessage::from_bytes(welcome)?, Some(self.now))?;
        Ok(ForeignDesk { group, now: self.now })
    }

    /// Opens a case's group, with this desk alone in it.
    pub(crate) fn open_case(self, binding: Vec<u8>) -> ForeignDesk<C> {
        let mut context = ExtensionList::new();
        context.set(Extension::new(BINDING.into(), binding));
        let required = RequiredCapabilitiesExt::new(vec![BINDING.into()], Vec::new(), vec![CredentialType::X509]);
        context.set_from(required).unwrap();
        let group = self.client.create_group(context, ExtensionList::default(), Some(self.now)).unwrap();
        ForeignDesk { group, now: self.now }
    }
}

impl<C: MlsConfig> ForeignDesk<C> {
    pub(crate) fn context(&self) -> &GroupContext {
        self.group.context()
    }

    /// What the group is bound to.
    pub(crate) fn binding(&self) -> Vec<u8> {
        self.context().extensions.get(BINDING.into()).unwrap().extension_data().to_vec()
    }

    /// The names in the members' certificates, in the order of the leaves.
    pub(crate) fn names(&self) -> Vec<String> {
        self.group.roster().members().iter().map(|member| name_of(&member.signing_identity)).collect()
    }

    /// Makes a change of the group; it waits until [`ForeignDesk::merge`].
    pub(crate) fn commit(&mut self, change: impl FnOnce(CommitBuilder<'_, C>) -> CommitBuilder<'_, C>) -> Handshake {
        let opening = match self.context().epoch {
            0 => encode(&self.group.group_info_message(true).unwrap()),
            _ => Bytes::new(),
        };
        assisted_commit(opening, change(self.group.commit_builder().commit_time(self.now)).build().unwrap())
    }

    /// Adds the desk of a KeyPackage.
    pub(crate) fn add(&mut self, key_package: &[u8]) -> Handshake {
        let message = MlsMessage::from_bytes(key_package).unwrap();
        self.commit(|builder| builder.add_member(message).unwrap())
    }

    /// Renews the leaf, with a new certificate and key.
    pub(crate) fn renew(&mut self, next: &Leaf) -> Handshake {
        let (secret, identity) = (secret(next), signing_identity(next));
        self.commit(|builder| builder.set_new_signing_identity(secret, identity))
    }

    pub(crate) fn merge(&mut self) {
        self.group.apply_pending_commit().unwrap();
        self.group.write_to_storage().unwrap();
    }

    pub(crate) fn discard(&mut self) {
        self.group.clear_pending_commit();
    }

    /// Takes another desk's commit into effect.
    pub(crate) fn follow(&mut self, handshake: &Handshake) -> Result<ReceivedMessage, MlsError> {
        let message = MlsMessage::from_bytes(&handshake.commit)?;
        let received = self.group.process_incoming_message_with_time(message, self.now)?;
        self.group.write_to_storage()?;
        Ok(received)
    }

    pub(crate) fn seal(&mut self, plaintext: &[u8], header: HeaderDigest) -> Sealed {
        let message = self.group.encrypt_application_message(plaintext, header.as_bytes().to_vec()).unwrap();
        Sealed::from_wire(encode(&message))
    }

    /// Opens a body that must be bound to `header`; gives it with the name in its sender's certificate.
    pub(crate) fn open(&mut self, sealed: &Sealed, header: HeaderDigest) -> Result<(Vec<u8>, String), NotTaken> {
        let message = MlsMessage::from_bytes(sealed.wire()).map_err(NotTaken::Mls)?;
        let received = self.group.process_incoming_message_with_time(message, self.now).map_err(NotTaken::Mls)?;
        let ReceivedMessage::ApplicationMessage(body) = received else {
            return Err(NotTaken::Mls(MlsError::UnexpectedMessageType));
        };
        if body.authenticated_data != header.as_bytes() {
            return Err(NotTaken::OtherHeader);
        }
        let sender = self.group.roster().member_with_index(body.sender_index).map_err(NotTaken::Mls)?;
        Ok((body.data().to_vec(), name_of(&sender.signing_identity)))
    }

    /// What ours acknowledges an epoch with, computed from the epoch authenticator of mls-rs.
    pub(crate) fn acknowledgement(&self, certificate: &EpochCertificate) -> Digest {
        let authenticator = self.group.epoch_authenticator().unwrap();
        let certificate = certificate_digest(certificate);
        Digest::of(&[b"rogatory epoch acknowledgement v1\0", authenticator.as_bytes(), certificate.as_bytes()])
    }
}

/// A gateway on mls-rs that begins to follow a group at its opening.
pub(crate) fn observe(world: &World, opening: &[u8]) -> Result<ExternalGroup<impl ExternalConfig + use<>>, MlsError> {
    ExternalClient::builder()
        .crypto_provider(RustCryptoProvider::new())
        .identity_provider(certificates(world))
        .extension_type(BINDING.into())
        .build()
        .observe_group(MlsMessage::from_bytes(opening)?, None, Some(moment(world.now)))
}

pub(crate) fn moment(now: Timestamp) -> MlsTime {
    MlsTime::from_duration_since_epoch(Duration::from_millis(now.0.try_into().unwrap()))
}

type Certificates = X509IdentityProvider<SubjectIdentityExtractor<X509Reader>, X509Validator>;

fn certificates(world: &World) -> Certificates {
    let roots = world.believed.iter().cloned().map(DerCertificate::from).collect();
    let subject = SubjectIdentityExtractor::new(0, X509Reader::new());
    X509IdentityProvider::new(subject, X509Validator::new(roots).unwrap())
}

fn signing_identity(leaf: &Leaf) -> SigningIdentity {
    let chain = CertificateChain::from(leaf.chain.clone());
    SigningIdentity::new(chain.into_credential(), leaf.public_key.to_vec().into())
}

/// mls-rs takes an Ed25519 key as seed and public key, one behind the other.
fn secret(leaf: &Leaf) -> SignatureSecretKey {
    SignatureSecretKey::new([leaf.seed.as_slice(), &leaf.public_key].concat())
}

fn assisted_commit(opening: Bytes, output: CommitOutput) -> Handshake {
    assert!(output.welcome_messages().len() <= 1, "one Welcome for all");
    Handshake {
        opening,
        commit: encode(output.commit_message()),
        group_info: output.external_commit_group_info().map(encode).unwrap_or_default(),
        welcome: output.welcome_messages().first().map(encode).unwrap_or_default(),
        ..Handshake::default()
    }
}

fn encode(message: &MlsMessage) -> Bytes {
    message.to_bytes().unwrap().into()
}

fn name_of(identity: &SigningIdentity) -> String {
    let leaf = identity.credential.as_x509().unwrap().leaf().unwrap();
    match X509Reader::new().subject_alt_names(leaf).unwrap().remove(0) {
        SubjectAltName::Dns(name) => name,
        other => format!("{other:?}"),
    }
}
